//! The list of a map's keys that both sides keep, as the encoder knows it. It only grows.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::notepack::Text;

/// Keys by position, and the first position of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    list: Vec<Text>,
    first: HashMap<Text, usize, RandomState>,
}

impl Keys {
    /// Adds a key at the end, whether it is there or not: so does every client.
    pub(super) fn push(&mut self, key: &str) {
        let at = self.list.len();
        self.first.entry(key.into()).or_insert(at);
        self.list.push(key.into());
    }

    /// The first position of a key.
    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.first.get(key).copied()
    }

    /// The key at a position.
    #[cfg(test)]
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        self.list.get(at).map(Text::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// All positions, with whether a key stands there for the first time.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        let is_first = |at, key: &Text| self.first.get(key) == Some(&at);
        self.list.iter().enumerate().map(move |(at, key)| (key.as_str(), is_first(at, key)))
    }
}
