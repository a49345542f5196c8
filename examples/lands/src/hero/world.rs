//! The rules. They are whole-number geometry and 32-bit floats in a fixed order, so that a game goes the same way on every
//! machine.

use tidewire::state::MapSchema;
use tidewire_opcode::Fnv1a;

use super::geometry::{Point, fixed, heading, squared, towards};
use super::state::{
    Angle, BaseState, HeroDefenseState as World, MonsterState, PlayerState, Position2, TurretState,
};

/// What was fired in a tick.
#[derive(Debug, Default)]
pub struct Fire {
    /// By players.
    pub shots: Vec<Shot>,
    /// By turrets.
    pub volleys: Vec<Volley>,
}

/// A player shot.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Who.
    pub player: String,
    /// From where.
    pub from: Point,
    /// To where.
    pub to: Point,
}

/// A turret fired.
#[derive(Clone, Debug)]
pub struct Volley {
    /// Its number.
    pub turret: u32,
    /// From where.
    pub from: Point,
    /// To where.
    pub to: Point,
}

/// The random numbers of a game.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers that go with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The numbers of the land of this id, as `hero-defense:default`.
    pub fn of_land(land_id: &str) -> Self {
        Self::new(Fnv1a::new().text(land_id).finish())
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

impl World {
    /// A world with a base.
    pub fn new() -> Self {
        let position = Position2::at(BASE);
        let base = BaseState { position, radius: 3.0, health: 100, max_health: 100 };
        Self { base, ..Self::default() }
    }

    /// A player comes. How strong depends on the name.
    pub fn join(&mut self, player: &str, random: &mut Random) {
        let level = match (Fnv1a::new().text(player).fold() & 0x7fff_ffff) % 3 {
            0 => 1,
            1 => 2,
            _ => 3,
        };
        let x = fixed(64.0 + random.float(-5.0, 5.0));
        let y = fixed(36.0 + random.float(-5.0, 5.0));
        let health = 100 + 10 * level;
        let joined = PlayerState {
            position: Position2::at((x, y)),
            health,
            max_health: health,
            weapon_level: level - 1,
            ..PlayerState::default()
        };
        self.players.insert(player, joined);
    }

    /// One tick: players walk and shoot, monsters come and walk, turrets fire.
    pub fn tick(&mut self, random: &mut Random) -> Fire {
        let shots = self.act();
        self.spawn(random);
        self.advance();
        let volleys = self.fire();
        self.tick += 1;
        Fire { shots, volleys }
    }

    /// A player walks to a place, or as near as the world goes.
    pub fn move_to(&mut self, player: &str, target: &Position2) -> Option<()> {
        let player = self.players.get_mut(player)?;
        player.target_position = Some(Position2::at(clamp(target.point())));
        Some(())
    }

    /// A player shoots now, if the weapon is ready and a monster near.
    pub fn shoot(&mut self, name: &str) -> Option<Shot> {
        let player = self.players.get_mut(name)?;
        shoot(player, name, &mut self.monsters, self.tick)
    }

    /// A player builds a turret, if there is room and enough to spend.
    pub fn place_turret(&mut self, player: &str, position: &Position2) -> Option<()> {
        let at = position.point();
        let is_apart = |other: Point, distance: i64| squared(at, other) >= distance * distance;
        let is_free = clamp(at) == at
            && is_apart(self.base.position.point(), 8000)
            && self.turrets.values().all(|turret| is_apart(turret.position.point(), 3000))
            && self.turrets.len() < MOST_TURRETS;
        let owner = self.players.get_mut(player).filter(|owner| owner.resources >= TURRET_COST)?;
        if !is_free {
            return None;
        }
        owner.resources -= TURRET_COST;
        self.built += 1;
        let turret = TurretState {
            id: self.built,
            position: Position2::at(at),
            owner: Some(player.to_owned()),
            ..TurretState::default()
        };
        self.turrets.insert(self.built.to_string(), turret);
        Some(())
    }

    /// A player makes the weapon better.
    pub fn upgrade_weapon(&mut self, player: &str) -> Option<()> {
        let player = self.players.get_mut(player).filter(|player| player.resources >= 5)?;
        player.resources -= 5;
        player.weapon_level += 1;
        Some(())
    }

    /// A player makes a turret of theirs better.
    pub fn upgrade_turret(&mut self, player: &str, turret: u32) -> Option<()> {
        let key = turret.to_string();
        let is_theirs = self.turrets.get(&key)?.owner.as_deref() == Some(player);
        let owner = self.players.get_mut(player)?;
        if !is_theirs || owner.resources < 10 {
            return None;
        }
        owner.resources -= 10;
        self.turrets.get_mut(&key)?.level += 1;
        Some(())
    }

    fn act(&mut self) -> Vec<Shot> {
        let mut shots = Vec::new();
        for (name, mut player) in &mut self.players {
            if player.target_position.is_some() {
                walk(&mut player);
            }
            // Looked at first, for a player who only waits is not changed.
            if self.tick - player.last_fire >= PLAYER_PAUSE {
                shots.extend(shoot(&mut player, name, &mut self.monsters, self.tick));
            }
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
                1 => (WORLD.0, fixed(random.float(0.0, 72.0))),
                2 => (fixed(random.float(0.0, 128.0)), WORLD.1),
                _ => (0, fixed(random.float(0.0, 72.0))),
            };
            self.spawned += 1;
            let monster = MonsterState {
                id: self.spawned,
                position: Position2::at(at),
                health: 10,
                max_health: 10,
                ..MonsterState::default()
            };
            self.monsters.insert(self.spawned.to_string(), monster);
        }
    }

    fn advance(&mut self) {
        let mut arrived = Vec::new();
        for (key, mut monster) in &mut self.monsters {
            let from = monster.position.point();
            let to = towards(from, BASE, 500);
            monster.position = Position2::at(to);
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

    fn fire(&mut self) -> Vec<Volley> {
        let mut volleys = Vec::new();
        for (_, mut turret) in &mut self.turrets {
            if self.tick - turret.last_fire < TURRET_PAUSE {
                continue;
            }
            let from = turret.position.point();
            let range = i64::from(15 + turret.level) * 1000;
            let damage = 3 + turret.level;
            let Some((to, defeated)) = hit(&mut self.monsters, from, range, damage) else {
                continue;
            };
            if defeated
                && let Some(owner) = turret.owner.as_deref()
                && let Some(owner) = self.players.get_mut(owner)
            {
                owner.resources += REWARD;
            }
            turret.last_fire = self.tick;
            turret.rotation = Angle { degrees: heading(from, to) };
            volleys.push(Volley { turret: turret.id, from, to });
        }
        volleys
    }
}

fn walk(player: &mut PlayerState) {
    let Some(target) = player.target_position.as_ref().map(Position2::point) else { return };
    let from = player.position.point();
    let to = towards(from, target, PLAYER_STEP);
    if squared(from, target) > PLAYER_STEP * PLAYER_STEP {
        player.rotation.degrees = heading(from, target);
    }
    player.position = Position2::at(clamp(to));
    if to == target {
        player.target_position = None;
    }
}

fn shoot(
    player: &mut PlayerState,
    name: &str,
    monsters: &mut MapSchema<MonsterState>,
    tick: i64,
) -> Option<Shot> {
    if tick - player.last_fire < PLAYER_PAUSE {
        return None;
    }
    let from = player.position.point();
    let range = i64::from(20 + 2 * player.weapon_level) * 1000;
    let (to, defeated) = hit(monsters, from, range, 5 + 2 * player.weapon_level)?;
    if defeated {
        player.resources += REWARD;
    }
    player.last_fire = tick;
    player.rotation.degrees = heading(from, to);
    Some(Shot { player: name.to_owned(), from, to })
}

/// Hits the nearest monster, the first one if there are several: where it was, and whether it is gone.
fn hit(
    monsters: &mut MapSchema<MonsterState>,
    from: Point,
    range: i64,
    damage: i32,
) -> Option<(Point, bool)> {
    let distances = monsters
        .iter()
        .map(|(key, monster)| (squared(from, monster.position.point()), key.to_owned()));
    let near = distances.filter(|(distance, _)| *distance <= range * range);
    let (_, key) = near.min_by_key(|(distance, _)| *distance)?;
    let monster = monsters.get_mut(&key)?;
    let to = monster.position.point();
    monster.health = (monster.health - damage).max(0);
    let defeated = monster.health == 0;
    if defeated {
        monsters.remove(&key);
    }
    Some((to, defeated))
}

fn clamp((x, y): Point) -> Point {
    (x.clamp(0, WORLD.0), y.clamp(0, WORLD.1))
}

/// The far corner.
const WORLD: Point = (128_000, 72_000);
const BASE: Point = (64_000, 36_000);

/// How far a player walks in a tick.
const PLAYER_STEP: i64 = 1000;

/// Ticks between two shots.
const PLAYER_PAUSE: i64 = 10;
const TURRET_PAUSE: i64 = 20;

const TURRET_COST: i32 = 15;

/// For each monster.
const REWARD: i32 = 10;

/// How many turrets there may be; the world has room for more than anybody needs.
const MOST_TURRETS: usize = 256;
