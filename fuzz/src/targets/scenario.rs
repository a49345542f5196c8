//! A scenario file, run with every codec. One that the command line takes leaves valid lines.

use serde_json::{Value as Json, json};
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
    br#"{"op":"view","client":"c0","add":""},"#,
    br#"{"op":"view","client":"c0","add":"/f0","tag":3},"#,
    br#"{"op":"view","client":"c0","remove":"/f0/0"},"#,
    br#"{"op":"share","path":"/f0","from":"/f1"},"#,
    br#"{"op":"share","path":"/f0/0/f1","from":"/f0/1"},"#,
    br#"{"op":"add","path":"/f0","value":{}},"#,
    br#"{"set":"T0"}"#,
    br#"{"collection":"T0","view":-1}"#,
    br#"{"quantized":{"min":-1,"max":1,"bits":8}}"#,
    br#""view":1,"#,
    br#""$type":"T1","#,
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
    let run = |codec| {
        // The lines do not count: they go to whoever reads them.
        match run_scenario(&text, codec, &mut std::io::sink()) {
            // Not everything can be told to the clients of every codec.
            Err(ScenarioError::NotCarried { .. }) => None,
            found => Some(found),
        }
    };
    let newest = run(Codec::Schema(Profile::V5));
    let shortest = Some("shortest");
    let others = [("json", None), ("state-json", shortest), ("opcode-msgpack", shortest)];
    let others = others.map(|(name, profile)| {
        let Ok(codec) = Codec::from_names(name, profile) else { unreachable!("{name}") };
        codec
    });
    for codec in [Codec::Schema(Profile::V3)].into_iter().chain(others) {
        if let (Some(found), Some(newest)) = (run(codec), &newest) {
            assert_eq!(found.is_ok(), newest.is_ok(), "{codec:?}: {found:?}, {newest:?}");
        }
    }
}

/// Random scenarios of all kinds, and one that grows as fast as sharing can.
pub fn seeds() -> Vec<Vec<u8>> {
    let small = |config| Config {
        types: 3,
        fields: 4,
        steps: 25,
        edits: 4,
        clients: 2,
        depth: 3,
        elements: 6,
        ..config
    };
    let plain = (0..20).map(|seed| generate(seed, &small(Config::default())));
    let complete = (0..40).map(|seed| {
        let config = Config { shares: 60, views: 70, ..Config::complete() };
        generate(seed, &small(config))
    });
    let scenarios = plain.chain(complete).chain([doubling()]);
    scenarios.map(|scenario| without_long_texts(&scenario).to_string().into_bytes()).collect()
}

/// Instances that each hold the one before twice.
fn doubling() -> Json {
    let share = |path: &str, from: &str| json!({ "op": "share", "path": path, "from": from });
    let set = |path: &str| json!({ "op": "set", "path": path, "value": {} });
    let mut steps = vec![json!({ "op": "join", "client": "c0" }), set("/f0")];
    for _ in 0..18 {
        steps.extend([set("/f1"), share("/f1/f0", "/f0"), share("/f1/f1", "/f0")]);
        steps.extend([share("/f0", "/f1"), json!({ "op": "sync" })]);
    }
    let fields = json!({ "f0": "T0", "f1": "T0", "f2": { "type": "T0", "view": -1 } });
    json!({
        "types": { "T0": { "fields": fields } },
        "root": "T0",
        "clients": { "c0": { "view": true } },
        "steps": steps,
    })
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
