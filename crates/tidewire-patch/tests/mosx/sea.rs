//! A state with something of everything, and random edits of it.

use tidewire_state::{ArraySchema, MapSchema, Schema};

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Ship {
    pub(crate) name: String,
    wind: Option<i8>,
    x: f32,
    #[schema(number)]
    pub(crate) fuel: f64,
    cargo: MapSchema<u16>,
    log: ArraySchema<String>,
    pub(crate) tow: Option<Box<Ship>>,
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Sea {
    pub(crate) round: u64,
    wind: Option<i8>,
    flagship: Ship,
    pub(crate) ships: MapSchema<Ship>,
    pub(crate) queue: ArraySchema<Ship>,
    depths: ArraySchema<f64>,
}

const KEYS: [&str; 5] = ["", "ada", "b/~", "0", "~1"];

fn edit_ship(ship: &mut Ship, how: u8, number: u8) {
    let key = KEYS[usize::from(number) % KEYS.len()];
    match how % 10 {
        0 => ship.name.push_str(key),
        1 => ship.x += f32::from(number) / 10.0,
        2 => ship.fuel = f64::from(number) / 10.0,
        3 => drop(ship.cargo.insert(key, u16::from(number))),
        4 => drop(ship.cargo.remove(key)),
        5 => ship.tow = None,
        6 => ship.tow = Some(Box::default()),
        7 => ship.wind = (how > 100).then_some(number as i8),
        8 => ship.log.insert(usize::from(number) % (ship.log.len() + 1), key.to_owned()),
        _ => {
            if let Some(tow) = &mut ship.tow {
                edit_ship(tow, how / 10, number);
            }
        }
    }
}

pub(crate) fn edit(sea: &mut Sea, what: u8, how: u8, number: u8) {
    let key = KEYS[usize::from(number) % KEYS.len()];
    let len = sea.queue.len();
    let at = usize::from(number) % len.max(1);
    let ship = || Ship { name: format!("{how}"), ..Ship::default() };
    match what % 20 {
        0 => sea.round += u64::from(number) << 50,
        1 => sea.wind = (how > 100).then_some(number as i8),
        2 => edit_ship(&mut sea.flagship, how, number),
        3 => sea.flagship = Ship::default(),
        4 => drop(sea.ships.insert(key, ship())),
        5 => drop(sea.ships.remove(key)),
        6 => {
            if let Some(ship) = sea.ships.get_mut(key) {
                edit_ship(ship, how, number);
            }
        }
        7 => sea.ships.values_mut().for_each(|mut ship| edit_ship(&mut ship, how, number)),
        8 => sea.ships = std::mem::take(&mut sea.ships),
        9 => sea.queue.insert(at, ship()),
        10 if len > 0 => drop(sea.queue.remove(at)),
        11 => sea.queue.sort_by(|a, b| a.fuel.total_cmp(&b.fuel)),
        12 if len > 0 => edit_ship(&mut sea.queue[at], how, number),
        13 => sea.depths.insert(usize::from(how) % (sea.depths.len() + 1), f64::from(number)),
        14 if !sea.depths.is_empty() => drop(sea.depths.remove(at % sea.depths.len())),
        15 if how < 25 => *sea = sea.clone(),
        16 if len > 0 => sea.queue.move_item(at, usize::from(how) % len),
        17 => sea.queue.push(ship()),
        18 if len > 0 => drop(sea.queue.replace(at, ship())),
        19 if how < 50 => sea.queue.reverse(),
        _ => sea.queue.retain(|ship| ship.fuel < 20.0),
    }
}
