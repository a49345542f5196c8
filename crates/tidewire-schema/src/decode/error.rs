//! What can be wrong with a message.

use std::fmt;

use tidewire_state::{FieldIndex, TypeError, receive::Misfit};

/// Why a message could not be read: where in the state, where in the bytes, and what.
///
/// `State.players["ada"].hp: buffer ended at byte 31`. What came before the fault is in the state;
/// the decoder takes no further messages.
pub struct DecodeError(Box<Inner>);

struct Inner {
    path: String,
    fault: Fault,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    // Bytes that are no message of the protocol.
    /// The message ends in the middle of something.
    #[error("buffer ended")]
    Ended,
    /// A byte with which no `number` begins.
    #[error("byte {byte:02x} does not begin a number")]
    NotANumber {
        /// The byte.
        byte: u8,
    },
    /// A byte with which no string begins.
    #[error("byte {byte:02x} does not begin a string")]
    NotAString {
        /// The byte.
        byte: u8,
    },
    /// A string that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A number that cannot be an index or a refId.
    #[error("{number} is not an index")]
    NotAnIndex {
        /// The number.
        number: f64,
    },
    /// A byte that is no operation on the structure at hand.
    #[error("{byte:02x} is not an operation here")]
    UnknownOperation {
        /// The byte.
        byte: u8,
    },

    // Operations that do not fit the state.
    /// The type has fewer fields.
    #[error("there is no field {index}: the sender has other types")]
    UnknownField {
        /// The number of the field.
        index: u8,
    },
    /// An item beyond the end of an array.
    #[error("index {index} is beyond the {len} items")]
    BeyondEnd {
        /// The index.
        index: usize,
        /// How many items there are.
        len: usize,
    },
    /// A map's entry that was not added.
    #[error("no entry has the index {index}")]
    UnknownEntry {
        /// The server's number for the entry.
        index: u32,
    },
    /// A key that is there under another index, or an index that has another key.
    #[error("index {index} and key {key:?} do not belong together")]
    OtherKey {
        /// The server's number for the entry.
        index: u32,
        /// The key.
        key: String,
    },
    /// A reference to something that was not added.
    #[error("refId {id} was not added before")]
    UnknownRef {
        /// The refId.
        id: u32,
    },
    /// A reference to something of another type.
    #[error("refId {id} is of another type")]
    WrongType {
        /// The refId.
        id: u32,
    },
    /// An instance in itself.
    #[error("refId {id} cannot be put into itself")]
    Cycle {
        /// The refId.
        id: u32,
    },
    /// The state is nested deeper than is sensible.
    #[error("refId {id} would be nested deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// The refId.
        id: u32,
    },
    /// The type does not take the value.
    #[error(transparent)]
    Misfit(#[from] Misfit),

    // What costs more than it may.
    /// The state would take more memory than it may.
    #[error("the state would take more than {limit} bytes: raise `Limits::memory` if it may")]
    TooLarge {
        /// What it may take.
        limit: usize,
    },
    /// The message moves too many items.
    #[error(
        "the message moves more than {limit} items and 64 a byte: raise `Limits::moves` if it may"
    )]
    TooMuchWork {
        /// What it may, beside 64 for each of its bytes.
        limit: usize,
    },

    /// A child of a type that does not extend the declared one, or that the state does not have.
    #[error(
        "a child is of type {given}, which is not known to extend type {declared}: use the same definition on both sides"
    )]
    Polymorphic {
        /// The number of the declared type.
        declared: u32,
        /// The number of the type that was sent.
        given: u32,
    },
    // What this version does not do.
    /// A kind of field that is not supported.
    #[error("field `{field}` of type {index} is a `{kind}`, which is not supported")]
    Unsupported {
        /// The field.
        field: String,
        /// The number of its type.
        index: u32,
        /// What the handshake says that it is.
        kind: String,
    },

    // Handshakes.
    /// The sender's types are not those of the state.
    #[error(
        "the sender has {theirs} where the state has {ours}: use the same definition on both sides"
    )]
    Mismatch {
        /// What the state has.
        ours: String,
        /// What the handshake says.
        theirs: String,
    },
    /// The types of a handshake cannot be.
    #[error("the handshake's types cannot be: {0}")]
    Types(#[from] TypeError),
    /// Types that extend one another repeat more fields than is sensible.
    #[error("the handshake's types repeat too many fields of those that they extend")]
    TooManyTypes,
    /// A handshake's type refers to types in a way that makes no sense.
    #[error("the handshake has no type {index}, or twice")]
    TypeNumber {
        /// The number of the type.
        index: f64,
    },

    // The caller.
    /// An earlier message was at fault.
    #[error("an earlier message could not be read: begin with a new decoder and a snapshot")]
    Stopped,
}

/// How deep a state may be nested, collections counted.
pub(crate) const MAX_DEPTH: u8 = 128;

impl DecodeError {
    pub(crate) fn new(path: String, fault: Fault) -> Self {
        Self(Box::new(Inner { path, fault }))
    }

    /// What is wrong.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.fault.0.kind
    }

    /// Where in the state, as in `State.players["ada"].hp`.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The byte of the message at which the fault was found.
    pub fn offset(&self) -> usize {
        self.0.fault.0.offset
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.path, self.0.fault)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DecodeError {}

/// A fault on its way up, one pointer wide; the path is found out at the top.
pub(crate) struct Fault(Box<FaultInner>);

struct FaultInner {
    kind: DecodeErrorKind,
    offset: usize,
    place: Option<FaultPlace>,
}

/// In which place of the structure at hand a fault happened.
#[derive(Clone, Debug)]
pub(crate) enum FaultPlace {
    Field(FieldIndex),
    Key(String),
    Index(usize),
}

impl Fault {
    #[cold]
    pub(crate) fn at(offset: usize, kind: DecodeErrorKind) -> Self {
        Self(Box::new(FaultInner { kind, offset, place: None }))
    }

    /// Notes the place, unless one is noted already.
    #[cold]
    pub(crate) fn in_place(mut self, place: FaultPlace) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    pub(super) fn into_kind(self) -> DecodeErrorKind {
        self.0.kind
    }

    pub(crate) fn offset(&self) -> usize {
        self.0.offset
    }

    pub(crate) fn place(&self) -> Option<&FaultPlace> {
        self.0.place.as_ref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FaultInner { kind, offset, .. } = &*self.0;
        match kind {
            DecodeErrorKind::Ended => write!(f, "buffer ended at byte {offset}"),
            DecodeErrorKind::NotUtf8 => write!(f, "byte {offset} is not UTF-8"),
            DecodeErrorKind::NotANumber { byte } => {
                write!(f, "byte {byte:02x} at {offset} does not begin a number")
            }
            DecodeErrorKind::NotAString { byte } => {
                write!(f, "byte {byte:02x} at {offset} does not begin a string")
            }
            DecodeErrorKind::Stopped
            | DecodeErrorKind::Mismatch { .. }
            | DecodeErrorKind::Types(_)
            | DecodeErrorKind::TypeNumber { .. }
            | DecodeErrorKind::TooManyTypes
            | DecodeErrorKind::Unsupported { .. } => write!(f, "{kind}"),
            kind => write!(f, "{kind} (byte {offset})"),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
