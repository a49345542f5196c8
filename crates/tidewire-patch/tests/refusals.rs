//! What no client is told of: it is left out, the rest is right, and the server's author hears of it.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use tidewire_patch::{
    Config, JsonEncoder, LightDecoder, LightEncoder, MpackEncoder, Patch, PatchEncoder,
    PatchpackDecoder, PatchpackEncoder, mpack, notepack::Value, refused_field,
};
use tidewire_state::{
    ArraySchema, DynField, DynStruct, FieldIndex, FieldInfo, FieldKind, MapSchema, PrimitiveKind,
    Schema, Tag, Tracked, TypeIndex, TypeInfo, TypeSet, Value as Leaf,
};

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Ship {
    x: f32,
    cargo: MapSchema<u16>,
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Sea {
    ships: MapSchema<Ship>,
    scores: MapSchema<u32>,
    queue: ArraySchema<Ship>,
}

/// The same, in which not everyone sees the same.
#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Bay {
    ships: MapSchema<Ship>,
    #[schema(view)]
    own: MapSchema<Ship>,
}

/// All codecs of a state, and who came before its first tick.
struct Codecs {
    json: JsonEncoder,
    patches: PatchEncoder,
    mpack: MpackEncoder,
    light: LightEncoder,
    patchpack: PatchpackEncoder,
    clients: [Value; 5],
    readers: Option<(LightDecoder, PatchpackDecoder)>,
}

impl Codecs {
    fn new<S: Schema>(state: &mut Tracked<S>) -> Self {
        let config = Config::REVERSIBLE;
        let mut codecs = Self {
            json: JsonEncoder::new(state),
            patches: PatchEncoder::new(state, config),
            mpack: MpackEncoder::new(state, config),
            light: LightEncoder::new(state, config).unwrap(),
            patchpack: PatchpackEncoder::new(state, config),
            clients: Default::default(),
            readers: None,
        };
        codecs.sync(state);
        let (states, light, patchpack) = codecs.states(state);
        codecs.clients = states;
        codecs.readers = Some((light, patchpack));
        codecs
    }

    fn sync<S: Schema>(&mut self, state: &mut Tracked<S>) {
        let Self { json, patches, mpack, light, patchpack, .. } = self;
        state.sync(&mut [json as _, patches as _, mpack as _, light as _, patchpack as _][..]);
    }

    /// What a newcomer holds.
    fn states<S: Schema>(
        &self,
        state: &Tracked<S>,
    ) -> ([Value; 5], LightDecoder, PatchpackDecoder) {
        let (light, light_state) = LightDecoder::from_snapshot(&self.light.snapshot()).unwrap();
        let (patchpack, patchpack_state) =
            PatchpackDecoder::from_state(&self.patchpack.snapshot()).unwrap();
        let json = Value::from(&self.json.snapshot(state));
        let mpack = mpack::decode_snapshot(&self.mpack.snapshot()).unwrap();
        let states = [json, self.patches.snapshot(), mpack, light_state, patchpack_state];
        (states, light, patchpack)
    }

    /// A tick. Everybody, early and late, holds what is expected.
    fn tick<S: Schema>(&mut self, state: &mut Tracked<S>, expected: &str) {
        self.sync(state);
        let (light, patchpack) = self.readers.as_mut().unwrap();
        let json = self.json.last_patch().map(|list| serde_json::to_value(list).unwrap());
        let json = json.as_ref().and_then(|list| list.as_array().cloned()).unwrap_or_default();
        let read = |list: &[Vec<u8>], read: &mut dyn FnMut(&[u8]) -> Patch| {
            list.iter().map(|bytes| read(bytes)).collect::<Vec<_>>()
        };
        let lists = [
            json.iter().map(|patch| Patch::from_json(patch).unwrap()).collect(),
            self.patches.last_patch().to_vec(),
            read(self.mpack.last_patch(), &mut |bytes| mpack::decode_patch(bytes).unwrap()),
            read(self.light.last_patch(), &mut |bytes| light.patch(bytes).unwrap()),
            read(self.patchpack.last_patch(), &mut |bytes| patchpack.patch(bytes).unwrap()),
        ];
        for (client, list) in std::iter::zip(&mut self.clients, lists) {
            list.iter().for_each(|patch| patch.apply(client).unwrap());
        }
        let (late, ..) = self.states(state);
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        for client in self.clients.iter().chain(&late) {
            assert_eq!(client.to_json(), expected);
        }
    }

    /// What the server's author is told by each.
    fn told(&self) -> String {
        let told = [
            self.json.refusal(None),
            self.patches.refusal(None),
            self.mpack.refusal(None),
            self.light.refusal(None),
            self.patchpack.refusal(None),
        ];
        assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
        told[0].as_ref().map_or_else(String::new, ToString::to_string)
    }
}

#[test]
fn a_key_that_javascript_cannot_hold_is_left_out_and_told() {
    let mut sea = Tracked::new(Sea::default());
    let mut codecs = Codecs::new(&mut sea);
    assert_eq!(codecs.told(), "");

    let cargo = [("__proto__", 1), ("gold", 2)];
    sea.ships.insert("__proto__", Ship { x: 1.0, cargo: cargo.into() });
    sea.ships.insert("ada", Ship { x: 2.0, cargo: cargo.into() });
    sea.scores.insert("__proto__", 7);
    sea.queue.push(Ship { x: 3.0, cargo: cargo.into() });
    let ada = r#"{"x":2,"cargo":{"gold":2}}"#;
    let queue = r#"[{"x":3,"cargo":{"gold":2}}]"#;
    let all = format!(r#"{{"ships":{{"ada":{ada}}},"scores":{{}},"queue":{queue}}}"#);
    codecs.tick(&mut sea, &all);
    let told = codecs.told();
    assert_eq!(
        told,
        "clients are not told of `/ships/__proto__`: JavaScript objects have no member \
         `__proto__`; use another key"
    );

    // Nothing that happens there is told, and all around it is.
    let ship = sea.ships.get_mut("__proto__").unwrap();
    ship.x = 5.0;
    ship.cargo.insert("silver", 1);
    sea.scores.insert("__proto__", 8);
    sea.scores.insert("ada", 1);
    sea.queue[0].cargo.remove("__proto__");
    let all = all.replace(r#""scores":{}"#, r#""scores":{"ada":1}"#);
    codecs.tick(&mut sea, &all);
    sea.ships.insert("__proto__", Ship::default());
    sea.queue[0].cargo.clear();
    codecs.tick(&mut sea, &all.replace(queue, r#"[{"x":3,"cargo":{}}]"#));
    sea.ships.remove("__proto__");
    sea.scores.clear();
    sea.queue.clear();
    codecs.tick(&mut sea, &format!(r#"{{"ships":{{"ada":{ada}}},"scores":{{}},"queue":[]}}"#));
    assert_eq!(codecs.told(), told);
}

#[test]
fn of_a_key_in_something_new_the_way_is_told() {
    let mut sea = Tracked::new(Sea::default());
    let mut codecs = Codecs::new(&mut sea);
    sea.ships.insert("a/b", Ship { x: 0.0, cargo: [("__proto__", 1)].into() });
    codecs.tick(&mut sea, r#"{"ships":{"a/b":{"x":0,"cargo":{}}},"scores":{},"queue":[]}"#);
    assert!(codecs.told().contains("`/ships/a~1b/cargo/__proto__`"), "{}", codecs.told());
}

#[test]
fn a_view_is_not_told_of_such_a_key_either() {
    let mut bay = Tracked::new(Bay::default());
    let mut json = JsonEncoder::new(&bay);
    let mut mpack = MpackEncoder::new(&bay, Config::default());
    bay.own.insert("__proto__", Ship::default());
    bay.own.insert("ada", Ship::default());
    let view = bay.create_view("ada");
    bay.view_add(view, &[""; 0], Tag::DEFAULT).unwrap();
    bay.sync(&mut [&mut json as _, &mut mpack as _][..]);
    let own = r#"{"ships":{},"own":{"ada":{"x":0,"cargo":{}}}}"#;
    assert_eq!(json.snapshot_for(&bay, view).to_string(), own);
    let snapshot = mpack.snapshot_for(&bay, view);
    assert_eq!(mpack::decode_snapshot(&snapshot).unwrap().to_json().to_string(), own);
    let told = |refusal: Option<tidewire_patch::Refusal>| refusal.unwrap().to_string();
    assert!(told(json.refusal(Some(view))).contains("`/own/__proto__`"));
    assert_eq!(mpack.refusal(Some(view)), json.refusal(Some(view)));
    assert_eq!((mpack.refusal(None), json.refusal(None)), (None, None));
}

#[test]
fn a_field_of_that_name_is_left_out() {
    let number = FieldKind::Primitive(PrimitiveKind::Number);
    let field = |name, kind| FieldInfo::new(name, kind);
    let fields = vec![
        field("a", number),
        field("__proto__", FieldKind::Ref(TypeIndex(1))),
        field("b", number),
    ];
    let below = TypeInfo::new("Below".to_owned(), vec![field("c", number)]);
    let types = vec![TypeInfo::new("State".to_owned(), fields), below];
    let types = Arc::new(TypeSet { types, root: TypeIndex(0) });
    assert_eq!(refused_field(&types), Some(("State", "__proto__")));
    let mut state = Tracked::new(DynStruct::new(Arc::clone(&types), TypeIndex(0)));
    let mut codecs = Codecs::new(&mut state);
    state.set(FieldIndex(0), Leaf::Number(1.0)).unwrap();
    state.set(FieldIndex(2), Leaf::Number(2.0)).unwrap();
    let mut below = DynStruct::new(Arc::clone(&types), TypeIndex(1));
    below.set(FieldIndex(0), Leaf::Number(3.0)).unwrap();
    let Some(DynField::Ref(place)) = state.field_mut(FieldIndex(1)) else { panic!() };
    *place = Some(Box::new(below));
    codecs.tick(&mut state, r#"{"a":1,"b":2}"#);
    assert!(codecs.told().contains("`/__proto__`"), "{}", codecs.told());
}

/// Structs in structs, so that everyone sees the same.
#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Nest {
    depth: u8,
    below: Option<Box<Nest>>,
    all: MapSchema<Nest>,
    list: ArraySchema<Nest>,
}

/// The same, in which not everyone sees the same.
#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Secret {
    depth: u8,
    below: Option<Box<Secret>>,
    all: MapSchema<Secret>,
    list: ArraySchema<Secret>,
    #[schema(view)]
    hidden: u8,
}

macro_rules! too_deep {
    ($name:ident, $nest:ident) => {
        #[test]
        fn $name() {
            let mut nest = Tracked::new($nest::default());
            let mut codecs = Codecs::new(&mut nest);
            fn deepest(mut nest: &mut $nest) -> &mut $nest {
                while nest.below.is_some() {
                    nest = nest.below.as_deref_mut().unwrap();
                }
                nest
            }
            let empty = |depth: usize, below: &str| {
                format!(r#"{{"depth":{depth}{below},"all":{{}},"list":[]}}"#)
            };
            // The 96th has no collections any more, which would lie deeper; they are no nodes of its.
            let told = |depths: usize| {
                (0..depths.min(96)).rev().fold(String::new(), |below, depth| {
                    let below =
                        if below.is_empty() { below } else { format!(r#","below":{below}"#) };
                    match depth {
                        95 => format!(r#"{{"depth":{depth}{below}}}"#),
                        _ => empty(depth, &below),
                    }
                })
            };
            for depth in 1..100_u8 {
                deepest(&mut nest).below = Some(Box::new($nest { depth, ..$nest::default() }));
                if depth > 90 {
                    codecs.tick(&mut nest, &told(usize::from(depth) + 1));
                    // From the 96th on there is a collection that lies too deep.
                    assert_eq!(codecs.told().is_empty(), depth < 95, "{depth}");
                }
            }
            assert!(codecs.told().contains("more than 96 deep"), "{}", codecs.told());
            // What lies deeper comes, changes and goes, and nobody notices.
            let last = deepest(&mut nest);
            last.depth = 0;
            last.all.insert("a", $nest::default());
            last.list.push($nest::default());
            codecs.tick(&mut nest, &told(100));
            let mut deep = &mut *nest;
            for _ in 0..95 {
                deep = deep.below.as_deref_mut().unwrap();
            }
            deep.below = None;
            deep.all.insert("a", $nest::default());
            deep.list.push($nest::default());
            codecs.tick(&mut nest, &told(96));
            let mut deep = &mut *nest;
            for _ in 0..94 {
                deep = deep.below.as_deref_mut().unwrap();
            }
            deep.all.insert("a", $nest::default());
            deep.list.push($nest::default());
            codecs.tick(&mut nest, &told(96));
            nest.below.as_mut().unwrap().below = None;
            codecs.tick(&mut nest, &told(2));
        }
    };
}

too_deep!(what_lies_too_deep_is_left_out_and_told, Nest);
too_deep!(what_lies_too_deep_is_left_out_and_told_where_views_differ, Secret);

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Zeros {
    x: f32,
    y: f64,
    map: MapSchema<f64>,
    list: ArraySchema<f64>,
}

#[test]
fn the_sign_of_a_zero_is_told_where_there_is_one() {
    let mut zeros = Zeros::default();
    zeros.map.insert("a", 0.0);
    zeros.list.extend([0.0, 1.0, 0.0]);
    let mut state = Tracked::new(zeros);
    let mut patches = PatchEncoder::new(&state, Config::REVERSIBLE);
    let mut mpack = MpackEncoder::new(&state, Config::REVERSIBLE);
    state.sync(&mut [&mut patches as _, &mut mpack as _][..]);
    let (mut client, snapshot) = (patches.snapshot(), mpack.snapshot());
    let before = client.to_json().to_string();
    (state.x, state.y) = (-0.0, -0.0);
    state.map.insert("a", -0.0);
    state.list[0] = -0.0;
    state.list.insert(2, -0.0);
    state.sync(&mut [&mut patches as _, &mut mpack as _][..]);
    for patch in patches.last_patch() {
        patch.apply(&mut client).unwrap();
    }
    assert_eq!(
        client.to_json().to_string(),
        r#"{"x":-0.0,"y":-0.0,"map":{"a":-0.0},"list":[-0.0,1,-0.0,0]}"#
    );
    assert_eq!(patches.snapshot().to_json().to_string(), client.to_json().to_string());
    for patch in patches.last_patch().iter().rev() {
        patch.inverse().unwrap().apply(&mut client).unwrap();
    }
    assert_eq!(client.to_json().to_string(), before);
    // MessagePack has no -0: of all that, its clients see that there is one item more.
    assert_eq!(mpack.last_patch().len(), 1);
    assert_ne!(mpack.snapshot(), snapshot);
}
