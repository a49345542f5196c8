//! The description of types that a server sends.

use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::Tracked;

use super::world::World;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\xff\x00",
    b"\xff\x01",
    b"\x80\x01",
    b"\x80\x00",
    b"\x81\xa3ref",
    b"\x81\xa3map",
    b"\x81\xa5array",
    b"\x81\xaaarray:int8",
    b"\x82\x00",
    b"\x82\xff",
    b"\x83\xa6string",
    b"\xcd\xff\xff",
];

/// Reads the description, and checks it against types that are there.
pub fn target(data: &[u8]) {
    let mut typed = Decoder::<World>::new();
    let known = typed.check_handshake(data);
    match Decoder::from_handshake(data) {
        Ok(decoder) => assert!(decoder.types().check().is_ok()),
        Err(error) => assert!(known.is_err() && !error.to_string().is_empty()),
    }
}

/// All forms of it.
pub fn seeds() -> Vec<Vec<u8>> {
    let encoder = Encoder::new(&Tracked::new(World::default()));
    [Profile::V3, Profile::V5, Profile::Polyglot].map(|profile| encoder.handshake(profile)).into()
}
