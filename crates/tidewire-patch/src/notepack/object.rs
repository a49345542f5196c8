//! Objects: the members of a struct, whose names its type knows, or any members in the order of
//! the wire.
//!
//! A decoder that knows the names of a type keeps them once. An object of that type is then a list
//! of values, and not a copy of each name beside each value. Who uses an object sees no difference:
//! what does not fit the type makes it an object of any members.

use std::{
    fmt,
    hash::BuildHasher as _,
    sync::{Arc, OnceLock},
};

use foldhash::fast::RandomState;
use hashbrown::{HashTable, hash_table::Entry};

use super::value::{Text, Value};

/// The members of an object.
#[derive(Clone)]
pub struct Object(Repr);

#[derive(Clone)]
enum Repr {
    /// Values by the position of their names. One that is `undefined`, or that the list is too
    /// short for, is not there.
    Typed {
        shapes: Arc<Shapes>,
        of: u32,
        values: Box<[Value]>,
    },
    Any(Box<Members>),
}

/// The names of the members of some types. Those of a type are all different.
///
/// A state names its types behind the objects that have them, so the names may come later.
#[derive(Debug, Default)]
pub(crate) struct Shapes(OnceLock<Names>);

/// Names, type after type.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Vec<Text>,
    /// Where the names of each type end.
    ends: Vec<u32>,
}

impl Names {
    /// None, but room for those of so many types.
    pub(crate) fn with_room(types: usize) -> Self {
        Self { names: Vec::with_capacity(4 * types), ends: Vec::with_capacity(types) }
    }

    /// Adds a name to the type that is not finished yet.
    pub(crate) fn push(&mut self, name: Text) {
        self.names.push(name);
    }

    /// Finishes a type, of the names since the last one.
    pub(crate) fn finish(&mut self) {
        self.ends.push(self.names.len() as u32);
    }

    /// How many types there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The names of a type; none of a type that is not there.
    pub(crate) fn of(&self, of: usize) -> &[Text] {
        let start = of.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        let end = self.ends.get(of).copied().unwrap_or(start);
        &self.names[start as usize..end as usize]
    }
}

impl Shapes {
    /// What is known from the start.
    pub(crate) fn new(names: Names) -> Self {
        Self(names.into())
    }

    /// Tells the names, unless they are known.
    pub(crate) fn tell(&self, names: Names) {
        // Whoever told them first told the same.
        let _ = self.0.set(names);
    }

    /// How many types there are, if that is known.
    pub(crate) fn len(&self) -> Option<usize> {
        self.0.get().map(Names::len)
    }

    /// The names of a type, as far as they are known.
    pub(crate) fn of(&self, of: u32) -> &[Text] {
        self.0.get().map_or(&[], |names| names.of(of as usize))
    }
}

/// Members in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Members {
    /// A member that was taken out leaves a gap.
    names: Vec<Option<Text>>,
    values: Vec<Value>,
    gaps: usize,
    /// Where each name is, if there are more than a look at each can find.
    places: Option<(RandomState, HashTable<u32>)>,
}

/// How many members are found by a look at each.
const FEW: usize = 8;

impl Members {
    fn len(&self) -> usize {
        self.names.len() - self.gaps
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.places {
            Some((hasher, table)) => {
                let is_it = |at: &u32| self.names[*at as usize].as_deref() == Some(name);
                table.find(hasher.hash_one(name), is_it).map(|at| *at as usize)
            }
            None => self.names.iter().position(|other| other.as_deref() == Some(name)),
        }
    }

    /// None yet, but places for the values of so many.
    pub(crate) fn with_places(count: usize) -> Box<Self> {
        let mut members = Box::<Self>::default();
        members.reserve(count);
        members.values.resize_with(count, || Value::Undefined);
        members
    }

    fn reserve(&mut self, count: usize) {
        self.names.reserve(count);
        self.values.reserve(count);
        if self.names.len() + count > FEW {
            self.index(count);
        }
    }

    /// Makes the table of all names, with room for more.
    fn index(&mut self, more: usize) {
        let hasher = RandomState::default();
        let mut table = HashTable::with_capacity(self.names.len() + more);
        for (at, name) in (0..).zip(&self.names) {
            if let Some(name) = name {
                table.insert_unique(hasher.hash_one(name.as_str()), at, |_| 0);
            }
        }
        self.places = Some((hasher, table));
    }

    /// The place for the value of a name that is given next.
    #[inline]
    pub(crate) fn place(&mut self) -> &mut Value {
        let at = self.names.len();
        if at == self.values.len() {
            self.values.push(Value::Undefined);
        }
        &mut self.values[at]
    }

    /// Gives a name to what is in the place; if it has a value already, that is replaced.
    pub(crate) fn name(&mut self, name: Text) -> Option<Value> {
        let at = self.names.len();
        let known = match &mut self.places {
            Some((hasher, table)) => {
                let names = &self.names;
                let name_at = |at: &u32| names[*at as usize].as_deref().unwrap_or_default();
                let hash = hasher.hash_one(name.as_str());
                let rehash = |at: &u32| hasher.hash_one(name_at(at));
                match table.entry(hash, |other| name_at(other) == name, rehash) {
                    Entry::Occupied(found) => Some(*found.get() as usize),
                    Entry::Vacant(place) => {
                        place.insert(at as u32);
                        None
                    }
                }
            }
            None => self.position(&name),
        };
        if let Some(known) = known {
            let value = std::mem::take(self.place());
            return Some(std::mem::replace(&mut self.values[known], value));
        }
        self.names.push(Some(name));
        if self.places.is_none() && self.names.len() > FEW {
            self.index(0);
        }
        None
    }

    fn insert(&mut self, name: Text, value: Value) -> Option<Value> {
        *self.place() = value;
        self.name(name)
    }

    fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.position(name)?;
        if let Some((hasher, table)) = &mut self.places
            && let Ok(found) =
                table.find_entry(hasher.hash_one(name), |place| *place as usize == at)
        {
            found.remove();
        }
        self.names[at] = None;
        self.gaps += 1;
        let value = std::mem::take(&mut self.values[at]);
        if self.gaps > self.len() + FEW {
            self.values.truncate(self.names.len());
            let mut names = self.names.iter();
            self.values.retain(|_| names.next().is_some_and(Option::is_some));
            self.names.retain(Option::is_some);
            self.gaps = 0;
            self.places = None;
            if self.names.len() > FEW {
                self.index(0);
            }
        }
        Some(value)
    }
}

impl Object {
    /// One without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// An object of a type. There are no more values than the type has names.
    pub(crate) fn typed(shapes: &Arc<Shapes>, of: u32, values: Box<[Value]>) -> Self {
        Self(Repr::Typed { shapes: Arc::clone(shapes), of, values })
    }

    /// An object of these members.
    pub(crate) fn of(members: Box<Members>) -> Self {
        Self(Repr::Any(members))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Typed { values, .. } => values.iter().filter(is_there).count(),
            Repr::Any(members) => members.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Repr::Typed { shapes, of, values } => {
                let at = shapes.of(*of).iter().position(|other| other == name)?;
                values.get(at).filter(is_there)
            }
            Repr::Any(members) => members.position(name).map(|at| &members.values[at]),
        }
    }

    /// The member of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match &mut self.0 {
            Repr::Typed { shapes, of, values } => {
                let at = shapes.of(*of).iter().position(|other| other == name)?;
                values.get_mut(at).filter(|value| !value.is_undefined())
            }
            Repr::Any(members) => members.position(name).map(|at| &mut members.values[at]),
        }
    }

    /// Gives a member to a name, at the end if there was none, and returns what was there.
    pub fn insert(&mut self, name: impl Into<Text> + AsRef<str>, value: Value) -> Option<Value> {
        if let Repr::Typed { shapes, of, values } = &mut self.0
            && !value.is_undefined()
            && let Some(at) = shapes.of(*of).iter().position(|other| other == name.as_ref())
            && let Some(place) = values.get_mut(at)
        {
            let old = std::mem::replace(place, value);
            return Some(old).filter(is_there);
        }
        self.any().insert(name.into(), value)
    }

    /// Takes a member out. The others stay in their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        match &mut self.0 {
            Repr::Typed { .. } => self.get_mut(name).map(std::mem::take),
            Repr::Any(members) => members.remove(name),
        }
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        let (typed, any) = match &self.0 {
            Repr::Typed { shapes, of, values } => {
                let members = std::iter::zip(shapes.of(*of), values);
                (Some(members.filter(|(_, value)| is_there(value))), None)
            }
            Repr::Any(members) => {
                let members = std::iter::zip(&members.names, &members.values);
                (None, Some(members.filter_map(|(name, value)| Some((name.as_ref()?, value)))))
            }
        };
        let members = typed.into_iter().flatten().chain(any.into_iter().flatten());
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// This object as one of any members.
    fn any(&mut self) -> &mut Members {
        if let Repr::Typed { shapes, of, values } = &mut self.0 {
            let mut members = Members::default();
            members.reserve(values.len() + 1);
            let values = std::iter::zip(shapes.of(*of), values);
            for (name, value) in values.filter(|(_, value)| !value.is_undefined()) {
                members.insert(name.clone(), std::mem::take(value));
            }
            self.0 = Repr::Any(Box::new(members));
        }
        match &mut self.0 {
            Repr::Any(members) => members,
            Repr::Typed { .. } => unreachable!("it was made one of any members"),
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
        Self::of(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(values: &[Value]) -> Object {
        let mut names = Names::default();
        ["x", "y"].iter().for_each(|name| names.push((*name).into()));
        names.finish();
        ["hp", "name", "x"].iter().for_each(|name| names.push((*name).into()));
        names.finish();
        Object::typed(&Arc::new(Shapes::new(names)), 1, values.into())
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
