//! The state as it is, node by node: what the walk reports, put together.

use std::sync::Arc;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::{leaf::Leaf, rule::Known};
use crate::{
    types::{ElementKind, FieldIndex, FieldKind, TypeIndex, TypeSet},
    value::Value,
    visitor::{
        Enter, EntryAt, Introduced, NodeMember, NodeMembersEdit, Place, RefEdit, RefId, ValueEdit,
        Visitor,
    },
};

/// All nodes that can be reached.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) types: Arc<TypeSet>,
    nodes: Vec<Option<Node>>,
    /// How many nodes there are.
    pub(super) len: usize,
    /// The nodes that were entered and not left.
    open: Vec<RefId>,
    /// How many walks there were.
    pub(super) tick: u64,
    /// The last walk in which something changed that several places may lead to.
    pub(super) scattered: u64,
    /// What is another number now, in the walk under way.
    renumbered: Vec<(RefId, RefId)>,
    next: u64,
}

#[derive(Debug)]
pub(super) struct Node {
    /// The type of a struct.
    pub(super) index: Option<TypeIndex>,
    /// Whether not everyone is told of it.
    pub(super) hidden: bool,
    /// Whether it is a collection whose entries are filtered.
    pub(super) is_filtered: bool,
    /// Which node this is, whatever its number: no other ever has the same.
    pub(super) identity: u64,
    /// The last walk in which it, or something that lies in it, changed.
    pub(super) changed: u64,
    /// The last walk in which a map led to something else.
    pub(super) arranged: u64,
    pub(super) content: Content<Entry>,
}

/// What lies in a node; maps have entries of `E`.
#[derive(Clone, Debug)]
pub(super) enum Content<E> {
    Struct(Vec<Option<Slot>>),
    Map(IndexMap<CompactString, E, RandomState>),
    Values(Vec<Leaf>),
    Nodes(Vec<NodeMember>),
}

/// What is in a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot {
    Leaf(Leaf),
    Node(RefId),
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) slot: Slot,
    /// The number of its key.
    pub(super) index: u32,
    /// Rises from entry to entry as they come.
    pub(super) order: u64,
}

impl<E> Content<E> {
    /// Whether it is a collection of the same kind as another.
    pub(super) fn is_collection_like<F>(&self, other: &Content<F>) -> bool {
        matches!(
            (self, other),
            (Self::Map(_), Content::Map(_))
                | (Self::Values(_), Content::Values(_))
                | (Self::Nodes(_), Content::Nodes(_))
        )
    }

    pub(super) fn of_struct(types: &TypeSet, index: TypeIndex) -> Self {
        Self::Struct(vec![None; types[index].fields.len()])
    }

    fn of_field(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Map(_) => Self::Map(IndexMap::default()),
            FieldKind::Array(element)
            | FieldKind::Set(element)
            | FieldKind::Collection(element) => match element {
                ElementKind::Primitive(_) => Self::Values(Vec::new()),
                ElementKind::Ref(_) => Self::Nodes(Vec::new()),
            },
            kind => unreachable!("a field of kind {kind:?} leads to no collection"),
        }
    }
}

impl Graph {
    pub(super) fn new(types: TypeSet) -> Self {
        Self {
            types: Arc::new(types),
            nodes: Vec::new(),
            len: 0,
            open: Vec::new(),
            tick: 0,
            scattered: 0,
            renumbered: Vec::new(),
            next: 0,
        }
    }

    /// A node that is there: every place that leads to one leads to one of these.
    pub(super) fn node(&self, id: RefId) -> &Node {
        self.nodes[id.0 as usize].as_ref().expect("a walk introduces every node it leads to")
    }

    pub(super) fn has(&self, id: RefId) -> bool {
        self.nodes.get(id.0 as usize).is_some_and(Option::is_some)
    }

    /// What rules are asked about.
    pub(super) fn known(&self, id: RefId) -> Known {
        let node = self.node(id);
        let is_map = matches!(node.content, Content::Map(_));
        let Node { index, hidden, is_filtered, .. } = *node;
        Known { id, index, hidden, is_map, is_filtered }
    }

    fn put(&mut self, id: RefId, index: Option<TypeIndex>, hidden: bool) -> &mut Node {
        let at = id.0 as usize;
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, || None);
        }
        let content = match index {
            Some(index) => Content::of_struct(&self.types, index),
            None => Content::Values(Vec::new()),
        };
        let identity = self.next();
        let (changed, is_filtered) = (self.tick, false);
        let arranged = changed;
        let node = Node { index, hidden, is_filtered, identity, changed, arranged, content };
        self.len += usize::from(self.nodes[at].is_none());
        self.nodes[at].insert(node)
    }

    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn content(&mut self) -> &mut Content<Entry> {
        let id = *self.open.last().expect("every event of a walk is about a node that was entered");
        let node = self.nodes[id.0 as usize].as_mut();
        &mut node.expect("a node that was entered is there").content
    }

    /// The map that was entered leads to something else.
    fn arrange(&mut self) {
        let tick = self.tick;
        let id = *self.open.last().expect("every event of a walk is about a node that was entered");
        if let Some(Some(node)) = self.nodes.get_mut(id.0 as usize) {
            node.arranged = tick;
        }
    }

    fn put_field(&mut self, field: FieldIndex, slot: Option<Slot>) {
        match self.content() {
            Content::Struct(fields) => fields[usize::from(field.0)] = slot,
            content => unreachable!("{content:?} has no fields"),
        }
    }

    fn put_entry(&mut self, at: EntryAt<'_>, slot: Slot) {
        let order = self.next();
        self.arrange();
        match self.content() {
            Content::Map(entries) => match entries.get_mut(at.key) {
                Some(entry) => (entry.slot, entry.index) = (slot, at.index),
                None => {
                    entries.insert(at.key.into(), Entry { slot, index: at.index, order });
                }
            },
            content => unreachable!("{content:?} has no entries"),
        }
    }

    fn list<T>(&mut self, from: usize, after: impl Iterator<Item = T>)
    where
        Content<Entry>: AsList<T>,
    {
        let items = self.content().as_list();
        items.truncate(from);
        items.extend(after);
    }

    fn renumber(&mut self) {
        let renumbered = std::mem::take(&mut self.renumbered);
        let to = |id: &mut RefId| {
            for (from, to) in &renumbered {
                if from == id {
                    *id = *to;
                }
            }
        };
        for node in self.nodes.iter_mut().flatten() {
            match &mut node.content {
                Content::Struct(fields) => fields.iter_mut().flatten().for_each(|slot| {
                    if let Slot::Node(id) = slot {
                        to(id);
                    }
                }),
                Content::Map(entries) => entries.values_mut().for_each(|entry| {
                    if let Slot::Node(id) = &mut entry.slot {
                        to(id);
                    }
                }),
                Content::Nodes(items) => items.iter_mut().for_each(|item| to(&mut item.node)),
                Content::Values(_) => {}
            }
        }
    }
}

/// A content that is a list of `T`.
trait AsList<T> {
    fn as_list(&mut self) -> &mut Vec<T>;
}

impl AsList<Leaf> for Content<Entry> {
    fn as_list(&mut self) -> &mut Vec<Leaf> {
        match self {
            Self::Values(values) => values,
            content => unreachable!("{content:?} has no values"),
        }
    }
}

impl AsList<NodeMember> for Content<Entry> {
    fn as_list(&mut self) -> &mut Vec<NodeMember> {
        match self {
            Self::Nodes(nodes) => nodes,
            content => unreachable!("{content:?} has no items"),
        }
    }
}

impl Visitor for Graph {
    fn begin(&mut self, tick: u64) {
        assert!(
            self.tick == tick,
            "the state was synced {tick} times, but this encoder knows of {}: give all codecs of \
             a state to one `sync`, as in `state.sync(&mut [&mut a, &mut b][..])`",
            self.tick,
        );
        self.tick += 1;
    }

    fn end(&mut self) {
        if !self.renumbered.is_empty() {
            self.renumber();
        }
    }

    fn enter(&mut self, node: Enter<'_>) {
        if node.place == Place::Shared {
            self.scattered = self.tick;
        }
        let around = self.open.last().copied();
        let known = self.nodes.get_mut(node.id.0 as usize).and_then(Option::as_mut);
        match known {
            Some(known) => (known.changed, known.hidden) = (self.tick, node.hidden),
            None => drop(self.put(node.id, node.index, node.hidden).changed),
        }
        if node.filtered
            && let Some(Some(known)) = self.nodes.get_mut(node.id.0 as usize)
        {
            known.is_filtered = true;
        }
        if node.fresh {
            let content = match (node.index, node.place, around) {
                (Some(index), ..) => Content::of_struct(&self.types, index),
                (None, Place::Field(field), Some(around)) => {
                    let of = self.node(around).index.expect("fields lie in structs");
                    Content::of_field(self.types[of].fields[usize::from(field.0)].kind)
                }
                (None, place, _) => unreachable!("no collection lies at {place:?}"),
            };
            if let Some(Some(known)) = self.nodes.get_mut(node.id.0 as usize) {
                (known.content, known.index) = (content, node.index);
                known.arranged = self.tick;
            }
        }
        self.open.push(node.id);
    }

    fn leave(&mut self) {
        self.open.pop();
    }

    fn introduce(&mut self, node: Introduced) {
        self.put(node.id, node.index, node.hidden);
    }

    fn field(&mut self, field: FieldIndex, value: Value<'_>, _: Option<Value<'_>>) {
        self.put_field(field, Some(Slot::Leaf(value.into())));
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, _: Option<RefId>) {
        self.put_field(field, Some(Slot::Node(node)));
    }

    fn unset(&mut self, field: FieldIndex) {
        self.put_field(field, None);
    }

    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {
        self.arrange();
        if let Content::Map(entries) = self.content() {
            entries.clear();
        }
    }

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.arrange();
        if let Content::Map(entries) = self.content() {
            entries.swap_remove(at.key);
        }
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, _: Option<Value<'_>>) {
        self.put_entry(at, Slot::Leaf(value.into()));
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, _: Option<RefId>) {
        self.put_entry(at, Slot::Node(node));
    }

    fn item(&mut self, index: usize, value: Value<'_>, _: Value<'_>) {
        if let Content::Values(values) = self.content() {
            values[index] = value.into();
        }
    }

    fn items(&mut self, edit: ValueEdit<'_>) {
        self.list(edit.from, (0..edit.after.len()).map(|at| Leaf::from(edit.after.value(at))));
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        let member = |node: &RefId| NodeMember { number: 0, node: *node };
        self.list(edit.from, edit.after.iter().map(member));
    }

    fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        self.list(0, edit.after.iter().copied());
    }

    fn renumbered(&mut self, from: RefId, to: RefId) {
        self.scattered = self.tick;
        let identity = self.node(from).identity;
        if let Some(Some(node)) = self.nodes.get_mut(to.0 as usize) {
            node.identity = identity;
        }
        self.renumbered.push((from, to));
    }

    fn released(&mut self, node: RefId) {
        if let Some(node) = self.nodes.get_mut(node.0 as usize) {
            self.len -= usize::from(node.take().is_some());
        }
    }
}
