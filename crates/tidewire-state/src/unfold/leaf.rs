//! A primitive that is kept.

use compact_str::CompactString;

use crate::{types::Quantized, value::Value, visitor::ValueList};

#[derive(Clone, Debug)]
pub(super) enum Leaf {
    String(CompactString),
    Quantized(u32, Quantized),
    Plain(Value<'static>),
}

impl Leaf {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::String(text) => Value::String(text),
            Self::Quantized(step, by) => Value::Quantized(*step, by),
            Self::Plain(value) => *value,
        }
    }
}

impl From<Value<'_>> for Leaf {
    fn from(value: Value<'_>) -> Self {
        Self::Plain(match value {
            Value::String(text) => return Self::String(text.into()),
            Value::Quantized(step, by) => return Self::Quantized(step, *by),
            Value::Boolean(value) => Value::Boolean(value),
            Value::Number(value) => Value::Number(value),
            Value::Int8(value) => Value::Int8(value),
            Value::Uint8(value) => Value::Uint8(value),
            Value::Int16(value) => Value::Int16(value),
            Value::Uint16(value) => Value::Uint16(value),
            Value::Int32(value) => Value::Int32(value),
            Value::Uint32(value) => Value::Uint32(value),
            Value::Int64(value) => Value::Int64(value),
            Value::Uint64(value) => Value::Uint64(value),
            Value::Float32(value) => Value::Float32(value),
            Value::Float64(value) => Value::Float64(value),
        })
    }
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

/// Leaves as a codec sees a list of them.
pub(super) struct Leaves<'a>(pub(super) &'a [Leaf]);

impl ValueList for Leaves<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn value(&self, index: usize) -> Value<'_> {
        self.0[index].value()
    }
}
