//! Numbers that `Tracked::node` gives out for what no walk has seen.
#![expect(clippy::unwrap_used, reason = "a test may")]

#[path = "support/log.rs"]
mod log;

use log::Log;
use tidewire_state::{Handle, MapSchema, Named, Pool, RefId, Schema, Tag, Tracked};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Item {
    size: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    #[schema(pool)]
    pool: Pool<Item>,
    held: Option<Handle<Item>>,
    items: MapSchema<Item>,
}

#[test]
fn a_number_stands_for_what_it_was_asked_for_until_a_sync() {
    let mut state = Tracked::new(World::default());
    state.items.insert("a", Item::default());
    let (item, items) = (state.node(&["items", "a"]).unwrap(), state.node(&["items"]).unwrap());
    assert_eq!(state.named(item), Some(Named::Struct));
    assert_eq!(state.named(items), Some(Named::Collection));
    assert_eq!((state.named(RefId::ROOT), state.named(RefId(99))), (None, None));
    Log::of(&mut state);
    assert_eq!((state.named(item), state.named(items)), (None, None));
    assert_eq!(state.node(&["items", "a"]).unwrap(), item);
}

#[test]
fn what_went_before_a_walk_does_not_come_back_to_a_number_that_another_has() {
    let mut state = Tracked::new(World::default());
    Log::of(&mut state);
    let handle = state.pool.insert(Item { size: 1 });
    state.held = Some(handle);
    let first = state.node(&["held"]).unwrap();
    state.held = None;
    Log::of(&mut state);
    Log::of(&mut state);
    state.items.insert("b", Item { size: 2 });
    let second = state.node(&["items", "b"]).unwrap();
    assert_eq!(first, second, "a number is free one sync after it was given up");
    let view = state.create_view("ada");
    state.view_add(view, &["items", "b"], Tag::DEFAULT).unwrap();
    state.held = Some(handle);
    Log::of(&mut state);
    assert_eq!(state.node(&["items", "b"]).unwrap(), second);
    let held = state.node(&["held"]).unwrap();
    assert_ne!(held, second);
    assert!(!state.view(view).unwrap().has(held));
}
