//! Reading primitives: what is not there cannot be read.

use tidewire_state::{PrimitiveKind, Value};

use super::error::{DecodeErrorKind, Fault};

/// The bytes of a message that are left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// How many bytes the message has.
    len: usize,
    /// What the strings take that were read, in bytes.
    text: usize,
}

/// What a string takes beside its bytes, once it has any.
const TEXT: usize = 16;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len(), text: 0 }
    }

    /// How many bytes were read.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    /// How many bytes are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// At which byte it was when so many were left.
    pub(super) fn offset_of(&self, left: usize) -> usize {
        self.len - left
    }

    /// What the strings take that were read, in bytes.
    pub(super) fn text(&self) -> usize {
        self.text
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte, which stays.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Goes on where a copy has come to. A copy of all of it would wait for the parts to be written.
    #[inline(always)]
    pub(super) fn go_on(&mut self, copy: Self) {
        self.rest = copy.rest;
        self.text = copy.text;
    }

    /// Goes past a byte that was looked at.
    #[inline]
    pub(crate) fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let (byte, rest) = self.rest.split_first().ok_or_else(|| self.ended())?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.ended())?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A `number` that is an index, a length or a refId.
    #[inline(always)]
    pub(crate) fn unsigned(&mut self) -> Result<u32, Fault> {
        let start = self.rest;
        match self.byte()? {
            byte @ ..0x80 => Ok(u32::from(byte)),
            0xcc => Ok(u32::from(self.byte()?)),
            0xcd => Ok(u32::from(u16::from_le_bytes(self.array()?))),
            0xce => Ok(u32::from_le_bytes(self.array()?)),
            _ => {
                let (rest, integer) = unusual_unsigned(start, self.len)?;
                self.rest = rest;
                Ok(integer)
            }
        }
    }

    /// A `number`, in whichever of its forms.
    pub(crate) fn number(&mut self) -> Result<f64, Fault> {
        let start = self.offset();
        Ok(match self.byte()? {
            byte @ ..0x80 => f64::from(byte),
            byte @ 0xe0.. => f64::from(byte as i8),
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
            byte => return Err(Fault::at(start, DecodeErrorKind::NotANumber { byte })),
        })
    }

    /// A `string`.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<&'a str, Fault> {
        let start = self.offset();
        let len = match self.byte()? {
            byte @ 0xa0..=0xbf => usize::from(byte & 0x1f),
            0xd9 => usize::from(self.byte()?),
            0xda => usize::from(u16::from_le_bytes(self.array()?)),
            0xdb => u32::from_le_bytes(self.array()?) as usize,
            byte => return Err(Fault::at(start, DecodeErrorKind::NotAString { byte })),
        };
        let (text, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.ended())?;
        let text = std::str::from_utf8(text).map_err(|error| {
            Fault::at(self.offset() + error.valid_up_to(), DecodeErrorKind::NotUtf8)
        })?;
        self.rest = rest;
        self.text += size_of_text(text);
        Ok(text)
    }

    /// A value of a kind that is known.
    #[inline(always)]
    pub(crate) fn value(&mut self, kind: PrimitiveKind) -> Result<Value<'a>, Fault> {
        Ok(match kind {
            PrimitiveKind::String => Value::String(self.apart(Self::string)?),
            PrimitiveKind::Boolean => Value::Boolean(self.byte()? != 0),
            PrimitiveKind::Number => Value::Number(self.apart(Self::number)?),
            PrimitiveKind::Int8 => Value::Int8(self.byte()? as i8),
            PrimitiveKind::Uint8 => Value::Uint8(self.byte()?),
            PrimitiveKind::Int16 => Value::Int16(i16::from_le_bytes(self.array()?)),
            PrimitiveKind::Uint16 => Value::Uint16(u16::from_le_bytes(self.array()?)),
            PrimitiveKind::Int32 => Value::Int32(i32::from_le_bytes(self.array()?)),
            PrimitiveKind::Uint32 => Value::Uint32(u32::from_le_bytes(self.array()?)),
            PrimitiveKind::Int64 => Value::Int64(i64::from_le_bytes(self.array()?)),
            PrimitiveKind::Uint64 => Value::Uint64(u64::from_le_bytes(self.array()?)),
            PrimitiveKind::Float32 => Value::Float32(f32::from_le_bytes(self.array()?)),
            PrimitiveKind::Float64 => Value::Float64(f64::from_le_bytes(self.array()?)),
        })
    }

    /// Reads in a call, by a copy: a reader that is lent to one does not lie in registers.
    #[inline(always)]
    fn apart<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut copy = *self;
        let value = read(&mut copy)?;
        (self.rest, self.text) = (copy.rest, copy.text);
        Ok(value)
    }

    #[inline(always)]
    fn ended(&self) -> Fault {
        ended(self.len)
    }
}

// These are not given the reader, but what they need of it: it is to lie in registers.

#[cold]
fn ended(len: usize) -> Fault {
    Fault::at(len, DecodeErrorKind::Ended)
}

/// An index in a form that no encoder needs for a small integer, and what comes behind it, of a message
/// of `len` bytes.
#[cold]
fn unusual_unsigned(rest: &[u8], len: usize) -> Result<(&[u8], u32), Fault> {
    let mut reader = Reader { rest, len, text: 0 };
    let start = reader.offset();
    let number = reader.number()?;
    let integer = number as u32;
    if f64::from(integer) == number {
        Ok((reader.rest, integer))
    } else {
        Err(Fault::at(start, DecodeErrorKind::NotAnIndex { number }))
    }
}

/// What the bytes of a string take beside the place that it is in.
#[inline]
pub(super) fn size_of_text(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() + TEXT }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        digits
            .map(|pair| {
                pair.iter().fold(0, |byte, digit| {
                    byte * 16 + (*digit as char).to_digit(16).map_or(0, |d| d as u8)
                })
            })
            .collect()
    }

    fn check(kind: PrimitiveKind, hex: &str, expected: Value<'_>) {
        let bytes = bytes(hex);
        let mut reader = Reader::new(&bytes);
        match reader.value(kind) {
            Ok(value) => assert_eq!(value, expected, "{hex}"),
            Err(fault) => panic!("{hex}: {:?}", fault),
        }
        assert!(reader.is_empty(), "{hex} is read to its end");
        for short in 0..bytes.len() {
            assert!(Reader::new(&bytes[..short]).value(kind).is_err(), "{hex} cut at {short}");
        }
    }

    fn fails(kind: PrimitiveKind, hex: &str, expected: &str) {
        let bytes = bytes(hex);
        match Reader::new(&bytes).value(kind) {
            Ok(value) => panic!("{hex} is {value:?}"),
            Err(fault) => assert_eq!(fault.to_string(), expected),
        }
    }

    #[test]
    fn numbers_in_every_form() {
        for (hex, expected) in [
            ("00", 0.0),
            ("7f", 127.0),
            ("ccff", 255.0),
            ("cd0001", 256.0),
            ("ce00000100", 65536.0),
            ("ceffffffff", 4294967295.0),
            ("cf0000000001000000", 4294967296.0),
            ("ff", -1.0),
            ("e0", -32.0),
            ("d0df", -33.0),
            ("d17fff", -129.0),
            ("d2ff7fffff", -32769.0),
            ("d3ffffffffffffffff", -1.0),
            ("ca0000003f", 0.5),
            ("cb9a9999999999b93f", 0.1),
        ] {
            check(PrimitiveKind::Number, hex, Value::Number(expected));
        }
        fails(PrimitiveKind::Number, "c0", "byte c0 at 0 does not begin a number");
        fails(PrimitiveKind::Number, "cd00", "buffer ended at byte 2");
    }

    #[test]
    fn fixed_sizes_are_little_endian() {
        check(PrimitiveKind::Boolean, "01", Value::Boolean(true));
        check(PrimitiveKind::Int8, "ff", Value::Int8(-1));
        check(PrimitiveKind::Uint8, "c8", Value::Uint8(200));
        check(PrimitiveKind::Int16, "feff", Value::Int16(-2));
        check(PrimitiveKind::Uint16, "3412", Value::Uint16(0x1234));
        check(PrimitiveKind::Int32, "feffffff", Value::Int32(-2));
        check(PrimitiveKind::Uint32, "78563412", Value::Uint32(0x1234_5678));
        check(PrimitiveKind::Int64, "feffffffffffffff", Value::Int64(-2));
        check(PrimitiveKind::Uint64, "0100000000000000", Value::Uint64(1));
        check(PrimitiveKind::Float32, "0000c03f", Value::Float32(1.5));
        check(PrimitiveKind::Float64, "000000000000f8bf", Value::Float64(-1.5));
    }

    #[test]
    fn strings_of_every_length() {
        check(PrimitiveKind::String, "a0", Value::String(""));
        check(PrimitiveKind::String, "a368c3a9", Value::String("h\u{e9}"));
        for (head, len) in [("bf", 31), ("d920", 32), ("da0001", 256), ("db00000100", 65536)] {
            let text = "a".repeat(len);
            let bytes = [&bytes(head)[..], text.as_bytes()].concat();
            let mut reader = Reader::new(&bytes);
            assert!(reader.string().is_ok_and(|read| read == text), "{head}");
            assert!(reader.is_empty());
        }
        fails(PrimitiveKind::String, "05", "byte 05 at 0 does not begin a string");
        fails(PrimitiveKind::String, "a261ff", "byte 2 is not UTF-8");
        fails(PrimitiveKind::String, "dbffffffff61", "buffer ended at byte 6");
    }

    #[test]
    fn indexes_are_unsigned_integers() {
        for (hex, expected) in [("05", 5), ("ca00008040", 4), ("cf0500000000000000", 5)] {
            let bytes = bytes(hex);
            assert!(Reader::new(&bytes).unsigned().is_ok_and(|read| read == expected), "{hex}");
        }
        for hex in ["ff", "ca0000003f", "cf0000000001000000", "cb000000000000f87f", "c1"] {
            assert!(Reader::new(&bytes(hex)).unsigned().is_err(), "{hex}");
        }
    }
}
