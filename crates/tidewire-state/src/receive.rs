//! The receiving side: how a decoder writes into a state whose Rust type it does not know.
//!
//! A node is a [`Sink`]: a struct, a map or an array behind an object-safe trait. A place in one (a
//! field, an entry, an item) is a [`ValueSink`]: it takes primitives, leads to the node that stands
//! there, and lets nodes be put in and taken out. The derive implements [`StructSink`]; everything
//! else is here. There are no bytes and no reference numbers: those are the codec's.
//!
//! All of it goes through the same methods that a program would call, so a state that is received
//! into can be tracked and sent on.
//!
//! ```
//! use tidewire_state::{FieldIndex, Value, receive::{StructSink, ValueSink}};
//! # use tidewire_state::example::Player;
//! let mut player = Player::default();
//! let sink: &mut dyn StructSink = &mut player;
//! sink.set(FieldIndex(1), Value::Float32(2.5))?;
//! assert_eq!(player.x, 2.5);
//! # Ok::<(), tidewire_state::receive::Misfit>(())
//! ```

mod source;
mod value;

use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

pub use self::source::FieldSource;
pub(crate) use self::source::Siblings;
use crate::{
    schema::Element,
    tracker::SharedKey,
    types::{FieldIndex, TypeIndex, TypeSet},
    value::Value,
};

/// A node that is written to.
pub enum Sink<'a> {
    /// A struct.
    Struct(&'a mut dyn StructSink),
    /// A map.
    Map(&'a mut dyn MapSink),
    /// An array.
    Array(&'a mut dyn ArraySink),
}

/// A node that was taken out of a state, and may be put in again.
///
/// It fits wherever its Rust type does; a boxed struct is the struct.
pub enum Detached {
    /// A struct.
    Struct(Box<dyn StructSink>),
    /// A map.
    Map(Box<dyn MapSink>),
    /// An array.
    Array(Box<dyn ArraySink>),
}

/// What is put in a place.
pub enum New<'a> {
    /// A primitive.
    Value(Value<'a>),
    /// A node in which nothing was set.
    Fresh(Fresh<'a>),
    /// A node from elsewhere.
    Node(Detached),
    /// An instance of a pool.
    Shared(Reference),
}

/// Leads to an instance of a pool: a [`Handle`](crate::Handle) of whatever type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference(pub(crate) SharedKey);

/// In a [path](StructSink::receive) from the root the pool with this number, and from here on the
/// next ones: what follows is the slot of an instance there.
pub const POOLS: u32 = u32::MAX - 0xff;

/// Which type a new node is of. Types that are known from the Rust type alone do not look at it.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    /// All types.
    pub types: &'a Arc<TypeSet>,
    /// The one of a new struct, or of the structs in a new collection. [`Fresh::ANY`] where nothing
    /// says which: an enum is then its first variant.
    pub index: TypeIndex,
}

impl Fresh<'_> {
    /// Whatever type a place has.
    pub const ANY: TypeIndex = TypeIndex(u32::MAX);

    /// What is below a new struct, of which nothing was said.
    #[must_use]
    pub fn below(self) -> Self {
        Self { index: Self::ANY, ..self }
    }
}

/// Something that does not fit where it is put.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// A value of the wrong kind or out of range.
    #[error("a {expected} cannot hold {given}")]
    Value {
        /// The Rust type of the place.
        expected: &'static str,
        /// The value.
        given: String,
    },
    /// A node where a primitive belongs, or of another type.
    #[error("a {expected} cannot hold this node")]
    Node {
        /// The Rust type of the place.
        expected: &'static str,
    },
    /// There is no such field, entry or item.
    #[error("there is no place {0}")]
    NoPlace(usize),
    /// A field that is not sent has no default.
    #[error(
        "`{field}` is not sent and has no default: implement `Default` for its type to receive it"
    )]
    NoDefault {
        /// The Rust field.
        field: &'static str,
    },
    /// A place that refers to instances of a pool, in a state that has no such pool.
    #[error(
        "nothing holds what a handle leads to: give the root a field `Pool` of that type, \
         marked `#[schema(pool)]`"
    )]
    NoPool,
    /// No room is left.
    #[error("the collection is full")]
    Full,
}

/// A struct, to be written to by field.
pub trait StructSink: Any {
    /// A field, if there is one with this number.
    fn field(&mut self, at: FieldIndex) -> Option<&mut dyn ValueSink>;

    /// Sets a primitive field. The same as going through [`field`](Self::field), and faster.
    ///
    /// # Errors
    ///
    /// If there is no such field, or the value is not of its kind.
    fn set(&mut self, at: FieldIndex, value: Value<'_>) -> Result<(), Misfit> {
        self.field(at).ok_or(Misfit::NoPlace(usize::from(at.0)))?.set(value)
    }

    /// Sets primitive fields of the struct at the end of `path` from here: numbers of fields, slots
    /// and indexes, by turns. Its siblings follow, if the source goes on to them.
    ///
    /// The same as [`set`](Self::set) for each, with all types known when it is compiled. Where the
    /// path leads nowhere, nothing is drawn.
    ///
    /// # Errors
    ///
    /// Those of the source.
    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault>
    where
        Self: Sized;

    /// Sets primitive fields of this struct, as far as the source has some.
    ///
    /// # Errors
    ///
    /// Those of the source.
    #[inline(always)]
    fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault>
    where
        Self: Sized,
    {
        while let Some(at) = source.next_field() {
            if !self.draw(at, source)? {
                break;
            }
        }
        Ok(())
    }

    /// Takes the next value of a source for a primitive field. Tells whether there is such a field;
    /// if not, nothing is taken.
    ///
    /// # Errors
    ///
    /// Those of the source.
    #[inline]
    fn draw<F: FieldSource>(&mut self, at: FieldIndex, source: &mut F) -> Result<bool, F::Fault>
    where
        Self: Sized,
    {
        let _ = (at, source);
        Ok(false)
    }

    /// An instance in which nothing was set: zeros, absent options, empty collections.
    ///
    /// # Errors
    ///
    /// If a field that is not sent has no default.
    fn fresh(of: Fresh<'_>) -> Result<Self, Misfit>
    where
        Self: Sized;

    /// As [`fresh`](Self::fresh), for a pool. A run-time struct refers to others of the pool then.
    ///
    /// # Errors
    ///
    /// As `fresh`.
    fn fresh_pooled(of: Fresh<'_>) -> Result<Self, Misfit>
    where
        Self: Sized,
    {
        Self::fresh(of)
    }

    /// A pool of the root, by its number.
    fn pool(&mut self, at: usize) -> Option<&mut dyn PoolSink> {
        let _ = at;
        None
    }

    /// Takes a box off, so that boxed structs fit where others do.
    fn detach(self) -> Box<dyn StructSink>
    where
        Self: Sized,
    {
        Box::new(self)
    }

    /// The other way round.
    ///
    /// # Errors
    ///
    /// If `node` is of another type.
    fn attach(node: Box<dyn StructSink>) -> Result<Self, Misfit>
    where
        Self: Sized,
    {
        downcast(node)
    }
}

/// A place that holds a primitive or a node: a field, a map's entry, an array's item.
pub trait ValueSink {
    /// Puts a primitive in.
    ///
    /// # Errors
    ///
    /// If the value is not of the place's kind, or a number does not fit.
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit>;

    /// The primitive in here, if there is one.
    fn value(&self) -> Option<Value<'_>>;

    /// The node in here, if there is one.
    fn node(&mut self) -> Option<Sink<'_>>;

    /// Puts something in. Hands out the node that stood here.
    ///
    /// # Errors
    ///
    /// If it is not of the place's type. Then nothing changed, but a node that was given is lost.
    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit>;

    /// Makes the place absent, or as if it was never set where it cannot be absent. Hands out the
    /// node that stood here.
    ///
    /// # Errors
    ///
    /// If the node cannot be absent and no fresh one can be made.
    fn unset(&mut self, fresh: Fresh<'_>) -> Result<Option<Detached>, Misfit>;

    /// The type of the instances that this refers to, or that the items of this collection do, if
    /// they lie in a pool.
    fn pooled(&self) -> Option<TypeId> {
        None
    }
}

/// The instances of a pool, by slot.
pub trait PoolSink {
    /// Their type.
    fn holds(&self) -> TypeId;

    /// Puts an instance in, and tells its slot.
    ///
    /// # Errors
    ///
    /// If it is of another type, or no room is left.
    fn insert(&mut self, new: New<'_>) -> Result<u32, Misfit>;

    /// What a place refers to the instance by.
    fn reference(&self, slot: u32) -> Option<Reference>;

    /// The instance, to be written to.
    fn node(&mut self, slot: u32) -> Option<Sink<'_>>;

    /// Removes an instance, and hands it out if nothing else needs it.
    fn remove(&mut self, slot: u32) -> Option<Detached>;
}

/// What a place can hold, as a Rust type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be received into a field of a state",
    label = "clients have no such type",
    note = "if it is a struct of yours, derive `Schema` for it; if clients need not see the field, \
            write `#[schema(skip)]` on it"
)]
pub trait Receive: ValueSink + Sized + 'static {
    /// Whether it is a primitive, or one that may be absent.
    const IS_PRIMITIVE: bool = false;

    /// This as a place.
    #[inline]
    fn place(&mut self) -> &mut dyn ValueSink {
        self
    }

    /// [`ValueSink::set`].
    ///
    /// # Errors
    ///
    /// If the value does not fit.
    #[inline]
    fn put(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        self.set(value)
    }

    /// Makes one.
    ///
    /// # Errors
    ///
    /// If `new` is something else.
    fn create(new: New<'_>) -> Result<Self, Misfit>;

    /// The node that is no longer in a place; nothing for primitives.
    fn detach(self) -> Option<Detached>;

    /// [`ValueSink::pooled`] of all of the type.
    fn refers_to() -> Option<TypeId> {
        None
    }

    /// Takes the next value of a source. `is_number` is said of fields that are sent as a `number`
    /// whatever their type. For what is no primitive there is none.
    ///
    /// # Errors
    ///
    /// Those of the source.
    #[inline]
    fn draw<F: FieldSource>(&mut self, source: &mut F, is_number: bool) -> Result<(), F::Fault> {
        let _ = (source, is_number);
        Ok(())
    }

    /// A new one with the next value of a source; nothing for what is no primitive.
    ///
    /// # Errors
    ///
    /// Those of the source.
    fn drawn<F: FieldSource>(source: &mut F, is_number: bool) -> Result<Option<Self>, F::Fault> {
        let _ = (source, is_number);
        Ok(None)
    }

    /// As [`StructSink::receive`], from any place.
    ///
    /// # Errors
    ///
    /// Those of the source.
    #[inline]
    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        let _ = (path, source);
        Ok(())
    }

    /// As [`StructSink::receive_fields`], from any place.
    ///
    /// # Errors
    ///
    /// Those of the source.
    #[inline(always)]
    fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault> {
        let _ = source;
        Ok(())
    }
}

/// A map, to be written to by slot.
///
/// A slot is an entry's number in the order of insertion. It stays what it is until an insertion
/// says that entries have moved together.
pub trait MapSink: Any {
    /// How many entries there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slot of a key.
    fn find(&self, key: &str) -> Option<u32>;

    /// The key of a slot.
    fn key(&self, slot: u32) -> Option<&str>;

    /// The value of a slot.
    fn entry(&mut self, slot: u32) -> Option<&mut dyn ValueSink>;

    /// The node in a slot.
    fn node(&mut self, slot: u32) -> Option<Sink<'_>> {
        self.entry(slot)?.node()
    }

    /// Appends an entry whose key is not there.
    ///
    /// # Errors
    ///
    /// If `new` is not what the map holds.
    fn insert(&mut self, key: &str, new: New<'_>) -> Result<Inserted, Misfit>;

    /// Takes an entry out, and hands out the node that it held.
    fn remove(&mut self, slot: u32) -> Option<Detached>;
}

/// Where [`MapSink::insert`] put an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// Its slot.
    pub slot: u32,
    /// Whether the entries before it have moved together: they have slots 0, 1, 2… in order now.
    pub moved: bool,
}

/// An array, to be written to by index.
pub trait ArraySink: Any {
    /// How many items there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index.
    fn item(&mut self, index: usize) -> Option<&mut dyn ValueSink>;

    /// The node at an index.
    fn node(&mut self, index: usize) -> Option<Sink<'_>> {
        self.item(index)?.node()
    }

    /// Puts something in the place of an item. Hands out the node that stood there.
    ///
    /// # Errors
    ///
    /// If `new` is not what the array holds, or there is no such item.
    fn replace(&mut self, index: usize, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        self.item(index).ok_or(Misfit::NoPlace(index))?.replace(new)
    }

    /// Puts an item in before the one at `index`, or at the end.
    ///
    /// # Errors
    ///
    /// If `new` is not what the array holds, or `index` is beyond the length.
    fn insert(&mut self, index: usize, new: New<'_>) -> Result<(), Misfit>;

    /// Exchanges two items, if both are there. Nodes move and stay what they are.
    fn swap(&mut self, a: usize, b: usize);

    /// Turns the order round.
    fn reverse(&mut self);

    /// Takes the items at these indexes, ascending, out, and hands out the nodes.
    fn remove(&mut self, indexes: &[usize], taken: &mut dyn FnMut(usize, Detached));
}

impl<'a> Sink<'a> {
    /// The node in a place of this one, by the number of a field, a slot or an index.
    pub fn child(self, at: usize) -> Option<Sink<'a>> {
        match self {
            Self::Struct(node) => node.field(FieldIndex(u8::try_from(at).ok()?))?.node(),
            Self::Map(map) => map.node(u32::try_from(at).ok()?),
            Self::Array(array) => array.node(at),
        }
    }

    /// Puts something in a place of this node. Hands out the node that stood there.
    ///
    /// # Errors
    ///
    /// If it does not fit, or there is no such place.
    pub fn replace(self, at: usize, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        match self {
            Self::Array(array) => array.replace(at, new),
            other => other.place(at).ok_or(Misfit::NoPlace(at))?.replace(new),
        }
    }

    /// A place of this node, by the number of a field, a slot or an index.
    pub fn place(self, at: usize) -> Option<&'a mut dyn ValueSink> {
        match self {
            Self::Struct(node) => node.field(FieldIndex(u8::try_from(at).ok()?)),
            Self::Map(map) => map.entry(u32::try_from(at).ok()?),
            Self::Array(array) => array.item(at),
        }
    }
}

impl Detached {
    /// The node, to be written to.
    pub fn sink(&mut self) -> Sink<'_> {
        match self {
            Self::Struct(node) => Sink::Struct(&mut **node),
            Self::Map(map) => Sink::Map(&mut **map),
            Self::Array(array) => Sink::Array(&mut **array),
        }
    }
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Struct(_) => "Detached::Struct",
            Self::Map(_) => "Detached::Map",
            Self::Array(_) => "Detached::Array",
        })
    }
}

impl Misfit {
    pub(crate) fn value<T>(given: Value<'_>) -> Self {
        Self::Value { expected: std::any::type_name::<T>(), given: format!("{given:?}") }
    }

    pub(crate) fn node<T>() -> Self {
        Self::Node { expected: std::any::type_name::<T>() }
    }
}

/// The value in a box of `T` behind a trait object.
pub(crate) fn downcast<T: Any>(node: Box<dyn StructSink>) -> Result<T, Misfit> {
    let node: Box<dyn Any> = node;
    node.downcast().map(|node| *node).map_err(|_| Misfit::node::<T>())
}

/// An element of a collection that a decoder can write to.
pub(crate) trait ReceivedElement: Element + Receive {}

impl<E: Element + Receive> ReceivedElement for E {}

/// `StructSink::fresh` of a struct in whose skipped fields a value must be put, whether their types
/// have a default or not. Called by derived code as `(&Skipped::<T>::NEW).skipped("field")`: the
/// method of the type is found before that of the reference.
#[derive(Debug)]
pub struct Skipped<T>(std::marker::PhantomData<T>);

impl<T> Skipped<T> {
    /// Stands for the type.
    pub const NEW: Self = Self(std::marker::PhantomData);
}

impl<T: Default> Skipped<T> {
    /// The default.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn skipped(&self, _: &'static str) -> Result<T, Misfit> {
        Ok(T::default())
    }
}

/// For types that have no default.
pub trait SkippedWithoutDefault<T> {
    /// No value.
    ///
    /// # Errors
    ///
    /// Always.
    fn skipped(&self, field: &'static str) -> Result<T, Misfit>;
}

impl<T> SkippedWithoutDefault<T> for Skipped<T> {
    fn skipped(&self, field: &'static str) -> Result<T, Misfit> {
        Err(Misfit::NoDefault { field })
    }
}
