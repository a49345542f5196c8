//! The types of a scenario, as the model and the generator see them.

use serde_json::{Map, Value as Json, json};

use crate::quantize::Quantized;

#[derive(Clone, Debug)]
pub(crate) struct Types {
    pub(crate) types: Vec<Type>,
    pub(crate) root: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    /// The type that it extends, which stands before it.
    pub(crate) base: Option<usize>,
    /// All of them, the base's first.
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    /// The tag of a marked field.
    pub(crate) view: Option<Tag>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    One(Element),
    Quantized(Quantized),
    Map(Element),
    Array(Element),
    Set(Element),
    Collection(Element),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// The name of a primitive.
    Primitive(&'static str),
    /// The number of a type.
    Struct(usize),
}

/// The tag of a marked field, or that with which something is put in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// -1.
    Default,
    /// A mask, not 0.
    Custom(u32),
}

pub(crate) const PRIMITIVES: [&str; 13] = [
    "string", "boolean", "number", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
    "uint64", "float32", "float64",
];

impl Types {
    pub(crate) fn parse(scenario: &Json) -> Result<Self, String> {
        let definitions = scenario["types"].as_object().ok_or("`types` is missing")?;
        let number = |name: &str| definitions.keys().position(|other| other == name);
        let mut types: Vec<Type> = Vec::new();
        for (name, definition) in definitions {
            let base = match &definition["extends"] {
                Json::Null => None,
                base => {
                    let base = base.as_str().and_then(number).ok_or("an unknown base")?;
                    Some(base)
                        .filter(|base| *base < types.len())
                        .ok_or("a base comes first")?
                        .into()
                }
            };
            let mut fields = base.map_or_else(Vec::new, |base: usize| types[base].fields.clone());
            for (name, definition) in
                definition["fields"].as_object().ok_or("`fields` is missing")?
            {
                if fields.iter().any(|field| field.name == *name) {
                    return Err(format!("the base has a field `{name}`"));
                }
                fields.push(Field::parse(name, definition, &number)?);
            }
            types.push(Type { name: name.clone(), base, fields });
        }
        let root = scenario["root"].as_str().and_then(number).ok_or("`root` is missing")?;
        Ok(Self { types, root })
    }

    /// Whether an instance of one type may stand where another is declared.
    pub(crate) fn is_a(&self, of: usize, declared: usize) -> bool {
        of == declared || self.types[of].base.is_some_and(|base| self.is_a(base, declared))
    }

    /// The type of a new instance, from its value.
    pub(crate) fn of_value(&self, declared: usize, value: &Json) -> Result<usize, String> {
        let Some(name) = value.get("$type") else { return Ok(declared) };
        let found = self.types.iter().position(|of| name == of.name.as_str());
        let found = found.ok_or_else(|| format!("an unknown type {name}"))?;
        Some(found)
            .filter(|found| self.is_a(*found, declared))
            .ok_or_else(|| format!("{name} is not derived from {}", self.types[declared].name))
    }

    /// Whether anything is marked.
    pub(crate) fn has_views(&self) -> bool {
        self.types.iter().flat_map(|of| &of.fields).any(|field| field.view.is_some())
    }

    pub(crate) fn to_json(&self) -> Json {
        let types = self.types.iter().map(|of| {
            let inherited = of.base.map_or(0, |base| self.types[base].fields.len());
            let fields = of.fields.iter().skip(inherited);
            let fields = fields.map(|field| (field.name.clone(), field.to_json(self)));
            let mut definition = Map::new();
            if let Some(base) = of.base {
                definition.insert("extends".to_owned(), self.types[base].name.clone().into());
            }
            definition.insert("fields".to_owned(), fields.collect::<Map<_, _>>().into());
            (of.name.clone(), Json::Object(definition))
        });
        Json::Object(types.collect())
    }
}

impl Field {
    fn parse(
        name: &str,
        definition: &Json,
        number: &dyn Fn(&str) -> Option<usize>,
    ) -> Result<Self, String> {
        let element = |name: &Json| -> Result<Element, String> {
            let name = name.as_str().ok_or("an element is a name")?;
            match PRIMITIVES.iter().find(|primitive| **primitive == name) {
                Some(primitive) => Ok(Element::Primitive(primitive)),
                None => Ok(Element::Struct(number(name).ok_or("an unknown type")?)),
            }
        };
        let kind = match definition {
            Json::Object(long) => {
                let of = |kind| long.get(kind).map(&element).transpose();
                match (of("map")?, of("array")?, of("set")?, of("collection")?) {
                    (Some(of), ..) => Kind::Map(of),
                    (_, Some(of), ..) => Kind::Array(of),
                    (.., Some(of), _) => Kind::Set(of),
                    (.., Some(of)) => Kind::Collection(of),
                    _ => match long.get("quantized") {
                        Some(quantized) => Kind::Quantized(Quantized::parse(quantized)?),
                        None => Kind::One(element(&definition["type"])?),
                    },
                }
            }
            short => Kind::One(element(short)?),
        };
        let view = match &definition["view"] {
            Json::Null => None,
            tag => Some(Tag::parse(tag)?),
        };
        Ok(Self { name: name.to_owned(), kind, optional: definition["optional"] == true, view })
    }

    /// Whether it holds structs.
    pub(crate) fn is_deep(&self) -> bool {
        self.kind.element().is_some_and(Element::is_struct)
    }

    fn to_json(&self, types: &Types) -> Json {
        let name = |element| match element {
            Element::Primitive(name) => name,
            Element::Struct(of) => types.types[of].name.as_str(),
        };
        let mut long = match self.kind {
            Kind::One(of) if !self.optional && self.view.is_none() => return name(of).into(),
            Kind::One(of) => json!({ "type": name(of) }),
            Kind::Quantized(quantized) => json!({ "quantized": quantized.to_json() }),
            Kind::Map(of) => json!({ "map": name(of) }),
            Kind::Array(of) => json!({ "array": name(of) }),
            Kind::Set(of) => json!({ "set": name(of) }),
            Kind::Collection(of) => json!({ "collection": name(of) }),
        };
        if self.optional {
            long["optional"] = true.into();
        }
        if let Some(tag) = self.view {
            long["view"] = tag.to_json();
        }
        long
    }
}

impl Kind {
    /// What there are many of, or one.
    pub(crate) fn element(self) -> Option<Element> {
        match self {
            Self::One(of)
            | Self::Map(of)
            | Self::Array(of)
            | Self::Set(of)
            | Self::Collection(of) => Some(of),
            Self::Quantized(_) => None,
        }
    }

    pub(crate) fn is_collection(self) -> bool {
        !matches!(self, Self::One(_) | Self::Quantized(_))
    }
}

impl Element {
    pub(crate) fn is_struct(self) -> bool {
        matches!(self, Self::Struct(_))
    }
}

impl Tag {
    pub(crate) fn parse(tag: &Json) -> Result<Self, String> {
        match tag.as_i64() {
            Some(-1) => Ok(Self::Default),
            Some(mask @ 1..=0x7fff_ffff) => Ok(Self::Custom(mask as u32)),
            _ => Err(format!("{tag} is no tag: -1 or a mask of up to 31 bits")),
        }
    }

    pub(crate) fn to_json(self) -> Json {
        match self {
            Self::Default => (-1).into(),
            Self::Custom(mask) => mask.into(),
        }
    }

    /// The bits of a custom tag.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Default => 0,
            Self::Custom(mask) => mask,
        }
    }
}
