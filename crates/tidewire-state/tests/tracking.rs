//! A client that follows the walks holds what the state holds, however that was changed.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support {
    pub(crate) mod card;
    pub(crate) mod edits;
    pub(crate) mod replica;
    pub(crate) mod sample;
    pub(crate) mod table;
    pub(crate) mod world;
}

use std::{
    mem::swap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use proptest::{collection::vec, prelude::*};
use tidewire_state::{ArraySchema, Tracked};

use self::support::{
    card::Card,
    edits::{Edit, Game},
    replica::Replica,
    table::{Table, card, table},
};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_replica_is_the_state_after_any_edits(
        ticks in vec((vec(any::<Edit>(), 0..12), 0..4_u8), 1..12),
    ) {
        let mut game = Game::new();
        for (edits, syncs) in ticks {
            edits.into_iter().for_each(|edit| game.edit(edit));
            for which in (0..2).filter(|which| syncs >> which & 1 > 0) {
                game.sync(which);
            }
        }
        for which in 0..2 {
            game.sync(which);
            game.sync(which);
            prop_assert_eq!(game.replicas[which].changes, 0, "nothing was changed");
        }
    }
}

#[test]
fn a_collection_that_another_state_walked_is_new_where_it_comes_back() {
    let mut states = [Tracked::new(table()), Tracked::new(Table::default())];
    let mut replicas = states.each_ref().map(|state| Replica::new(state.types()));
    std::iter::zip(&mut replicas, &mut states).for_each(|(replica, state)| replica.sync(state));
    let [one, other] = &mut states;
    swap(&mut **one, &mut **other);
    other.cards.insert("eve", card(0));
    other.deck.push(card(0));
    replicas[1].sync(other);
    swap(&mut **one, &mut **other);
    replicas[0].sync(one);
    assert!(replicas[0].changes > 0);
    assert_eq!((one.cards.len(), one.deck.len()), (3, 4));
}

#[test]
fn gaps_are_closed_under_what_was_touched() {
    for stays in 1..16_u8 {
        let mut state = Tracked::new(Table::default());
        let mut replica = Replica::new(state.types());
        state.cards.extend((0..32).map(|n| (n.to_string(), card(n))));
        replica.sync(&mut state);
        let cards = &mut state.cards;
        cards.insert("30", card(100));
        cards.retain(|_, card| card.suit % 16 < stays || card.suit == 100);
        for (_, mut card) in cards.iter_mut().filter(|(_, card)| card.suit % 2 == 0) {
            card.suit += 100;
        }
        cards.get_mut("0").unwrap().text.push('!');
        // The slots are full of gaps, so room is made among them.
        cards.extend((0..40).map(|n| (format!("new {n}"), card(n))));
        replica.sync(&mut state);
        state.cards.values_mut().for_each(|mut card| card.suit += 1);
        replica.sync(&mut state);
    }
}

#[test]
fn guards_mark_from_several_threads() {
    let mut state = Tracked::new(Table::default());
    state.deck.extend((0..64).map(|_| card(0)));
    state.cards.extend((0..64).map(|n| (n.to_string(), card(0))));
    let mut replica = Replica::new(state.types());
    replica.sync(&mut state);
    for round in 1..20_u8 {
        let Table { deck, cards, .. } = &mut *state;
        let mut guards: Vec<_> = deck.iter_mut().chain(cards.values_mut()).collect();
        std::thread::scope(|scope| {
            for (nth, guards) in guards.chunks_mut(20).enumerate() {
                scope.spawn(move || {
                    for (turn, guard) in guards.iter_mut().enumerate() {
                        if (turn + nth).is_multiple_of(usize::from(round)) {
                            guard.suit = round;
                        }
                    }
                });
            }
        });
        drop(guards);
        replica.sync(&mut state);
        assert!(replica.changes > 0);
    }
}

#[test]
fn what_a_panic_leaves_is_told() {
    fn check(call: impl FnOnce(&mut ArraySchema<Card>)) {
        let deck = (0..9).map(card).collect();
        let mut state = Tracked::new(Table { deck, ..Table::default() });
        let mut replica = Replica::new(state.types());
        replica.sync(&mut state);
        let deck = &mut state.deck;
        deck[7].text.push('!');
        assert!(catch_unwind(AssertUnwindSafe(|| call(deck))).is_err());
        replica.sync(&mut state);
    }
    check(|deck| {
        deck.retain(|card| {
            assert!(card.suit < 4, "enough");
            card.suit.is_multiple_of(2)
        });
    });
    check(|deck| {
        deck.sort_by(|a, b| {
            assert!(a.suit != 5 && b.suit != 5, "enough");
            b.suit.cmp(&a.suit)
        });
    });
    check(|deck| {
        let items = (0..9).map(|n| if n < 3 { card(n) } else { panic!("enough") });
        deck.splice(2..4, items);
    });
}
