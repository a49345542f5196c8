//! WebSocket close codes, and what clients make of them.
//!
//! A client of 0.17 or later takes 1001, 1005, 1006 and 4010 for a lost connection and dials again; every other code
//! ends its room. So a close frame must always carry a code: an empty one is read as 1005, and a kicked client would
//! come straight back.
//!
//! ```
//! use tidewire_protocol::close;
//!
//! assert_eq!(close::sendable(close::WITH_ERROR), close::WITH_ERROR);
//! assert_eq!(close::sendable(close::NO_STATUS), close::CONSENTED);
//! ```

/// Normal end, for instance `client.leave(1000)`. The client's room ends.
pub const NORMAL: u16 = 1000;
/// Going away. The client dials again.
pub const GOING_AWAY: u16 = 1001;
/// No code was in the close frame. Never sent; the client dials again.
pub const NO_STATUS: u16 = 1005;
/// There was no close frame. Never sent; the client dials again.
pub const ABNORMAL: u16 = 1006;
/// A frame above the limit on inbound frames.
pub const TOO_BIG: u16 = 1009;
/// The server failed to do its part.
pub const INTERNAL_ERROR: u16 = 1011;
/// The answer to a leave that the client asked for, a disconnected room, and a kick that names no code.
pub const CONSENTED: u16 = 4000;
/// The server is shutting down.
pub const SERVER_SHUTDOWN: u16 = 4001;
/// An error: of the seat, of `on_join`, or a message that no handler could take.
pub const WITH_ERROR: u16 = 4002;
/// A reconnection that was refused.
pub const FAILED_TO_RECONNECT: u16 = 4003;
/// The client may dial again at once.
pub const MAY_RECONNECT: u16 = 4010;

/// The code to put in a close frame for the code that somebody asked for.
///
/// Codes that may not stand in a close frame (below 1000, 1004–1006, 1015, 5000 and above) become [`CONSENTED`], which ends
/// the client's room for good.
#[must_use]
pub fn sendable(code: u16) -> u16 {
    match code {
        1004 | NO_STATUS | ABNORMAL | 1015 => CONSENTED,
        NORMAL..=4999 => code,
        _ => CONSENTED,
    }
}

/// Whether a client of 0.17 or later that is closed with this code dials again by itself.
#[must_use]
pub fn is_drop(code: u16) -> bool {
    matches!(code, GOING_AWAY | NO_STATUS | ABNORMAL | MAY_RECONNECT)
}
