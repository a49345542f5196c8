//! JSON patches, applied to a document and undone.

use serde_json::Value as Json;
use tidewire_patch::{
    Op, Patch, Path,
    notepack::{self, Value},
};

use super::harbor;
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"{\"op\":\"add\",\"path\":\"",
    b"{\"op\":\"replace\",\"path\":\"",
    b"{\"op\":\"remove\",\"path\":\"",
    b"\"value\":",
    b"\"oldValue\":",
    b"/queue/0",
    b"/queue/-",
    b"/queue/01",
    b"/ships/b~1~0",
    b"/~",
    b"/",
    b"null",
    b"[]",
    b"{}",
    b",",
];

/// Applies lists of patches. What the crate `json-patch` takes is taken alike, and with what was
/// there before it can be undone.
pub fn target(data: &[u8]) {
    let mut texts = parts::split(data);
    let Some(mut theirs) = texts.next().and_then(|text| serde_json::from_slice::<Json>(text).ok())
    else {
        return;
    };
    let mut ours = value(&theirs);
    for text in texts {
        let Ok(Json::Array(list)) = serde_json::from_slice::<Json>(text) else { continue };
        for operation in list {
            let Some(patch) = patch(&operation) else { continue };
            // Ours takes nothing so deep, theirs does.
            if patch.path.segments().count() > notepack::MAX_DEPTH {
                continue;
            }
            let list = serde_json::from_value::<json_patch::Patch>(Json::Array(vec![operation]));
            let Ok(list) = list else { continue };
            let before = ours.clone();
            let taken = json_patch::patch(&mut theirs, &list);
            let applied = patch.apply(&mut ours);
            match (&taken, &applied) {
                // What is not there can be replaced here, and all of it be removed.
                (Err(_), Ok(())) => ours = before,
                (Ok(()), Err(error)) => panic!("{patch:?} of {before:?}: {error}"),
                (Err(_), Err(_)) => assert_eq!(ours, before),
                (Ok(()), Ok(())) if ours.is_undefined() => ours = Value::Null,
                (Ok(()), Ok(())) => undo(&patch, &before, &ours),
            }
            // 3 and 3.0 are one number.
            assert_eq!(ours, value(&theirs), "{patch:?}");
        }
    }
}

/// Undoes a patch that says what was there before it.
fn undo(patch: &Patch, before: &Value, after: &Value) {
    let mut undone = after.clone();
    let inverse = patch.inverse_in(before).expect("it fits what it was applied to");
    assert_eq!(inverse.apply(&mut undone), Ok(()), "{patch:?}");
    assert_eq!(&undone, before, "{patch:?}");
    let old = at(before, patch).cloned();
    let patch = match (patch.op, old) {
        // An addition in the place of a member replaces it.
        (Op::Add, Some(old)) if !is_array(before, patch) => patch.clone().with_old(old),
        (Op::Add, _) => patch.clone(),
        (_, Some(old)) => patch.clone().with_old(old),
        (_, None) => return,
    };
    // `-` names the place behind the last item, where the item is no more when it is there.
    if patch.path.segments().last().is_some_and(|last| last == "-") {
        return;
    }
    let mut undone = after.clone();
    let inverse = patch.inverse().expect("it says what was there");
    assert_eq!(inverse.apply(&mut undone), Ok(()), "{patch:?}");
    assert_eq!(&undone, before, "{patch:?}");
}

/// What is at the path of a patch.
fn at<'a>(document: &'a Value, patch: &Patch) -> Option<&'a Value> {
    patch.path.segments().try_fold(document, |value, segment| below(value, &segment))
}

/// Whether the path of a patch leads into an array.
fn is_array(document: &Value, patch: &Patch) -> bool {
    let count = patch.path.segments().count();
    let container = patch
        .path
        .segments()
        .take(count.saturating_sub(1))
        .try_fold(document, |value, segment| below(value, &segment));
    count > 0 && matches!(container, Some(Value::Array(_)))
}

fn below<'a>(value: &'a Value, segment: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(segment),
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

fn patch(operation: &Json) -> Option<Patch> {
    let path: Path = operation.get("path")?.as_str()?.parse().ok()?;
    let value = || operation.get("value").map(value);
    match operation.get("op")?.as_str()? {
        "add" => Some(Patch::add(path, value()?)),
        "replace" => Some(Patch::replace(path, value()?)),
        "remove" => Some(Patch::remove(path)),
        _ => None,
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => whole.into(),
            (_, Some(whole)) => whole.into(),
            _ => number.as_f64().unwrap_or_default().into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::Array(items.iter().map(value).collect()),
        Json::Object(members) => Value::Object(
            members.iter().map(|(name, member)| (name.as_str(), value(member))).collect(),
        ),
    }
}

/// What servers send.
pub fn seeds() -> Vec<Vec<u8>> {
    harbor::sessions().json
}
