//! The scenario language: a state, what happens to it, and who watches, in one JSON file.
//!
//! A scenario runs on [`DynStruct`], that is, on the tracking and encoding that derived types run on. Where
//! instances are shared, or lie in sets or collections, it runs on [`DynState`], which has a pool of them.
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

mod edit;
mod error;
pub(crate) mod file;
pub(crate) mod json;
pub(crate) mod output;
mod path;
mod place;
mod step;
mod steps;
pub(crate) mod types;
mod value;
mod world;

use std::io::Write;

use tidewire_state::{DynState, DynStruct};

pub use self::{
    error::{FileError, ScenarioError, StepError},
    output::{Codec, CodecError},
};
use self::{
    file::Scenario,
    output::Output,
    steps::Stage,
    world::{World, needs_pool},
};

/// Runs a scenario and writes one JSON object per line.
///
/// # Errors
///
/// What is wrong with the file, or with one of its steps; the lines of the steps before it are
/// written and flushed then. Or that `out` does not take what is written.
pub fn run_scenario(input: &str, codec: Codec, out: &mut impl Write) -> Result<(), ScenarioError> {
    let scenario = Scenario::parse(input)?;
    let shares = scenario.steps.iter().any(|step| step::is_op(step, "share"));
    if shares || needs_pool(&scenario.types) {
        play::<DynState>(&scenario, codec, out)
    } else {
        play::<DynStruct>(&scenario, codec, out)
    }
}

fn play<W: World>(
    scenario: &Scenario,
    codec: Codec,
    out: &mut impl Write,
) -> Result<(), ScenarioError> {
    let mut stage = Stage::<W>::new(scenario);
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

/// How many fields and elements a scenario can make, all in all, and have written again over all syncs. Keeps its
/// memory and its time within bounds.
const MOST_MADE: usize = 4_000_000;

/// How many fields and elements may be written again because what they are in is shared. A few places
/// of each of a few instances come to more than any machine has room for.
const MOST_REPEATED: usize = 100_000;
