//! Writes values, piece by piece, at the end of a buffer.

use super::value::{TWO_64, Value};

pub(crate) fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Undefined => undefined(out),
        Value::Null => out.push(0xc0),
        Value::Boolean(value) => out.push(0xc2 + u8::from(*value)),
        Value::Unsigned(value) => unsigned(out, *value),
        Value::Signed(value) => signed(out, *value),
        Value::Double(value) => double(out, *value),
        Value::String(text) => string(out, text),
        Value::Bytes(bytes) => {
            bytes_header(out, bytes.len());
            out.extend_from_slice(bytes);
        }
        Value::Date(milliseconds) => {
            out.extend([0xd7, 0x00]);
            out.extend(milliseconds.to_be_bytes());
        }
        Value::Array(items) => {
            array(out, items.len());
            for item in items {
                self::value(out, item);
            }
        }
        Value::Object(members) => {
            object(out, members.len());
            for (key, member) in members.iter() {
                string(out, key);
                self::value(out, member);
            }
        }
    }
}

pub(crate) fn bytes_header(out: &mut Vec<u8>, len: usize) {
    sized(out, len, &[0xc4, 0xc5, 0xc6]);
}

pub(crate) fn undefined(out: &mut Vec<u8>) {
    out.extend([0xd4, 0x00, 0x00]);
}

pub(crate) fn unsigned(out: &mut Vec<u8>, value: u64) {
    match value {
        0..0x80 => out.push(value as u8),
        0x80..0x100 => out.extend([0xcc, value as u8]),
        0x100..0x1_0000 => with(out, 0xcd, (value as u16).to_be_bytes()),
        0x1_0000..0x1_0000_0000 => with(out, 0xce, (value as u32).to_be_bytes()),
        _ => with(out, 0xcf, value.to_be_bytes()),
    }
}

pub(crate) fn signed(out: &mut Vec<u8>, value: i64) {
    match value {
        0.. => unsigned(out, value.unsigned_abs()),
        -0x20..0 => out.push(value as u8),
        -0x80..-0x20 => out.extend([0xd0, value as u8]),
        -0x8000..-0x80 => with(out, 0xd1, (value as i16).to_be_bytes()),
        -0x8000_0000..-0x8000 => with(out, 0xd2, (value as i32).to_be_bytes()),
        _ => with(out, 0xd3, value.to_be_bytes()),
    }
}

/// Whole numbers are integers, as far as 64 bits hold them; -0 is 0.
fn double(out: &mut Vec<u8>, value: f64) {
    if value.fract() != 0.0 || !(-TWO_64 / 2.0..TWO_64).contains(&value) {
        let value = if value.is_nan() { f64::NAN } else { value };
        with(out, 0xcb, value.to_be_bytes());
    } else if value < 0.0 {
        signed(out, value as i64);
    } else {
        unsigned(out, value as u64);
    }
}

pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    if text.len() < 32 {
        out.push(0xa0 | text.len() as u8);
    } else {
        sized(out, text.len(), &[0xd9, 0xda, 0xdb]);
    }
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn array(out: &mut Vec<u8>, len: usize) {
    if len < 16 {
        out.push(0x90 | len as u8);
    } else {
        sized(out, len, &[0xdc, 0xdd]);
    }
}

pub(crate) fn object(out: &mut Vec<u8>, len: usize) {
    if len < 16 {
        out.push(0x80 | len as u8);
    } else {
        sized(out, len, &[0xde, 0xdf]);
    }
}

/// A length behind the code of the shortest form that holds it. Where there are two codes, they
/// are those of 16 and 32 bits.
fn sized(out: &mut Vec<u8>, len: usize, codes: &[u8]) {
    let codes = match *codes {
        [short, middle, long] => (Some(short), middle, long),
        [middle, long] => (None, middle, long),
        _ => unreachable!("lengths have two forms or three"),
    };
    match (codes, u8::try_from(len), u16::try_from(len)) {
        ((Some(short), ..), Ok(len), _) => out.extend([short, len]),
        ((_, middle, _), _, Ok(len)) => with(out, middle, len.to_be_bytes()),
        ((.., long), ..) => {
            let len = u32::try_from(len).expect("what is sent is shorter than 4 GiB");
            with(out, long, len.to_be_bytes());
        }
    }
}

fn with<const N: usize>(out: &mut Vec<u8>, code: u8, bytes: [u8; N]) {
    out.push(code);
    out.extend(bytes);
}
