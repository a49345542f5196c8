//! Filters where they cannot stand, or that say too little.

use tidewire_state::{ArraySchema, MapSchema, Pool, Schema, SetSchema};

#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    number: u8,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state", per_player)]
struct Table {
    #[schema(filter)]
    bare: u8,
    #[schema(filter())]
    empty: u8,
    #[schema(filter_children)]
    children: MapSchema<Card>,
    #[schema(per_player = true)]
    valued: MapSchema<Card>,
    #[schema(filter = sees, view)]
    both: u8,
    #[schema(filter = sees, filter_children = sees)]
    twice: MapSchema<Card>,
    #[schema(filter = sees, unreliable)]
    lossy: u8,
    #[schema(skip, filter = sees)]
    skipped: u8,
    #[schema(pool, per_player)]
    pool: Pool<Card>,
    #[schema(filter_children = sees)]
    values: ArraySchema<u8>,
    #[schema(filter_children = sees)]
    texts: SetSchema<String>,
    #[schema(filter_children = sees)]
    no_collection: Option<Card>,
    #[schema(per_player)]
    number: u8,
    #[schema(per_player)]
    list: ArraySchema<Card>,
    #[schema(per_player, computed = made)]
    made: MapSchema<Card>,
}

fn main() {}
