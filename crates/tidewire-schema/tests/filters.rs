//! Filters: what a client is sent for which a function of the program says who sees what.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use tidewire_schema::{Decoder, Encoder, ReaderId};
use tidewire_state::{
    ArraySchema, Handle, Instance, MapSchema, Pool, Schema, Tag, Tracked, ViewId, Viewer,
};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    owner: String,
    discarded: bool,
    #[schema(filter = Card::shows, rename = "nr", number)]
    number: u16,
    #[schema(filter = Card::shows, masked(String::clone))]
    name: String,
    #[schema(filter = Card::shows)]
    note: Option<String>,
    #[schema(filter = Card::shows, quantized(min = 0.0, max = 1.0))]
    luck: f32,
}

impl Card {
    fn shows(&self, viewer: &Viewer<'_>) -> bool {
        self.discarded || self.owner == viewer.session_id()
    }
}

fn card(owner: &str, number: u16) -> Card {
    let name = format!("card {number}");
    Card { owner: owner.into(), number, name, luck: 1.0, ..Card::default() }
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Table {
    title: String,
    cards: ArraySchema<Card>,
    #[schema(filter_children = |_, viewer, _, card| card.shows(viewer))]
    hand: ArraySchema<Card>,
    #[schema(per_player)]
    hints: MapSchema<String>,
    #[schema(filter = |table: &Table, viewer| table.title == viewer.name())]
    prize: Option<Instance<Card>>,
    #[schema(custom = Table::odds_for)]
    odds: Option<String>,
    /// What others bid is the sum without one's own.
    #[schema(custom(Table::bids_for), number)]
    bids: u16,
    seats: ArraySchema<Seat>,
    #[schema(filter = |table: &Table, viewer| table.title == viewer.name())]
    back_room: Option<Instance<Seat>>,
}

impl Table {
    fn odds_for(&self, viewer: &Viewer<'_>) -> Option<String> {
        let odds = self.odds.as_ref()?;
        (self.title != viewer.name()).then(|| format!("{}, not {}", viewer.name(), odds.len()))
    }

    fn bids_for(&self, viewer: &Viewer<'_>) -> Option<u16> {
        Some(self.bids - viewer.name().len() as u16).filter(|bids| *bids > 0 && self.bids < 1000)
    }
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Seat {
    number: u8,
    #[schema(custom = |seat: &Seat, viewer| Some(format!("{} at {} of {}", viewer.name(), seat.number, viewer.root::<Table>()?.title)))]
    label: String,
    #[schema(custom = |seat: &Seat, viewer| (viewer.name() == "ada").then_some(seat.heat * 2.0))]
    heat: f32,
}

/// A client with a view.
struct Client {
    view: ViewId,
    copy: Decoder<Table>,
}

/// A table, its encoder, and what Ada, Bob and one without a view hold.
struct Game {
    table: Tracked<Table>,
    encoder: Encoder,
    ada: Client,
    bob: Client,
    nobody: Decoder<Table>,
}

impl Game {
    fn new(table: Table) -> Self {
        let bids = table.bids.max(100);
        let mut table = Tracked::new(Table { bids, ..table });
        let mut encoder = Encoder::new(&table);
        let [ada, bob] = ["ada", "bob"].map(|name| table.create_view(name));
        encoder.patch(&mut table);
        let [ada, bob] = [ada, bob].map(|view| {
            let mut copy = Decoder::new();
            copy.apply(encoder.snapshot_for(&table, view)).unwrap();
            Client { view, copy }
        });
        let mut nobody = Decoder::new();
        nobody.apply(encoder.snapshot(&table)).unwrap();
        Self { table, encoder, ada, bob, nobody }
    }

    /// Changes something and tells everyone. Hands out what Ada and Bob were sent.
    fn tick(&mut self, edit: impl FnOnce(&mut Tracked<Table>)) -> [Vec<u8>; 2] {
        edit(&mut self.table);
        self.nobody.apply(self.encoder.patch(&mut self.table)).unwrap();
        [&mut self.ada, &mut self.bob].map(|client| {
            let patch = self.encoder.patch_for(&self.table, client.view).to_vec();
            client.copy.apply(&patch).unwrap();
            patch
        })
    }
}

fn numbers(cards: &ArraySchema<Card>) -> Vec<u16> {
    cards.iter().map(|card| card.number).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_field_comes_and_goes_with_what_its_filter_says() {
    let cards = [card("ada", 1), card("bob", 2)];
    let mut game = Game::new(Table { cards: cards.into(), ..Table::default() });
    assert_eq!(numbers(&game.ada.copy.state().cards), [1, 0]);
    assert_eq!(numbers(&game.bob.copy.state().cards), [0, 2]);
    assert_eq!(numbers(&game.nobody.state().cards), [0, 0]);
    game.tick(|table| table.cards[1].discarded = true);
    assert_eq!(numbers(&game.ada.copy.state().cards), [1, 2]);
    assert_eq!(game.ada.copy.state().cards[1].name, "card 2");
    assert!((game.ada.copy.state().cards[1].luck - 1.0).abs() < 0.001);
    assert_eq!(numbers(&game.nobody.state().cards), [0, 0]);
    game.tick(|table| {
        table.cards[1].discarded = false;
        table.cards[1].note = Some("for bob".into());
    });
    let seen = &game.ada.copy.state().cards[1];
    assert_eq!((seen.number, seen.name.as_str(), &seen.note), (0, "", &None));
    assert_eq!(game.bob.copy.state().cards[1].note.as_deref(), Some("for bob"));
    // Changes go to those who see the field.
    let [ada, bob] = game.tick(|table| table.cards[1].name = "another".into());
    assert!(ada.is_empty() && has(&bob, "another"));
    // What comes and goes in one tick was never there; what goes as it changes is not sent.
    let [ada, _] = game.tick(|table| {
        table.cards[0].name = "the last".into();
        table.cards[0].owner = "bob".into();
    });
    assert!(!has(&ada, "the last"));
    assert_eq!(numbers(&game.bob.copy.state().cards), [1, 2]);
}

#[test]
fn entries_come_and_go_without_gaps() {
    let hand = [card("ada", 1), card("bob", 2), card("ada", 3), card("ada", 4)];
    let mut game = Game::new(Table { hand: hand.into(), ..Table::default() });
    assert_eq!(numbers(&game.ada.copy.state().hand), [1, 3, 4]);
    assert_eq!(numbers(&game.bob.copy.state().hand), [2]);
    assert!(game.nobody.state().hand.is_empty());
    game.tick(|table| table.hand.reverse());
    assert_eq!(numbers(&game.ada.copy.state().hand), [4, 3, 1]);
    game.tick(|table| table.hand[1].owner = "bob".into());
    assert_eq!(numbers(&game.ada.copy.state().hand), [4, 1]);
    assert_eq!(numbers(&game.bob.copy.state().hand), [3, 2]);
    let [ada, bob] = game.tick(|table| table.hand.insert(0, card("cyd", 5)));
    assert!(ada.is_empty() && bob.is_empty(), "nothing to them");
    game.tick(|table| table.hand.clear());
    assert!(game.ada.copy.state().hand.is_empty() && game.bob.copy.state().hand.is_empty());
}

#[test]
fn each_player_has_the_entry_of_that_name() {
    let mut game = Game::new(Table::default());
    game.tick(|table| table.hints.extend(["ada", "bob"].map(|name| (name, name.to_owned()))));
    assert_eq!(game.ada.copy.state().hints, [("ada", "ada".to_owned())].into());
    assert_eq!(game.bob.copy.state().hints, [("bob", "bob".to_owned())].into());
    let [ada, bob] = game.tick(|table| *table.hints.get_mut("bob").unwrap() = "other".into());
    assert!(ada.is_empty() && has(&bob, "other"));
    game.tick(|table| {
        table.hints.remove("ada");
        table.hints.insert("cyd", "nobody".into());
    });
    assert!(game.ada.copy.state().hints.is_empty());
    assert!(game.nobody.state().hints.is_empty());
}

#[test]
fn what_is_let_through_shows_what_comes_later() {
    let mut game = Game::new(Table { title: "ada".into(), ..Table::default() });
    game.tick(|table| table.prize = Some(Instance::new(card("bob", 1))));
    let prize = |client: &Client| client.copy.state().prize.as_deref().cloned();
    assert_eq!(prize(&game.ada).unwrap().owner, "bob");
    assert_eq!(prize(&game.ada).unwrap().number, 0, "it has a filter of its own");
    assert_eq!(prize(&game.bob), None);
    game.tick(|table| table.prize.as_mut().unwrap().discarded = true);
    assert_eq!(prize(&game.ada).unwrap().number, 1);
    game.tick(|table| table.title = "bob".into());
    assert_eq!(prize(&game.ada), None);
    assert_eq!(prize(&game.bob).unwrap(), **game.table.prize.as_ref().unwrap());
    // A view adds to that.
    let view = game.ada.view;
    game.tick(|table| table.view_add(view, &["prize"], Tag::DEFAULT).unwrap());
    assert_eq!(prize(&game.ada).unwrap().number, 1);
}

#[test]
fn a_reader_may_be_given_another_view() {
    let cards = [card("ada", 1), card("bob", 2)];
    let hints = ["ada", "bob"].map(|name| (name.to_owned(), name.to_owned()));
    let table = Table { cards: cards.into(), hints: hints.into(), ..Table::default() };
    let mut game = Game::new(table);
    let reader = ReaderId(77);
    let mut copy = Decoder::<Table>::new();
    let (ada, bob) = (game.ada.view, game.bob.view);
    copy.apply(game.encoder.last_snapshot_to(&game.table, ada, reader)).unwrap();
    for (view, name, seen) in [(ada, "ada", [1, 0]), (bob, "bob", [0, 2]), (ada, "ada", [1, 0])] {
        game.encoder.patch(&mut game.table);
        copy.apply(game.encoder.patch_to(&game.table, view, reader)).unwrap();
        assert_eq!(numbers(&copy.state().cards), seen);
        assert_eq!(copy.state().hints, [(name, name.to_owned())].into());
    }
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Item {
    owner: String,
    #[schema(filter = |item: &Item, viewer| item.owner == viewer.name())]
    price: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Weapon {
    #[schema(base)]
    item: Item,
    #[schema(filter = |weapon: &Weapon, viewer| weapon.item.owner != viewer.name())]
    curse: String,
    #[schema(filter_children = |weapon: &Weapon, viewer, _, _| weapon.item.owner == viewer.name())]
    runes: MapSchema<Item>,
}

#[derive(Schema, Clone, Debug, PartialEq)]
#[schema(crate = "tidewire_state")]
enum Thing {
    Item(Item),
    Weapon(Weapon),
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Shop {
    things: MapSchema<Thing>,
    best: Option<Box<Weapon>>,
}

#[test]
fn types_that_extend_others_have_filters_of_both() {
    let mut shop = Tracked::new(Shop::default());
    let mut encoder = Encoder::new(&shop);
    let view = shop.create_view("ada");
    let weapon = |owner: &str| Weapon {
        item: Item { owner: owner.into(), price: 9 },
        curse: format!("curse of {owner}"),
        runes: [("r", Item { owner: "ada".into(), price: 1 })].into(),
    };
    shop.things.insert("item", Thing::Item(Item { owner: "ada".into(), price: 3 }));
    shop.things.insert("axe", Thing::Weapon(weapon("ada")));
    shop.best = Some(Box::new(weapon("bob")));
    encoder.patch(&mut shop);
    let mut client = Decoder::<Shop>::new();
    client.apply(encoder.snapshot_for(&shop, view)).unwrap();
    let axe = |client: &Decoder<Shop>| match &client.state().things["axe"] {
        Thing::Weapon(axe) => (axe.item.price, axe.curse.clone(), axe.runes.len()),
        Thing::Item(item) => panic!("{item:?} is a weapon"),
    };
    assert_eq!(axe(&client), (9, String::new(), 1));
    let best = client.state().best.as_ref().unwrap();
    assert_eq!((best.item.price, best.curse.as_str(), best.runes.len()), (0, "curse of bob", 0));
    // A field of the base changes; filters of both are asked.
    if let Thing::Weapon(axe) = shop.things.get_mut("axe").unwrap() {
        axe.item.owner = "bob".into();
    }
    shop.best.as_mut().unwrap().item.owner = "ada".into();
    encoder.patch(&mut shop);
    client.apply(encoder.patch_for(&shop, view)).unwrap();
    assert_eq!(axe(&client), (0, "curse of ada".into(), 0));
    let best = client.state().best.as_ref().unwrap();
    assert_eq!((best.item.price, best.curse.as_str(), best.runes.len()), (9, "", 1));
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Secret {
    #[schema(view)]
    code: String,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    #[schema(pool)]
    pool: Pool<Secret>,
    open: Option<Handle<Secret>>,
    #[schema(view)]
    hidden: Option<Handle<Secret>>,
}

#[test]
fn a_public_struct_keeps_its_hidden_fields_when_a_hidden_place_lets_go_of_it() {
    let mut world = Tracked::new(World::default());
    let mut encoder = Encoder::new(&world);
    let secret = world.pool.insert(Secret { code: "first".into() });
    (world.open, world.hidden) = (Some(secret), Some(secret));
    let view = world.create_view("ada");
    world.view_add::<&str>(view, &[], Tag::DEFAULT).unwrap();
    encoder.patch(&mut world);
    assert!(has(encoder.snapshot_for(&world, view), "first"));
    world.hidden = None;
    encoder.patch(&mut world);
    assert!(!encoder.patch_for(&world, view).is_empty());
    world.pool.get_mut(secret).unwrap().code = "second".into();
    encoder.patch(&mut world);
    assert!(has(encoder.patch_for(&world, view), "second"));
}

#[test]
fn each_is_told_its_own_value_of_a_field() {
    let odds = Some("the bank's own".to_owned());
    let mut game = Game::new(Table { odds, ..Table::default() });
    let told = |client: &Client| {
        let state = client.copy.state();
        (state.odds.clone(), state.bids)
    };
    assert_eq!(told(&game.ada), (Some("ada, not 14".into()), 97));
    assert_eq!(told(&game.bob), (Some("bob, not 14".into()), 97));
    assert_eq!((&game.nobody.state().odds, game.nobody.state().bids), (&None, 0));
    // Nothing that is given is another value than before, though the field is.
    let [ada, bob] = game.tick(|table| table.odds = Some("as long as him".into()));
    assert!(ada.is_empty() && bob.is_empty());
    // Another field, of which the function makes its value.
    let [ada, bob] = game.tick(|table| table.title = "ada".into());
    assert_eq!(told(&game.ada), (None, 97));
    assert_eq!(told(&game.bob), (Some("bob, not 14".into()), 97));
    assert!(!has(&ada, "not") && !has(&bob, "not"));
    game.tick(|table| table.odds = Some("new".into()));
    assert_eq!(told(&game.ada).0, None);
    let [ada, bob] = game.tick(|table| table.title = "bob".into());
    assert_eq!((told(&game.ada).0.unwrap(), told(&game.bob).0), ("ada, not 3".into(), None));
    assert!(!has(&ada, "new") && !has(&bob, "new") && !has(&bob, "not"));
    game.tick(|table| table.bids = 2000);
    assert_eq!((told(&game.ada).1, told(&game.bob).1), (0, 0));
    game.tick(|table| table.bids = 103);
    assert_eq!((told(&game.ada).1, told(&game.bob).1), (100, 100));
}

#[test]
fn what_is_ones_own_comes_and_goes_with_its_struct() {
    let seat = |number| Seat { number, label: "as it is".into(), heat: 1.5 };
    let mut game = Game::new(Table { seats: [seat(1)].into(), ..Table::default() });
    let labels = |client: &Client| -> Vec<String> {
        client.copy.state().seats.iter().map(|seat| seat.label.clone()).collect()
    };
    assert_eq!(labels(&game.ada), ["ada at 1 of "]);
    assert_eq!(labels(&game.bob), ["bob at 1 of "]);
    assert_eq!(
        (game.ada.copy.state().seats[0].heat, game.bob.copy.state().seats[0].heat),
        (3.0, 0.0)
    );
    game.tick(|table| table.seats.insert(0, seat(2)));
    assert_eq!(labels(&game.ada), ["ada at 2 of ", "ada at 1 of "]);
    assert_eq!(game.nobody.state().seats[0], Seat { number: 2, ..Seat::default() });
    // Nothing of the seats was touched; who asks for it is asked again.
    game.tick(|table| table.title = "ada".into());
    assert_eq!(labels(&game.bob), ["bob at 2 of ", "bob at 1 of "]);
    game.tick(Tracked::refilter);
    assert_eq!(labels(&game.bob), ["bob at 2 of ada", "bob at 1 of ada"]);
    game.tick(|table| drop(table.seats.remove(0)));
    assert_eq!(labels(&game.ada), ["ada at 1 of ada"]);
    // Below a filter: it comes with the struct, and with what it is by then.
    let [ada, bob] = game.tick(|table| table.back_room = Some(Instance::new(seat(9))));
    assert!(has(&ada, "ada at 9 of ada") && !has(&bob, "at 9") && !has(&ada, "bob"));
    let [_, bob] = game.tick(|table| {
        table.title = "bob".into();
        table.back_room.as_mut().unwrap().number = 8;
    });
    assert_eq!(game.ada.copy.state().back_room, None);
    assert!(has(&bob, "bob at 8 of bob") && !has(&bob, "ada"));
    let [ada, bob] = game.tick(|table| table.back_room.as_mut().unwrap().label.push('!'));
    assert!(ada.is_empty() && bob.is_empty());
}

#[test]
fn with_another_view_a_reader_has_what_is_that_ones_own() {
    let seats = [Seat { number: 1, ..Seat::default() }].into();
    let mut game = Game::new(Table { seats, odds: Some("1".into()), ..Table::default() });
    let reader = ReaderId(78);
    let mut copy = Decoder::<Table>::new();
    let (ada, bob) = (game.ada.view, game.bob.view);
    copy.apply(game.encoder.last_snapshot_to(&game.table, ada, reader)).unwrap();
    game.table.title = "bob".into();
    for (view, odds, heat) in [(bob, None, 0.0), (ada, Some("ada, not 1"), 0.0), (bob, None, 0.0)] {
        game.encoder.patch(&mut game.table);
        copy.apply(game.encoder.patch_to(&game.table, view, reader)).unwrap();
        assert_eq!((copy.state().odds.as_deref(), copy.state().seats[0].heat), (odds, heat));
    }
    // One that nothing was asked for yet.
    let cyd = game.table.create_view("cyd");
    copy.apply(game.encoder.patch_to(&game.table, cyd, reader)).unwrap();
    assert_eq!(copy.state().seats[0].label, "");
    game.encoder.patch(&mut game.table);
    copy.apply(game.encoder.patch_to(&game.table, cyd, reader)).unwrap();
    assert_eq!(copy.state().seats[0].label, "cyd at 1 of bob");
}
