//! Steps of a scenario, done to derived structs as a user of the collections would do them.
//!
//! A path is followed by shared borrows first, through handles into the pools of the root. Then what the step
//! brings is made, since that may put new instances into the same pools; and only then the struct that the path
//! ends in is borrowed to be changed.

use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;
use tidewire_state::{
    ArraySchema, CollectionSchema, Element, Handle, Instance, MapSchema, Member, Number, Pool,
    Schema, SetSchema,
};

/// What a step brings to its place: a `Vec` of what one place holds.
pub(super) type Made = Box<dyn Any>;

/// What is made from a value of a scenario.
pub(super) trait Make<R>: Sized + 'static {
    /// A new value. Instances that are led to go into the pools of `root`.
    fn make(value: &Json, root: &mut R) -> Result<Self>;
}

/// Something that a path leads into.
pub(super) trait Edit<R> {
    /// Where a path leads: as far as a pool, or to its end.
    fn spot(&self, path: &[String], step: &Json) -> Result<Spot<R>>;

    /// Does a step to what the path leads to, through no pool.
    fn edit(&mut self, path: &[String], step: &Json, made: Made) -> Result<()>;

    /// What `share` takes from here.
    fn held(&self) -> Option<Made> {
        None
    }

    /// Notes the instances that it leads to.
    fn reach(&self, _root: &R, _reached: &mut Reached) {}
}

/// Where a path leads.
pub(super) enum Spot<R> {
    /// To an instance of a pool, and from there on by so many parts.
    Further(Box<dyn Lead<R>>, usize),
    /// To its end.
    Here {
        /// How what a step brings here is made.
        make: fn(&Json, &mut R) -> Result<Made>,
        /// The handle that is here.
        held: Option<Made>,
    },
}

/// A root that has a pool of these.
pub(super) trait Store<T: Schema>: Sized {
    fn pool(&self) -> &Pool<T>;
    fn pool_mut(&mut self) -> &mut Pool<T>;

    /// Removes what nothing leads to.
    fn forget(&mut self, reached: &mut Reached)
    where
        T: 'static,
    {
        let reached = reached.of::<T>();
        let all = self.pool().iter().map(|(handle, _)| handle);
        let gone: Vec<Handle<T>> = all.filter(|handle| !reached.contains(handle)).collect();
        for handle in gone {
            self.pool_mut().remove(handle);
        }
    }
}

/// A handle of one of the pools of a root.
pub(super) trait Lead<R> {
    fn find<'a>(&self, root: &'a R) -> Option<&'a dyn Edit<R>>;
    fn find_mut<'a>(&self, root: &'a mut R) -> Option<&'a mut dyn Edit<R>>;
}

impl<R: Store<T>, T: Schema + Edit<R> + 'static> Lead<R> for Handle<T> {
    fn find<'a>(&self, root: &'a R) -> Option<&'a dyn Edit<R>> {
        root.pool().get(*self).map(|found| found as &dyn Edit<R>)
    }

    fn find_mut<'a>(&self, root: &'a mut R) -> Option<&'a mut dyn Edit<R>> {
        root.pool_mut().get_mut(*self).map(|found| found as &mut dyn Edit<R>)
    }
}

/// The instances that a root leads to, of each of its pools.
#[derive(Default)]
pub(super) struct Reached(HashMap<TypeId, Box<dyn Any>>);

impl Reached {
    fn of<T: 'static>(&mut self) -> &mut HashSet<Handle<T>> {
        let none = || Box::new(HashSet::<Handle<T>>::new());
        let found = self.0.entry(TypeId::of::<T>()).or_insert_with(|| none());
        match found.downcast_mut() {
            Some(found) => found,
            None => unreachable!("it was put under its own type"),
        }
    }
}

/// Does a step that edits the state.
///
/// # Errors
///
/// If the step does not fit the types.
pub(super) fn step<R: Edit<R>>(root: &mut R, step: &Json) -> Result<()> {
    let path = tokens(&step["path"])?;
    let place = locate(root, &path, step)?;
    let made = match step.get("from") {
        Some(from) if step["op"] == "share" => {
            locate(root, &tokens(from)?, step)?.held.context("no handle is there")?
        }
        _ => (place.make)(step, root)?,
    };
    let target: &mut dyn Edit<R> = match place.lead {
        Some(lead) => lead.find_mut(root).context("it is not in its pool")?,
        None => root,
    };
    target.edit(&path[path.len() - place.left..], step, made)
}

/// The parts of a pointer.
pub(super) fn tokens(path: &Json) -> Result<Vec<String>> {
    let path = path.as_str().context("no path")?.split('/').skip(1);
    Ok(path.map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

/// The end of a path.
struct Place<R> {
    /// The last instance of a pool on the way, if there is one.
    lead: Option<Box<dyn Lead<R>>>,
    /// How many parts of the path lead on from there.
    left: usize,
    make: fn(&Json, &mut R) -> Result<Made>,
    held: Option<Made>,
}

fn locate<R: Edit<R>>(root: &R, path: &[String], step: &Json) -> Result<Place<R>> {
    let mut lead: Option<Box<dyn Lead<R>>> = None;
    let mut left = path.len();
    loop {
        let at: &dyn Edit<R> = match &lead {
            Some(lead) => lead.find(root).context("it is not in its pool")?,
            None => root,
        };
        match at.spot(&path[path.len() - left..], step)? {
            Spot::Further(next, further) => (lead, left) = (Some(next), further),
            Spot::Here { make, held } => return Ok(Place { lead, left, make, held }),
        }
    }
}

/// The end of a path that leads to one value, or to none.
fn one<R, V: Make<R>>(held: Option<Made>) -> Spot<R> {
    let make = |step: &Json, root: &mut R| {
        let value = Some(&step["value"]).filter(|value| !value.is_null());
        let made: Vec<V> =
            value.map(|value| V::make(value, root)).transpose()?.into_iter().collect();
        Ok(Box::new(made) as Made)
    };
    Spot::Here { make, held }
}

/// The end of a path that leads to a collection.
fn many<R, V: Make<R>>() -> Spot<R> {
    let make = |step: &Json, root: &mut R| {
        let values = ["values", "insert", "value"].into_iter().find_map(|name| step.get(name));
        let values: Vec<&Json> = match values {
            Some(Json::Array(items)) => items.iter().collect(),
            Some(Json::Object(members)) => members.values().collect(),
            _ => Vec::new(),
        };
        let made: Result<Vec<V>> = values.into_iter().map(|value| V::make(value, root)).collect();
        Ok(Box::new(made?) as Made)
    };
    Spot::Here { make, held: None }
}

/// What was made, for a place that holds a `V`.
fn all<V: 'static>(made: Made) -> Result<Vec<V>> {
    made.downcast().map(|made| *made).ok().context("something else was made than stands there")
}

fn first<V: 'static>(made: Made) -> Result<V> {
    all(made)?.pop().context("a value is never absent there")
}

/// Leaves; `null` and `delete` give them their zero value.
macro_rules! leaves {
    ($($type:ty),*) => {$(
        impl<R> Make<R> for $type {
            fn make(value: &Json, _: &mut R) -> Result<Self> {
                Ok(serde::Deserialize::deserialize(value)?)
            }
        }

        impl<R> Edit<R> for $type {
            fn spot(&self, path: &[String], _: &Json) -> Result<Spot<R>> {
                ensure!(path.is_empty(), "a leaf has nothing below it");
                Ok(one::<R, Self>(None))
            }

            fn edit(&mut self, _: &[String], _: &Json, made: Made) -> Result<()> {
                *self = all(made)?.pop().unwrap_or_default();
                Ok(())
            }
        }
    )*};
}

leaves!(bool, Number, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, String);

/// What is there is what a path leads into: the instance in its place, or in a box.
macro_rules! wrappers {
    ($($type:ident),*) => {$(
        impl<R, T: Make<R>> Make<R> for $type<T> {
            fn make(value: &Json, root: &mut R) -> Result<Self> {
                Ok(Self::new(T::make(value, root)?))
            }
        }

        impl<R, T: Edit<R>> Edit<R> for $type<T> {
            fn spot(&self, path: &[String], step: &Json) -> Result<Spot<R>> {
                (**self).spot(path, step)
            }

            fn edit(&mut self, path: &[String], step: &Json, made: Made) -> Result<()> {
                (**self).edit(path, step, made)
            }

            fn reach(&self, root: &R, reached: &mut Reached) {
                (**self).reach(root, reached);
            }
        }
    )*};
}

wrappers!(Box, Instance);

impl<R, T: Make<R>> Make<R> for Option<T> {
    fn make(value: &Json, root: &mut R) -> Result<Self> {
        Some(value).filter(|value| !value.is_null()).map(|value| T::make(value, root)).transpose()
    }
}

impl<R, T: Make<R> + Edit<R>> Edit<R> for Option<T> {
    fn spot(&self, path: &[String], step: &Json) -> Result<Spot<R>> {
        match path {
            [] => Ok(one::<R, T>(self.as_ref().and_then(T::held))),
            _ => self.as_ref().context("nothing is there")?.spot(path, step),
        }
    }

    fn edit(&mut self, path: &[String], step: &Json, made: Made) -> Result<()> {
        match path {
            [] => *self = all(made)?.pop(),
            _ => self.as_mut().context("nothing is there")?.edit(path, step, made)?,
        }
        Ok(())
    }

    fn reach(&self, root: &R, reached: &mut Reached) {
        self.iter().for_each(|value| value.reach(root, reached));
    }
}

impl<R: Store<T>, T: Schema + Make<R>> Make<R> for Handle<T> {
    fn make(value: &Json, root: &mut R) -> Result<Self> {
        let instance = T::make(value, root)?;
        Ok(root.pool_mut().insert(instance))
    }
}

impl<R: Store<T>, T: Schema + Edit<R> + 'static> Edit<R> for Handle<T> {
    fn spot(&self, path: &[String], _: &Json) -> Result<Spot<R>> {
        ensure!(!path.is_empty(), "a handle is put in a place, and not changed");
        Ok(Spot::Further(Box::new(*self), path.len()))
    }

    fn edit(&mut self, _: &[String], _: &Json, _: Made) -> Result<()> {
        bail!("an instance is changed in its pool")
    }

    fn held(&self) -> Option<Made> {
        Some(Box::new(vec![*self]))
    }

    fn reach(&self, root: &R, reached: &mut Reached) {
        if reached.of::<T>().insert(*self)
            && let Some(instance) = root.pool().get(*self)
        {
            instance.reach(root, reached);
        }
    }
}

impl<R, V: Element + Make<R>> Make<R> for MapSchema<V> {
    fn make(value: &Json, root: &mut R) -> Result<Self> {
        let mut map = Self::default();
        for (key, value) in value.as_object().context("a map is an object")? {
            map.insert(key, V::make(value, root)?);
        }
        Ok(map)
    }
}

impl<R, V: Element + Make<R> + Edit<R>> Edit<R> for MapSchema<V> {
    fn spot(&self, path: &[String], step: &Json) -> Result<Spot<R>> {
        match path {
            [] => Ok(many::<R, V>()),
            [key] => Ok(one::<R, V>(self.get(key).and_then(V::held))),
            [key, rest @ ..] => self.get(key).context("no such key")?.spot(rest, step),
        }
    }

    fn edit(&mut self, path: &[String], step: &Json, made: Made) -> Result<()> {
        match path {
            [] => {
                let entries = step["value"].as_object().into_iter().flatten();
                self.clear();
                for ((key, _), value) in entries.zip(all(made)?) {
                    self.insert(key, value);
                }
            }
            [key] => {
                match all(made)?.pop() {
                    Some(value) => self.insert(key, value),
                    None => self.remove(key),
                };
            }
            [key, rest @ ..] => {
                self.get_mut(key).context("no such key")?.edit(rest, step, made)?;
            }
        }
        Ok(())
    }

    fn reach(&self, root: &R, reached: &mut Reached) {
        self.values().for_each(|value| value.reach(root, reached));
    }
}

impl<R, V: Element + Make<R>> Make<R> for ArraySchema<V> {
    fn make(value: &Json, root: &mut R) -> Result<Self> {
        let items = value.as_array().context("an array is a list")?;
        items.iter().map(|item| V::make(item, root)).collect()
    }
}

impl<R, V: Element + Make<R> + Edit<R>> Edit<R> for ArraySchema<V> {
    fn spot(&self, path: &[String], step: &Json) -> Result<Spot<R>> {
        let Some((index, rest)) = path.split_first() else { return Ok(many::<R, V>()) };
        let item = self.get(index.parse()?).context("no such index")?;
        if rest.is_empty() { Ok(one::<R, V>(item.held())) } else { item.spot(rest, step) }
    }

    fn edit(&mut self, path: &[String], step: &Json, made: Made) -> Result<()> {
        let at = |name: &str| {
            let at = step[name].as_u64().and_then(|at| usize::try_from(at).ok());
            at.with_context(|| format!("`{name}` is no index"))
        };
        match (step["op"].as_str().context("no op")?, path) {
            ("delete", [index]) => drop(self.remove(index.parse()?)),
            ("set" | "share", [index]) => drop(self.replace(index.parse()?, first(made)?)),
            (_, [index, rest @ ..]) => self[index.parse::<usize>()?].edit(rest, step, made)?,
            ("clear", []) => self.clear(),
            ("reverse", []) => self.reverse(),
            ("swap", []) => self.swap(at("a")?, at("b")?),
            ("move", []) => self.move_item(at("from")?, at("to")?),
            ("push", []) => self.extend(all(made)?),
            ("splice", []) => {
                let from = position(&step["at"], self.len())?;
                let count = match &step["remove"] {
                    Json::Null => self.len() - from,
                    count => usize::try_from(count.as_i64().context("`remove`")?.max(0))?
                        .min(self.len() - from),
                };
                self.splice(from..from + count, all(made)?);
            }
            _ => *self = all(made)?.into_iter().collect(),
        }
        Ok(())
    }

    fn reach(&self, root: &R, reached: &mut Reached) {
        self.iter().for_each(|value| value.reach(root, reached));
    }
}

/// As in `Array.prototype.splice`.
fn position(at: &Json, len: usize) -> Result<usize> {
    let at = at.as_i64().context("`at` is no integer")?;
    let len = i64::try_from(len)?;
    Ok(usize::try_from(if at < 0 { (len + at).max(0) } else { at.min(len) })?)
}

/// Sets and collections are changed alike.
macro_rules! members {
    ($($type:ident, $add:ident;)*) => {$(
        impl<R, P: Member + Make<R>> Make<R> for $type<P> {
            fn make(value: &Json, root: &mut R) -> Result<Self> {
                let members = value.as_array().context("members are a list")?;
                members.iter().map(|member| P::make(member, root)).collect()
            }
        }

        impl<R, P: Member + PartialEq + Make<R> + Edit<R>> Edit<R> for $type<P> {
            fn spot(&self, path: &[String], step: &Json) -> Result<Spot<R>> {
                let Some((index, rest)) = path.split_first() else {
                    let is_one = matches!(step["op"].as_str(), Some("add" | "remove"));
                    return Ok(if is_one { one::<R, P>(None) } else { many::<R, P>() });
                };
                let member = self.get(index.parse()?).context("no such index")?;
                if rest.is_empty() { Ok(one::<R, P>(member.held())) } else { member.spot(rest, step) }
            }

            fn edit(&mut self, path: &[String], step: &Json, made: Made) -> Result<()> {
                match (step["op"].as_str().context("no op")?, path) {
                    ("delete", [index]) => drop(self.remove_at(index.parse()?)),
                    (_, [_, ..]) => bail!("a member is changed in its pool, if at all"),
                    ("clear", []) => self.clear(),
                    ("add", []) => drop(self.$add(first(made)?)),
                    ("remove", []) => drop(self.remove(&first(made)?)),
                    _ => *self = all(made)?.into_iter().collect(),
                }
                Ok(())
            }

            fn reach(&self, root: &R, reached: &mut Reached) {
                self.iter().for_each(|member| member.reach(root, reached));
            }
        }
    )*};
}

members! {
    SetSchema, insert;
    CollectionSchema, add;
}

/// Structs of a root, by their fields; one that extends another by its own and, after a colon, the field of the
/// other. Members that are `null` are as if they were not there.
macro_rules! structs {
    ($root:ty; $($type:ident $(: $base:ident)? { $($field:ident),* $(,)? })*) => {$(
        impl Make<$root> for $type {
            fn make(value: &Json, root: &mut $root) -> Result<Self> {
                let mut made = Self::default();
                $(made.$base = Make::<$root>::make(value, root)?;)?
                let members = value.as_object().context("a struct is an object")?;
                for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                    match name.as_str() {
                        $(stringify!($field) => {
                            made.$field = Make::<$root>::make(value, root)?;
                        })*
                        // Of the base, or the name of the type.
                        _ => {}
                    }
                }
                Ok(made)
            }
        }

        impl Edit<$root> for $type {
            fn spot(
                &self,
                path: &[String],
                step: &Json,
            ) -> Result<Spot<$root>> {
                let field = path.split_first().context("a struct is no place")?;
                match (field.0.as_str(), field.1) {
                    $((stringify!($field), rest) => Edit::<$root>::spot(&self.$field, rest, step),)*
                    _ => {
                        or_base!(path $(, Edit::<$root>::spot(&self.$base, path, step))?)
                    }
                }
            }

            fn edit(
                &mut self,
                path: &[String],
                step: &Json,
                made: Made,
            ) -> Result<()> {
                let field = path.split_first().context("a struct is no place")?;
                match (field.0.as_str(), field.1) {
                    $((stringify!($field), rest) => {
                        Edit::<$root>::edit(&mut self.$field, rest, step, made)
                    })*
                    _ => {
                        or_base!(
                            path
                            $(, Edit::<$root>::edit(
                                &mut self.$base, path, step, made
                            ))?
                        )
                    }
                }
            }

            fn reach(&self, root: &$root, reached: &mut Reached) {
                $(Edit::<$root>::reach(&self.$base, root, reached);)?
                $(Edit::<$root>::reach(&self.$field, root, reached);)*
            }
        }
    )*};
}

/// What a struct does with a field that it has not itself.
macro_rules! or_base {
    ($path:expr) => {
        bail!("no field {:?}", $path[0])
    };
    ($path:expr, $base:expr) => {
        $base
    };
}

/// Enums of structs, by their variants; the first is what a value is that names no type.
macro_rules! enums {
    ($root:ty; $($type:ident { $first:ident $(, $variant:ident)* })*) => {$(
        impl Make<$root> for $type {
            fn make(value: &Json, root: &mut $root) -> Result<Self> {
                match value["$type"].as_str() {
                    None => Ok(Self::$first(Make::<$root>::make(value, root)?)),
                    $(Some(stringify!($variant)) => {
                        Ok(Self::$variant(Make::<$root>::make(value, root)?))
                    })*
                    Some(other) => bail!("no type {other:?}"),
                }
            }
        }

        impl Edit<$root> for $type {
            fn spot(
                &self,
                path: &[String],
                step: &Json,
            ) -> Result<Spot<$root>> {
                match self {
                    Self::$first(found) => Edit::<$root>::spot(found, path, step),
                    $(Self::$variant(found) => Edit::<$root>::spot(found, path, step),)*
                }
            }

            fn edit(
                &mut self,
                path: &[String],
                step: &Json,
                made: Made,
            ) -> Result<()> {
                match self {
                    Self::$first(found) => Edit::<$root>::edit(found, path, step, made),
                    $(Self::$variant(found) => Edit::<$root>::edit(found, path, step, made),)*
                }
            }

            fn reach(&self, root: &$root, reached: &mut Reached) {
                match self {
                    Self::$first(found) => Edit::<$root>::reach(found, root, reached),
                    $(Self::$variant(found) => Edit::<$root>::reach(found, root, reached),)*
                }
            }
        }
    )*};
}

pub(super) use {enums, or_base, structs};
