//! What can be wrong with a scenario.

use serde_json::Value as Json;
use thiserror::Error;
use tidewire_patch::light::TableError;
use tidewire_state::{PathError, PrimitiveKind, TypeError};

use super::{DEEPEST, MOST_MADE, MOST_REPEATED};

/// Why a scenario did not run to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file cannot be used.
    #[error("invalid scenario: {0}")]
    File(FileError),
    /// A step cannot be done.
    #[error("step {index}: {error}")]
    Step {
        /// Its index in `steps`.
        index: usize,
        /// Why.
        error: StepError,
    },
    /// The codec cannot carry the types.
    #[error("the codec `light` cannot carry this state: {0}")]
    Light(TableError),
    /// The codec has no form for something in the state.
    #[error("the codec `{codec}` cannot carry {what}")]
    NotCarried {
        /// The codec.
        codec: &'static str,
        /// What, and the way out.
        what: String,
    },
    /// The output cannot be written.
    #[error("failed to write: {0}")]
    Write(std::io::Error),
}

/// What a message has within it is no source, or a chain of them would say it twice.
macro_rules! within {
    ($($error:ty => $variant:ident),*) => {$(
        impl From<$error> for ScenarioError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

within!(FileError => File, TableError => Light, std::io::Error => Write);

/// Why a scenario file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FileError {
    #[error("not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("{place} must be {expected}, not {found}")]
    WrongKind { place: String, expected: &'static str, found: String },
    #[error("{place} has no `{member}`")]
    Missing { place: String, member: &'static str },
    #[error("{place} has an unknown member `{member}`: it can have {known}")]
    UnknownMember { place: String, member: String, known: String },
    #[error("{place} extends `{base}`, which must stand before it")]
    LateBase { place: String, base: String },
    #[error("{place} names the unknown type `{name}`")]
    UnknownType { place: String, name: String },
    #[error("{place} cannot be called `{name}`: the name has a meaning of its own")]
    ReservedName { place: String, name: String },
    #[error("{place} holds collections: the elements of a collection are primitives or a type")]
    NestedCollection { place: String },
    #[error(
        "{place} holds quantized numbers: only a field can be quantized, so name a type that has one"
    )]
    QuantizedElement { place: String },
    #[error("{place}: {error}")]
    Quantized { place: String, error: TypeError },
    #[error(
        "the key `{key}` stands twice in one object, at line {line} column {column}: remove one"
    )]
    DuplicateKey { key: String, line: usize, column: usize },
    #[error(transparent)]
    Types(TypeError),
}

/// Why a step cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StepError {
    #[error("a step must be an object, not {found}")]
    NotAnObject { found: String },
    #[error("unknown op `{op}`: use one of {known}")]
    UnknownOp { op: String, known: String },
    #[error("`{op}` needs `{member}`")]
    Missing { op: String, member: &'static str },
    #[error("`{op}` has an unknown member `{member}`: it can have {known}")]
    UnknownMember { op: String, member: String, known: String },
    #[error("`{member}` must be {expected}, not {found}")]
    MemberKind { member: &'static str, expected: &'static str, found: String },

    #[error("unknown client `{name}`: add it to `clients`")]
    UnknownClient { name: String },
    #[error("client `{name}` has joined already")]
    AlreadyJoined { name: String },
    #[error("client `{name}` has not joined")]
    NotJoined { name: String },
    #[error("client `{name}` has no view: give it `\"view\": true` in `clients`")]
    NoView { name: String },
    #[error("`view` needs either `add` or `remove`")]
    AddOrRemove,

    #[error("`{path}` is not a JSON Pointer: {why}")]
    NotAPointer { path: String, why: &'static str },
    #[error("`{path}`: type `{name}` has no field `{field}`")]
    UnknownField { path: String, name: String, field: String },
    #[error("`{path}`: there is no key `{key}`")]
    NoKey { path: String, key: String },
    #[error("`{path}`: there is no index {index}, the array has {len} elements")]
    NoIndex { path: String, index: String, len: usize },
    #[error("`{path}`: `{token}` is not an array index: use 0, 1, 2 … without leading zeros")]
    NotAnIndex { path: String, token: String },
    #[error("`{path}`: field `{field}` is absent: set it first")]
    Absent { path: String, field: String },
    #[error("`{path}`: nothing lies below the primitive `{name}`")]
    BelowPrimitive { path: String, name: String },
    #[error("`{path}` must lead to {expected}, not to {found}")]
    WrongPlace { path: String, expected: &'static str, found: &'static str },

    #[error("`{path}`: {error}")]
    View { path: String, error: PathError },
    #[error("`{path}` takes a `{declared}`, and `{name}` is not derived from it")]
    WrongType { path: String, name: String, declared: String },
    #[error("`{path}` names the unknown type `{name}`")]
    UnknownType { path: String, name: String },
    #[error("`{path}` lies below the instance at `{from}`, which cannot be below itself")]
    Circle { path: String, from: String },

    #[error("`{path}` takes {expected}, not {found}")]
    WrongKind { path: String, expected: String, found: String },
    #[error("`{path}`: {value} is out of range for {kind}: {range}")]
    OutOfRange { path: String, value: String, kind: PrimitiveKind, range: String },
    #[error("`{path}`: {value} has a fraction, {kind} takes whole numbers")]
    Fraction { path: String, value: String, kind: PrimitiveKind },
    #[error("`{path}`: at most {DEEPEST} structs can lie in one another")]
    TooDeep { path: String },
    #[error("`{path}`: a scenario can make at most {MOST_MADE} fields and elements")]
    TooMuch { path: String },
    #[error(
        "at most {DEEPEST} structs can lie in one another: in one of its places, a shared one does"
    )]
    SharedTooDeep,
    #[error(
        "shared structs have more than {MOST_REPEATED} fields and elements in the places beside their \
         first: share fewer"
    )]
    TooMuchShared,
    #[error(
        "what is written again of shared structs comes to more than {MOST_MADE} fields and elements, over all \
         syncs and clients: share fewer, or sync less often"
    )]
    TooOftenShared,
}

/// A value as a message shows it: short, whatever it is.
pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        Json::String(text) if text.chars().count() > LONGEST_SHOWN => {
            let start: String = text.chars().take(LONGEST_SHOWN).collect();
            format!("{}…", Json::String(start))
        }
        value => value.to_string(),
    }
}

/// In characters.
const LONGEST_SHOWN: usize = 40;

/// Names as a message lists them.
pub(super) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
