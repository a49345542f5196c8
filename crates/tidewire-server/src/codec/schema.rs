//! The schema codec in a room: one patch and one snapshot for all clients, what views add to them, and two handshakes.

use std::collections::HashMap;

use bytes::Bytes;
use tidewire_protocol::frame::{self, Handshake, Serializer};
use tidewire_schema::{Encoder, Profile, ReaderId};
use tidewire_state::{Schema, Tracked, ViewId, Visitor};

use super::{Hello, RoomCodec, join_room};
use crate::client::{Client, ClientKey};
use crate::error::Result;

/// Serves clients of the SDKs.
pub(crate) struct SchemaCodec {
    encoder: Encoder,
    /// The polyglot reflection, and the plain one, once they were needed.
    reflections: [Option<Vec<u8>>; 2],
    /// The frame of this tick's patch, if anything changed for everyone.
    patch: Option<Bytes>,
    /// The frame of this tick's values that may get lost, if there are any.
    unreliable: Option<Bytes>,
    /// The frame of this tick's snapshot, once it was needed.
    snapshot: Option<Bytes>,
    readers: Readers,
    /// The frame for the client with a view that was asked for last.
    own: Option<Bytes>,
}

/// What the encoder calls clients with views.
#[derive(Debug, Default)]
struct Readers {
    by_client: HashMap<ClientKey, ReaderId>,
    free: Vec<ReaderId>,
}

impl SchemaCodec {
    pub(crate) fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self {
            encoder: Encoder::new(state),
            reflections: [None, None],
            patch: None,
            unreliable: None,
            snapshot: None,
            readers: Readers::default(),
            own: None,
        }
    }

    fn take_snapshot<S: Schema>(&mut self, state: &Tracked<S>) {
        if self.snapshot.is_none() {
            let snapshot = self.encoder.snapshot(state);
            self.snapshot = Some(framed(frame::room_state, snapshot));
        }
    }
}

impl Readers {
    fn of(&mut self, client: &Client) -> ReaderId {
        let next = self.by_client.len();
        let new = || self.free.pop().unwrap_or(ReaderId(next as u32));
        *self.by_client.entry(client.key()).or_insert_with(new)
    }

    fn remove(&mut self, client: &Client) -> Option<ReaderId> {
        let reader = self.by_client.remove(&client.key())?;
        self.free.push(reader);
        Some(reader)
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
        self.encoder.patch(state);
    }

    fn visitor(&mut self) -> Option<&mut dyn Visitor> {
        Some(&mut self.encoder)
    }

    fn finish(&mut self) {
        let patch = self.encoder.last_patch();
        self.snapshot = None;
        self.patch = (!patch.is_empty()).then(|| framed(frame::room_state_patch, patch));
        let unreliable = self.encoder.last_unreliable();
        self.unreliable =
            (!unreliable.is_empty()).then(|| framed(frame::room_state_patch, unreliable));
    }

    fn unreliable(&self) -> Option<&Bytes> {
        self.unreliable.as_ref()
    }

    fn patch(&mut self, _: &Client) -> &[Bytes] {
        self.patch.as_slice()
    }

    fn snapshot(&mut self, _: &Client, state: &Tracked<S>) -> &[Bytes] {
        self.take_snapshot(state);
        self.snapshot.as_slice()
    }

    fn patch_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        let shared = self.encoder.last_patch().len();
        let patch = self.encoder.patch_to(state, view, self.readers.of(client));
        if patch.len() == shared {
            return self.patch.as_slice();
        }
        self.own = Some(framed(frame::room_state_patch, patch));
        self.own.as_slice()
    }

    fn snapshot_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        self.take_snapshot(state);
        let shared = self.encoder.last_snapshot().len();
        let snapshot = self.encoder.last_snapshot_to(state, view, self.readers.of(client));
        if snapshot.len() == shared {
            return self.snapshot.as_slice();
        }
        self.own = Some(framed(frame::room_state, snapshot));
        self.own.as_slice()
    }

    fn left(&mut self, client: &Client) {
        if let Some(reader) = self.readers.remove(client) {
            self.encoder.forget_reader(reader);
        }
    }
}

/// A frame around bytes, in a buffer of its own.
fn framed(write: impl Fn(&mut Vec<u8>, &[u8]), bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    write(&mut out, bytes);
    out.into()
}
