//! Reads messages, within bounds.

use thiserror::Error;

use super::value::{Object, Value};

/// How deep arrays and objects may lie within each other.
pub const MAX_DEPTH: usize = 256;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a value.
    #[error("the message ends within the value at byte {offset}, which needs {needed} bytes more")]
    Truncated {
        /// Where the value, or the part of it, begins.
        offset: usize,
        /// How many bytes are missing, at least.
        needed: usize,
    },
    /// The byte that MessagePack never uses.
    #[error("byte {offset} is c1, with which no value begins")]
    Reserved {
        /// Where it is.
        offset: usize,
    },
    /// More bytes than one value.
    #[error("{count} bytes follow the message, which ends at byte {offset}")]
    Trailing {
        /// Where the value ends.
        offset: usize,
        /// How many bytes follow.
        count: usize,
    },
    /// Too many arrays and objects within each other.
    #[error("the value at byte {offset} lies more than {MAX_DEPTH} deep")]
    TooDeep {
        /// Where it is.
        offset: usize,
    },
    /// A member of an object has no text for its name.
    #[error("the name of a member at byte {offset} is neither text nor a number")]
    Key {
        /// Where it is.
        offset: usize,
    },
}

/// Reads the one value that `bytes` are.
///
/// 64-bit integers are exact. Text that is not UTF-8 is mended with U+FFFD. An extension that is
/// none of JavaScript's values is an array of its type and its bytes. Of members of one name, the
/// last one counts.
///
/// # Errors
///
/// What is wrong with the bytes, and where.
pub fn decode(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader { bytes, offset: 0 };
    let value = reader.value(0)?;
    match bytes.len() - reader.offset {
        0 => Ok(value),
        count => Err(DecodeError::Trailing { offset: reader.offset, count }),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let taken = rest.get(..len).ok_or_else(|| DecodeError::Truncated {
            offset: self.offset,
            needed: len - rest.len(),
        })?;
        self.offset += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    /// A length of 1, 2 or 4 bytes.
    fn len(&mut self, size: u8) -> Result<usize, DecodeError> {
        Ok(match size {
            1 => self.u8()?.into(),
            2 => u16::from_be_bytes(self.array()?).into(),
            _ => u32::from_be_bytes(self.array()?) as usize,
        })
    }

    /// Calls itself for what lies within: what is on the stack meanwhile is kept small.
    fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let offset = self.offset;
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep { offset });
        }
        match self.u8()? {
            code @ 0x80..0x90 => self.members(usize::from(code & 0x0f), depth),
            code @ 0x90..0xa0 => self.items(usize::from(code & 0x0f), depth),
            code @ 0xdc..=0xdd => {
                let len = self.len(2 << (code - 0xdc))?;
                self.items(len, depth)
            }
            code @ 0xde..=0xdf => {
                let len = self.len(2 << (code - 0xde))?;
                self.members(len, depth)
            }
            code => self.leaf(code, offset),
        }
    }

    fn leaf(&mut self, code: u8, offset: usize) -> Result<Value, DecodeError> {
        Ok(match code {
            0x00..0x80 => code.into(),
            0xa0..0xc0 => self.text(usize::from(code & 0x1f))?,
            0xc0 => Value::Null,
            0xc2 => false.into(),
            0xc3 => true.into(),
            0xc4..=0xc6 => {
                let len = self.len(1 << (code - 0xc4))?;
                Value::Bytes(self.take(len)?.to_vec())
            }
            0xc7..=0xc9 => {
                let len = self.len(1 << (code - 0xc7))?;
                self.extension(len, false)?
            }
            0xca => f64::from(f32::from_be_bytes(self.array()?)).into(),
            0xcb => f64::from_be_bytes(self.array()?).into(),
            0xcc => self.u8()?.into(),
            0xcd => u16::from_be_bytes(self.array()?).into(),
            0xce => u32::from_be_bytes(self.array()?).into(),
            0xcf => u64::from_be_bytes(self.array()?).into(),
            0xd0 => i64::from(i8::from_be_bytes(self.array()?)).into(),
            0xd1 => i64::from(i16::from_be_bytes(self.array()?)).into(),
            0xd2 => i64::from(i32::from_be_bytes(self.array()?)).into(),
            0xd3 => i64::from_be_bytes(self.array()?).into(),
            0xd4..=0xd8 => self.extension(1 << (code - 0xd4), true)?,
            0xd9..=0xdb => {
                let len = self.len(1 << (code - 0xd9))?;
                self.text(len)?
            }
            0xe0.. => i64::from(code as i8).into(),
            _ => return Err(DecodeError::Reserved { offset }),
        })
    }

    fn text(&mut self, len: usize) -> Result<Value, DecodeError> {
        Ok(Value::String(String::from_utf8_lossy(self.take(len)?).into_owned()))
    }

    fn extension(&mut self, len: usize, fixed: bool) -> Result<Value, DecodeError> {
        let kind = self.u8()? as i8;
        let bytes = self.take(len)?;
        Ok(match (kind, fixed, bytes) {
            (0, true, [_]) => Value::Undefined,
            (0, true, &[a, b, c, d, e, f, g, h]) => {
                Value::Date(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
            (0, false, bytes) => Value::Bytes(bytes.to_vec()),
            (kind, _, bytes) => {
                Value::Array(vec![i64::from(kind).into(), Value::Bytes(bytes.to_vec())])
            }
        })
    }

    /// A number of values that the bytes left can hold at most, so that nobody is made to reserve
    /// memory by a number alone.
    fn bounded(&self, len: usize, each: usize) -> Result<usize, DecodeError> {
        let left = self.bytes.len() - self.offset;
        match len.saturating_mul(each).checked_sub(left) {
            None | Some(0) => Ok(len),
            Some(needed) => Err(DecodeError::Truncated { offset: self.offset, needed }),
        }
    }

    fn items(&mut self, len: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut items = Vec::with_capacity(self.bounded(len, 1)?);
        for _ in 0..len {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn members(&mut self, len: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut members = Object::default();
        members.reserve(self.bounded(len, 2)?);
        for _ in 0..len {
            let key = self.key()?;
            members.insert(key, self.value(depth + 1)?);
        }
        Ok(Value::Object(members))
    }
    fn key(&mut self) -> Result<String, DecodeError> {
        let offset = self.offset;
        let code = self.u8()?;
        match code {
            0x80..0xa0 | 0xdc..=0xdf => Err(DecodeError::Key { offset }),
            _ => match self.leaf(code, offset)? {
                Value::String(key) => Ok(key),
                Value::Unsigned(key) => Ok(key.to_string()),
                Value::Signed(key) => Ok(key.to_string()),
                _ => Err(DecodeError::Key { offset }),
            },
        }
    }
}
