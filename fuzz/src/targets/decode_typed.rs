//! Snapshots and patches for a client that knows the types.

use std::sync::LazyLock;

use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::Tracked;

use super::{
    operations,
    world::{Older, PooledWorld, World},
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
    into_a_pool(data);
}

/// A client with handles holds what can be sent on too, unless it is of no use to others.
fn into_a_pool(data: &[u8]) {
    let mut decoder = Decoder::<PooledWorld>::new();
    let mut messages = parts::split(data);
    if messages.any(|message| decoder.apply(message).is_err()) {
        return;
    }
    if let Some(last) = parts::split(data).last() {
        let result = decoder.resync(last);
        let fresh = Decoder::<PooledWorld>::new().apply(last);
        assert_eq!(result.is_ok(), fresh.is_ok(), "{result:?}, {fresh:?}");
    }
    assert!(decoder.node_count() > decoder.state().pool.len());
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

/// What servers send, and instances in several places.
pub fn seeds() -> Vec<Vec<u8>> {
    let sent = operations::seeds();
    let sent = sent.iter().map(|seed| parts::join(operations::run(seed)));
    sent.chain([parts::join(shared())]).collect()
}

/// An item that is the guest, twice among the items and once among the spare ones, with one below it; then
/// changes of both, moves, and the way back to one place.
fn shared() -> Vec<Vec<u8>> {
    let messages: [&[u8]; 6] = [
        b"\x89\x01\x8a\x02\x8b\x03\xff\x02\x80\x00\x01\x80\x01\x01\xff\x03\x80\x00\x01\xff\x01\x80\x07\0\0\0\x81\xa1a\x82\x04\xff\x04\x80\x08\0\0\0",
        b"\xff\x01\x80\x09\0\0\0\xff\x04\x81\xa1b\x83\x05\xff\x05\x80\x00\xa1c",
        b"\xff\x02\x20\x00\x01\x40\x01\xff\x03\x0f\x80\x01\x04",
        b"\xff\x02\x0f\x80\x01\x06\xff\x06\x82\x01",
        b"\x49\xff\x03\x40\x00",
        b"\x49\xff\x02\x0a\xff\x03\x0a",
    ];
    messages.map(<[u8]>::to_vec).into()
}
