//! The messages of a tick as one: a MessagePack array of byte strings.
//!
//! A tick has any number of messages of `mpack`, `light` or patchpack. Where they travel one by one, a client sees a
//! tick half done; a room sends them in one frame, in this form, which every MessagePack library reads.
//!
//! ```
//! use tidewire_patch::bundle;
//!
//! let mut out = Vec::new();
//! bundle::write(&mut out, &[vec![0x92, 1, 2], vec![0x90]]);
//! assert_eq!(out, b"\x92\xc4\x03\x92\x01\x02\xc4\x01\x90");
//! assert_eq!(bundle::read(&out)?, [&[0x92, 1, 2][..], &[0x90]]);
//! # Ok::<(), bundle::BundleError>(())
//! ```

use thiserror::Error;

use crate::notepack::write;

/// Appends messages as one.
pub fn write<M: AsRef<[u8]>>(out: &mut Vec<u8>, messages: &[M]) {
    write::array(out, messages.len());
    for message in messages {
        let message = message.as_ref();
        write::bytes_header(out, message.len());
        out.extend_from_slice(message);
    }
}

/// Why bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// They end too early.
    #[error("the bundle ends at byte {offset}, before its last message")]
    Truncated {
        /// How many there are.
        offset: usize,
    },
    /// Something else stands where an array or a byte string should.
    #[error("byte {offset} of the bundle is {byte:#04x}, which begins no {expected}")]
    Unexpected {
        /// Where it is.
        offset: usize,
        /// The byte.
        byte: u8,
        /// What should be there.
        expected: &'static str,
    },
    /// Something follows the last message.
    #[error("the bundle goes on at byte {offset}, behind its last message")]
    Trailing {
        /// Where it begins.
        offset: usize,
    },
}

/// The messages of a bundle.
///
/// # Errors
///
/// If the bytes are none, or more than one.
pub fn read(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut reader = Reader { bytes, offset: 0 };
    let (offset, byte) = (reader.offset, reader.unsigned(1)?);
    let count = match byte {
        0x90..=0x9f => byte & 0x0f,
        0xdc => reader.unsigned(2)?,
        0xdd => reader.unsigned(4)?,
        _ => return Err(BundleError::Unexpected { offset, byte: byte as u8, expected: "array" }),
    };
    // A message has at least two bytes, so that no count makes this grow beyond what came.
    let mut messages = Vec::with_capacity(count.min(bytes.len() / 2));
    for _ in 0..count {
        let (offset, byte) = (reader.offset, reader.unsigned(1)?);
        let len = match byte {
            0xc4 => reader.unsigned(1)?,
            0xc5 => reader.unsigned(2)?,
            0xc6 => reader.unsigned(4)?,
            _ => {
                let expected = "byte string";
                return Err(BundleError::Unexpected { offset, byte: byte as u8, expected });
            }
        };
        messages.push(reader.take(len)?);
    }
    if reader.offset < bytes.len() {
        return Err(BundleError::Trailing { offset: reader.offset });
    }
    Ok(messages)
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], BundleError> {
        let rest = &self.bytes[self.offset..];
        let taken = rest.get(..len).ok_or(BundleError::Truncated { offset: self.bytes.len() })?;
        self.offset += len;
        Ok(taken)
    }

    /// A big-endian number of at most four bytes.
    fn unsigned(&mut self, len: usize) -> Result<usize, BundleError> {
        let bytes = self.take(len)?;
        Ok(bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_whatever_its_size() {
        let messages: Vec<Vec<u8>> =
            [0, 1, 255, 256, 65_535, 65_536].iter().map(|&len| vec![7; len]).collect();
        for count in [0, 1, 6, 15, 16, 70_000] {
            let mut many: Vec<&[u8]> = messages.iter().map(|message| &message[..]).collect();
            many.resize(count, &[1]);
            let mut out = Vec::new();
            write(&mut out, &many);
            assert_eq!(read(&out), Ok(many));
        }
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        let check = |bytes: &[u8], message: &str| {
            assert_eq!(read(bytes).map_err(|error| error.to_string()), Err(message.to_owned()));
        };
        check(b"", "the bundle ends at byte 0, before its last message");
        check(b"\xdd\xff\xff\xff\xff", "the bundle ends at byte 5, before its last message");
        check(
            b"\x91\xc6\xff\xff\xff\xff\x00",
            "the bundle ends at byte 7, before its last message",
        );
        check(b"\x80", "byte 0 of the bundle is 0x80, which begins no array");
        check(b"\x91\xa1x", "byte 1 of the bundle is 0xa1, which begins no byte string");
        check(b"\x90\x00", "the bundle goes on at byte 1, behind its last message");
    }
}
