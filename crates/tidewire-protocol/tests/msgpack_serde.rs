//! MessagePack and Rust types.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, HashMap};

use common::hex;
use serde::{Deserialize, Serialize};
use tidewire_protocol::Timestamp;
use tidewire_protocol::msgpack::{Value, from_payload, from_value, to_vec};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    small: u8,
    big: u64,
    negative: i32,
    float: f32,
    name: String,
    letter: char,
    maybe: Option<u8>,
    list: Vec<i16>,
    pair: (u8, String),
    by_name: BTreeMap<String, u8>,
    by_number: BTreeMap<u32, bool>,
    unit: (),
    shape: Shape,
    shapes: Vec<Shape>,
    #[serde(flatten)]
    rest: HashMap<String, u64>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
enum Shape {
    #[default]
    Point,
    Circle(f64),
    Line(u8, u8),
    Rect {
        w: u8,
        h: u8,
    },
}

#[test]
fn types_come_back() {
    let everything = Everything {
        flag: true,
        small: 200,
        big: 1 << 40,
        negative: -70_000,
        float: 0.1,
        name: "é".repeat(300),
        letter: 'ß',
        maybe: None,
        list: (-20..20).collect(),
        pair: (64, "x".into()),
        by_name: [("a".to_owned(), 1)].into(),
        by_number: [(7, true)].into(),
        unit: (),
        shape: Shape::Point,
        shapes: vec![Shape::Circle(2.0), Shape::Line(1, 2), Shape::Rect { w: 3, h: 4 }],
        rest: [("extra".to_owned(), 1 << 33)].into(),
    };
    assert_eq!(from_payload::<Everything>(&to_vec(&everything).unwrap()).unwrap(), everything);
}

#[test]
fn what_is_written() {
    fn check<T: Serialize>(value: T, expected: &str) {
        assert_eq!(to_vec(&value).unwrap(), hex(expected), "{expected}");
    }
    check(0, "00");
    check(127, "7f");
    check(128, "cc80");
    check(-32, "e0");
    check(-33, "d0df");
    check(256, "cd0100");
    check(-129, "d1ff7f");
    check(u32::MAX, "ceffffffff");
    check(i32::MIN, "d280000000");
    // Wider integers are floats, or they would be read as BigInt: which they are only where floats are not exact.
    check(1_u64 << 32, "cb41f0000000000000");
    check(i64::from(i32::MIN) - 1, "cbc1e0000000200000");
    check(1_i64 << 53, "cb4340000000000000");
    check(-1_i64 << 53, "cbc340000000000000");
    check((1_u64 << 53) + 1, "d30020000000000001");
    check((-1_i64 << 53) - 1, "d3ffdfffffffffffff");
    check(i64::MIN, "d38000000000000000");
    check(u64::MAX, "cfffffffffffffffff");
    check(Value::Int(1 << 32), "cb41f0000000000000");
    check(Value::UInt(u64::MAX), "cfffffffffffffffff");
    check(1_i128 << 40, "cb4270000000000000");
    check(u128::from(u64::MAX), "cfffffffffffffffff");
    check(1_u128 << 64, "cb43f0000000000000");
    check(2.0_f64, "02");
    check(2.0_f32, "02");
    check(-0.0_f64, "cb8000000000000000");
    check(0.5_f64, "cb3fe0000000000000");
    check(0.5_f32, "ca3f000000");
    check(f64::NAN, "cb7ff8000000000000");
    check(f64::INFINITY, "cb7ff0000000000000");
    check("hi", "a26869");
    check("x".repeat(32).as_str(), &format!("d920{}", "78".repeat(32)));
    check("x".repeat(256).as_str(), &format!("da0100{}", "78".repeat(256)));
    check((), "c0");
    check(None::<u8>, "c0");
    check(Some(true), "c3");
    check(Value::Undefined, "d40000");
    check(Value::Bin(vec![1, 2]), "c4020102");
    check([1_u8, 2], "920102");
    check(vec![0_u8; 16], &format!("dc0010{}", "00".repeat(16)));
    check(BTreeMap::from([(1, 'a'), (2, 'b')]), "82 a131a161 a132a162");
    check(BTreeMap::from([(true, 1)]), "81 a474727565 01");
    check(Shape::Point, "a5506f696e74");
    check(Shape::Line(1, 2), "81 a44c696e65 920102");
    check(Shape::Rect { w: 1, h: 2 }, "81 a452656374 82 a17701 a16802");
    check(Timestamp::from_millis(1_700_000_000_000), "d6ff6553f100");
    check(Timestamp::from_millis(1_700_000_000_123), "d7ff1d5353006553f100");
    check(Timestamp::from_millis(-1_000), "c70cff00000000ffffffffffffffff");
    check(Value::Timestamp(Timestamp { seconds: 1, nanos: 0 }), "d6ff00000001");
    check(Value::Map(vec![("a".into(), Value::Undefined)]), "81 a161 d40000");
}

#[test]
fn lists_and_maps_of_unknown_length() {
    struct Lazy;
    impl Serialize for Lazy {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..5).filter(|n| n % 2 == 0))
        }
    }
    assert_eq!(to_vec(&Lazy).unwrap(), hex("dd00000003 00 02 04"));

    #[derive(Serialize)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, u8>,
    }
    assert_eq!(
        to_vec(&Flat { a: 1, rest: [("b", 2)].into() }).unwrap(),
        hex("df00000002 a16101 a16202")
    );
}

#[test]
fn what_cannot_be_written() {
    let error = to_vec(&BTreeMap::from([(vec![1], 1)])).unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
    assert!(to_vec(&BTreeMap::from([(None::<u8>, 1)])).is_err());
}

#[test]
fn one_type_of_number() {
    assert_eq!(from_value::<f32>(Value::Int(3)).unwrap(), 3.0);
    assert_eq!(from_value::<f64>(Value::UInt(u64::MAX)).unwrap(), 18_446_744_073_709_551_615.0);
    assert!(from_value::<f64>(Value::F64(-0.0)).unwrap().is_sign_negative());
    assert_eq!(from_value::<u8>(Value::F64(3.0)).unwrap(), 3);
    assert_eq!(from_value::<i64>(Value::F64(-1e15)).unwrap(), -1_000_000_000_000_000);
    assert_eq!(from_value::<u64>(Value::F64(1e19)).unwrap(), 10_000_000_000_000_000_000);
    assert_eq!(from_value::<u128>(Value::F64(5.0)).unwrap(), 5);
    for (value, expected) in [
        (Value::F64(1.5), "floating point `1.5`"),
        (Value::F64(f64::NAN), "floating point"),
        (Value::F64(1e30), "floating point"),
        (Value::Int(300), "integer `300`"),
        (Value::Int(-1), "integer `-1`"),
        (Value::Str("3".into()), "string \"3\""),
        (Value::Nil, "unit value"),
    ] {
        let error = from_value::<u8>(value).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    // Also where serde has to guess.
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Guess {
        Number(u64),
        Text(String),
    }
    assert_eq!(from_value::<Guess>(Value::F64(5e9)).unwrap(), Guess::Number(5_000_000_000));
}

#[test]
fn undefined_is_missing() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Options {
        #[serde(default = "seven")]
        size: u8,
        name: Option<String>,
    }
    fn seven() -> u8 {
        7
    }
    // {size: undefined, name: undefined}
    let options: Options =
        from_payload(&hex("d4724092 a473697a65 a46e616d65 d40000 d40000")).unwrap();
    assert_eq!(options, Options { size: 7, name: None });
    assert_eq!(from_payload::<Option<u8>>(&[]).unwrap(), None);
    assert_eq!(from_payload::<()>(&[]), Ok(()));
    assert_eq!(from_payload::<Vec<Option<u8>>>(&hex("92 d40000 01")).unwrap(), [None, Some(1)]);
    assert!(from_payload::<Options>(&[]).is_err());
}

#[test]
fn bytes_dates_and_keys() {
    assert_eq!(from_payload::<Vec<u8>>(&hex("c403010203")).unwrap(), [1, 2, 3]);
    assert_eq!(from_payload::<[u8; 3]>(&hex("c403010203")).unwrap(), [1, 2, 3]);
    assert_eq!(from_payload::<Value>(&hex("c40101")).unwrap(), Value::Bin(vec![1]));
    let date = hex("d7ff1d5353006553f100");
    assert_eq!(
        from_payload::<Timestamp>(&date).unwrap(),
        Timestamp::from_millis(1_700_000_000_123)
    );
    assert_eq!(from_payload::<f64>(&date).unwrap(), 1_700_000_000_123.0);
    assert_eq!(from_payload::<String>(&date).unwrap(), "2023-11-14T22:13:20.123Z");
    assert_eq!(
        from_payload::<Timestamp>(&hex("cb4278bcfe8c7c7800")).unwrap(),
        Timestamp::from_millis(1_700_000_221_127)
    );
    assert!(from_payload::<Timestamp>(&hex("cb7fefffffffffffff")).is_err());

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    enum Team {
        Red,
        Blue,
    }
    let teams: BTreeMap<Team, u8> = from_payload(&hex("82 a3526564 01 a4426c7565 02")).unwrap();
    assert_eq!(teams, [(Team::Red, 1), (Team::Blue, 2)].into());
    assert_eq!(from_payload::<BTreeMap<i8, u8>>(&hex("81 ff 02")).unwrap(), [(-1, 2)].into());
    let error = from_payload::<BTreeMap<i8, u8>>(&hex("81 a161 02")).unwrap_err().to_string();
    assert!(error.contains("string \"a\""), "{error}");
}

#[test]
fn lists_must_fit() {
    assert!(from_payload::<(u8, u8)>(&hex("93010203")).is_err());
    assert!(from_payload::<(u8, u8)>(&hex("9101")).is_err());
    assert!(from_payload::<Shape>(&hex("82a16101a16202")).is_err());
    assert!(from_payload::<Shape>(&hex("80")).is_err());
    assert!(from_payload::<Shape>(&hex("81 a5506f696e74 01")).is_err());
    assert_eq!(from_payload::<Shape>(&hex("81 a5506f696e74 c0")).unwrap(), Shape::Point);
}

#[test]
fn dates_as_javascript_shows_them() {
    for (millis, expected) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (8_640_000_000_000_000, "+275760-09-13T00:00:00.000Z"),
        (-8_640_000_000_000_000, "-271821-04-20T00:00:00.000Z"),
        (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
    ] {
        let moment = Timestamp::from_millis(millis);
        assert_eq!((moment.to_string().as_str(), moment.millis()), (expected, millis));
    }
    assert_eq!(Timestamp { seconds: i64::MAX, nanos: 0 }.millis(), i64::MAX);
    for millis in [i64::MIN, i64::MIN + 1, i64::MAX] {
        assert_eq!(Timestamp::from_millis(millis).millis(), millis);
    }
    assert!(!Timestamp { seconds: i64::MIN, nanos: 999_999_999 }.to_string().is_empty());
}
