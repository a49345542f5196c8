//! What a client asks for when it joins: an object of its own making.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Context as _, Result};

/// The options a client joins with, or a room is created with: the JSON object of the matchmaking request.
///
/// It comes from outside, so every value is read with the type it should have. Cheap to clone.
///
/// ```
/// use tidewire_server::Options;
///
/// let options = Options::from(serde_json::json!({"name": "Ada", "level": "high"}));
/// let name: String = options.get_or("name", "anonymous")?;
/// assert_eq!(name, "Ada");
/// assert!(options.get::<u8>("level").is_err());
/// assert_eq!(options.get::<u8>("rank")?, None);
/// # Ok::<(), tidewire_server::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options(Arc<Map<String, Value>>);

impl Options {
    /// The value of a key; `None` where there is none or it is `null`.
    ///
    /// # Errors
    /// When the value is not of this type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value)
                .map(Some)
                .context(format!("option `{key}` is of the wrong type")),
        }
    }

    /// The value of a key, or a default where there is none or it is `null`.
    ///
    /// # Errors
    /// When the value is not of this type.
    pub fn get_or<T: DeserializeOwned>(&self, key: &str, default: impl Into<T>) -> Result<T> {
        Ok(self.get(key)?.unwrap_or_else(|| default.into()))
    }

    /// All options as one value of a type.
    ///
    /// # Errors
    /// When the options do not fit it.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(Value::Object(self.as_map().clone()))
            .context("the options are of the wrong shape")
    }

    /// The object itself.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// These options, where the other ones win.
    #[must_use]
    pub(crate) fn overridden_by(&self, other: &Self) -> Self {
        if other.0.is_empty() {
            return self.clone();
        }
        let mut merged = self.as_map().clone();
        merged.extend(other.0.iter().map(|(key, value)| (key.clone(), value.clone())));
        Self(Arc::new(merged))
    }
}

impl From<Map<String, Value>> for Options {
    fn from(map: Map<String, Value>) -> Self {
        Self(Arc::new(map))
    }
}

/// The object, or no options at all for any other value.
impl From<Value> for Options {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(map) => map.into(),
            _ => Self::default(),
        }
    }
}
