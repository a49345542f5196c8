//! What `mpack` and `light` have in common: values as plain objects, paths that end up as text.
//!
//! Clients of both put a path together from its segments with a `/` between them and no escape.
//! A change below a name with a `/` in it would be applied somewhere else, or nowhere, so that the
//! nearest container that can be named is replaced instead.

use std::collections::HashSet;

use tidewire_state::RefId;

use crate::{
    document::{Node, Slot},
    notepack::{Value, write},
    patch::Op,
    record::{Recorder, Segment},
};

/// A change as it is sent.
pub(crate) struct Said<'a> {
    pub(crate) op: Op,
    pub(crate) path: Vec<(RefId, &'a Segment)>,
    pub(crate) value: Option<Slot>,
    pub(crate) old: Option<Value>,
}

/// The changes of the last walk, none of them at a path that cannot be said. `sayable` tells how
/// many segments of one, from the root, can be.
pub(crate) fn said<'a>(
    recorder: &'a Recorder,
    sayable: impl Fn(&[(RefId, &Segment)]) -> usize,
) -> Vec<Said<'a>> {
    let mut said = Vec::with_capacity(recorder.changes.len());
    let mut covered: HashSet<RefId> = HashSet::new();
    for (at, change) in recorder.changes.iter().enumerate() {
        let mut path = recorder.path_of(change);
        if !covered.is_empty() && path.iter().any(|(around, _)| covered.contains(around)) {
            continue;
        }
        let len = sayable(&path);
        said.push(if len == path.len() {
            let old = change.old.as_ref().map(|old| old.to_value(&recorder.types));
            Said { op: change.op, path, value: change.value.clone(), old }
        } else {
            let (container, _) = path[len];
            path.truncate(len);
            covered.insert(container);
            let old = before(recorder, at, container, len);
            Said { op: Op::Replace, path, value: Some(Slot::Node(container)), old }
        });
    }
    said
}

/// What a container held before the change with this number, if the changes say so.
fn before(recorder: &Recorder, change: usize, container: RefId, depth: usize) -> Option<Value> {
    if !recorder.is_reversible() {
        return None;
    }
    let mut value = recorder.value(&Slot::Node(container));
    for change in recorder.changes[change..].iter().rev() {
        if recorder.path_of(change).get(depth).is_some_and(|(around, _)| *around == container) {
            let undone = recorder.to_patch(change, depth).inverse();
            undone.and_then(|patch| patch.apply(&mut value)).ok()?;
        }
    }
    Some(value)
}

/// How many segments of a path have no `/` in them, from the root.
pub(crate) fn without_slash(recorder: &Recorder, path: &[(RefId, &Segment)]) -> usize {
    let has_slash = |(_, segment): &(RefId, &Segment)| recorder.name(segment).contains('/');
    path.iter().position(has_slash).unwrap_or(path.len())
}

/// Writes what is in a place: structs and maps as objects; what is absent is left out.
pub(crate) fn write_slot(recorder: &Recorder, slot: &Slot, out: &mut Vec<u8>) {
    let id = match slot {
        Slot::Leaf(value) => return write::value(out, value),
        Slot::Node(id) => *id,
    };
    match recorder.document.node(id) {
        Node::Struct(of, fields) => {
            write::object(out, fields.iter().flatten().count());
            for (info, slot) in std::iter::zip(&recorder.types[*of].fields, fields) {
                if let Some(slot) = slot {
                    write::string(out, &info.name);
                    write_slot(recorder, slot, out);
                }
            }
        }
        Node::Map(_, entries) => {
            write::object(out, entries.len());
            for (key, slot) in entries {
                write::string(out, key);
                write_slot(recorder, slot, out);
            }
        }
        Node::Array(_, items) => {
            write::array(out, items.len());
            for slot in items {
                write_slot(recorder, slot, out);
            }
        }
    }
}
