//! Changing the order. Nodes move and stay what they are.

use std::cmp::Ordering;

use super::ArraySchema;
use crate::schema::Element;

impl<V: Element> ArraySchema<V> {
    /// Exchanges two items.
    ///
    /// # Panics
    ///
    /// If one of them is not there.
    pub fn swap(&mut self, a: usize, b: usize) {
        assert!(a.max(b) < self.len(), "cannot swap {a} and {b} of {} items", self.len());
        if a != b {
            self.moved(a.min(b));
            self.slots.swap(a, b);
        }
    }

    /// Takes the item at `from` out and puts it in again so that it ends at `to`.
    ///
    /// # Panics
    ///
    /// If one of the indexes is not within the array.
    pub fn move_item(&mut self, from: usize, to: usize) {
        assert!(from.max(to) < self.len(), "cannot move {from} to {to} of {} items", self.len());
        match from.cmp(&to) {
            Ordering::Less => {
                self.moved(from);
                self.slots[from..=to].rotate_left(1);
            }
            Ordering::Equal => {}
            Ordering::Greater => {
                self.moved(to);
                self.slots[to..=from].rotate_right(1);
            }
        }
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.moved(0);
        self.slots.reverse();
    }

    /// Sorts the items, equal ones in the order they had.
    pub fn sort(&mut self)
    where
        V: Ord,
    {
        self.sort_by(V::cmp);
    }

    /// Sorts the items by `compare`, equal ones in the order they had.
    pub fn sort_by(&mut self, mut compare: impl FnMut(&V, &V) -> Ordering) {
        self.moved(0);
        self.slots.sort_by(|a, b| compare(&a.value, &b.value));
    }

    /// Sorts the items by a key, equal ones in the order they had.
    pub fn sort_by_key<K: Ord>(&mut self, mut key: impl FnMut(&V) -> K) {
        self.sort_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Moves the first `count` items to the end.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    pub fn rotate_left(&mut self, count: usize) {
        assert!(count <= self.len(), "cannot rotate {} items by {count}", self.len());
        self.moved(0);
        self.slots.rotate_left(count);
    }
}
