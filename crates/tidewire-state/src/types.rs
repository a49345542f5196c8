//! Descriptions of types: what a codec must know before it sees a value.
//!
//! A [`TypeSet`] lists every type that can be reached from a root, numbered depth first from it.
//! Derived types build theirs with a [`TypesBuilder`]; a program that learns its types when it runs
//! fills one by hand.

mod check;
mod quantized;

use std::any::TypeId;

pub use self::{
    check::TypeError,
    quantized::{Quantized, QuantizedMode},
};
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

/// The most types that a state can have.
pub const MAX_TYPES: usize = 0xffff;

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

    /// Whether an instance of `index` may stand where one of `declared` is expected.
    pub fn is_a(&self, index: TypeIndex, declared: TypeIndex) -> bool {
        // A chain of bases is no longer than there are types.
        let bases = std::iter::successors(Some(index), |at| self.get(*at)?.extends);
        bases.take(self.types.len() + 1).any(|at| at == declared)
    }

    /// Whether some field, or what is in it, is not for everyone.
    pub fn has_hidden_fields(&self) -> bool {
        self.visibilities().any(|visibility| visibility != Visibility::Everyone)
    }

    /// Whether functions of the program say who sees something.
    pub fn has_filters(&self) -> bool {
        self.visibilities().any(Visibility::is_filter)
    }

    fn visibilities(&self) -> impl Iterator<Item = Visibility> {
        self.types.iter().flat_map(|info| &info.fields).map(|field| field.visibility)
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
    /// The type whose fields it begins with. An instance of this type may stand where one of that
    /// is declared.
    pub extends: Option<TypeIndex>,
    /// The fields, those of the base first, in the order of their [`FieldIndex`].
    pub fields: Vec<FieldInfo>,
}

impl TypeInfo {
    /// A type with these fields that extends no other.
    pub fn new(name: impl Into<String>, fields: Vec<FieldInfo>) -> Self {
        Self { name: name.into(), extends: None, fields }
    }

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
    /// Who is told of it.
    pub visibility: Visibility,
    /// When it is sent.
    pub sending: Sending,
}

impl FieldInfo {
    /// A field that is always there and sent to everyone.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            kind,
            optional: false,
            visibility: Visibility::default(),
            sending: Sending::default(),
        }
    }

    /// The same field, absent until it is set.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// Who is told of a field and of what is below it: docs/VIEWS.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everyone who sees the struct.
    #[default]
    Everyone,
    /// Clients whose view holds the struct, with a tag that shares a bit unless it is the default.
    View(Tag),
    /// Those who see the struct and for whom a function of the program says so. The number is the
    /// field's own.
    Filter(FieldIndex),
    /// Everyone who sees the struct sees the collection in the field. What is in it is for those
    /// for whom a function of the program says so, entry by entry.
    FilterChildren,
    /// Each of those who see the struct is told what a function of the program gives for it, or nothing.
    /// What is in the field itself nobody is told. The number is the field's own.
    Custom(FieldIndex),
}

impl Visibility {
    /// Whether some of those who see the struct do not see the field.
    #[inline]
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::View(_) | Self::Filter(_) | Self::Custom(_))
    }

    /// Whether a function of the program says who sees it, or what of it.
    #[inline]
    pub fn is_filter(self) -> bool {
        matches!(self, Self::Filter(_) | Self::FilterChildren | Self::Custom(_))
    }
}

/// What a struct is put in a view for: a mask of bits, 1 or more, or [`Tag::DEFAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub i32);

impl Tag {
    /// The tag of a field that is marked with none, which shows with any tag.
    pub const DEFAULT: Self = Self(-1);

    /// Whether this is a tag: [`DEFAULT`](Self::DEFAULT), or bits.
    #[inline]
    pub fn is_valid(self) -> bool {
        self == Self::DEFAULT || self.0 > 0
    }

    /// Whether a field with this tag shows where a struct is in a view with those bits.
    #[inline]
    pub fn shows_with(self, bits: i32) -> bool {
        self == Self::DEFAULT || self.0 & bits != 0
    }

    /// What being put in a view with this tag adds to the bits.
    #[inline]
    pub fn bits(self) -> i32 {
        if self == Self::DEFAULT { 0 } else { self.0 }
    }
}

/// The tag of a field, while the program is compiled.
///
/// # Panics
///
/// If it has no bits, or is negative.
pub const fn tag_or_panic(bits: i32) -> Tag {
    assert!(bits > 0, "a tag of `view` is a bit or several, 1 or more");
    Tag(bits)
}

/// A mask of bits.
impl From<i32> for Tag {
    fn from(bits: i32) -> Self {
        Self(bits)
    }
}

impl Default for Tag {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// When a field is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sending {
    /// In snapshots, and in patches when it changed.
    #[default]
    Always,
    /// Only in patches: who comes later does not learn it.
    PatchOnly,
    /// Only in snapshots: who is there already does not hear of changes.
    SnapshotOnly,
    /// Its first value as any other; later ones also apart, where messages may be lost.
    Unreliable,
    /// No longer. It keeps its number, so that older clients go on.
    Never,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// A leaf.
    Primitive(PrimitiveKind),
    /// A number that is sent in fewer bits.
    Quantized(Quantized),
    /// A struct.
    Ref(TypeIndex),
    /// A [`MapSchema`](crate::MapSchema).
    Map(ElementKind),
    /// An [`ArraySchema`](crate::ArraySchema).
    Array(ElementKind),
    /// A [`SetSchema`](crate::SetSchema).
    Set(ElementKind),
    /// A [`CollectionSchema`](crate::CollectionSchema).
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

/// The numbers of Rust types in a [`TypeSet`].
#[derive(Clone, Debug, Default)]
pub struct TypeIds(Vec<TypeId>);

impl TypeIds {
    /// The number of a Rust type that is one of them.
    pub fn index_of<S: 'static>(&self) -> TypeIndex {
        let key = TypeId::of::<S>();
        // The root's, which each walk asks for.
        if self.0.first() == Some(&key) {
            return TypeIndex(0);
        }
        let at = self.0.iter().position(|other| *other == key);
        TypeIndex(at.unwrap_or_default() as u32)
    }
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
        self.add_extending::<S>(name, None, fields)
    }

    /// As [`add`](Self::add), of a type that begins with the fields of another.
    pub fn add_extending<S: 'static>(
        &mut self,
        name: &str,
        base: Option<TypeIndex>,
        fields: impl FnOnce(&mut Self) -> Vec<FieldInfo>,
    ) -> TypeIndex {
        let key = TypeId::of::<S>();
        let at = self.seen.iter().position(|seen| *seen == key).unwrap_or_else(|| {
            let at = self.seen.len();
            assert!(at < MAX_TYPES, "a state has at most {MAX_TYPES} types");
            self.seen.push(key);
            self.types.push(TypeInfo { extends: base, ..TypeInfo::new(name, Vec::new()) });
            self.types[at].fields = fields(self);
            at
        });
        TypeIndex(at as u32)
    }

    /// The type that all of `variants` are or extend, if there is one.
    pub fn common_base(&self, variants: &[TypeIndex]) -> Option<TypeIndex> {
        let bases =
            |at: TypeIndex| std::iter::successors(Some(at), |at| self.types[at.0 as usize].extends);
        let (first, others) = variants.split_first()?;
        bases(*first).find(|base| others.iter().all(|other| bases(*other).any(|at| at == *base)))
    }

    /// The Rust types by their numbers.
    pub fn into_ids(self) -> TypeIds {
        TypeIds(self.seen)
    }

    /// The finished set.
    pub fn finish(mut self, root: TypeIndex) -> TypeSet {
        // A base comes before what extends it, but may have been under way itself then.
        for at in 0..self.types.len() {
            if let Some(base) = self.types[at].extends {
                let inherited = self.types[base.0 as usize].fields.clone();
                self.types[at].fields.splice(0..0, inherited);
            }
        }
        TypeSet { types: self.types, root }
    }
}
