//! What a tick changed, as a tree beside the state's: the result of comparing two values.

use std::{collections::BTreeMap, sync::Arc};

use crate::tree::Tree;

/// What happened to the members of an object; those that are not named stayed.
pub(crate) type Changes = BTreeMap<Arc<str>, Change>;

/// What happened to a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// It is another, or new.
    Set,
    /// It is gone.
    Removed,
    /// Some of its members are not what they were.
    Below(Changes),
}

/// What makes `after` out of `before`; nothing where they are the same.
///
/// Objects are compared member by member, unless clients hold them as one value; everything else
/// is set whole.
pub(crate) fn compare(before: Option<&Tree>, after: &Tree) -> Option<Change> {
    match (before, after) {
        (Some(Tree::Object(old)), Tree::Object(new))
            if !(before.is_some_and(Tree::is_atomic) && after.is_atomic()) =>
        {
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            let mut changes: Changes = gone.map(|key| (Arc::clone(key), Change::Removed)).collect();
            for (key, value) in new {
                if let Some(change) = compare(old.get(key), value) {
                    changes.insert(Arc::clone(key), change);
                }
            }
            (!changes.is_empty()).then_some(Change::Below(changes))
        }
        (Some(before), after) if before == after => None,
        _ => Some(Change::Set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_compared_and_vectors_are_not() {
        let vector = |x: i32| Tree::object([("x", Tree::from(x)), ("y", 0.into())]);
        let player = |x: i32, hp: i32| Tree::object([("at", vector(x)), ("hp", hp.into())]);
        assert_eq!(compare(Some(&player(1, 2)), &player(1, 2)), None);
        let moved = Changes::from([("at".into(), Change::Set)]);
        assert_eq!(compare(Some(&player(1, 2)), &player(3, 2)), Some(Change::Below(moved)));
        assert_eq!(compare(None, &player(1, 2)), Some(Change::Set));
        assert_eq!(compare(Some(&Tree::Null), &player(1, 2)), Some(Change::Set));
        let gone = Changes::from([("hp".into(), Change::Removed)]);
        let less = Tree::object([("at", vector(1))]);
        assert_eq!(compare(Some(&player(1, 2)), &less), Some(Change::Below(gone)));
    }
}
