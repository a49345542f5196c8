//! Reads messages, within bounds.

use thiserror::Error;

use super::{
    pack::Packer,
    packed::{Cell, Span, text},
    value::{Text, Value},
};

/// How deep arrays and objects may lie within each other.
pub const MAX_DEPTH: usize = 256;

/// How many bytes a message has at most: 1 GiB.
const LONGEST: usize = 1 << 30;

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
    /// More bytes than a message can have.
    #[error("the message has {len} bytes, and at most {LONGEST} are read")]
    TooLong {
        /// How many it has.
        len: usize,
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
    let mut reader = Reader::new(bytes)?;
    let value = reader.value(0)?;
    reader.end()?;
    Ok(value)
}

/// Reads the parts of a message one after the other.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    /// How many values may still be announced. All arrays and objects of a message have as many together
    /// as it has bytes, at most, so that nobody is made to reserve memory by numbers alone.
    room: usize,
    /// Where the ranges of cells begin.
    start: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match bytes.len() {
            len @ ..=LONGEST => Ok(Self { bytes, offset: 0, room: len, start: 0 }),
            len => Err(DecodeError::TooLong { len }),
        }
    }

    /// Reads what follows the first so many bytes of a message.
    pub(crate) fn behind(bytes: &'a [u8], offset: usize) -> Result<Self, DecodeError> {
        Ok(Self { offset: offset.min(bytes.len()), ..Self::new(bytes)? })
    }

    /// Where the next value begins.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// A range of the message, as cells count it.
    #[inline]
    pub(crate) fn part(&self, span: Span) -> &'a [u8] {
        &self.bytes[self.start..][span.range()]
    }

    /// Counts the ranges of cells from the next value on.
    pub(super) fn start_here(&mut self) -> usize {
        self.start = self.offset;
        self.start
    }

    /// Counts them from the beginning of the message again, which is returned.
    pub(super) fn restart(&mut self) -> &'a [u8] {
        self.start = 0;
        self.bytes
    }

    /// How many bytes are left.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.offset
    }

    /// Whether there is nothing more.
    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            count => Err(DecodeError::Trailing { offset: self.offset, count }),
        }
    }

    /// The next bytes, as a range of the message.
    #[inline(always)]
    fn span(&mut self, len: usize) -> Result<Span, DecodeError> {
        if len > self.left() {
            return Err(self.truncated(len));
        }
        let span = Span::new(self.offset - self.start, len);
        self.offset += len;
        Ok(span)
    }

    #[cold]
    fn truncated(&self, len: usize) -> DecodeError {
        DecodeError::Truncated { offset: self.offset, needed: len - self.left() }
    }

    #[inline(always)]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes[self.offset..].first_chunk::<N>() {
            Some(chunk) => {
                self.offset += N;
                Ok(*chunk)
            }
            None => Err(self.truncated(N)),
        }
    }

    #[inline(always)]
    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.chunk::<1>()?[0])
    }

    /// A length of 1, 2 or 4 bytes.
    pub(super) fn len(&mut self, size: u8) -> Result<usize, DecodeError> {
        Ok(match size {
            1 => self.u8()?.into(),
            2 => u16::from_be_bytes(self.chunk()?).into(),
            _ => u32::from_be_bytes(self.chunk()?) as usize,
        })
    }

    /// The byte with which the next value begins, if there is one.
    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.offset).copied()
    }

    /// The length of the array that comes next; nothing, and nothing is read, if none does.
    #[inline]
    pub(crate) fn array(&mut self) -> Result<Option<usize>, DecodeError> {
        let len = match self.peek() {
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

    /// Whether an array or an object comes next.
    #[inline(always)]
    pub(crate) fn is_container(&self) -> bool {
        matches!(self.peek(), Some(0x80..0xa0 | 0xdc..=0xdf))
    }

    /// Whether an array comes next.
    #[inline(always)]
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.peek(), Some(0x90..0xa0 | 0xdc..=0xdd))
    }

    /// The whole number that comes next, 0 or above, if it is one; another value is read too.
    #[inline(always)]
    pub(crate) fn unsigned(&mut self, depth: usize) -> Result<Option<u64>, DecodeError> {
        match self.peek() {
            Some(small @ ..0x80) => {
                self.offset += 1;
                Ok(Some(small.into()))
            }
            _ => self.other_unsigned(depth),
        }
    }

    #[inline(never)]
    fn other_unsigned(&mut self, depth: usize) -> Result<Option<u64>, DecodeError> {
        match self.peek() {
            Some(0xcc..=0xcf) => Ok(self.leaf()?.as_u64()),
            _ => Ok(self.value(depth)?.as_u64()),
        }
    }

    /// The whole number that comes next, if it is one; another value is read too.
    #[inline(always)]
    pub(crate) fn signed(&mut self, depth: usize) -> Result<Option<i64>, DecodeError> {
        match self.peek() {
            Some(small @ (..0x80 | 0xe0..)) => {
                self.offset += 1;
                Ok(Some(i64::from(small as i8)))
            }
            _ => self.other_signed(depth),
        }
    }

    #[inline(never)]
    fn other_signed(&mut self, depth: usize) -> Result<Option<i64>, DecodeError> {
        Ok(match self.value(depth)? {
            Value::Signed(number) => Some(number),
            value => value.as_u64().and_then(|number| i64::try_from(number).ok()),
        })
    }

    /// Reads these bytes. Nothing is read of others.
    #[inline(always)]
    pub(crate) fn eat_bytes<const N: usize>(&mut self, bytes: [u8; N]) -> bool {
        let is_it = self.bytes[self.offset..].starts_with(&bytes);
        if is_it {
            self.offset += N;
        }
        is_it
    }

    /// The text that comes next, if it is one; another value is read too.
    #[inline]
    pub(crate) fn text(&mut self, depth: usize) -> Result<Option<Text>, DecodeError> {
        if self.is_text() {
            let at = self.text_range()?;
            return Ok(Some(text(&self.bytes[at])));
        }
        self.value(depth)?;
        Ok(None)
    }

    /// Whether text comes next.
    #[inline(always)]
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.peek(), Some(0xa0..0xc0 | 0xd9..=0xdb))
    }

    /// The text in a cell that was read of this message; nothing if it is something else.
    pub(crate) fn owned(&self, cell: Cell) -> Text {
        match cell {
            Cell::Text(span) => text(self.part(span)),
            _ => Text::default(),
        }
    }

    /// Where the text that comes next lies in the message.
    #[inline(always)]
    fn text_range(&mut self) -> Result<std::ops::Range<usize>, DecodeError> {
        let Cell::Text(span) = self.leaf()? else { return Ok(0..0) };
        Ok(self.start + span.at as usize..self.start + span.range().end)
    }

    /// Reads text that is this one. Nothing is read of another.
    #[inline(always)]
    pub(super) fn eat(&mut self, text: Span) -> bool {
        let (Some(code @ 0xa0..0xc0), true) = (self.peek(), text.len < 32) else { return false };
        let (at, len) = (self.offset + 1, text.len as usize);
        let known = self.start + text.at as usize;
        let is_it = usize::from(code & 0x1f) == len
            && self.bytes.get(at..at + len) == self.bytes.get(known..known + len);
        if is_it {
            self.offset = at + len;
        }
        is_it
    }

    /// The value that comes next.
    #[inline]
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        if self.is_container() {
            return Packer::value(self, depth);
        }
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep { offset: self.offset });
        }
        Ok(self.leaf()?.leaf(self.bytes))
    }

    /// The value that comes next, which is no array and no object.
    #[inline(always)]
    pub(crate) fn leaf(&mut self) -> Result<Cell, DecodeError> {
        let offset = self.offset;
        Ok(match self.u8()? {
            code @ ..0x80 => Cell::Unsigned(code.into()),
            code @ 0xa0..0xc0 => Cell::Text(self.span(usize::from(code & 0x1f))?),
            0xc2 => Cell::Boolean(false),
            0xc3 => Cell::Boolean(true),
            0xcc => Cell::Unsigned(self.u8()?.into()),
            0xcd => Cell::Unsigned(u16::from_be_bytes(self.chunk()?).into()),
            0xcb => Cell::Double(f64::from_be_bytes(self.chunk()?)),
            code => self.other(code, offset)?,
        })
    }

    /// Reads to one cell after the other as long as there are values that lie in a cell alone: not to an array,
    /// an object or an extension. Returns how many there were.
    #[inline]
    pub(crate) fn leaves(&mut self, cells: &mut [Cell]) -> Result<usize, DecodeError> {
        // To keep where it is in a register, and not where others might see it, is half of the speed.
        let (bytes, mut offset) = (self.bytes, self.offset);
        let mut count = 0;
        for cell in cells {
            match bytes.get(offset) {
                Some(&code @ ..0x80) => {
                    *cell = Cell::Unsigned(code.into());
                    offset += 1;
                }
                Some(&code @ 0xa0..0xc0) => {
                    let len = usize::from(code & 0x1f);
                    offset += 1;
                    if bytes.len() - offset < len {
                        self.offset = offset;
                        return Err(self.truncated(len));
                    }
                    *cell = Cell::Text(Span::new(offset - self.start, len));
                    offset += len;
                }
                Some(0x80..0xa0 | 0xc7..=0xc9 | 0xd4..=0xd8 | 0xdc..=0xdf) => break,
                _ => {
                    self.offset = offset;
                    *cell = self.leaf()?;
                    offset = self.offset;
                }
            }
            count += 1;
        }
        self.offset = offset;
        Ok(count)
    }

    /// Reads a text to each of these cells. Returns whether all of them were texts; else the first value that is
    /// none comes next.
    #[inline]
    pub(crate) fn texts(&mut self, cells: &mut [Cell]) -> Result<bool, DecodeError> {
        let (bytes, mut offset) = (self.bytes, self.offset);
        for cell in cells {
            match bytes.get(offset) {
                Some(&code @ 0xa0..0xc0) if usize::from(code & 0x1f) < bytes.len() - offset => {
                    let len = usize::from(code & 0x1f);
                    *cell = Cell::Text(Span::new(offset + 1 - self.start, len));
                    offset += 1 + len;
                }
                _ => {
                    self.offset = offset;
                    if !self.is_text() {
                        return Ok(false);
                    }
                    *cell = self.leaf()?;
                    offset = self.offset;
                }
            }
        }
        self.offset = offset;
        Ok(true)
    }

    /// What values begin with less often.
    #[inline(never)]
    fn other(&mut self, code: u8, offset: usize) -> Result<Cell, DecodeError> {
        Ok(match code {
            0xc0 => Cell::Null,
            0xc4..=0xc6 => {
                let len = self.len(1 << (code - 0xc4))?;
                Cell::Bytes(self.span(len)?)
            }
            0xc7..=0xc9 => {
                let len = self.len(1 << (code - 0xc7))?;
                self.extension(len, false)?
            }
            0xca => Cell::Double(f64::from(f32::from_be_bytes(self.chunk()?))),
            0xce => Cell::Unsigned(u32::from_be_bytes(self.chunk()?).into()),
            0xcf => Cell::Unsigned(u64::from_be_bytes(self.chunk()?)),
            0xd0 => signed(i8::from_be_bytes(self.chunk()?).into()),
            0xd1 => signed(i16::from_be_bytes(self.chunk()?).into()),
            0xd2 => signed(i32::from_be_bytes(self.chunk()?).into()),
            0xd3 => signed(i64::from_be_bytes(self.chunk()?)),
            0xd4..=0xd8 => self.extension(1 << (code - 0xd4), true)?,
            0xd9..=0xdb => {
                let len = self.len(1 << (code - 0xd9))?;
                Cell::Text(self.span(len)?)
            }
            0xe0.. => Cell::Signed(i64::from(code as i8)),
            _ => return Err(DecodeError::Reserved { offset }),
        })
    }

    fn extension(&mut self, len: usize, fixed: bool) -> Result<Cell, DecodeError> {
        let kind = self.u8()? as i8;
        let span = self.span(len)?;
        let at = self.start + span.at as usize;
        Ok(match (kind, fixed, &self.bytes[at..at + len]) {
            (0, true, [_]) => Cell::Undefined,
            (0, true, &[a, b, c, d, e, f, g, h]) => {
                Cell::Date(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
            (0, false, _) => Cell::Bytes(span),
            (kind, ..) => Cell::Extension(kind, span),
        })
    }

    /// Notes that so many values of so many parts follow, if the bytes left can hold them.
    #[inline]
    pub(crate) fn announce(&mut self, len: usize, each: usize) -> Result<(), DecodeError> {
        let left = self.left().min(self.room);
        let count = len.saturating_mul(each);
        if let Some(needed @ 1..) = count.checked_sub(left) {
            return Err(DecodeError::Truncated { offset: self.offset, needed });
        }
        self.room -= count;
        Ok(())
    }
}

/// A whole number.
#[inline(always)]
fn signed(value: i64) -> Cell {
    u64::try_from(value).map_or(Cell::Signed(value), Cell::Unsigned)
}
