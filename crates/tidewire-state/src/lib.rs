//! The state model of Tidewire: plain structs, tracked collections, the walk.
//!
//! A state is a tree of plain Rust structs. It is changed as any Rust value; collections note
//! which of their slots were handed out mutably. [`Tracked::sync`] walks what was touched, compares
//! each primitive with its *mirror* (what was last sent, kept beside the value), and reports what
//! differs to a [`Visitor`]. There are no bytes here, no input or output, no clock.
//!
//! ```
//! use tidewire_state::{MapSchema, Tracked};
//! # use tidewire_state::example::{Arena, Player};
//! let mut arena = Tracked::new(Arena::default());
//! arena.players.insert("ada", Player { name: "Ada".into(), x: 1.0, y: 2.0 });
//! assert_eq!(arena.players["ada"].x, 1.0);
//! ```

#[doc(hidden)]
pub mod __private;
mod array;
mod bits;
mod collection;
mod dynamic;
#[doc(hidden)]
pub mod example;
mod filter;
mod hash;
mod identity;
mod instance;
mod leaf;
mod map;
mod members;
mod node;
mod number;
mod pool;
pub mod receive;
mod schema;
mod select;
mod set;
mod step;
mod stream;
mod text;
mod touched;
mod tracker;
mod types;
mod unfold;
mod value;
mod view;
mod visitor;

pub use tidewire_derive::Schema;

pub use crate::{
    array::ArraySchema,
    bits::Bits,
    collection::CollectionSchema,
    dynamic::{DynCollection, DynError, DynField, DynMirror, DynPrimitive, DynState, DynStruct},
    filter::{Ask, Viewer},
    hash::state_hash,
    instance::Instance,
    map::MapSchema,
    members::{Member, MemberKey},
    pool::{Handle, Pool},
    schema::{Describe, Element, ElementType, Field, Schema, SchemaType},
    select::{PathError, Select},
    set::SetSchema,
    stream::{StreamKey, StreamSchema},
    touched::Mut,
    tracker::{Named, Owner, Tracked, Visit, Walk},
    types::{
        ElementKind, FieldIndex, FieldInfo, FieldKind, MAX_FIELDS, MAX_TYPES, Quantized,
        QuantizedMode, Sending, Tag, TypeError, TypeIds, TypeIndex, TypeInfo, TypeSet,
        TypesBuilder, Visibility,
    },
    unfold::{Audience, Known, Look, Lying, Presence, Refusal, Rule, Shape, Unfold},
    value::{Number, Primitive, PrimitiveKind, PrimitiveType, Value},
    view::{Explained, Explanation, Held, Shown, StateView, ViewId, Views},
    visitor::{
        Enter, EntryAt, Introduced, MemberEdit, NodeMember, NodeMembersEdit, Place, RefEdit, RefId,
        ValueEdit, ValueList, Visitor,
    },
};

/// Iterators and entries of [`MapSchema`].
pub mod maps {
    pub use crate::map::{
        Drain, Entry, IntoIter, Iter, IterMut, Keys, OccupiedEntry, VacantEntry, Values, ValuesMut,
    };
}

/// Iterators of [`StreamSchema`].
pub mod streams {
    pub use crate::stream::{Iter, IterMut, Values, ValuesMut};
}

/// Iterators of [`ArraySchema`].
pub mod arrays {
    pub use crate::array::{Drain, IntoIter, Iter, IterMut};
}
