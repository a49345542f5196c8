//! The handshake: a description of the types, written in the schema protocol itself.

use tidewire_state::{
    ElementKind, FieldInfo, FieldKind, PrimitiveKind, Quantized, QuantizedMode, RefId, TypeInfo,
    TypeSet, Value,
};

use crate::wire::{self, SWITCH_TO_STRUCTURE, op};

/// Whose form the handshake has. Snapshots and patches are the same for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `@colyseus/schema` 3.x, of `colyseus.js` 0.16, and the SDKs of that level.
    V3,
    /// `@colyseus/schema` 4.x, of `@colyseus/sdk` 0.17: the same form as [`V3`](Self::V3).
    V4,
    /// `@colyseus/schema` 5.x, of `@colyseus/sdk` 0.18.
    #[default]
    V5,
    /// One that decoders of 3.x, 4.x and 5.x all read, behind the room protocol's `cd lo hi`.
    /// Older ones print warnings: one for those bytes, one for each collection of primitives.
    Polyglot,
}

/// Fields of `Reflection`.
const TYPES: u8 = 0;
const ROOT_TYPE: u8 = 1;
/// Fields of `ReflectionType`.
const ID: u8 = 0;
const EXTENDS_ID: u8 = 1;
const FIELDS: u8 = 2;
/// Fields of `ReflectionField`.
const NAME: u8 = 0;
const TYPE: u8 = 1;
const REFERENCED_TYPE: u8 = 2;
const CHILD_PRIMITIVE: u8 = 3;
const QUANTIZED: u8 = 4;
/// Fields of `QuantizedDescriptor`.
const MIN: u8 = 0;
const MAX: u8 = 1;
const BITS: u8 = 2;
const MODE: u8 = 3;

/// `referencedType` of a collection of primitives, as a `number`: -1.
const NO_TYPE: u8 = 0xff;

pub(super) fn write(types: &TypeSet, profile: Profile) -> Vec<u8> {
    let mut out = Vec::new();
    if profile == Profile::Polyglot {
        switch(&mut out, RefId::ROOT);
    }
    // The root is 0, its list of types 1; each type is followed by its list and its fields.
    let list = RefId(1);
    out.extend([op::ADD | TYPES, list.0 as u8]);
    if types.root.0 > 0 {
        out.push(op::ADD | ROOT_TYPE);
        wire::write_unsigned(&mut out, types.root.0);
    }
    switch(&mut out, list);
    let inherited_by = |info: &TypeInfo| match info.extends {
        Some(base) => types[base].fields.len(),
        None => 0,
    };
    let mut node = RefId(2);
    for (index, info) in (0..).zip(&types.types) {
        add_item(&mut out, index, node);
        node.0 += 2 + (info.fields.len() - inherited_by(info)) as u32;
    }
    let mut descriptor = node;
    let mut node = RefId(2);
    for (id, info) in (0..).zip(&types.types) {
        let inherited = inherited_by(info);
        let fields = RefId(node.0 + 1);
        switch(&mut out, node);
        out.push(op::ADD | ID);
        wire::write_unsigned(&mut out, id);
        if let Some(base) = info.extends {
            out.push(op::ADD | EXTENDS_ID);
            wire::write_unsigned(&mut out, base.0);
        }
        out.push(op::ADD | FIELDS);
        wire::write_ref(&mut out, fields);
        switch(&mut out, fields);
        for (index, _) in (0..).zip(&info.fields[inherited..]) {
            add_item(&mut out, index, RefId(fields.0 + 1 + index));
        }
        for (index, field) in (0..).zip(&info.fields[inherited..]) {
            let at = RefId(fields.0 + 1 + index);
            switch(&mut out, at);
            match field.kind {
                FieldKind::Quantized(by) => {
                    write_quantized(&mut out, &field.name, &by, profile, at, descriptor);
                    descriptor.0 += 1;
                }
                _ => write_field(&mut out, field, profile),
            }
        }
        node.0 += 2 + (info.fields.len() - inherited) as u32;
    }
    out
}

fn switch(out: &mut Vec<u8>, node: RefId) {
    out.push(SWITCH_TO_STRUCTURE);
    wire::write_ref(out, node);
}

fn add_item(out: &mut Vec<u8>, index: u32, node: RefId) {
    out.push(op::ADD);
    wire::write_unsigned(out, index);
    wire::write_ref(out, node);
}

fn write_field(out: &mut Vec<u8>, field: &FieldInfo, profile: Profile) {
    write_text(out, NAME, &field.name);
    match field.kind {
        // Decoders take any `referencedType`, even none, for a sign of a reference or collection.
        FieldKind::Primitive(kind) => write_text(out, TYPE, kind.name()),
        FieldKind::Ref(to) => write_type(out, "ref", Some(to.0)),
        FieldKind::Map(element) => write_collection(out, "map", element, profile),
        FieldKind::Array(element) => write_collection(out, "array", element, profile),
        FieldKind::Set(element) => write_collection(out, "set", element, profile),
        FieldKind::Collection(element) => write_collection(out, "collection", element, profile),
        _ => unreachable!("kinds of fields are added to the protocol and here together"),
    }
}

/// Older decoders know no such field: they read the number of the step.
fn write_quantized(
    out: &mut Vec<u8>,
    name: &str,
    by: &Quantized,
    profile: Profile,
    field: RefId,
    descriptor: RefId,
) {
    write_text(out, NAME, name);
    if profile != Profile::V5 {
        write_text(out, TYPE, Value::Quantized(0, by).kind().name());
    }
    if let Profile::V5 | Profile::Polyglot = profile {
        out.push(op::ADD | QUANTIZED);
        wire::write_ref(out, descriptor);
        write_text(out, TYPE, "quantized");
        switch(out, descriptor);
        for (at, end) in [(MIN, by.min()), (MAX, by.max())] {
            out.push(op::ADD | at);
            out.extend_from_slice(&end.to_le_bytes());
        }
        out.extend([op::ADD | BITS, by.bits()]);
        out.extend([op::ADD | MODE, u8::from(by.mode() == QuantizedMode::Wrap)]);
        switch(out, field);
    }
}

fn write_type(out: &mut Vec<u8>, name: &str, referenced: Option<u32>) {
    out.push(op::ADD | REFERENCED_TYPE);
    match referenced {
        Some(id) => wire::write_unsigned(out, id),
        None => out.push(NO_TYPE),
    }
    write_text(out, TYPE, name);
}

fn write_collection(out: &mut Vec<u8>, name: &str, element: ElementKind, profile: Profile) {
    let kind = match element {
        ElementKind::Ref(to) => return write_type(out, name, Some(to.0)),
        ElementKind::Primitive(kind) => kind,
    };
    let joined = |kind: PrimitiveKind| format!("{name}:{kind}");
    match profile {
        Profile::V3 | Profile::V4 => write_type(out, &joined(kind), None),
        Profile::V5 => {
            write_type(out, name, None);
            write_text(out, CHILD_PRIMITIVE, kind.name());
        }
        Profile::Polyglot => {
            // Older decoders take the first type and skip from the unknown field on; newer ones
            // end with the last.
            write_type(out, &joined(kind), None);
            write_text(out, CHILD_PRIMITIVE, kind.name());
            write_text(out, TYPE, name);
        }
    }
}

fn write_text(out: &mut Vec<u8>, field: u8, text: &str) {
    out.push(op::ADD | field);
    wire::write_string(out, text);
}
