//! Random scenarios, and a model that says what must come of them.
//!
//! [`generate`] makes a scenario from a seed. [`expect`] interprets one on its own, over plain
//! values, without a line of the engine: what every client must see after each message, how many
//! references its decoder must hold, and which entries of collections really came and went.
//!
//! ```
//! use tidewire_testkit::{Config, Reading, expect, generate};
//! let scenario = generate(7, &Config::default());
//! assert_eq!(scenario, generate(7, &Config::default()));
//! let checkpoints = expect(&scenario, Reading::Schema)?;
//! assert!(checkpoints.iter().all(|checkpoint| checkpoint.references > 0));
//! # Ok::<(), String>(())
//! ```

mod compare;
mod generate;
mod model;
mod quantize;
mod random;
mod tokens;
mod types;

pub use crate::{
    compare::{KeyOrder, difference},
    generate::{Config, generate, generate_over},
    model::{Cause, Change, Checkpoint, Entry, InPlace, Reading, expect, graphs},
    random::Random,
};
