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
    record::{PathStep, Recorder},
};

/// A change as it is sent.
pub(crate) struct Said<'a> {
    pub(crate) op: Op,
    pub(crate) path: &'a [PathStep],
    pub(crate) value: Option<&'a Slot>,
    pub(crate) old: Option<Value>,
}

/// What putting changes into words needs, to be used again in the next tick.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    path: Vec<PathStep>,
    covered: HashSet<RefId>,
}

impl Scratch {
    /// Tells the changes of the last walk, none of them at a path that cannot be said. `sayable`
    /// tells how many segments of one, from the root, can be.
    pub(crate) fn say(
        &mut self,
        recorder: &Recorder,
        sayable: impl Fn(&[PathStep]) -> usize,
        mut say: impl FnMut(Said<'_>),
    ) {
        let Self { path, covered } = self;
        covered.clear();
        for (at, change) in recorder.changes.iter().enumerate() {
            recorder.path_of(at, path);
            if !covered.is_empty() && path.iter().any(|step| covered.contains(&step.around)) {
                continue;
            }
            let len = sayable(path);
            if len == path.len() {
                let old = change.old.as_ref().map(|old| old.to_value(&recorder.types));
                say(Said { op: change.op, path, value: change.value.as_ref(), old });
            } else {
                let container = path[len].around;
                covered.insert(container);
                let old = before(recorder, at, container, len);
                let value = Some(&Slot::Node(container));
                say(Said { op: Op::Replace, path: &path[..len], value, old });
            }
        }
    }
}

/// What a container held before the change with this number, if the changes say so.
fn before(recorder: &Recorder, change: usize, container: RefId, depth: usize) -> Option<Value> {
    if !recorder.is_reversible() {
        return None;
    }
    let mut value = recorder.value(&Slot::Node(container));
    let mut path = Vec::new();
    for change in (change..recorder.changes.len()).rev() {
        recorder.path_of(change, &mut path);
        if path.get(depth).is_some_and(|step| step.around == container) {
            let undone = recorder.to_patch(change, depth).inverse();
            undone.and_then(|patch| patch.apply(&mut value)).ok()?;
        }
    }
    Some(value)
}

/// How many segments of a path have no `/` in them, from the root.
pub(crate) fn without_slash(recorder: &Recorder, path: &[PathStep]) -> usize {
    let has_slash = |step: &PathStep| recorder.name(recorder.segment(*step)).contains('/');
    path.iter().position(has_slash).unwrap_or(path.len())
}

/// Writes what is in a place: structs and maps as objects; what is absent is left out.
pub(crate) fn write_slot(recorder: &Recorder, slot: &Slot, out: &mut Vec<u8>) {
    let id = match slot {
        Slot::Leaf(value) => return write::value(out, value),
        Slot::Node(id) => *id,
    };
    match recorder.document.node(id) {
        Node::Struct(of, run) => {
            let fields = recorder.document.fields(*run);
            write::object(out, fields.iter().flatten().count());
            for (info, slot) in std::iter::zip(&recorder.types[*of].fields, fields) {
                if let Some(slot) = slot {
                    write::string(out, &info.name);
                    write_slot(recorder, slot, out);
                }
            }
        }
        Node::Map(entries) => {
            write::object(out, entries.len());
            for (key, slot) in entries.iter() {
                write::string(out, key);
                write_slot(recorder, slot, out);
            }
        }
        Node::Array(items) => {
            write::array(out, items.len());
            for slot in items {
                write_slot(recorder, slot, out);
            }
        }
    }
}
