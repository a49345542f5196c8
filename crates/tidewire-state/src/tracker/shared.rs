//! Instances that several places may refer to.
//!
//! An instance of a [`Pool`](crate::Pool) is a node while some place refers to it. Who is told of it
//! follows from its places: everyone if one of them is for everyone. When that changes it gets
//! another number, under which it is told of as a new node, since some clients hold it and others
//! do not.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

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
    /// By the node that refers, once for each place.
    edges: HashMap<RefId, Vec<SharedKey>, RandomState>,
    /// Instances whose content is to be told as new, and whether under another number than before.
    pending: Vec<(SharedKey, bool)>,
    /// Instances that lost a place.
    loose: Vec<SharedKey>,
    /// Numbers that instances had.
    pub(super) outdated: Vec<RefId>,
    /// Places came or went since last asked.
    pub(super) moved: bool,
    pub(super) renewed: Renewed,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) index: TypeIndex,
    pub(super) id: RefId,
    /// What was asked for what is in the slot now, where that is not what `id` is of.
    pub(super) next: RefId,
    pub(super) hidden: bool,
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
    pub(super) fn has_moved(&self) -> bool {
        self.moved
    }

    pub(super) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
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
        for key in self.edges.get(&id).into_iter().flatten() {
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
            parents: Vec::new(),
        };
        self.shared.instances.entry(key).or_insert(new);
    }

    /// The content of an instance is to be told as new, under another number than before if it `goes_on`.
    pub(super) fn pend(&mut self, key: SharedKey, goes_on: bool) {
        if !self.shared.pending.iter().any(|(other, _)| *other == key) {
            self.shared.pending.push((key, goes_on));
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
        let Some(at) = edges.iter().position(|other| *other == key) else { return };
        edges.swap_remove(at);
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
        for key in self.shared.edges.remove(&owner).unwrap_or_default() {
            self.loosen(owner, None, key);
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
            self.shared.loose.push(key);
            self.shared.moved = true;
        }
    }

    /// Instances whose content is to be told as new, as nodes that are entered now.
    pub(crate) fn take_pending(
        &mut self,
        mine: impl Fn(SharedKey) -> bool,
    ) -> Option<(SharedKey, Owner)> {
        let at = self.shared.pending.iter().position(|(key, _)| mine(*key))?;
        let (key, renamed) = self.shared.pending.swap_remove(at);
        let shared = self.shared.instances.get(&key)?;
        self.renaming = renamed;
        Some((key, Owner::new(shared.id, true, shared.hidden)))
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
        let mut open = vec![key];
        let mut seen = HashSet::<SharedKey, RandomState>::default();
        while let Some(at) = open.pop() {
            let Some(shared) = self.shared.instances.get(&at).filter(|_| seen.insert(at)) else {
                continue;
            };
            for parent in shared.parents.iter().filter(|parent| !parent.hidden) {
                match self.around(parent.id) {
                    Around::Instance(around) => open.push(around),
                    Around::Root => return false,
                    Around::Nothing => {}
                }
            }
        }
        // What nothing leads to from the root is about to go.
        self.is_reached(key)
    }

    /// Calls `each` with the instances from which places lead to one, directly or not, and with
    /// nothing for the root, until it says that it has seen enough.
    fn climb(&self, key: SharedKey, mut each: impl FnMut(Option<SharedKey>) -> bool) {
        let mut open = vec![key];
        let mut seen = HashSet::<SharedKey, RandomState>::default();
        while let Some(key) = open.pop() {
            if !seen.insert(key) {
                continue;
            }
            for parent in self.shared.instances.get(&key).into_iter().flat_map(|one| &one.parents) {
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
    /// If the instance is of a pool that is not part of the state.
    pub(crate) fn acquire(&mut self, owner: Owner, key: SharedKey) -> RefId {
        let table = &mut self.tracker.shared;
        let Some(shared) = table.instances.get_mut(&key) else {
            panic!(
                "a handle leads to no instance of this state: insert it in a `Pool` that is a \
                 field of the root"
            );
        };
        shared.parents.push(Parent { id: owner.id, hidden: owner.hidden, gate: owner.gate });
        table.edges.entry(owner.id).or_default().push(key);
        table.moved = true;
        let (was, is_new) = (shared.id, !shared.id.is_known());
        let id = if is_new { self.tracker.find_reserved(was) } else { Some(was) };
        self.views.shared_came(owner, key, id);
        self.introduce_renewed(key);
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
        self.introduce_renewed(key);
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
        let known = table.instances.get(&key).is_some_and(|shared| shared.id.is_known());
        known
            && !table.renewed.is_untold(key)
            && !table.pending.iter().any(|(other, _)| *other == key)
            && self.tracker.is_reached(key)
    }

    /// Whether a way to an instance may still go with the changes of another of `left`.
    pub(crate) fn may_lose_place(&self, key: SharedKey, left: &[SharedKey]) -> bool {
        let mut found = false;
        self.tracker.climb(key, |around| {
            found |= around.is_some_and(|around| around != key && left.contains(&around));
            !found
        });
        found
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

    /// Whether there are instances whose content is to be told.
    pub(crate) fn has_pending(&self) -> bool {
        !self.tracker.shared.pending.is_empty()
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
            let Some(key) = self.tracker.shared.loose.pop() else {
                return self.has_pending();
            };
            let Some(shared) = self.tracker.shared.instances.get_mut(&key) else { continue };
            if !shared.id.is_known() {
                continue;
            }
            if shared.parents.is_empty() {
                let id = std::mem::replace(&mut shared.id, RefId::NONE);
                self.tracker.shared.keys.remove(&id);
                self.tracker.shared.renewed.forget(key);
                self.tracker.shared.pending.retain(|(other, _)| *other != key);
                self.release(id);
            } else if self.hide_if_due(key) {
                // Its content is told under the new number before the old one goes.
                return true;
            }
        }
    }
}
