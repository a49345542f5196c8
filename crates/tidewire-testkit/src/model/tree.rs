//! The state: structs and collections by number, each with its places.
//!
//! A number is never given twice, so that it is an identity. An instance may stand in several
//! places, but never below itself. What stands in none is forgotten at the next tick.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::{Reading, value::Value};
use crate::types::{Element, Field, Kind, Tag, Types};

/// The number of a struct, a collection, or a primitive's life in one.
pub(crate) type Id = u64;

#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) types: Types,
    pub(crate) root: Id,
    nodes: HashMap<Id, Node>,
    next_id: Id,
    reading: Reading,
}

#[derive(Debug)]
pub(crate) enum Node {
    /// `fields` has `None` for what is absent.
    Struct {
        of: usize,
        fields: Vec<Option<Value>>,
    },
    /// Keys, each with the number of its life, and what they lead to.
    Map {
        of: Element,
        entries: Vec<(String, Id, Value)>,
    },
    Array {
        of: Element,
        items: Vec<Value>,
    },
    /// A set or a collection: values, each with the number of its life.
    Members {
        of: Element,
        is_set: bool,
        items: Vec<(Id, Value)>,
    },
}

impl Tree {
    pub(super) fn new(types: Types, reading: Reading) -> Self {
        let mut tree = Self { types, root: 0, nodes: HashMap::new(), next_id: 0, reading };
        tree.root = tree.empty_struct(tree.types.root);
        tree
    }

    pub(super) fn id(&mut self) -> Id {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[&id]
    }

    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        self.nodes.entry(id).or_insert_with(|| unreachable!("places hold what is there"))
    }

    fn insert(&mut self, node: Node) -> Id {
        let id = self.id();
        self.nodes.insert(id, node);
        id
    }

    fn empty_struct(&mut self, of: usize) -> Id {
        let fields = self.types.types[of].fields.clone();
        let fields = fields.iter().map(|field| self.unset(field)).collect();
        self.insert(Node::Struct { of, fields })
    }

    /// What a field holds that was never set.
    pub(super) fn unset(&mut self, field: &Field) -> Option<Value> {
        let node = match field.kind {
            Kind::One(Element::Primitive(name)) if !field.optional => {
                return Some(Value::zero(name));
            }
            Kind::Quantized(quantized) if !field.optional => {
                return Some(Value::Float(quantized.carried(0.0)));
            }
            Kind::One(_) | Kind::Quantized(_) => return None,
            Kind::Map(of) => Node::Map { of, entries: Vec::new() },
            Kind::Array(of) => Node::Array { of, items: Vec::new() },
            Kind::Set(of) => Node::Members { of, is_set: true, items: Vec::new() },
            Kind::Collection(of) => Node::Members { of, is_set: false, items: Vec::new() },
        };
        Some(Value::Node(self.insert(node)))
    }

    /// A new value.
    pub(super) fn make(&mut self, of: Element, value: &Json) -> Result<Value, String> {
        let of = match of {
            Element::Primitive(name) => return Value::primitive(name, value, self.reading),
            Element::Struct(of) => of,
        };
        let members = value.as_object().ok_or("a struct is an object")?;
        let id = self.empty_struct(self.types.of_value(of, value)?);
        for (name, value) in members.iter().filter(|(name, _)| *name != "$type") {
            self.set_field(id, name, value)?;
        }
        Ok(Value::Node(id))
    }

    /// The field of a struct by its name.
    pub(super) fn field(&self, id: Id, name: &str) -> Result<(usize, &Field), String> {
        let Node::Struct { of, .. } = self.node(id) else { return Err("not a struct".to_owned()) };
        let mut fields = self.types.types[*of].fields.iter().enumerate();
        let found = fields.find(|(_, field)| field.name == name);
        found.ok_or_else(|| "an unknown field".to_owned())
    }

    /// Assigns a field of a struct; a collection is filled anew.
    pub(super) fn set_field(&mut self, id: Id, name: &str, value: &Json) -> Result<(), String> {
        let (at, field) = self.field(id, name)?;
        let field = field.clone();
        let new = match field.kind {
            Kind::One(_) | Kind::Quantized(_) if value.is_null() => self.unset(&field),
            Kind::One(of) => Some(self.make(of, value)?),
            Kind::Quantized(quantized) => {
                let number = value.as_f64().ok_or("a quantized number is a number")?;
                Some(Value::Float(quantized.carried(number)))
            }
            _ => {
                let held = self.fields(id).get(at).and_then(Option::as_ref).and_then(Value::node);
                return self.fill(held.ok_or("a collection that is not there")?, value);
            }
        };
        if let Node::Struct { fields, .. } = self.node_mut(id) {
            fields[at] = new;
        }
        Ok(())
    }

    pub(crate) fn fields(&self, id: Id) -> &[Option<Value>] {
        if let Node::Struct { fields, .. } = self.node(id) { fields } else { &[] }
    }

    /// Replaces the contents of a collection.
    fn fill(&mut self, id: Id, value: &Json) -> Result<(), String> {
        match *self.node(id) {
            Node::Struct { .. } => return Err("not a collection".to_owned()),
            Node::Map { of, .. } => {
                let mut new = Vec::new();
                for (key, value) in value.as_object().ok_or("a map is an object")? {
                    if !value.is_null() {
                        new.push((key.clone(), self.id(), self.make(of, value)?));
                    }
                }
                let Node::Map { entries, .. } = self.node_mut(id) else { return Ok(()) };
                *entries = new;
            }
            Node::Array { of, .. } => {
                let new = self.make_all(of, value)?;
                let Node::Array { items, .. } = self.node_mut(id) else { return Ok(()) };
                *items = new;
            }
            Node::Members { of, .. } => {
                let new = self.make_all(of, value)?;
                self.clear(id)?;
                new.into_iter().for_each(|value| self.add(id, value));
            }
        }
        Ok(())
    }

    pub(super) fn make_all(&mut self, of: Element, values: &Json) -> Result<Vec<Value>, String> {
        let values = values.as_array().ok_or("not a list")?;
        values.iter().map(|value| self.make(of, value)).collect()
    }

    pub(super) fn clear(&mut self, id: Id) -> Result<(), String> {
        match self.node_mut(id) {
            Node::Struct { .. } => return Err("not a collection".to_owned()),
            Node::Map { entries, .. } => entries.clear(),
            Node::Array { items, .. } => items.clear(),
            Node::Members { items, .. } => items.clear(),
        }
        Ok(())
    }

    /// Puts a value in a set or a collection.
    pub(super) fn add(&mut self, id: Id, value: Value) {
        let life = self.id();
        let Node::Members { of, is_set, items } = self.node_mut(id) else { return };
        if !*is_set || !items.iter().any(|(_, other)| other.reads_as(&value, *of)) {
            items.push((life, value));
        }
    }

    /// What lies in the places of a node, with names.
    pub(crate) fn children(&self, id: Id) -> Vec<(String, &Value)> {
        match self.node(id) {
            Node::Struct { of, fields } => std::iter::zip(&self.types.types[*of].fields, fields)
                .filter_map(|(field, value)| Some((field.name.clone(), value.as_ref()?)))
                .collect(),
            Node::Map { entries, .. } => {
                entries.iter().map(|(key, _, value)| (key.clone(), value)).collect()
            }
            Node::Array { items, .. } => {
                items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            Node::Members { items, .. } => {
                let values = items.iter().map(|(_, value)| value);
                values.enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
        }
    }

    /// The nodes in the places of a node, with the tags of marked fields.
    pub(crate) fn below(&self, id: Id) -> Vec<(Option<Tag>, Id)> {
        let plain = |value: &Value| Some((None, value.node()?));
        match self.node(id) {
            Node::Struct { of, fields } => std::iter::zip(&self.types.types[*of].fields, fields)
                .filter_map(|(field, value)| Some((field.view, value.as_ref()?.node()?)))
                .collect(),
            Node::Map { entries, .. } => {
                entries.iter().filter_map(|(.., value)| plain(value)).collect()
            }
            Node::Array { items, .. } => items.iter().filter_map(plain).collect(),
            Node::Members { items, .. } => {
                items.iter().filter_map(|(_, value)| plain(value)).collect()
            }
        }
    }

    /// A node and all that can be reached from it by ways that `goes` agrees to.
    pub(crate) fn reach(&self, from: Id, goes: impl Fn(Option<Tag>) -> bool) -> HashSet<Id> {
        let (mut reached, mut left) = (HashSet::from([from]), vec![from]);
        while let Some(id) = left.pop() {
            for (tag, below) in self.below(id) {
                if goes(tag) && reached.insert(below) {
                    left.push(below);
                }
            }
        }
        reached
    }

    /// Forgets what is not among `living`.
    pub(super) fn keep(&mut self, living: &HashSet<Id>) {
        self.nodes.retain(|id, _| living.contains(id));
    }

    /// Gives the values of sets and collections that stayed the numbers that they had, and tells
    /// what there is.
    pub(super) fn settle(
        &mut self,
        sent: &HashMap<Id, Vec<(Id, Value)>>,
    ) -> HashMap<Id, Vec<(Id, Value)>> {
        let mut now = HashMap::new();
        for (id, node) in &mut self.nodes {
            let Node::Members { items, .. } = node else { continue };
            let mut left = items.iter_mut().peekable();
            for (life, value) in sent.get(id).into_iter().flatten() {
                if let Some((id, _)) = left.next_if(|(_, other)| other == value) {
                    *id = *life;
                }
            }
            now.insert(*id, items.clone());
        }
        now
    }
}
