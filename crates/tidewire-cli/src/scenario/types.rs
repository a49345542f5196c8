//! The types of a scenario: numbered, and their fields indexed, in the order of the file.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use tidewire_state::{
    ElementKind, FieldInfo, FieldKind, MAX_FIELDS, PrimitiveKind, Quantized, QuantizedMode, Tag,
    TypeError, TypeIndex, TypeInfo, TypeSet, Visibility,
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
    let mut known = Vec::with_capacity(types.len());
    for (name, definition) in types {
        known.push(parse_type(name, definition, names, &known)?);
    }
    let types = TypeSet { types: known, root };
    types.check().map_err(FileError::Types)?;
    Ok(types)
}

/// The number of each type.
struct Names<'a> {
    by_name: HashMap<&'a str, TypeIndex>,
    types: &'a Map<String, Json>,
}

impl<'a> Names<'a> {
    fn of(types: &'a Map<String, Json>) -> Self {
        let by_name = types.keys().map(String::as_str).zip((0..).map(TypeIndex)).collect();
        Self { by_name, types }
    }

    fn find(&self, name: &str, place: &str) -> Result<TypeIndex, FileError> {
        self.by_name.get(name).copied().ok_or_else(|| FileError::UnknownType {
            place: place.to_owned(),
            name: name.to_owned(),
        })
    }

    fn name(&self, index: TypeIndex) -> &'a str {
        self.types.keys().nth(index.0 as usize).map_or("", String::as_str)
    }

    /// What a name stands for in a field or an element.
    fn resolve(&self, name: &str, place: &str) -> Result<ElementKind, FileError> {
        match PrimitiveKind::from_name(name) {
            Some(kind) => Ok(ElementKind::Primitive(kind)),
            None => Ok(ElementKind::Ref(self.find(name, place)?)),
        }
    }
}

/// A type; `earlier` are those before it in the file.
fn parse_type(
    name: &str,
    definition: &Json,
    names: &Names<'_>,
    earlier: &[TypeInfo],
) -> Result<TypeInfo, FileError> {
    let place = format!("type `{name}`");
    if PrimitiveKind::from_name(name).is_some() {
        return Err(FileError::ReservedName { place: "a type".to_owned(), name: name.to_owned() });
    }
    let definition = object(definition, &place)?;
    known_members(definition, &place, &["fields", "extends"])?;
    let extends = match definition.get("extends") {
        None => None,
        Some(base) => Some(names.find(text(base, &format!("`extends` of {place}"))?, &place)?),
    };
    let inherited = match extends.map(|base| (base, earlier.get(base.0 as usize))) {
        None => &[][..],
        Some((_, Some(base))) => &base.fields,
        Some((base, None)) => {
            return Err(FileError::LateBase { place, base: names.name(base).to_owned() });
        }
    };
    let fields = definition.get("fields").ok_or_else(|| missing(&place, "fields"))?;
    let fields = object(fields, &format!("`fields` of {place}"))?;
    // Found before anything is copied: each type of a long chain has the fields of all before it.
    let count = inherited.len() + fields.len();
    if count > MAX_FIELDS {
        let name = name.to_owned();
        return Err(FileError::Types(TypeError::TooManyFields { name, count }));
    }
    let own = fields
        .iter()
        .map(|(field, definition)| parse_field(field, definition, &place, names))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(TypeInfo { extends, ..TypeInfo::new(name, [inherited, &own].concat()) })
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
    match definition {
        Json::String(kind) => Ok(FieldInfo::new(name, names.resolve(kind, &place)?.into_field())),
        Json::Object(definition) => parse_long(name, definition, &place, names),
        other => Err(wrong_kind(&place, "a type's name or an object", other)),
    }
}

/// A field that is defined by an object: what it holds, whether it is optional, and who sees it.
fn parse_long(
    name: &str,
    definition: &Map<String, Json>,
    place: &str,
    names: &Names<'_>,
) -> Result<FieldInfo, FileError> {
    known_members(definition, place, &[&KINDS[..], &["optional", "view"]].concat())?;
    let optional = match definition.get("optional") {
        None => false,
        Some(Json::Bool(optional)) => *optional,
        Some(other) => return Err(wrong_kind(place, "`\"optional\": true` or `false`", other)),
    };
    let visibility = match definition.get("view") {
        None => Visibility::Everyone,
        Some(tag) => match parse_tag(tag) {
            Some(tag) => Visibility::View(tag),
            None => return Err(wrong_kind(&format!("`view` of {place}"), TAGS, tag)),
        },
    };
    let mut kinds = KINDS.into_iter().filter_map(|kind| Some((kind, definition.get(kind)?)));
    let (Some((kind, of)), None) = (kinds.next(), kinds.next()) else {
        let found = Json::Object(definition.clone());
        return Err(wrong_kind(
            place,
            "an object with one of `type`, `map`, `array`, `set`, `collection`, `quantized`",
            &found,
        ));
    };
    let element = || names.resolve(text(of, place)?, place);
    let kind = match (kind, of) {
        ("map" | "array" | "set" | "collection", Json::Object(of)) => {
            if of.contains_key("quantized") {
                return Err(FileError::QuantizedElement { place: place.to_owned() });
            }
            return Err(FileError::NestedCollection { place: place.to_owned() });
        }
        ("map", _) => FieldKind::Map(element()?),
        ("array", _) => FieldKind::Array(element()?),
        ("set", _) => FieldKind::Set(element()?),
        ("collection", _) => FieldKind::Collection(element()?),
        ("quantized", of) => FieldKind::Quantized(parse_quantized(of, place)?),
        _ => element()?.into_field(),
    };
    Ok(FieldInfo { optional, visibility, ..FieldInfo::new(name, kind) })
}

/// A range and its steps: 16 bits, clamped, unless it says otherwise.
fn parse_quantized(definition: &Json, place: &str) -> Result<Quantized, FileError> {
    let place = format!("`quantized` of {place}");
    let definition = object(definition, &place)?;
    known_members(definition, &place, &["min", "max", "bits", "mode"])?;
    let end = |member| {
        let value = definition.get(member).ok_or_else(|| missing(&place, member))?;
        value
            .as_f64()
            .ok_or_else(|| wrong_kind(&format!("`{member}` of {place}"), "a number", value))
    };
    let bits = match definition.get("bits") {
        None => 16,
        Some(bits) => {
            let found = bits.as_u64().and_then(|bits| u8::try_from(bits).ok());
            found.ok_or_else(|| wrong_kind(&format!("`bits` of {place}"), "8, 16 or 32", bits))?
        }
    };
    let mode = match definition.get("mode").map(Json::as_str) {
        None | Some(Some("clamp")) => QuantizedMode::Clamp,
        Some(Some("wrap")) => QuantizedMode::Wrap,
        Some(_) => {
            let found = &definition["mode"];
            return Err(wrong_kind(&format!("`mode` of {place}"), "`clamp` or `wrap`", found));
        }
    };
    let (min, max) = (end("min")?, end("max")?);
    Quantized::new(min, max, bits, mode).map_err(|error| FileError::Quantized { place, error })
}

/// A tag: -1 is the default one, all others are masks of bits.
pub(super) fn parse_tag(tag: &Json) -> Option<Tag> {
    let tag = tag.as_i64().and_then(|tag| i32::try_from(tag).ok())?;
    (tag == Tag::DEFAULT.0 || tag > 0).then_some(Tag(tag))
}

/// What a tag can be, for a message.
pub(super) const TAGS: &str = "-1 or a mask of bits, 1 to 2147483647";

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
