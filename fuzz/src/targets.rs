//! The targets, one module each: `target` runs it, `seeds` are inputs to begin with, `WORDS` pieces
//! that inputs are likely to have.

mod costly;
pub mod decode_dynamic;
pub mod decode_typed;
pub mod frames;
pub mod handshake;
mod harbor;
pub mod inspect;
pub mod light;
pub mod matchmaking;
pub mod messages;
pub mod mpack;
pub mod notepack;
pub mod operations;
pub mod patches;
pub mod patchpack;
pub mod scenario;
pub mod sessions;
pub mod urls;
mod world;
