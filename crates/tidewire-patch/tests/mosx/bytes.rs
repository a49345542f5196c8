//! Bytes that the originals write for the same states, and what does not fit a format.

use std::sync::Arc;

use serde_json::Value as Json;
use tidewire_patch::{
    Config, LightEncoder, MpackEncoder, PatchpackDecoder, PatchpackEncoder, light::TableError,
    patchpack::PatchpackError,
};
use tidewire_state::{
    ArraySchema, DynField, DynStruct, ElementKind, FieldIndex, FieldInfo, FieldKind, MapSchema,
    PrimitiveKind, Schema, Tracked, TypeIndex, TypeInfo, TypeSet, Value as Leaf,
};

/// The example of patchpack's own manual.
mod manual {
    use super::{ArraySchema, MapSchema, Schema};

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct State {
        pub(super) clients: MapSchema<Client>,
        pub(super) objects: ArraySchema<Object>,
        pub(super) foo: Foo,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Client {
        pub(super) name: String,
        pub(super) info: String,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Object {
        pub(super) id: u8,
        pub(super) name: String,
        pub(super) foo: Option<String>,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Foo {
        pub(super) baz: bool,
    }

    pub(super) fn state() -> State {
        let client = |name: &str, info: &str| Client { name: name.into(), info: info.into() };
        let object = |id, more| Object { id, name: "Foo".into(), foo: more };
        State {
            clients: [("1", client("Foo", "")), ("2", client("Baz", "FooBaz"))].into(),
            objects: vec![object(1, None), object(2, Some("Baz".to_owned()))].into(),
            foo: Foo { baz: false },
        }
    }
}

#[test]
fn the_manual_of_patchpack() {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("../data/mosx.json")).unwrap();
    let vector = vectors.iter().find(|vector| vector["name"] == "pp-readme-class").unwrap();
    let recorded = |step: usize| vector["steps"][step]["hex"].as_str().unwrap().to_owned();

    let mut state = Tracked::new(manual::state());
    let mut encoder = PatchpackEncoder::new(&state, Config::default());
    assert!(encoder.patch(&mut state).is_empty());
    let snapshot = encoder.snapshot();
    assert_eq!((snapshot.len(), hex(&snapshot)), (135, recorded(0)));
    // Without the types, as the manual counts: an array of the form alone.
    let plain = encoder.snapshot_without_types();
    assert_eq!(plain.len(), 60);
    let (_, whole) = PatchpackDecoder::from_state(&snapshot).unwrap();
    let (mut decoder, known) =
        PatchpackDecoder::from_state_without_types(&plain, encoder.types()).unwrap();
    assert_eq!(known, whole);
    let error = PatchpackDecoder::from_state_without_types(&snapshot, encoder.types()).unwrap_err();
    assert_eq!(error, PatchpackError::NotAState { offset: 0 });

    let client = manual::Client { name: "FooBaz".into(), info: "test".into() };
    state.clients.insert("3", client);
    let patches = encoder.patch(&mut state);
    assert_eq!((patches.len(), patches[0].len(), hex(&patches[0])), (1, 22, recorded(1)));
    assert_eq!(decoder.patch(&patches[0]).unwrap().path.to_string(), "/clients/3");
    state.foo.baz = true;
    let patches = encoder.patch(&mut state);
    assert_eq!((patches.len(), patches[0].len(), hex(&patches[0])), (1, 5, recorded(2)));
}

const PLAYERS: FieldIndex = FieldIndex(0);
const X: FieldIndex = FieldIndex(0);
const Y: FieldIndex = FieldIndex(1);

/// The types of the example of Mosx's manual, in the order in which it declares them.
fn mosx_types() -> Arc<TypeSet> {
    let field = |name: &str, kind| FieldInfo::new(name, kind);
    let number = FieldKind::Primitive(PrimitiveKind::Number);
    let player = vec![field("x", number), field("y", number)];
    let state = vec![field("players", FieldKind::Map(ElementKind::Ref(TypeIndex(0))))];
    Arc::new(TypeSet {
        types: vec![
            TypeInfo::new("Player".to_owned(), player),
            TypeInfo::new("State".to_owned(), state),
        ],
        root: TypeIndex(1),
    })
}

fn players(state: &mut DynStruct) -> &mut MapSchema<DynStruct> {
    let Some(DynField::Map(players)) = state.field_mut(PLAYERS) else { panic!() };
    players
}

#[test]
fn the_manual_of_mosx() {
    let types = mosx_types();
    let mut state = Tracked::new(DynStruct::new(Arc::clone(&types), TypeIndex(1)));
    let mut mpack = MpackEncoder::new(&state, Config::default());
    let mut light = LightEncoder::new(&state, Config::default()).unwrap();
    let mut patchpack = PatchpackEncoder::new(&state, Config::default());
    let mut check = |state: &mut Tracked<DynStruct>, expected: [&str; 3]| {
        state.sync(&mut [&mut mpack as _, &mut light as _, &mut patchpack as _][..]);
        let lists = [mpack.last_patch(), light.last_patch(), patchpack.last_patch()];
        for (list, expected) in std::iter::zip(lists, expected) {
            let list: Vec<String> = list.iter().map(|bytes| hex(bytes)).collect();
            assert_eq!(list.join(" "), expected);
        }
        [mpack.snapshot(), light.snapshot(), patchpack.snapshot()]
    };

    let [mpack, _, patchpack] = check(&mut state, ["", "", ""]);
    assert_eq!(hex(&mpack), "81a7706c617965727380");
    let expected = "9293010092fe019293a6506c61796572a178a17992a55374617465a7706c6179657273";
    assert_eq!(hex(&patchpack), expected);

    let mut player = DynStruct::new(types, TypeIndex(0));
    player.set(X, Leaf::Number(77.0)).unwrap();
    player.set(Y, Leaf::Number(393.0)).unwrap();
    players(&mut state).insert("Player 1", player);
    check(
        &mut state,
        [
            "9300b12f706c61796572732f506c61796572203182a1784da179cd0189",
            "00030100ff92a8506c61796572203182a1784da179cd0189",
            // The index of a key that is added is not looked at: Mosx writes the one that it will
            // have, patchpack and we always -1.
            "940001ff92a8506c6179657220319400024dcd0189",
        ],
    );
    players(&mut state).get_mut("Player 1").unwrap().set(X, Leaf::Number(127.0)).unwrap();
    check(
        &mut state,
        [
            "9301b32f706c61796572732f506c6179657220312f787f",
            "01050100ff000092a8506c6179657220317f",
            "940102007f",
        ],
    );
    players(&mut state).remove("Player 1");
    check(
        &mut state,
        ["9202b12f706c61796572732f506c617965722031", "02030100ff91a8506c617965722031", "93020100"],
    );
}

/// A state of these types and nothing in it.
fn empty(types: Vec<TypeInfo>) -> Tracked<DynStruct> {
    let types = Arc::new(TypeSet { types, root: TypeIndex(0) });
    types.check().unwrap();
    Tracked::new(DynStruct::new(types, TypeIndex(0)))
}

/// A type with one field that leads to the next type, if there is one.
fn link(index: u32, count: u32) -> TypeInfo {
    let kind = match index + 1 {
        next if next < count => FieldKind::Ref(TypeIndex(next)),
        _ => FieldKind::Primitive(PrimitiveKind::Boolean),
    };
    let field = FieldInfo::new("k".to_owned(), kind).optional();
    TypeInfo::new(format!("T{index}"), vec![field])
}

#[test]
fn light_refuses_types_that_do_not_fit() {
    let chain = |count| empty((0..count).map(|index| link(index, count)).collect());
    assert!(LightEncoder::new(&chain(63), Config::default()).is_ok());
    let error = LightEncoder::new(&chain(64), Config::default()).unwrap_err();
    assert_eq!(error, TableError::TooDeep { name: "T63".to_owned(), size: 128 });

    let flat = |count| empty((0..count).map(|index| link(index, index)).collect());
    assert!(LightEncoder::new(&flat(128), Config::default()).is_ok());
    let error = LightEncoder::new(&flat(129), Config::default()).unwrap_err();
    assert_eq!(error, TableError::TooManyTypes { name: "T128".to_owned(), index: 128 });
    assert_eq!(
        error.to_string(),
        "type `T128` is number 128 of the state, and `light` has 128 types: use another codec, or \
         fewer types"
    );

    let error = LightEncoder::new(&empty(vec![link(0, 0), link(0, 0)]), Config::default());
    assert_eq!(error.unwrap_err(), TableError::DuplicateName { name: "T0".to_owned() });
    let proto = TypeInfo::new("__proto__", link(0, 0).fields);
    let error = LightEncoder::new(&empty(vec![link(0, 0), proto]), Config::default());
    assert_eq!(error.unwrap_err(), TableError::UnfindableName);
}

/// A path is as long through sets, collections and types that extend others as through any struct.
#[test]
fn light_sees_how_deep_all_types_lie() {
    let field = |kind| vec![FieldInfo::new("k", kind)];
    let leaf = || field(FieldKind::Primitive(PrimitiveKind::Boolean));
    let sets = |count: u32| {
        let below = |at: u32| ElementKind::Ref(TypeIndex(at + 1));
        (0..count).map(move |at| match (at + 1 == count, at % 2) {
            (true, _) => TypeInfo::new(format!("T{at}"), leaf()),
            (_, 0) => TypeInfo::new(format!("T{at}"), field(FieldKind::Set(below(at)))),
            _ => TypeInfo::new(format!("T{at}"), field(FieldKind::Collection(below(at)))),
        })
    };
    // 41 times three bytes, and two.
    assert!(LightEncoder::new(&empty(sets(42).collect()), Config::default()).is_ok());
    let error = LightEncoder::new(&empty(sets(43).collect()), Config::default()).unwrap_err();
    assert_eq!(error, TableError::TooDeep { name: "T42".to_owned(), size: 128 });

    // A base without fields, and in its place what extends it, with a field of the next base.
    let bases = |count: u32| {
        let mut types = Vec::new();
        for at in 0..count {
            types.push(TypeInfo::new(format!("Base{at}"), Vec::new()));
            let below = match at + 1 < count {
                true => field(FieldKind::Ref(TypeIndex(2 * at + 2))),
                false => leaf(),
            };
            let mut more = TypeInfo::new(format!("More{at}"), below);
            more.extends = Some(TypeIndex(2 * at));
            types.push(more);
        }
        types.push(TypeInfo::new("Root", field(FieldKind::Ref(TypeIndex(0)))));
        let root = TypeIndex(types.len() as u32 - 1);
        let types = Arc::new(TypeSet { types, root });
        types.check().unwrap();
        Tracked::new(DynStruct::new(types, root))
    };
    assert!(LightEncoder::new(&bases(62), Config::default()).is_ok());
    let error = LightEncoder::new(&bases(63), Config::default()).unwrap_err();
    assert_eq!(error, TableError::TooDeep { name: "More62".to_owned(), size: 128 });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
