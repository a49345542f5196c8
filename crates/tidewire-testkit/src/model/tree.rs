//! The state as a tree of values.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::Reading;
use crate::{
    compare::escape,
    types::{Element, Field, Kind, Types},
};

#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) types: Types,
    pub(crate) root: Node,
    next_id: u64,
    reading: Reading,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Flag(bool),
    Whole(i128),
    /// A `float32`, as the double that equals it; or a `float64`.
    Float(f64),
    /// `fields` has `None` for what is absent.
    Struct {
        id: u64,
        of: usize,
        fields: Vec<Option<Node>>,
    },
    /// Keys, each with the number of its life, and what they lead to.
    Map {
        id: u64,
        of: Element,
        entries: Vec<(String, u64, Node)>,
    },
    Array {
        id: u64,
        of: Element,
        items: Vec<Node>,
    },
    /// A set or a collection: values, each with the number of its life.
    Members {
        id: u64,
        of: Element,
        is_set: bool,
        items: Vec<(u64, Node)>,
    },
}

impl Tree {
    pub(super) fn new(types: Types, reading: Reading) -> Self {
        let root = Node::Flag(false);
        let mut tree = Self { types, root, reading, next_id: 0 };
        tree.root = tree.empty_struct(tree.types.root);
        tree
    }

    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn empty_struct(&mut self, of: usize) -> Node {
        let id = self.id();
        let fields = self.types.types[of].fields.clone();
        let fields = fields.iter().map(|field| self.unset(field)).collect();
        Node::Struct { id, of, fields }
    }

    /// What a field holds that was never set.
    fn unset(&mut self, field: &Field) -> Option<Node> {
        match field.kind {
            Kind::One(Element::Primitive(name)) if !field.optional => Some(zero(name)),
            Kind::One(_) => None,
            Kind::Map(of) => Some(Node::Map { id: self.id(), of, entries: Vec::new() }),
            Kind::Array(of) => Some(Node::Array { id: self.id(), of, items: Vec::new() }),
            Kind::Set(of) => {
                Some(Node::Members { id: self.id(), of, is_set: true, items: Vec::new() })
            }
            Kind::Collection(of) => {
                Some(Node::Members { id: self.id(), of, is_set: false, items: Vec::new() })
            }
        }
    }

    /// A new value.
    pub(super) fn make(&mut self, of: Element, value: &Json) -> Result<Node, String> {
        match of {
            Element::Primitive(name) => primitive(name, value, self.reading),
            Element::Struct(of) => {
                let mut node = self.empty_struct(of);
                for (name, value) in value.as_object().ok_or("a struct is an object")? {
                    self.set_field(&mut node, name, value)?;
                }
                Ok(node)
            }
        }
    }

    /// Puts a value in a set or a collection.
    pub(super) fn add(
        &mut self,
        items: &mut Vec<(u64, Node)>,
        of: Element,
        is_set: bool,
        value: &Json,
    ) -> Result<(), String> {
        let value = self.make(of, value)?;
        if !is_set || !items.iter().any(|(_, other)| other.reads_as(&value, of)) {
            items.push((self.id(), value));
        }
        Ok(())
    }

    /// Assigns a field of a struct.
    pub(super) fn set_field(
        &mut self,
        node: &mut Node,
        name: &str,
        value: &Json,
    ) -> Result<(), String> {
        let Node::Struct { of, fields, .. } = node else { return Err("not a struct".to_owned()) };
        let known = &self.types.types[*of].fields;
        let at = known.iter().position(|field| field.name == name).ok_or("an unknown field")?;
        let field = known[at].clone();
        match (field.kind, &mut fields[at]) {
            (Kind::One(_), place) if value.is_null() => *place = self.unset(&field),
            (Kind::One(of), place) => *place = Some(self.make(of, value)?),
            (Kind::Map(of), Some(Node::Map { entries, .. })) => {
                let mut new = Vec::new();
                for (key, value) in value.as_object().ok_or("a map is an object")? {
                    if !value.is_null() {
                        new.push((key.clone(), self.id(), self.make(of, value)?));
                    }
                }
                *entries = new;
            }
            (Kind::Array(of), Some(Node::Array { items, .. })) => {
                let new = value.as_array().ok_or("an array is a list")?;
                *items = new.iter().map(|value| self.make(of, value)).collect::<Result<_, _>>()?;
            }
            (Kind::Set(_) | Kind::Collection(_), Some(Node::Members { of, is_set, items, .. })) => {
                let new = value.as_array().ok_or("a list of values")?;
                items.clear();
                for value in new {
                    self.add(items, *of, *is_set, value)?;
                }
            }
            _ => return Err("a collection that is not there".to_owned()),
        }
        Ok(())
    }
}

impl Node {
    pub(super) fn id(&self) -> u64 {
        match self {
            Self::Struct { id, .. }
            | Self::Map { id, .. }
            | Self::Array { id, .. }
            | Self::Members { id, .. } => *id,
            _ => 0,
        }
    }

    /// What lies below, with names.
    pub(crate) fn children<'a>(&'a self, types: &'a Types) -> Vec<(String, &'a Self)> {
        match self {
            Self::Struct { of, fields, .. } => std::iter::zip(&types.types[*of].fields, fields)
                .filter_map(|(field, node)| Some((field.name.clone(), node.as_ref()?)))
                .collect(),
            Self::Map { entries, .. } => {
                entries.iter().map(|(key, _, node)| (key.clone(), node)).collect()
            }
            Self::Array { items, .. } => {
                items.iter().enumerate().map(|(at, node)| (at.to_string(), node)).collect()
            }
            Self::Members { items, .. } => {
                items.iter().enumerate().map(|(at, (_, node))| (at.to_string(), node)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a client that reads the one reads the other.
    pub(super) fn reads_as(&self, other: &Self, of: Element) -> bool {
        let double = |node: &Self| match node {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Float(float) if of == Element::Primitive("number") => Some(carried(*float)),
            Self::Float(float) => Some(*float),
            _ => None,
        };
        match (double(self), double(other)) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }

    /// Shows this node and all below it, each with its pointer.
    pub(super) fn visit(&self, types: &Types, path: &str, see: &mut impl FnMut(&str, &Self)) {
        see(path, self);
        for (name, child) in self.children(types) {
            child.visit(types, &format!("{path}/{}", escape(&name)), see);
        }
    }

    /// Gives the values of sets and collections that stayed the numbers that they had, and notes
    /// what there is.
    pub(super) fn settle(
        &mut self,
        sent: &HashMap<u64, Vec<(u64, String)>>,
        now: &mut HashMap<u64, Vec<(u64, String)>>,
    ) {
        match self {
            Self::Struct { fields, .. } => {
                fields.iter_mut().flatten().for_each(|node| node.settle(sent, now));
            }
            Self::Map { entries, .. } => {
                entries.iter_mut().for_each(|(_, _, node)| node.settle(sent, now));
            }
            Self::Array { items, .. } => items.iter_mut().for_each(|node| node.settle(sent, now)),
            Self::Members { id, items, .. } => {
                let mut left = items.iter_mut().peekable();
                for (life, text) in sent.get(id).into_iter().flatten() {
                    if let Some((id, _)) = left.next_if(|(_, node)| format!("{node:?}") == *text) {
                        *id = *life;
                    }
                }
                let all = items.iter().map(|(id, node)| (*id, format!("{node:?}")));
                now.insert(*id, all.collect());
            }
            _ => {}
        }
    }

    pub(super) fn references(&self) -> usize {
        match self {
            Self::Struct { fields, .. } => {
                1 + fields.iter().flatten().map(Self::references).sum::<usize>()
            }
            Self::Map { entries, .. } => {
                1 + entries.iter().map(|(_, _, node)| node.references()).sum::<usize>()
            }
            Self::Array { items, .. } => 1 + items.iter().map(Self::references).sum::<usize>(),
            Self::Members { .. } => 1,
            _ => 0,
        }
    }

    pub(crate) fn to_json(&self, types: &Types) -> Json {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Whole(whole) => match u64::try_from(*whole) {
                Ok(positive) => positive.into(),
                Err(_) => i64::try_from(*whole).unwrap_or_default().into(),
            },
            Self::Float(float) => (*float).into(),
            Self::Struct { .. } | Self::Map { .. } => {
                let members = self.children(types).into_iter();
                Json::Object(
                    members.map(|(name, node)| (name, node.to_json(types))).collect::<Map<_, _>>(),
                )
            }
            Self::Array { items, .. } => items.iter().map(|node| node.to_json(types)).collect(),
            Self::Members { items, .. } => {
                items.iter().map(|(_, node)| node.to_json(types)).collect()
            }
        }
    }
}

/// What is left of a double that the schema protocol carried as a `number`.
fn carried(number: f64) -> f64 {
    let single = f64::from(number as f32);
    if number.fract() == 0.0 && (-2_147_483_648.0..=2_147_483_647.0).contains(&number) {
        // Zero has no sign.
        number + 0.0
    } else if (single.abs() - number.abs()).abs() < 0.0001 {
        single
    } else {
        number
    }
}

fn zero(primitive: &str) -> Node {
    match primitive {
        "string" => Node::Text(String::new()),
        "boolean" => Node::Flag(false),
        "number" | "float32" | "float64" => Node::Float(0.0),
        _ => Node::Whole(0),
    }
}

fn primitive(name: &str, value: &Json, reading: Reading) -> Result<Node, String> {
    let wrong = || format!("{value} is no {name}");
    let double = || value.as_f64().ok_or_else(wrong);
    Ok(match name {
        "string" => Node::Text(value.as_str().ok_or_else(wrong)?.to_owned()),
        "boolean" => Node::Flag(value.as_bool().ok_or_else(wrong)?),
        // What a client would read alike is the same value.
        "number" if reading == Reading::Schema => Node::Float(carried(double()?)),
        "number" => Node::Float(double()?),
        "float64" => Node::Float(double()?),
        "float32" => Node::Float(f64::from(double()? as f32)),
        whole => {
            let bits: u32 =
                whole.trim_start_matches(char::is_alphabetic).parse().map_err(|_| wrong())?;
            let range = if whole.starts_with('u') {
                0..1_i128 << bits
            } else {
                -(1_i128 << (bits - 1))..1_i128 << (bits - 1)
            };
            let number = value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
            let number = number.or(value.as_f64().filter(|v| v.fract() == 0.0).map(|v| v as i128));
            Node::Whole(number.filter(|number| range.contains(number)).ok_or_else(wrong)?)
        }
    })
}
