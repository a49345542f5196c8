//! A handshake, then snapshots and patches for a client that knows nothing but that.

use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::Tracked;

use super::{costly, decode_typed, operations, world::World};
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = decode_typed::WORDS;

/// Applies the messages. After an error there is nothing but errors.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let Some(Ok(mut decoder)) = messages.next().map(Decoder::from_handshake) else { return };
    let mut broken = false;
    for message in messages {
        let result = decoder.apply(message);
        assert!(!broken || result.is_err());
        broken = result.is_err();
    }
    assert!(decoder.node_count() > 0);
}

/// What servers send, and what is made to hurt.
pub fn seeds() -> Vec<Vec<u8>> {
    [sent(), costly::dynamic()].concat()
}

/// What servers send.
pub(crate) fn sent() -> Vec<Vec<u8>> {
    let encoder = Encoder::new(&Tracked::new(World::default()));
    let profiles = [Profile::V3, Profile::V5, Profile::Polyglot].into_iter().cycle();
    std::iter::zip(operations::seeds(), profiles)
        .map(|(seed, profile)| {
            let handshake = encoder.handshake(profile);
            parts::join([handshake].into_iter().chain(operations::run(&seed)))
        })
        .collect()
}
