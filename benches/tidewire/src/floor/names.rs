//! The floor of texts that change.

use tidewire_bench_harness::{Entity, Peer, Tick, Workload};

use super::{
    ADD, FIRST_ENTITY, Floor, NAME, SWITCH_TO_STRUCTURE, take, take_number, take_text,
    write_switch, write_text,
};
use crate::names::renamed;

/// The floor with names that change.
pub struct FloorNames(Floor);

impl FloorNames {
    /// A world with all entities, and a client that has them.
    pub fn new(workload: &Workload) -> Self {
        Self(Floor::new(workload))
    }
}

impl Peer for FloorNames {
    fn mutate(&mut self, tick: &Tick<'_>) {
        for change in tick.moves() {
            let slot = self.0.touch(change.key);
            renamed(&change).clone_into(&mut slot.entity.name);
            slot.dirty |= 1 << NAME;
        }
    }

    fn encode(&mut self) -> usize {
        let Floor { slots, dirty, patch: out, .. } = &mut self.0;
        out.clear();
        for index in dirty.drain(..) {
            let slot = &mut slots[index as usize];
            write_switch(out, index as usize + FIRST_ENTITY);
            out.push(ADD | NAME);
            write_text(out, &slot.entity.name);
            slot.dirty = 0;
        }
        out.len()
    }

    fn patch(&self) -> Option<&[u8]> {
        self.0.patch()
    }

    fn apply(&mut self, patch: &[u8]) {
        read(patch, &mut self.0.client.slots).expect("the floor reads what it writes");
    }

    fn rearranges(&self) -> bool {
        true
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        self.0.copies()
    }
}

/// `None` where the bytes are not of a patch of names.
fn read(mut bytes: &[u8], slots: &mut [(Box<str>, Entity)]) -> Option<()> {
    while !bytes.is_empty() {
        let [SWITCH_TO_STRUCTURE] = take(&mut bytes)? else { return None };
        let (_, entity) = slots.get_mut(take_number(&mut bytes)?.checked_sub(FIRST_ENTITY)?)?;
        let [operation] = take(&mut bytes)?;
        if operation != ADD | NAME {
            return None;
        }
        take_text(&mut bytes)?.clone_into(&mut entity.name);
    }
    Some(())
}
