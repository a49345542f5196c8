use std::fmt;

use serde::de::{
    Deserialize, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::ser::{Serialize, Serializer};

use crate::Timestamp;

/// Any value of a message.
///
/// As the type that a message is read as, or a part of it, it is what the client sent: [`decode`](super::decode)'s value,
/// `undefined` members of objects included. Only as a field of a struct it wants `#[serde(default)]` for what is
/// `undefined`, because that is missing there as in any struct. [`to_vec`](super::to_vec) gives it back as it came. In other
/// formats, such as JSON, `undefined` is written as `null` and a date as its milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, and a date that is none.
    Nil,
    /// `undefined`: also what functions become, and a message without payload.
    #[default]
    Undefined,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A float. JavaScript writes integers above 2³² so too.
    F64(f64),
    /// A string.
    Str(String),
    /// Bytes: `Uint8Array`, `ArrayBuffer`.
    Bin(Vec<u8>),
    /// An array.
    Array(Vec<Value>),
    /// An object or a `Map`, its keys as text, in order. A key may come up twice only in a `Map` that was not
    /// JavaScript's.
    Map(Vec<(String, Value)>),
    /// A date.
    Timestamp(Timestamp),
}

impl From<u64> for Value {
    /// An [`Int`](Self::Int) where it fits.
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::UInt(value), Self::Int)
    }
}

impl Value {
    /// The value at a key of a map; `None` for anything else.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                entries.iter().find_map(|(name, value)| (name == key).then_some(value))
            }
            _ => None,
        }
    }

    /// Whether it is `null` or `undefined`.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nil | Self::Undefined)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_unit(),
            Self::Undefined => serializer.serialize_unit_struct(UNDEFINED),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::UInt(value) => serializer.serialize_u64(*value),
            Self::F64(value) => serializer.serialize_f64(*value),
            Self::Str(value) => serializer.serialize_str(value),
            Self::Bin(value) => serializer.serialize_bytes(value),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
            Self::Timestamp(value) => value.serialize(serializer),
        }
    }
}

/// The name by which the deserializer knows that a [`Value`] is wanted, which it can hand over as it is.
pub(super) const VALUE: &str = "$tidewire::Value";

/// The name of `undefined` among serde's types: a unit struct that the serializer knows, and the variant of an enum that
/// the deserializer makes.
pub(super) const UNDEFINED: &str = "$tidewire::Undefined";

/// The name of the variant that a date is, with its seconds and nanoseconds.
pub(super) const TIMESTAMP: &str = "$tidewire::Timestamp";

/// As a newtype with a name of its own. Our deserializer sees it and gives what serde has no types for as variants of an enum;
/// the others see a newtype as any other, and read what is in it.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(VALUE, AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::F64(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Str(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Str(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Bin(value.to_vec()))
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bin(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (name, content) = data.variant::<String>()?;
        match name.as_str() {
            UNDEFINED => content.unit_variant().map(|()| Value::Undefined),
            TIMESTAMP => {
                let (seconds, nanos) = content.newtype_variant()?;
                Ok(Value::Timestamp(Timestamp { seconds, nanos }))
            }
            _ => Err(A::Error::invalid_type(Unexpected::Enum, &self)),
        }
    }
}
