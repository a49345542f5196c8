//! Attributes that say nothing.

use tidewire_opcode::Payload;

#[derive(Payload)]
#[payload(crate = "tidewire_opcode", skip)]
struct Play {
    #[payload(skip)]
    a: u8,
    #[payload(rename = "")]
    b: u8,
    #[payload(rename = "one", rename = "two")]
    c: u8,
    #[payload(crate = "tidewire_opcode")]
    d: u8,
}

#[derive(Payload)]
#[payload(crate = "not a path")]
struct Lost {}

fn main() {}
