//! Rooms, matchmaking and transports of Tidewire.
//!
//! A [`Room`] is state and what happens to it. A [`Server`] makes rooms as clients ask for them, and lets Colyseus clients
//! of every generation since 0.16 join them, unmodified.
//!
//! ```
//! use tidewire_server::{Client, Context, LeaveReason, Options, Result, Room, RoomContext, Server};
//! # use serde::Deserialize;
//! # use tidewire_state::example::{Arena, Player};
//!
//! #[derive(Deserialize)]
//! struct Step { dx: f32, dy: f32 }
//!
//! #[derive(Default)]
//! struct ArenaRoom;
//!
//! impl Room for ArenaRoom {
//!     type State = Arena; // players: a map of {name, x, y}
//!
//!     fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
//!         room.on_message("move", |_, room, client, step: Step| {
//!             let player = room.state.players.get_mut(client.session_id()).context("not playing")?;
//!             player.x += step.dx;
//!             player.y += step.dy;
//!             Ok(())
//!         });
//!         Ok(())
//!     }
//!
//!     fn on_join(&mut self, room: &mut RoomContext<Self>, client: &Client, options: Options) -> Result<()> {
//!         let name = options.get_or("name", "anonymous")?;
//!         room.state.players.insert(client.session_id(), Player { name, ..Player::default() });
//!         Ok(())
//!     }
//!
//!     fn on_leave(&mut self, room: &mut RoomContext<Self>, client: &Client, _: LeaveReason) -> Result<()> {
//!         room.state.players.remove(client.session_id());
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let running = Server::new().define::<ArenaRoom>("arena").start("127.0.0.1:0").await?;
//! assert_ne!(running.address().port(), 0);
//! running.shut_down().await
//! # }
//! ```
//!
//! # How it works
//!
//! A request over HTTP is authenticated and gets a seat ([`Matchmaker`]); the client dials with it, and its session moves
//! frames between the connection ([`transport`]) and the room. Every room is one task that owns all of the room: what
//! happens comes in one thing at a time, so room code needs no locks, and a room that panics ends alone. Nothing that a
//! room does waits for a client.
//!
//! Each tick of the patch rate, what changed is encoded once, and the same bytes are queued for every client. Clients that
//! came since the last tick get one snapshot right after it, encoded once for all of them. What only some may see
//! ([`RoomContext::view`]) follows those shared bytes, in a frame of the client's own.

mod client;
mod codec;
mod config;
mod context;
mod definition;
mod error;
mod handlers;
mod http;
pub mod land;
mod listener;
mod matchmaker;
mod options;
mod outbox;
mod record;
mod registry;
mod room;
mod server;
mod session;
mod socket;
mod task;
pub mod transport;
mod view;

pub use crate::{
    client::{AuthData, Client, LeaveReason},
    codec::Codec,
    config::Config,
    context::RoomContext,
    definition::Definition,
    error::{Context, Error, Result},
    matchmaker::{Matchmaker, Seat},
    options::Options,
    room::{AuthRequest, Room},
    server::{Running, Server},
    view::ClientView,
};
pub use axum;
pub use tidewire_protocol::{
    close,
    frame::MessageType,
    matchmake::{Listing, Method, Refusal, code},
};
