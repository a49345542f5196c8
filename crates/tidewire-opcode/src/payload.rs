//! Payloads: plain structs that are sent beside the state.
//!
//! As an object a payload names its values. As an array, which is what clients are sent in the opcode
//! encodings, it has them in the bytewise order of their names; what lies deeper are objects. Clients
//! send objects; either form is read.

mod values;

use thiserror::Error;
use tidewire_state::{ElementKind, FieldInfo, FieldKind, TypeSet, TypesBuilder};

use crate::tree::Tree;

/// A struct that is sent beside the state: an event, an action, an answer. Derived.
///
/// ```
/// use tidewire_opcode::{Land, Payload, Tree, schema};
/// # use tidewire_state::{Schema, Tracked};
/// # #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// # struct Arena { score: u32 }
/// #[derive(Payload, Debug, PartialEq)]
/// # #[payload(crate = "tidewire_opcode")]
/// struct Shot {
///     to: Spot,
///     from: Spot,
///     #[payload(rename = "playerID")]
///     player: String,
/// }
///
/// #[derive(Payload, Debug, PartialEq)]
/// # #[payload(crate = "tidewire_opcode")]
/// struct Spot { x: i32, y: i32 }
///
/// let shot = Shot { to: Spot { x: 1, y: 2 }, from: Spot { x: 3, y: 4 }, player: "ada".into() };
/// let spot = |x: i32, y: i32| Tree::object([("x", Tree::from(x)), ("y", y.into())]);
/// // from, playerID, to.
/// assert_eq!(shot.to_tuple(), Tree::Array(vec![spot(3, 4), "ada".into(), spot(1, 2)]));
/// assert_eq!(Shot::from_tree(&shot.to_object())?, shot);
/// assert_eq!(Shot::from_tree(&shot.to_tuple())?, shot);
///
/// let arena = Tracked::new(Arena::default()).types();
/// let schema = schema(&[Land::new("arena", arena).event("PlayerShoot", Shot::types())])?;
/// let shot = schema.member("defs").and_then(|defs| defs.member("Shot")).unwrap();
/// assert_eq!(shot.member("required"), Some(&vec!["from", "playerID", "to"].into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no payload",
    label = "derive `Payload` for it"
)]
pub trait Payload: PayloadItem {
    /// What clients call the type.
    const NAME: &'static str;

    /// The values in the bytewise order of their names.
    fn to_tuple(&self) -> Tree;

    /// The values by their names.
    fn to_object(&self) -> Tree {
        self.to_tree()
    }

    /// Reads an object, or an array of the values in the order of their names. Members of other names
    /// are not looked at.
    ///
    /// # Errors
    ///
    /// What is missing or not of its type, and where.
    fn from_tree(tree: &Tree) -> Result<Self, PayloadError> {
        Self::read(tree)
    }

    /// The type and those below it, for [`Land`](crate::Land).
    fn types() -> TypeSet {
        let mut types = TypesBuilder::default();
        match Self::describe_item(&mut types) {
            ElementKind::Ref(root) => types.finish(root),
            ElementKind::Primitive(kind) => unreachable!("a struct is described as a {kind}"),
        }
    }
}

/// What a field of a payload can be: numbers, `bool`, `String`, payloads, and lists and maps of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a payload",
    label = "not a number, `bool`, `String`, a struct that derives `Payload`, or a `Vec` or map of one of these"
)]
pub trait PayloadField: Sized {
    /// What kind of field it is; adds the types that it needs.
    #[doc(hidden)]
    fn describe(types: &mut TypesBuilder) -> FieldKind;

    /// The value, structs as objects.
    #[doc(hidden)]
    fn to_tree(&self) -> Tree;

    /// Reads a value.
    #[doc(hidden)]
    fn read(tree: &Tree) -> Result<Self, PayloadError>;
}

/// What a list or a map in a payload can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot lie in a list or map of a payload",
    label = "not a number, `bool`, `String` or a struct that derives `Payload`"
)]
pub trait PayloadItem: PayloadField {
    /// What kind of element it is; adds the types that it needs.
    #[doc(hidden)]
    fn describe_item(types: &mut TypesBuilder) -> ElementKind;
}

/// Why a payload cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadError {
    /// A value is not there.
    #[error("{path:?} is missing: payloads have all fields")]
    Missing {
        /// Where.
        path: String,
    },
    /// A value is of another type, or too large for its own.
    #[error("{path:?} is {found}, not {expected}")]
    Wrong {
        /// Where; empty for the payload itself.
        path: String,
        /// What belongs there.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// An array is of another length than the payload.
    #[error("{path:?} has {found} values, and a {payload} has {expected}")]
    Length {
        /// Where; empty for the payload itself.
        path: String,
        /// The type.
        payload: &'static str,
        /// How many values it has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl PayloadError {
    /// The same, seen from around the value.
    fn below(mut self, name: &str) -> Self {
        let (Self::Missing { path } | Self::Wrong { path, .. } | Self::Length { path, .. }) =
            &mut self;
        *path = if path.is_empty() { name.to_owned() } else { format!("{name}.{path}") };
        self
    }
}

/// What a payload was sent as.
#[doc(hidden)]
#[derive(Debug)]
pub struct Values<'a>(&'a Tree);

impl<'a> Values<'a> {
    /// An object, or an array of as many values as there are fields.
    pub fn new(
        tree: &'a Tree,
        payload: &'static str,
        expected: usize,
    ) -> Result<Self, PayloadError> {
        match tree {
            Tree::Object(_) => Ok(Self(tree)),
            Tree::Array(items) if items.len() == expected => Ok(Self(tree)),
            Tree::Array(items) => {
                let (path, found) = (String::new(), items.len());
                Err(PayloadError::Length { path, payload, expected, found })
            }
            // An empty payload may be left out.
            Tree::Null if expected == 0 => Ok(Self(tree)),
            other => Err(values::wrong(other, "an object or an array")),
        }
    }

    /// The field of this name, which is at this place in an array.
    pub fn read<T: PayloadField>(&self, place: usize, name: &str) -> Result<T, PayloadError> {
        let value = match self.0 {
            Tree::Array(items) => items.get(place),
            tree => tree.member(name),
        };
        let value = value.ok_or_else(|| PayloadError::Missing { path: name.to_owned() })?;
        T::read(value).map_err(|error| error.below(name))
    }
}

/// Describes the field `name` of type `T`.
#[doc(hidden)]
pub fn field<T: PayloadField>(name: &str, types: &mut TypesBuilder) -> FieldInfo {
    FieldInfo::new(name, T::describe(types))
}

/// The field that holds one such element.
#[doc(hidden)]
pub fn field_of(element: ElementKind) -> FieldKind {
    match element {
        ElementKind::Primitive(kind) => FieldKind::Primitive(kind),
        ElementKind::Ref(index) => FieldKind::Ref(index),
    }
}
