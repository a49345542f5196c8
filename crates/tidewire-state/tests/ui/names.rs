//! Fields that clients could not tell apart.

use tidewire_state::Schema;

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Renamed {
    x: f32,
    #[schema(rename = "x")]
    y: f32,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct RenamedBefore {
    #[schema(rename = "type")]
    kind: u8,
    r#type: u8,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct SkippedIsFree {
    #[schema(skip)]
    x: f32,
    #[schema(rename = "x")]
    y: f32,
}

fn main() {}
