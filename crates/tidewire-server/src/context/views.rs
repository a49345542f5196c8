//! Which client has which view.

use std::collections::HashMap;

use tidewire_state::{Schema, Tracked, ViewId};

use crate::client::{Client, ClientKey};

/// The views of a room's clients. Most rooms have none.
#[derive(Debug, Default)]
pub(crate) struct Views {
    by_client: HashMap<ClientKey, ViewId>,
}

impl Views {
    pub(crate) fn of(&self, client: &Client) -> Option<ViewId> {
        self.by_client.get(&client.key()).copied()
    }

    /// The view of a client, which is made if it has none.
    pub(super) fn make<S: Schema>(&mut self, client: &Client, state: &mut Tracked<S>) -> ViewId {
        let new = || state.create_view(client.session_id());
        *self.by_client.entry(client.key()).or_insert_with(new)
    }

    /// Gives a client the view of another, and drops the one it had if nobody else has it.
    pub(super) fn share<S: Schema>(
        &mut self,
        client: &Client,
        view: ViewId,
        state: &mut Tracked<S>,
    ) {
        let had = self.by_client.insert(client.key(), view);
        self.drop_unused(had, state);
    }

    pub(super) fn left<S: Schema>(&mut self, client: &Client, state: &mut Tracked<S>) {
        let had = self.by_client.remove(&client.key());
        self.drop_unused(had, state);
    }

    fn drop_unused<S: Schema>(&mut self, view: Option<ViewId>, state: &mut Tracked<S>) {
        if let Some(view) = view
            && !self.by_client.values().any(|other| *other == view)
        {
            state.drop_view(view);
        }
    }
}
