//! The types of a scenario: numbered, and their fields indexed, in the order of the file.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use tidewire_state::{
    ElementKind, FieldInfo, FieldKind, PrimitiveKind, TypeIndex, TypeInfo, TypeSet,
};

use super::{
    error::FileError,
    file::{known_members, missing, object, text, wrong_kind},
};

/// Reads `types` and `root`.
pub(crate) fn parse(file: &Map<String, Json>) -> Result<TypeSet, FileError> {
    let types = file.get("types").ok_or_else(|| missing("the file", "types"))?;
    let types = object(types, "`types`")?;
    let names = &Names::of(types);
    let root = file.get("root").ok_or_else(|| missing("the file", "root"))?;
    let root = names.find(text(root, "`root`")?, "`root`")?;
    let types = types
        .iter()
        .map(|(name, definition)| parse_type(name, definition, names))
        .collect::<Result<_, _>>()?;
    let types = TypeSet { types, root };
    types.check().map_err(FileError::Types)?;
    Ok(types)
}

/// The number of each type.
struct Names<'a>(HashMap<&'a str, TypeIndex>);

impl<'a> Names<'a> {
    fn of(types: &'a Map<String, Json>) -> Self {
        Self(types.keys().map(String::as_str).zip((0..).map(TypeIndex)).collect())
    }

    fn find(&self, name: &str, place: &str) -> Result<TypeIndex, FileError> {
        self.0.get(name).copied().ok_or_else(|| FileError::UnknownType {
            place: place.to_owned(),
            name: name.to_owned(),
        })
    }

    /// What a name stands for in a field or an element.
    fn resolve(&self, name: &str, place: &str) -> Result<ElementKind, FileError> {
        match PrimitiveKind::from_name(name) {
            Some(kind) => Ok(ElementKind::Primitive(kind)),
            None => Ok(ElementKind::Ref(self.find(name, place)?)),
        }
    }
}

fn parse_type(name: &str, definition: &Json, names: &Names<'_>) -> Result<TypeInfo, FileError> {
    let place = format!("type `{name}`");
    if PrimitiveKind::from_name(name).is_some() {
        return Err(FileError::ReservedName { place: "a type".to_owned(), name: name.to_owned() });
    }
    let definition = object(definition, &place)?;
    known_members(definition, &place, &["fields", "extends"])?;
    if definition.contains_key("extends") {
        return Err(FileError::Unsupported { place, what: "`extends`".to_owned() });
    }
    let fields = definition.get("fields").ok_or_else(|| missing(&place, "fields"))?;
    let fields = object(fields, &format!("`fields` of {place}"))?
        .iter()
        .map(|(field, definition)| parse_field(field, definition, &place, names))
        .collect::<Result<_, _>>()?;
    Ok(TypeInfo::new(name, fields))
}

fn parse_field(
    name: &str,
    definition: &Json,
    of: &str,
    names: &Names<'_>,
) -> Result<FieldInfo, FileError> {
    if name == "$type" {
        let place = format!("a field of {of}");
        return Err(FileError::ReservedName { place, name: name.to_owned() });
    }
    let place = format!("field `{name}` of {of}");
    let (kind, optional) = match definition {
        Json::String(kind) => (names.resolve(kind, &place)?.into_field(), false),
        Json::Object(definition) => parse_long(definition, &place, names)?,
        other => return Err(wrong_kind(&place, "a type's name or an object", other)),
    };
    Ok(FieldInfo { optional, ..FieldInfo::new(name, kind) })
}

/// A field that is defined by an object: what it holds, and whether it is optional.
fn parse_long(
    definition: &Map<String, Json>,
    place: &str,
    names: &Names<'_>,
) -> Result<(FieldKind, bool), FileError> {
    const UNSUPPORTED: [&str; 2] = ["quantized", "view"];
    known_members(definition, place, &[&KINDS[..], &["optional", "view"]].concat())?;
    if let Some(what) = UNSUPPORTED.into_iter().find(|what| definition.contains_key(*what)) {
        return Err(FileError::Unsupported { place: place.to_owned(), what: format!("`{what}`") });
    }
    let optional = match definition.get("optional") {
        None => false,
        Some(Json::Bool(optional)) => *optional,
        Some(other) => return Err(wrong_kind(place, "`\"optional\": true` or `false`", other)),
    };
    let mut kinds = KINDS.into_iter().filter_map(|kind| Some((kind, definition.get(kind)?)));
    let (Some((kind, of)), None) = (kinds.next(), kinds.next()) else {
        let found = Json::Object(definition.clone());
        return Err(wrong_kind(
            place,
            "an object with one of `type`, `map`, `array`, `set`, `collection`",
            &found,
        ));
    };
    let kind = match (kind, of) {
        ("map" | "array" | "set" | "collection", Json::Object(_)) => {
            return Err(FileError::NestedCollection { place: place.to_owned() });
        }
        ("map", of) => FieldKind::Map(names.resolve(text(of, place)?, place)?),
        ("array", of) => FieldKind::Array(names.resolve(text(of, place)?, place)?),
        ("set" | "collection", of) => match names.resolve(text(of, place)?, place)? {
            ElementKind::Ref(_) => {
                let what = format!("a `{kind}` of structs");
                return Err(FileError::Unsupported { place: place.to_owned(), what });
            }
            of if kind == "set" => FieldKind::Set(of),
            of => FieldKind::Collection(of),
        },
        (_, of) => names.resolve(text(of, place)?, place)?.into_field(),
    };
    Ok((kind, optional))
}

/// The members that say what a field holds.
const KINDS: [&str; 6] = ["type", "map", "array", "set", "collection", "quantized"];

trait IntoField {
    fn into_field(self) -> FieldKind;
}

impl IntoField for ElementKind {
    fn into_field(self) -> FieldKind {
        match self {
            Self::Primitive(kind) => FieldKind::Primitive(kind),
            Self::Ref(index) => FieldKind::Ref(index),
        }
    }
}
