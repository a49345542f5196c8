//! The floor: the same job written by hand, for this one shape of world.
//!
//! The same lookup that `MapSchema` does (a hash table with the same hasher over a vector of slots),
//! a mask of dirty fields, a list of dirty slots, and the very bytes of the schema protocol. Nothing
//! here can be used for any other world; it is what the abstraction is measured against.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use tidewire_bench_harness::{Entity, Peer, Tick, Workload};

/// Field indexes, as the declaration order `x`, `y`, `hp`, `name` gives them.
const X: u8 = 0;
const Y: u8 = 1;
const HP: u8 = 2;

/// `ff` and a refId: what follows is about that structure.
const SWITCH_TO_STRUCTURE: u8 = 0xff;
/// The operation of a changed field, beside the field's index.
const ADD: u8 = 0x80;
/// The root has refId 0 and its map 1; the entities follow in the order in which they came.
const FIRST_ENTITY: usize = 2;

/// A world and a client's copy of it, without any abstraction.
pub struct Floor {
    hasher: RandomState,
    by_key: HashTable<u32>,
    slots: Vec<Slot>,
    dirty: Vec<u32>,
    patch: Vec<u8>,
    client: Vec<Entity>,
}

struct Slot {
    key: Box<str>,
    entity: Entity,
    /// One bit a field.
    dirty: u8,
}

impl Floor {
    /// A world with all entities, and a client that has them.
    pub fn new(workload: &Workload) -> Self {
        let mut floor = Self {
            hasher: RandomState::default(),
            by_key: HashTable::new(),
            slots: Vec::new(),
            dirty: Vec::new(),
            patch: Vec::new(),
            client: workload.entities().map(|(_, entity)| entity).collect(),
        };
        for (key, entity) in workload.entities() {
            let Floor { hasher, by_key, slots, .. } = &mut floor;
            slots.push(Slot { key: key.into(), entity, dirty: 0 });
            by_key.insert_unique(hasher.hash_one(key), slots.len() as u32 - 1, |&slot| {
                hasher.hash_one(&*slots[slot as usize].key)
            });
        }
        floor
    }
}

impl Peer for Floor {
    fn mutate(&mut self, tick: &Tick<'_>) {
        for change in tick.moves() {
            let hash = self.hasher.hash_one(change.key);
            let found =
                self.by_key.find(hash, |&slot| *self.slots[slot as usize].key == *change.key);
            let index = *found.expect("every key is in the map");
            let slot = &mut self.slots[index as usize];
            if slot.dirty == 0 {
                self.dirty.push(index);
            }
            slot.entity.x += change.dx;
            slot.entity.y += change.dy;
            slot.dirty |= 1 << X | 1 << Y;
            if change.hit {
                slot.entity.hp = slot.entity.hp.wrapping_sub(1);
                slot.dirty |= 1 << HP;
            }
        }
    }

    fn encode(&mut self) -> usize {
        let out = &mut self.patch;
        out.clear();
        for index in self.dirty.drain(..) {
            let slot = &mut self.slots[index as usize];
            write_switch(out, index as usize + FIRST_ENTITY);
            if slot.dirty & 1 << X != 0 {
                write_field(out, X, slot.entity.x.to_le_bytes());
            }
            if slot.dirty & 1 << Y != 0 {
                write_field(out, Y, slot.entity.y.to_le_bytes());
            }
            if slot.dirty & 1 << HP != 0 {
                write_field(out, HP, slot.entity.hp.to_le_bytes());
            }
            slot.dirty = 0;
        }
        out.len()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(&self.patch)
    }

    fn apply(&mut self, patch: &[u8]) {
        read_patch(patch, &mut self.client).expect("the floor reads what it writes");
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.slots.iter().map(|slot| slot.entity.clone()).collect(), self.client.clone()]
    }
}

#[inline]
fn write_switch(out: &mut Vec<u8>, ref_id: usize) {
    // The protocol's variable-length number.
    match ref_id {
        0..0x80 => out.extend_from_slice(&[SWITCH_TO_STRUCTURE, ref_id as u8]),
        0x80..0x100 => out.extend_from_slice(&[SWITCH_TO_STRUCTURE, 0xcc, ref_id as u8]),
        _ => {
            let [low, high] = (ref_id as u16).to_le_bytes();
            out.extend_from_slice(&[SWITCH_TO_STRUCTURE, 0xcd, low, high]);
        }
    }
}

#[inline]
fn write_field<const N: usize>(out: &mut Vec<u8>, field: u8, value: [u8; N]) {
    out.push(ADD | field);
    out.extend_from_slice(&value);
}

/// Brings the entities up to date; `None` where the bytes are not of a patch of field changes.
fn read_patch(mut bytes: &[u8], entities: &mut [Entity]) -> Option<()> {
    let mut current: Option<&mut Entity> = None;
    while let Some((&operation, rest)) = bytes.split_first() {
        bytes = rest;
        if operation == SWITCH_TO_STRUCTURE {
            let ref_id = match take(&mut bytes)? {
                [0xcc] => usize::from(u8::from_le_bytes(take(&mut bytes)?)),
                [0xcd] => usize::from(u16::from_le_bytes(take(&mut bytes)?)),
                [small @ 0..0x80] => usize::from(small),
                _ => return None,
            };
            current = Some(entities.get_mut(ref_id.checked_sub(FIRST_ENTITY)?)?);
            continue;
        }
        let entity = current.as_deref_mut()?;
        match operation.checked_sub(ADD)? {
            X => entity.x = f32::from_le_bytes(take(&mut bytes)?),
            Y => entity.y = f32::from_le_bytes(take(&mut bytes)?),
            HP => entity.hp = u16::from_le_bytes(take(&mut bytes)?),
            _ => return None,
        }
    }
    Some(())
}

#[inline]
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}
