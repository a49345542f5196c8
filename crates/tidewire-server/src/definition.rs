//! How a server makes the rooms of a name.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use tidewire_opcode::{Catalog, Land, types_of};
use tidewire_protocol::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::client::AuthData;
use crate::error::{Context as _, Result};
use crate::land::INSTANCE;
use crate::options::Options;
use crate::record::{Record, Reservation};
use crate::registry::Registry;
use crate::room::{AuthRequest, Room};
use crate::task::{self, Birth};

/// How the rooms of a name are made and found: for [`Server::define_with`](crate::Server::define_with).
///
/// ```
/// use tidewire_server::{Definition, Room, Server};
/// # use tidewire_state::example::Arena;
///
/// struct ArenaRoom { lives: u8 }
///
/// impl Room for ArenaRoom {
///     type State = Arena;
/// }
///
/// // joinOrCreate("arena", {mode: "duel"}) finds or makes a room whose mode is "duel".
/// let arena = Definition::new(|| ArenaRoom { lives: 3 }).filter_by(["mode"]);
/// let server = Server::new().define_with("arena", arena);
/// ```
pub struct Definition<R: Room> {
    make: Arc<dyn Fn() -> R + Send + Sync>,
    options: Options,
    filter_by: Vec<String>,
    land: Option<Land>,
}

impl<R: Room> Definition<R> {
    /// Rooms that this function makes.
    pub fn new(make: impl Fn() -> R + Send + Sync + 'static) -> Self {
        Self {
            make: Arc::new(make),
            options: Options::default(),
            filter_by: Vec::new(),
            land: None,
        }
    }

    /// Options of every room of this name, which override those of the client that asks for it.
    #[must_use]
    pub fn options(mut self, options: impl Into<Options>) -> Self {
        self.options = options.into();
        self
    }

    /// The options by which clients find rooms: one that joins with such an option gets only into rooms that were created
    /// with the same value.
    #[must_use]
    pub fn filter_by<S: Into<String>>(mut self, options: impl IntoIterator<Item = S>) -> Self {
        self.filter_by = options.into_iter().map(Into::into).collect();
        self
    }
}

impl<R: Room> Definition<R> {
    /// Makes these rooms lands, which SwiftStateTree clients join too. The function adds the types of actions and events to
    /// those of the state: see [`land`](crate::land).
    #[must_use]
    pub fn land(mut self, describe: impl FnOnce(Land) -> Land) -> Self {
        self.land = Some(describe(Land::new("", types_of::<R::State>())));
        self
    }
}

impl<R: Room> fmt::Debug for Definition<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("options", &self.options)
            .field("filter_by", &self.filter_by)
            .finish_non_exhaustive()
    }
}

/// A definition whose kind of room is forgotten.
pub(crate) trait AnyDefinition: Send + Sync {
    fn authenticate(
        &self,
        request: AuthRequest,
    ) -> Pin<Box<dyn Future<Output = Result<AuthData>> + Send>>;

    /// What clients of lands are told of these rooms, if they are lands.
    fn land(&self) -> Option<&Land>;

    /// Whether these rooms are lands.
    fn is_land(&self) -> bool {
        self.land().is_some()
    }

    /// The conditions that a client with these options has.
    fn conditions(&self, options: &Options) -> Map<String, Value>;

    /// Makes a room. The receiver hears of it once `on_create` is done and the room is listed.
    fn create(
        &self,
        name: &Arc<str>,
        options: &Options,
        first_seat: Option<(String, Reservation)>,
        registry: &Arc<Registry>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Record>>> + Send>>;
}

impl<R: Room> AnyDefinition for Definition<R> {
    fn authenticate(
        &self,
        request: AuthRequest,
    ) -> Pin<Box<dyn Future<Output = Result<AuthData>> + Send>> {
        Box::pin(R::on_auth(request))
    }

    fn land(&self) -> Option<&Land> {
        self.land.as_ref()
    }

    fn conditions(&self, options: &Options) -> Map<String, Value> {
        let options = options.as_map();
        let instance = self.land.as_ref().map(|_| INSTANCE);
        let filter_by = self.filter_by.iter().map(String::as_str).chain(instance);
        let known = filter_by.filter_map(|key| options.get_key_value(key));
        known.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn create(
        &self,
        name: &Arc<str>,
        options: &Options,
        first_seat: Option<(String, Reservation)>,
        registry: &Arc<Registry>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Record>>> + Send>> {
        let options = options.overridden_by(&self.options);
        let (sender, inbox) = mpsc::channel(registry.config().room_queue.max(1));
        let (made, answer) = oneshot::channel();
        let record =
            Arc::new(Record::new(Arc::clone(name), now(), sender, self.conditions(&options)));
        task::start(Birth {
            make: Arc::clone(&self.make),
            options,
            record: Arc::clone(&record),
            inbox,
            registry: Arc::clone(registry),
            first_seat,
            catalog: self.land.as_ref().map(|land| Arc::new(Catalog::new(land))),
            made,
        });
        Box::pin(async move {
            answer.await.context("the room failed while it was made")??;
            Ok(record)
        })
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
