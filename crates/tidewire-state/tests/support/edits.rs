//! Edits of two states and of values held outside of them, chosen by numbers.
//!
//! Where an edit has nothing to work on, it does nothing.

use std::mem::{forget, swap, take};

use tidewire_state::{ArraySchema, Instance, MapSchema, Number, Tracked, maps::Entry};

use super::{
    card::Card,
    replica::Replica,
    sample::Sample,
    world::{Player, World, odd},
};

/// What to edit, where, how and with what.
pub(crate) type Edit = [u8; 4];

/// Two states with their replicas, and what was taken out of either.
pub(crate) struct Game {
    pub(crate) worlds: [Tracked<World>; 2],
    pub(crate) replicas: [Replica; 2],
    pockets: Pockets,
}

#[derive(Default)]
struct Pockets {
    players: Pocket<Player>,
    cards: Pocket<Card>,
    instances: Pocket<Instance<Card>>,
    boxes: Pocket<Box<Card>>,
    shorts: Pocket<u16>,
    ints: Pocket<i32>,
    numbers: Pocket<Number>,
    texts: Pocket<String>,
    boss: Option<Instance<Player>>,
    buddy: Option<Box<Player>>,
    world: World,
}

struct Pocket<V: Sample> {
    values: Vec<V>,
    map: MapSchema<V>,
    array: ArraySchema<V>,
}

impl<V: Sample> Default for Pocket<V> {
    fn default() -> Self {
        Self { values: Vec::new(), map: MapSchema::new(), array: ArraySchema::new() }
    }
}

impl<V: Sample> Pocket<V> {
    fn value(&mut self, n: u8) -> V {
        self.values.pop().unwrap_or_else(|| V::sample(n))
    }
}

impl Game {
    pub(crate) fn new() -> Self {
        let worlds = [Tracked::new(World::default()), Tracked::default()];
        let replicas = worlds.each_ref().map(|world| Replica::new(world.types()));
        Self { worlds, replicas, pockets: Pockets::default() }
    }

    /// Syncs one of the states and checks its replica.
    pub(crate) fn sync(&mut self, which: usize) {
        self.replicas[which].sync(&mut self.worlds[which]);
    }

    /// Makes one edit.
    pub(crate) fn edit(&mut self, [what, at, how, n]: Edit) {
        let Self { worlds: [first, second], pockets, .. } = self;
        let world = if at & 0x80 == 0 { &mut *first } else { &mut *second };
        match what % 24 {
            0 => edit_map(&mut world.players, &mut pockets.players, how, n),
            1 => edit_map(&mut world.guests, &mut pockets.players, how, n),
            2 => edit_array(&mut world.queue, &mut pockets.players, how, n),
            3 => edit_array(&mut world.bench, &mut pockets.players, how, n),
            4 => edit_map(&mut world.relics, &mut pockets.instances, how, n),
            5 => edit_array(&mut world.trophies, &mut pockets.instances, how, n),
            6 => edit_map(&mut world.boxed, &mut pockets.boxes, how, n),
            7 => edit_array(&mut world.piles, &mut pockets.boxes, how, n),
            8 => edit_map(&mut world.scores, &mut pockets.shorts, how, n),
            9 => edit_map(&mut world.words, &mut pockets.texts, how, n),
            10 => edit_array(&mut world.numbers, &mut pockets.numbers, how, n),
            11 => edit_array(&mut world.notes, &mut pockets.texts, how, n),
            12 => edit_map(&mut player(world, at).bag, &mut pockets.cards, how, n),
            13 => edit_array(&mut player(world, at).hand, &mut pockets.cards, how, n),
            14 => edit_map(&mut player(world, at).tallies, &mut pockets.ints, how, n),
            15 => edit_array(&mut player(world, at).log, &mut pockets.texts, how, n),
            16 | 17 => player(world, at).change(n),
            18 => edit_fields(world, pockets, how, n),
            19 | 20 => edit_two(first, second, at, n, how),
            21 => pocket_player(player(world, at), pockets, how),
            22 => edit_worlds(first, second, pockets, how),
            _ => {
                let held = &mut pockets.players;
                held.values.iter_mut().for_each(|player| player.change(n));
                edit_map(&mut held.map, &mut Pocket::default(), how, n);
                edit_array(&mut held.array, &mut Pocket::default(), how, n);
            }
        }
    }
}

/// One of the players of a state, wherever it stands.
fn player(world: &mut World, at: u8) -> &mut Player {
    let World { host, rival, boss, players, guests, queue, bench, .. } = world;
    let nth = usize::from(at / 8 % 4);
    let found = match at % 8 {
        0 => rival.as_mut(),
        1 => boss.as_deref_mut(),
        2 => players.get_mut(key(at / 8)),
        3 => return guests.entry(key(at / 8)).or_default(),
        4 => queue.get_mut(nth),
        5 => bench.last_mut(),
        6 => bench.first_mut().and_then(|first| first.buddy.as_deref_mut()),
        _ => None,
    };
    found.unwrap_or(host)
}

fn key(n: u8) -> &'static str {
    ["a", "b", "ada", "grace", "sessions", "a key that needs memory of its own", "", "é"]
        [usize::from(n % 8)]
}

/// What a map's user may think of.
fn edit_map<V: Sample>(map: &mut MapSchema<V>, pocket: &mut Pocket<V>, how: u8, n: u8) {
    let key = key(n);
    let some = usize::from(n / 8 % 4);
    match how % 25 {
        0 | 1 => drop(map.insert(key, V::sample(n))),
        2 | 3 => drop(map.insert(key, pocket.value(n))),
        4 => pocket.values.extend(map.remove(key)),
        5 => drop(map.remove_entry(key)),
        6 | 7 => {
            if let Some(value) = map.get_mut(key) {
                value.change(n);
            }
        }
        8 => map.entry(key).or_insert_with(|| V::sample(n)).change(n),
        9 => drop(map.entry(key).and_modify(|value| value.change(n)).or_insert(V::sample(n))),
        10 => {
            if let Entry::Occupied(mut entry) = map.entry(key) {
                entry.get_mut().change(n);
                pocket.values.push(entry.insert(V::sample(n)));
            }
        }
        11 => {
            let mut turn = 0;
            map.retain(|_, _| {
                turn += 1;
                n >> (turn % 8) & 1 == 0
            });
        }
        12 => pocket.values.extend(map.drain().take(some).map(|(_, value)| value)),
        13 => {
            let mut drain = map.drain();
            pocket.values.extend(drain.by_ref().take(some).map(|(_, value)| value));
            forget(drain);
        }
        14 if n.is_multiple_of(4) => map.clear(),
        14 | 15 => map.extend((0..3).map(|m| (self::key(n.wrapping_mul(m)), V::sample(m)))),
        16 => {
            for (turn, (_, mut value)) in (0..).zip(&mut *map) {
                if n >> (turn % 8) & 1 > 0 {
                    value.change(n);
                }
            }
        }
        17 => {
            let mut values: Vec<_> = map.values_mut().collect();
            if let [first, .., last] = &mut values[..] {
                swap(&mut **first, &mut **last);
                first.change(n);
            }
        }
        18 => pocket.map = take(map),
        19 => swap(map, &mut pocket.map),
        20 => *map = map.clone(),
        21 => *map = take(map),
        22 => {
            let values = map.iter().map(|(key, value)| (key.to_owned(), value.clone()));
            *map = values.skip(some).collect();
        }
        23 => {
            // Those of a crowd that are there go and the others come: gaps, and their end.
            for m in n / 16..n % 16 * 3 {
                let name = format!("one of the crowd, {m}");
                if map.remove(&name).is_none() {
                    map.insert(&name, V::sample(m % 4));
                }
            }
        }
        _ => {
            if let Some(value) = map.remove(key) {
                map.insert(self::key(n / 8), value);
                map.insert(key, V::sample(n));
            }
        }
    }
}

/// What an array's user may think of.
fn edit_array<V: Sample>(array: &mut ArraySchema<V>, pocket: &mut Pocket<V>, how: u8, n: u8) {
    let len = array.len();
    let (at, other) = (usize::from(n) % len.max(1), usize::from(n / 16) % len.max(1));
    let there = len > 0;
    match how % 32 {
        0 | 1 => array.push(V::sample(n)),
        2 | 3 => array.push(pocket.value(n)),
        4 => pocket.values.extend(array.pop()),
        5 => array.insert(at, pocket.value(n)),
        6 if there => pocket.values.push(array.remove(at)),
        7 if there => pocket.values.push(array.replace(at, V::sample(n))),
        8 | 9 if there => array[at].change(n),
        10 if there => array.swap(at, other),
        11 if there => array.move_item(at, other),
        12 => array.splice(at.min(other)..at.max(other), [V::sample(n)]).truncate(0),
        13 => array.truncate(at),
        14 => array.sort_by(|_, _| std::cmp::Ordering::Greater),
        15 => array.reverse(),
        16 => array.rotate_left(at),
        17 => {
            let mut turn = 0;
            array.retain(|_| {
                turn += 1;
                n >> (turn % 8) & 1 == 0
            });
        }
        18 => pocket.values.extend(array.drain(at.min(other)..).take(other)),
        19 => {
            let mut drain = array.drain(at.min(other)..at.max(other));
            pocket.values.extend(drain.next_back());
            forget(drain);
        }
        20 => {
            for (turn, mut value) in (0..).zip(array.iter_mut().rev()) {
                if n >> (turn % 8) & 1 > 0 {
                    value.change(n);
                }
            }
        }
        21 => {
            let mut values: Vec<_> = array.iter_mut().collect();
            if let [first, .., last] = &mut values[..] {
                swap(&mut **first, &mut **last);
                last.change(n);
            }
        }
        22 => {
            if let Some(last) = array.pop() {
                array.extend([V::sample(n), last]);
                if let Some(last) = array.last_mut() {
                    last.change(n);
                }
            }
        }
        23 => pocket.array = take(array),
        24 => swap(array, &mut pocket.array),
        25 => *array = array.clone(),
        26 => *array = take(array),
        27 => *array = array.iter().rev().skip(other).cloned().collect(),
        28 => array.extend([V::sample(n), V::sample(n / 2)]),
        29 if n.is_multiple_of(4) => array.clear(),
        30 if there => {
            // A queue moves on.
            pocket.values.push(array.remove(0));
            array.push(V::sample(n));
        }
        31 if there => {
            // The same, while some wait for their turn.
            for (turn, mut value) in (0..).zip(array.iter_mut()) {
                if n >> (turn % 8) & 1 > 0 {
                    value.change(n);
                }
            }
            pocket.values.push(array.remove(0));
            if let Some(first) = array.first_mut() {
                first.change(n);
            }
            array.extend((0..n % 3).map(V::sample));
        }
        _ => array.insert(0, V::sample(n)),
    }
}

/// Changes of the root's own fields.
fn edit_fields(world: &mut World, pockets: &mut Pockets, how: u8, n: u8) {
    match how % 12 {
        0 => world.round += u32::from(n % 2),
        1 => world.limit = odd(n).then_some(i64::from(n) - 9),
        2 => world.host.change(n),
        3 => world.rival = odd(n).then(|| Player::sample(n)),
        4 => world.rival = Some(pockets.players.value(n)),
        5 => world.boss = odd(n).then(|| Instance::sample(n)),
        6 => swap(&mut world.boss, &mut pockets.boss),
        7 => swap(&mut world.players, &mut world.guests),
        8 => swap(&mut world.queue, &mut world.bench),
        9 => {
            if let Some(rival) = &mut world.rival {
                swap(rival, &mut world.host);
            }
        }
        10 => {
            let values: Vec<Player> = world.players.drain().map(|(_, player)| player).collect();
            world.queue.extend(values);
        }
        _ => {
            let players = take(&mut world.queue).into_iter();
            world.guests = (0..).map(key).zip(players).collect();
        }
    }
}

/// Exchanges what two players hold, or the players.
fn edit_two(first: &mut World, second: &mut World, a: u8, b: u8, how: u8) {
    let (one, other) = if a & 0x80 == b & 0x80 {
        let world = if a & 0x80 == 0 { first } else { second };
        let World { players, queue, .. } = world;
        let Some(one) = players.get_mut(key(a)) else { return };
        let Some(other) = queue.get_mut(usize::from(b % 4)) else { return };
        (one, other)
    } else {
        (player(first, a), player(second, b))
    };
    match how % 6 {
        0 => swap(one, other),
        1 => swap(&mut one.bag, &mut other.bag),
        2 => swap(&mut one.hand, &mut other.hand),
        3 => swap(&mut one.tallies, &mut other.tallies),
        4 => swap(&mut one.buddy, &mut other.buddy),
        _ => *one = take(other),
    }
}

/// Exchanges what a player holds with what is held outside.
fn pocket_player(player: &mut Player, pockets: &mut Pockets, how: u8) {
    match how % 4 {
        0 => swap(&mut player.bag, &mut pockets.cards.map),
        1 => swap(&mut player.log, &mut pockets.texts.array),
        2 => swap(&mut player.buddy, &mut pockets.buddy),
        _ => pockets.players.values.push(take(player)),
    }
}

/// Replaces whole states.
fn edit_worlds(
    first: &mut Tracked<World>,
    second: &mut Tracked<World>,
    pockets: &mut Pockets,
    how: u8,
) {
    match how % 8 {
        0 => **first = World::default(),
        1 => **second = (**first).clone(),
        2 => swap(&mut **first, &mut **second),
        3 => swap(&mut **first, &mut pockets.world),
        4 => swap(&mut **second, &mut pockets.world),
        5 => swap(&mut first.players, &mut second.guests),
        6 => swap(&mut first.queue, &mut second.queue),
        _ => **first = serde_json::from_value(serde_json::to_value(&**first).unwrap()).unwrap(),
    }
}
