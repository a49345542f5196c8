//! The decoder: applies messages of the schema protocol to a state.
//!
//! A typed decoder fills a derived struct; a dynamic one learns the types from a handshake and
//! fills a [`DynStruct`]. Both run the same code. Messages of 3.x, 4.x and 5.x servers are read;
//! where those decoders differ, as 5.x reads them.
//!
//! ```
//! use tidewire_schema::Decoder;
//! use tidewire_state::{MapSchema, Schema};
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Arena {
//!     scores: MapSchema<u32>,
//! }
//!
//! let mut decoder = Decoder::<Arena>::new();
//! // Field 0 is the structure 1; in that, entry 0 has the key "ada" and the value 3.
//! decoder.apply(b"\x80\x01\xff\x01\x80\x00\xa3ada\x03\0\0\0")?;
//! assert_eq!(decoder.state().scores["ada"], 3);
//! # Ok::<(), tidewire_schema::DecodeError>(())
//! ```

mod array;
mod callbacks;
mod change;
mod compare;
mod error;
mod fields;
mod foreign;
mod index;
mod inspect;
mod json;
mod leaf;
mod limits;
mod map;
mod members;
mod message;
mod nesting;
mod nodes;
mod places;
pub(crate) mod reader;
mod reflection;
mod resync;
mod shared;
mod strings;
mod unreliable;

use std::{collections::HashMap, fmt, sync::Arc};

use tidewire_state::{
    DynState, DynStruct, Schema, TypeSet,
    receive::{Fresh, StructSink},
};

pub use self::{
    callbacks::{Binding, CallbackTarget, Callbacks},
    change::{
        Change, ChangeObserver, ChangePlace, ChangeValue, Operation, OwnedChange, OwnedPlace,
        OwnedValue,
    },
    error::{DecodeError, DecodeErrorKind},
    inspect::{InspectError, InspectedLine, Inspection, Inspector},
    limits::Limits,
};
use self::{
    compare::Fitting,
    error::Fault,
    fields::{Fields, known_fields},
    foreign::Foreign,
    message::Message,
    nodes::ROOT,
    places::Tree,
    reader::Reader,
};

/// Holds a state and applies what a server sends.
///
/// Begins with nothing; a snapshot is the first message, patches follow. A message that cannot be
/// read is an error, after which the state is what had been read until then, and every further
/// message is refused.
///
/// An instance may move from place to place, and be in several. Where the state refers to instances by
/// [`Handle`](tidewire_state::Handle), they lie in its [`Pool`](tidewire_state::Pool)s, as on the server: so the types that the server
/// has can be those of a client. Where it holds the structs themselves, each place has a copy, and all
/// are kept equal; fields that are not sent are then each copy's own. A child may be of a type that extends the declared one: an enum
/// whose variants hold the structs takes it, and a [`DynStruct`] is of that type.
pub struct Decoder<S> {
    state: S,
    /// Those of the tree, to be borrowed beside it.
    types: Arc<TypeSet>,
    tree: Tree,
    stopped: bool,
    /// A message was applied.
    received: bool,
    /// The number of the last patch that was taken of those that may get lost.
    last_unreliable: u16,
}

impl<S: Schema + StructSink + Default> Decoder<S> {
    /// A decoder that fills an `S`.
    pub fn new() -> Self {
        let types = Arc::new(S::default().describe());
        // Not the default, which may hold what no server sent.
        let fresh = S::fresh(Fresh { types: &types, index: types.root });
        Self::with(fresh.unwrap_or_default(), types)
    }

    /// A decoder that fills an `S` from a sender of another version, whose handshake this is.
    ///
    /// Versions fit as long as fields come at the end of a type and none goes: a field that the
    /// sender has and `S` has not is read and left, one that `S` has and the sender has not stays as
    /// if it was never set. An instance that moves out of fields that `S` does not have is known by
    /// nothing but what is sent of it from then on.
    ///
    /// ```
    /// # use tidewire_schema::{Decoder, Encoder, Profile};
    /// # use tidewire_state::{MapSchema, Schema, Tracked};
    /// # mod newer {
    /// #     use tidewire_state::{MapSchema, Schema};
    /// #     #[derive(Schema, Default)]
    /// #     #[schema(crate = "tidewire_state")]
    /// #     pub struct Arena { pub turn: String, pub scores: MapSchema<u32> }
    /// # }
    /// #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// struct Arena { turn: String }
    ///
    /// // The server has a field `scores` after that.
    /// # let mut arena = Tracked::new(newer::Arena::default());
    /// # arena.turn = "ada".to_owned();
    /// # arena.scores.insert("ada", 3);
    /// # let mut encoder = Encoder::new(&arena);
    /// # let handshake = encoder.handshake(Profile::V5);
    /// # let snapshot = encoder.patch(&mut arena);
    /// let mut decoder = Decoder::<Arena>::with_handshake(&handshake)?;
    /// decoder.apply(snapshot)?;
    /// assert_eq!(decoder.state().turn, "ada");
    /// # Ok::<(), tidewire_schema::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first field that both have and that differs, or what is wrong with the handshake.
    pub fn with_handshake(handshake: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = Self::new();
        let fitting = compare::fitting(handshake, &decoder.tree.types)?;
        decoder.adopt(fitting);
        Ok(decoder)
    }

    /// Checks that the sender's types are those of `S`: the names and kinds of all fields, by
    /// their numbers, and what extends what. Types that extend one of `S` and that `S` does not have
    /// may be there, as long as no instance of them is sent.
    ///
    /// From then on types have the sender's numbers, and an `ArraySchema` of structs in `S` takes what
    /// the sender has in a set or a collection: without a handshake it is taken for an array.
    ///
    /// # Errors
    ///
    /// The first difference, or what is wrong with the handshake.
    pub fn check_handshake(&mut self, handshake: &[u8]) -> Result<(), DecodeError> {
        let fitting = compare::same(handshake, &self.types)?;
        self.adopt(fitting);
        Ok(())
    }

    /// Goes by what a handshake says of the sender's types.
    fn adopt(&mut self, fitting: Fitting) {
        let Fitting { theirs, ours, kinds } = fitting;
        if !kinds.is_empty() {
            let types = Arc::make_mut(&mut self.types);
            for (index, at, kind) in kinds {
                let fields = types.types.get_mut(index.0 as usize).map(|info| &mut info.fields);
                if let Some(field) = fields.and_then(|fields| fields.get_mut(usize::from(at.0))) {
                    field.kind = kind;
                }
            }
            self.tree.types = self.types.clone();
        }
        self.tree.foreign = Some(Box::new(Foreign { types: theirs, ours, nodes: HashMap::new() }));
    }
}

impl<S: Schema + StructSink + Default> Default for Decoder<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder<DynStruct> {
    /// A decoder for the types that a handshake describes.
    ///
    /// The reflections of 3.x, 4.x and 5.x, and the one that all of these read, are understood.
    /// Every primitive is optional in them: it is absent until it is received. The root is called
    /// `State`, others by their number, as names of types are not sent.
    ///
    /// # Errors
    ///
    /// If the bytes are no handshake, or describe what is not supported.
    pub fn from_handshake(handshake: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self::from_types(Arc::new(reflection::read(handshake)?)))
    }

    /// A decoder for these types.
    ///
    /// # Panics
    ///
    /// If the root is not one of them. [`TypeSet::check`] finds out.
    pub fn from_types(types: Arc<TypeSet>) -> Self {
        Self::with(DynStruct::new(types.clone(), types.root), types)
    }
}

impl Decoder<DynState> {
    /// As [`from_handshake`](Decoder::from_handshake), into a state whose places refer to the instances of a
    /// pool: one that is in several places is there once, and may refer to itself.
    ///
    /// ```
    /// # use tidewire_schema::{Decoder, Encoder, Profile};
    /// # use tidewire_state::{ArraySchema, Handle, Pool, Schema, Tracked};
    /// # #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Card { rank: u8 }
    /// # #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Game {
    /// #     #[schema(pool)]
    /// #     cards: Pool<Card>,
    /// #     deck: ArraySchema<Handle<Card>>,
    /// #     top: Option<Handle<Card>>,
    /// # }
    /// # let mut game = Tracked::new(Game::default());
    /// # let ace = game.cards.insert(Card { rank: 14 });
    /// # game.deck.push(ace);
    /// # game.top = Some(ace);
    /// # let mut encoder = Encoder::new(&game);
    /// # let handshake = encoder.handshake(Profile::V5);
    /// # let snapshot = encoder.patch(&mut game);
    /// let mut decoder = Decoder::pooled_from_handshake(&handshake)?;
    /// decoder.apply(snapshot)?;
    /// assert_eq!(decoder.state().pool.len(), 1);
    /// assert_eq!(decoder.to_json(), r#"{"deck":[{"rank":14}],"top":{"rank":14}}"#);
    /// # Ok::<(), tidewire_schema::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the bytes are no handshake, or describe what is not supported.
    pub fn pooled_from_handshake(handshake: &[u8]) -> Result<Self, DecodeError> {
        let types = Arc::new(reflection::read(handshake)?);
        Ok(Self::with(DynState::new(types.clone()), types))
    }
}

impl<S: StructSink> Decoder<S> {
    fn with(mut state: S, types: Arc<TypeSet>) -> Self {
        let tree = Tree::new(types.clone(), &mut state);
        Self { state, tree, types, stopped: false, received: false, last_unreliable: 0 }
    }

    /// Applies a snapshot or a patch.
    ///
    /// # Errors
    ///
    /// If the message cannot be read: where, and why.
    pub fn apply(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        self.apply_with(message, &mut ())
    }

    /// Applies a snapshot or a patch, and tells every change.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_with<O: ChangeObserver>(
        &mut self,
        message: &[u8],
        observer: &mut O,
    ) -> Result<(), DecodeError> {
        if !O::IGNORES || self.stopped || !self.tree.shares.is_empty() {
            return self.apply_on(message, observer, Reader::new(message), ROOT, Ok(()));
        }
        let mut source = Fields::new(&self.tree.nodes, Reader::new(message), ROOT);
        let result = known_fields(&mut self.state, &mut source);
        // Most patches are that and nothing else, and leave nothing to be put right.
        if source.reader.is_empty() && source.reader.text() == 0 && result.is_ok() {
            self.received = true;
            return Ok(());
        }
        let (reader, current) = (source.reader, source.current);
        self.apply_on(message, observer, reader, current, result)
    }

    /// Applies a message from where it was read to, as far as that went well.
    #[inline(never)]
    fn apply_on<O: ChangeObserver>(
        &mut self,
        message: &[u8],
        observer: &mut O,
        reader: Reader<'_>,
        current: u32,
        known: Result<(), Fault>,
    ) -> Result<(), DecodeError> {
        self.received = true;
        self.tree.moves_left = self.tree.limits.moves_of(message);
        let stopped = self.stopped;
        let mut message = self.message(message, observer);
        (message.reader, message.current) = (reader, current);
        let result = match known {
            Ok(()) if stopped => Err(Fault::at(0, DecodeErrorKind::Stopped)),
            Ok(()) => message.run(),
            Err(fault) => Err(fault),
        };
        let result = result.map_err(|fault| DecodeError::new(message.path(&fault), fault));
        self.stopped |= result.is_err();
        result
    }

    /// What a message is applied with.
    fn message<'a, 'b, O>(
        &'a mut self,
        message: &'b [u8],
        observer: &'a mut O,
    ) -> Message<'a, 'b, S, O> {
        Message {
            tree: &mut self.tree,
            root: &mut self.state,
            types: &self.types,
            reader: Reader::new(message),
            observer,
            current: ROOT,
        }
    }

    /// How much is spent on what is sent.
    pub fn limits(&self) -> Limits {
        self.tree.limits
    }

    /// Says how much is spent on what is sent. Beyond that a message is an error.
    ///
    /// ```
    /// # use tidewire_schema::Decoder;
    /// # #[derive(tidewire_state::Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Arena { scores: tidewire_state::MapSchema<u32> }
    /// let mut decoder = Decoder::<Arena>::new();
    /// let mut limits = decoder.limits();
    /// limits.memory = 1 << 30;
    /// decoder.set_limits(limits);
    /// ```
    pub fn set_limits(&mut self, limits: Limits) {
        self.tree.limits = limits;
    }

    /// The state.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Gives the state away.
    pub fn into_state(self) -> S {
        self.state
    }

    /// The types of the state.
    pub fn types(&self) -> &Arc<TypeSet> {
        &self.types
    }

    /// How many structures the sender refers to, the root included.
    pub fn node_count(&self) -> usize {
        self.tree.nodes.len()
    }
}

impl<S: fmt::Debug> fmt::Debug for Decoder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("state", &self.state).finish_non_exhaustive()
    }
}
