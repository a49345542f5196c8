//! Random texts, by which a leak is found: a client that may not see one must not be sent it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::random::Random;

/// A text that is like no other, in any encoding of texts.
pub(crate) fn token(random: &mut Random) -> String {
    let mut token = PREFIX.to_owned();
    let mut any = random.any();
    for _ in 0..LENGTH {
        token.push(char::from(b'a' + (any % 26) as u8));
        any /= 26;
    }
    token
}

fn is_token(text: &str) -> bool {
    text.len() == PREFIX.len() + LENGTH && text.starts_with(PREFIX)
}

/// Finds the tokens in a step: values, keys and the parts of its path.
pub(crate) fn collect(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::String(text) => {
            let parts = text.split('/').filter(|part| is_token(part));
            found.extend(parts.map(str::to_owned));
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Object(members) => members.iter().for_each(|(key, value)| {
            found.extend(Some(key.clone()).filter(|key| is_token(key)));
            collect(value, found);
        }),
        _ => {}
    }
}

/// The tokens that are keys of a state.
pub(crate) fn keys(state: &Json, found: &mut BTreeSet<String>) {
    match state {
        Json::Array(items) => items.iter().for_each(|item| keys(item, found)),
        Json::Object(members) => members.iter().for_each(|(key, value)| {
            found.extend(Some(key.clone()).filter(|key| is_token(key)));
            keys(value, found);
        }),
        _ => {}
    }
}

const PREFIX: &str = "zq";
const LENGTH: usize = 10;
