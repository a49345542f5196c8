//! Steps that share instances and change views, and how they are refused.

use serde_json::{Value as Json, json};
use tidewire_cli::Codec;

use super::run;

/// Runs steps on a state with a client who has a view, `a`, and one who has none, `b`.
fn play(steps: &Json, codec: &str, profile: Option<&str>) -> (Vec<Json>, Option<String>) {
    let file = json!({
        "types": {
            "Item": { "fields": { "name": "string", "next": "Item", "log": { "array": "string" } } },
            "Sword": { "extends": "Item", "fields": { "edge": "uint8" } },
            "State": { "fields": {
                "boss": "Item",
                "blade": "Sword",
                "items": { "map": "Item" },
                "hand": { "array": "Item" },
                "bag": { "set": "Item" },
                "pile": { "collection": "Item" },
                "names": { "set": "string" },
                "best": { "type": "Item", "view": -1 },
            } },
        },
        "root": "State", "clients": { "a": { "view": true }, "b": {} }, "steps": steps,
    });
    let codec = Codec::from_names(codec, profile).unwrap();
    let (lines, error) = run(&file.to_string(), codec);
    (lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect(), error)
}

fn start() -> Vec<Json> {
    vec![
        json!({ "op": "set", "path": "/boss", "value": { "name": "boss", "next": { "name": "next" } } }),
        json!({ "op": "set", "path": "/blade", "value": { "edge": 3 } }),
        json!({ "op": "push", "path": "/hand", "values": [{ "name": "h0" }, { "name": "h1" }] }),
        json!({ "op": "add", "path": "/bag", "value": { "name": "b0" } }),
        json!({ "op": "add", "path": "/names", "value": "x" }),
    ]
}

/// What `client` sees of a field after these steps.
#[track_caller]
fn seen(client: &str, steps: &[Json], field: &str) -> Json {
    let join = json!({ "op": "join", "client": client });
    let (lines, error) =
        play(&[start(), steps.to_vec(), vec![join]].concat().into(), "schema", None);
    assert_eq!(error, None);
    lines.last().map(|line| line["json"][field].clone()).unwrap_or_default()
}

#[track_caller]
fn refuses(step: &Json, expected: &str) {
    let steps = [start(), vec![step.clone()]].concat();
    let (_, error) = play(&steps.into(), "schema", None);
    assert_eq!(error, Some(format!("step 5: {expected}")));
}

fn share(path: &str, from: &str) -> Json {
    json!({ "op": "share", "path": path, "from": from })
}

fn item(name: &str) -> Json {
    json!({ "name": name, "log": [] })
}

#[test]
fn an_instance_changes_in_all_of_its_places() {
    let steps =
        |change: Json| [share("/hand/1", "/boss/next"), share("/items/x", "/hand/1"), change];
    let rename = steps(json!({ "op": "set", "path": "/items/x/name", "value": "new" }));
    assert_eq!(seen("b", &rename, "hand"), json!([item("h0"), item("new")]));
    assert_eq!(seen("b", &rename, "items"), json!({ "x": item("new") }));
    // An object is a new instance, and nobody else's.
    let replace = steps(json!({ "op": "set", "path": "/items/x", "value": { "name": "new" } }));
    assert_eq!(seen("b", &replace, "hand"), json!([item("h0"), item("next")]));
    assert_eq!(seen("b", &replace, "items"), json!({ "x": item("new") }));
}

#[test]
fn a_derived_instance_stands_where_its_base_is_declared() {
    let sword = json!({ "name": "", "log": [], "edge": 3 });
    assert_eq!(seen("b", &[share("/boss", "/blade")], "boss"), sword);
    let add = json!({ "op": "add", "path": "/pile", "value": { "$type": "Sword", "edge": 3 } });
    assert_eq!(seen("b", &[add.clone(), add], "pile"), json!([sword, sword]));
}

#[test]
fn sets_of_structs_are_told_apart_by_instance() {
    let same = json!({ "op": "add", "path": "/bag", "value": { "name": "b0" } });
    let delete = json!({ "op": "delete", "path": "/bag/0" });
    let rename = json!({ "op": "set", "path": "/bag/0/name", "value": "last" });
    assert_eq!(seen("b", std::slice::from_ref(&same), "bag"), json!([item("b0"), item("b0")]));
    assert_eq!(seen("b", &[same, delete, rename], "bag"), json!([item("last")]));
    // A new one equals none.
    let remove = json!({ "op": "remove", "path": "/bag", "value": { "name": "b0" } });
    assert_eq!(seen("b", &[remove], "bag"), json!([item("b0")]));
}

#[test]
fn what_leaves_everywhere_can_be_made_again_and_again() {
    let mut steps = vec![json!({ "op": "join", "client": "a" })];
    for at in 0..50 {
        steps.push(json!({ "op": "set", "path": "/best", "value": { "name": format!("{at}") } }));
        steps.push(json!({ "op": "view", "client": "a", "add": "/best" }));
        steps.push(share("/items/x", "/best"));
        steps.push(json!({ "op": "sync" }));
        steps.push(json!({ "op": "delete", "path": "/best" }));
        steps.push(json!({ "op": "delete", "path": "/items/x" }));
    }
    let (lines, error) = play(&steps.into(), "schema", None);
    assert_eq!(error, None);
    // The numbers of instances are small: they are reused.
    let hex =
        lines.iter().filter(|line| line["kind"] == "patch").filter_map(|line| line["hex"].as_str());
    let longest = hex.map(str::len).max();
    assert!(longest < Some(120), "{longest:?}");
}

#[test]
fn what_is_no_place_or_no_instance_is_not_shared() {
    refuses(&json!({ "op": "share", "path": "/boss" }), "`share` needs `from`");
    let expected = "a reference, or an entry or element of a map or an array of structs";
    for (path, found) in [
        ("", "the root"),
        ("/boss/name", "a primitive"),
        ("/hand", "an array"),
        ("/boss/log", "an array"),
        ("/bag/0", "a value in a set or collection"),
    ] {
        refuses(
            &share(path, "/boss"),
            &format!("`{path}` must lead to {expected}, not to {found}"),
        );
    }
    for (from, found) in [
        ("/boss/name", "a primitive"),
        ("/hand", "an array"),
        ("/names/0", "a value in a set or collection"),
    ] {
        refuses(
            &share("/boss", from),
            &format!("`{from}` must lead to an instance, not to {found}"),
        );
    }
    refuses(&share("/boss", "/best"), "`/best`: field `best` is absent: set it first");
    refuses(&share("/boss", "/items/y"), "`/items/y`: there is no key `y`");
    refuses(&share("/boss", "/hand/2"), "`/hand/2`: there is no index 2, the array has 2 elements");
    refuses(&share("/hand/2", "/boss"), "`/hand/2`: there is no index 2, the array has 2 elements");
    refuses(
        &share("/blade", "/boss"),
        "`/blade` takes a `Sword`, and `Item` is not derived from it",
    );
}

#[test]
fn nothing_lies_below_itself() {
    let circle = |path: &str, from: &str| {
        let expected =
            format!("`{path}` lies below the instance at `{from}`, which cannot be below itself");
        refuses(&share(path, from), &expected);
    };
    circle("/boss/next", "/boss");
    circle("/boss/next/next", "/boss");
    circle("/boss", "");
}

#[test]
fn views() {
    let view = |members: Json| {
        let mut step = json!({ "op": "view" });
        step.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        step
    };
    let best = share("/best", "/bag/0");
    let steps = [best.clone(), view(json!({ "client": "a", "add": "/best" }))];
    assert_eq!(seen("a", &steps, "best"), item("b0"));
    assert_eq!(seen("b", &steps, "best"), Json::Null);
    let leaves = [
        steps.to_vec(),
        vec![json!({ "op": "join", "client": "a" }), json!({ "op": "leave", "client": "a" })],
    ];
    assert_eq!(seen("a", &leaves.concat(), "best"), Json::Null);

    refuses(&view(json!({ "client": "z", "add": "" })), "unknown client `z`: add it to `clients`");
    refuses(
        &view(json!({ "client": "b", "add": "" })),
        "client `b` has no view: give it `\"view\": true` in `clients`",
    );
    refuses(&view(json!({ "client": "a" })), "`view` needs either `add` or `remove`");
    refuses(
        &view(json!({ "client": "a", "add": "", "remove": "" })),
        "`view` needs either `add` or `remove`",
    );
    refuses(&view(json!({ "client": "a", "add": 3 })), "`add` must be a string, not 3");
    for tag in [json!(0), json!(-2), json!("1"), json!(1_u64 << 31)] {
        refuses(
            &view(json!({ "client": "a", "add": "", "tag": tag })),
            &format!("`tag` must be -1 or a mask of bits, 1 to 2147483647, not {tag}"),
        );
    }
    refuses(
        &view(json!({ "client": "a", "add": "/best" })),
        "`/best`: field `best` is absent: set it first",
    );
    for path in ["/boss/name", "/names/0"] {
        let found =
            if path == "/names/0" { "a value in a set or collection" } else { "a primitive" };
        refuses(
            &view(json!({ "client": "a", "remove": path })),
            &format!("`{path}` must lead to an instance or a collection, not to {found}"),
        );
    }
    refuses(&view(json!({ "client": "a", "add": "/items/y" })), "`/items/y`: there is no key `y`");
}

#[test]
fn what_shared_instances_come_to_is_bounded() {
    // Each holds the one before it twice.
    let pair = json!({ "Pair": { "fields": { "a": "Pair", "b": "Pair", "c": "Pair" } } });
    let file = |steps: Vec<Json>| {
        json!({ "types": pair, "root": "Pair", "clients": { "x": {} }, "steps": steps }).to_string()
    };
    let schema = Codec::from_names("schema", None).unwrap();
    let set = |path: &str| json!({ "op": "set", "path": path, "value": {} });
    let mut steps = vec![set("/a"), json!({ "op": "join", "client": "x" })];
    for _ in 0..60 {
        steps.extend([set("/b"), share("/b/a", "/a"), share("/b/b", "/a"), share("/a", "/b")]);
    }
    steps.push(json!({ "op": "sync" }));
    let (lines, error) = run(&file(steps), schema);
    let expected = "step 242: shared structs have more than 100000 fields and elements in the places \
                    beside their first: share fewer";
    assert_eq!((lines.len(), error.as_deref()), (3, Some(expected)));

    // Not as much, but again and again.
    let mut steps = vec![set("/a"), json!({ "op": "join", "client": "x" })];
    for _ in 0..11 {
        steps.extend([set("/b"), share("/b/a", "/a"), share("/b/b", "/a"), share("/a", "/b")]);
    }
    steps.extend(vec![json!({ "op": "sync" }); 1000]);
    let (_, error) = run(&file(steps), schema);
    let expected = "step 168: what is written again of shared structs comes to more than 4000000 fields and \
                    elements, over all syncs and clients: share fewer, or sync less often";
    assert_eq!(error.as_deref(), Some(expected));

    // Each holds the one before it.
    let mut steps = vec![set("/a")];
    for _ in 0..250 {
        steps.extend([set("/b"), share("/b/a", "/a"), share("/a", "/b")]);
    }
    steps.push(json!({ "op": "sync" }));
    let (_, error) = run(&file(steps), schema);
    let expected = "step 751: at most 200 structs can lie in one another: in one of its places, a shared \
                    one does";
    assert_eq!(error.as_deref(), Some(expected));
}

#[test]
fn what_older_clients_and_other_codecs_cannot_be_told() {
    let file = |fields: Json| {
        json!({ "types": { "S": { "fields": fields } }, "root": "S", "steps": [] }).to_string()
    };
    let quantized = file(json!({ "q": { "quantized": { "min": 0, "max": 1 } } }));
    for (profile, expected) in [
        (
            "v3",
            Some(
                "the codec `schema` cannot carry the field `q` of type `S` to clients of this version: \
                     quantized numbers need the profile `v5`",
            ),
        ),
        (
            "v4",
            Some(
                "the codec `schema` cannot carry the field `q` of type `S` to clients of this version: \
                     quantized numbers need the profile `v5`",
            ),
        ),
        ("v5", None),
    ] {
        let (_, error) = run(&quantized, Codec::from_names("schema", Some(profile)).unwrap());
        assert_eq!(error.as_deref(), expected);
    }
}
