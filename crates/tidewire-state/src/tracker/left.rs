//! In which order a pool tells the changes of instances that were handed out.
//!
//! First come those with whose changes places of others may go, since what has lost its places is not
//! told, and what is told to everyone may not be for everyone any more. Each is looked at a few times,
//! however many there are: what it waits for is told first, and then it is its turn.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::{SharedKey, Tracker, Walk};
use crate::visitor::Visitor;

/// Instances of a pool that were handed out, and how far a walk is with them.
#[derive(Debug, Default)]
pub(crate) struct Left {
    keys: Vec<SharedKey>,
    /// The next of `keys` to look at.
    at: usize,
    /// What is looked at, each because of the one before.
    open: Vec<SharedKey>,
    /// What was waited for since the first of `keys` was looked at.
    waited_for: HashSet<SharedKey, RandomState>,
    /// One was told since then.
    moved: bool,
}

impl Left {
    /// An instance was handed out. Tells whether its changes are to be told: what has no number is told
    /// as a whole as soon as something leads to it.
    pub(crate) fn push(&mut self, key: SharedKey, tracker: &mut Tracker) -> bool {
        let is_told = tracker.shared_id(key).is_some() && tracker.set_left(key, true);
        if is_told {
            self.keys.push(key);
        }
        is_told
    }

    /// The next to be told, which is entered.
    pub(crate) fn next<V: Visitor + ?Sized>(&mut self, walk: &Walk<'_, V>) -> Option<SharedKey> {
        loop {
            if let Some(key) = self.open.last().copied() {
                let waits_for = match walk.tracker.is_left(key) && walk.is_entered(key) {
                    true => walk.tracker.waits_for(key, |_| true),
                    false => Some(key),
                };
                match waits_for {
                    None => {
                        self.open.pop();
                        self.moved = true;
                        return Some(key);
                    }
                    Some(other) if other != key && self.waited_for.insert(other) => {
                        self.open.push(other);
                    }
                    Some(_) => {
                        self.open.pop();
                    }
                }
            } else if let Some(key) = self.keys.get(self.at) {
                self.at += 1;
                self.open.push(*key);
            } else if self.start_again(walk.tracker) {
                return self.first(walk);
            }
        }
    }

    /// Begins with the first again. Tells whether none of those that are left had its turn.
    fn start_again(&mut self, tracker: &Tracker) -> bool {
        self.keys.retain(|key| tracker.is_left(*key));
        self.waited_for.clear();
        self.at = 0;
        !std::mem::take(&mut self.moved)
    }

    /// Where all wait for one another, or for what is not reached. That may never be, and then takes no
    /// place from anything.
    fn first<V: Visitor + ?Sized>(&self, walk: &Walk<'_, V>) -> Option<SharedKey> {
        let mut ready = self.keys.iter().copied().filter(|key| walk.is_entered(*key));
        let stays = |key: &SharedKey| {
            walk.tracker.waits_for(*key, |other| walk.is_entered(other)).is_none()
        };
        ready.clone().find(stays).or_else(|| ready.next())
    }

    /// What is left in the end.
    pub(crate) fn into_rest(self, tracker: &mut Tracker) -> Vec<SharedKey> {
        let Self { mut keys, .. } = self;
        keys.retain(|key| tracker.set_left(*key, false));
        keys
    }
}

impl Tracker {
    /// Whether changes of an instance are to be told.
    fn is_left(&self, key: SharedKey) -> bool {
        self.shared.instances.get(&key).is_some_and(|shared| shared.is_left)
    }

    /// Tells whether that is something else than before.
    pub(crate) fn set_left(&mut self, key: SharedKey, is_left: bool) -> bool {
        let shared = self.shared.instances.get_mut(&key);
        shared.is_some_and(|shared| std::mem::replace(&mut shared.is_left, is_left) != is_left)
    }

    /// An instance that is left, with whose changes a way to this one may go.
    fn waits_for(&self, key: SharedKey, counts: impl Fn(SharedKey) -> bool) -> Option<SharedKey> {
        let mut found = None;
        self.climb(key, |around| {
            found = around.filter(|other| *other != key && self.is_left(*other) && counts(*other));
            found.is_none()
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use crate::{ArraySchema, Handle, Pool, Schema, Tracked, visitor::Visitor};

    #[derive(Schema, Default)]
    #[schema(crate = "crate")]
    struct Card {
        rank: u32,
        next: Option<Handle<Card>>,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "crate")]
    struct Game {
        #[schema(pool)]
        cards: Pool<Card>,
        deck: ArraySchema<Handle<Card>>,
    }

    /// How often an instance or a way to one is looked at for each of `count`.
    fn steps(count: u32, change: impl Fn(&mut Tracked<Game>, u32)) -> f64 {
        let mut game = Tracked::new(Game::default());
        for rank in 0..count {
            let card = game.cards.insert(Card { rank, next: None });
            game.deck.push(card);
        }
        game.sync::<[&mut dyn Visitor]>(&mut []);
        let steps = |game: &Tracked<Game>| game.tracker().shared.steps.load(Ordering::Relaxed);
        let before = steps(&game);
        change(&mut game, count);
        game.sync::<[&mut dyn Visitor]>(&mut []);
        (steps(&game) - before) as f64 / f64::from(count)
    }

    fn touch(game: &mut Game) {
        for handle in game.deck.iter().copied().collect::<Vec<_>>() {
            if let Some(card) = game.cards.get_mut(handle) {
                card.rank += 1;
            }
        }
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Tracked<Game>, u32)) {
        let (few, many) = (steps(100, &change), steps(1_000, &change));
        assert!(few > 0.0 && many < 12.0, "{few} steps each of 100, {many} each of 1,000");
    }

    #[test]
    fn touching_all_looks_at_each_a_few_times() {
        check(|game, _| touch(game));
    }

    #[test]
    fn touching_all_beside_new_ones_looks_at_each_a_few_times() {
        check(|game, count| {
            touch(game);
            for rank in 0..count {
                let card = game.cards.insert(Card { rank, next: None });
                game.deck.push(card);
            }
        });
    }

    #[test]
    fn letting_go_of_half_of_what_was_touched_looks_at_each_a_few_times() {
        check(|game, count| {
            touch(game);
            game.deck.drain(..count as usize / 2);
        });
    }
}
