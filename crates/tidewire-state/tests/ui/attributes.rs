//! Attributes that are unknown, misplaced, given twice or malformed.

use tidewire_state::{MapSchema, Schema};

#[derive(Schema)]
#[schema(crate = "tidewire_state", number)]
struct NumberOnStruct {
    x: f64,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state", rename = "A", rename = "B", colour = "red")]
struct TwiceOnStruct {
    x: f64,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct OnFields {
    #[schema(crate = "tidewire_state")]
    place: f64,
    #[schema(numbr)]
    unknown: f64,
    #[schema(number, number)]
    twice: f64,
    #[schema(skip)]
    #[schema(skip)]
    twice_apart: f64,
    #[schema(number = true)]
    value: f64,
    #[schema(rename)]
    no_value: f64,
    #[schema(rename("x"))]
    list: f64,
    #[schema(rename = 7)]
    int: f64,
    #[schema(rename = "")]
    empty: f64,
    #[schema]
    bare: f64,
    #[schema = "skip"]
    assigned: f64,
    #[schema(skip, number)]
    skipped_number: f64,
    #[schema(rename = "s", skip)]
    skipped_name: f64,
    #[schema(rename = "a" skip)]
    comma: f64,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Numbers {
    #[schema(number)]
    name: String,
    #[schema(number)]
    alive: Option<bool>,
    #[schema(number)]
    big: u64,
    #[schema(number)]
    map: MapSchema<f64>,
    #[schema(number)]
    already: tidewire_state::Number,
}

#[derive(Schema)]
#[schema(crate = "tide wire")]
struct NoPath {
    x: f64,
}

fn main() {}
