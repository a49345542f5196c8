//! The table of types and properties, and whether types fit it.

use thiserror::Error;
use tidewire_state::{ElementKind, FieldKind, PrimitiveKind, TypeIndex, TypeSet};

use super::LONGEST_PATH;
use crate::{
    notepack::{self, Object, Value},
    refusal::PROTO,
};

/// Why the types of a state cannot be spoken in `light`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TableError {
    /// A type whose number no signed byte holds.
    #[error(
        "type `{name}` is number {index} of the state, and `light` has {MOST} types: use another codec, or fewer types"
    )]
    TooManyTypes {
        /// The first type too many.
        name: String,
        /// Its number, from 0.
        index: usize,
    },
    /// Two types that clients could not tell apart.
    #[error("two types are called `{name}`, by which `light` tells types apart: rename one")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A type that clients could not find.
    #[error(
        "a type is called `{PROTO}`, which is no member of JavaScript objects, and `light` finds types by name: rename it"
    )]
    UnfindableName,
    /// A type that lies too deep.
    #[error(
        "a path into type `{name}` takes {size} bytes, and `light` has {LONGEST_PATH}: nest less deeply"
    )]
    TooDeep {
        /// The type.
        name: String,
        /// The bytes of the longest path to one of its fields.
        size: usize,
    },
}

/// How many types there can be. As many properties a type could have, which no state has: its types have 63 fields.
const MOST: usize = 128;

/// The table in MessagePack, of types that fit it.
pub(super) fn encode(types: &TypeSet) -> Result<Vec<u8>, TableError> {
    check(types)?;
    let name = |index: TypeIndex| Value::from(types[index].name.as_str());
    let mut table = Object::default();
    for (index, of) in types.types.iter().enumerate() {
        let element = |kind| match kind {
            ElementKind::Primitive(kind) => declared(kind).into(),
            ElementKind::Ref(index) => name(index),
        };
        let collection = |kind: &str, of| {
            let members = [("type".to_owned(), kind.into()), ("items".to_owned(), element(of))];
            Value::Object(Object::from_iter(members))
        };
        // JavaScript objects have no such member. Nobody is told of the field either.
        let fields = of.fields.iter().filter(|field| field.name != PROTO);
        let schema = fields.map(|field| {
            let declared = match field.kind {
                FieldKind::Primitive(kind) => declared(kind).into(),
                FieldKind::Ref(index) => name(index),
                FieldKind::Map(of) => collection("map", of),
                FieldKind::Array(of) | FieldKind::Set(of) | FieldKind::Collection(of) => {
                    collection("array", of)
                }
                _ => "any".into(),
            };
            (field.name.clone(), declared)
        });
        let props = of.fields.iter().map(|field| field.name.as_str().into());
        let members = [
            ("index".to_owned(), (index as u64).into()),
            ("parent".to_owned(), Value::Undefined),
            ("props".to_owned(), Value::Array(props.collect())),
            ("schema".to_owned(), Value::Object(schema.collect())),
        ];
        table.insert(of.name.clone(), Value::Object(Object::from_iter(members)));
    }
    Ok(notepack::encode(&Value::Object(table)))
}

/// What Mosx calls a primitive.
fn declared(kind: PrimitiveKind) -> &'static str {
    match kind {
        PrimitiveKind::String => "string",
        PrimitiveKind::Boolean => "boolean",
        _ => "number",
    }
}

fn check(types: &TypeSet) -> Result<(), TableError> {
    for (index, of) in types.types.iter().enumerate() {
        let name = || of.name.clone();
        if index >= MOST {
            return Err(TableError::TooManyTypes { name: name(), index });
        }
        if of.name == PROTO {
            return Err(TableError::UnfindableName);
        }
        if types.types[..index].iter().any(|other| other.name == of.name) {
            return Err(TableError::DuplicateName { name: name() });
        }
    }
    // The longest path to each type, from what leads to it. Types that hold themselves have no
    // longest path: where one gets too long, it is cut.
    let mut longest = vec![None; types.types.len()];
    let Some(order) = in_order(types) else { return Ok(()) };
    longest[types.root.0 as usize] = Some(0);
    for at in order {
        let Some(size) = longest[at] else { continue };
        let of = &types.types[at];
        let steps = of.fields.iter().map(|field| match field.kind {
            FieldKind::Map(_) | FieldKind::Array(_) => 3,
            FieldKind::Set(_) | FieldKind::Collection(_) => 3,
            _ => 2,
        });
        let deepest = size + steps.max().unwrap_or_default();
        if deepest > LONGEST_PATH {
            return Err(TableError::TooDeep { name: of.name.clone(), size: deepest });
        }
        for (below, step) in below(types, at) {
            longest[below] = longest[below].max(Some(size + step));
        }
    }
    Ok(())
}

/// The types that a type's fields lead to, and the bytes of the path from it to each. Where a type is declared, those
/// that extend it can be as well.
fn below(types: &TypeSet, at: usize) -> impl Iterator<Item = (usize, usize)> {
    let declared = types.types[at].fields.iter().filter_map(|field| match field.kind {
        FieldKind::Ref(of) => Some((of, 2)),
        FieldKind::Map(ElementKind::Ref(of))
        | FieldKind::Array(ElementKind::Ref(of))
        | FieldKind::Set(ElementKind::Ref(of))
        | FieldKind::Collection(ElementKind::Ref(of)) => Some((of, 3)),
        _ => None,
    });
    declared.flat_map(move |(of, step)| {
        let all = (0..types.types.len()).map(|below| TypeIndex(below as u32));
        all.filter(move |below| types.is_a(*below, of)).map(move |below| (below.0 as usize, step))
    })
}

/// All types, each behind those that lead to it; nothing if types hold themselves.
fn in_order(types: &TypeSet) -> Option<Vec<usize>> {
    let mut leading = vec![0_usize; types.types.len()];
    for at in 0..types.types.len() {
        for (below, _) in below(types, at) {
            leading[below] += 1;
        }
    }
    let mut order: Vec<usize> = (0..leading.len()).filter(|&at| leading[at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        for (below, _) in below(types, at) {
            leading[below] -= 1;
            if leading[below] == 0 {
                order.push(below);
            }
        }
        next += 1;
    }
    (order.len() == leading.len()).then_some(order)
}
