//! What a tracker is asked for, and what it refuses.

use thiserror::Error;
use tidewire_state::RefId;

use crate::{light::TableError, patch::Op};

/// What a [`Tracker`](crate::Tracker) is asked for.
///
/// ```
/// use tidewire_patch::{TrackerConfig, TrackerSerializer};
///
/// let config = TrackerConfig::default()
///     .with_private_type("Card")
///     .with_serializer(TrackerSerializer::Mpack);
/// assert_eq!(config.private_types, ["Card"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackerConfig {
    /// The names of the types whose structs are private, and with them those of all types that extend one of these.
    pub private_types: Vec<String>,
    /// The names of types that are public although they extend a private one, and with them those that extend one of
    /// these.
    pub public_types: Vec<String>,
    /// Whether everyone is told of the keys of private structs in maps, with `undefined` for their values.
    pub private_map_value_patch: bool,
    /// Whether all listeners' patches say what was there before, so that they can be undone.
    pub reversible: bool,
    /// In which bytes listeners are told, if in bytes at all.
    pub serializer: TrackerSerializer,
}

/// In which bytes the listeners of a [`Tracker`](crate::Tracker) are told. One of one's own is given to
/// [`Tracker::with_serializer`](crate::Tracker::with_serializer).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackerSerializer {
    /// In none: patches and snapshots are values.
    #[default]
    None,
    /// In those of [`mpack`](crate::mpack).
    Mpack,
    /// In those of [`light`](crate::light).
    Light,
    /// In those of [`patchpack`](crate::patchpack).
    Patchpack,
}

impl TrackerConfig {
    /// Structs of this type are private too.
    #[must_use]
    pub fn with_private_type(mut self, name: impl Into<String>) -> Self {
        self.private_types.push(name.into());
        self
    }

    /// Structs of this type are public, although it extends a private one.
    #[must_use]
    pub fn with_public_type(mut self, name: impl Into<String>) -> Self {
        self.public_types.push(name.into());
        self
    }

    /// Everyone is told of the keys of private structs in maps, or not.
    #[must_use]
    pub fn with_private_map_value_patch(self, private_map_value_patch: bool) -> Self {
        Self { private_map_value_patch, ..self }
    }

    /// All listeners' patches can be undone, or those alone whose listeners ask for that.
    #[must_use]
    pub fn with_reversible(self, reversible: bool) -> Self {
        Self { reversible, ..self }
    }

    /// Listeners are told in these bytes.
    #[must_use]
    pub fn with_serializer(self, serializer: TrackerSerializer) -> Self {
        Self { serializer, ..self }
    }
}

/// What a listener is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerConfig {
    /// Whether patches say what was there before, so that they can be undone.
    pub reversible: bool,
    /// The operations that are told; all, if there are none.
    pub only: Vec<Op>,
    /// Whether it sees everything, whatever its tags.
    pub spy: bool,
}

impl ListenerConfig {
    /// One that sees everything, whatever its tags.
    pub const SPY: Self = Self { reversible: false, only: Vec::new(), spy: true };

    /// One whose patches can be undone.
    pub const REVERSIBLE: Self = Self { reversible: true, only: Vec::new(), spy: false };

    /// Patches say what was there before, or not.
    #[must_use]
    pub fn with_reversible(self, reversible: bool) -> Self {
        Self { reversible, ..self }
    }

    /// Only these operations are told.
    #[must_use]
    pub fn with_only(self, only: impl IntoIterator<Item = Op>) -> Self {
        Self { only: only.into_iter().collect(), ..self }
    }

    /// It sees everything, or what its tags show.
    #[must_use]
    pub fn with_spy(self, spy: bool) -> Self {
        Self { spy, ..self }
    }
}

/// What a tracker refuses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrackerError {
    /// A type that there is none of.
    #[error("the state has no type `{0}` that could be private or public")]
    NoType(String),
    /// A root that some would see nothing of.
    #[error("the root's type `{0}` cannot be private: no patch could show or hide the whole state")]
    PrivateRoot(String),
    /// A state whose clients may hold anything.
    #[error("the state was synced {0} times already: make its tracker before its first sync")]
    Synced(u64),
    /// A field whose function is asked about clients with views, which listeners are not.
    #[error(
        "the field `{field}` of `{of}` is marked with a function that says what the client of a view \
         sees; listeners have tags: mark it with `view`, or give the state views and encoders instead \
         of a tracker"
    )]
    Function {
        /// The type.
        of: String,
        /// The field.
        field: String,
    },
    /// Too many types for the bytes that were asked for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A serializer that there can be but one of.
    #[error("the serializer `{0}` serves one audience only: implement `Serializer::for_view`")]
    OneAudience(String),
    /// Operations left out where what comes later counts on them.
    #[error(
        "a listener that is told in the bytes of `{0}` needs all operations: leave `only` empty, or \
         choose `mpack` or `light`"
    )]
    Only(String),
    /// A number that no struct has.
    #[error("there is no struct of the number {}: ask `Tracked::node` for it while it is there", .0.0)]
    NoNode(RefId),
    /// The number of a collection.
    #[error(
        "the number {} is that of a collection: give tags to the structs in it, or to one that is \
         their parent", .0.0
    )]
    Collection(RefId),
    /// A struct that would be its own parent.
    #[error("a struct cannot be a parent of itself, nor of one of its parents")]
    OwnParent,
}
