//! What everybody sees of the game. Names of types are those that clients' classes go by.

use tidewire::prelude::*;

use super::geometry::Point;

/// A whole vector, in thousandths of a unit.
#[derive(Schema, Default, Clone, Serialize, Deserialize)]
pub struct IVec2 {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// A place.
#[derive(Schema, Default, Clone, Serialize, Deserialize)]
pub struct Position2 {
    /// Where.
    pub v: IVec2,
}

/// A direction.
#[derive(Schema, Default, Clone, Serialize, Deserialize)]
pub struct Angle {
    /// In thousandths of a degree.
    pub degrees: i32,
}

/// A player.
#[derive(Schema, Default)]
pub struct PlayerState {
    /// Where they stand.
    pub position: Position2,
    /// Where they look.
    pub rotation: Angle,
    /// Where they walk, if they do.
    #[schema(rename = "targetPosition")]
    pub target_position: Option<Position2>,
    /// How well they are.
    pub health: i32,
    /// How well they can be.
    #[schema(rename = "maxHealth")]
    pub max_health: i32,
    /// How good their weapon is.
    #[schema(rename = "weaponLevel")]
    pub weapon_level: i32,
    /// What they can spend.
    pub resources: i32,
    /// The tick of their last shot.
    #[schema(skip)]
    pub last_fire: i64,
}

/// What walks to the base.
#[derive(Schema, Default)]
pub struct MonsterState {
    /// Its number, which is its key too.
    pub id: u32,
    /// Where it is.
    pub position: Position2,
    /// Where it looks.
    pub rotation: Angle,
    /// How much it can take.
    pub health: i32,
    /// How much it could take.
    #[schema(rename = "maxHealth")]
    pub max_health: i32,
}

/// What shoots by itself.
#[derive(Schema, Default)]
pub struct TurretState {
    /// Its number, which is its key too.
    pub id: u32,
    /// Where it stands.
    pub position: Position2,
    /// Where it looks.
    pub rotation: Angle,
    /// How good it is.
    pub level: i32,
    /// Who gets what it wins.
    #[schema(rename = "ownerID")]
    pub owner: Option<String>,
    /// The tick of its last shot.
    #[schema(skip)]
    pub last_fire: i64,
}

/// What is defended.
#[derive(Schema, Default)]
pub struct BaseState {
    /// Where it stands.
    pub position: Position2,
    /// How near monsters must come, in units.
    #[schema(number)]
    pub radius: f64,
    /// How much it can take.
    pub health: i32,
    /// How much it could take.
    #[schema(rename = "maxHealth")]
    pub max_health: i32,
}

/// All of it.
#[derive(Schema, Default)]
pub struct HeroDefenseState {
    /// The players, by their ids.
    pub players: MapSchema<PlayerState>,
    /// The monsters, by their numbers.
    pub monsters: MapSchema<MonsterState>,
    /// The turrets, by their numbers.
    pub turrets: MapSchema<TurretState>,
    /// The base.
    pub base: BaseState,
    /// How often somebody played.
    pub score: i32,
    /// How many ticks there were.
    #[schema(skip)]
    pub tick: i64,
    /// The number of the last monster.
    #[schema(skip)]
    pub spawned: u32,
    /// The number of the last turret.
    #[schema(skip)]
    pub built: u32,
}

impl Position2 {
    /// This place.
    pub fn at((x, y): Point) -> Self {
        Self { v: IVec2 { x, y } }
    }

    /// Where it is.
    pub fn point(&self) -> Point {
        (self.v.x, self.v.y)
    }
}
