//! Enums of structs: what stands in a place may become of another type, and is another instance then.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use tidewire_schema::{Decoder, Encoder, Profile, ReaderId};
use tidewire_state::{ArraySchema, DynStruct, MapSchema, Schema, Tag, Tracked, ViewId};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Item {
    name: String,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Weapon {
    #[schema(base)]
    item: Item,
    damage: u8,
    gems: ArraySchema<Item>,
}

#[derive(Schema, Clone)]
#[schema(crate = "tidewire_state")]
enum Thing {
    Item(Item),
    Weapon(Weapon),
}

impl Default for Thing {
    fn default() -> Self {
        item("")
    }
}

fn item(name: &str) -> Thing {
    Thing::Item(Item { name: name.to_owned() })
}

fn weapon(name: &str) -> Thing {
    let gems = [Item { name: "ruby".to_owned() }].into();
    Thing::Weapon(Weapon { item: Item { name: name.to_owned() }, damage: 7, gems })
}

/// A state, one client without a view and one with.
struct Table<S: Schema> {
    state: Tracked<S>,
    encoder: Encoder,
    view: ViewId,
    nobody: Decoder<DynStruct>,
    ada: Decoder<DynStruct>,
}

impl<S: Schema> Table<S> {
    fn new(state: S) -> Self {
        let mut state = Tracked::new(state);
        let mut encoder = Encoder::new(&state);
        let view = state.create_view("ada");
        encoder.patch(&mut state);
        let handshake = encoder.handshake(Profile::V5);
        let mut nobody = Decoder::from_handshake(&handshake).unwrap();
        nobody.apply(encoder.snapshot(&state)).unwrap();
        let mut ada = Decoder::from_handshake(&handshake).unwrap();
        ada.apply(encoder.snapshot_for(&state, view)).unwrap();
        Self { state, encoder, view, nobody, ada }
    }

    /// Changes the state; both clients then hold what they would if they joined now.
    #[track_caller]
    fn tick(&mut self, change: impl FnOnce(&mut Tracked<S>, ViewId)) {
        let Self { state, encoder, view, nobody, ada } = self;
        change(state, *view);
        nobody.apply(encoder.patch(state)).unwrap();
        ada.apply(encoder.patch_for(state, *view)).unwrap();
        let handshake = encoder.handshake(Profile::V5);
        let mut late = Decoder::<DynStruct>::from_handshake(&handshake).unwrap();
        late.apply(encoder.snapshot(state)).unwrap();
        assert_eq!(nobody.to_json(), late.to_json(), "who has no view");
        let mut late = Decoder::<DynStruct>::from_handshake(&handshake).unwrap();
        late.apply(encoder.last_snapshot_to(state, *view, ReaderId(9))).unwrap();
        assert_eq!(ada.to_json(), late.to_json(), "who has one");
    }
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Bag {
    open: MapSchema<Thing>,
    #[schema(view)]
    shut: MapSchema<Thing>,
}

fn bag() -> Table<Bag> {
    let mut table = Table::new(Bag::default());
    table.tick(|bag, _| {
        bag.open.insert("k", item("a"));
        bag.shut.insert("k", item("a"));
    });
    table
}

#[test]
fn an_entry_of_another_type_is_found_by_its_path_in_the_same_tick() {
    let mut table = bag();
    table.tick(|bag, _| {
        *bag.open.get_mut("k").unwrap() = weapon("b");
        bag.node(&["open", "k"]).unwrap();
    });
    let open = r#""open":{"k":{"name":"b","damage":7,"gems":[{"name":"ruby"}]}}"#;
    assert!(table.nobody.to_json().contains(open));
    table.tick(|bag, ada| {
        *bag.shut.get_mut("k").unwrap() = weapon("c");
        bag.view_add(ada, &["shut", "k"], Tag::DEFAULT).unwrap();
    });
    assert!(table.ada.to_json().contains(r#""shut":{"k":{"name":"c","damage":7"#));
}

#[test]
fn an_entry_may_be_found_and_become_of_another_type_again() {
    let mut table = bag();
    table.tick(|bag, ada| {
        *bag.shut.get_mut("k").unwrap() = weapon("b");
        bag.view_add(ada, &["shut", "k", "gems"], Tag::DEFAULT).unwrap();
        *bag.shut.get_mut("k").unwrap() = item("c");
        bag.view_add(ada, &["shut", "k"], Tag::DEFAULT).unwrap();
    });
    assert!(table.ada.to_json().contains(r#""shut":{"k":{"name":"c"}}"#));
}
