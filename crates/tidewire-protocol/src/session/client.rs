use std::time::Duration;

use thiserror::Error;

use crate::frame::ClientFrame;

/// Limits of a [`Session`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// Bytes that may wait for a client that has not had its snapshot yet. Each frame counts 64 bytes more than it has.
    pub queue_bytes: usize,
    /// How long after `JOIN_ROOM` the client's ack may take.
    pub ack_timeout: Duration,
}

impl Default for SessionConfig {
    /// 256 KiB and 15 seconds.
    fn default() -> Self {
        Self { queue_bytes: 256 * 1024, ack_timeout: Duration::from_secs(15) }
    }
}

/// How far a [`Session`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The seat is consumed, the room's `on_join` has not returned yet. Client frames are ignored.
    Joining,
    /// `JOIN_ROOM` was sent, the ack is awaited.
    Greeted,
    /// The client acked, and waits for the snapshot at the next patch boundary.
    Acked,
    /// The client has its snapshot and takes patches.
    Joined,
    /// It was told to go or asked to. Nothing is sent any more but the close frame.
    Leaving,
}

/// What a frame from the client means to the room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Received<'a> {
    /// Nothing: too early, too late, twice, or not supported.
    Ignored,
    /// It waits for its snapshot from now on.
    Acked,
    /// To be answered with a [`ping`](crate::frame::ping) at once.
    Ping,
    /// The client leaves: run `on_leave`, then close with [`CONSENTED`](crate::close::CONSENTED).
    Leave,
    /// A `Data`, `Bytes` or `Request` frame for the room's handlers.
    Message(ClientFrame<'a>),
}

/// A client was sent more before its snapshot than may wait for it. The client is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{bytes} bytes of messages wait for a client that has no state yet, more than the limit of {limit}"
)]
pub struct QueueFull {
    /// What would wait, with this frame.
    pub bytes: usize,
    /// The limit, [`SessionConfig::queue_bytes`].
    pub limit: usize,
}

/// One client in a room. `F` is a frame's bytes, such as `Vec<u8>` or `bytes::Bytes`.
#[derive(Clone, Debug)]
pub struct Session<F> {
    config: SessionConfig,
    phase: Phase,
    queue: Vec<F>,
    queued_bytes: usize,
    ack_deadline: Duration,
}

impl<F: AsRef<[u8]>> Session<F> {
    /// A session whose seat has just been consumed.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Self {
            config,
            phase: Phase::Joining,
            queue: Vec::new(),
            queued_bytes: 0,
            ack_deadline: Duration::MAX,
        }
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// `JOIN_ROOM` was written to the client. Without effect unless it is [`Joining`](Phase::Joining).
    pub fn handshake_sent(&mut self, now: Duration) {
        if self.phase == Phase::Joining {
            self.phase = Phase::Greeted;
            self.ack_deadline = now.saturating_add(self.config.ack_timeout);
        }
    }

    /// Whether the ack has been awaited for too long. Such a client is to be closed.
    #[must_use]
    pub fn is_overdue(&self, now: Duration) -> bool {
        self.phase == Phase::Greeted && now >= self.ack_deadline
    }

    /// Takes a frame from the client.
    pub fn receive<'a>(&mut self, frame: ClientFrame<'a>) -> Received<'a> {
        match (self.phase, frame) {
            (Phase::Joining | Phase::Leaving, _) | (_, ClientFrame::Unsupported { .. }) => {
                Received::Ignored
            }
            (Phase::Greeted, ClientFrame::Ack) => {
                self.phase = Phase::Acked;
                Received::Acked
            }
            (_, ClientFrame::Ack) => Received::Ignored,
            (_, ClientFrame::Ping) => Received::Ping,
            (_, ClientFrame::Leave) => {
                self.leave();
                Received::Leave
            }
            (_, frame) => Received::Message(frame),
        }
    }

    /// A message for the client: handed back when it is to be written now, `None` when it was queued (or, for a client
    /// that leaves, dropped).
    ///
    /// # Errors
    /// [`QueueFull`]: the frame was not queued, what was before is.
    pub fn send(&mut self, frame: F) -> Result<Option<F>, QueueFull> {
        match self.phase {
            Phase::Joined => Ok(Some(frame)),
            Phase::Leaving => Ok(None),
            Phase::Joining | Phase::Greeted | Phase::Acked => {
                let bytes = self
                    .queued_bytes
                    .saturating_add(frame.as_ref().len())
                    .saturating_add(FRAME_OVERHEAD);
                if bytes > self.config.queue_bytes {
                    return Err(QueueFull { bytes, limit: self.config.queue_bytes });
                }
                self.queued_bytes = bytes;
                self.queue.push(frame);
                Ok(None)
            }
        }
    }

    /// Whether the next patch boundary is to end with a snapshot for this client.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        self.phase == Phase::Acked
    }

    /// Whether the room's patches go to this client.
    #[must_use]
    pub fn takes_patches(&self) -> bool {
        self.phase == Phase::Joined
    }

    /// The snapshot was written (or the room has no state): hands back what is to be written right after it. Without
    /// effect unless the client [wants a snapshot](Self::wants_snapshot).
    #[must_use = "the frames are to be written to the client"]
    pub fn snapshot_sent(&mut self) -> Vec<F> {
        if self.phase != Phase::Acked {
            return Vec::new();
        }
        self.phase = Phase::Joined;
        self.queued_bytes = 0;
        std::mem::take(&mut self.queue)
    }

    /// Makes a client that fell behind wait for a fresh snapshot instead of patches. Without effect unless it is
    /// [`Joined`](Phase::Joined).
    pub fn resync(&mut self) {
        if self.phase == Phase::Joined {
            self.phase = Phase::Acked;
        }
    }

    /// The client is on its way out: nothing more is sent to it, and what was queued is dropped.
    pub fn leave(&mut self) {
        self.phase = Phase::Leaving;
        self.queue = Vec::new();
        self.queued_bytes = 0;
    }
}

/// What a queued frame costs beside its bytes.
const FRAME_OVERHEAD: usize = 64;
