//! Attributes of the model that this version does not carry are refused, never ignored.

use tidewire_state::{ArraySchema, Schema};

#[derive(Schema)]
#[schema(crate = "tidewire_state", base)]
struct Player {
    #[schema(filter(can_see))]
    filtered: u8,
    #[schema(filter_children(can_see))]
    children: ArraySchema<u8>,
    #[schema(per_player)]
    own: u8,
    #[schema(number, per_player, rename = "known")]
    mixed: f32,
}

fn main() {}
