//! The state-tree encodings of Tidewire: what SwiftStateTree clients read.
//!
//! [`StateTree`] follows a state and says what each tick changed, place by place. An [`Encoder`]
//! turns that into a frame: JSON objects, or opcode arrays as JSON or MessagePack, with paths as
//! text or as hashes of their patterns. [`Message`] is what is said beside the state, [`merged`]
//! the frame of both. [`View`] is the other side. [`schema`] tells clients of the types.
//!
//! ```
//! use tidewire_opcode::{Encoder, Encoding, StateTree, View};
//! use tidewire_state::{MapSchema, Schema, Tracked};
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Player {
//!     health: u16,
//! }
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Arena {
//!     players: MapSchema<Player>,
//! }
//!
//! let mut arena = Tracked::new(Arena::default());
//! let mut tree = StateTree::new(&arena);
//! arena.players.insert("ada", Player { health: 100 });
//! arena.sync(&mut tree);
//!
//! let encoding = Encoding::OpcodeMessagePack;
//! let mut ada = View::with_paths(tree.paths());
//! ada.receive(Encoder::new(encoding.shortest()).encode(&tree.first_sync()), encoding)?;
//!
//! let mut encoder = Encoder::new(encoding.shortest());
//! arena.players.get_mut("ada").unwrap().health = 90;
//! arena.sync(&mut tree);
//! ada.receive(encoder.encode(&tree.update()), encoding)?;
//! assert_eq!(ada.root(), tree.root());
//! # Ok::<(), tidewire_opcode::DecodeError>(())
//! ```

mod changes;
mod decode;
mod encode;
mod format;
mod hash;
mod land;
mod message;
mod own;
mod paths;
mod payload;
mod schema;
mod slots;
mod state;
mod tree;
mod update;
mod view;

pub use crate::{
    decode::{DecodeError, MAX_DEPTH, read, read_json, read_message_pack},
    encode::{Config, Encoder, Encoding, PathForm, Style},
    hash::{Fnv1a, path_hash},
    land::{
        Accepted, Catalog, Channel, Fault, FaultCode, Identity, Inbound, JoinRequest, Knowledge,
        LandSession, OwnChannel, Profile, SessionConfig, guest_id, player_slot,
    },
    message::{Direction, Event, EventName, Join, JoinResponse, Message, merged},
    own::OwnPart,
    paths::PathTable,
    payload::{Payload, PayloadError, PayloadField, PayloadItem},
    schema::{Land, SchemaError, schema, schema_hash, schema_json, types_of},
    slots::{SlotTable, Token},
    state::{RefusedKey, StateTree},
    tree::{Members, Tree},
    update::{Operation, Patch, Path, Segment, Update, UpdateKind, is_addressable},
    view::{Received, View},
};

/// Makes a struct a [`trait@Payload`].
pub use tidewire_derive::Payload;

/// What derived code calls. Not for anyone else: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use tidewire_state::{ElementKind, FieldKind, TypesBuilder};

    pub use crate::{
        payload::{Payload, PayloadError, PayloadField, PayloadItem, Values, field, field_of},
        tree::Tree,
    };
}
