//! The nodes of a decoder: what is where, by number and by place.
//!
//! A snapshot brings thousands of them and a patch looks for one, so that they lie in one list, are
//! linked by their slots in it, and most of them own nothing.

use std::{collections::HashMap, hash::BuildHasher as _};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::notepack::Text;

/// Where a node is in the list; [`NONE`] where there is none.
pub(super) type Slot = u32;

pub(super) const NONE: Slot = Slot::MAX;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) kind: Kind,
    /// The node around it, and where it lies there.
    pub(super) around: Slot,
    pub(super) key: Key,
    pub(super) depth: u32,
    /// Whether the message that brings it is not yet done.
    pub(super) is_staged: bool,
    /// The node below that came last; the others follow it.
    below: Slot,
    children: u32,
    next: Slot,
    previous: Slot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the position of its type.
    Struct(u32),
    /// With the position of its list of keys.
    Map(u32),
    Array,
    /// No node is there.
    Free,
}

/// A place in a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The position of a property, or the first one of a key in its list.
    At(u32),
    /// Of an array.
    Index(u64),
    /// A name that no list has.
    Name(Text),
    /// No place at all.
    Lost,
}

impl Node {
    #[inline]
    pub(super) fn new(
        id: u64,
        kind: Kind,
        around: Slot,
        key: Key,
        depth: u32,
        is_staged: bool,
    ) -> Self {
        Self {
            id,
            kind,
            around,
            key,
            depth,
            is_staged,
            below: NONE,
            children: 0,
            next: NONE,
            previous: NONE,
        }
    }
}

/// The keys that a map ever had; a position may come to name one of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    pub(super) list: Vec<Text>,
    /// The first position of each, as far as somebody wanted to know.
    first: HashTable<u32>,
    known: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    list: Vec<Node>,
    /// The path of each node, where somebody asked for it and it is short. It never changes.
    paths: Vec<Text>,
    free: Vec<Slot>,
    /// Slots by number, where numbers are about as many as nodes: a server counts them up.
    dense: Vec<Slot>,
    /// And of all other numbers.
    sparse: HashMap<u64, Slot, RandomState>,
    keys: Vec<Keys>,
    free_keys: Vec<u32>,
    /// Nodes by their places, once there is a node with too many for a look at each.
    places: Option<HashMap<(Slot, Key), Slot, RandomState>>,
    hasher: RandomState,
}

/// How many nodes below another are found by a look at each.
const FEW: u32 = 8;

impl Nodes {
    /// Makes room for so many nodes.
    pub(super) fn reserve(&mut self, count: usize) {
        self.list.reserve(count);
        self.dense.reserve(count);
    }

    #[inline]
    pub(super) fn node(&self, slot: Slot) -> &Node {
        &self.list[slot as usize]
    }

    pub(super) fn keys(&self, keys: u32) -> &[Text] {
        &self.keys[keys as usize].list
    }

    /// The node of a number.
    #[inline]
    pub(super) fn of(&self, id: u64) -> Option<Slot> {
        let dense = usize::try_from(id).ok().and_then(|id| self.dense.get(id));
        match dense {
            Some(&NONE) | None if !self.sparse.is_empty() => self.sparse.get(&id).copied(),
            Some(&NONE) | None => None,
            Some(slot) => Some(*slot),
        }
    }

    /// Gives a number to another node, or to none; returns which one had it.
    pub(super) fn rename(&mut self, id: u64, slot: Slot) -> Slot {
        let most = 2 * self.list.len() + 64;
        match usize::try_from(id) {
            Ok(at) if at < self.dense.len() => {
                let before = std::mem::replace(&mut self.dense[at], slot);
                match self.sparse.remove(&id) {
                    Some(other) if before == NONE => other,
                    _ => before,
                }
            }
            Ok(at) if at == self.dense.len() && slot != NONE && self.sparse.is_empty() => {
                self.dense.push(slot);
                NONE
            }
            Ok(at) if at < most && slot != NONE => {
                self.dense.resize(at + 1, NONE);
                self.dense[at] = slot;
                self.sparse.remove(&id).unwrap_or(NONE)
            }
            _ if slot == NONE => self.sparse.remove(&id).unwrap_or(NONE),
            _ => self.sparse.insert(id, slot).unwrap_or(NONE),
        }
    }

    /// The path of a node, if it is known.
    #[inline]
    pub(super) fn path(&self, slot: Slot) -> Option<&Text> {
        self.paths.get(slot as usize).filter(|path| !path.is_empty())
    }

    /// Remembers the path of a node, if it takes no memory of its own.
    pub(super) fn keep_path(&mut self, slot: Slot, path: &Text) {
        if !path.is_heap_allocated() {
            let len = self.list.len().max(self.paths.len());
            self.paths.resize(len, Text::default());
            self.paths[slot as usize] = path.clone();
        }
    }

    /// Whether nothing lies below a node that has a number of its own.
    #[inline]
    pub(super) fn is_lowest(&self, slot: Slot) -> bool {
        self.node(slot).children == 0
    }

    /// Puts a node in the list.
    pub(super) fn add(&mut self, node: Node) -> Slot {
        match self.free.pop() {
            Some(slot) => {
                self.list[slot as usize] = node;
                slot
            }
            None => {
                self.list.push(node);
                self.list.len() as Slot - 1
            }
        }
    }

    /// An empty list of keys, with room for as many as a message may say before it has shown one.
    pub(super) fn add_keys(&mut self, room: usize) -> u32 {
        if let Some(keys) = self.free_keys.pop() {
            return keys;
        }
        self.keys.push(Keys { list: Vec::with_capacity(room.min(MOST_ROOM)), ..Keys::default() });
        self.keys.len() as u32 - 1
    }

    pub(super) fn push_key(&mut self, keys: u32, key: Text) {
        self.keys[keys as usize].list.push(key);
    }

    /// The first position of a key.
    pub(super) fn position(&mut self, keys: u32, key: &str) -> Option<u32> {
        let Self { keys: all, hasher, .. } = self;
        let Keys { list, first, known } = &mut all[keys as usize];
        if list.len() <= FEW as usize {
            return list.iter().position(|other| other == key).map(|at| at as u32);
        }
        let hash = |key: &str| hasher.hash_one(key);
        for at in *known..list.len() {
            let key = list[at].as_str();
            let is_it = |other: &u32| list[*other as usize] == key;
            let rehash = |other: &u32| hash(&list[*other as usize]);
            first.entry(hash(key), is_it, rehash).or_insert(at as u32);
        }
        *known = list.len();
        first.find(hash(key), |at| list[*at as usize] == key).copied()
    }

    /// Puts a node below the one around it, in front of others that may be in its place.
    pub(super) fn link(&mut self, slot: Slot) {
        let around = self.node(slot).around;
        if around == NONE {
            return;
        }
        if self.places.is_some() {
            let key = self.canonical(slot);
            self.list[slot as usize].key = key.clone();
            self.places.get_or_insert_default().insert((around, key), slot);
        }
        let parent = &mut self.list[around as usize];
        let next = std::mem::replace(&mut parent.below, slot);
        parent.children += 1;
        self.list[slot as usize].next = next;
        if next != NONE {
            self.list[next as usize].previous = slot;
        }
    }

    /// The node at a place of another.
    #[inline]
    pub(super) fn child(&mut self, around: Slot, key: &Key) -> Option<Slot> {
        let node = self.node(around);
        if node.children == 0 {
            return None;
        }
        if node.children > FEW && self.places.is_none() {
            self.index();
        }
        let node = self.node(around);
        match &self.places {
            Some(places) if node.children > FEW => places.get(&(around, key.clone())).copied(),
            _ => self.below(around).find(|child| self.is_at(*child, key)),
        }
    }

    fn is_at(&self, child: Slot, key: &Key) -> bool {
        let node = self.node(child);
        match (&node.key, key, self.node(node.around).kind) {
            // The second of two keys that are the same is a place of the first.
            (Key::At(a), Key::At(b), Kind::Map(keys)) => {
                let keys = self.keys(keys);
                a == b || keys.get(*a as usize) == keys.get(*b as usize)
            }
            (a, b, _) => a == b,
        }
    }

    /// The nodes right below another.
    fn below(&self, around: Slot) -> impl Iterator<Item = Slot> {
        let some = |slot: Slot| Some(slot).filter(|slot| *slot != NONE);
        let first = some(self.node(around).below);
        std::iter::successors(first, move |slot| some(self.node(*slot).next))
    }

    /// Makes the table of places.
    fn index(&mut self) {
        let mut places: HashMap<(Slot, Key), Slot, RandomState> = HashMap::default();
        for around in 0..self.list.len() as Slot {
            let children: Vec<Slot> = self.below(around).collect();
            for child in children {
                let key = self.canonical(child);
                self.list[child as usize].key = key.clone();
                places.entry((around, key)).or_insert(child);
            }
        }
        self.places = Some(places);
    }

    /// The place of a node, by the first position of its key.
    fn canonical(&mut self, slot: Slot) -> Key {
        let node = self.node(slot);
        let key = node.key.clone();
        if let (Key::At(at), Kind::Map(keys)) = (&key, self.node(node.around).kind)
            && let Some(name) = self.keys(keys).get(*at as usize).cloned()
            && let Some(first) = self.position(keys, &name)
        {
            return Key::At(first);
        }
        key
    }

    fn unlink(&mut self, slot: Slot) {
        let Node { around, next, previous, .. } = *self.node(slot);
        if around == NONE || (previous == NONE && self.node(around).below != slot) {
            return;
        }
        if next != NONE {
            self.list[next as usize].previous = previous;
        }
        match previous {
            NONE => self.list[around as usize].below = next,
            previous => self.list[previous as usize].next = next,
        }
        self.list[around as usize].children -= 1;
    }

    /// Takes out a node and all below it.
    pub(super) fn remove(&mut self, slot: Slot) {
        self.unlink(slot);
        let mut gone = vec![slot];
        while let Some(slot) = gone.pop() {
            gone.extend(self.below(slot));
            let id = self.node(slot).id;
            if self.of(id) == Some(slot) {
                self.rename(id, NONE);
            }
            self.release(slot);
        }
    }

    /// Makes a slot free.
    fn release(&mut self, slot: Slot) {
        let Node { around, ref mut key, kind, .. } = self.list[slot as usize];
        if let Some(places) = &mut self.places {
            let place = (around, std::mem::replace(key, Key::Lost));
            if places.get(&place) == Some(&slot) {
                places.remove(&place);
            }
        }
        if let Kind::Map(keys) = kind {
            self.keys[keys as usize] = Keys::default();
            self.free_keys.push(keys);
        }
        if let Some(path) = self.paths.get_mut(slot as usize) {
            *path = Text::default();
        }
        self.list[slot as usize] = Node::new(0, Kind::Free, NONE, Key::Lost, 0, false);
        self.free.push(slot);
    }

    /// Ends what a message began.
    pub(super) fn keep(&mut self, staged: &mut Vec<(Slot, Slot)>) {
        for (slot, _) in staged.drain(..) {
            self.list[slot as usize].is_staged = false;
        }
    }

    /// Undoes it: of each node, which one had its number before.
    pub(super) fn undo(&mut self, staged: &mut Vec<(Slot, Slot)>) {
        while let Some((slot, before)) = staged.pop() {
            self.rename(self.node(slot).id, before);
            self.unlink(slot);
            self.release(slot);
        }
    }
}

/// Of keys that were announced and not read yet.
const MOST_ROOM: usize = 1024;
