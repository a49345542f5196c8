//! The rooms of a server, and whether anything of it is still alive.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidewire_protocol::matchmake::Listing;
use tidewire_protocol::{ID_LENGTH, random_id};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::Record;

/// What matchmaker, sessions and rooms share.
#[derive(Debug)]
pub(crate) struct Registry {
    config: Config,
    process_id: String,
    epoch: Instant,
    rooms: Mutex<Rooms>,
    /// How many rooms and sessions have something left to do.
    alive: watch::Sender<usize>,
    shutting_down: AtomicBool,
}

#[derive(Debug, Default)]
struct Rooms {
    by_id: HashMap<String, Arc<Record>>,
    /// In the order in which they were created.
    by_name: HashMap<Arc<str>, Vec<Arc<Record>>>,
}

impl Registry {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            process_id: new_id(),
            epoch: Instant::now(),
            rooms: Mutex::default(),
            alive: watch::Sender::new(0),
            shutting_down: AtomicBool::new(false),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The time that seats and sessions are measured in.
    pub(crate) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Lists a room.
    pub(crate) fn insert(&self, record: &Arc<Record>) -> Result<()> {
        let mut rooms = self.lock();
        // Asked under the lock that `begin_shutdown` takes, so that no room is made after it looked for them.
        if self.is_shutting_down() {
            return Err(Error::new("the server is shutting down"));
        }
        if rooms.by_id.contains_key(record.id()) {
            return Err(Error::new(format!("there is a room {:?} already", record.id())));
        }
        rooms.by_id.insert(record.id().to_owned(), Arc::clone(record));
        rooms.by_name.entry(Arc::clone(&record.name)).or_default().push(Arc::clone(record));
        Ok(())
    }

    pub(crate) fn remove(&self, record: &Arc<Record>) {
        let mut rooms = self.lock();
        rooms.by_id.remove(record.id());
        if let Some(of_name) = rooms.by_name.get_mut(&record.name) {
            of_name.retain(|other| !Arc::ptr_eq(other, record));
        }
    }

    pub(crate) fn room(&self, room_id: &str) -> Option<Arc<Record>> {
        self.lock().by_id.get(room_id).cloned()
    }

    /// The first room of a name for which `choose` gives something.
    pub(crate) fn find<T>(
        &self,
        name: &str,
        choose: impl FnMut(&Arc<Record>) -> Option<T>,
    ) -> Option<T> {
        self.lock().by_name.get(name)?.iter().find_map(choose)
    }

    /// All rooms, or those of a name.
    pub(crate) fn records(&self, name: Option<&str>) -> Vec<Arc<Record>> {
        let rooms = self.lock();
        match name {
            Some(name) => rooms.by_name.get(name).cloned().unwrap_or_default(),
            None => rooms.by_id.values().cloned().collect(),
        }
    }

    /// A room as listings show it.
    pub(crate) fn listing(&self, record: &Record) -> Listing {
        let shared = record.lock();
        let mut metadata = shared.metadata.clone();
        if !shared.filter.is_empty() {
            if !metadata.is_object() {
                metadata = serde_json::Map::new().into();
            }
            for (key, value) in &shared.filter {
                if metadata.get(key).is_none() {
                    metadata[key] = value.clone();
                }
            }
        }
        Listing {
            name: record.name.as_ref().to_owned(),
            room_id: record.id().to_owned(),
            process_id: self.process_id.clone(),
            public_address: self.config.public_address.clone(),
            clients: shared.clients + shared.seats.reserved(),
            max_clients: shared.max_clients,
            locked: shared.locked || shared.is_full(),
            private: shared.private,
            unlisted: false,
            created_at: record.created_at,
            metadata,
        }
    }

    /// Refuses whatever is new from now on, and gives the rooms that there are.
    pub(crate) fn begin_shutdown(&self) -> Vec<Arc<Record>> {
        let rooms = self.lock();
        self.shutting_down.store(true, Ordering::Relaxed);
        rooms.by_id.values().cloned().collect()
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shutting_down.load(Ordering::Relaxed)
    }

    /// Counts something as alive until the guard is dropped.
    pub(crate) fn alive(self: &Arc<Self>) -> Alive {
        self.alive.send_modify(|count| *count += 1);
        Alive(Arc::clone(self))
    }

    /// Waits until nothing is alive.
    pub(crate) async fn wait_for_end(&self) {
        // The sender lives in `self`, so there is an answer.
        let _ = self.alive.subscribe().wait_for(|&count| count == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that a shutdown waits for.
#[derive(Debug)]
pub(crate) struct Alive(Arc<Registry>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.send_modify(|count| *count -= 1);
    }
}

/// A new id that nobody can guess.
pub(crate) fn new_id() -> String {
    random_id(&rand::random::<[u8; ID_LENGTH]>())
}
