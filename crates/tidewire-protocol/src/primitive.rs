//! The numbers and strings that frames are made of.
//!
//! They are those of the schema codec: little-endian, one prefix byte where the value does not fit in the first seven
//! bits. MessagePack payloads inside of frames are another matter: [`msgpack`](crate::msgpack).
//!
//! ```
//! use tidewire_protocol::primitive::{Reader, put_number, put_string};
//!
//! let mut bytes = Vec::new();
//! put_number(&mut bytes, 524.0);
//! put_string(&mut bytes, "late");
//! assert_eq!(bytes, b"\xcd\x0c\x02\xa4late");
//!
//! let mut reader = Reader::new(&bytes);
//! assert_eq!(reader.number()?, 524.0);
//! assert_eq!(reader.string()?, "late");
//! assert!(reader.is_empty());
//! # Ok::<(), tidewire_protocol::primitive::ReadError>(())
//! ```

use std::str;

use thiserror::Error;

/// Why a primitive could not be read. `offset` counts bytes from the start of what the [`Reader`] was made of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes ended first.
    #[error("ended at byte {offset}, where {needed} more bytes were announced")]
    Ended {
        /// Where reading stopped.
        offset: usize,
        /// How many bytes were asked for there.
        needed: usize,
    },
    /// No number begins with this byte.
    #[error("byte {byte:#04x} at {offset} does not begin a number")]
    NotANumber {
        /// The byte in question.
        byte: u8,
        /// Where it stands.
        offset: usize,
    },
    /// No string begins with this byte.
    #[error("byte {byte:#04x} at {offset} does not begin a string")]
    NotAString {
        /// The byte in question.
        byte: u8,
        /// Where it stands.
        offset: usize,
    },
    /// A string whose bytes are not UTF-8.
    #[error("the string that ends before byte {offset} is not UTF-8")]
    NotUtf8 {
        /// The first byte after the string.
        offset: usize,
    },
}

/// Reads primitives from the front of some bytes, and can only read what is there.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The next byte, left where it is.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// All that is left; the reader is empty after it.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`ReadError::Ended`] when nothing is left.
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        Ok(self.array::<1>()?[0])
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`ReadError::Ended`] when fewer are left; the reader stays where it was.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        if count > self.remaining() {
            return Err(ReadError::Ended { offset: self.at, needed: count });
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    /// The next `N` bytes, by value.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A number in any of its encodings. 64-bit integers lose what an `f64` cannot hold, as they do in JavaScript.
    ///
    /// # Errors
    /// [`ReadError::NotANumber`] for a byte that begins none, [`ReadError::Ended`] when it is cut off.
    pub fn number(&mut self) -> Result<f64, ReadError> {
        let offset = self.at;
        Ok(match self.byte()? {
            byte @ 0x00..=0x7f => f64::from(byte),
            byte @ 0xe0..=0xff => f64::from(byte as i8),
            0xca => f64::from(f32::from_le_bytes(self.array()?)),
            0xcb => f64::from_le_bytes(self.array()?),
            0xcc => f64::from(self.byte()?),
            0xcd => f64::from(u16::from_le_bytes(self.array()?)),
            0xce => f64::from(u32::from_le_bytes(self.array()?)),
            0xcf => u64::from_le_bytes(self.array()?) as f64,
            0xd0 => f64::from(self.byte()? as i8),
            0xd1 => f64::from(i16::from_le_bytes(self.array()?)),
            0xd2 => f64::from(i32::from_le_bytes(self.array()?)),
            0xd3 => i64::from_le_bytes(self.array()?) as f64,
            byte => return Err(ReadError::NotANumber { byte, offset }),
        })
    }

    /// A string: its length in bytes, then UTF-8.
    ///
    /// # Errors
    /// [`ReadError::NotAString`] for a byte that begins none, [`ReadError::Ended`] when it is cut off,
    /// [`ReadError::NotUtf8`].
    pub fn string(&mut self) -> Result<&'a str, ReadError> {
        let offset = self.at;
        let length = match self.byte()? {
            byte @ 0xa0..=0xbf => usize::from(byte & 0x1f),
            0xd9 => usize::from(self.byte()?),
            0xda => usize::from(u16::from_le_bytes(self.array()?)),
            0xdb => u32::from_le_bytes(self.array()?) as usize,
            byte => return Err(ReadError::NotAString { byte, offset }),
        };
        let bytes = self.take(length)?;
        str::from_utf8(bytes).map_err(|_| ReadError::NotUtf8 { offset: self.at })
    }
}

/// Appends a number in its shortest encoding: an integer where it is one, else a float.
///
/// As in the reference encoder, NaN becomes 0, the infinities become ±(2⁵³ − 1), and a fraction is an `f32` where that is
/// within 10⁻⁴ of it.
pub fn put_number(out: &mut Vec<u8>, value: f64) {
    const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
    let value = if value.is_nan() { 0.0 } else { value };
    let value = if value.is_infinite() { MAX_SAFE_INTEGER.copysign(value) } else { value };
    if value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER {
        return put_integer(out, value as i64);
    }
    let narrow = value as f32;
    if (f64::from(narrow) - value).abs() < 1e-4 {
        out.push(0xca);
        out.extend_from_slice(&narrow.to_le_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Appends an integer in its shortest encoding.
pub fn put_integer(out: &mut Vec<u8>, value: i64) {
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => put(out, 0xcd, &(value as u16).to_le_bytes()),
        0x1_0000..=0xffff_ffff => put(out, 0xce, &(value as u32).to_le_bytes()),
        0x1_0000_0000.. => put(out, 0xcf, &(value as u64).to_le_bytes()),
        -0x20..0 => out.push(value as i8 as u8),
        -0x80..-0x20 => out.extend_from_slice(&[0xd0, value as i8 as u8]),
        -0x8000..-0x80 => put(out, 0xd1, &(value as i16).to_le_bytes()),
        -0x8000_0000..-0x8000 => put(out, 0xd2, &(value as i32).to_le_bytes()),
        _ => put(out, 0xd3, &value.to_le_bytes()),
    }
}

/// Appends a string. Strings of 4 GiB and more are cut at the last character that fits.
pub fn put_string(out: &mut Vec<u8>, value: &str) {
    let mut end = value.len().min(u32::MAX as usize);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let value = &value[..end];
    match value.len() {
        length @ 0..=0x1f => out.push(0xa0 | length as u8),
        length @ 0x20..=0xff => out.extend_from_slice(&[0xd9, length as u8]),
        length @ 0x100..=0xffff => put(out, 0xda, &(length as u16).to_le_bytes()),
        length => put(out, 0xdb, &(length as u32).to_le_bytes()),
    }
    out.extend_from_slice(value.as_bytes());
}

fn put(out: &mut Vec<u8>, prefix: u8, bytes: &[u8]) {
    out.push(prefix);
    out.extend_from_slice(bytes);
}
