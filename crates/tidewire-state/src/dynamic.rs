//! States whose types are known only when the program runs.
//!
//! A [`DynStruct`] is a struct of a type in a [`TypeSet`]. It implements [`Schema`] through the same
//! fields and collections that derived types have, so that it is tracked, walked and encoded by the
//! very same code. Instances have an identity: putting another one in a place is a new node, where
//! assigning a plain struct changes its fields.
//!
//! ```
//! use std::sync::Arc;
//! use tidewire_state::{
//!     DynField, DynStruct, ElementKind, FieldIndex, FieldInfo, FieldKind, PrimitiveKind, Tracked,
//!     TypeIndex, TypeInfo, TypeSet, Value,
//! };
//!
//! let field = |name: &str, kind| FieldInfo::new(name, kind);
//! let scores = FieldKind::Map(ElementKind::Primitive(PrimitiveKind::Uint32));
//! let fields = vec![field("turn", FieldKind::Primitive(PrimitiveKind::String)), field("scores", scores)];
//! let types = vec![TypeInfo::new("State", fields)];
//! let types = Arc::new(TypeSet { types, root: TypeIndex(0) });
//! types.check()?;
//!
//! let mut state = Tracked::new(DynStruct::new(types, TypeIndex(0)));
//! state.set(FieldIndex(0), Value::String("ada"))?;
//! let Some(DynField::PrimitiveMap(scores)) = state.field_mut(FieldIndex(1)) else { panic!() };
//! scores.insert("ada", Value::Uint32(3).into());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod collection;
mod pooled;
mod primitive;
mod receive;
mod walk;

use std::{fmt, sync::Arc};

pub use self::{
    collection::DynCollection, pooled::DynState, primitive::DynPrimitive, walk::DynMirror,
};
use crate::{
    array::ArraySchema,
    collection::CollectionSchema,
    identity::Identity,
    map::MapSchema,
    pool::Handle,
    set::SetSchema,
    types::{ElementKind, FieldIndex, FieldInfo, FieldKind, TypeIndex, TypeInfo, TypeSet},
    value::{Primitive, PrimitiveKind, Value},
};

/// A struct of a type that is known only when the program runs.
///
/// Compares and clones by values; a clone is another instance.
#[derive(Clone)]
pub struct DynStruct {
    types: Arc<TypeSet>,
    index: TypeIndex,
    pooled: bool,
    fields: Vec<DynField>,
    identity: Identity,
}

/// A field of a [`DynStruct`]. Which variant a field has follows from its [`FieldInfo`] and stays.
#[derive(Clone)]
pub enum DynField {
    /// A primitive that is always there.
    Primitive(DynPrimitive),
    /// An optional primitive.
    Optional(Option<DynPrimitive>),
    /// A struct; absent until it is set.
    Ref(Option<Box<DynStruct>>),
    /// A map of primitives.
    PrimitiveMap(DynCollection<MapSchema<DynPrimitive>>),
    /// A map of structs.
    Map(DynCollection<MapSchema<DynStruct>>),
    /// An array of primitives.
    PrimitiveArray(DynCollection<ArraySchema<DynPrimitive>>),
    /// An array of structs.
    Array(DynCollection<ArraySchema<DynStruct>>),
    /// A set of primitives.
    PrimitiveSet(DynCollection<SetSchema<DynPrimitive>>),
    /// A collection of primitives.
    PrimitiveCollection(DynCollection<CollectionSchema<DynPrimitive>>),
    /// A struct of the pool; absent until it is set.
    Shared(Option<Handle<DynStruct>>),
    /// A map of structs of the pool.
    SharedMap(DynCollection<MapSchema<Handle<DynStruct>>>),
    /// An array of structs of the pool.
    SharedArray(DynCollection<ArraySchema<Handle<DynStruct>>>),
    /// A set of structs of the pool.
    SharedSet(DynCollection<SetSchema<Handle<DynStruct>>>),
    /// A collection of structs of the pool.
    SharedCollection(DynCollection<CollectionSchema<Handle<DynStruct>>>),
}

/// Why a [`DynStruct`] did not take a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DynError {
    /// The type has no such field.
    #[error("type `{name}` has no field {index}")]
    NoField {
        /// The type.
        name: String,
        /// The number asked for.
        index: u8,
    },
    /// The field holds no primitive.
    #[error("field `{field}` of type `{name}` holds no primitive value")]
    NotPrimitive {
        /// The type.
        name: String,
        /// The field.
        field: String,
    },
    /// The value is of another kind.
    #[error("field `{field}` of type `{name}` takes a {expected}, not a {given}")]
    WrongKind {
        /// The type.
        name: String,
        /// The field.
        field: String,
        /// What it takes.
        expected: PrimitiveKind,
        /// What was given.
        given: PrimitiveKind,
    },
}

impl DynStruct {
    /// An instance in which nothing was set: primitives are zero, optional fields and references
    /// absent, collections empty.
    ///
    /// # Panics
    ///
    /// If `index` is not a type of `types`. [`TypeSet::check`] finds references that are not.
    pub fn new(types: Arc<TypeSet>, index: TypeIndex) -> Self {
        let fields = types[index].fields.iter().map(|info| DynField::new(info, false)).collect();
        Self { types, index, pooled: false, fields, identity: Identity::default() }
    }

    /// As [`new`](Self::new), of a [`DynState`]: what refers to structs refers to those of its pool.
    ///
    /// # Panics
    ///
    /// If `index` is not a type of `types`.
    pub fn pooled(types: Arc<TypeSet>, index: TypeIndex) -> Self {
        let fields = types[index].fields.iter().map(|info| DynField::new(info, true)).collect();
        Self { types, index, pooled: true, fields, identity: Identity::default() }
    }

    /// Whether what refers to structs refers to those of a pool.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// A field, if there is one with this number.
    pub fn field(&self, at: FieldIndex) -> Option<&DynField> {
        self.fields.get(usize::from(at.0))
    }

    /// A field, to be changed in place.
    ///
    /// Its variant, the kinds of its primitives and the types of its structs must stay what the
    /// field's [`FieldInfo`] says; codecs write by that.
    pub fn field_mut(&mut self, at: FieldIndex) -> Option<&mut DynField> {
        self.fields.get_mut(usize::from(at.0))
    }

    /// The fields with what is known of them, in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&FieldInfo, &DynField)> {
        std::iter::zip(&self.type_info().fields, &self.fields)
    }

    /// Sets a primitive field.
    ///
    /// # Errors
    ///
    /// If there is no such field, it holds no primitive, or one of another kind.
    pub fn set(&mut self, at: FieldIndex, value: Value<'_>) -> Result<(), DynError> {
        let info = &self.types[self.index];
        let name = || info.name.clone();
        let Some(field_info) = info.get(at) else {
            return Err(DynError::NoField { name: name(), index: at.0 });
        };
        let field = || field_info.name.clone();
        let expected = match field_info.kind {
            FieldKind::Primitive(expected) => expected,
            FieldKind::Quantized(by) => Value::Quantized(0, &by).kind(),
            _ => return Err(DynError::NotPrimitive { name: name(), field: field() }),
        };
        let is_quantized = matches!(value, Value::Quantized(..));
        if value.kind() != expected
            || is_quantized != matches!(field_info.kind, FieldKind::Quantized(_))
        {
            let given = value.kind();
            return Err(DynError::WrongKind { name: name(), field: field(), expected, given });
        }
        match self.fields.get_mut(usize::from(at.0)) {
            Some(DynField::Primitive(current)) => current.put(value),
            Some(DynField::Optional(current)) => match current {
                Some(current) => current.put(value),
                None => *current = Some(value.into()),
            },
            _ => return Err(DynError::NotPrimitive { name: name(), field: field() }),
        }
        Ok(())
    }

    /// What is known of this instance's type.
    pub fn type_info(&self) -> &TypeInfo {
        &self.types[self.index]
    }

    /// The number of this instance's type.
    pub fn type_index(&self) -> TypeIndex {
        self.index
    }

    /// The types that this instance's is one of.
    pub fn types(&self) -> &Arc<TypeSet> {
        &self.types
    }
}

impl DynField {
    /// What a field holds when it was never set.
    fn new(info: &FieldInfo, pooled: bool) -> Self {
        match info.kind {
            FieldKind::Quantized(_) if info.optional => Self::Optional(None),
            FieldKind::Quantized(by) => {
                Self::Primitive(Value::Quantized(by.quantize(0.0), &by).into())
            }
            FieldKind::Ref(_) if pooled => Self::Shared(None),
            FieldKind::Map(ElementKind::Ref(_)) if pooled => {
                Self::SharedMap(DynCollection::default())
            }
            FieldKind::Array(ElementKind::Ref(_)) if pooled => {
                Self::SharedArray(DynCollection::default())
            }
            FieldKind::Set(ElementKind::Ref(_)) if pooled => {
                Self::SharedSet(DynCollection::default())
            }
            FieldKind::Collection(ElementKind::Ref(_)) if pooled => {
                Self::SharedCollection(DynCollection::default())
            }
            // Received: in order of arrival.
            FieldKind::Set(ElementKind::Ref(_)) | FieldKind::Collection(ElementKind::Ref(_)) => {
                Self::Array(DynCollection::default())
            }
            FieldKind::Primitive(_) if info.optional => Self::Optional(None),
            FieldKind::Primitive(kind) => Self::Primitive(kind.zero().into()),
            FieldKind::Ref(_) => Self::Ref(None),
            FieldKind::Map(ElementKind::Primitive(_)) => {
                Self::PrimitiveMap(DynCollection::default())
            }
            FieldKind::Map(ElementKind::Ref(_)) => Self::Map(DynCollection::default()),
            FieldKind::Array(ElementKind::Primitive(_)) => {
                Self::PrimitiveArray(DynCollection::default())
            }
            FieldKind::Array(ElementKind::Ref(_)) => Self::Array(DynCollection::default()),
            FieldKind::Set(_) => Self::PrimitiveSet(DynCollection::default()),
            FieldKind::Collection(_) => Self::PrimitiveCollection(DynCollection::default()),
        }
    }

    /// The primitive in here, if it is one and is there.
    pub fn value(&self) -> Option<Value<'_>> {
        match self {
            Self::Primitive(value) | Self::Optional(Some(value)) => Some(value.value()),
            _ => None,
        }
    }
}

impl fmt::Debug for DynStruct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.type_info();
        let mut fields = f.debug_struct(&info.name);
        for (info, field) in self.fields() {
            fields.field(&info.name, field);
        }
        fields.finish()
    }
}

impl fmt::Debug for DynField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primitive(value) => value.fmt(f),
            Self::Optional(value) => value.fmt(f),
            Self::Ref(value) => value.fmt(f),
            Self::PrimitiveMap(map) => map.fmt(f),
            Self::Map(map) => map.fmt(f),
            Self::PrimitiveArray(array) => array.fmt(f),
            Self::Array(array) => array.fmt(f),
            Self::PrimitiveSet(set) => set.fmt(f),
            Self::PrimitiveCollection(collection) => collection.fmt(f),
            Self::Shared(value) => value.fmt(f),
            Self::SharedMap(map) => map.fmt(f),
            Self::SharedArray(array) => array.fmt(f),
            Self::SharedSet(set) => set.fmt(f),
            Self::SharedCollection(collection) => collection.fmt(f),
        }
    }
}

/// Equal fields, whatever the types are called.
impl PartialEq for DynStruct {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

/// Equal values: a primitive equals an optional one that is there.
impl PartialEq for DynField {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ref(a), Self::Ref(b)) => a == b,
            (Self::PrimitiveMap(a), Self::PrimitiveMap(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::PrimitiveArray(a), Self::PrimitiveArray(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::PrimitiveSet(a), Self::PrimitiveSet(b)) => a == b,
            (Self::PrimitiveCollection(a), Self::PrimitiveCollection(b)) => a == b,
            (Self::Shared(a), Self::Shared(b)) => a == b,
            (Self::SharedMap(a), Self::SharedMap(b)) => a == b,
            (Self::SharedArray(a), Self::SharedArray(b)) => a == b,
            (Self::SharedSet(a), Self::SharedSet(b)) => a == b,
            (Self::SharedCollection(a), Self::SharedCollection(b)) => a == b,
            (Self::Primitive(_) | Self::Optional(_), Self::Primitive(_) | Self::Optional(_)) => {
                self.value() == other.value()
            }
            _ => false,
        }
    }
}
