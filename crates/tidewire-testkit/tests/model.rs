//! The model by hand, and that the generator leaves nothing out.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tidewire_testkit::{Cause, Checkpoint, Config, Entry, Reading, expect, generate};

fn last(steps: &Json) -> Checkpoint {
    let scenario = json!({
        "types": {
            "Item": { "fields": { "name": "string", "next": "Item", "marks": { "map": "uint8" } } },
            "State": { "fields": {
                "items": { "map": "Item" }, "hand": { "array": "Item" },
                "scores": { "map": "number" }, "log": { "array": "string" },
            } },
        },
        "root": "State",
        "clients": { "a": {} },
        "steps": steps,
    });
    expect(&scenario, Reading::Schema).unwrap().pop().unwrap()
}

/// What came (`+`) and went (`-`), structs by the word `struct`.
fn changes(checkpoint: &Checkpoint) -> Vec<String> {
    let shown = |sign, changes: &[tidewire_testkit::Change]| -> Vec<String> {
        let entry = |entry: &Entry| match entry {
            Entry::Primitive(value) => value.to_string(),
            Entry::Struct(_) => "struct".to_owned(),
        };
        changes
            .iter()
            .map(|change| format!("{sign}{} {} {}", change.path, change.key, entry(&change.entry)))
            .collect()
    };
    [shown('-', &checkpoint.removed), shown('+', &checkpoint.added)].concat()
}

#[track_caller]
fn check(before: &Json, edits: &Json, references: usize, expected: &[&str]) {
    let mut steps = before.as_array().unwrap().clone();
    steps.push(json!({ "op": "join", "client": "a" }));
    steps.extend(edits.as_array().unwrap().clone());
    steps.push(json!({ "op": "sync" }));
    let checkpoint = last(&Json::Array(steps));
    assert_eq!(checkpoint.cause, Cause::Tick);
    assert_eq!(checkpoint.references, references, "{edits}");
    assert_eq!(changes(&checkpoint), expected, "{edits}");
    assert!(checkpoint.changed || expected.is_empty());
}

fn set(path: &str, value: impl Into<Json>) -> Json {
    json!({ "op": "set", "path": path, "value": value.into() })
}

fn delete(path: &str) -> Json {
    json!({ "op": "delete", "path": path })
}

#[test]
fn entries_that_come_and_go() {
    // The root with its four collections, and two references an item.
    let items = json!([set("/items/a", json!({})), set("/items/b", json!({}))]);
    check(&items, &json!([set("/items/a/name", "x")]), 9, &[]);
    check(&items, &json!([delete("/items/a")]), 7, &["-/items \"a\" struct"]);
    let replaced = ["-/items \"a\" struct", "+/items \"a\" struct"];
    check(&items, &json!([set("/items/a", json!({}))]), 9, &replaced);
    check(&items, &json!([delete("/items/a"), set("/items/a", json!({}))]), 9, &replaced);
    check(&items, &json!([set("/items/c", json!({})), delete("/items/c")]), 9, &[]);
    check(
        &items,
        &json!([set("/items/a/next", json!({ "marks": { "m": 1 } }))]),
        11,
        &["+/items/a/next/marks \"m\" 1"],
    );

    let scores = json!([set("/scores", json!({ "a": 1.5, "b": 2 }))]);
    check(&scores, &json!([set("/scores/a", 9.5)]), 5, &[]);
    check(
        &scores,
        &json!([delete("/scores/a"), set("/scores/a", 9.5)]),
        5,
        &["-/scores \"a\" 1.5", "+/scores \"a\" 9.5"],
    );

    let hand = json!([{ "op": "push", "path": "/hand", "values": [{}, {}, {}] }]);
    check(&hand, &json!([{ "op": "reverse", "path": "/hand" }]), 11, &[]);
    check(
        &hand,
        &json!([{ "op": "splice", "path": "/hand", "at": 0, "remove": 1, "insert": [{}, {}] }]),
        13,
        &["-/hand 0 struct", "+/hand 0 struct", "+/hand 1 struct"],
    );

    let log = json!([{ "op": "push", "path": "/log", "values": ["x", "y", "z"] }]);
    check(&log, &json!([set("/log", json!(["y", "z"]))]), 5, &["-/log 0 \"x\""]);
    let moved_on = ["-/log 0 \"x\"", "+/log 2 \"w\""];
    check(&log, &json!([set("/log", json!(["y", "z", "w"]))]), 5, &moved_on);
    check(&log, &json!([set("/log", json!(["x", "z"]))]), 5, &["-/log 2 \"z\""]);
    check(&log, &json!([set("/log", json!(["a", "b", "c", "d"]))]), 5, &["+/log 3 \"d\""]);
}

#[test]
fn newcomers_see_everything_come() {
    let checkpoint = last(&json!([
        set("/scores/a", 0.1),
        { "op": "sync" },
        { "op": "join", "client": "a" },
    ]));
    assert_eq!(checkpoint.cause, Cause::Join);
    assert_eq!(changes(&checkpoint), ["+/scores \"a\" 0.10000000149011612"]);
}

#[test]
fn invalid_steps_are_errors() {
    let invalid = [
        json!({ "op": "join", "client": "z" }),
        json!({ "op": "leave", "client": "a" }),
        json!({ "op": "dance" }),
        set("", json!({})),
        set("/items/x/name", "y"),
        set("/hand/0", json!({})),
        set("/items", Json::Null),
        set("/log", 3),
        delete("/log"),
        delete("/log/01"),
        delete("/scores/x"),
    ];
    for step in invalid {
        let scenario = json!({
            "types": { "S": { "fields": {
                "items": { "map": "S" }, "hand": { "array": "S" }, "log": { "array": "int8" },
                "scores": { "map": "int8" }, "name": "string",
            } } },
            "root": "S", "clients": { "a": {} }, "steps": [step],
        });
        let error = expect(&scenario, Reading::Json).unwrap_err();
        assert!(error.starts_with("step 0: "), "{error}");
    }
}

#[test]
fn scenarios_are_varied() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut note = |what: String| *seen.entry(what).or_default() += 1;
    for seed in 0..200 {
        let scenario = generate(seed, &Config::default());
        for step in scenario["steps"].as_array().unwrap() {
            note(format!("op {}", step["op"]));
        }
        for fields in scenario["types"].as_object().unwrap().values() {
            for field in fields["fields"].as_object().unwrap().values() {
                note(field.as_object().map_or("short field".to_owned(), |field| {
                    format!("field with {}", field.keys().next().unwrap())
                }));
            }
        }
        for checkpoint in expect(&scenario, Reading::Schema).unwrap() {
            note(format!("{:?}, changed: {}", checkpoint.cause, checkpoint.changed));
            if checkpoint.cause == Cause::Tick {
                let structs = |changes: &[tidewire_testkit::Change]| {
                    changes.iter().any(|change| matches!(change.entry, Entry::Struct(_)))
                };
                note(format!("tick with structs added: {}", structs(&checkpoint.added)));
                note(format!("tick with structs removed: {}", structs(&checkpoint.removed)));
            }
        }
    }
    let ops = [
        "set", "delete", "push", "splice", "move", "swap", "reverse", "clear", "join", "leave",
        "sync",
    ];
    let wanted = ops.map(|op| format!("op \"{op}\"")).into_iter().chain(
        [
            "short field",
            "field with type",
            "field with map",
            "field with array",
            "Join, changed: true",
            "Tick, changed: true",
            "Tick, changed: false",
            "tick with structs added: true",
            "tick with structs removed: true",
        ]
        .map(str::to_owned),
    );
    for what in wanted {
        let count = seen.get(&what).copied().unwrap_or_default();
        assert!(count >= 50, "{what}: {count} times in {seen:#?}");
    }
}
