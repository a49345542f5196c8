//! Fields that hold a value by themselves: primitives, and numbers that are sent as a step.

use tidewire_state::{FieldKind, PrimitiveKind, Value};

use super::change::as_kind;

/// What is read for a field, if it is no reference.
#[inline]
pub(super) fn leaf_kind(kind: FieldKind) -> Option<PrimitiveKind> {
    match kind {
        FieldKind::Primitive(kind) => Some(kind),
        FieldKind::Quantized(by) => Some(Value::Quantized(0, &by).kind()),
        _ => None,
    }
}

/// What was read for a field, as what it is.
#[inline]
pub(super) fn as_read<'a>(value: Value<'a>, kind: &'a FieldKind) -> Value<'a> {
    let FieldKind::Quantized(by) = kind else { return value };
    match value {
        Value::Uint8(step) => Value::Quantized(step.into(), by),
        Value::Uint16(step) => Value::Quantized(step.into(), by),
        Value::Uint32(step) => Value::Quantized(step, by),
        value => value,
    }
}

/// What the state holds in a field, as what is sent for it.
pub(super) fn as_leaf<'a>(value: Value<'a>, kind: &'a FieldKind) -> Value<'a> {
    match (kind, value) {
        (FieldKind::Primitive(kind), value) => as_kind(value, *kind),
        (FieldKind::Quantized(by), Value::Float32(value)) => {
            Value::Quantized(by.quantize(value.into()), by)
        }
        (FieldKind::Quantized(by), Value::Float64(value)) => {
            Value::Quantized(by.quantize(value), by)
        }
        (_, value) => value,
    }
}
