//! Instances that several places may refer to.
//!
//! An instance of a [`Pool`](crate::Pool) is a node while some place refers to it. Who is told of it
//! follows from its places: everyone if one of them is for everyone. When that changes it gets
//! another number, under which it is told of as a new node, since some clients hold it and others
//! do not.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::{Gate, Owner, Tracker, Walk, renewed::Renewed};
use crate::{
    types::TypeIndex,
    visitor::{Introduced, RefId, Visitor},
};

/// What an instance of a pool is called, once in a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SharedKey {
    pub(crate) serial: u64,
    /// Where it lies in its pool.
    pub(crate) slot: u32,
}

/// Which instances are referred to, and by whom.
#[derive(Debug, Default)]
pub(super) struct SharedTable {
    pub(super) instances: HashMap<SharedKey, Shared, RandomState>,
    pub(super) keys: HashMap<RefId, SharedKey, RandomState>,
    /// By the node that refers: what its places lead to, and how many of them.
    edges: HashMap<RefId, IndexMap<SharedKey, u32, RandomState>, RandomState>,
    /// Instances whose content is to be told as new. Some are no longer so.
    pending: Vec<SharedKey>,
    /// How many are.
    waiting: usize,
    /// How many were told.
    told: u64,
    /// Instances that lost a place, in the order of the state.
    loose: VecDeque<SharedKey>,
    /// Numbers that instances had.
    pub(super) outdated: Vec<RefId>,
    /// Places came or went since last asked.
    pub(super) moved: bool,
    pub(super) renewed: Renewed,
    /// Counts what was looked at to find out in which order instances are told, for tests.
    #[cfg(test)]
    pub(super) steps: std::sync::atomic::AtomicU64,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) index: TypeIndex,
    pub(super) id: RefId,
    /// What was asked for what is in the slot now, where that is not what `id` is of.
    pub(super) next: RefId,
    pub(super) hidden: bool,
    /// Its content is to be told as new, under another number than before if it says so.
    pending: Option<bool>,
    /// It was handed out, and its changes are not told yet.
    pub(super) is_left: bool,
    parents: Vec<Parent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    id: RefId,
    hidden: bool,
    gate: Gate,
}

/// What a node lies in.
enum Around {
    /// The tree of the root.
    Root,
    /// An instance of a pool.
    Instance(SharedKey),
    /// An instance under a number that it has no longer.
    Nothing,
}

impl SharedTable {
    /// Whether no instance is referred to.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn has_moved(&self) -> bool {
        self.moved
    }

    pub(super) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    #[inline(always)]
    fn step(&self) {
        #[cfg(test)]
        self.steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn forget_renewed(&mut self) {
        self.renewed.clear();
    }

    pub(super) fn each_parent(&self, id: RefId, mut each: impl FnMut(RefId)) {
        if !self.keys.is_empty()
            && let Some(key) = self.keys.get(&id)
            && let Some(shared) = self.instances.get(key)
        {
            shared.parents.iter().for_each(|parent| each(parent.id));
        }
    }

    /// Calls `each` with the instances that places of a node lead to, and what lets through to them.
    pub(super) fn each_child(&self, id: RefId, mut each: impl FnMut(RefId, Gate)) {
        if self.edges.is_empty() {
            return;
        }
        for key in self.edges.get(&id).into_iter().flat_map(IndexMap::keys) {
            let Some(shared) = self.instances.get(key) else { continue };
            for parent in shared.parents.iter().filter(|parent| parent.id == id) {
                each(shared.id, parent.gate);
            }
        }
    }
}

impl Tracker {
    /// Makes an instance known, which may be referred to from now on.
    pub(crate) fn register(&mut self, key: SharedKey, index: TypeIndex) {
        self.is_used = true;
        let new = Shared {
            index,
            id: RefId::NONE,
            next: RefId::NONE,
            hidden: false,
            pending: None,
            is_left: false,
            parents: Vec::new(),
        };
        self.shared.instances.entry(key).or_insert(new);
    }

    /// The content of an instance is to be told as new, under another number than before if it `goes_on`.
    pub(super) fn pend(&mut self, key: SharedKey, goes_on: bool) {
        if let Some(shared) = self.shared.instances.get_mut(&key)
            && shared.pending.is_none()
        {
            shared.pending = Some(goes_on);
            self.shared.pending.push(key);
            self.shared.waiting += 1;
        }
    }

    /// The instances that lead to streams which the walk under way is not through with.
    pub(crate) fn shared_unfinished(&self) -> Vec<SharedKey> {
        let tops = self.tops_of_unfinished();
        tops.iter().filter_map(|top| self.shared.keys.get(top).copied()).collect()
    }

    /// Whether an instance is referred to by nobody.
    pub(crate) fn is_unused(&self, key: SharedKey) -> bool {
        self.shared.instances.get(&key).is_none_or(|shared| shared.parents.is_empty())
    }

    /// Forgets an instance that nobody refers to.
    pub(crate) fn unregister(&mut self, key: SharedKey) {
        self.shared.instances.remove(&key);
    }

    /// The nodes with places that lead to an instance, and what lets through there.
    pub(super) fn gates(&self, key: SharedKey) -> Vec<(RefId, Gate)> {
        let parents = self.shared.instances.get(&key).into_iter().flat_map(|one| &one.parents);
        parents.map(|parent| (parent.id, parent.gate)).collect()
    }

    /// The number of an instance that a place refers to.
    pub(crate) fn shared_id(&self, key: SharedKey) -> Option<RefId> {
        let id = self.shared.instances.get(&key)?.id;
        id.is_known().then_some(id)
    }

    /// The type of an instance.
    pub(crate) fn shared_type(&self, key: SharedKey) -> Option<TypeIndex> {
        self.shared.instances.get(&key).map(|shared| shared.index)
    }

    /// A place of `owner` no longer refers to an instance. Of a struct, fields for different clients
    /// may have done: `place` says which it was.
    pub(crate) fn let_go(&mut self, owner: RefId, place: Option<Owner>, key: SharedKey) {
        let Some(edges) = self.shared.edges.get_mut(&owner) else { return };
        let Some(places) = edges.get_mut(&key) else { return };
        *places -= 1;
        if *places == 0 {
            edges.swap_remove(&key);
        }
        if edges.is_empty() {
            self.shared.edges.remove(&owner);
        }
        self.loosen(owner, place, key);
    }

    /// No place of `owner` refers to anything any more.
    pub(super) fn drop_edges(&mut self, owner: RefId) {
        if self.shared.edges.is_empty() {
            return;
        }
        for (key, places) in self.shared.edges.remove(&owner).unwrap_or_default() {
            for _ in 0..places {
                self.loosen(owner, None, key);
            }
        }
    }

    fn loosen(&mut self, owner: RefId, place: Option<Owner>, key: SharedKey) {
        let is_it = |parent: &Parent| {
            let is_place = |at: Owner| (parent.hidden, parent.gate) == (at.hidden, at.gate);
            parent.id == owner && place.is_none_or(is_place)
        };
        if let Some(shared) = self.shared.instances.get_mut(&key)
            && let Some(at) = shared.parents.iter().position(is_it)
        {
            shared.parents.swap_remove(at);
            self.shared.loose.push_back(key);
            self.shared.moved = true;
        }
    }

    /// Instances of a pool whose content is to be told as new, as nodes that are entered now. Those
    /// before `from` are not of this pool.
    pub(crate) fn take_pending(
        &mut self,
        from: &mut usize,
        mine: impl Fn(SharedKey) -> bool,
    ) -> Option<(SharedKey, Owner)> {
        while let Some(key) = self.shared.pending.get(*from).copied() {
            self.shared.step();
            let goes_on = self.shared.instances.get(&key).and_then(|shared| shared.pending);
            if goes_on.is_some() && !mine(key) {
                *from += 1;
                continue;
            }
            self.shared.pending.swap_remove(*from);
            if let Some(goes_on) = goes_on
                && let Some(shared) = self.shared.instances.get_mut(&key)
            {
                (shared.pending, shared.is_left) = (None, false);
                self.shared.waiting -= 1;
                self.shared.told += 1;
                self.renaming = goes_on;
                return Some((key, Owner::new(shared.id, true, shared.hidden)));
            }
        }
        None
    }

    /// The instance that was taken has been told of.
    pub(crate) fn end_pending(&mut self) {
        self.renaming = false;
    }

    /// Whether places lead to an instance from the root, as far as has been walked.
    pub(super) fn is_reached(&self, key: SharedKey) -> bool {
        let mut reached = false;
        self.climb(key, |around| {
            reached |= around.is_none();
            !reached
        });
        reached
    }

    /// Whether an instance is told of to everyone under its number, and no longer to be.
    fn is_to_be_hidden(&self, key: SharedKey) -> bool {
        if self.shared.instances.get(&key).is_none_or(|shared| shared.hidden) {
            return false;
        }
        let mut seen = HashSet::<SharedKey, RandomState>::default();
        let (mut open, mut next) = (Vec::new(), Some(key));
        while let Some(at) = next {
            let parents = self.shared.instances.get(&at).into_iter().flat_map(|one| &one.parents);
            for parent in parents.filter(|parent| !parent.hidden) {
                self.shared.step();
                match self.around(parent.id) {
                    Around::Instance(around) => open.push(around),
                    Around::Root => return false,
                    Around::Nothing => {}
                }
            }
            if !open.is_empty() {
                seen.insert(at);
            }
            next = loop {
                match open.pop() {
                    Some(key) if seen.contains(&key) => {}
                    next => break next,
                }
            };
        }
        // What nothing leads to from the root is about to go.
        self.is_reached(key)
    }

    /// Calls `each` with the instances from which places lead to one, directly or not, and with
    /// nothing for the root, until it says that it has seen enough.
    pub(super) fn climb(&self, key: SharedKey, mut each: impl FnMut(Option<SharedKey>) -> bool) {
        let mut seen = HashSet::<SharedKey, RandomState>::default();
        let (mut open, mut next) = (Vec::new(), Some(key));
        while let Some(key) = next {
            for parent in self.shared.instances.get(&key).into_iter().flat_map(|one| &one.parents) {
                self.shared.step();
                let around = match self.around(parent.id) {
                    Around::Instance(around) => Some(around),
                    Around::Root => None,
                    Around::Nothing => continue,
                };
                if !each(around) {
                    return;
                }
                open.extend(around);
            }
            // Most lie in the tree of the root, and then nothing is allocated.
            if !open.is_empty() {
                seen.insert(key);
            }
            next = loop {
                match open.pop() {
                    Some(key) if seen.contains(&key) => {}
                    next => break next,
                }
            };
        }
    }

    /// What a node lies in.
    fn around(&self, mut id: RefId) -> Around {
        while self.nodes[id.0 as usize].parent != super::NIL {
            id = RefId(self.nodes[id.0 as usize].parent);
        }
        match self.shared.keys.get(&id) {
            Some(key) => Around::Instance(*key),
            None if id == RefId::ROOT => Around::Root,
            None => Around::Nothing,
        }
    }

    fn renumber(&mut self, key: SharedKey, hidden: bool) -> Option<(RefId, RefId, TypeIndex)> {
        let id = self.number();
        let shared = self.shared.instances.get_mut(&key)?;
        let from = std::mem::replace(&mut shared.id, id);
        shared.hidden = hidden;
        let index = shared.index;
        self.live += 1;
        self.nodes[id.0 as usize].hidden = hidden;
        self.shared.keys.remove(&from);
        self.shared.keys.insert(id, key);
        self.shared.outdated.push(from);
        self.renamed.push((from, id));
        self.note_places(key);
        self.pend(key, true);
        Some((from, id, index))
    }
}

impl<V: Visitor + ?Sized> Walk<'_, V> {
    /// A place of `owner` refers to an instance from now on: its number.
    ///
    /// # Panics
    ///
    /// If the instance was removed, or is of a pool that is not part of the state.
    pub(crate) fn acquire(&mut self, owner: Owner, key: SharedKey) -> RefId {
        let table = &mut self.tracker.shared;
        let Some(shared) = table.instances.get_mut(&key) else {
            leads_nowhere(key);
        };
        shared.parents.push(Parent { id: owner.id, hidden: owner.hidden, gate: owner.gate });
        *table.edges.entry(owner.id).or_default().entry(key).or_default() += 1;
        table.moved = true;
        let (was, is_new) = (shared.id, !shared.id.is_known());
        let id = if is_new { self.tracker.find_reserved(was) } else { Some(was) };
        self.views.shared_came(owner, key, id);
        self.introduce_renewed(owner, key);
        let Some(shared) = self.tracker.shared.instances.get_mut(&key) else { return was };
        if is_new {
            let index = shared.index;
            shared.hidden = owner.hidden;
            let id = self.tracker.take_reserved(was).unwrap_or_else(|| self.tracker.number());
            self.tracker.live += 1;
            self.tracker.nodes[id.0 as usize].hidden = owner.hidden;
            if let Some(shared) = self.tracker.shared.instances.get_mut(&key) {
                shared.id = id;
            }
            self.tracker.shared.keys.insert(id, key);
            self.tracker.pend(key, false);
            self.visitor.introduce(Introduced { id, index: Some(index), hidden: owner.hidden });
            return id;
        }
        if shared.hidden && !owner.hidden {
            return self.change_audience(key, false);
        }
        shared.id
    }

    /// A place of `owner` leads to another instance under the same handle: its number.
    pub(crate) fn find_again(&mut self, owner: Owner, key: SharedKey) -> RefId {
        let id = self.tracker.shared_id(key);
        self.views.shared_came(owner, key, id);
        self.introduce_renewed(owner, key);
        let is_hidden = |shared: &Shared| shared.hidden;
        if !owner.hidden && self.tracker.shared.instances.get(&key).is_some_and(is_hidden) {
            return self.change_audience(key, false);
        }
        id.unwrap_or_default()
    }

    fn change_audience(&mut self, key: SharedKey, hidden: bool) -> RefId {
        let Some((from, to, index)) = self.tracker.renumber(key, hidden) else {
            return RefId::NONE;
        };
        self.visitor.introduce(Introduced { id: to, index: Some(index), hidden });
        self.visitor.renumbered(from, to);
        to
    }

    /// Whether changes of an instance can be told: places lead to it from the root, and what was
    /// there before has been told.
    pub(crate) fn is_entered(&self, key: SharedKey) -> bool {
        let table = &self.tracker.shared;
        let known = |shared: &Shared| shared.id.is_known() && shared.pending.is_none();
        table.instances.get(&key).is_some_and(known)
            && !table.renewed.is_untold(key)
            && self.tracker.is_reached(key)
    }

    /// Gives an instance another number if not everyone is to be told of it any more, before
    /// anything else of it is told. Tells whether that was so.
    pub(crate) fn hide_if_due(&mut self, key: SharedKey) -> bool {
        let due = self.tracker.is_to_be_hidden(key);
        if due {
            self.change_audience(key, true);
        }
        due
    }

    /// How many instances were told as new.
    pub(crate) fn told(&self) -> u64 {
        self.tracker.shared.told
    }

    /// No pool has what is to be told.
    ///
    /// # Panics
    ///
    /// Always, naming it.
    #[cold]
    pub(crate) fn nobody_has_pending(&self) -> ! {
        let table = &self.tracker.shared;
        let waits = |key: &&SharedKey| {
            table.instances.get(*key).is_some_and(|shared| shared.pending.is_some())
        };
        leads_nowhere(table.pending.iter().find(waits).copied().unwrap_or_default())
    }

    /// Whether there are instances whose content is to be told.
    pub(crate) fn has_pending(&self) -> bool {
        self.tracker.shared.waiting > 0
    }

    /// Releases instances that nobody refers to any more, and renumbers those that not everyone is
    /// told of now. Tells whether there is content to tell after that.
    #[inline]
    pub(crate) fn settle_shared(&mut self) -> bool {
        let SharedTable { outdated, loose, .. } = &self.tracker.shared;
        if outdated.is_empty() && loose.is_empty() {
            return self.has_pending();
        }
        self.settle_loose()
    }

    fn settle_loose(&mut self) -> bool {
        loop {
            while let Some(id) = self.tracker.shared.outdated.pop() {
                self.release(id);
            }
            let Some(key) = self.tracker.shared.loose.pop_front() else {
                return self.has_pending();
            };
            let Some(shared) = self.tracker.shared.instances.get_mut(&key) else { continue };
            if !shared.id.is_known() {
                continue;
            }
            if shared.parents.is_empty() {
                let id = std::mem::replace(&mut shared.id, RefId::NONE);
                if shared.pending.take().is_some() {
                    self.tracker.shared.waiting -= 1;
                }
                self.tracker.shared.keys.remove(&id);
                let former = self.tracker.shared.renewed.forget(key);
                self.release(id);
                former.into_iter().for_each(|former| self.release(former));
            } else if self.hide_if_due(key) {
                // Its content is told under the new number before the old one goes.
                return true;
            }
        }
    }
}

/// A place holds a handle whose instance is not in the state.
#[cold]
fn leads_nowhere(key: SharedKey) -> ! {
    panic!(
        "a place holds Handle({}), which leads to no instance of this state: it was removed from its \
         `Pool` and no place held it then, or its `Pool` is no field of this root; insert the \
         instance, and put the handle that `insert` gives there",
        key.serial
    )
}
