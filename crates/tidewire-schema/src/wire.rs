//! How primitives are written: docs/WIRE.md has the rules, one hex example each.

use tidewire_state::{RefId, Value};

/// The byte before a refId when the structure is switched.
pub(crate) const SWITCH_TO_STRUCTURE: u8 = 255;
/// The byte before a type id.
pub(crate) const TYPE_ID: u8 = 213;

/// The operations of the protocol. On a struct an operation shares its byte with the field index.
pub(crate) mod op {
    pub(crate) const ADD: u8 = 128;
    pub(crate) const REPLACE: u8 = 0;
    pub(crate) const DELETE: u8 = 64;
    pub(crate) const DELETE_AND_ADD: u8 = 192;
    pub(crate) const MOVE: u8 = 32;
    pub(crate) const MOVE_AND_ADD: u8 = 160;
    pub(crate) const DELETE_AND_MOVE: u8 = 96;
    pub(crate) const CLEAR: u8 = 10;
    pub(crate) const REVERSE: u8 = 15;
    pub(crate) const DELETE_BY_REFID: u8 = 33;
    pub(crate) const ADD_BY_REFID: u8 = 129;
}

/// The largest integer that a double holds exactly, which stands for infinity.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Writes the self-describing `number` form of a value that counts something: a length, an index.
#[inline]
pub(crate) fn write_unsigned(out: &mut Vec<u8>, value: u32) {
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => {
            let [a, b] = (value as u16).to_le_bytes();
            out.extend_from_slice(&[0xcd, a, b]);
        }
        _ if i32::try_from(value).is_ok() => {
            let [a, b, c, d] = value.to_le_bytes();
            out.extend_from_slice(&[0xce, a, b, c, d]);
        }
        _ => write_number(out, f64::from(value)),
    }
}

/// Writes a refId.
#[inline]
pub(crate) fn write_ref(out: &mut Vec<u8>, id: RefId) {
    write_unsigned(out, id.0);
}

/// Writes that what follows is about another structure.
#[inline]
pub(crate) fn write_switch(out: &mut Vec<u8>, id: RefId) {
    match id.0 {
        small @ 0..=0x7f => out.extend_from_slice(&[SWITCH_TO_STRUCTURE, small as u8]),
        _ => write_long_switch(out, id),
    }
}

/// Apart, as any field of a struct may be the first to change. Numbers of one byte and of two are
/// written alike, as where both occur nobody can foretell which comes next.
#[inline(never)]
fn write_long_switch(out: &mut Vec<u8>, id: RefId) {
    if id.0 > 0xffff || out.capacity() - out.len() < 4 {
        return write_any_switch(out, id);
    }
    let is_wide = u32::from(id.0 > 0xff);
    let len = out.len() + 3 + is_wide as usize;
    let [_, prefix, a, b] = ((0xcc + is_wide) << 8 | id.0 << 16).to_le_bytes();
    out.extend_from_slice(&[SWITCH_TO_STRUCTURE, prefix, a, b]);
    out.truncate(len);
}

#[cold]
#[inline(never)]
fn write_any_switch(out: &mut Vec<u8>, id: RefId) {
    out.push(SWITCH_TO_STRUCTURE);
    write_ref(out, id);
}

/// Writes a `number`.
pub(crate) fn write_number(out: &mut Vec<u8>, value: f64) {
    let value = match value {
        _ if value.is_nan() => 0.0,
        _ if value.is_infinite() => MAX_SAFE_INTEGER.copysign(value),
        _ => value,
    };
    let integer = value as i32;
    if f64::from(integer) == value {
        match integer {
            0.. => write_unsigned(out, integer as u32),
            -0x20..=-1 => out.push(integer as u8),
            -0x80..=-0x21 => out.extend_from_slice(&[0xd0, integer as u8]),
            -0x8000..=-0x81 => {
                let [a, b] = (integer as i16).to_le_bytes();
                out.extend_from_slice(&[0xd1, a, b]);
            }
            _ => {
                out.push(0xd2);
                out.extend_from_slice(&integer.to_le_bytes());
            }
        }
        return;
    }
    let single = value as f32;
    // An infinite single is never near.
    if (f64::from(single.abs()) - value.abs()).abs() < 1e-4 {
        out.push(0xca);
        out.extend_from_slice(&single.to_le_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// What a client reads where `value` was written as a `number`.
///
/// ```
/// // 2^31 is no int32, and a single holds it.
/// assert_eq!(tidewire_schema::number_as_read(2147483648.0), 2147483648.0);
/// assert_eq!(tidewire_schema::number_as_read(0.1), f64::from(0.1f32));
/// assert_eq!(tidewire_schema::number_as_read(f64::NAN), 0.0);
/// ```
pub fn number_as_read(value: f64) -> f64 {
    match value {
        _ if value.is_nan() => 0.0,
        _ if value.is_infinite() => MAX_SAFE_INTEGER.copysign(value),
        _ if f64::from(value as i32) == value => f64::from(value as i32),
        _ => {
            let single = f64::from(value as f32);
            if (single.abs() - value.abs()).abs() < 1e-4 { single } else { value }
        }
    }
}

/// Writes a `string`: its length in bytes, then its UTF-8.
#[inline]
pub(crate) fn write_string(out: &mut Vec<u8>, value: &str) {
    match value.len() {
        len @ 0..=0x1f => out.push(0xa0 | len as u8),
        len @ 0x20..=0xff => out.extend_from_slice(&[0xd9, len as u8]),
        len @ 0x100..=0xffff => {
            let [a, b] = (len as u16).to_le_bytes();
            out.extend_from_slice(&[0xda, a, b]);
        }
        len => {
            let len = u32::try_from(len).expect("a string is shorter than 4 GiB");
            out.push(0xdb);
            out.extend_from_slice(&len.to_le_bytes());
        }
    }
    out.extend_from_slice(value.as_bytes());
}

/// Writes a value of whatever kind, without its kind.
#[inline(always)]
pub(crate) fn write_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::String(value) => write_string(out, value),
        Value::Boolean(value) => out.push(u8::from(value)),
        Value::Number(value) => write_number(out, value),
        Value::Int8(value) => out.push(value as u8),
        Value::Uint8(value) => out.push(value),
        Value::Int16(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Uint16(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Int32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Uint32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Int64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Uint64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Float32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Float64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Quantized(step, by) => {
            out.extend_from_slice(&step.to_le_bytes()[..usize::from(by.bits()) / 8]);
        }
    }
}

/// Writes an operation of a field and its value. One check of the capacity for both where the value is
/// small.
#[inline(always)]
pub(crate) fn write_field(out: &mut Vec<u8>, op: u8, value: Value<'_>) {
    match value {
        Value::Boolean(value) => write_op(out, op, [u8::from(value)]),
        Value::Int8(value) => write_op(out, op, value.to_le_bytes()),
        Value::Uint8(value) => write_op(out, op, [value]),
        Value::Int16(value) => write_op(out, op, value.to_le_bytes()),
        Value::Uint16(value) => write_op(out, op, value.to_le_bytes()),
        Value::Int32(value) => write_op(out, op, value.to_le_bytes()),
        Value::Uint32(value) => write_op(out, op, value.to_le_bytes()),
        Value::Int64(value) => write_op(out, op, value.to_le_bytes()),
        Value::Uint64(value) => write_op(out, op, value.to_le_bytes()),
        Value::Float32(value) => write_op(out, op, value.to_le_bytes()),
        Value::Float64(value) => write_op(out, op, value.to_le_bytes()),
        Value::String(text) => write_text_op(out, op, text),
        Value::Number(_) | Value::Quantized(..) => {
            out.push(op);
            write_value(out, value);
        }
    }
}

/// Apart, so that the fields around it stay close together: texts change less often than numbers do.
#[inline(never)]
fn write_text_op(out: &mut Vec<u8>, op: u8, text: &str) {
    if text.len() < 0x20 {
        out.extend_from_slice(&[op, 0xa0 | text.len() as u8]);
        out.extend_from_slice(text.as_bytes());
    } else {
        out.push(op);
        write_string(out, text);
    }
}

#[inline(always)]
fn write_op<const N: usize>(out: &mut Vec<u8>, op: u8, value: [u8; N]) {
    let mut bytes = [op; 9];
    bytes[1..=N].copy_from_slice(&value);
    out.extend_from_slice(&bytes[..=N]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value<'_>, expected: &str) {
        let mut out = Vec::new();
        write_value(&mut out, value);
        let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected, "{value:?}");
    }

    #[test]
    fn numbers_take_the_shortest_form() {
        for (value, expected) in [
            (0.0, "00"),
            (-0.0, "00"),
            (127.0, "7f"),
            (128.0, "cc80"),
            (255.0, "ccff"),
            (256.0, "cd0001"),
            (65535.0, "cdffff"),
            (65536.0, "ce00000100"),
            (2147483647.0, "ceffffff7f"),
            (2147483648.0, "ca0000004f"),
            (4294967295.0, "cb0000e0ffffffef41"),
            (-1.0, "ff"),
            (-32.0, "e0"),
            (-33.0, "d0df"),
            (-128.0, "d080"),
            (-129.0, "d17fff"),
            (-32768.0, "d10080"),
            (-32769.0, "d2ff7fffff"),
            (-2147483648.0, "d200000080"),
            (0.5, "ca0000003f"),
            (0.1, "cacdcccc3d"),
            (1e300, "cb9c7500883ce4377e"),
            (f64::NAN, "00"),
            (f64::INFINITY, "cbffffffffffff3f43"),
            (f64::NEG_INFINITY, "cbffffffffffff3fc3"),
        ] {
            check(Value::Number(value), expected);
        }
    }

    #[test]
    fn fixed_sizes_are_little_endian() {
        check(Value::Boolean(true), "01");
        check(Value::Int8(-1), "ff");
        check(Value::Uint8(200), "c8");
        check(Value::Int16(-2), "feff");
        check(Value::Uint16(0x1234), "3412");
        check(Value::Int32(-2), "feffffff");
        check(Value::Uint32(0x1234_5678), "78563412");
        check(Value::Int64(-2), "feffffffffffffff");
        check(Value::Uint64(1), "0100000000000000");
        check(Value::Float32(1.5), "0000c03f");
        check(Value::Float64(-1.5), "000000000000f8bf");
    }

    #[test]
    fn strings_carry_their_length_in_bytes() {
        check(Value::String(""), "a0");
        check(Value::String("h\u{e9}"), "a368c3a9");
        for (len, head) in
            [(31, "bf"), (32, "d920"), (255, "d9ff"), (256, "da0001"), (65536, "db00000100")]
        {
            check(Value::String(&"a".repeat(len)), &(head.to_owned() + &"61".repeat(len)));
        }
    }

    #[test]
    fn a_switch_is_its_byte_and_a_number() {
        for id in [0, 127, 128, 255, 256, 65535, 65536, 0x7fff_ffff, 0x8000_0000] {
            let mut number = vec![SWITCH_TO_STRUCTURE];
            write_unsigned(&mut number, id);
            let mut switch = Vec::new();
            write_switch(&mut switch, RefId(id));
            assert_eq!(switch, number, "{id}");
        }
    }
}
