//! One connection, from its dial to its end.
//!
//! A session moves frames: from the client to its room, which may make it wait, and from the client's outbox to the
//! connection, all that waits with one flush. It keeps the connection alive, or finds out that it is dead. What the
//! frames mean is the room's business.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tidewire_protocol::matchmake::{Generation, Refusal};
use tidewire_protocol::session::SeatError;
use tidewire_protocol::url::{self, Dial, Target};
use tidewire_protocol::{close, frame};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::debug;

use crate::client::{ClientKey, LeaveReason, encode_error};
use crate::codec::Hello;
use crate::config::Config;
use crate::outbox::{Closing, Outbox, Outgoing};
use crate::record::{Connect, Event, Record};
use crate::registry::Registry;
use crate::transport::{FrameSink, FrameSource, Received};

/// Runs a session to its end.
pub(crate) async fn run(
    registry: &Arc<Registry>,
    path_and_query: &str,
    mut source: impl FrameSource,
    mut sink: impl FrameSink,
) {
    let config = registry.config();
    let _alive = match url::parse(path_and_query) {
        Ok(Target::Ping) => return measure_latency(config, source, sink).await,
        Ok(Target::Room(dial)) => {
            let alive = registry.alive();
            match enter(registry, &dial).await {
                Ok(seated) => seated.stay(config, &mut source, &mut sink).await,
                Err(error) => {
                    let code = error.close_code(dial.reconnection_token.as_deref());
                    refuse(config, &mut sink, code).await;
                }
            }
            Some(alive)
        }
        Err(error) => {
            debug!(%error, "a client dialled a strange address");
            refuse(config, &mut sink, close::WITH_ERROR).await;
            None
        }
    };
    // The client answers a close frame with its own; only then it is sure to have read all.
    let _ = timeout(config.close_timeout, drain(&mut source)).await;
}

/// A client in its seat.
pub(crate) struct Seated {
    pub(crate) record: Arc<Record>,
    pub(crate) key: ClientKey,
    pub(crate) outbox: Arc<Outbox>,
}

async fn enter(registry: &Registry, dial: &Dial) -> Result<Seated, SeatError> {
    let record = registry.room(&dial.room_id).ok_or(SeatError::Expired)?;
    let reservation =
        record.take_seat(&dial.session_id, dial.reconnection_token.as_deref(), registry.now())?;
    let key = record.next_key();
    let outbox = Arc::new(Outbox::new(registry.config()));
    let connect = Connect {
        key,
        session_id: dial.session_id.clone(),
        reservation,
        outbox: Arc::clone(&outbox),
        hello: Hello {
            plain: Generation::of_process_id(&dial.process_id) == Generation::Nested016,
            skip: dial.skip_handshake,
        },
        land: None,
    };
    if record.inbox.send(Event::Connect(Box::new(connect))).await.is_err() {
        return Err(SeatError::Expired);
    }
    Ok(Seated { record, key, outbox })
}

impl Seated {
    /// Moves frames until either side ends it, and tells the room.
    pub(crate) async fn stay(
        &self,
        config: &Config,
        source: &mut impl FrameSource,
        sink: &mut impl FrameSink,
    ) {
        let unanswered = AtomicU32::new(0);
        let reason = {
            let reading = pin!(self.read(config, source, &unanswered));
            let writing = pin!(self.write(config, sink, &unanswered));
            tokio::select! {
                code = reading => match self.outbox.closing() {
                    Some(closing) => reason_of(&closing),
                    None if code == close::CONSENTED => LeaveReason::Consented,
                    None => LeaveReason::Disconnected(code),
                },
                reason = writing => reason,
            }
        };
        // From here on nobody writes; what the room still says is said to nobody.
        self.outbox.close(close::ABNORMAL, "");
        // A room that has ended does not need to know.
        let _ = self.record.inbox.send(Event::Left(self.key, reason)).await;
    }

    /// Reads until the client closes; its close code.
    async fn read(
        &self,
        config: &Config,
        source: &mut impl FrameSource,
        unanswered: &AtomicU32,
    ) -> u16 {
        let mut rate = Rate::new(config.max_messages_per_second);
        let mut is_refused = false;
        loop {
            let received = source.receive().await;
            unanswered.store(0, Ordering::Relaxed);
            match received {
                Received::Frame(_) | Received::TooBig if is_refused => {}
                Received::Frame(bytes) => {
                    if !rate.admits() {
                        is_refused = true;
                        self.outbox.close(close::WITH_ERROR, "too many messages");
                    } else if self.record.inbox.send(Event::Frame(self.key, bytes)).await.is_err() {
                        // Without effect if the room has closed it, which it does before it ends.
                        self.outbox.close(close::WITH_ERROR, "the room has ended");
                        is_refused = true;
                    }
                }
                Received::TooBig => {
                    is_refused = true;
                    let limit = config.max_frame_size;
                    self.outbox
                        .close(close::TOO_BIG, &format!("a frame may have {limit} bytes at most"));
                }
                Received::Alive => {}
                Received::Closed(code) => return code,
            }
        }
    }

    /// Writes until the outbox says to close, or the connection is dead.
    async fn write(
        &self,
        config: &Config,
        sink: &mut impl FrameSink,
        unanswered: &AtomicU32,
    ) -> LeaveReason {
        let lost = LeaveReason::Disconnected(close::ABNORMAL);
        let period = config.ping_interval.max(Duration::from_millis(1));
        let mut ping = interval_at(Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        loop {
            let closing = tokio::select! {
                closing = self.outbox.take(&mut batch) => closing,
                _ = ping.tick() => {
                    if unanswered.fetch_add(1, Ordering::Relaxed) >= config.max_missed_pings {
                        return lost;
                    }
                    match timeout(config.write_timeout, sink.ping()).await {
                        Ok(Ok(())) => continue,
                        _ => return lost,
                    }
                }
            };
            let written = tokio::select! {
                biased;
                written = timeout(config.write_timeout, write_all(sink, &mut batch)) => matches!(written, Ok(Ok(()))),
                // What could not be written stays unwritten; the close frame is tried all the same.
                () = self.outbox.wait_for_cut() => true,
            };
            let closing =
                closing.or_else(|| self.outbox.closing().filter(|closing| closing.too_slow));
            match closing {
                Some(closing) => {
                    let reason = reason_of(&closing);
                    if written {
                        let _ =
                            timeout(config.close_timeout, sink.close(closing.code, closing.reason))
                                .await;
                    }
                    return reason;
                }
                None if written => {}
                None => return lost,
            }
        }
    }
}

fn reason_of(closing: &Closing) -> LeaveReason {
    if closing.too_slow { LeaveReason::TooSlow } else { LeaveReason::Closed(closing.code) }
}

pub(crate) async fn write_all(
    sink: &mut impl FrameSink,
    batch: &mut Vec<Outgoing>,
) -> io::Result<()> {
    for outgoing in batch.drain(..) {
        match outgoing {
            Outgoing::Frame(frame) => sink.feed(frame).await?,
            Outgoing::Unreliable(frame) => sink.feed_unreliable(frame).await?,
        }
    }
    sink.flush().await
}

/// Tells a client that its seat is no good.
async fn refuse(config: &Config, sink: &mut impl FrameSink, code: u16) {
    let refusal = Refusal::seat_expired();
    let refuse = async {
        sink.feed(encode_error(refusal.code, &refusal.message)).await?;
        sink.flush().await?;
        sink.close(code, refusal.message).await
    };
    // A client that is gone has not missed anything.
    let _ = timeout(config.close_timeout, refuse).await;
}

/// Answers every frame with a ping frame, until there was none for a second.
async fn measure_latency(config: &Config, mut source: impl FrameSource, mut sink: impl FrameSink) {
    let mut answer = Vec::new();
    frame::ping(&mut answer);
    let answer = Bytes::from(answer);
    loop {
        match timeout(LATENCY_SILENCE, source.receive()).await {
            Ok(Received::Frame(_)) => {
                let mut batch = vec![Outgoing::Frame(answer.clone())];
                let written = timeout(config.write_timeout, write_all(&mut sink, &mut batch)).await;
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
            }
            Ok(Received::Alive) => {}
            Ok(Received::Closed(_) | Received::TooBig) => return,
            Err(_) => {
                let _ =
                    timeout(config.close_timeout, sink.close(close::NORMAL, String::new())).await;
                let _ = timeout(config.close_timeout, drain(&mut source)).await;
                return;
            }
        }
    }
}

/// Reads to the end.
pub(crate) async fn drain(source: &mut impl FrameSource) {
    while !matches!(source.receive().await, Received::Closed(_)) {}
}

/// How many messages came within the current second.
pub(crate) struct Rate {
    limit: Option<u32>,
    count: u32,
    since: Instant,
}

impl Rate {
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self { limit, count: 0, since: Instant::now() }
    }

    pub(crate) fn admits(&mut self) -> bool {
        let Some(limit) = self.limit else { return true };
        let now = Instant::now();
        if now - self.since >= Duration::from_secs(1) {
            self.since = now;
            self.count = 0;
        }
        self.count += 1;
        self.count <= limit
    }
}

/// After how long without a message a latency socket is closed.
const LATENCY_SILENCE: Duration = Duration::from_secs(1);
