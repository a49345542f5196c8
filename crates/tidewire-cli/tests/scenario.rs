//! What scenarios print, and what they refuse.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::{Value as Json, json};
use tidewire_cli::{Codec, run_scenario};

#[path = "scenario/refusals.rs"]
mod refusals;
#[path = "scenario/watching.rs"]
mod watching;
#[path = "scenario/wire.rs"]
mod wire;

/// Types with a field of every kind.
fn types() -> Json {
    json!({
        "Item": { "fields": { "name": "string", "damage": "number", "next": "Item" } },
        "State": { "fields": {
            "turn": "string",
            "title": { "type": "string", "optional": true },
            "boss": "Item",
            "items": { "map": "Item" },
            "hand": { "array": "Item" },
            "scores": { "map": "uint64" },
            "log": { "array": "string" },
            "small": "int8",
            "big": "int64",
            "single": "float32",
            "double": "float64",
            "flag": "boolean",
        } },
    })
}

fn scenario(steps: &Json) -> Json {
    json!({ "types": types(), "root": "State", "clients": { "a": {}, "b": {} }, "steps": steps })
}

/// Runs a scenario; its lines, and why it stopped.
fn run(scenario: &str, codec: Codec) -> (Vec<String>, Option<String>) {
    let mut out = Vec::new();
    let error = run_scenario(scenario, codec, &mut out).err().map(|error| error.to_string());
    let lines = String::from_utf8(out).unwrap();
    (lines.lines().map(str::to_owned).collect(), error)
}

/// Runs steps with one client that sees the outcome; the state it must hold then.
#[track_caller]
fn outcome(steps: Json) -> Json {
    let Json::Array(mut steps) = steps else { panic!("steps are a list") };
    steps.push(json!({ "op": "join", "client": "a" }));
    let (lines, error) = run(&scenario(&Json::Array(steps)).to_string(), Codec::Json);
    assert_eq!(error, None);
    let last: Json = serde_json::from_str(lines.last().unwrap()).unwrap();
    last["json"].clone()
}

/// Checks the members of the state that `expected` names; `null` is for what must be absent.
#[track_caller]
fn check(steps: Json, expected: Json) {
    let after = format!("after {steps}");
    let state = outcome(steps);
    let Json::Object(expected) = expected else { panic!("an object is expected") };
    for (name, value) in expected {
        assert_eq!(state.get(&name).unwrap_or(&Json::Null), &value, "`{name}` {after}");
    }
}

fn set(path: &str, value: impl Into<Json>) -> Json {
    json!({ "op": "set", "path": path, "value": value.into() })
}

#[test]
fn what_was_never_set() {
    let zero = json!({
        "turn": "", "items": {}, "hand": [], "scores": {}, "log": [], "small": 0, "big": 0,
        "single": 0, "double": 0, "flag": false,
    });
    assert_eq!(outcome(json!([])), zero);
}

#[test]
fn fields_are_set_and_unset() {
    check(json!([set("/title", ""), set("/turn", "x")]), json!({ "title": "", "turn": "x" }));
    check(json!([set("/title", "x"), set("/title", Json::Null)]), json!({ "title": null }));
    check(
        json!([set("/title", "x"), { "op": "delete", "path": "/title" }]),
        json!({ "title": null }),
    );
    check(json!([{ "op": "delete", "path": "/title" }]), json!({ "title": null }));
    check(json!([set("/turn", "x"), set("/turn", Json::Null)]), json!({ "turn": "" }));
    check(
        json!([set("/small", -128), { "op": "delete", "path": "/small" }]),
        json!({ "small": 0 }),
    );
    check(json!([set("/flag", true)]), json!({ "flag": true }));
}

#[test]
fn numbers_keep_their_value() {
    check(json!([set("/big", i64::MIN)]), json!({ "big": i64::MIN }));
    check(json!([set("/scores/x", u64::MAX)]), json!({ "scores": { "x": u64::MAX } }));
    check(json!([set("/small", 3.0)]), json!({ "small": 3 }));
    check(json!([set("/big", 1e18)]), json!({ "big": 1_000_000_000_000_000_000_i64 }));
    check(json!([set("/single", 0.1)]), json!({ "single": 0.10000000149011612 }));
    check(json!([set("/double", 0.1)]), json!({ "double": 0.1 }));
}

#[test]
fn references_hold_new_instances() {
    let orc = json!({ "name": "orc", "damage": 2.5 });
    check(json!([set("/boss", orc.clone())]), json!({ "boss": orc }));
    check(
        json!([set("/boss", orc.clone()), set("/boss", json!({}))]),
        json!({ "boss": { "name": "", "damage": 0 } }),
    );
    check(json!([set("/boss", orc.clone()), set("/boss", Json::Null)]), json!({ "boss": null }));
    check(
        json!([
            set("/boss", orc),
            set("/boss/next", json!({ "next": {} })),
            set("/boss/next/next/name", "deep")
        ]),
        json!({ "boss": {
            "name": "orc", "damage": 2.5,
            "next": { "name": "", "damage": 0, "next": { "name": "deep", "damage": 0 } },
        } }),
    );
}

#[test]
fn maps() {
    let two = set("/scores", json!({ "a": 1, "b": 2 }));
    check(json!([two, set("/scores/a", 3)]), json!({ "scores": { "a": 3, "b": 2 } }));
    check(json!([two, { "op": "delete", "path": "/scores/a" }]), json!({ "scores": { "b": 2 } }));
    check(json!([two, set("/scores/a", Json::Null)]), json!({ "scores": { "b": 2 } }));
    check(json!([two, { "op": "clear", "path": "/scores" }]), json!({ "scores": {} }));
    check(
        json!([two, set("/scores", json!({ "c": 1, "d": null }))]),
        json!({ "scores": { "c": 1 } }),
    );
    check(
        json!([set("/scores/", 1), set("/scores/a~1b~0c", 2)]),
        json!({ "scores": { "": 1, "a/b~c": 2 } }),
    );
    // Keys are in order of arrival.
    let steps = json!([two, { "op": "delete", "path": "/scores/a" }, set("/scores/a", 1)]);
    assert_eq!(outcome(steps)["scores"].to_string(), r#"{"b":2,"a":1}"#);
    check(
        json!([set("/items/x", json!({})), set("/items/x/name", "sword")]),
        json!({ "items": { "x": { "name": "sword", "damage": 0 } } }),
    );
}

#[test]
fn arrays() {
    let letters = |text: &str| text.chars().map(String::from).collect::<Json>();
    let check = |step: Json, expected: &str| {
        let start = json!({ "op": "push", "path": "/log", "values": letters("abcde") });
        check(json!([start, step]), json!({ "log": letters(expected) }));
    };
    let splice = |members: Json| {
        let mut step = json!({ "op": "splice", "path": "/log" });
        step.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        step
    };
    check(set("/log/1", "x"), "axcde");
    check(set("/log", json!(["x"])), "x");
    check(json!({ "op": "delete", "path": "/log/1" }), "acde");
    check(json!({ "op": "move", "path": "/log", "from": 0, "to": 3 }), "bcdae");
    check(json!({ "op": "move", "path": "/log", "from": 4, "to": 1 }), "aebcd");
    check(json!({ "op": "swap", "path": "/log", "a": 0, "b": 4 }), "ebcda");
    check(json!({ "op": "reverse", "path": "/log" }), "edcba");
    check(json!({ "op": "clear", "path": "/log" }), "");
    check(splice(json!({ "at": 1, "remove": 2, "insert": ["x"] })), "axde");
    check(splice(json!({ "at": 1 })), "a");
    check(splice(json!({ "at": -2, "remove": 1 })), "abce");
    check(splice(json!({ "at": -9, "remove": 1 })), "bcde");
    check(splice(json!({ "at": 9, "remove": 9, "insert": ["x"] })), "abcdex");
    check(splice(json!({ "at": 1, "remove": -1, "insert": ["x"] })), "axbcde");
    check(splice(json!({ "at": -1e30, "remove": 1e30 })), "");
    check(splice(json!({ "at": 0, "remove": u64::MAX })), "");
}

#[test]
fn arrays_of_structs() {
    let named = |names: &str| {
        names.chars().map(|name| json!({ "name": name.to_string(), "damage": 0 })).collect::<Json>()
    };
    let start = json!({ "op": "push", "path": "/hand", "values": named("abc") });
    check(json!([start, set("/hand/1", json!({ "name": "x" }))]), json!({ "hand": named("axc") }));
    check(json!([start, set("/hand/1/name", "y")]), json!({ "hand": named("ayc") }));
    check(json!([start, { "op": "reverse", "path": "/hand" }]), json!({ "hand": named("cba") }));
    check(json!([start, set("/hand", named("z"))]), json!({ "hand": named("z") }));
}

#[test]
fn who_hears_what() {
    let steps = json!([
        { "op": "sync" },
        { "op": "join", "client": "b" },
        set("/small", 1),
        { "op": "join", "client": "a" },
        { "op": "sync" },
        set("/small", 2),
        { "op": "leave", "client": "b" },
        { "op": "sync" },
        { "op": "join", "client": "b" },
    ]);
    let (lines, error) = run(&scenario(&steps).to_string(), Codec::Json);
    assert_eq!(error, None);
    let heard: Vec<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<Json>(line).unwrap())
        .map(|line| {
            let kind = line["kind"].as_str().unwrap();
            let small =
                if kind == "state" { line["json"]["small"].to_string() } else { String::new() };
            format!("{} {} {kind} {small}", line["step"], line["client"].as_str().unwrap())
                .trim_end()
                .to_owned()
        })
        .collect();
    assert_eq!(
        heard,
        [
            "1 b snapshot",
            "1 b state 0",
            "3 b patch",
            "3 b state 1",
            "3 a snapshot",
            "3 a state 1",
            "4 b state 1",
            "4 a state 1",
            "7 a patch",
            "7 a state 2",
            "8 a state 2",
            "8 b snapshot",
            "8 b state 2",
        ]
    );
}

#[test]
fn a_file_without_clients_prints_nothing() {
    let file =
        json!({ "types": types(), "root": "Item", "steps": [set("/name", "x"), { "op": "sync" }] });
    assert_eq!(run(&file.to_string(), Codec::Json), (Vec::new(), None));
}
