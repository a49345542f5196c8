//! What payloads are made of.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
    sync::Arc,
};

use tidewire_state::{ElementKind, FieldKind, PrimitiveKind, TypesBuilder};

use super::{PayloadError, PayloadField, PayloadItem, field_of};
use crate::tree::Tree;

pub(super) fn wrong(tree: &Tree, expected: &'static str) -> PayloadError {
    let found = match tree {
        Tree::Null => "null".to_owned(),
        Tree::Boolean(value) => value.to_string(),
        Tree::Integer(value) => value.to_string(),
        Tree::Double(value) => value.to_string(),
        Tree::String(_) => "a text".to_owned(),
        Tree::Array(_) => "an array".to_owned(),
        Tree::Object(_) => "an object".to_owned(),
    };
    PayloadError::Wrong { path: String::new(), expected, found }
}

macro_rules! primitives {
    ($($type:ty, $kind:ident, $to:expr, $read:expr;)*) => {$(
        impl PayloadField for $type {
            fn describe(types: &mut TypesBuilder) -> FieldKind {
                field_of(Self::describe_item(types))
            }

            fn to_tree(&self) -> Tree {
                let to: fn(&Self) -> Tree = $to;
                to(self)
            }

            fn read(tree: &Tree) -> Result<Self, PayloadError> {
                let read: fn(&Tree) -> Result<Self, PayloadError> = $read;
                read(tree)
            }
        }

        impl PayloadItem for $type {
            fn describe_item(_: &mut TypesBuilder) -> ElementKind {
                ElementKind::Primitive(PrimitiveKind::$kind)
            }
        }
    )*};
}

primitives! {
    i8, Int8, |value| (*value).into(), |tree| integer(tree, "a whole number from -128 to 127");
    u8, Uint8, |value| (*value).into(), |tree| integer(tree, "a whole number from 0 to 255");
    i16, Int16, |value| (*value).into(), |tree| integer(tree, "a whole number of 16 bits");
    u16, Uint16, |value| (*value).into(), |tree| integer(tree, "a whole number from 0 to 65535");
    i32, Int32, |value| (*value).into(), |tree| integer(tree, "a whole number of 32 bits");
    u32, Uint32, |value| (*value).into(), |tree| integer(tree, "a positive whole number of 32 bits");
    i64, Int64, |value| (*value).into(), |tree| integer(tree, "a whole number of 64 bits");
    u64, Uint64, |value| (*value).into(), |tree| integer(tree, "a positive whole number of 64 bits");
    f32, Float32, |value| f64::from(*value).into(), single;
    f64, Float64, |value| (*value).into(), double;
    bool, Boolean, |value| (*value).into(), boolean;
    String, String, |value| value.as_str().into(), |tree| text(tree).map(str::to_owned);
    Arc<str>, String, |value| Tree::String(Arc::clone(value)), |tree| text(tree).map(Into::into);
}

/// JavaScript writes large whole numbers as doubles.
fn integer<T: TryFrom<i128>>(tree: &Tree, expected: &'static str) -> Result<T, PayloadError> {
    let value = match tree {
        Tree::Integer(value) => Some(*value),
        Tree::Double(value) if value.fract() == 0.0 => Some(*value as i128),
        _ => None,
    };
    value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| wrong(tree, expected))
}

/// JavaScript writes whole numbers as integers. What is no number would spread through a game's state.
fn double(tree: &Tree) -> Result<f64, PayloadError> {
    match tree {
        Tree::Integer(value) => Ok(*value as f64),
        Tree::Double(value) if value.is_finite() => Ok(*value),
        other => Err(wrong(other, "a finite number")),
    }
}

fn single(tree: &Tree) -> Result<f32, PayloadError> {
    let value = double(tree)? as f32;
    if value.is_infinite() {
        return Err(wrong(tree, "a number that 32 bits can hold"));
    }
    Ok(value)
}

fn boolean(tree: &Tree) -> Result<bool, PayloadError> {
    match tree {
        Tree::Boolean(value) => Ok(*value),
        other => Err(wrong(other, "true or false")),
    }
}

fn text(tree: &Tree) -> Result<&str, PayloadError> {
    tree.as_str().ok_or_else(|| wrong(tree, "a text"))
}

impl<T: PayloadItem> PayloadField for Vec<T> {
    fn describe(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Array(T::describe_item(types))
    }

    fn to_tree(&self) -> Tree {
        Tree::Array(self.iter().map(T::to_tree).collect())
    }

    fn read(tree: &Tree) -> Result<Self, PayloadError> {
        let Tree::Array(items) = tree else { return Err(wrong(tree, "an array")) };
        let item = |(at, item): (usize, &Tree)| {
            T::read(item).map_err(|error| error.below(&at.to_string()))
        };
        items.iter().enumerate().map(item).collect()
    }
}

macro_rules! maps {
    ($(($($parameter:ident: $bound:path)?) $type:ty;)*) => {$(
        impl<T: PayloadItem, $($parameter: $bound + Default)?> PayloadField for $type {
            fn describe(types: &mut TypesBuilder) -> FieldKind {
                FieldKind::Map(T::describe_item(types))
            }

            fn to_tree(&self) -> Tree {
                Tree::object(self.iter().map(|(key, value)| (key.as_str(), value.to_tree())))
            }

            fn read(tree: &Tree) -> Result<Self, PayloadError> {
                let Tree::Object(members) = tree else { return Err(wrong(tree, "an object")) };
                let entry = |(key, value): (&Arc<str>, &Tree)| {
                    let value = T::read(value).map_err(|error| error.below(key))?;
                    Ok((key.to_string(), value))
                };
                members.iter().map(entry).collect()
            }
        }
    )*};
}

maps! {
    () BTreeMap<String, T>;
    (S: BuildHasher) HashMap<String, T, S>;
}
