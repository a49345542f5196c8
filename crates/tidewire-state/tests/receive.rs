//! Derived and run-time structs are written to through the same faces.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{num::NonZeroU8, sync::Arc};

use tidewire_state::{
    ArraySchema, DynStruct, FieldIndex, Instance, MapSchema, Schema, Tracked, TypeIndex, TypeSet,
    Value,
    receive::{Fresh, Inserted, Misfit, New, Sink, StructSink},
};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    name: String,
    #[schema(number)]
    power: u8,
    #[schema(skip)]
    secret: u64,
    child: Option<Box<Card>>,
}

#[derive(Schema, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Table {
    turn: u32,
    title: Option<String>,
    top: Card,
    cards: MapSchema<Card>,
    hand: ArraySchema<Card>,
    log: ArraySchema<String>,
    boss: Option<Instance<Card>>,
}

/// A struct that a server can have and a client cannot make.
#[derive(Schema, Debug)]
#[schema(crate = "tidewire_state")]
struct Connected {
    name: String,
    #[schema(skip)]
    socket: NonZeroU8,
}

fn types() -> Arc<TypeSet> {
    Arc::new(Table::default().describe())
}

fn fresh(types: &Arc<TypeSet>) -> Fresh<'_> {
    Fresh { types, index: types.find("Card").unwrap() }
}

fn map(sink: &mut dyn StructSink) -> &mut dyn tidewire_state::receive::MapSink {
    let Some(Sink::Map(map)) = sink.field(FieldIndex(3)).unwrap().node() else { panic!("a map") };
    map
}

fn hand(sink: &mut dyn StructSink) -> &mut dyn tidewire_state::receive::ArraySink {
    let Some(Sink::Array(array)) = sink.field(FieldIndex(4)).unwrap().node() else {
        panic!("an array")
    };
    array
}

/// Writes the same into whatever stands behind the face.
fn fill(state: &mut dyn StructSink, types: &Arc<TypeSet>) {
    state.set(FieldIndex(0), Value::Uint32(7)).unwrap();
    state.set(FieldIndex(1), Value::String("duel")).unwrap();
    let inserted = map(state).insert("ace", New::Fresh(fresh(types))).unwrap();
    assert_eq!(inserted, Inserted { slot: 0, moved: false });
    let Some(Sink::Struct(ace)) = map(state).node(0) else { panic!("a struct") };
    ace.set(FieldIndex(0), Value::String("Ace")).unwrap();
    ace.set(FieldIndex(1), Value::Number(3.0)).unwrap();
    for _ in 0..4 {
        let len = hand(state).len();
        hand(state).insert(len, New::Fresh(fresh(types))).unwrap();
    }
    for (index, power) in (0..4).zip([0.0, 1.0, 2.0, 3.0]) {
        let Some(Sink::Struct(card)) = hand(state).node(index) else { panic!("a struct") };
        card.set(FieldIndex(1), Value::Number(power)).unwrap();
    }
    hand(state).swap(0, 3);
    let mut gone = Vec::new();
    hand(state).remove(&[1, 3], &mut |index, node| gone.push((index, node)));
    assert_eq!(gone.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 3]);
    // What was taken out of the array is put in a field, whose type is boxed or an instance.
    let (_, zero) = gone.pop().unwrap();
    state.field(FieldIndex(6)).unwrap().replace(New::Node(zero)).unwrap();
    let Some(Sink::Array(log)) = state.field(FieldIndex(5)).unwrap().node() else { panic!() };
    log.insert(0, New::Value(Value::String("hello"))).unwrap();
}

#[test]
fn a_derived_struct_is_filled() {
    let types = types();
    let mut table = Tracked::new(Table::default());
    fill(&mut *table, &types);
    let card = |name: &str, power| Card { name: name.to_owned(), power, ..Card::default() };
    let expected = Table {
        turn: 7,
        title: Some("duel".to_owned()),
        top: Card::default(),
        cards: [("ace", card("Ace", 3))].into(),
        hand: [card("", 3), card("", 2)].into(),
        log: ["hello".to_owned()].into(),
        boss: Some(Instance::new(card("", 0))),
    };
    assert_eq!(*table, expected);
}

#[test]
fn a_run_time_struct_is_filled_alike() {
    let types = types();
    let mut table = DynStruct::new(types.clone(), types.root);
    fill(&mut table, &types);
    let text = format!("{table:?}");
    let expected = "Table { turn: 7, title: Some(\"duel\"), top: None, \
        cards: {\"ace\": Card { name: \"Ace\", power: 3.0, child: None }}, \
        hand: [Card { name: \"\", power: 3.0, child: None }, Card { name: \"\", power: 2.0, child: None }], \
        log: [\"hello\"], boss: Some(Card { name: \"\", power: 0.0, child: None }) }";
    assert_eq!(text, expected);
}

#[test]
fn nodes_come_out_and_go_in_again() {
    let types = types();
    let mut table = Table::default();
    let deep = Card { name: "deep".to_owned(), secret: 5, ..Card::default() };
    table.top.child = Some(Box::new(deep.clone()));
    let sink: &mut dyn StructSink = &mut table;
    let Some(Sink::Struct(top)) = sink.field(FieldIndex(2)).unwrap().node() else { panic!() };
    let node = top.field(FieldIndex(2)).unwrap().unset(fresh(&types)).unwrap().unwrap();
    // From a box in a field to a plain struct in a map, with all that is in it.
    map(sink).insert("deep", New::Node(node)).unwrap();
    assert_eq!(table.top.child, None);
    assert_eq!(table.cards["deep"], deep);

    // A map is not a card.
    let sink: &mut dyn StructSink = &mut table;
    let taken = sink.field(FieldIndex(3)).unwrap().unset(fresh(&types)).unwrap().unwrap();
    let error = sink.field(FieldIndex(2)).unwrap().replace(New::Node(taken)).unwrap_err();
    assert!(matches!(error, Misfit::Node { .. }), "{error}");
    assert!(table.cards.is_empty());
}

#[test]
fn slots_are_told_when_they_move() {
    let types = types();
    let mut table = Table::default();
    let map = map(&mut table);
    let mut slots = Vec::new();
    for n in 0..200 {
        let key = n.to_string();
        let Inserted { slot, moved } = map.insert(&key, New::Fresh(fresh(&types))).unwrap();
        if moved {
            (0..).zip(&mut slots).for_each(|(rank, (_, at))| *at = rank);
        }
        slots.push((key, slot));
        for (key, slot) in &slots {
            assert_eq!(map.key(*slot), Some(&**key));
            assert_eq!(map.find(key), Some(*slot));
        }
        if slots.len() > 3 {
            let (_, slot) = slots.remove(n % 3);
            assert!(map.remove(slot).is_some());
            assert!(map.remove(slot).is_none(), "it is a gap now");
            assert!(map.entry(slot).is_none());
        }
    }
    assert_eq!(map.len(), 3);
}

#[test]
fn what_does_not_fit_is_said() {
    let mut table = Table::default();
    let sink: &mut dyn StructSink = &mut table;
    let error = sink.set(FieldIndex(0), Value::String("x")).unwrap_err();
    assert_eq!(error.to_string(), "a u32 cannot hold String(\"x\")");
    assert_eq!(sink.set(FieldIndex(99), Value::Uint8(1)), Err(Misfit::NoPlace(99)));
    assert!(sink.field(FieldIndex(7)).is_none());
    let Some(Sink::Struct(top)) = sink.field(FieldIndex(2)).unwrap().node() else { panic!() };
    for number in [0.5, 256.0, -1.0, f64::NAN] {
        let error = top.set(FieldIndex(1), Value::Number(number)).unwrap_err();
        assert!(matches!(error, Misfit::Value { .. }), "{number}: {error}");
    }
    top.set(FieldIndex(1), Value::Number(255.0)).unwrap();
    assert_eq!(table.top.power, 255);
}

#[test]
fn a_skipped_field_needs_a_default_only_to_be_received() {
    let types = types();
    let of = Fresh { types: &types, index: TypeIndex(0) };
    let error = Connected::fresh(of).unwrap_err();
    let expected =
        "`socket` is not sent and has no default: implement `Default` for its type to receive it";
    assert_eq!(error.to_string(), expected);
    let there = Connected { name: "ada".to_owned(), socket: NonZeroU8::MIN };
    assert_eq!(there.describe().types[0].fields.len(), 1);
    assert_eq!((there.name.as_str(), there.socket.get()), ("ada", 1));
    assert_eq!(Card::fresh(of), Ok(Card::default()));
}
