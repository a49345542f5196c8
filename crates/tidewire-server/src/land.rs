//! Lands: rooms that unmodified SwiftStateTree clients join.
//!
//! A land is a room of a [`Definition`](crate::Definition) that says which types are sent to and fro
//! ([`Definition::land`](crate::Definition::land)). Clients dial `/game`, with anything behind it; `/schema` tells them of
//! all lands. The room is the same one that Colyseus clients join, and one walk of its state serves both:
//!
//! | in the room | a Colyseus client | a client of a land |
//! |---|---|---|
//! | [`Client::session_id`](crate::Client::session_id) | random | its player id |
//! | the options of `on_join` | those of the join | the metadata of the join, the token's over it; `playerID`, `deviceID`, `isGuest`, `landInstanceId` |
//! | [`on_message`](crate::RoomContext::on_message) | messages | events |
//! | [`on_request`](crate::RoomContext::on_request), [`on_action`](crate::RoomContext::on_action) | requests | actions |
//! | [`broadcast`](crate::RoomContext::broadcast), [`Client::send`](crate::Client::send) | a message, at once | an event, at once |
//! | [`emit`](crate::RoomContext::emit) | a message, at once | an event, in one frame with the next patch where the encoding has such |
//!
//! In a room with a simulation interval, what clients of lands send is handled at the next step, in the order in which it
//! came and before the step itself; the answers to actions go out after it. A player who joins again takes the place of the
//! older connection, which is closed; that place is theirs in a full land too.
//!
//! Where some of the state is not for everyone, each client has a view of its own from the start, by the name of its player
//! ([`view`](crate::RoomContext::view)): what is for everyone is written once and sent to all, and what a view adds to it is sent
//! to its client. docs/VIEWS.md has the rule. What SwiftStateTree calls the policy of a field is an attribute of it:
//!
//! | policy | here |
//! |---|---|
//! | `.broadcast` | no attribute |
//! | `.serverOnly` | `skip`; its name is not in the schema either |
//! | `.perPlayer(function)` | `filter = function` where the function hides a value or shows it |
//! | `.perPlayerSlice()` | `per_player` on a map whose keys are the players' ids |
//! | `.masked(function)` | `masked(function)`: one value for all, written once |
//! | `.custom(function)`, or `.perPlayer` with a value that differs from player to player | `custom = function` on a primitive; else a `per_player` map with a value for each |
//! | what a player is shown for a while | `view`, and [`ClientView::add`](crate::ClientView::add) |
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tidewire_server::land::types_of;
//! use tidewire_server::{Definition, Result, Room, RoomContext, Server};
//! use tidewire_state::Schema;
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Counter { count: i32 }
//!
//! #[derive(Schema, Default, Deserialize)]
//! # #[schema(crate = "tidewire_state")]
//! struct Increment {}
//!
//! #[derive(Serialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Incremented { new_count: i32 }
//!
//! #[derive(Default)]
//! struct CounterRoom;
//!
//! impl Room for CounterRoom {
//!     type State = Counter;
//!
//!     fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
//!         room.on_action("Increment", |_, room, _, _: Increment| {
//!             room.state.count += 1;
//!             Ok(Incremented { new_count: room.state.count })
//!         });
//!         Ok(())
//!     }
//! }
//!
//! let counter = Definition::new(CounterRoom::default)
//!     .land(|land| land.action("Increment", types_of::<Increment>()));
//! let server = Server::new().define_with("counter", counter);
//! ```

mod codec;
mod config;
mod connection;
mod context;
mod lands;
mod rooms;
mod task;
mod token;
mod voice;

pub(crate) use self::{
    codec::LandCodec,
    connection::{is_land, run},
    context::LandSide,
    lands::Lands,
    rooms::INSTANCE,
    task::deliver,
    voice::{LandHello, Voice, broadcast, payload},
};
pub use self::{
    config::LandConfig,
    token::{TokenError, Tokens},
};
pub use tidewire_opcode::{Land, Profile, types_of};
