//! The address that a client dials with its seat.
//!
//! `/<any prefix>/<processId>/<roomId>?sessionId=…&reconnectionToken=…&_authToken=…&skipHandshake`, the keys in any order and
//! all but `sessionId` optional. A dial without `sessionId` wants no room: it measures latency, and each of its frames
//! is answered with a [`ping`](crate::frame::ping).
//!
//! ```
//! use tidewire_protocol::url::{self, Dial, Target};
//!
//! let target = url::parse("/p1/room1?sessionId=ada&skipHandshake=true")?;
//! let Target::Room(dial) = target else { panic!("no room") };
//! assert_eq!(dial, Dial { skip_handshake: true, ..Dial::new("p1", "room1", "ada") });
//!
//! assert_eq!(url::parse("/")?, Target::Ping);
//! # Ok::<(), url::UrlError>(())
//! ```

use std::borrow::Cow;

use thiserror::Error;

use crate::is_dialable;

/// What a WebSocket was opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To measure latency: each message is answered with a ping frame, and the socket closed after a second of silence.
    Ping,
    /// To take a seat in a room.
    Room(Dial),
}

/// A client's wish to take its seat. All of it was chosen by the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// The first of the last two segments. It tells the client's generation:
    /// [`Generation::of_process_id`](crate::matchmake::Generation::of_process_id).
    pub process_id: String,
    /// The last segment.
    pub room_id: String,
    /// Whose seat it is.
    pub session_id: String,
    /// The token of the session that it wants to take up again.
    pub reconnection_token: Option<String>,
    /// What the client authenticates with.
    pub auth_token: Option<String>,
    /// Whether it knows the shape of the state: `JOIN_ROOM` ends after the serializer's name.
    pub skip_handshake: bool,
}

impl Dial {
    /// A first join, with nothing optional.
    #[must_use]
    pub fn new(process_id: &str, room_id: &str, session_id: &str) -> Self {
        Self {
            process_id: process_id.to_owned(),
            room_id: room_id.to_owned(),
            session_id: session_id.to_owned(),
            reconnection_token: None,
            auth_token: None,
            skip_handshake: false,
        }
    }
}

/// Why an address leads to no room. The client is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// There is a session id, and no two segments before it.
    #[error("the path {0:?} does not end in a process id and a room id")]
    Path(String),
    /// A room id that no room can have.
    #[error("room id {0:?} has characters other than A-Z, a-z, 0-9, _ and -")]
    RoomId(String),
    /// A value whose percent escapes are not UTF-8.
    #[error("the value of {0} is not UTF-8")]
    NotUtf8(&'static str),
}

/// Reads the path and the query of a WebSocket request.
///
/// # Errors
/// [`UrlError`]. The client learns of it after the upgrade, as of an expired seat.
pub fn parse(path_and_query: &str) -> Result<Target, UrlError> {
    let path_and_query = path_and_query.split('#').next().unwrap_or_default();
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let Some(session_id) = value(query, "sessionId")?.filter(|id| !id.is_empty()) else {
        return Ok(Target::Ping);
    };
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let (room_id, process_id) = match (segments.next(), segments.next()) {
        (Some(room_id), Some(process_id)) if !room_id.is_empty() && !process_id.is_empty() => {
            (room_id, process_id)
        }
        _ => return Err(UrlError::Path(path.to_owned())),
    };
    if !is_dialable(room_id) {
        return Err(UrlError::RoomId(room_id.to_owned()));
    }
    Ok(Target::Room(Dial {
        process_id: process_id.to_owned(),
        room_id: room_id.to_owned(),
        session_id,
        reconnection_token: value(query, "reconnectionToken")?.filter(|token| !token.is_empty()),
        auth_token: value(query, "_authToken")?.filter(|token| !token.is_empty()),
        skip_handshake: value(query, "skipHandshake")?.is_some(),
    }))
}

/// The first value of a key, unescaped. A key without `=` has an empty value.
fn value(query: &str, key: &'static str) -> Result<Option<String>, UrlError> {
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == key {
            let value = value.replace('+', " ");
            let value = percent_decode(&value).ok_or(UrlError::NotUtf8(key))?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Resolves percent escapes; those that are none stay as they are. `None` when the result is not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}
