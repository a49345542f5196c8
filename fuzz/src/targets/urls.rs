//! The address that a client dials, and what may come before it.

use tidewire_protocol::url::{self, Target};

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"sessionId=",
    b"reconnectionToken=",
    b"skipHandshake=",
    b"&",
    b"?",
    b"/",
    b"%",
    b"%c3%a9",
    b"%2F",
    b"%ff",
    b"+",
    b"#",
];

/// Reads an address. A seat has a session.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match url::parse(&text) {
        Ok(Target::Room(dial)) => assert!(!dial.session_id.is_empty()),
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Addresses of several generations of clients.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "/process/room?sessionId=abcdefghi",
        "/p/r?sessionId=abcdefghi&reconnectionToken=xyz&skipHandshake=1",
        "/prefix/p/r?_authToken=%C3%A9+1&sessionId=%61bc",
        "/?x",
        "/health",
        "http://host:2567/p/r?sessionId=a",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}
