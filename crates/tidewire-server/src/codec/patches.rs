//! The codecs of JSON patches in a room: one patch and one snapshot for all clients.
//!
//! `json` has one message a tick, and a serializer of one's own has. Of the others a tick has any number, and a frame holds them all as a MessagePack array of
//! byte strings, so that clients see a tick as a whole and a room writes one frame: see [`tidewire_patch::bundle`].

use bytes::Bytes;
use tidewire_patch::{
    JsonEncoder, LightEncoder, MpackEncoder, PatchpackEncoder, SerializerEncoder, bundle,
};
use tidewire_protocol::frame::{Handshake, Serializer, code};
use tidewire_state::{Schema, Tracked, Visitor};

use super::{Hello, RoomCodec, join_room};
use crate::client::Client;
use crate::error::Result;

/// Serves clients that registered a decoder.
pub(super) struct PatchCodec<E> {
    id: String,
    encoder: E,
    /// The frame of this tick's patch, if anything changed.
    patch: Option<Bytes>,
    /// The frame of this tick's snapshot, once it was needed.
    snapshot: Option<Bytes>,
}

impl<E> PatchCodec<E> {
    pub(super) fn new(id: String, encoder: E) -> Self {
        Self { id, encoder, patch: None, snapshot: None }
    }
}

/// What the encoders have in common.
pub(super) trait Encode<S: Schema>: Visitor + Send {
    /// Appends what the last sync changed; nothing where it changed nothing.
    fn write_patch(&mut self, out: &mut Vec<u8>);

    /// Appends all there is.
    fn write_snapshot(&mut self, state: &Tracked<S>, out: &mut Vec<u8>);
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
        let mut out = vec![code::ROOM_STATE_PATCH];
        self.encoder.write_patch(&mut out);
        self.patch = (out.len() > 1).then(|| out.into());
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
}

impl<S: Schema> Encode<S> for SerializerEncoder {
    fn write_patch(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.last_patch());
    }

    fn write_snapshot(&mut self, _: &Tracked<S>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.snapshot());
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
        }
    )*};
}

encode_messages!(MpackEncoder, LightEncoder, PatchpackEncoder);
