//! Entities that come and go: `changed` of them leave each tick and as many come.

use tidewire_bench_harness::{Case, Entity, Peer, Tick, Workload};

use crate::arena::{Arena, World};

/// Who comes, and who goes, from twice as many entities as there are at a time.
pub(crate) struct Visitors {
    case: Case,
    all: Vec<(String, Entity)>,
    next: usize,
}

impl Visitors {
    pub(crate) fn new(workload: &Workload) -> Self {
        let case = workload.case();
        let twice = Workload::new(Case { entities: 2 * case.entities, ..case });
        let all = twice.entities().map(|(key, entity)| (key.to_owned(), entity)).collect();
        Self { case, all, next: case.entities }
    }

    /// Removes those who have been there for the longest, and adds others.
    pub(crate) fn turn(&mut self, arena: &mut Arena) {
        let Self { case, all, next } = self;
        for nth in *next..*next + case.changed {
            let gone = arena.players.remove(&all[(nth - case.entities) % all.len()].0);
            assert!(gone.is_some(), "whoever goes is there");
        }
        for nth in *next..*next + case.changed {
            let (key, entity) = &all[nth % all.len()];
            arena.players.insert(key, entity.clone().into());
        }
        // Counts up to three times as many as there are, and on from there by going back one round.
        *next = all.len() / 2 + (*next + case.changed - all.len() / 2) % all.len();
    }
}

/// Tidewire under churn.
pub struct Churn {
    world: World<Arena>,
    visitors: Visitors,
}

impl Churn {
    /// A world with all entities that are there at first.
    pub fn new(workload: &Workload) -> Self {
        let visitors = Visitors::new(workload);
        Self { world: World::new(Arena::with(workload)), visitors }
    }
}

impl Peer for Churn {
    fn mutate(&mut self, _: &Tick<'_>) {
        self.visitors.turn(&mut self.world.state);
    }

    fn encode(&mut self) -> usize {
        self.world.patch()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(self.world.encoder.last_patch())
    }

    fn apply(&mut self, patch: &[u8]) {
        self.world.apply(patch);
    }

    fn rearranges(&self) -> bool {
        true
    }

    fn rejoin(&mut self) {
        self.world.rejoin();
    }

    fn hashes(&self) -> Option<[u64; 2]> {
        Some(self.world.hashes())
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.world.state.entities(), self.world.client.state().entities()]
    }
}
