//! The state that is edited and decoded.

use tidewire_state::{ArraySchema, MapSchema, Schema};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
pub(super) struct World {
    pub(super) on: bool,
    pub(super) tiny: i8,
    pub(super) level: Option<u16>,
    pub(super) big: u64,
    pub(super) name: String,
    pub(super) note: Option<String>,
    #[schema(number)]
    pub(super) score: f64,
    pub(super) exact: f64,
    pub(super) chief: Item,
    pub(super) guest: Option<Item>,
    pub(super) items: ArraySchema<Item>,
    pub(super) spare: ArraySchema<Item>,
    pub(super) numbers: ArraySchema<i16>,
    pub(super) texts: ArraySchema<String>,
    pub(super) points: MapSchema<f32>,
    pub(super) labels: MapSchema<String>,
    pub(super) crews: MapSchema<Crew>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
pub(super) struct Crew {
    pub(super) title: String,
    pub(super) items: ArraySchema<Item>,
    pub(super) by_key: MapSchema<Item>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
pub(super) struct Item {
    pub(super) n: u32,
    pub(super) name: String,
    pub(super) next: Option<Box<Item>>,
    pub(super) tags: ArraySchema<String>,
}
