use serde_json::json;
use thiserror::Error;

/// Error codes of matchmaking. Over HTTP they are the status too; on a WebSocket they stand in the
/// [`ERROR` frame](crate::frame::error).
pub mod code {
    /// A body that is not JSON.
    pub const MALFORMED_BODY: u16 = 400;
    /// The server is shutting down.
    pub const SHUTTING_DOWN: u16 = 503;
    /// No room of that name is defined, or there is no such method.
    pub const NO_HANDLER: u16 = 520;
    /// No room matches.
    pub const INVALID_CRITERIA: u16 = 521;
    /// No room of that id, or a locked one.
    pub const INVALID_ROOM_ID: u16 = 522;
    /// Errors that carry no code of their own, and rooms that are full.
    pub const UNHANDLED: u16 = 523;
    /// A seat or a reconnection token that is not good any more.
    pub const EXPIRED: u16 = 524;
    /// `on_auth` refused.
    pub const AUTH_FAILED: u16 = 525;
    /// `on_join` failed.
    pub const APPLICATION_ERROR: u16 = 526;
    /// A message that has no handler or does not fit it (development only).
    pub const INVALID_PAYLOAD: u16 = 4217;
}

/// A request that is not granted: a code that programs read and a message for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// One of [`code`], or a user's own.
    pub code: u16,
    /// What went wrong. Clients see it.
    pub message: String,
}

impl Refusal {
    /// A refusal with a code of one's own.
    #[must_use]
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The room name is not defined.
    #[must_use]
    pub fn no_handler(name: &str) -> Self {
        Self::new(code::NO_HANDLER, format!("provided room name \"{name}\" not defined"))
    }

    /// `join` found no room.
    #[must_use]
    pub fn no_rooms_found() -> Self {
        Self::new(code::INVALID_CRITERIA, "no rooms found with provided criteria")
    }

    /// `joinById` of a room that does not exist.
    #[must_use]
    pub fn room_not_found(room_id: &str) -> Self {
        Self::new(code::INVALID_ROOM_ID, format!("room \"{room_id}\" not found"))
    }

    /// `joinById` of a locked room.
    #[must_use]
    pub fn room_locked(room_id: &str) -> Self {
        Self::new(code::INVALID_ROOM_ID, format!("room \"{room_id}\" is locked"))
    }

    /// `reconnect` to a room that is gone.
    #[must_use]
    pub fn room_disposed(room_id: &str) -> Self {
        Self::new(code::INVALID_ROOM_ID, format!("room \"{room_id}\" has been disposed."))
    }

    /// The room has no seat left.
    #[must_use]
    pub fn room_full(room_id: &str) -> Self {
        Self::new(code::UNHANDLED, format!("{room_id} is already full."))
    }

    /// `reconnect` without a token.
    #[must_use]
    pub fn token_missing() -> Self {
        Self::new(code::UNHANDLED, "'reconnectionToken' must be provided for reconnection.")
    }

    /// `reconnect` with a token that is not good any more.
    #[must_use]
    pub fn token_expired() -> Self {
        Self::new(code::EXPIRED, "reconnection token invalid or expired.")
    }

    /// A socket whose seat is not good any more.
    #[must_use]
    pub fn seat_expired() -> Self {
        Self::new(code::EXPIRED, "seat reservation expired.")
    }

    /// `on_auth` refused.
    #[must_use]
    pub fn auth_failed() -> Self {
        Self::new(code::AUTH_FAILED, "onAuth failed")
    }

    /// The server is shutting down.
    #[must_use]
    pub fn shutting_down() -> Self {
        Self::new(code::SHUTTING_DOWN, "server is shutting down")
    }

    /// The HTTP status: the code where it is an error status (400–599), else 500. The body carries the code in any case.
    #[must_use]
    pub fn status(&self) -> u16 {
        if (400..600).contains(&self.code) { self.code } else { 500 }
    }

    /// The body, `application/json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({ "code": self.code, "error": self.message }).to_string()
    }
}
