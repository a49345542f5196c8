//! A state with filters in every place, and random changes of it.
//!
//! Who sees what is said by masks in the state, a bit for each name, so that a change of a number
//! changes what many see. Every text is a token that is used once: one that a client may not see must
//! be in no byte that it is sent.

mod edit;
mod model;
mod paths;
mod run;

use tidewire_state::{ArraySchema, Handle, Instance, MapSchema, Pool, Schema, SetSchema, Viewer};

pub use self::run::{Judges, run};

/// Whose views there are.
const NAMES: [&str; 3] = ["ada", "bob", "cyd"];

/// Whether a mask names a viewer.
fn lets(mask: u8, name: &str) -> bool {
    NAMES.iter().position(|other| *other == name).is_some_and(|at| mask >> at & 1 == 1)
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    #[schema(pool)]
    pool: Pool<Card>,
    /// No walk sees it: a change of it is followed by `refilter`.
    #[schema(skip)]
    night: u8,
    mask: u8,
    #[schema(filter = Table::sees_secret)]
    secret: String,
    #[schema(filter = |table: &Table, viewer| lets(table.boss.mask, viewer.name()))]
    boss: Card,
    #[schema(filter(Table::sees_bonus))]
    bonus: Option<Instance<Card>>,
    #[schema(filter = Table::sees_book)]
    book: MapSchema<Card>,
    #[schema(filter = Table::sees_secret)]
    log: ArraySchema<String>,
    #[schema(filter = Table::sees_book)]
    marks: SetSchema<String>,
    #[schema(filter = Table::sees_shared)]
    shared: Option<Handle<Card>>,
    open: Option<Handle<Card>>,
    #[schema(filter_children = Table::sees_hand)]
    hands: MapSchema<Card>,
    #[schema(filter_children = Table::sees_in_deck)]
    deck: ArraySchema<Card>,
    #[schema(filter_children(Table::sees_won))]
    won: SetSchema<Handle<Card>>,
    #[schema(filter_children = Table::sees_in_pile)]
    pile: ArraySchema<Handle<Card>>,
    #[schema(filter_children = |table: &Table, viewer, key, _| table.sees_note(viewer, key))]
    notes: MapSchema<String>,
    #[schema(per_player)]
    own: MapSchema<Player>,
    #[schema(per_player)]
    hints: MapSchema<String>,
    #[schema(per_player)]
    favourites: MapSchema<Handle<Card>>,
    #[schema(view)]
    chest: MapSchema<Card>,
    #[schema(view)]
    code: String,
    /// Each is told it with its own name and a count.
    #[schema(custom = Table::rumour_for)]
    rumour: String,
    /// Only the last digits are for some.
    #[schema(custom(Table::odds_for), number)]
    odds: Option<u16>,
    players: MapSchema<Player>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    mask: u8,
    /// A walk does not compare it, but a player who is handed out is asked about anyway.
    #[schema(skip)]
    eyes: u8,
    name: String,
    #[schema(filter = Player::sees_purse)]
    purse: Option<String>,
    #[schema(filter_children = Player::sees_card)]
    cards: ArraySchema<Card>,
    #[schema(per_player)]
    whispers: MapSchema<String>,
    #[schema(view)]
    plan: String,
    #[schema(custom = Player::mood_for)]
    mood: Option<String>,
    best: Option<Handle<Card>>,
    #[schema(filter = |player: &Player, viewer| lets(player.mask, viewer.name()))]
    ally: Option<Box<Player>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    mask: u8,
    face: String,
    #[schema(filter = |card: &Card, viewer| lets(card.mask, viewer.name()))]
    number: String,
    #[schema(view)]
    mark: String,
    #[schema(filter = |card: &Card, viewer| lets(card.mask >> 3, viewer.name()))]
    gem: Option<Instance<Gem>>,
    coin: Option<Gem>,
    #[schema(view)]
    curse: Option<Instance<Gem>>,
    #[schema(filter = |card: &Card, viewer| lets(!card.mask, viewer.name()))]
    next: Option<Handle<Card>>,
    pair: Option<Handle<Card>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Gem {
    mask: u8,
    value: String,
    #[schema(filter = |gem: &Gem, viewer| lets(gem.mask, viewer.name()))]
    rune: String,
    #[schema(filter = Gem::sees_aura)]
    aura: String,
    #[schema(custom = Gem::gleam_for)]
    gleam: String,
}

/// A token that is one viewer's alone.
fn own_token(token: &str, name: &str) -> String {
    if token.is_empty() {
        return String::new();
    }
    let at = NAMES.iter().position(|other| *other == name).unwrap_or(NAMES.len());
    // As long as a token, and another one: of what is in the field itself no client is told.
    format!("zq{at}{}", token.chars().rev().take(9).collect::<String>())
}

impl Table {
    fn rumour_for(&self, viewer: &Viewer<'_>) -> Option<String> {
        lets(self.mask | self.night, viewer.name()).then(|| own_token(&self.rumour, viewer.name()))
    }

    fn odds_for(&self, viewer: &Viewer<'_>) -> Option<u16> {
        let odds = self.odds? ^ u16::from(self.boss.mask);
        Some(odds).filter(|odds| !(viewer.name() == "bob" && odds.is_multiple_of(2)))
    }

    fn sees_secret(&self, viewer: &Viewer<'_>) -> bool {
        lets(self.mask, viewer.name())
    }

    fn sees_bonus(&self, viewer: &Viewer<'_>) -> bool {
        self.bonus.as_ref().is_some_and(|bonus| lets(bonus.mask, viewer.name()))
    }

    fn sees_book(&self, viewer: &Viewer<'_>) -> bool {
        lets(self.mask >> 3, viewer.name())
    }

    fn card_lets(&self, card: Handle<Card>, name: &str) -> bool {
        self.pool.get(card).is_some_and(|card| lets(card.mask, name))
    }

    fn sees_shared(&self, viewer: &Viewer<'_>) -> bool {
        self.shared.is_some_and(|card| self.card_lets(card, viewer.name()))
    }

    fn sees_hand(&self, viewer: &Viewer<'_>, key: &str, card: &Card) -> bool {
        lets(card.mask, viewer.name()) && key != "k3" || lets(self.mask >> 5, viewer.name())
    }

    fn sees_in_deck(&self, viewer: &Viewer<'_>, index: usize, card: &Card) -> bool {
        lets(card.mask, viewer.name()) || index == 0 && lets(self.mask, viewer.name())
    }

    fn sees_won(&self, viewer: &Viewer<'_>, _: usize, card: &Handle<Card>) -> bool {
        viewer.root::<Self>().is_some_and(|root| root.card_lets(*card, viewer.session_id()))
    }

    fn sees_in_pile(&self, viewer: &Viewer<'_>, index: usize, _: &Handle<Card>) -> bool {
        lets(if index.is_multiple_of(2) { self.mask } else { self.mask >> 3 }, viewer.name())
    }

    fn sees_note(&self, viewer: &Viewer<'_>, key: &str) -> bool {
        lets(self.mask, viewer.name()) != (key == "k1")
    }
}

impl Player {
    fn sees_purse(&self, viewer: &Viewer<'_>) -> bool {
        lets(self.mask | self.eyes, viewer.name())
    }

    fn mood_for(&self, viewer: &Viewer<'_>) -> Option<String> {
        let mood = self.mood.as_ref()?;
        lets(self.eyes, viewer.name()).then(|| own_token(mood, viewer.session_id()))
    }

    fn sees_card(&self, viewer: &Viewer<'_>, _: usize, card: &Card) -> bool {
        lets(self.eyes, viewer.name()) || lets(card.mask, viewer.name())
    }
}

impl Gem {
    fn sees_aura(&self, viewer: &Viewer<'_>) -> bool {
        viewer.root::<Table>().is_some_and(|table| lets(table.night, viewer.name()))
    }

    fn gleam_for(&self, viewer: &Viewer<'_>) -> Option<String> {
        let night = viewer.root::<Table>().map_or(0, |table| table.night);
        lets(self.mask ^ night, viewer.name()).then(|| own_token(&self.gleam, viewer.name()))
    }
}
