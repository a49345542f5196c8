//! Clients that join: what one snapshot costs, and a storm of joins in one tick.

use tidewire_bench_harness::{Entity, Peer, Tick, Workload};

use crate::{
    arena::{Arena, World},
    churn::Visitors,
};

/// A snapshot of a world that stands still, and a client that reads it.
pub struct Join {
    world: World<Arena>,
    snapshot: Vec<u8>,
}

impl Join {
    /// A world with all entities.
    pub fn new(workload: &Workload) -> Self {
        let mut world = World::new(Arena::with(workload));
        let snapshot = world.encoder.snapshot(&world.state).to_vec();
        Self { world, snapshot }
    }
}

impl Peer for Join {
    fn mutate(&mut self, _: &Tick<'_>) {}

    fn encode(&mut self) -> usize {
        self.world.encoder.snapshot(&self.world.state).len()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(&self.snapshot)
    }

    fn apply(&mut self, snapshot: &[u8]) {
        self.world.join(snapshot);
    }

    fn hashes(&self) -> Option<[u64; 2]> {
        Some(self.world.hashes())
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.world.state.entities(), self.world.client.state().entities()]
    }
}

/// As many clients as `changed` join within one tick, each with an entity of its own, in the place of
/// as many who leave. The others are sent a patch; then one snapshot serves all who came.
pub struct Storm {
    world: World<Arena>,
    visitors: Visitors,
    /// What the newcomers are sent, copied once as a room does.
    snapshot: Vec<u8>,
}

impl Storm {
    /// A world with all entities that are there at first.
    pub fn new(workload: &Workload) -> Self {
        let world = World::new(Arena::with(workload));
        Self { world, visitors: Visitors::new(workload), snapshot: Vec::new() }
    }
}

impl Peer for Storm {
    fn mutate(&mut self, _: &Tick<'_>) {
        self.visitors.turn(&mut self.world.state);
    }

    fn encode(&mut self) -> usize {
        self.world.patch();
        self.snapshot.clear();
        self.snapshot.extend_from_slice(self.world.encoder.snapshot(&self.world.state));
        self.snapshot.len()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(&self.snapshot)
    }

    fn apply(&mut self, snapshot: &[u8]) {
        self.world.join(snapshot);
    }

    fn rearranges(&self) -> bool {
        true
    }

    fn hashes(&self) -> Option<[u64; 2]> {
        Some(self.world.hashes())
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.world.state.entities(), self.world.client.state().entities()]
    }
}
