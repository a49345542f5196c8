//! What each codec sends, as text for a line.
//!
//! Clients differ by their views alone, so a codec is asked three things: what a tick sends to who sees
//! what everyone sees, what it sends to who has a view, and what a newcomer is sent.

use std::fmt::Write as _;

use serde_json::Value as Json;
use tidewire_patch::{
    Config, JsonEncoder, LightEncoder, MpackEncoder, PatchpackEncoder, Refusal, json::to_json,
    refused_field,
};
use tidewire_schema::{Encoder, Profile, number_as_read};
use tidewire_state::{FieldInfo, FieldKind, Schema, Tracked, TypeSet, Value, ViewId};

use super::{Codec, state_tree::StateTreeOutput};
use crate::scenario::{ScenarioError, world::World};

/// A codec at work.
pub(super) enum Encoding {
    Schema(Box<Encoder>, Profile),
    Json(JsonEncoder),
    Mpack(MpackEncoder),
    Light(LightEncoder),
    Patchpack(PatchpackEncoder),
    StateTree(Box<StateTreeOutput>),
}

impl Encoding {
    pub(super) fn new<W: World>(codec: Codec, state: &Tracked<W>) -> Result<Self, ScenarioError> {
        let types = state.types();
        check_carried(codec, &types)
            .map_err(|what| ScenarioError::NotCarried { codec: codec.name(), what })?;
        let config = Config::default();
        Ok(match codec {
            Codec::Schema(profile) => Self::Schema(Box::new(Encoder::new(state)), profile),
            Codec::Json => Self::Json(JsonEncoder::new(state)),
            Codec::Mpack => Self::Mpack(MpackEncoder::new(state, config)),
            Codec::Light => Self::Light(LightEncoder::new(state, config)?),
            Codec::Patchpack => Self::Patchpack(PatchpackEncoder::new(state, config)),
            Codec::StateTree(config) => {
                Self::StateTree(Box::new(StateTreeOutput::new(state, config)?))
            }
        })
    }

    /// One tick: consumes the changes. What is sent to clients without a view, if anything.
    pub(super) fn patch<S: Schema>(
        &mut self,
        state: &mut Tracked<S>,
    ) -> Result<Option<String>, ScenarioError> {
        Ok(match self {
            Self::Schema(encoder, _) => message(encoder.patch(state)),
            Self::Json(encoder) => {
                encoder.patch(state).map(|patch| quoted(patch.to_string().as_bytes()))
            }
            Self::Mpack(encoder) => list(encoder.patch(state)),
            Self::Light(encoder) => list(encoder.patch(state)),
            Self::Patchpack(encoder) => list(encoder.patch(state)),
            Self::StateTree(encoder) => encoder.patch(state)?.map(quoted),
        })
    }

    /// What the last tick sends to the client with this view, if anything.
    pub(super) fn patch_for<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
    ) -> Result<Option<String>, ScenarioError> {
        Ok(match self {
            Self::Schema(encoder, _) => message(encoder.patch_for(state, view)),
            Self::Json(encoder) => {
                let patch = encoder.patch_for(state, view);
                patch.map(|patch| quoted(patch.to_string().as_bytes()))
            }
            Self::Mpack(encoder) => list(encoder.patch_for(state, view)),
            Self::Light(encoder) => list(encoder.patch_for(state, view)),
            Self::Patchpack(encoder) => list(encoder.patch_for(state, view)),
            Self::StateTree(encoder) => encoder.patch_for(state, view)?.map(quoted),
        })
    }

    /// What is sent before the first state, if anything.
    pub(super) fn handshake(&self) -> Option<String> {
        match self {
            Self::Schema(encoder, profile) => Some(quoted(&encoder.handshake(*profile))),
            _ => None,
        }
    }

    /// All there is for a newcomer, right after a tick.
    pub(super) fn snapshot<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: Option<ViewId>,
    ) -> Result<String, ScenarioError> {
        Ok(match (self, view) {
            (Self::Schema(encoder, _), None) => quoted(encoder.snapshot(state)),
            (Self::Schema(encoder, _), Some(view)) => quoted(encoder.snapshot_for(state, view)),
            (Self::Json(encoder), None) => quoted(encoder.snapshot(state).to_string().as_bytes()),
            (Self::Json(encoder), Some(view)) => {
                quoted(encoder.snapshot_for(state, view).to_string().as_bytes())
            }
            (Self::Mpack(encoder), None) => quoted(&encoder.snapshot()),
            (Self::Mpack(encoder), Some(view)) => quoted(&encoder.snapshot_for(state, view)),
            (Self::Light(encoder), None) => quoted(&encoder.snapshot()),
            (Self::Light(encoder), Some(view)) => quoted(&encoder.snapshot_for(state, view)),
            (Self::Patchpack(encoder), None) => quoted(&encoder.snapshot()),
            (Self::Patchpack(encoder), Some(view)) => quoted(&encoder.snapshot_for(state, view)),
            (Self::StateTree(encoder), view) => quoted(&encoder.first_sync(state, view)?),
        })
    }

    /// Says what of a state the last tick left out, of what everyone sees or a view.
    pub(super) fn check_told(&self, view: Option<ViewId>) -> Result<(), ScenarioError> {
        let (codec, refusal) = match self {
            Self::Schema(..) => return Ok(()),
            Self::Json(encoder) => ("json", encoder.refusal(view)),
            Self::Mpack(encoder) => ("mpack", encoder.refusal(view)),
            Self::Light(encoder) => ("light", encoder.refusal(view)),
            Self::Patchpack(encoder) => ("patchpack", encoder.refusal(view)),
            Self::StateTree(encoder) => (encoder.name(), encoder.refusal(view).map(Refusal::from)),
        };
        let what = match refusal {
            None => return Ok(()),
            Some(Refusal::Key { path }) => {
                format!("the key `{path}`: JavaScript clients cannot hold it")
            }
            Some(refusal) => format!("all of this state: {refusal}"),
        };
        Err(ScenarioError::NotCarried { codec, what })
    }

    /// The client with this view is gone.
    pub(super) fn forget(&mut self, view: ViewId) {
        match self {
            Self::Schema(encoder, _) => encoder.forget_view(view),
            Self::Json(encoder) => encoder.forget_view(view),
            Self::Mpack(encoder) => encoder.forget_view(view),
            Self::Light(encoder) => encoder.forget_view(view),
            Self::Patchpack(encoder) => encoder.forget_view(view),
            Self::StateTree(encoder) => encoder.forget_view(view),
        }
    }

    /// How its clients read primitives.
    pub(super) fn primitive(&self) -> fn(Value<'_>) -> Json {
        match self {
            Self::Schema(..) => |value| match value {
                Value::Number(value) => to_json(Value::Number(number_as_read(value))),
                value => to_json(value),
            },
            Self::Json(_) | Self::StateTree(_) => to_json,
            // They have no -0.
            Self::Mpack(_) | Self::Light(_) | Self::Patchpack(_) => |value| match value {
                Value::Number(value) | Value::Float64(value) => {
                    to_json(Value::Float64(value + 0.0))
                }
                Value::Float32(value) => to_json(Value::Float32(value + 0.0)),
                value => to_json(value),
            },
        }
    }
}

/// Says what in such a state a codec has no form for.
fn check_carried(codec: Codec, types: &TypeSet) -> Result<(), String> {
    if let Codec::Json | Codec::Mpack | Codec::Light | Codec::Patchpack = codec
        && let Some((of, field)) = refused_field(types)
    {
        return Err(format!(
            "the field `{field}` of type `{of}`: JavaScript clients cannot hold it; rename it"
        ));
    }
    let Codec::Schema(Profile::V3 | Profile::V4) = codec else { return Ok(()) };
    let quantized = types.types.iter().find_map(|info| {
        let is_quantized = |field: &&FieldInfo| matches!(field.kind, FieldKind::Quantized(_));
        Some((info, info.fields.iter().find(is_quantized)?))
    });
    quantized.map_or(Ok(()), |(info, field)| {
        Err(format!(
            "the field `{}` of type `{}` to clients of this version: quantized numbers need the profile \
             `v5`",
            field.name, info.name,
        ))
    })
}

/// One message, if there is anything in it.
fn message(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| quoted(bytes))
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
