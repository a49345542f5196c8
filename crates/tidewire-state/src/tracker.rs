//! The table of nodes, and the state that it is kept beside.
//!
//! What leaves a state may be dropped before a walk sees that it is gone, with all that lay below
//! it. So the tree of nodes is kept here, outside the values: each node knows its parent, its
//! siblings and its first child, by number. A subtree is released from the table alone.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use crate::{
    schema::Schema,
    types::TypeSet,
    visitor::{Enter, Place, RefId, Visitor},
};

/// A state whose changes are followed.
///
/// Dereferences to the state, which is mutated as any Rust value. [`sync`](Self::sync) tells a
/// codec what changed since the last one.
///
/// ```
/// use tidewire_state::{MapSchema, Tracked};
/// # use tidewire_state::example::{Arena, Player};
/// let mut arena = Tracked::new(Arena::default());
/// arena.players.insert("ada", Player::default());
/// arena.players.get_mut("ada").unwrap().x += 1.0;
/// ```
pub struct Tracked<S: Schema> {
    state: S,
    mirror: S::Mirror,
    tracker: Tracker,
    ticks: u64,
}

impl<S: Schema> Tracked<S> {
    /// Starts to follow `state`. The first [`sync`](Self::sync) reports all of it as new.
    pub fn new(state: S) -> Self {
        Self { state, mirror: S::Mirror::default(), tracker: Tracker::new(), ticks: 0 }
    }

    /// One walk of what was touched: reports what differs from what was last reported.
    ///
    /// Costs as much as was touched, whatever the size of the state. It consumes the touches, so
    /// every codec of a state must be given at once: a slice of visitors is a visitor.
    pub fn sync<V: Visitor + ?Sized>(&mut self, visitor: &mut V) {
        let fresh = self.ticks == 0;
        self.tracker.recycle();
        visitor.begin(self.ticks);
        visitor.enter(Enter { id: RefId::ROOT, place: Place::Root, fresh });
        let mut walk = Walk { visitor, tracker: &mut self.tracker };
        self.state.walk(&mut self.mirror, Owner { id: RefId::ROOT, fresh }, &mut walk);
        visitor.leave();
        visitor.end();
        self.ticks += 1;
    }

    /// Shows all there is, as if it were new.
    ///
    /// Meant for right after a [`sync`](Self::sync), when the state is what was reported; nodes
    /// that no sync has seen have no number yet.
    pub fn visit<V: Visitor + ?Sized>(&self, visitor: &mut V) {
        visitor.begin(self.ticks);
        visitor.enter(Enter { id: RefId::ROOT, place: Place::Root, fresh: true });
        self.state.visit(&self.mirror, visitor);
        visitor.leave();
        visitor.end();
    }

    /// How many times this state was synced.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// How many nodes the last sync knew, the root included.
    pub fn node_count(&self) -> usize {
        self.tracker.live
    }

    /// The types of this state.
    pub fn types(&self) -> TypeSet {
        self.state.describe()
    }

    /// Stops following and gives the state back.
    pub fn into_inner(self) -> S {
        self.state
    }
}

impl<S: Schema + Default> Default for Tracked<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S: Schema> Deref for Tracked<S> {
    type Target = S;
    #[inline]
    fn deref(&self) -> &S {
        &self.state
    }
}

impl<S: Schema> DerefMut for Tracked<S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        &mut self.state
    }
}

/// The state, as its own `Debug` shows it.
impl<S: Schema + fmt::Debug> fmt::Debug for Tracked<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

impl<S: Schema> From<S> for Tracked<S> {
    fn from(state: S) -> Self {
        Self::new(state)
    }
}

/// A walk under way: who hears of it, and the table of nodes.
#[derive(Debug)]
pub struct Walk<'a, V: ?Sized> {
    pub(crate) visitor: &'a mut V,
    pub(crate) tracker: &'a mut Tracker,
}

/// The node whose fields are walked.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Its number.
    pub id: RefId,
    /// Whether all of it is new.
    pub fresh: bool,
}

impl<V: Visitor + ?Sized> Walk<'_, V> {
    /// Takes a node and all below it out of the table.
    pub(crate) fn release(&mut self, id: RefId) {
        self.tracker.unlink(id.0);
        self.tracker.free_subtree(id.0, |id| self.visitor.released(id));
    }

    /// Takes all below a node out of the table.
    pub(crate) fn release_below(&mut self, id: RefId) {
        while let Some(child) = self.tracker.first_child(id.0) {
            self.release(RefId(child));
        }
    }
}

/// Which nodes there are, and how they hang together.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    nodes: Vec<Links>,
    /// Numbers that may be given out.
    free: Vec<u32>,
    /// Numbers whose removal is reported by the walk under way: free from the next one on.
    freed: Vec<u32>,
    live: usize,
    /// Lists that a walk needs for a moment, kept so that it need not allocate.
    pub(crate) scratch: Vec<RefId>,
    pub(crate) gone: Vec<RefId>,
    marks: Vec<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Links {
    parent: u32,
    first_child: u32,
    next: u32,
    previous: u32,
}

const NIL: u32 = u32::MAX;

impl Tracker {
    fn new() -> Self {
        let root = Links { parent: NIL, first_child: NIL, next: NIL, previous: NIL };
        Self { nodes: vec![root], live: 1, ..Self::default() }
    }

    /// A new node below `parent`.
    pub(crate) fn allocate(&mut self, parent: RefId) -> RefId {
        let next = self.nodes[parent.0 as usize].first_child;
        let links = Links { parent: parent.0, first_child: NIL, next, previous: NIL };
        let id = if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = links;
            id
        } else {
            let id = u32::try_from(self.nodes.len()).expect("a state has fewer than 2^32 nodes");
            self.nodes.push(links);
            id
        };
        if next != NIL {
            self.nodes[next as usize].previous = id;
        }
        self.nodes[parent.0 as usize].first_child = id;
        self.live += 1;
        RefId(id)
    }

    /// Adds to `gone` what is in `before` and not in `after`.
    pub(crate) fn missing(&mut self, before: &[RefId], after: &[RefId], gone: &mut Vec<RefId>) {
        self.marks.resize(self.nodes.len(), false);
        for id in after {
            self.marks[id.0 as usize] = true;
        }
        gone.extend(before.iter().filter(|id| !self.marks[id.0 as usize]));
        for id in after {
            self.marks[id.0 as usize] = false;
        }
    }

    #[inline]
    fn recycle(&mut self) {
        if !self.freed.is_empty() {
            self.free.append(&mut self.freed);
        }
    }

    fn first_child(&self, id: u32) -> Option<u32> {
        let child = self.nodes[id as usize].first_child;
        (child != NIL).then_some(child)
    }

    fn unlink(&mut self, id: u32) {
        let Links { parent, next, previous, .. } = self.nodes[id as usize];
        if previous == NIL {
            self.nodes[parent as usize].first_child = next;
        } else {
            self.nodes[previous as usize].next = next;
        }
        if next != NIL {
            self.nodes[next as usize].previous = previous;
        }
    }

    /// Frees an unlinked subtree without recursion: a chain may be as long as memory allows.
    fn free_subtree(&mut self, top: u32, mut released: impl FnMut(RefId)) {
        let mut at = top;
        loop {
            if let Some(child) = self.first_child(at) {
                self.nodes[at as usize].first_child = self.nodes[child as usize].next;
                at = child;
                continue;
            }
            released(RefId(at));
            self.freed.push(at);
            self.live -= 1;
            if at == top {
                return;
            }
            at = self.nodes[at as usize].parent;
        }
    }
}
