//! Our own decoder, judged by the model: with what the command line prints for each client, and with
//! a snapshot over the old state where one comes again.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::HashMap;

use serde_json::Value as Json;
use tidewire_cli::{Codec, run_scenario};
use tidewire_conformance::kept;
use tidewire_schema::{Decoder, OwnedChange, Profile};
use tidewire_state::{DynField, DynState, DynStruct};
use tidewire_testkit::{Config, KeyOrder, Reading, difference, expect, generate};

/// How many states were compared, how many snapshots came over an old one, and how many states had an
/// instance in several places.
#[derive(Default)]
struct Counts {
    states: usize,
    resyncs: usize,
    shared: usize,
}

/// What a client is read into: a tree of structs, and structs of a pool.
struct Clients {
    copied: Decoder<DynStruct>,
    pooled: Decoder<DynState>,
}

fn check(name: &str, scenario: &Json, counts: &mut Counts) {
    let mut out = Vec::new();
    run_scenario(&scenario.to_string(), Codec::Schema(Profile::V5), &mut out).unwrap();
    let lines = std::str::from_utf8(&out).unwrap().lines();
    let mut expected = expect(scenario, Reading::Schema).unwrap().into_iter();
    let mut clients: HashMap<String, Clients> = HashMap::new();
    for line in lines.map(|line| serde_json::from_str::<Json>(line).unwrap()) {
        let client = line["client"].as_str().unwrap();
        let place = format!("{name}, step {}, client {client}", line["step"]);
        let bytes = || {
            let hex = line["hex"].as_str().unwrap().as_bytes();
            let digits = hex.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect::<Vec<u8>>()
        };
        match line["kind"].as_str().unwrap() {
            "handshake" => {
                let fresh = || Clients {
                    copied: Decoder::from_handshake(&bytes()).unwrap(),
                    pooled: Decoder::pooled_from_handshake(&bytes()).unwrap(),
                };
                clients.entry(client.to_owned()).or_insert_with(fresh);
            }
            "snapshot" => {
                let Clients { copied, pooled } = clients.get_mut(client).unwrap();
                counts.resyncs += usize::from(copied.node_count() > 1);
                copied.resync(&bytes()).unwrap_or_else(|error| panic!("{place}: {error}"));
                pooled.resync(&bytes()).unwrap_or_else(|error| panic!("{place}: {error}"));
                let mut changes: Vec<OwnedChange> = Vec::new();
                copied.resync_with(&bytes(), &mut changes).unwrap();
                pooled.resync_with(&bytes(), &mut changes).unwrap();
                assert_eq!(changes, [], "{place}: again");
            }
            "patch" => {
                let Clients { copied, pooled } = clients.get_mut(client).unwrap();
                copied.apply(&bytes()).unwrap_or_else(|error| panic!("{place}: {error}"));
                pooled.apply(&bytes()).unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            _ => {
                let expected = expected.next().unwrap();
                let Clients { copied, pooled } = &clients[client];
                for (json, nodes) in [
                    (copied.to_json(), copied.node_count()),
                    (pooled.to_json(), pooled.node_count()),
                ] {
                    let state = serde_json::from_str(&json).unwrap();
                    let differs = difference(&expected.state, &state, KeyOrder::Checked);
                    assert_eq!(differs, None, "{place}");
                    assert_eq!(nodes, expected.references, "{place}");
                }
                counts.states += 1;
                counts.shared += usize::from(has_shared(pooled.state()));
            }
        }
    }
}

#[test]
fn scenarios_that_are_kept() {
    let mut counts = Counts::default();
    for (name, scenario) in kept::scenarios().unwrap() {
        // Our decoder shows a collection of which it was told nothing as an empty one: views are for the
        // npm decoders alone.
        let is_of_theirs = |step: &Json| step["op"] == "view";
        if !scenario["steps"].as_array().unwrap().iter().any(is_of_theirs) {
            check(&name, &scenario, &mut counts);
        }
    }
    assert!(counts.states > 100, "{} states", counts.states);
}

#[test]
fn random_scenarios() {
    let mut counts = Counts::default();
    for seed in 1..=200 {
        check(&format!("seed {seed}"), &generate(seed, &Config::default()), &mut counts);
    }
    assert!(counts.states > 1_000, "{} states", counts.states);
    assert!(counts.resyncs > 40, "{} resyncs", counts.resyncs);
}

/// All of the language but views: instances in several places, types that extend others, sets of structs.
#[test]
fn random_scenarios_with_shared_instances() {
    let config = Config { shares: 100, views: 0, ..Config::complete() };
    let mut counts = Counts::default();
    for seed in 1..=300 {
        check(&format!("seed {seed}"), &generate(seed, &config), &mut counts);
    }
    assert!(counts.states > 1_500, "{} states", counts.states);
    assert!(counts.resyncs > 60, "{} resyncs", counts.resyncs);
    assert!(counts.shared > 500, "{} states with shared instances", counts.shared);
}

/// Whether an instance is in several places.
fn has_shared(state: &DynState) -> bool {
    let places = |node: &DynStruct| {
        let places = |field: &DynField| match field {
            DynField::Shared(handle) => usize::from(handle.is_some()),
            DynField::SharedMap(map) => map.len(),
            DynField::SharedArray(array) => array.len(),
            DynField::SharedSet(set) => set.len(),
            DynField::SharedCollection(collection) => collection.len(),
            _ => 0,
        };
        node.fields().map(|(_, field)| places(field)).sum::<usize>()
    };
    let all = places(state) + state.pool.iter().map(|(_, node)| places(node)).sum::<usize>();
    all > state.pool.len()
}
