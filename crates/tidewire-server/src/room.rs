//! What a room is: its state, and what it does when something happens to it.

use std::future::{Future, ready};
use std::net::IpAddr;

use axum::http::HeaderMap;
use tidewire_state::Schema;

use crate::client::{AuthData, Client, LeaveReason};
use crate::context::RoomContext;
use crate::error::Result;
use crate::options::Options;

/// A kind of room. A value of the type is one room; the server makes them as clients ask for them.
///
/// Every hook has a default that does nothing. The hooks that hold the room are plain functions: while one runs, the room
/// does nothing else, so what must wait belongs into [`on_auth`](Self::on_auth) or [`RoomContext::spawn`]. A hook that
/// fails is logged, and fails what it was called for; a hook that panics ends its room, and no other.
///
/// ```
/// use tidewire_server::{Client, Options, Result, Room, RoomContext};
/// # use tidewire_state::example::Arena;
///
/// #[derive(Default)]
/// struct ArenaRoom {
///     joined: usize,
/// }
///
/// impl Room for ArenaRoom {
///     type State = Arena;
///
///     fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
///         room.set_max_clients(8);
///         room.on_message("hello", |this, room, client, name: String| {
///             let text = format!("{name} is one of {}", this.joined);
///             room.broadcast_except("hello", &text, client)
///         });
///         Ok(())
///     }
///
///     fn on_join(&mut self, _: &mut RoomContext<Self>, _: &Client, _: Options) -> Result<()> {
///         self.joined += 1;
///         Ok(())
///     }
/// }
/// ```
pub trait Room: Sized + Send + 'static {
    /// What all clients of the room see.
    type State: Schema + Default + Send + 'static;

    /// Decides whether a client may enter, before it gets a seat, and what is known about it: [`Client::auth`].
    ///
    /// It holds no room and may take its time.
    ///
    /// # Errors
    /// The client is refused, with the error's code (525 if it has none) and message.
    fn on_auth(request: AuthRequest) -> impl Future<Output = Result<AuthData>> + Send {
        let _ = request;
        ready(Ok(AuthData::none()))
    }

    /// The room begins: the place to register message handlers and to set what is to be set. What the client asked for
    /// is in [`RoomContext::options`].
    ///
    /// # Errors
    /// The room is not made, and the client that asked for it gets the error's code (523 if it has none) and message.
    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let _ = room;
        Ok(())
    }

    /// A client took its seat. It gets the state afterwards.
    ///
    /// # Errors
    /// The client is told the error's code (526 if it has none) and message, and closed with 4002; `on_leave` is called
    /// with [`LeaveReason::JoinFailed`], so that what was begun can be undone in one place.
    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let _ = (room, client, options);
        Ok(())
    }

    /// A client has left, for whatever reason. Called once for each client that `on_join` was called for.
    ///
    /// # Errors
    /// Are logged.
    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        reason: LeaveReason,
    ) -> Result<()> {
        let _ = (room, client, reason);
        Ok(())
    }

    /// The state is about to be compared and sent; called on every tick of the patch rate, also when nothing changed.
    ///
    /// # Errors
    /// Are logged; the patch is sent nevertheless.
    fn on_before_patch(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let _ = room;
        Ok(())
    }

    /// The room ends; all clients have left.
    ///
    /// # Errors
    /// Are logged.
    fn on_dispose(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let _ = room;
        Ok(())
    }
}

/// What [`Room::on_auth`] decides by. All of it comes from the client.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuthRequest {
    /// The bearer token of the request.
    pub token: Option<String>,
    /// What the client joins with.
    pub options: Options,
    /// Where the request came from; `None` for requests of the server itself and of transports without addresses.
    pub ip: Option<IpAddr>,
    /// The headers of the request.
    pub headers: HeaderMap,
}

impl AuthRequest {
    /// A request with these options, and nothing else known about it.
    #[must_use]
    pub fn new(options: impl Into<Options>) -> Self {
        Self { options: options.into(), ..Self::default() }
    }
}
