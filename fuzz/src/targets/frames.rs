//! One frame that a client sent.

use tidewire_protocol::frame::{self, ClientFrame};

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\x0a",
    b"\x0c",
    b"\x0d",
    b"\x11",
    b"\x12",
    b"\x15",
    b"\xa4move",
    b"\xcd\x0c\x02",
    b"\xcb",
    b"\xd9",
];

/// Reads a frame; what it holds lies in the input.
pub fn target(data: &[u8]) {
    match frame::parse(data) {
        Ok(
            ClientFrame::Data { message_type, payload }
            | ClientFrame::Bytes { message_type, payload }
            | ClientFrame::Request { message_type, payload, .. },
        ) => {
            assert!(payload.len() < data.len());
            assert!(!message_type.key().is_empty() || data.len() > payload.len() + 1);
        }
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A frame of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let frames: [&[u8]; 9] = [
        b"\x0a",
        b"\x0c",
        b"\x0d\xa4move\xd4\x72\x40\x92\xa2dx\xa2dy\x01\x02",
        b"\x0d\x07",
        b"\x0d\xcd\x0c\x02\xc0",
        b"\x11\xa3raw\x00\x01\x02\xff",
        b"\x12",
        b"\x15\x00\xa3sum\x93\x01\x02\x03",
        b"\x15\xcd\x0c\x02\xd9\x03sum\x93\x01\x02\x03",
    ];
    frames.map(Vec::from).into()
}
