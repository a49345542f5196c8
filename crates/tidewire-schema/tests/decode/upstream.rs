//! Messages and handshakes that the official encoders of 3.x, 4.x and 5.x wrote, recorded with what
//! the official 5.x decoder made of them.

use serde_json::Value as Json;
use tidewire_schema::Decoder;
use tidewire_state::{ArraySchema, DynStruct, MapSchema, Number, Schema, TypeIndex};

use crate::common::{UPSTREAM, bytes, to_json, with_doubles};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    name: String,
    #[schema(number)]
    power: f64,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Hand {
    cards: ArraySchema<Card>,
    tags: MapSchema<String>,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Prims {
    v_string: String,
    v_boolean: bool,
    #[schema(number)]
    v_number: f64,
    v_int8: i8,
    v_uint8: u8,
    v_int16: i16,
    v_uint16: u16,
    v_int32: i32,
    v_uint32: u32,
    v_int64: i64,
    v_uint64: u64,
    v_float32: f32,
    v_float64: f64,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    turn: String,
    prims: Option<Prims>,
    hands: MapSchema<Hand>,
    deck: ArraySchema<Card>,
    log: ArraySchema<String>,
    scores: MapSchema<Number>,
    best: Option<Card>,
}

fn handshake(version: &Json) -> Vec<u8> {
    bytes(UPSTREAM["handshakes"][version.to_string()].as_str().unwrap())
}

#[test]
fn handshakes_describe_the_types() {
    for version in [3, 4, 5] {
        let bytes = handshake(&version.into());
        Decoder::<State>::new().check_handshake(&bytes).unwrap();
        let decoder = Decoder::from_handshake(&bytes).unwrap();
        assert_eq!(decoder.types().root, TypeIndex(0), "{version}");
        let names: Vec<_> = decoder
            .types()
            .types
            .iter()
            .map(|info| (info.name.as_str(), info.fields.len()))
            .collect();
        assert_eq!(names[0], ("State", 7), "{version}");
        assert_eq!(names.iter().map(|(_, fields)| fields).sum::<usize>(), 7 + 13 + 2 + 2);
    }
}

#[test]
fn messages_are_read_as_the_official_decoder_does() {
    let mut messages = 0;
    for run in UPSTREAM["runs"].as_array().unwrap() {
        let handshake = handshake(&run["version"]);
        let mut dynamic = Decoder::from_handshake(&handshake).unwrap();
        let mut typed = Decoder::<State>::new();
        for message in run["messages"].as_array().unwrap() {
            let context = format!("version {} seed {}", run["version"], run["seed"]);
            let bytes = bytes(message["hex"].as_str().unwrap());
            dynamic.apply(&bytes).unwrap_or_else(|error| panic!("{context}: {error}"));
            typed.apply(&bytes).unwrap_or_else(|error| panic!("{context}: {error}"));

            let mut want = with_doubles(&message["want"]);
            let refs = want.as_object_mut().unwrap().remove("refs").unwrap();
            assert_eq!(to_json(dynamic.state()), want, "{context}");
            let printed: Json = serde_json::from_str(&dynamic.to_json()).unwrap();
            assert_eq!(with_doubles(&printed), want, "{context}");
            assert_eq!(refs.as_f64(), Some(dynamic.node_count() as f64), "{context}");
            assert_eq!(typed.node_count(), dynamic.node_count());
            assert_same(typed.state(), dynamic.state(), &context);
            messages += 1;
        }
    }
    assert!(messages > 100, "{messages}");
}

/// The typed state holds what the dynamic one does, by their texts: `Debug` shows all fields.
fn assert_same(typed: &State, dynamic: &DynStruct, context: &str) {
    let names = ["Type0", "Type1", "Type2", "Type3", "Hand", "Card", "Prims"];
    let plain = |text: String| {
        let text = names.iter().fold(text, |text, name| text.replace(name, ""));
        text.replace("Number(", "Some(").replace("Some(", "").replace(')', "")
    };
    let (typed, dynamic) = (plain(format!("{typed:?}")), plain(format!("{dynamic:?}")));
    assert_eq!(typed, dynamic, "{context}");
}

#[test]
fn another_definition_is_refused() {
    #[derive(Schema, Debug, Default)]
    #[schema(crate = "tidewire_state")]
    struct Other {
        turn: String,
        prims: Option<Card>,
    }
    let bytes = handshake(&5.into());
    let error = Decoder::<Other>::new().check_handshake(&bytes).unwrap_err();
    let expected = "Other: the sender has `hands: a map of structs` where the state has no field 2: \
        use the same definition on both sides";
    assert_eq!(error.to_string(), expected);
    let error = Decoder::<Hand>::new().check_handshake(&bytes).unwrap_err();
    let expected = "Hand: the sender has `turn: string` where the state has `cards: an array of Card`: \
        use the same definition on both sides";
    assert_eq!(error.to_string(), expected);
}
