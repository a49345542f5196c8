//! Collections hold primitives or structs, directly.

use tidewire_state::{ArraySchema, MapSchema, Schema};

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Nested {
    maps: MapSchema<MapSchema<u8>>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Vectors {
    vectors: MapSchema<Vec<u8>>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Options {
    options: ArraySchema<Option<u8>>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Sizes {
    sizes: ArraySchema<usize>,
}

fn main() {}
