//! Values as state-tree clients hold them.

use std::{collections::BTreeMap, sync::Arc};

use tidewire_state::Value;

use crate::{
    encode::Encoding,
    format::{Format, JsonText, MessagePack},
};

/// A value: what a patch sets, what a message carries, what a client holds.
///
/// Structs and maps are objects, whose members are written in bytewise order of their names.
#[derive(Clone, Debug, Default)]
pub enum Tree {
    /// Nothing: what an absent optional is.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// Any 64-bit integer, signed or not. JavaScript clients read it exactly up to 2^53.
    Integer(i128),
    /// A finite number. Whole ones stay doubles in MessagePack.
    Double(f64),
    /// UTF-8 text.
    String(Arc<str>),
    /// A list, which patches replace whole.
    Array(Vec<Tree>),
    /// A struct or a map.
    Object(Members),
}

/// The members of an object.
pub type Members = BTreeMap<Arc<str>, Tree>;

impl Tree {
    /// An object of these members.
    pub fn object<K: Into<Arc<str>>>(members: impl IntoIterator<Item = (K, Tree)>) -> Self {
        Self::Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The member of an object with this name.
    pub fn member(&self, name: &str) -> Option<&Tree> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as bytes: compact JSON text, or MessagePack.
    pub fn encode(&self, encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        match encoding {
            Encoding::JsonObject | Encoding::OpcodeJson => {
                JsonText { out: &mut out, escape_slashes: false }.tree(self);
            }
            Encoding::OpcodeMessagePack => MessagePack { out: &mut out }.tree(self),
        }
        out
    }

    /// The values of an object in the bytewise order of their names, as payloads stand in arrays.
    /// Everything else stays as it is.
    ///
    /// ```
    /// use tidewire_opcode::Tree;
    /// let payload = Tree::object([("to", Tree::from(1)), ("from", 2.into()), ("To", 3.into())]);
    /// assert_eq!(payload.into_tuple(), Tree::from(vec![3, 2, 1]));
    /// ```
    #[must_use]
    pub fn into_tuple(self) -> Self {
        match self {
            Self::Object(members) => Self::Array(members.into_values().collect()),
            other => other,
        }
    }

    /// Whether clients hold this as one value: a vector or an angle in whole units.
    ///
    /// Such a value is `{x, y}`, `{x, y, z}` or `{degrees}` of integers, or `{v}` of an object.
    pub fn is_atomic(&self) -> bool {
        let Self::Object(members) = self else { return false };
        let has = |name: &str| matches!(members.get(name), Some(Self::Integer(_)));
        match members.len() {
            1 => has("degrees") || matches!(members.get("v"), Some(Self::Object(_))),
            2 => has("x") && has("y"),
            3 => has("x") && has("y") && has("z"),
            _ => false,
        }
    }
}

/// Doubles are the same if their bits are.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => false,
        }
    }
}

/// A primitive of the state.
///
/// JSON knows no NaN and no infinity, and all encodings tell the same state: they are 0 and
/// ±(2^53 − 1). The protocol's `number` is an integer where it is whole.
impl From<Value<'_>> for Tree {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::String(text) => Self::String(text.into()),
            Value::Boolean(value) => Self::Boolean(value),
            Value::Number(value) => number(value),
            Value::Int8(value) => Self::Integer(value.into()),
            Value::Uint8(value) => Self::Integer(value.into()),
            Value::Int16(value) => Self::Integer(value.into()),
            Value::Uint16(value) => Self::Integer(value.into()),
            Value::Int32(value) => Self::Integer(value.into()),
            Value::Uint32(value) => Self::Integer(value.into()),
            Value::Int64(value) => Self::Integer(value.into()),
            Value::Uint64(value) => Self::Integer(value.into()),
            Value::Float32(value) => Self::from(f64::from(value)),
            Value::Float64(value) => Self::from(value),
            Value::Quantized(step, by) => Self::from(by.dequantize(step)),
        }
    }
}

/// Not a number is 0, the infinities are ±(2^53 − 1).
impl From<f64> for Tree {
    fn from(value: f64) -> Self {
        match value {
            _ if value.is_nan() => Self::Double(0.0),
            _ if value.is_infinite() => Self::Double(MAX_SAFE_INTEGER.copysign(value)),
            _ => Self::Double(value),
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl From<$type> for Tree {
            fn from(value: $type) -> Self {
                Self::Integer(value.into())
            }
        }
    )*};
}

integers!(i8 u8 i16 u16 i32 u32 i64 u64);

impl<T: Into<Tree>> From<Vec<T>> for Tree {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Tree>> From<Option<T>> for Tree {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

fn number(value: f64) -> Tree {
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    if value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER && !is_negative_zero {
        Tree::Integer(value as i128)
    } else {
        value.into()
    }
}

/// 2^53 − 1, the largest integer up to which doubles hold every one.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    use tidewire_state::Value;

    use super::*;

    #[test]
    fn primitives() {
        assert_eq!(Tree::from(Value::Number(3.0)), Tree::Integer(3));
        assert_eq!(Tree::from(Value::Number(-0.0)), Tree::Double(-0.0));
        assert_eq!(Tree::from(Value::Float32(3.0)), Tree::Double(3.0));
        assert_eq!(Tree::from(Value::Float64(f64::NAN)), Tree::Double(0.0));
        let lowest = Value::Float64(f64::NEG_INFINITY);
        assert_eq!(Tree::from(lowest), Tree::Double(-MAX_SAFE_INTEGER));
        assert_eq!(Tree::from(Value::Uint64(u64::MAX)), Tree::Integer(u64::MAX.into()));
    }

    #[test]
    fn atomic_values() {
        let vector = || Tree::object([("x", Tree::from(1)), ("y", 2.into())]);
        assert!(vector().is_atomic());
        assert!(Tree::object([("v", vector())]).is_atomic());
        assert!(Tree::object([("degrees", 5)].map(|(k, v)| (k, Tree::from(v)))).is_atomic());
        assert!(!Tree::object([("x", Tree::from(1)), ("y", 0.5.into())]).is_atomic());
        assert!(!Tree::object([("v", Tree::from(1))]).is_atomic());
        assert!(
            !Tree::object([("x", Tree::from(1)), ("y", 2.into()), ("w", 3.into())]).is_atomic()
        );
    }
}
