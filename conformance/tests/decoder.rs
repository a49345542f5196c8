//! Our own decoder, judged by the model: with what the command line prints for each client, and with
//! a snapshot over the old state where one comes again.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::HashMap;

use serde_json::Value as Json;
use tidewire_cli::{Codec, run_scenario};
use tidewire_conformance::upstream;
use tidewire_schema::{Decoder, OwnedChange, Profile};
use tidewire_state::DynStruct;
use tidewire_testkit::{Config, KeyOrder, Reading, difference, expect, generate};

/// How many states were compared, and how many snapshots came over an old one.
#[derive(Default)]
struct Counts {
    states: usize,
    resyncs: usize,
}

fn check(name: &str, scenario: &Json, counts: &mut Counts) {
    let mut out = Vec::new();
    run_scenario(&scenario.to_string(), Codec::Schema(Profile::V5), &mut out).unwrap();
    let lines = std::str::from_utf8(&out).unwrap().lines();
    let mut expected = expect(scenario, Reading::Schema).unwrap().into_iter();
    let mut clients: HashMap<String, Decoder<DynStruct>> = HashMap::new();
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
                let fresh = || Decoder::from_handshake(&bytes()).unwrap();
                clients.entry(client.to_owned()).or_insert_with(fresh);
            }
            "snapshot" => {
                let decoder = clients.get_mut(client).unwrap();
                counts.resyncs += usize::from(decoder.node_count() > 1);
                decoder.resync(&bytes()).unwrap_or_else(|error| panic!("{place}: {error}"));
                let mut changes: Vec<OwnedChange> = Vec::new();
                decoder.resync_with(&bytes(), &mut changes).unwrap();
                assert_eq!(changes, [], "{place}: again");
            }
            "patch" => {
                let decoder = clients.get_mut(client).unwrap();
                decoder.apply(&bytes()).unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            _ => {
                let expected = expected.next().unwrap();
                let decoder = &clients[client];
                let state = serde_json::from_str(&decoder.to_json()).unwrap();
                let differs = difference(&expected.state, &state, KeyOrder::Checked);
                assert_eq!(differs, None, "{place}");
                assert_eq!(decoder.node_count(), expected.references, "{place}");
                counts.states += 1;
            }
        }
    }
}

#[test]
fn what_users_ran_into() {
    let mut counts = Counts::default();
    for (name, scenario) in upstream::scenarios().unwrap() {
        // Our decoder refuses one instance in two places, and shows a collection of which it was told
        // nothing as an empty one: both are for the npm decoders alone.
        let is_of_theirs = |step: &Json| step["op"] == "share" || step["op"] == "view";
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
