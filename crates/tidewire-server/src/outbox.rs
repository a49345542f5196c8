//! What waits to be written to one client, and how far that client is.
//!
//! A room never waits for a client: it pushes frames here, and the client's writer takes all that is there, writes it and
//! flushes once. A frame for many clients is one [`Bytes`] in many outboxes. The queue is bounded: when too much waits, the
//! client is cut off instead of growing the server's memory.
//!
//! Which frames a client may have is for its [`Session`] to say: no state before its ack, messages after its state.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tidewire_protocol::close;
use tidewire_protocol::frame::ClientFrame;
use tidewire_protocol::session::{Received, Session, SessionConfig};
use tokio::sync::Notify;

use crate::config::Config;

/// Why and how a connection is closed from this side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The code of the close frame.
    pub(crate) code: u16,
    /// Its text, at most [`MAX_REASON`] bytes.
    pub(crate) reason: String,
    /// Whether it is closed because the client reads too slowly.
    pub(crate) too_slow: bool,
}

/// A frame that waits to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// It must arrive, and in order.
    Frame(Bytes),
    /// A patch that may get lost.
    Unreliable(Bytes),
}

impl Outgoing {
    fn len(&self) -> usize {
        match self {
            Self::Frame(frame) | Self::Unreliable(frame) => frame.len(),
        }
    }
}

impl From<Bytes> for Outgoing {
    fn from(frame: Bytes) -> Self {
        Self::Frame(frame)
    }
}

/// The queue of one client.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// There is something to write, or to close.
    ready: Notify,
    /// What is being written now is not worth finishing.
    cut: Notify,
    max_frames: usize,
    max_bytes: usize,
    slow_client_close_code: u16,
}

#[derive(Debug)]
struct Queue {
    session: Session<Bytes>,
    frames: Vec<Outgoing>,
    /// The bytes of `frames`.
    bytes: usize,
    closing: Option<Closing>,
}

impl Outbox {
    pub(crate) fn new(config: &Config) -> Self {
        let session = SessionConfig {
            queue_bytes: config.max_queued_bytes,
            ack_timeout: config.seat_timeout,
        };
        let queue =
            Queue { session: Session::new(session), frames: Vec::new(), bytes: 0, closing: None };
        Self {
            queue: Mutex::new(queue),
            ready: Notify::new(),
            cut: Notify::new(),
            max_frames: config.max_queued_frames,
            max_bytes: config.max_queued_bytes,
            slow_client_close_code: config.slow_client_close_code,
        }
    }

    /// Queues `JOIN_ROOM`.
    pub(crate) fn push_greeting(&self, frame: Bytes, now: Duration) {
        let mut queue = self.lock();
        queue.session.handshake_sent(now);
        self.push_to(queue, [frame]);
    }

    /// Queues a frame that may go at any time: an error, a ping.
    pub(crate) fn push(&self, frame: Bytes) {
        self.push_to(self.lock(), [frame]);
    }

    /// Queues a message, which waits for the state if the client does not have it yet.
    pub(crate) fn push_message(&self, frame: Bytes) {
        let mut queue = self.lock();
        match queue.session.send(frame) {
            Ok(Some(frame)) => self.push_to(queue, [frame]),
            Ok(None) => {}
            Err(_) => self.drop_slow(queue),
        }
    }

    /// Queues a patch for a client that has the state. The patch may be several frames, or none.
    pub(crate) fn push_patch(&self, frames: &[Bytes]) {
        if frames.is_empty() {
            return;
        }
        let queue = self.lock();
        if queue.session.takes_patches() {
            self.push_to(queue, frames.iter().cloned());
        }
    }

    /// Queues a patch that may get lost, for a client that has the state.
    pub(crate) fn push_unreliable(&self, frame: &Bytes) {
        let queue = self.lock();
        if queue.session.takes_patches() {
            self.push_to(queue, [Outgoing::Unreliable(frame.clone())]);
        }
    }

    /// Whether the client has the state, and gets patches of it.
    pub(crate) fn takes_patches(&self) -> bool {
        self.lock().session.takes_patches()
    }

    /// Queues the state for a client that waits for it, and then the messages that waited for the state. A room without
    /// state has no frames of it.
    pub(crate) fn push_state(&self, frames: &[Bytes]) {
        let mut queue = self.lock();
        if queue.session.wants_snapshot() {
            let held = queue.session.snapshot_sent();
            self.push_to(queue, frames.iter().cloned().chain(held));
        }
    }

    /// What a frame from the client means, given how far it is.
    pub(crate) fn receive<'a>(&self, frame: ClientFrame<'a>) -> Received<'a> {
        self.lock().session.receive(frame)
    }

    /// Whether the client should have acked its greeting by now.
    pub(crate) fn is_overdue(&self, now: Duration) -> bool {
        self.lock().session.is_overdue(now)
    }

    /// Closes the connection once all that is queued was written. The first one to close decides on code and reason.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        self.lock().close(code, reason, false);
        self.ready.notify_one();
    }

    /// Why this side closes the connection, if it does.
    pub(crate) fn closing(&self) -> Option<Closing> {
        self.lock().closing.clone()
    }

    /// Waits for frames or the end, and moves all frames to `batch`. `Some` says to close after them.
    pub(crate) async fn take(&self, batch: &mut Vec<Outgoing>) -> Option<Closing> {
        loop {
            {
                let mut queue = self.lock();
                if !queue.frames.is_empty() || queue.closing.is_some() {
                    mem::swap(batch, &mut queue.frames);
                    queue.bytes = 0;
                    return queue.closing.clone();
                }
            }
            self.ready.notified().await;
        }
    }

    /// Waits until what is being written is not worth finishing.
    pub(crate) async fn wait_for_cut(&self) {
        self.cut.notified().await;
    }

    fn push_to<T: Into<Outgoing>>(
        &self,
        mut queue: MutexGuard<'_, Queue>,
        frames: impl IntoIterator<Item = T>,
    ) {
        if queue.closing.is_some() {
            return;
        }
        let was_empty = queue.frames.is_empty();
        for frame in frames {
            let frame = frame.into();
            // What is queued here in one go may be any amount; what is added to a queue that waits may not.
            let bytes = queue.bytes.saturating_add(frame.len());
            if !was_empty && (queue.frames.len() >= self.max_frames || bytes > self.max_bytes) {
                return self.drop_slow(queue);
            }
            queue.bytes = bytes;
            queue.frames.push(frame);
        }
        drop(queue);
        self.ready.notify_one();
    }

    fn drop_slow(&self, mut queue: MutexGuard<'_, Queue>) {
        queue.close(self.slow_client_close_code, "too slow to read", true);
        queue.frames = Vec::new();
        queue.bytes = 0;
        drop(queue);
        self.cut.notify_one();
        self.ready.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn close(&mut self, code: u16, reason: &str, too_slow: bool) {
        self.session.leave();
        self.closing.get_or_insert_with(|| Closing {
            code: close::sendable(code),
            reason: shortened(reason).to_owned(),
            too_slow,
        });
    }
}

/// As much of a reason as fits into a close frame.
fn shortened(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// Bytes of text that a close frame has room for.
const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(max_queued_frames: usize, max_queued_bytes: usize) -> Outbox {
        Outbox::new(&Config { max_queued_frames, max_queued_bytes, ..Config::default() })
    }

    async fn taken(outbox: &Outbox) -> (Vec<Bytes>, Option<u16>) {
        let mut batch = Vec::new();
        let closing = outbox.take(&mut batch).await;
        let frames = batch.into_iter().map(|outgoing| match outgoing {
            Outgoing::Frame(frame) | Outgoing::Unreliable(frame) => frame,
        });
        (frames.collect(), closing.map(|closing| closing.code))
    }

    #[tokio::test]
    async fn messages_wait_for_the_state_and_the_state_for_the_ack() {
        let outbox = outbox(10, 1000);
        outbox.push_greeting(Bytes::from_static(b"join"), Duration::ZERO);
        outbox.push_message(Bytes::from_static(b"hello"));
        outbox.push_patch(&[Bytes::from_static(b"patch")]);
        outbox.push_state(&[Bytes::from_static(b"state")]);
        assert_eq!(taken(&outbox).await.0, ["join"]);
        assert_eq!(outbox.receive(ClientFrame::Ack), Received::Acked);
        outbox.push_state(&[Bytes::from_static(b"state")]);
        outbox.push_message(Bytes::from_static(b"again"));
        outbox.push_patch(&[Bytes::from_static(b"patch")]);
        assert_eq!(taken(&outbox).await.0, ["state", "hello", "again", "patch"]);
    }

    #[tokio::test]
    async fn what_is_queued_is_written_before_the_end_and_nothing_after_it() {
        let outbox = outbox(10, 100);
        outbox.push(Bytes::from_static(b"error"));
        outbox.close(4002, "first");
        outbox.close(1000, "second");
        outbox.push(Bytes::from_static(b"late"));
        assert_eq!(taken(&outbox).await, (vec![Bytes::from_static(b"error")], Some(4002)));
    }

    #[tokio::test]
    async fn too_many_frames_or_bytes_are_the_end() {
        let frames = outbox(2, 100);
        let bytes = outbox(10, 5);
        for _ in 0..3 {
            frames.push(Bytes::from_static(b"x"));
            bytes.push(Bytes::from_static(b"xxx"));
        }
        assert_eq!(taken(&frames).await, (Vec::new(), Some(4002)));
        assert_eq!(taken(&bytes).await, (Vec::new(), Some(4002)));
        assert!(bytes.closing().is_some_and(|closing| closing.too_slow));
    }

    #[tokio::test]
    async fn one_large_frame_passes() {
        let outbox = outbox(2, 5);
        outbox.push(Bytes::from_static(b"a large snapshot"));
        assert_eq!(taken(&outbox).await, (vec![Bytes::from_static(b"a large snapshot")], None));
    }
}
