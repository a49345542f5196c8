//! Random edits, several between ticks.

use std::sync::Arc;

use proptest::prelude::*;
use tidewire_state::{ArraySchema, DynCollection, DynField, DynStruct, MapSchema, TypeSet, Value};

use super::{
    HAND, ITEMS, LOG, ROUND, SCORES, Session, TITLE, boss, hand, item, items, log, scores,
};

/// Numbers to decide by, in turn; zeros once they are used up.
struct Choices<'a>(std::slice::Iter<'a, u16>);

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % bound.max(1)
    }
}

const KEYS: [&str; 5] = ["", "a", "a/b~c", "~1", "ключ"];

/// Changes something at or below `node`.
fn edit(node: &mut DynStruct, types: &Arc<TypeSet>, choices: &mut Choices<'_>) {
    let key = KEYS[choices.below(KEYS.len())];
    match choices.below(20) {
        0 => node.set(TITLE, Value::String(key)).unwrap(),
        1 => *node.field_mut(TITLE).unwrap() = DynField::Optional(None),
        2 => node.set(ROUND, Value::Number(choices.below(3) as f64 / 2.0)).unwrap(),
        3 => *boss(node) = Some(Box::new(item(types, key))),
        4 => *boss(node) = None,
        5 => drop(items(node).insert(key, item(types, "new"))),
        6 => drop(items(node).remove(key)),
        7 => drop(scores(node).insert(key, Value::Uint64(choices.below(9) as u64).into())),
        8 => drop(scores(node).remove(key)),
        9 => {
            let at = choices.below(hand(node).len() + 1);
            hand(node).insert(at, item(types, key));
        }
        10 => {
            let at = choices.below(log(node).len() + 1);
            log(node).insert(at, Value::String(key).into());
        }
        11 if !hand(node).is_empty() => {
            let (a, b) = (choices.below(hand(node).len()), choices.below(hand(node).len()));
            match choices.below(4) {
                0 => hand(node).swap(a, b),
                1 => hand(node).move_item(a, b),
                2 => drop(hand(node).remove(a)),
                _ => drop(hand(node).replace(a, item(types, key))),
            }
        }
        12 if !log(node).is_empty() => {
            let at = choices.below(log(node).len());
            match choices.below(3) {
                0 => drop(log(node).remove(at)),
                1 => log(node)[at] = Value::String(key).into(),
                _ => log(node).reverse(),
            }
        }
        13 => match choices.below(8) {
            0 => items(node).clear(),
            1 => hand(node).reverse(),
            2 => hand(node).clear(),
            3 => {
                *node.field_mut(ITEMS).unwrap() =
                    DynField::Map(MapSchema::from([(key, item(types, "one"))]).into());
            }
            4 => {
                *node.field_mut(HAND).unwrap() =
                    DynField::Array(ArraySchema::from(vec![item(types, key)]).into());
            }
            5 => *node.field_mut(LOG).unwrap() = DynField::PrimitiveArray(DynCollection::default()),
            6 => {
                *node.field_mut(SCORES).unwrap() = DynField::PrimitiveMap(DynCollection::default());
            }
            _ => log(node).clear(),
        },
        14 | 15 => {
            if let Some(boss) = boss(node) {
                edit(boss, types, choices);
            }
        }
        16 | 17 => {
            if let Some(item) = items(node).get_mut(key) {
                edit(item, types, choices);
            }
        }
        _ => {
            let at = choices.below(hand(node).len());
            if let Some(item) = hand(node).get_mut(at) {
                edit(item, types, choices);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patched_client_holds_the_snapshot(
        ticks in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u16>(), 2..12), 0..12), 1..12),
    ) {
        let mut session = Session::new(|_, _| {});
        let types = Arc::clone(DynStruct::types(&session.state));
        for edits in ticks {
            for choices in edits {
                edit(&mut session.state, &types, &mut Choices(choices.iter()));
            }
            session.tick();
        }
    }
}
