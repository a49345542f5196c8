use std::fmt::Display;

use thiserror::Error;

use crate::primitive::ReadError;

/// Why bytes are no value, or a value is not of the wanted type, or a type cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes ended first.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Bytes are left after the value.
    #[error("{count} bytes are left after the value, which ends at byte {offset}")]
    Trailing {
        /// Where the value ends.
        offset: usize,
        /// How many are left.
        count: usize,
    },
    /// Values within values within values.
    #[error("the value at byte {offset} lies deeper than {} levels", super::MAX_DEPTH)]
    TooDeep {
        /// Where it stands.
        offset: usize,
    },
    /// `c1`, which MessagePack never uses.
    #[error("byte 0xc1 at {offset} begins no value")]
    NeverUsed {
        /// Where it stands.
        offset: usize,
    },
    /// An extension that is neither a date, nor `undefined`, nor a record.
    #[error(
        "extension {kind} of {length} bytes at byte {offset} is not supported: {name}; send plain objects, arrays and dates"
    )]
    Extension {
        /// Its type.
        kind: i8,
        /// How long it is.
        length: usize,
        /// Where it stands.
        offset: usize,
        /// What it is.
        name: &'static str,
    },
    /// A key that is an array, a map or an extension.
    #[error("the key at byte {offset} is not a string or a number")]
    Key {
        /// Where it stands.
        offset: usize,
    },
    /// A record whose keys are not an array, or one that was never defined.
    #[error("the record at byte {offset} is not defined by an array of keys")]
    Record {
        /// Where the record stands.
        offset: usize,
    },
    /// Records with long keys, used so often that the value would dwarf its bytes.
    #[error(
        "the keys of the record at byte {offset} would make the value far larger than its bytes"
    )]
    Inflated {
        /// Where the record stands.
        offset: usize,
    },
    /// The value is not of the type that was wanted, or the type cannot be written.
    #[error("{path}{}{message}", if path.is_empty() { "" } else { ": " })]
    Type {
        /// Where in the value, such as `moves[3].dx`; empty for the whole of it, and in writing.
        path: String,
        /// What is wrong there.
        message: String,
    },
}

impl Error {
    /// The same about what lies one step further out, where this was an error about its member `key`.
    pub(super) fn at_key(self, key: &str) -> Self {
        let is_name = !key.is_empty()
            && key.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '$');
        self.below(&if is_name { key.to_owned() } else { format!("[{key:?}]") })
    }

    /// The same about the list, where this was an error about its item `index`.
    pub(super) fn at_index(self, index: usize) -> Self {
        self.below(&format!("[{index}]"))
    }

    fn below(self, step: &str) -> Self {
        match self {
            Self::Type { path, message } => {
                let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
                Self::Type { path: format!("{step}{dot}{path}"), message }
            }
            other => other,
        }
    }
}

impl serde::de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::Type { path: String::new(), message: message.to_string() }
    }
}

impl serde::ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::Type { path: String::new(), message: message.to_string() }
    }
}
