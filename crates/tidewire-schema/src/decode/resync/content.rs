//! What is in a node, by itself, to be compared.

use tidewire_state::{
    DynPrimitive, ElementKind, FieldIndex, FieldInfo, PrimitiveKind, RefId, Sending,
    receive::{Sink, StructSink, ValueSink},
};

use super::is_node;
use crate::decode::{
    Decoder,
    change::{OwnedValue, as_kind},
    leaf::{as_leaf, leaf_kind},
    nodes::{Entry, MapNode, Shape},
    places::resolve,
};

/// The content of a node.
pub(super) enum Content {
    /// By field.
    Struct(Vec<Option<OwnedValue>>),
    /// By the number of the entry and its key, in the order of the map.
    Map(Vec<(u32, String, OwnedValue)>),
    Array(Vec<OwnedValue>),
    /// By number.
    Members(Vec<(u32, OwnedValue)>),
}

impl Content {
    /// Nothing, in a node of the same kind.
    pub(super) fn empty(&self) -> Self {
        match self {
            Self::Struct(fields) => Self::Struct(vec![None; fields.len()]),
            Self::Map(_) => Self::Map(Vec::new()),
            Self::Array(_) => Self::Array(Vec::new()),
            Self::Members(_) => Self::Members(Vec::new()),
        }
    }

    pub(super) fn of<S: StructSink>(decoder: &mut Decoder<S>, id: u32) -> Option<Self> {
        let tree = &mut decoder.tree;
        let types = tree.types.clone();
        let shape = &tree.nodes.get(id)?.shape;
        let sink = resolve(&tree.nodes, &mut tree.detached, &mut decoder.state, id)?;
        Some(match (shape, sink) {
            (Shape::Struct(node), Sink::Struct(sink)) => {
                let fields = (0..).zip(&types.get(node.index)?.fields);
                let value = |(at, info): (u8, &FieldInfo)| match leaf_kind(info.kind) {
                    // A snapshot does not say it, so it is what it was.
                    Some(_) if info.sending == Sending::PatchOnly => None,
                    Some(_) => {
                        let value = sink.field(FieldIndex(at))?.value()?;
                        Some(OwnedValue::Value(as_leaf(value, &info.kind).into()))
                    }
                    None => node_value(node.get(at)),
                };
                Self::Struct(fields.map(value).collect())
            }
            (Shape::Map(map), Sink::Map(sink)) => {
                let mut entries = Vec::new();
                for (number, entry) in map.in_order() {
                    let key = sink.key(entry.slot)?.to_owned();
                    let value = match map.element {
                        ElementKind::Primitive(kind) => value(sink.entry(entry.slot), kind),
                        ElementKind::Ref(_) => node_value(entry.id),
                    };
                    entries.push((number, key, value?));
                }
                Self::Map(entries)
            }
            (Shape::Array(array), Sink::Array(sink)) => Self::Array(match array.element {
                ElementKind::Primitive(kind) => {
                    (0..sink.len()).map(|at| value(sink.item(at), kind)).collect::<Option<_>>()?
                }
                ElementKind::Ref(_) => {
                    array.ids.iter().map(|id| node_value(*id)).collect::<Option<_>>()?
                }
            }),
            (Shape::Members(members), Sink::Array(sink)) => {
                let value = |(at, number): (usize, &u32)| {
                    let value = match members.element {
                        ElementKind::Primitive(kind) => value(sink.item(at), kind)?,
                        ElementKind::Ref(_) => node_value(*members.ids.get(at)?)?,
                    };
                    Some((*number, value))
                };
                Self::Members(members.numbers.iter().enumerate().map(value).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }
}

impl MapNode {
    /// The entries with their numbers, in the order of the map.
    pub(in crate::decode) fn in_order(&self) -> Vec<(u32, Entry)> {
        let mut entries: Vec<_> =
            self.entries.iter().map(|(number, entry)| (number, *entry)).collect();
        entries.sort_unstable_by_key(|(_, entry)| entry.slot);
        entries
    }
}

fn value(place: Option<&mut (dyn ValueSink + '_)>, kind: PrimitiveKind) -> Option<OwnedValue> {
    let place = place?;
    Some(OwnedValue::Value(DynPrimitive::from(as_kind(place.value()?, kind))))
}

fn node_value(id: u32) -> Option<OwnedValue> {
    is_node(id).then_some(OwnedValue::Node(RefId(id)))
}
