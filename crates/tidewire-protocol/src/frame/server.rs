use thiserror::Error;

use crate::primitive::{put_integer, put_string};

use super::{MessageType, code};

/// Bytes in a reconnection token at most: one client reads its length from five bits.
pub const MAX_TOKEN: usize = 31;

/// Bytes in the id of a serializer at most, for the same reason.
pub const MAX_SERIALIZER_ID: usize = 31;

/// Bytes in a polyglot reflection at most: beyond it the length itself holds the byte by which older decoders find back.
pub const MAX_POLYGLOT_REFLECTION: usize = 0xfeff;

/// What `JOIN_ROOM` tells a client about the shape of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake<'a> {
    /// A reflection alone, for readers of the nested seat (0.16 and Defold; it would do for 0.17 too).
    Plain(&'a [u8]),
    /// A reflection that readers of 0.16, 0.17 and 0.18 all understand; it begins with `ff 00`.
    Polyglot(&'a [u8]),
    /// Nothing, because the room has no state, or the client knows its shape (`skipHandshake`, a reconnection).
    Skip,
}

/// The serializer that `JOIN_ROOM` names. Of the others than [`Schema`](Self::Schema), the handshake must be
/// [`Handshake::Skip`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serializer<'a> {
    /// State in the schema codec.
    Schema,
    /// A room without state.
    None,
    /// One that clients register under this id, of 1 to [`MAX_SERIALIZER_ID`] bytes.
    Other(&'a str),
}

impl<'a> Serializer<'a> {
    /// The name on the wire.
    #[must_use]
    pub fn id(self) -> &'a str {
        match self {
            Self::Schema => "schema",
            Self::None => "none",
            Self::Other(id) => id,
        }
    }
}

/// Why `JOIN_ROOM` could not be written. The caller is at fault; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The token does not fit.
    #[error("a token of {0} bytes; use at most {MAX_TOKEN}, such as one of `random_id`")]
    TokenTooLong(usize),
    /// The polyglot reflection does not fit.
    #[error(
        "a polyglot reflection of {0} bytes; at most {MAX_POLYGLOT_REFLECTION} can be announced to every generation of \
         clients, so the state needs fewer types or shorter names"
    )]
    ReflectionTooLong(usize),
    /// The polyglot reflection is one of another kind.
    #[error(
        "a polyglot reflection that does not begin with ff 00; encode it with the polyglot profile"
    )]
    NotPolyglot,
    /// A reflection in a room that has no state, or whose serializer reads none.
    #[error("a reflection for another serializer than `schema`; use `Handshake::Skip`")]
    WithoutState,
    /// The id of the serializer does not fit.
    #[error("a serializer id of {0} bytes; use 1 to {MAX_SERIALIZER_ID}")]
    SerializerId(usize),
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ResponseStatus {
    /// The payload is what the handler returned.
    Ok = 0,
    /// The payload is the reason that the handler gave.
    Rejected = 1,
    /// The payload is `{name, message, code?}`; the name is `no_handler` where there is none.
    Error = 2,
}

/// Appends `JOIN_ROOM`: the seat is taken. `token` is what the client must show to reconnect.
///
/// # Errors
/// [`HandshakeError`], when a client would misread it.
pub fn join_room(
    out: &mut Vec<u8>,
    token: &str,
    serializer: Serializer<'_>,
    handshake: Handshake<'_>,
) -> Result<(), HandshakeError> {
    if token.len() > MAX_TOKEN {
        return Err(HandshakeError::TokenTooLong(token.len()));
    }
    if !matches!(serializer.id().len(), 1..=MAX_SERIALIZER_ID) {
        return Err(HandshakeError::SerializerId(serializer.id().len()));
    }
    if serializer != Serializer::Schema && handshake != Handshake::Skip {
        return Err(HandshakeError::WithoutState);
    }
    if let Handshake::Polyglot(reflection) = handshake {
        if reflection.len() > MAX_POLYGLOT_REFLECTION {
            return Err(HandshakeError::ReflectionTooLong(reflection.len()));
        }
        if !reflection.starts_with(&[0xff, 0x00]) {
            return Err(HandshakeError::NotPolyglot);
        }
    }
    out.push(code::JOIN_ROOM);
    put_short(out, token);
    put_short(out, serializer.id());
    match handshake {
        Handshake::Plain(reflection) => out.extend_from_slice(reflection),
        Handshake::Polyglot(reflection) => {
            // For 0.18 this is the length. Older decoders take `cd` for an operation on a field that does not exist, and
            // skip to the `ff 00` that switches to the root; so the length is two bytes even where one would do.
            out.push(0xcd);
            out.extend_from_slice(&(reflection.len() as u16).to_le_bytes());
            out.extend_from_slice(reflection);
        }
        Handshake::Skip => {}
    }
    Ok(())
}

/// Appends `ERROR`: a code, such as those of [`matchmake::code`](crate::matchmake::code), and a message for people.
pub fn error(out: &mut Vec<u8>, error_code: u16, message: &str) {
    out.push(code::ERROR);
    put_integer(out, error_code.into());
    put_string(out, message);
}

/// Appends `LEAVE_ROOM`, at which the client leaves as if by itself.
pub fn leave(out: &mut Vec<u8>) {
    out.push(code::LEAVE_ROOM);
}

/// Appends `ROOM_STATE`: a snapshot, as the room's codec encoded it. Never before the client's [`Ack`](super::ClientFrame::Ack).
pub fn room_state(out: &mut Vec<u8>, snapshot: &[u8]) {
    out.push(code::ROOM_STATE);
    out.extend_from_slice(snapshot);
}

/// Appends `ROOM_STATE_PATCH`: a patch, as the room's codec encoded it.
pub fn room_state_patch(out: &mut Vec<u8>, patch: &[u8]) {
    out.push(code::ROOM_STATE_PATCH);
    out.extend_from_slice(patch);
}

/// Appends `ROOM_DATA`: a message. An empty `payload` is `undefined` to the client.
///
/// No client can read an empty text as a message type.
pub fn room_data(out: &mut Vec<u8>, message_type: MessageType<'_>, payload: &[u8]) {
    message(out, code::ROOM_DATA, message_type, payload);
}

/// Appends `ROOM_DATA_BYTES`: a message of raw bytes.
pub fn room_data_bytes(out: &mut Vec<u8>, message_type: MessageType<'_>, payload: &[u8]) {
    message(out, code::ROOM_DATA_BYTES, message_type, payload);
}

/// Appends `PING`. Clients before 0.17 do not know it; it answers theirs who do.
pub fn ping(out: &mut Vec<u8>) {
    out.push(code::PING);
}

/// Appends `ROOM_RESPONSE`: the answer to the request of that id. An empty `payload` is `undefined` to the client.
pub fn response(out: &mut Vec<u8>, id: u32, status: ResponseStatus, payload: &[u8]) {
    out.push(code::ROOM_RESPONSE);
    put_integer(out, id.into());
    out.push(status as u8);
    out.extend_from_slice(payload);
}

fn message(out: &mut Vec<u8>, code: u8, message_type: MessageType<'_>, payload: &[u8]) {
    out.push(code);
    match message_type {
        MessageType::Text(text) => put_string(out, text),
        MessageType::Number(number) => put_integer(out, number),
    }
    out.extend_from_slice(payload);
}

/// A text whose length is one byte.
fn put_short(out: &mut Vec<u8>, text: &str) {
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}
