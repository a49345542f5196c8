//! Operations for one client, from the shadow.

use tidewire_state::{
    DynPrimitive, FieldIndex, MemberEdit, Primitive, RefEdit, RefId, Sending, TypeSet, Value,
    ValueEdit, ValueList, Visitor,
};

use super::shadow::{Content, Key, StructShadow};
use crate::{
    encode::writer::Writer,
    wire::{self, op},
};

/// Values of a shadow.
struct Values<'a>(&'a [DynPrimitive]);

impl ValueList for Values<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn value(&self, index: usize) -> Value<'_> {
        self.0[index].value()
    }
}

/// The fields of a struct for which `shows` says so, of those that hold values. A struct that is new is
/// told of as in the patch that it came with, another one as in a snapshot.
pub(super) fn fields(
    out: &mut Writer,
    node: &StructShadow,
    types: &TypeSet,
    is_new: bool,
    shows: impl Fn(FieldIndex) -> bool,
) {
    let infos = &types[node.index].fields;
    for (at, value) in (0..).map(FieldIndex).zip(&node.values) {
        if let Some(value) = value
            && is_sent(infos[usize::from(at.0)].sending, is_new)
            && shows(at)
        {
            out.field_op(op::ADD, at);
            wire::write_value(&mut out.out, value.value());
        }
    }
}

/// All fields of a struct that hold values.
pub(super) fn all_fields(out: &mut Writer, node: &StructShadow) {
    for (at, value) in (0..).zip(&node.values) {
        if let Some(value) = value {
            out.switch();
            wire::write_field(&mut out.out, op::ADD | at, value.value());
        }
    }
}

fn is_sent(sending: Sending, is_new: bool) -> bool {
    match sending {
        Sending::Always | Sending::Unreliable => true,
        Sending::PatchOnly => is_new,
        Sending::SnapshotOnly => !is_new,
        Sending::Never => false,
    }
}

/// All values of a collection.
pub(super) fn values(out: &mut Writer, content: &Content) {
    let none = Values(&[]);
    match content {
        Content::MapOfValues(entries) => {
            for (number, (key, value)) in entries.iter() {
                out.index_op(op::ADD, number);
                wire::write_string(&mut out.out, key);
                wire::write_value(&mut out.out, value.value());
            }
        }
        Content::Values(list) => {
            out.items(ValueEdit { from: 0, before: &none, after: &Values(list) });
        }
        Content::MemberValues { owner, field, values } => {
            let all = &Values(values);
            let edit = ValueEdit { from: 0, before: &none, after: all };
            out.show_members(MemberEdit { owner: *owner, field: *field, edit, all });
        }
        Content::Struct(_)
        | Content::MapOfNodes(_)
        | Content::Nodes(_)
        | Content::Members { .. } => {}
    }
}

/// An entry of a map of values, with its key; nothing if it is gone.
pub(super) fn value(
    out: &mut Writer,
    number: u32,
    had: bool,
    entry: Option<&(String, DynPrimitive)>,
) {
    let Some((key, value)) = entry else { return out.index_op(op::DELETE, number) };
    out.index_op(if had { op::REPLACE } else { op::ADD }, number);
    if !had {
        wire::write_string(&mut out.out, key);
    }
    wire::write_value(&mut out.out, value.value());
}

/// The items of an array.
pub(super) fn items(out: &mut Writer, edit: RefEdit<'_>) {
    if edit.before != edit.after {
        out.item_references(edit);
    }
}

/// What a place leads to. `number` is that of an entry of a set or a collection for this client.
pub(super) fn place(
    out: &mut Writer,
    content: &Content,
    key: Key,
    number: u32,
    had: bool,
    child: Option<RefId>,
) {
    let op = match (had, child) {
        (true, Some(_)) => op::DELETE_AND_ADD,
        (true, None) => op::DELETE,
        (false, _) => op::ADD,
    };
    match key {
        Key::Field(field) => {
            out.field_op(op, field);
            if let (Some(child), Content::Struct(node)) = (child, content) {
                out.write_reference(node.index, field, child);
            }
        }
        Key::Entry(index) => {
            out.index_op(op, index);
            if let (Some(child), Content::MapOfNodes(entries)) = (child, content) {
                let key = entries.get(index).map_or("", |(key, _)| key.as_str());
                wire::write_string(&mut out.out, key);
                out.write_element(child);
            }
        }
        Key::Member(_) => {
            out.index_op(op, number);
            if let Some(child) = child {
                out.write_element(child);
            }
        }
        Key::Items => {}
    }
}
