//! The clients of a room.

use std::collections::{BTreeMap, HashMap};

use crate::client::{Client, ClientKey};

/// The clients of a room, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    by_key: BTreeMap<ClientKey, Client>,
    by_session_id: HashMap<String, ClientKey>,
}

impl Clients {
    pub(crate) fn insert(&mut self, client: Client) {
        self.by_session_id.insert(client.session_id().to_owned(), client.key());
        self.by_key.insert(client.key(), client);
    }

    pub(crate) fn remove(&mut self, key: ClientKey) -> Option<Client> {
        let client = self.by_key.remove(&key)?;
        if self.by_session_id.get(client.session_id()) == Some(&key) {
            self.by_session_id.remove(client.session_id());
        }
        Some(client)
    }

    pub(crate) fn by_key(&self, key: ClientKey) -> Option<&Client> {
        self.by_key.get(&key)
    }

    pub(crate) fn first(&self) -> Option<&Client> {
        self.by_key.values().next()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Client> {
        self.by_key.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn by_session_id(&self, session_id: &str) -> Option<&Client> {
        self.by_key.get(self.by_session_id.get(session_id)?)
    }
}
