//! The workload on Tidewire, through nothing but its public API.

use tidewire_bench_harness::{Entity, Peer, Tick, Workload};
use tidewire_state::MapSchema;

use crate::arena::{Arena, Player, World};

/// A tracked state, its encoder, and a typed client.
pub struct Tidewire(World<Arena>);

impl Tidewire {
    /// A world with all entities, and a client that has them.
    pub fn new(workload: &Workload) -> Self {
        Self(World::new(Arena::with(workload)))
    }
}

impl Peer for Tidewire {
    fn mutate(&mut self, tick: &Tick<'_>) {
        change(&mut self.0.state.players, tick);
    }

    fn encode(&mut self) -> usize {
        self.0.patch()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(self.0.encoder.last_patch())
    }

    fn apply(&mut self, patch: &[u8]) {
        self.0.apply(patch);
    }

    fn hashes(&self) -> Option<[u64; 2]> {
        Some(self.0.hashes())
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.0.state.entities(), self.0.client.state().entities()]
    }
}

/// The moves of a tick.
#[inline]
pub(crate) fn change(players: &mut MapSchema<Player>, tick: &Tick<'_>) {
    for change in tick.moves() {
        let player = players.get_mut(change.key).expect("every key is in the map");
        player.x += change.dx;
        player.y += change.dy;
        if change.hit {
            player.hp = player.hp.wrapping_sub(1);
        }
    }
}
