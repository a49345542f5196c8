//! A small state whose nodes have known numbers.

use serde::Serialize;
use tidewire_state::{ArraySchema, Instance, MapSchema, Schema};

use super::card::Card;

/// Its nodes after the first sync: top 1, boss 2, cards 3 with ada 7 and bob 8, deck 4 with 9, 10
/// and 11, scores 5, log 6.
#[derive(Schema, Debug, Default, Serialize)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Table {
    pub(crate) turn: u32,
    pub(crate) top: Card,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) boss: Option<Instance<Card>>,
    pub(crate) cards: MapSchema<Card>,
    pub(crate) deck: ArraySchema<Card>,
    pub(crate) scores: MapSchema<u16>,
    pub(crate) log: ArraySchema<String>,
}

pub(crate) fn card(suit: u8) -> Card {
    Card { suit, text: String::new() }
}

pub(crate) fn table() -> Table {
    Table {
        boss: Some(card(9).into()),
        cards: [("ada", card(1)), ("bob", card(2))].into(),
        deck: [card(3), card(4), card(5)].into(),
        scores: [("ada", 1), ("bob", 2)].into(),
        log: ["a", "b", "c"].map(str::to_owned).into(),
        ..Table::default()
    }
}
