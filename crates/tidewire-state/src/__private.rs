//! What derived code calls. Not for anyone else: it may change in any release.

pub use crate::{
    array::{ArrayMirror, ArraySlot, ArraySlots},
    instance::InstanceMirror,
    map::MapMirror,
    node::NodeMirror,
    number::AsNumber,
    receive::{
        FieldSource, Fresh, Misfit, New, Receive, Skipped, SkippedWithoutDefault, StructSink,
        ValueSink,
    },
    schema::{Describe, EntryChange, Field, Schema, SchemaType},
    tracker::{Owner, Walk},
    types::{FieldIndex, FieldInfo, TypeIndex, TypeSet, TypesBuilder},
    value::Value,
    visitor::Visitor,
};

/// Describes the field `name` of type `F`.
pub fn field<F: Describe>(name: &str, types: &mut TypesBuilder) -> FieldInfo {
    FieldInfo { name: name.to_owned(), kind: F::describe_field(types), optional: F::OPTIONAL }
}

/// There is no field with this number.
///
/// # Errors
///
/// Always.
pub fn no_place(at: u8) -> Result<(), Misfit> {
    Err(Misfit::NoPlace(usize::from(at)))
}

/// Describes the type `S` and all that it reaches.
pub fn describe<S: SchemaType>() -> TypeSet {
    let mut types = TypesBuilder::default();
    let root = S::describe_type(&mut types);
    types.finish(root)
}
