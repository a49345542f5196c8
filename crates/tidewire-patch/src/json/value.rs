//! Primitives as JSON.

use serde_json::Value as Json;
use tidewire_state::Value;

/// A primitive as this codec's clients hold it.
///
/// ```
/// use tidewire_patch::json::to_json;
/// use tidewire_state::Value;
/// assert_eq!(to_json(Value::Uint64(u64::MAX)).to_string(), "18446744073709551615");
/// assert_eq!(to_json(Value::Float32(0.1)).to_string(), "0.10000000149011612");
/// assert_eq!(to_json(Value::Number(3.0)).to_string(), "3");
/// assert_eq!(to_json(Value::Float64(f64::NEG_INFINITY)).to_string(), "-9007199254740991");
/// ```
pub fn to_json(value: Value<'_>) -> Json {
    match value {
        Value::String(value) => value.into(),
        Value::Boolean(value) => value.into(),
        Value::Number(value) | Value::Float64(value) => double(value),
        Value::Int8(value) => value.into(),
        Value::Uint8(value) => value.into(),
        Value::Int16(value) => value.into(),
        Value::Uint16(value) => value.into(),
        Value::Int32(value) => value.into(),
        Value::Uint32(value) => value.into(),
        Value::Int64(value) => value.into(),
        Value::Uint64(value) => value.into(),
        Value::Float32(value) => double(f64::from(value)),
        Value::Quantized(step, by) => double(by.dequantize(step)),
    }
}

/// Whether two values of one kind are told apart by a client.
pub(super) fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) | (Value::Float64(a), Value::Float64(b)) => {
            sayable(a).to_bits() == sayable(b).to_bits()
        }
        (Value::Float32(a), Value::Float32(b)) => {
            same(Value::Float64(a.into()), Value::Float64(b.into()))
        }
        (a, b) => a == b,
    }
}

/// Whole doubles are written as integers, up to where every integer is a double.
fn double(value: f64) -> Json {
    let value = sayable(value);
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    if value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER && !is_negative_zero {
        (value as i64).into()
    } else {
        value.into()
    }
}

/// JSON knows no NaN and no infinity.
fn sayable(value: f64) -> f64 {
    match value {
        _ if value.is_nan() => 0.0,
        _ if value.is_infinite() => MAX_SAFE_INTEGER.copysign(value),
        _ => value,
    }
}

/// 2^53 − 1, the largest integer up to which doubles hold every one.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
