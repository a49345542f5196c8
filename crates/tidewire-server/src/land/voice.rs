//! How a client of a land is spoken to.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tidewire_opcode::{
    Catalog, JoinRequest, Knowledge, LandSession, Message, Profile, Tree, read_message_pack,
};
use tidewire_protocol::{close, msgpack};

use crate::client::{Client, LeaveReason};
use crate::error::{Context as _, Result};

/// A client of a land that has found its room, and waits to be let in.
#[derive(Debug)]
pub(crate) struct LandHello {
    pub(crate) session: LandSession,
    pub(crate) join: JoinRequest,
    /// Which land of its kind this is.
    pub(crate) instance: Arc<str>,
}

/// What is known of a client of a land as long as it is in the room.
pub(crate) struct Voice {
    pub(crate) session: LandSession,
    pub(crate) knowledge: Knowledge,
    pub(crate) catalog: Arc<Catalog>,
    /// The kind of the land and its instance.
    pub(crate) land_id: Arc<str>,
}

impl Voice {
    pub(crate) fn profile(&self) -> Profile {
        self.session.profile()
    }

    /// Why the client left. Its protocol has no message for that: who closes in order wanted to.
    pub(crate) fn reason(&self, reason: LeaveReason) -> LeaveReason {
        match reason {
            LeaveReason::Disconnected(close::NORMAL | close::NO_STATUS) => LeaveReason::Consented,
            reason => reason,
        }
    }

    /// The frame of an event.
    pub(crate) fn event(&self, name: &str, payload: &Tree) -> Bytes {
        let event = self.catalog.event(name, payload, self.profile(), self.knowledge);
        Message::Event(event).encode(self.profile().messages()).into()
    }

    /// The frame of an error that is none of the protocol's own.
    pub(crate) fn error(&self, code: u16, message: &str) -> Bytes {
        let code = code.to_string().as_str().into();
        let error = Message::Error { code, message: message.into(), details: Tree::Null };
        error.encode(self.profile().messages()).into()
    }
}

/// Sends an event to all clients of lands among these. It is encoded once for all that read alike.
pub(crate) fn broadcast<'a>(
    clients: impl Iterator<Item = &'a Client>,
    name: &str,
    payload: impl FnOnce() -> Result<Tree>,
) -> Result<()> {
    let mut frames: Vec<((Profile, Knowledge), Bytes)> = Vec::new();
    let mut told = None;
    let mut payload = Some(payload);
    for client in clients {
        let Some(voice) = client.voice() else { continue };
        if let Some(payload) = payload.take() {
            told = Some(payload()?);
        }
        let reads = (voice.profile(), voice.knowledge);
        let frame = match frames.iter().find(|(other, _)| *other == reads) {
            Some((_, frame)) => frame.clone(),
            None => {
                let frame = voice.event(name, told.as_ref().unwrap_or(&Tree::Null));
                frames.push((reads, frame.clone()));
                frame
            }
        };
        client.outbox().push_message(frame);
    }
    Ok(())
}

/// What room code says, as a value that every encoding can write.
pub(crate) fn payload<T: Serialize + ?Sized>(message: &T) -> Result<Tree> {
    let bytes = msgpack::to_vec(message).context("the message cannot be written as MessagePack")?;
    tree(&bytes)
}

/// A payload of the room protocol as a value; none at all is null.
pub(crate) fn tree(payload: &[u8]) -> Result<Tree> {
    if payload.is_empty() {
        return Ok(Tree::Null);
    }
    read_message_pack(payload).context("clients of lands cannot be told this: it is no JSON")
}
