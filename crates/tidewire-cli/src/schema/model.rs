//! What two files are compared by: lands, types and fields, whichever form they came in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use tidewire_opcode::path_hash;
use tidewire_state::{ElementKind, FieldInfo, FieldKind, PrimitiveKind, TypeIndex, TypeSet};

use super::{
    SchemaFileError,
    description::{Description, PAYLOADS},
};

/// Lands and types by their names.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) lands: BTreeMap<String, Land>,
    pub(super) types: BTreeMap<String, Type>,
}

#[derive(Debug)]
pub(super) struct Land {
    pub(super) state: String,
    /// The types of payloads of each kind of [`PAYLOADS`].
    pub(super) payloads: [BTreeMap<String, String>; 3],
    /// The numbers of events of the server.
    pub(super) numbers: BTreeMap<String, u64>,
    pub(super) hashes: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Type {
    /// In their order, as far as it is known.
    pub(super) fields: Vec<Field>,
    /// How many at the beginning have an order.
    pub(super) ordered: usize,
    /// The names in the order in which an array has the values.
    pub(super) values: Vec<String>,
    /// What it is if it is no struct.
    pub(super) form: Option<String>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// For people, and to be compared.
    pub(super) kind: String,
    /// The types that it leads to.
    pub(super) below: Vec<String>,
}

impl Model {
    pub(super) fn land_names(&self) -> Vec<&str> {
        self.lands.keys().map(String::as_str).collect()
    }

    /// With the widths of numbers.
    pub(super) fn of_description(description: &Description, name: &str) -> Self {
        let types = description.types();
        let payloads = description.payloads().each_ref().map(|payloads| {
            let named =
                |(id, index): (&String, &TypeIndex)| (id.clone(), types[*index].name.clone());
            payloads.iter().map(named).collect::<BTreeMap<_, _>>()
        });
        let numbers = payloads[EVENTS].keys().cloned().zip(1..).collect();
        let state = types[types.root].name.clone();
        let land = Land { state, payloads, numbers, hashes: BTreeMap::new() };
        let listed = types.types.iter().map(|info| {
            let fields: Vec<Field> =
                info.fields.iter().map(|field| described(types, field)).collect();
            let mut values: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
            values.sort_unstable();
            (info.name.clone(), Type { ordered: fields.len(), fields, values, form: None })
        });
        Self { lands: BTreeMap::from([(name.to_owned(), land)]), types: listed.collect() }
    }

    pub(super) fn of_schema(schema: &Json) -> Result<Self, SchemaFileError> {
        let mut lands = BTreeMap::new();
        for (name, land) in object(&schema["lands"], "`lands`")? {
            lands.insert(name.clone(), Land::of_schema(name, land)?);
        }
        let mut types = BTreeMap::new();
        for (name, definition) in object(&schema["defs"], "`defs`")? {
            types.insert(name.clone(), Type::of_schema(name, definition)?);
        }
        Ok(Self { lands, types })
    }
}

impl Land {
    fn of_schema(name: &str, land: &Json) -> Result<Self, SchemaFileError> {
        let place = |member: &str| format!("`{member}` of the land `{name}`");
        let members = object(land, &format!("the land `{name}`"))?;
        let state = members.get("stateType").and_then(Json::as_str);
        let state = state.ok_or_else(|| malformed(place("stateType"), "a text"))?.to_owned();
        let mut payloads: [BTreeMap<String, String>; 3] = Default::default();
        for (kind, payloads) in PAYLOADS.into_iter().zip(&mut payloads) {
            let Some(listed) = members.get(kind) else { continue };
            for (id, reference) in object(listed, &place(kind))? {
                let named = referred(reference)
                    .ok_or_else(|| malformed(place(kind), "a `$ref` for each name"))?;
                payloads.insert(id.clone(), named.to_owned());
            }
        }
        let numbers = |member: &str| -> Result<BTreeMap<String, u64>, SchemaFileError> {
            let Some(listed) = members.get(member) else { return Ok(BTreeMap::new()) };
            let mut numbers = BTreeMap::new();
            for (name, number) in object(listed, &place(member))? {
                let number =
                    number.as_u64().ok_or_else(|| malformed(place(member), "whole numbers"))?;
                numbers.insert(name.clone(), number);
            }
            Ok(numbers)
        };
        Ok(Self {
            state,
            payloads,
            numbers: numbers("eventHashes")?,
            hashes: numbers("pathHashes")?,
        })
    }

    /// The hash by which clients know a pattern; what every encoder makes of it if the file has none.
    pub(super) fn hash(&self, pattern: &str) -> Option<u64> {
        (!self.hashes.is_empty())
            .then(|| self.hashes.get(pattern).copied().unwrap_or_else(|| path_hash(pattern).into()))
    }
}

impl Type {
    fn of_schema(name: &str, definition: &Json) -> Result<Self, SchemaFileError> {
        let place = |member: &str| format!("`{member}` of the type `{name}`");
        let members = object(definition, &format!("the type `{name}`"))?;
        let Some(properties) = members.get("properties") else {
            return Ok(Self { form: Some(kind(definition, true)), ..Self::default() });
        };
        let properties = object(properties, &place("properties"))?;
        let order = match members.get("required") {
            None => &[][..],
            Some(Json::Array(order)) => order,
            Some(_) => return Err(malformed(place("required"), "a list")),
        };
        let mut this = Self::default();
        let field = |name: &str, property: &Json| {
            let mut below = Vec::new();
            references(property, &mut below);
            Field { name: name.to_owned(), kind: kind(property, false), below }
        };
        let mut listed = BTreeSet::new();
        for name in order {
            let name =
                name.as_str().ok_or_else(|| malformed(place("required"), "a list of texts"))?;
            let property = properties
                .get(name)
                .ok_or_else(|| malformed(place("required"), "a list of its properties"))?;
            if listed.insert(name) {
                this.fields.push(field(name, property));
            }
        }
        this.ordered = this.fields.len();
        this.values = this.fields.iter().map(|field| field.name.clone()).collect();
        let rest = properties.iter().filter(|(name, _)| !listed.contains(name.as_str()));
        this.fields.extend(rest.map(|(name, property)| field(name, property)));
        Ok(this)
    }
}

/// The place of `events` in [`PAYLOADS`].
pub(super) const EVENTS: usize = 2;

fn malformed(place: String, expected: &'static str) -> SchemaFileError {
    SchemaFileError::Malformed { place, expected }
}

fn object<'a>(value: &'a Json, place: &str) -> Result<&'a Map<String, Json>, SchemaFileError> {
    value.as_object().ok_or_else(|| malformed(place.to_owned(), "an object"))
}

fn referred(value: &Json) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix("#/defs/")
}

/// All types that a property names.
fn references(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Object(members) => {
            if let Some(name) = referred(value) {
                let inner = name.strip_prefix("Optional<").and_then(|name| name.strip_suffix('>'));
                found.extend([Some(name), inner].into_iter().flatten().map(str::to_owned));
            }
            members.values().for_each(|member| references(member, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// What a property or a definition is, in few words; `whole` says all that is compared.
fn kind(value: &Json, whole: bool) -> String {
    if let Some(name) = referred(value) {
        let inner = name.strip_prefix("Optional<").and_then(|name| name.strip_suffix('>'));
        return inner.map_or_else(|| name.to_owned(), |inner| format!("optional {inner}"));
    }
    if let (Some("array"), Some(items)) = (value["type"].as_str(), value.get("items")) {
        return format!("array of {}", kind(items, false));
    }
    if let Some(values @ Json::Object(_)) = value.get("additionalProperties") {
        return format!("map of {}", kind(values, false));
    }
    match (value["type"].as_str(), value.get("enum")) {
        (Some(name), None) if !whole => name.to_owned(),
        _ => {
            let Json::Object(members) = value else { return value.to_string() };
            let said =
                members.iter().filter(|(name, _)| *name != "description" && *name != "default");
            let said: BTreeMap<&String, String> =
                said.map(|(name, value)| (name, sorted(value).to_string())).collect();
            said.iter()
                .map(|(name, value)| format!("{name} {value}"))
                .collect::<Vec<_>>()
                .join(", ")
        }
    }
}

/// With the members of objects in the order of their names, so that equal ones have one text.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let members: BTreeMap<&String, Json> =
                members.iter().map(|(name, value)| (name, sorted(value))).collect();
            members.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn described(types: &TypeSet, field: &FieldInfo) -> Field {
    let primitive = |kind: PrimitiveKind| (kind.to_string(), None);
    let named = |index| {
        let name: &String = &types[index].name;
        (name.clone(), Some(name.clone()))
    };
    let element = |kind, what: &str| {
        let (text, below) = match kind {
            ElementKind::Primitive(kind) => primitive(kind),
            ElementKind::Ref(index) => named(index),
        };
        (format!("{what} of {text}"), below)
    };
    let (kind, below) = match field.kind {
        FieldKind::Primitive(kind) => primitive(kind),
        FieldKind::Ref(index) => named(index),
        FieldKind::Map(kind) => element(kind, "map"),
        FieldKind::Array(kind) => element(kind, "array"),
        FieldKind::Set(kind) => element(kind, "set"),
        FieldKind::Collection(kind) => element(kind, "collection"),
        other => (format!("{other:?}"), None),
    };
    let kind = if field.optional { format!("optional {kind}") } else { kind };
    Field { name: field.name.clone(), kind, below: below.into_iter().collect() }
}
