//! Values that clients could not tell.

use tidewire_opcode::Payload;

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Wish {
    what: Option<String>,
    when: std::option::Option<u8>,
    many: Vec<u8>,
}

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Twice {
    x: u8,
    #[payload(rename = "x")]
    y: u8,
    #[payload(rename = "__proto__")]
    z: u8,
}

fn main() {}
