//! Texts that change: as many entities as the cell says get another name each tick.

use tidewire_bench_harness::{Entity, Move, Peer, Tick, Workload};

use crate::arena::{Arena, World};

/// The name that an entity gets: all of its key in one pass, all but two letters in the next.
pub(crate) fn renamed<'a>(change: &Move<'a>) -> &'a str {
    if change.dx > 0.0 { change.key } else { &change.key[2..] }
}

/// Tidewire with names that change.
pub struct Names(World<Arena>);

impl Names {
    /// A world with all entities, and a client that has them.
    pub fn new(workload: &Workload) -> Self {
        Self(World::new(Arena::with(workload)))
    }
}

impl Peer for Names {
    fn mutate(&mut self, tick: &Tick<'_>) {
        for change in tick.moves() {
            let player = self.0.state.players.get_mut(change.key).expect("every key is in the map");
            renamed(&change).clone_into(&mut player.name);
        }
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

    /// Names are what it is all about.
    fn rearranges(&self) -> bool {
        true
    }

    fn hashes(&self) -> Option<[u64; 2]> {
        Some(self.0.hashes())
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.0.state.entities(), self.0.client.state().entities()]
    }
}
