//! When filters are asked, and what that costs.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::cell::Cell;

use allocation_counter::measure;
use tidewire_state::{
    ArraySchema, Enter, EntryAt, FieldIndex, Handle, Instance, MapSchema, Pool, RefEdit, RefId,
    Schema, Tag, Tracked, Value, ValueEdit, Viewer, Visitor, state_hash,
};

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// Counts that a filter was asked, and lets Ada through.
fn ask(viewer: &Viewer<'_>) -> bool {
    ASKED.set(ASKED.get() + 1);
    viewer.name() == "ada"
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Unit {
    x: f32,
    #[schema(skip)]
    unseen: u8,
    #[schema(filter = |unit: &Unit, viewer| ask(viewer) || unit.unseen > 0)]
    plan: u8,
    #[schema(filter_children = |_, viewer, _, _| ask(viewer))]
    loot: MapSchema<u8>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    #[schema(pool)]
    pool: Pool<Unit>,
    time: u32,
    units: MapSchema<Unit>,
    #[schema(filter_children = |_, viewer, _, _| ask(viewer))]
    hidden: ArraySchema<Unit>,
    #[schema(filter_children = |_, viewer, _, _| ask(viewer))]
    shared: MapSchema<Handle<Unit>>,
    #[schema(per_player)]
    own: MapSchema<Unit>,
    plain: MapSchema<u8>,
}

fn sync<S: Schema>(state: &mut Tracked<S>) {
    let nobody: &mut [&mut dyn Visitor] = &mut [];
    state.sync(nobody);
}

/// How often filters are asked in the sync after `edit`.
fn asked(world: &mut Tracked<World>, edit: impl FnOnce(&mut Tracked<World>)) -> usize {
    edit(world);
    ASKED.set(0);
    sync(world);
    ASKED.get()
}

/// A world with 10 units of each kind, and two views.
fn world() -> Tracked<World> {
    let mut world = Tracked::new(World::default());
    for n in 0..10 {
        let name = n.to_string();
        world.units.insert(&name, Unit::default());
        world.hidden.push(Unit::default());
        world.own.insert(&name, Unit::default());
        world.plain.insert(&name, 0);
        let unit = world.pool.insert(Unit::default());
        world.shared.insert(&name, unit);
    }
    world.create_view("ada");
    world.create_view("bob");
    sync(&mut world);
    world
}

#[test]
fn filters_are_asked_about_what_was_touched() {
    let mut world = world();
    let calls = |world: &mut _, edit: fn(&mut Tracked<World>)| asked(world, edit);
    assert_eq!(calls(&mut world, |_| {}), 0);
    assert_eq!(calls(&mut world, |world| *world.plain.get_mut("3").unwrap() = 1), 0);
    // Another field than the filtered one.
    assert_eq!(calls(&mut world, |world| world.units.get_mut("3").unwrap().x = 1.0), 2);
    // What no walk compares: the unit was handed out.
    assert_eq!(calls(&mut world, |world| world.units.get_mut("3").unwrap().unseen = 1), 2);
    // All entries of a collection of which one was handed out, and what that has itself.
    assert_eq!(calls(&mut world, |world| world.hidden[2].x = 1.0), 2 * (10 + 1));
    // A field of the struct that has the collections.
    assert_eq!(calls(&mut world, |world| world.time = 1), 2 * (10 + 10));
    // An instance that lies in a pool: itself, and the places that lead to it.
    let unit = *world.shared.get("3").unwrap();
    assert_eq!(asked(&mut world, |world| world.pool.get_mut(unit).unwrap().x = 1.0), 2 * (1 + 10));
    // Below what was touched.
    let loot = |world: &mut Tracked<World>| {
        world.units.get_mut("3").unwrap().loot.insert("gold", 1);
    };
    assert_eq!(asked(&mut world, loot), 2 * (1 + 1));
}

#[test]
fn a_new_view_is_asked_for_everything_and_so_is_who_is_refiltered() {
    let mut world = world();
    let all = 10 + 10 + 10 + 10 + 10 + 10;
    let mut cyd = None;
    assert_eq!(asked(&mut world, |world| cyd = Some(world.create_view("cyd"))), all);
    assert_eq!(asked(&mut world, |world| world.refilter_view(cyd.unwrap())), all);
    assert_eq!(asked(&mut world, Tracked::refilter), 3 * all);
    assert_eq!(asked(&mut world, |world| world.drop_view(cyd.unwrap())), 0);
    assert_eq!(asked(&mut world, |world| world.time = 2), 2 * (10 + 10));
}

#[test]
fn filters_allocate_nothing_in_a_steady_tick() {
    let mut world = world();
    for tick in 1..6_u16 {
        let cost = measure(|| {
            world.time = tick.into();
            world.units.get_mut("3").unwrap().x = tick.into();
            world.hidden[2].x = tick.into();
            world.own.get_mut("3").unwrap().x = tick.into();
            sync(&mut world);
        });
        assert!(tick < 3 || cost.count_total == 0, "tick {tick} allocates: {cost:?}");
    }
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Chest {
    open: bool,
    #[schema(filter = |this: &Chest, _| this.open)]
    inside: Option<Instance<Unit>>,
    #[schema(filter_children = |_, viewer, key, _| viewer.name() == key)]
    notes: MapSchema<u8>,
}

#[test]
fn what_is_let_through_is_not_in_view() {
    let mut state = Tracked::new(Chest::default());
    state.inside = Some(Instance::new(Unit::default()));
    state.notes.extend([("ada".to_owned(), 1), ("bob".to_owned(), 2)]);
    let ada = state.create_view("ada");
    sync(&mut state);
    let inside = state.node(&["inside"]).unwrap();
    let sight = |state: &Tracked<Chest>| state.view(ada).unwrap().sight(inside, true);
    assert_eq!(sight(&state), None);
    state.open = true;
    sync(&mut state);
    let shown = sight(&state).unwrap();
    assert!(shown.through && shown.held.is_none());
    assert!(!state.view(ada).unwrap().has(inside));
    // Adding does not go through filters, and what was added stays when a filter says no.
    state.view_add::<&str>(ada, &[], Tag::DEFAULT).unwrap();
    assert!(!state.view(ada).unwrap().has(inside));
    state.view_add(ada, &["inside"], Tag::DEFAULT).unwrap();
    state.open = false;
    sync(&mut state);
    let shown = sight(&state).unwrap();
    assert!(!shown.through && shown.held.is_some());
    let notes = state.node(&["notes"]).unwrap();
    let view = state.view(ada).unwrap();
    assert_eq!((view.passes(notes, 0), view.passes(notes, 1)), (true, false));
    // Nothing is left of what went.
    state.inside = None;
    state.notes.clear();
    sync(&mut state);
    let view = state.view(ada).unwrap();
    assert_eq!((view.through().iter().count(), view.granted().iter().count()), (0, 0));
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Scout {
    x: u8,
    #[schema(custom = Scout::distance_for)]
    distance: Option<u16>,
}

impl Scout {
    fn distance_for(&self, viewer: &Viewer<'_>) -> Option<u16> {
        ask(viewer);
        let distance = self.distance? / 10 + viewer.name().len() as u16;
        (self.x < 9).then_some(distance)
    }
}

#[test]
fn what_a_view_alone_is_told_is_asked_for_as_filters_are() {
    let mut scout = Tracked::new(Scout { x: 1, distance: Some(40) });
    let (ada, barbara) = (scout.create_view("ada"), scout.create_view("barbara"));
    let values = |scout: &mut Tracked<Scout>, edit: fn(&mut Scout)| {
        edit(scout);
        ASKED.set(0);
        sync(scout);
        assert_eq!(ASKED.get(), 2);
        [ada, barbara].map(|view| {
            let view = scout.view(view).unwrap();
            match view.custom(RefId::ROOT, false, FieldIndex(1)) {
                None => (view.version(), None),
                Some(Value::Uint16(value)) => (view.version(), Some(value)),
                Some(other) => panic!("{other:?} of a `u16`"),
            }
        })
    };
    let first = values(&mut scout, |_| {});
    assert_eq!(first.map(|(_, value)| value), [Some(7), Some(11)]);
    // The same, of another value: to nobody anything happened.
    assert_eq!(values(&mut scout, |scout| scout.distance = Some(49)), first);
    let second = values(&mut scout, |scout| scout.distance = Some(50));
    assert_eq!(second.map(|(_, value)| value), [Some(8), Some(12)]);
    assert!(second[0].0 > first[0].0);
    let shows = "view \"ada\": 0 added, 1 public, 0 unseen\n  /: public, filtered; shows distance";
    assert_eq!(scout.view_explain(ada).unwrap().to_string(), shows);
    let third = values(&mut scout, |scout| scout.x = 9);
    assert_eq!(third.map(|(_, value)| value), [None, None]);
    assert_eq!(values(&mut scout, |scout| scout.distance = None), third);
    let says = "view \"ada\": 0 added, 1 public, 0 unseen";
    assert_eq!(scout.view_explain(ada).unwrap().to_string(), says);
}

/// Also of what has no nodes of its own: a map of values of which each client has one.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Lobby {
    #[schema(per_player)]
    own: MapSchema<u8>,
    #[schema(filter_children = |_, viewer, _, unit| unit.x > 1.0 && ask(viewer))]
    units: ArraySchema<Unit>,
    plain: MapSchema<u8>,
}

#[test]
fn an_explanation_names_the_entries_that_filters_show_and_hide() {
    let mut lobby = Tracked::new(Lobby::default());
    let [ada, bob] = ["ada", "bob"].map(|name| lobby.create_view(name));
    for name in ["ada", "bob"] {
        lobby.own.insert(name, 1);
        lobby.plain.insert(name, 1);
    }
    lobby.units.extend([1.0, 2.0].map(|x| Unit { x, ..Unit::default() }));
    sync(&mut lobby);
    let of_ada = "view \"ada\": 0 added, 4 public, 2 unseen
  /own: public, filtered entries; shows ada; hides bob
  /units: public, filtered entries; shows 1; hides 0
  /units/1: let through; shows plan
  /units/1/loot: let through, filtered entries";
    assert_eq!(lobby.view_explain(ada).unwrap().to_string(), of_ada);
    let of_bob = "view \"bob\": 0 added, 4 public, 4 unseen
  /own: public, filtered entries; shows bob; hides ada
  /units: public, filtered entries; hides 0, 1";
    assert_eq!(lobby.view_explain(bob).unwrap().to_string(), of_bob);
}

#[test]
fn no_walk_tells_of_a_value_that_each_has_of_its_own() {
    let mut told = Heard::default();
    let mut scout = Tracked::new(Scout { x: 1, distance: Some(40) });
    scout.create_view("ada");
    scout.sync(&mut told);
    scout.x = 2;
    scout.distance = Some(41);
    scout.sync(&mut told);
    scout.visit(&mut told);
    assert_eq!(told.fields, [FieldIndex(0); 3]);
    // Nor is it in a hash of what clients hold.
    assert_eq!(state_hash(&*scout), state_hash(&Scout { x: 2, distance: None }));
}

/// The fields of which something was told.
#[derive(Default)]
struct Heard {
    fields: Vec<FieldIndex>,
}

impl Visitor for Heard {
    fn begin(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn enter(&mut self, _: Enter<'_>) {}
    fn leave(&mut self) {}
    fn field(&mut self, field: FieldIndex, _: Value<'_>, _: Option<Value<'_>>) {
        self.fields.push(field);
    }
    fn unset(&mut self, field: FieldIndex) {
        self.fields.push(field);
    }
    fn reference(&mut self, _: FieldIndex, _: RefId, _: Option<RefId>) {}
    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {}
    fn entry_removed(&mut self, _: EntryAt<'_>) {}
    fn entry(&mut self, _: EntryAt<'_>, _: Value<'_>, _: Option<Value<'_>>) {}
    fn entry_reference(&mut self, _: EntryAt<'_>, _: RefId, _: Option<RefId>) {}
    fn item(&mut self, _: usize, _: Value<'_>, _: Value<'_>) {}
    fn items(&mut self, _: ValueEdit<'_>) {}
    fn item_references(&mut self, _: RefEdit<'_>) {}
}

#[test]
fn values_of_ones_own_allocate_nothing_where_they_stay_or_are_numbers() {
    let mut scout = Tracked::new(Scout { x: 1, distance: Some(40) });
    scout.create_view("ada");
    for tick in 1..8_u16 {
        let cost = measure(|| {
            scout.distance = Some(tick * 10);
            sync(&mut scout);
        });
        assert!(tick < 3 || cost.count_total == 0, "tick {tick} allocates: {cost:?}");
    }
}
