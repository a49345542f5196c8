//! Two small types for the examples of this crate's documentation.

use crate::{MapSchema, Schema};

/// Somebody in an [`Arena`].
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "crate")]
pub struct Player {
    /// What others call them.
    pub name: String,
    /// To the right, in metres.
    pub x: f32,
    /// Upwards, in metres.
    pub y: f32,
}

/// A place with players in it.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "crate")]
pub struct Arena {
    /// Who is there, by session id.
    pub players: MapSchema<Player>,
}
