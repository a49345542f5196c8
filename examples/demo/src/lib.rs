//! A small shared world: people and wanderers look for sparks, and talk.
//!
//! The server simulates; the page in `web/` follows with the official Colyseus SDK. Where things are:
//!
//! - [`state`]: what clients see, as plain structs
//! - [`game`]: the rules, which know of no clients
//! - [`bots`]: what steers the wanderers
//! - [`room`]: what clients may do
//! - `main.rs`: the server, which has the page beside the rooms

pub mod bots;
pub mod game;
pub mod room;
pub mod state;
