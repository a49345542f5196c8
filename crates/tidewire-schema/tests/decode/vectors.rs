//! Recorded messages that seven other decoders read alike, read by ours, typed and dynamic.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tidewire_schema::Decoder;
use tidewire_state::{
    ArraySchema, DynField, DynStruct, FieldIndex, MapSchema, Number, Primitive, Schema, Value,
};

use crate::common::{UNIVERSAL, bytes, with_doubles};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    #[schema(number)]
    n: f64,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    log: ArraySchema<String>,
    cards: ArraySchema<Leaf>,
    players: MapSchema<Leaf>,
    scores: MapSchema<Number>,
    hero: Option<Leaf>,
}

/// Runs every client from its first message on; `read` says what a state holds.
fn check<S: tidewire_state::receive::StructSink>(
    new: impl Fn() -> Decoder<S>,
    read: impl Fn(&S) -> Json,
) {
    let mut decoder = new();
    let mut messages = 0;
    for case in UNIVERSAL["cases"].as_array().unwrap() {
        if case["tick"] == -1 {
            decoder = new();
        }
        let context = format!("seed {} tick {}", case["seed"], case["tick"]);
        let result = decoder.apply(&bytes(case["hex"].as_str().unwrap()));
        result.unwrap_or_else(|error| panic!("{context}: {error}"));
        let want = case["want"].as_object().unwrap();
        let mut have = read(decoder.state());
        have["refs"] = decoder.node_count().into();
        for (field, want) in want {
            assert_eq!(with_doubles(want), with_doubles(&have[field]), "{context}: {field}");
        }
        messages += 1;
    }
    assert!(messages > 100, "{messages} messages");
}

/// The vectors hold a leaf by its number as text.
fn text(number: f64) -> Json {
    json!(number.to_string())
}

#[test]
fn typed() {
    check(Decoder::<State>::new, |state| {
        json!({
            "log": state.log,
            "cards": state.cards.iter().map(|card| text(card.n)).collect::<Vec<_>>(),
            "players": state.players.iter().map(|(key, leaf)| json!([key, text(leaf.n)])).collect::<Vec<_>>(),
            "scores": state.scores.iter().map(|(key, score)| json!([key, score.0])).collect::<Vec<_>>(),
            "hero": state.hero.as_ref().map(|hero| text(hero.n)),
        })
    });
}

#[test]
fn dynamic() {
    let types = Arc::new(State::default().describe());
    check(
        || Decoder::from_types(types.clone()),
        |state| {
            let field = |at| state.field(FieldIndex(at)).unwrap();
            let DynField::PrimitiveArray(log) = field(0) else { panic!("log") };
            let DynField::Array(cards) = field(1) else { panic!("cards") };
            let DynField::Map(players) = field(2) else { panic!("players") };
            let DynField::PrimitiveMap(scores) = field(3) else { panic!("scores") };
            let DynField::Ref(hero) = field(4) else { panic!("hero") };
            json!({
                "log": log.iter().map(|line| string(line.value())).collect::<Vec<_>>(),
                "cards": cards.iter().map(leaf).collect::<Vec<_>>(),
                "players": players.iter().map(|(key, value)| json!([key, leaf(value)])).collect::<Vec<_>>(),
                "scores": scores.iter().map(|(key, score)| json!([key, number(score.value())])).collect::<Vec<_>>(),
                "hero": hero.as_deref().map(leaf),
            })
        },
    );
}

fn leaf(leaf: &DynStruct) -> Json {
    text(number(leaf.field(FieldIndex(0)).unwrap().value().unwrap()))
}

fn number(value: Value<'_>) -> f64 {
    let Value::Number(number) = value else { panic!("a number, not {value:?}") };
    number
}

fn string(value: Value<'_>) -> String {
    let Value::String(text) = value else { panic!("a string, not {value:?}") };
    text.to_owned()
}
