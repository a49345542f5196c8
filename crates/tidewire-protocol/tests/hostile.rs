//! Whatever arrives, parsers answer, and what they make of it stays within a small multiple of its size.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire_protocol::frame::{self, ClientFrame};
use tidewire_protocol::msgpack::{self, Value};
use tidewire_protocol::{matchmake, url};

/// Bytes that a value holds, its own included.
fn footprint(value: &Value) -> usize {
    let held = match value {
        Value::Str(text) => text.capacity(),
        Value::Bin(bytes) => bytes.capacity(),
        Value::Array(values) => {
            let spare = (values.capacity() - values.len()) * size_of::<Value>();
            values.iter().map(footprint).sum::<usize>() + spare
        }
        Value::Map(entries) => {
            let spare = (entries.capacity() - entries.len()) * size_of::<(String, Value)>();
            entries
                .iter()
                .map(|(key, value)| size_of::<String>() + key.capacity() + footprint(value))
                .sum::<usize>()
                + spare
        }
        _ => 0,
    };
    held + size_of::<Value>()
}

/// A byte that begins something, more often than chance has it.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        any::<u8>(),
        0x3e..0x44_u8,
        0x80..0x94_u8,
        0xc0..0xe0_u8,
        Just(0xd4),
        Just(0x72),
        Just(0xff),
        Just(0)
    ]
}

/// Values that a client could send.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        Just(Value::Undefined),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|value| Value::Int(value.into())),
        any::<u32>().prop_map(|value| Value::Int(value.into())),
        (-1e300..1e300_f64).prop_map(Value::F64),
        ".{0,40}".prop_map(Value::Str),
        vec(any::<u8>(), 0..40).prop_map(Value::Bin),
        (-8_640_000_000_000_i64..8_640_000_000_000)
            .prop_map(|millis| Value::Timestamp(tidewire_protocol::Timestamp::from_millis(millis))),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Value::Array),
            vec((".{0,8}", inner), 0..20).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames(bytes in vec(byte(), 0..64)) {
        if let Ok(ClientFrame::Data { payload, .. } | ClientFrame::Bytes { payload, .. }) = frame::parse(&bytes) {
            prop_assert!(payload.len() < bytes.len());
        }
    }

    #[test]
    fn payloads(bytes in vec(byte(), 0..200)) {
        if let Ok(value) = msgpack::decode(&bytes) {
            // An entry of one byte takes 56, twice that while its vector grows; and there is the allowance for keys.
            prop_assert!(footprint(&value) <= 4_096 + (64 + 2 * 56) * bytes.len(), "{} bytes", footprint(&value));
            let _ = msgpack::from_value::<serde_json::Value>(value);
        }
    }

    #[test]
    fn payloads_cut_and_flipped(value in value(), cut in any::<prop::sample::Index>(), flip in any::<u8>()) {
        let mut bytes = msgpack::to_vec(&value).unwrap();
        let at = cut.index(bytes.len());
        prop_assert!(at == 0 || msgpack::decode(&bytes[..at]).is_err());
        bytes[at] ^= flip;
        let _ = msgpack::decode(&bytes);
    }

    #[test]
    fn values_come_back(value in value()) {
        let bytes = msgpack::to_vec(&value).unwrap();
        let again = msgpack::decode(&bytes).unwrap();
        prop_assert_eq!(msgpack::to_vec(&again).unwrap(), bytes);
    }

    #[test]
    fn addresses(text in ".{0,60}", path in "[/a-z%?&=+]{0,40}", escapes in "(%[0-9a-f]{0,2}|x){0,9}") {
        let _ = url::parse(&text);
        let _ = url::parse(&path);
        if let Ok(url::Target::Room(dial)) = url::parse(&format!("/p/r?sessionId={escapes}")) {
            prop_assert!(!dial.session_id.is_empty());
        }
        let _ = matchmake::route(&text);
        let _ = matchmake::route(&format!("/matchmake/create/{escapes}"));
    }

    #[test]
    fn bodies(bytes in vec(any::<u8>(), 0..60)) {
        if let Ok(options) = matchmake::options(&bytes) {
            let _ = matchmake::reconnection_token(&options);
        }
    }
}

#[test]
fn announcements_that_lie_within_each_other() {
    // Each level says that it holds all the bytes that are left, and the last one is cut off.
    let mut bytes = Vec::new();
    for level in 0..100_u32 {
        bytes.push(0xdd);
        bytes.extend((1_000_000 - 5 * level - 5).to_be_bytes());
    }
    bytes.resize(1_000_000, 0xc1);
    assert!(matches!(msgpack::decode(&bytes), Err(msgpack::Error::NeverUsed { .. })));
}

#[test]
fn a_megabyte_of_one_byte_values() {
    for byte in [0x00, 0x80, 0x90, 0xa0, 0xc0] {
        let mut bytes = vec![0xdd];
        bytes.extend(1_000_000_u32.to_be_bytes());
        bytes.resize(1_000_005, byte);
        let value = msgpack::decode(&bytes).unwrap();
        assert!(footprint(&value) < 64 * bytes.len(), "{byte:#x}: {}", footprint(&value));
    }
}

#[test]
fn keys_that_hold_keys() {
    // Maps whose keys are maps, and records whose keys are records: as deep as there are bytes.
    for layer in [&b"\x81"[..], b"\xde\0\x01", b"\xd4\x72\x40\x91", b"\xd4\x72\x40\x91\x91"] {
        let bytes = layer.repeat(100_000);
        assert!(matches!(msgpack::decode(&bytes), Err(msgpack::Error::Key { .. })), "{layer:?}");
    }
    // A record that is defined, as a key.
    let record = b"\x92\xd4\x72\x40\x90\x81\x40\xc0";
    assert!(matches!(msgpack::decode(record), Err(msgpack::Error::Key { offset: 6 })));
}
