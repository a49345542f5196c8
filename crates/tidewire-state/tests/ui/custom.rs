//! Values of one's own where they cannot stand, or that say too little.

use tidewire_state::{ArraySchema, MapSchema, Pool, Schema};

#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    number: u8,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state", custom = own)]
struct Table {
    #[schema(custom)]
    bare: u8,
    #[schema(custom())]
    empty: u8,
    #[schema(custom = own, view)]
    viewed: u8,
    #[schema(custom = own, filter = own)]
    filtered: u8,
    #[schema(custom = own, per_player)]
    sliced: MapSchema<u8>,
    #[schema(custom = own, unreliable)]
    lossy: u8,
    #[schema(custom = own, masked(own))]
    masked: u8,
    #[schema(custom = own, computed = own)]
    computed: u8,
    #[schema(skip, custom = own)]
    skipped: u8,
    #[schema(pool, custom = own)]
    pool: Pool<Card>,
    #[schema(custom = own, patch_only)]
    fleeting: u8,
    #[schema(custom = own, full_state_only)]
    lasting: u8,
    #[schema(custom = own, quantized(min = 0.0, max = 1.0))]
    quantized: f32,
    #[schema(custom = own)]
    list: ArraySchema<u8>,
    #[schema(custom = own)]
    maybe: Option<Box<Card>>,
}

fn main() {}
