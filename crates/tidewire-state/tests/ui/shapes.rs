//! Only structs with named fields can be derived for.

use tidewire_state::{Schema, Tracked};

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Tuple(u8, u8);

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Unit;

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
enum Shape {
    Circle,
    Square,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
union Bits {
    float: f32,
    int: u32,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Borrowing<'a> {
    #[schema(skip)]
    name: &'a str,
}

/// Uses of a type that could not be derived for are not errors beside.
#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Holder {
    unit: Unit,
    shape: tidewire_state::MapSchema<Shape>,
}

fn main() {
    let holder = Holder { unit: Unit, shape: tidewire_state::MapSchema::new() };
    let _ = Tracked::new(holder).types();
}
