//! A map does what a list of keys and values in order of insertion does.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support {
    pub(crate) mod card;
    pub(crate) mod sample;
}

use std::fmt::{self, Debug};

use proptest::{collection::vec, prelude::*};
use tidewire_state::{MapSchema, Schema, Tracked, Visitor, maps::Entry};

use self::support::{card::Card, sample::Sample};

#[derive(Clone, Debug)]
enum Call {
    Insert(u8, u8),
    GetMut(u8, u8),
    OrInsert(u8, u8),
    AndModify(u8, u8),
    EntryInsert(u8, u8),
    EntryRemove(u8),
    Remove(u8),
    RemoveEntry(u8),
    Retain(u8),
    /// How many are taken, and whether the rest is forgotten rather than dropped.
    Drain(u8, bool),
    Clear,
    Extend(Vec<(u8, u8)>),
    IterMut(u8),
    Guards(u8, u8),
    /// Many keys come and all but a few go again: gaps, and their end.
    Crowd(u8),
    Clone,
    Serde,
    Swap,
    Sync,
}

fn call() -> impl Strategy<Value = Call> {
    let key = || 0..24_u8;
    let n = any::<u8>;
    prop_oneof![
        6 => (key(), n()).prop_map(|(key, n)| Call::Insert(key, n)),
        4 => (key(), n()).prop_map(|(key, n)| Call::GetMut(key, n)),
        2 => (key(), n()).prop_map(|(key, n)| Call::OrInsert(key, n)),
        2 => (key(), n()).prop_map(|(key, n)| Call::AndModify(key, n)),
        2 => (key(), n()).prop_map(|(key, n)| Call::EntryInsert(key, n)),
        1 => key().prop_map(Call::EntryRemove),
        4 => key().prop_map(Call::Remove),
        1 => key().prop_map(Call::RemoveEntry),
        1 => n().prop_map(Call::Retain),
        1 => (0..8_u8, any::<bool>()).prop_map(|(count, leak)| Call::Drain(count, leak)),
        1 => Just(Call::Clear),
        2 => vec((key(), n()), 0..8).prop_map(Call::Extend),
        2 => n().prop_map(Call::IterMut),
        2 => (n(), n()).prop_map(|(one, other)| Call::Guards(one, other)),
        1 => (1..60_u8).prop_map(Call::Crowd),
        1 => Just(Call::Clone),
        1 => Just(Call::Serde),
        1 => Just(Call::Swap),
        4 => Just(Call::Sync),
    ]
}

/// Keys of all lengths, none a part of the other in hashing or in order.
fn key(n: u8) -> String {
    "key-".repeat(usize::from(n % 9)) + &n.to_string()
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Holder<V: tidewire_state::Element> {
    map: MapSchema<V>,
    other: MapSchema<V>,
}

/// Prints as a map.
struct Model<'a, V>(&'a [(String, V)]);

impl<V: Debug> Debug for Model<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, value))).finish()
    }
}

fn find<'a, V>(model: &'a mut [(String, V)], key: &str) -> Option<&'a mut V> {
    model.iter_mut().find(|(other, _)| other == key).map(|(_, value)| value)
}

fn insert<V>(model: &mut Vec<(String, V)>, key: String, value: V) -> Option<V> {
    if let Some(old) = find(model, &key) {
        return Some(std::mem::replace(old, value));
    }
    model.push((key, value));
    None
}

fn remove<V>(model: &mut Vec<(String, V)>, key: &str) -> Option<(String, V)> {
    let at = model.iter().position(|(other, _)| other == key)?;
    Some(model.remove(at))
}

fn make<V: Sample>(
    call: Call,
    state: &mut Tracked<Holder<V>>,
    model: &mut Vec<(String, V)>,
    model_of_other: &mut Vec<(String, V)>,
) where
    Holder<V>: Schema,
{
    let map = &mut state.map;
    match call {
        Call::Insert(k, n) => {
            let value = V::sample(n);
            assert_eq!(map.insert(key(k), value.clone()), insert(model, key(k), value));
        }
        Call::GetMut(k, n) => {
            let (real, ideal) = (map.get_mut(&key(k)), find(model, &key(k)));
            assert_eq!(real, ideal);
            for value in real.into_iter().chain(ideal) {
                value.change(n);
            }
        }
        Call::OrInsert(k, n) => {
            let value = map.entry(key(k)).or_insert(V::sample(n));
            if find(model, &key(k)).is_none() {
                model.push((key(k), V::sample(n)));
            }
            let ideal = find(model, &key(k)).unwrap();
            assert_eq!(value, ideal);
            value.change(n);
            ideal.change(n);
        }
        Call::AndModify(k, n) => {
            assert_eq!(map.entry(key(k)).key(), key(k));
            let value = map.entry(key(k)).and_modify(|value| value.change(n)).or_default();
            match find(model, &key(k)) {
                Some(ideal) => ideal.change(n),
                None => model.push((key(k), V::default())),
            }
            assert_eq!(Some(value), find(model, &key(k)));
        }
        Call::EntryInsert(k, n) => match map.entry(key(k)) {
            Entry::Occupied(mut entry) => {
                let old = insert(model, key(k), V::sample(n));
                assert_eq!((entry.key(), Some(entry.get())), (key(k).as_str(), old.as_ref()));
                assert_eq!(Some(entry.insert(V::sample(n))), old);
                entry.get_mut().change(n);
                entry.into_mut().change(n / 2);
                let ideal = find(model, &key(k)).unwrap();
                ideal.change(n);
                ideal.change(n / 2);
            }
            Entry::Vacant(entry) => {
                assert_eq!(entry.key(), key(k));
                let value = entry.insert(V::sample(n));
                value.change(n);
                let mut ideal = V::sample(n);
                ideal.change(n);
                assert_eq!(insert(model, key(k), ideal), None);
            }
        },
        Call::EntryRemove(k) => {
            let removed = match map.entry(key(k)) {
                Entry::Occupied(entry) => Some(entry.remove()),
                Entry::Vacant(_) => None,
            };
            assert_eq!(removed, remove(model, &key(k)).map(|(_, value)| value));
        }
        Call::Remove(k) => {
            assert_eq!(map.remove(&key(k)), remove(model, &key(k)).map(|(_, value)| value));
        }
        Call::RemoveEntry(k) => {
            assert_eq!(map.remove_entry(&key(k)), remove(model, &key(k)));
        }
        Call::Retain(mask) => {
            let mut asked = Vec::new();
            map.retain(|key, value| {
                asked.push((key.to_owned(), value.clone()));
                mask >> (asked.len() % 8) & 1 > 0
            });
            assert_eq!(&asked, model, "each entry is asked for once, in order");
            let mut turn = 0;
            model.retain(|_| {
                turn += 1;
                mask >> (turn % 8) & 1 > 0
            });
        }
        Call::Drain(count, leak) => {
            let mut drain = map.drain();
            assert_eq!(drain.len(), model.len());
            let taken: Vec<_> = drain.by_ref().take(count.into()).collect();
            assert_eq!(drain.len(), model.len() - taken.len());
            if leak {
                std::mem::forget(drain);
            }
            model.truncate(count.into());
            assert_eq!(&taken, model);
            model.clear();
        }
        Call::Clear => {
            map.clear();
            model.clear();
        }
        Call::Extend(entries) => {
            map.extend(entries.iter().map(|(k, n)| (key(*k), V::sample(*n))));
            for (k, n) in entries {
                insert(model, key(k), V::sample(n));
            }
        }
        Call::IterMut(mask) => {
            for (turn, ((real_key, mut real), (ideal_key, ideal))) in
                std::iter::zip(map.iter_mut(), model).enumerate()
            {
                assert_eq!((real_key, &*real), (ideal_key.as_str(), &*ideal));
                if mask >> (turn % 8) & 1 > 0 {
                    real.change(mask);
                    ideal.change(mask);
                }
            }
        }
        Call::Guards(one, other) if !model.is_empty() => {
            let (one, other) = (usize::from(one) % model.len(), usize::from(other) % model.len());
            let mut guards: Vec<_> = map.values_mut().collect();
            assert_eq!(format!("{:?}", guards[one]), format!("{:?}", model[one].1));
            if let Ok([one, other]) = guards.get_disjoint_mut([one, other]) {
                std::mem::swap(&mut **one, &mut **other);
            }
            if let Ok([one, other]) = model.get_disjoint_mut([one, other]) {
                std::mem::swap(&mut one.1, &mut other.1);
            }
        }
        Call::Guards(..) => assert!(map.values_mut().next().is_none()),
        Call::Crowd(count) => {
            let names = || (0..count).map(|n| format!("visitor {n}"));
            for name in names() {
                assert_eq!(map.insert(&name, V::sample(count)), None);
            }
            for (turn, name) in names().enumerate() {
                assert_eq!(map.remove(&name), Some(V::sample(count)));
                if turn % 7 == 0 {
                    map.insert("guest", V::sample(1));
                    map.remove("guest");
                }
            }
        }
        Call::Clone => *map = map.clone(),
        Call::Serde => {
            let text = serde_json::to_string(&map).unwrap();
            *map = serde_json::from_str(&text).unwrap();
        }
        Call::Swap => {
            let Holder { map, other } = &mut **state;
            std::mem::swap(map, other);
            std::mem::swap(model, model_of_other);
        }
        Call::Sync => sync(state),
    }
}

/// Has what was done so far told, to nobody.
fn sync<S: Schema>(state: &mut Tracked<S>) {
    let nobody: &mut [&mut dyn Visitor] = &mut [];
    state.sync(nobody);
}

/// Asserts that the map shows what the model holds, in every way it can be asked.
fn compare<V: Sample>(map: &MapSchema<V>, model: &[(String, V)]) {
    let owned = |(key, value): (&str, &V)| (key.to_owned(), value.clone());
    assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
    assert_eq!(map.iter().map(owned).collect::<Vec<_>>(), model);
    assert_eq!(map.iter().clone().len(), model.len());
    assert!(map.keys().eq(model.iter().map(|(key, _)| key)));
    assert!(map.values().eq(model.iter().map(|(_, value)| value)));
    assert_eq!(format!("{map:?}"), format!("{:?}", Model(model)));
    assert_eq!(format!("{:#?}", map.iter()), format!("{:#?}", Model(model)));
    for (key, value) in model {
        assert_eq!((map.get(key), &map[key], map.contains_key(key)), (Some(value), value, true));
    }
    for absent in ["", "key-", "guest", "visitor 3"] {
        assert_eq!((map.get(absent), map.contains_key(absent)), (None, false));
    }
    let mut reversed: MapSchema<V> = model.iter().rev().cloned().collect();
    assert_eq!(&reversed, map, "the order does not count");
    assert_eq!(map.clone().into_iter().collect::<Vec<_>>(), model);
    if let Some((key, _)) = model.first() {
        reversed.remove(key);
        assert_ne!(&reversed, map);
        reversed.insert("guest", V::default());
        assert_ne!(&reversed, map);
    }
}

fn check<V: Sample>(calls: Vec<Call>)
where
    Holder<V>: Schema + Default,
{
    let mut state = Tracked::new(Holder::<V>::default());
    let mut models = [Vec::new(), Vec::new()];
    for call in calls {
        let [model, other] = &mut models;
        make(call, &mut state, model, other);
        compare(&state.map, model);
        compare(&state.other, other);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 250,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_map_of_primitives_is_its_model(calls in vec(call(), 0..60)) {
        check::<u16>(calls.clone());
        check::<String>(calls);
    }

    #[test]
    fn a_map_of_structs_is_its_model(calls in vec(call(), 0..60)) {
        check::<Card>(calls);
    }
}

#[test]
fn an_absent_key_is_named() {
    let map: MapSchema<u8> = [("ada", 1)].into();
    let panic = std::panic::catch_unwind(|| map["bob"]).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "no entry with the key \"bob\"");
}

#[test]
fn a_map_stays_whole_when_a_closure_panics() {
    let mut state = Tracked::new(Holder::<u16>::default());
    state.map.extend((0..9).map(|n| (key(n), u16::from(n))));
    sync(&mut state);
    let map = &mut state.map;
    let retain = std::panic::AssertUnwindSafe(|| {
        map.retain(|_, value| {
            assert!(*value < 4, "enough");
            value % 2 == 0
        });
    });
    assert!(std::panic::catch_unwind(retain).is_err());
    let expected: Vec<_> = [0, 2, 4, 5, 6, 7, 8].map(|n| (key(n), u16::from(n))).into();
    compare(&state.map, &expected);
}

#[test]
fn other_forms_are_refused_with_a_word() {
    let error = serde_json::from_str::<MapSchema<u8>>("[1]").unwrap_err().to_string();
    assert!(error.contains("expected a map with string keys"), "{error}");
    let map: MapSchema<u16> = serde_json::from_str(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
    compare(&map, &[("a".to_owned(), 3), ("b".to_owned(), 2)]);
}

#[test]
fn a_map_goes_between_threads() {
    const fn is_sendable<T: Send + Sync>() {}
    is_sendable::<MapSchema<Card>>();
    is_sendable::<Tracked<Holder<String>>>();
    is_sendable::<tidewire_state::Mut<'_, Card>>();
    is_sendable::<tidewire_state::maps::IterMut<'_, Card>>();
    let mut map: MapSchema<u16> = (0..100).map(|n| (n.to_string(), 0)).collect();
    let mut guards: Vec<_> = map.values_mut().collect();
    std::thread::scope(|scope| {
        for (guards, start) in guards.chunks_mut(30).zip((0..).step_by(30)) {
            scope.spawn(move || {
                (start..).zip(guards).for_each(|(n, guard)| **guard = n);
            });
        }
    });
    assert!(map.values().copied().eq(0..100));
}
