//! What the matchmaker, the sessions and the room itself all know about a room.
//!
//! Whether a room has a place left is decided here, under one lock: clients and reserved seats are counted together, and a
//! room that has ended gives no seats. So two clients can never get the last seat both, nor one a seat in a room that is
//! gone.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use tidewire_protocol::Timestamp;
use tidewire_protocol::session::{SeatError, Seats};
use tokio::sync::mpsc;

use crate::client::{AuthData, ClientKey, LeaveReason};
use crate::codec::Hello;
use crate::land::LandHello;
use crate::options::Options;
use crate::outbox::Outbox;

/// A room, as all but itself see it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: Arc<str>,
    pub(crate) created_at: Timestamp,
    pub(crate) inbox: mpsc::Sender<Event>,
    /// Known once `on_create` is done.
    id: OnceLock<String>,
    next_key: AtomicU64,
    shared: Mutex<Shared>,
}

/// What changes about it.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Connected, or just taking a seat.
    pub(crate) clients: usize,
    pub(crate) seats: Seats<Reservation>,
    pub(crate) max_clients: Option<usize>,
    pub(crate) locked: bool,
    pub(crate) private: bool,
    pub(crate) metadata: Value,
    /// The options by which clients find the room.
    pub(crate) filter: Map<String, Value>,
    /// The players who are in, if the room is a land.
    pub(crate) players: HashSet<String>,
    pub(crate) ended: bool,
}

/// What goes with a seat.
#[derive(Clone, Debug)]
pub(crate) struct Reservation {
    pub(crate) options: Options,
    pub(crate) auth: AuthData,
}

/// What reaches a room from outside.
#[derive(Debug)]
pub(crate) enum Event {
    /// A client has taken its seat.
    Connect(Box<Connect>),
    /// A client sent a frame.
    Frame(ClientKey, Bytes),
    /// A client's connection has ended.
    Left(ClientKey, LeaveReason),
    /// The room is to end, with this close code.
    End(u16),
}

/// A client that comes in.
#[derive(Debug)]
pub(crate) struct Connect {
    pub(crate) key: ClientKey,
    pub(crate) session_id: String,
    pub(crate) reservation: Reservation,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) hello: Hello,
    /// What it said to join, if it is a client of a land.
    pub(crate) land: Option<Box<LandHello>>,
}

/// Why a room gives no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSeat {
    Full,
    Locked,
    Ended,
}

impl Record {
    pub(crate) fn new(
        name: Arc<str>,
        created_at: Timestamp,
        inbox: mpsc::Sender<Event>,
        filter: Map<String, Value>,
    ) -> Self {
        let shared = Shared { filter, ..Shared::default() };
        let next_key = AtomicU64::new(0);
        Self { name, created_at, inbox, id: OnceLock::new(), next_key, shared: Mutex::new(shared) }
    }

    /// The id of the room; empty while it is being created.
    pub(crate) fn id(&self) -> &str {
        self.id.get().map_or("", String::as_str)
    }

    /// Fixes the id, once.
    pub(crate) fn set_id(&self, id: String) {
        let _ = self.id.set(id);
    }

    pub(crate) fn next_key(&self) -> ClientKey {
        ClientKey(self.next_key.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client takes its seat.
    pub(crate) fn take_seat(
        &self,
        session_id: &str,
        token: Option<&str>,
        now: Duration,
    ) -> Result<Reservation, SeatError> {
        let mut shared = self.lock();
        if shared.ended {
            return Err(SeatError::Expired);
        }
        let reservation = shared.seats.consume(session_id, token, now)?;
        shared.clients += 1;
        Ok(reservation)
    }

    /// A player takes a place that was not reserved: in a full room only that which is theirs already, until the room
    /// has sent the older connection away.
    pub(crate) fn take_place(&self, player: &str, now: Duration) -> Result<(), NoSeat> {
        let mut shared = self.lock();
        shared.seats.expire(now);
        match shared.check() {
            Err(NoSeat::Full) if shared.players.contains(player) => {}
            checked => checked?,
        }
        shared.clients += 1;
        Ok(())
    }

    /// A client that had taken a seat is gone.
    pub(crate) fn free_seat(&self) {
        let mut shared = self.lock();
        shared.clients = shared.clients.saturating_sub(1);
    }

    /// Ends the room if nobody is in it and nobody has a seat; else says when to ask again, if that is known.
    pub(crate) fn end_if_empty(&self, now: Duration) -> Emptiness {
        let mut shared = self.lock();
        shared.seats.expire(now);
        if shared.clients > 0 {
            return Emptiness::Inhabited;
        }
        if let Some(expiry) = shared.seats.next_expiry().filter(|_| shared.seats.reserved() > 0) {
            return Emptiness::Awaited(expiry);
        }
        shared.ended = true;
        Emptiness::Ended
    }
}

/// Whether anybody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emptiness {
    Inhabited,
    /// Somebody has a seat until then.
    Awaited(Duration),
    Ended,
}

impl Shared {
    /// Reserves a seat from now on for `timeout`.
    pub(crate) fn reserve(
        &mut self,
        session_id: &str,
        reservation: Reservation,
        now: Duration,
        timeout: Duration,
    ) -> Result<(), NoSeat> {
        self.seats.expire(now);
        self.check()?;
        // A random session id that is in use counts as a full room: the caller tries again with another one.
        self.seats
            .reserve(session_id, reservation, now.saturating_add(timeout))
            .map_err(|_| NoSeat::Full)
    }

    /// Whether another client may come in.
    fn check(&self) -> Result<(), NoSeat> {
        match self {
            _ if self.ended => Err(NoSeat::Ended),
            _ if self.locked => Err(NoSeat::Locked),
            _ if self.is_full() => Err(NoSeat::Full),
            _ => Ok(()),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.seats.is_full(self.clients, self.max_clients)
    }

    /// Whether `join` may find this room by these conditions.
    pub(crate) fn is_open_to(&self, conditions: &Map<String, Value>) -> bool {
        !self.is_full() && self.fits(conditions)
    }

    /// Whether `join` may find this room by these conditions, as long as there is a place.
    pub(crate) fn fits(&self, conditions: &Map<String, Value>) -> bool {
        !self.ended
            && !self.locked
            && !self.private
            && conditions.iter().all(|(key, value)| {
                self.filter.get(key).or_else(|| self.metadata.get(key)) == Some(value)
            })
    }
}
