//! Reads messages, within bounds.

use thiserror::Error;

use super::{
    object::{Members, Object},
    value::{Text, Value},
};

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
    let mut reader = Reader::new(bytes);
    let value = reader.value(0)?;
    reader.end()?;
    Ok(value)
}

/// Reads the parts of a message one after the other.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    /// For how many values room may still be made before they are read. All arrays and objects of
    /// a message have as many together as it has bytes, at most, so that nobody is made to reserve
    /// memory by numbers alone.
    room: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, room: bytes.len() }
    }

    /// Reads what follows the first so many bytes of a message.
    pub(crate) fn behind(bytes: &'a [u8], offset: usize) -> Self {
        Self { offset: offset.min(bytes.len()), ..Self::new(bytes) }
    }

    /// Where the next value begins.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Whether there is nothing more.
    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            count => Err(DecodeError::Trailing { offset: self.offset, count }),
        }
    }

    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes[self.offset..].split_at_checked(len) {
            Some((taken, _)) => {
                self.offset += len;
                Ok(taken)
            }
            None => Err(self.truncated(len)),
        }
    }

    #[cold]
    fn truncated(&self, len: usize) -> DecodeError {
        let needed = len - (self.bytes.len() - self.offset);
        DecodeError::Truncated { offset: self.offset, needed }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes[self.offset..].first_chunk::<N>() {
            Some(chunk) => {
                self.offset += N;
                Ok(*chunk)
            }
            None => Err(self.truncated(N)),
        }
    }

    #[inline]
    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.chunk::<1>()?[0])
    }

    /// A length of 1, 2 or 4 bytes.
    fn len(&mut self, size: u8) -> Result<usize, DecodeError> {
        Ok(match size {
            1 => self.u8()?.into(),
            2 => u16::from_be_bytes(self.chunk()?).into(),
            _ => u32::from_be_bytes(self.chunk()?) as usize,
        })
    }

    /// The length of the array that comes next; nothing, and nothing is read, if none does.
    #[inline]
    pub(crate) fn array(&mut self) -> Result<Option<usize>, DecodeError> {
        let len = match self.bytes.get(self.offset) {
            Some(code @ 0x90..0xa0) => {
                self.offset += 1;
                usize::from(code & 0x0f)
            }
            Some(code @ 0xdc..=0xdd) => {
                let size = 2 << (code - 0xdc);
                self.offset += 1;
                self.len(size)?
            }
            _ => return Ok(None),
        };
        Ok(Some(len))
    }

    /// The whole number that comes next, 0 or above, if it is one; another value is read too.
    #[inline]
    pub(crate) fn unsigned(&mut self, depth: usize) -> Result<Option<u64>, DecodeError> {
        match self.bytes.get(self.offset) {
            Some(&small @ ..0x80) => {
                self.offset += 1;
                Ok(Some(small.into()))
            }
            _ => Ok(self.value(depth)?.as_u64()),
        }
    }

    /// The whole number that comes next, if it is one; another value is read too.
    #[inline]
    pub(crate) fn signed(&mut self, depth: usize) -> Result<Option<i64>, DecodeError> {
        match self.bytes.get(self.offset) {
            Some(&small @ (..0x80 | 0xe0..)) => {
                self.offset += 1;
                Ok(Some(i64::from(small as i8)))
            }
            _ => Ok(match self.value(depth)? {
                Value::Signed(number) => Some(number),
                value => value.as_u64().and_then(|number| i64::try_from(number).ok()),
            }),
        }
    }

    /// The text that comes next, if it is one; another value is read too.
    #[inline]
    pub(crate) fn text(&mut self, depth: usize) -> Result<Option<Text>, DecodeError> {
        match self.bytes.get(self.offset) {
            Some(&code @ 0xa0..0xc0) => {
                self.offset += 1;
                self.take(usize::from(code & 0x1f)).map(|bytes| Some(text(bytes)))
            }
            _ => match self.value(depth)? {
                Value::String(text) => Ok(Some(text)),
                _ => Ok(None),
            },
        }
    }

    /// Whether an array comes next.
    #[inline]
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.bytes.get(self.offset), Some(0x90..0xa0 | 0xdc..=0xdd))
    }

    /// The value that comes next.
    #[inline]
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let mut value = Value::Undefined;
        self.read(depth, &mut value)?;
        Ok(value)
    }

    /// Reads the value that comes next to where it is to stay, where nothing is yet: to hand values up from call to call
    /// takes longer than to read them.
    ///
    /// Calls itself for what lies within: what is on the stack meanwhile is kept small.
    #[inline]
    pub(crate) fn read(&mut self, depth: usize, out: &mut Value) -> Result<(), DecodeError> {
        let offset = self.offset;
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep { offset });
        }
        match self.u8()? {
            code @ ..0x80 => fill(out, Value::Unsigned(code.into())),
            code @ 0xa0..0xc0 => {
                fill(out, Value::String(text(self.take(usize::from(code & 0x1f))?)));
            }
            code @ (0x80..0xa0 | 0xdc..=0xdf) => fill(out, self.nested(code, depth)?),
            code => return self.leaf(code, offset, out),
        }
        Ok(())
    }

    fn nested(&mut self, code: u8, depth: usize) -> Result<Value, DecodeError> {
        match code {
            0x80..0x90 => self.members(usize::from(code & 0x0f), depth),
            0xdc..=0xdd => {
                let len = self.len(2 << (code - 0xdc))?;
                self.items(len, depth)
            }
            0xde..=0xdf => {
                let len = self.len(2 << (code - 0xde))?;
                self.members(len, depth)
            }
            _ => self.items(usize::from(code & 0x0f), depth),
        }
    }

    #[inline]
    fn leaf(&mut self, code: u8, offset: usize, out: &mut Value) -> Result<(), DecodeError> {
        match code {
            0x00..0x80 => fill(out, code.into()),
            0xa0..0xc0 => fill(out, Value::String(text(self.take(usize::from(code & 0x1f))?))),
            0xc0 => fill(out, Value::Null),
            0xc2 => fill(out, false.into()),
            0xc3 => fill(out, true.into()),
            0xca => fill(out, f64::from(f32::from_be_bytes(self.chunk()?)).into()),
            0xcb => fill(out, f64::from_be_bytes(self.chunk()?).into()),
            0xcc => fill(out, self.u8()?.into()),
            0xcd => fill(out, u16::from_be_bytes(self.chunk()?).into()),
            0xce => fill(out, u32::from_be_bytes(self.chunk()?).into()),
            0xcf => fill(out, u64::from_be_bytes(self.chunk()?).into()),
            0xd0 => fill(out, i64::from(i8::from_be_bytes(self.chunk()?)).into()),
            0xd1 => fill(out, i64::from(i16::from_be_bytes(self.chunk()?)).into()),
            0xd2 => fill(out, i64::from(i32::from_be_bytes(self.chunk()?)).into()),
            0xd3 => fill(out, i64::from_be_bytes(self.chunk()?).into()),
            0xd9..=0xdb => {
                let len = self.len(1 << (code - 0xd9))?;
                fill(out, Value::String(text(self.take(len)?)));
            }
            0xe0.. => fill(out, i64::from(code as i8).into()),
            code => fill(out, self.rare(code, offset)?),
        }
        Ok(())
    }

    /// Bytes and extensions.
    fn rare(&mut self, code: u8, offset: usize) -> Result<Value, DecodeError> {
        Ok(match code {
            0xc4..=0xc6 => {
                let len = self.len(1 << (code - 0xc4))?;
                Value::Bytes(self.take(len)?.to_vec())
            }
            0xc7..=0xc9 => {
                let len = self.len(1 << (code - 0xc7))?;
                self.extension(len, false)?
            }
            0xd4..=0xd8 => self.extension(1 << (code - 0xd4), true)?,
            _ => return Err(DecodeError::Reserved { offset }),
        })
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

    /// Checks that the bytes left can hold so many values, and returns for how many of them to make
    /// room.
    #[inline]
    pub(crate) fn room(&mut self, len: usize, each: usize) -> Result<usize, DecodeError> {
        let left = self.bytes.len() - self.offset;
        if let Some(needed @ 1..) = len.saturating_mul(each).checked_sub(left) {
            return Err(DecodeError::Truncated { offset: self.offset, needed });
        }
        let room = len.min(self.room);
        self.room -= room;
        Ok(room)
    }

    fn items(&mut self, len: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut items = places(self.room(len, 1)?);
        for at in 0..len {
            self.read(depth + 1, place(&mut items, at))?;
        }
        Ok(Value::Array(items))
    }

    fn members(&mut self, len: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut members = Members::with_places(self.room(len, 2)?);
        for _ in 0..len {
            let key = self.key()?;
            self.read(depth + 1, members.place())?;
            members.name(key);
        }
        Ok(Value::Object(Object::of(members)))
    }

    fn key(&mut self) -> Result<Text, DecodeError> {
        let offset = self.offset;
        let code = self.u8()?;
        match code {
            0x80..0xa0 | 0xdc..=0xdf => Err(DecodeError::Key { offset }),
            0xa0..0xc0 => Ok(text(self.take(usize::from(code & 0x1f))?)),
            _ => {
                let mut key = Value::Undefined;
                self.leaf(code, offset, &mut key)?;
                match key {
                    Value::String(key) => Ok(key),
                    Value::Unsigned(key) => Ok(key.to_string().into()),
                    Value::Signed(key) => Ok(key.to_string().into()),
                    _ => Err(DecodeError::Key { offset }),
                }
            }
        }
    }
}

/// Places for values. Values are read into them, since a value on its way to the end of a list is
/// written twice.
#[inline]
pub(crate) fn places(count: usize) -> Vec<Value> {
    let mut places = Vec::with_capacity(count);
    places.resize_with(count, || Value::Undefined);
    places
}

/// A place in a list, at its end at the most.
#[inline]
pub(crate) fn place(places: &mut Vec<Value>, at: usize) -> &mut Value {
    if at == places.len() {
        places.push(Value::Undefined);
    }
    &mut places[at]
}

/// Puts a value in a place where none is yet.
#[inline(always)]
fn fill(place: &mut Value, value: Value) {
    debug_assert!(place.is_undefined(), "{place:?} would be forgotten");
    // There is nothing to drop, which the compiler does not know.
    std::mem::forget(std::mem::replace(place, value));
}

#[inline(always)]
fn text(bytes: &[u8]) -> Text {
    std::str::from_utf8(bytes).map_or_else(|_| Text::from_utf8_lossy(bytes), Text::from)
}
