//! Instances of pools of which another one has come under the same handle.
//!
//! A handle goes on to lead to what is in its slot, and that may become of another type, or be another
//! run-time struct. For clients it is another instance then, under a number of its own, in all places
//! that hold the handle. The collections in which those lie have no touch from it: the way there is
//! marked before the walk.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::{Owner, SharedKey, Tracker, Walk};
use crate::{
    bits::Bits,
    types::TypeIndex,
    visitor::{Introduced, RefId, Visitor},
};

/// What the walk under way has to tell anew.
#[derive(Debug, Default)]
pub(super) struct Renewed {
    /// Found, with what was reserved for each of them.
    found: Vec<(SharedKey, RefId)>,
    /// The numbers that clients know them by until their places are told.
    former: HashMap<SharedKey, RefId, RandomState>,
    /// Those of which no place was told.
    untold: HashSet<SharedKey, RandomState>,
}

impl Renewed {
    /// The walk is over. What nothing led to from the root may be reached by a later one.
    #[inline]
    pub(super) fn clear(&mut self) {
        if !self.former.is_empty() {
            self.former.retain(|key, _| self.untold.contains(key));
        }
    }

    /// An instance is told of no more. Hands out the number that clients know it by, if no place was
    /// told of another.
    pub(super) fn forget(&mut self, key: SharedKey) -> Option<RefId> {
        if self.former.is_empty() {
            return None;
        }
        let former = self.former.remove(&key);
        former.filter(|_| self.untold.remove(&key))
    }

    /// Whether an instance is to be introduced under its new number before anything is told of it.
    pub(super) fn is_untold(&self, key: SharedKey) -> bool {
        !self.untold.is_empty() && self.untold.contains(&key)
    }
}

impl Tracker {
    /// Says of an instance that was handed out of which type it is now, and whether it is another.
    pub(crate) fn note_instance(&mut self, key: SharedKey, index: TypeIndex, is_other: bool) {
        let Some(shared) = self.shared.instances.get_mut(&key) else { return };
        if shared.id.is_known() {
            let next = std::mem::take(&mut shared.next);
            if is_other || next != RefId::NONE {
                shared.index = index;
                let next = if is_other { RefId::NONE } else { next };
                self.shared.renewed.found.push((key, next));
            }
            return;
        }
        shared.index = index;
        if is_other && shared.id.is_reserved() {
            // What was asked for was another one.
            shared.id = shared.id.outdated();
        }
    }

    /// The number of an instance of a pool, reserved if no walk has given one to what is under the
    /// handle now, and whether a walk has.
    pub(crate) fn shared_or_reserved(
        &mut self,
        key: SharedKey,
        index: TypeIndex,
        is_other: bool,
    ) -> (RefId, bool) {
        if !self.shared.instances.contains_key(&key) {
            self.register(key, index);
        }
        let (id, next) = self
            .shared
            .instances
            .get(&key)
            .map_or_else(Default::default, |shared| (shared.id, shared.next));
        let is_next = id.is_known() && (is_other || next != RefId::NONE);
        if id.is_known() && !is_next {
            return (id, true);
        }
        let was = if is_next { next } else { id };
        if !is_other && let Some(id) = self.find_reserved(was) {
            return (id, false);
        }
        let (id, remembered) = self.reserve(None, false);
        if let Some(shared) = self.shared.instances.get_mut(&key) {
            *(if is_next { &mut shared.next } else { &mut shared.id }) = remembered;
        }
        (id, false)
    }

    /// Whether places of an instance are to be told anew.
    #[inline]
    pub(crate) fn is_renewed(&self, key: SharedKey) -> bool {
        !self.shared.renewed.former.is_empty() && self.shared.renewed.former.contains_key(&key)
    }

    /// The number by which clients know what a place led to.
    #[inline]
    pub(crate) fn former_id(&self, key: SharedKey) -> Option<RefId> {
        if self.shared.renewed.former.is_empty() {
            return self.shared_id(key);
        }
        let former = self.shared.renewed.former.get(&key).copied();
        former.or_else(|| self.shared_id(key))
    }

    /// Whether there are instances to be renewed.
    #[inline]
    pub(super) fn has_others(&self) -> bool {
        !self.shared.renewed.found.is_empty()
    }

    /// Finds the nodes that lead to places of renewed instances.
    fn ways_to_renewed(&self) -> Bits {
        let mut ways = Bits::default();
        let mut open: Vec<RefId> = Vec::new();
        for key in self.shared.renewed.former.keys() {
            open.extend(self.shared_id(*key));
        }
        while let Some(id) = open.pop() {
            self.each_parent(id, |parent| {
                if ways.insert(parent.0) {
                    open.push(parent);
                }
            });
        }
        ways
    }
}

impl<V: Visitor + ?Sized> Walk<'_, V> {
    /// Gives other numbers to instances that are others now. Tells the nodes that lead to their places.
    pub(super) fn renew_shared(&mut self) -> Bits {
        for (key, next) in std::mem::take(&mut self.tracker.shared.renewed.found) {
            if !self.tracker.is_reached(key) {
                // Clients go on to see it as it was, if they do: a later walk asks again.
                continue;
            }
            let id = self.tracker.take_reserved(next).unwrap_or_else(|| self.tracker.number());
            let table = &mut self.tracker.shared;
            let Some(shared) = table.instances.get_mut(&key) else { continue };
            let hidden = shared.hidden;
            let from = std::mem::replace(&mut shared.id, id);
            table.keys.remove(&from);
            table.keys.insert(id, key);
            table.moved = true;
            table.renewed.former.insert(key, from);
            table.renewed.untold.insert(key);
            self.tracker.live += 1;
            self.tracker.nodes[id.0 as usize].hidden = hidden;
            self.tracker.noted.came(hidden);
            self.tracker.note_places(key);
        }
        self.tracker.ways_to_renewed()
    }

    /// The first place of a renewed instance is about to be told.
    #[inline]
    pub(super) fn introduce_renewed(&mut self, owner: Owner, key: SharedKey) {
        if self.tracker.shared.renewed.is_untold(key) {
            let table = &mut self.tracker.shared;
            table.renewed.untold.remove(&key);
            // Before, places may lead to it that are not told of the other: those of a circle.
            table.outdated.extend(table.renewed.former.get(&key).copied());
            let Some(shared) = self.tracker.shared.instances.get_mut(&key) else { return };
            // As of one that is new: places for everyone may be told later, or have gone.
            shared.hidden = owner.hidden;
            let (id, index, hidden) = (shared.id, Some(shared.index), shared.hidden);
            self.tracker.nodes[id.0 as usize].hidden = hidden;
            self.visitor.introduce(Introduced { id, index, hidden });
            self.tracker.pend(key, false);
        }
    }
}
