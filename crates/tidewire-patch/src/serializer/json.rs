//! Patches and values out of JSON and into it, for serializers that write it, and for serde.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::Value as Json;

use crate::{Op, Patch, PatchError, Path, notepack::Value};

impl Patch {
    /// Reads what [`to_json`](Self::to_json) gives: an operation of RFC 6902, of those that a state has. Out of a text,
    /// serde reads the same, and says of what is wrong where it stands.
    ///
    /// ```
    /// use tidewire_patch::{Patch, PatchError};
    /// let json = serde_json::json!({"op": "replace", "path": "/round", "value": 2, "oldValue": 1});
    /// assert_eq!(Patch::from_json(&json)?.to_json(), json);
    ///
    /// let text = json.to_string();
    /// let patch: Patch = serde_json::from_str(&text).unwrap();
    /// assert_eq!(serde_json::to_string(&patch).unwrap(), text);
    /// let list: Result<Vec<Patch>, _> = serde_json::from_str(r#"[{"op":"add","path":"/a","value":1},{"op":"move","path":"/a"}]"#);
    /// assert_eq!(
    ///     list.unwrap_err().to_string(),
    ///     "the member `op` of a patch is `move`, and not add, replace or remove at line 1 column 48",
    /// );
    /// # Ok::<(), PatchError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is something else: which member is wrong, and how.
    pub fn from_json(json: &Json) -> Result<Self, PatchError> {
        let wrong = |member: &'static str, what: String| PatchError::Member { member, what };
        let text = |member: &'static str| match json.get(member) {
            Some(Json::String(text)) => Ok(text),
            Some(other) => Err(wrong(member, format!("is `{}`, and no text", shortened(other)))),
            None if json.is_object() => Err(wrong(member, "is missing".to_owned())),
            None => {
                Err(wrong(member, format!("is missing, since `{}` is no object", shortened(json))))
            }
        };
        let parts = Parts {
            op: Some(op(text("op")?)?),
            path: Some(text("path")?.parse()?),
            value: json.get("value").map(Value::from),
            old: json.get("oldValue").map(Value::from),
        };
        parts.patch()
    }
}

/// What of a patch was read.
#[derive(Default)]
struct Parts {
    op: Option<Op>,
    path: Option<Path>,
    value: Option<Value>,
    old: Option<Value>,
}

impl Parts {
    fn patch(self) -> Result<Patch, PatchError> {
        let missing = |member| PatchError::Member { member, what: "is missing".to_owned() };
        let op = self.op.ok_or(missing("op"))?;
        let path = self.path.ok_or(missing("path"))?;
        if op != Op::Remove && self.value.is_none() {
            return Err(missing("value"));
        }
        // RFC 6902 has members that an operation does not know ignored.
        let value = self.value.filter(|_| op != Op::Remove);
        Ok(Patch { op, path, value, old: self.old })
    }
}

fn op(name: &str) -> Result<Op, PatchError> {
    let known = [Op::Add, Op::Replace, Op::Remove].into_iter().find(|op| op.name() == name);
    known.ok_or_else(|| PatchError::Member {
        member: "op",
        what: format!("is `{}`, and not add, replace or remove", shortened(&name.into())),
    })
}

/// A value for a message.
fn shortened(json: &Json) -> String {
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// An operation of RFC 6902, as [`Patch::to_json`] gives it.
impl Serialize for Patch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("op", self.op.name())?;
        members.serialize_entry("path", &self.path.to_string())?;
        for (name, value) in [("value", &self.value), ("oldValue", &self.old)] {
            if let Some(value) = value {
                members.serialize_entry(name, &value.to_json())?;
            }
        }
        members.end()
    }
}

/// An operation of RFC 6902, of those that a state has.
impl<'de> Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Patch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an operation of RFC 6902")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Patch, A::Error> {
                let mut parts = Parts::default();
                while let Some(name) = members.next_key::<String>()? {
                    match &*name {
                        "op" => {
                            let name: String = members.next_value()?;
                            parts.op = Some(op(&name).map_err(A::Error::custom)?);
                        }
                        "path" => {
                            let path: String = members.next_value()?;
                            parts.path = Some(path.parse().map_err(A::Error::custom)?);
                        }
                        "value" => parts.value = Some((&members.next_value::<Json>()?).into()),
                        "oldValue" => parts.old = Some((&members.next_value::<Json>()?).into()),
                        _ => drop(members.next_value::<IgnoredAny>()?),
                    }
                }
                parts.patch().map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_map(Members)
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
