//! A snapshot and patches of the codec `mpack`.

use tidewire_patch::{mpack, notepack::Value};

use super::harbor;
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\x93\x00",
    b"\x93\x01",
    b"\x92\x02",
    b"\x94\x01",
    b"\xa6/round",
    b"\xaa/ships/ada",
    b"\xa8/queue/0",
    b"\xa8/queue/-",
    b"\xa0",
    b"\xa1/",
    b"\xa2//",
    b"\xd4\x00\x00",
    b"\x81\xa1a",
];

/// Reads messages and applies them. What is written of a patch reads the same.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let mut document = Value::Undefined;
    if let Some(snapshot) = messages.next() {
        document = mpack::decode_snapshot(snapshot).unwrap_or_default();
    }
    for message in messages {
        match mpack::decode_patch(message) {
            Ok(patch) => {
                let written =
                    mpack::encode_patch(&patch).expect("a path that was read has no slash");
                assert_eq!(mpack::decode_patch(&written).as_ref(), Ok(&patch));
                harbor::follow(&mut document, &patch);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// What servers send.
pub fn seeds() -> Vec<Vec<u8>> {
    harbor::sessions().mpack
}
