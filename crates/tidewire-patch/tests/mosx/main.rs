//! The codecs of Mosx and patchpack.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod bytes;
mod hostile;
mod sea;
mod sessions;
mod vectors;
