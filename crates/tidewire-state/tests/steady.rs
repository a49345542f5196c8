//! What a tick costs: as much as was touched, and no memory.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use allocation_counter::measure;
use tidewire_state::{
    ArraySchema, Enter, EntryAt, FieldIndex, Instance, MapSchema, RefEdit, RefId, Schema, Tracked,
    Value, ValueEdit, Visitor,
};

#[derive(Schema, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Unit {
    name: String,
    x: f32,
    hp: Option<u16>,
    tags: MapSchema<u8>,
    path: ArraySchema<f32>,
}

#[derive(Schema, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Field {
    units: MapSchema<Unit>,
    queue: ArraySchema<Unit>,
    bosses: ArraySchema<Instance<Unit>>,
    scores: MapSchema<u32>,
    names: ArraySchema<String>,
}

/// Counts events and forgets them.
#[derive(Default)]
struct Counter {
    entered: usize,
    changes: usize,
}

impl Visitor for Counter {
    fn begin(&mut self, _: u64) {
        *self = Self::default();
    }
    fn end(&mut self) {}
    fn enter(&mut self, _: Enter<'_>) {
        self.entered += 1;
    }
    fn leave(&mut self) {}
    fn field(&mut self, _: FieldIndex, _: Value<'_>, _: Option<Value<'_>>) {
        self.changes += 1;
    }
    fn reference(&mut self, _: FieldIndex, _: RefId, _: Option<RefId>) {
        self.changes += 1;
    }
    fn unset(&mut self, _: FieldIndex) {
        self.changes += 1;
    }
    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {
        self.changes += 1;
    }
    fn entry_removed(&mut self, _: EntryAt<'_>) {
        self.changes += 1;
    }
    fn entry(&mut self, _: EntryAt<'_>, _: Value<'_>, _: Option<Value<'_>>) {
        self.changes += 1;
    }
    fn entry_reference(&mut self, _: EntryAt<'_>, _: RefId, _: Option<RefId>) {
        self.changes += 1;
    }
    fn item(&mut self, _: usize, _: Value<'_>, _: Value<'_>) {
        self.changes += 1;
    }
    fn items(&mut self, _: ValueEdit<'_>) {
        self.changes += 1;
    }
    fn item_references(&mut self, _: RefEdit<'_>) {
        self.changes += 1;
    }
}

fn field(units: usize) -> Tracked<Field> {
    let mut field = Tracked::new(Field::default());
    for n in 0..units {
        let unit = || Unit {
            name: n.to_string(),
            tags: [("a", 1), ("b", 2)].into(),
            path: [1.0, 2.0, 3.0].into(),
            ..Unit::default()
        };
        field.units.insert(n.to_string(), unit());
        field.queue.push(unit());
        field.bosses.push(unit().into());
        field.scores.insert(n.to_string(), 0);
        field.names.push("a name that is too long to be kept inline".to_owned());
    }
    field.sync(&mut Counter::default());
    field
}

/// What a tick of `edit` tells and enters; it may allocate only for the first time.
#[track_caller]
fn check(units: usize, changes: usize, entered: usize, mut edit: impl FnMut(&mut Field, u16)) {
    let mut field = field(units);
    let mut counter = Counter::default();
    for tick in 1..5 {
        let cost = measure(|| {
            edit(&mut field, tick);
            field.sync(&mut counter);
        });
        assert_eq!((counter.changes, counter.entered), (changes, entered), "tick {tick}");
        assert!(tick == 1 || cost.count_total == 0, "tick {tick} allocates: {cost:?}");
    }
}

#[test]
fn a_tick_costs_what_was_touched() {
    check(10_000, 0, 1, |_, _| {});
    check(10_000, 1, 3, |field, tick| field.units.get_mut("77").unwrap().x = f32::from(tick));
    check(10_000, 1, 3, |field, tick| field.queue[77].x = f32::from(tick));
    check(10_000, 1, 2, |field, tick| *field.scores.get_mut("77").unwrap() = u32::from(tick));
    check(10_000, 1, 2, |field, tick| {
        field.names[77].replace_range(0..1, &"abcdef"[usize::from(tick)..=usize::from(tick)]);
    });
    // Guards that are only looked through mark nothing.
    check(10_000, 0, 1, |field, _| {
        assert!(field.units.values_mut().all(|unit| unit.x == 0.0));
        assert!(field.queue.iter_mut().all(|unit| unit.x == 0.0));
        assert!(field.scores.values_mut().all(|score| *score == 0));
    });
    check(10_000, 1, 4, |field, tick| {
        let mut unit = field.units.values_mut().find(|unit| unit.name == "77").unwrap();
        *unit.tags.get_mut("b").unwrap() = 3 + tick as u8;
    });
}

#[test]
fn a_steady_tick_allocates_nothing() {
    check(500, 3 * 500, 1 + 2 + 2 * 500, |field, tick| {
        for (_, mut unit) in &mut field.units {
            unit.x += 1.0;
            unit.hp = Some(tick);
        }
        field.queue.iter_mut().for_each(|mut unit| unit.x += 1.0);
    });
    check(500, 2 * 500, 1 + 2, |field, _| {
        field.scores.values_mut().for_each(|mut score| *score += 1);
        field.names.iter_mut().for_each(|mut name| {
            let last = name.pop().unwrap();
            name.insert(0, last);
        });
    });
    check(500, 500, 1 + 1 + 2 * 500, |field, _| {
        field.queue.iter_mut().for_each(|mut unit| unit.path[1] += 1.0);
    });
    check(500, 1, 1 + 1, |field, _| field.queue.rotate_left(1));
    check(500, 2, 1 + 1 + 1, |field, _| {
        field.queue[3].x += 1.0;
        field.queue.swap(2, 3);
    });
    check(500, 1, 1 + 1 + 1, |field, _| field.bosses[3].x += 1.0);
    check(500, 1, 1 + 1 + 1, |field, tick| {
        let [three, seven] = ["3", "7"].map(|key| field.units.get(key).unwrap().x);
        assert!(seven == 0.0 || three < seven);
        field.units.entry("7").and_modify(|unit| unit.x = f32::from(tick)).or_default();
    });
}
