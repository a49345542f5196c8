//! What the `tidewire` command does, as functions: tests and fuzzers drive the same code.

pub mod inspect;
pub mod scenario;
pub mod schema;

pub use crate::inspect::{InspectError, inspect};
pub use crate::scenario::{Codec, CodecError, ScenarioError, run_scenario};
pub use crate::schema::{SchemaFileError, SchemaReport, check_schemas, print_schema};
