//! The workload: n entities in a map with string keys, k of which change each tick.

/// The cells of the table: 1 %, 10 % and 100 % of 100, 1,000 and 10,000 entities.
pub const CASES: [Case; 9] = [
    Case { entities: 100, changed: 1 },
    Case { entities: 100, changed: 10 },
    Case { entities: 100, changed: 100 },
    Case { entities: 1_000, changed: 10 },
    Case { entities: 1_000, changed: 100 },
    Case { entities: 1_000, changed: 1_000 },
    Case { entities: 10_000, changed: 100 },
    Case { entities: 10_000, changed: 1_000 },
    Case { entities: 10_000, changed: 10_000 },
];

/// How many entities there are, and how many of them change each tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Entities in the world.
    pub entities: usize,
    /// Entities that change each tick; divides `entities`.
    pub changed: usize,
}

/// The plain values of an entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entity {
    /// Moves every time the entity changes.
    pub x: f32,
    /// Moves every time the entity changes.
    pub y: f32,
    /// Falls by one, and wraps, in every eighth change.
    pub hp: u16,
    /// Never changes.
    pub name: String,
}

/// The keys, the entities to begin with, and the order in which they change.
///
/// The same for every peer and in every run; `benches/node/bench.mjs` builds the very same one.
#[derive(Debug)]
pub struct Workload {
    case: Case,
    /// In the order in which they enter the map.
    keys: Vec<String>,
    /// In the order in which they change: a server has the key of a message at hand, so looking for
    /// the key itself is no part of the job.
    changes: Vec<String>,
}

impl Workload {
    /// Builds the workload of one cell.
    pub fn new(case: Case) -> Self {
        assert_eq!(case.entities % case.changed, 0, "a pass over all entities is whole ticks");
        let count = u32::try_from(case.entities).expect("entities are counted in a u32");
        let keys: Vec<String> = (0..count).map(|index| format!("entity-{index:05}")).collect();
        let changes =
            shuffled(count).into_iter().map(|index| keys[index as usize].clone()).collect();
        Self { case, keys, changes }
    }

    /// The cell this is the workload of.
    pub fn case(&self) -> Case {
        self.case
    }

    /// All keys with their entities, in the order in which they enter the map.
    pub fn entities(&self) -> impl Iterator<Item = (&str, Entity)> {
        self.keys.iter().enumerate().map(|(index, key)| {
            let place = index as f32;
            let name = format!("name {index}");
            (key.as_str(), Entity { x: place, y: -place, hp: u16::MAX, name })
        })
    }

    /// Ticks until every entity has changed once.
    pub fn ticks_per_pass(&self) -> usize {
        self.case.entities / self.case.changed
    }

    /// The ticks from the first one on, without end.
    pub fn ticks(&self) -> Ticks<'_> {
        Ticks { workload: self, start: 0, step: 0.5 }
    }
}

/// The ticks of a workload, one after the other, without end.
#[derive(Clone, Debug)]
pub struct Ticks<'a> {
    workload: &'a Workload,
    /// Where in the order the next tick begins.
    start: usize,
    /// How far entities move in this pass.
    step: f32,
}

impl<'a> Ticks<'a> {
    /// The changes of the next tick.
    pub fn advance(&mut self) -> Tick<'a> {
        let Workload { case, changes, .. } = self.workload;
        let end = self.start + case.changed;
        let tick = Tick { changed: &changes[self.start..end], step: self.step };
        self.start = end;
        if end == changes.len() {
            self.start = 0;
            // Each pass moves the entities back from where the last one took them, so that they
            // stay within what an `f32` holds exactly, however long it runs.
            self.step = -self.step;
        }
        tick
    }
}

/// The changes of one tick.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'a> {
    changed: &'a [String],
    step: f32,
}

impl<'a> Tick<'a> {
    /// The changes one by one.
    pub fn moves(self) -> impl Iterator<Item = Move<'a>> {
        self.changed.iter().enumerate().map(move |(nth, key)| Move {
            key,
            dx: self.step,
            dy: -self.step,
            hit: nth % 8 == 0,
        })
    }
}

/// The change of one entity.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// Which entity.
    pub key: &'a str,
    /// To be added to `x`; never 0.
    pub dx: f32,
    /// To be added to `y`; never 0.
    pub dy: f32,
    /// Whether `hp` falls by one, from 0 to 65,535.
    pub hit: bool,
}

/// The numbers below `count` in an order that jumps about (Fisher–Yates over xorshift32).
fn shuffled(count: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    let mut random: u32 = 2_463_534_242;
    for last in (1..order.len()).rev() {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        order.swap(last, random as usize % (last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_pass_changes_every_entity_once_and_jumps_about() {
        for case in CASES {
            let workload = Workload::new(case);
            let mut ticks = workload.ticks();
            let keys: Vec<&str> = (0..workload.ticks_per_pass())
                .flat_map(|_| ticks.advance().moves().map(|change| change.key))
                .collect();
            let distinct: BTreeSet<&str> = keys.iter().copied().collect();
            assert_eq!((keys.len(), distinct.len()), (case.entities, case.entities));
            assert!(!keys.is_sorted());
        }
    }

    #[test]
    fn the_order_is_the_one_that_the_node_bench_builds() {
        assert_eq!(shuffled(100)[..8], [73, 84, 12, 53, 55, 58, 28, 74]);
    }
}
