//! What patches look like, and that they bring a client to the newest snapshot.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod random;

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tidewire_patch::JsonEncoder;
use tidewire_state::{
    ArraySchema, DynField, DynPrimitive, DynStruct, ElementKind, FieldIndex, FieldInfo, FieldKind,
    MapSchema, PrimitiveKind, Tracked, TypeIndex, TypeInfo, TypeSet, Value,
};

const TITLE: FieldIndex = FieldIndex(0);
const ROUND: FieldIndex = FieldIndex(1);
const BOSS: FieldIndex = FieldIndex(2);
const ITEMS: FieldIndex = FieldIndex(3);
const HAND: FieldIndex = FieldIndex(4);
const SCORES: FieldIndex = FieldIndex(5);
const LOG: FieldIndex = FieldIndex(6);
const SPEED: FieldIndex = FieldIndex(7);

const ITEM: TypeIndex = TypeIndex(1);

/// One recursive struct below a root that has the same fields.
fn types() -> Arc<TypeSet> {
    let field = |name: &str, kind, optional| FieldInfo { optional, ..FieldInfo::new(name, kind) };
    let fields = vec![
        field("title", FieldKind::Primitive(PrimitiveKind::String), true),
        field("round", FieldKind::Primitive(PrimitiveKind::Number), false),
        field("boss", FieldKind::Ref(ITEM), true),
        field("items", FieldKind::Map(ElementKind::Ref(ITEM)), false),
        field("hand", FieldKind::Array(ElementKind::Ref(ITEM)), false),
        field("scores", FieldKind::Map(ElementKind::Primitive(PrimitiveKind::Uint64)), false),
        field("log", FieldKind::Array(ElementKind::Primitive(PrimitiveKind::String)), false),
        field("speed", FieldKind::Primitive(PrimitiveKind::Float32), false),
    ];
    let state = TypeInfo::new("State".to_owned(), fields.clone());
    let item = TypeInfo::new("Item", fields);
    Arc::new(TypeSet { types: vec![state, item], root: TypeIndex(0) })
}

fn item(types: &Arc<TypeSet>, title: &str) -> DynStruct {
    let mut item = DynStruct::new(Arc::clone(types), ITEM);
    item.set(TITLE, Value::String(title)).unwrap();
    item
}

fn items(node: &mut DynStruct) -> &mut MapSchema<DynStruct> {
    let Some(DynField::Map(map)) = node.field_mut(ITEMS) else { panic!("a map of structs") };
    map
}

fn hand(node: &mut DynStruct) -> &mut ArraySchema<DynStruct> {
    let Some(DynField::Array(array)) = node.field_mut(HAND) else { panic!("an array of structs") };
    array
}

fn scores(node: &mut DynStruct) -> &mut MapSchema<DynPrimitive> {
    let Some(DynField::PrimitiveMap(map)) = node.field_mut(SCORES) else { panic!("a map") };
    map
}

fn log(node: &mut DynStruct) -> &mut ArraySchema<DynPrimitive> {
    let Some(DynField::PrimitiveArray(array)) = node.field_mut(LOG) else { panic!("an array") };
    array
}

fn boss(node: &mut DynStruct) -> &mut Option<Box<DynStruct>> {
    let Some(DynField::Ref(reference)) = node.field_mut(BOSS) else { panic!("a reference") };
    reference
}

/// A state with a client that has seen all of it.
struct Session {
    state: Tracked<DynStruct>,
    encoder: JsonEncoder,
    client: Json,
}

impl Session {
    fn new(prepare: impl FnOnce(&mut DynStruct, &Arc<TypeSet>)) -> Self {
        let types = types();
        let mut state = Tracked::new(DynStruct::new(Arc::clone(&types), types.root));
        prepare(&mut state, &types);
        let mut encoder = JsonEncoder::new(&state);
        let mut client = Json::Null;
        json_patch::patch(&mut client, encoder.patch(&mut state).unwrap()).unwrap();
        assert_eq!(client, encoder.snapshot(&state));
        Self { state, encoder, client }
    }

    /// One tick. Returns the patch as JSON, after having checked it.
    fn tick(&mut self) -> Json {
        let patch = self.encoder.patch(&mut self.state).cloned().unwrap_or_default();
        let before = self.client.to_string();
        json_patch::patch(&mut self.client, &patch).unwrap_or_else(|error| {
            panic!("{error}\nbefore: {before}\npatch: {patch}");
        });
        let snapshot = self.encoder.snapshot(&self.state);
        assert_eq!(self.client, snapshot, "before: {before}\npatch: {patch}");
        serde_json::to_value(patch).unwrap()
    }
}

#[track_caller]
fn check(
    prepare: impl FnOnce(&mut DynStruct, &Arc<TypeSet>),
    change: impl FnOnce(&mut DynStruct, &Arc<TypeSet>),
    expected: &Json,
) {
    let mut session = Session::new(prepare);
    let types = Arc::clone(DynStruct::types(&session.state));
    change(&mut session.state, &types);
    assert_eq!(&session.tick(), expected);
    assert_eq!(session.tick(), json!([]), "a tick without a change says nothing");
}

fn fresh(title: &str) -> Json {
    json!({
        "title": title, "round": 0, "items": {}, "hand": [], "scores": {}, "log": [], "speed": 0,
    })
}

#[test]
fn fields() {
    let nothing = |_: &mut DynStruct, _: &Arc<TypeSet>| {};
    check(
        nothing,
        |state, _| {
            state.set(ROUND, Value::Number(2.5)).unwrap();
            state.set(SPEED, Value::Float32(f32::NAN)).unwrap();
        },
        &json!([{ "op": "replace", "path": "/round", "value": 2.5 }]),
    );
    check(
        nothing,
        |state, _| state.set(TITLE, Value::String("")).unwrap(),
        &json!([{ "op": "add", "path": "/title", "value": "" }]),
    );
    check(
        |state, _| state.set(TITLE, Value::String("x")).unwrap(),
        |state, _| *state.field_mut(TITLE).unwrap() = DynField::Optional(None),
        &json!([{ "op": "remove", "path": "/title" }]),
    );
    check(
        nothing,
        |state, types| *boss(state) = Some(Box::new(item(types, "orc"))),
        &json!([{ "op": "add", "path": "/boss", "value": fresh("orc") }]),
    );
    let with_boss = |state: &mut DynStruct, types: &Arc<TypeSet>| {
        *boss(state) = Some(Box::new(item(types, "orc")));
    };
    check(
        with_boss,
        |state, types| *boss(state) = Some(Box::new(item(types, "elf"))),
        &json!([{ "op": "replace", "path": "/boss", "value": fresh("elf") }]),
    );
    check(with_boss, |state, _| *boss(state) = None, &json!([{ "op": "remove", "path": "/boss" }]));
    check(
        with_boss,
        |state, _| {
            scores(boss(state).as_mut().unwrap()).extend([("a", Value::Uint64(u64::MAX).into())]);
        },
        &json!([{ "op": "add", "path": "/boss/scores/a", "value": u64::MAX }]),
    );
}

#[test]
fn maps() {
    let two = |state: &mut DynStruct, types: &Arc<TypeSet>| {
        items(state).insert("a/b~c", item(types, "one"));
        items(state).insert("", item(types, "two"));
    };
    check(
        two,
        |state, _| {
            let one = items(state).get_mut("a/b~c").unwrap();
            one.set(ROUND, Value::Number(1.0)).unwrap();
        },
        &json!([{ "op": "replace", "path": "/items/a~1b~0c/round", "value": 1 }]),
    );
    check(
        two,
        |state, _| items(state).get_mut("").unwrap().set(ROUND, Value::Number(2.0)).unwrap(),
        &json!([{ "op": "replace", "path": "/items//round", "value": 2 }]),
    );
    check(
        two,
        |state, types| {
            items(state).remove("");
            items(state).insert("", item(types, "again"));
            items(state).insert("a/b~c", item(types, "other"));
        },
        &json!([
            { "op": "remove", "path": "/items/" },
            { "op": "replace", "path": "/items/a~1b~0c", "value": fresh("other") },
            { "op": "add", "path": "/items/", "value": fresh("again") },
        ]),
    );
    check(
        two,
        |state, types| *items(state) = [("new", item(types, "three"))].into(),
        &json!([{ "op": "replace", "path": "/items", "value": { "new": fresh("three") } }]),
    );
    check(
        |_, _| {},
        |state, _| *scores(state) = [("new", Value::Uint64(3).into())].into(),
        &json!([{ "op": "add", "path": "/scores/new", "value": 3 }]),
    );
}

#[test]
fn arrays_of_structs() {
    let three = |state: &mut DynStruct, types: &Arc<TypeSet>| {
        hand(state).extend(["a", "b", "c"].map(|title| item(types, title)));
    };
    check(
        three,
        |state, _| {
            hand(state).remove(0);
            hand(state)[1].set(ROUND, Value::Number(7.0)).unwrap();
        },
        &json!([
            { "op": "remove", "path": "/hand/0" },
            { "op": "replace", "path": "/hand/1/round", "value": 7 },
        ]),
    );
    check(
        three,
        |state, types| hand(state).insert(1, item(types, "new")),
        &json!([{ "op": "add", "path": "/hand/1", "value": fresh("new") }]),
    );
    check(
        three,
        |state, types| drop(hand(state).replace(1, item(types, "new"))),
        &json!([{ "op": "replace", "path": "/hand/1", "value": fresh("new") }]),
    );
    check(
        three,
        |state, _| hand(state).rotate_left(1),
        &json!([{ "op": "move", "from": "/hand/0", "path": "/hand/2" }]),
    );
    check(
        three,
        |state, types| *hand(state) = vec![item(types, "x"), item(types, "y")].into(),
        &json!([{ "op": "replace", "path": "/hand", "value": [fresh("x"), fresh("y")] }]),
    );
    check(
        three,
        |state, _| hand(state).clear(),
        &json!([{ "op": "replace", "path": "/hand", "value": [] }]),
    );
}

#[test]
fn arrays_of_primitives() {
    let text = |value: &str| DynPrimitive::from(Value::String(value));
    let three = |state: &mut DynStruct, _: &Arc<TypeSet>| {
        log(state).extend(["a", "b", "c"].map(text));
    };
    check(
        three,
        |state, _| log(state).insert(0, text("new")),
        &json!([{ "op": "add", "path": "/log/0", "value": "new" }]),
    );
    check(
        three,
        |state, _| drop(log(state).splice(1..2, ["x", "y"].map(text))),
        &json!([
            { "op": "replace", "path": "/log/1", "value": "x" },
            { "op": "add", "path": "/log/2", "value": "y" },
        ]),
    );
    check(
        three,
        |state, _| log(state)[2] = text("z"),
        &json!([{ "op": "replace", "path": "/log/2", "value": "z" }]),
    );
    check(
        three,
        |state, _| drop(log(state).remove(1)),
        &json!([{ "op": "remove", "path": "/log/1" }]),
    );
    check(
        three,
        |state, _| *log(state) = vec![text("z"), text("y")].into(),
        &json!([{ "op": "replace", "path": "/log", "value": ["z", "y"] }]),
    );
    check(
        |_, _| {},
        |state, _| log(state).push(text("first")),
        &json!([{ "op": "add", "path": "/log/0", "value": "first" }]),
    );
}

#[test]
fn numbers() {
    use tidewire_patch::json::to_json;
    let cases = [
        (Value::Int64(i64::MIN), "-9223372036854775808"),
        (Value::Number(-0.0), "-0.0"),
        (Value::Number(0.1), "0.1"),
        (Value::Number(1e300), "1e+300"),
        (Value::Float64(f64::NAN), "0"),
        (Value::Float32(f32::INFINITY), "9007199254740991"),
        (Value::Float32(16_777_216.0), "16777216"),
    ];
    for (value, text) in cases {
        assert_eq!(to_json(value).to_string(), text, "{value:?}");
    }
}

#[test]
fn refuses_a_state_that_was_synced_without_it() {
    let refused = |act: fn(&mut Session)| {
        let mut session = Session::new(|_, _| {});
        let mut other = JsonEncoder::new(&session.state);
        other.patch(&mut session.state);
        let error = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(&mut session)));
        *error.unwrap_err().downcast::<String>().unwrap()
    };
    let of_patch = refused(|session| drop(session.tick()));
    assert!(of_patch.contains("synced 2 times, but this encoder knows of 1"), "{of_patch}");
    let of_snapshot = refused(|session| drop(session.encoder.snapshot(&session.state)));
    assert_eq!(of_patch, of_snapshot);
}

#[test]
fn shares_a_walk_with_others() {
    let mut session = Session::new(|_, _| {});
    let mut other = JsonEncoder::new(&session.state);
    session.state.set(ROUND, Value::Number(1.0)).unwrap();
    session
        .state
        .sync(&mut [&mut other as &mut dyn tidewire_state::Visitor, &mut session.encoder][..]);
    assert!(other.last_patch().is_some());
    assert_eq!(other.last_patch(), session.encoder.last_patch());
}
