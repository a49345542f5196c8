//! What a server knows of its lands before there is any room.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tidewire_opcode::{Encoding, Land, Tree, schema};

use super::LandConfig;

/// The kinds of land of a server, and the schema that tells of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lands {
    pub(crate) config: LandConfig,
    kinds: BTreeMap<String, Land>,
    schema: Bytes,
    schema_hash: Arc<str>,
}

impl Lands {
    /// Adds a kind, or replaces that of this name.
    ///
    /// # Panics
    /// When the schema cannot tell of all kinds: two types of one name differ, or a payload has an optional field.
    pub(crate) fn insert(&mut self, land: Land) {
        self.kinds.insert(land.land_type().to_owned(), land);
        let kinds: Vec<Land> = self.kinds.values().cloned().collect();
        let schema = match schema(&kinds) {
            Ok(schema) => schema,
            Err(error) => panic!("the lands have no common schema: {error}"),
        };
        let hash = schema.member("schemaHash").and_then(Tree::as_str).unwrap_or_default();
        self.schema_hash = hash.into();
        self.schema = schema.encode(Encoding::JsonObject).into();
    }

    /// Forgets a kind, whose name is that of another room now.
    pub(crate) fn remove(&mut self, name: &str) {
        self.kinds.remove(name);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// `schema.json`.
    pub(crate) fn schema(&self) -> Bytes {
        self.schema.clone()
    }

    pub(crate) fn schema_hash(&self) -> Arc<str> {
        Arc::clone(&self.schema_hash)
    }
}
