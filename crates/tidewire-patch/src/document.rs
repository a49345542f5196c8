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
    Struct(TypeIndex, Vec<Option<Slot>>),
    /// The order of the entries says nothing.
    Map(Box<IndexMap<Text, Slot, RandomState>>),
    Array(Vec<Slot>),
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
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            *node = None;
        }
        self.veiled.remove(&id);
    }

    /// Clients hold nothing for this node.
    pub(crate) fn veil(&mut self, id: RefId) {
        self.veiled.insert(id);
    }

    /// Whether there is such a node.
    pub(crate) fn contains(&self, id: RefId) -> bool {
        self.nodes.get(id.0 as usize).is_some_and(Option::is_some)
    }

    /// A node that is there: every slot that leads to one leads to one of these.
    pub(crate) fn node(&self, id: RefId) -> &Node {
        self.nodes[id.0 as usize].as_ref().expect("a walk enters every node that it announces")
    }

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
                let at = fields.iter().position(|slot| slot.as_ref().is_some_and(leads))?;
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
            Slot::Node(id) if self.veiled.contains(id) => return Kept::Leaf(Value::Undefined),
            Slot::Node(id) => *id,
        };
        match self.node(id) {
            Node::Struct(of, fields) => {
                let keep = |slot: &Option<Slot>| slot.as_ref().map(|slot| self.keep(slot));
                Kept::Struct(id, *of, fields.iter().map(keep).collect())
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

    pub(crate) fn of_type(types: &TypeSet, of: TypeIndex) -> Self {
        Self::Struct(of, vec![None; types[of].fields.len()])
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
