//! The state that all benches of maps share, its encoder, and a typed client.

use tidewire_bench_harness::{Entity, Workload};
use tidewire_schema::{Decoder, Encoder};
use tidewire_state::{MapSchema, Schema, Tracked, receive::StructSink, state_hash};

/// An entity of the state.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Player {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) hp: u16,
    pub(crate) name: String,
}

impl From<Entity> for Player {
    fn from(Entity { x, y, hp, name }: Entity) -> Self {
        Self { x, y, hp, name }
    }
}

impl From<&Player> for Entity {
    fn from(Player { x, y, hp, name }: &Player) -> Self {
        Self { x: *x, y: *y, hp: *hp, name: name.clone() }
    }
}

/// The state.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Arena {
    pub(crate) players: MapSchema<Player>,
}

impl Arena {
    pub(crate) fn with(workload: &Workload) -> Self {
        let players = workload.entities().map(|(key, entity)| (key, entity.into())).collect();
        Self { players }
    }

    pub(crate) fn entities(&self) -> Vec<Entity> {
        self.players.values().map(Entity::from).collect()
    }
}

/// A tracked state, its encoder, and a typed client that has all of it.
pub(crate) struct World<S: Schema> {
    pub(crate) state: Tracked<S>,
    pub(crate) encoder: Encoder,
    pub(crate) client: Decoder<S>,
}

impl<S: Schema + StructSink + Default> World<S> {
    /// A world that is synced, and a client that has it.
    pub(crate) fn new(state: S) -> Self {
        let mut state = Tracked::new(state);
        let mut encoder = Encoder::new(&state);
        encoder.patch(&mut state);
        let mut world = Self { state, encoder, client: Decoder::new() };
        world.rejoin();
        world
    }

    pub(crate) fn patch(&mut self) -> usize {
        self.encoder.patch(&mut self.state).len()
    }

    pub(crate) fn apply(&mut self, patch: &[u8]) {
        self.client.apply(patch).expect("the decoder reads what the encoder writes");
    }

    pub(crate) fn hashes(&self) -> [u64; 2] {
        [state_hash(&*self.state), state_hash(self.client.state())]
    }

    /// A client that knows nothing reads a snapshot.
    pub(crate) fn join(&mut self, snapshot: &[u8]) {
        self.client = Decoder::new();
        self.apply(snapshot);
    }

    pub(crate) fn rejoin(&mut self) {
        self.client = Decoder::new();
        let snapshot = self.encoder.snapshot(&self.state);
        self.client.apply(snapshot).expect("a snapshot can be read");
    }
}
