//! Sets and collections: what they cost, what is printed of them, what a late callback hears.

use std::{
    cell::RefCell,
    fmt::Write as _,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use tidewire_schema::{Callbacks, DecodeErrorKind, Decoder, Inspector, OwnedPlace, OwnedValue};
use tidewire_state::{ArraySchema, CollectionSchema, DynPrimitive, MapSchema, Schema, SetSchema};

use crate::common::bytes;

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    tags: SetSchema<String>,
    bets: CollectionSchema<u8>,
    title: String,
    names: MapSchema<String>,
    log: ArraySchema<String>,
}

fn number(value: u32) -> Vec<u8> {
    [&[0xce][..], &value.to_le_bytes()].concat()
}

fn string(text: &str) -> Vec<u8> {
    [&[0xdb][..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

/// A decoder whose state may take so many bytes.
fn tight(memory: usize) -> Decoder<State> {
    let mut decoder = Decoder::<State>::new();
    let mut limits = decoder.limits();
    limits.memory = memory;
    decoder.set_limits(limits);
    decoder.apply(&bytes("8001 8102 8303 8404")).unwrap();
    decoder
}

#[test]
fn members_count_and_are_given_back() {
    let limit = 8 << 10;
    for unit in [
        (|at| [&[255, 1, 0x80][..], &number(at), &[0xa1, b' ' + at as u8]].concat())
            as fn(u32) -> Vec<u8>,
        |at| [&[255, 2, 0x80][..], &number(at), &[at as u8]].concat(),
    ] {
        let mut decoder = tight(limit);
        let error = (0..200).find_map(|at| decoder.apply(&unit(at)).err()).unwrap();
        assert_eq!(error.kind(), &DecodeErrorKind::TooLarge { limit });
        let mut decoder = tight(limit);
        for at in 0..90_u32 {
            decoder.apply(&unit(at)).unwrap();
            let gone = [&[255, 1, 64][..], &number(at), &[255, 2, 64], &number(at)].concat();
            decoder.apply(&gone).unwrap();
        }
        assert!(decoder.state().tags.is_empty() && decoder.state().bets.is_empty());
    }
}

#[test]
fn members_that_another_takes_over_are_counted_once() {
    let mut decoder = tight(8 << 10);
    decoder.apply(&bytes("ff01 8000a120")).unwrap();
    for round in 0..200 {
        // Filled under a second refId, which then gives all to the first one.
        let other = number(1000 + round);
        let mut message = [&[64, 0x80][..], &other, &[255], &other].concat();
        for at in 0..30 {
            message.extend([&[0x80][..], &number(at), &[0xa1, b' ' + at as u8]].concat());
        }
        message.extend(bytes("ff00 c001"));
        decoder.apply(&message).unwrap_or_else(|error| panic!("{round}: {error}"));
        assert_eq!(decoder.state().tags.len(), 30);
    }
}

#[test]
fn text_counts_wherever_it_is() {
    let limit = 1 << 20;
    let text = "a".repeat(300 << 10);
    let key = "k".repeat(300 << 10);
    type Unit = fn(u32, &str, &str) -> Vec<u8>;
    let units: [Unit; 4] = [
        |at, text, _| [&[255, 1, 0x80][..], &number(at), &string(&format!("{text}{at}"))].concat(),
        |at, text, _| {
            let key = [b'a' + at as u8];
            [&[255, 3, 0x80][..], &number(at), &[0xa1], &key, &string(text)].concat()
        },
        |at, _, key| {
            let key = string(&format!("{key}{at}"));
            [&[255, 3, 0x80][..], &number(at), &key, &[0xa1, b'v']].concat()
        },
        |at, text, _| [&[255, 4, 0x80][..], &number(at), &string(text)].concat(),
    ];
    for unit in units {
        let mut decoder = tight(limit);
        let error = (0..10).find_map(|at| decoder.apply(&unit(at, &text, &key)).err()).unwrap();
        assert_eq!(error.kind(), &DecodeErrorKind::TooLarge { limit });
    }
    // What is overwritten is not held.
    let mut decoder = tight(limit);
    for _ in 0..50 {
        decoder.apply(&[&[255, 0, 2][..], &string(&text)].concat()).unwrap();
        decoder.apply(&[&[255, 0, 2][..], &string("")].concat()).unwrap();
    }
    assert_eq!(decoder.state().title, "");
}

#[test]
fn many_deletions_take_little_time() {
    let many = 100_000_u32;
    let mut fill = bytes("ff02");
    let mut drain = bytes("ff02");
    let mut fill_set = bytes("ff01");
    let mut drain_set = bytes("ff01");
    for at in 0..many {
        fill.extend([&[0x80][..], &number(at), &[1]].concat());
        drain.extend([&[64][..], &number(at)].concat());
        let name = format!("{at:08x}");
        fill_set.extend([&[0x80][..], &number(at), &[0xa8], name.as_bytes()].concat());
        drain_set.extend([&[64][..], &number(at)].concat());
    }
    let mut decoder = Decoder::<State>::new();
    decoder.apply(&bytes("8001 8102 8303 8404")).unwrap();
    decoder.apply(&fill).unwrap();
    decoder.apply(&fill_set).unwrap();
    assert_eq!((decoder.state().bets.len(), decoder.state().tags.len()), (100_000, 100_000));
    let start = Instant::now();
    decoder.apply(&drain).unwrap();
    decoder.apply(&drain_set).unwrap();
    // Each by itself would move five thousand million of each.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(decoder.state().bets.is_empty() && decoder.state().tags.is_empty());
    // One by one, with something between, there is an end to it.
    decoder.apply(&fill).unwrap();
    let mut turns = bytes("ff02");
    for at in 0..many {
        turns.extend([&[64][..], &number(at), &[0x80], &number(many + at), &[1]].concat());
    }
    let error = decoder.apply(&turns).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::TooMuchWork { .. }), "{error}");
}

#[test]
fn a_value_that_goes_and_comes_in_one_message_is_there() {
    let mut decoder = Decoder::<State>::new();
    decoder.apply(&bytes("8001 ff01 8000a161 8001a162")).unwrap();
    decoder.apply(&bytes("ff01 4000 4000 8002a161 4001")).unwrap();
    assert_eq!(decoder.state().tags.as_slice(), ["a"]);
    decoder.apply(&bytes("ff01 0a 8003a162 8004a161")).unwrap();
    assert_eq!(decoder.state().tags.as_slice(), ["b", "a"]);
}

#[test]
fn inspected() {
    let mut inspector = Inspector::with_types(Arc::new(State::default().describe()));
    let mut printed = String::new();
    for hex in ["8001 8102 ff01 8000a161 4000 0a ff02 800307", "ff02 20"] {
        let bytes = bytes(hex);
        let inspection = inspector.inspect(&bytes);
        for line in &inspection.lines {
            writeln!(printed, "{}", line.text).unwrap();
        }
        if let Some(error) = &inspection.error {
            writeln!(printed, "{error}").unwrap();
        }
    }
    let expected = "\
#0 State: ADD tags = #1, new, set of string
#0 State: ADD bets = #2, new, collection of uint8
SWITCH to #1, State.tags, set of string
#1 set of string: ADD member 0 = \"a\"
#1 set of string: DELETE member 0
#1 set of string: CLEAR
SWITCH to #2, State.bets, collection of uint8
#2 collection of uint8: ADD member 3 = 7
SWITCH to #2, State.bets, collection of uint8
expected an operation on a set or a collection: 20 is not an operation here (byte 2)
";
    assert_eq!(printed, expected);
}

#[test]
fn what_is_there_is_told_by_the_numbers_under_which_it_goes() {
    let mut callbacks = Callbacks::new(Decoder::<State>::new());
    callbacks.apply(&bytes("8001 ff01 8000a161 8001a162 8005a163")).unwrap();
    callbacks.apply(&bytes("ff01 4001")).unwrap();
    let told = Rc::new(RefCell::new(Vec::new()));
    let note = |sign: &'static str| {
        let told = told.clone();
        move |_: &mut Callbacks<State>, change: &tidewire_schema::OwnedChange| {
            let OwnedPlace::Item(number) = change.place else { panic!("{change:?}") };
            let value = change.value.as_ref().or(change.previous.as_ref());
            let Some(OwnedValue::Value(DynPrimitive::String(text))) = value else { panic!() };
            told.borrow_mut().push(format!("{sign}{number} {text}"));
        }
    };
    callbacks.on_add("tags", note("+"));
    callbacks.on_remove("tags", note("-"));
    assert_eq!(*told.borrow(), ["+0 a", "+5 c"]);
    callbacks.apply(&bytes("ff01 4005 8006a164 0a")).unwrap();
    assert_eq!(*told.borrow(), ["+0 a", "+5 c", "-5 c", "+6 d", "-0 a", "-6 d"]);
}
