//! Messages that are taken apart for people. What a decoder reads an inspector must read too.

use serde_json::{Value as Json, json};
use tidewire_cli::{Codec, run_scenario};
use tidewire_schema::{Decoder, Inspection, Inspector, Profile};
use tidewire_testkit::{Config, generate};

use super::{decode_dynamic, decode_typed};
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = decode_typed::WORDS;

/// Takes the messages apart with the types that the first describes, and without any.
pub fn target(data: &[u8]) {
    let mut messages = parts::split(data);
    let Some(handshake) = messages.next() else { return };
    check(&Inspector::of_handshake().inspect(handshake), handshake);
    let mut blind = Inspector::new();
    let mut known = Inspector::from_handshake(handshake).ok();
    let mut decoder = Decoder::from_handshake(handshake).ok();
    for message in messages {
        check(&blind.inspect(message), message);
        let Some(known) = &mut known else { continue };
        let inspection = known.inspect(message);
        check(&inspection, message);
        let reads = decoder.as_mut().is_some_and(|decoder| decoder.apply(message).is_ok());
        assert!(!reads || inspection.error.is_none(), "{inspection}");
    }
}

/// The lines are the message, one after the other, and can be printed.
fn check(inspection: &Inspection<'_>, message: &[u8]) {
    let end = inspection.lines.iter().fold(0, |end, line| {
        assert!(line.offset == end && line.len > 0);
        end + line.len
    });
    let expected = inspection.error.as_ref().map_or(message.len(), |error| error.operation);
    assert_eq!(end, expected);
    let text = inspection.to_string();
    let lines = inspection.lines.len() + usize::from(inspection.error.is_some());
    assert_eq!(text.lines().count(), lines);
}

/// What servers send, also of types that extend others.
pub fn seeds() -> Vec<Vec<u8>> {
    let config = Config { inheritance: 100, ..Config::default() };
    let random = (0..8).map(|seed| generate(seed, &config));
    let scenarios = std::iter::once(moves()).chain(random);
    let sent = scenarios.map(|scenario| sent(&scenario));
    decode_dynamic::seeds().into_iter().chain(sent).collect()
}

/// Items of a type that extends that of their array change places, then fields.
fn moves() -> Json {
    json!({
        "types": {
            "Item": { "fields": { "name": "string" } },
            "Weapon": { "extends": "Item", "fields": { "damage": "uint8" } },
            "State": { "fields": { "hand": { "array": "Item" } } },
        },
        "root": "State",
        "clients": { "a": {} },
        "steps": [
            { "op": "push", "path": "/hand", "values": [{}, { "$type": "Weapon", "name": "axe" }] },
            { "op": "join", "client": "a" },
            { "op": "swap", "path": "/hand", "a": 0, "b": 1 },
            { "op": "sync" },
            { "op": "set", "path": "/hand/0/damage", "value": 7 },
            { "op": "sync" },
        ],
    })
}

/// What the first client of a scenario is sent.
fn sent(scenario: &Json) -> Vec<u8> {
    let mut out = Vec::new();
    let result = run_scenario(&scenario.to_string(), Codec::Schema(Profile::V5), &mut out);
    assert!(result.is_ok(), "{result:?}: {scenario}");
    let lines: Vec<Json> = serde_json::Deserializer::from_slice(&out)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("the command line prints JSON: {error}"));
    let client = lines.first().map(|line| line["client"].clone());
    let of_client = lines.iter().filter(|line| Some(&line["client"]) == client.as_ref());
    parts::join(of_client.filter_map(|line| {
        let hex = line["hex"].as_str()?;
        let pairs = hex.as_bytes().chunks(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<Vec<u8>>>()
    }))
}
