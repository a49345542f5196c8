//! A handshake, then snapshots and patches for a client that knows nothing but that.

use tidewire_schema::{DecodeErrorKind, Decoder, Encoder, Profile};
use tidewire_state::{DynStruct, Tracked};

use super::{costly, decode_typed, operations, world::World};
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = decode_typed::WORDS;

/// Applies the messages. After an error there is nothing but errors.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let Some(handshake) = messages.next() else { return };
    let Ok(mut decoder) = Decoder::from_handshake(handshake) else { return };
    let pooled = Decoder::pooled_from_handshake(handshake);
    let Ok(mut pooled) = pooled else { panic!("one takes the handshake: {pooled:?}") };
    let mut limits = pooled.limits();
    (limits.memory, limits.moves) = (1 << 22, 1 << 20);
    pooled.set_limits(limits);
    let Ok(mut loose) = Decoder::from_handshake(handshake) else { return };
    let mut broken = false;
    for (number, message) in (1..=u16::MAX).cycle().zip(messages) {
        may_get_lost(&mut loose, number, message);
        let result = decoder.apply(message);
        assert!(!broken || result.is_err());
        broken = result.is_err();
        // What lies in a pool may lead to itself and to whatever it likes.
        let result = pooled.apply(message);
        assert!(result.is_ok() || pooled.apply(message).is_err());
    }
    assert!(decoder.node_count() > 0);
    assert!(pooled.to_json().starts_with('{'));
}

/// What comes late may be anything, and does not stop a decoder that goes on.
fn may_get_lost(decoder: &mut Decoder<DynStruct>, number: u16, message: &[u8]) {
    let goes_on = decoder.apply(&[]).is_ok();
    let late = decoder.apply_unreliable(number, message);
    let is_too_large =
        late.as_ref().is_err_and(|error| matches!(error.kind(), DecodeErrorKind::TooLarge { .. }));
    assert_eq!(decoder.apply(&[]).is_ok(), goes_on && !is_too_large);
    let _ = decoder.apply(message);
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
