//! What goes to each client, line by line.

pub(crate) mod state_tree;

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Map, Value as Json};
use thiserror::Error;
use tidewire_patch::{
    Config, JsonEncoder, LightEncoder, MpackEncoder, PatchpackEncoder, json::to_json,
};
use tidewire_schema::{Encoder, Profile, number_as_read};
use tidewire_state::{DynField, DynPrimitive, DynStruct, Primitive, Tracked, Value};

use self::state_tree::StateTreeOutput;
use super::ScenarioError;

/// How the state is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// The schema protocol, for clients of a version.
    Schema(Profile),
    /// Plain JSON and RFC 6902 lists.
    Json,
    /// Mosx's MPackSerializer.
    Mpack,
    /// Mosx's LightSerializer.
    Light,
    /// patchpack, and Mosx's SchemaSerializer.
    Patchpack,
    /// One of the encodings that SwiftStateTree clients read.
    StateTree(tidewire_opcode::Config),
}

/// A codec that there is none of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// A name that nobody knows.
    #[error("there is no codec `{0}`: use {KNOWN}")]
    Unknown(String),
    /// No profile of the codec.
    #[error("the codec `{codec}` has no profile `{profile}`: {known}")]
    UnknownProfile {
        /// The codec.
        codec: &'static str,
        /// The name that was given.
        profile: String,
        /// What could have been given.
        known: &'static str,
    },
}

impl Codec {
    /// The codec with this name; without a profile, its newest.
    ///
    /// The state-tree encodings have the profiles `original`, byte for byte what the original server
    /// writes, which is what they are without one; `shortest`, as few bytes as its clients understand;
    /// and `plain`, arrays with paths as text.
    ///
    /// # Errors
    ///
    /// If there is no such codec or profile.
    ///
    /// ```
    /// use tidewire_cli::Codec;
    /// assert_eq!(Codec::from_names("schema", None), Codec::from_names("schema", Some("v5")));
    /// assert!(Codec::from_names("json", Some("v5")).is_err());
    /// ```
    pub fn from_names(codec: &str, profile: Option<&str>) -> Result<Self, CodecError> {
        match (codec, profile) {
            ("schema", Some("v3")) => Ok(Self::Schema(Profile::V3)),
            ("schema", Some("v4")) => Ok(Self::Schema(Profile::V4)),
            ("schema", None | Some("v5")) => Ok(Self::Schema(Profile::V5)),
            ("schema", Some(profile)) => Err(CodecError::UnknownProfile {
                codec: "schema",
                profile: profile.to_owned(),
                known: "use `v3`, `v4` or `v5`",
            }),
            (name, profile) => {
                if let Some(encoding) = state_tree::encoding(name) {
                    let profile = profile.unwrap_or("original");
                    let config = state_tree::config(encoding, profile);
                    return config.map(Self::StateTree).ok_or_else(|| CodecError::UnknownProfile {
                        codec: state_tree::name(encoding),
                        profile: profile.to_owned(),
                        known: state_tree::profiles(encoding),
                    });
                }
                let known = [Self::Json, Self::Mpack, Self::Light, Self::Patchpack];
                let codec = known.into_iter().find(|codec| codec.name() == name);
                let codec = codec.ok_or_else(|| CodecError::Unknown(name.to_owned()))?;
                profile.map_or(Ok(codec), |profile| {
                    Err(CodecError::UnknownProfile {
                        codec: codec.name(),
                        profile: profile.to_owned(),
                        known: "it has none",
                    })
                })
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Schema(_) => "schema",
            Self::Json => "json",
            Self::Mpack => "mpack",
            Self::Light => "light",
            Self::Patchpack => "patchpack",
            Self::StateTree(config) => state_tree::name(config.encoding),
        }
    }
}

/// The names of all codecs.
const KNOWN: &str = "`schema`, `json`, `mpack`, `light`, `patchpack`, `state-json`, `opcode-json` \
                     or `opcode-msgpack`";

/// Encodes a state and writes lines.
pub(super) struct Output<'w, W> {
    encoding: Encoding,
    out: &'w mut W,
}

enum Encoding {
    Schema(Box<Encoder>, Profile),
    Json(JsonEncoder),
    Mpack(MpackEncoder),
    Light(LightEncoder),
    Patchpack(PatchpackEncoder),
    StateTree(Box<StateTreeOutput>),
}

impl<'w, W: Write> Output<'w, W> {
    pub(super) fn new(
        codec: Codec,
        state: &Tracked<DynStruct>,
        out: &'w mut W,
    ) -> Result<Self, ScenarioError> {
        let config = Config::default();
        let encoding = match codec {
            Codec::Schema(profile) => Encoding::Schema(Box::new(Encoder::new(state)), profile),
            Codec::Json => Encoding::Json(JsonEncoder::new(state)),
            Codec::Mpack => Encoding::Mpack(MpackEncoder::new(state, config)),
            Codec::Light => Encoding::Light(LightEncoder::new(state, config)?),
            Codec::Patchpack => Encoding::Patchpack(PatchpackEncoder::new(state, config)),
            Codec::StateTree(config) => {
                Encoding::StateTree(Box::new(StateTreeOutput::new(state, config)?))
            }
        };
        Ok(Self { encoding, out })
    }

    /// One tick: what changed goes to all who have joined.
    pub(super) fn tick(
        &mut self,
        step: usize,
        state: &mut Tracked<DynStruct>,
        joined: &[String],
    ) -> Result<(), ScenarioError> {
        let patch = match &mut self.encoding {
            Encoding::Schema(encoder, _) => {
                Some(encoder.patch(state)).filter(|patch| !patch.is_empty()).map(quoted)
            }
            Encoding::Json(encoder) => {
                encoder.patch(state).map(|patch| quoted(patch.to_string().as_bytes()))
            }
            Encoding::Mpack(encoder) => list(encoder.patch(state)),
            Encoding::Light(encoder) => list(encoder.patch(state)),
            Encoding::Patchpack(encoder) => list(encoder.patch(state)),
            Encoding::StateTree(encoder) => encoder.patch(state)?.map(quoted),
        };
        if joined.is_empty() {
            return Ok(());
        }
        let json = self.state(state);
        for client in joined {
            if let Some(patch) = &patch {
                self.line(step, client, "patch", "hex", patch)?;
            }
            self.line(step, client, "state", "json", &json)?;
        }
        Ok(())
    }

    /// All that a newcomer is sent, right after a tick.
    pub(super) fn welcome(
        &mut self,
        step: usize,
        state: &Tracked<DynStruct>,
        client: &str,
    ) -> Result<(), ScenarioError> {
        let (handshake, snapshot) = match &mut self.encoding {
            Encoding::Schema(encoder, profile) => {
                (Some(quoted(&encoder.handshake(*profile))), quoted(encoder.snapshot(state)))
            }
            Encoding::Json(encoder) => {
                (None, quoted(encoder.snapshot(state).to_string().as_bytes()))
            }
            Encoding::Mpack(encoder) => (None, quoted(&encoder.snapshot())),
            Encoding::Light(encoder) => (None, quoted(&encoder.snapshot())),
            Encoding::Patchpack(encoder) => (None, quoted(&encoder.snapshot())),
            Encoding::StateTree(encoder) => (None, quoted(&encoder.first_sync())),
        };
        if let Some(handshake) = handshake {
            self.line(step, client, "handshake", "hex", &handshake)?;
        }
        self.line(step, client, "snapshot", "hex", &snapshot)?;
        self.line(step, client, "state", "json", &self.state(state))
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The state as every client must hold it now, as text.
    fn state(&self, state: &DynStruct) -> String {
        let primitive: fn(Value<'_>) -> Json = match self.encoding {
            Encoding::Schema(..) => |value| match value {
                Value::Number(value) => to_json(Value::Number(number_as_read(value))),
                value => to_json(value),
            },
            Encoding::Json(_) | Encoding::StateTree(_) => to_json,
            // They have no -0.
            Encoding::Mpack(_) | Encoding::Light(_) | Encoding::Patchpack(_) => |value| match value
            {
                Value::Number(value) | Value::Float64(value) => {
                    to_json(Value::Float64(value + 0.0))
                }
                Value::Float32(value) => to_json(Value::Float32(value + 0.0)),
                value => to_json(value),
            },
        };
        object(state, primitive).to_string()
    }

    fn line(
        &mut self,
        step: usize,
        client: &str,
        kind: &str,
        member: &str,
        value: &str,
    ) -> Result<(), ScenarioError> {
        let client = Json::from(client);
        writeln!(
            self.out,
            r#"{{"step":{step},"client":{client},"kind":"{kind}","{member}":{value}}}"#
        )?;
        Ok(())
    }
}

/// What a client holds of a struct, if it reads primitives as `primitive` says.
fn object(node: &DynStruct, primitive: fn(Value<'_>) -> Json) -> Json {
    let leaf = |value: &DynPrimitive| primitive(value.value());
    let mut members = Map::new();
    for (info, field) in node.fields() {
        let value = match field {
            DynField::Optional(None) | DynField::Ref(None) => continue,
            DynField::Shared(_)
            | DynField::SharedMap(_)
            | DynField::SharedArray(_)
            | DynField::SharedSet(_)
            | DynField::SharedCollection(_) => continue,
            DynField::Primitive(value) | DynField::Optional(Some(value)) => leaf(value),
            DynField::Ref(Some(node)) => object(node, primitive),
            DynField::PrimitiveMap(map) => {
                map.iter().map(|(key, value)| (key, leaf(value))).collect()
            }
            DynField::Map(map) => {
                map.iter().map(|(key, node)| (key, object(node, primitive))).collect()
            }
            DynField::PrimitiveArray(array) => array.iter().map(leaf).collect(),
            DynField::PrimitiveSet(set) => set.iter().map(leaf).collect(),
            DynField::PrimitiveCollection(collection) => collection.iter().map(leaf).collect(),
            DynField::Array(array) => array.iter().map(|node| object(node, primitive)).collect(),
        };
        members.insert(info.name.clone(), value);
    }
    Json::Object(members)
}

/// Messages of a codec that has one for each change.
fn list(messages: &[Vec<u8>]) -> Option<String> {
    let messages: Vec<String> = messages.iter().map(|bytes| quoted(bytes)).collect();
    (!messages.is_empty()).then(|| format!("[{}]", messages.join(",")))
}

/// Bytes as a JSON string.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    text
}
