//! The states of the patch benches. `benches/patchpack/workload.mjs` builds the very same ones.

use tidewire_state::{ArraySchema, MapSchema, Schema};

/// The example of patchpack's manual.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "State")]
pub struct Manual {
    /// By number.
    pub clients: MapSchema<Client>,
    objects: ArraySchema<Object>,
    /// Of which one property changes.
    pub foo: Foo,
}

/// An entry of the example's map.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Client {
    name: String,
    info: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Object {
    id: u8,
    name: String,
    foo: Option<String>,
}

/// What a change of the example changes.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Foo {
    /// Turned at each change.
    pub baz: bool,
}

/// The state of the example.
pub fn manual() -> Manual {
    let client = |name: &str, info: &str| Client { name: name.into(), info: info.into() };
    let object = |id, more| Object { id, name: "Foo".into(), foo: more };
    Manual {
        clients: [("1", client("Foo", "")), ("2", client("Baz", "FooBaz"))].into(),
        objects: vec![object(1, None), object(2, Some("Baz".to_owned()))].into(),
        foo: Foo { baz: false },
    }
}

/// The addition of the example.
pub fn add_client(manual: &mut Manual) {
    manual.clients.insert("3", Client { name: "FooBaz".into(), info: "test".into() });
}

/// A map of players.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "State")]
pub struct Arena {
    /// By key.
    pub players: MapSchema<Player>,
}

/// A player, of whom `x` changes.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Player {
    /// Below 1,000.
    #[schema(number)]
    pub x: f64,
    #[schema(number)]
    y: f64,
    hp: u16,
    name: String,
    dir: u8,
}

/// A state with so many players.
pub fn arena(count: u32) -> Arena {
    let player = |index: u32| Player {
        x: f64::from(index * 7 % 1000),
        y: f64::from(index * 13 % 1000),
        hp: 100,
        name: format!("Player {index}"),
        dir: (index % 4) as u8,
    };
    let mut arena = Arena::default();
    for index in 0..count {
        arena.players.insert(key(index), player(index));
    }
    arena
}

/// The keys of all players in an order that jumps about (Fisher–Yates over xorshift32).
pub fn moves(count: u32) -> Vec<String> {
    let mut order: Vec<u32> = (0..count).collect();
    let mut random: u32 = 2_463_534_242;
    for last in (1..order.len()).rev() {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        order.swap(last, random as usize % (last + 1));
    }
    order.into_iter().map(key).collect()
}

impl Arena {
    /// Moves a player a step.
    pub fn step(&mut self, key: &str) {
        let player = self.players.get_mut(key).expect("every key is in the map");
        player.x = (player.x + 1.0) % 1000.0;
    }
}

fn key(index: u32) -> String {
    format!("player-{index}")
}
