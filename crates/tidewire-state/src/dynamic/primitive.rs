//! A primitive whose kind is known only when the program runs.

use std::fmt;

use crate::{
    array::ArraySlots,
    leaf::{items_visit, items_walk_own, leaf, option_walk_own, walk_own},
    schema::{Element, EntryChange, Field, Gone},
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, Quantized},
    value::{Primitive, PrimitiveKind, Value},
    visitor::{EntryAt, Visitor},
};

/// An owned [`Value`].
#[expect(missing_docs, reason = "each variant is the kind of the same name")]
pub enum DynPrimitive {
    String(String),
    Boolean(bool),
    Number(f64),
    Int8(i8),
    Uint8(u8),
    Int16(i16),
    Uint16(u16),
    Int32(i32),
    Uint32(u32),
    Int64(i64),
    Uint64(u64),
    Float32(f32),
    Float64(f64),
    Quantized(u32, Box<Quantized>),
}

leaf!(DynPrimitive);

impl DynPrimitive {
    /// Takes a value of whatever kind. What memory it has is kept.
    // The kind is known in many places: only its own arm is left there.
    #[inline(always)]
    pub fn put(&mut self, value: Value<'_>) {
        match (&mut *self, value) {
            (Self::String(current), Value::String(value)) => {
                current.clear();
                current.push_str(value);
            }
            // Those that change all the time, without a look at what has to be dropped.
            (Self::Float32(current), Value::Float32(value)) => *current = value,
            (Self::Number(current), Value::Number(value)) => *current = value,
            (Self::Uint16(current), Value::Uint16(value)) => *current = value,
            (Self::Quantized(current, by), Value::Quantized(step, other)) if **by == *other => {
                *current = step;
            }
            (current, value) => current.replace(value),
        }
    }

    #[inline(never)]
    fn replace(&mut self, value: Value<'_>) {
        *self = value.into();
    }
}

impl From<Value<'_>> for DynPrimitive {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::String(value) => Self::String(value.to_owned()),
            Value::Boolean(value) => Self::Boolean(value),
            Value::Number(value) => Self::Number(value),
            Value::Int8(value) => Self::Int8(value),
            Value::Uint8(value) => Self::Uint8(value),
            Value::Int16(value) => Self::Int16(value),
            Value::Uint16(value) => Self::Uint16(value),
            Value::Int32(value) => Self::Int32(value),
            Value::Uint32(value) => Self::Uint32(value),
            Value::Int64(value) => Self::Int64(value),
            Value::Uint64(value) => Self::Uint64(value),
            Value::Float32(value) => Self::Float32(value),
            Value::Float64(value) => Self::Float64(value),
            Value::Quantized(step, by) => Self::Quantized(step, Box::new(*by)),
        }
    }
}

impl Primitive for DynPrimitive {
    type Sent = Self;

    fn value(&self) -> Value<'_> {
        match self {
            Self::String(value) => Value::String(value),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Number(value) => Value::Number(*value),
            Self::Int8(value) => Value::Int8(*value),
            Self::Uint8(value) => Value::Uint8(*value),
            Self::Int16(value) => Value::Int16(*value),
            Self::Uint16(value) => Value::Uint16(*value),
            Self::Int32(value) => Value::Int32(*value),
            Self::Uint32(value) => Value::Uint32(*value),
            Self::Int64(value) => Value::Int64(*value),
            Self::Uint64(value) => Value::Uint64(*value),
            Self::Float32(value) => Value::Float32(*value),
            Self::Float64(value) => Value::Float64(*value),
            Self::Quantized(step, by) => Value::Quantized(*step, by),
        }
    }

    fn sent_value(sent: &Self) -> Value<'_> {
        sent.value()
    }

    fn is_sent(&self, sent: &Self) -> bool {
        self.value() == sent.value()
    }

    fn remember(&self, sent: &mut Self) {
        sent.clone_from(self);
    }

    fn assign(&mut self, value: Value<'_>) -> Result<(), PrimitiveKind> {
        let expected = self.value().kind();
        if value.kind() != expected {
            return Err(expected);
        }
        self.put(value);
        Ok(())
    }
}

/// A place that no value was put in yet.
impl Default for DynPrimitive {
    fn default() -> Self {
        Self::Boolean(false)
    }
}

impl Clone for DynPrimitive {
    fn clone(&self) -> Self {
        self.value().into()
    }

    fn clone_from(&mut self, source: &Self) {
        self.put(source.value());
    }
}

/// Same kind and same bits.
impl PartialEq for DynPrimitive {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl Eq for DynPrimitive {}

impl fmt::Debug for DynPrimitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(value) => value.fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) | Self::Float64(value) => value.fmt(f),
            Self::Int8(value) => value.fmt(f),
            Self::Uint8(value) => value.fmt(f),
            Self::Int16(value) => value.fmt(f),
            Self::Uint16(value) => value.fmt(f),
            Self::Int32(value) => value.fmt(f),
            Self::Uint32(value) => value.fmt(f),
            Self::Int64(value) => value.fmt(f),
            Self::Uint64(value) => value.fmt(f),
            Self::Float32(value) => value.fmt(f),
            Self::Quantized(step, by) => by.dequantize(*step).fmt(f),
        }
    }
}
