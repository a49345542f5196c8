#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what it is |
//! |---|---|
//! | [`prelude`] | all that the server above uses |
//! | [`state`] | plain structs whose changes are followed, and their collections |
//! | [`schema`] | the codec that Colyseus clients read: encoder and decoder, without a server |
//! | [`opcode`] | the encodings that SwiftStateTree clients read, and payloads |
//! | [`patch`] | state and its changes as plain JSON, as Mosx and patchpack clients read them, and by serializers of one's own |
//! | [`server`] | rooms, matchmaking and transports |
//! | [`protocol`] | the frames of a room, without sockets and clock |

pub use tidewire_opcode as opcode;
pub use tidewire_patch as patch;
pub use tidewire_protocol as protocol;
pub use tidewire_schema as schema;
pub use tidewire_server as server;
pub use tidewire_state as state;

pub use tidewire_derive::Schema;
pub use tidewire_server::{
    AuthData, AuthRequest, Client, Codec, Config, Context, Definition, Error, LeaveReason,
    Matchmaker, Options, Result, Room, RoomContext, Server,
};
pub use tidewire_state::{
    ArraySchema, CollectionSchema, Instance, MapSchema, Number, SetSchema, StreamSchema, Tracked,
};

/// What the derive refers to.
#[doc(hidden)]
pub use tidewire_state::__private;

/// All that a server of one's own begins with.
///
/// ```
/// use tidewire::prelude::*;
/// ```
pub mod prelude {
    pub use serde::{Deserialize, Serialize};
    pub use tidewire_server::{
        AuthData, AuthRequest, Client, Codec, Config, Context as _, Definition, Error, LeaveReason,
        MessageType, Options, Result, Room, RoomContext, Server,
    };
    // The derive and the trait.
    pub use tidewire_state::{
        ArraySchema, CollectionSchema, Instance, MapSchema, Number, Schema, SetSchema, StreamKey,
        StreamSchema, Tracked, Viewer,
    };
}

/// The examples in the README of the repository are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeOfTheRepository;

/// So are those of the page for who comes from Colyseus.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/FROM-COLYSEUS.md")]
struct FromColyseus;

/// So are those in the guide to serializers.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/SERIALIZERS.md")]
struct GuideToSerializers;

/// So are those in the guide to trackers.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/TRACKER.md")]
struct GuideToTrackers;

/// So is the one of rooms on the page about views.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/VIEWS.md")]
struct Views;
