//! A state and patches of patchpack.

use tidewire_patch::{Patch, PatchpackDecoder};

use super::harbor;
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\x94\x00",
    b"\x94\x01",
    b"\x93\x02",
    b"\x95\x01",
    b"\x94\x00\x02\xff\x92\xa3ada",
    b"\x94\x01\x00\x00",
    b"\x92\xff\x20",
    b"\x92\xfe\x21",
    b"\x93\x00\x22",
    b"\x94\xfe\x23\xa1a",
    b"\xd4\x00\x00",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xcd\x01\x00",
    b"\x91\x91\xa1T",
    b"\x92\x92\xa1T\xa1a",
];

/// Reads messages and applies them. What a strict decoder refuses leaves it as it was; what it takes,
/// a lenient one takes alike until then; and a patch is read alike wherever it is read to.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let snapshot = messages.next().unwrap_or_default();
    let (mut decoder, mut document) = match PatchpackDecoder::from_state(snapshot) {
        Ok(read) => read,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let mut lenient = Some(decoder.clone().lenient());
    let mut into = Patch::default();
    for (at, message) in messages.enumerate() {
        // To copy a decoder takes as long as it is big.
        let before = (at < COPIES).then(|| decoder.clone());
        let read = decoder.patch(message);
        let read_leniently = lenient.as_mut().map(|lenient| lenient.patch(message));
        match &read {
            Ok(patch) => {
                if let Some(Err(error)) = &read_leniently {
                    panic!("strictly {patch:?}, leniently {error}");
                }
                assert!(read_leniently.is_none_or(|other| other.as_ref() == Ok(patch)));
                harbor::follow(&mut document, patch);
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                lenient = None;
                // The next message is read as if this one had never come.
                assert_eq!(decoder.patch(message), read);
            }
        }
        if let Some(mut before) = before {
            let again = before.patch_into(message, &mut into).map(|()| into.clone());
            assert_eq!(again, read);
        }
    }
}

/// How many messages of an input are read twice.
const COPIES: usize = 32;

/// What servers send.
pub fn seeds() -> Vec<Vec<u8>> {
    harbor::sessions().patchpack
}
