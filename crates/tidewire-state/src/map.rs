//! [`MapSchema`]: a map with string keys that remembers the order in which they came.
//!
//! Slots lie in one vector in order of insertion. A removed entry leaves a gap, so that no other
//! slot moves; gaps are closed when the vector would grow. What was inserted since the last walk
//! is the vector's tail, so only slots before the tail are ever put on the touched list.

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
struct Slot<V: Element> {
    link: Link,
    /// `None` is a gap.
    entry: Option<Held<V>>,
}

struct Held<V: Element> {
    key: CompactString,
    value: V,
    mirror: V::Mirror,
    /// The number of the key on the wire, once a walk has seen it.
    index: u32,
    replaced: bool,
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
