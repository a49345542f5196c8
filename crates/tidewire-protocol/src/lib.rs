//! The Colyseus room protocol as plain functions and structs, without sockets or clock.
//!
//! | module | what it is |
//! |---|---|
//! | [`frame`] | the binary frames of a room's WebSocket: parsed from clients, written for them |
//! | [`msgpack`] | the MessagePack that JavaScript clients emit, and the one that they read |
//! | [`matchmake`] | the matchmaking requests, answers and errors over HTTP |
//! | [`url`] | the address that a client dials with its seat |
//! | [`session`] | seats and one client's way from its socket to the room's patches |
//! | [`close`] | the close codes and what clients make of them |
//! | [`primitive`] | the numbers and strings that frames are made of |
//!
//! Nothing here opens a socket, reads a clock or rolls dice: time is a [`Duration`](std::time::Duration) since any
//! fixed start, random bytes are arguments ([`random_id`]). So every rule can be tested as a table, and a whole room
//! in virtual time.
//!
//! Three generations of clients are served at once. Those of 0.16 read a nested seat and a plain reflection; those of
//! 0.17 and 0.18 read a flat seat and the *polyglot* `JOIN_ROOM`, one byte stream that both understand
//! ([`frame::Handshake`]). [`matchmake::Generation`] tells them apart by the address that they dial.
//!
//! Whatever arrives from outside gives an error at worst: no parser here panics, recurses without bound, or allocates
//! more than a small multiple of its input.

pub mod close;
pub mod frame;
pub mod matchmake;
pub mod msgpack;
pub mod primitive;
pub mod session;
mod timestamp;
pub mod url;

pub use timestamp::Timestamp;

/// Number of characters in the ids and tokens that clients know: rooms, sessions, reconnection tokens.
pub const ID_LENGTH: usize = 9;

/// Turns random bytes into an id of as many characters out of `A-Za-z0-9_-`, six bits a character.
///
/// The bytes must come from a cryptographic source where the id is a secret (a reconnection token, a session id).
/// [`ID_LENGTH`] bytes give ids of the length that Colyseus uses: 54 bits.
///
/// ```
/// assert_eq!(tidewire_protocol::random_id(&[0, 25, 26, 51, 52, 61, 62, 63, 255]), "AZaz09_--");
/// ```
#[must_use]
pub fn random_id(random: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}

/// Whether clients can dial an id as a segment of a path: not empty, and only `A-Za-z0-9_-`.
///
/// ```
/// assert!(tidewire_protocol::is_dialable("room-1"));
/// assert!(!tidewire_protocol::is_dialable("room 1"));
/// ```
#[must_use]
pub fn is_dialable(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
