//! The list of a map's keys that both sides keep, as the encoder knows it. It only grows.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::{HashTable, hash_table::Entry};

use crate::notepack::Text;

/// Keys by position, and the first position of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    list: Vec<Listed>,
    first: HashTable<u32>,
    hasher: RandomState,
}

#[derive(Clone, Debug)]
struct Listed {
    key: Text,
    hash: u64,
    /// Whether it stands there for the first time.
    is_first: bool,
}

impl Keys {
    /// Adds a key at the end, whether it is there or not: so does every client.
    pub(super) fn push(&mut self, key: &str) {
        let Self { list, first, hasher } = self;
        let is_it = |at: &u32| list[*at as usize].key == key;
        let hash = hasher.hash_one(key.as_bytes());
        let is_first = match first.entry(hash, is_it, |at| list[*at as usize].hash) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(list.len() as u32);
                true
            }
        };
        self.list.push(Listed { key: key.into(), hash, is_first });
    }

    /// The first position of a key.
    pub(super) fn position(&self, key: &str) -> Option<usize> {
        let is_it = |at: &u32| self.list[*at as usize].key == key;
        let found = self.first.find(self.hasher.hash_one(key.as_bytes()), is_it);
        found.map(|at| *at as usize)
    }

    /// The key at a position.
    #[cfg(test)]
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        self.list.get(at).map(|listed| listed.key.as_str())
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// All positions, with whether a key stands there for the first time.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        self.list.iter().map(|listed| (listed.key.as_str(), listed.is_first))
    }
}
