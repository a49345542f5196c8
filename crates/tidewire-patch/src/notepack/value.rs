//! What a message can hold.

use serde_json::Value as Json;
use tidewire_state::Value as Leaf;

use super::object::Object;

/// Text. Up to 24 bytes of it lie in the value itself.
pub type Text = compact_str::CompactString;

/// A value of JavaScript, as far as messages can hold it.
///
/// Numbers are equal if they are the same number, whatever their form, and `NaN` equals itself;
/// objects are equal in any order.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// JavaScript's `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number, 0 or above.
    Unsigned(u64),
    /// A whole number below 0.
    Signed(i64),
    /// Any other number.
    Double(f64),
    /// Text.
    String(Text),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Milliseconds since 1970.
    Date(i64),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The number, if it is one, as JavaScript has it.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Unsigned(value) => Some(value as f64),
            Self::Signed(value) => Some(value as f64),
            Self::Double(value) => Some(value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number that this is, in whatever form, if it is 0 or above.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(value) => Some(value),
            Self::Double(value) if value.fract() == 0.0 && (0.0..TWO_64).contains(&value) => {
                Some(value as u64)
            }
            _ => None,
        }
    }

    /// Whether this is `undefined`.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    /// This value in JSON, which has no `undefined` (it is `null`, also in objects, so that a JSON patch may replace it;
    /// what patchpack does not have under a key or in a position is left out), no `NaN` and no infinity (see [`to_json`](crate::json::to_json)), no
    /// bytes (a list of numbers) and no dates (milliseconds).
    pub fn to_json(&self) -> Json {
        match self {
            Self::Undefined | Self::Null => Json::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Unsigned(value) => (*value).into(),
            Self::Signed(value) | Self::Date(value) => (*value).into(),
            Self::Double(value) => crate::json::to_json(Leaf::Float64(*value)),
            Self::String(text) => text.as_str().into(),
            Self::Bytes(bytes) => bytes.as_slice().into(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(members) => members.to_json(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined, Self::Undefined) | (Self::Null, Self::Null) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Unsigned(a), Self::Unsigned(b)) => a == b,
            (Self::Signed(a), Self::Signed(b)) | (Self::Date(a), Self::Date(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (a, b) => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
                _ => false,
            },
        }
    }
}

/// A leaf of the state.
impl From<Leaf<'_>> for Value {
    fn from(leaf: Leaf<'_>) -> Self {
        match leaf {
            Leaf::String(text) => text.into(),
            Leaf::Boolean(value) => value.into(),
            Leaf::Number(value) | Leaf::Float64(value) => value.into(),
            Leaf::Float32(value) => f64::from(value).into(),
            Leaf::Int8(value) => i64::from(value).into(),
            Leaf::Int16(value) => i64::from(value).into(),
            Leaf::Int32(value) => i64::from(value).into(),
            Leaf::Int64(value) => value.into(),
            Leaf::Uint8(value) => value.into(),
            Leaf::Uint16(value) => value.into(),
            Leaf::Uint32(value) => value.into(),
            Leaf::Uint64(value) => value.into(),
            Leaf::Quantized(step, by) => by.dequantize(step).into(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        u64::try_from(value).map_or(Self::Signed(value), Self::Unsigned)
    }
}

macro_rules! from_unsigned {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::Unsigned(value.into())
            }
        }
    )*};
}

from_unsigned!(u8, u16, u32, u64);

/// 2^64.
pub(super) const TWO_64: f64 = 18_446_744_073_709_551_616.0;
