//! The binary frames of a room's WebSocket.
//!
//! A frame is one WebSocket message. Its first byte says what it is ([`code`]), in the low five bits; the high three bits
//! are modifiers that only clients of 0.18 know; of the frames written here, [`UnreliablePatches`] alone carry one. [`parse`] reads what clients
//! send; one function a frame writes what a server sends, at the end of a buffer.
//!
//! ```
//! use tidewire_protocol::frame::{self, ClientFrame, MessageType};
//! use tidewire_protocol::msgpack;
//!
//! // A client sends room.send("move", [1, 2]).
//! let frame = frame::parse(b"\x0d\xa4move\x92\x01\x02")?;
//! let ClientFrame::Data { message_type, payload } = frame else { panic!("not a message") };
//! assert_eq!(message_type, MessageType::Text("move"));
//! assert_eq!(msgpack::from_payload::<(i32, i32)>(payload)?, (1, 2));
//!
//! // The server answers with a message of its own.
//! let mut out = Vec::new();
//! frame::room_data(&mut out, "moved".into(), &msgpack::to_vec(&true)?);
//! assert_eq!(out, b"\x0d\xa5moved\xc3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;

mod client;
mod server;
mod unreliable;

pub use client::{ClientFrame, FrameError, parse};
pub use server::{
    Handshake, HandshakeError, MAX_POLYGLOT_REFLECTION, MAX_SERIALIZER_ID, MAX_TOKEN,
    ResponseStatus, Serializer, error, join_room, leave, ping, response, room_data,
    room_data_bytes, room_state, room_state_patch,
};
pub use unreliable::{UnreliablePatches, is_newer};

/// What the first byte of a frame says, in its low five bits.
pub mod code {
    /// Server: the seat is taken, here is what state looks like. Client: understood, send it.
    pub const JOIN_ROOM: u8 = 10;
    /// Server: an error code and a message.
    pub const ERROR: u8 = 11;
    /// Client: it leaves. Server: it asks the client to leave.
    pub const LEAVE_ROOM: u8 = 12;
    /// Both ways: a message with a MessagePack payload.
    pub const ROOM_DATA: u8 = 13;
    /// Server: the whole state.
    pub const ROOM_STATE: u8 = 14;
    /// Server: what changed since.
    pub const ROOM_STATE_PATCH: u8 = 15;
    /// Both ways: a message with a payload of raw bytes.
    pub const ROOM_DATA_BYTES: u8 = 17;
    /// Both ways: are you there (since 0.17).
    pub const PING: u8 = 18;
    /// Client: input of a player, in order (since 0.18).
    pub const ROOM_INPUT_RELIABLE: u8 = 19;
    /// Client: input of a player, the newest few (since 0.18).
    pub const ROOM_INPUT_UNRELIABLE: u8 = 20;
    /// Client: a message that wants an answer (since 0.18).
    pub const ROOM_REQUEST: u8 = 21;
    /// Server: the answer (since 0.18).
    pub const ROOM_RESPONSE: u8 = 22;
    /// A modifier: it may get lost, come twice, or come late, and has a number for that (since 0.18).
    pub const UNRELIABLE: u8 = 0x40;
}

/// The name of a message: a text, or a number.
///
/// `7` and `"7"` are handled alike on the server, which is what [`key`](Self::key) is for; on a JavaScript client they
/// differ, so an answer should use the form that the client used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType<'a> {
    /// A text. Clients cannot read an empty one.
    Text(&'a str),
    /// A number. Clients may write any that an `f64` holds; only integers are accepted here.
    Number(i64),
}

impl<'a> MessageType<'a> {
    /// The one name under which handlers are looked up.
    ///
    /// ```
    /// use tidewire_protocol::frame::MessageType;
    /// assert_eq!(MessageType::Number(7).key(), MessageType::Text("7").key());
    /// ```
    #[must_use]
    pub fn key(&self) -> Cow<'a, str> {
        match *self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}

impl<'a> From<&'a str> for MessageType<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for MessageType<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for MessageType<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for MessageType<'_> {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}
