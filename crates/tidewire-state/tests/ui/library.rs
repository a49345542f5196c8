//! Where the library is said to be, and is not.

#[derive(tidewire_state::Schema)]
#[schema(crate = "tidewire_stat")]
struct Misspelt {
    x: f32,
    y: f32,
}

#[derive(tidewire_state::Schema)]
struct Unsaid {
    x: f32,
    y: f32,
}

fn main() {}
