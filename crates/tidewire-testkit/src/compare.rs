//! Whether a client holds what it should.

use serde_json::Value as Json;

/// Whether the order of an object's keys counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// Fields must come in index order, the keys of a map in order of arrival.
    Checked,
    /// Any order will do.
    Ignored,
}

/// The first difference between two states, with its JSON Pointer; `None` if they are the same.
/// Numbers are compared as doubles, which is all that most clients know.
///
/// ```
/// use serde_json::json;
/// use tidewire_testkit::{KeyOrder, difference};
/// assert_eq!(difference(&json!({"a": [1]}), &json!({"a": [1.0]}), KeyOrder::Checked), None);
/// let message = difference(&json!({"a": [1]}), &json!({"a": [2]}), KeyOrder::Checked).unwrap();
/// assert_eq!(message, "`/a/0` is 2, expected 1");
/// ```
pub fn difference(expected: &Json, found: &Json, order: KeyOrder) -> Option<String> {
    compare(expected, found, order, &mut String::new())
}

fn compare(expected: &Json, found: &Json, order: KeyOrder, path: &mut String) -> Option<String> {
    match (expected, found) {
        (Json::Object(a), Json::Object(b)) => {
            let (a_keys, b_keys) = (a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
            let same_keys = match order {
                KeyOrder::Checked => a_keys == b_keys,
                KeyOrder::Ignored => {
                    a.len() == b.len() && a_keys.iter().all(|key| b.contains_key(*key))
                }
            };
            if !same_keys {
                return Some(format!("`{path}` has the keys {b_keys:?}, expected {a_keys:?}"));
            }
            a.iter().find_map(|(key, value)| {
                below(path, key, |path| compare(value, b.get(key)?, order, path))
            })
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            std::iter::zip(a, b).enumerate().find_map(|(index, (a, b))| {
                below(path, &index.to_string(), |path| compare(a, b, order, path))
            })
        }
        (Json::Number(a), Json::Number(b)) if a.as_f64() == b.as_f64() => None,
        (a, b) if a == b => None,
        (a, b) => Some(format!("`{path}` is {b}, expected {a}")),
    }
}

fn below<T>(path: &mut String, token: &str, run: impl FnOnce(&mut String) -> T) -> T {
    let len = path.len();
    path.push('/');
    path.push_str(&escape(token));
    let result = run(path);
    path.truncate(len);
    result
}

/// A token of a JSON Pointer.
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
