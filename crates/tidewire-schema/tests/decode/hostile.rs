//! Whatever the bytes: an error at worst, and no more memory than they are worth.

use std::sync::Arc;

use proptest::prelude::*;
use tidewire_schema::{DecodeErrorKind, Decoder, OwnedChange};
use tidewire_state::{ArraySchema, MapSchema, Number, Schema};

use crate::common::{UNIVERSAL, UPSTREAM, bytes};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    #[schema(number)]
    n: f64,
    next: Option<Box<Leaf>>,
}

/// Something of every kind, to have the most to go wrong.
#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    log: ArraySchema<String>,
    cards: ArraySchema<Leaf>,
    players: MapSchema<Leaf>,
    scores: MapSchema<Number>,
    hero: Option<Leaf>,
    own: Leaf,
    level: u8,
    #[schema(number)]
    small: u8,
    title: Option<String>,
}

/// Messages to begin with: those of a recorded client, whose types are the first of ours.
fn recorded() -> Vec<Vec<u8>> {
    let cases = UNIVERSAL["cases"].as_array().unwrap();
    let hex = cases.iter().filter(|case| case["seed"] == 16002).map(|case| case["hex"].as_str());
    hex.map(|hex| bytes(hex.unwrap())).collect()
}

/// Applies all to a typed and a dynamic decoder, which must agree whether it can be read, and to one
/// that tells nobody of changes, which goes another way to the very same.
fn apply(messages: &[Vec<u8>]) {
    let mut typed = Decoder::<State>::new();
    let mut quiet = Decoder::<State>::new();
    let mut dynamic = Decoder::from_types(Arc::new(State::default().describe()));
    for message in messages {
        let mut changes: Vec<OwnedChange> = Vec::new();
        let result = typed.apply_with(message, &mut changes);
        let other = quiet.apply(message);
        assert_eq!(format!("{result:?} {typed:?}"), format!("{other:?} {quiet:?}"));
        let other = dynamic.apply(message);
        match (&result, &other) {
            (Ok(()), Ok(())) => {}
            // What a `u8` cannot hold, a run-time `number` can; the two part here.
            (Err(error), _) if matches!(error.kind(), DecodeErrorKind::Misfit(_)) => return,
            (Err(error), Err(other)) => assert_eq!(error.to_string(), other.to_string()),
            _ => panic!("{result:?} and {other:?} for {message:02x?}"),
        }
        assert_eq!(typed.node_count(), dynamic.node_count());
        if result.is_err() {
            let again = typed.apply(&[]).unwrap_err();
            assert!(matches!(again.kind(), DecodeErrorKind::Stopped));
            return;
        }
    }
}

/// Bytes that mean something more often than others.
fn telling_byte() -> impl Strategy<Value = u8> {
    let known = [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 32, 33, 64, 96, 128, 129, 130, 131, 132, 133, 134, 160,
        192, 193, 194, 195, 196, 197, 0xa0, 0xa1, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd3, 0xd5,
        0xd9, 0xdb, 255, 255, 255,
    ];
    prop_oneof![8 => proptest::sample::select(known.to_vec()), 1 => any::<u8>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4)) {
        apply(&messages);
    }

    #[test]
    fn telling_bytes(messages in prop::collection::vec(prop::collection::vec(telling_byte(), 0..60), 1..6)) {
        let start = bytes("8001 8102 8203 8304 8405 8506");
        let messages: Vec<_> = std::iter::once(start).chain(messages).collect();
        apply(&messages);
    }

    #[test]
    fn resynced_with_telling_bytes(
        messages in prop::collection::vec(prop::collection::vec(telling_byte(), 0..40), 0..4),
        snapshot in prop::collection::vec(telling_byte(), 0..60),
    ) {
        let start = bytes("8001 8102 8203 8304 8405 8506");
        let mut decoder = Decoder::<State>::new();
        decoder.apply(&start).unwrap();
        let mut recorded = recorded();
        recorded.truncate(messages.len());
        for message in messages.into_iter().chain(recorded) {
            // A decoder that stopped refuses the snapshot too.
            if decoder.apply(&message).is_err() {
                prop_assert!(decoder.resync(&start).is_err());
                return Ok(());
            }
        }
        let snapshot = [start, snapshot].concat();
        let mut new = Decoder::<State>::new();
        let mut changes: Vec<OwnedChange> = Vec::new();
        match (decoder.resync_with(&snapshot, &mut changes), new.apply(&snapshot)) {
            (Ok(()), Ok(())) => prop_assert_eq!(format!("{decoder:?}"), format!("{new:?}")),
            (Err(error), Err(other)) => prop_assert_eq!(error.to_string(), other.to_string()),
            (ours, theirs) => prop_assert!(false, "{:?} and {:?}", ours, theirs),
        }
    }

    #[test]
    fn mutated_messages(
        until in 1_usize..20,
        edits in prop::collection::vec((any::<prop::sample::Index>(), telling_byte(), 0_u8..3), 1..4),
    ) {
        let mut messages = recorded();
        messages.truncate(until);
        let last = messages.last_mut().unwrap();
        for (at, byte, how) in edits {
            if last.is_empty() {
                break;
            }
            let at = at.index(last.len());
            match how {
                0 => last[at] = byte,
                1 => last.insert(at, byte),
                _ => { last.remove(at); }
            }
        }
        apply(&messages);
    }

    #[test]
    fn random_handshakes(bytes in prop::collection::vec(telling_byte(), 0..80)) {
        if let Ok(decoder) = Decoder::from_handshake(&bytes) {
            prop_assert!(decoder.types().check().is_ok());
        }
    }

    #[test]
    fn mutated_handshakes(
        edits in prop::collection::vec((any::<prop::sample::Index>(), telling_byte()), 1..4),
    ) {
        let mut handshake = bytes(UPSTREAM["handshakes"]["5"].as_str().unwrap());
        for (at, byte) in edits {
            let at = at.index(handshake.len());
            handshake[at] = byte;
        }
        if let Ok(decoder) = Decoder::from_handshake(&handshake) {
            prop_assert!(decoder.types().check().is_ok());
        }
    }
}

#[test]
fn every_cut_of_a_message_is_an_error_or_shorter() {
    let messages = recorded();
    for cut in 0..messages[3].len() {
        let mut cut_off = messages[..3].to_vec();
        cut_off.push(messages[3][..cut].to_vec());
        apply(&cut_off);
    }
}

#[test]
fn numbers_take_no_room() {
    // A large refId, the largest map index and array index; each would be gigabytes if it were a length.
    for hex in ["8201 ff01 80 cefeffffff a161 02", "82ce00feffff", "8001 ff01 80 cefeffffff a161"] {
        Decoder::<State>::new().apply(&bytes(hex)).unwrap();
    }
    let error = Decoder::<State>::new().apply(&bytes("82ceffffffff")).unwrap_err();
    assert_eq!(error.to_string(), "State.players: refId 4294967295 was not added before (byte 1)");
}

#[test]
fn nesting_ends_somewhere() {
    // own → next → next …, each a new instance in the last one.
    let mut message = bytes("8501");
    for id in 1..200_u8 {
        let number = |id: u8| if id < 128 { vec![id] } else { vec![0xcc, id] };
        message.push(255);
        message.extend(number(id));
        message.push(0x81);
        message.extend(number(id + 1));
    }
    let error = Decoder::<State>::new().apply(&message).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::TooDeep { id: 129 }), "{error}");
    assert!(error.to_string().starts_with("State.own.next.next.next"), "{error}");
}

#[test]
fn an_instance_is_not_its_own_child() {
    let mut decoder = Decoder::<State>::new();
    decoder.apply(&bytes("8501 ff01 8102 ff02 8103")).unwrap();
    let error = decoder.apply(&bytes("ff03 8102")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "State.own.next.next.next: refId 2 cannot be put into itself (byte 3)"
    );
}
