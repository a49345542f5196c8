//! The workload on the crate `colyseus-schema`, through its derive and its documented calls.

use colyseus_schema::{Decoder, Encoder, MapSchema, NodeRef, Schema};
use tidewire_bench_harness::{CASES, Contender, Entity, Peer, Tick, Workload, measure};

#[derive(Schema)]
struct Player {
    x: f32,
    y: f32,
    hp: u16,
    name: String,
    __node: NodeRef,
}

#[derive(Schema)]
struct Arena {
    players: MapSchema<Player>,
    __node: NodeRef,
}

struct ColyseusSchema {
    encoder: Encoder<Arena>,
    decoder: Decoder,
    patch: Vec<u8>,
}

impl ColyseusSchema {
    fn new(workload: &Workload) -> Self {
        let mut encoder = Encoder::new(Arena::new());
        for (key, entity) in workload.entities() {
            let mut player = Player::new();
            player.set_x(entity.x);
            player.set_y(entity.y);
            player.set_hp(entity.hp);
            player.set_name(entity.name);
            encoder.state_mut().players.set(key, player);
        }
        let types = encoder.type_registry().types().to_vec();
        let mut decoder = Decoder::new(Arena::meta(), types);
        decoder.decode(&encoder.encode_all_bytes());
        encoder.discard_changes();
        Self { encoder, decoder, patch: Vec::new() }
    }
}

impl Peer for ColyseusSchema {
    fn mutate(&mut self, tick: &Tick<'_>) {
        let players = &self.encoder.state_mut().players;
        for change in tick.moves() {
            players.with_mut(change.key, |player| {
                let player = player.expect("every key is in the map");
                player.set_x(player.x + change.dx);
                player.set_y(player.y + change.dy);
                if change.hit {
                    player.set_hp(player.hp.wrapping_sub(1));
                }
            });
        }
    }

    fn encode(&mut self) -> usize {
        self.patch.clear();
        self.encoder.encode_changes(&mut self.patch);
        self.patch.len()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(&self.patch)
    }

    fn apply(&mut self, patch: &[u8]) {
        self.decoder.decode(patch);
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        let entities = |arena: &Arena| {
            let mut entities = Vec::new();
            arena.players.for_each(|_, Player { x, y, hp, name, .. }| {
                entities.push(Entity { x: *x, y: *y, hp: *hp, name: name.clone() });
            });
            entities
        };
        [entities(self.encoder.state()), entities(&self.decoder.hydrate())]
    }
}

fn main() {
    let contender = Contender {
        name: "colyseus-schema 0.2",
        build: |workload| Box::new(ColyseusSchema::new(workload)),
    };
    for case in CASES {
        for row in measure(&Workload::new(case), &[contender]) {
            println!("{row}");
        }
    }
}
