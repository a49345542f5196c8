//! Attributes of the model that this version does not carry are refused, never ignored.

use tidewire_state::{ArraySchema, Schema};

#[derive(Schema)]
#[schema(crate = "tidewire_state", base)]
struct Player {
    #[schema(view)]
    hand: ArraySchema<u8>,
    #[schema(view(2))]
    tagged: u8,
    #[schema(filter(can_see))]
    filtered: u8,
    #[schema(filter_children(can_see))]
    children: ArraySchema<u8>,
    #[schema(per_player)]
    own: u8,
    #[schema(masked(mask))]
    masked: u8,
    #[schema(unreliable)]
    position: f32,
    #[schema(patch_only)]
    event: u8,
    #[schema(full_state_only)]
    once: u8,
    #[schema(deprecated)]
    old: u8,
    #[schema(quantized(bits = 12, min = 0.0, max = 1.0))]
    rough: f32,
    #[schema(number, unreliable, rename = "known")]
    mixed: f32,
}

fn main() {}
