//! Codecs of Tidewire that speak in patches of JSON.
//!
//! [`json`] tells what changed as RFC 6902 lists, for a debugger, a log, or any client with a JSON
//! patch library. Clients of Mosx, Magx and patchpack read the binary forms: [`mpack`], in which a
//! patch is a small array; [`light`], in which names are numbers of a table that comes with the
//! snapshot; [`patchpack`], in which a patch names a node and a position in it. Who wants other
//! bytes writes a [`Serializer`].

pub mod bundle;
mod changes;
mod document;
pub mod json;
pub mod light;
mod messages;
pub mod mpack;
pub mod notepack;
mod patch;
pub mod patchpack;
mod record;
mod refusal;
pub mod serializer;
mod text;
mod tracker;

pub use json_patch::{Patch as JsonPatch, PatchOperation};

pub use crate::{
    changes::{Config, PatchEncoder},
    json::JsonEncoder,
    light::{LightDecoder, LightEncoder},
    mpack::MpackEncoder,
    patch::{Op, Patch, PatchError, Path},
    patchpack::{PatchpackDecoder, PatchpackEncoder},
    refusal::{Refusal, refused_field},
    serializer::{Serializer, SerializerEncoder},
    tracker::{
        ListenerConfig, ListenerId, Tracker, TrackerConfig, TrackerError, TrackerSerializer,
    },
};
