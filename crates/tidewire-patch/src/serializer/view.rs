//! What clients hold, as a serializer sees it: node by node, by number.

use std::fmt;

use tidewire_state::{FieldIndex, RefId, TypeIndex, TypeSet};

use crate::{
    document::{self, Slot},
    notepack::Value,
    record::{Recorder, Segment},
};

/// All that clients hold when the changes of the sync have reached them.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(super) recorder: &'a Recorder,
}

/// A struct, a map or an array that clients hold.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    view: View<'a>,
    id: RefId,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeKind {
    /// A struct of this type.
    Struct(TypeIndex),
    /// A map.
    Map,
    /// An array, or what clients hold as one: a set, a collection.
    Array,
}

/// A place in a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The number of the node.
    pub node: RefId,
    /// The place.
    pub step: Step<'a>,
}

/// How to go from a node to what lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// To a field of a struct of this type.
    Field(TypeIndex, FieldIndex),
    /// To an entry of a map.
    Key(&'a str),
    /// To an item of an array.
    Index(usize),
}

/// What is in a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Child {
    /// A primitive.
    Leaf(Value),
    /// A node, of this number.
    Node(RefId),
}

impl<'a> View<'a> {
    /// The types of the state.
    pub fn types(self) -> &'a TypeSet {
        &self.recorder.types
    }

    /// The root of the state.
    pub fn root(self) -> Node<'a> {
        self.at(RefId::ROOT)
    }

    /// The node of this number, if there is one.
    pub fn node(self, id: RefId) -> Option<Node<'a>> {
        self.recorder.document.contains(id).then(|| self.at(id))
    }

    /// A node that is there.
    pub(super) fn at(self, id: RefId) -> Node<'a> {
        Node { view: self, id }
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("View").field(&self.root().value()).finish()
    }
}

impl<'a> Node<'a> {
    /// Its number: small, the root's is 0, and it stands for another a sync after this one is gone at the earliest.
    pub fn id(self) -> RefId {
        self.id
    }

    /// What it is.
    pub fn kind(self) -> NodeKind {
        match self.inner() {
            document::Node::Struct(of, _) => NodeKind::Struct(*of),
            document::Node::Map(..) => NodeKind::Map,
            document::Node::Array(..) => NodeKind::Array,
        }
    }

    /// All of it, as clients hold it: structs and maps are objects. What is absent is left out.
    pub fn value(self) -> Value {
        self.view.recorder.value(&Slot::Node(self.id))
    }

    /// What lies in it, in order: of a struct the fields that hold something, of a map no order in particular.
    pub fn children(self) -> Vec<(Step<'a>, Child)> {
        self.slots().into_iter().map(|(step, slot)| (step, slot.into())).collect()
    }

    pub(super) fn slots(self) -> Vec<(Step<'a>, &'a Slot)> {
        match self.inner() {
            document::Node::Struct(of, run) => {
                let fields = self.view.recorder.document.fields(*run);
                let slot = |(at, slot): (_, &'a Option<Slot>)| {
                    Some((Step::Field(*of, FieldIndex(at)), slot.as_ref()?))
                };
                (0..).zip(fields).filter_map(slot).collect()
            }
            document::Node::Map(entries) => {
                entries.iter().map(|(key, slot)| (Step::Key(key.as_str()), slot)).collect()
            }
            document::Node::Array(items) => {
                items.iter().enumerate().map(|(at, slot)| (Step::Index(at), slot)).collect()
            }
        }
    }

    fn inner(self) -> &'a document::Node {
        self.view.recorder.document.node(self.id)
    }
}

impl From<&Slot> for Child {
    fn from(slot: &Slot) -> Self {
        match slot {
            Slot::Leaf(value) => Self::Leaf(value.clone()),
            Slot::Node(id) => Self::Node(*id),
        }
    }
}

impl<'a> From<&'a Segment> for Step<'a> {
    fn from(segment: &'a Segment) -> Self {
        match segment {
            Segment::Field(of, field) => Self::Field(*of, *field),
            Segment::Key(key) => Self::Key(key),
            Segment::Index(index) => Self::Index(*index),
        }
    }
}
