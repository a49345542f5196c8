use std::collections::HashMap;
use std::time::Duration;

use thiserror::Error;

use crate::close;

/// Why a seat could not be taken or given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SeatError {
    /// There is no such seat, or it came too late.
    #[error("seat reservation expired.")]
    Expired,
    /// Somebody dialled with it already.
    #[error("seat reservation already consumed.")]
    Consumed,
    /// The seat is held for a client that reconnects, and its token was not shown.
    #[error("bad reconnection token.")]
    BadToken,
    /// The session id has a seat already.
    #[error("the session id has a seat already.")]
    Taken,
}

impl SeatError {
    /// The code with which a socket is closed after an `ERROR` frame of
    /// [`EXPIRED`](crate::matchmake::code::EXPIRED). `reconnection_token` is what the client showed, if anything.
    #[must_use]
    pub fn close_code(self, reconnection_token: Option<&str>) -> u16 {
        if reconnection_token.is_some() { close::FAILED_TO_RECONNECT } else { close::WITH_ERROR }
    }
}

/// The seats of one room that are reserved and not yet taken. `T` is what goes with a seat: options, auth data.
///
/// A seat is good for one socket, until it expires. A seat that is *held* for a client that lost its connection needs
/// that client's reconnection token too.
#[derive(Clone, Debug)]
pub struct Seats<T> {
    seats: HashMap<String, Seat<T>>,
    reserved: usize,
}

#[derive(Clone, Debug)]
struct Seat<T> {
    /// `None` once consumed. The entry stays until it expires, so that a second socket learns why it is refused.
    data: Option<T>,
    token: Option<String>,
    expires: Duration,
}

impl<T> Default for Seats<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Seats<T> {
    /// No seats.
    #[must_use]
    pub fn new() -> Self {
        Self { seats: HashMap::new(), reserved: 0 }
    }

    /// Reserves a seat until the moment `expires`. A consumed seat of the same session id is replaced.
    ///
    /// # Errors
    /// [`SeatError::Taken`] when the session id has a seat that was not consumed.
    pub fn reserve(
        &mut self,
        session_id: &str,
        data: T,
        expires: Duration,
    ) -> Result<(), SeatError> {
        self.insert(session_id, Seat { data: Some(data), token: None, expires })
    }

    /// Holds a seat for a client that lost its connection: only a socket that shows `token` gets it.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    pub fn hold(
        &mut self,
        session_id: &str,
        token: &str,
        data: T,
        expires: Duration,
    ) -> Result<(), SeatError> {
        self.insert(session_id, Seat { data: Some(data), token: Some(token.to_owned()), expires })
    }

    /// A socket takes its seat, and what was reserved with it.
    ///
    /// # Errors
    /// [`SeatError::Expired`] (also for a session id that never had a seat), [`SeatError::Consumed`],
    /// [`SeatError::BadToken`]; the seat stays as it was.
    pub fn consume(
        &mut self,
        session_id: &str,
        token: Option<&str>,
        now: Duration,
    ) -> Result<T, SeatError> {
        let seat = self
            .seats
            .get_mut(session_id)
            .filter(|seat| now < seat.expires)
            .ok_or(SeatError::Expired)?;
        if seat.token.is_some() && seat.token.as_deref() != token {
            return Err(SeatError::BadToken);
        }
        let data = seat.data.take().ok_or(SeatError::Consumed)?;
        self.reserved -= 1;
        Ok(data)
    }

    /// Gives a seat up before its time; what was reserved with it, if it was not consumed.
    pub fn cancel(&mut self, session_id: &str) -> Option<T> {
        let data = self.seats.remove(session_id)?.data?;
        self.reserved -= 1;
        Some(data)
    }

    /// Removes the seats whose time is over; hands back those that nobody took.
    pub fn expire(&mut self, now: Duration) -> Vec<(String, T)> {
        let expired = self.seats.extract_if(|_, seat| seat.expires <= now);
        let expired: Vec<_> = expired.filter_map(|(id, seat)| Some((id, seat.data?))).collect();
        self.reserved -= expired.len();
        expired
    }

    /// When the next seat expires, if there is any.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Duration> {
        self.seats.values().map(|seat| seat.expires).min()
    }

    /// How many seats are reserved or held and not consumed, those that expired but were not yet
    /// [removed](Self::expire) included.
    #[must_use]
    pub fn reserved(&self) -> usize {
        self.reserved
    }

    /// Whether a room has no seat left to give: its clients and its reserved seats reach `max_clients`
    /// (`None`: there is no limit).
    #[must_use]
    pub fn is_full(&self, clients: usize, max_clients: Option<usize>) -> bool {
        max_clients.is_some_and(|max| clients.saturating_add(self.reserved) >= max)
    }

    fn insert(&mut self, session_id: &str, seat: Seat<T>) -> Result<(), SeatError> {
        if self.seats.get(session_id).is_some_and(|seat| seat.data.is_some()) {
            return Err(SeatError::Taken);
        }
        self.seats.insert(session_id.to_owned(), seat);
        self.reserved += 1;
        Ok(())
    }
}
