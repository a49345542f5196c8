//! Drives the real npm decoders and SDKs against Tidewire.
//!
//! `differential` sends random scenarios through the encoder and every decoder, and holds what
//! each of them sees against an independent model. `filters` does
//! that with functions that say who sees what. `mosx` does the same with the patch codecs and
//! the libraries that their clients use, `state_tree` with the state-tree encodings. `lab` is the server that the SDKs' tests join.

pub mod bytes;
pub mod case;
pub mod derived;
pub mod driver;
pub mod filters;
pub mod judge;
pub mod kept;
pub mod mosx;
pub mod shrink;
pub mod state_tree;
pub mod streams;
pub mod tags;
