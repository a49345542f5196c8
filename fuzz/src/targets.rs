//! The targets, one module each: `target` runs it, `seeds` are inputs to begin with, `WORDS` pieces
//! that inputs are likely to have.

mod costly;
pub mod decode_dynamic;
pub mod decode_typed;
pub mod frames;
pub mod handshake;
mod harbor;
pub mod inspect;
pub mod land_sessions;
pub mod light;
pub mod matchmaking;
pub mod messages;
pub mod mpack;
pub mod notepack;
pub mod opcode_frames;
pub mod opcode_messages;
pub mod operations;
pub mod patches;
pub mod patchpack;
pub mod scenario;
pub mod schema_files;
pub mod serializers;
pub mod sessions;
pub mod urls;
mod world;
