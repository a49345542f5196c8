//! What goes to each client, line by line.

mod encoding;
mod sight;
pub(crate) mod state_tree;

use std::{
    collections::HashMap,
    io::{self, Write},
};

use serde_json::Value as Json;
use thiserror::Error;
use tidewire_schema::Profile;
use tidewire_state::{Schema, StateView, Tracked};

use self::{
    encoding::Encoding,
    sight::{Order, Sight},
};
use super::{ScenarioError, steps::Client, world::World};

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
    /// What came to each client with a view that has joined, in which order.
    orders: HashMap<String, Order>,
    out: &'w mut W,
}

impl<'w, W: Write> Output<'w, W> {
    pub(super) fn new<N: World>(
        codec: Codec,
        state: &Tracked<N>,
        out: &'w mut W,
    ) -> Result<Self, ScenarioError> {
        Ok(Self { encoding: Encoding::new(codec, state)?, orders: HashMap::new(), out })
    }

    /// One tick: what changed goes to all who have joined.
    pub(super) fn tick<'c, S: Schema>(
        &mut self,
        step: usize,
        state: &mut Tracked<S>,
        joined: impl ExactSizeIterator<Item = &'c Client>,
    ) -> Result<(), ScenarioError> {
        let shared = self.encoding.patch(state)?;
        if joined.len() == 0 {
            return Ok(());
        }
        let sight = Sight::new(state, self.encoding.primitive());
        // What everyone without a view sees is worked out once.
        let mut public: Option<String> = None;
        for client in joined {
            let own;
            let patch = match client.view {
                Some(view) => {
                    own = self.encoding.patch_for(state, view)?;
                    own.as_deref()
                }
                None => shared.as_deref(),
            };
            self.encoding.check_told(client.view)?;
            if let Some(patch) = patch {
                self.line(step, &client.name, "patch", "hex", patch)?;
            }
            let json = match client.view.and_then(|view| state.view(view)) {
                Some(view) => self.seen(&sight, client, view),
                None => {
                    let seen = || sight.state(None, &mut Order::default()).to_string();
                    public.get_or_insert_with(seen).clone()
                }
            };
            self.line(step, &client.name, "state", "json", &json)?;
        }
        Ok(())
    }

    /// All that a newcomer is sent, right after a tick.
    pub(super) fn welcome<S: Schema>(
        &mut self,
        step: usize,
        state: &Tracked<S>,
        client: &Client,
    ) -> Result<(), ScenarioError> {
        if let Some(handshake) = self.encoding.handshake() {
            self.line(step, &client.name, "handshake", "hex", &handshake)?;
        }
        let snapshot = self.encoding.snapshot(state, client.view)?;
        self.encoding.check_told(client.view)?;
        self.line(step, &client.name, "snapshot", "hex", &snapshot)?;
        let sight = Sight::new(state, self.encoding.primitive());
        let json = match client.view.and_then(|view| state.view(view)) {
            Some(view) => self.seen(&sight, client, view),
            None => sight.state(None, &mut Order::default()).to_string(),
        };
        self.line(step, &client.name, "state", "json", &json)
    }

    /// A client is gone.
    pub(super) fn forget(&mut self, client: &Client) {
        self.orders.remove(&client.name);
        if let Some(view) = client.view {
            self.encoding.forget(view);
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// What a client with a view sees.
    fn seen(&mut self, sight: &Sight, client: &Client, view: &StateView) -> String {
        let order = self.orders.entry(client.name.clone()).or_default();
        sight.state(Some(view), order).to_string()
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
