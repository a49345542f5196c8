//! Streams: keys, paces, turns, and what views wait for.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use allocation_counter::measure;
use tidewire_state::{
    Instance, MapSchema, PathError, Schema, StreamKey, StreamSchema, Tag, Tracked, ViewId, Visitor,
};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Unit {
    name: String,
    rank: f32,
    scores: MapSchema<u32>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Field {
    units: StreamSchema<Unit>,
    #[schema(max_per_tick = 3, priority = by_rank)]
    ranked: StreamSchema<Unit>,
    #[schema(view, max_per_tick = 2, priority = by_name_of_viewer)]
    hidden: StreamSchema<Unit>,
    bosses: StreamSchema<Instance<Unit>>,
    zones: MapSchema<Zone>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Zone {
    #[schema(view, max_per_tick = 1)]
    units: StreamSchema<Unit>,
}

fn by_rank(unit: &Unit, _: Option<&str>) -> f32 {
    unit.rank
}

/// Who is called as the viewer comes first.
fn by_name_of_viewer(unit: &Unit, viewer: Option<&str>) -> f32 {
    f32::from(u8::from(viewer == Some(&unit.name)))
}

fn unit(name: &str, rank: f32) -> Unit {
    Unit { name: name.to_owned(), rank, ..Unit::default() }
}

fn sync(field: &mut Tracked<Field>) {
    let nobody: &mut [&mut dyn Visitor] = &mut [];
    field.sync(nobody);
}

fn told(stream: &StreamSchema<Unit>) -> Vec<&str> {
    let told = stream.iter().filter(|(key, _)| !stream.is_waiting(*key));
    told.map(|(_, unit)| unit.name.as_str()).collect()
}

fn held(field: &mut Tracked<Field>, view: ViewId) -> Vec<String> {
    let all: Vec<(String, String)> =
        field.hidden.iter().map(|(key, unit)| (key.to_string(), unit.name.clone())).collect();
    let node = |field: &mut Tracked<Field>, key: &str| field.node(&["hidden", key]).unwrap();
    let holds = |(key, name): (String, String)| {
        let id = node(field, &key);
        field.view(view).unwrap().has(id).then_some(name)
    };
    all.into_iter().filter_map(holds).collect()
}

#[test]
fn keys_stay_while_others_come_and_go() {
    let mut stream = StreamSchema::new();
    let keys: Vec<StreamKey> = (0..40).map(|at| stream.add(unit("", at as f32))).collect();
    for key in keys.iter().filter(|key| key.0 % 3 > 0) {
        assert_eq!(stream.remove(*key).unwrap().rank, key.0 as f32);
        assert_eq!(stream.remove(*key), None);
        stream.add(unit("new", -1.0));
    }
    for key in &keys {
        assert_eq!(stream.contains(*key), key.0 % 3 == 0);
        assert_eq!(
            stream.get(*key).map(|unit| unit.rank),
            (key.0 % 3 == 0).then_some(key.0 as f32)
        );
    }
    assert_eq!((stream.len(), stream.iter().len()), (40, 40));
    let order: Vec<u64> = stream.iter().map(|(key, _)| key.0).collect();
    assert!(order.is_sorted());
    stream.retain(|_, unit| unit.rank >= 0.0);
    stream.values_mut().for_each(|mut unit| unit.rank += 1.0);
    assert!(stream.values().all(|unit| unit.rank % 3.0 == 1.0));
    let copy = stream.clone();
    assert_eq!(copy, stream);
    stream.clear();
    assert!(stream.is_empty() && stream != copy);
    assert_eq!(stream.add(unit("", 0.0)), StreamKey(66));
    let names: Vec<f32> = copy.into_iter().map(|unit| unit.rank).collect();
    assert_eq!(names[..3], [1.0, 4.0, 7.0]);
}

#[test]
fn a_stream_is_told_at_its_own_pace_or_that_of_its_field() {
    let mut field = Tracked::new(Field::default());
    let add = |stream: &mut StreamSchema<Unit>| {
        for at in 0..100 {
            stream.add(unit("", at as f32));
        }
    };
    add(&mut field.units);
    add(&mut field.ranked);
    sync(&mut field);
    assert_eq!((field.units.waiting(), field.ranked.waiting()), (68, 97));
    assert!(!field.ranked.is_waiting(StreamKey(99)) && field.ranked.is_waiting(StreamKey(96)));
    field.units.set_max_per_tick(0);
    field.ranked.set_max_per_tick(1);
    field.ranked.set_priority(|unit, viewer| {
        assert_eq!(viewer, None);
        if unit.rank == 50.0 { f32::NAN } else { -unit.rank }
    });
    sync(&mut field);
    assert_eq!((field.units.waiting(), field.ranked.waiting()), (68, 96));
    assert!(!field.ranked.is_waiting(StreamKey(0)));
    field.ranked.set_max_per_tick(95);
    sync(&mut field);
    // What is no number is the least urgent.
    assert!(field.ranked.is_waiting(StreamKey(50)));
    assert_eq!(field.ranked.waiting(), 1);
}

#[test]
fn what_is_removed_while_it_waits_takes_no_turn() {
    let mut field = Tracked::new(Field::default());
    let keys = ["a", "b", "c", "d", "e"].map(|name| field.ranked.add(unit(name, 1.0)));
    sync(&mut field);
    assert_eq!(told(&field.ranked), ["a", "b", "c"]);
    field.ranked.remove(keys[3]);
    field.ranked.add(unit("f", 1.0));
    field.ranked.add(unit("g", 2.0));
    field.ranked.add(unit("h", 1.0));
    sync(&mut field);
    assert_eq!(told(&field.ranked), ["a", "b", "c", "e", "f", "g"]);
}

#[test]
fn another_instance_in_an_entry_waits_its_turn() {
    let mut field = Tracked::new(Field::default());
    field.bosses.set_max_per_tick(1);
    let keys = ["a", "b"].map(|name| field.bosses.add(Instance::new(unit(name, 0.0))));
    sync(&mut field);
    assert!(!field.bosses.is_waiting(keys[0]));
    *field.bosses.get_mut(keys[0]).unwrap() = Instance::new(unit("c", 0.0));
    sync(&mut field);
    // Behind the one that was there before.
    assert!(field.bosses.is_waiting(keys[0]) && !field.bosses.is_waiting(keys[1]));
    sync(&mut field);
    assert_eq!(field.bosses.waiting(), 0);
}

#[test]
fn each_view_has_a_queue_of_its_own() {
    let mut field = Tracked::new(Field::default());
    let (ada, bob) = (field.create_view("ada"), field.create_view("bob"));
    for name in ["x", "y", "z", "bob", "ada"] {
        field.hidden.add(unit(name, 0.0));
    }
    field.view_subscribe(ada, &["hidden"], Tag::DEFAULT).unwrap();
    sync(&mut field);
    // The walk has told all of them; who sees them is the views' affair.
    assert_eq!(field.hidden.waiting(), 0);
    assert_eq!(held(&mut field, ada), ["x", "ada"]);
    assert_eq!(field.views().waiting(ada), 3);
    field.view_add(bob, &["hidden"], Tag::DEFAULT).unwrap();
    field.hidden.add(unit("new", 0.0));
    sync(&mut field);
    assert_eq!(held(&mut field, ada), ["x", "y", "z", "ada"]);
    assert_eq!(held(&mut field, bob), ["x", "bob"]);
    // One by one, and out again before the turn.
    field.view_add(bob, &["hidden", "5"], Tag::DEFAULT).unwrap();
    field.view_remove(bob, &["hidden", "2"], Tag::DEFAULT).unwrap();
    sync(&mut field);
    assert_eq!(held(&mut field, bob), ["x", "y", "bob", "ada"]);
    sync(&mut field);
    assert_eq!(held(&mut field, bob), ["x", "y", "bob", "ada", "new"]);
    assert_eq!(held(&mut field, ada), ["x", "y", "z", "bob", "ada", "new"]);
    field.view_clear(ada);
    field.view_add(ada, &["hidden"], Tag::DEFAULT).unwrap();
    field.drop_view(ada);
    sync(&mut field);
    assert_eq!(field.views().waiting(ada), 0);
}

#[test]
fn a_tag_that_was_taken_back_is_not_given() {
    let mut field = Tracked::new(Field::default());
    let view = field.create_view("ada");
    let key = field.hidden.add(unit("x", 0.0)).to_string();
    field.view_add(view, &["hidden", &key], Tag(3)).unwrap();
    field.view_remove(view, &["hidden", &key], Tag(1)).unwrap();
    sync(&mut field);
    let node = field.node(&["hidden", &key]).unwrap();
    let held = field.view(view).unwrap().held(node).unwrap();
    assert_eq!((held.untagged, held.bits), (false, 2));
    // What is in view already waits for no turn.
    field.hidden.set_max_per_tick(0);
    field.view_add(view, &["hidden", &key], Tag::DEFAULT).unwrap();
    sync(&mut field);
    assert!(field.view(view).unwrap().held(node).unwrap().untagged);
}

#[test]
fn a_path_into_a_stream_names_its_keys() {
    let mut field = Tracked::new(Field::default());
    let view = field.create_view("ada");
    field.ranked.set_max_per_tick(0);
    field.ranked.add(unit("x", 0.0));
    field.hidden.add(unit("y", 0.0));
    let nothing = |at: &str| Err(PathError::Nothing(at.to_owned()));
    assert_eq!(field.view_add(view, &["hidden", "1"], Tag::DEFAULT), nothing("1"));
    assert_eq!(field.view_add(view, &["hidden", "y"], Tag::DEFAULT), nothing("y"));
    let no_collection = Err(PathError::NoCollection);
    assert_eq!(field.view_subscribe(view, &["hidden", "0"], Tag::DEFAULT), no_collection);
    // What is below an entry is there once the entry has had its turn.
    assert_eq!(field.view_add(view, &["hidden", "0", "scores"], Tag::DEFAULT), nothing("0"));
    sync(&mut field);
    assert_eq!(field.view_add(view, &["hidden", "0", "scores"], Tag::DEFAULT), Ok(()));
    assert_eq!(field.view_add(view, &["ranked", "0", "scores"], Tag::DEFAULT), nothing("0"));
    assert_eq!(field.node(&["ranked", "0"]).map(|_| ()), nothing("0"));
}

#[test]
fn a_tick_in_which_nothing_comes_allocates_nothing() {
    let mut field = Tracked::new(Field::default());
    let view = field.create_view("ada");
    field.view_subscribe(view, &["hidden"], Tag::DEFAULT).unwrap();
    for at in 0..1000 {
        field.ranked.add(unit("", at as f32));
        field.hidden.add(unit("", at as f32));
    }
    field.ranked.set_max_per_tick(1000);
    field.hidden.set_max_per_tick(1000);
    sync(&mut field);
    sync(&mut field);
    for tick in 0..5 {
        let cost = measure(|| {
            for at in 0..100 {
                field.ranked.get_mut(StreamKey(at * 7)).unwrap().rank += 1.0;
                field.hidden.get_mut(StreamKey(at * 7)).unwrap().rank += 1.0;
            }
            for (_, mut unit) in field.hidden.iter_mut().take(500) {
                unit.rank += 1.0;
            }
            sync(&mut field);
        });
        assert_eq!(cost.count_total, 0, "tick {tick} allocates: {cost:?}");
    }
}

#[test]
fn a_subscription_reaches_the_streams_of_what_comes() {
    let mut field = Tracked::new(Field::default());
    let view = field.create_view("ada");
    field.zones.insert("old", Zone::default());
    field.view_subscribe(view, &["zones"], Tag::DEFAULT).unwrap();
    sync(&mut field);
    field.zones.insert("new", Zone { units: [1.0, 2.0, 3.0].map(|rank| unit("", rank)).into() });
    for waiting in [2, 1, 0] {
        sync(&mut field);
        assert_eq!(field.views().waiting(view), waiting);
    }
    let last = field.node(&["zones", "new", "units", "2"]).unwrap();
    assert!(field.view(view).unwrap().has(last));
    // What comes to them later must be added itself.
    let key = field.zones.get_mut("new").unwrap().units.add(unit("", 4.0)).to_string();
    sync(&mut field);
    let node = field.node(&["zones", "new", "units", &key]).unwrap();
    assert!(!field.view(view).unwrap().has(node));
    assert_eq!(field.views().waiting(view), 0);
}
