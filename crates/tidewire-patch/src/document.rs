//! What the clients of a state hold: a copy of it, node by node.
//!
//! The walk tells what changed and no more. Some messages need what did not change: an item that
//! moves in an array is sent whole, an undo needs what was there, a newcomer gets everything.

use std::{borrow::Cow, collections::HashSet};

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use tidewire_state::{FieldIndex, FieldKind, RefId, TypeIndex, TypeSet};

use crate::notepack::{Object, Text, Value};

/// A place in a node.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// Holds a primitive.
    Leaf(Value),
    /// Leads to a node.
    Node(RefId),
}

/// What is in a map.
pub(crate) type Entries = IndexMap<Text, Slot, RandomState>;

/// Values that are equal, but for the sign of 0, which some clients see.
impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Leaf(Value::Double(a)), Self::Leaf(Value::Double(b))) if *a == 0.0 => {
                a.to_bits() == b.to_bits()
            }
            (Self::Leaf(a), Self::Leaf(b)) => a == b,
            (Self::Node(a), Self::Node(b)) => a == b,
            _ => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Struct(TypeIndex, Run),
    /// The order of the entries says nothing.
    Map(Box<Entries>),
    Array(Vec<Slot>),
}

/// Where the fields of a struct are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    at: u32,
    len: u32,
}

/// What a place held when it was given something else.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    Leaf(Value),
    Struct(RefId, TypeIndex, Vec<Option<Kept>>),
    Map(RefId, Vec<(Text, Kept)>),
    Array(RefId, Vec<Kept>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// By [`RefId`].
    nodes: Vec<Option<Node>>,
    /// Those of which clients know nothing but that they are there.
    veiled: HashSet<RefId, RandomState>,
    /// The fields of all structs. As single lists they would cost most of what it takes to make a struct.
    fields: Vec<Option<Slot>>,
    /// Where structs were that went, by how many fields they had.
    free: Vec<Vec<u32>>,
}

impl Document {
    pub(crate) fn insert(&mut self, id: RefId, node: Node) {
        let at = id.0 as usize;
        if at >= self.nodes.len() {
            self.nodes.resize(at + 1, None);
        }
        self.nodes[at] = Some(node);
    }

    pub(crate) fn remove(&mut self, id: RefId) {
        let place = self.nodes.get_mut(id.0 as usize);
        if let Some(Node::Struct(_, run)) = place.and_then(Option::take) {
            self.fields[run.range()].fill(None);
            let len = run.len as usize;
            if self.free.len() <= len {
                self.free.resize(len + 1, Vec::new());
            }
            self.free[len].push(run.at);
        }
        if !self.veiled.is_empty() {
            self.veiled.remove(&id);
        }
    }

    /// The type of a struct.
    #[inline]
    pub(crate) fn type_of(&self, id: RefId) -> TypeIndex {
        match self.node(id) {
            Node::Struct(of, _) => *of,
            node => unreachable!("{node:?} has no fields"),
        }
    }

    /// A struct of so many fields, without anything.
    pub(crate) fn empty_struct(&mut self, of: TypeIndex, fields: usize) -> Node {
        let at = match self.free.get_mut(fields).and_then(Vec::pop) {
            Some(at) => at,
            None => {
                let at = self.fields.len();
                self.fields.resize_with(at + fields, || None);
                at as u32
            }
        };
        Node::Struct(of, Run { at, len: fields as u32 })
    }

    /// The fields of a struct.
    #[inline]
    pub(crate) fn fields(&self, run: Run) -> &[Option<Slot>] {
        &self.fields[run.range()]
    }

    /// A field of a struct.
    #[inline]
    pub(crate) fn field_mut(&mut self, run: Run, field: FieldIndex) -> &mut Option<Slot> {
        &mut self.fields[run.range()][usize::from(field.0)]
    }

    /// Clients hold `undefined` for this node.
    pub(crate) fn veil(&mut self, id: RefId) {
        self.veiled.insert(id);
    }

    #[inline]
    pub(crate) fn is_veiled(&self, id: RefId) -> bool {
        !self.veiled.is_empty() && self.veiled.contains(&id)
    }

    /// What a place holds that leads to a node.
    pub(crate) fn slot(&self, id: RefId) -> Slot {
        if self.is_veiled(id) { Slot::Leaf(Value::Undefined) } else { Slot::Node(id) }
    }

    /// Whether clients hold the same by both, whatever the numbers of the nodes are.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.is_slot_like(&Slot::Node(RefId::ROOT), other, &Slot::Node(RefId::ROOT))
    }

    fn is_slot_like(&self, slot: &Slot, other: &Self, theirs: &Slot) -> bool {
        let (id, their_id) = match (slot, theirs) {
            (Slot::Leaf(value), Slot::Leaf(theirs)) => return value == theirs,
            (Slot::Node(id), Slot::Node(their_id)) => (*id, *their_id),
            _ => return false,
        };
        match (self.node(id), other.node(their_id)) {
            (Node::Struct(of, run), Node::Struct(their_type, their_run)) => {
                let alike = |(slot, theirs): (&Option<Slot>, &Option<Slot>)| match (slot, theirs) {
                    (Some(slot), Some(theirs)) => self.is_slot_like(slot, other, theirs),
                    (slot, theirs) => slot.is_none() && theirs.is_none(),
                };
                let (fields, theirs) = (self.fields(*run), other.fields(*their_run));
                of == their_type && std::iter::zip(fields, theirs).all(alike)
            }
            (Node::Map(entries), Node::Map(their_entries)) => {
                entries.len() == their_entries.len()
                    && entries.iter().all(|(key, slot)| {
                        let theirs = their_entries.get(key);
                        theirs.is_some_and(|theirs| self.is_slot_like(slot, other, theirs))
                    })
            }
            (Node::Array(items), Node::Array(their_items)) => {
                let alike = |(slot, theirs): (_, _)| self.is_slot_like(slot, other, theirs);
                items.len() == their_items.len() && std::iter::zip(items, their_items).all(alike)
            }
            _ => false,
        }
    }

    /// Whether there is such a node.
    pub(crate) fn contains(&self, id: RefId) -> bool {
        self.nodes.get(id.0 as usize).is_some_and(Option::is_some)
    }

    /// A node that is there: every slot that leads to one leads to one of these.
    #[inline]
    pub(crate) fn node(&self, id: RefId) -> &Node {
        self.nodes[id.0 as usize].as_ref().expect("a walk enters every node that it announces")
    }

    #[inline]
    pub(crate) fn node_mut(&mut self, id: RefId) -> &mut Node {
        self.nodes[id.0 as usize].as_mut().expect("a walk enters every node that it announces")
    }

    /// What the place in a node is called that leads to another.
    pub(crate) fn segment_of(
        &self,
        types: &TypeSet,
        around: RefId,
        below: RefId,
    ) -> Option<Cow<'_, str>> {
        let leads = |slot: &Slot| *slot == Slot::Node(below);
        match self.node(around) {
            Node::Struct(of, fields) => {
                let at = self
                    .fields(*fields)
                    .iter()
                    .position(|slot| slot.as_ref().is_some_and(leads))?;
                Some(types[*of].fields[at].name.clone().into())
            }
            Node::Map(entries) => {
                let (key, _) = entries.iter().find(|(_, slot)| leads(slot))?;
                Some(key.as_str().into())
            }
            Node::Array(items) => Some(items.iter().position(leads)?.to_string().into()),
        }
    }

    /// Copies what is in a place.
    pub(crate) fn keep(&self, slot: &Slot) -> Kept {
        let id = match slot {
            Slot::Leaf(value) => return Kept::Leaf(value.clone()),
            Slot::Node(id) => *id,
        };
        match self.node(id) {
            Node::Struct(of, run) => {
                let keep = |slot: &Option<Slot>| slot.as_ref().map(|slot| self.keep(slot));
                Kept::Struct(id, *of, self.fields(*run).iter().map(keep).collect())
            }
            Node::Map(entries) => {
                let keep = |(key, slot): (&Text, &Slot)| (key.clone(), self.keep(slot));
                Kept::Map(id, entries.iter().map(keep).collect())
            }
            Node::Array(items) => {
                Kept::Array(id, items.iter().map(|slot| self.keep(slot)).collect())
            }
        }
    }
}

impl Run {
    #[inline]
    fn range(self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + self.len as usize
    }
}

impl Node {
    /// An empty node of the collection in a field of a struct.
    pub(crate) fn of_field(types: &TypeSet, of: TypeIndex, field: FieldIndex) -> Self {
        match types[of].fields[usize::from(field.0)].kind {
            FieldKind::Map(_) => Self::Map(Box::default()),
            FieldKind::Array(_) | FieldKind::Set(_) | FieldKind::Collection(_) => {
                Self::Array(Vec::new())
            }
            kind => unreachable!("a field of kind {kind:?} leads to no collection"),
        }
    }
}

impl Kept {
    /// The value as clients hold it. What is absent is left out.
    pub(crate) fn to_value(&self, types: &TypeSet) -> Value {
        match self {
            Self::Leaf(value) => value.clone(),
            Self::Struct(_, of, fields) => {
                let fields = std::iter::zip(&types[*of].fields, fields);
                let member = |(info, kept): (&tidewire_state::FieldInfo, &Option<Self>)| {
                    Some((info.name.clone(), kept.as_ref()?.to_value(types)))
                };
                Value::Object(fields.filter_map(member).collect())
            }
            Self::Map(_, entries) => {
                let member = |(key, kept): &(Text, Self)| (key.clone(), kept.to_value(types));
                Value::Object(entries.iter().map(member).collect::<Object>())
            }
            Self::Array(_, items) => {
                Value::Array(items.iter().map(|kept| kept.to_value(types)).collect())
            }
        }
    }
}
