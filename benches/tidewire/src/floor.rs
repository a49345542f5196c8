//! The floor: the same job written by hand, for this one shape of world.
//!
//! The same lookup that `MapSchema` does (a hash table with the same hasher over a vector of slots),
//! a mask of dirty fields, a list of dirty slots, and the very bytes of the schema protocol. Nothing
//! here can be used for any other world; it is what the abstraction is measured against.

mod join;
mod names;

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use tidewire_bench_harness::{Entity, Peer, Tick, Workload};

pub use self::{join::FloorJoin, names::FloorNames};

/// Field indexes, as the declaration order `x`, `y`, `hp`, `name` gives them.
const X: u8 = 0;
const Y: u8 = 1;
const HP: u8 = 2;
const NAME: u8 = 3;

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
    client: Client,
}

/// What a client holds: the same map, with nothing to be noted as dirty.
#[derive(Default)]
struct Client {
    hasher: RandomState,
    by_key: HashTable<u32>,
    slots: Vec<(Box<str>, Entity)>,
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
            client: Client::default(),
        };
        for (key, entity) in workload.entities() {
            floor.client.insert(key.into(), entity.clone()).expect("entities are counted in a u32");
            let Floor { hasher, by_key, slots, .. } = &mut floor;
            slots.push(Slot { key: key.into(), entity, dirty: 0 });
            by_key.insert_unique(hasher.hash_one(key), slots.len() as u32 - 1, |&slot| {
                hasher.hash_one(&*slots[slot as usize].key)
            });
        }
        floor
    }
}

impl Floor {
    /// The slot of a key, which is noted as dirty.
    #[inline]
    fn touch(&mut self, key: &str) -> &mut Slot {
        let hash = self.hasher.hash_one(key);
        let found = self.by_key.find(hash, |&slot| *self.slots[slot as usize].key == *key);
        let index = *found.expect("every key is in the map");
        let slot = &mut self.slots[index as usize];
        if slot.dirty == 0 {
            self.dirty.push(index);
        }
        slot
    }
}

impl Peer for Floor {
    fn mutate(&mut self, tick: &Tick<'_>) {
        for change in tick.moves() {
            let slot = self.touch(change.key);
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
        read_patch(patch, &mut self.client.slots).expect("the floor reads what it writes");
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.slots.iter().map(|slot| slot.entity.clone()).collect(), self.client.copy()]
    }
}

impl Client {
    /// Appends an entity whose key is not there; `None` where no slot has a number left.
    #[inline]
    fn insert(&mut self, key: Box<str>, entity: Entity) -> Option<()> {
        let Self { hasher, by_key, slots } = self;
        let index = u32::try_from(slots.len()).ok()?;
        by_key.insert_unique(hasher.hash_one(&*key), index, |&slot| {
            slots.get(slot as usize).map_or(0, |(key, _)| hasher.hash_one(&**key))
        });
        slots.push((key, entity));
        Some(())
    }

    fn copy(&self) -> Vec<Entity> {
        self.slots.iter().map(|(_, entity)| entity.clone()).collect()
    }
}

#[inline]
fn write_switch(out: &mut Vec<u8>, ref_id: usize) {
    out.push(SWITCH_TO_STRUCTURE);
    write_number(out, ref_id);
}

/// The protocol's variable-length number, as far as refIds need it.
#[inline]
fn write_number(out: &mut Vec<u8>, number: usize) {
    match number {
        0..0x80 => out.push(number as u8),
        0x80..0x100 => out.extend_from_slice(&[0xcc, number as u8]),
        _ => {
            let [low, high] = (number as u16).to_le_bytes();
            out.extend_from_slice(&[0xcd, low, high]);
        }
    }
}

/// A text of fewer than 32 bytes.
#[inline]
fn write_text(out: &mut Vec<u8>, text: &str) {
    debug_assert!(text.len() < 32, "longer texts have another length in front");
    out.push(0xa0 | text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

#[inline]
fn write_field<const N: usize>(out: &mut Vec<u8>, field: u8, value: [u8; N]) {
    out.push(ADD | field);
    out.extend_from_slice(&value);
}

/// Brings the entities up to date; `None` where the bytes are not of a patch of field changes.
fn read_patch(mut bytes: &[u8], slots: &mut [(Box<str>, Entity)]) -> Option<()> {
    let mut current: Option<&mut Entity> = None;
    while let Some((&operation, rest)) = bytes.split_first() {
        bytes = rest;
        if operation == SWITCH_TO_STRUCTURE {
            let ref_id = take_number(&mut bytes)?;
            let (_, entity) = slots.get_mut(ref_id.checked_sub(FIRST_ENTITY)?)?;
            current = Some(entity);
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

/// The protocol's variable-length number, as far as refIds need it.
#[inline]
fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    Some(match take(bytes)? {
        [0xcc] => usize::from(u8::from_le_bytes(take(bytes)?)),
        [0xcd] => usize::from(u16::from_le_bytes(take(bytes)?)),
        [small @ 0..0x80] => usize::from(small),
        _ => return None,
    })
}

/// A text of fewer than 32 bytes.
#[inline]
fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let [head @ 0xa0..0xc0] = take(bytes)? else { return None };
    let (text, rest) = bytes.split_at_checked(usize::from(head - 0xa0))?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}
