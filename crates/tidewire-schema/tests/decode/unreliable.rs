//! Patches that get lost, come twice, or come late.

use tidewire_schema::{Callbacks, Decoder, Encoder, OwnedChange, OwnedValue, Profile};
use tidewire_state::{DynPrimitive, MapSchema, Schema, Tracked};

use crate::common::bytes;

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Player {
    #[schema(unreliable)]
    x: f32,
    name: String,
    #[schema(unreliable)]
    hint: Option<u8>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Arena {
    players: MapSchema<Player>,
    #[schema(unreliable)]
    clock: u8,
}

/// The number and the operations of a frame, as a client takes them from it.
fn frame(hex: &str) -> (u16, Vec<u8>) {
    let bytes = bytes(hex);
    assert_eq!(bytes[0], 0x4f, "the code of a patch that may get lost");
    (u16::from_le_bytes([bytes[1], bytes[2]]), bytes[3..].to_vec())
}

/// Ada is 2, Bob is 3.
fn arena() -> Decoder<Arena> {
    let mut decoder = Decoder::new();
    let snapshot =
        "8001 8100 ff01 8000a3616461 02 8001a3626f62 03 ff02 80 00000000 ff03 80 00000000";
    decoder.apply(&bytes(snapshot)).unwrap();
    decoder
}

fn x(decoder: &Decoder<Arena>, name: &str) -> f32 {
    decoder.state().players[name].x
}

#[track_caller]
fn takes(decoder: &mut Decoder<Arena>, hex: &str, expected: bool) {
    let (number, operations) = frame(hex);
    assert_eq!(decoder.apply_unreliable(number, &operations).unwrap(), expected);
}

#[test]
fn a_patch_that_was_overtaken_is_left_out() {
    let mut decoder = arena();
    takes(&mut decoder, "4f 0100 ff02 80 0000803f", true);
    takes(&mut decoder, "4f 0300 ff02 80 00004040 ff03 80 00004040", true);
    assert_eq!((x(&decoder, "ada"), x(&decoder, "bob")), (3.0, 3.0));
    for late in ["4f 0200 ff02 80 00000040", "4f 0300 ff02 80 00000040", "4f 0000"] {
        takes(&mut decoder, late, false);
        assert_eq!(x(&decoder, "ada"), 3.0);
    }
    // Numbers go round.
    takes(&mut decoder, "4f 0080", true);
    takes(&mut decoder, "4f ffff", true);
    takes(&mut decoder, "4f 0000 ff02 80 0000803f", true);
    assert_eq!(x(&decoder, "ada"), 1.0);
}

#[test]
fn numbers_count_from_0_after_a_snapshot() {
    let mut decoder = Decoder::<Arena>::new();
    takes(&mut decoder, "4f 0700 ff00 8109", false);
    assert_eq!(decoder.state().clock, 0, "there is no state before the snapshot");
    decoder = arena();
    takes(&mut decoder, "4f 0700 ff00 8109", true);
    assert_eq!(decoder.state().clock, 9);
    decoder.resync(&bytes("8001 8105 ff01 8000a3616461 02 ff02 80 00000000")).unwrap();
    takes(&mut decoder, "4f 0100 ff00 8106", true);
    assert_eq!(decoder.state().clock, 6);
}

#[test]
fn what_is_gone_is_passed_by() {
    let mut decoder = arena();
    decoder.apply(&bytes("ff01 4000")).unwrap();
    // Its x has the bytes of a switch in it; the map is no struct; 9 is not there yet.
    takes(&mut decoder, "4f 0100 ff02 80 ffff7fff ff01 8107 ff09 8105 ff03 80 0000a040 8207", true);
    assert_eq!((x(&decoder, "bob"), decoder.state().players["bob"].hint), (5.0, Some(7)));
    takes(&mut decoder, "4f 0200 ff02 80 0000803f", true);
    decoder.apply(&bytes("ff03 81a3426f62")).unwrap();
    assert_eq!(decoder.state().players["bob"].name, "Bob");
}

#[test]
fn one_that_cannot_be_read_changes_nothing_and_stops_nothing() {
    let mut decoder = arena();
    let cases = [
        ("ff02 80 0000803f ff03 80 00", "Arena.players[\"bob\"].x"),
        ("ff02 80 0000803f ff03 8507", "Arena.players[\"bob\"]"),
        ("ff02 80 0000803f ff00 8003", "Arena"),
        ("ff02 80 0000803f ff", "Arena.players[\"ada\"]"),
    ];
    for (hex, path) in cases {
        let error = decoder.apply_unreliable(1, &bytes(hex)).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        assert_eq!(x(&decoder, "ada"), 0.0);
    }
    takes(&mut decoder, "4f 0100 ff02 80 0000803f", true);
    decoder.apply(&bytes("ff02 81a3416461")).unwrap();
    let ada = &decoder.state().players["ada"];
    assert_eq!((ada.x, ada.name.as_str()), (1.0, "Ada"));
}

#[test]
fn our_own_patches_may_come_late() {
    let mut arena = Tracked::new(Arena::default());
    let mut encoder = Encoder::new(&arena);
    let mut decoder = Decoder::from_handshake(&encoder.handshake(Profile::V5)).unwrap();
    for name in ["ada", "bob"] {
        arena.players.insert(name, Player::default());
    }
    decoder.apply(encoder.patch(&mut arena)).unwrap();
    arena.players.get_mut("ada").unwrap().x = 3.0;
    arena.players.get_mut("bob").unwrap().x = 4.0;
    decoder.apply(encoder.patch(&mut arena)).unwrap();
    let late = encoder.last_unreliable().to_vec();
    arena.players.remove("ada");
    decoder.apply(encoder.patch(&mut arena)).unwrap();
    assert!(decoder.apply_unreliable(1, &late).unwrap());
    assert_eq!(decoder.to_json(), r#"{"players":{"bob":{"x":4,"name":""}},"clock":0}"#);
    arena.players.get_mut("bob").unwrap().name = "Bob".to_owned();
    decoder.apply(encoder.patch(&mut arena)).unwrap();
    assert_eq!(decoder.to_json(), r#"{"players":{"bob":{"x":4,"name":"Bob"}},"clock":0}"#);
}

#[test]
fn callbacks_hear_of_them() {
    let mut callbacks = Callbacks::new(arena());
    let (sender, heard) = std::sync::mpsc::channel();
    callbacks.listen("", "clock", move |_, change: &OwnedChange| {
        sender.send(change.value.clone()).unwrap();
    });
    assert!(callbacks.apply_unreliable(2, &bytes("ff00 8106")).unwrap());
    assert!(!callbacks.apply_unreliable(1, &bytes("ff00 8107")).unwrap());
    let values: Vec<_> = heard.try_iter().flatten().collect();
    let clock = |value| OwnedValue::Value(DynPrimitive::Uint8(value));
    assert_eq!(values, [clock(0), clock(6)]);
}
