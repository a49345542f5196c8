//! What a client is spoken to in, and what it knows of the schema.

use crate::{
    encode::{Config, Encoding, PathForm},
    tree::Tree,
};

/// Which encodings a client is sent. The server chooses it, for all or for each client, and announces it
/// in the answer to the join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// JSON objects for everything.
    Json,
    /// Messages as JSON objects, the state as opcode arrays.
    JsonOpcode,
    /// Opcode arrays as JSON text.
    Opcode,
    /// Opcode arrays as MessagePack, events and the state in one frame.
    #[default]
    MessagePack,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::JsonOpcode, Self::Opcode, Self::MessagePack];

    /// The profile of this name. The names that servers announce are understood too.
    ///
    /// ```
    /// use tidewire_opcode::Profile;
    /// assert_eq!(Profile::named("jsonOpcode"), Some(Profile::JsonOpcode));
    /// assert_eq!(Profile::named("opcodeJsonArray"), Some(Profile::Opcode));
    /// assert_eq!(Profile::named("xml"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "opcodeJsonArray" => Some(Self::Opcode),
            name => Self::ALL.into_iter().find(|profile| profile.name() == name),
        }
    }

    /// Its name in addresses and configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonOpcode => "jsonOpcode",
            Self::Opcode => "opcode",
            Self::MessagePack => "messagepack",
        }
    }

    /// What the answer to a join announces: how the client is to send.
    pub const fn announced(self) -> &'static str {
        match self {
            Self::Json | Self::JsonOpcode => "json",
            Self::Opcode => "opcodeJsonArray",
            Self::MessagePack => "messagepack",
        }
    }

    /// How messages are written.
    pub const fn messages(self) -> Encoding {
        match self {
            Self::Json | Self::JsonOpcode => Encoding::JsonObject,
            Self::Opcode => Encoding::OpcodeJson,
            Self::MessagePack => Encoding::OpcodeMessagePack,
        }
    }

    /// How the state is written.
    pub const fn state(self) -> Encoding {
        match self {
            Self::Json => Encoding::JsonObject,
            Self::JsonOpcode | Self::Opcode => Encoding::OpcodeJson,
            Self::MessagePack => Encoding::OpcodeMessagePack,
        }
    }
}

/// What a client knows of the schema, as far as the server can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Knowledge {
    /// It has this very schema: numbers stand for events, and arrays for their payloads.
    Schema,
    /// It did not say. Hashes of paths are taken to be known, the numbers of events are not.
    Paths,
    /// It has another schema: everything is said by name.
    Nothing,
}

impl Knowledge {
    /// What a client knows whose join carries this metadata, where `hash` is that of the server's schema.
    ///
    /// ```
    /// use tidewire_opcode::{Knowledge, Tree};
    /// let metadata = Tree::object([("schemaHash", Tree::from("d62c6ff067ac1cdb"))]);
    /// assert_eq!(Knowledge::of(&metadata, "d62c6ff067ac1cdb"), Knowledge::Schema);
    /// assert_eq!(Knowledge::of(&metadata, "4875865f9c1987c3"), Knowledge::Nothing);
    /// assert_eq!(Knowledge::of(&Tree::Null, "4875865f9c1987c3"), Knowledge::Paths);
    /// ```
    pub fn of(metadata: &Tree, hash: &str) -> Self {
        match metadata.member("schemaHash").and_then(Tree::as_str) {
            None | Some("") => Self::Paths,
            Some(found) if found == hash => Self::Schema,
            Some(_) => Self::Nothing,
        }
    }

    /// How the state is written for such a client.
    pub fn config(self, profile: Profile) -> Config {
        let paths = match self {
            Self::Schema | Self::Paths => PathForm::Hashed,
            Self::Nothing => PathForm::Plain,
        };
        Config { paths, ..profile.state().shortest() }
    }
}
