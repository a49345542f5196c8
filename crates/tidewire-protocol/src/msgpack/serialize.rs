use serde::Serialize;
use serde::ser::{Error as _, Serializer};

use crate::timestamp;

use super::compound::Compound;
use super::{Error, value};

/// Writes a value as MessagePack that every client reads.
///
/// Structs and maps become maps with text for keys, never records. An integer that fits neither `i32` nor `u32` becomes an
/// `f64`, because JavaScript would read it as a `BigInt`; only beyond ±2⁵³, where an `f64` may be another number, it stays
/// an integer, and is a `BigInt` there. A float without a fraction becomes an integer where one of 32
/// bits will do, as JavaScript itself writes it. `None` and `()` are `null`;
/// [`Value::Undefined`](super::Value::Undefined) stays what it is, and so does [`Timestamp`](crate::Timestamp), to the
/// millisecond. `Vec<u8>` is a list of
/// numbers, as always in serde; bytes come of `serialize_bytes` and of [`Value::Bin`](super::Value::Bin).
///
/// # Errors
/// [`Error::Type`] for what cannot be written, such as a map whose keys are structs.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder { out: Vec::new(), as_date: false };
    value.serialize(&mut encoder)?;
    Ok(encoder.out)
}

/// Up to here, on both sides of zero, every integer is an `f64`.
const EXACT: u64 = 1 << 53;

pub(super) struct Encoder {
    pub(super) out: Vec<u8>,
    /// The next integer is a date's milliseconds.
    as_date: bool,
}

impl Encoder {
    pub(super) fn put(&mut self, prefix: u8, bytes: &[u8]) {
        self.out.push(prefix);
        self.out.extend_from_slice(bytes);
    }

    fn integer(&mut self, value: i64) {
        match value {
            0..=0x7f => self.out.push(value as u8),
            0x80..=0xff => self.put(0xcc, &[value as u8]),
            0x100..=0xffff => self.put(0xcd, &(value as u16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => self.put(0xce, &(value as u32).to_be_bytes()),
            -0x20..0 => self.out.push(value as i8 as u8),
            -0x80..-0x20 => self.put(0xd0, &[value as i8 as u8]),
            -0x8000..-0x80 => self.put(0xd1, &(value as i16).to_be_bytes()),
            -0x8000_0000..-0x8000 => self.put(0xd2, &(value as i32).to_be_bytes()),
            _ if value.unsigned_abs() <= EXACT => self.put(0xcb, &(value as f64).to_be_bytes()),
            _ => self.put(0xd3, &value.to_be_bytes()),
        }
    }

    /// Writes a float as an integer, if it is one of 32 bits. The negative zero is none.
    fn narrow(&mut self, value: f64) -> bool {
        let fits = value.fract() == 0.0
            && (f64::from(i32::MIN)..=f64::from(u32::MAX)).contains(&value)
            && !(value == 0.0 && value.is_sign_negative());
        if fits {
            self.integer(value as i64);
        }
        fits
    }

    fn date(&mut self, millis: i64) {
        let (seconds, nanos) =
            (millis.div_euclid(1_000), millis.rem_euclid(1_000) as u32 * 1_000_000);
        match (seconds, nanos) {
            (0..=0xffff_ffff, 0) => {
                self.put(0xd6, &[0xff]);
                self.out.extend_from_slice(&(seconds as u32).to_be_bytes());
            }
            (0..=0x3_ffff_ffff, _) => {
                self.put(0xd7, &[0xff]);
                self.out
                    .extend_from_slice(&(u64::from(nanos) << 34 | seconds as u64).to_be_bytes());
            }
            _ => {
                self.put(0xc7, &[12, 0xff]);
                self.out.extend_from_slice(&nanos.to_be_bytes());
                self.out.extend_from_slice(&seconds.to_be_bytes());
            }
        }
    }

    /// A length of one byte after the prefix `narrow` if there is one, of two after `medium`, or of four after the next.
    pub(super) fn length(
        &mut self,
        length: usize,
        narrow: Option<u8>,
        medium: u8,
    ) -> Result<(), Error> {
        match (narrow, length) {
            (Some(narrow), 0..=0xff) => self.put(narrow, &[length as u8]),
            (_, 0..=0xffff) => self.put(medium, &(length as u16).to_be_bytes()),
            (_, 0x1_0000..=0xffff_ffff) => self.put(medium + 1, &(length as u32).to_be_bytes()),
            _ => {
                return Err(Error::custom(format_args!(
                    "a length of {length} does not fit in MessagePack"
                )));
            }
        }
        Ok(())
    }

    fn array(&mut self, count: Option<usize>) -> Result<Compound<'_>, Error> {
        Compound::begin(self, count, 0x90, 0xdc)
    }

    fn map(&mut self, count: Option<usize>) -> Result<Compound<'_>, Error> {
        Compound::begin(self, count, 0x80, 0xde)
    }

    /// A map of one entry, whose value comes next.
    fn variant(&mut self, variant: &'static str) -> Result<(), Error> {
        self.out.push(0x81);
        self.serialize_str(variant)
    }
}

impl<'a> Serializer for &'a mut Encoder {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.push(if value { 0xc3 } else { 0xc2 });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        if std::mem::take(&mut self.as_date) {
            self.date(value);
        } else {
            self.integer(value);
        }
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.serialize_i64(value),
            (_, Ok(value)) => self.serialize_u64(value),
            _ => self.serialize_f64(value as f64),
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.put(0xcf, &value.to_be_bytes()),
        }
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => self.serialize_f64(value as f64),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        if !self.narrow(value.into()) {
            self.put(0xca, &value.to_be_bytes());
        }
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        if !self.narrow(value) {
            self.put(0xcb, &value.to_be_bytes());
        }
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        match value.len() {
            length @ 0..=0x1f => self.out.push(0xa0 | length as u8),
            length => self.length(length, Some(0xd9), 0xda)?,
        }
        self.out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.length(value.len(), Some(0xc4), 0xc5)?;
        self.out.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push(0xc0);
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Error> {
        if name == value::UNDEFINED {
            self.put(0xd4, &[0, 0]);
            return Ok(());
        }
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.as_date = name == timestamp::NEWTYPE;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, count: Option<usize>) -> Result<Compound<'a>, Error> {
        self.array(count)
    }

    fn serialize_tuple(self, count: usize) -> Result<Compound<'a>, Error> {
        self.array(Some(count))
    }

    fn serialize_tuple_struct(self, _: &'static str, count: usize) -> Result<Compound<'a>, Error> {
        self.array(Some(count))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<Compound<'a>, Error> {
        self.variant(variant)?;
        self.array(Some(count))
    }

    fn serialize_map(self, count: Option<usize>) -> Result<Compound<'a>, Error> {
        self.map(count)
    }

    fn serialize_struct(self, _: &'static str, count: usize) -> Result<Compound<'a>, Error> {
        self.map(Some(count))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<Compound<'a>, Error> {
        self.variant(variant)?;
        self.map(Some(count))
    }
}
