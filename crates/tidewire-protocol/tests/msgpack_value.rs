//! Any value as a type of its own, and where in a value an error is.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, HashMap};

use common::hex;
use serde::{Deserialize, Serialize};
use tidewire_protocol::Timestamp;
use tidewire_protocol::msgpack::{Value, decode, from_payload, from_value, to_vec};

/// One of each kind, and the traps.
fn everything() -> Value {
    let kinds = vec![
        Value::Nil,
        Value::Undefined,
        Value::Bool(true),
        Value::Int(-7),
        Value::Int(i64::MIN),
        Value::Int((1 << 53) + 1),
        Value::UInt(u64::MAX),
        Value::F64(0.5),
        Value::F64(3.0),
        Value::F64(-0.0),
        Value::F64(1e19),
        Value::F64(f64::INFINITY),
        Value::Str(String::new()),
        Value::Bin(vec![0, 255]),
        Value::Timestamp(Timestamp::from_millis(-1)),
        Value::Timestamp(Timestamp { seconds: i64::MAX, nanos: 999_999_999 }),
        Value::Array(vec![]),
        Value::Map(vec![]),
    ];
    let twice = Value::Map(vec![
        ("twice".into(), Value::Int(1)),
        ("nothing".into(), Value::Undefined),
        ("twice".into(), Value::Undefined),
        ("kinds".into(), Value::Array(kinds.clone())),
    ]);
    Value::Array([kinds, vec![twice]].concat())
}

#[test]
fn a_value_is_handed_over_as_it_is() {
    assert_eq!(from_value::<Value>(everything()).unwrap(), everything());
    assert_eq!(from_value::<Box<Value>>(everything()).unwrap(), Box::new(everything()));
    assert_eq!(from_value::<Vec<Value>>(everything()).map(Value::Array).unwrap(), everything());
    let (left, right): (Value, Value) =
        from_value(Value::Array(vec![everything(), Value::Undefined])).unwrap();
    assert_eq!((left, right), (everything(), Value::Undefined));
    // What cannot be told by equality.
    let zero: Value = from_value(Value::F64(-0.0)).unwrap();
    assert!(matches!(zero, Value::F64(zero) if zero.is_sign_negative()));
    let none: Value = from_value(Value::F64(f64::NAN)).unwrap();
    assert!(matches!(none, Value::F64(none) if none.is_nan()));
}

#[test]
fn payloads_are_echoed_to_the_byte() {
    for payload in [
        "c0",
        "d40000",
        "05",
        "cb4270000000000000",
        "d30020000000000001",
        "cfffffffffffffffff",
        "cb8000000000000000",
        "cb7ff8000000000000",
        "c403000102",
        "d6ff6553f100",
        "d7ff1d5353006553f100",
        "c70cff00000000ffffffffffffffff",
        "82 a161 d40000 a162 92 d40000 01",
    ] {
        let value: Value = from_payload(&hex(payload)).unwrap();
        assert_eq!(to_vec(&value).unwrap(), hex(payload), "{value:?}");
    }
    let record = from_payload::<Value>(&hex("d4724092 a161 a162 d40000 05")).unwrap();
    assert_eq!(record, decode(&hex("82 a161 d40000 a162 05")).unwrap());
    assert_eq!(from_payload::<Value>(&[]), Ok(Value::Undefined));
}

#[test]
fn as_a_part_of_other_types() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Message {
        #[serde(default)]
        body: Value,
        maybe: Option<Value>,
        #[serde(flatten)]
        rest: HashMap<String, Value>,
    }
    // {body: undefined, maybe: undefined, at: date}
    let payload = hex("83 a4626f6479 d40000 a56d61796265 d40000 a26174 d6ff00000001");
    let message: Message = from_payload(&payload).unwrap();
    assert_eq!((message.body, message.maybe), (Value::Undefined, None));
    assert_eq!(message.rest.keys().collect::<Vec<_>>(), ["at"]);

    let by_key: BTreeMap<String, Value> = from_payload(&hex("81 a26174 d6ff00000001")).unwrap();
    assert_eq!(by_key["at"], Value::Timestamp(Timestamp { seconds: 1, nanos: 0 }));

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Holder {
        One(Value),
    }
    let holder = Holder::One(Value::Array(vec![Value::Undefined]));
    assert_eq!(from_payload::<Holder>(&to_vec(&holder).unwrap()).unwrap(), holder);
}

#[test]
fn in_other_formats() {
    let json = serde_json::to_value(everything()).unwrap();
    assert_eq!(json[1], serde_json::Value::Null);
    assert_eq!(json[14], -1);
    assert_eq!(json[13], serde_json::json!([0, 255]));
    let back: Value =
        serde_json::from_str(r#"{"a": [null, 1.5, -3, 18446744073709551615, "b"]}"#).unwrap();
    let list = vec![
        Value::Nil,
        Value::F64(1.5),
        Value::Int(-3),
        Value::UInt(u64::MAX),
        Value::Str("b".into()),
    ];
    assert_eq!(back, Value::Map(vec![("a".into(), Value::Array(list))]));
    // Nobody can name what has no name.
    let text = r#"{"$tidewire::Undefined": null}"#;
    let named = Value::Map(vec![("$tidewire::Undefined".into(), Value::Nil)]);
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), named);
    assert_eq!(from_value::<Value>(named.clone()).unwrap(), named);
}

#[test]
fn errors_say_where() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never made")]
    struct Step {
        dx: f32,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never made")]
    enum Action {
        Walk { steps: Vec<Step> },
        Pair(u8, u8),
    }
    fn check<T: std::fmt::Debug + for<'de> Deserialize<'de>>(payload: &str, expected: &str) {
        let error = from_payload::<T>(&hex(payload)).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
    check::<u8>("a161", "invalid type: string \"a\", expected u8");
    check::<Vec<u8>>("9201a161", "[1]: invalid type: string \"a\", expected u8");
    check::<Step>("81 a26478 c0", "dx: invalid type: unit value, expected f32");
    check::<Vec<Step>>("91 80", "[0]: missing field `dx`");
    check::<(u8, u8)>("93 01 02 03", "3 items, expected 2");
    check::<BTreeMap<String, Vec<Step>>>(
        "81 a3612f62 92 81 a26478 01 81 a26478 c3",
        "[\"a/b\"][1].dx: invalid type: boolean `true`, expected f32",
    );
    check::<Vec<Action>>(
        "91 81 a457616c6b 81 a57374657073 91 80",
        "[0].Walk.steps[0]: missing field `dx`",
    );
    check::<Action>("81 a450616972 92 01 c3", "Pair[1]: invalid type: boolean `true`, expected u8");
}
