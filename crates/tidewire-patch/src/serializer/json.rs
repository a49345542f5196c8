//! Patches and values out of JSON, for serializers that write it.

use serde_json::Value as Json;

use super::SerializerError;
use crate::{Op, Patch, notepack::Value};

impl Patch {
    /// Reads what [`to_json`](Self::to_json) gives: an operation of RFC 6902, of those that a state has.
    ///
    /// ```
    /// use tidewire_patch::Patch;
    /// let json = serde_json::json!({"op": "replace", "path": "/round", "value": 2, "oldValue": 1});
    /// assert_eq!(Patch::from_json(&json)?.to_json(), json);
    /// # Ok::<(), tidewire_patch::serializer::SerializerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is something else.
    pub fn from_json(json: &Json) -> Result<Self, SerializerError> {
        let text = |name: &str| {
            let text = json.get(name).and_then(Json::as_str);
            text.ok_or_else(|| SerializerError::new(format!("the patch has no text `{name}`")))
        };
        let op = match text("op")? {
            "add" => Op::Add,
            "replace" => Op::Replace,
            "remove" => Op::Remove,
            other => {
                let words = format!("operation `{other}` is none of add, replace and remove");
                return Err(SerializerError::new(words));
            }
        };
        let value = json.get("value").map(Value::from);
        let old = json.get("oldValue").map(Value::from);
        Ok(Self { op, path: text("path")?.parse()?, value, old })
    }
}

/// A number beyond 64 bits is the double next to it.
impl From<&Json> for Value {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => (*value).into(),
            Json::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => number.into(),
                (_, Some(number)) => number.into(),
                _ => number.as_f64().unwrap_or_default().into(),
            },
            Json::String(text) => text.as_str().into(),
            Json::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(
                members.iter().map(|(key, member)| (key.clone(), member.into())).collect(),
            ),
        }
    }
}
