//! Types that every codec carries: each struct in its place, and everything for everyone.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value as Json, json};
use tidewire_state::{
    ArraySchema, CollectionSchema, Instance, MapSchema, Number, Schema, SetSchema,
};

use super::{
    Root,
    edit::{self, Edit, Made, Make, Reached, Spot, or_base, structs},
};

/// The root of the derived types: a bit of everything.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Zoo {
    name: String,
    open: bool,
    #[schema(number)]
    visitors: f64,
    motto: Option<String>,
    a: i8,
    b: u8,
    c: i16,
    d: u16,
    e: i32,
    f: u32,
    g: i64,
    h: u64,
    i: f32,
    j: f64,
    rating: Option<u8>,
    keeper: Option<Instance<Keeper>>,
    animals: MapSchema<Animal>,
    queue: ArraySchema<Animal>,
    log: ArraySchema<String>,
    prices: ArraySchema<f32>,
    scores: MapSchema<Number>,
    labels: MapSchema<String>,
    tags: SetSchema<String>,
    lots: SetSchema<u8>,
    bets: CollectionSchema<Number>,
    annex: Option<Box<Instance<Zoo>>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Keeper {
    name: String,
    favourite: Option<Instance<Animal>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Animal {
    name: String,
    x: f32,
    y: f32,
    legs: i32,
    tricks: ArraySchema<String>,
    young: MapSchema<Keeper>,
    marks: CollectionSchema<String>,
}

structs! {
    Zoo;
    Zoo {
        name, open, visitors, motto, a, b, c, d, e, f, g, h, i, j, rating, keeper, animals, queue,
        log, prices, scores, labels, tags, lots, bets, annex
    }
    Keeper { name, favourite }
    Animal { name, x, y, legs, tricks, young, marks }
}

impl Root for Zoo {
    fn types() -> Json {
        json!({ "root": "Zoo", "types": {
            "Zoo": { "fields": {
                "name": "string", "open": "boolean", "visitors": "number",
                "motto": { "type": "string", "optional": true },
                "a": "int8", "b": "uint8", "c": "int16", "d": "uint16", "e": "int32", "f": "uint32",
                "g": "int64", "h": "uint64", "i": "float32", "j": "float64",
                "rating": { "type": "uint8", "optional": true },
                "keeper": "Keeper",
                "animals": { "map": "Animal" }, "queue": { "array": "Animal" },
                "log": { "array": "string" }, "prices": { "array": "float32" },
                "scores": { "map": "number" }, "labels": { "map": "string" },
                "tags": { "set": "string" }, "lots": { "set": "uint8" },
                "bets": { "collection": "number" },
                "annex": "Zoo",
            } },
            "Keeper": { "fields": { "name": "string", "favourite": "Animal" } },
            "Animal": { "fields": {
                "name": "string", "x": "float32", "y": "float32", "legs": "int32",
                "tricks": { "array": "string" }, "young": { "map": "Keeper" },
                "marks": { "collection": "string" },
            } },
        } })
    }

    fn step(&mut self, step: &Json) -> Result<()> {
        edit::step(self, step)
    }
}
