//! Every way in which a scenario is refused.

use serde_json::{Value as Json, json};
use tidewire_cli::Codec;

use super::{run, scenario, set, types};

#[track_caller]
fn refuses_file(file: &Json, expected: &str) {
    let (lines, error) = run(&file.to_string(), Codec::Json);
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!(error.as_deref(), Some(format!("invalid scenario: {expected}").as_str()));
}

/// A step after one that prints.
#[track_caller]
fn refuses(step: &Json, expected: &str) {
    let steps = json!([
        { "op": "push", "path": "/log", "values": ["a", "b"] },
        { "op": "join", "client": "a" },
        step,
    ]);
    let (lines, error) = run(&scenario(&steps).to_string(), Codec::Json);
    assert_eq!(error.as_deref(), Some(format!("step 2: {expected}").as_str()));
    assert_eq!(lines.len(), 2, "the lines of earlier steps stay: {lines:?}");
}

#[test]
fn files() {
    let with = |member: &str, value: Json| {
        let mut file = scenario(&json!([]));
        file[member] = value;
        file
    };
    let field =
        |definition: Json| with("types", json!({ "State": { "fields": { "f": definition } } }));

    refuses_file(&json!([]), "the file must be an object, not a list");
    refuses_file(&json!({ "types": {}, "root": "State" }), "`root` names the unknown type `State`");
    refuses_file(&json!({ "root": "State" }), "the file has no `types`");
    refuses_file(&json!({ "types": types() }), "the file has no `root`");
    refuses_file(&json!({ "types": types(), "root": "State" }), "the file has no `steps`");
    refuses_file(&with("steps", json!({})), "`steps` must be a list, not an object");
    refuses_file(
        &with("stops", json!([])),
        "the file has an unknown member `stops`: it can have `types`, `root`, `clients`, `steps`",
    );
    refuses_file(
        &with("clients", json!({ "a": { "view": 1 } })),
        "client `a` must be `\"view\": true` or `false`, not 1",
    );
    let extending = |base: Json| {
        let state = json!({ "extends": base, "fields": { "a": "string" } });
        with("types", json!({ "State": state, "Item": { "fields": {} } }))
    };
    refuses_file(&extending(json!("Thing")), "type `State` names the unknown type `Thing`");
    refuses_file(&extending(json!(1)), "`extends` of type `State` must be a string, not 1");
    for later in ["Item", "State"] {
        refuses_file(
            &extending(json!(later)),
            &format!("type `State` extends `{later}`, which must stand before it"),
        );
    }
    let fields = json!({ "fields": { "a": "string" } });
    let state = json!({ "extends": "Item", "fields": { "a": "uint8" } });
    refuses_file(
        &with("types", json!({ "Item": fields, "State": state })),
        "type `State` has two fields `a`: rename one",
    );
    refuses_file(
        &with("types", json!({ "uint8": { "fields": {} }, "State": { "fields": {} } })),
        "a type cannot be called `uint8`: the name has a meaning of its own",
    );
    refuses_file(&with("types", json!({ "State": {} })), "type `State` has no `fields`");
    refuses_file(
        &with("types", json!({ "State": { "fields": { "$type": "string" } } })),
        "a field of type `State` cannot be called `$type`: the name has a meaning of its own",
    );
    let many: serde_json::Map<_, _> =
        (0..64).map(|at| (format!("f{at}"), "uint8".into())).collect();
    refuses_file(
        &with("types", json!({ "State": { "fields": many } })),
        "type `State` has 64 fields, at most 63 are possible: move some into a struct",
    );

    let of_field = |definition, expected: &str| {
        refuses_file(&field(definition), &format!("field `f` of type `State` {expected}"));
    };
    of_field(json!("uint7"), "names the unknown type `uint7`");
    of_field(json!({ "map": "Player" }), "names the unknown type `Player`");
    of_field(json!(3), "must be a type's name or an object, not 3");
    of_field(
        json!({ "array": { "map": "string" } }),
        "holds collections: the elements of a collection are primitives or a type",
    );
    of_field(
        json!({ "array": { "quantized": { "min": 0, "max": 1 } } }),
        "holds quantized numbers: only a field can be quantized, so name a type that has one",
    );
    of_field(
        json!({ "type": "string", "map": "string" }),
        "must be an object with one of `type`, `map`, `array`, `set`, `collection`, `quantized`, not an object",
    );
    of_field(
        json!({ "type": "string", "optonal": true }),
        "has an unknown member `optonal`: it can have `type`, `map`, `array`, `set`, `collection`, \
         `quantized`, `optional`, `view`",
    );
    of_field(
        json!({ "map": "string", "optional": true }),
        "is an optional collection: collections always exist",
    );
}

#[test]
fn fields_that_are_filtered_or_quantized() {
    let refuses = |definition: Json, expected: &str| {
        let mut file = scenario(&json!([]));
        file["types"] = json!({ "State": { "fields": { "f": definition } } });
        refuses_file(&file, expected);
    };
    for tag in [json!(0), json!(-2), json!(1.5), json!(1_u64 << 31), json!("x"), Json::Null] {
        refuses(
            json!({ "type": "uint8", "view": tag }),
            &format!(
                "`view` of field `f` of type `State` must be -1 or a mask of bits, 1 to 2147483647, \
                 not {tag}"
            ),
        );
    }
    let quantized = |definition: Json, expected: &str| {
        refuses(json!({ "quantized": definition }), expected);
    };
    let of = "`quantized` of field `f` of type `State`";
    quantized(json!(8), &format!("{of} must be an object, not 8"));
    quantized(json!({ "max": 1 }), &format!("{of} has no `min`"));
    quantized(
        json!({ "min": "0", "max": 1 }),
        &format!("`min` of {of} must be a number, not \"0\""),
    );
    quantized(
        json!({ "min": 0, "max": 1, "bits": 300 }),
        &format!("`bits` of {of} must be 8, 16 or 32, not 300"),
    );
    quantized(
        json!({ "min": 0, "max": 1, "bits": 12 }),
        &format!("{of}: a quantized field has 8, 16 or 32 bits, not 12"),
    );
    quantized(
        json!({ "min": 0, "max": 1, "mode": "round" }),
        &format!("`mode` of {of} must be `clamp` or `wrap`, not \"round\""),
    );
    quantized(
        json!({ "min": 1, "max": 1 }),
        &format!(
            "{of}: a quantized field needs finite numbers, `min` below `max`: 1 to 1 is no such range"
        ),
    );
    quantized(
        json!({ "min": -1e308, "max": 1e308 }),
        &format!(
            "{of}: a quantized field cannot be wider than a double can tell: -1e308 to 1e308 is, use \
             numbers nearer to 0"
        ),
    );
    quantized(
        json!({ "min": 0, "max": 1, "step": 1 }),
        &format!("{of} has an unknown member `step`: it can have `min`, `max`, `bits`, `mode`"),
    );
}

#[test]
fn text_that_is_no_json() {
    for text in ["", "{", "{\"types\": NaN}", &"[".repeat(100_000)] {
        let (_, error) = run(text, Codec::Json);
        let error = error.unwrap();
        assert!(error.starts_with("invalid scenario: not JSON: "), "{error}");
    }
}

/// The first of the two would be passed over in silence.
#[test]
fn keys_that_stand_twice() {
    let file = |fields: &str, steps: &str| {
        format!(
            r#"{{"types": {{"S": {{"fields": {{{fields}}}}}}}, "root": "S",
 "clients": {{"a": {{}}}}, "steps": [{{"op": "join", "client": "a"}}, {steps}]}}"#
        )
    };
    let good = (r#""hp": "uint8""#, r#"{"op": "sync"}"#);
    let cases = [
        (r#""hp": "uint8", "mp": "uint8", "hp": "string""#, good.1, "hp"),
        (good.0, r#"{"op": "sync", "op": "sync"}"#, "op"),
        (good.0, r#"{"op": "set", "path": "/hp", "value": {"x": 1, "x": 2}}"#, "x"),
    ];
    assert_eq!(run(&file(good.0, good.1), Codec::Json).1, None);
    for (fields, steps, key) in cases {
        let file = file(fields, steps);
        let (lines, error) = run(&file, Codec::Json);
        assert!(lines.is_empty(), "{lines:?}");
        // It is read up to the end of the second.
        let quoted = format!("\"{key}\"");
        let until = &file[..file.rfind(&quoted).unwrap() + quoted.len()];
        let line = until.lines().count();
        let column = until.lines().last().unwrap().len();
        let place = format!("at line {line} column {column}: remove one");
        let expected =
            format!("invalid scenario: the key `{key}` stands twice in one object, {place}");
        assert_eq!(error.as_deref(), Some(expected.as_str()));
    }
}

#[test]
fn steps() {
    refuses(&json!(7), "a step must be an object, not 7");
    refuses(&json!({}), "`a step` needs `op`");
    refuses(&json!({ "op": 7 }), "`op` must be a string, not 7");
    refuses(
        &json!({ "op": "sort" }),
        "unknown op `sort`: use one of `set`, `delete`, `push`, `splice`, `move`, `swap`, \
         `reverse`, `clear`, `add`, `remove`, `share`, `view`, `join`, `leave`, `sync`",
    );
    refuses(&json!({ "op": "set", "path": "/turn" }), "`set` needs `value`");
    refuses(
        &json!({ "op": "splice", "path": "/log", "at": 0, "delete": 1 }),
        "`splice` has an unknown member `delete`: it can have `op`, `path`, `at`, `remove`, `insert`",
    );
    refuses(
        &json!({ "op": "splice", "path": "/log", "at": 0.5 }),
        "`at` must be a whole number, not 0.5",
    );
    refuses(
        &json!({ "op": "push", "path": "/log", "values": "x" }),
        "`values` must be a list, not \"x\"",
    );
    refuses(&json!({ "op": "join", "client": "z" }), "unknown client `z`: add it to `clients`");
    refuses(&json!({ "op": "join", "client": "a" }), "client `a` has joined already");
    refuses(&json!({ "op": "leave", "client": "b" }), "client `b` has not joined");
}

#[test]
fn paths() {
    let delete = |path: &str| json!({ "op": "delete", "path": path });
    let not_a_pointer = |path, why| {
        refuses(&delete(path), &format!("`{path}` is not a JSON Pointer: {why}"));
    };
    not_a_pointer("turn", "it must be empty or begin with `/`");
    not_a_pointer("/scores/~2", "`~` must be followed by 0 or 1");
    not_a_pointer("/scores/~", "`~` must be followed by 0 or 1");
    let root = "`` must lead to a field, a map's entry or an array's element, not to the root";
    refuses(&set("", json!({})), root);
    refuses(&delete("/nobody"), "`/nobody`: type `State` has no field `nobody`");
    refuses(&delete("/"), "`/`: type `State` has no field ``");
    refuses(&delete("/items/x"), "`/items/x`: there is no key `x`");
    refuses(&set("/scores/x", Json::Null), "`/scores/x`: there is no key `x`");
    refuses(&set("/items/x/name", "y"), "`/items/x/name`: there is no key `x`");
    refuses(&set("/boss/name", "y"), "`/boss/name`: field `boss` is absent: set it first");
    refuses(&set("/turn/x", "y"), "`/turn/x`: nothing lies below the primitive `turn`");
    refuses(&set("/title/x", "y"), "`/title/x`: nothing lies below the primitive `title`");
    refuses(&set("/log/0/x", "y"), "`/log/0/x`: nothing lies below the primitive `0`");
    refuses(&set("/scores/x/y", 1), "`/scores/x/y`: nothing lies below the primitive `x`");
    refuses(&set("/log/2", "x"), "`/log/2`: there is no index 2, the array has 2 elements");
    let huge = "99999999999999999999999";
    refuses(
        &delete(&format!("/log/{huge}")),
        &format!("`/log/{huge}`: there is no index {huge}, the array has 2 elements"),
    );
    for token in ["-", "01", "+1", "-1", "", "1.0", "١"] {
        refuses(
            &delete(&format!("/log/{token}")),
            &format!(
                "`/log/{token}`: `{token}` is not an array index: use 0, 1, 2 … without leading zeros"
            ),
        );
    }
    for (op, member) in [("move", "from"), ("swap", "a")] {
        let other = if op == "move" { "to" } else { "b" };
        for index in [-1, 2] {
            refuses(
                &json!({ "op": op, "path": "/log", member: index, other: 0 }),
                &format!("`/log`: there is no index {index}, the array has 2 elements"),
            );
        }
    }
    refuses(
        &json!({ "op": "clear", "path": "/turn" }),
        "`/turn` must lead to a collection, not to a primitive",
    );
    refuses(
        &json!({ "op": "reverse", "path": "/scores" }),
        "`/scores` must lead to an array, not to a map",
    );
    refuses(
        &json!({ "op": "push", "path": "/log/0", "values": [] }),
        "`/log/0` must lead to an array, not to an array's element",
    );
    refuses(
        &delete("/log"),
        "`/log` must lead to a map's entry, an array's element or a field that is no collection, \
         not to an array",
    );
}

#[test]
fn values() {
    let wrong = |path, value: Json, expected: &str| {
        refuses(&set(path, value), &format!("`{path}`{expected}"));
    };
    wrong("/turn", json!(3), " takes a string, not 3");
    wrong("/flag", json!("true"), " takes true or false, not \"true\"");
    wrong("/small", json!("1"), " takes a number (int8), not \"1\"");
    wrong("/small", json!(128), ": 128 is out of range for int8: -128 to 127");
    wrong("/small", json!(-129), ": -129 is out of range for int8: -128 to 127");
    wrong("/small", json!(0.5), ": 0.5 has a fraction, int8 takes whole numbers");
    wrong(
        "/big",
        json!(u64::MAX),
        ": 18446744073709551615 is out of range for int64: -9223372036854775808 to 9223372036854775807",
    );
    wrong("/scores/x", json!(-1), ": -1 is out of range for uint64: 0 to 18446744073709551615");
    wrong(
        "/single",
        json!(1e39),
        ": 1e+39 is out of range for float32: -3.4028235e38 to 3.4028235e38",
    );
    wrong("/boss", json!(3), " takes an object of the fields of `Item`, not 3");
    wrong("/items", json!([]), " takes an object of entries, not a list");
    wrong("/items", Json::Null, " takes an object of entries, not null");
    wrong("/log", Json::Null, " takes a list of elements, not null");
    wrong("/log/0", Json::Null, " takes a string, not null");
    let long = "x".repeat(100);
    wrong("/small", json!(long), &format!(" takes a number (int8), not \"{}\"…", &long[..40]));
    refuses(
        &json!({ "op": "push", "path": "/log", "values": ["x", null] }),
        "`/log` takes elements, not null",
    );
    refuses(
        &set("/items/a~1b", json!({ "next": { "damage": "high" } })),
        "`/items/a~1b/next/damage` takes a number (number), not \"high\"",
    );
    refuses(
        &set("/hand", json!([{}, { "armour": 1 }])),
        "`/hand/1`: type `Item` has no field `armour`",
    );
    let of_type = |name: Json, expected: &str| {
        refuses(&set("/boss", json!({ "$type": name })), &format!("`/boss/$type` {expected}"));
    };
    of_type(json!(3), "takes the name of a type, not 3");
    of_type(json!("Orc"), "names the unknown type `Orc`");
    of_type(json!("State"), "takes a `Item`, and `State` is not derived from it");
}

#[test]
fn a_literal_beyond_64_bits_is_not_rounded_into_range() {
    let file = scenario(&json!([set("/big", "BIG")])).to_string();
    for literal in ["-9223372036854775809", "9223372036854775808", "18446744073709551616", "-1e19"]
    {
        let (_, error) = run(&file.replace("\"BIG\"", literal), Codec::Json);
        let error = error.unwrap();
        assert!(error.contains("is out of range for int64"), "{literal}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    // Each step goes as deep as it may and hangs a long chain there.
    let mut chain = json!({});
    for _ in 0..90 {
        chain = json!({ "next": chain });
    }
    let path = |depth: usize| format!("/boss{}", "/next".repeat(depth));
    let steps = json!([
        set(&path(0), chain.clone()),
        set(&path(91), chain.clone()),
        { "op": "join", "client": "a" },
        { "op": "sync" },
        set(&path(182), chain),
    ]);
    let (lines, error) =
        run(&scenario(&steps).to_string(), Codec::from_names("schema", None).unwrap());
    let error = error.unwrap();
    assert!(
        error.starts_with("step 4: ")
            && error.ends_with("at most 200 structs can lie in one another")
    );
    assert!(lines.len() >= 3, "{error}");
    // Where clients go by path, less is too deep, whether all of them see the same or not.
    for name in ["json", "mpack", "light", "patchpack"] {
        let codec = Codec::from_names(name, None).unwrap();
        let error = run(&scenario(&steps).to_string(), codec).1.unwrap();
        assert!(error.contains("more than 96 deep"), "{error}");
    }
}

#[test]
fn size_is_bounded() {
    let mut fields: serde_json::Map<_, _> =
        (0..62).map(|at| (format!("f{at}"), "uint8".into())).collect();
    fields.insert("all".to_owned(), json!({ "array": "S" }));
    let push = json!({ "op": "push", "path": "/all", "values": vec![json!({}); 10_000] });
    let file = json!({
        "types": { "S": { "fields": fields } }, "root": "S", "steps": vec![push; 8],
    });
    let (_, error) = run(&file.to_string(), Codec::Json);
    let expected = "step 6: `/all`: a scenario can make at most 4000000 fields and elements";
    assert_eq!(error.as_deref(), Some(expected));
}

#[test]
fn codecs() {
    for name in ["opcode-json", "opcode-msgpack", "state-json"] {
        assert_eq!(Codec::from_names(name, None), Codec::from_names(name, Some("original")));
        assert_ne!(Codec::from_names(name, None), Codec::from_names(name, Some("shortest")));
    }
    let message = |codec, profile| Codec::from_names(codec, profile).unwrap_err().to_string();
    let known = "use `schema`, `json`, `mpack`, `light`, `patchpack`, `state-json`, `opcode-json` or \
                 `opcode-msgpack`";
    assert_eq!(
        message("state-json", Some("plain")),
        "the codec `state-json` has no profile `plain`: use `original` or `shortest`"
    );
    assert_eq!(
        message("opcode-json", Some("v5")),
        "the codec `opcode-json` has no profile `v5`: use `original`, `shortest` or `plain`"
    );
    assert_eq!(message("xml", None), format!("there is no codec `xml`: {known}"));
    assert_eq!(
        message("schema", Some("v2")),
        "the codec `schema` has no profile `v2`: use `v3`, `v4` or `v5`"
    );
    assert_eq!(message("json", Some("v5")), "the codec `json` has no profile `v5`: it has none");
    assert_eq!(message("light", Some("v5")), "the codec `light` has no profile `v5`: it has none");
}

#[test]
fn types_that_a_codec_cannot_carry() {
    let fields = json!({ "fields": { "x": "int8" } });
    let types: serde_json::Map<_, _> =
        (0..129).map(|number| (format!("T{number}"), fields.clone())).collect();
    let file = json!({ "types": types, "root": "T0", "steps": [] });
    assert_eq!(run(&file.to_string(), Codec::Mpack), (Vec::new(), None));
    let (_, error) = run(&file.to_string(), Codec::Light);
    let expected = "the codec `light` cannot carry this state: type `T128` is number 128";
    assert!(error.as_deref().is_some_and(|error| error.starts_with(expected)), "{error:?}");
}

#[test]
fn names_that_state_tree_clients_cannot_find() {
    for name in ["opcode-json", "opcode-msgpack", "state-json"] {
        let codec = Codec::from_names(name, None).unwrap();
        let file = |field: &str| {
            json!({
                "types": { "S": { "fields": { field: { "map": "int8" }, "at": "T" } }, "T": { "fields": { "a.b": "int8" } } },
                "root": "S",
                "clients": { "a": {} },
                "steps": [
                    { "op": "join", "client": "a" },
                    { "op": "set", "path": format!("/{field}/__proto__"), "value": 1 },
                    { "op": "sync" },
                ],
            })
        };
        let (_, error) = run(&file("a.b").to_string(), codec);
        let expected = format!(
            "the codec `{name}` cannot carry the field `a.b` of the root type `S`: no path of its clients \
             leads there; give it a name without `.`, `/`, `~` and `[`"
        );
        assert_eq!(error, Some(expected));
        let (_, error) = run(&file("__proto__").to_string(), codec);
        let expected = format!(
            "the codec `{name}` cannot carry the field `__proto__` of type `S`: JavaScript clients cannot \
             hold it; rename it"
        );
        assert_eq!(error, Some(expected));
        // The lines of the join stay.
        let (lines, error) = run(&file("m").to_string(), codec);
        let expected = format!(
            "the codec `{name}` cannot carry the key `__proto__`: JavaScript clients cannot hold it"
        );
        assert_eq!((lines.len(), error), (2, Some(expected)));
    }
}

#[test]
fn what_javascript_cannot_hold() {
    for name in ["json", "mpack", "light", "patchpack"] {
        let codec = Codec::from_names(name, None).unwrap();
        let file = |field: &str| {
            json!({
                "types": { "S": { "fields": { field: { "map": "int8" } } } },
                "root": "S",
                "clients": { "a": {} },
                "steps": [
                    { "op": "join", "client": "a" },
                    { "op": "set", "path": format!("/{field}/__proto__"), "value": 1 },
                    { "op": "sync" },
                ],
            })
        };
        let (_, error) = run(&file("__proto__").to_string(), codec);
        let expected = format!(
            "the codec `{name}` cannot carry the field `__proto__` of type `S`: JavaScript clients cannot \
             hold it; rename it"
        );
        assert_eq!(error, Some(expected));
        let (lines, error) = run(&file("m").to_string(), codec);
        let expected = format!(
            "the codec `{name}` cannot carry the key `/m/__proto__`: JavaScript clients cannot hold it"
        );
        assert_eq!((lines.len(), error), (2, Some(expected)));
    }
}
