//! The floor of a snapshot: written from the slots, read into a map of entities by key.

use tidewire_bench_harness::{Entity, Peer, Tick, Workload};

use super::{
    ADD, Client, FIRST_ENTITY, Floor, HP, NAME, SWITCH_TO_STRUCTURE, X, Y, take, take_number,
    take_text, write_field, write_number, write_switch, write_text,
};

/// The root's one field leads to refId 1, the map, whose entries follow.
const HEAD: [u8; 4] = [ADD, 1, SWITCH_TO_STRUCTURE, 1];

/// A snapshot of a world that stands still, and a client that reads it.
pub struct FloorJoin {
    server: Floor,
    client: Client,
}

impl FloorJoin {
    /// A world with all entities.
    pub fn new(workload: &Workload) -> Self {
        let mut join = Self { server: Floor::new(workload), client: Client::default() };
        join.encode();
        join
    }
}

impl Peer for FloorJoin {
    fn mutate(&mut self, _: &Tick<'_>) {}

    fn encode(&mut self) -> usize {
        let Floor { slots, patch: out, .. } = &mut self.server;
        out.clear();
        out.extend_from_slice(&HEAD);
        for (index, slot) in slots.iter().enumerate() {
            out.push(ADD);
            write_number(out, index);
            write_text(out, &slot.key);
            write_number(out, index + FIRST_ENTITY);
        }
        for (index, slot) in slots.iter().enumerate() {
            write_switch(out, index + FIRST_ENTITY);
            write_field(out, X, slot.entity.x.to_le_bytes());
            write_field(out, Y, slot.entity.y.to_le_bytes());
            write_field(out, HP, slot.entity.hp.to_le_bytes());
            out.push(ADD | NAME);
            write_text(out, &slot.entity.name);
        }
        out.len()
    }

    fn patch(&self) -> Option<&[u8]> {
        self.server.patch()
    }

    fn apply(&mut self, snapshot: &[u8]) {
        self.client = Client::default();
        self.client.read(snapshot).expect("the floor reads what it writes");
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        let [server, _] = self.server.copies();
        [server, self.client.copy()]
    }
}

impl Client {
    /// `None` where the bytes are not of a snapshot.
    fn read(&mut self, mut bytes: &[u8]) -> Option<()> {
        if take(&mut bytes)? != HEAD {
            return None;
        }
        while bytes.first() == Some(&ADD) {
            take::<1>(&mut bytes)?;
            take_number(&mut bytes)?;
            let key: Box<str> = take_text(&mut bytes)?.into();
            take_number(&mut bytes)?.checked_sub(FIRST_ENTITY)?;
            self.insert(key, Entity::default())?;
        }
        while !bytes.is_empty() {
            let [SWITCH_TO_STRUCTURE] = take(&mut bytes)? else { return None };
            let (_, entity) =
                self.slots.get_mut(take_number(&mut bytes)?.checked_sub(FIRST_ENTITY)?)?;
            let [_] = take(&mut bytes)?;
            entity.x = f32::from_le_bytes(take(&mut bytes)?);
            let [_] = take(&mut bytes)?;
            entity.y = f32::from_le_bytes(take(&mut bytes)?);
            let [_] = take(&mut bytes)?;
            entity.hp = u16::from_le_bytes(take(&mut bytes)?);
            let [_] = take(&mut bytes)?;
            take_text(&mut bytes)?.clone_into(&mut entity.name);
        }
        Some(())
    }
}
