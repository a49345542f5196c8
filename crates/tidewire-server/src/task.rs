//! The task that a room lives in.
//!
//! It owns the room, and nothing else ever touches it: what happens comes in as events, ticks and results, one at a time. All
//! room code is called through [`RoomTask::run_user_code`], which keeps a panic within the room; after one, no code of the
//! room runs any more, its clients are closed and it is gone.

use std::any::Any;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tidewire_opcode::Catalog;
use tidewire_protocol::close;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinError;
use tokio::time::{Instant, Interval, sleep_until};
use tracing::{Instrument, error, info_span, warn};

use self::clients::turn_away;
use crate::client::{ClientKey, LeaveReason};
use crate::context::{Comeback, RoomContext};
use crate::error::{Error, Result};
use crate::land::deliver;
use crate::options::Options;
use crate::record::{Emptiness, Event, Record, Reservation};
use crate::registry::{Registry, new_id};
use crate::room::Room;

mod clients;

/// All that a room begins with.
pub(crate) struct Birth<R> {
    pub(crate) make: Arc<dyn Fn() -> R + Send + Sync>,
    pub(crate) options: Options,
    pub(crate) record: Arc<Record>,
    pub(crate) inbox: mpsc::Receiver<Event>,
    pub(crate) registry: Arc<Registry>,
    /// The seat of the client that asked for the room, reserved before anybody else can find it.
    pub(crate) first_seat: Option<(String, Reservation)>,
    /// What the room is called to clients of lands, if it is a land.
    pub(crate) catalog: Option<Arc<Catalog>>,
    /// Told whether the room was made.
    pub(crate) made: oneshot::Sender<Result<()>>,
}

/// Makes the room, which then lives in a task of its own.
pub(crate) fn start<R: Room>(birth: Birth<R>) {
    let Birth { make, options, record, inbox, registry, first_seat, catalog, made } = birth;
    let alive = registry.alive();
    let room_id = new_id();
    let span = info_span!("room", name = %record.name, id = %room_id);
    let life = async move {
        let _alive = alive;
        let parts = catch_unwind(AssertUnwindSafe(|| {
            (make(), RoomContext::new(room_id, options, record, catalog))
        }));
        let Ok((room, context)) = parts else {
            // Dropping `made` says it all.
            error!("the room panicked while it was made");
            return;
        };
        let keep_until = Instant::now() + registry.config().seat_timeout;
        let (unacked, check_at) = (Vec::new(), None);
        let mut task = RoomTask { room, context, inbox, registry, unacked, check_at, keep_until };
        let created = task.create(first_seat);
        let is_created = created.is_ok();
        // When nobody waits for the room any more, it ends by being empty.
        let _ = made.send(created);
        if is_created {
            let ending = task.live().await;
            task.end(ending);
        }
        // The room's own values may have opinions about being dropped too.
        if catch_unwind(AssertUnwindSafe(move || drop(task))).is_err() {
            error!("the room panicked while it was dropped");
        }
    };
    tokio::spawn(life.instrument(span));
}

pub(crate) struct RoomTask<R: Room> {
    room: R,
    pub(crate) context: RoomContext<R>,
    inbox: mpsc::Receiver<Event>,
    pub(crate) registry: Arc<Registry>,
    /// Clients whose ack is awaited.
    unacked: Vec<ClientKey>,
    /// When to look whether the room is empty, or acks are overdue.
    check_at: Option<Instant>,
    /// Until when the room is kept though it is empty.
    keep_until: Instant,
}

/// How a room ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// With this close code for those who are still there.
    Orderly(u16),
    /// Code of the room panicked.
    Panicked,
}

impl<R: Room> RoomTask<R> {
    fn create(&mut self, first_seat: Option<(String, Reservation)>) -> Result<()> {
        self.run_user_code("on_create", R::on_create)
            .map_err(|Panicked| Error::new("the room failed while it was created"))??;
        if self.context.ending.is_some() {
            return Err(Error::new("the room was disconnected while it was created"));
        }
        let (now, timeout) = (self.registry.now(), self.registry.config().seat_timeout);
        let record = self.context.record();
        if let Some((session_id, reservation)) = first_seat {
            // A room that locks itself in on_create still takes the client that asked for it.
            let mut shared = record.lock();
            let locked = std::mem::take(&mut shared.locked);
            let reserved = shared.reserve(&session_id, reservation, now, timeout);
            shared.locked = locked;
            reserved
                .map_err(|_| Error::new("the room has no seat for the client that asked for it"))?;
        }
        record.set_id(self.context.room_id().to_owned());
        self.registry.insert(record)?;
        Ok(())
    }

    /// Lives until there is a reason to end.
    async fn live(&mut self) -> Ending {
        enum Step<R: Room> {
            Simulate,
            Patch,
            Comeback(Result<Comeback<R>, JoinError>),
            Check,
            Events,
        }
        let mut events = Vec::with_capacity(EVENTS_AT_ONCE);
        loop {
            if self.check_at.is_none()
                && self.context.auto_dispose
                && self.context.clients.is_empty()
            {
                self.check_at = Some(self.keep_until.max(Instant::now() + SHORTEST_CHECK));
            }
            let context = &mut self.context;
            let step = tokio::select! {
                biased;
                () = tick(context.simulation.as_mut().map(|simulation| &mut simulation.timer)) => Step::Simulate,
                () = tick(context.patch_timer.as_mut()) => Step::Patch,
                Some(comeback) = context.tasks.join_next() => Step::Comeback(comeback),
                () = until(self.check_at) => Step::Check,
                _ = self.inbox.recv_many(&mut events, EVENTS_AT_ONCE) => Step::Events,
            };
            let outcome = match step {
                Step::Simulate => self.simulate(),
                Step::Patch => self.patch(),
                Step::Comeback(Ok(comeback)) => {
                    self.logged("comeback", |this, room| comeback(this, room))
                }
                Step::Comeback(Err(_)) => {
                    error!("a future of the room panicked");
                    Err(Panicked)
                }
                Step::Check => {
                    self.check();
                    Ok(())
                }
                Step::Events => self.take_all(&mut events),
            };
            if outcome.is_err() {
                return Ending::Panicked;
            }
            if let Some(code) = self.context.ending {
                return Ending::Orderly(code);
            }
        }
    }

    /// Does what clients of lands asked for, makes a step, and answers.
    fn simulate(&mut self) -> Result<(), Panicked> {
        let answers = self.take_inputs()?;
        let outcome = self.step();
        deliver(answers);
        outcome
    }

    fn step(&mut self) -> Result<(), Panicked> {
        let Some(simulation) = &mut self.context.simulation else { return Ok(()) };
        let now = Instant::now();
        let elapsed = now - simulation.last;
        simulation.last = now;
        let Some(mut step) = simulation.step.take() else { return Ok(()) };
        self.logged("simulation", |this, room| {
            let result = step(this, room, elapsed);
            if let Some(simulation) = &mut room.simulation {
                simulation.step.get_or_insert(step);
            }
            result
        })
    }

    pub(crate) fn patch(&mut self) -> Result<(), Panicked> {
        self.logged("on_before_patch", R::on_before_patch)?;
        self.run_user_code("patch", |_, room| room.broadcast_patch())
    }

    /// Takes events until the room is to end; the rest of them is turned away.
    fn take_all(&mut self, events: &mut Vec<Event>) -> Result<(), Panicked> {
        let mut events = events.drain(..);
        let mut outcome = Ok(());
        while outcome.is_ok()
            && self.context.ending.is_none()
            && let Some(event) = events.next()
        {
            outcome = self.take(event);
        }
        events.for_each(turn_away);
        outcome
    }

    fn take(&mut self, event: Event) -> Result<(), Panicked> {
        match event {
            Event::Connect(connect) => self.join(*connect),
            Event::Frame(key, bytes) => self.receive(key, &bytes),
            Event::Left(key, reason) => self.leave(key, reason),
            Event::End(code) => {
                self.context.disconnect_with(code);
                Ok(())
            }
        }
    }

    pub(crate) fn freed_seat(&mut self) {
        self.context.record().free_seat();
        if self.context.clients.is_empty() {
            self.keep_until = Instant::now() + self.registry.config().empty_room_timeout;
            self.check_at = None;
        }
    }

    /// Ends the room if it is empty, and closes clients that should have acked.
    fn check(&mut self) {
        let now = self.registry.now();
        self.check_at = (!self.unacked.is_empty()).then(|| Instant::now() + ACK_CHECK_INTERVAL);
        for &key in &self.unacked {
            if let Some(client) = self.context.clients.by_key(key)
                && client.outbox().is_overdue(now)
            {
                client.outbox().close(close::WITH_ERROR, "no answer to the handshake");
            }
        }
        if self.context.auto_dispose && Instant::now() >= self.keep_until {
            match self.context.record().end_if_empty(now) {
                Emptiness::Ended => self.context.disconnect(),
                Emptiness::Awaited(at) => {
                    self.check_at = Some(Instant::now() + at.saturating_sub(now));
                }
                Emptiness::Inhabited => {}
            }
        }
    }

    fn end(&mut self, ending: Ending) {
        let record = Arc::clone(self.context.record());
        record.lock().ended = true;
        self.registry.remove(&record);
        let (code, reason) = match ending {
            Ending::Orderly(code) => (code, ""),
            Ending::Panicked => (close::WITH_ERROR, "the room failed"),
        };
        let mut orderly = ending != Ending::Panicked;
        while let Some(client) = self.context.clients.first().cloned() {
            if orderly {
                orderly = self.leave(client.key(), LeaveReason::RoomEnded(code)).is_ok();
            }
            client.outbox().close(code, reason);
            self.context.clients.remove(client.key());
        }
        // Only now, so that every session has been told how the room ended before it finds that it has.
        self.inbox.close();
        while let Ok(event) = self.inbox.try_recv() {
            turn_away(event);
        }
        if orderly {
            // What it returns was logged.
            let _ = self.logged("on_dispose", R::on_dispose);
        }
    }

    /// Runs a hook, and logs its error.
    fn logged(
        &mut self,
        what: &'static str,
        hook: impl FnOnce(&mut R, &mut RoomContext<R>) -> Result<()>,
    ) -> Result<(), Panicked> {
        if let Err(error) = self.run_user_code(what, hook)? {
            warn!(?error, "{what} failed");
        }
        Ok(())
    }

    pub(crate) fn run_user_code<T>(
        &mut self,
        what: &'static str,
        code: impl FnOnce(&mut R, &mut RoomContext<R>) -> T,
    ) -> Result<T, Panicked> {
        catch_unwind(AssertUnwindSafe(|| code(&mut self.room, &mut self.context))).map_err(
            |panic| {
                error!(panic = panic_message(&*panic), "{what} panicked, which ends the room");
                Panicked
            },
        )
    }
}

/// Code of the room panicked, and must not run any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of no text")
}

async fn tick(timer: Option<&mut Interval>) {
    match timer {
        Some(timer) => {
            timer.tick().await;
        }
        None => pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// How many events are taken between two looks at the timers.
const EVENTS_AT_ONCE: usize = 64;

/// How often a room looks for acks that are overdue, while it waits for any.
const ACK_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How soon an empty room is looked at again, at the soonest.
const SHORTEST_CHECK: Duration = Duration::from_millis(10);
