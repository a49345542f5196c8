use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use crate::Timestamp;
use crate::primitive::{ReadError, Reader};

use super::{Error, Value};

/// How deep arrays and maps may lie within each other.
pub const MAX_DEPTH: usize = 100;

/// Reads the one value that `bytes` are.
///
/// It takes standard MessagePack, and what JavaScript's msgpackr makes of objects: a *record* defines a shape (`d4 72 id`,
/// an array of keys, the values), and the byte `id`, from `40` to `7f`, with nothing but values repeats it. Shapes are
/// forgotten at the end of the message. An `id` that was not defined is the integer that it is in standard MessagePack.
///
/// Text that is not UTF-8 is mended with U+FFFD: JavaScript cuts emoji in halves, and sends them.
///
/// # Errors
/// [`Error`] when the bytes are not one value, or one that is not supported.
pub fn decode(bytes: &[u8]) -> Result<Value, Error> {
    let mut decoder = Decoder {
        reader: Reader::new(bytes),
        records: HashMap::new(),
        key_allowance: KEY_ALLOWANCE + KEY_FACTOR * bytes.len(),
    };
    let value = decoder.value(0)?;
    match decoder.reader.remaining() {
        0 => Ok(value),
        count => Err(Error::Trailing { offset: decoder.reader.offset(), count }),
    }
}

struct Decoder<'a> {
    reader: Reader<'a>,
    /// By the id's low six bits, and above them its second byte.
    records: HashMap<u16, Rc<Record<'a>>>,
    /// How many more bytes of keys records may make.
    key_allowance: usize,
}

struct Record<'a> {
    keys: Vec<Cow<'a, str>>,
    /// Whether a use of the id is followed by a second byte, which says which record is meant.
    second_byte: bool,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let offset = self.reader.offset();
        if depth > MAX_DEPTH {
            return Err(Error::TooDeep { offset });
        }
        let reader = &mut self.reader;
        let first = reader.byte()?;
        Ok(match first {
            0x00..=0x3f => Value::Int(first.into()),
            0x40..=0x7f => return self.record_or_integer(first, offset, depth),
            0x80..=0x8f => return self.map((first & 0x0f).into(), depth),
            0x90..=0x9f => return self.array((first & 0x0f).into(), depth),
            0xa0..=0xbf => return self.text((first & 0x1f).into()),
            0xc0 => Value::Nil,
            0xc1 => return Err(Error::NeverUsed { offset }),
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4..=0xc6 => {
                let length = self.length(first - 0xc4)?;
                Value::Bin(self.reader.take(length)?.to_vec())
            }
            0xc7..=0xc9 => {
                let length = self.length(first - 0xc7)?;
                return self.extension(length, offset, depth);
            }
            0xca => Value::F64(f32::from_be_bytes(reader.array()?).into()),
            0xcb => Value::F64(f64::from_be_bytes(reader.array()?)),
            0xcc => Value::Int(reader.byte()?.into()),
            0xcd => Value::Int(u16::from_be_bytes(reader.array()?).into()),
            0xce => Value::Int(u32::from_be_bytes(reader.array()?).into()),
            0xcf => Value::from(u64::from_be_bytes(reader.array()?)),
            0xd0 => Value::Int((reader.byte()? as i8).into()),
            0xd1 => Value::Int(i16::from_be_bytes(reader.array()?).into()),
            0xd2 => Value::Int(i32::from_be_bytes(reader.array()?).into()),
            0xd3 => Value::Int(i64::from_be_bytes(reader.array()?)),
            0xd4..=0xd8 => return self.extension(1 << (first - 0xd4), offset, depth),
            0xd9..=0xdb => {
                let length = self.length(first - 0xd9)?;
                return self.text(length);
            }
            0xdc | 0xdd => {
                let count = self.length(first - 0xdc + 1)?;
                return self.array(count, depth);
            }
            0xde | 0xdf => {
                let count = self.length(first - 0xde + 1)?;
                return self.map(count, depth);
            }
            0xe0..=0xff => Value::Int((first as i8).into()),
        })
    }

    /// A length of 1, 2 or 4 bytes, by the base-2 logarithm of that.
    fn length(&mut self, width: u8) -> Result<usize, Error> {
        Ok(match width {
            0 => self.reader.byte()?.into(),
            1 => u16::from_be_bytes(self.reader.array()?).into(),
            _ => u32::from_be_bytes(self.reader.array()?) as usize,
        })
    }

    fn text(&mut self, length: usize) -> Result<Value, Error> {
        let bytes = self.reader.take(length)?;
        Ok(Value::Str(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn array(&mut self, count: usize, depth: usize) -> Result<Value, Error> {
        let mut values = self.room_for(count, 1)?;
        for _ in 0..count {
            values.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(values))
    }

    fn map(&mut self, count: usize, depth: usize) -> Result<Value, Error> {
        let mut entries = self.room_for(count, 2)?;
        for _ in 0..count {
            let key = self.key()?.into_owned();
            entries.push((key, self.value(depth + 1)?));
        }
        Ok(Value::Map(entries))
    }

    /// A vector for `count` items, each of which takes `bytes` at least. An announcement that cannot be true is an error
    /// at once; one that can gets memory as it comes true, because announcements lie within each other.
    fn room_for<T>(&self, count: usize, bytes: usize) -> Result<Vec<T>, Error> {
        if count > self.reader.remaining() / bytes {
            let needed = count.saturating_mul(bytes);
            return Err(ReadError::Ended { offset: self.reader.offset(), needed }.into());
        }
        Ok(Vec::with_capacity(count.min(16)))
    }

    /// A key. JavaScript has no others than text; numbers and the like become it, as they do there.
    fn key(&mut self) -> Result<Cow<'a, str>, Error> {
        let offset = self.reader.offset();
        let length = match self.reader.peek() {
            Some(first @ 0xa0..=0xbf) => {
                self.reader.byte()?;
                (first & 0x1f).into()
            }
            Some(first @ 0xd9..=0xdb) => {
                self.reader.byte()?;
                self.length(first - 0xd9)?
            }
            // What holds others is refused unread, for it could hold maps, whose keys hold maps.
            Some(0x80..=0x9f | 0xc1 | 0xc4..=0xc9 | 0xd4..=0xd8 | 0xdc..=0xdf) => {
                return Err(Error::Key { offset });
            }
            Some(first @ 0x40..=0x7f) if self.records.contains_key(&u16::from(first & 0x3f)) => {
                return Err(Error::Key { offset });
            }
            _ => {
                return match self.value(MAX_DEPTH)? {
                    Value::Nil => Ok("null".into()),
                    Value::Bool(key) => Ok(key.to_string().into()),
                    Value::Int(key) => Ok(key.to_string().into()),
                    Value::UInt(key) => Ok(key.to_string().into()),
                    Value::F64(key) => Ok(key.to_string().into()),
                    _ => Err(Error::Key { offset }),
                };
            }
        };
        Ok(String::from_utf8_lossy(self.reader.take(length)?))
    }

    fn extension(&mut self, length: usize, offset: usize, depth: usize) -> Result<Value, Error> {
        let kind = self.reader.byte()? as i8;
        if kind == RECORD && length <= 2 {
            let id = u16::from(self.reader.byte()? & 0x3f);
            let high = if length == 2 { Some(self.reader.byte()?) } else { None };
            return self.define(id, high, offset, depth);
        }
        let body = self.reader.take(length)?;
        match (kind, body) {
            (0, [_]) => Ok(Value::Undefined),
            // A date that is none is `null` in JSON too.
            (-1, [_]) => Ok(Value::Nil),
            (-1, _) => {
                date(body).map(Value::Timestamp).ok_or_else(|| refused(kind, length, offset))
            }
            _ => Err(refused(kind, length, offset)),
        }
    }

    /// The definition of a record, and its first use.
    fn define(
        &mut self,
        id: u16,
        high: Option<u8>,
        offset: usize,
        depth: usize,
    ) -> Result<Value, Error> {
        let count = match self.reader.byte()? {
            first @ 0x90..=0x9f => (first & 0x0f).into(),
            first @ 0xdc..=0xdd => self.length(first - 0xdc + 1)?,
            _ => return Err(Error::Record { offset }),
        };
        let mut keys = self.room_for(count, 1)?;
        for _ in 0..count {
            keys.push(self.key()?);
        }
        let record = Rc::new(Record { keys, second_byte: high == Some(0) });
        self.records.insert(id | u16::from(high.unwrap_or(0)) << 6, Rc::clone(&record));
        self.record(&record, offset, depth)
    }

    /// What a byte from `40` to `7f` begins.
    fn record_or_integer(
        &mut self,
        first: u8,
        offset: usize,
        depth: usize,
    ) -> Result<Value, Error> {
        let id = u16::from(first & 0x3f);
        let Some(record) = self.records.get(&id).map(Rc::clone) else {
            return Ok(Value::Int(first.into()));
        };
        if !record.second_byte {
            return self.record(&record, offset, depth);
        }
        let high = self.reader.byte()?;
        let record = self
            .records
            .get(&(id | u16::from(high) << 6))
            .map(Rc::clone)
            .ok_or(Error::Record { offset })?;
        self.record(&record, offset, depth)
    }

    /// The values of a record.
    fn record(&mut self, record: &Record<'a>, offset: usize, depth: usize) -> Result<Value, Error> {
        let key_bytes = record.keys.iter().map(|key| key.len()).sum();
        self.key_allowance =
            self.key_allowance.checked_sub(key_bytes).ok_or(Error::Inflated { offset })?;
        let mut entries = self.room_for(record.keys.len(), 1)?;
        for key in &record.keys {
            entries.push((key.clone().into_owned(), self.value(depth + 1)?));
        }
        Ok(Value::Map(entries))
    }
}

/// A date of 4, 8 or 12 bytes.
fn date(body: &[u8]) -> Option<Timestamp> {
    let (seconds, nanos) = match body.len() {
        4 => (u32::from_be_bytes(body.try_into().ok()?).into(), 0),
        8 => {
            let both = u64::from_be_bytes(body.try_into().ok()?);
            ((both & 0x3_ffff_ffff) as i64, (both >> 34) as u32)
        }
        12 => {
            let (nanos, seconds) = body.split_first_chunk::<4>()?;
            (i64::from_be_bytes(seconds.try_into().ok()?), u32::from_be_bytes(*nanos))
        }
        _ => return None,
    };
    (nanos < 1_000_000_000).then_some(Timestamp { seconds, nanos })
}

fn refused(kind: i8, length: usize, offset: usize) -> Error {
    let name = match kind as u8 {
        0x42 => "an integer of more than 64 bits",
        0x62 => "bundled strings",
        0x65 => "an error",
        0x69 | 0x70 => "references within the value",
        0x73 => "a set",
        0x74 => "a typed array",
        0x78 => "a regular expression",
        0xff => "a broken date",
        _ => "unknown",
    };
    Error::Extension { kind, length, offset, name }
}

/// The extension that defines a record.
const RECORD: i8 = 0x72;

/// Bytes of keys that records may make of a message, however small it is.
const KEY_ALLOWANCE: usize = 4_096;

/// And for each of its bytes. A record costs one byte a value, so keys longer than this on average are refused.
const KEY_FACTOR: usize = 64;
