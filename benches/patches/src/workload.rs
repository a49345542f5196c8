//! The states of the patch benches. `benches/patchpack/workload.mjs` builds the very same ones.

use tidewire_state::{ArraySchema, MapSchema, Schema};

/// The example of patchpack's manual.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "State")]
pub struct Manual {
    clients: MapSchema<Client>,
    objects: ArraySchema<Object>,
    foo: Foo,
}

/// An entry of the example's map.
#[derive(Schema, Clone, Default)]
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

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Foo {
    baz: bool,
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

/// How many come into a map, one after the other, and go.
pub const VISITORS: usize = 100;

/// A state into whose map somebody comes.
pub trait Visited: Schema {
    /// Who comes, and under which key.
    type Visitor;
    /// One of them.
    fn visitor(&self, index: usize) -> Self::Visitor;
    /// A visitor comes.
    fn come(&mut self, visitor: &Self::Visitor);
    /// And goes.
    fn go(&mut self, visitor: &Self::Visitor);
}

/// The first one is the addition of the manual.
impl Visited for Manual {
    type Visitor = (String, Client);

    fn visitor(&self, index: usize) -> (String, Client) {
        ((index + 3).to_string(), Client { name: "FooBaz".into(), info: "test".into() })
    }

    fn come(&mut self, (key, client): &(String, Client)) {
        self.clients.insert(key.as_str(), client.clone());
    }

    fn go(&mut self, (key, _): &(String, Client)) {
        self.clients.remove(key.as_str());
    }
}

/// A map of players.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "State")]
pub struct Arena {
    players: MapSchema<Player>,
}

/// A player, of whom `x` changes.
#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
pub struct Player {
    #[schema(number)]
    x: f64,
    #[schema(number)]
    y: f64,
    hp: u16,
    name: String,
    dir: u8,
}

/// A state with so many players.
pub fn arena(count: u32) -> Arena {
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

impl Manual {
    /// Turns what changes.
    pub fn turn(&mut self) {
        self.foo.baz ^= true;
    }
}

impl Arena {
    /// Moves a player a step.
    pub fn step(&mut self, key: &str) {
        let player = self.players.get_mut(key).expect("every key is in the map");
        player.x = (player.x + 1.0) % 1000.0;
    }
}

impl Visited for Arena {
    type Visitor = (String, Player);

    fn visitor(&self, index: usize) -> (String, Player) {
        let index = (self.players.len() + index) as u32;
        (key(index), player(index))
    }

    fn come(&mut self, (key, player): &(String, Player)) {
        self.players.insert(key.as_str(), player.clone());
    }

    fn go(&mut self, (key, _): &(String, Player)) {
        self.players.remove(key.as_str());
    }
}

fn player(index: u32) -> Player {
    Player {
        x: f64::from(index * 7 % 1000),
        y: f64::from(index * 13 % 1000),
        hp: 100,
        name: format!("Player {index}"),
        dir: (index % 4) as u8,
    }
}

fn key(index: u32) -> String {
    format!("player-{index}")
}
