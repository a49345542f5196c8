//! Seats, and one client's way from its socket to the room's patches.
//!
//! Matchmaking reserves a seat; the client dials with it within some seconds and consumes it ([`Seats`]). From then on
//! a [`Session`] says what may be sent and when. Its invariants:
//!
//! - no state before the client's ack of `JOIN_ROOM`;
//! - the snapshot only at a patch boundary: an acked session *wants* a snapshot, and gets the one that follows the
//!   room's next patch, so that no change reaches a client twice;
//! - what was sent to a client before it had its snapshot comes right after it, in order, and is bounded.
//!
//! ```
//! use std::time::Duration;
//! use tidewire_protocol::frame::ClientFrame;
//! use tidewire_protocol::session::{Received, Seats, Session, SessionConfig};
//!
//! let now = Duration::from_secs(3);
//! let mut seats = Seats::new();
//! seats.reserve("ada", "join options", now + Duration::from_secs(15))?;
//! assert_eq!(seats.consume("ada", None, now)?, "join options");
//!
//! let mut session = Session::new(SessionConfig::default());
//! session.handshake_sent(now); // after on_join, JOIN_ROOM was written
//! assert_eq!(session.send(vec![13, 0])?, None); // queued: the client has no state yet
//! assert_eq!(session.receive(ClientFrame::Ack), Received::Acked);
//!
//! // The room's patch goes to the others; then the snapshot to this one, and what was queued.
//! assert!(session.wants_snapshot());
//! assert_eq!(session.snapshot_sent(), [vec![13, 0]]);
//! assert!(session.takes_patches());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod seats;

pub use client::{Phase, QueueFull, Received, Session, SessionConfig};
pub use seats::{SeatError, Seats};
