//! MessagePack as a value.

use std::sync::Arc;

use super::{DecodeError, MAX_DEPTH};
use crate::tree::{Members, Tree};

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads MessagePack without extensions and binary data.
///
/// # Errors
///
/// What is wrong, and at which byte.
pub fn read_message_pack(bytes: &[u8]) -> Result<Tree> {
    let mut reader = Reader { bytes, at: 0 };
    let tree = reader.value(MAX_DEPTH)?;
    if reader.at < bytes.len() {
        return Err(DecodeError::Trailing { offset: reader.at });
    }
    Ok(tree)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Tree> {
        let start = self.at;
        let [mark] = self.take(start)?;
        Ok(match mark {
            0x00..=0x7f => mark.into(),
            0x80..=0x8f => self.object(start, usize::from(mark & 0xf), depth)?,
            0x90..=0x9f => self.array(start, usize::from(mark & 0xf), depth)?,
            0xa0..=0xbf => self.text(start, usize::from(mark & 0x1f))?,
            0xc0 => Tree::Null,
            0xc2 => false.into(),
            0xc3 => true.into(),
            0xca => f64::from(f32::from_be_bytes(self.take(start)?)).into(),
            0xcb => Tree::Double(f64::from_be_bytes(self.take(start)?)),
            0xcc => u8::from_be_bytes(self.take(start)?).into(),
            0xcd => u16::from_be_bytes(self.take(start)?).into(),
            0xce => u32::from_be_bytes(self.take(start)?).into(),
            0xcf => u64::from_be_bytes(self.take(start)?).into(),
            0xd0 => i8::from_be_bytes(self.take(start)?).into(),
            0xd1 => i16::from_be_bytes(self.take(start)?).into(),
            0xd2 => i32::from_be_bytes(self.take(start)?).into(),
            0xd3 => i64::from_be_bytes(self.take(start)?).into(),
            0xd9..=0xdb => {
                let len = self.len(start, mark - 0xd9)?;
                self.text(start, len)?
            }
            0xdc | 0xdd => {
                let len = self.len(start, mark - 0xdc + 1)?;
                self.array(start, len, depth)?
            }
            0xde | 0xdf => {
                let len = self.len(start, mark - 0xde + 1)?;
                self.object(start, len, depth)?
            }
            0xe0..=0xff => i8::from_be_bytes([mark]).into(),
            byte => return Err(DecodeError::Mark { offset: start, byte }),
        })
    }

    fn array(&mut self, start: usize, len: usize, depth: usize) -> Result<Tree> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth { offset: start })?;
        self.check_left(start, len)?;
        (0..len).map(|_| self.value(depth)).collect::<Result<_>>().map(Tree::Array)
    }

    fn object(&mut self, start: usize, len: usize, depth: usize) -> Result<Tree> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth { offset: start })?;
        self.check_left(start, len)?;
        let mut members = Members::new();
        for _ in 0..len {
            let offset = self.at;
            let Tree::String(name) = self.value(0)? else {
                return Err(DecodeError::Name { offset });
            };
            members.insert(name, self.value(depth)?);
        }
        Ok(Tree::Object(members))
    }

    fn text(&mut self, start: usize, len: usize) -> Result<Tree> {
        let bytes = self.slice(start, len)?;
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Text { offset: start })?;
        Ok(Tree::String(Arc::from(text)))
    }

    /// A length of 1, 2 or 4 bytes.
    fn len(&mut self, start: usize, size: u8) -> Result<usize> {
        Ok(match size {
            0 => u8::from_be_bytes(self.take(start)?).into(),
            1 => u16::from_be_bytes(self.take(start)?).into(),
            _ => u32::from_be_bytes(self.take(start)?) as usize,
        })
    }

    /// Each value takes a byte at least, so a header that promises more lies.
    fn check_left(&self, start: usize, len: usize) -> Result<()> {
        if len > self.bytes.len() - self.at {
            return Err(DecodeError::Ended { offset: start });
        }
        Ok(())
    }

    fn take<const N: usize>(&mut self, start: usize) -> Result<[u8; N]> {
        let slice = self.slice(start, N)?;
        slice.try_into().map_err(|_| DecodeError::Ended { offset: start })
    }

    fn slice(&mut self, start: usize, len: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let slice = rest.get(..len).ok_or(DecodeError::Ended { offset: start })?;
        self.at += len;
        Ok(slice)
    }
}
