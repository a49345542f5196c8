//! The tags of structs, and whose they have beside their own.
//!
//! Which tags there are at all, and which were given or taken since the last sync, is counted along: listeners need to be
//! told apart by the first alone, and to be compared again for the second alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use tidewire_state::RefId;

use super::TrackerError;

#[derive(Debug, Default)]
pub(super) struct Tags {
    own: HashMap<RefId, BTreeSet<String>, RandomState>,
    /// Who was given a parent. All others have the root.
    parents: HashMap<RefId, RefId, RandomState>,
    /// The other way round.
    children: HashMap<RefId, BTreeSet<RefId>, RandomState>,
    /// How many structs have a tag of their own.
    used: BTreeMap<String, usize>,
    /// Tags that some struct got or lost since the last sync.
    touched: BTreeSet<String>,
    /// Whether other tags are used than at the last sync.
    used_changed: bool,
}

impl Tags {
    pub(super) fn add(&mut self, node: RefId, tag: String) {
        if self.own.entry(node).or_default().insert(tag.clone()) {
            let count = self.used.entry(tag.clone()).or_default();
            *count += 1;
            self.used_changed |= *count == 1;
            self.touched.insert(tag);
        }
    }

    pub(super) fn delete(&mut self, node: RefId, tag: &str) {
        let Some(own) = self.own.get_mut(&node) else { return };
        if !own.remove(tag) {
            return;
        }
        if own.is_empty() {
            self.own.remove(&node);
        }
        self.uncount(tag);
        self.touched.insert(tag.to_owned());
    }

    fn uncount(&mut self, tag: &str) {
        if let Some(count) = self.used.get_mut(tag) {
            *count -= 1;
            if *count == 0 {
                self.used.remove(tag);
                self.used_changed = true;
            }
        }
    }

    pub(super) fn set_parent(
        &mut self,
        node: RefId,
        parent: Option<RefId>,
    ) -> Result<(), TrackerError> {
        // The root is everybody's parent already.
        let parent = parent.filter(|parent| *parent != RefId::ROOT);
        if let Some(parent) = parent
            && (node == RefId::ROOT || self.line(parent).any(|above| above == node))
        {
            return Err(TrackerError::OwnParent);
        }
        if parent == self.parents.get(&node).copied() {
            return Ok(());
        }
        self.touch(node);
        self.part(node);
        if let Some(parent) = parent {
            self.parents.insert(node, parent);
            self.children.entry(parent).or_default().insert(node);
        }
        self.touch(node);
        Ok(())
    }

    /// The struct that was said to be the parent of another.
    pub(super) fn parent(&self, node: RefId) -> Option<RefId> {
        self.parents.get(&node).copied()
    }

    /// Takes a node from its parent.
    fn part(&mut self, node: RefId) {
        let Some(parent) = self.parents.remove(&node) else { return };
        if let Some(children) = self.children.get_mut(&parent) {
            children.remove(&node);
            if children.is_empty() {
                self.children.remove(&parent);
            }
        }
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

    /// A node, and those whose parent it is, may have other tags than it has now, or has now.
    fn touch(&mut self, node: RefId) {
        let tags: Vec<String> = self.of(node).map(str::to_owned).collect();
        self.touched.extend(tags);
    }

    /// Whether some struct has this tag.
    pub(super) fn has(&self, tag: &str) -> bool {
        self.used.contains_key(tag)
    }

    /// Tags that some struct got or lost since this was asked last.
    pub(super) fn take_touched(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.touched)
    }

    /// Whether a tag came into use, or out of it, since this was asked last.
    pub(super) fn take_used_changed(&mut self) -> bool {
        std::mem::take(&mut self.used_changed)
    }

    /// A node has another number from now on.
    pub(super) fn renumber(&mut self, from: RefId, to: RefId) {
        self.forget(to);
        if let Some(own) = self.own.remove(&from) {
            self.own.insert(to, own);
        }
        if let Some(parent) = self.parents.get(&from).copied() {
            self.part(from);
            self.parents.insert(to, parent);
            self.children.entry(parent).or_default().insert(to);
        }
        if let Some(children) = self.children.remove(&from) {
            for child in &children {
                self.parents.insert(*child, to);
            }
            self.children.insert(to, children);
        }
    }

    /// No struct has this number any more. Those whose parent it was have the root's tags from now on.
    pub(super) fn forget(&mut self, node: RefId) {
        if self.children.contains_key(&node) {
            self.touch(node);
        }
        for child in self.children.remove(&node).into_iter().flatten() {
            self.parents.remove(&child);
        }
        self.part(node);
        for tag in self.own.remove(&node).into_iter().flatten() {
            self.uncount(&tag);
            self.touched.insert(tag);
        }
    }
}
