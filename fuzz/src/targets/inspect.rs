//! Messages that are taken apart for people. What a decoder reads an inspector must read too.

use tidewire_schema::{Decoder, Inspection, Inspector};

use super::{decode_dynamic, decode_typed};
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = decode_typed::WORDS;

/// Takes the messages apart with the types that the first describes, and without any.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let Some(handshake) = messages.next() else { return };
    check(&Inspector::of_handshake().inspect(handshake), handshake);
    let mut blind = Inspector::new();
    let mut known = Inspector::from_handshake(handshake).ok();
    let mut decoder = Decoder::from_handshake(handshake).ok();
    for message in messages {
        check(&blind.inspect(message), message);
        let Some(known) = &mut known else { continue };
        let inspection = known.inspect(message);
        check(&inspection, message);
        let reads = decoder.as_mut().is_some_and(|decoder| decoder.apply(message).is_ok());
        assert!(!reads || inspection.error.is_none(), "{inspection}");
    }
}

/// The lines are the message, one after the other, and can be printed.
fn check(inspection: &Inspection<'_>, message: &[u8]) {
    let end = inspection.lines.iter().fold(0, |end, line| {
        assert!(line.offset == end && line.len > 0);
        end + line.len
    });
    let expected = inspection.error.as_ref().map_or(message.len(), |error| error.operation);
    assert_eq!(end, expected);
    let text = inspection.to_string();
    let lines = inspection.lines.len() + usize::from(inspection.error.is_some());
    assert_eq!(text.lines().count(), lines);
}

/// What servers send.
pub fn seeds() -> Vec<Vec<u8>> {
    decode_dynamic::seeds()
}
