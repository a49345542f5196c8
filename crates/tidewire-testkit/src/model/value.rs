//! Primitives: what is read of a value, and what two of them have in common.

use serde_json::Value as Json;

use super::{Reading, tree::Id};
use crate::types::Element;

/// A primitive, or what stands in a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Flag(bool),
    Whole(i128),
    /// A `float32`, as the double that equals it; a `float64`; a quantized number as it is read.
    Float(f64),
    /// A struct or a collection.
    Node(Id),
}

impl Value {
    pub(crate) fn node(&self) -> Option<Id> {
        if let Self::Node(id) = self { Some(*id) } else { None }
    }

    /// A primitive as it prints.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Whole(whole) => match u64::try_from(*whole) {
                Ok(positive) => positive.into(),
                Err(_) => i64::try_from(*whole).unwrap_or_default().into(),
            },
            Self::Float(float) => (*float).into(),
            Self::Node(_) => Json::Null,
        }
    }

    /// Whether a client that reads the one reads the other.
    pub(super) fn reads_as(&self, other: &Self, of: Element) -> bool {
        let double = |value: &Self| match value {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Float(float) if of == Element::Primitive("number") => Some(carried(*float)),
            Self::Float(float) => Some(*float),
            _ => None,
        };
        match (double(self), double(other)) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }

    pub(super) fn zero(primitive: &str) -> Self {
        match primitive {
            "string" => Self::Text(String::new()),
            "boolean" => Self::Flag(false),
            "number" | "float32" | "float64" => Self::Float(0.0),
            _ => Self::Whole(0),
        }
    }

    pub(super) fn primitive(name: &str, value: &Json, reading: Reading) -> Result<Self, String> {
        let wrong = || format!("{value} is no {name}");
        let double = || value.as_f64().ok_or_else(wrong);
        Ok(match name {
            "string" => Self::Text(value.as_str().ok_or_else(wrong)?.to_owned()),
            "boolean" => Self::Flag(value.as_bool().ok_or_else(wrong)?),
            // What a client would read alike is the same value.
            "number" if reading == Reading::Schema => Self::Float(carried(double()?)),
            "number" | "float64" => Self::Float(double()?),
            "float32" => Self::Float(f64::from(double()? as f32)),
            whole => {
                let bits: u32 =
                    whole.trim_start_matches(char::is_alphabetic).parse().map_err(|_| wrong())?;
                let range = if whole.starts_with('u') {
                    0..1_i128 << bits
                } else {
                    -(1_i128 << (bits - 1))..1_i128 << (bits - 1)
                };
                let number = value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
                let number =
                    number.or(value.as_f64().filter(|v| v.fract() == 0.0).map(|v| v as i128));
                Self::Whole(number.filter(|number| range.contains(number)).ok_or_else(wrong)?)
            }
        })
    }
}

/// What is left of a double that the schema protocol carried as a `number`.
fn carried(number: f64) -> f64 {
    let single = f64::from(number as f32);
    if number.fract() == 0.0 && (-2_147_483_648.0..=2_147_483_647.0).contains(&number) {
        // Zero has no sign.
        number + 0.0
    } else if (single.abs() - number.abs()).abs() < 0.0001 {
        single
    } else {
        number
    }
}
