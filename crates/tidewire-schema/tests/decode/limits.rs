//! What messages may cost.

use std::time::{Duration, Instant};

use tidewire_schema::{DecodeErrorKind, Decoder, Limits};
use tidewire_state::{ArraySchema, DynStruct, MapSchema, Schema};

use crate::common::{UPSTREAM, bytes};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    n: u8,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    log: ArraySchema<String>,
    deck: ArraySchema<Leaf>,
    scores: MapSchema<u8>,
    leaves: MapSchema<Leaf>,
}

/// All collections, as 1, 2, 3 and 4.
const COLLECTIONS: &str = "8001 8102 8203 8304";

fn number(value: u32) -> Vec<u8> {
    [&[0xce][..], &value.to_le_bytes()].concat()
}

/// A handshake of a root with a map of a type with 63 maps, and a message with `count` of these.
fn wide(count: u32) -> (Vec<u8>, Vec<u8>) {
    let field = |id: u8, name: &str| {
        let name = [&[0xa0 | name.len() as u8], name.as_bytes()].concat();
        [&[255, id, 0x80][..], &name, b"\x81\xa3map\x82\x01"].concat()
    };
    // The list of types is 1, the types are 2 and 3, their lists of fields 4 and 5.
    let mut handshake = bytes("8001 ff01 800002 800103 ff02 8000 8204 ff03 8001 8205");
    handshake.extend(bytes("ff04 800006 ff05"));
    for at in 0..63 {
        handshake.extend([0x80, at, 7 + at]);
    }
    handshake.extend(field(6, "m"));
    for at in 0..63 {
        handshake.extend(field(7 + at, &format!("f{at}")));
    }
    let mut message = bytes("8001 ff01");
    for at in 0..count {
        let key = format!("{at:x}");
        message.push(0x80);
        message.extend(number(at));
        message.push(0xa0 | key.len() as u8);
        message.extend(key.as_bytes());
        message.extend(number(at + 2));
    }
    (handshake, message)
}

#[test]
fn instances_of_wide_types_are_small_until_something_is_in_them() {
    let (handshake, message) = wide(5_000);
    let mut decoder = Decoder::from_handshake(&handshake).unwrap();
    let memory = allocation_counter::measure(|| decoder.apply(&message).unwrap());
    assert_eq!(decoder.node_count(), 5_002);
    assert!(memory.bytes_max < 20 << 20, "{} bytes", memory.bytes_max);
    assert!(memory.bytes_current < 20 << 20, "{} bytes", memory.bytes_current);
}

#[test]
fn memory_has_a_limit() {
    let (handshake, message) = wide(2_000);
    let mut decoder = Decoder::from_handshake(&handshake).unwrap();
    let mut limits = decoder.limits();
    limits.memory = 1 << 20;
    decoder.set_limits(limits);
    let mut result = Ok(());
    let memory = allocation_counter::measure(|| result = decoder.apply(&message));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::TooLarge { limit: 1 << 20 });
    assert!(error.to_string().starts_with("State.m[\""), "{error}");
    assert!(error.to_string().contains("more than 1048576 bytes: raise `Limits::memory`"));
    assert!(memory.bytes_max < 3 << 20, "{} bytes", memory.bytes_max);
}

/// A decoder whose state may take 8 KiB.
fn tight() -> Decoder<State> {
    let mut decoder = Decoder::<State>::new();
    let mut limits = decoder.limits();
    limits.memory = 8 << 10;
    decoder.set_limits(limits);
    decoder.apply(&bytes(COLLECTIONS)).unwrap();
    decoder
}

#[test]
fn what_is_gone_is_given_back() {
    let mut decoder = tight();
    for _ in 0..200 {
        for hex in [
            "ff01 8000a0 8001a0 8002a0 ff03 8000a16105 8001a16205",
            "ff02 800006 800107 ff04 8000a16108 8001a16209",
            // A map that goes with its entries, and comes again.
            "42",
            "820a ff0a 8000a16105 8001a16205",
            "42",
            "8203 ff01 4002 4000 4001 ff02 4001 4000 ff04 4000 4001",
        ] {
            decoder.apply(&bytes(hex)).unwrap();
        }
    }
    let state = decoder.state();
    assert!(state.log.is_empty() && state.deck.is_empty());
    assert!(state.scores.is_empty() && state.leaves.is_empty());
}

#[test]
fn items_and_entries_count() {
    for grow in [
        (|at| [&[255, 1, 0x80][..], &number(at), &[0xa0]].concat()) as fn(u32) -> Vec<u8>,
        |at| [&[255, 3, 0x80][..], &number(at), &[0xa1, b'a' + at as u8, 5]].concat(),
        |at| [&[255, 2, 0x80][..], &number(at), &number(at + 5)].concat(),
        |at| [&[255, 4, 0x80][..], &number(at), &[0xa1, b'a' + at as u8], &number(at + 5)].concat(),
    ] {
        let mut decoder = tight();
        let error = (0..120).find_map(|at| decoder.apply(&grow(at)).err()).unwrap();
        assert_eq!(error.kind(), &DecodeErrorKind::TooLarge { limit: 8 << 10 });
    }
}

#[test]
fn a_message_moves_only_so_many_items() {
    let many = 10_000;
    let mut limits = Limits::default();
    limits.moves = 1 << 20;
    let full: Vec<u8> =
        (0..many).flat_map(|at| [&[0x80][..], &number(at), &[0xa1, b'a']].concat()).collect();
    let full = [bytes("8001 ff01"), full].concat();
    let mut front = bytes("8001 ff01");
    let mut visits = Vec::new();
    for _ in 0..many {
        front.extend(bytes("8000 a162 8000 a163"));
        visits.extend(bytes("ff01 4000"));
    }
    let turns = [bytes("ff01"), vec![15; many as usize]].concat();
    for messages in [vec![front], vec![full.clone(), visits], vec![full, turns]] {
        let mut decoder = Decoder::<State>::new();
        decoder.set_limits(limits);
        let start = Instant::now();
        let results: Vec<_> = messages.iter().map(|message| decoder.apply(message)).collect();
        let took = start.elapsed();
        let error = results.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), &DecodeErrorKind::TooMuchWork { limit: 1 << 20 }, "{error}");
        assert!(error.path().starts_with("State.log"), "{error}");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

#[test]
fn instances_too() {
    let mut limits = Limits::default();
    limits.moves = 10_000;
    // To put in before the others; to look for; to look for in vain.
    for unit in ["8000 14 8000 15", "81cee8030000 cee8030000", "21cee8030000"] {
        let message: Vec<u8> = std::iter::repeat_n(bytes(unit), 300).flatten().collect();
        let mut decoder = Decoder::<State>::new();
        decoder.set_limits(limits);
        let full: Vec<u8> =
            (0..1_000).flat_map(|at| [vec![0x80], number(at), number(at + 5)].concat()).collect();
        decoder.apply(&[bytes("8102 ff02"), full].concat()).unwrap();
        let result = decoder.apply(&[bytes("ff02"), message].concat());
        let Err(error) = result else { panic!("{unit}") };
        assert_eq!(error.kind(), &DecodeErrorKind::TooMuchWork { limit: 10_000 }, "{unit}");
    }
}

#[test]
fn types_that_repeat_too_much_are_refused() {
    // One type with a long name of a field, and thousands that extend it.
    let name = "n".repeat(20_000);
    let mut handshake = bytes("8001 ff01");
    for at in 0..2_000 {
        handshake.push(0x80);
        handshake.extend(number(at));
        handshake.extend(number(at + 10));
    }
    handshake.extend(bytes("ff ce0a000000 8000 8202 ff02 800003 ff03 80 da204e"));
    handshake.extend(name.as_bytes());
    handshake.extend(bytes("81 a5 75696e7438"));
    for at in 1..2_000 {
        handshake.push(255);
        handshake.extend(number(at + 10));
        handshake.push(0x80);
        handshake.extend(number(at));
        handshake.extend(bytes("8100"));
    }
    let error = Decoder::<DynStruct>::from_handshake(&handshake).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::TooManyTypes, "{error}");
    let upstream = bytes(UPSTREAM["handshakes"]["5"].as_str().unwrap());
    assert!(Decoder::<DynStruct>::from_handshake(&upstream).is_ok());
}
