//! Who is called back, when, and in which order.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use tidewire_schema::{Callbacks, DecodeErrorKind, Decoder, OwnedChange, OwnedPlace, OwnedValue};
use tidewire_state::{ArraySchema, MapSchema, Number, Primitive, RefId, Schema};

use crate::common::{UNIVERSAL, bytes};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    hp: u8,
    items: ArraySchema<String>,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    turn: String,
    players: MapSchema<Player>,
    scores: MapSchema<u8>,
    deck: ArraySchema<Player>,
    hero: Option<Player>,
    round: Option<u8>,
}

/// What was told, line by line.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    /// Notes a change under a name.
    fn note(&self, name: &str, change: &OwnedChange) {
        let place = match &change.place {
            OwnedPlace::Field(_, name) => format!(".{name}"),
            OwnedPlace::Entry(key) => format!("[{key}]"),
            OwnedPlace::Item(index) => format!("[{index}]"),
            other => panic!("{other:?}"),
        };
        let text = |value: &Option<OwnedValue>| match value {
            None => "-".to_owned(),
            Some(OwnedValue::Node(id)) => format!("#{}", id.0),
            Some(OwnedValue::Value(value)) => match value.value() {
                tidewire_state::Value::Uint8(value) => value.to_string(),
                tidewire_state::Value::String(value) => format!("{value:?}"),
                other => panic!("{other:?}"),
            },
        };
        self.add(format!("{name}{place}: {} > {}", text(&change.previous), text(&change.value)));
    }

    /// A callback that notes what it is told.
    fn noting(&self, name: &str) -> impl FnMut(&mut Callbacks<Arena>, &OwnedChange) + 'static {
        let (log, name) = (self.clone(), name.to_owned());
        move |_, change| log.note(&name, change)
    }

    #[track_caller]
    fn says(&self, lines: &[&str]) {
        assert_eq!(std::mem::take(&mut *self.0.borrow_mut()), lines);
    }
}

/// All collections, as 1, 2 and 3, and players a and b, as 5 and 6, with hp.
const START: &str = "80a161 8101 8202 8303 ff01 8000a16105 8001a16206 ff05 8005 ff06 8006";

fn new() -> (Callbacks<Arena>, Log) {
    (Callbacks::new(Decoder::new()), Log::default())
}

fn apply(callbacks: &mut Callbacks<Arena>, hex: &str) {
    callbacks.apply(&bytes(hex)).unwrap();
}

#[test]
fn fields_with_their_previous_values() {
    let (mut callbacks, log) = new();
    callbacks.listen("", "turn", log.noting("root"));
    callbacks.listen("", "round", log.noting("root"));
    callbacks.listen("hero", "hp", log.noting("hero"));
    log.says(&[]);
    apply(&mut callbacks, "80a161");
    log.says(&["root.turn: \"\" > \"a\""]);
    apply(&mut callbacks, "80a161 8501 8407 ff07 8003");
    log.says(&["root.round: - > 1", "hero.hp: 0 > 3"]);
    // Another hero: the path leads to it. The first one is gone.
    apply(&mut callbacks, "45 c408 ff08 8009");
    log.says(&["root.round: 1 > -", "hero.hp: 0 > 9"]);
    // What is there already is told at once; what is not, is not.
    callbacks.listen("", "turn", log.noting("late"));
    callbacks.listen("", "round", log.noting("late"));
    callbacks.listen("", "hero", log.noting("late"));
    callbacks.listen(RefId(7), "hp", log.noting("gone"));
    callbacks.listen("no.where", "hp", log.noting("nowhere"));
    log.says(&["late.turn: - > \"a\"", "late.hero: - > #8"]);
    apply(&mut callbacks, "44");
    log.says(&["late.hero: #8 > -"]);
}

#[test]
fn in_the_order_of_the_message() {
    let (mut callbacks, log) = new();
    callbacks.on_add("scores", log.noting("add"));
    callbacks.listen("", "turn", log.noting("first"));
    callbacks.listen("", "turn", log.noting("second"));
    callbacks.on_remove("scores", log.noting("remove"));
    for name in ["scores", ""] {
        let log = log.clone();
        callbacks.on_change(name, move |_, changes| {
            changes.iter().for_each(|change| log.note(&format!("change {name}"), change));
        });
    }
    apply(&mut callbacks, "80a161 8202 ff02 8000a17801 8001a17902 ff00 8507");
    log.says(&[
        // Once, at the first change, all of the root's.
        "change .turn: \"\" > \"a\"",
        "change .scores: - > #2",
        "change .round: - > 7",
        "first.turn: \"\" > \"a\"",
        "second.turn: \"\" > \"a\"",
        "add[x]: - > 1",
        "add[y]: - > 2",
    ]);
    // A value that changes, one that goes, one that is put in anew, one that comes.
    apply(&mut callbacks, "ff02 000003 c001a17904 8002a17a05 4000 ff00 80a162");
    log.says(&[
        "change scores[x]: 1 > 3",
        "remove[y]: 2 > 4",
        "add[y]: 2 > 4",
        "add[z]: - > 5",
        "remove[x]: 3 > -",
        "change .turn: \"a\" > \"b\"",
        "first.turn: \"a\" > \"b\"",
        "second.turn: \"a\" > \"b\"",
    ]);
}

#[test]
fn what_comes_with_an_instance_is_told_once() {
    let (mut callbacks, log) = new();
    let inner = log.clone();
    callbacks.on_add("players", move |callbacks, added| {
        inner.note("players", added);
        let (Some(id), OwnedPlace::Entry(key)) = (added.node(), &added.place) else {
            panic!("{added:?}")
        };
        // The whole message is in the state.
        inner.add(format!("{key} has {}", callbacks.state().players[key].hp));
        callbacks.listen(id, "hp", inner.noting(key));
        // The list is a structure of its own, whose refId the field tells.
        let items = inner.clone();
        callbacks.listen(id, "items", move |callbacks, change| {
            if let Some(list) = change.node() {
                callbacks.on_add(list, items.noting("item"));
            }
        });
    });
    apply(
        &mut callbacks,
        "8101 ff01 8000a16105 8001a16206 ff05 8005 8107 ff06 8006 ff07 8000a178 8001a179",
    );
    log.says(&[
        "players[a]: - > #5",
        "a has 5",
        "a.hp: - > 5",
        "item[0]: - > \"x\"",
        "item[1]: - > \"y\"",
        "players[b]: - > #6",
        "b has 6",
        "b.hp: - > 6",
    ]);
    apply(&mut callbacks, "ff05 8007 ff07 8002a17a ff06 8109 ff09 8000a177");
    log.says(&["a.hp: 5 > 7", "item[2]: - > \"z\"", "item[0]: - > \"w\""]);
}

#[test]
fn what_is_there_is_told_at_once() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    apply(&mut callbacks, "ff02 8005a17802 8003a17901 ff03 800008 800109 ff01 4000 8000a16105");
    callbacks.on_add("players", log.noting("players"));
    callbacks.on_add("scores", log.noting("scores"));
    callbacks.on_add(RefId(3), log.noting("deck"));
    callbacks.on_add("deck", |_, _| {});
    callbacks.on_remove("deck", log.noting("removed"));
    callbacks.on_add(RefId(77), log.noting("nothing"));
    log.says(&[
        "players[b]: - > #6",
        "players[a]: - > #5",
        "scores[x]: - > 2",
        "scores[y]: - > 1",
        "deck[0]: - > #8",
        "deck[1]: - > #9",
    ]);
}

#[test]
fn arrays_tell_what_really_comes_and_goes() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, "8303 ff03 800005 800106 800207");
    callbacks.on_remove("deck", log.noting("remove"));
    let noting = log.clone();
    callbacks.on_change("deck", move |_, changes| {
        noting.add(format!("{} moved", changes.len()));
    });
    callbacks.listen("", "turn", |_, _| {});
    let add = callbacks.on_add("deck", log.noting("add"));
    log.says(&["add[0]: - > #5", "add[1]: - > #6", "add[2]: - > #7"]);
    // 5 goes and 8 takes its slot; the others change places; then the last goes.
    apply(&mut callbacks, "ff03 c00008 200107 200206 ff03 4002");
    log.says(&["2 moved", "remove[0]: #5 > #8", "add[0]: #5 > #8", "remove[2]: #6 > -"]);
    // One that is put in before the others, and all gone.
    apply(&mut callbacks, "ff03 800009");
    log.says(&["add[0]: #8 > #9"]);
    callbacks.unbind(add);
    apply(&mut callbacks, "ff03 0a");
    log.says(&["remove[0]: #9 > -", "remove[1]: #8 > -", "remove[2]: #7 > -"]);
}

#[test]
fn unbinding_from_within() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    let last = Rc::new(RefCell::new(None));
    // The first unbinds the last, and itself.
    let (other, noting) = (last.clone(), log.clone());
    let first = callbacks.on_remove("players", move |callbacks, change| {
        noting.note("first", change);
        assert!(callbacks.unbind(callbacks.running().unwrap()));
        assert!(callbacks.unbind(other.borrow_mut().take().unwrap()));
    });
    callbacks.on_remove("players", log.noting("middle"));
    *last.borrow_mut() = Some(callbacks.on_remove("players", log.noting("last")));
    apply(&mut callbacks, "ff01 4000 4001");
    log.says(&["first[a]: #5 > -", "middle[a]: #5 > -", "middle[b]: #6 > -"]);
    assert!(!callbacks.unbind(first));
    assert_eq!(callbacks.running(), None);
}

#[test]
fn structures_that_are_gone_take_their_callbacks_along() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    let binding = callbacks.listen(RefId(5), "hp", log.noting("old"));
    log.says(&["old.hp: - > 5"]);
    // The last that is heard of it.
    apply(&mut callbacks, "ff05 8004 ff01 4000");
    log.says(&["old.hp: 5 > 4"]);
    assert!(!callbacks.unbind(binding));
    // Another player with the same refId.
    apply(&mut callbacks, "ff01 8000a16305 ff05 8009");
    log.says(&[]);
    assert_eq!(callbacks.state().players["c"].hp, 9);
}

#[test]
fn messages_within_a_callback_wait_for_their_turn() {
    let (mut callbacks, log) = new();
    callbacks.listen("", "turn", {
        let log = log.clone();
        move |callbacks, change| {
            log.note("turn", change);
            if callbacks.state().turn == "a" {
                callbacks.apply(&bytes("80a162 8508")).unwrap();
                assert_eq!(callbacks.state().round, Some(8));
            }
        }
    });
    callbacks.listen("", "round", log.noting("round"));
    apply(&mut callbacks, "80a161 8507");
    log.says(&[
        "turn.turn: \"\" > \"a\"",
        "round.round: - > 7",
        "turn.turn: \"a\" > \"b\"",
        "round.round: 7 > 8",
    ]);
}

#[test]
fn what_came_before_a_fault_is_told() {
    let (mut callbacks, log) = new();
    callbacks.listen("", "turn", log.noting("turn"));
    let error = callbacks.apply(&bytes("80a161 bf")).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::UnknownField { index: 63 });
    log.says(&["turn.turn: \"\" > \"a\""]);
    assert_eq!(callbacks.into_decoder().state().turn, "a");
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    #[schema(number)]
    n: f64,
}

/// The types of the recorded messages.
#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Recorded {
    log: ArraySchema<String>,
    cards: ArraySchema<Leaf>,
    players: MapSchema<Leaf>,
    scores: MapSchema<Number>,
    hero: Option<Leaf>,
}

/// What is in the collections, as far as callbacks told: the keys and refIds.
#[derive(Debug, Default)]
struct Told {
    keys: HashMap<&'static str, HashSet<String>>,
    cards: Vec<RefId>,
    lines: usize,
}

fn listening(told: &Rc<RefCell<Told>>) -> Callbacks<Recorded> {
    let mut callbacks = Callbacks::new(Decoder::new());
    for name in ["players", "scores"] {
        let key = |change: &OwnedChange| match &change.place {
            OwnedPlace::Entry(key) => key.clone(),
            other => panic!("{other:?}"),
        };
        let (added, removed) = (told.clone(), told.clone());
        callbacks.on_add(name, move |_, change| {
            let fresh = added.borrow_mut().keys.entry(name).or_default().insert(key(change));
            assert!(fresh, "added twice: {change:?}");
        });
        callbacks.on_remove(name, move |_, change| {
            let there = removed.borrow_mut().keys.entry(name).or_default().remove(&key(change));
            assert!(there, "removed twice: {change:?}");
        });
    }
    let (added, removed) = (told.clone(), told.clone());
    callbacks.on_add("cards", move |_, change| {
        added.borrow_mut().cards.push(change.node().unwrap());
    });
    callbacks.on_remove("cards", move |_, change| {
        let Some(OwnedValue::Node(id)) = change.previous else { panic!("{change:?}") };
        let cards = &mut removed.borrow_mut().cards;
        let at = cards.iter().position(|card| *card == id).unwrap();
        cards.swap_remove(at);
    });
    let (added, removed) = (told.clone(), told.clone());
    callbacks.on_add("log", move |_, _| added.borrow_mut().lines += 1);
    callbacks.on_remove("log", move |_, _| removed.borrow_mut().lines -= 1);
    callbacks
}

#[test]
fn recordings_are_told_entry_by_entry() {
    let mut told = Rc::default();
    let mut callbacks = listening(&told);
    for case in UNIVERSAL["cases"].as_array().unwrap() {
        if case["tick"] == -1 {
            told = Rc::default();
            callbacks = listening(&told);
        }
        callbacks.apply(&bytes(case["hex"].as_str().unwrap())).unwrap();
        let (state, told) = (callbacks.state(), told.borrow());
        let keys = |name| told.keys.get(name).cloned().unwrap_or_default();
        assert_eq!(keys("players"), state.players.keys().map(str::to_owned).collect());
        assert_eq!(keys("scores"), state.scores.keys().map(str::to_owned).collect());
        assert_eq!(told.cards.len(), state.cards.len());
        assert_eq!(told.lines, state.log.len());
    }
}

#[test]
fn after_an_outage_only_what_differs_is_told() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    callbacks.on_add("players", log.noting("add"));
    callbacks.on_remove("players", log.noting("remove"));
    callbacks.listen(RefId(5), "hp", log.noting("a"));
    callbacks.listen(RefId(6), "hp", log.noting("b"));
    callbacks.listen("", "turn", log.noting("root"));
    log.says(&[
        "add[a]: - > #5",
        "add[b]: - > #6",
        "a.hp: - > 5",
        "b.hp: - > 6",
        "root.turn: - > \"a\"",
    ]);
    // a is who it was. b has left, and c has come.
    let snapshot = "80a162 8101 8202 8303 ff01 8000a16105 8002a16307 ff05 8008 ff07 8009";
    callbacks.resync(&bytes(snapshot)).unwrap();
    log.says(&["remove[b]: #6 > -", "root.turn: \"a\" > \"b\"", "add[c]: - > #7", "a.hp: 5 > 8"]);
    callbacks.resync(&bytes(snapshot)).unwrap();
    log.says(&[]);
    apply(&mut callbacks, "ff05 8001");
    log.says(&["a.hp: 8 > 1"]);
}

#[test]
fn a_ref_id_that_became_something_else_has_no_callbacks() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    let binding = callbacks.listen(RefId(5), "hp", log.noting("a"));
    callbacks.on_add(RefId(2), log.noting("score"));
    log.says(&["a.hp: - > 5"]);
    // The refIds are dealt out anew: 5 is the map of scores, 2 a player.
    let snapshot =
        "80a161 8101 8205 8303 ff01 8000a16102 8001a16206 ff02 8007 ff06 8006 ff05 8000a17809";
    callbacks.resync(&bytes(snapshot)).unwrap();
    log.says(&[]);
    assert!(!callbacks.unbind(binding));
    assert_eq!((callbacks.state().players["a"].hp, callbacks.state().scores["x"]), (7, 9));
}

#[test]
fn what_was_removed_can_be_looked_at_once_more() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    apply(&mut callbacks, "ff05 8109 ff09 8000a178 ff03 80000a ff0a 8003");
    for name in ["players", "deck"] {
        let log = log.clone();
        callbacks.on_remove(name, move |callbacks, change| {
            let Some(OwnedValue::Node(id)) = change.previous else { panic!("{change:?}") };
            let player = callbacks.removed::<Player>(id).unwrap();
            log.add(format!("{name}: {} {:?}", player.hp, player.items));
            assert!(callbacks.removed::<Arena>(id).is_none());
        });
    }
    apply(&mut callbacks, "ff05 8007 ff01 4000 ff03 4000");
    log.says(&["players: 7 [\"x\"]", "deck: 3 []"]);
    assert!(callbacks.removed::<Player>(RefId(5)).is_none());
    // Those that a snapshot does not have, too.
    callbacks.resync(&bytes("8101 8202 8303")).unwrap();
    log.says(&["players: 6 []"]);
}

#[test]
fn on_change_of_a_structure_and_of_a_collection() {
    let (mut callbacks, log) = new();
    apply(&mut callbacks, START);
    let (one, many) = (log.clone(), log.clone());
    callbacks.on_change(RefId(5), move |_, changes| {
        changes.iter().for_each(|change| one.note("a", change));
    });
    callbacks.on_change("scores", move |_, changes| {
        changes.iter().for_each(|change| many.note("scores", change));
    });
    callbacks.on_add("scores", log.noting("add"));
    callbacks.on_remove("scores", log.noting("remove"));
    // Not told of by those who listen to what it is in.
    callbacks.on_change("players", |_, changes| panic!("{changes:?}"));
    apply(&mut callbacks, "ff02 8000a17801 8001a17902 ff05 8006");
    log.says(&["add[x]: - > 1", "add[y]: - > 2", "a.hp: 5 > 6"]);
    // In one message: x changes, y goes.
    apply(&mut callbacks, "ff02 000003 4001");
    log.says(&["scores[x]: 1 > 3", "remove[y]: 2 > -"]);
    // The same value again is no change.
    apply(&mut callbacks, "ff02 000003 ff05 0006");
    log.says(&[]);
}
