//! Tags of fields.

use tidewire_state::Schema;

const MAP: i32 = 4;

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Tagged {
    #[schema(view(MAP | 1))]
    right: u8,
    #[schema(view(0))]
    nobody: u8,
    #[schema(view(-7))]
    negative: u8,
}

fn main() {}
