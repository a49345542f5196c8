//! `schema.json` of a land.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::{Value as Json, json};
use tidewire_opcode::{Land, SchemaError, path_hash, read_json, schema, schema_hash, schema_json};
use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked, TypeSet, Viewer};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Vector {
    x: i32,
    y: i32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    name: String,
    at: Vector,
    goal: Option<Vector>,
    title: Option<String>,
    #[schema(skip)]
    #[expect(dead_code, reason = "it is here to be left out")]
    secret: u32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    players: MapSchema<Player>,
    log: ArraySchema<String>,
    speed: f32,
}

/// Declared in another order than its names have.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Shot {
    to: Vector,
    from: Vector,
    #[schema(rename = "playerID")]
    player: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Wish {
    what: Option<String>,
}

fn types<S: Schema + Default>() -> TypeSet {
    Tracked::new(S::default()).types()
}

fn land() -> Land {
    Land::new("arena", types::<Arena>())
        .event("PlayerShoot", types::<Shot>())
        .event("Aim", types::<Shot>())
        .client_event("MoveTo", types::<Vector>())
        .action("Play", types::<Vector>())
}

#[test]
fn of_a_land() {
    let text = schema_json(&[land()]).unwrap();
    let schema: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["version"], "0.1.0");
    let vector = json!({ "$ref": "#/defs/Vector" });
    let paths = [
        "log",
        "log.*",
        "players",
        "players.*",
        "players.*.at",
        "players.*.at.x",
        "players.*.at.y",
        "players.*.goal",
        "players.*.goal.x",
        "players.*.goal.y",
        "players.*.name",
        "players.*.title",
        "speed",
    ];
    let hashes: serde_json::Map<String, Json> =
        paths.iter().map(|path| ((*path).to_owned(), path_hash(path).into())).collect();
    assert_eq!(
        schema["lands"]["arena"],
        json!({
            "stateType": "Arena",
            "actions": { "Play": vector },
            "clientEvents": { "MoveTo": vector },
            "events": { "PlayerShoot": { "$ref": "#/defs/Shot" }, "Aim": { "$ref": "#/defs/Shot" } },
            "sync": { "snapshot": { "$ref": "#/defs/Arena" }, "diff": { "$ref": "#/defs/StateDiff" } },
            "pathHashes": hashes,
            "eventHashes": { "Aim": 1, "PlayerShoot": 2 },
            "clientEventHashes": { "MoveTo": 1 },
        }),
    );
    let defs = &schema["defs"];
    assert_eq!(defs["Shot"]["required"], json!(["from", "playerID", "to"]));
    assert_eq!(defs["Player"]["required"], json!(["name", "at", "goal", "title"]));
    assert_eq!(defs["Player"]["properties"]["goal"], json!({ "$ref": "#/defs/Optional<Vector>" }));
    assert_eq!(
        defs["Optional<String>"],
        json!({
            "type": "string",
            "x-stateTree": { "nodeKind": "leaf", "optional": true, "innerType": "String" },
        }),
    );
    assert_eq!(
        defs["Optional<Vector>"],
        json!({
            "type": "object",
            "x-stateTree": {
                "nodeKind": "leaf", "optional": true, "innerType": "Vector", "atomic": true,
            },
        }),
    );
    assert_eq!(defs["Vector"]["x-stateTree"], json!({ "nodeKind": "leaf", "atomic": true }));
    assert_eq!(
        defs["Arena"]["properties"]["players"]["additionalProperties"]["$ref"],
        "#/defs/Player"
    );
    assert_eq!(
        defs["Arena"]["properties"]["players"]["x-stateTree"],
        json!({ "nodeKind": "map", "keyType": "String", "sync": { "policy": "broadcast" } }),
    );
    assert!(!text.contains("secret"));
    assert_eq!(land().event_number("PlayerShoot"), Some(2));
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    #[schema(per_player)]
    hands: MapSchema<Player>,
    #[schema(view)]
    plan: String,
    #[schema(filter = Table::shows_dealer)]
    dealer: Player,
    #[schema(view)]
    log: ArraySchema<String>,
    #[schema(custom = |table: &Table, viewer| (table.plan == viewer.name()).then_some(table.odds))]
    odds: u8,
    #[schema(filter_children = |table: &Table, viewer, _, _| table.plan == viewer.name())]
    guests: MapSchema<Player>,
}

impl Table {
    fn shows_dealer(&self, viewer: &Viewer<'_>) -> bool {
        self.plan == viewer.name()
    }
}

#[test]
fn says_of_which_fields_not_everyone_is_told() {
    let text = schema_json(&[Land::new("table", types::<Table>())]).unwrap();
    let schema: Json = serde_json::from_str(&text).unwrap();
    let properties = &schema["defs"]["Table"]["properties"];
    let check = |field: &str, kind: &str, policy: &str| {
        let found = &properties[field]["x-stateTree"];
        assert_eq!(
            (&found["nodeKind"], &found["sync"]),
            (&json!(kind), &json!({ "policy": policy }))
        );
    };
    check("hands", "map", "perPlayerSlice");
    check("guests", "map", "perPlayer");
    check("plan", "leaf", "perPlayer");
    check("dealer", "object", "perPlayer");
    check("log", "array", "perPlayer");
    check("odds", "leaf", "custom");
    assert_eq!(properties["dealer"]["$ref"], "#/defs/Player");
}

#[test]
fn its_hash_is_of_all_but_itself() {
    let schema = schema(&[land()]).unwrap();
    let mut bare: Json = serde_json::from_str(&schema_json(&[land()]).unwrap()).unwrap();
    bare.as_object_mut().unwrap().remove("schemaHash");
    let hash = schema_hash(&read_json(bare.to_string().as_bytes()).unwrap());
    assert_eq!(schema.member("schemaHash"), Some(&hash.as_str().into()));
    assert_eq!(hash.len(), 16);
    // The text that is hashed, by hand: {"defs":{"a\/b":1}}.
    let tiny = read_json(br#"{"defs":{"a/b":1}}"#).unwrap();
    assert_eq!(schema_hash(&tiny), "d1a9dff841e86b2e");
}

#[test]
fn refuses_what_clients_would_misread() {
    let optional = Land::new("arena", types::<Arena>()).action("Wish", types::<Wish>());
    let error = schema(&[optional]).unwrap_err();
    let expected = SchemaError::Optional { payload: "Wish".into(), field: "what".into() };
    assert_eq!(error, expected);
    let mut other = types::<Arena>();
    other.types[0].fields.pop();
    let error = schema(&[land(), Land::new("other", other)]).unwrap_err();
    assert_eq!(error, SchemaError::Conflict { name: "Arena".into() });
}
