//! The scenario language: a state, what happens to it, and who watches, in one JSON file.
//!
//! A scenario runs on [`DynStruct`](tidewire_state::DynStruct), that is, on the tracking and
//! encoding that derived types run on. What this version does not know yet (derived types, sets,
//! collections, quantized fields, views, sharing) it refuses by name.
//!
//! ```
//! use tidewire_cli::{Codec, run_scenario};
//! let scenario = r#"{
//!     "types": { "State": { "fields": { "turn": "string" } } },
//!     "root": "State",
//!     "clients": { "a": {} },
//!     "steps": [
//!         { "op": "join", "client": "a" },
//!         { "op": "set", "path": "/turn", "value": "ada" },
//!         { "op": "sync" }
//!     ]
//! }"#;
//! let mut lines = Vec::new();
//! run_scenario(scenario, Codec::Json, &mut lines)?;
//! let lines = String::from_utf8(lines)?;
//! assert_eq!(
//!     lines.lines().last(),
//!     Some(r#"{"step":2,"client":"a","kind":"state","json":{"turn":"ada"}}"#),
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
pub(crate) mod file;
pub(crate) mod output;
mod path;
mod steps;
pub(crate) mod types;
mod value;

use std::io::Write;

pub use self::{
    error::{FileError, ScenarioError, StepError},
    output::{Codec, CodecError},
};
use self::{file::Scenario, output::Output, steps::Stage};

/// Runs a scenario and writes one JSON object per line.
///
/// # Errors
///
/// What is wrong with the file, or with one of its steps; the lines of the steps before it are
/// written and flushed then. Or that `out` does not take what is written.
pub fn run_scenario(input: &str, codec: Codec, out: &mut impl Write) -> Result<(), ScenarioError> {
    let scenario = Scenario::parse(input)?;
    let mut stage = Stage::new(&scenario);
    let mut output = Output::new(codec, &stage.state, out)?;
    let result = scenario
        .steps
        .iter()
        .enumerate()
        .try_for_each(|(index, step)| stage.run(index, step, &mut output));
    output.flush()?;
    result
}

/// How many structs may lie in one another. Keeps what walks the state within its stack.
const DEEPEST: usize = 200;

/// How many fields and elements a scenario can make, all in all. Keeps its memory within bounds.
const MOST_MADE: usize = 4_000_000;
