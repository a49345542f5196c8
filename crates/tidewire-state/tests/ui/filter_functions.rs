//! Filters whose functions, or whose fields, are of other types than they look.

use tidewire_state::{ArraySchema, MapSchema, Schema, Viewer};

type Cards = ArraySchema<Card>;

#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    number: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    #[schema(filter = Table::without_viewer)]
    number: u8,
    #[schema(filter_children = Table::by_index)]
    hands: MapSchema<Card>,
    #[schema(filter_children = |_: &Table, _, _, _| true)]
    first: Card,
    #[schema(per_player)]
    cards: Cards,
}

impl Table {
    fn without_viewer(&self) -> bool {
        true
    }

    fn by_index(&self, _: &Viewer<'_>, index: usize, _: &Card) -> bool {
        index == 0
    }
}

fn main() {}
