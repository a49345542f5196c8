//! The definitions of types.

use std::collections::BTreeMap;

use tidewire_state::{
    ElementKind, FieldInfo, FieldKind, PrimitiveKind, TypeIndex, TypeInfo, TypeSet, Visibility,
};

use super::SchemaError;
use crate::tree::Tree;

/// The definitions made so far, by name.
pub(super) struct Defs(BTreeMap<String, Tree>);

/// What clients are told an update is. They do not look inside.
pub(super) const DIFF: &str = "StateDiff";

impl Defs {
    pub(super) fn new() -> Self {
        let diff = Tree::object([("type", Tree::from("object")), ("x-stateTree", kind("leaf"))]);
        Self(BTreeMap::from([(DIFF.to_owned(), diff)]))
    }

    pub(super) fn into_tree(self) -> Tree {
        Tree::object(self.0)
    }

    /// Defines the types of a state and returns the name of its root.
    pub(super) fn state(&mut self, types: &TypeSet) -> Result<String, SchemaError> {
        for info in &types.types {
            self.define(types, info, false)?;
        }
        Ok(types[types.root].name.clone())
    }

    /// Defines the types of a payload and returns its name. The fields of the payload itself are
    /// listed in the order in which its array has them.
    pub(super) fn payload(&mut self, types: &TypeSet) -> Result<String, SchemaError> {
        let root = &types[types.root];
        if let Some(field) = root.fields.iter().find(|field| field.optional) {
            let (payload, field) = (root.name.clone(), field.name.clone());
            return Err(SchemaError::Optional { payload, field });
        }
        for (index, info) in (0..).map(TypeIndex).zip(&types.types) {
            self.define(types, info, index == types.root)?;
        }
        Ok(root.name.clone())
    }

    fn define(
        &mut self,
        types: &TypeSet,
        info: &TypeInfo,
        sorted: bool,
    ) -> Result<(), SchemaError> {
        let mut properties = Vec::new();
        for field in &info.fields {
            let property = self.property(types, field)?;
            properties.push((field.name.as_str(), with_policy(property, field)));
        }
        let mut required: Vec<&str> = info.fields.iter().map(|field| field.name.as_str()).collect();
        if sorted {
            required.sort_unstable();
        }
        let state_tree = if is_atomic(types, info) {
            Tree::object([("nodeKind", Tree::from("leaf")), ("atomic", true.into())])
        } else {
            kind("object")
        };
        let definition = Tree::object([
            ("type", Tree::from("object")),
            ("properties", Tree::object(properties)),
            ("required", required.into()),
            ("x-stateTree", state_tree),
        ]);
        self.insert(&info.name, definition)
    }

    fn property(&mut self, types: &TypeSet, field: &FieldInfo) -> Result<Tree, SchemaError> {
        let (inner, value, atomic) = match field.kind {
            FieldKind::Primitive(kind) => (swift_name(kind).to_owned(), primitive(kind), false),
            // Clients get the numbers themselves.
            FieldKind::Quantized(_) => {
                let kind = PrimitiveKind::Float64;
                (swift_name(kind).to_owned(), primitive(kind), false)
            }
            FieldKind::Ref(index) => {
                let info = &types[index];
                (info.name.clone(), reference(&info.name), is_atomic(types, info))
            }
            FieldKind::Map(kind) => return Ok(map(element(types, kind))),
            // They go over the wire as arrays.
            FieldKind::Array(kind) | FieldKind::Set(kind) | FieldKind::Collection(kind) => {
                return Ok(array(element(types, kind)));
            }
            kind => unreachable!("a field of kind {kind:?} is not described here"),
        };
        if !field.optional {
            return Ok(value);
        }
        let mut state_tree = vec![
            ("nodeKind", Tree::from("leaf")),
            ("optional", true.into()),
            ("innerType", inner.as_str().into()),
        ];
        state_tree.extend(atomic.then_some(("atomic", true.into())));
        let name = format!("Optional<{inner}>");
        let held = value.member("type").cloned().unwrap_or_else(|| "object".into());
        let definition = [("type", held), ("x-stateTree", Tree::object(state_tree))];
        self.insert(&name, Tree::object(definition))?;
        Ok(reference(&name))
    }

    fn insert(&mut self, name: &str, definition: Tree) -> Result<(), SchemaError> {
        match self.0.get(name) {
            Some(known) if *known != definition => {
                Err(SchemaError::Conflict { name: name.to_owned() })
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert(name.to_owned(), definition);
                Ok(())
            }
        }
    }
}

/// `{"$ref":"#/defs/…"}`.
pub(super) fn reference(name: &str) -> Tree {
    Tree::object([("$ref", Tree::from(format!("#/defs/{name}").as_str()))])
}

fn kind(name: &str) -> Tree {
    Tree::object([("nodeKind", Tree::from(name))])
}

fn primitive(primitive: PrimitiveKind) -> Tree {
    let name = match primitive {
        PrimitiveKind::String => "string",
        PrimitiveKind::Boolean => "boolean",
        PrimitiveKind::Number | PrimitiveKind::Float32 | PrimitiveKind::Float64 => "number",
        _ => "integer",
    };
    Tree::object([("type", Tree::from(name))])
}

/// What the original calls a primitive.
fn swift_name(primitive: PrimitiveKind) -> &'static str {
    match primitive {
        PrimitiveKind::String => "String",
        PrimitiveKind::Boolean => "Bool",
        PrimitiveKind::Number | PrimitiveKind::Float64 => "Double",
        PrimitiveKind::Float32 => "Float",
        PrimitiveKind::Int8 => "Int8",
        PrimitiveKind::Uint8 => "UInt8",
        PrimitiveKind::Int16 => "Int16",
        PrimitiveKind::Uint16 => "UInt16",
        PrimitiveKind::Int32 => "Int32",
        PrimitiveKind::Uint32 => "UInt32",
        PrimitiveKind::Int64 => "Int64",
        PrimitiveKind::Uint64 => "UInt64",
    }
}

fn element(types: &TypeSet, kind: ElementKind) -> Tree {
    match kind {
        ElementKind::Primitive(kind) => primitive(kind),
        ElementKind::Ref(index) => reference(&types[index].name),
    }
}

fn map(value: Tree) -> Tree {
    let state_tree =
        Tree::object([("nodeKind", Tree::from("map")), ("keyType", Tree::from("String"))]);
    Tree::object([
        ("type", Tree::from("object")),
        ("additionalProperties", value),
        ("x-stateTree", state_tree),
    ])
}

/// Says of a property who is told of it, where that is not everyone, and of a map in any case. Which function decides
/// is the server's affair.
fn with_policy(mut property: Tree, field: &FieldInfo) -> Tree {
    let is_map = matches!(field.kind, FieldKind::Map(_));
    let policy = match field.visibility {
        Visibility::Everyone if !is_map => return property,
        Visibility::Everyone => "broadcast",
        Visibility::PerPlayer => "perPlayerSlice",
        Visibility::Custom(_) => "custom",
        _ => "perPlayer",
    };
    let sync = Tree::object([("policy", Tree::from(policy))]);
    if let Tree::Object(members) = &mut property {
        let kind = if members.contains_key("$ref") { "object" } else { "leaf" };
        let state_tree = members
            .entry("x-stateTree".into())
            .or_insert_with(|| Tree::object([("nodeKind", Tree::from(kind))]));
        if let Tree::Object(state_tree) = state_tree {
            state_tree.insert("sync".into(), sync);
        }
    }
    property
}

fn array(item: Tree) -> Tree {
    Tree::object([("type", Tree::from("array")), ("items", item), ("x-stateTree", kind("array"))])
}

/// Whether clients hold a value of this type as one: the rule of
/// [`Tree::is_atomic`](crate::Tree::is_atomic), told from the type.
fn is_atomic(types: &TypeSet, info: &TypeInfo) -> bool {
    let mut fields: Vec<(&str, FieldKind)> =
        info.fields.iter().map(|field| (field.name.as_str(), field.kind)).collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    let whole = |kind: &FieldKind| match kind {
        FieldKind::Primitive(kind) => primitive(*kind).member("type") == Some(&"integer".into()),
        _ => false,
    };
    match &fields[..] {
        [("degrees", kind)] => whole(kind),
        [("v", FieldKind::Ref(index))] => types.get(*index).is_some(),
        [("x", x), ("y", y)] => whole(x) && whole(y),
        [("x", x), ("y", y), ("z", z)] => whole(x) && whole(y) && whole(z),
        _ => false,
    }
}
