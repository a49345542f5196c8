//! The MessagePack that JavaScript clients emit, and the one that they read.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tidewire_protocol::msgpack;
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Step { dx: f32, dy: f32 }
//!
//! // room.send("step", {dx: 1, dy: 2}): JavaScript clients write objects as records.
//! let step: Step = msgpack::from_payload(b"\xd4\x72\x40\x92\xa2dx\xa2dy\x01\x02")?;
//! assert_eq!(step, Step { dx: 1.0, dy: 2.0 });
//!
//! // Everybody reads plain maps.
//! assert_eq!(msgpack::to_vec(&(1, "two"))?, b"\x92\x01\xa3two");
//! # Ok::<(), msgpack::Error>(())
//! ```

mod access;
mod compound;
mod decode;
mod deserialize;
mod error;
mod key;
mod serialize;
mod value;

pub use decode::{MAX_DEPTH, decode};
pub use deserialize::from_value;
pub use error::Error;
pub use serialize::to_vec;
pub use value::Value;

use serde::de::DeserializeOwned;

/// Reads a message's payload. No bytes at all are `undefined`.
///
/// # Errors
/// [`Error`] where the bytes are no MessagePack value, or no `T`.
pub fn from_payload<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Error> {
    if payload.is_empty() { from_value(Value::Undefined) } else { from_value(decode(payload)?) }
}
