//! The keys that a map ever had, in the order in which they came: those of the state, which stay where they
//! were read, and those that were added.

use std::{borrow::Cow, hash::BuildHasher as _};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use super::nodes::{Kind, NONE, Nodes, Slot};
use crate::notepack::{Cell, Span, Text};

/// What the state does not say of a map.
#[derive(Clone, Debug, Default)]
pub(super) struct Grown {
    /// The keys that were added.
    added: SmallVec<[Text; 2]>,
    /// The first position of each key, as far as somebody wanted to know.
    first: HashTable<u32>,
    known: u32,
    hasher: RandomState,
    /// The nodes of the entries by the first positions of their keys, once there were too many for a look at each.
    pub(super) places: Option<Vec<Slot>>,
}

/// How many keys are found by a look at each.
const FEW: u32 = 8;

impl Nodes {
    /// How many of the keys of a map the state had.
    #[inline]
    fn read_count(&self, map: Slot) -> u32 {
        match self.node(map).kind {
            Kind::Map(cells) => cells.len / 2,
            _ => 0,
        }
    }

    /// How many keys a map ever had.
    #[inline]
    pub(super) fn key_count(&self, map: Slot) -> u32 {
        let added = self.node(map).grown.as_ref().map_or(0, |grown| grown.added.len());
        self.read_count(map) + added as u32
    }

    /// The key at a position.
    pub(super) fn key_name(&self, map: Slot, at: u32) -> Option<Cow<'_, str>> {
        self.key_bytes(map, self.node(map).grown.as_deref(), at).map(String::from_utf8_lossy)
    }

    /// The bytes of the key at a position, as they came.
    #[inline]
    fn key_bytes<'a>(&'a self, map: Slot, grown: Option<&'a Grown>, at: u32) -> Option<&'a [u8]> {
        match (self.node(map).kind, at.checked_sub(self.read_count(map))) {
            (Kind::Map(cells), None) => match self.state().cells[(cells.at + 2 * at) as usize] {
                Cell::Text(span) => Some(&self.state().bytes[span.range()]),
                _ => None,
            },
            (_, Some(at)) => Some(grown?.added.get(at as usize)?.as_bytes()),
            _ => None,
        }
    }

    /// Takes the keys of all maps out of the state.
    pub(super) fn own_keys(&mut self) {
        for map in 0..self.slot_count() {
            let count = self.read_count(map);
            if count == 0 {
                continue;
            }
            let key = |at| Text::from(self.key_name(map, at).unwrap_or_default());
            let mut keys: SmallVec<[Text; 2]> = (0..count).map(key).collect();
            let node = self.node_mut(map);
            let grown = node.grown.get_or_insert_default();
            keys.append(&mut grown.added);
            grown.added = keys;
            node.kind = Kind::Map(Span::default());
        }
    }

    /// Adds a key at the end, whether it is there or not.
    pub(super) fn push_key(&mut self, map: Slot, key: Text) {
        self.node_mut(map).grown.get_or_insert_default().added.push(key);
    }

    /// Adds a key at the end that was not found.
    pub(super) fn push_new_key(&mut self, map: Slot, key: Text, sought: Sought) {
        let count = self.key_count(map);
        let mut grown = self.node_mut(map).grown.take().unwrap_or_default();
        grown.added.push(key);
        if let Some(hash) = sought.hash
            && grown.known == count
        {
            let mut first = std::mem::take(&mut grown.first);
            let name = |at: &u32| self.key_bytes(map, Some(&grown), *at).unwrap_or_default();
            first.insert_unique(hash, count, |at| grown.hash(name(at)));
            grown.first = first;
            grown.known += 1;
        }
        self.node_mut(map).grown = Some(grown);
    }

    /// The first position of the key at a position.
    pub(super) fn first_position(&mut self, map: Slot, at: u32) -> u32 {
        let count = self.key_count(map);
        if count > FEW && !self.with_table(map, count, |_, grown| grown.has_twins()) {
            return at;
        }
        let name = self.key_name(map, at).map(|name| Text::from(&*name));
        name.and_then(|name| self.position(map, &name)).unwrap_or(at)
    }

    /// The first position of a key.
    pub(super) fn position(&mut self, map: Slot, key: &str) -> Option<u32> {
        self.seek(map, key).position
    }

    /// Looks for a key.
    pub(super) fn seek(&mut self, map: Slot, key: &str) -> Sought {
        let count = self.key_count(map);
        let is_it = |this: &Self, grown: Option<&Grown>, at| {
            this.key_bytes(map, grown, at).is_some_and(|name| says(name, key))
        };
        if count <= FEW {
            let grown = self.node(map).grown.as_deref();
            let position = (0..count).find(|at| is_it(self, grown, *at));
            return Sought { position, hash: None };
        }
        self.with_table(map, count, |this, grown| {
            let hash = grown.hasher.hash_one(key.as_bytes());
            let position = grown.first.find(hash, |at| is_it(this, Some(grown), *at)).copied();
            Sought { position, hash: Some(hash) }
        })
    }

    /// Does something with the table of a map's keys, of which there are so many.
    fn with_table<T>(&mut self, map: Slot, count: u32, ask: impl FnOnce(&Self, &Grown) -> T) -> T {
        let mut grown = self.node_mut(map).grown.take().unwrap_or_default();
        if grown.known < count {
            self.learn(map, &mut grown, count);
        }
        let answer = ask(self, &grown);
        self.node_mut(map).grown = Some(grown);
        answer
    }

    /// Puts the keys into the table that are not in it.
    fn learn(&self, map: Slot, grown: &mut Grown, count: u32) {
        let mut first = std::mem::take(&mut grown.first);
        let name = |at: u32| self.key_bytes(map, Some(grown), at).unwrap_or_default();
        first.reserve((count - grown.known) as usize, |at| grown.hash(name(*at)));
        for at in grown.known..count {
            let key = name(at);
            let is_it = |other: &u32| {
                let other = name(*other);
                other == key || (!key.is_ascii() && says(other, &String::from_utf8_lossy(key)))
            };
            first.entry(grown.hash(key), is_it, |at| grown.hash(name(*at))).or_insert(at);
        }
        grown.first = first;
        grown.known = count;
    }
}

/// What came of looking for a key.
#[derive(Clone, Copy)]
pub(super) struct Sought {
    /// The first position.
    pub(super) position: Option<u32>,
    hash: Option<u64>,
}

impl Grown {
    #[inline]
    fn hash(&self, name: &[u8]) -> u64 {
        match name.is_ascii() {
            true => self.hasher.hash_one(name),
            // What is no text is found as what it is mended to.
            false => self.hasher.hash_one(String::from_utf8_lossy(name).as_bytes()),
        }
    }

    /// Whether a key came twice.
    fn has_twins(&self) -> bool {
        self.first.len() < self.known as usize
    }

    /// Notes which node is at a position.
    pub(super) fn put(&mut self, at: u32, slot: Slot) {
        if let Some(places) = &mut self.places {
            let at = at as usize;
            if places.len() <= at {
                places.resize(at + 1, NONE);
            }
            places[at] = slot;
        }
    }

    /// Notes that this node is at a position no more.
    pub(super) fn take(&mut self, at: u32, slot: Slot) {
        let place = self.places.as_mut().and_then(|places| places.get_mut(at as usize));
        if let Some(place) = place.filter(|place| **place == slot) {
            *place = NONE;
        }
    }
}

/// Whether bytes are this text, when they are mended.
#[inline]
fn says(bytes: &[u8], text: &str) -> bool {
    bytes == text.as_bytes() || (!bytes.is_ascii() && String::from_utf8_lossy(bytes) == text)
}
