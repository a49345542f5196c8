//! What a state of types from a handshake prints as.

use serde_json::Value as Json;
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{
    ArraySchema, CollectionSchema, MapSchema, Number, Schema, SetSchema, Tracked,
};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Item {
    name: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    title: String,
    big: u64,
    low: i64,
    single: f32,
    odd: Number,
    tiny: f64,
    huge: f64,
    none: f64,
    on: bool,
    absent: Option<u8>,
    hero: Option<Item>,
    items: ArraySchema<Item>,
    by_name: MapSchema<Item>,
    scores: MapSchema<i32>,
    tags: SetSchema<String>,
    bets: CollectionSchema<u8>,
}

#[test]
fn every_kind_of_field() {
    let item = |name: &str| Item { name: name.to_owned() };
    let mut state = Tracked::new(State {
        title: "\"a\\b\"\n\u{1}\u{e9}".to_owned(),
        big: u64::MAX,
        low: i64::MIN,
        single: 0.1,
        odd: Number(-0.5),
        tiny: 1e-300,
        huge: 1e300,
        none: f64::NAN,
        on: true,
        items: ArraySchema::from([item("x"), item("y")]),
        by_name: MapSchema::from([("k\"", item("z"))]),
        scores: MapSchema::from([("a", -1)]),
        tags: SetSchema::from(["t".to_owned()]),
        bets: CollectionSchema::from([1, 1]),
        ..State::default()
    });
    let mut encoder = Encoder::new(&state);
    let mut decoder = Decoder::from_handshake(&encoder.handshake(Profile::V5)).unwrap();
    assert_eq!(decoder.to_json(), r#"{"items":[],"by_name":{},"scores":{},"tags":[],"bets":[]}"#);
    decoder.apply(encoder.patch(&mut state)).unwrap();
    let printed = decoder.to_json();
    let expected = concat!(
        r#"{"title":"\"a\\b\"\n\u0001é","big":18446744073709551615,"low":-9223372036854775808,"#,
        r#""single":0.10000000149011612,"odd":-0.5,"tiny":1e-300,"huge":1e300,"none":null,"on":true,"#,
        r#""items":[{"name":"x"},{"name":"y"}],"by_name":{"k\"":{"name":"z"}},"scores":{"a":-1},"#,
        r#""tags":["t"],"bets":[1,1]}"#
    );
    assert_eq!(printed, expected);
    let read: Json = serde_json::from_str(&printed).unwrap();
    assert_eq!(read["huge"], 1e300);
}
