//! The payload of a message: MessagePack, as any value and as types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidewire_protocol::{
    Timestamp,
    msgpack::{self, Value},
};

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\xd4\x72\x40\x91\xa1a",
    b"\xd5\x72\x40\x00\x91\xa1a",
    b"\x40",
    b"\xd4\0\0",
    b"\xd6\xff",
    b"\xd7\xff",
    b"\xc7\x0c\xff",
    b"\xdc\xff\xff",
    b"\xdd\0\0\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xcb\x7f\xf8\0\0\0\0\0\0",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xa4name",
    b"\xa5steps",
];

/// Reads the payload. What is written of it reads the same.
pub fn target(data: &[u8]) {
    let any = msgpack::from_payload::<Value>(data);
    let typed = msgpack::from_payload::<Message>(data);
    let _ = msgpack::from_payload::<serde_json::Value>(data);
    let Ok(value) = any else {
        assert!(typed.is_err());
        return;
    };
    let written = written(&value);
    let Ok(again) = msgpack::from_payload::<Value>(&written) else {
        unreachable!("what was written of {value:?} cannot be read")
    };
    assert_eq!(self::written(&again), written);
    if let Ok(message) = typed {
        let written = self::written(&message);
        let Ok(again) = msgpack::from_payload::<Message>(&written) else {
            unreachable!("what was written of {message:?} cannot be read")
        };
        assert_eq!(self::written(&again), written);
    }
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    match msgpack::to_vec(value) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("what was read cannot be written: {error}"),
    }
}

/// One of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let step =
        |dx| Step { dx, kind: Kind::Jump { height: 3 }, at: Some(Timestamp::from_millis(-1)) };
    let message = Message {
        name: "a".repeat(40),
        flag: true,
        count: -129,
        steps: vec![step(0.5), step(1e300)],
        by_key: [("a/b".to_owned(), 5), (String::new(), 500)].into(),
        by_number: [(-1, vec![1.0])].into(),
        rest: Value::Bin(vec![0; 20]),
    };
    let records = b"\x93\xd4\x72\x40\x92\xa1x\xa1y\x01\xcc\x40\x40\xc3\xc0\x40\xd4\0\0\xa0";
    let kinds = b"\x9a\xc0\xc2\xd0\x80\xd1\x80\0\xcd\xff\xff\xd3\x80\0\0\0\0\0\0\0\xca\x3f\0\0\0\xcb\x7f\xf0\0\0\0\0\0\0\xc4\x02\x01\x02\xd7\xff\x1d\x53\x53\0\x65\x53\xf1\0";
    vec![written(&message), records.to_vec(), kinds.to_vec(), b"\x91".repeat(90), Vec::new()]
}

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    name: String,
    #[serde(default)]
    flag: bool,
    count: i16,
    steps: Vec<Step>,
    #[serde(default)]
    by_key: BTreeMap<String, u32>,
    #[serde(default)]
    by_number: BTreeMap<i8, Vec<f32>>,
    #[serde(default)]
    rest: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step {
    dx: f64,
    kind: Kind,
    at: Option<Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    Walk,
    Turn(f32),
    Throw(u8, u64),
    Jump { height: i32 },
}
