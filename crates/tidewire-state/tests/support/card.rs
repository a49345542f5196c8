//! A small struct for states to hold.

use serde::{Deserialize, Serialize};
use tidewire_state::Schema;

/// A number and a text.
#[derive(Schema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Card {
    pub(crate) suit: u8,
    pub(crate) text: String,
}
