//! Edits of an array of structs: a splice in the middle, a shift with a push, a sort.

use tidewire_bench_harness::{Entity, Peer, Tick, Workload, shuffled};
use tidewire_state::{ArraySchema, Schema};

use crate::arena::{Player, World};

/// The state.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Queue {
    items: ArraySchema<Player>,
}

impl Queue {
    fn entities(&self) -> Vec<Entity> {
        self.items.iter().map(Entity::from).collect()
    }
}

/// What happens to the array in each tick.
#[derive(Clone, Copy, Debug)]
pub enum Edit {
    /// As many items as the cell says go from the middle, and as many others come in their place.
    Splice,
    /// The first item goes and another comes behind the last.
    Shift,
    /// All are sorted: by `hp`, where they are in an order that jumps about, and in the next tick by
    /// `x`, which is the order in which they came.
    Sort,
}

/// An array under one kind of edit.
pub struct Arrays {
    world: World<Queue>,
    edit: Edit,
    changed: usize,
    /// Those who come, in turns.
    newcomers: Vec<Entity>,
    tick: usize,
}

impl Arrays {
    /// A world with all entities of the workload in an array.
    pub fn new(workload: &Workload, edit: Edit) -> Self {
        let case = workload.case();
        let count = u32::try_from(case.entities).expect("entities are counted in a u32");
        let ranked = workload.entities().zip(shuffled(count));
        let entities: Vec<Entity> =
            ranked.map(|((_, entity), rank)| Entity { hp: rank as u16, ..entity }).collect();
        let items = entities.iter().cloned().map(Player::from).collect();
        Self {
            world: World::new(Queue { items }),
            edit,
            changed: case.changed,
            newcomers: entities,
            tick: 0,
        }
    }
}

impl Peer for Arrays {
    fn mutate(&mut self, _: &Tick<'_>) {
        let Self { world, edit, changed, newcomers, tick } = self;
        let items = &mut world.state.items;
        let first = *tick * *changed % newcomers.len();
        match edit {
            Edit::Splice => {
                let middle = items.len() / 2;
                let fresh = &newcomers[first..first + *changed];
                let fresh = fresh.iter().cloned().map(Player::from);
                items.splice(middle..middle + *changed, fresh);
            }
            Edit::Shift => {
                items.remove(0);
                items.push(newcomers[first].clone().into());
            }
            Edit::Sort if *tick % 2 == 0 => items.sort_by_key(|item| item.hp),
            Edit::Sort => items.sort_by(|one, other| one.x.total_cmp(&other.x)),
        }
        *tick += 1;
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
