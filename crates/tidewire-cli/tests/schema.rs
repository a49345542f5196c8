//! Which changes of types old clients live through, and what is said of each.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::{Value as Json, json};
use tidewire_cli::{check_schemas, print_schema};

fn description() -> Json {
    json!({
        "types": {
            "Spot": { "fields": { "x": "int32", "y": "int32" } },
            "Player": { "fields": {
                "hp": "uint8", "at": "Spot", "title": { "type": "string", "optional": true },
            } },
            "Arena": { "fields": { "players": { "map": "Player" }, "tags": { "set": "string" } } },
            "Shot": { "fields": { "to": "Spot", "from": "Spot" } },
            "Walk": { "fields": { "by": "Spot" } },
        },
        "root": "Arena",
        "land": "arena",
        "actions": { "Walk": "Walk" },
        "clientEvents": { "Nod": "Walk" },
        "events": { "Shot": "Shot" },
    })
}

/// Changes one member, given by its pointer, or removes it.
fn with(pointer: &str, value: &Json) -> Json {
    let mut description = description();
    let (around, name) = pointer.rsplit_once('/').unwrap();
    let around = description.pointer_mut(around).unwrap().as_object_mut().unwrap();
    match value {
        Json::Null => drop(around.shift_remove(name)),
        value => drop(around.insert(name.to_owned(), value.clone())),
    }
    description
}

fn report(old: &str, new: &str) -> Vec<String> {
    let report = check_schemas(old, new).unwrap();
    let text = report.to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.pop().unwrap();
    assert_eq!(last.starts_with("refused"), !report.is_compatible(), "{text}");
    lines.retain(|line| !line.starts_with("note: "));
    assert_eq!(lines.len(), report.changes().len());
    lines
}

/// What is said of a change, from a description to a description and, where widths play no part, from one
/// `schema.json` to another.
#[track_caller]
fn check(new: &Json, expected: &[&str]) {
    let (old, new) = (description().to_string(), new.to_string());
    assert_eq!(report(&old, &new), expected);
    let (old, new) = (print_schema(&old).unwrap(), print_schema(&new).unwrap());
    assert_eq!(report(&old, &new).len(), expected.len(), "as schema.json");
}

#[test]
fn nothing_changed() {
    check(&description(), &[]);
    let text = description().to_string();
    assert_eq!(report(&text, &print_schema(&text).unwrap()), [""; 0]);
    assert_eq!(report(&print_schema(&text).unwrap(), &text), [""; 0]);
}

#[test]
fn fields_are_added_at_the_end() {
    check(
        &with("/types/Player/fields/name", &json!("string")),
        &["compatible: type `Player`: the field `name` (string) was added at the end"],
    );
    let fields =
        json!({ "name": "string", "players": { "map": "Player" }, "tags": { "set": "string" } });
    check(
        &with("/types/Arena/fields", &fields),
        &[
            "refused: type `Arena`: the field `name` (string) was added before others: move it to the end",
        ],
    );
}

#[test]
fn fields_are_not_removed_moved_or_made_another() {
    check(
        &with("/types/Player/fields/at", &Json::Null),
        &["refused: type `Player`: the field `at` was removed: keep it, unused"],
    );
    let fields = json!({ "tags": { "set": "string" }, "players": { "map": "Player" } });
    check(
        &with("/types/Arena/fields", &fields),
        &[
            "refused: type `Arena`: the fields were put in another order, `tags` stands where `players` \
           stood: put them back",
        ],
    );
    check(
        &with("/types/Player/fields/hp", &json!("string")),
        &[
            "refused: type `Player`: the field `hp` was uint8 and is string: keep it, and add another at \
           the end",
        ],
    );
    check(
        &with("/types/Player/fields/title", &json!("string")),
        &[
            "refused: type `Player`: the field `title` was optional string and is string: keep it, and \
           add another at the end",
        ],
    );
    check(
        &with("/types/Arena/fields/players", &json!({ "array": "Player" })),
        &[
            "refused: type `Arena`: the field `players` was map of Player and is array of Player: keep \
           it, and add another at the end",
        ],
    );
}

#[test]
fn widths_are_seen_in_descriptions_only() {
    let (old, new) =
        (description().to_string(), with("/types/Player/fields/hp", &json!("int16")).to_string());
    assert_eq!(report(&old, &new).len(), 1);
    assert_eq!(report(&print_schema(&old).unwrap(), &new), [""; 0]);
}

#[test]
fn payloads_go_by_their_own_rules() {
    check(
        &with("/types/Shot/fields/by", &json!("string")),
        &[
            "refused: type `Shot`: the field `by` (string) was added and moves the values after it, which \
           stand in the order of their names: give it a name that comes last",
        ],
    );
    check(
        &with("/types/Shot/fields/with", &json!("string")),
        &["compatible: type `Shot`: the field `with` (string) was added at the end"],
    );
    check(&with("/types/Shot/fields", &json!({ "from": "Spot", "to": "Spot" })), &[]);
    check(
        &with("/types/Walk/fields/z", &json!("int8")),
        &[
            "refused: type `Walk`: the field `z` (int8) was added, which clients with the old schema do \
           not send",
        ],
    );
}

#[test]
fn what_a_land_offers() {
    check(
        &with("/events/Talk", &json!("Walk")),
        &["compatible: land `arena`: `Talk` was added to `events`"],
    );
    check(
        &with("/events/Aim", &json!("Shot")),
        &[
            "compatible: land `arena`: `Aim` was added to `events`",
            "refused: land `arena`: the event `Shot` was number 1 and is 2: events are numbered in the order \
           of their names, so give new ones names that come last",
        ],
    );
    check(
        &with("/actions/Walk", &Json::Null),
        &["refused: land `arena`: `Walk` was removed from `actions`: keep it"],
    );
    check(
        &with("/clientEvents/Nod", &json!("Shot")),
        &[
            "refused: land `arena`: `Nod` of `clientEvents` was a `Walk` and is a `Shot`: add another",
        ],
    );
    check(
        &with("/land", &json!("other")),
        &[
            "refused: the land `arena` was removed: keep it",
            "compatible: the land `other` was added",
        ],
    );
    // A description without a name is of the land that the other one has.
    assert_eq!(
        report(&description().to_string(), &with("/land", &Json::Null).to_string()),
        [""; 0]
    );
}

#[test]
fn arrays_whose_values_change_places_are_seen() {
    let old = print_schema(&description().to_string()).unwrap();
    let mut new: Json = serde_json::from_str(&old).unwrap();
    new["defs"]["Shot"]["required"] = json!(["to", "from"]);
    let expected = "refused: type `Shot`: the values in arrays were put in another order, `to` stands \
                    where `from` stood: put them back";
    assert_eq!(report(&old, &new.to_string()), [expected]);
}

#[test]
fn a_hash_that_changes_is_seen() {
    let old = print_schema(&description().to_string()).unwrap();
    let mut new: Json = serde_json::from_str(&old).unwrap();
    new["lands"]["arena"]["pathHashes"]["tags"] = 7.into();
    let expected = "refused: land `arena`: the path `tags` had the hash 3732127343 and has 7: a path's \
                    hash is never another";
    assert_eq!(report(&old, &new.to_string()), [expected]);
}

#[test]
fn files_that_tell_of_no_types() {
    let good = description().to_string();
    let error = |file: &Json| check_schemas(&good, &file.to_string()).unwrap_err().to_string();
    assert_eq!(
        error(&json!([])),
        "neither a schema.json, which has `lands` and `defs`, nor a description, which has `types` and \
         `root`"
    );
    assert_eq!(error(&json!({ "lands": 1, "defs": {} })), "`lands` must be an object");
    assert_eq!(
        error(&json!({ "lands": { "a": {} }, "defs": {} })),
        "`stateType` of the land `a` must be a text"
    );
    let required = json!({ "lands": {}, "defs": { "T": { "properties": {}, "required": ["x"] } } });
    assert_eq!(error(&required), "`required` of the type `T` must be a list of its properties");
    assert_eq!(
        error(&with("/events/Shot", &json!("Shoot"))),
        "`Shot` of `events` names the unknown type `Shoot`"
    );
    let optional = with("/types/Walk/fields/by", &json!({ "type": "int8", "optional": true }));
    assert_eq!(
        print_schema(&optional.to_string()).unwrap_err().to_string(),
        "the field \"by\" of the payload \"Walk\" is optional: payloads have all fields"
    );
    assert_eq!(
        print_schema(&with("/types/Arena/fields/a.b", &json!("int8")).to_string())
            .unwrap_err()
            .to_string(),
        "state-tree clients cannot be told of the field `a.b` of the root type `Arena`: no path of its \
         clients leads there; give it a name without `.`, `/`, `~` and `[`"
    );
    let lands = json!({ "lands": {
        "a": { "stateType": "A" }, "b": { "stateType": "A" } }, "defs": { "A": { "properties": {} } },
    });
    let unnamed = with("/land", &Json::Null).to_string();
    assert_eq!(
        check_schemas(&unnamed, &lands.to_string()).unwrap_err().to_string(),
        "the description does not say which of the lands `a`, `b` it is: add `\"land\": \"…\"`"
    );
}
