//! What a walk says of a change: no more than changed, and which node it is.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support {
    pub(crate) mod card;
    pub(crate) mod log;
    pub(crate) mod replica;
    pub(crate) mod table;
}

use std::mem::{replace, swap, take};

use tidewire_state::{ArraySchema, Instance, MapSchema, Schema, Tracked};

use self::support::{
    card::Card,
    log::Log,
    replica::Replica,
    table::{Table, card, table},
};

/// What a sync says of a change of a table that was synced before.
#[track_caller]
fn check(change: impl Fn(&mut Table), expected: &[&str]) {
    let mut state = Tracked::new(table());
    Log::of(&mut state);
    change(&mut state);
    assert_eq!(Log::of(&mut state), expected);
    assert_eq!(Log::of(&mut state), [""; 0], "it is said once");

    let mut state = Tracked::new(table());
    let mut replica = Replica::new(state.types());
    replica.sync(&mut state);
    change(&mut state);
    replica.sync(&mut state);
}

#[test]
fn what_is_as_it_was_is_not_sent() {
    check(|_| {}, &[]);
    check(|table| table.cards.get_mut("ada").unwrap().suit = 1, &[]);
    check(|table| table.cards.values_mut().for_each(|mut card| card.suit += 0), &[]);
    check(|table| table.deck[2] = card(5), &[]);
    check(|table| table.deck.sort_by_key(|card| card.suit), &[]);
    check(|table| table.deck.retain(|_| true), &[]);
    check(|table| assert_eq!(table.scores.insert("ada", 1), Some(1)), &[]);
    check(|table| drop(replace(&mut table.log[1], "b".to_owned())), &[]);
    check(|table| table.log = take(&mut table.log), &[]);
    check(|table| table.log = table.log.clone(), &[]);
    check(|table| table.cards = take(&mut table.cards), &[]);
    check(|table| *table = take(table), &[]);
    check(
        |table| {
            table.deck.push(card(6));
            table.deck.pop();
            table.cards.insert("eve", card(6));
            table.cards.remove("eve");
        },
        &[],
    );
}

#[test]
fn several_writes_are_one_change() {
    check(
        |table| {
            table.turn = 1;
            table.turn = 2;
            table.cards.get_mut("ada").unwrap().suit = 4;
            table.cards.get_mut("ada").unwrap().suit = 5;
            *table.scores.get_mut("bob").unwrap() += 1;
            *table.scores.entry("bob").or_default() += 1;
        },
        &[
            "0: .0 = Uint32(2), was Uint32(0)",
            "7: .0 = Uint8(5), was Uint8(1)",
            "5: bob#1 = Uint16(4), was Uint16(2)",
        ],
    );
}

#[test]
fn assigning_and_swapping_values_changes_fields() {
    check(|table| table.top = card(6), &["1: .0 = Uint8(6), was Uint8(0)"]);
    check(|table| table.deck[1] = card(6), &["10: .0 = Uint8(6), was Uint8(4)"]);
    check(
        |table| swap(&mut table.top, table.deck.first_mut().unwrap()),
        &["1: .0 = Uint8(3), was Uint8(0)", "9: .0 = Uint8(0), was Uint8(3)"],
    );
    check(
        |table| {
            let mut values: Vec<_> = table.cards.values_mut().collect();
            let [ada, bob] = &mut values[..] else { panic!() };
            swap(&mut **bob, &mut **ada);
        },
        &["7: .0 = Uint8(2), was Uint8(1)", "8: .0 = Uint8(1), was Uint8(2)"],
    );
    check(|table| table.boss.as_mut().unwrap().suit = 6, &["2: .0 = Uint8(6), was Uint8(9)"]);
}

#[test]
fn putting_in_anew_makes_a_node() {
    check(
        |table| drop(table.cards.insert("ada", card(1))),
        &["3: ada#0 -> 12, was 7", "3: 7 released", "12: .0 = Uint8(1)", "12: .1 = String(\"\")"],
    );
    check(
        |table| drop(table.deck.replace(1, card(4))),
        &[
            "4: [1..] -> [12, 11], was [10, 11]",
            "4: 10 released",
            "12: .0 = Uint8(4)",
            "12: .1 = String(\"\")",
        ],
    );
    check(
        |table| table.boss = Some(card(9).into()),
        &["0: .2 -> 12, was 2", "0: 2 released", "12: .0 = Uint8(9)", "12: .1 = String(\"\")"],
    );
    check(
        |table| {
            let ada = table.cards.remove("ada").unwrap();
            table.cards.insert("ada", ada);
        },
        &[
            "3: ada#0 removed",
            "3: 7 released",
            "3: ada#2 -> 12",
            "12: .0 = Uint8(1)",
            "12: .1 = String(\"\")",
        ],
    );
    check(
        |table| {
            let last = table.deck.pop().unwrap();
            table.deck.push(last);
            table.deck[2].suit += 1;
        },
        &[
            "4: [2..] -> [12], was [11]",
            "4: 11 released",
            "12: .0 = Uint8(6)",
            "12: .1 = String(\"\")",
        ],
    );
}

#[test]
fn a_node_is_put_in_anew_once() {
    let mut state = Tracked::new(table());
    Log::of(&mut state);
    state.cards.insert("ada", card(1));
    Log::of(&mut state);
    state.cards.get_mut("ada").unwrap().suit = 6;
    state.cards.insert("bob", card(2));
    let said = Log::of(&mut state);
    assert!(said.contains(&"3: bob#1 -> 7, was 8".to_owned()), "{said:?}");
    assert!(said.contains(&"12: .0 = Uint8(6), was Uint8(1)".to_owned()), "{said:?}");
    assert!(!said.iter().any(|line| line.starts_with("3: ada")), "{said:?}");
}

/// Its nodes after the first sync: by_key 1 with ada 3, by_place 2 with 4 and 5.
#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Instances {
    by_key: MapSchema<Instance<Card>>,
    by_place: ArraySchema<Instance<Card>>,
}

#[test]
fn an_instance_is_another_node_however_it_is_put_in() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Instances), expected: &[&str]) {
        let mut state = Tracked::new(Instances {
            by_key: [("ada", card(1).into())].into(),
            by_place: [card(2).into(), card(3).into()].into(),
        });
        Log::of(&mut state);
        change(&mut state);
        assert_eq!(Log::of(&mut state), expected);
    }
    check(
        |state| *state.by_key.get_mut("ada").unwrap() = card(1).into(),
        &["1: ada#0 -> 6, was 3", "1: 3 released", "6: .0 = Uint8(1)", "6: .1 = String(\"\")"],
    );
    check(
        |state| state.by_place[0] = card(2).into(),
        &[
            "2: [0..] -> [6, 5], was [4, 5]",
            "2: 4 released",
            "6: .0 = Uint8(2)",
            "6: .1 = String(\"\")",
        ],
    );
    check(|state| *state.by_place[1] = card(7), &["5: .0 = Uint8(7), was Uint8(3)"]);
    check(|state| state.by_place.swap(0, 1), &["2: [0..] -> [5, 4], was [4, 5]"]);
}

#[test]
fn moving_moves_nodes() {
    check(|table| table.deck.reverse(), &["4: [0..] -> [11, 10, 9], was [9, 10, 11]"]);
    check(|table| table.deck.move_item(2, 1), &["4: [1..] -> [11, 10], was [10, 11]"]);
    check(
        |table| {
            table.deck[0].suit = 8;
            table.deck.rotate_left(1);
            table.deck[1].suit = 7;
            table.deck.iter_mut().next().unwrap().suit = 6;
        },
        &[
            "4: [0..] -> [10, 11, 9], was [9, 10, 11]",
            "10: .0 = Uint8(6), was Uint8(4)",
            "11: .0 = Uint8(7), was Uint8(5)",
            "9: .0 = Uint8(8), was Uint8(3)",
        ],
    );
    check(
        |table| {
            table.deck[2].suit = 7;
            table.deck.remove(1);
        },
        &["4: [1..] -> [11], was [10, 11]", "4: 10 released", "11: .0 = Uint8(7), was Uint8(5)"],
    );
}

#[test]
fn values_move_without_names() {
    check(
        |table| table.log.insert(1, "x".to_owned()),
        &["6: [1..] = [String(\"x\"), String(\"b\"), String(\"c\")], \
           was [String(\"b\"), String(\"c\")]"],
    );
    check(
        |table| {
            table.log[0].push('!');
            table.log.pop();
        },
        &["6: [2..] = [], was [String(\"c\")]", "6: [0] = String(\"a!\"), was String(\"a\")"],
    );
    check(
        |table| {
            table.scores.clear();
            table.scores.insert("bob", 2);
        },
        &["5: ada#0 removed", "5: bob#1 removed", "5: bob#2 = Uint16(2)"],
    );
}

#[test]
fn another_collection_in_a_place_is_all_new() {
    check(
        |table| table.cards = [("ada", card(1))].into(),
        &[
            "3: reset [0, 1]",
            "3: 8 released",
            "3: 7 released",
            "3: ada#2 -> 12",
            "12: .0 = Uint8(1)",
            "12: .1 = String(\"\")",
        ],
    );
    check(
        |table| table.deck = table.deck.iter().skip(2).cloned().collect(),
        &[
            "4: [0..] -> [12], was [9, 10, 11]",
            "4: 9 released",
            "4: 10 released",
            "4: 11 released",
            "12: .0 = Uint8(5)",
            "12: .1 = String(\"\")",
        ],
    );
    // An array of values tells what differs; a map's keys get new numbers.
    check(
        |table| table.log = ["a", "x", "c"].map(str::to_owned).into(),
        &["6: [0..] = [String(\"a\"), String(\"x\"), String(\"c\")], \
           was [String(\"a\"), String(\"b\"), String(\"c\")]"],
    );
    check(
        |table| table.scores = table.scores.clone(),
        &["5: reset [0, 1]", "5: ada#2 = Uint16(1)", "5: bob#3 = Uint16(2)"],
    );
}

#[test]
fn numbers_are_used_again_a_tick_later() {
    let mut state = Tracked::new(table());
    Log::of(&mut state);
    let tick = |state: &mut Tracked<Table>, out: &str, key: &str| {
        state.cards.remove(out);
        state.cards.insert(key, card(0));
        Log::of(state)[2].clone()
    };
    assert_eq!(tick(&mut state, "ada", "x"), "3: x#2 -> 12");
    assert_eq!(tick(&mut state, "bob", "y"), "3: y#0 -> 7");
    assert_eq!(tick(&mut state, "x", "z"), "3: z#1 -> 8");
    assert_eq!(tick(&mut state, "y", "x"), "3: x#2 -> 12");
}

#[test]
fn a_replacement_is_forgotten_with_the_place_it_was_made_in() {
    let mut state = Tracked::new(table());
    Log::of(&mut state);
    state.cards.insert("bob", card(4));
    let mut other = Tracked::new(Table { cards: take(&mut state.cards), ..Table::default() });
    Log::of(&mut other);
    other.cards.get_mut("bob").unwrap().suit = 4;
    other.cards.insert("ada", card(6));
    let said = Log::of(&mut other);
    assert!(said.iter().any(|line| line.contains("ada#0 -> ")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("bob")), "{said:?}");
}
