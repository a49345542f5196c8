//! Reads `light`.

use thiserror::Error;

use super::{KEY, LONGEST_PATH};
use crate::{
    notepack::{self, DecodeError, Value},
    patch::{Op, Patch, Path},
};

/// Reads the patches that follow a snapshot.
#[derive(Clone, Debug, Default)]
pub struct LightDecoder {
    /// The names of the properties, by type.
    types: Vec<Vec<String>>,
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LightError {
    /// The bytes, or the body behind the path, are no MessagePack. Offsets count from the first
    /// byte of what is MessagePack.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Not `[table, state]`.
    #[error("the snapshot is no array of a table of types and a state")]
    NotASnapshot,
    /// An entry of the table that makes no sense.
    #[error(
        "type `{name}` of the table has no number of its own from 0 to 127, or no list of properties"
    )]
    BadType {
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
        Self { types }
    }

    /// Reads a snapshot: the decoder for what follows, and the state.
    ///
    /// # Errors
    ///
    /// If the bytes are no snapshot.
    pub fn from_snapshot(bytes: &[u8]) -> Result<(Self, Value), LightError> {
        let Value::Array(items) = notepack::decode(bytes)? else {
            return Err(LightError::NotASnapshot);
        };
        let Ok([Value::Object(table), state]) = <[Value; 2]>::try_from(items) else {
            return Err(LightError::NotASnapshot);
        };
        let mut types: Vec<Option<Vec<String>>> = Vec::new();
        for (name, entry) in &table {
            let bad = || LightError::BadType { name: name.clone() };
            let Value::Object(entry) = entry else { return Err(bad()) };
            let index = entry.get("index").and_then(Value::as_u64).filter(|index| *index < 256);
            let Some(Value::Array(props)) = entry.get("props") else { return Err(bad()) };
            let props = props.iter().map(|name| name.as_str().map(str::to_owned));
            let props: Option<Vec<String>> = props.collect();
            let (index, props) = index.zip(props).ok_or_else(bad)?;
            let index = index as usize;
            if index >= types.len() {
                types.resize(index + 1, None);
            }
            if types[index].replace(props).is_some() {
                return Err(bad());
            }
        }
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
        let (header, body) = rest
            .split_at_checked(size.into())
            .ok_or(LightError::Truncated { offset: bytes.len() })?;
        let segments = self.segments(header)?;
        let keys = segments.iter().filter(|segment| segment.is_none()).count();
        let bad = LightError::BadBody { offset: 2 + header.len(), keys };
        let Value::Array(body) = notepack::decode(body)? else { return Err(bad) };
        let mut body = body.into_iter();
        let mut path = Vec::with_capacity(segments.len());
        for segment in segments {
            path.push(match segment {
                Some(name) => name.to_owned(),
                None => match body.next() {
                    Some(Value::String(key)) => key,
                    Some(Value::Unsigned(key)) => key.to_string(),
                    _ => return Err(bad),
                },
            });
        }
        let value = if op == Op::Remove { None } else { body.next() };
        let old = if op == Op::Add { None } else { body.next() };
        if body.next().is_some() || (value.is_none() && op != Op::Remove) {
            return Err(bad);
        }
        Ok(Patch { op, path: Path::from_iter(path), value, old })
    }

    /// The names in a path; nothing where a key stands in the body.
    fn segments(&self, header: &[u8]) -> Result<Vec<Option<&str>>, LightError> {
        let mut segments = Vec::new();
        let mut at = 0;
        while let Some(&of) = header.get(at) {
            // The original takes any negative byte for a key.
            if of >= 0x80 {
                if of != KEY {
                    let property = header.get(at + 1).copied().unwrap_or_default();
                    return Err(LightError::UnknownProperty { offset: 2 + at, of, property });
                }
                segments.push(None);
                at += 1;
                continue;
            }
            let offset = 2 + at;
            let property =
                *header.get(at + 1).ok_or(LightError::Truncated { offset: 2 + header.len() })?;
            let name = self.types.get(usize::from(of)).and_then(|of| of.get(usize::from(property)));
            let unknown = LightError::UnknownProperty { offset, of, property };
            segments.push(Some(name.filter(|_| property < 0x80).ok_or(unknown)?.as_str()));
            at += 2;
        }
        Ok(segments)
    }
}
