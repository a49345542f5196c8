//! Who sees what: docs/VIEWS.md, as code.

use std::collections::{HashMap, HashSet};

use super::tree::{Id, Node, Tree};
use crate::types::Tag;

/// The instances and collections that a client's view holds.
#[derive(Clone, Debug, Default)]
pub(super) struct View(HashMap<Id, Hold>);

/// How something was added.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    /// Without a tag.
    is_plain: bool,
    /// The bits of the tags with which it was.
    tags: u32,
}

impl View {
    /// Puts a node in, with all that is below it now but for fields of other tags.
    pub(super) fn add(&mut self, tree: &Tree, id: Id, tag: Tag) {
        let takes = |field: Option<Tag>| match field {
            None | Some(Tag::Default) => true,
            Some(Tag::Custom(mask)) => mask & tag.bits() != 0,
        };
        for id in tree.reach(id, takes) {
            let hold = self.0.entry(id).or_default();
            match tag {
                Tag::Default => hold.is_plain = true,
                Tag::Custom(mask) => hold.tags |= mask,
            }
        }
    }

    /// Takes a node out, with all that is below it now; or the bits of a tag.
    pub(super) fn remove(&mut self, tree: &Tree, id: Id, tag: Tag) {
        for id in tree.reach(id, |_| true) {
            if let (Tag::Custom(mask), Some(hold)) = (tag, self.0.get_mut(&id)) {
                hold.tags &= !mask;
                if hold.is_plain || hold.tags != 0 {
                    continue;
                }
            }
            self.0.remove(&id);
        }
    }

    /// Forgets what left the state.
    pub(super) fn keep(&mut self, living: &HashSet<Id>) {
        self.0.retain(|id, _| living.contains(id));
    }

    /// What is in view, in a fixed order.
    pub(super) fn held(&self) -> Vec<Id> {
        let mut held: Vec<Id> = self.0.keys().copied().collect();
        held.sort_unstable();
        held
    }
}

/// What one client may see of the state.
#[derive(Debug)]
pub(super) struct Sight<'a> {
    pub(super) tree: &'a Tree,
    view: &'a View,
    public: HashSet<Id>,
    /// What is in view, and what leads to it.
    leads: HashSet<Id>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(tree: &'a Tree, view: &'a View) -> Self {
        let public = tree.reach(tree.root, |tag| tag.is_none());
        let mut sight = Self { tree, view, public, leads: HashSet::new() };
        sight.lead(tree.root, &mut HashSet::new());
        sight
    }

    /// Notes whether a node leads to something in view.
    fn lead(&mut self, id: Id, seen: &mut HashSet<Id>) -> bool {
        if seen.insert(id) {
            let mut leads = self.view.0.contains_key(&id);
            for (_, below) in self.tree.below(id) {
                leads |= self.lead(below, seen);
            }
            if leads {
                self.leads.insert(id);
            }
        }
        self.leads.contains(&id)
    }

    /// Whether a struct shows a field, or a collection its contents.
    fn shows(&self, id: Id, field: Option<Tag>) -> bool {
        let hold = self.view.0.get(&id);
        match field {
            None => hold.is_some() || self.public.contains(&id),
            Some(Tag::Default) => hold.is_some(),
            Some(Tag::Custom(mask)) => hold.is_some_and(|hold| hold.tags & mask != 0),
        }
    }

    /// Whether what is in a place is there for the client.
    fn is_there(&self, holder: Id, field: Option<Tag>, below: Option<Id>) -> bool {
        match below {
            None => self.shows(holder, field),
            Some(below) => {
                self.leads.contains(&below)
                    || (self.public.contains(&below) && self.shows(holder, field))
            }
        }
    }

    /// The places of a node whose contents are there, by their positions.
    pub(super) fn places(&self, id: Id) -> Vec<usize> {
        let is_there = |field, below| self.is_there(id, field, below);
        match self.tree.node(id) {
            Node::Struct { of, fields } => {
                let fields = std::iter::zip(&self.tree.types.types[*of].fields, fields);
                let there = fields.map(|(field, value)| {
                    value.as_ref().is_some_and(|value| is_there(field.view, value.node()))
                });
                positions(there)
            }
            Node::Map { entries, .. } => {
                positions(entries.iter().map(|(.., value)| is_there(None, value.node())))
            }
            Node::Array { items, .. } => {
                positions(items.iter().map(|value| is_there(None, value.node())))
            }
            Node::Members { items, .. } => {
                positions(items.iter().map(|(_, value)| is_there(None, value.node())))
            }
        }
    }
}

fn positions(is_there: impl Iterator<Item = bool>) -> Vec<usize> {
    is_there.enumerate().filter(|(_, is_there)| *is_there).map(|(at, _)| at).collect()
}
