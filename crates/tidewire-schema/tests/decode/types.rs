//! What the official encoders of 3.x, 4.x and 5.x wrote of children of several types, sets and
//! collections of structs and a quantized field, recorded with what their decoders made of it.
//!
//! Of 3.x and 4.x there are no sets: their encoders switch to new structs in them before the message
//! that adds these, and their own decoders lose the fields.

use std::sync::mpsc;

use serde_json::Value as Json;
use tidewire_schema::{Callbacks, Decoder, Inspector};
use tidewire_state::{ArraySchema, DynStruct, MapSchema, Schema};

use crate::common::{bytes, read, to_json, with_doubles};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Item {
    price: Option<u16>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Weapon {
    #[schema(base)]
    item: Item,
    damage: Option<u8>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Bow {
    #[schema(base)]
    weapon: Weapon,
    arrows: ArraySchema<u8>,
}

#[derive(Schema, Clone, Debug, PartialEq)]
#[schema(crate = "tidewire_state")]
enum Thing {
    Bow(Bow),
    Item(Item),
    Weapon(Weapon),
}

impl Thing {
    fn prices(&self) -> (Option<u16>, Option<u8>, usize) {
        match self {
            Self::Item(item) => (item.price, None, 0),
            Self::Weapon(weapon) => (weapon.item.price, weapon.damage, 0),
            Self::Bow(Bow { weapon, arrows }) => (weapon.item.price, weapon.damage, arrows.len()),
        }
    }
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    first: Option<Thing>,
    things: MapSchema<Thing>,
    row: ArraySchema<Thing>,
    won: ArraySchema<Thing>,
    lost: ArraySchema<Thing>,
    #[schema(quantized(min = 0.0, max = 360.0, bits = 16, mode = "wrap"))]
    yaw: f32,
}

fn runs() -> Vec<Json> {
    read("upstream-types.json").as_array().cloned().unwrap()
}

fn of_json(json: &Json) -> (Option<u16>, Option<u8>, usize) {
    let number = |name: &str| json[name].as_u64();
    let arrows = json["arrows"].as_array().map_or(0, Vec::len);
    (number("price").map(|n| n as u16), number("damage").map(|n| n as u8), arrows)
}

#[test]
fn children_come_as_the_official_decoders_have_them() {
    for run in runs() {
        let version = &run["version"];
        let handshake = bytes(run["handshake"].as_str().unwrap());
        let mut dynamic = Decoder::from_handshake(&handshake).unwrap();
        // Older ones have no field `yaw`, and 5.x numbers types in another order than ours are.
        let mut typed = Decoder::<State>::with_handshake(&handshake).unwrap();
        if version == 5 {
            typed.check_handshake(&handshake).unwrap();
        }
        let mut inspector = Inspector::from_handshake(&handshake).unwrap();
        for message in run["messages"].as_array().unwrap() {
            let bytes = bytes(message["hex"].as_str().unwrap());
            let want = &message["want"];
            dynamic.apply(&bytes).unwrap_or_else(|error| panic!("{version}: {error}"));
            typed.apply(&bytes).unwrap_or_else(|error| panic!("{version}: {error}"));
            assert_eq!(to_json(dynamic.state()), with_doubles(want), "{version}");
            assert_eq!(inspector.inspect(&bytes).error, None, "{version}");
            let state = typed.state();
            let lists = [("row", &state.row), ("won", &state.won), ("lost", &state.lost)];
            for (name, list) in lists {
                let want: Vec<_> = want[name].as_array().unwrap().iter().map(of_json).collect();
                assert_eq!(list.iter().map(Thing::prices).collect::<Vec<_>>(), want, "{name}");
            }
            for (key, thing) in &state.things {
                assert_eq!(thing.prices(), of_json(&want["things"][key]), "{key}");
            }
            assert_eq!(state.first.as_ref().map(Thing::prices), want.get("first").map(of_json));
            assert_eq!(f64::from(state.yaw), want["yaw"].as_f64().unwrap_or_default());
        }
    }
}

/// Each message tells of what comes and goes, whether the types are known or told.
#[test]
fn callbacks_hear_of_members() {
    fn heard(decoder: Decoder<DynStruct>, messages: &[Json]) -> (usize, usize) {
        let (added, come) = mpsc::channel();
        let (removed, gone) = mpsc::channel();
        let mut client = Callbacks::new(decoder);
        for list in ["won", "lost"] {
            let (added, removed) = (added.clone(), removed.clone());
            client.on_add(list, move |_, _| added.send(()).unwrap());
            client.on_remove(list, move |_, _| removed.send(()).unwrap());
        }
        for message in messages {
            client.apply(&bytes(message["hex"].as_str().unwrap())).unwrap();
        }
        (come.try_iter().count(), gone.try_iter().count())
    }
    let run = runs().into_iter().find(|run| run["version"] == 5).unwrap();
    let handshake = bytes(run["handshake"].as_str().unwrap());
    let decoder = Decoder::from_handshake(&handshake).unwrap();
    assert_eq!(heard(decoder, run["messages"].as_array().unwrap()), (5, 1));
}
