//! Random changes, made as a user of the collections makes them.

use tidewire_state::{Handle, Instance};
use tidewire_testkit::Random;

use super::{Card, Gem, NAMES, Player, Table};

/// What changes are made from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) random: Random,
    /// How many tokens there were.
    tokens: u64,
    /// The instances of the pool, those that came first in front.
    cards: Vec<Handle<Card>>,
}

const KEYS: [&str; 4] = ["k0", "k1", "k2", "k3"];

impl Source {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), tokens: 0, cards: Vec::new() }
    }

    /// A text that was never used.
    fn token(&mut self) -> String {
        self.tokens += 1;
        let scrambled = self.tokens.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        format!("zq{scrambled:010x}")
    }

    fn mask(&mut self) -> u8 {
        self.random.any() as u8
    }

    fn at(&mut self, len: usize) -> Option<usize> {
        (len > 0).then(|| self.random.below(len))
    }

    fn key(&mut self) -> &'static str {
        self.random.pick(&KEYS)
    }

    fn name(&mut self) -> &'static str {
        self.random.pick(&NAMES)
    }

    /// A card of the pool. Cards of the pool lead to older ones only, so that paths end.
    fn shared(&mut self, older_than: usize) -> Option<Handle<Card>> {
        let known = older_than.min(self.cards.len());
        self.at(known).map(|at| self.cards[at])
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.random.chance(50).then(|| make(self))
    }

    fn gem(&mut self) -> Gem {
        Gem {
            mask: self.mask(),
            value: self.token(),
            rune: self.token(),
            aura: self.token(),
            gleam: self.token(),
        }
    }

    fn card(&mut self, older_than: usize) -> Card {
        Card {
            mask: self.mask(),
            face: self.token(),
            number: self.token(),
            mark: self.token(),
            gem: self.maybe(Self::gem).map(Instance::new),
            coin: self.maybe(Self::gem),
            curse: self.maybe(Self::gem).map(Instance::new),
            next: self.shared(older_than).filter(|_| self.random.chance(30)),
            pair: self.shared(older_than).filter(|_| self.random.chance(30)),
        }
    }

    fn player(&mut self, depth: usize) -> Player {
        let mut player = Player {
            mask: self.mask(),
            eyes: self.mask(),
            name: self.token(),
            purse: self.maybe(Self::token),
            plan: self.token(),
            mood: self.maybe(Self::token),
            best: self.shared(usize::MAX).filter(|_| self.random.chance(30)),
            ..Player::default()
        };
        for _ in 0..self.random.below(3) {
            player.cards.push(self.card(usize::MAX));
        }
        player.whispers.insert(self.name(), self.token());
        if depth > 0 {
            player.ally = self.maybe(|source| source.player(depth - 1)).map(Box::new);
        }
        player
    }

    fn change_gem(&mut self, gem: &mut Gem) {
        match self.random.below(5) {
            0 => gem.value = self.token(),
            1 => gem.rune = self.token(),
            2 => gem.aura = self.token(),
            3 => gem.gleam = self.token(),
            _ => gem.mask = self.mask(),
        }
    }

    fn change_card(&mut self, card: &mut Card, older_than: usize) {
        match self.random.below(14) {
            0..4 => card.mask = self.mask(),
            4 => card.face = self.token(),
            5 => card.number = self.token(),
            6 => card.mark = self.token(),
            7 => card.gem = self.maybe(Self::gem).map(Instance::new),
            8 => card.coin = self.maybe(Self::gem),
            9 => card.curse = self.maybe(Self::gem).map(Instance::new),
            10 => card.next = self.shared(older_than),
            11 => card.pair = self.shared(older_than).filter(|_| self.random.chance(50)),
            12 => card.gem.iter_mut().for_each(|gem| self.change_gem(gem)),
            _ => card.coin.iter_mut().for_each(|gem| self.change_gem(gem)),
        }
    }

    fn change_player(&mut self, player: &mut Player, depth: usize) {
        match self.random.below(14) {
            11 | 12 => player.mood = self.maybe(Self::token),
            0 => player.mask = self.mask(),
            1 => player.eyes = self.mask(),
            2 => player.name = self.token(),
            3 => player.purse = self.maybe(Self::token),
            4 => player.plan = self.token(),
            5 => player.best = self.shared(usize::MAX),
            6 => player.cards.push(self.card(usize::MAX)),
            7 => {
                if let Some(at) = self.at(player.cards.len()) {
                    self.change_card(&mut player.cards[at], usize::MAX);
                }
            }
            8 => drop(player.cards.pop()),
            9 => drop(player.whispers.insert(self.name(), self.token())),
            10 => player.ally = self.maybe(|source| source.player(depth)).map(Box::new),
            _ => player.ally.iter_mut().for_each(|ally| self.change_player(ally, 0)),
        }
    }

    /// Changes something. Tells whether filters must be asked again for what no walk sees.
    pub(super) fn change(&mut self, table: &mut Table) -> bool {
        match self.random.below(42) {
            40 => table.rumour = self.token(),
            41 => table.odds = self.maybe(|source| source.random.below(4) as u16),
            0..3 => table.mask = self.mask(),
            3 => {
                table.night = self.mask();
                return true;
            }
            4 => table.secret = self.token(),
            5 | 6 => self.change_card(&mut table.boss, usize::MAX),
            7 => table.bonus = self.maybe(|source| source.card(usize::MAX)).map(Instance::new),
            8 => table.bonus.iter_mut().for_each(|card| self.change_card(card, usize::MAX)),
            9 => {
                let (key, card) = (self.key(), self.card(usize::MAX));
                table.book.insert(key, card);
            }
            10 => drop(table.book.remove(self.key())),
            11 => {
                if let Some(card) = table.book.get_mut(self.key()) {
                    self.change_card(card, usize::MAX);
                }
            }
            12 => match self.at(table.log.len()) {
                Some(at) if self.random.chance(30) => drop(table.log.remove(at)),
                Some(at) if self.random.chance(40) => table.log[at] = self.token(),
                _ => table.log.push(self.token()),
            },
            13 => match self.at(table.marks.len()) {
                Some(at) if self.random.chance(50) => drop(table.marks.remove_at(at)),
                _ => drop(table.marks.insert(self.token())),
            },
            14 => table.shared = self.shared(usize::MAX),
            15 => table.open = self.shared(usize::MAX).filter(|_| self.random.chance(50)),
            16 | 17 => {
                let (key, card) = (self.key(), self.card(usize::MAX));
                table.hands.insert(key, card);
            }
            18 => drop(table.hands.remove(self.key())),
            19 => {
                if let Some(card) = table.hands.get_mut(self.key()) {
                    self.change_card(card, usize::MAX);
                }
            }
            20 => table.deck.push(self.card(usize::MAX)),
            21 => {
                if let Some(at) = self.at(table.deck.len()) {
                    match self.random.below(4) {
                        0 => drop(table.deck.remove(at)),
                        1 => table.deck.swap(0, at),
                        2 => table.deck.reverse(),
                        _ => drop(table.deck.replace(at, self.card(usize::MAX))),
                    }
                }
            }
            22 => {
                if let Some(at) = self.at(table.deck.len()) {
                    self.change_card(&mut table.deck[at], usize::MAX);
                }
            }
            23 | 24 => {
                let older_than = self.cards.len();
                if older_than < 8 {
                    let card = self.card(older_than);
                    self.cards.push(table.pool.insert(card));
                }
            }
            25 | 26 => {
                if let Some(at) = self.at(self.cards.len())
                    && let Some(card) = table.pool.get_mut(self.cards[at])
                {
                    self.change_card(card, at);
                }
            }
            27 => {
                if let Some(card) = self.shared(usize::MAX) {
                    table.won.insert(card);
                }
            }
            28 => drop(self.at(table.won.len()).map(|at| table.won.remove_at(at))),
            29 => table.pile.extend(self.shared(usize::MAX)),
            30 => {
                if let Some(at) = self.at(table.pile.len()) {
                    match self.random.below(3) {
                        0 => drop(table.pile.remove(at)),
                        1 => table.pile.swap(0, at),
                        _ => table.pile.clear(),
                    }
                }
            }
            31 => drop(table.notes.insert(self.key(), self.token())),
            32 => match self.random.below(3) {
                0 => drop(table.notes.remove(self.key())),
                1 => table.notes.iter_mut().for_each(|(_, mut note)| *note = self.token()),
                _ => table.notes.clear(),
            },
            33 => {
                let (name, player) = (self.name(), self.player(1));
                table.own.insert(name, player);
            }
            34 => match table.own.get_mut(self.name()) {
                Some(player) => self.change_player(player, 0),
                None => drop(table.hints.remove(self.name())),
            },
            35 => drop(table.hints.insert(self.name(), self.token())),
            36 => {
                let (name, card) = (self.name(), self.shared(usize::MAX));
                if let Some(card) = card.filter(|_| self.random.chance(70)) {
                    table.favourites.insert(name, card);
                } else {
                    table.favourites.remove(name);
                }
            }
            37 => {
                let (key, card) = (self.key(), self.card(usize::MAX));
                table.chest.insert(key, card);
                table.code = self.token();
            }
            38 => {
                let (key, player) = (self.key(), self.player(1));
                table.players.insert(key, player);
            }
            _ => match table.players.get_mut(self.key()) {
                Some(player) => self.change_player(player, 1),
                None => drop(table.own.remove(self.name())),
            },
        }
        false
    }
}
