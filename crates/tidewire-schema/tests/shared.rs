//! One instance in several places: as handles of a pool, and as copies that are kept equal.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use proptest::prelude::*;
use tidewire_schema::{
    Callbacks, DecodeErrorKind, Decoder, Encoder, OwnedChange, OwnedPlace, Profile,
};
use tidewire_state::{
    ArraySchema, CollectionSchema, DynField, FieldIndex, Handle, MapSchema, Pool, Schema,
    SetSchema, Tracked,
};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    rank: u8,
    name: String,
    charm: Option<u16>,
    marks: ArraySchema<u8>,
    next: Option<Handle<Card>>,
    kin: MapSchema<Handle<Card>>,
    pile: ArraySchema<Handle<Card>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Game {
    #[schema(pool)]
    cards: Pool<Card>,
    top: Option<Handle<Card>>,
    deck: ArraySchema<Handle<Card>>,
    held: MapSchema<Handle<Card>>,
    won: SetSchema<Handle<Card>>,
    lost: CollectionSchema<Handle<Card>>,
}

/// The same with the structs themselves in all places.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state", rename = "Card")]
struct SeenCard {
    rank: u8,
    name: String,
    charm: Option<u16>,
    marks: ArraySchema<u8>,
    next: Option<Box<SeenCard>>,
    kin: MapSchema<SeenCard>,
    pile: ArraySchema<SeenCard>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state", rename = "Game")]
struct Seen {
    top: Option<SeenCard>,
    deck: ArraySchema<SeenCard>,
    held: MapSchema<SeenCard>,
    won: ArraySchema<SeenCard>,
    lost: ArraySchema<SeenCard>,
}

/// Some places by handle, and others not.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "Game")]
struct Mixed {
    #[schema(pool)]
    cards: Pool<MixedCard>,
    top: Option<MixedCard>,
    deck: ArraySchema<Handle<MixedCard>>,
    held: MapSchema<MixedCard>,
    won: SetSchema<Handle<MixedCard>>,
    lost: ArraySchema<MixedCard>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "Card")]
struct MixedCard {
    rank: u8,
    name: String,
    charm: Option<u16>,
    marks: ArraySchema<u8>,
    next: Option<Handle<MixedCard>>,
    kin: MapSchema<MixedCard>,
    pile: ArraySchema<Handle<MixedCard>>,
}

impl Seen {
    fn of(game: &Game) -> Self {
        let card = |handle: &Handle<Card>| SeenCard::of(game, *handle);
        Self {
            top: game.top.as_ref().map(card),
            deck: game.deck.iter().map(card).collect(),
            held: game.held.iter().map(|(key, handle)| (key.to_owned(), card(handle))).collect(),
            won: game.won.iter().map(card).collect(),
            lost: game.lost.iter().map(card).collect(),
        }
    }

    fn of_mixed(game: &Mixed) -> Self {
        let card = |card: &MixedCard| SeenCard::of_mixed(game, card);
        let shared = |handle: &Handle<MixedCard>| card(game.cards.get(*handle).unwrap());
        Self {
            top: game.top.as_ref().map(card),
            deck: game.deck.iter().map(shared).collect(),
            held: game.held.iter().map(|(key, held)| (key.to_owned(), card(held))).collect(),
            won: game.won.iter().map(shared).collect(),
            lost: game.lost.iter().map(card).collect(),
        }
    }
}

impl SeenCard {
    fn of(game: &Game, handle: Handle<Card>) -> Self {
        let card = game.cards.get(handle).unwrap();
        let of = |handle: &Handle<Card>| Self::of(game, *handle);
        Self {
            rank: card.rank,
            name: card.name.clone(),
            charm: card.charm,
            marks: card.marks.clone(),
            next: card.next.as_ref().map(of).map(Box::new),
            kin: card.kin.iter().map(|(key, handle)| (key.to_owned(), of(handle))).collect(),
            pile: card.pile.iter().map(of).collect(),
        }
    }

    fn of_mixed(game: &Mixed, card: &MixedCard) -> Self {
        let of = |card: &MixedCard| Self::of_mixed(game, card);
        let shared = |handle: &Handle<MixedCard>| of(game.cards.get(*handle).unwrap());
        Self {
            rank: card.rank,
            name: card.name.clone(),
            charm: card.charm,
            marks: card.marks.clone(),
            next: card.next.as_ref().map(shared).map(Box::new),
            kin: card.kin.iter().map(|(key, card)| (key.to_owned(), of(card))).collect(),
            pile: card.pile.iter().map(shared).collect(),
        }
    }
}

/// One change of a game: which card, what, and two small numbers.
type Edit = (u8, u8, u8, u8);

/// A card leads only to those behind it, so that none is in itself.
fn edit(game: &mut Game, cards: &[Handle<Card>], (card, what, a, b): Edit) {
    let at = usize::from(card) % cards.len();
    let card = cards[at];
    let other = cards.get(at + 1 + usize::from(a) % cards.len()).copied();
    let key = ["a", "b", "c"][usize::from(b) % 3];
    let place = |len: usize| usize::from(b) % (len + 1);
    match what {
        0 => game.top = Some(card),
        1 => game.top = None,
        2 => game.deck.insert(place(game.deck.len()), card),
        3 => drop(game.held.insert(key, card)),
        4 => drop(game.held.remove(key)),
        5 => drop(game.won.insert(card)),
        6 => drop(game.won.remove(&card)),
        7 => game.lost.add(card),
        8 if !game.lost.is_empty() => drop(game.lost.remove_at(usize::from(b) % game.lost.len())),
        9 if !game.deck.is_empty() => drop(game.deck.remove(usize::from(b) % game.deck.len())),
        10 => game.deck.reverse(),
        11 => {
            let ranks = |handle: &Handle<Card>| game.cards.get(*handle).unwrap().rank;
            let mut order: Vec<Handle<Card>> = game.deck.iter().copied().collect();
            order.sort_by_key(ranks);
            game.deck.clear();
            game.deck.extend(order);
        }
        12 => game.deck.clear(),
        _ => {
            let card = game.cards.get_mut(card).unwrap();
            match what {
                13 => card.rank = a,
                14 => card.name = format!("{a} of {b}"),
                15 => card.charm = (a % 2 == 0).then_some(b.into()),
                16 => card.marks.push(b),
                17 => card.next = other,
                18 => drop(other.map(|other| card.kin.insert(key, other))),
                19 => drop(card.kin.remove(key)),
                20 => card.pile.extend(other),
                21 => drop(card.pile.pop()),
                _ => card.pile.reverse(),
            }
        }
    }
}

/// The cards that something leads to.
fn known(game: &Game) -> usize {
    let mut seen = BTreeSet::new();
    let places = game.deck.iter().chain(game.held.values()).chain(&game.won).chain(&game.lost);
    let mut ahead: Vec<Handle<Card>> = places.copied().chain(game.top).collect();
    while let Some(handle) = ahead.pop() {
        if seen.insert(format!("{handle:?}")) {
            let card = game.cards.get(handle).unwrap();
            ahead.extend(card.next.iter().chain(card.kin.values()).chain(&card.pile));
        }
    }
    seen.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]
    #[test]
    fn every_place_holds_what_the_instance_is(
        ticks in prop::collection::vec(
            prop::collection::vec((0_u8..6, 0_u8..23, 0_u8..8, 0_u8..8), 0..8),
            1..16,
        ),
    ) {
        let mut game = Tracked::new(Game::default());
        let cards: Vec<_> =
            (0..6).map(|rank| game.cards.insert(Card { rank, ..Card::default() })).collect();
        let mut encoder = Encoder::new(&game);
        let handshake = encoder.handshake(Profile::V5);
        let mut pooled = Decoder::<Game>::new();
        let mut copied = Decoder::<Seen>::new();
        copied.check_handshake(&handshake).unwrap();
        let mut told = Decoder::<Seen>::with_handshake(&encoder.handshake(Profile::V3)).unwrap();
        let mut mixed = Decoder::<Mixed>::new();
        mixed.check_handshake(&handshake).unwrap();
        let mut plain = Decoder::from_handshake(&handshake).unwrap();
        let mut dynamic = Decoder::pooled_from_handshake(&handshake).unwrap();
        for tick in ticks {
            for change in tick {
                edit(&mut game, &cards, change);
            }
            let patch = encoder.patch(&mut game).to_vec();
            let expected = Seen::of(&game);
            pooled.apply(&patch).unwrap();
            prop_assert_eq!(&Seen::of(pooled.state()), &expected);
            prop_assert_eq!(pooled.node_count(), game.node_count());
            prop_assert_eq!(pooled.state().cards.len(), known(&game));
            copied.apply(&patch).unwrap();
            prop_assert_eq!(copied.state(), &expected);
            prop_assert_eq!(copied.node_count(), game.node_count());
            let mut changes: Vec<OwnedChange> = Vec::new();
            told.apply_with(&patch, &mut changes).unwrap();
            prop_assert_eq!(told.state(), &expected);
            mixed.apply(&patch).unwrap();
            prop_assert_eq!(&Seen::of_mixed(mixed.state()), &expected);
            plain.apply(&patch).unwrap();
            dynamic.apply(&patch).unwrap();
            prop_assert_eq!(plain.to_json(), dynamic.to_json());
            prop_assert_eq!(dynamic.state().pool.len(), known(&game));

            let snapshot = encoder.snapshot(&game).to_vec();
            let mut late = Decoder::<Seen>::new();
            late.check_handshake(&handshake).unwrap();
            late.apply(&snapshot).unwrap();
            prop_assert_eq!(late.state(), &expected);
            prop_assert_eq!(late.node_count(), game.node_count());
            told.resync(&snapshot).unwrap();
            prop_assert_eq!(told.state(), &expected);
            prop_assert_eq!(told.node_count(), game.node_count());
            let mut again: Vec<OwnedChange> = Vec::new();
            pooled.resync_with(&snapshot, &mut again).unwrap();
            prop_assert_eq!(again, []);
            prop_assert_eq!(&Seen::of(pooled.state()), &expected);
            let mut late = Decoder::from_handshake(&handshake).unwrap();
            late.apply(&snapshot).unwrap();
            prop_assert_eq!(late.to_json(), plain.to_json());
        }
        // What was received into pools is a state like any other.
        let expected = Seen::of(pooled.state());
        let mut relay = Tracked::new(pooled.into_state());
        let mut encoder = Encoder::new(&relay);
        let mut client = Decoder::<Game>::new();
        client.apply(encoder.patch(&mut relay)).unwrap();
        prop_assert_eq!(Seen::of(client.state()), expected);
    }
}

/// Takes a card from wherever it is.
fn take(game: &mut Game, card: Handle<Card>) {
    if game.top == Some(card) {
        game.top = None;
    }
    game.deck.retain(|other| *other != card);
    game.held.retain(|_, other| *other != card);
    game.won.remove(&card);
    game.lost.remove(&card);
}

fn put(game: &mut Game, card: Handle<Card>, place: u8, n: u8) {
    take(game, card);
    match place {
        0 => game.top = Some(card),
        1 => game.deck.insert(usize::from(n) % (game.deck.len() + 1), card),
        2 => drop(game.held.insert(["a", "b", "c"][usize::from(n) % 3], card)),
        3 => drop(game.won.insert(card)),
        4 => game.lost.add(card),
        _ => {}
    }
}

proptest! {
    #[test]
    fn cards_move_between_all_kinds_of_places(
        ticks in prop::collection::vec(prop::collection::vec((0_u8..8, 0_u8..8, 0_u8..8), 0..6), 1..20),
    ) {
        let mut game = Tracked::new(Game::default());
        let cards: Vec<_> = (0..8)
            .map(|rank| game.cards.insert(Card { rank, marks: ArraySchema::from([rank]), ..Card::default() }))
            .collect();
        let mut encoder = Encoder::new(&game);
        let handshake = encoder.handshake(Profile::V5);
        let mut early = Decoder::<Seen>::new();
        early.check_handshake(&handshake).unwrap();
        let mut other = Decoder::<Seen>::with_handshake(&encoder.handshake(Profile::V3)).unwrap();
        let mut told = Decoder::from_handshake(&handshake).unwrap();
        for tick in ticks {
            for (card, place, n) in tick {
                let card = cards[usize::from(card)];
                put(&mut game, card, place, n);
                let found = game.cards.get_mut(card).unwrap();
                found.rank = found.rank.wrapping_add(n);
                if n == 3 {
                    found.marks.push(place);
                }
            }
            let patch = encoder.patch(&mut game).to_vec();
            early.apply(&patch).unwrap();
            let mut changes: Vec<OwnedChange> = Vec::new();
            other.apply_with(&patch, &mut changes).unwrap();
            told.apply(&patch).unwrap();
            let expected = Seen::of(&game);
            prop_assert_eq!(early.state(), &expected);
            prop_assert_eq!(other.state(), &expected);
            prop_assert_eq!(early.node_count(), game.node_count());
            let snapshot = encoder.snapshot(&game).to_vec();
            let mut late = Decoder::<Seen>::new();
            late.check_handshake(&handshake).unwrap();
            late.apply(&snapshot).unwrap();
            prop_assert_eq!(late.state(), &expected);
            prop_assert_eq!(late.node_count(), game.node_count());
            other.resync(&snapshot).unwrap();
            prop_assert_eq!(other.state(), &expected);
            prop_assert_eq!(other.node_count(), game.node_count());
            let mut late = Decoder::from_handshake(&handshake).unwrap();
            late.apply(&snapshot).unwrap();
            prop_assert_eq!(late.to_json(), told.to_json());
        }
    }
}

/// An early client and a late one agree on the numbers of what is in a set.
#[test]
fn members_of_a_set_keep_what_was_put_beside_their_fields() {
    let mut game = Tracked::new(Game::default());
    let cards: Vec<_> =
        (0..4).map(|rank| game.cards.insert(Card { rank, ..Card::default() })).collect();
    let mut encoder = Encoder::new(&game);
    game.won.extend(cards.clone());
    encoder.patch(&mut game);
    game.won.remove(&cards[1]);
    encoder.patch(&mut game);
    let mut late = Decoder::<Seen>::new();
    late.check_handshake(&encoder.handshake(Profile::Polyglot)).unwrap();
    let mut changes: Vec<OwnedChange> = Vec::new();
    late.apply_with(encoder.snapshot(&game), &mut changes).unwrap();
    let ranks = |seen: &Seen| seen.won.iter().map(|card| card.rank).collect::<Vec<_>>();
    assert_eq!(ranks(late.state()), [0, 2, 3]);
    game.cards.get_mut(cards[2]).unwrap().rank = 20;
    game.won.remove(&cards[0]);
    late.apply(encoder.patch(&mut game)).unwrap();
    assert_eq!(ranks(late.state()), [20, 3]);
    let told = Decoder::from_handshake(&encoder.handshake(Profile::V5)).unwrap();
    let field = told.state().field(FieldIndex(3));
    assert!(matches!(field, Some(DynField::Array(_))), "{field:?}");
}

/// A game with a card that is on the top, in the deck and in a hand.
fn ace() -> (Tracked<Game>, Encoder, Handle<Card>) {
    let mut game = Tracked::new(Game::default());
    let ace = game.cards.insert(Card { rank: 1, ..Card::default() });
    game.top = Some(ace);
    game.deck.push(ace);
    game.held.insert("ada", ace);
    let encoder = Encoder::new(&game);
    (game, encoder, ace)
}

#[test]
fn a_client_with_the_servers_types_holds_one_instance() {
    let (mut game, mut encoder, ace) = ace();
    let mut client = Decoder::<Game>::new();
    client.apply(encoder.patch(&mut game)).unwrap();
    let state = client.state();
    assert_eq!(state.cards.len(), 1);
    assert_eq!((state.top, state.held["ada"]), (Some(state.deck[0]), state.deck[0]));
    assert_eq!(state.cards.get(state.deck[0]).unwrap().rank, 1);
    let handle = state.deck[0];

    // It moves, stays itself, and goes with the last place.
    game.deck.clear();
    game.lost.add(ace);
    game.cards.get_mut(ace).unwrap().rank = 14;
    client.apply(encoder.patch(&mut game)).unwrap();
    assert_eq!(client.state().lost.as_slice(), [handle]);
    assert_eq!(client.state().cards.get(handle).unwrap().rank, 14);
    game.top = None;
    game.held.clear();
    game.lost.clear();
    client.apply(encoder.patch(&mut game)).unwrap();
    assert!(client.state().cards.is_empty() && !client.state().cards.contains(handle));
    assert_eq!(client.node_count(), 5);
}

#[test]
fn an_instance_may_lead_to_itself_where_it_lies_in_a_pool() {
    let (mut game, mut encoder, ace) = ace();
    game.cards.get_mut(ace).unwrap().next = Some(ace);
    let mut client = Decoder::<Game>::new();
    let handshake = encoder.handshake(Profile::V5);
    let snapshot = encoder.patch(&mut game).to_vec();
    client.apply(&snapshot).unwrap();
    let card = client.state().cards.get(client.state().deck[0]).unwrap();
    assert_eq!(card.next, Some(client.state().deck[0]));
    let mut dynamic = Decoder::pooled_from_handshake(&handshake).unwrap();
    dynamic.apply(&snapshot).unwrap();
    assert!(dynamic.to_json().contains(r#""next":null"#), "{}", dynamic.to_json());

    let mut copied = Decoder::<Seen>::new();
    copied.check_handshake(&handshake).unwrap();
    let error = copied.apply(&snapshot).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Cycle { .. }), "{error}");
}

#[test]
fn two_that_lead_to_each_other_are_refused_where_structs_lie_in_their_places() {
    let (mut game, mut encoder, ace) = ace();
    let king = game.cards.insert(Card::default());
    game.deck.push(king);
    let mut copied = Decoder::<Seen>::new();
    copied.check_handshake(&encoder.handshake(Profile::V5)).unwrap();
    copied.apply(encoder.patch(&mut game)).unwrap();
    game.cards.get_mut(ace).unwrap().next = Some(king);
    game.cards.get_mut(king).unwrap().next = Some(ace);
    let error = copied.apply(encoder.patch(&mut game)).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Cycle { .. }), "{error}");
}

/// Each instance holds the next one twice, so that the last is there 2^40 times.
#[test]
fn places_of_places_are_an_error_before_they_are_memory() {
    let mut game = Tracked::new(Game::default());
    let cards: Vec<_> = (0..40).map(|_| game.cards.insert(Card::default())).collect();
    for pair in cards.windows(2) {
        let card = game.cards.get_mut(pair[0]).unwrap();
        card.next = Some(pair[1]);
        card.pile.push(pair[1]);
    }
    game.top = Some(cards[0]);
    let mut encoder = Encoder::new(&game);
    let handshake = encoder.handshake(Profile::V5);
    let snapshot = encoder.patch(&mut game).to_vec();
    let mut copied = Decoder::<Seen>::new();
    copied.check_handshake(&handshake).unwrap();
    let error = copied.apply(&snapshot).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::TooLarge { .. }), "{error}");

    let mut pooled = Decoder::<Game>::new();
    pooled.apply(&snapshot).unwrap();
    assert_eq!(pooled.state().cards.len(), 40);
    let mut dynamic = Decoder::pooled_from_handshake(&handshake).unwrap();
    let mut limits = dynamic.limits();
    limits.memory = 1 << 20;
    dynamic.set_limits(limits);
    dynamic.apply(&snapshot).unwrap();
    assert!(dynamic.to_json().len() < 2 << 20);
}

/// The text of a card counts in each of its places, and as long as it is there.
#[test]
fn text_counts_in_every_place() {
    let mut game = Tracked::new(Game::default());
    let card = game.cards.insert(Card::default());
    game.deck.extend(vec![card; 100]);
    let mut encoder = Encoder::new(&game);
    let mut copied = Decoder::<Seen>::new();
    copied.check_handshake(&encoder.handshake(Profile::V5)).unwrap();
    let mut limits = copied.limits();
    limits.memory = 4 << 20;
    copied.set_limits(limits);
    copied.apply(encoder.patch(&mut game)).unwrap();
    for round in 0..20 {
        game.cards.get_mut(card).unwrap().name = format!("{round:010000}");
        copied.apply(encoder.patch(&mut game)).unwrap();
    }
    game.cards.get_mut(card).unwrap().name = "x".repeat(100_000);
    let error = copied.apply(encoder.patch(&mut game)).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::TooLarge { .. }), "{error}");
}

/// As npm's decoders do: a field is told once for each callback on the instance, however many places
/// it has, and each place tells what comes and goes in it.
#[test]
fn a_change_of_a_shared_instance_is_told_once() {
    let (mut game, mut encoder, ace) = ace();
    let mut decoder = Decoder::<Seen>::new();
    decoder.check_handshake(&encoder.handshake(Profile::V5)).unwrap();
    let mut callbacks = Callbacks::new(decoder);
    let log = Rc::new(RefCell::new(Vec::new()));
    for place in ["deck", "held"] {
        let heard = log.clone();
        callbacks.on_add(place, move |_, change| {
            let at = match &change.place {
                OwnedPlace::Entry(key) => key.clone(),
                other => format!("{other:?}"),
            };
            heard.borrow_mut().push(format!("{place} {at} {:?}", change.node().unwrap()));
        });
    }
    callbacks.apply(encoder.patch(&mut game)).unwrap();
    assert_eq!(log.take().len(), 2);
    let id = match callbacks.decoder().state().deck.len() {
        1 => game.deck[0],
        other => panic!("{other} cards"),
    };
    assert_eq!(id, ace);
    let heard = log.clone();
    callbacks.listen("top", "rank", move |_, change| {
        heard.borrow_mut().push(format!("{:?}", change.value));
    });
    log.take();
    game.cards.get_mut(ace).unwrap().rank = 9;
    callbacks.apply(encoder.patch(&mut game)).unwrap();
    assert_eq!(log.take(), ["Some(Value(9))"]);
    assert_eq!(callbacks.state().held["ada"].rank, 9);
}
