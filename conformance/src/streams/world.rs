//! The state.

use serde::Serialize;
use tidewire_state::{ArraySchema, MapSchema, Schema, StreamSchema};

/// What stands in streams.
#[derive(Schema, Clone, Debug, Default, Serialize)]
#[schema(crate = "tidewire_state")]
pub(super) struct Beast {
    pub(super) name: String,
    pub(super) rank: u8,
    pub(super) stone: Option<Stone>,
    pub(super) marks: ArraySchema<String>,
    #[schema(view)]
    pub(super) secret: String,
}

/// What is below an entry.
#[derive(Schema, Clone, Debug, Default, Serialize)]
#[schema(crate = "tidewire_state")]
pub(super) struct Stone {
    pub(super) tint: u8,
}

/// Streams in a collection.
#[derive(Schema, Clone, Debug, Default, Serialize)]
#[schema(crate = "tidewire_state")]
pub(super) struct Zone {
    pub(super) title: String,
    #[schema(max_per_tick = 1, priority = by_rank)]
    pub(super) crowd: StreamSchema<Beast>,
    #[schema(view, max_per_tick = 1)]
    pub(super) herd: StreamSchema<Beast>,
}

/// The root.
#[derive(Schema, Clone, Debug, Default, Serialize)]
#[schema(crate = "tidewire_state")]
pub(super) struct World {
    pub(super) title: String,
    #[schema(max_per_tick = 3, priority = by_rank)]
    pub(super) crowd: StreamSchema<Beast>,
    #[schema(max_per_tick = 2)]
    pub(super) line: StreamSchema<Beast>,
    #[schema(view, max_per_tick = 2, priority = by_rank)]
    pub(super) herd: StreamSchema<Beast>,
    pub(super) zones: MapSchema<Zone>,
    pub(super) row: ArraySchema<Zone>,
}

/// The high ones first; for one viewer, the low ones.
pub(super) fn by_rank(beast: &Beast, viewer: Option<&str>) -> f32 {
    let rank = f32::from(beast.rank);
    if viewer == Some("b") { -rank } else { rank }
}
