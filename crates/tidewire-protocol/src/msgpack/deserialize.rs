use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::Timestamp;

use super::access::{visit_list, visit_map};
use super::value::{TIMESTAMP, UNDEFINED, VALUE};
use super::{Error, Value};

/// Makes a `T` of a value, with JavaScript's loose idea of types: there is one type of number, so floats without a
/// fraction are integers and integers are floats; what is `undefined` is missing from its object, and `None` or `()`
/// elsewhere; bytes are a list of numbers too; a date is the number of its milliseconds, or its ISO text; map keys are
/// text that integers, booleans and unit variants can be read from. What is to be a [`Value`] is handed over as it is.
///
/// # Errors
/// [`Error::Type`] when it is no `T`.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(value)
}

impl IntoDeserializer<'_, Error> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Nil | Self::Undefined => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Int(value) => visitor.visit_i64(value),
            Self::UInt(value) => visitor.visit_u64(value),
            Self::F64(value) => match integer(value) {
                Some(Self::Int(value)) => visitor.visit_i64(value),
                Some(Self::UInt(value)) => visitor.visit_u64(value),
                _ => visitor.visit_f64(value),
            },
            Self::Str(value) => visitor.visit_string(value),
            Self::Bin(value) => visitor.visit_byte_buf(value),
            Self::Array(values) => visit_list(values, visitor),
            Self::Map(mut entries) => {
                entries.retain(|(_, value)| !matches!(value, Self::Undefined));
                visit_map(entries, visitor)
            }
            Self::Timestamp(value) => visitor.visit_i64(value.millis()),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::F64(value) => visitor.visit_f64(value),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Timestamp(value) => visitor.visit_string(value.to_string()),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_nothing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Bin(bytes) => visit_list(bytes, visitor),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            VALUE => visitor.visit_newtype_struct(Exact(self)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (variant, content) = match self {
            Self::Str(variant) => (variant, None),
            Self::Map(mut entries) if entries.len() == 1 => match entries.pop() {
                Some((variant, content)) => (variant, Some(content)),
                None => return Err(Error::custom("an object without keys for an enum")),
            },
            _ => {
                return Err(Error::custom(
                    "expected the name of a variant, or an object with it as the only key",
                ));
            }
        };
        visitor.visit_enum(Variant { variant, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 char bytes byte_buf unit unit_struct map struct identifier
    }
}

/// The integer that a float is. JavaScript writes integers above 2³² as floats.
fn integer(value: f64) -> Option<Value> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() != 0.0 || !(-TWO_TO_63..2.0 * TWO_TO_63).contains(&value) {
        None
    } else if value < TWO_TO_63 {
        Some(Value::Int(value as i64))
    } else {
        Some(Value::UInt(value as u64))
    }
}

/// A value that is wanted as a [`Value`]: what serde has no types for are variants of an enum.
struct Exact(Value);

impl<'de> Deserializer<'de> for Exact {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (variant, content) = match self.0 {
            Value::Undefined => (UNDEFINED, None),
            Value::Timestamp(Timestamp { seconds, nanos }) => {
                (TIMESTAMP, Some([seconds, nanos.into()].map(Value::Int)))
            }
            Value::F64(value) => return visitor.visit_f64(value),
            Value::Map(entries) => return visit_map(entries, visitor),
            other => return other.deserialize_any(visitor),
        };
        let content = content.map(|content| Value::Array(content.into()));
        visitor.visit_enum(Variant { variant: variant.to_owned(), content })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A map's key: text, and whatever text can be read as.
pub(super) struct Key<'a>(pub(super) &'a str);

macro_rules! parsed_key {
    ($($method:ident => $visit:ident: $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse::<$type>() {
                Ok(key) => visitor.$visit(key),
                Err(_) => Err(Error::invalid_value(Unexpected::Str(self.0), &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    parsed_key! {
        deserialize_bool => visit_bool: bool,
        deserialize_i8 => visit_i8: i8,
        deserialize_i16 => visit_i16: i16,
        deserialize_i32 => visit_i32: i32,
        deserialize_i64 => visit_i64: i64,
        deserialize_u8 => visit_u8: u8,
        deserialize_u16 => visit_u16: u16,
        deserialize_u32 => visit_u32: u32,
        deserialize_u64 => visit_u64: u64,
        deserialize_f32 => visit_f32: f32,
        deserialize_f64 => visit_f64: f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant { variant: self.0.to_owned(), content: None })
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum: the name of its variant, and what that holds.
struct Variant {
    variant: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Content;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content), Error> {
        let made = seed.deserialize(Key(&self.variant))?;
        Ok((made, Content { variant: self.variant, value: self.content.unwrap_or_default() }))
    }
}

/// What an enum's variant holds; `undefined` for one without content.
struct Content {
    variant: String,
    value: Value,
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.value.is_nothing() {
            Ok(())
        } else {
            Err(Error::custom("expected no content for this variant"))
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.value).map_err(|error| error.at_key(&self.variant))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_seq(visitor).map_err(|error| error.at_key(&self.variant))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value.deserialize_any(visitor).map_err(|error| error.at_key(&self.variant))
    }
}
