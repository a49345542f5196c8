//! `schema.json`: what clients know of a state before they see one.
//!
//! It names the types of the states and of what is sent beside them, the hashes of all path
//! patterns and the numbers of events. Server-only fields have no place in a
//! [`TypeSet`](tidewire_state::TypeSet), so they are not in it.

mod defs;

use std::collections::BTreeMap;

use thiserror::Error;
use tidewire_state::{Schema, Tracked, TypeSet};

use self::defs::Defs;
use crate::{
    format::{Format, JsonText},
    hash::Fnv1a,
    paths::PathTable,
    tree::Tree,
};

/// A kind of land: its state, and what goes to and fro. Payloads are described by their types.
#[derive(Clone, Debug)]
pub struct Land {
    land_type: String,
    state: TypeSet,
    actions: BTreeMap<String, TypeSet>,
    client_events: BTreeMap<String, TypeSet>,
    events: BTreeMap<String, TypeSet>,
}

/// Why lands have no common schema.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaError {
    /// Two types with one name.
    #[error("there are two types {name:?} that differ: give one of them another name")]
    Conflict {
        /// The name.
        name: String,
    },
    /// A payload whose field may be absent: as an array it could not be read.
    #[error("the field {field:?} of the payload {payload:?} is optional: payloads have all fields")]
    Optional {
        /// The type of the payload.
        payload: String,
        /// Its field.
        field: String,
    },
}

impl Land {
    /// A land with this state, and nothing that is sent beside it.
    pub fn new(land_type: impl Into<String>, state: TypeSet) -> Self {
        Self {
            land_type: land_type.into(),
            state,
            actions: BTreeMap::new(),
            client_events: BTreeMap::new(),
            events: BTreeMap::new(),
        }
    }

    /// Clients may ask for this action.
    #[must_use]
    pub fn action(mut self, name: impl Into<String>, payload: TypeSet) -> Self {
        self.actions.insert(name.into(), payload);
        self
    }

    /// Clients may send this event.
    #[must_use]
    pub fn client_event(mut self, name: impl Into<String>, payload: TypeSet) -> Self {
        self.client_events.insert(name.into(), payload);
        self
    }

    /// The server sends this event.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>, payload: TypeSet) -> Self {
        self.events.insert(name.into(), payload);
        self
    }

    /// The same land by another name.
    #[must_use]
    pub fn named(mut self, land_type: impl Into<String>) -> Self {
        self.land_type = land_type.into();
        self
    }

    /// Its name.
    pub fn land_type(&self) -> &str {
        &self.land_type
    }

    /// The types of its state.
    pub fn state(&self) -> &TypeSet {
        &self.state
    }

    /// The events of the server in the order of their names, each with its fields as they were declared.
    pub(crate) fn event_fields(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        self.events.iter().map(|(name, types)| {
            let fields = types[types.root].fields.iter();
            (name.as_str(), fields.map(|field| field.name.as_str()))
        })
    }

    /// The number of an event of the server: 1 for the first of the sorted names.
    pub fn event_number(&self, name: &str) -> Option<u32> {
        let at = self.events.keys().position(|event| event == name)?;
        u32::try_from(at + 1).ok()
    }
}

/// The types that a state or a payload of type `T` is made of.
///
/// ```
/// use tidewire_opcode::{Land, types_of};
/// use tidewire_state::Schema;
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Counter { count: i32 }
///
/// assert_eq!(Land::new("counter", types_of::<Counter>()).land_type(), "counter");
/// ```
pub fn types_of<T: Schema + Default>() -> TypeSet {
    Tracked::new(T::default()).types()
}

/// The schema of all lands, with its `schemaHash`.
///
/// ```
/// use tidewire_opcode::{Land, schema};
/// use tidewire_state::{Schema, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Counter { count: i32 }
///
/// let land = Land::new("counter", Tracked::new(Counter::default()).types());
/// let schema = schema(&[land])?;
/// let paths = schema.member("lands").and_then(|lands| lands.member("counter"));
/// let paths = paths.and_then(|land| land.member("pathHashes"));
/// assert_eq!(paths.and_then(|paths| paths.member("count")), Some(&4120658170_u32.into()));
/// # Ok::<(), tidewire_opcode::SchemaError>(())
/// ```
///
/// # Errors
///
/// If two types that differ have one name, or a payload has an optional field.
pub fn schema(lands: &[Land]) -> Result<Tree, SchemaError> {
    let mut defs = Defs::new();
    let mut listed = Vec::new();
    for land in lands {
        listed.push((land.land_type.as_str(), describe(land, &mut defs)?));
    }
    let mut members = vec![
        ("version", VERSION.into()),
        ("lands", Tree::object(listed)),
        ("defs", defs.into_tree()),
    ];
    let hash = schema_hash(&Tree::object(members.clone()));
    members.push(("schemaHash", hash.as_str().into()));
    Ok(Tree::object(members))
}

/// The schema as JSON text.
///
/// # Errors
///
/// As [`schema`].
pub fn schema_json(lands: &[Land]) -> Result<String, SchemaError> {
    let mut out = Vec::new();
    JsonText { out: &mut out, escape_slashes: false }.tree(&schema(lands)?);
    Ok(String::from_utf8(out).expect("JSON text is UTF-8"))
}

/// The hash of a schema that has no hash yet: FNV-1a over its compact text, `/` as `\/`.
pub fn schema_hash(schema: &Tree) -> String {
    let mut text = Vec::new();
    JsonText { out: &mut text, escape_slashes: true }.tree(schema);
    format!("{:016x}", Fnv1a::new().bytes(&text).finish())
}

fn describe(land: &Land, defs: &mut Defs) -> Result<Tree, SchemaError> {
    let state = defs.state(&land.state)?;
    let mut payloads = |types: &BTreeMap<String, TypeSet>| -> Result<Tree, SchemaError> {
        let mut listed = Vec::new();
        for (name, types) in types {
            let payload = defs.payload(types)?;
            listed.push((name.as_str(), defs::reference(&payload)));
        }
        Ok(Tree::object(listed))
    };
    let actions = payloads(&land.actions)?;
    let client_events = payloads(&land.client_events)?;
    let events = payloads(&land.events)?;
    let paths = PathTable::new(&land.state);
    let paths = paths.patterns().map(|(pattern, hash)| (pattern, Tree::from(hash)));
    let sync = [("snapshot", defs::reference(&state)), ("diff", defs::reference(defs::DIFF))];
    Ok(Tree::object([
        ("stateType", state.as_str().into()),
        ("actions", actions),
        ("clientEvents", client_events),
        ("events", events),
        ("sync", Tree::object(sync)),
        ("pathHashes", Tree::object(paths)),
        ("eventHashes", numbers(&land.events)),
        ("clientEventHashes", numbers(&land.client_events)),
    ]))
}

/// Sorted names, counted from 1.
fn numbers(types: &BTreeMap<String, TypeSet>) -> Tree {
    Tree::object(types.keys().map(String::as_str).zip((1_u32..).map(Tree::from)))
}

const VERSION: &str = "0.1.0";
