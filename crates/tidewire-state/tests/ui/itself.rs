//! What holds itself does so in a box or in a collection.

use tidewire_state::{ArraySchema, MapSchema, Schema};

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Unboxed {
    next: Option<Self>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Fine {
    next: Option<Box<Self>>,
    map: MapSchema<Fine>,
    array: ArraySchema<Self>,
}

fn main() {}
