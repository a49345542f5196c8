//! The keys that a map ever had, in the order in which they came: those of the state, which stay where they
//! were read, and those that were added.

use std::{borrow::Cow, hash::BuildHasher as _};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use super::nodes::{Kind, Nodes, Slot};
use crate::notepack::Text;

/// What the state does not say of the keys of a map.
#[derive(Clone, Debug, Default)]
pub(super) struct Grown {
    /// Those that were added.
    added: SmallVec<[Text; 2]>,
    /// The first position of each key, as far as somebody wanted to know.
    first: HashTable<u32>,
    known: u32,
    hasher: RandomState,
}

/// How many keys are found by a look at each.
const FEW: u32 = 8;

impl Nodes {
    /// How many of the keys of a map the state had.
    fn read_count(&self, map: Slot) -> u32 {
        match self.node(map).kind {
            Kind::Map(cells) => cells.len / 2,
            _ => 0,
        }
    }

    /// How many keys a map ever had.
    pub(super) fn key_count(&self, map: Slot) -> u32 {
        let added = self.node(map).grown.as_ref().map_or(0, |grown| grown.added.len());
        self.read_count(map) + added as u32
    }

    /// The key at a position.
    pub(super) fn key_name(&self, map: Slot, at: u32) -> Option<Cow<'_, str>> {
        self.name_with(map, self.node(map).grown.as_deref(), at)
    }

    fn name_with<'a>(
        &'a self,
        map: Slot,
        grown: Option<&'a Grown>,
        at: u32,
    ) -> Option<Cow<'a, str>> {
        let node = self.node(map);
        match (node.kind, at.checked_sub(self.read_count(map))) {
            (Kind::Map(cells), None) => {
                Some(self.state().text(self.state().cells[(cells.at + 2 * at) as usize]))
            }
            (_, Some(at)) => Some(grown?.added.get(at as usize)?.as_str().into()),
            _ => None,
        }
    }

    fn is_key(&self, map: Slot, at: u32, key: &str) -> bool {
        let node = self.node(map);
        match (node.kind, at.checked_sub(self.read_count(map)), &node.grown) {
            (Kind::Map(cells), None, _) => {
                self.state().says(self.state().cells[(cells.at + 2 * at) as usize], key)
            }
            (_, Some(at), Some(grown)) => {
                grown.added.get(at as usize).is_some_and(|added| added == key)
            }
            _ => false,
        }
    }

    /// Adds a key at the end, whether it is there or not.
    pub(super) fn push_key(&mut self, map: Slot, key: Text) {
        self.node_mut(map).grown.get_or_insert_default().added.push(key);
    }

    /// The first position of the key at a position.
    pub(super) fn first_position(&mut self, map: Slot, at: u32) -> u32 {
        let name = self.key_name(map, at).map(|name| Text::from(&*name));
        name.and_then(|name| self.position(map, &name)).unwrap_or(at)
    }

    /// The first position of a key.
    pub(super) fn position(&mut self, map: Slot, key: &str) -> Option<u32> {
        let count = self.key_count(map);
        if count <= FEW {
            return (0..count).find(|at| self.is_key(map, *at, key));
        }
        let mut grown = self.node_mut(map).grown.take().unwrap_or_default();
        let mut first = std::mem::take(&mut grown.first);
        let name = |at: u32| self.name_with(map, Some(&grown), at).unwrap_or_default();
        let hash = |key: &str| grown.hasher.hash_one(key);
        for at in grown.known..count {
            let key = name(at);
            let entry = first.entry(hash(&key), |other| name(*other) == key, |at| hash(&name(*at)));
            entry.or_insert(at);
        }
        let found = first.find(hash(key), |at| name(*at) == key).copied();
        grown.first = first;
        grown.known = count;
        self.node_mut(map).grown = Some(grown);
        found
    }
}
