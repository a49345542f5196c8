//! Snapshots and patches for a client that knows the types.

use std::sync::LazyLock;

use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::Tracked;

use super::{
    operations,
    world::{Older, World},
};
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\xff\x00",
    b"\xff\x01",
    b"\xff\x02",
    b"\xff\x03",
    b"\xff\x05",
    b"\x80\x01",
    b"\x80\x00",
    b"\x40\x00",
    b"\xc0\x00",
    b"\x0a",
    b"\x0f",
    b"\x21",
    b"\x22",
    b"\x13",
    b"\xd5",
    b"\xd6",
    b"\xcd\xff\xff",
    b"\xce\xff\xff\xff\x7f",
    b"\xcb",
    b"\xd9\x05",
    b"\xa1a",
];

/// Applies the messages. After an error there is nothing but errors; and what came of it is a state
/// that can be sent on.
pub fn target(data: &[u8]) {
    let mut decoder = Decoder::<World>::new();
    let mut broken = false;
    for message in parts::split(data) {
        let result = decoder.apply(message);
        assert!(!broken || result.is_err());
        broken = result.is_err();
    }
    let mut state = Tracked::new(decoder.into_state());
    let mut encoder = Encoder::new(&state);
    let result = Decoder::<World>::new().apply(encoder.patch(&mut state));
    assert!(result.is_ok(), "{result:?}");
    over_what_is_there(data);
    as_an_older_client(data);
}

/// The last message, as a snapshot over what the others left, comes to what it is by itself.
fn over_what_is_there(data: &[u8]) {
    let messages: Vec<&[u8]> = parts::split(data).collect();
    let Some((last, before)) = messages.split_last() else { return };
    let mut decoder = Decoder::<World>::new();
    if before.iter().any(|message| decoder.apply(message).is_err()) {
        return;
    }
    let mut fresh = Decoder::<World>::new();
    let result = fresh.apply(last);
    match decoder.resync(last) {
        Ok(()) => assert!(result.is_ok() && format!("{decoder:?}") == format!("{fresh:?}")),
        Err(error) => assert!(result.is_err_and(|other| other.to_string() == error.to_string())),
    }
}

/// A client that lacks the last fields of every type.
fn as_an_older_client(data: &[u8]) {
    static HANDSHAKE: LazyLock<Vec<u8>> =
        LazyLock::new(|| Encoder::new(&Tracked::new(World::default())).handshake(Profile::V5));
    let decoder = Decoder::<Older>::with_handshake(&HANDSHAKE);
    let mut decoder = decoder.expect("the older types are the first fields of the newer");
    let mut broken = false;
    for message in parts::split(data) {
        let result = decoder.apply(message);
        assert!(!broken || result.is_err());
        broken = result.is_err();
    }
}

/// What servers send.
pub fn seeds() -> Vec<Vec<u8>> {
    operations::seeds().iter().map(|seed| parts::join(operations::run(seed))).collect()
}
