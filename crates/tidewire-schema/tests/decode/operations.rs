//! Each operation of the protocol, by hand.

use tidewire_schema::{DecodeErrorKind, Decoder};
use tidewire_state::{ArraySchema, MapSchema, Schema};

use crate::common::bytes;

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    n: u8,
    leaves: ArraySchema<Leaf>,
}

#[derive(Schema, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct State {
    log: ArraySchema<u8>,
    cards: ArraySchema<Leaf>,
    players: MapSchema<Leaf>,
    scores: MapSchema<u8>,
    hero: Option<Leaf>,
    title: Option<String>,
    turn: u8,
}

/// What there is before each check: the log 10, 11, 12; cards 1, 2, 3 with the refIds 5, 6, 7;
/// players a, b with 8, 9 and n of 8, 9; scores x, y of 1, 2; a hero with 10 and n of 10.
const START: &str = "8001 8102 8203 8304 840a 85a27469 8605 \
    ff01 80000a 80010b 80020c ff02 800005 800106 800207 \
    ff03 8000a16108 8001a16209 ff04 8000a17801 8001a17902 \
    ff05 8001 ff06 8002 ff07 8003 ff08 8008 ff09 8009 ff0a 800a";

fn start() -> Decoder<State> {
    let mut decoder = Decoder::new();
    decoder.apply(&bytes(START)).unwrap();
    decoder
}

fn check<T: PartialEq + std::fmt::Debug>(
    hex: &str,
    read: impl Fn(&State) -> T,
    want: impl Into<T>,
    nodes: usize,
) {
    let mut decoder = start();
    decoder.apply(&bytes(hex)).unwrap_or_else(|error| panic!("{hex}: {error}"));
    assert_eq!(read(decoder.state()), want.into(), "{hex}");
    assert_eq!(decoder.node_count(), nodes, "{hex}");
}

fn fails(hex: &str, expected: &str) {
    let error = start().apply(&bytes(hex)).unwrap_err();
    assert_eq!(error.to_string(), expected, "{hex}");
}

fn log(state: &State) -> Vec<u8> {
    state.log.iter().copied().collect()
}

fn cards(state: &State) -> Vec<u8> {
    state.cards.iter().map(|card| card.n).collect()
}

fn players(state: &State) -> Vec<(String, u8)> {
    state.players.iter().map(|(key, player)| (key.to_owned(), player.n)).collect()
}

fn scores(state: &State) -> Vec<(String, u8)> {
    state.scores.iter().map(|(key, score)| (key.to_owned(), *score)).collect()
}

fn entries<const N: usize>(entries: [(&str, u8); N]) -> Vec<(String, u8)> {
    entries.map(|(key, value)| (key.to_owned(), value)).to_vec()
}

/// How many nodes there are at the start.
const NODES: usize = 11;

#[test]
fn start_is_as_described() {
    check("", log, vec![10, 11, 12], NODES);
    check("", cards, vec![1, 2, 3], NODES);
    check("", players, entries([("a", 8), ("b", 9)]), NODES);
    check("", scores, entries([("x", 1), ("y", 2)]), NODES);
    check("", |state| state.hero.as_ref().map(|hero| hero.n), Some(10), NODES);
}

#[test]
fn fields() {
    let title = |state: &State| state.title.clone();
    check("85a3746964", title, Some("tid".to_owned()), NODES);
    check("05a0", title, Some(String::new()), NODES);
    check("45", title, None, NODES);
    check("46", |state| state.turn, 0, NODES);
    let hero = |state: &State| state.hero.as_ref().map(|hero| hero.n);
    check("44", hero, None, NODES - 1);
    check("c40b", hero, Some(0), NODES);
    check("c40b ff0b 8007", hero, Some(7), NODES);
    // Added again, it is held twice: taken out once, it is known still.
    check("840a", hero, Some(10), NODES);
    check("c40a", hero, Some(10), NODES);
    fails("040b", "State.hero: refId 11 was not added before (byte 1)");
    fails("8401", "State.hero: refId 1 is of another type (byte 1)");
    fails("87", "State: there is no field 7: the sender has other types (byte 0)");
    fails("85a5", "State.title: buffer ended at byte 2");
    fails("ff0b", "State: refId 11 was not added before (byte 0)");
    fails(
        "840bd500",
        "State.hero: a child is of type 0, which is not known to extend type 1: use the same definition on both sides (byte 2)",
    );
    check("c40bd501 ff0b 8007", hero, Some(7), NODES);
}

#[test]
fn arrays_of_primitives() {
    for (hex, want) in [
        ("ff01 80030d", vec![10, 11, 12, 13]),
        ("ff01 80000d", vec![13, 10, 11, 12]),
        ("ff01 80010d", vec![10, 13, 11, 12]),
        // An equal value is not put in before itself.
        ("ff01 80010b", vec![10, 11, 12]),
        ("ff01 00010d", vec![10, 13, 12]),
        ("ff01 c0010d", vec![10, 13, 12]),
        ("ff01 20010d", vec![10, 13, 12]),
        ("ff01 4001", vec![10, 12]),
        ("ff01 4000 4001", vec![12]),
        ("ff01 4002 4001 4000", vec![]),
        ("ff01 4001 80010d", vec![10, 13, 12]),
        ("ff01 4001 80030d", vec![10, 12, 13]),
        ("ff01 4000 ff01 4000", vec![12]),
        ("ff01 4009", vec![10, 11, 12]),
        ("ff01 60000d", vec![13, 12]),
        ("ff01 0a", vec![]),
        ("ff01 0a 80000d", vec![13]),
        ("ff01 0f", vec![12, 11, 10]),
        ("ff01 4000 0f", vec![12, 11]),
        // Beyond the end, and between.
        ("ff01 80090d", vec![10, 11, 12, 13]),
        ("ff01 80090d 80060e 80080f 80031a", vec![10, 11, 12, 26, 14, 15, 13]),
        ("ff01 80090d 80040e 0009ff", vec![10, 11, 12, 14, 255]),
        ("ff01 80040d 0f", vec![13, 12, 11, 10]),
        ("ff01 80040d 80000e 80070f", vec![14, 10, 11, 12, 13, 15]),
    ] {
        check(hex, log, want, NODES);
    }
    fails("ff01 8003", "State.log[3]: buffer ended at byte 4");
    fails("ff01 2105", "State.log: 21 is not an operation here (byte 2)");
    fails("ff01 07", "State.log: 07 is not an operation here (byte 2)");
}

#[test]
fn arrays_of_structs() {
    for (hex, want, nodes) in [
        ("ff02 80030b ff0b 8004", vec![1, 2, 3, 4], NODES + 2 - 1),
        ("ff02 80000b", vec![0, 1, 2, 3], NODES + 1),
        ("ff02 80010b ff0b 8004", vec![1, 4, 2, 3], NODES + 1),
        ("ff02 4001", vec![1, 3], NODES - 1),
        ("ff02 4000 ff06 8009", vec![9, 3], NODES - 1),
        ("ff02 c0010b ff0b 8004", vec![1, 4, 3], NODES),
        ("ff02 c00106", vec![1, 2, 3], NODES),
        ("ff02 0a", vec![], NODES - 3),
        ("ff02 0f ff05 8009", vec![3, 2, 9], NODES),
        // Moves: an exchange, a rotation, a rotation whose end is dropped.
        ("ff02 200006 200105 ff05 8009", vec![2, 9, 3], NODES),
        ("ff02 200006 200107 200205", vec![2, 3, 1], NODES),
        ("ff02 200006 200107 200205 ff02 4002", vec![2, 3], NODES - 1),
        // From one end of the array to the other by way of nowhere.
        ("ff02 4000 800305", vec![2, 3, 1], NODES),
        // What a move pushes away is still held.
        ("ff02 a00006 4001", vec![2, 3], NODES),
        ("ff02 2106", vec![1, 3], NODES - 1),
        ("ff02 2163", vec![1, 2, 3], NODES),
        ("ff02 810b0b", vec![1, 2, 3, 0], NODES + 1),
        ("ff02 810606", vec![1, 2, 3], NODES),
        // One in two places: what a move drops is held, as nothing counts it.
        ("ff02 200105", vec![1, 1, 3], NODES),
        ("ff02 a00105 ff05 8009", vec![9, 9, 3], NODES),
        // To another parent and back.
        ("ff02 4000 ff00 c405", vec![2, 3], NODES - 1),
        ("44 ff02 80030a", vec![1, 2, 3, 10], NODES),
    ] {
        check(hex, cards, want, nodes);
    }
}

#[test]
fn maps_of_primitives() {
    for (hex, want) in [
        ("ff04 8002a17a03", entries([("x", 1), ("y", 2), ("z", 3)])),
        ("ff04 0000 09", entries([("x", 9), ("y", 2)])),
        ("ff04 8000a17809", entries([("x", 9), ("y", 2)])),
        ("ff04 c000a17809", entries([("x", 9), ("y", 2)])),
        ("ff04 4000", entries([("y", 2)])),
        ("ff04 4009", entries([("x", 1), ("y", 2)])),
        ("ff04 4000 8000a17809", entries([("y", 2), ("x", 9)])),
        ("ff04 4000 8002a17809", entries([("y", 2), ("x", 9)])),
        ("ff04 0a", vec![]),
        ("ff04 0a 8000a17905", entries([("y", 5)])),
    ] {
        check(hex, scores, want, NODES);
    }
    fails("ff04 8002a17809", "State.scores: index 2 and key \"x\" do not belong together (byte 3)");
    fails("ff04 8000a17a09", "State.scores: index 0 and key \"z\" do not belong together (byte 3)");
    fails("ff04 000209", "State.scores[2]: no entry has the index 2 (byte 4)");
    fails("ff04 0f", "State.scores: 0f is not an operation here (byte 2)");
    fails("ff04 8002a17a", "State.scores[\"z\"]: buffer ended at byte 6");
}

#[test]
fn maps_of_structs() {
    for (hex, want, nodes) in [
        ("ff03 8002a1630b ff0b 8003", entries([("a", 8), ("b", 9), ("c", 3)]), NODES + 1),
        ("ff03 4000", entries([("b", 9)]), NODES - 1),
        ("ff03 c000a1610b", entries([("a", 0), ("b", 9)]), NODES),
        ("ff03 0a", vec![], NODES - 2),
        ("ff03 4000 8000a16108", entries([("b", 9), ("a", 8)]), NODES),
        // An instance gets another key; what was there goes.
        ("ff03 4001 c000a16109 ", entries([("a", 9)]), NODES - 1),
        ("ff03 c000a16109 4001", entries([("a", 9)]), NODES - 1),
        // The hero joins, and a player becomes the hero.
        ("44 ff03 8002a1630a", entries([("a", 8), ("b", 9), ("c", 10)]), NODES),
        ("c408 ff03 4000 ff08 8063", entries([("b", 9)]), NODES - 1),
    ] {
        check(hex, players, want, nodes);
    }
    fails(
        "ff08 85",
        "State.players[\"a\"]: there is no field 5: the sender has other types (byte 2)",
    );
    fails("ff08 80", "State.players[\"a\"].n: buffer ended at byte 3");
}

#[test]
fn what_goes_takes_what_is_below_with_it() {
    let mut decoder = start();
    // Card 5 gets leaves with 12 and 13; 13 moves to card 6 as 5 goes.
    decoder.apply(&bytes("ff05 810b ff0b 80000c 80010d ff0c 8020 ff0d 8021")).unwrap();
    assert_eq!(decoder.node_count(), NODES + 3);
    decoder.apply(&bytes("ff02 4000 ff06 810e ff0e 80000d")).unwrap();
    assert_eq!(decoder.node_count(), NODES + 1);
    let card = &decoder.state().cards[0];
    assert_eq!((card.n, card.leaves.len(), card.leaves[0].n), (2, 1, 0x21));
    let error = decoder.apply(&bytes("ff0c")).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::UnknownRef { id: 12 }), "{error}");
}

#[test]
fn another_collection_takes_the_place() {
    let mut decoder = start();
    decoder.apply(&bytes("c10b ff0b 80000c ff0c 8009")).unwrap();
    assert_eq!(cards(decoder.state()), [9]);
    assert_eq!(decoder.node_count(), NODES - 3 + 1);
    // And one with instances of the one before.
    let mut decoder = start();
    decoder.apply(&bytes("c10b ff0b 800006")).unwrap();
    assert_eq!(cards(decoder.state()), [2]);
    assert_eq!(decoder.node_count(), NODES - 2);
    decoder.apply(&bytes("ff06 8063")).unwrap();
    assert_eq!(cards(decoder.state()), [99]);
}

#[test]
fn a_snapshot_comes_again() {
    let mut decoder = start();
    let state = format!("{:?}", decoder.state());
    decoder.apply(&bytes(START)).unwrap();
    assert_eq!(format!("{:?}", decoder.state()), state);
    assert_eq!(decoder.node_count(), NODES);
}
