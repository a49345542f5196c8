//! Which path patterns a state has, and their hashes.
//!
//! A pattern is the way from the root to a place: names of fields, and `*` for the key of a map or
//! the index of an array. The table is a tree, so that whoever goes down a state goes down the
//! patterns along with it. A type that holds itself is followed once; what lies deeper has no
//! pattern and is addressed by its plain path.

use std::collections::{BTreeMap, VecDeque};

use tidewire_state::{ElementKind, FieldKind, TypeIndex, TypeSet};

use crate::{
    hash::Fnv1a,
    own::leads,
    update::{Segment, is_addressable},
};

/// The path patterns of a state.
///
/// ```
/// use tidewire_opcode::PathTable;
/// use tidewire_state::{MapSchema, Schema, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Player { health: u16 }
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena { players: MapSchema<Player> }
///
/// let paths = PathTable::new(&Tracked::new(Arena::default()).types());
/// let patterns: Vec<_> = paths.patterns().collect();
/// assert_eq!(patterns, [
///     ("players", 2159421276),
///     ("players.*", 3150840898),
///     ("players.*.health", 2520354134),
/// ]);
/// ```
#[derive(Clone, Debug)]
pub struct PathTable {
    nodes: Vec<PathNode>,
}

/// A place in the tree of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PatternId(u32);

#[derive(Clone, Debug)]
struct PathNode {
    pattern: String,
    hash: Fnv1a,
    /// Whether the pattern or its hash may be taken for another's: then it is not used.
    ambiguous: bool,
    /// Whether a struct lies there of which not everyone sees the same.
    mixed: bool,
    names: BTreeMap<String, PatternId>,
    any: Option<PatternId>,
}

/// Past this many, places have no pattern: a table this long helps nobody.
const MOST_PATTERNS: usize = 4096;

impl PathTable {
    /// The patterns of all places that `types` allow, shallow ones first where there are too many.
    pub fn new(types: &TypeSet) -> Self {
        let mut table = Self { nodes: vec![PathNode::new(String::new(), Fnv1a::new())] };
        let leads = leads(types);
        // Types still to be followed, each with those around it.
        let mut queue = VecDeque::from([(Self::ROOT, types.root, vec![types.root])]);
        while let Some((at, index, around)) = queue.pop_front() {
            let Some(info) = types.get(index) else { continue };
            for field in &info.fields {
                let Some(place) = table.name(at, &field.name) else { break };
                let below = match field.kind {
                    FieldKind::Ref(index) => Some((place, index)),
                    FieldKind::Map(element)
                    | FieldKind::Array(element)
                    | FieldKind::Set(element)
                    | FieldKind::Collection(element) => {
                        let Some(entry) = table.any(place) else { break };
                        match element {
                            ElementKind::Ref(index) => Some((entry, index)),
                            ElementKind::Primitive(_) => None,
                        }
                    }
                    _ => None,
                };
                if let Some((place, index)) = below {
                    let mixed = leads.get(index.0 as usize).copied().unwrap_or_default();
                    table.nodes[place.0 as usize].mixed = mixed;
                }
                if let Some((place, index)) = below.filter(|(_, index)| !around.contains(index)) {
                    let mut around: Vec<TypeIndex> = around.clone();
                    around.push(index);
                    queue.push_back((place, index, around));
                }
            }
        }
        table.mark_ambiguous();
        table
    }

    /// Each pattern with its hash, sorted bytewise.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, u32)> {
        let mut nodes: Vec<&PathNode> =
            self.nodes[1..].iter().filter(|node| !node.ambiguous).collect();
        nodes.sort_unstable_by(|a, b| a.pattern.cmp(&b.pattern));
        nodes.into_iter().map(|node| (node.pattern.as_str(), node.hash.fold()))
    }

    pub(crate) const ROOT: PatternId = PatternId(0);

    /// The hash of a pattern, if clients know it and cannot take it for another's.
    pub(crate) fn hash(&self, at: PatternId) -> Option<u32> {
        let node = &self.nodes[at.0 as usize];
        (!node.ambiguous).then(|| node.hash.fold())
    }

    /// What lies below a place in a field of this name.
    pub(crate) fn field(&self, at: PatternId, name: &str) -> Option<PatternId> {
        self.nodes[at.0 as usize].names.get(name).copied()
    }

    /// The step from a place to a member of this name, and where it leads.
    pub(crate) fn member<'n>(
        &self,
        at: Option<PatternId>,
        name: &'n str,
    ) -> (Segment<'n>, Option<PatternId>) {
        let field = at.and_then(|at| self.field(at, name));
        let entry = at.and_then(|at| self.entry(at));
        match (field, entry) {
            (None, Some(_)) => (Segment::Key(name), entry),
            (field, _) => (Segment::Name(name), field),
        }
    }

    /// Whether a struct lies at a place of which not everyone sees the same.
    pub(crate) fn is_mixed(&self, at: PatternId) -> bool {
        self.nodes[at.0 as usize].mixed
    }

    /// What lies below a place under any key.
    pub(crate) fn entry(&self, at: PatternId) -> Option<PatternId> {
        self.nodes[at.0 as usize].any
    }

    fn name(&mut self, at: PatternId, name: &str) -> Option<PatternId> {
        let id = self.push(at, name)?;
        self.nodes[id.0 as usize].ambiguous = name == "*" || !is_addressable(name);
        self.nodes[at.0 as usize].names.insert(name.to_owned(), id);
        Some(id)
    }

    fn any(&mut self, at: PatternId) -> Option<PatternId> {
        let id = self.push(at, "*")?;
        self.nodes[at.0 as usize].any = Some(id);
        Some(id)
    }

    fn push(&mut self, at: PatternId, segment: &str) -> Option<PatternId> {
        if self.nodes.len() > MOST_PATTERNS {
            return None;
        }
        let PathNode { pattern, hash, .. } = &self.nodes[at.0 as usize];
        let node = if pattern.is_empty() {
            PathNode::new(segment.to_owned(), hash.text(segment))
        } else {
            PathNode::new(format!("{pattern}.{segment}"), hash.text(".").text(segment))
        };
        let id = PatternId(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(node);
        Some(id)
    }

    fn mark_ambiguous(&mut self) {
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for node in &self.nodes[1..] {
            *counts.entry(node.hash.fold()).or_default() += 1;
        }
        for node in &mut self.nodes[1..] {
            node.ambiguous |= counts.get(&node.hash.fold()).is_some_and(|count| *count > 1);
        }
    }
}

impl PathNode {
    fn new(pattern: String, hash: Fnv1a) -> Self {
        Self { pattern, hash, ambiguous: false, mixed: false, names: BTreeMap::new(), any: None }
    }
}

#[cfg(test)]
mod tests {
    use tidewire_state::{FieldInfo, PrimitiveKind, TypeInfo};

    use super::*;

    fn field(name: &str, kind: FieldKind) -> FieldInfo {
        FieldInfo::new(name, kind)
    }

    #[test]
    fn a_type_that_holds_itself_is_followed_once() {
        let number = FieldKind::Primitive(PrimitiveKind::Number);
        let itself = FieldKind::Map(ElementKind::Ref(TypeIndex(0)));
        let fields = vec![field("n", number), field("a.b", number), field("below", itself)];
        let types = vec![TypeInfo::new("Node", fields)];
        let paths = PathTable::new(&TypeSet { types, root: TypeIndex(0) });
        let patterns: Vec<&str> = paths.patterns().map(|(pattern, _)| pattern).collect();
        assert_eq!(patterns, ["below", "below.*", "n"]);
    }

    #[test]
    fn the_table_is_bounded() {
        let next = |index: u32| FieldKind::Ref(TypeIndex(index));
        let fields = |index| (0..60).map(|at| field(&format!("f{at}"), next(index))).collect();
        let types = (1..=8).map(|at| TypeInfo::new(format!("T{at}"), fields(at % 8)));
        let paths = PathTable::new(&TypeSet { types: types.collect(), root: TypeIndex(0) });
        assert_eq!(paths.patterns().count(), MOST_PATTERNS);
    }
}
