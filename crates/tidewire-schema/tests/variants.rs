//! Enums of structs: what stands in a place may become of another type, and is another instance then.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};
use tidewire_schema::{Decoder, Encoder, Profile, ReaderId};
use tidewire_state::{
    ArraySchema, CollectionSchema, DynField, DynState, DynStruct, FieldIndex, Handle, MapSchema,
    PathError, Pool, Schema, SetSchema, Tag, Tracked, TypeIndex, Value, ViewId,
};

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

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Shelf {
    label: String,
    best: Option<Handle<Thing>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Shop {
    #[schema(pool)]
    things: Pool<Thing>,
    #[schema(pool)]
    shelves: Pool<Shelf>,
    top: Option<Handle<Thing>>,
    row: ArraySchema<Handle<Thing>>,
    named: MapSchema<Handle<Thing>>,
    set: SetSchema<Handle<Thing>>,
    all: CollectionSchema<Handle<Thing>>,
    shelf: Option<Handle<Shelf>>,
    racks: MapSchema<Shelf>,
    #[schema(view)]
    under: ArraySchema<Handle<Thing>>,
    #[schema(view)]
    vault: MapSchema<Handle<Thing>>,
}

/// A shop with one thing in all open places, and one that is only in hidden ones.
fn shop() -> (Table<Shop>, Handle<Thing>, Handle<Thing>) {
    let mut table = Table::new(Shop::default());
    let mut things = Vec::new();
    table.tick(|shop, _| {
        let other = shop.things.insert(item("other"));
        let open = shop.things.insert(item("open"));
        let shut = shop.things.insert(item("shut"));
        shop.top = Some(open);
        shop.row.extend([other, open, other]);
        shop.named.insert("a", other);
        shop.named.insert("b", open);
        for thing in [other, open] {
            shop.set.insert(thing);
        }
        for thing in [open, other] {
            shop.all.add(thing);
        }
        let best = Some(open);
        let shelf = shop.shelves.insert(Shelf { label: "shelf".to_owned(), best });
        shop.shelf = Some(shelf);
        shop.racks.insert("rack", Shelf { label: "rack".to_owned(), best });
        shop.under.extend([shut, open]);
        shop.vault.insert("v", shut);
        things = vec![open, shut];
    });
    (table, things[0], things[1])
}

#[test]
fn an_instance_of_a_pool_becomes_of_another_type_in_all_its_places() {
    let (mut table, open, _) = shop();
    table.tick(|shop, _| *shop.things.get_mut(open).unwrap() = weapon("blade"));
    let blade = r#"{"name":"blade","damage":7,"gems":[{"name":"ruby"}]}"#;
    let seen = table.nobody.to_json();
    assert_eq!(seen.matches(blade).count(), 7, "{seen}");
    // It goes on as any other, and back.
    table.tick(|shop, _| {
        if let Thing::Weapon(weapon) = shop.things.get_mut(open).unwrap() {
            weapon.damage = 8;
            weapon.gems.clear();
        }
    });
    assert_eq!(table.nobody.to_json().matches(r#""damage":8,"gems":[]"#).count(), 7);
    table.tick(|shop, _| {
        *shop.things.get_mut(open).unwrap() = item("broken");
        shop.row.remove(0);
        shop.top = None;
    });
    assert_eq!(table.nobody.to_json().matches(r#"{"name":"broken"}"#).count(), 6);
    assert!(!table.nobody.to_json().contains("damage"));
}

#[test]
fn a_hidden_instance_of_another_type_is_another_instance() {
    let (mut table, _, shut) = shop();
    table.tick(|shop, ada| {
        shop.view_add(ada, &["under"], Tag::DEFAULT).unwrap();
        shop.view_add(ada, &["vault"], Tag::DEFAULT).unwrap();
    });
    let seen = table.ada.to_json();
    assert_eq!(seen.matches(r#"{"name":"shut"}"#).count(), 2, "{seen}");
    // As everywhere, the new one is in no view before it is added, whoever had the former.
    table.tick(|shop, _| *shop.things.get_mut(shut).unwrap() = weapon("knife"));
    assert!(!table.ada.to_json().contains("knife") && !table.ada.to_json().contains("shut"));
    table.tick(|shop, ada| {
        *shop.things.get_mut(shut).unwrap() = item("fork");
        shop.view_add(ada, &["vault", "v"], Tag::DEFAULT).unwrap();
    });
    let seen = table.ada.to_json();
    assert_eq!(seen.matches(r#"{"name":"fork"}"#).count(), 2, "{seen}");
    // What was added is what was there then.
    table.tick(|shop, ada| {
        *shop.things.get_mut(shut).unwrap() = weapon("spoon");
        shop.view_add(ada, &["vault", "v", "gems"], Tag::DEFAULT).unwrap();
        *shop.things.get_mut(shut).unwrap() = item("plate");
    });
    assert!(!table.ada.to_json().contains("plate"));
    assert!(!table.nobody.to_json().contains("plate"));
}

#[test]
fn a_subscribed_collection_takes_in_what_comes_under_the_same_handle() {
    let (mut table, _, shut) = shop();
    table.tick(|shop, ada| shop.view_subscribe(ada, &["vault"], Tag::DEFAULT).unwrap());
    table.tick(|shop, _| *shop.things.get_mut(shut).unwrap() = weapon("knife"));
    assert!(table.ada.to_json().contains("ruby"), "{}", table.ada.to_json());
}

#[test]
fn an_instance_without_places_may_become_of_another_type() {
    let (mut table, _, _) = shop();
    let mut spare = None;
    table.tick(|shop, _| spare = Some(shop.things.insert(item("spare"))));
    let spare = spare.unwrap();
    table.tick(|shop, _| *shop.things.get_mut(spare).unwrap() = weapon("spear"));
    table.tick(|shop, _| {
        shop.named.insert("spare", spare);
    });
    assert!(table.nobody.to_json().contains(r#""spare":{"name":"spear","damage":7"#));
    // And it may be another at the moment when it loses its place.
    table.tick(|shop, _| {
        *shop.things.get_mut(spare).unwrap() = item("stick");
        shop.named.remove("spare");
    });
    table.tick(|shop, _| shop.top = Some(spare));
    assert!(table.nobody.to_json().contains(r#""top":{"name":"stick"}"#));
}

#[test]
fn a_run_time_struct_in_the_place_of_another_is_another_instance() {
    let types = Tracked::new(Bag::default()).types();
    let index = |name: &str| {
        let found = types.types.iter().position(|info| info.name == name);
        TypeIndex(found.unwrap() as u32)
    };
    let (item, weapon) = (index("Item"), index("Weapon"));
    let mut table = Table::new(DynState::new(Arc::new(types.clone())));
    let mut handle = None;
    table.tick(|bag, _| {
        let first = bag.insert(item);
        let Some(DynField::SharedMap(open)) = bag.field_mut(FieldIndex(0)) else { return };
        open.insert("k", first);
        handle = Some(first);
    });
    assert!(table.nobody.to_json().contains(r#""k":{"name":""}"#));
    table.tick(|bag, _| {
        let types = bag.pool.get(handle.unwrap()).unwrap().types().clone();
        let mut other = DynStruct::pooled(types, weapon);
        other.set(FieldIndex(1), Value::Uint8(4)).unwrap();
        *bag.pool.get_mut(handle.unwrap()).unwrap() = other;
    });
    let seen = table.nobody.to_json();
    assert!(seen.contains(r#""k":{"name":"","damage":4,"gems":[]}"#), "{seen}");
}

#[test]
fn an_instance_is_put_in_a_view_by_its_handle() {
    let (mut table, _, shut) = shop();
    table.tick(|shop, ada| shop.view_add_instance(ada, shut, Tag::DEFAULT).unwrap());
    let seen = table.ada.to_json();
    assert_eq!(seen.matches(r#"{"name":"shut"}"#).count(), 2, "{seen}");
    // Of one that no place leads to nothing is seen, until one does.
    let mut spare = None;
    table.tick(|shop, ada| {
        let new = shop.things.insert(weapon("spare"));
        shop.view_add_instance(ada, new, Tag::DEFAULT).unwrap();
        shop.under.push(new);
        spare = Some(new);
    });
    assert!(table.ada.to_json().contains("spare") && !table.nobody.to_json().contains("spare"));
    table.tick(|shop, ada| {
        shop.view_remove_instance(ada, spare.unwrap(), Tag::DEFAULT).unwrap();
    });
    assert!(!table.ada.to_json().contains("spare"));
    let Table { state, encoder, view, .. } = &mut table;
    assert!(state.things.remove(shut));
    state.under.clear();
    state.vault.clear();
    encoder.patch(state);
    let gone = state.view_add_instance(*view, shut, Tag::DEFAULT).unwrap_err();
    assert_eq!(gone, PathError::Nothing("a handle".to_owned()));
    let tag = state.view_add_instance(*view, shut, Tag(-5)).unwrap_err();
    assert_eq!(tag, PathError::NoTag(-5));
    assert_eq!(state.view_add(*view, &["vault"], Tag(0)).unwrap_err(), PathError::NoTag(0));
}

/// Does something to a shop with these things and this shelf.
fn act(
    shop: &mut Tracked<Shop>,
    ada: ViewId,
    (things, shelf): (&[Handle<Thing>], Handle<Shelf>),
    (kind, which, flag): (u8, usize, bool),
) {
    let thing = things[which % things.len()];
    match kind % 12 {
        0 | 1 => {
            let now = shop.things.get_mut(thing).unwrap();
            *now = if flag { weapon("w") } else { item("i") };
        }
        2 => match shop.things.get_mut(thing).unwrap() {
            Thing::Item(item) => item.name.push('x'),
            Thing::Weapon(weapon) => weapon.gems.push(Item::default()),
        },
        3 => shop.top = flag.then_some(thing),
        4 if flag => shop.row.push(thing),
        4 => drop(shop.row.pop()),
        5 if flag => drop(shop.named.insert(["a", "b", "c"][which % 3], thing)),
        5 => drop(shop.named.remove(["a", "b", "c"][which % 3])),
        6 if flag => drop(shop.set.insert(thing)),
        6 => drop(shop.set.remove(&thing)),
        7 if flag => shop.all.add(thing),
        7 => drop(shop.all.remove(&thing)),
        8 => {
            shop.shelves.get_mut(shelf).unwrap().best = flag.then_some(thing);
            shop.shelf = (which % 3 > 0).then_some(shelf);
        }
        9 if flag => shop.under.push(thing),
        9 => drop(shop.under.pop()),
        10 if flag => drop(shop.vault.insert("v", thing)),
        10 => drop(shop.vault.remove("v")),
        _ if which == 0 => shop.view_add(ada, &["under"], Tag::DEFAULT).unwrap(),
        _ if which == 1 => shop.view_add(ada, &["vault"], Tag::DEFAULT).unwrap(),
        _ if flag => shop.view_add_instance(ada, thing, Tag::DEFAULT).unwrap(),
        _ => shop.view_remove_instance(ada, thing, Tag::DEFAULT).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_becomes_of_things_clients_hold_what_they_would_if_they_joined_now(
        ticks in vec(vec((any::<u8>(), 0..6_usize, any::<bool>()), 0..6), 1..12)
    ) {
        let mut table = Table::new(Shop::default());
        let things: Vec<_> =
            (0..4).map(|at| table.state.things.insert(item(&format!("t{at}")))).collect();
        let shelf = table.state.shelves.insert(Shelf::default());
        for tick in ticks {
            table.tick(|shop, ada| {
                for action in tick {
                    act(shop, ada, (&things, shelf), action);
                }
            });
        }
    }
}

#[test]
fn members_of_a_set_that_become_hidden_together_keep_their_order() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Hands {
        #[schema(pool)]
        items: Pool<Item>,
        open: ArraySchema<Handle<Item>>,
        #[schema(view)]
        shut: SetSchema<Handle<Item>>,
    }
    let mut table = Table::new(Hands::default());
    table.tick(|hands, ada| {
        for name in ["a", "b", "c"] {
            let item = hands.items.insert(Item { name: name.to_owned() });
            hands.open.push(item);
            hands.shut.insert(item);
        }
        hands.view_add(ada, &["shut"], Tag::DEFAULT).unwrap();
    });
    table.tick(|hands, _| hands.open.clear());
    let shut = r#""shut":[{"name":"a"},{"name":"b"},{"name":"c"}]"#;
    assert!(table.ada.to_json().contains(shut), "{}", table.ada.to_json());
}
