//! How clients find their rooms.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use tidewire_protocol::matchmake::{
    Listing, Method, Refusal, SeatReservation, code, reconnection_token,
};
use tidewire_protocol::url::{self, Target};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::client::AuthData;
use crate::config::Config;
use crate::definition::AnyDefinition;
use crate::error::Error;
use crate::land::{self, LandConfig, Lands};
use crate::options::Options;
use crate::record::{Event, NoSeat, Record, Reservation};
use crate::registry::{Registry, new_id};
use crate::room::AuthRequest;
use crate::session;
use crate::transport::{FrameSink, FrameSource};

/// Finds and makes rooms, and gives seats in them. Cheap to clone; from [`Server::matchmaker`](crate::Server::matchmaker).
///
/// What clients ask over HTTP, code of the server may ask here.
#[derive(Clone)]
pub struct Matchmaker {
    definitions: Arc<RwLock<HashMap<Arc<str>, Arc<Entry>>>>,
    registry: Arc<Registry>,
    pub(crate) lands: Arc<RwLock<Arc<Lands>>>,
}

pub(crate) struct Entry {
    name: Arc<str>,
    pub(crate) definition: Box<dyn AnyDefinition>,
    /// Held while a room is made for `joinOrCreate`, so that two at once do not make two rooms.
    pub(crate) creating: Mutex<()>,
}

/// A seat in a room, which waits for its client.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// The room.
    pub room: Listing,
    /// The session that has the seat.
    pub session_id: String,
}

impl Seat {
    /// The JSON that clients of every generation read.
    #[must_use]
    pub fn to_json(&self) -> String {
        SeatReservation { room: &self.room, session_id: &self.session_id }.to_json()
    }
}

impl Matchmaker {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            definitions: Arc::default(),
            registry: Arc::new(Registry::new(config)),
            lands: Arc::default(),
        }
    }

    pub(crate) fn define(&self, name: &str, definition: impl AnyDefinition + 'static) {
        {
            let mut lands = self.lands.write().unwrap_or_else(PoisonError::into_inner);
            let lands = Arc::make_mut(&mut lands);
            match definition.land() {
                Some(land) => lands.insert(land.clone().named(name)),
                None => lands.remove(name),
            }
        }
        let name: Arc<str> = name.into();
        let entry = Entry {
            name: Arc::clone(&name),
            definition: Box::new(definition),
            creating: Mutex::new(()),
        };
        self.definitions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, Arc::new(entry));
    }

    /// The rooms of a name, or all, in the order in which they were created if a name is given.
    #[must_use]
    pub fn query(&self, name: Option<&str>) -> Vec<Listing> {
        self.registry.records(name).iter().map(|record| self.registry.listing(record)).collect()
    }

    /// The room of this id.
    #[must_use]
    pub fn room(&self, room_id: &str) -> Option<Listing> {
        self.registry.room(room_id).map(|record| self.registry.listing(&record))
    }

    /// Makes a room, in which nobody has a seat yet.
    ///
    /// # Errors
    /// For a name that is not defined, and when `on_create` fails.
    pub async fn create_room(
        &self,
        name: &str,
        options: impl Into<Options>,
    ) -> Result<Listing, Refusal> {
        self.refuse_in_shutdown()?;
        let entry = self.entry(name)?;
        let record = self.make(&entry, &options.into(), None).await?;
        Ok(self.registry.listing(&record))
    }

    /// Does what a client asks for: authenticates it, finds or makes a room, and reserves a seat.
    ///
    /// `target` is the name of the room, or its id for [`Method::JoinById`] and [`Method::Reconnect`].
    ///
    /// # Errors
    /// A [`Refusal`] with the code and the message that clients get.
    pub async fn request(
        &self,
        method: Method,
        target: &str,
        request: AuthRequest,
    ) -> Result<Seat, Refusal> {
        self.refuse_in_shutdown()?;
        match method {
            Method::JoinOrCreate => self.join_or_create(target, request).await,
            Method::Create => {
                let entry = self.entry(target)?;
                let reservation = self.authenticate(&entry, request).await?;
                self.create(&entry, reservation).await
            }
            Method::Join => {
                let entry = self.entry(target)?;
                let reservation = self.authenticate(&entry, request).await?;
                let conditions = entry.definition.conditions(&reservation.options);
                self.seat_in_any(target, &conditions, &reservation)
                    .ok_or_else(Refusal::no_rooms_found)
            }
            Method::JoinById => self.join_by_id(target, request).await,
            Method::Reconnect => {
                reconnection_token(request.options.as_map())?;
                if self.registry.room(target).is_none() {
                    return Err(Refusal::room_disposed(target));
                }
                // No room holds seats for clients that lost their connection.
                Err(Refusal::token_expired())
            }
        }
    }

    /// Ends a room: its clients are closed with this code. Whether there was one.
    pub async fn end_room(&self, room_id: &str, close_code: u16) -> bool {
        let Some(record) = self.registry.room(room_id) else { return false };
        record.inbox.send(Event::End(close_code)).await.is_ok()
    }

    /// Runs the session of a client that dialled this path and query, until its connection ends.
    ///
    /// This is what the server does with its WebSockets; it is here for transports of one's own, and for tests. The
    /// session goes on when the future is dropped.
    pub async fn attach(
        &self,
        path_and_query: &str,
        source: impl FrameSource,
        sink: impl FrameSink,
    ) {
        self.attach_request(path_and_query, AuthRequest::default(), source, sink).await;
    }

    /// [`attach`](Self::attach), with what is known of the request. What it asks for is not in it.
    pub(crate) async fn attach_request(
        &self,
        path_and_query: &str,
        request: AuthRequest,
        source: impl FrameSource,
        sink: impl FrameSink,
    ) {
        let (matchmaker, path_and_query) = (self.clone(), path_and_query.to_owned());
        let session = async move {
            if matchmaker.wants_land(&path_and_query) {
                land::run(&matchmaker, &path_and_query, request, source, sink).await;
            } else {
                session::run(&matchmaker.registry, &path_and_query, source, sink).await;
            }
        };
        // A panic of the transport is the end of its session only.
        let _ = tokio::spawn(session).await;
    }

    /// Whether a client that dials this path wants a land, and there are lands.
    pub(crate) fn wants_land(&self, path_and_query: &str) -> bool {
        land::is_land(path_and_query)
            && matches!(url::parse(path_and_query), Ok(Target::Ping))
            && !self.lands().is_empty()
    }

    /// Ends all rooms with a close code, takes no requests any more, and waits until every client was told, or until
    /// [`Config::shutdown_timeout`].
    pub async fn shut_down(&self, close_code: u16) {
        let rooms = self.registry.begin_shutdown();
        let end = async {
            for record in rooms {
                // A room that has just ended does not hear it.
                let _ = record.inbox.send(Event::End(close_code)).await;
            }
            self.registry.wait_for_end().await;
        };
        if timeout(self.config().shutdown_timeout, end).await.is_err() {
            warn!("rooms did not end in time for the shutdown");
        }
    }

    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    pub(crate) fn now(&self) -> Duration {
        self.registry.now()
    }

    pub(crate) fn config(&self) -> &Config {
        self.registry.config()
    }

    async fn join_or_create(&self, name: &str, request: AuthRequest) -> Result<Seat, Refusal> {
        let entry = self.entry(name)?;
        let reservation = self.authenticate(&entry, request).await?;
        let conditions = entry.definition.conditions(&reservation.options);
        if let Some(seat) = self.seat_in_any(name, &conditions, &reservation) {
            return Ok(seat);
        }
        let _creating = entry.creating.lock().await;
        match self.seat_in_any(name, &conditions, &reservation) {
            Some(seat) => Ok(seat),
            None => self.create(&entry, reservation).await,
        }
    }

    async fn join_by_id(&self, room_id: &str, request: AuthRequest) -> Result<Seat, Refusal> {
        let record = self.registry.room(room_id).ok_or_else(|| Refusal::room_not_found(room_id))?;
        if self.registry.listing(&record).locked {
            return Err(Refusal::room_locked(room_id));
        }
        let entry = self.entry(&record.name)?;
        let reservation = self.authenticate(&entry, request).await?;
        self.reserve(&record, &reservation).map_err(|no_seat| match no_seat {
            NoSeat::Full => Refusal::room_full(room_id),
            NoSeat::Locked => Refusal::room_locked(room_id),
            NoSeat::Ended => Refusal::room_not_found(room_id),
        })
    }

    async fn create(&self, entry: &Entry, reservation: Reservation) -> Result<Seat, Refusal> {
        let session_id = new_id();
        let options = reservation.options.clone();
        let record = self.make(entry, &options, Some((session_id.clone(), reservation))).await?;
        Ok(Seat { room: self.registry.listing(&record), session_id })
    }

    pub(crate) async fn make(
        &self,
        entry: &Entry,
        options: &Options,
        first_seat: Option<(String, Reservation)>,
    ) -> Result<Arc<Record>, Refusal> {
        let created =
            entry.definition.create(&entry.name, options, first_seat, &self.registry).await;
        created.map_err(|error| {
            warn!(room = %entry.name, ?error, "a room was not created");
            self.refusal(&error, code::UNHANDLED)
        })
    }

    fn seat_in_any(
        &self,
        name: &str,
        conditions: &Map<String, Value>,
        reservation: &Reservation,
    ) -> Option<Seat> {
        let (record, session_id) = self.registry.find(name, |record| {
            let mut shared = record.lock();
            let now = self.registry.now();
            shared.seats.expire(now);
            if !shared.is_open_to(conditions) {
                return None;
            }
            let session_id = new_id();
            let timeout = self.config().seat_timeout;
            shared.reserve(&session_id, reservation.clone(), now, timeout).ok()?;
            Some((Arc::clone(record), session_id))
        })?;
        Some(Seat { room: self.registry.listing(&record), session_id })
    }

    fn reserve(&self, record: &Record, reservation: &Reservation) -> Result<Seat, NoSeat> {
        let session_id = new_id();
        let (now, timeout) = (self.registry.now(), self.config().seat_timeout);
        record.lock().reserve(&session_id, reservation.clone(), now, timeout)?;
        Ok(Seat { room: self.registry.listing(record), session_id })
    }

    pub(crate) async fn authenticate(
        &self,
        entry: &Entry,
        request: AuthRequest,
    ) -> Result<Reservation, Refusal> {
        let options = request.options.clone();
        // In a task of its own a panic is its own; dropped with the set if the client hangs up.
        let mut task = JoinSet::new();
        task.spawn(entry.definition.authenticate(request));
        let answer = match task.join_next().await {
            Some(Ok(answer)) => answer,
            _ => return Err(Refusal::auth_failed()),
        };
        let auth: AuthData = answer.map_err(|error| {
            debug!(?error, "on_auth refused a client");
            self.refusal(&error, code::AUTH_FAILED)
        })?;
        Ok(Reservation { options, auth })
    }

    pub(crate) fn entry(&self, name: &str) -> Result<Arc<Entry>, Refusal> {
        let definitions = self.definitions.read().unwrap_or_else(PoisonError::into_inner);
        definitions.get(name).cloned().ok_or_else(|| Refusal::no_handler(name))
    }

    pub(crate) fn refuse_in_shutdown(&self) -> Result<(), Refusal> {
        if self.registry.is_shutting_down() { Err(Refusal::shutting_down()) } else { Ok(()) }
    }

    fn refusal(&self, error: &Error, default_code: u16) -> Refusal {
        if self.registry.is_shutting_down() {
            return Refusal::shutting_down();
        }
        Refusal::new(error.code().unwrap_or(default_code), error.to_string())
    }
}

impl Matchmaker {
    /// The `schema.json` that clients of lands are told of, if there are lands.
    #[must_use]
    pub fn land_schema(&self) -> Option<Bytes> {
        let lands = self.lands();
        (!lands.is_empty()).then(|| lands.schema())
    }

    /// How lands are served from now on.
    pub(crate) fn set_land_config(&self, config: LandConfig) {
        let mut lands = self.lands.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut lands).config = config;
    }
}

impl fmt::Debug for Matchmaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matchmaker").field("rooms", &self.query(None).len()).finish_non_exhaustive()
    }
}
