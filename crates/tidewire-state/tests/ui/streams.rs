//! Streams hold structs, and only they have a pace.

use tidewire_state::{MapSchema, Schema, StreamSchema};

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Enemy {
    level: u8,
}

fn by_level(enemy: &Enemy, _: Option<&str>) -> f32 {
    enemy.level.into()
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Arena {
    #[schema(max_per_tick = 3)]
    map: MapSchema<Enemy>,
    #[schema(priority = by_level)]
    level: u8,
    #[schema(max_per_tick, priority)]
    nothing_said: StreamSchema<Enemy>,
    #[schema(skip, max_per_tick = 3)]
    skipped: StreamSchema<Enemy>,
    numbers: StreamSchema<u8>,
    optional: Option<StreamSchema<Enemy>>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Wrong {
    #[schema(priority = of_another)]
    enemies: StreamSchema<Enemy>,
}

fn of_another(level: &u8) -> f32 {
    f32::from(*level)
}

fn main() {}
