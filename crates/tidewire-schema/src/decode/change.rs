//! What a message changed.

use tidewire_state::{FieldIndex, PrimitiveKind, RefId, Value};

/// Hears of each change as it is applied.
///
/// `()` ignores them, and then nothing is looked up for them; a `Vec<`[`OwnedChange`]`>` keeps them.
pub trait ChangeObserver {
    /// Whether changes need not be told.
    const IGNORES: bool = false;

    /// Something changed.
    fn changed(&mut self, change: Change<'_>);
}

/// A change of one place of a structure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change<'a> {
    /// The structure.
    pub structure: RefId,
    /// What the sender did.
    pub operation: Operation,
    /// The place.
    pub place: ChangePlace<'a>,
    /// What was there, if anything was.
    pub previous: Option<ChangeValue<'a>>,
    /// What is there now, if anything is.
    pub value: Option<ChangeValue<'a>>,
}

/// The operations of the protocol on a single place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum Operation {
    Add,
    Replace,
    Delete,
    DeleteAndAdd,
    Move,
    MoveAndAdd,
    DeleteAndMove,
}

/// A place of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangePlace<'a> {
    /// A field of a struct.
    Field(FieldIndex, &'a str),
    /// An entry of a map, by its key.
    Entry(&'a str),
    /// An item of an array, at the index that the operation had.
    Item(usize),
}

/// What is in a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChangeValue<'a> {
    /// A primitive.
    Value(Value<'a>),
    /// A structure.
    Node(RefId),
}

/// A [`Change`] that borrows nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedChange {
    /// The structure.
    pub structure: RefId,
    /// What the sender did.
    pub operation: Operation,
    /// The place.
    pub place: OwnedPlace,
    /// What was there, if anything was.
    pub previous: Option<OwnedValue>,
    /// What is there now, if anything is.
    pub value: Option<OwnedValue>,
}

/// A [`ChangePlace`] that borrows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnedPlace {
    /// A field of a struct.
    Field(FieldIndex, String),
    /// An entry of a map, by its key.
    Entry(String),
    /// An item of an array, at the index that the operation had.
    Item(usize),
}

/// A [`ChangeValue`] that borrows nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedValue {
    /// A primitive.
    Value(tidewire_state::DynPrimitive),
    /// A structure.
    Node(RefId),
}

impl OwnedChange {
    /// The structure that is in the place now, if it is one.
    pub fn node(&self) -> Option<RefId> {
        match self.value {
            Some(OwnedValue::Node(id)) => Some(id),
            _ => None,
        }
    }
}

impl ChangeObserver for () {
    const IGNORES: bool = true;

    #[inline]
    fn changed(&mut self, _: Change<'_>) {}
}

impl ChangeObserver for Vec<OwnedChange> {
    fn changed(&mut self, change: Change<'_>) {
        self.push(change.into());
    }
}

impl<F: FnMut(Change<'_>)> ChangeObserver for F {
    fn changed(&mut self, change: Change<'_>) {
        self(change);
    }
}

impl From<Change<'_>> for OwnedChange {
    fn from(change: Change<'_>) -> Self {
        Self {
            structure: change.structure,
            operation: change.operation,
            place: match change.place {
                ChangePlace::Field(at, name) => OwnedPlace::Field(at, name.to_owned()),
                ChangePlace::Entry(key) => OwnedPlace::Entry(key.to_owned()),
                ChangePlace::Item(index) => OwnedPlace::Item(index),
            },
            previous: change.previous.map(OwnedValue::from),
            value: change.value.map(OwnedValue::from),
        }
    }
}

impl From<ChangeValue<'_>> for OwnedValue {
    fn from(value: ChangeValue<'_>) -> Self {
        match value {
            ChangeValue::Value(value) => Self::Value(value.into()),
            ChangeValue::Node(id) => Self::Node(id),
        }
    }
}

/// A value that the state holds, as the kind that its field is declared to be: a `number` may lie
/// in any numeric type.
pub(super) fn as_kind(value: Value<'_>, kind: PrimitiveKind) -> Value<'_> {
    if kind != PrimitiveKind::Number {
        return value;
    }
    Value::Number(match value {
        Value::Int8(value) => f64::from(value),
        Value::Uint8(value) => f64::from(value),
        Value::Int16(value) => f64::from(value),
        Value::Uint16(value) => f64::from(value),
        Value::Int32(value) => f64::from(value),
        Value::Uint32(value) => f64::from(value),
        Value::Float32(value) => f64::from(value),
        Value::Float64(value) => value,
        value => return value,
    })
}
