//! An array does what a `Vec` does.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support {
    pub(crate) mod card;
    pub(crate) mod sample;
}

use std::{fmt::Debug, ops::Bound, panic::AssertUnwindSafe};

use proptest::{collection::vec, prelude::*};
use tidewire_state::{ArraySchema, Schema, Tracked, Visitor};

use self::support::{card::Card, sample::Sample};

#[derive(Clone, Debug)]
enum Call {
    Push(u8),
    Pop,
    Insert(usize, u8),
    Remove(usize),
    Replace(usize, u8),
    Swap(usize, usize),
    MoveItem(usize, usize),
    Truncate(usize),
    Retain(u8),
    Extend(Vec<u8>),
    Splice(usize, usize, Vec<u8>),
    /// A range, how many are taken, from which end, and whether the rest is forgotten.
    Drain(usize, usize, usize, bool, bool),
    Sort,
    Reverse,
    Rotate(usize),
    Index(usize, u8),
    GetMut(usize, u8),
    IterMut(u8, bool),
    Guards(usize, usize),
    Clear,
    Clone,
    Serde,
    Exchange,
    Sync,
}

fn call() -> impl Strategy<Value = Call> {
    let at = || 0..12_usize;
    let n = any::<u8>;
    let yes = any::<bool>;
    prop_oneof![
        8 => n().prop_map(Call::Push),
        3 => Just(Call::Pop),
        4 => (at(), n()).prop_map(|(at, n)| Call::Insert(at, n)),
        2 => at().prop_map(Call::Remove),
        2 => (at(), n()).prop_map(|(at, n)| Call::Replace(at, n)),
        2 => (at(), at()).prop_map(|(a, b)| Call::Swap(a, b)),
        2 => (at(), at()).prop_map(|(a, b)| Call::MoveItem(a, b)),
        1 => at().prop_map(Call::Truncate),
        1 => n().prop_map(Call::Retain),
        3 => vec(n(), 0..6).prop_map(Call::Extend),
        2 => (at(), at(), vec(n(), 0..4)).prop_map(|(a, b, new)| Call::Splice(a, b, new)),
        2 => (at(), at(), 0..5_usize, yes(), yes())
            .prop_map(|(a, b, count, back, leak)| Call::Drain(a, b, count, back, leak)),
        1 => Just(Call::Sort),
        1 => Just(Call::Reverse),
        1 => at().prop_map(Call::Rotate),
        4 => (at(), n()).prop_map(|(at, n)| Call::Index(at, n)),
        4 => (at(), n()).prop_map(|(at, n)| Call::GetMut(at, n)),
        2 => (n(), yes()).prop_map(|(mask, back)| Call::IterMut(mask, back)),
        2 => (at(), at()).prop_map(|(a, b)| Call::Guards(a, b)),
        1 => Just(Call::Clear),
        1 => Just(Call::Clone),
        1 => Just(Call::Serde),
        1 => Just(Call::Exchange),
        4 => Just(Call::Sync),
    ]
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Holder<V: tidewire_state::Element> {
    array: ArraySchema<V>,
    other: ArraySchema<V>,
}

/// Asserts that both return the same, or both panic.
#[track_caller]
fn same<T: Debug + PartialEq>(real: impl FnOnce() -> T, ideal: impl FnOnce() -> T) {
    let real = std::panic::catch_unwind(AssertUnwindSafe(real));
    let ideal = std::panic::catch_unwind(AssertUnwindSafe(ideal));
    assert_eq!(real.ok(), ideal.ok());
}

fn make<V: Sample>(
    call: Call,
    state: &mut Tracked<Holder<V>>,
    model: &mut Vec<V>,
    model_of_other: &mut Vec<V>,
) where
    Holder<V>: Schema,
{
    let sample = V::sample;
    let array = &mut state.array;
    match call {
        Call::Push(n) => same(|| array.push(sample(n)), || model.push(sample(n))),
        Call::Pop => same(|| array.pop(), || model.pop()),
        Call::Insert(at, n) => {
            same(|| array.insert(at, sample(n)), || model.insert(at, sample(n)));
        }
        Call::Remove(at) => same(|| array.remove(at), || model.remove(at)),
        Call::Replace(at, n) => {
            same(|| array.replace(at, sample(n)), || std::mem::replace(&mut model[at], sample(n)));
        }
        Call::Swap(a, b) => same(|| array.swap(a, b), || model.swap(a, b)),
        Call::MoveItem(from, to) => same(
            || array.move_item(from, to),
            || {
                assert!(to < model.len());
                let item = model.remove(from);
                model.insert(to, item);
            },
        ),
        Call::Truncate(len) => same(|| array.truncate(len), || model.truncate(len)),
        Call::Retain(mask) => {
            let (mut asked, mut asked_ideally) = (Vec::new(), Vec::new());
            array.retain(|item| {
                asked.push(item.clone());
                mask >> (asked.len() % 8) & 1 > 0
            });
            model.retain(|item| {
                asked_ideally.push(item.clone());
                mask >> (asked_ideally.len() % 8) & 1 > 0
            });
            assert_eq!(asked, asked_ideally);
        }
        Call::Extend(new) => {
            array.extend(new.iter().copied().map(sample));
            model.extend(new.into_iter().map(sample));
        }
        Call::Splice(start, end, new) => {
            let new: Vec<V> = new.into_iter().map(sample).collect();
            same(
                || array.splice(start..end, new.clone()),
                || model.splice(start..end, new.clone()).collect(),
            );
        }
        Call::Drain(start, end, count, back, leak) => {
            let range = (Bound::Included(start), Bound::Included(end));
            macro_rules! drained {
                ($list:expr) => {
                    || {
                        let mut drain = $list.drain(range);
                        let len = drain.len();
                        let taken: Vec<V> = if back {
                            drain.by_ref().rev().take(count).collect()
                        } else {
                            drain.by_ref().take(count).collect()
                        };
                        assert_eq!(drain.size_hint().0, len - taken.len());
                        if leak {
                            std::mem::forget(drain);
                        }
                        taken
                    }
                };
            }
            same(drained!(array), drained!(model));
        }
        Call::Sort => {
            let key = |value: &V| format!("{value:?}");
            array.sort_by_key(key);
            model.sort_by_key(key);
            let falling = |a: &V, b: &V| key(b).len().cmp(&key(a).len());
            array.sort_by(falling);
            model.sort_by(falling);
        }
        Call::Reverse => same(|| array.reverse(), || model.reverse()),
        Call::Rotate(by) => same(|| array.rotate_left(by), || model.rotate_left(by)),
        Call::Index(at, n) => same(|| array[at].change(n), || model[at].change(n)),
        Call::GetMut(at, n) => {
            let change = |item: &mut V| item.change(n);
            same(|| array.get_mut(at).map(change), || model.get_mut(at).map(change));
            same(|| array.first_mut().map(change), || model.first_mut().map(change));
            same(|| array.last_mut().map(change), || model.last_mut().map(change));
        }
        Call::IterMut(mask, back) => {
            assert_eq!(array.iter_mut().len(), model.len());
            let mut pairs: Vec<_> = std::iter::zip(array.iter_mut(), model).collect();
            if back {
                pairs.reverse();
            }
            for (turn, (real, ideal)) in pairs.iter_mut().enumerate() {
                assert_eq!(&**real, &**ideal);
                if mask >> (turn % 8) & 1 > 0 {
                    real.change(mask);
                    ideal.change(mask);
                }
            }
        }
        Call::Guards(a, b) => {
            let mut guards: Vec<_> = array.iter_mut().rev().collect();
            let mut ideal: Vec<_> = model.iter_mut().rev().collect();
            if let Ok([a, b]) = guards.get_disjoint_mut([a, b]) {
                std::mem::swap(&mut **a, &mut **b);
            }
            if let Ok([a, b]) = ideal.get_disjoint_mut([a, b]) {
                std::mem::swap(*a, *b);
            }
        }
        Call::Clear => same(|| array.clear(), || model.clear()),
        Call::Clone => *array = array.clone(),
        Call::Serde => {
            let text = serde_json::to_string(&array).unwrap();
            assert_eq!(text, serde_json::to_string(&model).unwrap());
            *array = serde_json::from_str(&text).unwrap();
        }
        Call::Exchange => {
            let Holder { array, other } = &mut **state;
            std::mem::swap(array, other);
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

/// Asserts that the array shows what the model holds, in every way it can be asked.
fn compare<V: Sample>(array: &ArraySchema<V>, model: &Vec<V>) {
    assert_eq!((array.len(), array.is_empty()), (model.len(), model.is_empty()));
    assert!(array == model && *array == model[..]);
    assert_eq!(format!("{array:?}"), format!("{model:?}"));
    assert_eq!((array.first(), array.last()), (model.first(), model.last()));
    for at in 0..model.len() + 2 {
        assert_eq!(array.get(at), model.get(at));
    }
    assert!(array.iter().rev().eq(model.iter().rev()));
    assert_eq!(array.iter().clone().len(), model.len());
    let mut ends = array.clone().into_iter();
    let mut ideal = model.clone().into_iter();
    while let Some(item) = ideal.next() {
        assert_eq!((Some(item), ideal.next_back()), (ends.next(), ends.next_back()));
        assert_eq!(ends.len(), ideal.len());
    }
    let same: ArraySchema<V> = model.clone().into();
    assert_eq!(&same, array);
    assert!(model.iter().all(|item| array.contains(item)));
    let mut longer = same;
    longer.push(V::default());
    assert_ne!(&longer, array);
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
        compare(&state.array, model);
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
    fn an_array_of_primitives_is_its_model(calls in vec(call(), 0..60)) {
        check::<u16>(calls.clone());
        check::<String>(calls);
    }

    #[test]
    fn an_array_of_structs_is_its_model(calls in vec(call(), 0..60)) {
        check::<Card>(calls);
    }
}

#[test]
fn an_index_beyond_the_end_is_named() {
    fn said(call: impl FnOnce(&mut ArraySchema<u8>)) -> String {
        let mut array: ArraySchema<u8> = [1, 2].into();
        let panic = std::panic::catch_unwind(AssertUnwindSafe(|| call(&mut array))).unwrap_err();
        assert_eq!(array, [1, 2], "nothing happened");
        panic.downcast_ref::<String>().unwrap().clone()
    }
    assert_eq!(said(|array| array[2] = 0), "index 2 is out of bounds: the length is 2");
    assert_eq!(said(|array| assert_ne!(array.remove(2), 0)), "cannot remove 2 of 2 items");
    assert_eq!(said(|array| array.insert(3, 0)), "cannot insert at 3 into 2 items");
    assert_eq!(said(|array| array.swap(0, 2)), "cannot swap 0 and 2 of 2 items");
    assert_eq!(said(|array| array.move_item(5, 0)), "cannot move 5 to 0 of 2 items");
    assert_eq!(said(|array| array.rotate_left(3)), "cannot rotate 2 items by 3");
    assert_eq!(said(|array| assert_ne!(array.replace(2, 0), 0)), "cannot replace 2 of 2 items");
}

#[test]
fn other_forms_are_refused_with_a_word() {
    let error = serde_json::from_str::<ArraySchema<u8>>("{}").unwrap_err().to_string();
    assert!(error.contains("expected a list"), "{error}");
}

#[test]
fn an_array_goes_between_threads() {
    const fn is_sendable<T: Send + Sync>() {}
    is_sendable::<ArraySchema<Card>>();
    is_sendable::<Tracked<Holder<String>>>();
    is_sendable::<tidewire_state::arrays::IterMut<'_, Card>>();
    let mut array: ArraySchema<u32> = vec![0; 100].into();
    let mut guards: Vec<_> = array.iter_mut().collect();
    std::thread::scope(|scope| {
        for (guards, start) in guards.chunks_mut(30).zip((0..).step_by(30)) {
            scope.spawn(move || {
                (start..).zip(guards).for_each(|(n, guard)| **guard = n);
            });
        }
    });
    assert!(array.into_iter().eq(0..100));
}
