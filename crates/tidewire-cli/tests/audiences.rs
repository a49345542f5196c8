//! The whole language through the codecs that go by path: views, shared instances, types that extend
//! others, sets of structs, quantized numbers. Every client comes to the state that a model says it
//! must see, and is sent nothing of what it must not.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use tidewire_cli::{Codec, ScenarioError, print_schema, run_scenario};
use tidewire_opcode::{Encoding, Tree, View, path_hash};
use tidewire_patch::{LightDecoder, PatchpackDecoder, mpack, notepack, notepack::Value};
use tidewire_testkit::{
    Cause, Config, KeyOrder, Reading, difference, expect, generate, generate_over,
};

const SEEDS: u64 = 40;

/// What a client holds, and how it reads.
trait Client {
    fn snapshot(&mut self, bytes: &[u8]);
    fn patch(&mut self, bytes: &[u8]);
    fn state(&self) -> Json;
}

/// Runs a scenario and holds what each client makes of its messages against the model.
fn check(
    seed: u64,
    scenario: &Json,
    codec: &str,
    mut join: impl FnMut() -> Box<dyn Client>,
) -> usize {
    let checkpoints = expect(scenario, Reading::Json).unwrap();
    let mut out = Vec::new();
    match run_scenario(&scenario.to_string(), Codec::from_names(codec, None).unwrap(), &mut out) {
        Ok(()) => {}
        Err(ScenarioError::NotCarried { what, .. }) if what.contains("__proto__") => return 0,
        Err(error) => panic!("seed {seed}: {error}\n{scenario}"),
    }
    let lines: Vec<Json> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut lines = lines.iter().peekable();
    let mut clients: HashMap<String, Box<dyn Client>> = HashMap::new();
    for checkpoint in &checkpoints {
        let place =
            format!("{codec}, seed {seed}, step {}, {}", checkpoint.step, checkpoint.client);
        if checkpoint.cause == Cause::Join {
            clients.insert(checkpoint.client.clone(), join());
        }
        let client = clients.get_mut(&checkpoint.client).unwrap();
        let mut patched = false;
        while let Some(line) = lines.next_if(|line| line["kind"] != "state") {
            assert_eq!(line["client"], checkpoint.client, "{place}: {line}\n{scenario}");
            for bytes in messages(line) {
                for secret in &checkpoint.hidden {
                    let leaks =
                        bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                    assert!(!leaks, "{place}: {secret:?} is in {line}\n{scenario}");
                }
                match line["kind"].as_str() {
                    Some("snapshot") => client.snapshot(&bytes),
                    _ => client.patch(&bytes),
                }
            }
            patched = line["kind"] == "patch";
        }
        // Nothing is sent where nothing changed. A tick may change what no path shows.
        let may = checkpoint.changed || checkpoint.cause == Cause::Join;
        assert!(may || !patched, "{place}: a patch that says nothing\n{scenario}");
        let line = lines.next().unwrap();
        let told = difference(&checkpoint.state, &line["json"], KeyOrder::Ignored);
        assert_eq!(told, None, "{place}: the command line\n{scenario}");
        let held = client.state();
        if let Some(difference) = difference(&checkpoint.state, &held, KeyOrder::Ignored) {
            panic!("{place}: {difference}\n{scenario}");
        }
    }
    assert!(lines.next().is_none(), "{codec}, seed {seed}: a line too many\n{scenario}");
    checkpoints.len()
}

/// The messages of a line: one, or a list.
fn messages(line: &Json) -> Vec<Vec<u8>> {
    let bytes = |hex: &Json| {
        let hex = hex.as_str().unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(byte).collect()
    };
    match &line["hex"] {
        Json::Array(list) => list.iter().map(bytes).collect(),
        hex => vec![bytes(hex)],
    }
}

/// Runs all seeds.
fn all(codec: &str, scenario: fn(u64) -> Json, join: impl Fn(&Json) -> Box<dyn Client>) {
    let mut states = 0;
    for seed in 0..SEEDS {
        let scenario = scenario(seed);
        states += check(seed, &scenario, codec, || join(&scenario));
    }
    assert!(states > 8 * SEEDS as usize, "{states} states");
}

fn complete(seed: u64) -> Json {
    generate(seed, &Config::complete())
}

struct JsonClient(Json);

impl Client for JsonClient {
    fn snapshot(&mut self, bytes: &[u8]) {
        self.0 = serde_json::from_slice(bytes).unwrap();
    }
    fn patch(&mut self, bytes: &[u8]) {
        let patch: json_patch::Patch = serde_json::from_slice(bytes).unwrap();
        json_patch::patch(&mut self.0, &patch).unwrap();
    }
    fn state(&self) -> Json {
        self.0.clone()
    }
}

#[test]
fn json_brings_every_client_to_its_state() {
    all("json", complete, |_| Box::new(JsonClient(Json::Null)));
}

struct MpackClient(Value);

impl Client for MpackClient {
    fn snapshot(&mut self, bytes: &[u8]) {
        self.0 = notepack::decode(bytes).unwrap();
    }
    fn patch(&mut self, bytes: &[u8]) {
        mpack::decode_patch(bytes).unwrap().apply(&mut self.0).unwrap();
    }
    fn state(&self) -> Json {
        self.0.to_json()
    }
}

#[test]
fn mpack_brings_every_client_to_its_state() {
    all("mpack", complete, |_| Box::new(MpackClient(Value::Undefined)));
}

#[derive(Default)]
struct LightClient(Option<(LightDecoder, Value)>);

impl Client for LightClient {
    fn snapshot(&mut self, bytes: &[u8]) {
        self.0 = Some(LightDecoder::from_snapshot(bytes).unwrap());
    }
    fn patch(&mut self, bytes: &[u8]) {
        let (decoder, state) = self.0.as_mut().unwrap();
        decoder.patch(bytes).unwrap().apply(state).unwrap();
    }
    fn state(&self) -> Json {
        self.0.as_ref().unwrap().1.to_json()
    }
}

#[test]
fn light_brings_every_client_to_its_state() {
    all("light", complete, |_| Box::new(LightClient::default()));
}

#[derive(Default)]
struct PatchpackClient(Option<(PatchpackDecoder, Value)>);

impl Client for PatchpackClient {
    fn snapshot(&mut self, bytes: &[u8]) {
        self.0 = Some(PatchpackDecoder::from_state(bytes).unwrap());
    }
    fn patch(&mut self, bytes: &[u8]) {
        let (decoder, state) = self.0.as_mut().unwrap();
        decoder.patch(bytes).unwrap().apply(state).unwrap();
    }
    fn state(&self) -> Json {
        self.0.as_ref().unwrap().1.to_json()
    }
}

#[test]
fn patchpack_brings_every_client_to_its_state() {
    all("patchpack", complete, |_| Box::new(PatchpackClient::default()));
}

struct TreeClient {
    patterns: Vec<String>,
    view: View,
    encoding: Encoding,
}

impl Client for TreeClient {
    fn snapshot(&mut self, bytes: &[u8]) {
        self.view = View::new(self.patterns.iter().map(|name| (name.as_str(), path_hash(name))));
        self.patch(bytes);
    }
    fn patch(&mut self, bytes: &[u8]) {
        drop(self.view.receive(bytes, self.encoding).unwrap());
    }
    fn state(&self) -> Json {
        json_of(self.view.root())
    }
}

/// What a client holds; to it what is absent is null.
fn json_of(tree: &Tree) -> Json {
    match tree {
        Tree::Null => Json::Null,
        Tree::Boolean(value) => json!(value),
        Tree::Integer(value) => json!(*value as f64),
        Tree::Double(value) => json!(value),
        Tree::String(text) => json!(**text),
        Tree::Array(items) => items.iter().map(json_of).collect(),
        Tree::Object(members) => {
            let there = members.iter().filter(|(_, member)| **member != Tree::Null);
            there.map(|(name, member)| (name.to_string(), json_of(member))).collect()
        }
    }
}

/// A scenario in which no field has a name that state-tree clients cannot find.
fn findable(seed: u64) -> Json {
    let mut scenario = complete(seed);
    let found = |name: &String| name.replace(['/', '~', '.', '['], "_");
    for info in scenario["types"].as_object_mut().unwrap().values_mut() {
        let fields = info["fields"].as_object_mut().unwrap();
        *fields = fields.iter().map(|(name, field)| (found(name), field.clone())).collect();
    }
    generate_over(&scenario, seed, &Config::complete()).unwrap()
}

#[test]
fn state_tree_frames_bring_every_client_to_its_state() {
    for (name, encoding) in [
        ("state-json", Encoding::JsonObject),
        ("opcode-json", Encoding::OpcodeJson),
        ("opcode-msgpack", Encoding::OpcodeMessagePack),
    ] {
        all(name, findable, |scenario| {
            let schema = print_schema(&scenario.to_string()).unwrap();
            let schema: Json = serde_json::from_str(&schema).unwrap();
            let patterns = schema["lands"]["land"]["pathHashes"].as_object().unwrap();
            let patterns: Vec<String> = patterns.keys().cloned().collect();
            let view = View::new(Vec::<(String, u32)>::new());
            Box::new(TreeClient { patterns, view, encoding })
        });
    }
}
