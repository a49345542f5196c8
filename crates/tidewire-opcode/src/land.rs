//! Lands: what goes over one connection of a state-tree client, and to all clients of a room.
//!
//! [`LandSession`] is one connection: it reads what the client sends, says what is wrong with it, and
//! who the client is. A [`Channel`] writes what all clients of a room that read alike are sent, once for
//! all of them, and an [`OwnChannel`] what one of them is sent beside that. None of them has a socket, a clock or dice: bytes, names and random bytes are arguments.

mod catalog;
mod channel;
mod fault;
mod own;
mod profile;
mod session;

pub use self::{
    catalog::Catalog,
    channel::Channel,
    fault::{Fault, FaultCode},
    own::OwnChannel,
    profile::{Knowledge, Profile},
    session::{
        Accepted, Identity, Inbound, JoinRequest, LandSession, SessionConfig, guest_id, player_slot,
    },
};
