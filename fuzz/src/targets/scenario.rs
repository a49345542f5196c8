//! A scenario file, run with every codec. One that the command line takes leaves valid lines.

use serde_json::Value as Json;
use tidewire_cli::{Codec, ScenarioError, run_scenario};
use tidewire_schema::Profile;
use tidewire_testkit::{Config, generate};

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    br#"{"op":"sync"},"#,
    br#"{"op":"join","client":"c0"},"#,
    br#"{"op":"leave","client":"c0"},"#,
    br#"{"op":"set","path":"/f0","value":null},"#,
    br#"{"op":"clear","path":"/f0"},"#,
    br#"{"op":"splice","path":"/f0","at":-1,"remove":3,"insert":[{}]},"#,
    br#"{"op":"move","path":"/f0","from":0,"to":99},"#,
    br#"{"op":"view","client":"c0"},"#,
    br#"{"map":"T0"}"#,
    br#"{"array":"T0"}"#,
    br#"{"type":"T0","optional":true}"#,
    br#""extends":"T0","#,
    b"null",
    b"{}",
    b"[]",
    b"-1",
    b"1e300",
    b"18446744073709551616",
    b"/f0/0",
    b"~1",
    b"\\ud800",
];

/// Runs the scenario.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // The lines do not count: they go to whoever reads them.
    let json = run_scenario(&text, Codec::Json, &mut std::io::sink());
    for profile in [Profile::V3, Profile::V5] {
        let schema = run_scenario(&text, Codec::Schema(profile), &mut std::io::sink());
        assert_eq!(json.is_ok(), schema.is_ok(), "{json:?}, {schema:?}");
    }
    for name in ["state-json", "opcode-msgpack"] {
        let Ok(codec) = Codec::from_names(name, Some("shortest")) else { unreachable!("{name}") };
        match run_scenario(&text, codec, &mut std::io::sink()) {
            // Some names cannot be told to these clients.
            Err(ScenarioError::NotCarried { .. }) => {}
            found => assert_eq!(json.is_ok(), found.is_ok(), "{json:?}, {found:?}"),
        }
    }
}

/// Random scenarios, and one with all that is refused.
pub fn seeds() -> Vec<Vec<u8>> {
    let small = Config {
        types: 3,
        fields: 4,
        steps: 25,
        edits: 4,
        clients: 2,
        depth: 3,
        elements: 6,
        ..Config::default()
    };
    let mut seeds: Vec<Vec<u8>> = (0..40)
        .map(|seed| without_long_texts(&generate(seed, &small)).to_string().into_bytes())
        .collect();
    seeds.push(
        br#"{"types":{"S":{"fields":{"a":"S","b":{"set":"int8"},"c":{"type":"uint8","optional":true}}}},
            "root":"S","clients":{"c0":{"view":true}},"steps":[{"op":"join","client":"c0"},{"op":"sync"}]}"#
            .to_vec(),
    );
    seeds
}

/// What is long is slow, and finds nothing.
fn without_long_texts(json: &Json) -> Json {
    match json {
        Json::String(text) if text.len() > 300 => "long".into(),
        Json::Array(items) => items.iter().map(without_long_texts).collect(),
        Json::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), without_long_texts(value))).collect()
        }
        other => other.clone(),
    }
}
