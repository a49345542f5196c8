//! Derived types describe themselves, and are walked field by field.

use std::{collections::HashMap, fmt::Debug};

use tidewire_state::{
    ArraySchema, ElementKind, Enter, EntryAt, FieldIndex, FieldKind, MapSchema, PrimitiveKind,
    RefEdit, RefId, Schema, SchemaType, Tracked, TypeInfo, Value, ValueEdit, Visitor,
};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    suit: u8,
    rank: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Primitives {
    string: String,
    boolean: bool,
    int8: i8,
    uint8: u8,
    int16: i16,
    uint16: u16,
    int32: i32,
    uint32: u32,
    int64: i64,
    uint64: u64,
    float32: f32,
    float64: f64,
    number: tidewire_state::Number,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "ArenaState")]
struct Arena {
    #[schema(number)]
    round: f64,
    /// Skipped fields take no index, and may be of any type.
    #[schema(skip)]
    sockets: HashMap<usize, Vec<Option<Box<dyn Send>>>>,
    #[schema(rename = "kind")]
    r#type: Option<String>,
    top: Option<Card>,
    deck: ArraySchema<Card>,
    scores: MapSchema<u32>,
    r#loop: bool,
}

/// Holds itself.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Chain {
    value: u8,
    next: Option<Box<Self>>,
    others: ArraySchema<Chain>,
}

/// Parameters with a bound, a default, only skipped, and a constant.
#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Generic<T, U = u8, S: ?Sized = str, const N: usize = 3>
where
    T: tidewire_state::Element,
{
    one: T,
    many: MapSchema<T>,
    maybe: Option<U>,
    #[schema(number)]
    count: U,
    next: Option<Box<Generic<T, U, S, N>>>,
    #[schema(skip)]
    server: [u8; N],
    #[schema(skip)]
    unsized_parameter: std::marker::PhantomData<S>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Numbers {
    #[schema(number)]
    single: f32,
    #[schema(number)]
    double: f64,
    #[schema(number)]
    int: i16,
    #[schema(number)]
    unsigned: u32,
    #[schema(number)]
    optional: Option<f64>,
    #[schema(number)]
    optional_int: Option<u8>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Empty {}

/// As many as there can be, with more that clients do not see.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
#[rustfmt::skip]
struct Widest {
    f0: u8, f1: u8, f2: u8, f3: u8, f4: u8, f5: u8, f6: u8, f7: u8, f8: u8, f9: u8,
    f10: u8, f11: u8, f12: u8, f13: u8, f14: u8, f15: u8, f16: u8, f17: u8, f18: u8, f19: u8,
    f20: u8, f21: u8, f22: u8, f23: u8, f24: u8, f25: u8, f26: u8, f27: u8, f28: u8, f29: u8,
    #[schema(skip)] _server: u8,
    f30: u8, f31: u8, f32: u8, f33: u8, f34: u8, f35: u8, f36: u8, f37: u8, f38: u8, f39: u8,
    f40: u8, f41: u8, f42: u8, f43: u8, f44: u8, f45: u8, f46: u8, f47: u8, f48: u8, f49: u8,
    f50: u8, f51: u8, f52: u8, f53: u8, f54: u8, f55: u8, f56: u8, f57: u8, f58: u8, f59: u8,
    f60: u8, f61: u8, f62: u8,
}

/// A type's fields as `name: kind`, with a question mark where one may be absent.
fn fields(info: &TypeInfo) -> Vec<String> {
    let element = |kind: ElementKind| match kind {
        ElementKind::Primitive(kind) => kind.to_string(),
        ElementKind::Ref(index) => format!("#{}", index.0),
    };
    let line = |field: &tidewire_state::FieldInfo| {
        let kind = match field.kind {
            FieldKind::Primitive(kind) => element(ElementKind::Primitive(kind)),
            FieldKind::Ref(index) => element(ElementKind::Ref(index)),
            FieldKind::Map(kind) => format!("map of {}", element(kind)),
            FieldKind::Array(kind) => format!("array of {}", element(kind)),
            kind => format!("{kind:?}"),
        };
        format!("{}{}: {kind}", field.name, if field.optional { "?" } else { "" })
    };
    info.fields.iter().map(line).collect()
}

/// Every type that a state reaches, with its fields.
fn described<S: SchemaType + Default>() -> Vec<(String, Vec<String>)> {
    let types = Tracked::new(S::default()).types();
    assert_eq!(types.root.0, 0, "the root is the first");
    types.types.iter().map(|info| (info.name.clone(), fields(info))).collect()
}

#[track_caller]
fn check_types<S: SchemaType + Default>(expected: &[(&str, &[&str])]) {
    let expected: Vec<(String, Vec<String>)> = expected
        .iter()
        .map(|(name, fields)| {
            ((*name).to_owned(), fields.iter().map(ToString::to_string).collect())
        })
        .collect();
    assert_eq!(described::<S>(), expected);
}

#[test]
fn primitives_have_the_protocols_kinds() {
    let types = Tracked::new(Primitives::default()).types();
    for field in &types[types.root].fields {
        assert_eq!(
            Some(field.kind),
            PrimitiveKind::from_name(&field.name).map(FieldKind::Primitive),
            "of {}",
            field.name
        );
        assert!(!field.optional);
    }
    assert_eq!(types[types.root].fields[1].name, "boolean", "in the order they are written");
    assert_eq!(types[types.root].fields.len(), PrimitiveKind::ALL.len());
}

#[test]
fn fields_are_described_in_order_and_types_depth_first() {
    check_types::<Arena>(&[
        (
            "ArenaState",
            &[
                "round: number",
                "kind?: string",
                "top?: #1",
                "deck: array of #1",
                "scores: map of uint32",
                "loop: boolean",
            ],
        ),
        ("Card", &["suit: uint8", "rank: uint8"]),
    ]);
}

#[test]
fn a_type_may_hold_itself() {
    check_types::<Chain>(&[("Chain", &["value: uint8", "next?: #0", "others: array of #0"])]);
}

#[test]
fn numbers_stand_on_every_type_that_a_double_holds() {
    check_types::<Numbers>(&[(
        "Numbers",
        &[
            "single: number",
            "double: number",
            "int: number",
            "unsigned: number",
            "optional?: number",
            "optional_int?: number",
        ],
    )]);
}

#[test]
fn a_struct_may_have_no_fields_or_63() {
    check_types::<Empty>(&[("Empty", &[])]);
    let widest = described::<Widest>();
    assert_eq!(widest[0].1.len(), tidewire_state::MAX_FIELDS);
    assert_eq!(widest[0].1[62], "f62: uint8");
}

fn generic<T: tidewire_state::Element + Default, U: Default>() -> Generic<T, U> {
    Generic {
        one: T::default(),
        many: MapSchema::new(),
        maybe: None,
        count: U::default(),
        next: None,
        server: [0; 3],
        unsized_parameter: std::marker::PhantomData,
    }
}

#[test]
fn each_instance_of_a_generic_type_is_described_for_itself() {
    #[derive(Schema)]
    #[schema(crate = "tidewire_state")]
    struct Both {
        primitive: Generic<String, i32>,
        card: Generic<Card, f32>,
    }
    let types = Tracked::new(Both { primitive: generic(), card: generic() }).types();
    let names: Vec<&str> = types.types.iter().map(|info| info.name.as_str()).collect();
    assert_eq!(names, ["Both", "Generic", "Generic", "Card"]);
    assert_eq!(
        fields(&types.types[1]),
        ["one: string", "many: map of string", "maybe?: int32", "count: number", "next?: #1"]
    );
    assert_eq!(
        fields(&types.types[2]),
        ["one: #3", "many: map of #3", "maybe?: float32", "count: number", "next?: #2"]
    );
}

/// Writes every event down in a line.
#[derive(Default)]
struct Log(Vec<String>);

impl Log {
    fn add(&mut self, line: impl Into<String>) {
        self.0.push(line.into());
    }
}

fn or_nothing<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
}

impl Visitor for Log {
    fn begin(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn enter(&mut self, node: Enter<'_>) {
        self.add(format!("enter {}{}", node.id.0, if node.fresh { ", new" } else { "" }));
    }
    fn leave(&mut self) {
        self.add("leave");
    }
    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        self.add(format!("{} = {value:?}, was {}", field.0, or_nothing(old)));
    }
    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        self.add(format!("{} = {node:?}, was {}", field.0, or_nothing(old)));
    }
    fn unset(&mut self, field: FieldIndex) {
        self.add(format!("{} is absent", field.0));
    }
    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {
        self.add("no entries");
    }
    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.add(format!("{} removed", at.key));
    }
    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        self.add(format!("{} = {value:?}, was {}", at.key, or_nothing(old)));
    }
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        self.add(format!("{} = {node:?}, was {}", at.key, or_nothing(old)));
    }
    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        self.add(format!("[{index}] = {value:?}, was {old:?}"));
    }
    fn items(&mut self, edit: ValueEdit<'_>) {
        self.add(format!("{} values from {}", edit.after.len(), edit.from));
    }
    fn item_references(&mut self, edit: RefEdit<'_>) {
        self.add(format!("nodes {:?} from {}", edit.after, edit.from));
    }
}

#[track_caller]
fn check_sync<S: Schema>(state: &mut Tracked<S>, expected: &[&str]) {
    let mut log = Log::default();
    state.sync(&mut log);
    assert_eq!(log.0, expected);
}

#[track_caller]
fn check_visit<S: Schema>(state: &Tracked<S>, expected: &[&str]) {
    let mut log = Log::default();
    state.visit(&mut log);
    assert_eq!(log.0, expected);
}

#[test]
fn a_walk_reports_all_own_changes_and_then_what_is_below() {
    let mut arena = Tracked::new(Arena { round: 1.0, ..Arena::default() });
    arena.top = Some(Card { suit: 1, rank: 12 });
    arena.deck.push(Card { suit: 2, rank: 3 });
    check_sync(
        &mut arena,
        &[
            "enter 0, new",
            "0 = Number(1.0), was nothing",
            "2 = RefId(1), was nothing",
            "3 = RefId(2), was nothing",
            "4 = RefId(3), was nothing",
            "5 = Boolean(false), was nothing",
            "enter 1, new",
            "0 = Uint8(1), was nothing",
            "1 = Uint8(12), was nothing",
            "leave",
            "enter 2, new",
            "nodes [RefId(4)] from 0",
            "enter 4, new",
            "0 = Uint8(2), was nothing",
            "1 = Uint8(3), was nothing",
            "leave",
            "leave",
            "enter 3, new",
            "leave",
            "leave",
        ],
    );

    arena.r#type = Some("duel".to_owned());
    arena.r#loop = true;
    arena.deck[0].rank = 4;
    arena.sockets.insert(1, Vec::new());
    if let Some(top) = &mut arena.top {
        top.suit = 1;
    }
    let mut log = Log::default();
    arena.sync(&mut log);
    let said: Vec<&str> =
        log.0.iter().map(String::as_str).filter(|line| line.contains('=')).collect();
    assert_eq!(
        said,
        [
            "1 = String(\"duel\"), was nothing",
            "5 = Boolean(true), was Boolean(false)",
            "1 = Uint8(4), was Uint8(3)",
        ]
    );
}

#[test]
fn a_visit_shows_all_there_is() {
    let mut chain = Tracked::new(Chain { value: 1, ..Chain::default() });
    chain.next = Some(Box::new(Chain { value: 2, ..Chain::default() }));
    chain.sync(&mut Log::default());
    check_visit(
        &chain,
        &[
            "enter 0, new",
            "0 = Uint8(1), was nothing",
            "1 = RefId(1), was nothing",
            "2 = RefId(2), was nothing",
            "enter 1, new",
            "0 = Uint8(2), was nothing",
            "2 = RefId(3), was nothing",
            "enter 3, new",
            "leave",
            "leave",
            "enter 2, new",
            "leave",
            "leave",
        ],
    );
}

#[test]
fn numbers_are_sent_as_such_when_they_change() {
    let mut numbers = Tracked::new(Numbers { single: 0.5, int: -3, ..Numbers::default() });
    check_sync(
        &mut numbers,
        &[
            "enter 0, new",
            "0 = Number(0.5), was nothing",
            "1 = Number(0.0), was nothing",
            "2 = Number(-3.0), was nothing",
            "3 = Number(0.0), was nothing",
            "leave",
        ],
    );
    check_visit(
        &numbers,
        &[
            "enter 0, new",
            "0 = Number(0.5), was nothing",
            "1 = Number(0.0), was nothing",
            "2 = Number(-3.0), was nothing",
            "3 = Number(0.0), was nothing",
            "leave",
        ],
    );

    numbers.double = 1.5;
    numbers.unsigned = u32::MAX;
    numbers.optional = Some(2.0);
    numbers.optional_int = Some(7);
    check_sync(
        &mut numbers,
        &[
            "enter 0",
            "1 = Number(1.5), was Number(0.0)",
            "3 = Number(4294967295.0), was Number(0.0)",
            "4 = Number(2.0), was nothing",
            "5 = Number(7.0), was nothing",
            "leave",
        ],
    );

    numbers.optional = None;
    numbers.optional_int = Some(8);
    check_sync(
        &mut numbers,
        &["enter 0", "4 is absent", "5 = Number(8.0), was Number(7.0)", "leave"],
    );
    check_sync(&mut numbers, &["enter 0", "leave"]);
}

#[test]
fn generic_and_empty_types_are_walked() {
    let mut state: Tracked<Generic<Card, f64>> = Tracked::new(generic());
    state.sync(&mut Log::default());
    state.one.rank = 9;
    state.many.insert("ada", Card::default());
    state.server[2] = 1;
    let mut log = Log::default();
    state.sync(&mut log);
    assert!(log.0.contains(&"1 = Uint8(9), was Uint8(0)".to_owned()), "{:?}", log.0);
    assert!(log.0.contains(&"ada = RefId(3), was nothing".to_owned()), "{:?}", log.0);

    let mut empty = Tracked::new(Empty::default());
    check_sync(&mut empty, &["enter 0, new", "leave"]);
    check_visit(&empty, &["enter 0, new", "leave"]);
}

#[test]
fn what_was_sent_can_be_printed() {
    let mut card = Tracked::new(Generic::<u8> { ..generic() });
    card.one = 7;
    card.sync(&mut Log::default());
    let printed = format!("{:?}", <Generic<u8> as Schema>::Mirror::default());
    assert!(printed.starts_with("GenericMirror { one: 0, many: "), "{printed}");
}
