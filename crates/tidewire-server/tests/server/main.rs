//! What clients see of a server.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod codecs;
mod filters;
mod http;
mod lands;
mod matchmaking;
mod rooms;
mod sockets;
mod support;
mod views;
