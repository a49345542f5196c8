//! `tidewire schema`: the `schema.json` of state-tree clients, and whether a new one is good for clients
//! that hold an old one.
//!
//! Types come as a `schema.json`, or as a description: the `types` and `root` of a scenario, and what
//! is sent beside the state.
//!
//! ```
//! use tidewire_cli::{check_schemas, print_schema};
//! let old = r#"{ "types": { "S": { "fields": { "hp": "uint8" } } }, "root": "S" }"#;
//! let new = old.replace(r#""uint8""#, r#""uint8", "name": "string""#);
//! let report = check_schemas(old, &new)?;
//! assert!(report.is_compatible());
//! assert_eq!(report.changes()[0].text, "type `S`: the field `name` (string) was added at the end");
//! assert!(!check_schemas(&new, old)?.is_compatible());
//! assert!(print_schema(&new)?.contains("\"pathHashes\""));
//! # Ok::<(), tidewire_cli::SchemaFileError>(())
//! ```

mod compare;
mod description;
mod model;

use std::fmt;

use serde_json::Value as Json;
use thiserror::Error;
use tidewire_opcode::schema_json;

use self::{description::Description, model::Model};
use crate::scenario::{FileError, json};

/// Why a file does not tell of types.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaFileError {
    /// Neither of the two forms.
    #[error(
        "neither a schema.json, which has `lands` and `defs`, nor a description, which has `types` and `root`"
    )]
    Neither,
    /// Something in a `schema.json` is not what it must be.
    #[error("{place} must be {expected}")]
    Malformed {
        /// Where.
        place: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// It is no JSON, or a description that cannot be read.
    #[error(transparent)]
    Description(#[from] FileError),
    /// Something in a description that these clients could not be told of.
    #[error("state-tree clients cannot be told of {0}")]
    NotCarried(String),
    /// A description of types that clients would misread.
    #[error(transparent)]
    Schema(#[from] tidewire_opcode::SchemaError),
    /// More payloads and types than are listed.
    #[error("{payloads} payloads over {types} types are too many: split the file")]
    TooMuch {
        /// How many payloads there are.
        payloads: usize,
        /// How many types.
        types: usize,
    },
    /// A description without a name for its land, and a file with several lands.
    #[error("the description does not say which of the lands {lands} it is: add `\"land\": \"…\"`")]
    WhichLand {
        /// The names there are.
        lands: String,
    },
}

/// A difference between two schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaChange {
    /// Whether clients with the old schema would misread what the new one's server sends, or send what
    /// it misreads.
    pub is_refused: bool,
    /// What was changed, and the way out if it is refused.
    pub text: String,
}

/// All differences between two schemas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaReport {
    changes: Vec<SchemaChange>,
    /// Whether clients need the new schema to read what was added.
    has_new_places: bool,
}

impl SchemaReport {
    /// What was found.
    pub fn changes(&self) -> &[SchemaChange] {
        &self.changes
    }

    /// Whether nothing is refused.
    pub fn is_compatible(&self) -> bool {
        self.changes.iter().all(|change| !change.is_refused)
    }

    fn allow(&mut self, text: String) {
        self.changes.push(SchemaChange { is_refused: false, text });
    }

    fn refuse(&mut self, text: String) {
        self.changes.push(SchemaChange { is_refused: true, text });
    }
}

impl fmt::Display for SchemaReport {
    /// A line for each change, and one that sums up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            let verdict = if change.is_refused { "refused" } else { "compatible" };
            writeln!(f, "{verdict}: {}", change.text)?;
        }
        if self.has_new_places {
            writeln!(
                f,
                "note: a client that holds the old schema.json drops frames with the path hash of a new \
                 field or the number of a new event; give clients the new one first"
            )?;
        }
        let refused = self.changes.iter().filter(|change| change.is_refused).count();
        match (self.changes.len(), refused) {
            (0, _) => writeln!(f, "no changes"),
            (changes, 0) => writeln!(f, "compatible: {changes} changes"),
            (changes, refused) => writeln!(f, "refused: {refused} of {changes} changes"),
        }
    }
}

/// The `schema.json` of a description, in one line.
///
/// # Errors
///
/// If it is no description, or clients could not be told of the types.
pub fn print_schema(description: &str) -> Result<String, SchemaFileError> {
    let file = json::parse(description)?;
    let description = Description::parse(&file)?;
    Ok(schema_json(&[description.land(DEFAULT_LAND)?])?)
}

/// What a client with the old schema would meet at a server with the new one. Each is a `schema.json` or a
/// description; widths of numbers are compared only where both are descriptions.
///
/// # Errors
///
/// If one of the files is neither.
pub fn check_schemas(old: &str, new: &str) -> Result<SchemaReport, SchemaFileError> {
    let [old, new] = [Source::parse(old)?, Source::parse(new)?];
    let (old, new) = match (&old, &new) {
        (Source::Description(old), Source::Description(new)) => {
            let name = |one: &Description, other: &Description| {
                one.name().or(other.name()).unwrap_or(DEFAULT_LAND).to_owned()
            };
            (
                Model::of_description(old, &name(old, new)),
                Model::of_description(new, &name(new, old)),
            )
        }
        (Source::Schema(old), Source::Schema(new)) => {
            (Model::of_schema(old)?, Model::of_schema(new)?)
        }
        (Source::Schema(old), Source::Description(new)) => {
            let old = Model::of_schema(old)?;
            let new = coarse(new, &old)?;
            (old, new)
        }
        (Source::Description(old), Source::Schema(new)) => {
            let new = Model::of_schema(new)?;
            (coarse(old, &new)?, new)
        }
    };
    Ok(compare::compare(&old, &new))
}

/// What a land is called that has no name.
const DEFAULT_LAND: &str = "land";

enum Source {
    Schema(Json),
    Description(Description),
}

impl Source {
    fn parse(text: &str) -> Result<Self, SchemaFileError> {
        let file = json::parse(text)?;
        if file.get("lands").is_some() && file.get("defs").is_some() {
            return Ok(Self::Schema(file));
        }
        if file.get("types").is_none() {
            return Err(SchemaFileError::Neither);
        }
        Ok(Self::Description(Description::parse(&file)?))
    }
}

/// A description as its `schema.json` tells of it, to be compared with another file of that kind.
fn coarse(description: &Description, other: &Model) -> Result<Model, SchemaFileError> {
    let name = match (description.name(), &other.land_names()[..]) {
        (Some(name), _) => name,
        (None, [name]) => name,
        (None, names) => {
            let lands = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(SchemaFileError::WhichLand { lands });
        }
    };
    let text = schema_json(&[description.land(name)?])?;
    let schema = json::parse(&text)?;
    Model::of_schema(&schema)
}
