//! The decoder, judged by recordings, by the encoder, and by bytes that nobody should send.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod callbacks;
mod changes;
mod common;
mod hostile;
mod inspect;
mod json;
mod limits;
mod members;
mod operations;
mod resync;
mod round_trip;
mod sets;
mod streams;
mod types;
mod unreliable;
mod upstream;
mod vectors;
