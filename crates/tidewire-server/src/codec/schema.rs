//! The schema codec in a room: one patch and one snapshot for all clients, and two handshakes.

use bytes::Bytes;
use tidewire_protocol::frame::{self, Handshake, Serializer};
use tidewire_schema::{Encoder, Profile};
use tidewire_state::{Schema, Tracked, Visitor};

use super::{Hello, RoomCodec, join_room};
use crate::client::Client;
use crate::error::Result;

/// Serves clients of the SDKs.
pub(crate) struct SchemaCodec {
    encoder: Encoder,
    /// The polyglot reflection, and the plain one, once they were needed.
    reflections: [Option<Vec<u8>>; 2],
    /// The frame of this tick's patch, if anything changed.
    patch: Option<Bytes>,
    /// The frame of this tick's snapshot, once it was needed.
    snapshot: Option<Bytes>,
}

impl SchemaCodec {
    pub(crate) fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self {
            encoder: Encoder::new(state),
            reflections: [None, None],
            patch: None,
            snapshot: None,
        }
    }
}

impl<S: Schema> RoomCodec<S> for SchemaCodec {
    fn greeting(&mut self, _: &Client, hello: Hello) -> Result<Bytes> {
        let encoder = &self.encoder;
        let reflection = &mut self.reflections[usize::from(hello.plain)];
        let handshake = match (hello.skip, hello.plain) {
            (true, _) => Handshake::Skip,
            (_, true) => {
                Handshake::Plain(reflection.get_or_insert_with(|| encoder.handshake(Profile::V3)))
            }
            (_, false) => Handshake::Polyglot(
                reflection.get_or_insert_with(|| encoder.handshake(Profile::Polyglot)),
            ),
        };
        join_room(Serializer::Schema, handshake)
    }

    fn sync_alone(&mut self, state: &mut Tracked<S>) {
        state.sync(&mut self.encoder);
    }

    fn visitor(&mut self) -> Option<&mut dyn Visitor> {
        Some(&mut self.encoder)
    }

    fn finish(&mut self) {
        let patch = self.encoder.last_patch();
        self.snapshot = None;
        self.patch = (!patch.is_empty()).then(|| {
            let mut out = Vec::with_capacity(patch.len() + 1);
            frame::room_state_patch(&mut out, patch);
            out.into()
        });
    }

    fn patch(&mut self, _: &Client) -> &[Bytes] {
        self.patch.as_slice()
    }

    fn snapshot(&mut self, _: &Client, state: &Tracked<S>) -> &[Bytes] {
        if self.snapshot.is_none() {
            let snapshot = self.encoder.snapshot(state);
            let mut out = Vec::with_capacity(snapshot.len() + 1);
            frame::room_state(&mut out, snapshot);
            self.snapshot = Some(out.into());
        }
        self.snapshot.as_slice()
    }
}
