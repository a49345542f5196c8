//! The same on derived types.

use proptest::prelude::*;
use serde_json::Value as Json;
use tidewire_patch::JsonEncoder;
use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked};

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Ship {
    name: String,
    x: f32,
    #[schema(number)]
    fuel: f64,
    cargo: MapSchema<u16>,
    tow: Option<Box<Ship>>,
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Sea {
    round: u64,
    wind: Option<i8>,
    flagship: Ship,
    ships: MapSchema<Ship>,
    queue: ArraySchema<Ship>,
    depths: ArraySchema<f64>,
}

const KEYS: [&str; 4] = ["", "ada", "b/~", "0"];

fn edit_ship(ship: &mut Ship, how: u8, number: u8) {
    let key = KEYS[usize::from(number) % KEYS.len()];
    match how % 8 {
        0 => ship.name.push_str(key),
        1 => ship.x += f32::from(number) / 10.0,
        2 => ship.fuel = f64::from(number) / 10.0,
        3 => drop(ship.cargo.insert(key, u16::from(number))),
        4 => drop(ship.cargo.remove(key)),
        5 => ship.tow = None,
        6 => ship.tow = Some(Box::default()),
        _ => {
            if let Some(tow) = &mut ship.tow {
                edit_ship(tow, how / 8, number);
            }
        }
    }
}

fn edit(sea: &mut Sea, what: u8, how: u8, number: u8) {
    let key = KEYS[usize::from(number) % KEYS.len()];
    let at = usize::from(number) % sea.queue.len().max(1);
    match what % 16 {
        0 => sea.round += 1,
        1 => sea.wind = (how > 100).then_some(number as i8),
        2 => edit_ship(&mut sea.flagship, how, number),
        3 => sea.flagship = Ship::default(),
        4 => drop(sea.ships.insert(key, Ship::default())),
        5 => drop(sea.ships.remove(key)),
        6 => {
            if let Some(ship) = sea.ships.get_mut(key) {
                edit_ship(ship, how, number);
            }
        }
        7 => sea.ships.values_mut().for_each(|mut ship| edit_ship(&mut ship, how, number)),
        8 => sea.ships = std::mem::take(&mut sea.ships),
        9 => sea.queue.insert(at, Ship::default()),
        10 if !sea.queue.is_empty() => drop(sea.queue.remove(at)),
        11 => sea.queue.sort_by(|a, b| a.fuel.total_cmp(&b.fuel)),
        12 if !sea.queue.is_empty() => edit_ship(&mut sea.queue[at], how, number),
        13 => sea.depths.insert(usize::from(how) % (sea.depths.len() + 1), f64::from(number)),
        14 if !sea.depths.is_empty() => drop(sea.depths.pop()),
        15 => *sea = sea.clone(),
        _ => sea.queue.retain(|ship| ship.fuel < 10.0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patched_client_holds_the_snapshot(
        ticks in prop::collection::vec(prop::collection::vec(any::<(u8, u8, u8)>(), 0..12), 1..12),
    ) {
        let mut sea = Tracked::new(Sea::default());
        let mut encoder = JsonEncoder::new(&sea);
        let mut client = Json::Null;
        for edits in ticks {
            for (what, how, number) in edits {
                edit(&mut sea, what, how, number);
            }
            let before = client.to_string();
            if let Some(patch) = encoder.patch(&mut sea) {
                let applied = json_patch::patch(&mut client, patch);
                prop_assert!(applied.is_ok(), "{applied:?}: {patch} to {before}");
            }
            prop_assert_eq!(&client, &encoder.snapshot(&sea));
        }
    }
}
