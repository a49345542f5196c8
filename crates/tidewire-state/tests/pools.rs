//! Pools and handles, where the program or the order of things goes astray.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tidewire_state::{ArraySchema, DynStruct, Handle, Pool, Schema, Tag, Tracked, Visitor};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    rank: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Game {
    #[schema(pool)]
    cards: Pool<Card>,
    top: Option<Handle<Card>>,
    deck: ArraySchema<Handle<Card>>,
}

fn sync(game: &mut Tracked<Game>) {
    game.sync::<[&mut dyn Visitor]>(&mut []);
}

/// What a sync says that panics.
#[track_caller]
fn complaint(game: &mut Tracked<Game>) -> String {
    let result = catch_unwind(AssertUnwindSafe(|| sync(game)));
    result.unwrap_err().downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_handle_of_what_was_removed_is_named() {
    let mut game = Tracked::new(Game::default());
    let card = game.cards.insert(Card { rank: 1 });
    sync(&mut game);
    assert!(game.cards.remove(card));
    sync(&mut game);
    game.deck.push(card);
    let complaint = complaint(&mut game);
    assert!(complaint.contains(&format!("{card:?}, which leads to no instance")), "{complaint}");
    assert!(complaint.contains("it was removed from its `Pool`"), "{complaint}");
}

#[test]
fn a_handle_of_a_pool_that_is_gone_is_named() {
    let mut game = Tracked::new(Game::default());
    let card = game.cards.insert(Card { rank: 1 });
    sync(&mut game);
    game.cards = Pool::new();
    game.top = Some(card);
    assert!(complaint(&mut game).contains(&format!("{card:?}, which leads to no instance")));
}

#[test]
fn what_the_compiler_does_not_see_of_types_is_found_when_a_state_is_made() {
    let mut types = Tracked::new(Card::default()).types();
    let twice = types.types[0].fields[0].clone();
    types.types[0].fields.push(twice);
    let root = types.root;
    let state = DynStruct::new(Arc::new(types), root);
    let result = catch_unwind(AssertUnwindSafe(|| Tracked::new(state).ticks()));
    let complaint = result.unwrap_err().downcast_ref::<String>().unwrap().clone();
    assert!(complaint.contains("type `Card` has two fields `rank`"), "{complaint}");
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Sack {
    cards: ArraySchema<Handle<Card>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Camp {
    #[schema(pool)]
    sacks: Pool<Sack>,
    #[schema(pool)]
    cards: Pool<Card>,
    left: ArraySchema<Handle<Sack>>,
    right: ArraySchema<Handle<Sack>>,
}

#[test]
fn an_instance_in_two_places_is_found_with_what_another_pool_has_of_it() {
    let mut camp = Tracked::new(Camp::default());
    let card = camp.cards.insert(Card { rank: 1 });
    let mut sack = Sack::default();
    sack.cards.push(card);
    let sack = camp.sacks.insert(sack);
    camp.left.push(sack);
    camp.right.push(sack);
    let view = camp.create_view("ada");
    let whole: [&str; 0] = [];
    camp.view_add(view, &whole, Tag::DEFAULT).unwrap();
    camp.view_remove(view, &whole, Tag::DEFAULT).unwrap();
    assert_eq!(camp.view_add(view, &["right", "0", "cards", "0"], Tag::DEFAULT), Ok(()));
}
