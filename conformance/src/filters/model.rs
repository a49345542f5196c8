//! Who sees what, by the rule of docs/VIEWS.md, found out from the structs alone.
//!
//! The state is written down as a graph, with what the filters say of each place for one name. What
//! the view itself holds is asked of the view.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};
use tidewire_state::{Handle, RefId, StateView};

use super::{Card, Gem, Player, Table, lets, own_token};

/// What lets somebody through to a place who sees its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    View,
    Filter(bool),
}

#[derive(Clone, Debug)]
enum What {
    Value(Json),
    Node(usize),
}

#[derive(Debug)]
struct Place {
    name: String,
    gate: Gate,
    what: What,
}

#[derive(Debug)]
struct Node {
    places: Vec<Place>,
    is_list: bool,
    is_struct: bool,
    path: Vec<String>,
}

/// The state for one name.
pub(super) struct Graph<'a> {
    table: &'a Table,
    name: &'a str,
    nodes: Vec<Node>,
    shared: HashMap<Handle<Card>, usize>,
}

/// What a client sees.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) state: Json,
    /// How many structures.
    pub(super) references: usize,
    /// Whether a struct is there in two places.
    pub(super) is_shared: bool,
}

impl<'a> Graph<'a> {
    /// What there is, for the view of this name.
    pub(super) fn new(table: &'a Table, name: &'a str) -> Self {
        let mut graph = Self { table, name, nodes: Vec::new(), shared: HashMap::new() };
        let root = graph.node(Vec::new(), true);
        graph.table(root);
        graph
    }

    /// The paths of all nodes, in order.
    pub(super) fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.nodes.iter().map(|node| node.path.as_slice())
    }

    fn node(&mut self, path: Vec<String>, is_struct: bool) -> usize {
        let node = Node { places: Vec::new(), is_list: false, is_struct, path };
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn lets(&self, mask: u8) -> Gate {
        Gate::Filter(lets(mask, self.name))
    }

    fn put(&mut self, at: usize, name: &(impl ToString + ?Sized), gate: Gate, what: What) {
        self.nodes[at].places.push(Place { name: name.to_string(), gate, what });
    }

    fn value(
        &mut self,
        at: usize,
        name: &(impl ToString + ?Sized),
        gate: Gate,
        value: impl Into<Json>,
    ) {
        self.put(at, name, gate, What::Value(value.into()));
    }

    /// A value that is this client's own.
    fn custom(&mut self, at: usize, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.value(at, name, Gate::Filter(true), value);
        }
    }

    /// A new node in a place.
    fn below(
        &mut self,
        at: usize,
        name: &(impl ToString + ?Sized),
        gate: Gate,
        is_struct: bool,
    ) -> usize {
        let mut path = self.nodes[at].path.clone();
        path.push(name.to_string());
        let below = self.node(path, is_struct);
        self.put(at, name, gate, What::Node(below));
        below
    }

    fn list(&mut self, at: usize, name: &str, gate: Gate) -> usize {
        let list = self.below(at, name, gate, false);
        self.nodes[list].is_list = true;
        list
    }

    fn handle(
        &mut self,
        at: usize,
        name: &(impl ToString + ?Sized),
        gate: Gate,
        card: Option<Handle<Card>>,
    ) {
        let Some(card) = card else { return };
        if let Some(known) = self.shared.get(&card) {
            return self.put(at, name, gate, What::Node(*known));
        }
        let Some(value) = self.table.pool.get(card) else { return };
        let below = self.below(at, name, gate, true);
        self.shared.insert(card, below);
        self.card(below, value);
    }

    fn card_in(&mut self, at: usize, name: &(impl ToString + ?Sized), gate: Gate, card: &'a Card) {
        let below = self.below(at, name, gate, true);
        self.card(below, card);
    }

    fn table(&mut self, root: usize) {
        let table = self.table;
        let mask = self.lets(table.mask);
        let high = self.lets(table.mask >> 3);
        self.value(root, "mask", Gate::Open, table.mask);
        self.value(root, "secret", mask, table.secret.clone());
        self.card_in(root, "boss", self.lets(table.boss.mask), &table.boss);
        if let Some(bonus) = &table.bonus {
            self.card_in(root, "bonus", self.lets(bonus.mask), bonus);
        }
        let book = self.below(root, "book", high, false);
        table.book.iter().for_each(|(key, card)| self.card_in(book, key, Gate::Open, card));
        let log = self.list(root, "log", mask);
        table.log.iter().for_each(|line| self.value(log, "", Gate::Open, line.clone()));
        let marks = self.list(root, "marks", high);
        table.marks.iter().for_each(|mark| self.value(marks, "", Gate::Open, mark.clone()));
        self.handle(root, "shared", self.by_card(table.shared), table.shared);
        self.handle(root, "open", Gate::Open, table.open);
        let hands = self.below(root, "hands", Gate::Open, false);
        for (key, card) in &table.hands {
            let all = lets(table.mask >> 5, self.name);
            let gate = Gate::Filter(all || key != "k3" && lets(card.mask, self.name));
            self.card_in(hands, key, gate, card);
        }
        let deck = self.list(root, "deck", Gate::Open);
        for (at, card) in table.deck.iter().enumerate() {
            let is_top = at == 0 && lets(table.mask, self.name);
            let gate = Gate::Filter(is_top || lets(card.mask, self.name));
            self.card_in(deck, &at, gate, card);
        }
        let won = self.list(root, "won", Gate::Open);
        for (at, card) in table.won.iter().enumerate() {
            self.handle(won, &at, self.by_card(Some(*card)), Some(*card));
        }
        let pile = self.list(root, "pile", Gate::Open);
        for (at, card) in table.pile.iter().enumerate() {
            self.handle(pile, &at, if at % 2 == 0 { mask } else { high }, Some(*card));
        }
        let notes = self.below(root, "notes", Gate::Open, false);
        for (key, note) in &table.notes {
            let gate = Gate::Filter(lets(table.mask, self.name) != (key == "k1"));
            self.value(notes, key, gate, note.clone());
        }
        let own = self.below(root, "own", Gate::Open, false);
        for (key, player) in &table.own {
            let below = self.below(own, key, self.by_name(key), true);
            self.player(below, player);
        }
        let hints = self.below(root, "hints", Gate::Open, false);
        table.hints.iter().for_each(|(key, hint)| {
            self.value(hints, key, self.by_name(key), hint.clone());
        });
        let favourites = self.below(root, "favourites", Gate::Open, false);
        for (key, card) in &table.favourites {
            self.handle(favourites, key, self.by_name(key), Some(*card));
        }
        let chest = self.below(root, "chest", Gate::View, false);
        table.chest.iter().for_each(|(key, card)| self.card_in(chest, key, Gate::Open, card));
        self.value(root, "code", Gate::View, table.code.clone());
        // What somebody sees who has a view is what the function gives, and nothing otherwise.
        let rumour = lets(table.mask | table.night, self.name);
        self.custom(root, "rumour", rumour.then(|| own_token(&table.rumour, self.name)));
        let odds = table.odds.map(|odds| odds ^ u16::from(table.boss.mask));
        self.custom(root, "odds", odds.filter(|odds| self.name != "bob" || odds % 2 == 1));
        let players = self.below(root, "players", Gate::Open, false);
        for (key, player) in &table.players {
            let below = self.below(players, key, Gate::Open, true);
            self.player(below, player);
        }
    }

    fn by_card(&self, card: Option<Handle<Card>>) -> Gate {
        let card = card.and_then(|card| self.table.pool.get(card));
        Gate::Filter(card.is_some_and(|card| lets(card.mask, self.name)))
    }

    fn by_name(&self, key: &str) -> Gate {
        Gate::Filter(key == self.name)
    }

    fn player(&mut self, at: usize, player: &'a Player) {
        self.value(at, "mask", Gate::Open, player.mask);
        self.value(at, "name", Gate::Open, player.name.clone());
        if let Some(purse) = &player.purse {
            self.value(at, "purse", self.lets(player.mask | player.eyes), purse.clone());
        }
        let cards = self.list(at, "cards", Gate::Open);
        for (index, card) in player.cards.iter().enumerate() {
            self.card_in(cards, &index, self.lets(player.eyes | card.mask), card);
        }
        let whispers = self.below(at, "whispers", Gate::Open, false);
        for (key, whisper) in &player.whispers {
            self.value(whispers, key, self.by_name(key), whisper.clone());
        }
        self.value(at, "plan", Gate::View, player.plan.clone());
        let mood = lets(player.eyes, self.name).then_some(player.mood.as_ref()).flatten();
        self.custom(at, "mood", mood.map(|mood| own_token(mood, self.name)));
        self.handle(at, "best", Gate::Open, player.best);
        if let Some(ally) = &player.ally {
            let below = self.below(at, "ally", self.lets(player.mask), true);
            self.player(below, ally);
        }
    }

    fn card(&mut self, at: usize, card: &'a Card) {
        self.value(at, "mask", Gate::Open, card.mask);
        self.value(at, "face", Gate::Open, card.face.clone());
        self.value(at, "number", self.lets(card.mask), card.number.clone());
        self.value(at, "mark", Gate::View, card.mark.clone());
        let gems = [
            ("gem", self.lets(card.mask >> 3), card.gem.as_deref()),
            ("coin", Gate::Open, card.coin.as_ref()),
            ("curse", Gate::View, card.curse.as_deref()),
        ];
        for (name, gate, gem) in gems {
            if let Some(gem) = gem {
                self.gem(at, name, gate, gem);
            }
        }
        self.handle(at, "next", self.lets(!card.mask), card.next);
        self.handle(at, "pair", Gate::Open, card.pair);
    }

    fn gem(&mut self, at: usize, name: &str, gate: Gate, gem: &Gem) {
        let below = self.below(at, name, gate, true);
        self.value(below, "mask", Gate::Open, gem.mask);
        self.value(below, "value", Gate::Open, gem.value.clone());
        self.value(below, "rune", self.lets(gem.mask), gem.rune.clone());
        self.value(below, "aura", self.lets(self.table.night), gem.aura.clone());
        let gleams = lets(gem.mask ^ self.table.night, self.name);
        self.custom(below, "gleam", gleams.then(|| own_token(&gem.gleam, self.name)));
    }

    /// What the client sees whose view this is; `ids` are the numbers of the nodes, in order.
    pub(super) fn picture(&self, view: Option<&StateView>, ids: &[RefId]) -> Picture {
        let count = self.nodes.len();
        let holds: Vec<bool> =
            ids.iter().map(|id| view.is_some_and(|view| view.has(*id))).collect();
        let leads: Vec<bool> =
            ids.iter().map(|id| view.is_some_and(|view| view.shows(*id))).collect();
        let mut public = vec![false; count];
        public[0] = true;
        self.spread(&mut public, |_, gate| gate == Gate::Open);
        let mut seen: Vec<bool> = (0..count).map(|at| public[at] || holds[at]).collect();
        // Let through: by a filter from what is seen, by everything else from what is let through.
        let mut through = vec![false; count];
        loop {
            let before = through.clone();
            for (at, node) in self.nodes.iter().enumerate() {
                for place in &node.places {
                    let lets = match place.gate {
                        Gate::Open => through[at],
                        Gate::View => false,
                        Gate::Filter(lets) => lets && seen[at] && view.is_some(),
                    };
                    if let (What::Node(below), true) = (&place.what, lets) {
                        through[*below] |= !public[*below];
                        seen[*below] |= lets;
                    }
                }
            }
            if through == before {
                break;
            }
        }
        let shows = |at: usize, gate: Gate| match gate {
            Gate::Open => seen[at],
            Gate::View => holds[at],
            Gate::Filter(lets) => lets && seen[at] && view.is_some(),
        };
        let is_there = |at: usize, place: &Place| match place.what {
            What::Value(_) => shows(at, place.gate),
            What::Node(below) => {
                leads[below] || shows(at, place.gate) && (public[below] || through[below])
            }
        };
        let mut reached = HashSet::new();
        let mut is_shared = false;
        let state = self.draw(0, &is_there, &mut reached, &mut is_shared);
        Picture { state, references: reached.len(), is_shared }
    }

    fn spread(&self, marks: &mut [bool], goes: impl Fn(usize, Gate) -> bool) {
        let mut open: Vec<usize> = (0..marks.len()).filter(|at| marks[*at]).collect();
        while let Some(at) = open.pop() {
            for place in &self.nodes[at].places {
                if let What::Node(below) = place.what
                    && goes(at, place.gate)
                    && !std::mem::replace(&mut marks[below], true)
                {
                    open.push(below);
                }
            }
        }
    }

    fn draw(
        &self,
        at: usize,
        is_there: &dyn Fn(usize, &Place) -> bool,
        reached: &mut HashSet<usize>,
        is_shared: &mut bool,
    ) -> Json {
        *is_shared |= !reached.insert(at);
        let node = &self.nodes[at];
        let mut values: Vec<(String, Json)> = Vec::new();
        for place in node.places.iter().filter(|place| is_there(at, place)) {
            let value = match &place.what {
                What::Value(value) => value.clone(),
                What::Node(below) => self.draw(*below, is_there, reached, is_shared),
            };
            values.push((place.name.clone(), value));
        }
        if !node.is_list {
            return Json::Object(values.into_iter().collect::<Map<_, _>>());
        }
        Json::Array(values.into_iter().map(|(_, value)| value).collect())
    }

    /// The paths of structs, which a view may hold.
    pub(super) fn structs(&self) -> Vec<&[String]> {
        let structs = self.nodes.iter().filter(|node| node.is_struct);
        structs.map(|node| node.path.as_slice()).collect()
    }
}
