//! [`SetSchema`]: a set of primitives that remembers the order in which they came.

use std::{collections::HashSet, fmt};

use foldhash::fast::RandomState;

use crate::members::{Member, MemberKey, Members, members};

/// Primitives in order of arrival, each once.
///
/// Two values are one if no client could tell them apart: 0 and -0, every NaN, integers that are
/// the same double, and `number`s that are sent alike.
///
/// ```
/// use tidewire_state::SetSchema;
/// let mut tags = SetSchema::from(["red".to_owned(), "big".to_owned()]);
/// assert!(!tags.insert("red".to_owned()));
/// assert!(tags.remove(&"red".to_owned()));
/// assert_eq!(tags.as_slice(), ["big"]);
/// ```
pub struct SetSchema<P: Member> {
    members: Members<P>,
    keys: HashSet<MemberKey, RandomState>,
}

members!(SetSchema, Set);

impl<P: Member> SetSchema<P> {
    /// Puts a value in, behind all others, unless it is there. Tells whether it was put in.
    pub fn insert(&mut self, value: P) -> bool {
        let new = self.keys.insert(value.key());
        if new {
            self.members.push(value);
        }
        new
    }

    /// Whether a value is there.
    pub fn contains(&self, value: &P) -> bool {
        self.keys.contains(&value.key())
    }

    /// Takes a value out. Tells whether it was there.
    pub fn remove(&mut self, value: &P) -> bool {
        let key = value.key();
        if !self.keys.remove(&key) {
            return false;
        }
        let found = self.iter().position(|other| other.key() == key);
        found.map(|index| self.members.remove(index)).is_some()
    }

    /// Takes the value out that came `index` values after the first.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn remove_at(&mut self, index: usize) -> P {
        let value = self.members.remove(index);
        self.keys.remove(&value.key());
        value
    }

    /// Puts a value in the place of another; one that the set has already goes nowhere.
    pub(crate) fn put_at(&mut self, index: usize, value: P) {
        if self.keys.insert(value.key()) {
            let old = self.members.put(index, value);
            self.keys.remove(&old.key());
        }
    }

    /// Keeps the values for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&P) -> bool) {
        let Self { members, keys } = self;
        members.retain(|value| {
            let stays = keep(value);
            if !stays {
                keys.remove(&value.key());
            }
            stays
        });
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.members.take();
    }
}

impl<P: Member> Default for SetSchema<P> {
    fn default() -> Self {
        Self { members: Members::default(), keys: HashSet::default() }
    }
}

/// What is there already stays where it is.
impl<P: Member> Extend<P> for SetSchema<P> {
    fn extend<I: IntoIterator<Item = P>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<P: Member + fmt::Debug> fmt::Debug for SetSchema<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

/// The same values, in whatever order.
impl<P: Member> PartialEq for SetSchema<P> {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl<P: Member> Eq for SetSchema<P> {}
