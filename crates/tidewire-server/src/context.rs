//! What a room has at hand: its state, its clients, its timers and handlers.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tidewire_opcode::Catalog;
use tidewire_protocol::frame::MessageType;
use tidewire_protocol::{close, is_dialable};
use tidewire_state::Tracked;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use self::clients::Clients;
use self::views::Views;
use crate::client::{Client, ClientKey, encode_bytes, encode_message};
use crate::codec::{Codec, Codecs};
use crate::error::{Error, Result};
use crate::handlers::{Handlers, WILDCARD};
use crate::land::{self, LandCodec, LandSide};
use crate::options::Options;
use crate::record::Record;
use crate::room::Room;
use crate::view::ClientView;

mod clients;
mod views;

/// What a room has at hand. Every hook and handler of a room gets it.
///
/// The [`state`](Self::state) is changed in place; what changed is sent with the next patch.
pub struct RoomContext<R: Room> {
    /// The state that clients see: all of it, but for fields that are marked `view`.
    pub state: Tracked<R::State>,
    /// What tells the clients of it.
    pub(crate) codecs: Codecs<R::State>,
    /// What there is for clients of lands, if the room is one.
    pub(crate) land: Option<LandSide>,
    room_id: String,
    options: Options,
    record: Arc<Record>,
    created: Instant,
    pub(crate) clients: Clients,
    pub(crate) views: Views,
    /// Whether functions say who sees what.
    has_filters: bool,
    /// Clients that wait for their snapshot.
    pub(crate) newcomers: Vec<ClientKey>,
    pub(crate) handlers: Handlers<R>,
    pub(crate) simulation: Option<Simulation<R>>,
    pub(crate) patch_timer: Option<Interval>,
    pub(crate) tasks: JoinSet<Comeback<R>>,
    pub(crate) auto_dispose: bool,
    /// The close code with which the room is to end.
    pub(crate) ending: Option<u16>,
}

/// What a room does at fixed times.
pub(crate) struct Simulation<R: Room> {
    pub(crate) timer: Interval,
    pub(crate) last: Instant,
    /// Taken out while it runs, as message handlers are.
    pub(crate) step: Option<Step<R>>,
}

pub(crate) type Step<R> =
    Box<dyn FnMut(&mut R, &mut RoomContext<R>, Duration) -> Result<()> + Send>;

/// A result that comes back to the room.
pub(crate) type Comeback<R> = Box<dyn FnOnce(&mut R, &mut RoomContext<R>) -> Result<()> + Send>;

impl<R: Room> RoomContext<R> {
    /// Must be called in a tokio runtime.
    pub(crate) fn new(
        room_id: String,
        options: Options,
        record: Arc<Record>,
        catalog: Option<Arc<Catalog>>,
    ) -> Self {
        let state = Tracked::new(R::State::default());
        let mut codecs = Codecs::new(&state);
        let land = catalog.map(|catalog| {
            let codec = LandCodec::new(&state, Arc::clone(&catalog));
            let has_views = codec.has_own_parts();
            let codec = codecs.push(LandCodec::ID.to_owned(), Box::new(codec));
            LandSide::new(codec, catalog, has_views)
        });
        Self {
            has_filters: state.types().has_filters(),
            state,
            codecs,
            land,
            room_id,
            options,
            record,
            created: Instant::now(),
            clients: Clients::default(),
            views: Views::default(),
            newcomers: Vec::new(),
            handlers: Handlers::default(),
            simulation: None,
            patch_timer: Some(timer(DEFAULT_PATCH_RATE)),
            tasks: JoinSet::new(),
            auto_dispose: true,
            ending: None,
        }
    }

    /// The id of the room, by which clients join it.
    #[must_use]
    pub fn room_id(&self) -> &str {
        &self.room_id
    }

    /// The name under which the room was defined.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// What the room was created with: the options of the client that asked for it, overridden by those of its definition.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Time since the room was created.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.created.elapsed()
    }

    /// Gives the room an id of one's own; only in `on_create`.
    ///
    /// # Errors
    /// When the room was created already, or clients could not dial the id: only `A-Za-z0-9_-` may stand in it.
    pub fn set_room_id(&mut self, room_id: impl Into<String>) -> Result<()> {
        let room_id = room_id.into();
        if !self.record.id().is_empty() {
            return Err(Error::new("a room's id can be set in on_create only"));
        }
        if !is_dialable(&room_id) {
            return Err(Error::new(format!(
                "room id {room_id:?} must consist of A-Z, a-z, 0-9, _ and -"
            )));
        }
        self.room_id = room_id;
        Ok(())
    }

    /// How clients are told of the state: [`Codec::Schema`], unless this says otherwise; only in `on_create`.
    ///
    /// ```
    /// use tidewire_server::{Codec, Result, Room, RoomContext};
    /// # use tidewire_state::example::Arena;
    ///
    /// #[derive(Default)]
    /// struct ArenaRoom;
    ///
    /// impl Room for ArenaRoom {
    ///     type State = Arena;
    ///
    ///     fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
    ///         room.set_serializer(Codec::Json)
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// When the room was created already, or the types of the state do not fit the codec.
    pub fn set_serializer(&mut self, codec: Codec) -> Result<()> {
        self.check_creating()?;
        self.codecs.set_first(codec, &self.state)
    }

    /// Serves clients that join with the option `serializer` naming this codec with it; only in `on_create`. The state is
    /// walked once for all codecs of a room.
    ///
    /// Who names none is served by that of [`set_serializer`](Self::set_serializer), and who names one that the room does
    /// not have is refused.
    ///
    /// # Errors
    /// As of [`set_serializer`](Self::set_serializer), or when the room has this codec already.
    pub fn add_serializer(&mut self, codec: Codec) -> Result<()> {
        self.check_creating()?;
        self.codecs.add(codec, &self.state)
    }

    /// Calls `handler` for every message of this type; the message is read with the type that the handler takes (`()` for
    /// none at all, `Option` for one that may be absent). A later handler for the same type replaces an earlier one.
    ///
    /// The types `7` and `"7"` are the same here, and `"*"` is every type that has no handler of its own
    /// ([`on_any_message`](Self::on_any_message)). A client whose message is of another shape, or has no handler, is
    /// closed with 4002. An error that the handler returns is logged, and nothing else.
    pub fn on_message<'a, T, F>(&mut self, message_type: impl Into<MessageType<'a>>, mut handler: F)
    where
        T: DeserializeOwned,
        F: FnMut(&mut R, &mut Self, &Client, T) -> Result<()> + Send + 'static,
    {
        self.handlers.on_message(message_type.into(), move |this, room, client, _, message| {
            handler(this, room, client, message)
        });
    }

    /// Calls `handler` for every message of a type that has no handler of its own.
    pub fn on_any_message<T, F>(&mut self, handler: F)
    where
        T: DeserializeOwned,
        F: FnMut(&mut R, &mut Self, &Client, MessageType<'_>, T) -> Result<()> + Send + 'static,
    {
        self.handlers.on_message(MessageType::Text(WILDCARD), handler);
    }

    /// Calls `handler` for every message of raw bytes of this type. These have types of their own beside those of
    /// [`on_message`](Self::on_message).
    pub fn on_message_bytes<'a, F>(&mut self, message_type: impl Into<MessageType<'a>>, handler: F)
    where
        F: FnMut(&mut R, &mut Self, &Client, &[u8]) -> Result<()> + Send + 'static,
    {
        self.handlers.on_bytes(message_type.into(), handler);
    }

    /// Answers every request of this type with what `handler` returns, or with its error. (Clients can send requests since
    /// 0.18.)
    pub fn on_request<'a, T, U, F>(&mut self, message_type: impl Into<MessageType<'a>>, handler: F)
    where
        T: DeserializeOwned,
        U: Serialize,
        F: FnMut(&mut R, &mut Self, &Client, T) -> Result<U> + Send + 'static,
    {
        self.handlers.on_request(message_type.into(), handler);
    }

    /// Calls `step` with the time since its last call, every `interval` (at least a millisecond) from now on. A later call
    /// replaces an earlier one.
    ///
    /// The times are multiples of the interval from now, so steps do not drift; those that a busy room misses are skipped.
    pub fn set_simulation_interval<F>(&mut self, interval: Duration, step: F)
    where
        F: FnMut(&mut R, &mut Self, Duration) -> Result<()> + Send + 'static,
    {
        self.simulation = Some(Simulation {
            timer: timer(interval),
            last: Instant::now(),
            step: Some(Box::new(step)),
        });
    }

    /// Sends patches every `interval` (at least a millisecond) from now on, 50 ms by default. With `None`, patches are
    /// sent when [`broadcast_patch`](Self::broadcast_patch) is called, and when a client joins.
    ///
    /// The times are multiples of the interval from now, so patches do not drift; those that a busy room misses are skipped.
    pub fn set_patch_rate(&mut self, interval: impl Into<Option<Duration>>) {
        self.patch_timer = interval.into().map(timer);
    }

    /// Sends what changed to all clients now, and the state to those who wait for it. `on_before_patch` is not called.
    pub fn broadcast_patch(&mut self) {
        if self.clients.is_empty() {
            // The next snapshot holds it all.
            self.newcomers.clear();
            return;
        }
        if self.has_filters {
            // Filters are asked for whoever has a view, in the sync before the first state.
            for key in &self.newcomers {
                if let Some(client) = self.clients.by_key(*key) {
                    self.views.make(client, &mut self.state);
                }
            }
        }
        self.codecs.sync(&mut self.state);
        for client in self.clients.iter() {
            let codec = self.codecs.of(client);
            let patch = match self.views.of(client) {
                None => codec.patch(client),
                // A patch is made for who gets it: what was sent to a client is remembered.
                Some(_) if !client.outbox().takes_patches() => continue,
                Some(view) => codec.patch_in_view(client, view, &self.state),
            };
            client.outbox().push_patch(patch);
            if let Some(frame) = self.codecs.of(client).unreliable() {
                client.outbox().push_unreliable(frame);
            }
        }
        for key in self.newcomers.drain(..) {
            if let Some(client) = self.clients.by_key(key) {
                let codec = self.codecs.of(client);
                let snapshot = match self.views.of(client) {
                    None => codec.snapshot(client, &self.state),
                    Some(view) => codec.snapshot_in_view(client, view, &self.state),
                };
                client.outbox().push_state(snapshot);
            }
        }
    }

    /// Sends a message to all clients; to those of lands, an event of this name. It is encoded once for all that read alike.
    ///
    /// # Errors
    /// When the message cannot be written as MessagePack.
    pub fn broadcast<'a, T: Serialize + ?Sized>(
        &self,
        message_type: impl Into<MessageType<'a>>,
        message: &T,
    ) -> Result<()> {
        self.message_to_all(message_type.into(), message, None)
    }

    /// Sends a message to all clients but one.
    ///
    /// # Errors
    /// When the message cannot be written as MessagePack.
    pub fn broadcast_except<'a, T: Serialize + ?Sized>(
        &self,
        message_type: impl Into<MessageType<'a>>,
        message: &T,
        except: &Client,
    ) -> Result<()> {
        self.message_to_all(message_type.into(), message, Some(except))
    }

    /// Sends a message of raw bytes to all clients but those of lands, who cannot be told such.
    pub fn broadcast_bytes<'a>(&self, message_type: impl Into<MessageType<'a>>, bytes: &[u8]) {
        self.send_to_all(&encode_bytes(message_type.into(), bytes), None);
    }

    /// The clients of the room, in the order in which they came.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = &Client> {
        self.clients.iter()
    }

    /// The client of this session id.
    #[must_use]
    pub fn client(&self, session_id: &str) -> Option<&Client> {
        self.clients.by_session_id(session_id)
    }

    /// What a client sees of the fields that are marked `view`: nothing, until something is added. Leaving ends it.
    /// Where the state has filters, each client has one from its first state on.
    ///
    /// ```
    /// # use tidewire_server::{Client, Result, Room, RoomContext};
    /// # use tidewire_state::{MapSchema, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Player { name: String }
    /// #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// struct World {
    ///     #[schema(view)]
    ///     players: MapSchema<Player>,
    /// }
    ///
    /// # #[derive(Default)]
    /// # struct WorldRoom;
    /// # impl Room for WorldRoom { type State = World; }
    /// fn meets(room: &mut RoomContext<WorldRoom>, client: &Client, other: &str) -> Result<()> {
    ///     room.view(client).add(&["players", other])
    /// }
    /// ```
    pub fn view(&mut self, client: &Client) -> ClientView<'_, R::State> {
        let is_here = self.clients.by_key(client.key()).is_some();
        let view = is_here.then(|| self.views.make(client, &mut self.state));
        ClientView::new(&mut self.state, view)
    }

    /// Gives a client the view of another: from now on they have one, as members of a team have, and what either adds both
    /// see. It lasts until the last of them leaves. Without effect if one of them has left.
    pub fn share_view(&mut self, client: &Client, of: &Client) {
        let is_here = |client: &Client| self.clients.by_key(client.key()).is_some();
        if is_here(client) && is_here(of) {
            let view = self.views.make(of, &mut self.state);
            self.views.share(client, view, &mut self.state);
        }
    }

    /// Lets nobody else in, until [`unlock`](Self::unlock).
    pub fn lock(&mut self) {
        self.record.lock().locked = true;
    }

    /// Lets clients in again.
    pub fn unlock(&mut self) {
        self.record.lock().locked = false;
    }

    /// Whether the room can be joined by its id only.
    pub fn set_private(&mut self, private: bool) {
        self.record.lock().private = private;
    }

    /// How many clients fit in, seats that wait for their client counted. `None`, the default, is any number.
    pub fn set_max_clients(&mut self, max_clients: impl Into<Option<usize>>) {
        self.record.lock().max_clients = max_clients.into();
    }

    /// What the room says about itself in listings; replaces what it said before.
    pub fn set_metadata(&mut self, metadata: Value) {
        self.record.lock().metadata = metadata;
    }

    /// Whether the room ends when nobody is in it any more, which is the default.
    pub fn set_auto_dispose(&mut self, auto_dispose: bool) {
        self.auto_dispose = auto_dispose;
    }

    /// Ends the room after the hook or handler that runs: all clients are closed with 4000, and leave.
    pub fn disconnect(&mut self) {
        self.disconnect_with(close::CONSENTED);
    }

    /// [`disconnect`](Self::disconnect) with a close code of one's own.
    pub fn disconnect_with(&mut self, code: u16) {
        self.ending.get_or_insert(code);
    }

    /// Runs a future beside the room, and hands its result back to the room. It is dropped if the room ends first. A future
    /// that panics ends the room.
    pub fn spawn<T, F>(&mut self, future: impl Future<Output = T> + Send + 'static, then: F)
    where
        T: Send + 'static,
        F: FnOnce(&mut R, &mut Self, T) -> Result<()> + Send + 'static,
    {
        self.tasks.spawn(async move {
            let result = future.await;
            Box::new(move |this: &mut R, room: &mut Self| then(this, room, result)) as Comeback<R>
        });
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// Forgets a client, whose seat is free from now on.
    pub(crate) fn remove_client(&mut self, key: ClientKey) -> Option<Client> {
        let client = self.clients.remove(key)?;
        self.codecs.of(&client).left(&client);
        self.views.left(&client, &mut self.state);
        if let Some(land) = &mut self.land {
            land.slots.remove(&key);
            if client.voice().is_some() {
                self.record.lock().players.remove(client.session_id());
            }
        }
        Some(client)
    }

    fn check_creating(&self) -> Result<()> {
        if self.record.id().is_empty() {
            return Ok(());
        }
        Err(Error::new("a room's serializers can be chosen in on_create only"))
    }

    fn message_to_all<T: Serialize + ?Sized>(
        &self,
        message_type: MessageType<'_>,
        message: &T,
        except: Option<&Client>,
    ) -> Result<()> {
        if self.land.is_some() {
            let clients = self.clients.iter().filter(|&client| Some(client) != except);
            land::broadcast(clients, &message_type.key(), || land::payload(message))?;
        }
        self.message_to_rooms(message_type, message, except)
    }

    /// Sends a message to all clients but those of lands.
    pub(crate) fn message_to_rooms<T: Serialize + ?Sized>(
        &self,
        message_type: MessageType<'_>,
        message: &T,
        except: Option<&Client>,
    ) -> Result<()> {
        self.send_to_all(&encode_message(message_type, message)?, except);
        Ok(())
    }

    fn send_to_all(&self, frame: &Bytes, except: Option<&Client>) {
        let clients = self.clients.iter().filter(|&client| Some(client) != except);
        for client in clients.filter(|client| client.voice().is_none()) {
            client.outbox().push_message(frame.clone());
        }
    }
}

impl<R: Room> fmt::Debug for RoomContext<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomContext")
            .field("room", &type_name::<R>())
            .field("room_id", &self.room_id)
            .field("clients", &self.clients.iter().len())
            .finish_non_exhaustive()
    }
}

/// Ticks at multiples of a period from now. Ticks that come too late are left out.
fn timer(period: Duration) -> Interval {
    let period = period.max(Duration::from_millis(1));
    let mut timer = interval_at(Instant::now() + period, period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    timer
}

const DEFAULT_PATCH_RATE: Duration = Duration::from_millis(50);
