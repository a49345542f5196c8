//! What users of the reference implementation ran into, here: encoded by us, read by our decoder.
//! What the npm decoders make of the same is in `conformance/upstream`.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod arrays;
mod callbacks;
mod limits;
mod versions;

use tidewire_schema::{Decoder, Encoder};
use tidewire_state::{Schema, Tracked, receive::StructSink};

/// A server and its clients.
struct World<S: Schema> {
    state: Tracked<S>,
    encoder: Encoder,
    clients: Vec<Decoder<S>>,
}

impl<S: Schema + StructSink + Default + PartialEq + std::fmt::Debug> World<S> {
    /// One client is there from the start.
    fn new(state: S) -> Self {
        let mut state = Tracked::new(state);
        let mut encoder = Encoder::new(&state);
        encoder.patch(&mut state);
        let mut world = Self { state, encoder, clients: Vec::new() };
        world.join();
        world
    }

    /// A tick; then all clients hold what the server holds.
    #[track_caller]
    fn sync(&mut self) {
        let patch = self.encoder.patch(&mut self.state).to_vec();
        for client in &mut self.clients {
            client.apply(&patch).unwrap();
            assert_eq!(client.state(), &*self.state);
        }
    }

    /// Another client comes.
    #[track_caller]
    fn join(&mut self) {
        self.sync();
        let mut client = Decoder::new();
        client.apply(self.encoder.snapshot(&self.state)).unwrap();
        assert_eq!(client.state(), &*self.state);
        if let Some(other) = self.clients.first() {
            assert_eq!(client.node_count(), other.node_count());
        }
        self.clients.push(client);
    }
}
