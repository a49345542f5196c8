//! The frames of a client, one after the other, and a session that stands up to them.

use std::time::Duration;

use tidewire_protocol::{
    frame::{self, ClientFrame},
    session::{Phase, Received, Session, SessionConfig},
};

use super::frames;
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[b"\x01\0\x0a", b"\x01\0\x0c", b"\x01\0\x12", b"\0\0", b"\x01\0\x7f"];

/// Lets the frames arrive. An empty one stands for a tick of the room, one of a single byte that is no frame for
/// a message to the client.
pub fn target(data: &[u8]) {
    let config = SessionConfig { queue_bytes: 1_000, ..SessionConfig::default() };
    let mut session = Session::new(config);
    session.handshake_sent(Duration::ZERO);
    let mut queued = 0;
    for part in parts::split(data) {
        let before = session.phase();
        match (part, frame::parse(part)) {
            ([], _) => {
                if session.wants_snapshot() {
                    assert_eq!(session.snapshot_sent().len(), queued);
                    assert!(session.takes_patches());
                    queued = 0;
                }
            }
            ([byte], Err(_)) => match session.send(vec![*byte; 100]) {
                Ok(Some(_)) => assert!(session.takes_patches()),
                Ok(None) if session.phase() == Phase::Leaving => {}
                Ok(None) => {
                    queued += 1;
                    assert!(queued <= 6, "a bounded queue");
                }
                Err(full) => assert!(full.bytes > full.limit),
            },
            (_, Ok(frame)) => {
                let received = session.receive(frame);
                let quiet = matches!(before, Phase::Joining | Phase::Leaving);
                assert!(!quiet || received == Received::Ignored);
                if frame == ClientFrame::Leave && !quiet {
                    session.leave();
                    queued = 0;
                }
            }
            (_, Err(_)) => {}
        }
    }
}

/// A client that joins, plays and leaves.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut all = frames::seeds();
    all.insert(0, vec![0x7f]);
    all.insert(2, Vec::new());
    let joins = parts::join(&all);
    vec![joins, parts::join([[0x0a], [0x0a], [0x7f], [0x0c], [0x0a]])]
}
