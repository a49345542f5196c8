//! Types that no payload has.

use tidewire_opcode::Payload;

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Deep {
    rows: Vec<Vec<u8>>,
}

struct Plain;

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Around {
    plain: Plain,
    size: usize,
}

fn main() {}
