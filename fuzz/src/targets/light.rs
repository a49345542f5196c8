//! A snapshot and patches of the codec `light`.

use tidewire_patch::LightDecoder;

use super::harbor;
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\x00\x02",
    b"\x01\x02\x00\x00",
    b"\x02\x03\x00\x03\xff",
    b"\x01\x05\x00\x03\xff\x01\x00",
    b"\x92\x82",
    b"\xa5index",
    b"\xa5props",
    b"\xa3ada",
    b"\xff",
    b"\xff\xff\xff",
    b"\x7f",
    b"\xd4\x00\x00",
    b"\x91",
];

/// Reads messages and applies them.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let snapshot = messages.next().unwrap_or_default();
    let (decoder, mut document) = match LightDecoder::from_snapshot(snapshot) {
        Ok(read) => read,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            (LightDecoder::new(vec![vec!["a".to_owned(), "b".to_owned()]; 2]), Default::default())
        }
    };
    for message in messages {
        match decoder.patch(message) {
            Ok(patch) => harbor::follow(&mut document, &patch),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// What servers send.
pub fn seeds() -> Vec<Vec<u8>> {
    harbor::sessions().light
}
