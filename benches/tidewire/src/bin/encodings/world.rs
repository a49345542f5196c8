//! The hero-defense land of the original, for one player who stands idle.

use tidewire_opcode::{Fnv1a, Tree};
use tidewire_state::{MapSchema, Schema};

use super::cordic::{Point, fixed, heading, squared, towards};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Vector {
    pub(crate) x: i32,
    pub(crate) y: i32,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Position {
    pub(crate) v: Vector,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Angle {
    pub(crate) degrees: i32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Player {
    pub(crate) position: Position,
    pub(crate) rotation: Angle,
    #[schema(rename = "targetPosition")]
    pub(crate) target_position: Option<Position>,
    pub(crate) health: i32,
    #[schema(rename = "maxHealth")]
    pub(crate) max_health: i32,
    #[schema(rename = "weaponLevel")]
    pub(crate) weapon_level: i32,
    pub(crate) resources: i32,
    #[schema(skip)]
    pub(crate) last_fire: i64,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Monster {
    pub(crate) id: u32,
    pub(crate) position: Position,
    pub(crate) rotation: Angle,
    pub(crate) health: i32,
    #[schema(rename = "maxHealth")]
    pub(crate) max_health: i32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Turret {
    pub(crate) id: u32,
    pub(crate) position: Position,
    pub(crate) rotation: Angle,
    pub(crate) level: i32,
    #[schema(rename = "ownerID")]
    pub(crate) owner: Option<String>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Base {
    pub(crate) position: Position,
    #[schema(number)]
    pub(crate) radius: f64,
    pub(crate) health: i32,
    #[schema(rename = "maxHealth")]
    pub(crate) max_health: i32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct World {
    pub(crate) players: MapSchema<Player>,
    pub(crate) monsters: MapSchema<Monster>,
    pub(crate) turrets: MapSchema<Turret>,
    pub(crate) base: Base,
    pub(crate) score: i32,
    #[schema(skip)]
    pub(crate) tick: i64,
    #[schema(skip)]
    pub(crate) spawned: u32,
}

/// A shot: who, from where, to where.
pub(crate) struct Shot {
    pub(crate) player: String,
    pub(crate) from: Point,
    pub(crate) to: Point,
}

impl Vector {
    fn point(&self) -> Point {
        (self.x, self.y)
    }
}

impl Position {
    fn at((x, y): Point) -> Self {
        Self { v: Vector { x, y } }
    }
}

/// A point as clients hold it.
pub(crate) fn point((x, y): Point) -> Tree {
    Tree::object([("v", Tree::object([("x", Tree::from(x)), ("y", y.into())]))])
}

/// The original's random numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as u32
    }

    fn whole(&mut self, low: u32, high: u32) -> u32 {
        low + self.next() % (high - low + 1)
    }

    fn float(&mut self, low: f32, high: f32) -> f32 {
        low + self.next() as f32 / 4_294_967_295_u32 as f32 * (high - low)
    }
}

const BASE: Point = (64_000, 36_000);

impl World {
    pub(crate) fn new() -> Self {
        let position = Position::at(BASE);
        let base = Base { position, radius: 3.0, health: 100, max_health: 100 };
        Self { base, ..Self::default() }
    }

    pub(crate) fn join(&mut self, player: &str, random: &mut Random) {
        let level = (Fnv1a::new().text(player).fold() & 0x7fff_ffff) % 3 + 1;
        let level = i32::try_from(level).unwrap();
        let x = fixed(64.0 + random.float(-5.0, 5.0));
        let y = fixed(36.0 + random.float(-5.0, 5.0));
        let health = 100 + 10 * level;
        let joined = Player {
            position: Position::at((x, y)),
            health,
            max_health: health,
            weapon_level: level - 1,
            ..Player::default()
        };
        self.players.insert(player, joined);
    }

    /// One tick. Returns who shot.
    pub(crate) fn tick(&mut self, random: &mut Random) -> Vec<Shot> {
        let shots = self.shoot();
        self.spawn(random);
        self.advance();
        self.tick += 1;
        shots
    }

    fn shoot(&mut self) -> Vec<Shot> {
        let mut shots = Vec::new();
        for (name, mut player) in &mut self.players {
            if self.tick - player.last_fire < 10 {
                continue;
            }
            let from = player.position.v.point();
            let range = i64::from(20 + 2 * player.weapon_level) * 1000;
            let distances = self
                .monsters
                .iter()
                .map(|(key, monster)| (squared(from, monster.position.v.point()), key.to_owned()));
            let near = distances.filter(|(distance, _)| *distance <= range * range);
            let Some((_, key)) = near.min_by_key(|(distance, _)| *distance) else { continue };
            let monster = self.monsters.get_mut(&key).unwrap();
            let to = monster.position.v.point();
            monster.health -= 5 + 2 * player.weapon_level;
            if monster.health <= 0 {
                self.monsters.remove(&key);
                player.resources += 10;
            }
            player.last_fire = self.tick;
            player.rotation.degrees = heading(from, to);
            shots.push(Shot { player: name.to_owned(), from, to });
        }
        shots
    }

    fn spawn(&mut self, random: &mut Random) {
        let interval = (30.0 - 27.0 * (self.tick as f32 / 3000.0).min(1.0)) as i64;
        if self.tick % interval.max(3) != 0 {
            return;
        }
        for _ in 0..random.whole(1, 1) {
            let at = match random.whole(0, 3) {
                0 => (fixed(random.float(0.0, 128.0)), 0),
                1 => (128_000, fixed(random.float(0.0, 72.0))),
                2 => (fixed(random.float(0.0, 128.0)), 72_000),
                _ => (0, fixed(random.float(0.0, 72.0))),
            };
            self.spawned += 1;
            let position = Position::at(at);
            let monster = Monster {
                id: self.spawned,
                position,
                health: 10,
                max_health: 10,
                ..Monster::default()
            };
            self.monsters.insert(self.spawned.to_string(), monster);
        }
    }

    fn advance(&mut self) {
        let mut arrived = Vec::new();
        for (key, mut monster) in &mut self.monsters {
            let from = monster.position.v.point();
            let to = towards(from, BASE, 500);
            monster.position = Position::at(to);
            monster.rotation.degrees = heading(from, BASE);
            if squared(to, BASE) <= 3000 * 3000 {
                arrived.push(key.to_owned());
            }
        }
        for key in arrived {
            self.base.health = (self.base.health - 1).max(0);
            self.monsters.remove(&key);
        }
    }
}
