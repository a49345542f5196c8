//! The file as a whole.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value as Json};
use tidewire_state::TypeSet;

use super::{
    error::{FileError, listed, shown},
    json, types,
};

/// A scenario whose types and clients are known to be right. Its steps are looked at one by one.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) types: Arc<TypeSet>,
    /// All of them, and whether each has a view.
    pub(super) clients: BTreeMap<String, bool>,
    pub(super) steps: Vec<Json>,
}

impl Scenario {
    pub(super) fn parse(input: &str) -> Result<Self, FileError> {
        let mut file = json::parse(input)?;
        let members = object(&file, "the file")?;
        known_members(members, "the file", &["types", "root", "clients", "steps"])?;
        let types = types::parse(members)?;
        let clients = match members.get("clients") {
            Some(clients) => parse_clients(object(clients, "`clients`")?)?,
            None => BTreeMap::new(),
        };
        let steps = match file.get_mut("steps").map(Json::take) {
            Some(Json::Array(steps)) => steps,
            Some(other) => return Err(wrong_kind("`steps`", "a list", &other)),
            None => return Err(missing("the file", "steps")),
        };
        Ok(Self { types: Arc::new(types), clients, steps })
    }
}

fn parse_clients(clients: &Map<String, Json>) -> Result<BTreeMap<String, bool>, FileError> {
    let parse = |(name, client): (&String, &Json)| {
        let place = format!("client `{name}`");
        let members = object(client, &place)?;
        known_members(members, &place, &["view"])?;
        match members.get("view") {
            None => Ok((name.clone(), false)),
            Some(Json::Bool(has_view)) => Ok((name.clone(), *has_view)),
            Some(other) => Err(wrong_kind(&place, "`\"view\": true` or `false`", other)),
        }
    };
    clients.iter().map(parse).collect()
}

pub(crate) fn object<'a>(value: &'a Json, place: &str) -> Result<&'a Map<String, Json>, FileError> {
    value.as_object().ok_or_else(|| wrong_kind(place, "an object", value))
}

pub(crate) fn text<'a>(value: &'a Json, place: &str) -> Result<&'a str, FileError> {
    value.as_str().ok_or_else(|| wrong_kind(place, "a string", value))
}

pub(super) fn wrong_kind(place: &str, expected: &'static str, found: &Json) -> FileError {
    FileError::WrongKind { place: place.to_owned(), expected, found: shown(found) }
}

pub(super) fn missing(place: &str, member: &'static str) -> FileError {
    FileError::Missing { place: place.to_owned(), member }
}

/// Finds misspelt members, which would be ignored otherwise.
pub(super) fn known_members(
    members: &Map<String, Json>,
    place: &str,
    known: &[&str],
) -> Result<(), FileError> {
    match members.keys().find(|member| !known.contains(&member.as_str())) {
        None => Ok(()),
        Some(member) => Err(FileError::UnknownMember {
            place: place.to_owned(),
            member: member.clone(),
            known: listed(known),
        }),
    }
}
