use thiserror::Error;

use crate::primitive::{ReadError, Reader};

use super::{MessageType, code};

/// A frame that a client sent. It borrows from the bytes that it was parsed from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientFrame<'a> {
    /// The client has read `JOIN_ROOM` and waits for the state.
    Ack,
    /// The client leaves, and waits for the server to close.
    Leave,
    /// A message.
    Data {
        /// Its name.
        message_type: MessageType<'a>,
        /// MessagePack, or nothing at all, which is `undefined`: [`msgpack::from_payload`](crate::msgpack::from_payload).
        payload: &'a [u8],
    },
    /// A message of raw bytes. Its handlers are apart from those of [`Data`](Self::Data) with the same name.
    Bytes {
        /// Its name.
        message_type: MessageType<'a>,
        /// The bytes.
        payload: &'a [u8],
    },
    /// To be answered with [`ping`](super::ping).
    Ping,
    /// A message to be answered with [`response`](super::response).
    Request {
        /// What the answer has to carry; it counts up from 0 in each of a client's rooms.
        id: u32,
        /// Its name.
        message_type: MessageType<'a>,
        /// As that of [`Data`](Self::Data).
        payload: &'a [u8],
    },
    /// An input frame ([`ROOM_INPUT_RELIABLE`](code::ROOM_INPUT_RELIABLE) or
    /// [`ROOM_INPUT_UNRELIABLE`](code::ROOM_INPUT_UNRELIABLE)), which rooms without inputs ignore.
    Unsupported {
        /// The first byte without its modifiers.
        code: u8,
    },
}

/// Why bytes from a client are no frame. The client is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame without a single byte.
    #[error("an empty frame")]
    Empty,
    /// A first byte that no client has reason to send.
    #[error("frame code {0} is none that a client sends")]
    UnknownCode(u8),
    /// Modifier bits on a frame that has no use for them.
    #[error("frame code {code} with modifiers {modifiers:#04x}, which only input frames may carry")]
    Modifiers {
        /// The first byte without its modifiers.
        code: u8,
        /// Its high three bits.
        modifiers: u8,
    },
    /// More bytes than the frame has room for.
    #[error("{count} bytes too many after frame code {code}")]
    Trailing {
        /// The first byte.
        code: u8,
        /// How many bytes are left over.
        count: usize,
    },
    /// A message type that is neither a text nor an integer.
    #[error("the message type at byte 1 or later is neither a text nor an integer")]
    MessageType,
    /// A request id that is no `u32`.
    #[error("the request id is not an integer from 0 to 4294967295")]
    RequestId,
    /// A number or a string of the frame is broken.
    #[error(transparent)]
    Primitive(#[from] ReadError),
}

/// Reads one frame that came from a client. Payloads are left as they are.
///
/// # Errors
/// [`FrameError`], with which the connection is best closed ([`close::WITH_ERROR`](crate::close::WITH_ERROR)).
pub fn parse(bytes: &[u8]) -> Result<ClientFrame<'_>, FrameError> {
    let mut reader = Reader::new(bytes);
    let first = reader.byte().map_err(|_| FrameError::Empty)?;
    let (code, modifiers) = (first & 0x1f, first & 0xe0);
    if matches!(code, code::ROOM_INPUT_RELIABLE | code::ROOM_INPUT_UNRELIABLE) {
        return Ok(ClientFrame::Unsupported { code });
    }
    if modifiers != 0 {
        return Err(FrameError::Modifiers { code, modifiers });
    }
    match code {
        code::JOIN_ROOM => bare(code, &mut reader, ClientFrame::Ack),
        code::LEAVE_ROOM => bare(code, &mut reader, ClientFrame::Leave),
        code::PING => bare(code, &mut reader, ClientFrame::Ping),
        code::ROOM_DATA => {
            let message_type = message_type(&mut reader)?;
            Ok(ClientFrame::Data { message_type, payload: reader.rest() })
        }
        code::ROOM_DATA_BYTES => {
            let message_type = message_type(&mut reader)?;
            Ok(ClientFrame::Bytes { message_type, payload: reader.rest() })
        }
        code::ROOM_REQUEST => {
            let id = integer(reader.number()?)
                .and_then(|id| u32::try_from(id).ok())
                .ok_or(FrameError::RequestId)?;
            let message_type = message_type(&mut reader)?;
            Ok(ClientFrame::Request { id, message_type, payload: reader.rest() })
        }
        code => Err(FrameError::UnknownCode(code)),
    }
}

/// A frame of one byte. Defold clients put one zero byte after it.
fn bare<'a>(
    code: u8,
    reader: &mut Reader<'a>,
    frame: ClientFrame<'a>,
) -> Result<ClientFrame<'a>, FrameError> {
    match reader.rest() {
        [] | [0] => Ok(frame),
        rest => Err(FrameError::Trailing { code, count: rest.len() }),
    }
}

fn message_type<'a>(reader: &mut Reader<'a>) -> Result<MessageType<'a>, FrameError> {
    match reader.peek() {
        // An empty text looks like neither to the reference implementation.
        Some(0xa0) => Err(FrameError::MessageType),
        Some(0xa1..=0xbf | 0xd9..=0xdb) => Ok(MessageType::Text(reader.string()?)),
        _ => integer(reader.number()?).map(MessageType::Number).ok_or(FrameError::MessageType),
    }
}

/// The integer that a number is, if it is one that JavaScript holds exactly.
fn integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0).then_some(number as i64)
}
