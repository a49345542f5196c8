//! Serializers of one's own: a [`Serializer`] says how patches and snapshots are written, and is told of the nodes and
//! changes that they are about.
//!
//! It stands on the same walk as the codecs of this crate: a [`SerializerEncoder`] is a visitor that hands a serializer
//! each change of a sync. docs/SERIALIZERS.md is the guide.
//!
//! ```
//! use tidewire_patch::{Patch, notepack::Value};
//! use tidewire_patch::serializer::{
//!     Change, Replica, Serializer, SerializerEncoder, SerializerError, View,
//! };
//! use tidewire_state::{MapSchema, Schema, Tracked};
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Arena { scores: MapSchema<u32> }
//!
//! /// JSON texts: the state is one, a patch is one a line.
//! struct Lines;
//!
//! impl Serializer for Lines {
//!     fn id(&self) -> &str {
//!         "lines"
//!     }
//!
//!     fn encode_snapshot(&mut self, view: View<'_>, out: &mut Vec<u8>) {
//!         out.extend(view.root().value().to_json().to_string().bytes());
//!     }
//!
//!     fn encode_patch(&mut self, change: &Change<'_>, _: View<'_>, out: &mut Vec<u8>) {
//!         out.extend(change.patch.to_json().to_string().bytes());
//!         out.push(b'\n');
//!     }
//!
//!     fn decode_snapshot(&mut self, bytes: &[u8]) -> Result<Value, SerializerError> {
//!         let json: serde_json::Value = serde_json::from_slice(bytes).map_err(SerializerError::new)?;
//!         Ok(Value::from(&json))
//!     }
//!
//!     fn decode_patch(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, SerializerError> {
//!         let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
//!         lines.map(|line| serde_json::from_slice(line).map_err(SerializerError::new)).collect()
//!     }
//! }
//!
//! let mut arena = Tracked::new(Arena::default());
//! let mut encoder = SerializerEncoder::new(&arena, Box::new(Lines));
//! encoder.patch(&mut arena);
//! let mut client = Replica::new(Box::new(Lines));
//! client.apply_snapshot(&encoder.snapshot())?;
//!
//! arena.scores.insert("ada", 3);
//! let patch = encoder.patch(&mut arena);
//! assert_eq!(patch, b"{\"op\":\"add\",\"path\":\"/scores/ada\",\"value\":3}\n");
//! client.apply_patch(patch)?;
//! assert_eq!(client.state().to_json().to_string(), r#"{"scores":{"ada":3}}"#);
//! # Ok::<(), SerializerError>(())
//! ```

mod encoder;
mod json;
mod view;

use std::{error::Error, fmt};

use thiserror::Error;
use tidewire_state::{RefId, TypeSet};

pub use self::{
    encoder::SerializerEncoder,
    view::{Child, Node, NodeKind, Spot, Step, View},
};
use crate::{Config, Patch, PatchError, notepack::Value};

/// How patches and snapshots are written and read.
///
/// One value serves one state. In each sync, change by change and in the order in which clients apply them, it is called
/// so: [`before_change`](Self::before_change); [`on_create_node`](Self::on_create_node) for each node that the change
/// brings and clients do not know, parents first; [`encode_patch`](Self::encode_patch);
/// [`after_change`](Self::after_change). When all changes are through, [`on_delete_node`](Self::on_delete_node) is called for
/// each node that is gone, in no order in particular: so all that a change names, old values too, is known while it is
/// written.
///
/// The first sync brings the root and all below it, and has no changes, for clients begin with a snapshot.
pub trait Serializer: Send {
    /// The name by which clients know it, of 1 to 31 bytes.
    fn id(&self) -> &str;

    /// What is wanted beside the changes themselves; old values cost their bytes only where they are asked for.
    fn config(&self) -> Config {
        Config::default()
    }

    /// Another one of its kind, which was told nothing: each view that is asked for has one. Without it, clients
    /// with a view cannot be served by this serializer.
    fn for_view(&self) -> Option<Box<dyn Serializer>> {
        None
    }

    /// Another one that was told all that this one was, and goes on by itself: listeners of a [`Tracker`](crate::Tracker)
    /// who were told the same are to be told something else each. Without it, one of [`for_view`](Self::for_view)
    /// takes over, which is told of all nodes that are there as at a first sync. That will do where what
    /// is written depends on nodes and their numbers, and not on what was written before.
    fn fork(&self) -> Option<Box<dyn Serializer>> {
        None
    }

    /// The state is about to be followed, and these are its types.
    fn on_create(&mut self, types: &TypeSet) {
        let _ = types;
    }

    /// A node is there from now on. `at` is where it lies; the root lies nowhere.
    fn on_create_node(&mut self, node: Node<'_>, at: Option<Spot<'_>>) {
        let _ = (node, at);
    }

    /// A node is gone. Its number may stand for another from the next sync on.
    fn on_delete_node(&mut self, node: RefId) {
        let _ = node;
    }

    /// A change is about to be written.
    fn before_change(&mut self, change: &Change<'_>, view: View<'_>) {
        let _ = (change, view);
    }

    /// A change was written.
    fn after_change(&mut self, change: &Change<'_>, view: View<'_>) {
        let _ = (change, view);
    }

    /// Appends all there is, for a client that has nothing. Called between two syncs.
    fn encode_snapshot(&mut self, view: View<'_>, out: &mut Vec<u8>);

    /// Appends one change. All changes of a sync go into one buffer, so a decoder must see where each ends.
    fn encode_patch(&mut self, change: &Change<'_>, view: View<'_>, out: &mut Vec<u8>);

    /// Reads what [`encode_snapshot`](Self::encode_snapshot) wrote. On the client's side, as is `decode_patch`: a value
    /// that decodes is another one than that which encodes.
    ///
    /// # Errors
    ///
    /// If the bytes are something else. They come from outside: whatever they are, this must not panic, nor take memory
    /// out of proportion.
    fn decode_snapshot(&mut self, bytes: &[u8]) -> Result<Value, SerializerError>;

    /// Reads the changes of one sync.
    ///
    /// # Errors
    ///
    /// As of [`decode_snapshot`](Self::decode_snapshot).
    fn decode_patch(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, SerializerError>;
}

/// One change of the state, in a sync.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Change<'a> {
    /// What is done, to which path, with which value.
    pub patch: &'a Patch,
    /// The place that the path leads to: the node it lies in, and where.
    pub at: Spot<'a>,
    /// The node that is the value, if the value is one. What clients know already comes again where it moved.
    pub node: Option<RefId>,
}

/// Why a [`Serializer`] could not read a message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SerializerError {
    /// The bytes are wrong: what the serializer said about them.
    #[error("{0}")]
    Message(#[source] Box<dyn Error + Send + Sync>),
    /// There is none of its kind for a view.
    #[error("the serializer `{0}` serves no views: implement `Serializer::for_view`")]
    NoViews(String),
    /// What they say does not fit the state.
    #[error(transparent)]
    Patch(#[from] PatchError),
}

impl SerializerError {
    /// An error with this text or cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Message(cause.into())
    }
}

/// What a client holds that reads by a [`Serializer`].
pub struct Replica {
    serializer: Box<dyn Serializer>,
    state: Value,
}

impl Replica {
    /// A client that has nothing yet.
    pub fn new(serializer: Box<dyn Serializer>) -> Self {
        Self { serializer, state: Value::Undefined }
    }

    /// The state as it is now; `undefined` before the first snapshot.
    pub fn state(&self) -> &Value {
        &self.state
    }

    /// Takes a snapshot, in the place of all there was.
    ///
    /// # Errors
    ///
    /// If the serializer cannot read it; the state is then as it was.
    pub fn apply_snapshot(&mut self, bytes: &[u8]) -> Result<(), SerializerError> {
        self.state = self.serializer.decode_snapshot(bytes)?;
        Ok(())
    }

    /// Takes the changes of one sync.
    ///
    /// # Errors
    ///
    /// If the serializer cannot read them, or one fits nothing. In the second case those before it were applied.
    pub fn apply_patch(&mut self, bytes: &[u8]) -> Result<(), SerializerError> {
        for patch in self.serializer.decode_patch(bytes)? {
            patch.apply(&mut self.state)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica")
            .field("serializer", &self.serializer.id())
            .field("state", &self.state)
            .finish()
    }
}
