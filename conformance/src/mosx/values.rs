//! Values of MessagePack, ours read by the real libraries and theirs by us.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tidewire_patch::notepack::{self, Object, Value};

use super::bytes;
use crate::judge::Judge;

/// Writes values of every kind, has notepack.io and `@msgpack/msgpack` read them and write them
/// again, and reads that. Returns how many.
///
/// # Errors
///
/// The first value that somebody reads as another.
pub fn check(judge: &mut Judge) -> Result<usize> {
    let values = values();
    for value in &values {
        let ours = notepack::encode(value);
        let hex: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
        let answer = judge.ask(&json!({"op": "recode", "id": 0, "hex": hex}))?;
        let place = || format!("{value:?}, {hex}: {answer}");
        ensure!(answer.get("error").is_none() && answer["same"] == true, place());
        // What JavaScript cannot hold exactly comes back rounded, or in another form.
        let is_exact = match *value {
            Value::Unsigned(whole) => whole <= 1 << 53,
            Value::Signed(whole) => whole >= -(1 << 53),
            Value::Double(number) => number.is_nan() || number.is_infinite() || number.abs() < 1e19,
            _ => true,
        };
        if is_exact {
            ensure!(
                answer["notepack"] == hex.as_str(),
                "notepack.io writes another form: {}",
                place()
            );
        }
        for library in ["notepack", "msgpack"] {
            let theirs = answer[library].as_str().with_context(place)?;
            let read = notepack::decode(&bytes(theirs)?).with_context(place)?;
            let same = match (value.as_f64(), read.as_f64()) {
                // notepack.io wraps whole numbers that 64 bits do not hold.
                (Some(number), _) if number.abs() >= 1e19 && library == "notepack" => true,
                (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
                // `@msgpack/msgpack` writes dates in a form of its own, and cannot write `undefined`.
                _ if library == "msgpack" && matches!(value, Value::Date(_)) => true,
                _ if library == "msgpack" => read == without_undefined(value),
                _ => &read == value,
            };
            ensure!(same, "{library} writes {theirs}: {}", place());
        }
    }
    Ok(values.len())
}

fn without_undefined(value: &Value) -> Value {
    match value {
        Value::Undefined => Value::Null,
        Value::Array(items) => Value::Array(items.iter().map(without_undefined).collect()),
        value => value.clone(),
    }
}

fn values() -> Vec<Value> {
    let mut values = vec![Value::Undefined, Value::Null, true.into(), false.into()];
    for bits in 0..=64_u32 {
        let power = 1_u128 << bits;
        for whole in [power - 1, power, power + 1] {
            values.extend(u64::try_from(whole).ok().map(Value::from));
            values.extend(i64::try_from(whole).ok().map(|whole| Value::from(-whole)));
        }
    }
    let doubles = [0.5, -0.1, 1e-300, 1e300, -1e20, 1e19, f64::MAX, f64::NAN, f64::INFINITY];
    values.extend(doubles.map(Value::from));
    for len in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        values.push(("ö".repeat(len / 2) + &"x".repeat(len % 2)).as_str().into());
        values.push(Value::Array(vec![Value::Undefined; len]));
        let member = |at: usize| (format!("k{at}"), Value::from(at as u64));
        values.push(Value::Object((0..len).map(member).collect::<Object>()));
        values.push(Value::Bytes(vec![7; len]));
    }
    values.extend([Value::Date(0), Value::Date(-1), Value::Date(961_459_200_000)]);
    values
}
