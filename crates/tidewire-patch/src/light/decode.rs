//! Reads `light`.

use thiserror::Error;

use super::{KEY, LONGEST_PATH};
use crate::{
    notepack::{DecodeError, Packer, Text, Value, read::Reader},
    patch::{self, Op, Patch, Path},
};

/// Reads the patches that follow a snapshot.
#[derive(Clone, Debug, Default)]
pub struct LightDecoder {
    /// The names of the properties, by type.
    types: Vec<Vec<Text>>,
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LightError {
    /// The bytes, or the body behind the path, are no MessagePack.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Not `[table, state]`.
    #[error("byte {offset} is not that of a snapshot: an array of a table of types and a state")]
    NotASnapshot {
        /// Where something else begins.
        offset: usize,
    },
    /// An entry of the table that makes no sense.
    #[error(
        "type `{name}` of the table at byte {offset} has no number of its own from 0 to 255, or no \
         list of properties"
    )]
    BadType {
        /// Where the table is.
        offset: usize,
        /// The name of the type.
        name: String,
    },
    /// The message ends before its body.
    #[error("the message ends at byte {offset}, before its body")]
    Truncated {
        /// How long it is.
        offset: usize,
    },
    /// The first byte is none of the operations.
    #[error("operation {op} at byte 0 is none of 0, 1 and 2")]
    UnknownOp {
        /// The byte.
        op: u8,
    },
    /// A path longer than signed bytes can say.
    #[error("byte 1 says that the path has {size} bytes, but it has at most {LONGEST_PATH}")]
    PathTooLong {
        /// The byte.
        size: u8,
    },
    /// A segment of the path is not in the table.
    #[error("byte {offset} names property {property} of type {of}, which the table does not have")]
    UnknownProperty {
        /// Where the segment is.
        offset: usize,
        /// The number of the type.
        of: u8,
        /// The number of the property.
        property: u8,
    },
    /// The body has fewer keys and values than the path and the operation need, or more.
    #[error("the body at byte {offset} does not hold {keys} keys and the values of a patch")]
    BadBody {
        /// Where the body is.
        offset: usize,
        /// How many keys the path needs.
        keys: usize,
    },
}

impl LightDecoder {
    /// A decoder for types that are known without a snapshot: of each, the names of its properties.
    pub fn new(types: Vec<Vec<String>>) -> Self {
        let names = |of: Vec<String>| of.into_iter().map(Text::from).collect();
        Self { types: types.into_iter().map(names).collect() }
    }

    /// Reads a snapshot: the decoder for what follows, and the state.
    ///
    /// # Errors
    ///
    /// If the bytes are no snapshot.
    pub fn from_snapshot(bytes: &[u8]) -> Result<(Self, Value), LightError> {
        let mut reader = Reader::new(bytes)?;
        if reader.array()? != Some(2) {
            return Err(LightError::NotASnapshot { offset: 0 });
        }
        let offset = reader.offset();
        if !reader.is_container() || reader.is_array() {
            return Err(LightError::NotASnapshot { offset });
        }
        let table = Packer::message(&mut reader, 1)?;
        let mut types: Vec<Option<Vec<Text>>> = Vec::new();
        for (name, entry) in table.entries(0) {
            let bad = || LightError::BadType { offset, name: table.text(name).into_owned() };
            let index = table.entry(entry, "index").and_then(|at| table.cells[at].as_u64());
            let props = table.entry(entry, "props").and_then(|at| table.texts(at));
            let index = index.filter(|index| *index < 256);
            let (index, props) = index.zip(props).ok_or_else(bad)?;
            let index = index as usize;
            if index >= types.len() {
                types.resize(index + 1, None);
            }
            if types[index].replace(props).is_some() {
                return Err(bad());
            }
        }
        let state = reader.value(1)?;
        reader.end()?;
        let types = types.into_iter().map(Option::unwrap_or_default).collect();
        Ok((Self { types }, state))
    }

    /// Reads a patch.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, and where.
    pub fn patch(&self, bytes: &[u8]) -> Result<Patch, LightError> {
        let (&[op, size], rest) =
            bytes.split_first_chunk::<2>().ok_or(LightError::Truncated { offset: bytes.len() })?;
        let op = Op::from_number(op.into()).ok_or(LightError::UnknownOp { op })?;
        if usize::from(size) > LONGEST_PATH {
            return Err(LightError::PathTooLong { size });
        }
        let (header, _) = rest
            .split_at_checked(size.into())
            .ok_or(LightError::Truncated { offset: bytes.len() })?;
        let keys = self.check(header)?;
        let mut body = Reader::behind(bytes, 2 + header.len())?;
        let bad = LightError::BadBody { offset: 2 + header.len(), keys };
        let Some(left) = body.array()?.and_then(|len| len.checked_sub(keys)) else {
            return Err(bad);
        };
        let mut path = String::new();
        let mut at = 0;
        while let Some(&of) = header.get(at) {
            if of == KEY {
                match body.value(1)? {
                    Value::String(key) => patch::push_segment(&mut path, &key),
                    Value::Unsigned(key) => patch::push_index(&mut path, key),
                    _ => return Err(bad),
                }
                at += 1;
            } else {
                let name = &self.types[usize::from(of)][usize::from(header[at + 1])];
                patch::push_segment(&mut path, name);
                at += 2;
            }
        }
        let (value, old) = match (op, left) {
            (Op::Add, 1) | (Op::Replace, 1) => (Some(body.value(1)?), None),
            (Op::Replace, 2) => (Some(body.value(1)?), Some(body.value(1)?)),
            (Op::Remove, 0) => (None, None),
            (Op::Remove, 1) => (None, Some(body.value(1)?)),
            _ => return Err(bad),
        };
        body.end()?;
        Ok(Patch { op, path: Path::from_pointer(&path), value, old })
    }

    /// Checks that the table has all that a path names, and returns how many keys it needs.
    fn check(&self, header: &[u8]) -> Result<usize, LightError> {
        let (mut at, mut keys) = (0, 0);
        while let Some(&of) = header.get(at) {
            let offset = 2 + at;
            // The original takes any negative byte for a key.
            if of == KEY {
                keys += 1;
                at += 1;
                continue;
            }
            let Some(&property) = header.get(at + 1) else {
                return Err(LightError::Truncated { offset: 2 + header.len() });
            };
            let names = self.types.get(usize::from(of)).filter(|_| of < 0x80);
            if property >= 0x80 || names.is_none_or(|of| usize::from(property) >= of.len()) {
                return Err(LightError::UnknownProperty { offset, of, property });
            }
            at += 2;
        }
        Ok(keys)
    }
}
