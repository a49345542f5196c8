//! What is in the state of a decoder now, as if it had just been added.

use tidewire_state::{
    FieldIndex, RefId,
    receive::{Sink, StructSink},
};

use crate::decode::{
    Decoder,
    change::{ChangeValue, Operation, OwnedChange, OwnedPlace, OwnedValue},
    leaf::{as_leaf, leaf_kind},
    nodes::{NONE, Node, ROOT, Shape},
    places::resolve,
};

pub(super) fn exists<S>(decoder: &Decoder<S>, id: RefId) -> bool {
    decoder.tree.nodes.get(id.0).is_some()
}

/// The structure at a path of fields.
pub(super) fn node_at<S>(decoder: &Decoder<S>, path: &str) -> Option<RefId> {
    let mut id = ROOT;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let Shape::Struct(node) = &decoder.tree.nodes.get(id)?.shape else { return None };
        let fields = &decoder.tree.types.get(node.index)?.fields;
        let at = fields.iter().position(|field| field.name == name)?;
        id = node.get(u8::try_from(at).ok()?);
    }
    decoder.tree.nodes.get(id).map(|_| RefId(id))
}

/// The value in a field, if there is one and anything was received.
pub(super) fn field<S: StructSink>(
    decoder: &mut Decoder<S>,
    id: RefId,
    name: &str,
) -> Option<OwnedChange> {
    if !decoder.received {
        return None;
    }
    let Shape::Struct(node) = &decoder.tree.nodes.get(id.0)?.shape else { return None };
    let fields = &decoder.tree.types.get(node.index)?.fields;
    let at = u8::try_from(fields.iter().position(|field| field.name == name)?).ok()?;
    let value = match fields.get(usize::from(at))?.kind {
        kind if leaf_kind(kind).is_some() => {
            let tree = &mut decoder.tree;
            let sink = resolve(&tree.nodes, &mut tree.detached, &mut decoder.state, id.0)?;
            let value = sink.place(usize::from(at))?.value()?;
            OwnedValue::from(ChangeValue::Value(as_leaf(value, &kind)))
        }
        _ => OwnedValue::Node(RefId(Some(node.get(at)).filter(|id| *id != NONE)?)),
    };
    Some(added(id, OwnedPlace::Field(FieldIndex(at), name.to_owned()), value))
}

/// What is in a collection, in its order.
pub(super) fn entries<S: StructSink>(decoder: &mut Decoder<S>, id: RefId) -> Vec<OwnedChange> {
    let tree = &mut decoder.tree;
    // The places by slot or index, with the nodes in them.
    let mut places: Vec<(u32, u32)> = Vec::new();
    if let Some(Node { shape: Shape::Map(map), .. }) = tree.nodes.get(id.0) {
        places.extend(map.entries.iter().map(|(_, entry)| (entry.slot, entry.id)));
        places.sort_unstable();
    }
    let ids = match tree.nodes.get(id.0) {
        Some(Node { shape: Shape::Array(array), .. }) => array.ids.clone(),
        Some(Node { shape: Shape::Members(members), .. }) => members.ids.clone(),
        _ => Vec::new(),
    };
    // Members are named by their numbers, not by where they are.
    let numbers = match tree.nodes.get(id.0) {
        Some(Node { shape: Shape::Members(members), .. }) => members.numbers.clone(),
        _ => Vec::new(),
    };
    let sink = resolve(&tree.nodes, &mut tree.detached, &mut decoder.state, id.0);
    let value = |node: u32, value: Option<tidewire_state::Value<'_>>| match node {
        NONE => value.map(|value| OwnedValue::from(ChangeValue::Value(value))),
        node => Some(OwnedValue::Node(RefId(node))),
    };
    let mut found = Vec::new();
    if let Some(Sink::Map(map)) = sink {
        for (slot, node) in places {
            let Some(key) = map.key(slot).map(str::to_owned) else { continue };
            let value = value(node, map.entry(slot).and_then(|entry| entry.value()));
            found.extend(value.map(|value| added(id, OwnedPlace::Entry(key), value)));
        }
    } else if let Some(Sink::Array(array)) = sink {
        for at in 0..array.len() {
            let node = ids.get(at).copied().unwrap_or(NONE);
            let value = value(node, array.item(at).and_then(|item| item.value()));
            let at = numbers.get(at).map_or(at, |number| *number as usize);
            found.extend(value.map(|value| added(id, OwnedPlace::Item(at), value)));
        }
    }
    found
}

fn added(structure: RefId, place: OwnedPlace, value: OwnedValue) -> OwnedChange {
    OwnedChange { structure, operation: Operation::Add, place, previous: None, value: Some(value) }
}
