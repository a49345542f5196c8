//! Whether a set of types that was built by hand, or received, can be used.

use super::{
    ElementKind, FieldInfo, FieldKind, MAX_FIELDS, MAX_TYPES, Sending, TypeIndex, TypeSet,
};

/// What is wrong with a [`TypeSet`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeError {
    /// The root is none of the types.
    #[error("the root is type {root}, but there are {count} types, counted from 0")]
    NoRoot {
        /// The number given for the root.
        root: u32,
        /// How many types there are.
        count: usize,
    },
    /// A type has more fields than an operation's byte can tell apart.
    #[error(
        "type `{name}` has {count} fields, at most {MAX_FIELDS} are possible: move some into a struct"
    )]
    TooManyFields {
        /// The type.
        name: String,
        /// How many it has.
        count: usize,
    },
    /// Two fields of a type have one name.
    #[error("type `{name}` has two fields `{field}`: rename one")]
    DuplicateField {
        /// The type.
        name: String,
        /// The name that is there twice.
        field: String,
    },
    /// A field refers to a type that is not in the set.
    #[error(
        "field `{field}` of type `{name}` refers to type {index}, but there are {count} types, counted from 0"
    )]
    NoSuchType {
        /// The type.
        name: String,
        /// The field.
        field: String,
        /// The number it refers to.
        index: u32,
        /// How many types there are.
        count: usize,
    },
    /// A type is said to extend one that does not come before it, or whose fields it lacks.
    #[error(
        "type `{name}` cannot extend type {base}: a base comes first, and its fields begin those of the type"
    )]
    Base {
        /// The type.
        name: String,
        /// The number of what it is to extend.
        base: u32,
    },
    /// What a number is to be sent in is no range.
    #[error("a quantized field needs finite numbers, `min` below `max`: {range} is no such range")]
    QuantizedRange {
        /// What was asked for.
        range: String,
    },
    /// A range is so wide that no double tells how wide.
    #[error(
        "a quantized field cannot be wider than a double can tell: {range} is, use numbers nearer to 0"
    )]
    QuantizedWidth {
        /// What was asked for.
        range: String,
    },
    /// What a number is to be sent in is not 8, 16 or 32 bits.
    #[error("a quantized field has 8, 16 or 32 bits, not {bits}")]
    QuantizedBits {
        /// How many were asked for.
        bits: u8,
    },
    /// A field that holds no value is said to be sent in part.
    #[error(
        "field `{field}` of type `{name}` holds structs or a collection, which are sent in full: only values are for patches or snapshots alone"
    )]
    NoValue {
        /// The type.
        name: String,
        /// The field.
        field: String,
    },
    /// There are more types than fit.
    #[error("there are {count} types, at most {MAX_TYPES} are possible")]
    TooManyTypes {
        /// How many there are.
        count: usize,
    },
    /// A collection is said to be optional.
    #[error("field `{field}` of type `{name}` is an optional collection: collections always exist")]
    OptionalCollection {
        /// The type.
        name: String,
        /// The field.
        field: String,
    },
}

impl TypeSet {
    /// Checks what every user of a type set relies on: the root and all references lead to types
    /// of the set, and each type's fields can be told apart.
    ///
    /// Derived types are right by construction; a set built by hand is to be checked once.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in the order of the types.
    pub fn check(&self) -> Result<(), TypeError> {
        if self.get(self.root).is_none() {
            return Err(TypeError::NoRoot { root: self.root.0, count: self.types.len() });
        }
        if self.types.len() > MAX_TYPES {
            return Err(TypeError::TooManyTypes { count: self.types.len() });
        }
        for (at, info) in self.types.iter().enumerate() {
            if let Some(base) = info.extends {
                let inherits = (base.0 as usize) < at
                    && self.get(base).is_some_and(|base| info.fields.starts_with(&base.fields));
                if !inherits {
                    return Err(TypeError::Base { name: info.name.clone(), base: base.0 });
                }
            }
            if info.fields.len() > MAX_FIELDS {
                let name = info.name.clone();
                return Err(TypeError::TooManyFields { name, count: info.fields.len() });
            }
            for (at, field) in info.fields.iter().enumerate() {
                if info.fields[..at].iter().any(|other| other.name == field.name) {
                    let (name, field) = (info.name.clone(), field.name.clone());
                    return Err(TypeError::DuplicateField { name, field });
                }
                self.check_field(&info.name, field)?;
            }
        }
        Ok(())
    }

    fn check_field(&self, name: &str, field: &FieldInfo) -> Result<(), TypeError> {
        let is_collection = !matches!(
            field.kind,
            FieldKind::Primitive(_) | FieldKind::Quantized(_) | FieldKind::Ref(_)
        );
        let is_value = matches!(field.kind, FieldKind::Primitive(_) | FieldKind::Quantized(_));
        if !is_value && !matches!(field.sending, Sending::Always | Sending::Never) {
            let (name, field) = (name.to_owned(), field.name.clone());
            return Err(TypeError::NoValue { name, field });
        }
        if is_collection && field.optional {
            let (name, field) = (name.to_owned(), field.name.clone());
            return Err(TypeError::OptionalCollection { name, field });
        }
        match field.kind.referenced() {
            Some(index) if self.get(index).is_none() => Err(TypeError::NoSuchType {
                name: name.to_owned(),
                field: field.name.clone(),
                index: index.0,
                count: self.types.len(),
            }),
            _ => Ok(()),
        }
    }
}

impl FieldKind {
    /// The type of the structs that the field, or the collection in it, holds.
    pub fn referenced(self) -> Option<TypeIndex> {
        match self {
            Self::Ref(index)
            | Self::Map(ElementKind::Ref(index))
            | Self::Array(ElementKind::Ref(index))
            | Self::Set(ElementKind::Ref(index))
            | Self::Collection(ElementKind::Ref(index)) => Some(index),
            Self::Primitive(_)
            | Self::Quantized(_)
            | Self::Map(ElementKind::Primitive(_))
            | Self::Array(ElementKind::Primitive(_))
            | Self::Set(ElementKind::Primitive(_))
            | Self::Collection(ElementKind::Primitive(_)) => None,
        }
    }
}
