//! What is told, and how often.

use std::{cell::RefCell, rc::Rc};

use tidewire_schema::{Callbacks, Decoder, Encoder, OwnedChange, OwnedPlace, OwnedValue};
use tidewire_state::{
    ArraySchema, DynPrimitive, Instance, MapSchema, Number, Schema, SetSchema, Tracked,
};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Point {
    #[schema(number)]
    x: f64,
    tags: SetSchema<String>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct State {
    selected: ArraySchema<Number>,
    points: ArraySchema<Point>,
    names: ArraySchema<String>,
    by_name: MapSchema<Point>,
    best: Option<Instance<Point>>,
}

type Told = Rc<RefCell<Vec<String>>>;

struct World {
    state: Tracked<State>,
    encoder: Encoder,
    client: Callbacks<State>,
    told: Told,
}

impl World {
    fn new() -> Self {
        let mut state = Tracked::new(State::default());
        let mut encoder = Encoder::new(&state);
        let mut client = Callbacks::new(Decoder::new());
        client.apply(encoder.patch(&mut state)).unwrap();
        let mut world = Self { state, encoder, client, told: Told::default() };
        for name in ["selected", "points", "names", "by_name"] {
            world.listen(name);
        }
        world
    }

    fn listen(&mut self, name: &'static str) {
        for sign in ["+", "-"] {
            let told = self.told.clone();
            let note = move |_: &mut Callbacks<State>, change: &OwnedChange| {
                told.borrow_mut().push(format!("{sign}{name}{}", shown(change, sign)));
            };
            match sign {
                "+" => self.client.on_add(name, note),
                _ => self.client.on_remove(name, note),
            };
        }
    }

    fn sync(&mut self) {
        self.client.apply(self.encoder.patch(&mut self.state)).unwrap();
        assert_eq!(self.client.state(), &*self.state);
    }

    #[track_caller]
    fn says(&mut self, lines: &[&str]) {
        assert_eq!(std::mem::take(&mut *self.told.borrow_mut()), lines);
    }
}

/// The place, and the primitive that came or went.
fn shown(change: &OwnedChange, sign: &str) -> String {
    let place = match &change.place {
        OwnedPlace::Entry(key) => key.clone(),
        OwnedPlace::Item(at) => at.to_string(),
        other => panic!("{other:?}"),
    };
    match if sign == "+" { &change.value } else { &change.previous } {
        Some(OwnedValue::Value(DynPrimitive::Number(number))) => format!("[{place}] {number}"),
        Some(OwnedValue::Value(DynPrimitive::String(text))) => format!("[{place}] {text}"),
        _ => format!("[{place}]"),
    }
}

fn point(x: f64) -> Point {
    Point { x, ..Point::default() }
}

#[test]
fn an_item_that_comes_back_comes_to_the_same_index() {
    let mut world = World::new();
    for _ in 0..3 {
        world.state.selected.push(Number(3.0));
        world.sync();
        world.says(&["+selected[0] 3"]);
        world.state.selected.remove(0);
        world.sync();
        world.says(&["-selected[0] 3"]);
    }
}

#[test]
fn items_of_a_list_that_was_cleared_are_added_once() {
    let mut world = World::new();
    world.state.points.push(point(1.0));
    world.sync();
    world.says(&["+points[0]"]);
    world.state.points.clear();
    world.state.points.push(point(2.0));
    world.state.points.push(point(3.0));
    // Who comes now has the full state, and hears of nothing twice.
    world.sync();
    let mut late = Callbacks::new(Decoder::<State>::new());
    let count = Rc::new(RefCell::new(0));
    let counted = count.clone();
    late.on_add("points", move |_, _| *counted.borrow_mut() += 1);
    late.apply(world.encoder.snapshot(&world.state)).unwrap();
    assert_eq!(*count.borrow(), 2);
    world.says(&["-points[0]", "+points[0]", "+points[1]"]);
    world.state.points[0].x = 9.0;
    late.apply(world.encoder.patch(&mut world.state)).unwrap();
    assert_eq!(*count.borrow(), 2);
    assert_eq!(late.state().points[0].x, 9.0);
}

#[test]
fn an_item_that_takes_the_place_of_another_is_added_and_the_other_removed() {
    let mut world = World::new();
    world.state.points.extend([point(0.0), point(1.0), point(2.0)]);
    world.state.names.extend(["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    world.sync();
    world.told.borrow_mut().clear();
    world.state.points.remove(1);
    world.state.points.insert(1, point(10.0));
    world.sync();
    world.says(&["-points[1]", "+points[1]"]);
    // Of a list of texts the one at the index is another one now.
    let told = world.told.clone();
    world.client.on_change("names", move |_, changes| {
        told.borrow_mut().push(format!("{} changed", changes.len()));
    });
    world.state.names.remove(1);
    world.state.names.insert(1, "B".to_owned());
    world.sync();
    world.says(&["1 changed"]);
}

#[test]
fn what_is_put_in_front_several_times_is_added_there() {
    let mut world = World::new();
    world.state.points.extend([point(1.0), point(2.0)]);
    world.sync();
    world.told.borrow_mut().clear();
    world.state.points.insert(0, point(0.0));
    world.state.points.insert(0, point(-1.0));
    world.sync();
    assert_eq!(world.told.borrow().len(), 2);
    assert!(world.told.borrow().iter().all(|line| line.starts_with('+')), "{:?}", world.told);
    let xs: Vec<f64> = world.client.state().points.iter().map(|point| point.x).collect();
    assert_eq!(xs, [-1.0, 0.0, 1.0, 2.0]);
}

#[test]
fn a_set_inside_what_arrives_tells_each_member_once() {
    let mut world = World::new();
    let told = world.told.clone();
    world.client.on_add("by_name", move |client, added| {
        let (Some(id), told) = (added.node(), told.clone()) else { return };
        client.listen(id, "tags", move |client, change| {
            let (Some(set), told) = (change.node(), told.clone()) else { return };
            client.on_add(set, move |_, member| {
                told.borrow_mut().push(format!("tag{}", shown(member, "+")));
            });
        });
    });
    let mut restaurant = point(0.0);
    restaurant.tags.insert("red".to_owned());
    world.state.by_name.insert("one", restaurant);
    world.sync();
    world.says(&["+by_name[one]", "tag[0] red"]);
    world.state.by_name.get_mut("one").unwrap().tags.insert("big".to_owned());
    world.sync();
    world.says(&["tag[1] big"]);
}

#[test]
fn a_field_that_is_unset_leaves_its_siblings() {
    let mut world = World::new();
    world.state.names.push("a".to_owned());
    world.state.best = Some(Instance::new(point(4.0)));
    world.sync();
    world.state.best = None;
    world.sync();
    let mut late = Decoder::<State>::new();
    late.apply(world.encoder.snapshot(&world.state)).unwrap();
    assert_eq!(late.state(), &*world.state);
    assert_eq!(late.state().names[0], "a");
    assert!(late.state().best.is_none());
}
