//! The state that is edited and decoded.

use tidewire_state::{ArraySchema, CollectionSchema, Handle, MapSchema, Pool, Schema, SetSchema};

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
    pub(super) marks: SetSchema<String>,
    pub(super) rolls: CollectionSchema<u8>,
}

/// The same with instances of a pool.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(super) struct PooledWorld {
    #[schema(pool)]
    pub(super) pool: Pool<PooledItem>,
    pub(super) on: bool,
    pub(super) tiny: i8,
    pub(super) level: Option<u16>,
    pub(super) big: u64,
    pub(super) name: String,
    pub(super) note: Option<String>,
    #[schema(number)]
    pub(super) score: f64,
    pub(super) exact: f64,
    pub(super) chief: Option<Handle<PooledItem>>,
    /// A copy, if what is in it is somewhere else as well.
    pub(super) guest: Option<PooledItem>,
    pub(super) items: ArraySchema<Handle<PooledItem>>,
    pub(super) spare: ArraySchema<PooledItem>,
    pub(super) numbers: ArraySchema<i16>,
    pub(super) texts: ArraySchema<String>,
    pub(super) points: MapSchema<f32>,
    pub(super) labels: MapSchema<String>,
    pub(super) crews: MapSchema<Handle<PooledItem>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(super) struct PooledItem {
    pub(super) n: u32,
    pub(super) name: String,
    pub(super) next: Option<Handle<PooledItem>>,
    pub(super) tags: ArraySchema<String>,
    pub(super) kin: MapSchema<PooledItem>,
}

/// What a client has that was built before the last fields of [`World`] and [`Item`] were.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
pub(super) struct Older {
    pub(super) on: bool,
    pub(super) tiny: i8,
    pub(super) level: Option<u16>,
    pub(super) big: u64,
    pub(super) name: String,
    pub(super) note: Option<String>,
    #[schema(number)]
    pub(super) score: f64,
    pub(super) exact: f64,
    pub(super) chief: OlderItem,
    pub(super) guest: Option<OlderItem>,
    pub(super) items: ArraySchema<OlderItem>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
pub(super) struct OlderItem {
    pub(super) n: u32,
    pub(super) name: String,
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
