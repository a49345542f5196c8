//! What the encoder writes is what the decoder holds, whatever happened in between.

use proptest::prelude::*;
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{ArraySchema, DynStruct, Instance, MapSchema, Number, Schema, Tracked};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    name: String,
    power: u16,
    wards: ArraySchema<Card>,
    spare: Option<Box<Card>>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Table {
    turn: i64,
    #[schema(number)]
    round: f32,
    title: Option<String>,
    top: Card,
    cards: MapSchema<Card>,
    hand: ArraySchema<Card>,
    log: ArraySchema<String>,
    scores: MapSchema<Number>,
    boss: Option<Instance<Card>>,
}

#[derive(Clone, Debug)]
enum Edit {
    Turn(i64),
    Round(f32),
    Title(Option<String>),
    Top(u16),
    Insert(String, u16),
    Remove(String),
    Touch(String, u16),
    Ward(String, u16),
    Push(u16),
    InsertAt(usize, u16),
    RemoveAt(usize),
    Replace(usize, u16),
    Swap(usize, usize),
    Move(usize, usize),
    Reverse,
    Clear,
    Spare(usize, Option<u16>),
    Log(usize, String),
    Unlog(usize),
    Relog(usize, String),
    Score(String, f64),
    Unscore(String),
    NewMap,
    Boss(Option<u16>),
    Tick,
}

fn key() -> impl Strategy<Value = String> {
    "[a-d]"
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0_usize..6;
    let n = 0_u16..500;
    let text = prop_oneof![Just(String::new()), "[a-z]{1,3}", Just("y".repeat(300))];
    prop_oneof![
        any::<i64>().prop_map(Edit::Turn),
        (-4_i8..4).prop_map(|n| Edit::Round(f32::from(n) / 2.0)),
        prop::option::of(text.clone()).prop_map(Edit::Title),
        n.clone().prop_map(Edit::Top),
        (key(), n.clone()).prop_map(|(key, n)| Edit::Insert(key, n)),
        key().prop_map(Edit::Remove),
        (key(), n.clone()).prop_map(|(key, n)| Edit::Touch(key, n)),
        (key(), n.clone()).prop_map(|(key, n)| Edit::Ward(key, n)),
        n.clone().prop_map(Edit::Push),
        (at.clone(), n.clone()).prop_map(|(at, n)| Edit::InsertAt(at, n)),
        at.clone().prop_map(Edit::RemoveAt),
        (at.clone(), n.clone()).prop_map(|(at, n)| Edit::Replace(at, n)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Edit::Swap(a, b)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Edit::Move(a, b)),
        Just(Edit::Reverse),
        Just(Edit::Clear),
        (at.clone(), prop::option::of(n.clone())).prop_map(|(at, n)| Edit::Spare(at, n)),
        (at.clone(), text.clone()).prop_map(|(at, text)| Edit::Log(at, text)),
        at.clone().prop_map(Edit::Unlog),
        (at, text).prop_map(|(at, text)| Edit::Relog(at, text)),
        (key(), -3_i8..3).prop_map(|(key, n)| Edit::Score(key, f64::from(n) / 4.0)),
        key().prop_map(Edit::Unscore),
        Just(Edit::NewMap),
        prop::option::of(n).prop_map(Edit::Boss),
        Just(Edit::Tick),
        Just(Edit::Tick),
        Just(Edit::Tick),
    ]
}

fn card(power: u16) -> Card {
    let wards = (0..power % 3).map(|power| Card { power, ..Card::default() }).collect();
    Card { name: format!("c{power}"), power, wards, spare: None }
}

fn apply(table: &mut Table, edit: Edit) {
    let hand = table.hand.len();
    match edit {
        Edit::Turn(n) => table.turn = n,
        Edit::Round(n) => table.round = n,
        Edit::Title(title) => table.title = title,
        Edit::Top(n) => table.top.power = n,
        Edit::Insert(key, n) => drop(table.cards.insert(key, card(n))),
        Edit::Remove(key) => drop(table.cards.remove(&key)),
        Edit::Touch(key, n) => {
            if let Some(card) = table.cards.get_mut(&key) {
                card.power = n;
            }
        }
        Edit::Ward(key, n) => {
            if let Some(found) = table.cards.get_mut(&key) {
                found.wards.push(card(n));
            }
        }
        Edit::Push(n) => table.hand.push(card(n)),
        Edit::InsertAt(at, n) if at <= hand => table.hand.insert(at, card(n)),
        Edit::RemoveAt(at) if at < hand => drop(table.hand.remove(at)),
        Edit::Replace(at, n) if at < hand => drop(table.hand.replace(at, card(n))),
        Edit::Swap(a, b) if a.max(b) < hand => table.hand.swap(a, b),
        Edit::Move(a, b) if a.max(b) < hand => table.hand.move_item(a, b),
        Edit::Reverse => table.hand.reverse(),
        Edit::Clear => table.hand.clear(),
        Edit::Spare(at, n) if at < hand => table.hand[at].spare = n.map(card).map(Box::new),
        Edit::Log(at, text) if at <= table.log.len() => table.log.insert(at, text),
        Edit::Unlog(at) if at < table.log.len() => drop(table.log.remove(at)),
        Edit::Relog(at, text) if at < table.log.len() => table.log[at] = text,
        Edit::Score(key, n) => drop(table.scores.insert(key, Number(n))),
        Edit::Unscore(key) => drop(table.scores.remove(&key)),
        Edit::NewMap => table.cards = [("z", card(1)), ("a", card(2))].into(),
        Edit::Boss(n) => table.boss = n.map(card).map(Instance::new),
        _ => {}
    }
}

/// The same values in a state of run-time types.
fn as_dynamic(table: &Tracked<Table>, encoder: &mut Encoder) -> Decoder<DynStruct> {
    let mut decoder = Decoder::from_handshake(&encoder.handshake(Profile::Polyglot)).unwrap();
    decoder.apply(encoder.snapshot(table)).unwrap();
    decoder
}

proptest! {
    #[test]
    fn every_client_holds_the_state(edits in prop::collection::vec(edit(), 0..80)) {
        let mut table = Tracked::new(Table::default());
        let mut encoder = Encoder::new(&table);
        let mut early = Decoder::<Table>::new();
        early.apply(encoder.patch(&mut table)).unwrap();
        let mut dynamic = as_dynamic(&table, &mut encoder);
        for edit in edits.into_iter().chain([Edit::Tick]) {
            let Edit::Tick = edit else {
                apply(&mut table, edit);
                continue;
            };
            let patch = encoder.patch(&mut table).to_vec();
            early.apply(&patch).unwrap();
            dynamic.apply(&patch).unwrap();

            prop_assert_eq!(early.state(), &*table);
            prop_assert_eq!(early.node_count(), table.node_count());
            let mut late = Decoder::<Table>::new();
            late.apply(encoder.snapshot(&table)).unwrap();
            prop_assert_eq!(late.state(), &*table);
            prop_assert_eq!(late.node_count(), table.node_count());
            let keys = |table: &Table| table.cards.keys().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(keys(early.state()), keys(&table));
            let late = as_dynamic(&table, &mut encoder);
            prop_assert_eq!(dynamic.state(), late.state());
            prop_assert_eq!(dynamic.node_count(), table.node_count());
        }
    }

    /// What is received can be tracked and sent on.
    #[test]
    fn a_relay_passes_it_on(edits in prop::collection::vec(edit(), 0..40)) {
        let mut table = Tracked::new(Table::default());
        let mut encoder = Encoder::new(&table);
        encoder.patch(&mut table);
        let mut received = as_dynamic(&table, &mut encoder);
        for edit in edits {
            apply(&mut table, edit);
            received.apply(encoder.patch(&mut table)).unwrap();
        }
        let mut relay = Tracked::new(received.into_state());
        let mut encoder = Encoder::new(&relay);
        let patch = encoder.patch(&mut relay).to_vec();
        let mut client = Decoder::<Table>::new();
        client.apply(&patch).unwrap();
        prop_assert_eq!(client.state(), &*table);
    }
}

#[test]
fn every_profile_is_understood() {
    let table = Tracked::new(Table::default());
    let encoder = Encoder::new(&table);
    for profile in [Profile::V3, Profile::V4, Profile::V5, Profile::Polyglot] {
        let handshake = encoder.handshake(profile);
        Decoder::<Table>::new().check_handshake(&handshake).unwrap();
        let decoder = Decoder::from_handshake(&handshake).unwrap();
        assert_eq!(decoder.types().types.len(), 2, "{profile:?}");
    }
}
