//! Objects: the members of a struct, whose names its type knows, or any members in the order of
//! the wire.
//!
//! An object that was read is a place in its message until somebody looks into it. Then it is made of its members. Those
//! of a struct are a list of values: its type has their names, once for all structs of it. Who uses
//! an object sees no difference: what does not fit the type makes it an object of any members.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, OnceLock},
};

use serde_json::Value as Json;
use smallvec::SmallVec;

use super::{
    members::Members,
    packed::Packed,
    value::{Text, Value},
};

/// The members of an object.
#[derive(Clone)]
pub struct Object(Repr);

#[derive(Clone)]
enum Repr {
    /// What was read, and its members once somebody wanted to see them.
    Packed {
        message: Arc<Packed>,
        at: u32,
        open: OnceLock<Box<Opened>>,
    },
    /// Values by the position of their names. One that is `undefined`, or that the list is too
    /// short for, is not there.
    Typed {
        shape: Arc<Shape>,
        values: Box<[Value]>,
    },
    Any(Box<Members>),
}

/// The members of what was read, in memory that is asked for once.
#[derive(Clone)]
pub(super) enum Opened {
    /// The values of a struct, as [`Repr::Typed`] has them. Its message has the names.
    Typed(SmallVec<[Value; 6]>),
    Any(Members),
}

/// An object to look into.
enum Inside<'a> {
    Typed(&'a Shape, &'a [Value]),
    Any(&'a Members),
}

/// The names of the members of a type.
#[derive(Debug)]
pub(crate) struct Shape {
    names: Vec<Text>,
    is_ambiguous: bool,
}

impl Shape {
    pub(crate) fn new(names: Vec<Text>) -> Self {
        let is_ambiguous = has_twins(&names);
        Self { names, is_ambiguous }
    }

    /// The names, in order.
    #[inline]
    pub(crate) fn names(&self) -> &[Text] {
        &self.names
    }

    /// Whether two names are the same.
    #[inline]
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }
}

/// Whether two of these are the same.
pub(crate) fn has_twins<T: Eq + std::hash::Hash>(names: &[T]) -> bool {
    match names {
        [] | [_] => false,
        names if names.len() <= 8 => (1..names.len()).any(|at| names[..at].contains(&names[at])),
        names => names.iter().collect::<HashSet<_>>().len() < names.len(),
    }
}

impl Object {
    /// One without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// An object in a cell of a message.
    #[inline]
    pub(crate) fn packed(message: Arc<Packed>, at: u32) -> Self {
        Self(Repr::Packed { message, at, open: OnceLock::new() })
    }

    /// An object of a type whose names are all different, and at least as many as the values.
    #[cfg(test)]
    fn typed(shape: &Arc<Shape>, values: Box<[Value]>) -> Self {
        Self(Repr::Typed { shape: Arc::clone(shape), values })
    }

    /// The message that this was read from, to be used again if nobody else has it.
    pub(crate) fn into_message(self) -> Option<Arc<Packed>> {
        match self.0 {
            Repr::Packed { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Where this was read, if nothing was done to it since.
    #[inline]
    pub(super) fn place(&self) -> Option<(&Packed, usize)> {
        match &self.0 {
            Repr::Packed { message, at, .. } => Some((message, *at as usize)),
            _ => None,
        }
    }

    /// What is in it, made of its members.
    fn inside(&self) -> Inside<'_> {
        match &self.0 {
            Repr::Packed { message, at, open } => {
                match &**open.get_or_init(|| Box::new(message.open(*at))) {
                    Opened::Typed(values) => match message.shape_of(*at) {
                        Some(shape) => Inside::Typed(shape, values),
                        None => unreachable!("it was made of a struct"),
                    },
                    Opened::Any(members) => Inside::Any(members),
                }
            }
            Repr::Typed { shape, values } => Inside::Typed(shape, values),
            Repr::Any(members) => Inside::Any(members),
        }
    }

    /// This object, from now on made of its members.
    fn open(&mut self) -> &mut Repr {
        if let Repr::Packed { message, at, open } = &mut self.0 {
            let opened = open.take().map_or_else(|| message.open(*at), |opened| *opened);
            self.0 = match (opened, message.shape_of(*at)) {
                (Opened::Typed(values), Some(shape)) => {
                    Repr::Typed { shape: Arc::clone(shape), values: values.into_boxed_slice() }
                }
                (Opened::Typed(_), None) => unreachable!("it was made of a struct"),
                (Opened::Any(members), _) => Repr::Any(Box::new(members)),
            };
        }
        &mut self.0
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match self.inside() {
            Inside::Typed(_, values) => values.iter().filter(is_there).count(),
            Inside::Any(members) => members.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self.inside() {
            Inside::Typed(shape, values) => values.get(shape.position(name)?).filter(is_there),
            Inside::Any(members) => members.position(name).map(|at| &members.values[at]),
        }
    }

    /// The member of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match self.open() {
            Repr::Typed { shape, values } => {
                let value = values.get_mut(shape.position(name)?)?;
                Some(value).filter(|value| !value.is_undefined())
            }
            Repr::Any(members) => members.position(name).map(|at| &mut members.values[at]),
            Repr::Packed { .. } => None,
        }
    }

    /// Gives a member to a name, at the end if there was none, and returns what was there.
    pub fn insert(&mut self, name: impl Into<Text> + AsRef<str>, value: Value) -> Option<Value> {
        if let Repr::Typed { shape, values } = self.open()
            && !value.is_undefined()
            && let Some(at) = shape.position(name.as_ref())
            && let Some(place) = values.get_mut(at)
        {
            let old = std::mem::replace(place, value);
            return Some(old).filter(is_there);
        }
        self.any().insert(name.into(), value)
    }

    /// Takes a member out. The others stay in their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        if let Repr::Any(members) = self.open() {
            return members.remove(name);
        }
        self.get_mut(name).map(std::mem::take)
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        let (typed, any) = match self.inside() {
            Inside::Typed(shape, values) => {
                let members = std::iter::zip(shape.names(), values);
                (Some(members.filter(|(_, value)| is_there(value))), None)
            }
            Inside::Any(members) => (None, Some(members.iter())),
        };
        let members = typed.into_iter().flatten().chain(any.into_iter().flatten());
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// This object in JSON, where what is `undefined` is `null`.
    pub(super) fn to_json(&self) -> Json {
        // What is only read here need not be made.
        if let Repr::Packed { message, at, .. } = &self.0 {
            return message.to_json(*at as usize);
        }
        self.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect()
    }

    /// This object as one of any members.
    fn any(&mut self) -> &mut Members {
        if let Repr::Typed { shape, values } = self.open() {
            let mut members = Box::<Members>::default();
            members.reserve(values.len() + 1);
            let values = std::iter::zip(shape.names(), values);
            for (name, value) in values.filter(|(_, value)| !value.is_undefined()) {
                members.insert(name.clone(), std::mem::take(value));
            }
            self.0 = Repr::Any(members);
        }
        match &mut self.0 {
            Repr::Any(members) => members,
            _ => unreachable!("it was made one of any members"),
        }
    }
}

fn is_there<V: std::borrow::Borrow<Value>>(value: &V) -> bool {
    !value.borrow().is_undefined()
}

impl Default for Object {
    fn default() -> Self {
        Self(Repr::Any(Box::default()))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// In any order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<K: Into<Text>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut object = Box::<Members>::default();
        object.reserve(members.size_hint().0);
        for (name, value) in members {
            object.insert(name.into(), value);
        }
        Self(Repr::Any(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(values: &[Value]) -> Object {
        let names = ["hp", "name", "x"].map(Text::from);
        Object::typed(&Arc::new(Shape::new(names.into())), values.into())
    }

    fn names(object: &Object) -> Vec<&str> {
        object.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn an_object_of_a_type_is_like_any_other() {
        let mut object = typed(&[1_u8.into(), Value::Undefined]);
        let mut other = Object::from_iter([("hp", Value::from(1_u8))]);
        assert_eq!(object, other);
        assert_eq!((object.len(), names(&object)), (1, vec!["hp"]));
        assert_eq!((object.get("name"), object.get("y"), object.get("x")), (None, None, None));
        assert_eq!(object.get_mut("x"), None);
        assert_eq!(object.insert("name", "ada".into()), None);
        assert_eq!(object.insert("hp", 2_u8.into()), Some(1_u8.into()));
        // `x` has no place in the list of values, and `z` is none of the type.
        assert_eq!(object.insert("x", 3_u8.into()), None);
        assert_eq!(object.insert("z", Value::Undefined), None);
        other.extend_for_test();
        assert_eq!((object.clone(), names(&object)), (other, vec!["hp", "name", "x", "z"]));
        assert_eq!(object.remove("hp"), Some(2_u8.into()));
        assert_eq!(object.remove("hp"), None);
        assert_eq!(typed(&[1_u8.into()]).remove("hp"), Some(1_u8.into()));
    }

    impl Object {
        fn extend_for_test(&mut self) {
            self.insert("x", 3_u8.into());
            self.insert("hp", 2_u8.into());
            self.insert("z", Value::Undefined);
            self.insert("name", "ada".into());
        }
    }

    #[test]
    fn members_are_found_however_many_come_and_go() {
        let mut object = Object::new();
        let name = |at: u32| format!("member {at}");
        for at in 0..200 {
            assert_eq!(object.insert(name(at), at.into()), None);
            assert_eq!(object.insert(name(at), (at + 1).into()), Some(at.into()));
        }
        for at in (0..200).filter(|at| at % 5 != 0) {
            assert_eq!(object.remove(&name(at)), Some((at + 1).into()), "{at}");
            assert_eq!(object.remove(&name(at)), None, "{at}");
        }
        let left: Vec<String> = (0..40).map(|at| name(5 * at)).collect();
        assert_eq!((object.len(), names(&object)), (40, left.iter().map(String::as_str).collect()));
        assert_eq!(object.get("member 100"), Some(&101_u8.into()));
        left.iter().for_each(|name| drop(object.remove(name)));
        assert!(object.is_empty() && object == Object::new());
    }
}
