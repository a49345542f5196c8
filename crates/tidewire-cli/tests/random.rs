//! Random scenarios: what is printed is what a model of the language, written apart from the
//! engine, says must be seen.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use tidewire_cli::{Codec, ScenarioError, print_schema, run_scenario};
use tidewire_testkit::{
    Cause, Config, KeyOrder, Random, Reading, difference, expect, generate, generate_over,
};

const SEEDS: u64 = 120;

/// The lines of a scenario, parsed.
fn run(scenario: &Json, codec: &str) -> Vec<Json> {
    let codec = Codec::from_names(codec, None).unwrap();
    let mut out = Vec::new();
    if let Err(error) = run_scenario(&scenario.to_string(), codec, &mut out) {
        panic!("{error}\n{scenario}");
    }
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn bytes(line: &Json) -> Vec<u8> {
    let hex = line["hex"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Checks all lines of a scenario but for the bytes, which `see` is shown with the state that a
/// client must hold after them.
fn check(
    seed: u64,
    codec: &str,
    reading: Reading,
    see: impl FnMut(&str, &str, &[u8], Option<&Json>),
) {
    check_scenario(seed, &generate(seed, &Config::default()), codec, reading, see);
}

fn check_scenario(
    seed: u64,
    scenario: &Json,
    codec: &str,
    reading: Reading,
    mut see: impl FnMut(&str, &str, &[u8], Option<&Json>),
) {
    let checkpoints = expect(scenario, reading).unwrap();
    let mut lines = run(scenario, codec).into_iter().peekable();
    for checkpoint in checkpoints {
        // A struct in the place of one that is equal changes nothing where structs have no identity.
        let is_plain = codec.starts_with("opcode") || codec.starts_with("state");
        let is_silent = is_plain && lines.peek().is_some_and(|line| line["kind"] == "state");
        let mut next = |kind: &str| {
            let line = lines.next().unwrap_or_else(|| panic!("seed {seed}: a line is missing"));
            let place = format!("seed {seed}, step {}: {line}\n{scenario}", checkpoint.step);
            assert_eq!(line["step"], checkpoint.step, "{place}");
            assert_eq!(line["client"], checkpoint.client, "{place}");
            assert_eq!(line["kind"], kind, "{place}");
            line
        };
        let messages: &[&str] = match checkpoint.cause {
            Cause::Join if codec == "schema" => &["handshake", "snapshot"],
            Cause::Join => &["snapshot"],
            Cause::Tick if checkpoint.changed && !is_silent => &["patch"],
            Cause::Tick => &[],
        };
        for kind in messages {
            see(&checkpoint.client, kind, &bytes(&next(kind)), None);
        }
        let state = &next("state")["json"];
        if let Some(difference) = difference(&checkpoint.state, state, KeyOrder::Checked) {
            panic!("seed {seed}, step {}: {difference}\n{scenario}", checkpoint.step);
        }
        see(&checkpoint.client, "state", &[], Some(state));
    }
    assert!(lines.next().is_none(), "seed {seed}: a line too many\n{scenario}");
}

#[test]
fn states_are_those_of_the_model() {
    for seed in 0..SEEDS {
        check(seed, "schema", Reading::Schema, |_, kind, bytes, _| {
            assert!(
                kind == "state" || kind == "snapshot" || !bytes.is_empty(),
                "seed {seed}: {kind}"
            );
        });
    }
}

#[test]
fn json_patches_bring_every_client_to_its_state() {
    for seed in 0..SEEDS {
        let mut clients: HashMap<String, Json> = HashMap::new();
        check(seed, "json", Reading::Json, |client, kind, bytes, state| match kind {
            "snapshot" => {
                clients.insert(client.to_owned(), serde_json::from_slice(bytes).unwrap());
            }
            "patch" => {
                let patch: json_patch::Patch = serde_json::from_slice(bytes).unwrap();
                let held = clients.get_mut(client).unwrap();
                json_patch::patch(held, &patch)
                    .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            }
            _ => assert_eq!(Some(&clients[client]), state, "seed {seed}"),
        });
    }
}

/// Where a run stops, if it does.
fn stop(scenario: &Json, codec: &str) -> Option<usize> {
    let codec = Codec::from_names(codec, None).unwrap();
    match run_scenario(&scenario.to_string(), codec, &mut Vec::new()) {
        Ok(()) => None,
        Err(ScenarioError::Step { index, .. }) => Some(index),
        Err(error) => panic!("{error}\n{scenario}"),
    }
}

#[test]
fn steps_are_refused_where_the_model_refuses_them() {
    let mut stopped = 0;
    for seed in 0..SEEDS {
        let mut scenario = generate(seed, &Config::default());
        let mut random = Random::new(seed);
        // What a step was made for may be missing now.
        scenario["steps"].as_array_mut().unwrap().retain(|_| random.chance(85));
        let expected = expect(&scenario, Reading::Json).err();
        let found = stop(&scenario, "json").map(|index| format!("step {index}: "));
        stopped += usize::from(found.is_some());
        match (&expected, &found) {
            (None, None) => {}
            (Some(expected), Some(found)) if expected.starts_with(found) => {}
            _ => panic!("seed {seed}: {found:?}, expected {expected:?}\n{scenario}"),
        }
    }
    assert!(stopped > 20 && stopped < SEEDS as usize, "{stopped} of {SEEDS} stopped");
}

/// The number of values in a tree, itself included.
fn count(value: &Json) -> usize {
    1 + match value {
        Json::Array(items) => items.iter().map(count).sum(),
        Json::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts something else in the place of the `at`-th value of a tree.
fn replace(value: &mut Json, at: &mut usize, new: &Json) {
    if *at == 0 {
        *value = new.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        _ if *at == usize::MAX => {}
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, at, new)),
        Json::Object(members) => members.values_mut().for_each(|member| replace(member, at, new)),
        _ => {}
    }
}

#[test]
fn broken_scenarios_do_not_panic() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(0.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("/"),
        json!("~"),
        json!("T0"),
        json!("uint8"),
        json!("splice"),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "": {} }),
        json!({ "op": "sync" }),
    ];
    let (mut ran, mut refused) = (0, 0);
    for seed in 0..SEEDS {
        let scenario = generate(seed, &Config { steps: 30, ..Config::default() });
        let mut random = Random::new(seed);
        for _ in 0..5 {
            let mut broken = scenario.clone();
            let mut at = random.below(count(&broken));
            replace(&mut broken, &mut at, &random.pick(&odd));
            for codec in ["json", "schema"] {
                let codec = Codec::from_names(codec, None).unwrap();
                match run_scenario(&broken.to_string(), codec, &mut Vec::new()) {
                    Ok(()) => ran += 1,
                    Err(error) => refused += usize::from(!error.to_string().is_empty()),
                }
            }
            let mut text = scenario.to_string().into_bytes();
            let at = random.below(text.len());
            text[at] = random.any() as u8;
            let text = String::from_utf8_lossy(&text);
            let _ = run_scenario(&text, Codec::Json, &mut Vec::new());
        }
    }
    assert!(ran > 30 && refused > 300, "{ran} ran, {refused} were refused");
}

#[test]
fn state_tree_frames_bring_every_client_to_its_state() {
    use tidewire_opcode::{Encoding, View, path_hash};
    for (name, encoding) in [
        ("state-json", Encoding::JsonObject),
        ("opcode-json", Encoding::OpcodeJson),
        ("opcode-msgpack", Encoding::OpcodeMessagePack),
    ] {
        for seed in 0..SEEDS / 3 {
            let scenario = with_names_that_are_found(seed);
            let schema = print_schema(&scenario.to_string()).unwrap();
            let schema: Json = serde_json::from_str(&schema).unwrap();
            let patterns = schema["lands"]["land"]["pathHashes"].as_object().unwrap();
            let mut views: HashMap<String, View> = HashMap::new();
            check_scenario(
                seed,
                &scenario,
                name,
                Reading::Json,
                |client, kind, bytes, state| match (kind, state) {
                    ("snapshot", _) => {
                        let patterns = patterns.keys().map(|key| (key.as_str(), path_hash(key)));
                        let mut view = View::new(patterns);
                        view.receive(bytes, encoding).unwrap();
                        views.insert(client.to_owned(), view);
                    }
                    ("patch", _) => {
                        drop(views.get_mut(client).unwrap().receive(bytes, encoding).unwrap());
                    }
                    (_, Some(state)) => {
                        let held = json_of(views[client].root());
                        assert_eq!(
                            difference(state, &held, KeyOrder::Ignored),
                            None,
                            "seed {seed}"
                        );
                    }
                    (kind, None) => panic!("{name} has no {kind}"),
                },
            );
        }
    }
}

/// A scenario whose root has no field that state-tree clients cannot find.
fn with_names_that_are_found(seed: u64) -> Json {
    let mut scenario = generate(seed, &Config::default());
    let root = scenario["root"].as_str().unwrap().to_owned();
    let fields = scenario["types"][root]["fields"].as_object_mut().unwrap();
    *fields = fields
        .iter()
        .map(|(name, field)| (name.replace(['/', '~', '.'], "_"), field.clone()))
        .collect();
    generate_over(&scenario, seed, &Config::default()).unwrap()
}

/// What a client holds; to it what is absent is null.
fn json_of(tree: &tidewire_opcode::Tree) -> Json {
    use tidewire_opcode::Tree;
    match tree {
        Tree::Null => Json::Null,
        Tree::Boolean(value) => json!(value),
        Tree::Integer(value) => json!(*value as f64),
        Tree::Double(value) => json!(value),
        Tree::String(text) => json!(**text),
        Tree::Array(items) => items.iter().map(json_of).collect(),
        Tree::Object(members) => members
            .iter()
            .filter(|(_, member)| **member != Tree::Null)
            .map(|(name, member)| (name.to_string(), json_of(member)))
            .collect(),
    }
}
