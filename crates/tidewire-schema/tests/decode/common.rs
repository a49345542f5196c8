//! What several tests need.

use std::{fs, path::Path, sync::LazyLock};

use serde_json::{Map, Value as Json, json};
use tidewire_state::{DynField, DynStruct, Primitive, Value};

/// Messages that seven decoders read alike.
pub(crate) static UNIVERSAL: LazyLock<Json> = LazyLock::new(|| read("schema-universal.json"));
/// Messages and handshakes that the official encoders wrote.
pub(crate) static UPSTREAM: LazyLock<Json> = LazyLock::new(|| read("upstream.json"));

pub(crate) fn read(name: &str) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The bytes that a hexadecimal text stands for; spaces do not count.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    assert_eq!(digits.len() % 2, 0, "{hex} has an odd digit");
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

/// A state as plain JSON: what is absent is left out.
pub(crate) fn to_json(state: &DynStruct) -> Json {
    let fields =
        state.fields().filter_map(|(info, field)| Some((info.name.clone(), field_json(field)?)));
    Json::Object(fields.collect::<Map<_, _>>())
}

fn field_json(field: &DynField) -> Option<Json> {
    Some(match field {
        DynField::Primitive(value) => value_json(value.value()),
        DynField::Optional(value) => value_json(value.as_ref()?.value()),
        DynField::Ref(node) => to_json(node.as_deref()?),
        DynField::PrimitiveMap(map) => {
            map.iter().map(|(key, value)| (key.to_owned(), value_json(value.value()))).collect()
        }
        DynField::Map(map) => {
            map.iter().map(|(key, node)| (key.to_owned(), to_json(node))).collect()
        }
        DynField::PrimitiveArray(array) => {
            array.iter().map(|value| value_json(value.value())).collect()
        }
        DynField::Array(array) => array.iter().map(to_json).collect(),
        DynField::PrimitiveSet(set) => set.iter().map(|value| value_json(value.value())).collect(),
        DynField::PrimitiveCollection(collection) => {
            collection.iter().map(|value| value_json(value.value())).collect()
        }
        DynField::Shared(_)
        | DynField::SharedMap(_)
        | DynField::SharedArray(_)
        | DynField::SharedSet(_)
        | DynField::SharedCollection(_) => unreachable!("it was not made with a pool"),
    })
}

/// Numbers as doubles, so that they compare whatever their kind.
fn value_json(value: Value<'_>) -> Json {
    match value {
        Value::String(text) => json!(text),
        Value::Boolean(flag) => json!(flag),
        Value::Number(number) | Value::Float64(number) => json!(number),
        Value::Quantized(step, by) => json!(by.dequantize(step)),
        Value::Int8(number) => json!(f64::from(number)),
        Value::Uint8(number) => json!(f64::from(number)),
        Value::Int16(number) => json!(f64::from(number)),
        Value::Uint16(number) => json!(f64::from(number)),
        Value::Int32(number) => json!(f64::from(number)),
        Value::Uint32(number) => json!(f64::from(number)),
        Value::Int64(number) => json!(number as f64),
        Value::Uint64(number) => json!(number as f64),
        Value::Float32(number) => json!(f64::from(number)),
    }
}

/// The same JSON with all its numbers as doubles.
pub(crate) fn with_doubles(json: &Json) -> Json {
    match json {
        Json::Number(number) => json!(number.as_f64()),
        Json::Array(items) => items.iter().map(with_doubles).collect(),
        Json::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), with_doubles(value))).collect()
        }
        other => other.clone(),
    }
}
