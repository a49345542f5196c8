//! The types of a scenario, as the model and the generator see them.

use serde_json::{Map, Value as Json, json};

#[derive(Clone, Debug)]
pub(crate) struct Types {
    pub(crate) types: Vec<Type>,
    pub(crate) root: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    One(Element),
    Map(Element),
    Array(Element),
    /// Of primitives.
    Set(Element),
    /// Of primitives.
    Collection(Element),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// The name of a primitive.
    Primitive(&'static str),
    /// The number of a type.
    Struct(usize),
}

pub(crate) const PRIMITIVES: [&str; 13] = [
    "string", "boolean", "number", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
    "uint64", "float32", "float64",
];

impl Types {
    pub(crate) fn parse(scenario: &Json) -> Result<Self, String> {
        let definitions = scenario["types"].as_object().ok_or("`types` is missing")?;
        let number = |name: &str| definitions.keys().position(|other| other == name);
        let element = |name: &Json| -> Result<Element, String> {
            let name = name.as_str().ok_or("an element is a name")?;
            match PRIMITIVES.iter().find(|primitive| **primitive == name) {
                Some(primitive) => Ok(Element::Primitive(primitive)),
                None => Ok(Element::Struct(number(name).ok_or("an unknown type")?)),
            }
        };
        let mut types = Vec::new();
        for (name, definition) in definitions {
            let mut fields = Vec::new();
            for (name, field) in definition["fields"].as_object().ok_or("`fields` is missing")? {
                let kind = match field {
                    Json::Object(long) => {
                        let of = |kind| long.get(kind).map(&element).transpose();
                        match (of("map")?, of("array")?, of("set")?, of("collection")?) {
                            (Some(of), ..) => Kind::Map(of),
                            (_, Some(of), ..) => Kind::Array(of),
                            (.., Some(of), _) => Kind::Set(of),
                            (.., Some(of)) => Kind::Collection(of),
                            _ => Kind::One(element(&field["type"])?),
                        }
                    }
                    short => Kind::One(element(short)?),
                };
                let optional = field["optional"] == true;
                fields.push(Field { name: name.clone(), kind, optional });
            }
            types.push(Type { name: name.clone(), fields });
        }
        let root = scenario["root"].as_str().and_then(number).ok_or("`root` is missing")?;
        Ok(Self { types, root })
    }

    pub(crate) fn to_json(&self) -> Json {
        let name = |element| match element {
            Element::Primitive(name) => name,
            Element::Struct(of) => self.types[of].name.as_str(),
        };
        let types = self.types.iter().map(|of| {
            let fields = of.fields.iter().map(|field| {
                let definition = match field.kind {
                    Kind::One(of) if field.optional => {
                        json!({ "type": name(of), "optional": true })
                    }
                    Kind::One(of) => name(of).into(),
                    Kind::Map(of) => json!({ "map": name(of) }),
                    Kind::Array(of) => json!({ "array": name(of) }),
                    Kind::Set(of) => json!({ "set": name(of) }),
                    Kind::Collection(of) => json!({ "collection": name(of) }),
                };
                (field.name.clone(), definition)
            });
            (of.name.clone(), json!({ "fields": fields.collect::<Map<_, _>>() }))
        });
        Json::Object(types.collect())
    }
}
