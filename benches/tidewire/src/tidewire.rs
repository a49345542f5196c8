//! The workload on Tidewire, through nothing but its public API.

use tidewire_bench_harness::{Entity, Peer, Tick, Workload};
use tidewire_schema::{Decoder, Encoder};
use tidewire_state::{MapSchema, Schema, Tracked};

/// An entity of the state.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    x: f32,
    y: f32,
    hp: u16,
    name: String,
}

/// The state.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    players: MapSchema<Player>,
}

/// A tracked state, its encoder, and a typed client.
pub struct Tidewire {
    arena: Tracked<Arena>,
    encoder: Encoder,
    client: Decoder<Arena>,
}

impl Tidewire {
    /// A world with all entities, and a client that has them.
    pub fn new(workload: &Workload) -> Self {
        let mut arena = Tracked::new(Arena::default());
        let mut encoder = Encoder::new(&arena);
        for (key, Entity { x, y, hp, name }) in workload.entities() {
            arena.players.insert(key, Player { x, y, hp, name });
        }
        encoder.patch(&mut arena);
        let mut client = Decoder::new();
        client.apply(encoder.snapshot(&arena)).expect("a snapshot can be read");
        Self { arena, encoder, client }
    }
}

impl Peer for Tidewire {
    fn mutate(&mut self, tick: &Tick<'_>) {
        for change in tick.moves() {
            let player = self.arena.players.get_mut(change.key).expect("every key is in the map");
            player.x += change.dx;
            player.y += change.dy;
            if change.hit {
                player.hp = player.hp.wrapping_sub(1);
            }
        }
    }

    fn encode(&mut self) -> usize {
        self.encoder.patch(&mut self.arena).len()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(self.encoder.last_patch())
    }

    fn apply(&mut self, patch: &[u8]) {
        self.client.apply(patch).expect("the decoder reads what the encoder writes");
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [entities(&self.arena), entities(self.client.state())]
    }
}

fn entities(arena: &Arena) -> Vec<Entity> {
    let players = arena.players.values();
    players
        .map(|Player { x, y, hp, name }| Entity { x: *x, y: *y, hp: *hp, name: name.clone() })
        .collect()
}
