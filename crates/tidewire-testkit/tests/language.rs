//! Inheritance, sets of structs, sharing and quantized numbers, by hand; and that the generator makes
//! all of it.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tidewire_testkit::{Cause, Change, Checkpoint, Config, Entry, Reading, expect, generate};

fn run(steps: &Json) -> Result<Checkpoint, String> {
    let scenario = json!({
        "types": {
            "Item": { "fields": { "name": "string", "next": "Item" } },
            "Weapon": { "extends": "Item", "fields": { "range": "uint16" } },
            "Bow": { "extends": "Weapon", "fields": { "arrows": { "array": "string" } } },
            "State": { "fields": {
                "boss": "Item", "arm": "Weapon", "items": { "map": "Item" }, "hand": { "array": "Item" },
                "tags": { "set": "Item" }, "bag": { "collection": "Item" }, "lots": { "set": "uint8" },
            } },
        },
        "root": "State",
        "clients": { "a": {} },
        "steps": steps,
    });
    Ok(expect(&scenario, Reading::Schema)?.pop().unwrap())
}

/// The last state after some steps and a tick that follows the joining of a client, without what is empty.
fn state_after(steps: &Json) -> Json {
    let Json::Object(mut state) = changes_after(&json!([]), steps).state else { unreachable!() };
    state.retain(|_, value| *value != json!([]) && *value != json!({}));
    state.into()
}

fn changes_after(before: &Json, steps: &Json) -> Checkpoint {
    let mut all = before.as_array().unwrap().clone();
    all.push(json!({ "op": "join", "client": "a" }));
    all.extend(steps.as_array().unwrap().clone());
    all.push(json!({ "op": "sync" }));
    run(&Json::Array(all)).unwrap()
}

#[track_caller]
fn check(before: &Json, steps: &Json, references: usize, expected: &[&str]) {
    let found = changes_after(before, steps);
    assert_eq!(found.references, references, "{steps}");
    let shown = |sign: &str, changes: &[Change]| -> Vec<String> {
        let entry = |entry: &Entry| match entry {
            Entry::Primitive(value) => value.to_string(),
            Entry::Struct(_) => "struct".to_owned(),
        };
        changes
            .iter()
            .map(|change| format!("{sign}{} {} {}", change.path, change.key, entry(&change.entry)))
            .collect()
    };
    let changes = [shown("-", &found.removed), shown("+", &found.added)].concat();
    assert_eq!(changes, expected, "{steps}");
}

fn set(path: &str, value: impl Into<Json>) -> Json {
    json!({ "op": "set", "path": path, "value": value.into() })
}

fn share(path: &str, from: &str) -> Json {
    json!({ "op": "share", "path": path, "from": from })
}

fn delete(path: &str) -> Json {
    json!({ "op": "delete", "path": path })
}

#[test]
fn a_derived_type_has_the_fields_of_its_base_first() {
    let bow = json!({ "$type": "Bow", "arrows": ["x"], "name": "b" });
    let state =
        state_after(&json!([set("/boss", bow), set("/hand", json!([{ "$type": "Weapon" }]))]));
    let expected = json!({
        "boss": { "name": "b", "range": 0, "arrows": ["x"] }, "hand": [{ "name": "", "range": 0 }],
    });
    assert_eq!(state.to_string(), expected.to_string());
}

#[test]
fn types_that_do_not_fit_are_errors() {
    let wrong = [
        set("/arm", json!({ "$type": "Item" })),
        set("/arm", json!({ "$type": "State" })),
        set("/arm", json!({ "$type": "Nothing" })),
        set("/arm", json!({ "arrows": [] })),
        share("/arm", "/boss"),
        share("/boss", "/hand"),
        share("/boss/name", "/boss"),
        share("/boss/next", "/boss"),
        share("/hand/0", "/boss"),
        share("/tags/0", "/boss"),
        share("/boss", "/arm"),
        set("/lots/0", 4),
        set("/lots/0", Json::Null),
    ];
    for step in wrong {
        let steps = json!([set("/boss", json!({})), set("/lots", json!([3])), step]);
        let error = run(&steps).unwrap_err();
        assert!(error.starts_with("step 2: "), "{step}: {error}");
    }
}

#[test]
fn an_instance_may_stand_in_several_places() {
    let before = json!([set("/items/a", json!({ "name": "one" }))]);
    let steps = json!([share("/boss", "/items/a"), set("/boss/name", "two")]);
    let found = changes_after(&before, &steps);
    assert_eq!(found.state["items"]["a"]["name"], "two");
    assert_eq!(found.state["boss"]["name"], "two");
    // The root and its five collections.
    check(&before, &steps, 7, &[]);
    check(
        &before,
        &json!([share("/boss", "/items/a"), delete("/items/a")]),
        7,
        &["-/items \"a\" struct"],
    );
    let moved = json!([share("/items/b", "/items/a"), delete("/items/a")]);
    check(&before, &moved, 7, &["-/items \"a\" struct", "+/items \"b\" struct"]);
    let replaced = json!([share("/boss", "/items/a"), set("/items/a", json!({}))]);
    check(&before, &replaced, 8, &["-/items \"a\" struct", "+/items \"a\" struct"]);
    let lifted = json!([set("/items/a/next", json!({})), share("/items/a", "/items/a/next")]);
    check(&before, &lifted, 7, &["-/items \"a\" struct", "+/items \"a\" struct"]);
    let twice = json!([set("/hand", json!([{}, {}])), share("/hand/1", "/hand/0")]);
    assert_eq!(changes_after(&before, &twice).repeats, ["/hand"]);
}

#[test]
fn structs_come_to_sets_and_collections_and_go() {
    for path in ["/tags", "/bag"] {
        let add = |name: &str| json!({ "op": "add", "path": path, "value": { "name": name } });
        let before = json!([add("x"), add("x"), add("y")]);
        let added = format!("+{path} 3 struct");
        check(&before, &json!([add("x")]), 10, &[&added]);
        let removed = format!("-{path} 1 struct");
        check(&before, &json!([delete(&format!("{path}/1"))]), 8, &[&removed]);
        check(&before, &json!([set(&format!("{path}/1/name"), "z")]), 9, &[]);
        let none = json!([{ "op": "remove", "path": path, "value": { "name": "x" } }]);
        check(&before, &none, 9, &[]);
    }
}

/// What the npm package makes of numbers, recorded: `[set, read]`.
#[test]
fn quantized_numbers_are_those_of_the_reference() {
    let recorded: Json = serde_json::from_str(include_str!("data/quantized.json")).unwrap();
    let mut seen = 0;
    for range in recorded.as_array().unwrap() {
        let mut definition = range.clone();
        let rows = definition.as_object_mut().unwrap().remove("rows").unwrap();
        for row in rows.as_array().unwrap() {
            let scenario = json!({
                "types": { "S": { "fields": { "v": { "quantized": definition } } } },
                "root": "S", "clients": { "a": {} },
                "steps": [set("/v", row[0].clone()), { "op": "join", "client": "a" }],
            });
            let found = expect(&scenario, Reading::Json).unwrap().remove(0);
            let (found, expected) = (found.state["v"].as_f64(), row[1].as_f64());
            assert_eq!(
                found.map(f64::to_bits),
                expected.map(f64::to_bits),
                "{row} of {definition}"
            );
            seen += 1;
        }
    }
    assert!(seen > 800, "{seen}");
}

#[test]
fn complete_scenarios_have_all_of_the_language() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut note = |what: &str| *seen.entry(what.to_owned()).or_default() += 1;
    for seed in 0..300 {
        let scenario = generate(seed, &Config::complete());
        let text = scenario.to_string();
        for part in [
            "\"extends\"",
            "\"$type\"",
            "\"quantized\"",
            "\"mode\":\"wrap\"",
            "\"op\":\"share\"",
            "\"view\":true",
            "\"view\":-1",
            "\"view\":1",
            "\"tag\":",
            "\"add\":",
            "\"remove\":\"/",
        ] {
            if text.contains(part) {
                note(part);
            }
        }
        for step in scenario["steps"].as_array().unwrap() {
            note(&format!("op {}", step["op"]));
        }
        let checkpoints = expect(&scenario, Reading::Schema).unwrap();
        let plain = |found: &&Checkpoint| !found.has_view && found.cause == Cause::Tick;
        for watcher in checkpoints.iter().filter(|found| found.has_view) {
            note("looks through a view");
            if !watcher.hidden.is_empty() {
                note("texts are hidden");
            }
            let twin = |found: &&Checkpoint| found.step == watcher.step;
            if let Some(other) = checkpoints.iter().filter(plain).find(twin) {
                note("beside one without a view");
                if other.state != watcher.state {
                    note("sees another state");
                }
                if other.changed != watcher.changed {
                    note("only one of them is sent something");
                }
            }
        }
    }
    let wanted = [
        ("\"extends\"", 50),
        ("\"$type\"", 30),
        ("\"quantized\"", 20),
        ("\"mode\":\"wrap\"", 10),
        ("\"op\":\"share\"", 60),
        ("\"view\":true", 80),
        ("\"view\":-1", 80),
        ("\"view\":1", 50),
        ("\"tag\":", 60),
        ("op \"view\"", 500),
        ("op \"share\"", 200),
        ("op \"add\"", 100),
        ("looks through a view", 1000),
        ("texts are hidden", 500),
        ("sees another state", 100),
        ("only one of them is sent something", 50),
    ];
    for (what, least) in wanted {
        let count = seen.get(what).copied().unwrap_or_default();
        assert!(count >= least, "{what}: {count} times in {seen:#?}");
    }
}
