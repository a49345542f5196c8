//! A transport without a network: both ends in one process.
//!
//! With tokio's paused clock a test drives whole rooms through it in virtual time: joins, patches, lost connections, clients
//! that stop reading.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{FrameSink, FrameSource, Received};

/// A new connection: the client's end, and the two halves of the server's. At most `window` frames are on their way to the
/// client before writing to it waits.
#[must_use]
pub fn connect(window: usize) -> (MemoryClient, MemorySource, MemorySink) {
    let (to_server, from_client) = mpsc::unbounded_channel();
    let (to_client, from_server) = mpsc::channel(window.max(1));
    let health =
        Arc::new(Health { answers_pings: AtomicBool::new(true), flushes: AtomicUsize::new(0) });
    let client =
        MemoryClient { to_server: to_server.clone(), from_server, health: Arc::clone(&health) };
    (
        client,
        MemorySource { from_client },
        MemorySink { to_client, pongs: to_server.downgrade(), health },
    )
}

/// What a client finds at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A frame.
    Frame(Bytes),
    /// A close frame.
    Closed(u16, String),
}

/// The client's end of a connection. Dropping it loses the connection.
#[derive(Debug)]
pub struct MemoryClient {
    to_server: mpsc::UnboundedSender<Received>,
    from_server: mpsc::Receiver<Delivery>,
    health: Arc<Health>,
}

impl MemoryClient {
    /// Sends a frame.
    pub fn send(&self, frame: impl Into<Bytes>) {
        // A server that is gone does not hear it, as on a network.
        let _ = self.to_server.send(Received::Frame(frame.into()));
    }

    /// Sends a close frame.
    pub fn close(&self, code: u16) {
        let _ = self.to_server.send(Received::Closed(code));
    }

    /// Waits for what comes next; `None` when the server has gone.
    pub async fn receive(&mut self) -> Option<Delivery> {
        self.from_server.recv().await
    }

    /// What has arrived already, if anything has.
    pub fn try_receive(&mut self) -> Option<Delivery> {
        self.from_server.try_recv().ok()
    }

    /// Whether pings are answered; they are at first.
    pub fn answer_pings(&self, answer: bool) {
        self.health.answers_pings.store(answer, Ordering::Relaxed);
    }

    /// How often the server has flushed.
    #[must_use]
    pub fn flushes(&self) -> usize {
        self.health.flushes.load(Ordering::Relaxed)
    }
}

/// Where the server reads.
#[derive(Debug)]
pub struct MemorySource {
    from_client: mpsc::UnboundedReceiver<Received>,
}

impl FrameSource for MemorySource {
    async fn receive(&mut self) -> Received {
        self.from_client.recv().await.unwrap_or(Received::Closed(1006))
    }
}

/// Where the server writes.
#[derive(Debug)]
pub struct MemorySink {
    to_client: mpsc::Sender<Delivery>,
    pongs: mpsc::WeakUnboundedSender<Received>,
    health: Arc<Health>,
}

impl FrameSink for MemorySink {
    async fn feed(&mut self, frame: Bytes) -> io::Result<()> {
        self.deliver(Delivery::Frame(frame)).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.health.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn ping(&mut self) -> io::Result<()> {
        if let Some(pongs) = self.pongs.upgrade()
            && self.health.answers_pings.load(Ordering::Relaxed)
        {
            let _ = pongs.send(Received::Alive);
        }
        Ok(())
    }

    async fn close(&mut self, code: u16, reason: String) -> io::Result<()> {
        self.deliver(Delivery::Closed(code, reason)).await?;
        if let Some(answer) = self.pongs.upgrade() {
            let _ = answer.send(Received::Closed(code));
        }
        Ok(())
    }
}

impl MemorySink {
    async fn deliver(&mut self, delivery: Delivery) -> io::Result<()> {
        self.to_client.send(delivery).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[derive(Debug)]
struct Health {
    answers_pings: AtomicBool,
    flushes: AtomicUsize,
}
