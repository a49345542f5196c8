//! Structs of run-time types are walked as derived ones are, and know one instance from another.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;

use tidewire_state::{
    DynError, DynField, DynPrimitive, DynStruct, ElementKind, Enter, EntryAt, FieldIndex,
    FieldInfo, FieldKind, PrimitiveKind, RefEdit, RefId, Tracked, TypeError, TypeIndex, TypeInfo,
    TypeSet, Value, ValueEdit, Visitor,
};

const CARD: TypeIndex = TypeIndex(1);
const BOSS: FieldIndex = FieldIndex(0);
const CARDS: FieldIndex = FieldIndex(1);
const HAND: FieldIndex = FieldIndex(2);
const TITLE: FieldIndex = FieldIndex(3);
const TURN: FieldIndex = FieldIndex(4);

fn field(name: &str, kind: FieldKind, optional: bool) -> FieldInfo {
    FieldInfo { optional, ..FieldInfo::new(name, kind) }
}

fn types() -> Arc<TypeSet> {
    let string = FieldKind::Primitive(PrimitiveKind::String);
    let state = vec![
        field("boss", FieldKind::Ref(CARD), true),
        field("cards", FieldKind::Map(ElementKind::Ref(CARD)), false),
        field("hand", FieldKind::Array(ElementKind::Ref(CARD)), false),
        field("title", string, true),
        field("turn", string, false),
    ];
    let card = vec![field("n", FieldKind::Primitive(PrimitiveKind::Number), false)];
    let types =
        vec![TypeInfo::new("State".to_owned(), state), TypeInfo::new("Card".to_owned(), card)];
    Arc::new(TypeSet { types, root: TypeIndex(0) })
}

fn card(types: &Arc<TypeSet>, n: f64) -> DynStruct {
    let mut card = DynStruct::new(types.clone(), CARD);
    card.set(FieldIndex(0), Value::Number(n)).unwrap();
    card
}

fn boss(state: &mut DynStruct) -> &mut Option<Box<DynStruct>> {
    let Some(DynField::Ref(boss)) = state.field_mut(BOSS) else { panic!("a reference") };
    boss
}

/// Writes every event down in a line.
#[derive(Default)]
struct Log(Vec<String>);

impl Visitor for Log {
    fn begin(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn enter(&mut self, node: Enter<'_>) {
        self.0.push(format!("in {}{}", node.id.0, if node.fresh { " new" } else { "" }));
    }
    fn leave(&mut self) {}
    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        self.0.push(format!("{} = {value:?} was {old:?}", field.0));
    }
    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        self.0.push(format!("{} -> {} was {:?}", field.0, node.0, old.map(|old| old.0)));
    }
    fn unset(&mut self, field: FieldIndex) {
        self.0.push(format!("{} unset", field.0));
    }
    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        self.0.push(format!("reset {:?}", live.collect::<Vec<_>>()));
    }
    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.0.push(format!("{} removed", at.key));
    }
    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, _: Option<Value<'_>>) {
        self.0.push(format!("{} = {value:?}", at.key));
    }
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        self.0.push(format!("{} -> {} was {:?}", at.key, node.0, old.map(|old| old.0)));
    }
    fn item(&mut self, index: usize, value: Value<'_>, _: Value<'_>) {
        self.0.push(format!("[{index}] = {value:?}"));
    }
    fn items(&mut self, edit: ValueEdit<'_>) {
        self.0.push(format!("items from {}", edit.from));
    }
    fn item_references(&mut self, edit: RefEdit<'_>) {
        let ids = |ids: &[RefId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
        self.0.push(format!("{:?} -> {:?}", ids(edit.before), ids(edit.after)));
    }
    fn released(&mut self, node: RefId) {
        self.0.push(format!("{} gone", node.0));
    }
}

fn sync(state: &mut Tracked<DynStruct>) -> Vec<String> {
    let mut log = Log::default();
    state.sync(&mut log);
    log.0
}

#[test]
fn everything_is_reported_once() {
    let mut state = Tracked::new(DynStruct::new(types(), TypeIndex(0)));
    let first = ["in 0 new", "1 -> 1 was None", "2 -> 2 was None", "4 = String(\"\") was None"];
    assert_eq!(sync(&mut state)[..4], first);
    assert_eq!(sync(&mut state), ["in 0"]);

    state.set(TITLE, Value::String("duel")).unwrap();
    state.set(TURN, Value::String("ada")).unwrap();
    let changes =
        ["in 0", "3 = String(\"duel\") was None", "4 = String(\"ada\") was Some(String(\"\"))"];
    assert_eq!(sync(&mut state), changes);
    *state.field_mut(TITLE).unwrap() = DynField::Optional(None);
    assert_eq!(sync(&mut state), ["in 0", "3 unset"]);
}

#[test]
fn another_instance_is_another_node() {
    let types = types();
    let mut state = Tracked::new(DynStruct::new(types.clone(), TypeIndex(0)));
    *boss(&mut state) = Some(Box::new(card(&types, 1.0)));
    let Some(DynField::Map(cards)) = state.field_mut(CARDS) else { panic!("a map") };
    cards.insert("ace", card(&types, 2.0));
    let Some(DynField::Array(hand)) = state.field_mut(HAND) else { panic!("an array") };
    hand.push(card(&types, 3.0));
    sync(&mut state);

    // Equal values in other instances are other nodes, wherever they stand.
    **boss(&mut state).as_mut().unwrap() = card(&types, 1.0);
    let Some(DynField::Map(cards)) = state.field_mut(CARDS) else { panic!("a map") };
    *cards.get_mut("ace").unwrap() = card(&types, 2.0);
    let Some(DynField::Array(hand)) = state.field_mut(HAND) else { panic!("an array") };
    hand[0] = card(&types, 3.0);
    let log = sync(&mut state);
    for replaced in ["0 -> 6 was Some(1)", "ace -> 7 was Some(4)", "[5] -> [8]"] {
        assert!(log.iter().any(|line| line == replaced), "{replaced} is not in {log:#?}");
    }
    for id in ["6", "7", "8"] {
        assert!(log.contains(&format!("in {id} new")), "{log:#?}");
    }

    // The same instance with another value stays what it is.
    boss(&mut state).as_mut().unwrap().set(FieldIndex(0), Value::Number(9.0)).unwrap();
    assert_eq!(sync(&mut state), ["in 0", "in 6", "0 = Number(9.0) was Some(Number(1.0))"]);
}

#[test]
fn values_compare_and_clone() {
    let types = types();
    let mut a = DynStruct::new(types.clone(), TypeIndex(0));
    a.set(TURN, Value::String("ada")).unwrap();
    let mut b = a.clone();
    assert_eq!(a, b);
    b.set(TITLE, Value::String("")).unwrap();
    assert_ne!(a, b);
    assert!(format!("{a:?}").starts_with("State { boss: None, cards: {}"), "{a:?}");
    assert_eq!(a.describe_types(), *types);
}

trait DescribeTypes {
    fn describe_types(&self) -> TypeSet;
}

impl DescribeTypes for DynStruct {
    fn describe_types(&self) -> TypeSet {
        tidewire_state::Schema::describe(self)
    }
}

#[test]
fn refuses_what_does_not_fit() {
    let mut state = DynStruct::new(types(), TypeIndex(0));
    let wrong = state.set(TURN, Value::Uint8(1)).unwrap_err();
    assert_eq!(wrong.to_string(), "field `turn` of type `State` takes a string, not a uint8");
    let wrong = state.set(HAND, Value::Uint8(1)).unwrap_err();
    assert!(matches!(wrong, DynError::NotPrimitive { .. }), "{wrong}");
    let wrong = state.set(FieldIndex(9), Value::Uint8(1)).unwrap_err();
    assert!(matches!(wrong, DynError::NoField { index: 9, .. }), "{wrong}");
    assert_eq!(DynPrimitive::from(Value::Float32(0.5)), DynPrimitive::Float32(0.5));
}

#[test]
fn type_sets_are_checked() {
    let check = |change: &dyn Fn(&mut TypeSet)| {
        let mut types = (*types()).clone();
        change(&mut types);
        types.check()
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert_eq!(
        check(&|types| types.root = TypeIndex(2)),
        Err(TypeError::NoRoot { root: 2, count: 2 })
    );
    let error = check(&|types| types.types[0].fields[1].name = "boss".to_owned()).unwrap_err();
    assert_eq!(error.to_string(), "type `State` has two fields `boss`: rename one");
    let error = check(&|types| types.types[0].fields[0].kind = FieldKind::Ref(TypeIndex(7)));
    assert!(matches!(error, Err(TypeError::NoSuchType { index: 7, .. })), "{error:?}");
    let error = check(&|types| types.types[0].fields[1].optional = true);
    assert!(matches!(error, Err(TypeError::OptionalCollection { .. })), "{error:?}");
    let error = check(&|types| {
        let string = FieldKind::Primitive(PrimitiveKind::String);
        types.types[1].fields = (0..64).map(|n| field(&n.to_string(), string, false)).collect();
    });
    assert!(matches!(error, Err(TypeError::TooManyFields { count: 64, .. })), "{error:?}");
}
