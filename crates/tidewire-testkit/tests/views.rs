//! Every case of docs/VIEWS.md, as it stands there.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::{Value as Json, json};
use tidewire_testkit::{Cause, KeyOrder, Reading, difference, expect};

const PAGE: &str = include_str!("../../../docs/VIEWS.md");

/// The fenced blocks of a language, each with the heading above it.
fn blocks(language: &str) -> Vec<(&str, Vec<&str>)> {
    let (mut found, mut heading, mut open) = (Vec::new(), "", None);
    for line in PAGE.lines() {
        match (&mut open, line) {
            (None, line) if line.starts_with("###") => heading = line.trim_start_matches("### "),
            (None, line) if line.strip_prefix("```") == Some(language) => open = Some(Vec::new()),
            (Some(lines), "```") => {
                found.push((heading, std::mem::take(lines)));
                open = None;
            }
            (Some(lines), line) => lines.push(line),
            _ => {}
        }
    }
    found
}

/// Runs a case; what is seen is checked at a tick of its own.
fn check(heading: &str, lines: &[&str]) {
    let (_, start) = &blocks("start")[0];
    let mut steps: Vec<Json> =
        start.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut wanted = Vec::new();
    for line in lines {
        match line.split_once(" sees ") {
            Some((client, state)) => {
                let state: Json = serde_json::from_str(state).unwrap();
                wanted.push((steps.len(), client, state));
                steps.push(json!({ "op": "sync" }));
            }
            None => steps.push(serde_json::from_str(line).unwrap()),
        }
    }
    let checkpoints = expect(&scenario(&steps.into()), Reading::Schema).unwrap();
    assert!(!wanted.is_empty(), "{heading}");
    for (step, client, state) in wanted {
        let mut there = checkpoints.iter().filter(|found| found.step == step);
        let found = there.find(|found| found.client == client).unwrap();
        if let Some(difference) = difference(&state, &found.state, KeyOrder::Ignored) {
            panic!("{heading}: {client} at step {step}: {difference}");
        }
    }
}

#[test]
fn the_page_is_right() {
    let cases = blocks("case");
    assert!(cases.len() >= 20, "{} cases", cases.len());
    for (heading, lines) in cases {
        check(heading, &lines);
    }
}

fn scenario(steps: &Json) -> Json {
    let (_, types) = &blocks("types")[0];
    let types: Json = serde_json::from_str(&types.concat()).unwrap();
    json!({
        "types": types, "root": "State", "clients": { "a": { "view": true }, "b": {} },
        "steps": steps,
    })
}

#[test]
fn nobody_is_sent_what_does_not_concern_it() {
    let steps = json!([
        { "op": "push", "path": "/hand", "values": [{ "name": "one" }, { "name": "two" }] },
        { "op": "view", "client": "a", "add": "/hand/0" },
        { "op": "join", "client": "a" },
        { "op": "join", "client": "b" },
        { "op": "set", "path": "/hand/1/name", "value": "2" },
        { "op": "sync" },
        { "op": "set", "path": "/hand/0/name", "value": "1" },
        { "op": "sync" },
        { "op": "push", "path": "/hand", "values": [{}] },
        { "op": "view", "client": "a", "add": "/hand/2" },
        { "op": "view", "client": "a", "remove": "/hand/2" },
        { "op": "move", "path": "/hand", "from": 0, "to": 2 },
        { "op": "sync" },
        { "op": "set", "path": "/hand/2", "value": { "name": "1" } },
        { "op": "sync" },
    ]);
    let checkpoints = expect(&scenario(&steps), Reading::Schema).unwrap();
    let ticks = checkpoints.iter().filter(|found| found.cause == Cause::Tick && found.step > 3);
    let told: Vec<String> =
        ticks.map(|found| format!("{} {} {}", found.step, found.client, found.changed)).collect();
    let expected = [
        "5 a false",
        "5 b false",
        "7 a true",
        "7 b false",
        "12 a false",
        "12 b false",
        "14 a true",
        "14 b false",
    ];
    assert_eq!(told, expected);
}

#[test]
fn references_are_those_that_the_client_has() {
    let steps = json!([
        { "op": "push", "path": "/hand", "values": [{ "gem": {} }, {}] },
        { "op": "join", "client": "a" },
        { "op": "view", "client": "a", "add": "/hand/0/gem" },
        { "op": "sync" },
        { "op": "share", "path": "/hand/1/gem", "from": "/hand/0/gem" },
        { "op": "sync" },
    ]);
    let checkpoints = expect(&scenario(&steps), Reading::Schema).unwrap();
    let references: Vec<usize> = checkpoints.iter().map(|found| found.references).collect();
    // The root; then the way down, which is three; then the other item.
    assert_eq!(references, [1, 4, 5]);
}

#[test]
fn what_may_not_be_sent_is_known() {
    let (secret, public) = ("zqabcdefghij", "zqklmnopqrst");
    let steps = json!([
        { "op": "push", "path": "/notes", "values": [secret] },
        { "op": "set", "path": "/boss", "value": { "name": public } },
        { "op": "join", "client": "a" },
        { "op": "join", "client": "b" },
        { "op": "view", "client": "a", "add": "/notes" },
        { "op": "sync" },
        { "op": "set", "path": "/boss/name", "value": "" },
        { "op": "sync" },
    ]);
    let checkpoints = expect(&scenario(&steps), Reading::Schema).unwrap();
    let hidden: Vec<_> = checkpoints
        .iter()
        .map(|found| format!("{} {} {}", found.step, found.client, found.hidden.join(" ")))
        .collect();
    let expected = [
        format!("2 a {secret}"),
        format!("3 a {secret}"),
        format!("3 b {secret}"),
        "5 a ".to_owned(),
        format!("5 b {secret}"),
        format!("7 a {public}"),
        format!("7 b {secret} {public}"),
    ];
    assert_eq!(hidden, expected);
}

#[test]
fn wrong_steps_are_errors() {
    let wrong = [
        json!({ "op": "view", "client": "z", "add": "/boss" }),
        json!({ "op": "view", "client": "b", "add": "" }),
        json!({ "op": "view", "client": "a", "add": "/boss" }),
        json!({ "op": "view", "client": "a", "add": "/nothing" }),
        json!({ "op": "view", "client": "a", "add": "/hand", "remove": "/hand" }),
        json!({ "op": "view", "client": "a" }),
        json!({ "op": "view", "client": "a", "add": "", "tag": 0 }),
        json!({ "op": "view", "client": "a", "add": "", "tag": -2 }),
        json!({ "op": "share", "path": "/boss", "from": "" }),
        json!({ "op": "share", "path": "/boss", "from": "/ally" }),
        json!({ "op": "share", "path": "/hand/0", "from": "/deck" }),
    ];
    for step in wrong {
        let error = expect(&scenario(&json!([step])), Reading::Schema).unwrap_err();
        assert!(error.starts_with("step 0: "), "{step}: {error}");
    }
}
