//! A list of operations: a state is edited as the bytes say, and after every tick all clients must
//! hold what it holds.
//!
//! There are clients that know the types and clients that were told, those that were there from
//! the start and those that came late, and one that is sent JSON patches.

mod choices;
mod edits;

use std::fmt::Display;

use serde_json::Value as Json;
use tidewire_patch::JsonEncoder;
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{DynStruct, Schema, Tracked, Visitor};
use tidewire_testkit::Random;

use self::{choices::Choices, edits::edit};
use super::world::World;

/// Bytes say what is done: there are no pieces.
pub const WORDS: &[&[u8]] = &[b"\0", b"\x01"];

/// Does what the bytes say, and looks at the clients after every tick.
pub fn target(data: &[u8]) {
    run(data);
}

/// Random operations.
pub fn seeds() -> Vec<Vec<u8>> {
    let bytes = |seed| {
        let mut random = Random::new(seed);
        (0..20 + 15 * seed).map(|_| random.any() as u8).collect()
    };
    (0..16).map(bytes).collect()
}

/// Does what the bytes say. Returns what a client was sent that was there from the start.
pub(super) fn run(data: &[u8]) -> Vec<Vec<u8>> {
    let mut choices = Choices::new(data);
    let mut stage = Stage::new();
    while let Some(choice) = choices.next() {
        match choice {
            // Every eighth operation or so is a tick, and now and then somebody comes.
            0..32 => stage.tick(),
            32..36 => stage.join(),
            _ => edit(&mut stage.world, &mut choices),
        }
        if stage.world.ticks() > MOST_TICKS {
            break;
        }
    }
    stage.tick();
    stage.join();
    stage.sent
}

const MOST_TICKS: u64 = 150;

const MOST_CLIENTS: usize = 3;

struct Stage {
    world: Tracked<World>,
    encoder: Encoder,
    json: JsonEncoder,
    document: Json,
    clients: Vec<Client>,
    sent: Vec<Vec<u8>>,
}

struct Client {
    typed: Decoder<World>,
    told: Decoder<DynStruct>,
}

impl Stage {
    fn new() -> Self {
        let world = Tracked::new(World::default());
        let encoder = Encoder::new(&world);
        let mut stage = Self {
            clients: vec![Client::new(&encoder, Profile::V3)],
            json: JsonEncoder::new(&world),
            document: Json::Null,
            sent: Vec::new(),
            encoder,
            world,
        };
        stage.tick();
        stage
    }

    /// Sends what changed, and compares.
    fn tick(&mut self) {
        let codecs: &mut [&mut dyn Visitor] = &mut [&mut self.encoder, &mut self.json];
        self.world.sync(codecs);
        let patch = self.encoder.last_patch();
        assert_eq!(patch.is_empty(), self.json.last_patch().is_none());
        for client in &mut self.clients {
            client.apply(patch);
        }
        if let Some(patch) = self.json.last_patch() {
            must(json_patch::patch(&mut self.document, patch));
        }
        if !patch.is_empty() {
            self.sent.push(patch.to_vec());
        }
        assert_eq!(self.document, self.json.snapshot(&self.world));
        for client in &self.clients {
            client.check(&self.world, &self.document);
        }
    }

    /// Somebody comes; who has been there for long goes.
    fn join(&mut self) {
        self.tick();
        let profile =
            if self.sent.len().is_multiple_of(2) { Profile::V5 } else { Profile::Polyglot };
        let mut client = Client::new(&self.encoder, profile);
        client.apply(self.encoder.snapshot(&self.world));
        client.check(&self.world, &self.document);
        if self.clients.len() == MOST_CLIENTS {
            self.clients.remove(1);
        }
        self.clients.push(client);
    }
}

impl Client {
    fn new(encoder: &Encoder, profile: Profile) -> Self {
        let mut typed = Decoder::new();
        let handshake = encoder.handshake(profile);
        must(typed.check_handshake(&handshake));
        Self { typed, told: must(Decoder::from_handshake(&handshake)) }
    }

    fn apply(&mut self, message: &[u8]) {
        if !message.is_empty() {
            must(self.typed.apply(message));
            must(self.told.apply(message));
        }
    }

    fn check(&self, world: &Tracked<World>, document: &Json) {
        assert_eq!(self.typed.state(), &**world);
        assert_eq!(self.typed.node_count(), world.node_count());
        assert_eq!(self.told.node_count(), world.node_count());
        assert_eq!(as_json(self.told.state().clone()), *document);
    }
}

fn as_json<S: Schema>(state: S) -> Json {
    let mut state = Tracked::new(state);
    let mut encoder = JsonEncoder::new(&state);
    encoder.patch(&mut state);
    encoder.snapshot(&state)
}

fn must<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
