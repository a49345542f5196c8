//! Bytes as values: what clients, and the tests of the encoders, read.
//!
//! Nothing that is read can take more memory than a small multiple of its length, or more depth
//! than [`MAX_DEPTH`].

mod json;
mod message_pack;

use thiserror::Error;

pub use self::{json::read_json, message_pack::read_message_pack};
use crate::{encode::Encoding, tree::Tree};

/// How deep arrays and objects may lie in one another.
pub const MAX_DEPTH: usize = 127;

/// Why bytes cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    #[error("the value at byte {offset} goes past the end: send all of the frame")]
    Ended {
        /// Where the value begins.
        offset: usize,
    },
    /// A byte that begins no value that is used here.
    #[error("byte {byte:#04x} at {offset} begins no value: no extensions and no binary data")]
    Mark {
        /// Where it stands.
        offset: usize,
        /// The byte.
        byte: u8,
    },
    /// A text that is not UTF-8.
    #[error("the text at byte {offset} is not UTF-8")]
    Text {
        /// Where its header stands.
        offset: usize,
    },
    /// An object whose member has a name that is not a text.
    #[error("the name at byte {offset} is not a text")]
    Name {
        /// Where it stands.
        offset: usize,
    },
    /// Values nested too deeply.
    #[error("the value at byte {offset} lies deeper than {MAX_DEPTH}")]
    Depth {
        /// Where it begins.
        offset: usize,
    },
    /// Bytes behind the value.
    #[error("the value ends at byte {offset}, before the frame does")]
    Trailing {
        /// Where the value ends.
        offset: usize,
    },
    /// Text that is not JSON.
    #[error("not JSON at byte {offset}: {reason}")]
    Json {
        /// How much was read.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A message with a field that is missing or of another type.
    #[error("the field {name} is not {expected}")]
    Field {
        /// The field's name in objects.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A code that stands for nothing.
    #[error("unknown {what} {found:?}")]
    Unknown {
        /// What kind of code.
        what: &'static str,
        /// The code.
        found: String,
    },
    /// A patch that cannot be applied.
    #[error("patch {patch}: {reason}")]
    Patch {
        /// Its place in the frame, from 0.
        patch: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads one value, which must be all there is.
///
/// # Errors
///
/// What is wrong with the bytes, and where.
pub fn read(bytes: &[u8], encoding: Encoding) -> Result<Tree, DecodeError> {
    match encoding {
        Encoding::JsonObject | Encoding::OpcodeJson => read_json(bytes),
        Encoding::OpcodeMessagePack => read_message_pack(bytes),
    }
}
