//! What a room has at hand for clients of lands.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewire_opcode::{Catalog, Inbound};
use tidewire_protocol::frame::MessageType;

use super::voice::payload;
use crate::client::{Client, ClientKey};
use crate::codec::CodecId;
use crate::context::RoomContext;
use crate::error::Result;
use crate::room::Room;

/// The side of a room that is a land.
pub(crate) struct LandSide {
    pub(crate) codec: CodecId,
    pub(crate) catalog: Arc<Catalog>,
    /// Whether some of the state is not for everyone: then each client has a view, by the name of its player.
    pub(crate) has_views: bool,
    /// The numbers of the players.
    pub(crate) slots: HashMap<ClientKey, u32>,
    /// What is to be done at the next step, in the order in which it came.
    pub(crate) inputs: Vec<(Client, Inbound)>,
}

impl LandSide {
    pub(crate) fn new(codec: CodecId, catalog: Arc<Catalog>, has_views: bool) -> Self {
        Self { codec, catalog, has_views, slots: HashMap::new(), inputs: Vec::new() }
    }
}

impl<R: Room> RoomContext<R> {
    /// Calls `handler` for every action of this name, and sends what it returns as the answer. An error that it returns is
    /// the client's answer too.
    ///
    /// This is [`on_request`](Self::on_request) by the name that clients of lands have for it: requests of Colyseus clients
    /// come here as well. Clients of lands may write the name as `Play` or `PlayAction`, and in any case.
    pub fn on_action<'a, T, U, F>(&mut self, name: impl Into<MessageType<'a>>, handler: F)
    where
        T: DeserializeOwned,
        U: Serialize,
        F: FnMut(&mut R, &mut Self, &Client, T) -> Result<U> + Send + 'static,
    {
        self.on_request(name, handler);
    }

    /// Calls `handler` for every event of this name that a client sends.
    ///
    /// This is [`on_message`](Self::on_message) by the name that clients of lands have for it: messages of Colyseus clients
    /// come here as well. A client of a land whose event cannot be handled is told so, and stays.
    pub fn on_client_event<'a, T, F>(&mut self, name: impl Into<MessageType<'a>>, handler: F)
    where
        T: DeserializeOwned,
        F: FnMut(&mut R, &mut Self, &Client, T) -> Result<()> + Send + 'static,
    {
        self.on_message(name, handler);
    }

    /// Tells all clients of something that happened in this tick. Clients of lands hear of it right before they see the
    /// next patch, and in one frame with it if they read MessagePack; Colyseus clients get a message at once.
    ///
    /// [`broadcast`](Self::broadcast) tells all of them at once, and [`Client::send`] one of them.
    ///
    /// # Errors
    /// When the message cannot be written as MessagePack, or holds what is no JSON.
    pub fn emit<'a, T: Serialize + ?Sized>(
        &mut self,
        name: impl Into<MessageType<'a>>,
        message: &T,
    ) -> Result<()> {
        let name = name.into();
        if let Some(land) = &self.land {
            self.codecs.at(land.codec).tell(&name.key(), &|| payload(message))?;
        }
        self.message_to_rooms(name, message, None)
    }
}
