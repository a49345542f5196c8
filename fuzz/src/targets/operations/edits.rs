//! Every way in which a state can be edited.

use std::mem;

use tidewire_state::{ArraySchema, Element, MapSchema, StreamSchema};

use super::{
    super::world::{Item, World},
    choices::Choices,
};

/// One edit, or a few that belong together.
pub(super) fn edit(world: &mut World, choices: &mut Choices<'_>) {
    match choices.below(25) {
        0 => world.on = !world.on,
        1 => world.tiny = choices.byte() as i8,
        2 => world.level = choices.maybe(|choices| u16::from(choices.byte()) * 257),
        3 => world.big = u64::from(choices.byte()).pow(8),
        4 => world.name = choices.text(),
        5 => world.note = choices.maybe(Choices::text),
        6 => world.score = choices.number(),
        7 => world.exact = choices.double(),
        8 => edit_item(&mut world.chief, choices),
        9 => world.guest = choices.maybe(Choices::item),
        10 => world.guest.iter_mut().for_each(|guest| edit_item(guest, choices)),
        11..15 => {
            let items = items(world, choices);
            edit_items(items, choices);
        }
        15 => edit_array(&mut world.numbers, choices, |choices| i16::from(choices.byte()) * 129),
        16 => edit_array(&mut world.texts, choices, Choices::text),
        17 => edit_map(&mut world.points, choices, |choices| f32::from(choices.byte()) / 4.0),
        18 => edit_map(&mut world.labels, choices, Choices::text),
        19 => edit_map(&mut world.crews, choices, Choices::crew),
        20 => {
            let key = choices.key();
            if let Some(crew) = world.crews.get_mut(&key) {
                match choices.below(3) {
                    0 => crew.title = choices.text(),
                    1 => edit_map(&mut crew.by_key, choices, Choices::item),
                    _ => {
                        for mut item in crew.by_key.values_mut() {
                            edit_item(&mut item, choices);
                        }
                    }
                }
            }
        }
        21 => exchange(world, choices),
        22 => carry(world, choices),
        23 => edit_stream(&mut world.crowd, choices),
        _ => replace(world, choices),
    }
}

/// One of the arrays of items.
fn items<'a>(world: &'a mut World, choices: &mut Choices<'_>) -> &'a mut ArraySchema<Item> {
    match choices.below(3) {
        0 => &mut world.items,
        1 => &mut world.spare,
        _ => match world.crews.get_mut(&choices.key()) {
            Some(crew) => &mut crew.items,
            None => &mut world.items,
        },
    }
}

fn edit_item(item: &mut Item, choices: &mut Choices<'_>) {
    match choices.below(6) {
        0 => item.n = item.n.wrapping_add(1),
        1 => item.name = choices.text(),
        2 => item.next = choices.maybe(|choices| Box::new(choices.item())),
        3 => item.next.iter_mut().for_each(|next| next.n ^= 0x100),
        4 => edit_array(&mut item.tags, choices, Choices::text),
        _ => *item = choices.item(),
    }
}

fn edit_items(items: &mut ArraySchema<Item>, choices: &mut Choices<'_>) {
    let len = items.len();
    match choices.below(7) {
        0 if len > 0 => edit_item(&mut items[choices.below(len)], choices),
        1 => items.iter_mut().for_each(|mut item| item.n = item.n.wrapping_add(1)),
        2 => items.sort_by_key(|item| item.n),
        3 if len > 0 => drop(items.replace(choices.below(len), choices.item())),
        4 if len > 1 => {
            let mut items = items.iter_mut();
            if let (Some(mut first), Some(mut last)) = (items.next(), items.next_back()) {
                mem::swap(&mut *first, &mut *last);
            }
        }
        _ => edit_array(items, choices, Choices::item),
    }
}

fn edit_stream(stream: &mut StreamSchema<Item>, choices: &mut Choices<'_>) {
    let key = stream.iter().nth(choices.below(stream.len())).map(|(key, _)| key);
    match (choices.below(6), key) {
        (0..3, _) if stream.len() < MOST => {
            stream.add(choices.item());
        }
        (3, Some(key)) => drop(stream.remove(key)),
        (4, Some(key)) => stream.get_mut(key).into_iter().for_each(|item| edit_item(item, choices)),
        (5, _) => stream.values_mut().for_each(|mut item| item.n = item.n.wrapping_add(1)),
        _ => stream.clear(),
    }
}

/// How long arrays and maps are let grow.
const MOST: usize = 24;

fn edit_array<'a, V: Element + Clone>(
    array: &mut ArraySchema<V>,
    choices: &mut Choices<'a>,
    mut value: impl FnMut(&mut Choices<'a>) -> V,
) {
    let len = array.len();
    let fits = len < MOST;
    match choices.below(16) {
        0..3 if fits => array.push(value(choices)),
        3 if fits => array.insert(choices.below(len + 1), value(choices)),
        4 if len > 0 => drop(array.remove(choices.below(len))),
        5 => drop(array.pop()),
        6 if len > 0 => array[choices.below(len)] = value(choices),
        7 if len > 0 => array.swap(choices.below(len), choices.below(len)),
        8 if len > 0 => array.move_item(choices.below(len), choices.below(len)),
        9 => array.reverse(),
        10 if len > 0 => array.rotate_left(choices.below(len)),
        11 => array.truncate(choices.below(len + 1)),
        12 if fits => {
            let start = choices.below(len + 1);
            let end = start + choices.below(len + 1 - start);
            let new: Vec<V> = (0..choices.below(4)).map(|_| value(choices)).collect();
            drop(array.splice(start..end, new));
        }
        13 => {
            let mask = choices.byte();
            let mut at = 0;
            array.retain(|_| {
                at += 1;
                mask >> (at % 8) & 1 == 1
            });
        }
        14 if choices.byte() < 64 => array.clear(),
        // The same values, as others.
        15 if choices.byte() < 64 => *array = array.clone(),
        _ => {}
    }
}

fn edit_map<'a, V: Element + Clone>(
    map: &mut MapSchema<V>,
    choices: &mut Choices<'a>,
    mut value: impl FnMut(&mut Choices<'a>) -> V,
) {
    let key = choices.key();
    match choices.below(12) {
        0..4 if map.len() < 300 => drop(map.insert(&key, value(choices))),
        4 => drop(map.remove(&key)),
        5 => {
            if let Some(old) = map.get_mut(&key) {
                *old = value(choices);
            }
        }
        6 if map.len() < 300 => drop(map.entry(&key).or_insert_with(|| value(choices))),
        // It goes and comes again, as the same.
        7 => {
            if let Some((key, old)) = map.remove_entry(&key) {
                map.insert(key, old);
            }
        }
        8 => {
            let mask = choices.byte();
            map.retain(|key, _| mask >> (key.len() % 8) & 1 == 1);
        }
        9 => map.values_mut().take(3).for_each(|mut old| *old = value(choices)),
        10 if choices.byte() < 64 => map.clear(),
        11 if choices.byte() < 64 => *map = map.drain().collect(),
        _ => {}
    }
}

/// Whole collections change their places.
fn exchange(world: &mut World, choices: &mut Choices<'_>) {
    let World { items, spare, crews, chief, guest, .. } = world;
    match choices.below(6) {
        0 => mem::swap(items, spare),
        1 => *spare = mem::take(items),
        2 => {
            if let Some(crew) = crews.get_mut(&choices.key()) {
                mem::swap(&mut crew.items, items);
            }
        }
        3 => {
            if let Some(guest) = guest {
                mem::swap(guest, chief);
            }
        }
        4 => mem::swap(
            &mut chief.tags,
            &mut items.iter_mut().next().map_or_else(Item::default, |item| item.clone()).tags,
        ),
        _ => *items = items.iter().rev().cloned().collect(),
    }
}

/// What is taken out of one place is put into another.
fn carry(world: &mut World, choices: &mut Choices<'_>) {
    let item = match choices.below(4) {
        0 => items(world, choices).pop(),
        1 => world.guest.take(),
        2 => {
            world.crews.get_mut(&choices.key()).and_then(|crew| crew.by_key.remove(&choices.key()))
        }
        _ => {
            let items = items(world, choices);
            let len = items.len();
            (len > 0).then(|| items.remove(choices.below(len)))
        }
    };
    let Some(item) = item else { return };
    match choices.below(5) {
        0 => world.guest = Some(item),
        1 => world.chief.next = Some(Box::new(item)),
        2 => drop(world.crews.entry(choices.key()).or_default().by_key.insert(choices.key(), item)),
        _ => {
            let items = items(world, choices);
            if items.len() < MOST {
                items.insert(choices.below(items.len() + 1), item);
            }
        }
    }
}

/// All is other than it was.
fn replace(world: &mut World, choices: &mut Choices<'_>) {
    match choices.below(8) {
        0 => *world = World::default(),
        1 => *world = world.clone(),
        2 => world.chief = Item::default(),
        _ => world.crews.values_mut().for_each(|mut crew| *crew = choices.crew()),
    }
}
