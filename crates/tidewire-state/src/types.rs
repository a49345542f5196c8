//! Descriptions of types: what a codec must know before it sees a value.
//!
//! A [`TypeSet`] lists every type that can be reached from a root, numbered depth first from it.
//! Derived types build theirs with a [`TypesBuilder`]; a program that learns its types when it runs
//! fills one by hand.

mod check;

use std::any::TypeId;

pub use self::check::TypeError;
use crate::value::PrimitiveKind;

/// The number of a type in its [`TypeSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeIndex(pub u32);

/// The number of a field in its type, 0 to 62.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIndex(pub u8);

/// The most fields that one type can have: index 63 with DELETE_AND_ADD would be the byte `ff`,
/// which switches structures.
pub const MAX_FIELDS: usize = 63;

/// All types of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSet {
    /// The types; a [`TypeIndex`] counts in here.
    pub types: Vec<TypeInfo>,
    /// The type of the root.
    pub root: TypeIndex,
}

impl TypeSet {
    /// The type with this number, if there is one.
    pub fn get(&self, index: TypeIndex) -> Option<&TypeInfo> {
        self.types.get(index.0 as usize)
    }

    /// The number of the type with this name.
    pub fn find(&self, name: &str) -> Option<TypeIndex> {
        let at = self.types.iter().position(|info| info.name == name)?;
        u32::try_from(at).ok().map(TypeIndex)
    }
}

impl std::ops::Index<TypeIndex> for TypeSet {
    type Output = TypeInfo;
    fn index(&self, index: TypeIndex) -> &TypeInfo {
        &self.types[index.0 as usize]
    }
}

/// A struct of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeInfo {
    /// The name of the Rust struct, or what a definition calls it.
    pub name: String,
    /// The fields, in the order of their [`FieldIndex`].
    pub fields: Vec<FieldInfo>,
}

impl TypeInfo {
    /// The number of the field with this wire name.
    pub fn find(&self, name: &str) -> Option<FieldIndex> {
        let at = self.fields.iter().position(|field| field.name == name)?;
        u8::try_from(at).ok().map(FieldIndex)
    }

    /// The field with this number, if there is one.
    pub fn get(&self, index: FieldIndex) -> Option<&FieldInfo> {
        self.fields.get(usize::from(index.0))
    }
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The name on the wire.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it may be absent. Only primitives and references can be.
    pub optional: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// A leaf.
    Primitive(PrimitiveKind),
    /// A struct.
    Ref(TypeIndex),
    /// A [`MapSchema`](crate::MapSchema).
    Map(ElementKind),
    /// An [`ArraySchema`](crate::ArraySchema).
    Array(ElementKind),
    /// A [`SetSchema`](crate::SetSchema), of leaves.
    Set(ElementKind),
    /// A [`CollectionSchema`](crate::CollectionSchema), of leaves.
    Collection(ElementKind),
}

/// What a collection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// Leaves.
    Primitive(PrimitiveKind),
    /// Structs.
    Ref(TypeIndex),
}

/// Collects the types that a root reaches, each once, depth first.
#[derive(Debug, Default)]
pub struct TypesBuilder {
    seen: Vec<TypeId>,
    types: Vec<TypeInfo>,
}

impl TypesBuilder {
    /// The number of the type `S`; describes it with `fields` if it is new.
    ///
    /// A type gets its number before its fields are described, so that it may hold itself.
    pub fn add<S: 'static>(
        &mut self,
        name: &str,
        fields: impl FnOnce(&mut Self) -> Vec<FieldInfo>,
    ) -> TypeIndex {
        let key = TypeId::of::<S>();
        let at = self.seen.iter().position(|seen| *seen == key).unwrap_or_else(|| {
            let at = self.seen.len();
            self.seen.push(key);
            self.types.push(TypeInfo { name: name.to_owned(), fields: Vec::new() });
            let fields = fields(self);
            self.types[at].fields = fields;
            at
        });
        TypeIndex(u32::try_from(at).expect("a program has fewer than 2^32 types"))
    }

    /// The finished set.
    pub fn finish(self, root: TypeIndex) -> TypeSet {
        TypeSet { types: self.types, root }
    }
}
