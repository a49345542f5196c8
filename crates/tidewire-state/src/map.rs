//! [`MapSchema`]: a map with string keys that remembers the order in which they came.
//!
//! Slots lie in one vector in order of insertion. A removed entry leaves a gap, so that no other
//! slot moves; gaps are closed when the vector would grow. What was inserted since the last walk
//! is the vector's tail, so only slots before the tail are ever put on the touched list.
//!
//! What a walk remembers of a slot lies in a vector of its own, by the same number. So a map that no walk
//! comes by, as a client's, has none of it: its entries take half the memory, and to change one is
//! to touch one cache line. On a server a key and its value are one line, what was sent of it another.

mod access;
mod entry;
mod iter;
mod receive;
mod traits;
mod walk;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

pub use self::{
    entry::{Entry, OccupiedEntry, VacantEntry},
    iter::{Drain, IntoIter, Iter, IterMut, Keys, Values, ValuesMut},
    walk::MapMirror,
};
use crate::{
    identity::Identity,
    schema::{Element, Gone},
    touched::{Link, Touched},
    visitor::EntryAt,
};

/// A map from strings to primitives or structs.
///
/// Works as a `HashMap<String, V>` that iterates in order of insertion. `insert` under a key that
/// exists puts in a new value (for structs: another node, which clients see come and go) at the old
/// place in the order; to change a value in place, go through [`get_mut`](Self::get_mut).
///
/// ```
/// use tidewire_state::MapSchema;
/// let mut scores: MapSchema<u32> = MapSchema::new();
/// scores.insert("ada", 3);
/// *scores.get_mut("ada").unwrap() += 1;
/// assert_eq!(scores["ada"], 4);
/// ```
pub struct MapSchema<V: Element> {
    slots: Vec<Slot<V>>,
    /// What is remembered of slots: of all before the tail, and maybe of some that follow.
    told: Vec<Told<V>>,
    /// The slot of each key.
    table: HashTable<u32>,
    hasher: RandomState,
    touched: Touched,
    /// Where the tail of entries that no walk has seen begins.
    tail: usize,
    /// Entries that a walk has seen and that are gone now.
    removed: Vec<Removed>,
    /// Whether a slot before the tail was put in anew.
    replaced: bool,
    identity: Identity,
}

#[repr(align(64))]
struct Slot<V> {
    /// `None` is a gap.
    entry: Option<Held<V>>,
}

struct Held<V> {
    key: CompactString,
    value: V,
}

/// What is remembered of a slot. Of a gap it is void.
#[repr(align(64))]
struct Told<V: Element> {
    link: Link,
    mirror: V::Mirror,
    /// The number of the key on the wire, once a walk has seen it.
    index: u32,
    replaced: bool,
}

impl<V: Element> Default for Told<V> {
    fn default() -> Self {
        Self {
            link: Link::default(),
            mirror: V::Mirror::default(),
            index: EntryAt::UNKNOWN,
            replaced: false,
        }
    }
}

struct Removed {
    key: CompactString,
    index: u32,
    left: Gone,
}

impl<V: Element> MapSchema<V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty map with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            slots: Vec::with_capacity(capacity),
            told: Vec::new(),
            table: HashTable::with_capacity(capacity),
            hasher: RandomState::default(),
            touched: Touched::default(),
            tail: 0,
            removed: Vec::new(),
            replaced: false,
            identity: Identity::default(),
        }
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

impl<V: Element> Default for MapSchema<V> {
    fn default() -> Self {
        Self::new()
    }
}
