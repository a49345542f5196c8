//! What is not a struct with named fields.

use tidewire_opcode::Payload;

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
enum Either {
    One,
    Other,
}

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Pair(u8, u8);

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Many<T> {
    one: Vec<T>,
}

#[derive(Payload)]
#[payload(crate = "tidewire_opcode")]
struct Borrowed<'a> {
    text: &'a str,
}

fn main() {}
