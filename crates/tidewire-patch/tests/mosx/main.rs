//! The codecs of Mosx and patchpack.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod bytes;
mod driven;
mod hostile;
mod recorded;
mod script;
mod sea;
mod sessions;
mod state;
mod vectors;
