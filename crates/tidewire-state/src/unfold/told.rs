//! What an audience was told: the state as a tree, without what it may not see, each path with a
//! node of its own.

use compact_str::CompactString;

use super::{
    graph::{Content, Slot},
    leaf::Leaf,
};
use crate::{
    types::{FieldIndex, TypeIndex},
    visitor::{Enter, EntryAt, Introduced, Place, RefEdit, RefId, ValueEdit, Visitor},
};

/// The tree, by numbers of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    nodes: Vec<Option<ToldNode>>,
    /// How many nodes there are.
    pub(super) len: usize,
    /// Numbers that no node has.
    free: Vec<u32>,
    /// Numbers that the last message gave back.
    pub(super) freed: Vec<RefId>,
    /// How many messages there were.
    pub(super) messages: u64,
    /// The walk after which the last one was made.
    pub(super) tick: u64,
    /// What the view was then.
    pub(super) version: u64,
    /// Whose it is.
    pub(super) name: String,
    pub(super) refusal: Option<Refusal>,
}

#[derive(Clone, Debug)]
pub(super) struct ToldNode {
    /// The node of the state that is shown here.
    pub(super) source: RefId,
    pub(super) identity: u64,
    pub(super) index: Option<TypeIndex>,
    /// Whether nothing of it shows.
    pub(super) veiled: bool,
    pub(super) content: Content<ToldEntry>,
}

/// An entry of a map, in the order in which they came to this audience.
#[derive(Clone, Debug)]
pub(super) struct ToldEntry {
    pub(super) slot: Slot,
    pub(super) index: u32,
    pub(super) order: u64,
}

/// Why something is left out that would be there: a path has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A shared instance leads to itself.
    #[error(
        "an instance leads to itself: clients that go by path cannot hold that; break the loop, or \
         use the codec `schema`"
    )]
    Loop,
    /// Structs lie in one another too deep.
    #[error(
        "structs lie in one another more than {MAX_DEPTH} deep: clients that go by path are not \
         sent that; refer to them by a key, or use the codec `schema`"
    )]
    TooDeep,
    /// Shared instances are in so many places that their paths are too many.
    #[error(
        "shared instances can be reached by too many paths, each of which costs its own copy: refer \
         to them by a key, or use the codec `schema`"
    )]
    TooManyPaths,
}

impl Refusal {
    /// How many structs, maps and arrays may lie in one another, the root among them.
    pub const MAX_DEPTH: usize = 96;
}

/// How deep a path may lead.
pub(super) const MAX_DEPTH: usize = Refusal::MAX_DEPTH;

impl Told {
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn node(&self, id: RefId) -> &ToldNode {
        self.nodes[id.0 as usize].as_ref().expect("what was told leads to what was told")
    }

    pub(super) fn node_mut(&mut self, id: RefId) -> &mut ToldNode {
        self.nodes[id.0 as usize].as_mut().expect("what was told leads to what was told")
    }

    /// Numbers that the last message gave back may be used from now on.
    pub(super) fn recycle(&mut self) {
        self.free.extend(self.freed.drain(..).map(|id| id.0));
    }

    pub(super) fn add(&mut self, node: ToldNode) -> RefId {
        self.len += 1;
        let at = self.free.pop().unwrap_or(self.nodes.len() as u32);
        if at as usize == self.nodes.len() {
            self.nodes.push(None);
        }
        self.nodes[at as usize] = Some(node);
        RefId(at)
    }

    /// Takes out a node and what is below it.
    pub(super) fn remove(&mut self, id: RefId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(node) = self.nodes[id.0 as usize].take() else { continue };
            self.len -= 1;
            self.freed.push(id);
            match &node.content {
                Content::Struct(fields) => open.extend(fields.iter().flatten().filter_map(below)),
                Content::Map(entries) => {
                    open.extend(entries.values().filter_map(|entry| below(&entry.slot)));
                }
                Content::Nodes(items) => open.extend(items.iter().map(|item| item.node)),
                Content::Values(_) => {}
            }
        }
    }

    /// Shows all of it, as if it were new.
    pub(super) fn visit<V: Visitor + ?Sized>(&self, visitor: &mut V) {
        visitor.begin(self.messages);
        self.visit_node(RefId::ROOT, Place::Root, visitor);
        visitor.end();
    }

    /// Shows a node and what is below it.
    fn visit_node<V: Visitor + ?Sized>(&self, id: RefId, place: Place<'_>, visitor: &mut V) {
        let node = self.node(id);
        let index = node.index;
        visitor.enter(Enter { id, place, index, hidden: false, filtered: false, fresh: true });
        let introduce = |visitor: &mut V, id: RefId| {
            visitor.introduce(Introduced { id, index: self.node(id).index, hidden: false });
            if self.node(id).veiled {
                visitor.veiled(id);
            }
        };
        let mut places: Vec<(Place<'_>, RefId)> = Vec::new();
        match &node.content {
            Content::Struct(fields) => {
                for (at, slot) in (0..).map(FieldIndex).zip(fields) {
                    match slot {
                        Some(Slot::Leaf(leaf)) => visitor.field(at, leaf.value(), None),
                        Some(Slot::Node(id)) => {
                            introduce(visitor, *id);
                            visitor.reference(at, *id, None);
                            places.push((Place::Field(at), *id));
                        }
                        None => {}
                    }
                }
            }
            Content::Map(entries) => {
                for (key, entry) in entries {
                    let at = EntryAt { index: entry.index, key };
                    match &entry.slot {
                        Slot::Leaf(leaf) => visitor.entry(at, leaf.value(), None),
                        Slot::Node(id) => {
                            introduce(visitor, *id);
                            visitor.entry_reference(at, *id, None);
                            places.push((Place::Entry(at), *id));
                        }
                    }
                }
            }
            Content::Values(values) if !values.is_empty() => {
                values_changed(visitor, 0, &[], values);
            }
            Content::Nodes(items) if !items.is_empty() => {
                let after: Vec<RefId> = items.iter().map(|item| item.node).collect();
                after.iter().for_each(|id| introduce(visitor, *id));
                visitor.item_references(RefEdit { from: 0, before: &[], after: &after });
                places.extend(after.iter().enumerate().map(|(at, id)| (Place::Item(at), *id)));
            }
            Content::Values(_) | Content::Nodes(_) => {}
        }
        for (place, id) in places {
            self.visit_node(id, place, visitor);
        }
        visitor.leave();
    }
}

/// Tells that a list of primitives is another from an index on.
pub(super) fn values_changed<V: Visitor + ?Sized>(
    visitor: &mut V,
    from: usize,
    before: &[Leaf],
    after: &[Leaf],
) {
    let (before, after) = (&super::leaf::Leaves(before), &super::leaf::Leaves(after));
    visitor.items(ValueEdit { from, before, after });
}

fn below(slot: &Slot) -> Option<RefId> {
    match slot {
        Slot::Leaf(_) => None,
        Slot::Node(id) => Some(*id),
    }
}

/// A map of nothing.
pub(super) type Entries = indexmap::IndexMap<CompactString, ToldEntry, foldhash::fast::RandomState>;
