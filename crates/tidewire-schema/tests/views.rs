//! What a client with a view holds is what its view shows, and no byte of anything else reaches it.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{
    ArraySchema, Handle, Instance, MapSchema, Pool, RefId, Schema, SetSchema, Tag, Tracked, ViewId,
};

const RED: Tag = Tag(1);
const BLUE: Tag = Tag(2);

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    text: String,
    #[schema(view(RED.0))]
    hint: String,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Cell {
    name: String,
    #[schema(view)]
    code: String,
    #[schema(view(RED.0))]
    red: String,
    #[schema(view(BLUE.0))]
    blue: Option<String>,
    leaves: MapSchema<Leaf>,
    #[schema(view)]
    pouch: Option<Instance<Leaf>>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct World {
    title: String,
    #[schema(view)]
    motto: String,
    cells: MapSchema<Cell>,
    #[schema(view)]
    caves: MapSchema<Cell>,
    #[schema(view)]
    row: ArraySchema<Leaf>,
    #[schema(view(RED.0))]
    vault: Option<Instance<Leaf>>,
    #[schema(view)]
    words: ArraySchema<String>,
    #[schema(view)]
    tags: SetSchema<String>,
    #[schema(view(BLUE.0))]
    prices: MapSchema<u32>,
}

/// Texts that occur once.
#[derive(Default)]
struct Tokens(u32);

impl Tokens {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("~{:04x}~", self.0)
    }

    fn leaf(&mut self) -> Leaf {
        Leaf { text: self.next(), hint: self.next() }
    }

    fn cell(&mut self, n: u8) -> Cell {
        Cell {
            name: self.next(),
            code: self.next(),
            red: self.next(),
            blue: n.is_multiple_of(2).then(|| self.next()),
            leaves: (0..n % 3).map(|at| (format!("~l{at}~"), self.leaf())).collect(),
            pouch: (n % 2 == 1).then(|| Instance::new(self.leaf())),
        }
    }
}

fn edit(world: &mut World, tokens: &mut Tokens, what: u8, n: u8) {
    let key = format!("~k{}~", n % 3);
    let len = world.row.len();
    let at = usize::from(n);
    let cells = if n.is_multiple_of(2) { &mut world.cells } else { &mut world.caves };
    match what {
        0 => world.title = tokens.next(),
        1 => world.motto = tokens.next(),
        2 | 3 => drop(cells.insert(key, tokens.cell(n))),
        4 => drop(cells.remove(&key)),
        5 => {
            if let Some(cell) = cells.get_mut(&key) {
                cell.name = tokens.next();
                cell.red = tokens.next();
            }
        }
        6 => {
            if let Some(cell) = cells.get_mut(&key) {
                cell.code = tokens.next();
                cell.blue = (n % 4 < 2).then(|| tokens.next());
            }
        }
        7 => {
            if let Some(cell) = cells.get_mut(&key) {
                cell.leaves.insert(format!("~l{}~", n % 4), tokens.leaf());
            }
        }
        8 => {
            if let Some(cell) = cells.get_mut(&key) {
                cell.leaves.remove(&format!("~l{}~", n % 4));
                cell.pouch = (!n.is_multiple_of(3)).then(|| Instance::new(tokens.leaf()));
            }
        }
        9 => {
            if let Some(pouch) = cells.get_mut(&key).and_then(|cell| cell.pouch.as_mut()) {
                pouch.hint = tokens.next();
            }
        }
        10 => world.row.insert(at % (len + 1), tokens.leaf()),
        11 if len > 0 => drop(world.row.remove(at % len)),
        12 if len > 0 => world.row[at % len].text = tokens.next(),
        13 if len > 1 => world.row.swap(at % len, 0),
        14 => world.row.reverse(),
        15 => world.vault = (!n.is_multiple_of(3)).then(|| Instance::new(tokens.leaf())),
        16 => world.words.push(tokens.next()),
        17 if !world.words.is_empty() => drop(world.words.remove(at % world.words.len())),
        18 => drop(world.tags.insert(tokens.next())),
        19 => {
            let first = world.tags.iter().next().cloned();
            if let Some(first) = first {
                world.tags.remove(&first);
            }
        }
        20 => drop(world.prices.insert(key, u32::from(n))),
        21 => drop(world.prices.remove(&key)),
        _ => {}
    }
}

type Path = Vec<String>;

fn below(path: &[String], step: &str) -> Path {
    path.iter().cloned().chain([step.to_owned()]).collect()
}

fn cell_paths(path: &Path, cell: &Cell, out: &mut Vec<Path>) {
    let leaves = below(path, "leaves");
    out.extend(cell.leaves.keys().map(|key| below(&leaves, key)));
    out.extend([path.clone(), leaves]);
    out.extend(cell.pouch.iter().map(|_| below(path, "pouch")));
}

/// Where instances and collections are.
fn paths(world: &World) -> Vec<Path> {
    let root: Path = Vec::new();
    let mut out = vec![root.clone()];
    for (name, cells) in [("cells", &world.cells), ("caves", &world.caves)] {
        let path = below(&root, name);
        for (key, cell) in cells {
            cell_paths(&below(&path, key), cell, &mut out);
        }
        out.push(path);
    }
    let row = below(&root, "row");
    out.extend((0..world.row.len()).map(|at| below(&row, &at.to_string())));
    out.push(row);
    out.extend(world.vault.iter().map(|_| below(&root, "vault")));
    out.extend(["words", "tags", "prices"].map(|name| below(&root, name)));
    out
}

/// What somebody's view holds, as docs/VIEWS.md says, and not as the state does: without a tag, and with
/// which bits.
#[derive(Clone, Debug, Default)]
struct Holds(HashMap<RefId, (bool, i32)>);

impl Holds {
    /// What is at a path and all that is below it, but for fields of tags that `takes` refuses.
    fn below(world: &mut Tracked<World>, path: &Path, takes: impl Fn(Tag) -> bool) -> Vec<RefId> {
        let tag_of = |name: &str| match name {
            "vault" => RED,
            "prices" => BLUE,
            _ => Tag::DEFAULT,
        };
        let is_open = |other: &Path| {
            other.starts_with(path) && other[path.len()..].iter().all(|name| takes(tag_of(name)))
        };
        let inside: Vec<Path> = paths(world).into_iter().filter(is_open).collect();
        inside.iter().map(|path| world.node(path).unwrap()).collect()
    }

    fn add(&mut self, world: &mut Tracked<World>, path: &Path, tag: Tag) {
        let takes = |of: Tag| of == Tag::DEFAULT || tag != Tag::DEFAULT && of.0 & tag.0 != 0;
        for id in Self::below(world, path, takes) {
            let (untagged, bits) = self.0.entry(id).or_default();
            if tag == Tag::DEFAULT {
                *untagged = true;
            } else {
                *bits |= tag.0;
            }
        }
    }

    fn remove(&mut self, world: &mut Tracked<World>, path: &Path, tag: Tag) {
        for id in Self::below(world, path, |_| true) {
            let Some((untagged, bits)) = self.0.get_mut(&id) else { continue };
            *bits &= !tag.0;
            if tag == Tag::DEFAULT || !*untagged && *bits == 0 {
                self.0.remove(&id);
            }
        }
    }
}

/// What a view shows, by the rule alone.
struct Sight<'a> {
    holds: &'a Holds,
    ids: &'a HashMap<Path, RefId>,
}

impl Sight<'_> {
    /// Whether a node under a hidden field is there: it is in view, or something below it is.
    fn shows(&self, path: &Path) -> bool {
        let mut inside = self.ids.iter().filter(|(other, _)| other.starts_with(path));
        inside.any(|(_, id)| self.holds.0.contains_key(id))
    }

    fn has(&self, path: &Path) -> bool {
        self.holds.0.contains_key(&self.ids[path])
    }

    fn shows_tag(&self, path: &Path, tag: Tag) -> bool {
        let held = self.holds.0.get(&self.ids[path]);
        held.is_some_and(|(_, bits)| tag == Tag::DEFAULT || bits & tag.0 != 0)
    }

    fn text(&self, path: &Path, tag: Tag, text: &str) -> String {
        if self.shows_tag(path, tag) { text.to_owned() } else { String::new() }
    }

    /// `hidden` says whether it is below a hidden field.
    fn leaf(&self, path: &Path, leaf: &Leaf, hidden: bool) -> Leaf {
        let text = if !hidden || self.has(path) { leaf.text.clone() } else { String::new() };
        Leaf { text, hint: self.text(path, RED, &leaf.hint) }
    }

    fn cell(&self, path: &Path, cell: &Cell, hidden: bool) -> Cell {
        let leaves = below(path, "leaves");
        let is_there = |path: &Path| !hidden || self.shows(path);
        let entries = cell.leaves.iter().map(|(key, leaf)| (key, below(&leaves, key), leaf));
        let pouch = below(path, "pouch");
        let shows_blue = self.shows_tag(path, BLUE);
        Cell {
            name: if !hidden || self.has(path) { cell.name.clone() } else { String::new() },
            code: self.text(path, Tag::DEFAULT, &cell.code),
            red: self.text(path, RED, &cell.red),
            blue: cell.blue.clone().filter(|_| shows_blue),
            leaves: entries
                .filter(|(_, path, _)| is_there(path))
                .map(|(key, path, leaf)| (key.to_owned(), self.leaf(&path, leaf, hidden)))
                .collect(),
            pouch: cell
                .pouch
                .as_ref()
                .filter(|_| self.shows(&pouch))
                .map(|leaf| Instance::new(self.leaf(&pouch, leaf, true))),
        }
    }

    fn world(&self, world: &World) -> World {
        let root: Path = Vec::new();
        let [caves, row, vault] = ["caves", "row", "vault"].map(|name| below(&root, name));
        let cells = below(&root, "cells");
        let leaves =
            world.row.iter().enumerate().map(|(at, leaf)| (below(&row, &at.to_string()), leaf));
        World {
            title: world.title.clone(),
            motto: self.text(&root, Tag::DEFAULT, &world.motto),
            cells: world
                .cells
                .iter()
                .map(|(key, cell)| (key.to_owned(), self.cell(&below(&cells, key), cell, false)))
                .collect(),
            caves: world
                .caves
                .iter()
                .map(|(key, cell)| (key, below(&caves, key), cell))
                .filter(|(_, path, _)| self.shows(path))
                .map(|(key, path, cell)| (key.to_owned(), self.cell(&path, cell, true)))
                .collect(),
            row: leaves
                .filter(|(path, _)| self.shows(path))
                .map(|(path, leaf)| self.leaf(&path, leaf, true))
                .collect(),
            vault: world
                .vault
                .as_ref()
                .filter(|_| self.shows(&vault))
                .map(|leaf| Instance::new(self.leaf(&vault, leaf, true))),
            words: self.all(&below(&root, "words"), &world.words),
            tags: self.all(&below(&root, "tags"), &world.tags),
            prices: self.all(&below(&root, "prices"), &world.prices),
        }
    }

    fn all<C: Clone + Default>(&self, path: &Path, values: &C) -> C {
        if self.has(path) { values.clone() } else { C::default() }
    }
}

/// The tokens in bytes or in the text of a state.
fn tokens(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'~') {
        for len in [4, 6] {
            let token = bytes.get(at..at + len).unwrap_or_default();
            let is_one = token.len() == len
                && token.ends_with(b"~")
                && token[1..len - 1].iter().all(u8::is_ascii_alphanumeric);
            if is_one {
                found.insert(token.to_vec());
            }
        }
    }
    found
}

struct Client {
    view: ViewId,
    holds: Holds,
    decoder: Decoder<World>,
}

impl Client {
    fn new(world: &mut Tracked<World>, name: &str) -> Self {
        let view = world.create_view(name);
        Self { view, holds: Holds::default(), decoder: Decoder::new() }
    }

    /// Holds what its view shows after a message, in which nothing else is.
    fn check(&self, bytes: &[u8], expected: &World) {
        assert_eq!(self.decoder.state(), expected);
        let seen = tokens(format!("{expected:?}").as_bytes());
        let leaked: Vec<_> = tokens(bytes).difference(&seen).cloned().collect();
        assert!(leaked.is_empty(), "{:?}", String::from_utf8_lossy(&leaked.concat()));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Edit(u8, u8),
    Add {
        client: usize,
        at: usize,
        tag: u8,
    },
    Remove {
        client: usize,
        at: usize,
        tag: u8,
    },
    Clear(usize),
    /// The client comes again, with a snapshot.
    Rejoin(usize),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0_usize..3;
    prop_oneof![
        8 => (0_u8..22, 0_u8..12).prop_map(|(what, n)| Step::Edit(what, n)),
        4 => (client.clone(), 0_usize..100, 0_u8..4)
            .prop_map(|(client, at, tag)| Step::Add { client, at, tag }),
        2 => (client.clone(), 0_usize..100, 0_u8..4)
            .prop_map(|(client, at, tag)| Step::Remove { client, at, tag }),
        1 => client.clone().prop_map(Step::Clear),
        1 => client.prop_map(Step::Rejoin),
        5 => Just(Step::Tick),
    ]
}

fn tag(n: u8) -> Tag {
    [Tag::DEFAULT, RED, BLUE, Tag(RED.0 | BLUE.0)][usize::from(n)]
}

fn ids(world: &mut Tracked<World>) -> HashMap<Path, RefId> {
    let paths = paths(world);
    paths.into_iter().map(|path| (path.clone(), world.node(&path).unwrap())).collect()
}

fn expected(world: &World, ids: &HashMap<Path, RefId>, holds: &Holds) -> World {
    Sight { holds, ids }.world(world)
}

fn run(steps: Vec<Step>) {
    let mut world = Tracked::new(World::default());
    let mut names = Tokens::default();
    for (what, n) in [(2, 0), (3, 1), (10, 0), (15, 1), (16, 0), (18, 0), (20, 2)] {
        edit(&mut world, &mut names, what, n);
    }
    let mut encoder = Encoder::new(&world);
    encoder.patch(&mut world);
    let mut clients: Vec<Client> =
        ["ada", "bob", "cleo"].map(|name| Client::new(&mut world, name)).into();
    let joined = ids(&mut world);
    for client in &mut clients {
        let snapshot = encoder.snapshot_for(&world, client.view).to_vec();
        client.decoder.apply(&snapshot).unwrap();
        client.check(&snapshot, &expected(&world, &joined, &client.holds));
    }
    let mut rejoining = BTreeSet::new();
    for step in steps.into_iter().chain([Step::Tick]) {
        match step {
            Step::Edit(what, n) => edit(&mut world, &mut names, what, n),
            Step::Add { client, at, tag: n } => {
                let paths = paths(&world);
                let path = &paths[at % paths.len()];
                clients[client].holds.add(&mut world, path, tag(n));
                world.view_add(clients[client].view, path, tag(n)).unwrap();
            }
            Step::Remove { client, at, tag: n } => {
                let paths = paths(&world);
                let path = &paths[at % paths.len()];
                clients[client].holds.remove(&mut world, path, tag(n));
                world.view_remove(clients[client].view, path, tag(n)).unwrap();
            }
            Step::Clear(client) => {
                clients[client].holds = Holds::default();
                world.view_clear(clients[client].view);
            }
            Step::Rejoin(client) => drop(rejoining.insert(client)),
            Step::Tick => {
                encoder.patch(&mut world);
                let ids = ids(&mut world);
                for (at, client) in clients.iter_mut().enumerate() {
                    // What left the state is in no view.
                    client.holds.0.retain(|id, _| ids.values().any(|other| other == id));
                    let expected = expected(&world, &ids, &client.holds);
                    let message = if rejoining.remove(&at) {
                        let snapshot = encoder.snapshot_for(&world, client.view).to_vec();
                        client.decoder.resync(&snapshot).unwrap();
                        snapshot
                    } else {
                        let patch = encoder.patch_for(&world, client.view).to_vec();
                        client.decoder.apply(&patch).unwrap();
                        patch
                    };
                    client.check(&message, &expected);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_client_holds_what_its_view_shows(steps in prop::collection::vec(step(), 0..60)) {
        run(steps);
    }
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    face: String,
    #[schema(view(RED.0))]
    mark: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state", rename = "Game")]
struct Game {
    #[schema(pool)]
    cards: Pool<Card>,
    #[schema(view)]
    deck: ArraySchema<Handle<Card>>,
    #[schema(view)]
    hands: MapSchema<Handle<Card>>,
    #[schema(view)]
    won: SetSchema<Handle<Card>>,
}

/// The same on a client.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state", rename = "Game")]
struct Seen {
    deck: ArraySchema<Card>,
    hands: MapSchema<Card>,
    won: ArraySchema<Card>,
}

/// The cards that a view shows, which all lie below hidden fields.
fn cards_seen(game: &mut Tracked<Game>, view: ViewId) -> Seen {
    let ids = |game: &mut Tracked<Game>, field: &str, steps: Vec<String>| -> Vec<RefId> {
        steps.iter().map(|step| game.node(&[field, step]).unwrap()).collect()
    };
    let numbers = |len: usize| (0..len).map(|at| at.to_string()).collect::<Vec<_>>();
    let deck = ids(game, "deck", numbers(game.deck.len()));
    let hands = ids(game, "hands", game.hands.keys().map(str::to_owned).collect());
    let won = ids(game, "won", numbers(game.won.len()));
    let view = game.view(view).unwrap();
    let card = |id: &RefId, handle: &Handle<Card>| -> Option<Card> {
        let card = game.cards.get(*handle).unwrap();
        let face = if view.has(*id) { card.face.clone() } else { String::new() };
        let mark = if view.shows_tag(*id, RED) { card.mark.clone() } else { String::new() };
        view.shows(*id).then_some(Card { face, mark })
    };
    let list = |ids: &[RefId], handles: Vec<Handle<Card>>| {
        std::iter::zip(ids, &handles).filter_map(|(id, handle)| card(id, handle)).collect()
    };
    let keys = std::iter::zip(&hands, game.hands.iter());
    Seen {
        deck: list(&deck, game.deck.iter().copied().collect()),
        hands: keys
            .filter_map(|(id, (key, handle))| Some((key.to_owned(), card(id, handle)?)))
            .collect(),
        won: list(&won, game.won.iter().copied().collect()),
    }
}

fn sorted(mut seen: Seen) -> Seen {
    // One who gains entries of a set one by one has them in that order.
    seen.won.sort_by(|a, b| (&a.face, &a.mark).cmp(&(&b.face, &b.mark)));
    seen
}

proptest! {
    #[test]
    fn cards_move_between_hidden_places(
        ticks in prop::collection::vec(
            (
                prop::collection::vec((0_u8..6, 0_u8..3, 0_u8..6), 0..5),
                prop::collection::vec((0_usize..2, 0_u8..6, 0_u8..3, any::<bool>()), 0..4),
            ),
            1..20,
        ),
    ) {
        let mut game = Tracked::new(Game::default());
        let mut names = Tokens::default();
        let cards: Vec<_> = (0..6)
            .map(|_| game.cards.insert(Card { face: names.next(), mark: names.next() }))
            .collect();
        let mut encoder = Encoder::new(&game);
        let handshake = encoder.handshake(Profile::V5);
        encoder.patch(&mut game);
        let mut clients: Vec<(ViewId, Decoder<Seen>)> = Vec::new();
        for name in ["ada", "bob"] {
            let view = game.create_view(name);
            let mut decoder = Decoder::<Seen>::new();
            decoder.check_handshake(&handshake).unwrap();
            decoder.apply(encoder.snapshot_for(&game, view)).unwrap();
            clients.push((view, decoder));
        }
        for (moves, shown) in ticks {
            for (card, place, n) in moves {
                let card = cards[usize::from(card)];
                game.deck.retain(|other| *other != card);
                game.hands.retain(|_, other| *other != card);
                game.won.remove(&card);
                match place {
                    0 => {
                        let at = usize::from(n) % (game.deck.len() + 1);
                        game.deck.insert(at, card);
                    }
                    1 => drop(game.hands.insert(["a", "b", "c"][usize::from(n) % 3], card)),
                    _ => drop(game.won.insert(card)),
                }
                if n == 1 {
                    game.cards.get_mut(card).unwrap().mark = names.next();
                }
            }
            for (client, n, tag, adds) in shown {
                let view = clients[client].0;
                let mut paths: Vec<[String; 2]> = Vec::new();
                let mut list = |field: &str, steps: Vec<String>| {
                    paths.extend(steps.into_iter().map(|step| [field.to_owned(), step]));
                };
                list("deck", (0..game.deck.len()).map(|at| at.to_string()).collect());
                list("hands", game.hands.keys().map(str::to_owned).collect());
                list("won", (0..game.won.len()).map(|at| at.to_string()).collect());
                let Some(path) = paths.get(usize::from(n)) else { continue };
                let tag = self::tag(tag);
                if adds {
                    game.view_add(view, path, tag).unwrap();
                } else {
                    game.view_remove(view, path, tag).unwrap();
                }
            }
            encoder.patch(&mut game);
            for (view, decoder) in &mut clients {
                let patch = encoder.patch_for(&game, *view).to_vec();
                decoder.apply(&patch).unwrap();
                let expected = cards_seen(&mut game, *view);
                let seen = tokens(format!("{expected:?}").as_bytes());
                let leaked: Vec<_> = tokens(&patch).difference(&seen).cloned().collect();
                prop_assert!(leaked.is_empty(), "{leaked:?}");
                prop_assert_eq!(sorted(decoder.state().clone()), sorted(expected));
            }
        }
    }
}
