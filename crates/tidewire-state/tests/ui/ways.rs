//! What says how a field is sent, where it cannot be said.

use tidewire_state::{Handle, Pool, Schema};

#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
struct Animal {
    name: String,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Wolf {
    teeth: u8,
    #[schema(base)]
    animal: Animal,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Bear {
    #[schema(base, rename = "bear")]
    animal: Animal,
    #[schema(pool, view)]
    animals: Pool<Animal>,
    first: Handle<Animal>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Steps {
    #[schema(quantized)]
    bare: f32,
    #[schema(quantized(min = 0.0))]
    endless: f32,
    #[schema(quantized(min = 0.0, max = 1.0, mode = "bounce"))]
    mode: f32,
    #[schema(quantized(min = 0.0, max = 1.0, depth = 8))]
    word: f32,
    #[schema(quantized(min = 0.0, max = 1.0))]
    whole: u16,
    #[schema(quantized(min = 0.0, max = 1.0), number)]
    both: f32,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Sent {
    #[schema(patch_only, full_state_only)]
    never: u8,
    #[schema(unreliable = true)]
    valued: u8,
    #[schema(view, unreliable)]
    hidden: u8,
    #[schema(view = 2)]
    tagged: u8,
    #[schema(masked)]
    masked: u8,
    #[schema(skip, deprecated)]
    skipped: u8,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
enum Beast {
    Named { animal: Animal },
    Two(Animal, Animal),
    None,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
enum Nothing {}

fn main() {}
