//! MessagePack as clients emit it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::hex;
use serde::Deserialize;
use serde_json::json;
use tidewire_protocol::Timestamp;
use tidewire_protocol::msgpack::{Error, MAX_DEPTH, Value, decode, to_vec};
use tidewire_protocol::primitive::ReadError;

/// What msgpackr makes of a JavaScript value in clients of all generations, and in a stock server.
#[derive(Deserialize)]
struct Vector {
    name: String,
    client: Vec<String>,
    server: String,
    /// What `JSON.stringify` makes of it; absent for `undefined`.
    #[serde(default)]
    json: serde_json::Value,
}

#[test]
fn vectors_of_javascript() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("data/msgpack.json")).unwrap();
    assert_eq!(vectors.len(), 40);
    for Vector { name, client, server, json } in vectors {
        let expected = match name.as_str() {
            // What JSON has no words for.
            "set" => json!([1, 2]),
            "map" => json!({"a": 1, "2": "b"}),
            "nan" => json!("NaN"),
            "inf" => json!("inf"),
            "u8" | "buf" => json!([1, 2, 3]),
            "err" => json!(["Error", "boom", "undefined"]),
            "re" => json!(["ab", "gi"]),
            "ab" => json!([0, 0, 0, 0]),
            "f32a" | "u16a" => json!([1, 2]),
            "arrUndef" => json!(["undefined", 1]),
            "undef" | "fn" => json!("undefined"),
            _ => json,
        };
        for bytes in client.iter().chain([&server]) {
            let value =
                decode(&hex(bytes)).unwrap_or_else(|error| panic!("{name} {bytes}: {error}"));
            let mut shown = shown(&value);
            if name == "f32a" || name == "u16a" {
                // Typed arrays of wider numbers are cut to bytes, and what follows is whatever lay in memory.
                shown.as_array_mut().unwrap().truncate(2);
            }
            assert_eq!(shown, expected, "{name} {bytes}");

            // What we make of it reads the same.
            let again = decode(&to_vec(&value).unwrap()).unwrap();
            assert_eq!(self::shown(&again), self::shown(&value), "{name}");
        }
    }
}

/// A value as JSON, with texts for what JSON does not have. Members that are `undefined` are left out.
fn shown(value: &Value) -> serde_json::Value {
    match value {
        Value::Nil => json!(null),
        Value::Undefined => json!("undefined"),
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::UInt(value) => json!(value),
        Value::F64(value) if !value.is_finite() => json!(value.to_string()),
        Value::F64(value) if value.fract() == 0.0 => json!(*value as i64),
        Value::F64(value) => json!(value),
        Value::Str(value) => json!(value),
        Value::Bin(value) => json!(value),
        Value::Array(values) => values.iter().map(shown).collect(),
        Value::Map(entries) => {
            let present = entries.iter().filter(|(_, value)| *value != Value::Undefined);
            serde_json::Value::Object(
                present.map(|(key, value)| (key.clone(), shown(value))).collect(),
            )
        }
        Value::Timestamp(value) => json!(value.to_string()),
    }
}

#[test]
fn values() {
    let check =
        |bytes: &str, expected: Value| assert_eq!(decode(&hex(bytes)), Ok(expected), "{bytes}");
    check("3f", Value::Int(63));
    check("40", Value::Int(64));
    check("7f", Value::Int(127));
    check("cc40", Value::Int(64));
    check("ca3fc00000", Value::F64(1.5));
    check("d080", Value::Int(-128));
    check("d18000", Value::Int(-32_768));
    check("d280000000", Value::Int(i32::MIN.into()));
    check("d38000000000000000", Value::Int(i64::MIN));
    check("cf7fffffffffffffff", Value::Int(i64::MAX));
    check("cfffffffffffffffff", Value::UInt(u64::MAX));
    check("da000161", Value::Str("a".into()));
    check("db0000000161", Value::Str("a".into()));
    check("c5000101", Value::Bin(vec![1]));
    check("c60000000101", Value::Bin(vec![1]));
    check("dc0001c3", Value::Array(vec![Value::Bool(true)]));
    check("dd00000001c2", Value::Array(vec![Value::Bool(false)]));
    check("df00000001a161c0", Value::Map(vec![("a".into(), Value::Nil)]));
    let moment = |seconds, nanos| Value::Timestamp(Timestamp { seconds, nanos });
    check("d6ffffffffff", moment(0xffff_ffff, 0));
    check("c704ff00000001", moment(1, 0));
    check("c80008ff0000000c00000003", moment(3, 3));
}

#[test]
fn keys_are_text() {
    let keys = "88 01c0 ccff c0 cfffffffffffffffff c0 cb3ff8000000000000 c0 c3c0 c0c0 ffc0 40c0";
    let Value::Map(entries) = decode(&hex(keys)).unwrap() else { panic!("no map") };
    let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["1", "255", "18446744073709551615", "1.5", "true", "null", "-1", "64"]);
    for bad in
        ["8190c0", "8180c0", "8181a161c0c0", "81c40101c0", "81d40000c0", "81d4724090c0", "81c1c0"]
    {
        assert_eq!(decode(&hex(bad)), Err(Error::Key { offset: 1 }), "{bad}");
    }
}

#[test]
fn records() {
    let check = |bytes: &str, expected: serde_json::Value| {
        assert_eq!(shown(&decode(&hex(bytes)).unwrap()), expected, "{bytes}");
    };
    // A record within itself: it is defined before its values.
    check("d4724091a161 40 40 01", json!({"a": {"a": {"a": 1}}}));
    // An id that is given anew, and one that was never given.
    check("94 d4724091a16101 d4724091a16202 40 03 41", json!([{"a": 1}, {"b": 2}, {"b": 3}, 65]));
    // An id above 7f names the one with its low six bits.
    check("92 d4720191a16101 41 02", json!([{"a": 1}, {"a": 2}]));
    check("92 d4724090 40", json!([{}, {}]));
    // Numbers for keys, and many keys.
    check("d4724091 07 01", json!({"7": 1}));
    check("d47240 dc0001 a161 c3", json!({"a": true}));
    // Two bytes of id: the first use of the lower says that a second byte follows.
    check(
        "95 d5726000 91a161 01 d5726001 91a162 02 6000 03 6001 04 05",
        json!([{"a": 1}, {"b": 2}, {"a": 3}, {"b": 4}, 5]),
    );
    assert_eq!(decode(&hex("92 d5726000 91a16101 6002 01")), Err(Error::Record { offset: 9 }));
    assert_eq!(decode(&hex("d47240a161")), Err(Error::Record { offset: 0 }));
    assert_eq!(decode(&hex("d472409190")), Err(Error::Key { offset: 4 }));
}

#[test]
fn a_message_does_not_know_the_records_of_another() {
    assert!(decode(&hex("d4724091a16101")).is_ok());
    assert_eq!(decode(&hex("4001")), Err(Error::Trailing { offset: 1, count: 1 }));
}

#[test]
fn halves_of_emoji_are_mended() {
    assert_eq!(decode(&hex("a4 61 eda0bd")), Ok(Value::Str("a\u{fffd}\u{fffd}\u{fffd}".into())));
}

#[test]
fn what_is_refused() {
    let extension = |bytes: &str, name: &str| match decode(&hex(bytes)) {
        Err(error @ Error::Extension { .. }) => {
            assert!(error.to_string().contains(name), "{bytes}: {error}");
        }
        other => panic!("{bytes}: {other:?}"),
    };
    extension("d66200000001", "bundled strings");
    extension("d66900000001", "references");
    extension("d67000000001", "references");
    extension("d44201", "more than 64 bits");
    extension("c7027301c0", "a set");
    extension("d47401", "typed array");
    extension("c7027801c0", "regular expression");
    extension("c7026501c0", "an error");
    extension("d40500", "unknown");
    extension("d5000000", "unknown");
    extension("d5ff0000", "broken date");
    extension("d7ff ffffffff00000000", "broken date");

    let check =
        |bytes: &str, expected: Error| assert_eq!(decode(&hex(bytes)), Err(expected), "{bytes}");
    let ended = |offset, needed| Error::Read(ReadError::Ended { offset, needed });
    check("", ended(0, 1));
    check("c1", Error::NeverUsed { offset: 0 });
    check("c0c0", Error::Trailing { offset: 1, count: 1 });
    check("a261", ended(1, 2));
    check("92c0", ended(1, 2));
    check("ddffffffff", ended(5, 0xffff_ffff));
    check("dfffffffff", ended(5, 0x1_ffff_fffe));
    check("c6ffffffff", ended(5, 0xffff_ffff));
    check("dbffffffff", ended(5, 0xffff_ffff));
    check("c9ffffffff05", ended(6, 0xffff_ffff));
    check("d47240ddffffffff", ended(8, 0xffff_ffff));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
    assert!(decode(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(decode(&nested(MAX_DEPTH + 1)), Err(Error::TooDeep { offset: MAX_DEPTH + 1 }));
    assert!(decode(&vec![0x91; 1 << 20]).is_err());
    // Records that hold themselves.
    let records = [hex("d4724091a161"), vec![0x40; 1 << 20]].concat();
    assert!(matches!(decode(&records), Err(Error::TooDeep { .. })));
}

#[test]
fn records_cannot_inflate_a_message() {
    // A shape with one long key, used again and again for two bytes each.
    let uses = 1_000_u16;
    let mut bytes = [
        vec![0xdc],
        uses.to_be_bytes().to_vec(),
        hex("d4724091 da0800"),
        vec![b'k'; 2_048],
        vec![1],
    ]
    .concat();
    for _ in 1..uses {
        bytes.extend([0x40, 1]);
    }
    assert!(matches!(decode(&bytes), Err(Error::Inflated { .. })));
    // Honest shapes stay far below that.
    let mut bytes = hex("dc0100 d4724092 aa706f736974696f6e5f78 aa706f736974696f6e5f79 01 02");
    for _ in 1..0x100 {
        bytes.extend([0x40, 1, 2]);
    }
    assert!(decode(&bytes).is_ok());
}
