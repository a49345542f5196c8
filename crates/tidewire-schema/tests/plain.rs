//! A patch is the same whichever way it is asked for: of states without marks the encoder writes one in
//! a way of its own, unless others take part in the sync.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use proptest::{collection::vec, prelude::*};
use tidewire_schema::{Decoder, Encoder};
use tidewire_state::{
    ArraySchema, CollectionSchema, MapSchema, Number, Schema, SetSchema, Tracked,
};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Item {
    x: f32,
    level: u16,
    name: String,
    worth: i64,
    parts: ArraySchema<u8>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Shop {
    day: u32,
    open: bool,
    #[schema(number)]
    rate: f64,
    limit: Option<i32>,
    counter: Item,
    window: Option<Box<Item>>,
    stock: MapSchema<Item>,
    prices: MapSchema<Number>,
    queue: ArraySchema<Item>,
    notes: ArraySchema<String>,
    colors: SetSchema<String>,
    coins: CollectionSchema<i16>,
}

/// What to edit, and with what.
type Edit = [u8; 3];

fn item(n: u8) -> Item {
    Item { x: f32::from(n), level: n.into(), name: text(n), worth: n.into(), parts: [n].into() }
}

fn text(n: u8) -> String {
    "ab".repeat(usize::from(n) % 20)
}

fn change(item: &mut Item, n: u8) {
    match n % 5 {
        0 => item.x += f32::from(n / 5),
        1 => item.level = item.level.wrapping_add(n.into()),
        2 => item.name = text(n),
        3 => item.worth -= i64::from(n),
        _ => item.parts.push(n),
    }
}

fn edit(shop: &mut Shop, [what, at, n]: Edit) {
    let key = ["ada", "bob", "a name that is longer than most", "é"][usize::from(at) % 4];
    match what % 20 {
        0 => shop.day += u32::from(n),
        1 => shop.open = n % 2 > 0,
        2 => shop.rate = f64::from(n) / 4.0,
        3 => shop.limit = (n % 3 > 0).then_some(n.into()),
        4 => change(&mut shop.counter, n),
        5 => shop.window = (n % 3 > 0).then(|| item(n).into()),
        6 => shop.window.iter_mut().for_each(|item| change(item, n)),
        7 => drop(shop.stock.insert(key, item(n))),
        8 => drop(shop.stock.remove(key)),
        9 => shop.stock.values_mut().for_each(|mut item| change(&mut item, n)),
        10 => shop.stock.get_mut(key).into_iter().for_each(|item| change(item, n)),
        11 => drop(shop.prices.insert(key, Number(f64::from(n) / 4.0))),
        12 => shop.queue.push(item(n)),
        13 if !shop.queue.is_empty() => {
            shop.queue.remove(0);
            shop.queue.push(item(n));
        }
        14 => shop.queue.iter_mut().for_each(|mut item| change(&mut item, n)),
        15 => shop.queue.reverse(),
        16 => shop.queue.extend((0..n % 16).map(item)),
        17 => shop.notes.push(text(n)),
        18 if !shop.colors.insert(text(n)) => {
            shop.colors.remove(&text(n / 2));
        }
        _ => shop.coins.add(n.into()),
    }
}

proptest! {
    #[test]
    fn a_patch_is_the_same_whichever_way_it_is_asked_for(
        ticks in vec(vec(any::<Edit>(), 0..10), 1..10),
    ) {
        let mut states = [Tracked::new(Shop::default()), Tracked::new(Shop::default())];
        let mut encoders = states.each_ref().map(Encoder::new);
        let mut client = Decoder::<Shop>::new();
        for edits in ticks {
            for state in &mut states {
                edits.iter().for_each(|change| edit(state, *change));
            }
            let [one, other] = &mut states;
            let [plain, shared] = &mut encoders;
            let patch = plain.patch(one);
            other.sync(shared);
            prop_assert_eq!(patch, shared.last_patch());
            client.apply(patch).unwrap();
            prop_assert_eq!(client.state(), &**one);
            prop_assert_eq!(plain.snapshot(one), shared.snapshot(other));
        }
    }
}

#[test]
fn a_queue_that_moves_on_costs_the_same_however_long_it_is() {
    let patch = |len: u8, changed: usize| {
        let queue = (0..len).map(item).collect();
        let mut state = Tracked::new(Shop { queue, ..Shop::default() });
        let mut encoder = Encoder::new(&state);
        let mut client = Decoder::<Shop>::new();
        client.apply(encoder.patch(&mut state)).unwrap();
        state.queue.iter_mut().take(changed).for_each(|mut item| item.level += 1);
        for n in 0..2 {
            state.queue.remove(0);
            state.queue.push(item(n));
        }
        let patch = encoder.patch(&mut state);
        client.apply(patch).unwrap();
        assert_eq!(client.state(), &*state);
        patch.len()
    };
    assert_eq!(patch(20, 0), patch(50, 0));
    // Of the four that changed, two are gone, and nothing is said of them.
    let told = patch(50, 4) - patch(50, 0);
    assert_eq!(patch(50, 2), patch(50, 0));
    assert_eq!(told, 2 * (2 + 3), "a switch and a field of two bytes each");
}
