//! The tags of structs, and whose they have beside their own.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use tidewire_state::RefId;

use super::TrackerError;

#[derive(Debug, Default)]
pub(super) struct Tags {
    own: HashMap<RefId, BTreeSet<String>, RandomState>,
    /// Who was given a parent. All others have the root.
    parents: HashMap<RefId, RefId, RandomState>,
}

impl Tags {
    /// Whether that changes anything.
    pub(super) fn add(&mut self, node: RefId, tag: String) -> bool {
        self.own.entry(node).or_default().insert(tag)
    }

    /// Whether that changes anything.
    pub(super) fn delete(&mut self, node: RefId, tag: &str) -> bool {
        let Some(own) = self.own.get_mut(&node) else { return false };
        let is_gone = own.remove(tag);
        if own.is_empty() {
            self.own.remove(&node);
        }
        is_gone
    }

    pub(super) fn set_parent(
        &mut self,
        node: RefId,
        parent: Option<RefId>,
    ) -> Result<bool, TrackerError> {
        let Some(parent) = parent else { return Ok(self.parents.remove(&node).is_some()) };
        if node == RefId::ROOT || self.line(parent).any(|above| above == node) {
            return Err(TrackerError::OwnParent);
        }
        Ok(self.parents.insert(node, parent) != Some(parent))
    }

    /// The tags of a node; those that several of its parents have come as often.
    pub(super) fn of(&self, node: RefId) -> impl Iterator<Item = &str> {
        self.line(node).filter_map(|node| self.own.get(&node)).flatten().map(String::as_str)
    }

    /// A node, its parent, and so on to the root.
    fn line(&self, node: RefId) -> impl Iterator<Item = RefId> {
        std::iter::successors(Some(node), |node| {
            let above = self.parents.get(node).copied().unwrap_or(RefId::ROOT);
            (*node != RefId::ROOT).then_some(above)
        })
    }

    /// A node has another number from now on.
    pub(super) fn renumber(&mut self, from: RefId, to: RefId) {
        if let Some(own) = self.own.remove(&from) {
            self.own.insert(to, own);
        }
        if let Some(parent) = self.parents.remove(&from) {
            self.parents.insert(to, parent);
        }
        for parent in self.parents.values_mut().filter(|parent| **parent == from) {
            *parent = to;
        }
    }

    /// A node is gone. Those whose parent it was have the root's tags from now on.
    pub(super) fn forget(&mut self, node: RefId) {
        self.own.remove(&node);
        self.parents.remove(&node);
        self.parents.retain(|_, parent| *parent != node);
    }
}
