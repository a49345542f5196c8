//! The state that an [`Unfold`] has put together, for a codec that reads it by itself.

use super::{
    Unfold,
    graph::{Content, Graph, Slot},
    rule::Known,
};
use crate::{
    types::TypeIndex,
    value::Value,
    visitor::{RefId, Visitor},
};

/// The nodes of a state as the last walk left them, whoever may see them.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a>(&'a Graph);

/// What lies in a place.
#[derive(Clone, Copy, Debug)]
pub enum Lying<'a> {
    /// A primitive.
    Leaf(Value<'a>),
    /// A node that is there.
    Node(RefId),
}

/// What kind of node one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A struct of this type.
    Struct(TypeIndex),
    /// A map.
    Map,
    /// A list of primitives.
    Values,
    /// A list of structs.
    Nodes,
}

impl<C: Visitor> Unfold<C> {
    /// The state that the walks told of.
    pub fn look(&self) -> Look<'_> {
        Look(&self.graph)
    }
}

impl<'a> Look<'a> {
    /// How many nodes there are.
    pub fn len(self) -> usize {
        self.0.len
    }

    /// Whether no walk has told of any.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether there is such a node.
    pub fn has(self, node: RefId) -> bool {
        self.0.has(node)
    }

    /// What rules are asked about.
    ///
    /// # Panics
    ///
    /// If no place leads to such a node, as all methods here that take one.
    pub fn known(self, node: RefId) -> Known {
        self.0.known(node)
    }

    /// What kind of node it is.
    pub fn shape(self, node: RefId) -> Shape {
        let node = self.0.node(node);
        match (&node.content, node.index) {
            (_, Some(index)) => Shape::Struct(index),
            (Content::Map(_), None) => Shape::Map,
            (Content::Nodes(_), None) => Shape::Nodes,
            (_, None) => Shape::Values,
        }
    }

    /// What lies in the fields of a struct; nothing where a field is absent.
    pub fn fields(self, node: RefId) -> impl Iterator<Item = Option<Lying<'a>>> {
        let fields = match &self.0.node(node).content {
            Content::Struct(fields) => fields.as_slice(),
            _ => &[],
        };
        fields.iter().map(|slot| slot.as_ref().map(lying))
    }

    /// What lies in the entries of a map, in no order: keys, and the numbers of the entries.
    pub fn entries(self, node: RefId) -> impl Iterator<Item = (&'a str, u32, Lying<'a>)> {
        let entries = match &self.0.node(node).content {
            Content::Map(entries) => Some(entries.iter()),
            _ => None,
        };
        let entries = entries.into_iter().flatten();
        entries.map(|(key, entry)| (key.as_str(), entry.index, lying(&entry.slot)))
    }

    /// What lies in a map under a key, and the number of the entry.
    pub fn entry(self, node: RefId, key: &str) -> Option<(u32, Lying<'a>)> {
        match &self.0.node(node).content {
            Content::Map(entries) => {
                entries.get(key).map(|entry| (entry.index, lying(&entry.slot)))
            }
            _ => None,
        }
    }

    /// The primitives of a list.
    pub fn values(self, node: RefId) -> impl Iterator<Item = Value<'a>> {
        let values = match &self.0.node(node).content {
            Content::Values(values) => values.as_slice(),
            _ => &[],
        };
        values.iter().map(super::leaf::Leaf::value)
    }

    /// The structs of a list, each with its number, which is 0 in an array.
    pub fn nodes(self, node: RefId) -> impl Iterator<Item = (u32, RefId)> {
        let nodes = match &self.0.node(node).content {
            Content::Nodes(nodes) => nodes.as_slice(),
            _ => &[],
        };
        nodes.iter().map(|member| (member.number, member.node))
    }
}

fn lying(slot: &Slot) -> Lying<'_> {
    match slot {
        Slot::Leaf(leaf) => Lying::Leaf(leaf.value()),
        Slot::Node(node) => Lying::Node(*node),
    }
}
