//! Types with views, and types that extend others: each struct in its place.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value as Json, json};
use tidewire_state::{
    ArraySchema, CollectionSchema, Instance, MapSchema, Number, Schema, SetSchema,
};

use super::{
    Root,
    edit::{self, Edit, Made, Make, Reached, Spot, enums, or_base, structs},
};

/// A root with marked fields of every kind.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Den {
    #[schema(deprecated)]
    builder: String,
    name: String,
    #[schema(view(1))]
    motto: Option<String>,
    best: Option<Instance<Creature>>,
    #[schema(view)]
    worst: Option<Instance<Creature>>,
    creatures: MapSchema<Creature>,
    #[schema(view)]
    hidden: MapSchema<Creature>,
    row: ArraySchema<Creature>,
    #[schema(view(2))]
    lair: ArraySchema<Creature>,
    #[schema(view)]
    codes: MapSchema<String>,
    #[schema(view(1))]
    log: ArraySchema<String>,
    #[schema(view)]
    words: SetSchema<String>,
    #[schema(view(6))]
    bets: CollectionSchema<Number>,
    bones: MapSchema<Bone>,
    heap: ArraySchema<Bone>,
    #[schema(view)]
    chewed: Option<Box<Instance<Bone>>>,
}

/// What another type extends, and a root itself.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Lab {
    #[schema(base)]
    den: Den,
    #[schema(quantized(min = 0.0, max = std::f64::consts::TAU, bits = 16, mode = "wrap"))]
    yaw: f32,
    #[schema(quantized(min = -1.0, max = 1.0, bits = 8), view)]
    lean: f64,
    dials: MapSchema<Dial>,
    #[schema(view(1))]
    spare: ArraySchema<Dial>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Dial {
    label: String,
    #[schema(quantized(min = 5.0, max = 7.5, bits = 32))]
    at: f64,
    #[schema(quantized(min = -180.0, max = 180.0, bits = 8, mode = "wrap"), view(2))]
    turn: f32,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
#[expect(clippy::large_enum_variant, reason = "structs lie in their places, as users have them")]
enum Creature {
    Being(Being),
    Animal(Animal),
    Dog(Dog),
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Being {
    name: String,
    #[schema(deprecated)]
    age: Option<u8>,
    x: f32,
    #[schema(view)]
    secret: String,
    legs: Option<u8>,
    #[schema(view(1))]
    tricks: ArraySchema<String>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Animal {
    #[schema(base)]
    being: Being,
    tame: bool,
    young: MapSchema<Creature>,
    #[schema(view(2), number)]
    rank: f64,
    #[schema(view)]
    toy: Option<Instance<Bone>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Dog {
    #[schema(base)]
    animal: Animal,
    bone: Option<Instance<Bone>>,
    #[schema(view)]
    marks: SetSchema<String>,
    friend: Option<Box<Instance<Creature>>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Bone {
    size: u16,
    #[schema(view(4))]
    taste: String,
    #[schema(view)]
    kin: ArraySchema<Bone>,
    notes: CollectionSchema<String>,
}

/// Of both roots.
macro_rules! below {
    ($($root:ident),*) => {$(
        structs! {
            $root;
            Den {
                name, motto, best, worst, creatures, hidden, row, lair, codes, log, words, bets, bones, heap, chewed
            }
            Being { name, x, secret, legs, tricks }
            Animal: being { tame, young, rank, toy }
            Dog: animal { bone, marks, friend }
            Bone { size, taste, kin, notes }
        }
        enums! { $root; Creature { Being, Animal, Dog } }
    )*};
}

below!(Den, Lab);

structs! {
    Lab;
    Lab: den { yaw, lean, dials, spare }
    Dial { label, at, turn }
}

fn den_types() -> Json {
    json!({ "root": "Den", "types": {
        "Den": { "fields": {
            "name": "string", "motto": { "type": "string", "optional": true, "view": 1 },
            "best": "Being", "worst": { "type": "Being", "view": -1 },
            "creatures": { "map": "Being" }, "hidden": { "map": "Being", "view": -1 },
            "row": { "array": "Being" }, "lair": { "array": "Being", "view": 2 },
            "codes": { "map": "string", "view": -1 }, "log": { "array": "string", "view": 1 },
            "words": { "set": "string", "view": -1 }, "bets": { "collection": "number", "view": 6 },
            "bones": { "map": "Bone" }, "heap": { "array": "Bone" },
            "chewed": { "type": "Bone", "view": -1 },
        } },
        "Being": { "fields": {
            "name": "string", "x": "float32", "secret": { "type": "string", "view": -1 },
            "legs": { "type": "uint8", "optional": true }, "tricks": { "array": "string", "view": 1 },
        } },
        "Animal": { "extends": "Being", "fields": {
            "tame": "boolean", "young": { "map": "Being" }, "rank": { "type": "number", "view": 2 },
            "toy": { "type": "Bone", "view": -1 },
        } },
        "Dog": { "extends": "Animal", "fields": {
            "bone": "Bone", "marks": { "set": "string", "view": -1 }, "friend": "Being",
        } },
        "Bone": { "fields": {
            "size": "uint16", "taste": { "type": "string", "view": 4 },
            "kin": { "array": "Bone", "view": -1 }, "notes": { "collection": "string" },
        } },
    } })
}

impl Root for Den {
    fn types() -> Json {
        den_types()
    }

    fn step(&mut self, step: &Json) -> Result<()> {
        edit::step(self, step)
    }

    fn settle(&mut self) {
        self.builder = super::GONE.to_owned();
    }
}

impl Root for Lab {
    fn types() -> Json {
        let mut types = den_types();
        let tau = std::f64::consts::TAU;
        types["root"] = "Lab".into();
        types["types"]["Lab"] = json!({ "extends": "Den", "fields": {
            "yaw": { "quantized": { "min": 0, "max": tau, "bits": 16, "mode": "wrap" } },
            "lean": { "quantized": { "min": -1, "max": 1, "bits": 8 }, "view": -1 },
            "dials": { "map": "Dial" }, "spare": { "array": "Dial", "view": 1 },
        } });
        types["types"]["Dial"] = json!({ "fields": {
            "label": "string",
            "at": { "quantized": { "min": 5, "max": 7.5, "bits": 32 } },
            "turn": {
                "quantized": { "min": -180, "max": 180, "bits": 8, "mode": "wrap" },
                "view": 2,
            },
        } });
        types
    }

    fn step(&mut self, step: &Json) -> Result<()> {
        edit::step(self, step)
    }

    fn settle(&mut self) {
        self.den.settle();
    }
}
