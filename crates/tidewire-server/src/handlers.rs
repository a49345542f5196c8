//! The message handlers of a room.
//!
//! Handlers get the room and its context, and so may register others, or themselves anew, while they run. For that a
//! handler is taken out of its place while it is called, and put back unless the place was filled meanwhile.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewire_protocol::frame::MessageType;
use tidewire_protocol::msgpack;

use crate::client::Client;
use crate::context::RoomContext;
use crate::error::{Context as _, Error, Result};
use crate::room::Room;

/// What a handler is registered for. Each kind has its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Bytes,
    Request,
}

/// How a handler failed.
#[derive(Debug)]
pub(crate) enum HandlerError {
    /// The payload is not what the handler takes. The client is at fault.
    Payload(msgpack::Error),
    /// The handler said so.
    Failed(Error),
}

/// Takes a payload as it came, and returns the payload of the answer: empty for all but requests.
type Handler<R> = Box<
    dyn FnMut(
            &mut R,
            &mut RoomContext<R>,
            &Client,
            MessageType<'_>,
            &[u8],
        ) -> Result<Vec<u8>, HandlerError>
        + Send,
>;

pub(crate) struct Handlers<R: Room> {
    /// By [`Kind`], then by name. A place is empty while its handler runs.
    tables: [HashMap<Box<str>, Option<Handler<R>>>; 3],
}

impl<R: Room> Default for Handlers<R> {
    fn default() -> Self {
        Self { tables: Default::default() }
    }
}

impl<R: Room> Handlers<R> {
    pub(crate) fn on_message<T, F>(&mut self, name: MessageType<'_>, mut handler: F)
    where
        T: DeserializeOwned,
        F: FnMut(&mut R, &mut RoomContext<R>, &Client, MessageType<'_>, T) -> Result<()>
            + Send
            + 'static,
    {
        self.register(
            Kind::Message,
            name,
            Box::new(move |this, room, client, name, payload| {
                let message = msgpack::from_payload(payload).map_err(HandlerError::Payload)?;
                handler(this, room, client, name, message).map_err(HandlerError::Failed)?;
                Ok(Vec::new())
            }),
        );
    }

    pub(crate) fn on_bytes<F>(&mut self, name: MessageType<'_>, mut handler: F)
    where
        F: FnMut(&mut R, &mut RoomContext<R>, &Client, &[u8]) -> Result<()> + Send + 'static,
    {
        self.register(
            Kind::Bytes,
            name,
            Box::new(move |this, room, client, _, payload| {
                handler(this, room, client, payload).map_err(HandlerError::Failed)?;
                Ok(Vec::new())
            }),
        );
    }

    pub(crate) fn on_request<T, U, F>(&mut self, name: MessageType<'_>, mut handler: F)
    where
        T: DeserializeOwned,
        U: Serialize,
        F: FnMut(&mut R, &mut RoomContext<R>, &Client, T) -> Result<U> + Send + 'static,
    {
        self.register(
            Kind::Request,
            name,
            Box::new(move |this, room, client, _, payload| {
                let message = msgpack::from_payload(payload).map_err(HandlerError::Payload)?;
                let answer = handler(this, room, client, message).map_err(HandlerError::Failed)?;
                msgpack::to_vec(&answer)
                    .context("the answer cannot be written as MessagePack")
                    .map_err(HandlerError::Failed)
            }),
        );
    }

    fn register(&mut self, kind: Kind, name: MessageType<'_>, handler: Handler<R>) {
        self.tables[kind as usize].insert(name.key().into(), Some(handler));
    }

    /// The name of the handler for such a message: its own, or that of the wildcard.
    fn resolve<'a>(&self, kind: Kind, key: &'a str) -> Option<&'a str> {
        let table = &self.tables[kind as usize];
        if table.contains_key(key) {
            return Some(key);
        }
        (kind == Kind::Message && table.contains_key(WILDCARD)).then_some(WILDCARD)
    }

    /// The name that `choose` takes out of those that have a handler of their own.
    pub(crate) fn find(
        &self,
        kind: Kind,
        choose: impl for<'a> FnOnce(&[&'a str]) -> Option<&'a str>,
    ) -> Option<String> {
        let table = &self.tables[kind as usize];
        let names: Vec<&str> =
            table.keys().map(|name| &**name).filter(|name| *name != WILDCARD).collect();
        choose(&names).map(str::to_owned)
    }

    fn place(&mut self, kind: Kind, key: &str) -> Option<&mut Option<Handler<R>>> {
        self.tables[kind as usize].get_mut(key)
    }
}

/// Calls the handler for a message; `None` when there is none.
pub(crate) fn call<R: Room>(
    this: &mut R,
    room: &mut RoomContext<R>,
    client: &Client,
    kind: Kind,
    name: MessageType<'_>,
    payload: &[u8],
) -> Option<Result<Vec<u8>, HandlerError>> {
    let key = name.key();
    let key = room.handlers.resolve(kind, &key)?;
    let mut handler = room.handlers.place(kind, key)?.take()?;
    let outcome = handler(this, room, client, name, payload);
    if let Some(place) = room.handlers.place(kind, key) {
        place.get_or_insert(handler);
    }
    Some(outcome)
}

/// The name under which the handler of all messages without one of their own is kept.
pub(crate) const WILDCARD: &str = "*";
