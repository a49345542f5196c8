//! Functions of values of one's own that give something else, and fields that hold something else than they look.

use tidewire_state::{Schema, Viewer};

#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    number: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    #[schema(custom = Table::bare)]
    number: u8,
    #[schema(custom = |_: &Table, _| Some(1_u16))]
    other: Option<u8>,
    #[schema(custom = |_: &Table, _| None)]
    card: Card,
}

impl Table {
    fn bare(&self, _: &Viewer<'_>) -> u8 {
        self.number
    }
}

fn main() {}
