//! The codecs of JSON patches in a room: one patch and one snapshot for all clients.
//!
//! `json` has one message a tick, and a serializer of one's own has. Of the others a tick has any number, and a frame holds them all as a MessagePack array of
//! byte strings, so that clients see a tick as a whole and a room writes one frame: see [`tidewire_patch::bundle`].

use std::collections::HashMap;

use bytes::Bytes;
use tidewire_patch::{
    JsonEncoder, LightEncoder, MpackEncoder, PatchpackEncoder, Refusal, SerializerEncoder, bundle,
};
use tidewire_protocol::frame::{Handshake, Serializer, code};
use tidewire_state::{Schema, Tracked, ViewId, Visitor};
use tracing::error;

use super::{Hello, RoomCodec, join_room};
use crate::client::{Client, ClientKey};
use crate::error::Result;

/// Serves clients that registered a decoder.
pub(super) struct PatchCodec<E> {
    id: String,
    encoder: E,
    /// The frame of this tick's patch, if anything changed.
    patch: Option<Bytes>,
    /// The frame of this tick's snapshot, once it was needed.
    snapshot: Option<Bytes>,
    /// Whether views make a difference.
    has_views: bool,
    /// The view by which each client was shown what it holds. Who is not here holds what is public.
    shown: HashMap<ClientKey, Shown>,
    /// The frames of this tick for those with a view, once they were needed.
    frames: HashMap<ViewId, ViewFrames>,
    /// What the log was told that clients are not.
    refused: Vec<Refusal>,
}

/// A view. Its number may come to stand for another, its name does not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    view: ViewId,
    name: String,
}

#[derive(Debug, Default)]
struct ViewFrames {
    /// Nothing within, if nothing changed.
    patch: Option<Option<Bytes>>,
    snapshot: Option<Bytes>,
}

impl<E> PatchCodec<E> {
    pub(super) fn new<S: Schema>(id: String, encoder: E, state: &Tracked<S>) -> Self {
        let (patch, snapshot) = (None, None);
        let has_views = state.types().has_hidden_fields();
        let (shown, frames, refused) = Default::default();
        Self { id, encoder, patch, snapshot, has_views, shown, frames, refused }
    }

    /// Tells the log what clients are not told of: each thing once, since most would be told again each tick.
    fn complain<S: Schema>(&mut self, view: Option<ViewId>)
    where
        E: Encode<S>,
    {
        if let Some(refusal) = self.encoder.refused(view)
            && self.refused.len() < MOST_COMPLAINTS
            && !self.refused.contains(&refusal)
        {
            error!(serializer = self.id, "{refusal}");
            self.refused.push(refusal);
        }
    }

    /// Forgets what those with a view hold, if nobody has it any more.
    fn forget_unused<S: Schema>(&mut self, had: Option<&Shown>)
    where
        E: Encode<S>,
    {
        if let Some(&Shown { view, .. }) = had
            && !self.shown.values().any(|other| other.view == view)
        {
            self.encoder.forget(view);
        }
    }
}

/// How many things the log is told of, of one codec of a room.
const MOST_COMPLAINTS: usize = 16;

/// What the encoders have in common.
pub(super) trait Encode<S: Schema>: Visitor + Send {
    /// Appends what the last sync changed; nothing where it changed nothing.
    fn write_patch(&mut self, out: &mut Vec<u8>);

    /// Appends all there is.
    fn write_snapshot(&mut self, state: &Tracked<S>, out: &mut Vec<u8>);

    /// Appends what the last sync changed for those with a view.
    fn write_patch_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>);

    /// Appends all there is for those with a view.
    fn write_snapshot_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>);

    /// Forgets what those with a view hold.
    fn forget(&mut self, view: ViewId);

    /// Why everyone, or those with a view, are not told of something that the state has.
    fn refused(&self, view: Option<ViewId>) -> Option<Refusal>;
}

impl<S: Schema, E: Encode<S>> RoomCodec<S> for PatchCodec<E> {
    fn greeting(&mut self, _: &Client, _: Hello) -> Result<Bytes> {
        join_room(Serializer::Other(&self.id), Handshake::Skip)
    }

    fn sync_alone(&mut self, state: &mut Tracked<S>) {
        state.sync(&mut self.encoder);
    }

    fn visitor(&mut self) -> Option<&mut dyn Visitor> {
        Some(&mut self.encoder)
    }

    fn finish(&mut self) {
        self.snapshot = None;
        self.frames.clear();
        let mut out = vec![code::ROOM_STATE_PATCH];
        self.encoder.write_patch(&mut out);
        self.patch = (out.len() > 1).then(|| out.into());
        self.complain::<S>(None);
    }

    fn patch(&mut self, _: &Client) -> &[Bytes] {
        self.patch.as_slice()
    }

    fn snapshot(&mut self, _: &Client, state: &Tracked<S>) -> &[Bytes] {
        if self.snapshot.is_none() {
            let mut out = vec![code::ROOM_STATE];
            self.encoder.write_snapshot(state, &mut out);
            self.snapshot = Some(out.into());
        }
        self.snapshot.as_slice()
    }

    fn patch_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        if !self.has_views {
            return self.patch.as_slice();
        }
        let name = state.view(view).map_or("", |view| view.name());
        let is_it = |shown: &Shown| shown.view == view && shown.name == name;
        if !self.shown.get(&client.key()).is_some_and(is_it) {
            // Patches of a view follow what it showed. Who holds something else is shown all of it.
            return self.snapshot_in_view(client, view, state);
        }
        if self.frames.entry(view).or_default().patch.is_none() {
            let mut out = vec![code::ROOM_STATE_PATCH];
            self.encoder.write_patch_for(state, view, &mut out);
            self.frames.entry(view).or_default().patch = Some((out.len() > 1).then(|| out.into()));
            self.complain::<S>(Some(view));
        }
        let frame = self.frames.get(&view).and_then(|frames| frames.patch.as_ref());
        frame.map_or(&[], |frame| frame.as_slice())
    }

    fn snapshot_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        if !self.has_views {
            return self.snapshot(client, state);
        }
        let name = state.view(view).map_or_else(String::new, |view| view.name().to_owned());
        let had = self.shown.insert(client.key(), Shown { view, name });
        self.forget_unused::<S>(had.as_ref());
        if self.frames.entry(view).or_default().snapshot.is_none() {
            let mut out = vec![code::ROOM_STATE];
            self.encoder.write_snapshot_for(state, view, &mut out);
            self.frames.entry(view).or_default().snapshot = Some(out.into());
            self.complain::<S>(Some(view));
        }
        self.frames.get(&view).map_or(&[], |frames| frames.snapshot.as_slice())
    }

    fn left(&mut self, client: &Client) {
        let had = self.shown.remove(&client.key());
        self.forget_unused::<S>(had.as_ref());
    }
}

impl<S: Schema> Encode<S> for JsonEncoder {
    fn write_patch(&mut self, out: &mut Vec<u8>) {
        if let Some(patch) = self.last_patch() {
            out.extend_from_slice(patch.to_string().as_bytes());
        }
    }

    fn write_snapshot(&mut self, state: &Tracked<S>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.snapshot(state).to_string().as_bytes());
    }

    fn write_patch_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>) {
        if let Some(patch) = self.patch_for(state, view) {
            out.extend_from_slice(patch.to_string().as_bytes());
        }
    }

    fn write_snapshot_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>) {
        out.extend_from_slice(self.snapshot_for(state, view).to_string().as_bytes());
    }

    fn forget(&mut self, view: ViewId) {
        self.forget_view(view);
    }

    fn refused(&self, view: Option<ViewId>) -> Option<Refusal> {
        self.refusal(view)
    }
}

impl<S: Schema> Encode<S> for SerializerEncoder {
    fn write_patch(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.last_patch());
    }

    fn write_snapshot(&mut self, _: &Tracked<S>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.snapshot());
    }

    fn write_patch_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>) {
        match self.patch_for(state, view) {
            Ok(patch) => out.extend_from_slice(patch),
            Err(error) => error!(%error, "a client with a view was not told of a tick"),
        }
    }

    fn write_snapshot_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>) {
        match self.snapshot_for(state, view) {
            Ok(snapshot) => out.extend_from_slice(&snapshot),
            Err(error) => error!(%error, "a client with a view was not told of the state"),
        }
    }

    fn forget(&mut self, view: ViewId) {
        self.forget_view(view);
    }

    fn refused(&self, view: Option<ViewId>) -> Option<Refusal> {
        self.refusal(view)
    }
}

macro_rules! encode_messages {
    ($($encoder:ty),*) => {$(
        impl<S: Schema> Encode<S> for $encoder {
            fn write_patch(&mut self, out: &mut Vec<u8>) {
                let messages = self.last_patch();
                if !messages.is_empty() {
                    bundle::write(out, messages);
                }
            }

            fn write_snapshot(&mut self, _: &Tracked<S>, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.snapshot());
            }

            fn write_patch_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>) {
                let messages = self.patch_for(state, view);
                if !messages.is_empty() {
                    bundle::write(out, messages);
                }
            }

            fn write_snapshot_for(&mut self, state: &Tracked<S>, view: ViewId, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.snapshot_for(state, view));
            }

            fn forget(&mut self, view: ViewId) {
                self.forget_view(view);
            }

            fn refused(&self, view: Option<ViewId>) -> Option<Refusal> {
                self.refusal(view)
            }
        }
    )*};
}

encode_messages!(MpackEncoder, LightEncoder, PatchpackEncoder);
