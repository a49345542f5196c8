//! The schema codec of Tidewire, which speaks to Colyseus clients.
//!
//! [`Encoder`] turns a [`Tracked`](tidewire_state::Tracked) state into handshake, snapshot and
//! patches. [`Decoder`] applies them to a state on the other side, derived or known at run time.

mod decode;
mod encode;
mod wire;

pub use crate::{
    decode::{
        Binding, CallbackTarget, Callbacks, Change, ChangeObserver, ChangePlace, ChangeValue,
        DecodeError, DecodeErrorKind, Decoder, InspectError, InspectedLine, Inspection, Inspector,
        Limits, Operation, OwnedChange, OwnedPlace, OwnedValue,
    },
    encode::{Encoder, Profile, ReaderId},
    wire::number_as_read,
};
