//! What is done to the places of an instance, whatever kind of state it is of.

use tidewire_state::{
    ArraySchema, CollectionSchema, DynField, DynPrimitive, DynStruct, Element, FieldInfo,
    FieldKind, Handle, MapSchema, Member, SetSchema, Value,
};

use super::world::At;

/// A value that was made, for a place.
#[derive(Debug)]
pub(super) enum Made {
    Primitive(DynPrimitive),
    /// An instance that lies in its place.
    Struct(DynStruct),
    /// One that lies in the pool.
    Shared(Handle<DynStruct>),
}

/// All that a field is to hold.
#[derive(Debug)]
pub(super) enum Contents {
    /// What it held at first.
    Nothing,
    One(Made),
    Entries(Vec<(String, Made)>),
    Items(Vec<Made>),
}

/// A change of an array.
#[derive(Debug)]
pub(super) enum ArrayEdit {
    Push(Vec<Made>),
    Splice { at: i64, remove: Option<i64>, insert: Vec<Made> },
    Move { from: i64, to: i64 },
    Swap { a: i64, b: i64 },
    Reverse,
}

/// What a place may hold.
trait Held: Sized {
    /// # Panics
    ///
    /// If something else was made: what is made for a place follows from its field.
    fn of(made: Made) -> Self;
}

macro_rules! held {
    ($($variant:ident => $type:ty;)*) => {$(
        impl Held for $type {
            fn of(made: Made) -> Self {
                match made {
                    Made::$variant(value) => value,
                    other => unreachable!("{other:?} was made for another place"),
                }
            }
        }
    )*};
}

held! {
    Primitive => DynPrimitive;
    Struct => DynStruct;
    Shared => Handle<DynStruct>;
}

/// Assigns a whole field. A collection is emptied and filled anew.
pub(super) fn fill(field: &mut DynField, info: &FieldInfo, contents: Contents) {
    match contents {
        Contents::Nothing => unset(field, info),
        Contents::One(made) => put(field, At::Field, made),
        Contents::Entries(entries) => {
            clear(field);
            for (key, made) in entries {
                put(field, At::Key(&key), made);
            }
        }
        Contents::Items(items) => {
            clear(field);
            match field {
                DynField::PrimitiveArray(array) => array.extend(all(items)),
                DynField::Array(array) => array.extend(all(items)),
                DynField::SharedArray(array) => array.extend(all(items)),
                members => items.into_iter().for_each(|made| add(members, made)),
            }
        }
    }
}

fn unset(field: &mut DynField, info: &FieldInfo) {
    match (field, info.kind) {
        (DynField::Primitive(value), FieldKind::Primitive(kind)) => *value = kind.zero().into(),
        (DynField::Primitive(value), FieldKind::Quantized(by)) => {
            *value = Value::Quantized(by.quantize(0.0), &by).into();
        }
        (DynField::Optional(value), _) => *value = None,
        (DynField::Ref(reference), _) => *reference = None,
        (DynField::Shared(reference), _) => *reference = None,
        (field, _) => unreachable!("{field:?} is a collection"),
    }
}

/// Puts a value in a place: a field, an entry that may be new, an item that is there.
pub(super) fn put(field: &mut DynField, at: At<'_>, made: Made) {
    match (field, at) {
        (DynField::Primitive(value), At::Field) => *value = Held::of(made),
        (DynField::Optional(value), At::Field) => *value = Some(Held::of(made)),
        (DynField::Ref(reference), At::Field) => *reference = Some(Box::new(Held::of(made))),
        (DynField::Shared(reference), At::Field) => *reference = Some(Held::of(made)),
        (DynField::PrimitiveMap(map), At::Key(key)) => insert(map, key, made),
        (DynField::Map(map), At::Key(key)) => insert(map, key, made),
        (DynField::SharedMap(map), At::Key(key)) => insert(map, key, made),
        (DynField::PrimitiveArray(array), At::Index(index)) => array[index] = Held::of(made),
        (DynField::Array(array), At::Index(index)) => drop(array.replace(index, Held::of(made))),
        (DynField::SharedArray(array), At::Index(index)) => array[index] = Held::of(made),
        (field, at) => unreachable!("{field:?} has no {at:?}"),
    }
}

fn insert<V: Element + Held>(map: &mut MapSchema<V>, key: &str, made: Made) {
    map.insert(key, V::of(made));
}

fn all<V: Held>(made: Vec<Made>) -> Vec<V> {
    made.into_iter().map(V::of).collect()
}

/// Takes out what is in a place. Tells whether it was there.
pub(super) fn take(field: &mut DynField, info: &FieldInfo, at: At<'_>) -> bool {
    match (field, at) {
        (DynField::PrimitiveMap(map), At::Key(key)) => map.remove(key).is_some(),
        (DynField::Map(map), At::Key(key)) => map.remove(key).is_some(),
        (DynField::SharedMap(map), At::Key(key)) => map.remove(key).is_some(),
        (DynField::PrimitiveArray(array), At::Index(index)) => {
            array.remove(index);
            true
        }
        (DynField::Array(array), At::Index(index)) => {
            array.remove(index);
            true
        }
        (DynField::SharedArray(array), At::Index(index)) => {
            array.remove(index);
            true
        }
        (DynField::PrimitiveSet(set), At::Index(index)) => remove_at(set, index),
        (DynField::SharedSet(set), At::Index(index)) => remove_at(set, index),
        (DynField::PrimitiveCollection(collection), At::Index(index)) => {
            remove_from(collection, index)
        }
        (DynField::SharedCollection(collection), At::Index(index)) => {
            remove_from(collection, index)
        }
        (field, At::Field) => {
            unset(field, info);
            true
        }
        (field, at) => unreachable!("{field:?} has no {at:?}"),
    }
}

fn remove_at<P: Member>(set: &mut SetSchema<P>, index: usize) -> bool {
    set.remove_at(index);
    true
}

fn remove_from<P: Member>(collection: &mut CollectionSchema<P>, index: usize) -> bool {
    collection.remove_at(index);
    true
}

/// Empties a collection.
pub(super) fn clear(field: &mut DynField) {
    match field {
        DynField::PrimitiveMap(map) => map.clear(),
        DynField::Map(map) => map.clear(),
        DynField::SharedMap(map) => map.clear(),
        DynField::PrimitiveArray(array) => array.clear(),
        DynField::Array(array) => array.clear(),
        DynField::SharedArray(array) => array.clear(),
        DynField::PrimitiveSet(set) => set.clear(),
        DynField::SharedSet(set) => set.clear(),
        DynField::PrimitiveCollection(collection) => collection.clear(),
        DynField::SharedCollection(collection) => collection.clear(),
        field => unreachable!("{field:?} is no collection"),
    }
}

/// Puts a value in a set or a collection.
pub(super) fn add(field: &mut DynField, made: Made) {
    match field {
        DynField::PrimitiveSet(set) => drop(set.insert(Held::of(made))),
        DynField::SharedSet(set) => drop(set.insert(Held::of(made))),
        DynField::PrimitiveCollection(collection) => collection.add(Held::of(made)),
        DynField::SharedCollection(collection) => collection.add(Held::of(made)),
        field => unreachable!("{field:?} is no set or collection"),
    }
}

/// Takes the first value that is equal out of a set or a collection. A new instance equals none.
pub(super) fn remove(field: &mut DynField, made: Made) {
    match field {
        DynField::PrimitiveSet(set) => drop(set.remove(&Held::of(made))),
        DynField::SharedSet(set) => drop(set.remove(&Held::of(made))),
        DynField::PrimitiveCollection(collection) => drop(collection.remove(&Held::of(made))),
        DynField::SharedCollection(collection) => drop(collection.remove(&Held::of(made))),
        field => unreachable!("{field:?} is no set or collection"),
    }
}

/// Changes an array.
///
/// # Errors
///
/// An index that is not there, and how many elements there are.
pub(super) fn edit_array(field: &mut DynField, edit: ArrayEdit) -> Result<(), (i64, usize)> {
    match field {
        DynField::PrimitiveArray(array) => change(array, edit),
        DynField::Array(array) => change(array, edit),
        DynField::SharedArray(array) => change(array, edit),
        field => unreachable!("{field:?} is no array"),
    }
}

fn change<V: Element + Held>(
    array: &mut ArraySchema<V>,
    edit: ArrayEdit,
) -> Result<(), (i64, usize)> {
    let len = array.len();
    let there = |index: i64| {
        let found = usize::try_from(index).ok().filter(|index| *index < len);
        found.ok_or((index, len))
    };
    match edit {
        ArrayEdit::Push(new) => array.extend(all::<V>(new)),
        ArrayEdit::Splice { at, remove, insert } => {
            let start = if at < 0 { len.saturating_sub(clamped(at)) } else { clamped(at).min(len) };
            let most = len - start;
            let count = remove.map_or(most, |remove| clamped(remove.max(0)).min(most));
            array.splice(start..start + count, all::<V>(insert));
        }
        ArrayEdit::Move { from, to } => array.move_item(there(from)?, there(to)?),
        ArrayEdit::Swap { a, b } => array.swap(there(a)?, there(b)?),
        ArrayEdit::Reverse => array.reverse(),
    }
    Ok(())
}

/// The distance of an index from 0.
fn clamped(index: i64) -> usize {
    usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)
}
