//! Payloads as structs: what is sent, what is read, what `schema.json` says.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, HashMap};

use tidewire_opcode::{Land, Payload, Tree, read_json, schema};
use tidewire_state::{Schema, Tracked};

#[derive(Payload, Schema, Clone, Debug, Default, PartialEq)]
#[payload(crate = "tidewire_opcode")]
#[schema(crate = "tidewire_state")]
struct Vector {
    x: i32,
    y: i32,
}

#[derive(Payload, Schema, Clone, Debug, Default, PartialEq)]
#[payload(crate = "tidewire_opcode", rename = "Position2")]
#[schema(crate = "tidewire_state", rename = "Position2")]
struct Position {
    v: Vector,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    at: Position,
}

#[derive(Payload, Debug, PartialEq)]
#[payload(crate = "tidewire_opcode")]
struct PlayerShoot {
    #[payload(rename = "playerID")]
    player: String,
    from: Position,
    to: Position,
}

#[derive(Payload, Debug, Default, PartialEq)]
#[payload(crate = "tidewire_opcode")]
struct All {
    b: bool,
    a: i8,
    _c: u64,
    #[payload(rename = "Z")]
    z: f32,
    wide: f64,
    list: Vec<Vector>,
    names: BTreeMap<String, String>,
    counts: HashMap<String, u16>,
    r#type: String,
}

#[derive(Payload, Debug, PartialEq)]
#[payload(crate = "tidewire_opcode")]
struct Play;

fn json(text: &str) -> Tree {
    read_json(text.as_bytes()).unwrap()
}

fn shot() -> PlayerShoot {
    let at = |x, y| Position { v: Vector { x, y } };
    PlayerShoot { player: "p1".into(), from: at(64_000, 36_000), to: at(1, -2) }
}

#[test]
fn values_stand_in_the_order_of_their_names() {
    let tuple = json(r#"[{"v":{"x":64000,"y":36000}},"p1",{"v":{"x":1,"y":-2}}]"#);
    assert_eq!(shot().to_tuple(), tuple);
    let object =
        json(r#"{"from":{"v":{"x":64000,"y":36000}},"playerID":"p1","to":{"v":{"x":1,"y":-2}}}"#);
    assert_eq!(shot().to_object(), object);
    assert_eq!(shot().to_object().into_tuple(), tuple);
    for sent in [tuple, object] {
        assert_eq!(PlayerShoot::from_tree(&sent), Ok(shot()));
    }
    // Capitals, then `_`, then small letters.
    let all = All { z: 0.5, _c: 7, a: -1, ..All::default() };
    let expected = json(r#"[0.5,7,-1,false,{},[],{},"",0.0]"#);
    assert_eq!(all.to_tuple(), expected);
    assert_eq!(All::from_tree(&expected), Ok(all));
}

#[test]
fn every_kind_comes_back() {
    let all = All {
        b: true,
        a: -128,
        _c: u64::MAX,
        z: 1.5,
        wide: -1e300,
        list: vec![Vector { x: 1, y: 2 }, Vector::default()],
        names: [("a/b".to_owned(), "é".to_owned())].into(),
        counts: [("n".to_owned(), 65_535)].into(),
        r#type: "t".into(),
    };
    assert_eq!(All::from_tree(&all.to_object()).as_ref(), Ok(&all));
    assert_eq!(All::from_tree(&all.to_tuple()).as_ref(), Ok(&all));
    assert_eq!(all.to_object().member("type"), Some(&"t".into()));
}

#[test]
fn an_empty_payload_is_anything_empty() {
    assert_eq!(Play.to_tuple(), json("[]"));
    assert_eq!(Play.to_object(), json("{}"));
    for sent in ["{}", "[]", "null", r#"{"more":1}"#] {
        assert_eq!(Play::from_tree(&json(sent)), Ok(Play), "{sent}");
    }
    assert!(Play::from_tree(&json("[1]")).is_err());
}

#[test]
fn whole_doubles_are_integers_and_integers_are_doubles() {
    assert_eq!(Vector::from_tree(&json(r#"{"x":1.0,"y":-2e3}"#)), Ok(Vector { x: 1, y: -2000 }));
    assert_eq!(All::from_tree(&json(r#"[1,0,0,false,{},[],{},"",2]"#)).unwrap().wide, 2.0);
}

#[test]
fn what_is_wrong_is_said_with_its_path() {
    let check = |sent: &str, expected: &str| {
        assert_eq!(PlayerShoot::from_tree(&json(sent)).unwrap_err().to_string(), expected);
    };
    check(r#"{"playerID":"a","to":{}}"#, r#""from" is missing: payloads have all fields"#);
    check(
        r#"[{"v":{"x":1,"y":2}},"a",{"v":{"x":0.5,"y":0}}]"#,
        r#""to.v.x" is 0.5, not a whole number of 32 bits"#,
    );
    check(r#"[{"v":[1,2]},"a",{"v":[1]}]"#, r#""to.v" has 1 values, and a Vector has 2"#);
    check(r#"[1,2]"#, r#""" has 2 values, and a PlayerShoot has 3"#);
    check("7", r#""" is 7, not an object or an array"#);
    let all = |list: &str| {
        let sent = format!(r#"[0,0,0,false,{{"n":65536}},{list},{{}},"",0]"#);
        All::from_tree(&json(&sent)).unwrap_err().to_string()
    };
    assert_eq!(all("[]"), r#""counts.n" is 65536, not a whole number from 0 to 65535"#);
    let huge = All::from_tree(&json(r#"[1e300,0,0,false,{},[],{},"",0]"#)).unwrap_err();
    assert!(huge.to_string().ends_with("not a number that 32 bits can hold"), "{huge}");
    let Tree::Array(mut values) = All::default().to_tuple() else { panic!("no tuple") };
    values[8] = Tree::Double(f64::NAN);
    let nan = All::from_tree(&Tree::Array(values)).unwrap_err();
    assert_eq!(nan.to_string(), r#""wide" is NaN, not a finite number"#);
    let list = All::from_tree(&json(r#"[0,0,0,false,{},[{"x":1,"y":1},3],{},"",0]"#)).unwrap_err();
    assert_eq!(list.to_string(), r#""list.1" is 3, not an object or an array"#);
}

#[test]
fn schema_json_lists_them_in_the_order_of_the_array() {
    let land = Land::new("arena", Tracked::new(Arena::default()).types())
        .event("PlayerShoot", PlayerShoot::types())
        .client_event("MoveTo", Position::types())
        .action("All", All::types())
        .action("Play", Play::types());
    let schema = schema(&[land]).unwrap();
    let defs = schema.member("defs").unwrap();
    let required = |name: &str| defs.member(name).unwrap().member("required").unwrap();
    assert_eq!(required(PlayerShoot::NAME), &json(r#"["from","playerID","to"]"#));
    let all = r#"["Z","_c","a","b","counts","list","names","type","wide"]"#;
    assert_eq!(required("All"), &json(all));
    assert_eq!(required("Play"), &json("[]"));
    let properties = defs.member("All").unwrap().member("properties").unwrap();
    let item = properties.member("list").unwrap().member("items").unwrap();
    assert_eq!(item, &json(r##"{"$ref":"#/defs/Vector"}"##));
    // One that is part of the state too is the same type.
    let position = properties_of(defs, "Position2");
    assert_eq!(position, &json(r##"{"v":{"$ref":"#/defs/Vector"}}"##));
}

fn properties_of<'a>(defs: &'a Tree, name: &str) -> &'a Tree {
    defs.member(name).unwrap().member("properties").unwrap()
}
