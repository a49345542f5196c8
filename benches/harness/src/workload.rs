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
    /// Entities that change each tick, `entities` at most.
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
    bench: String,
    case: Case,
    /// In the order in which they enter the map.
    keys: Vec<String>,
    /// In the order in which they change: a server has the key of a message at hand, so looking for
    /// the key itself is no part of the job. Twice, as a tick may go on from the beginning where it
    /// comes to the end.
    changes: Vec<String>,
}

impl Workload {
    /// Builds the workload of one cell of the main table.
    pub fn new(case: Case) -> Self {
        Self::of("tick", case)
    }

    /// The same entities, in which something else happens: a peer that does it needs no more of a
    /// tick than that there is one.
    pub fn of(bench: impl Into<String>, case: Case) -> Self {
        assert!((1..=case.entities).contains(&case.changed), "{case:?}: cannot change that many");
        let count = u32::try_from(case.entities).expect("entities are counted in a u32");
        let keys: Vec<String> = (0..count).map(|index| format!("entity-{index:05}")).collect();
        let order = shuffled(count);
        let changes =
            order.iter().chain(&order).map(|index| keys[*index as usize].clone()).collect();
        Self { bench: bench.into(), case, keys, changes }
    }

    /// What happens in it.
    pub fn bench(&self) -> &str {
        &self.bench
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

    /// Ticks until every entity has changed as often as any other.
    pub fn ticks_per_pass(&self) -> usize {
        let Case { entities, changed } = self.case;
        entities / common_divisor(entities, changed)
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
        if end >= case.entities {
            self.start -= case.entities;
        }
        if self.start == 0 {
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
pub fn shuffled(count: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    let mut random = Random::default();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
}

/// The generator that all workloads share (xorshift32, with one seed).
pub(crate) struct Random(u32);

impl Default for Random {
    fn default() -> Self {
        Self(2_463_534_242)
    }
}

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end
    }
}

fn common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

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
    fn a_pass_of_ticks_that_do_not_fit_changes_every_entity_as_often() {
        let workload = Workload::new(Case { entities: 10, changed: 4 });
        let mut ticks = workload.ticks();
        let mut moved: BTreeMap<&str, (u32, f32)> = BTreeMap::new();
        assert_eq!(workload.ticks_per_pass(), 5);
        for _ in 0..2 * workload.ticks_per_pass() {
            for change in ticks.advance().moves() {
                let (times, place) = moved.entry(change.key).or_default();
                *times += 1;
                *place += change.dx;
            }
        }
        assert_eq!(moved.len(), 10);
        assert!(moved.values().all(|moved| *moved == (4, 0.0)), "{moved:?}");
    }

    #[test]
    fn the_order_is_the_one_that_the_node_bench_builds() {
        assert_eq!(shuffled(100)[..8], [73, 84, 12, 53, 55, 58, 28, 74]);
    }
}
