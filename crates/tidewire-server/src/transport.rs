//! Where a session's frames come from and go to.
//!
//! A connection is two halves: a [`FrameSource`] and a [`FrameSink`]. The server puts WebSockets behind them; tests, and
//! whoever brings a transport of their own, use [`memory`] or halves of their own with
//! [`Matchmaker::attach`](crate::Matchmaker::attach).
//!
//! Sinks separate [`feed`](FrameSink::feed) from [`flush`](FrameSink::flush), since flushing every frame costs twenty times
//! as much as flushing once for all frames that wait.

use std::future::Future;
use std::io;

use bytes::Bytes;

pub mod memory;

/// What came from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A frame of the room protocol.
    Frame(Bytes),
    /// A sign of life with nothing in it, such as the answer to a ping.
    Alive,
    /// A frame larger than allowed.
    TooBig,
    /// The end: the client's close code, 1005 where it gave none, 1006 where the connection was lost.
    Closed(u16),
}

/// The half of a connection that frames come from.
pub trait FrameSource: Send + 'static {
    /// Waits for what comes next. Nothing is asked for after [`Received::Closed`]. Dropping the future loses nothing.
    fn receive(&mut self) -> impl Future<Output = Received> + Send;
}

/// The half of a connection that frames go to.
pub trait FrameSink: Send + 'static {
    /// Takes a frame, which may be kept until [`flush`](Self::flush).
    ///
    /// # Errors
    /// When the connection is gone.
    fn feed(&mut self, frame: Bytes) -> impl Future<Output = io::Result<()>> + Send;

    /// Takes a patch whose values may get lost, as newer ones will come: `ROOM_STATE_PATCH`. Where everything arrives it is a frame
    /// like any other. A transport with a channel that may lose frames sends it there, numbered by
    /// [`UnreliablePatches`](tidewire_protocol::frame::UnreliablePatches).
    ///
    /// # Errors
    /// When the connection is gone.
    fn feed_unreliable(&mut self, frame: Bytes) -> impl Future<Output = io::Result<()>> + Send {
        self.feed(frame)
    }

    /// Writes all that was taken.
    ///
    /// # Errors
    /// When the connection is gone.
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// Asks the client for a sign of life: [`Received::Alive`].
    ///
    /// # Errors
    /// When the connection is gone.
    fn ping(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// Writes a close frame.
    ///
    /// # Errors
    /// When the connection is gone.
    fn close(&mut self, code: u16, reason: String) -> impl Future<Output = io::Result<()>> + Send;
}
