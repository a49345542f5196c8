//! A table of players who each see their own hand of cards and no other: what one sync sends, and what it costs.
//!
//! It is the workload by which SwiftStateTree's figures for private state were made. In each sync the round is
//! another, and some hands have a card changed; where the table is *hot*, every player's health changes too, which
//! everyone sees.

use tidewire_opcode::{
    Catalog, Channel, Config, Encoder, Encoding, Knowledge, OwnChannel, OwnPart, Profile, StateTree,
};
use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked, ViewId};

/// What is at the table.
#[derive(Schema, Default, Debug)]
#[schema(crate = "tidewire_state")]
pub struct Table {
    round: i64,
    players: MapSchema<Player>,
    #[schema(per_player)]
    hands: MapSchema<Hand>,
}

#[derive(Schema, Default, Debug)]
#[schema(crate = "tidewire_state")]
struct Player {
    name: String,
    #[schema(rename = "hpCurrent")]
    hp_current: i64,
    #[schema(rename = "hpMax")]
    hp_max: i64,
}

#[derive(Schema, Default, Debug)]
#[schema(crate = "tidewire_state")]
struct Hand {
    #[schema(rename = "ownerID")]
    owner: String,
    cards: ArraySchema<Card>,
}

#[derive(Schema, Default, Debug)]
#[schema(crate = "tidewire_state")]
struct Card {
    id: i64,
    suit: i64,
    rank: i64,
}

/// How large a table is, and how much of it changes.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many players there are.
    pub players: usize,
    /// How many cards each has.
    pub cards: usize,
    /// How many of a hundred hands change in a sync; at least one does.
    pub percent: usize,
    /// Whether all players' health changes as well.
    pub hot: bool,
}

/// A row of the figures that SwiftStateTree's authors published.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Of which table.
    pub size: Size,
    /// How many syncs were measured, after [`WARM_UP`] others.
    pub syncs: usize,
    /// Bytes of a sync, for all players together, in JSON objects.
    pub bytes: usize,
    /// What it took, one player after the other.
    pub milliseconds: f64,
}

/// Syncs before those that count.
pub const WARM_UP: usize = 5;

/// All published rows with these shares of hands, whose players are encoded one after the other.
pub fn published() -> impl Iterator<Item = Published> {
    SUITES.iter().flat_map(|&(percent, hot, cards, rows)| {
        let players = [4, 10, 20, 30, 50].into_iter();
        players.zip(rows).map(move |(players, (bytes, milliseconds))| {
            let size = Size { players, cards, percent, hot };
            Published { size, syncs: 100, bytes, milliseconds }
        })
    })
}

type Suite = (usize, bool, usize, [(usize, f64); 5]);

const SUITES: [Suite; 8] = [
    (5, false, 5, [(485, 0.0770), (917, 0.1573), (1638, 0.2898), (2358, 0.4147), (3996, 0.7052)]),
    (5, false, 10, [(620, 0.1032), (1052, 0.2113), (1773, 0.3909), (2493, 0.5445), (4267, 0.9210)]),
    // Only the times of several threads were published.
    (20, false, 5, [(485, 0.1371), (1113, 0.2304), (2230, 0.3640), (3348, 0.4859), (5581, 0.7503)]),
    (
        80,
        false,
        5,
        [(880, 0.1306), (2297, 0.2977), (4604, 0.6008), (6908, 0.9186), (11521, 1.4977)],
    ),
    (
        80,
        false,
        10,
        [(1284, 0.1697), (3378, 0.4402), (6763, 0.8820), (10149, 1.3348), (16922, 2.2166)],
    ),
    (
        5,
        true,
        5,
        [(1576, 0.1465), (7734, 0.5392), (29108, 1.4045), (64316, 2.7954), (176_434, 7.1252)],
    ),
    (
        20,
        true,
        10,
        [(1711, 0.2097), (8201, 0.4190), (30240, 0.8613), (66115, 1.3531), (179_369, 2.8208)],
    ),
    (
        80,
        true,
        10,
        [(2375, 0.2396), (10195, 0.7544), (34233, 1.9696), (72107, 3.6291), (189_359, 8.4436)],
    ),
];

/// A table at which everyone has sat down.
#[derive(Debug)]
pub struct Game {
    table: Tracked<Table>,
    tree: StateTree,
    /// The players' ids in the order of their text, and their views.
    players: Vec<(String, ViewId)>,
    size: Size,
    syncs: usize,
}

impl Game {
    /// A table before the first sync.
    pub fn new(size: Size) -> Self {
        let mut table = Tracked::new(Table::default());
        let tree = StateTree::new(&table);
        table.round = 1;
        let mut players = Vec::new();
        for at in 0..size.players {
            let id = format!("player_{at}");
            let player = Player { name: format!("Player {id}"), hp_current: 100, hp_max: 100 };
            table.players.insert(id.as_str(), player);
            let card = |at: i64| Card { id: at, suit: at % 4, rank: at % 13 };
            let cards = (0..size.cards as i64).map(card).collect();
            table.hands.insert(id.as_str(), Hand { owner: id.clone(), cards });
            let view = table.create_view(id.as_str());
            players.push((id, view));
        }
        players.sort();
        Self { table, tree, players, size, syncs: 0 }
    }

    /// What happens between two syncs.
    pub fn play(&mut self) {
        let Self { table, players, size, syncs, .. } = self;
        let (at, count) = (*syncs, players.len());
        *syncs += 1;
        table.round += 1;
        let step = at as i64;
        for offset in 0..(count * size.percent / 100).max(1) {
            let (id, _) = &players[(at * 7 + offset) % count];
            let Some(hand) = table.hands.get_mut(id) else { continue };
            let card = &mut hand.cards[(at + offset) % size.cards];
            card.suit = (card.suit + 1 + step % 3) % 4;
            card.rank = (card.rank + 1 + step % 7) % 13;
        }
        for offset in 0..if size.hot { count } else { 0 } {
            let (id, _) = &players[(at * 3 + offset) % count];
            let Some(player) = table.players.get_mut(id) else { continue };
            let way = if (at + offset).is_multiple_of(2) { 1 } else { -1 };
            let change = match player.hp_current {
                ..=0 => 1,
                hp if hp >= player.hp_max => -1,
                _ => way,
            };
            player.hp_current += change;
        }
    }
}

/// Syncs of a table for all its players.
pub trait Syncs {
    /// Sends what changed. Returns how many bytes all players together are sent.
    fn sync(&mut self, game: &mut Game) -> usize;

    /// Plays a table and sends what changed.
    fn tick(&mut self, game: &mut Game) -> usize {
        game.play();
        self.sync(game)
    }
}

/// As lands send it.
#[derive(Debug)]
pub struct Lands {
    channel: Channel,
    players: Vec<OwnChannel>,
    frames: Vec<Vec<u8>>,
}

impl Lands {
    /// The players of a game join.
    pub fn new(profile: Profile, game: &mut Game) -> Self {
        let mut channel = Channel::new(profile, Knowledge::Paths);
        game.table.sync(&mut game.tree);
        let first = channel.first_sync(&game.tree);
        let join = |(_, view): &(String, ViewId)| {
            let mut own = OwnChannel::new(&channel);
            let frame = own.first_sync(&game.tree, &game.table, Some(*view), &first);
            assert!(frame.is_some(), "everyone has a hand");
            own
        };
        let players = game.players.iter().map(join).collect();
        Self { channel, players, frames: Vec::new() }
    }
}

impl Syncs for Lands {
    fn sync(&mut self, game: &mut Game) -> usize {
        let Game { table, tree, players, .. } = game;
        table.sync(tree);
        self.frames.clear();
        self.channel.update(tree, &Catalog::default(), &[], &mut self.frames);
        let shared = self.frames.first().map_or(&[][..], Vec::as_slice);
        let mut bytes = 0;
        for (own, (_, view)) in self.players.iter_mut().zip(players) {
            match own.update(tree, table, Some(*view), shared) {
                Some(frame) if own.is_merged() => bytes += frame.len(),
                frame => bytes += shared.len() + frame.map_or(0, |frame| frame.len()),
            }
        }
        bytes
    }
}

/// Byte for byte as the original server writes it, in one frame for each player.
#[derive(Debug)]
pub struct Original {
    shared: Encoder,
    players: Vec<(OwnPart, Encoder)>,
}

impl Original {
    /// The players of a game join.
    pub fn new(encoding: Encoding, game: &mut Game) -> Self {
        let config: Config = encoding.original();
        game.table.sync(&mut game.tree);
        let join = |(_, view): &(String, ViewId)| {
            let mut part = OwnPart::new();
            game.tree.look_for(&mut part, &game.table, Some(*view));
            (part, Encoder::beside(config))
        };
        let players = game.players.iter().map(join).collect();
        Self { shared: Encoder::new(config), players }
    }
}

impl Syncs for Original {
    fn sync(&mut self, game: &mut Game) -> usize {
        let Game { table, tree, players, .. } = game;
        table.sync(tree);
        let shared = self.shared.encode(&tree.update());
        let mut bytes = 0;
        for ((part, encoder), (_, view)) in self.players.iter_mut().zip(players) {
            tree.look_for(part, table, Some(*view));
            let update = part.update(tree, |_, _| false);
            bytes += encoder.encode_onto(shared, &update).len();
        }
        bytes
    }
}

/// Bytes of a sync on average, for all players together.
pub fn bytes(syncs: usize, game: &mut Game, sent: &mut dyn Syncs) -> f64 {
    for _ in 0..WARM_UP {
        sent.tick(game);
    }
    let sum: usize = (0..syncs).map(|_| sent.tick(game)).sum();
    sum as f64 / syncs as f64
}
