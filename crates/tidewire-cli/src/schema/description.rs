//! A description of types: the `types` and `root` of a scenario, and what is sent beside the state.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tidewire_opcode::Land;
use tidewire_state::{ElementKind, FieldKind, TypeIndex, TypeInfo, TypeSet};

use super::SchemaFileError;
use crate::scenario::{
    FileError,
    file::{object, text},
    output::state_tree::check_types,
    types,
};

/// How many types all payloads may have together. Keeps time and memory within bounds.
const MOST_LISTED: usize = 4_000_000;

/// A land's types. A scenario file is one too: its steps and clients are not looked at.
pub(super) struct Description {
    name: Option<String>,
    /// All types of the file.
    types: TypeSet,
    /// The payloads of each kind, by their names.
    payloads: [BTreeMap<String, TypeIndex>; 3],
}

/// The members with payloads, in the order of `payloads`.
pub(super) const PAYLOADS: [&str; 3] = ["actions", "clientEvents", "events"];

impl Description {
    pub(super) fn parse(file: &Json) -> Result<Self, SchemaFileError> {
        let members = object(file, "the file")?;
        let types = types::parse(members)?;
        let name = match members.get("land") {
            None => None,
            Some(name) => Some(text(name, "`land`")?.to_owned()),
        };
        let mut payloads: [BTreeMap<String, TypeIndex>; 3] = Default::default();
        for (kind, payloads) in PAYLOADS.into_iter().zip(&mut payloads) {
            let Some(listed) = members.get(kind) else { continue };
            for (id, name) in object(listed, &format!("`{kind}`"))? {
                let place = format!("`{id}` of `{kind}`");
                let name = text(name, &place)?;
                let index = types.find(name);
                let index =
                    index.ok_or_else(|| FileError::UnknownType { place, name: name.to_owned() })?;
                payloads.insert(id.clone(), index);
            }
        }
        let this = Self { name, types, payloads };
        check_types(&this.state()).map_err(SchemaFileError::NotCarried)?;
        Ok(this)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The types of the state.
    pub(super) fn state(&self) -> TypeSet {
        self.reached_from(self.types.root)
    }

    /// All types of the file.
    pub(super) fn types(&self) -> &TypeSet {
        &self.types
    }

    /// The payloads of each kind of [`PAYLOADS`].
    pub(super) fn payloads(&self) -> &[BTreeMap<String, TypeIndex>; 3] {
        &self.payloads
    }

    /// The land as the encodings know it.
    pub(super) fn land(&self, name: &str) -> Result<Land, SchemaFileError> {
        let mut land = Land::new(self.name().unwrap_or(name), self.state());
        let [actions, client_events, events] = &self.payloads;
        let payloads = self.payloads.iter().map(BTreeMap::len).sum::<usize>();
        if payloads.saturating_mul(self.types.types.len()) > MOST_LISTED {
            return Err(SchemaFileError::TooMuch { payloads, types: self.types.types.len() });
        }
        for (id, index) in actions {
            land = land.action(id, self.payload(*index)?);
        }
        for (id, index) in client_events {
            land = land.client_event(id, self.payload(*index)?);
        }
        for (id, index) in events {
            land = land.event(id, self.payload(*index)?);
        }
        Ok(land)
    }

    fn payload(&self, index: TypeIndex) -> Result<TypeSet, SchemaFileError> {
        let types = self.reached_from(index);
        check_types(&types).map_err(SchemaFileError::NotCarried)?;
        Ok(types)
    }

    /// The types that a value of one type can hold, numbered anew.
    fn reached_from(&self, root: TypeIndex) -> TypeSet {
        let mut reached = BTreeSet::from([root]);
        let mut queue = vec![root];
        while let Some(index) = queue.pop() {
            let fields = &self.types[index].fields;
            queue.extend(
                fields
                    .iter()
                    .filter_map(|field| below(field.kind))
                    .filter(|at| reached.insert(*at)),
            );
        }
        let numbers: BTreeMap<TypeIndex, TypeIndex> =
            reached.iter().copied().zip((0..).map(TypeIndex)).collect();
        // All that can be asked for was reached.
        let number = |index| numbers.get(&index).copied().unwrap_or(index);
        let renumbered = |info: &TypeInfo| {
            let mut info = info.clone();
            for field in &mut info.fields {
                field.kind = renumber(field.kind, number);
            }
            info
        };
        let types = reached.iter().map(|index| renumbered(&self.types[*index])).collect();
        TypeSet { types, root: number(root) }
    }
}

fn element(kind: FieldKind) -> Option<ElementKind> {
    match kind {
        FieldKind::Map(kind)
        | FieldKind::Array(kind)
        | FieldKind::Set(kind)
        | FieldKind::Collection(kind) => Some(kind),
        _ => None,
    }
}

/// The type that a field leads to.
fn below(kind: FieldKind) -> Option<TypeIndex> {
    match (kind, element(kind)) {
        (FieldKind::Ref(index), _) | (_, Some(ElementKind::Ref(index))) => Some(index),
        _ => None,
    }
}

fn renumber(kind: FieldKind, number: impl Fn(TypeIndex) -> TypeIndex) -> FieldKind {
    let of = |element| match element {
        ElementKind::Ref(index) => ElementKind::Ref(number(index)),
        primitive => primitive,
    };
    match kind {
        FieldKind::Ref(index) => FieldKind::Ref(number(index)),
        FieldKind::Map(element) => FieldKind::Map(of(element)),
        FieldKind::Array(element) => FieldKind::Array(of(element)),
        FieldKind::Set(element) => FieldKind::Set(of(element)),
        FieldKind::Collection(element) => FieldKind::Collection(of(element)),
        other => other,
    }
}
