//! Random games with streams: a state of derived types, and a model that says what each client holds.
//!
//! The model uses none of what it judges: lists of entries, and for each view a list of those that
//! wait.

mod compare;
mod model;
mod places;
mod run;
mod world;

pub use self::run::{Counts, run};
