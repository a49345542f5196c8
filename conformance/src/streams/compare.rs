//! What clients hold as JSON, and how it is compared.

use anyhow::Result;
use serde_json::{Value as Json, json};
use tidewire_opcode::Tree;
use tidewire_testkit::{KeyOrder, difference};

/// How many of `new` are not in `old`.
pub(super) fn newly(old: &Json, new: &Json) -> usize {
    let names = |list: &Json| -> Vec<Json> {
        list.as_array().into_iter().flatten().map(|beast| beast["name"].clone()).collect()
    };
    let old = names(old);
    names(new).iter().filter(|name| !old.contains(name)).count()
}

/// Each object and each list is a reference.
pub(super) fn references(json: &Json) -> usize {
    match json {
        Json::Array(items) => match items.first() {
            // Of texts.
            Some(Json::String(_)) => 1,
            _ => 1 + items.iter().map(references).sum::<usize>(),
        },
        Json::Object(members) => 1 + members.values().map(references).sum::<usize>(),
        _ => 0,
    }
}

/// What differs is an error.
pub(super) fn same(expected: &Json, found: &Json) -> Result<()> {
    let (mut expected, mut found) = (expected.clone(), found.clone());
    [&mut expected, &mut found].into_iter().for_each(sort);
    match difference(&expected, &found, KeyOrder::Ignored) {
        None => Ok(()),
        Some(difference) => anyhow::bail!("{difference}; expected {expected}, found {found}"),
    }
}

/// In which order entries come to a view in one message is left open.
fn sort(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (name, member) in members {
                if let ("herd", Json::Array(beasts)) = (&**name, &mut *member) {
                    beasts.sort_by_key(|beast| beast["name"].to_string());
                }
                sort(member);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// Leaves out what is nothing: some know no difference between that and what is absent.
pub(super) fn strip(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.values_mut().for_each(strip);
            members.retain(|_, member| {
                *member != json!(null)
                    && *member != json!([])
                    && *member != json!({})
                    && *member != json!("")
                    && *member != json!(0)
            });
        }
        Json::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A state tree.
pub(super) fn to_json(tree: &Tree) -> Json {
    match tree {
        Tree::Null => Json::Null,
        Tree::Boolean(value) => json!(value),
        Tree::Integer(value) => json!(i64::try_from(*value).unwrap_or_default()),
        Tree::Double(value) => json!(value),
        Tree::String(text) => json!(**text),
        Tree::Array(items) => items.iter().map(to_json).collect(),
        Tree::Object(members) => {
            members.iter().map(|(name, value)| (name.to_string(), to_json(value))).collect()
        }
    }
}

/// As requests to the judge have bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
