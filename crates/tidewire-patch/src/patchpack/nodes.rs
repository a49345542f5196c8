//! The nodes of a decoder: what is where, by number and by place.
//!
//! A snapshot brings thousands of them and a patch looks for one, so that they lie in one list, are
//! linked by their slots in it, and most of them own nothing. What a state said of types and keys stays
//! where it was read.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use smallvec::{SmallVec, smallvec};

use super::{decode::Staged, names::Grown};
use crate::notepack::{Packed, Span, Text};

/// Where a node is in the list; [`NONE`] where there is none.
pub(super) type Slot = u32;

pub(super) const NONE: Slot = Slot::MAX;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    /// Where it lies in the node around it.
    pub(super) key: Key,
    /// Of a map, what the state does not say.
    pub(super) grown: Option<Box<Grown>>,
    pub(super) kind: Kind,
    pub(super) around: Slot,
    /// The node below that came last; the others follow it.
    below: Slot,
    next: Slot,
    previous: Slot,
    pub(super) depth: u16,
    /// Whether the message that brings it is not yet done.
    pub(super) is_staged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the position of its type.
    Struct(u32),
    /// With the cells of its keys and values in the state.
    Map(Span),
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
    Name(Box<Text>),
    /// No place at all.
    Lost,
}

impl Node {
    #[inline(always)]
    pub(super) fn new(id: u64, kind: Kind, around: Slot, key: Key, depth: u16) -> Self {
        Self {
            id,
            key,
            grown: None,
            kind,
            around,
            below: NONE,
            next: NONE,
            previous: NONE,
            depth,
            is_staged: false,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    /// The state, which has the types and the first keys of its maps.
    state: Option<Arc<Packed>>,
    list: Vec<Node>,
    /// The path of each node, where somebody asked for it and it is short. It never changes.
    paths: Vec<Text>,
    /// What is needed once nodes came and went.
    more: Option<Box<More>>,
}

/// What nodes need of which some are not where a state put them.
#[derive(Clone, Debug, Default)]
struct More {
    free: Vec<Slot>,
    /// Slots by number, where numbers are about as many as nodes: a server counts them up. A node whose
    /// slot is its number need not be here.
    dense: Vec<Slot>,
    /// And of all other numbers.
    sparse: Option<HashMap<u64, Slot, RandomState>>,
    /// Nodes by their places where these are no keys of a map, once there is a node with too many for a look at each.
    places: Option<Places>,
}

/// Nodes by the one around them and the place there.
type Places = HashMap<(Slot, Key), Slot, RandomState>;

/// How many nodes below another are found by a look at each.
const FEW: usize = 8;

impl Nodes {
    /// None yet, but room for so many.
    pub(super) fn with_room(count: usize) -> Self {
        Self { list: Vec::with_capacity(count), ..Self::default() }
    }

    /// Says which state the nodes are of, when that is read.
    pub(super) fn set_state(&mut self, state: Arc<Packed>) {
        self.state = Some(state);
    }

    #[inline]
    pub(super) fn state(&self) -> &Packed {
        self.state.as_deref().unwrap_or(&NOTHING)
    }

    /// Gives a message the types of the state.
    #[inline]
    pub(super) fn lend_types(&self, message: &mut Packed) {
        let is_it = match (&message.base, &self.state) {
            (Some(base), Some(state)) => Arc::ptr_eq(base, state),
            (base, state) => base.is_none() && state.is_none(),
        };
        if !is_it {
            message.base = self.state.clone();
        }
    }

    /// How many slots there are, free ones too.
    pub(super) fn slot_count(&self) -> Slot {
        self.list.len() as Slot
    }

    #[inline]
    pub(super) fn node(&self, slot: Slot) -> &Node {
        &self.list[slot as usize]
    }

    #[inline]
    pub(super) fn node_mut(&mut self, slot: Slot) -> &mut Node {
        &mut self.list[slot as usize]
    }

    /// The node of a number.
    #[inline]
    pub(super) fn of(&self, id: u64) -> Option<Slot> {
        let at = usize::try_from(id).ok()?;
        if let Some(more) = &self.more
            && let Some(slot) = more.of(id, at)
        {
            return Some(slot);
        }
        let is_it = |node: &&Node| node.id == id && node.kind != Kind::Free;
        self.list.get(at).filter(is_it).map(|_| at as Slot)
    }

    /// Whether every node's number is its slot.
    #[inline]
    fn has_plain_numbers(&self) -> bool {
        self.more.as_deref().is_none_or(|more| more.dense.is_empty() && more.sparse.is_none())
    }

    /// Gives a number to another node, or to none.
    #[inline]
    pub(super) fn rename(&mut self, id: u64, slot: Slot) {
        let is_plain = slot == NONE || id == u64::from(slot);
        if !(is_plain && self.has_plain_numbers()) {
            self.rename_in_tables(id, slot);
        }
    }

    fn rename_in_tables(&mut self, id: u64, slot: Slot) {
        let most = 2 * self.list.len() + 64;
        self.more.get_or_insert_default().rename(id, slot, most);
    }

    /// Puts a node of a state behind all others. Nothing, and nothing is done, if another has its number.
    #[inline(always)]
    pub(super) fn add_first(&mut self, node: Node) -> Option<Slot> {
        let (id, around, slot) = (node.id, node.around, self.list.len() as Slot);
        // Its number will be its slot, and nobody needs it in a table.
        if self.more.is_some() || id != u64::from(slot) {
            return self.add_among(node);
        }
        self.list.push(node);
        if around != NONE {
            self.put_in_front(around, slot);
        }
        Some(slot)
    }

    #[inline(never)]
    fn add_among(&mut self, node: Node) -> Option<Slot> {
        let id = node.id;
        if self.of(id).is_some() {
            return None;
        }
        let slot = self.add(node);
        self.rename(id, slot);
        self.link(slot);
        Some(slot)
    }

    #[inline(always)]
    fn put_in_front(&mut self, around: Slot, slot: Slot) {
        let next = std::mem::replace(&mut self.list[around as usize].below, slot);
        if next != NONE {
            self.list[slot as usize].next = next;
            self.list[next as usize].previous = slot;
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
        self.node(slot).below == NONE
    }

    /// Puts a node in the list.
    #[inline]
    pub(super) fn add(&mut self, node: Node) -> Slot {
        match self.more.as_mut().and_then(|more| more.free.pop()) {
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

    /// Puts a node below the one around it, in front of others that may be in its place.
    #[inline]
    pub(super) fn link(&mut self, slot: Slot) {
        let around = self.node(slot).around;
        if around == NONE {
            return;
        }
        if self.is_map(around) {
            if self.has_places(around)
                && let Key::At(at) = self.canonical(slot)
            {
                self.list[slot as usize].key = Key::At(at);
                self.node_mut(around).grown.get_or_insert_default().put(at, slot);
            }
        } else if let Some(places) = self.more.as_mut().and_then(|more| more.places.as_mut()) {
            places.insert((around, self.list[slot as usize].key.clone()), slot);
        }
        self.put_in_front(around, slot);
    }

    /// The node at a place of another.
    #[inline]
    pub(super) fn child(&mut self, around: Slot, key: &Key) -> Option<Slot> {
        let known = match self.is_map(around) {
            true => self.has_places(around),
            false => self.places().is_some(),
        };
        if !known {
            let mut below = self.below(around);
            if let Some(found) = below.by_ref().take(FEW).find(|child| self.is_at(*child, key)) {
                return Some(found);
            }
            below.next()?;
            drop(below);
            match self.is_map(around) {
                true => self.index_map(around),
                false => self.index(),
            }
        }
        match (key, &self.node(around).grown) {
            (Key::At(at), Some(grown)) => {
                let places = grown.places.as_ref()?;
                places.get(*at as usize).copied().filter(|slot| *slot != NONE)
            }
            // A name that no list has is that of few.
            _ if self.is_map(around) => self.below(around).find(|child| self.is_at(*child, key)),
            _ => self.places()?.get(&(around, key.clone())).copied(),
        }
    }

    fn places(&self) -> Option<&Places> {
        self.more.as_ref()?.places.as_ref()
    }

    fn is_map(&self, slot: Slot) -> bool {
        matches!(self.node(slot).kind, Kind::Map(_))
    }

    /// Whether the nodes of a map are listed by their places.
    fn has_places(&self, map: Slot) -> bool {
        self.node(map).grown.as_ref().is_some_and(|grown| grown.places.is_some())
    }

    /// Lists them.
    fn index_map(&mut self, map: Slot) {
        let mut children: Vec<Slot> = self.below(map).collect();
        // Of two in one place, the one that came last is there.
        children.reverse();
        self.node_mut(map).grown.get_or_insert_default().places = Some(Vec::new());
        for child in children {
            if let Key::At(at) = self.canonical(child) {
                self.list[child as usize].key = Key::At(at);
                self.node_mut(map).grown.get_or_insert_default().put(at, child);
            }
        }
    }

    fn is_at(&self, child: Slot, key: &Key) -> bool {
        let node = self.node(child);
        match (&node.key, key, self.node(node.around).kind) {
            (Key::At(a), Key::At(b), _) if a == b => true,
            // The second of two keys that are the same is a place of the first.
            (Key::At(a), Key::At(b), Kind::Map(_)) => {
                let name = self.key_name(node.around, *a);
                name.is_some() && name == self.key_name(node.around, *b)
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
        let mut places = Places::default();
        for around in 0..self.list.len() as Slot {
            if !self.is_map(around) {
                for child in self.below(around) {
                    places.entry((around, self.node(child).key.clone())).or_insert(child);
                }
            }
        }
        self.more.get_or_insert_default().places = Some(places);
    }

    /// The place of a node, by the first position of its key.
    fn canonical(&mut self, slot: Slot) -> Key {
        let Node { around, ref key, .. } = *self.node(slot);
        match (key.clone(), self.node(around).kind) {
            (Key::At(at), Kind::Map(_)) => Key::At(self.first_position(around, at)),
            (key, _) => key,
        }
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
    }

    /// Takes out a node and all below it.
    pub(super) fn remove(&mut self, slot: Slot) {
        self.unlink(slot);
        let mut gone: SmallVec<[Slot; 8]> = smallvec![slot];
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
        let free = Node::new(0, Kind::Free, NONE, Key::Lost, 0);
        let Node { around, key, .. } = std::mem::replace(&mut self.list[slot as usize], free);
        if let (Key::At(at), Some(node)) = (&key, self.list.get_mut(around as usize))
            && let Some(grown) = &mut node.grown
        {
            grown.take(*at, slot);
        }
        let more = self.more.get_or_insert_default();
        if let Some(places) = &mut more.places {
            let place = (around, key);
            if places.get(&place) == Some(&slot) {
                places.remove(&place);
            }
        }
        if let Some(path) = self.paths.get_mut(slot as usize) {
            *path = Text::default();
        }
        more.free.push(slot);
    }

    /// Ends what a message began.
    pub(super) fn keep(&mut self, staged: &mut Staged) {
        for (slot, _) in staged.drain(..) {
            self.list[slot as usize].is_staged = false;
        }
    }

    /// Undoes it: of each node, which one had its number before.
    pub(super) fn undo(&mut self, staged: &mut Staged) {
        while let Some((slot, before)) = staged.pop() {
            self.rename(self.node(slot).id, before);
            self.unlink(slot);
            self.release(slot);
        }
    }

    /// The name of the property at a position of a type.
    #[inline]
    pub(super) fn property(&self, of: u32, at: usize) -> Option<Cow<'_, str>> {
        self.state().names(of).get(at).map(|name| self.state().text(*name))
    }
}

impl More {
    fn of(&self, id: u64, at: usize) -> Option<Slot> {
        match self.dense.get(at) {
            Some(slot) if *slot != NONE => Some(*slot),
            _ => self.sparse.as_ref()?.get(&id).copied(),
        }
    }

    /// Gives a number to another node, or to none. Numbers up to `most` are dense.
    fn rename(&mut self, id: u64, slot: Slot, most: usize) {
        let at = usize::try_from(id).ok().filter(|at| *at < most || *at < self.dense.len());
        if let (Some(sparse), true) = (&mut self.sparse, at.is_some() || slot == NONE) {
            sparse.remove(&id);
        }
        match at {
            Some(at) if at < self.dense.len() => self.dense[at] = slot,
            _ if slot == NONE => {}
            Some(at) => {
                self.dense.resize(at + 1, NONE);
                self.dense[at] = slot;
            }
            None => {
                self.sparse.get_or_insert_default().insert(id, slot);
            }
        }
    }
}

/// The state before there is one.
static NOTHING: Packed = Packed::nothing();
