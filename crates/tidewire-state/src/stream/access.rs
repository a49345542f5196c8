//! Adding, finding, removing, iterating.

use std::{
    fmt,
    iter::Enumerate,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Entry, Slot, StreamSchema};
use crate::{
    schema::Schema,
    touched::{Link, Mut, Touched},
    visitor::NodeMember,
};

/// What an entry of a stream is called while it is there: numbers in the order of coming, from 0 on.
///
/// Its text is the step of a path that leads to the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey(pub u64);

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Schema> StreamSchema<T> {
    /// Puts an entry in, and tells its key. Clients are told of it when its turn comes.
    pub fn add(&mut self, value: T) -> StreamKey {
        let gaps = self.slots.len() - self.len;
        if self.slots.len() == self.slots.capacity() && gaps * 2 > self.slots.len() {
            self.close_gaps();
        }
        assert!(self.slots.len() < MAX_SLOTS, "a stream holds fewer than 2^32 - 2 entries");
        let key = self.next_key;
        self.next_key += 1;
        let entry = Some(Entry::new(value));
        self.slots.push(Slot { key, serial: next_serial(), link: Link::default(), entry });
        // Of one that empties and fills without a sync, what went need not be kept.
        if self.waiting.len() > 2 * self.waiting() + 8 {
            self.forget_gone();
        }
        self.waiting.push(key);
        self.len += 1;
        StreamKey(key)
    }

    /// Where the entry of a key lies.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        let at = self.slots.binary_search_by_key(&key, |slot| slot.key).ok()?;
        self.slots[at].entry.is_some().then_some(at)
    }

    /// As [`find`](Self::find), by what nobody else is called.
    pub(super) fn find_serial(&self, serial: u64) -> Option<usize> {
        let at = self.slots.binary_search_by_key(&serial, |slot| slot.serial).ok()?;
        self.slots[at].entry.is_some().then_some(at)
    }

    /// Whether the entry is there.
    pub fn contains(&self, key: StreamKey) -> bool {
        self.find(key.0).is_some()
    }

    /// The entry of a key.
    pub fn get(&self, key: StreamKey) -> Option<&T> {
        self.slots[self.find(key.0)?].entry.as_ref().map(|entry| &entry.value)
    }

    /// The entry of a key, to be changed in place. Marks it as touched.
    pub fn get_mut(&mut self, key: StreamKey) -> Option<&mut T> {
        let at = self.find(key.0)?;
        self.touch(at)
    }

    /// Whether an entry is there that nobody was told of yet.
    pub fn is_waiting(&self, key: StreamKey) -> bool {
        let entry = self.find(key.0).and_then(|at| self.slots[at].entry.as_ref());
        entry.is_some_and(|entry| !entry.is_told())
    }

    /// Marks a slot. What nobody was told of is looked at as a whole when its turn comes.
    pub(super) fn touch(&mut self, at: usize) -> Option<&mut T> {
        let Slot { link, entry, .. } = self.slots.get_mut(at)?;
        let entry = entry.as_mut()?;
        if entry.is_told() {
            self.touched.mark(at, link);
        }
        Some(&mut entry.value)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: StreamKey) -> Option<T> {
        let at = self.find(key.0)?;
        self.take(at)
    }

    fn take(&mut self, at: usize) -> Option<T> {
        let Entry { value, mirror, number } = self.slots[at].entry.take()?;
        self.len -= 1;
        if number != super::UNTOLD {
            self.told -= 1;
            self.removed.push(NodeMember { number, node: mirror.id() });
        }
        Some(value)
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(StreamKey, &T) -> bool) {
        for at in 0..self.slots.len() {
            let Slot { key, entry, .. } = &self.slots[at];
            if entry.as_ref().is_some_and(|entry| !keep(StreamKey(*key), &entry.value)) {
                self.take(at);
            }
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.retain(|_, _| false);
        self.close_gaps();
        self.waiting.clear();
    }

    /// Moves all slots together and puts the touched list right.
    pub(super) fn close_gaps(&mut self) {
        if self.slots.len() == self.len {
            return;
        }
        self.touched.forget();
        self.slots.retain(|slot| slot.entry.is_some());
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if std::mem::take(&mut slot.link).is_touched() {
                self.touched.mark(at, &mut slot.link);
            }
        }
    }

    /// Takes those out of the queue that are there no more.
    pub(super) fn forget_gone(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|key| self.is_waiting(StreamKey(*key)));
        self.waiting = waiting;
    }

    /// Keys and entries, in order of arrival.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { slots: self.slots.iter(), left: self.len }
    }

    /// Keys and entries to change. One is touched when it is first written to.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        IterMut { slots: self.slots.iter_mut().enumerate(), touched: &self.touched, left: self.len }
    }

    /// The entries, in order of arrival.
    pub fn values(&self) -> Values<'_, T> {
        Values(self.iter())
    }

    /// The entries to change. One is touched when it is first written to.
    pub fn values_mut(&mut self) -> ValuesMut<'_, T> {
        ValuesMut(self.iter_mut())
    }

    /// Takes it apart.
    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.slots.into_iter().filter_map(|slot| slot.entry).map(|entry| entry.value)
    }
}

fn next_serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Indexes above are marks of the touched list.
const MAX_SLOTS: usize = u32::MAX as usize - 2;

/// Borrows entries. See [`StreamSchema::iter`].
pub struct Iter<'a, T: Schema> {
    slots: std::slice::Iter<'a, Slot<T>>,
    left: usize,
}

impl<T: Schema> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), left: self.left }
    }
}

impl<'a, T: Schema> Iterator for Iter<'a, T> {
    type Item = (StreamKey, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        let next =
            self.slots.find_map(|slot| Some((StreamKey(slot.key), &slot.entry.as_ref()?.value)))?;
        self.left -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Schema> ExactSizeIterator for Iter<'_, T> {}

/// Borrows entries mutably. See [`StreamSchema::iter_mut`].
pub struct IterMut<'a, T: Schema> {
    slots: Enumerate<std::slice::IterMut<'a, Slot<T>>>,
    touched: &'a Touched,
    left: usize,
}

impl<'a, T: Schema> Iterator for IterMut<'a, T> {
    type Item = (StreamKey, Mut<'a, T>);

    fn next(&mut self) -> Option<Self::Item> {
        let (index, key, link, entry) = self.slots.find_map(|(index, slot)| {
            let Slot { key, link, entry, .. } = slot;
            Some((index, *key, link, entry.as_mut()?))
        })?;
        self.left -= 1;
        let mark = entry.is_told().then_some((self.touched, link));
        Some((StreamKey(key), Mut { value: &mut entry.value, index, mark }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Schema> ExactSizeIterator for IterMut<'_, T> {}

/// Borrows entries. See [`StreamSchema::values`].
pub struct Values<'a, T: Schema>(Iter<'a, T>);

impl<'a, T: Schema> Iterator for Values<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(_, value)| value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T: Schema> ExactSizeIterator for Values<'_, T> {}

/// Borrows entries mutably. See [`StreamSchema::values_mut`].
pub struct ValuesMut<'a, T: Schema>(IterMut<'a, T>);

impl<'a, T: Schema> Iterator for ValuesMut<'a, T> {
    type Item = Mut<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(_, value)| value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T: Schema> ExactSizeIterator for ValuesMut<'_, T> {}

impl<'a, T: Schema> IntoIterator for &'a StreamSchema<T> {
    type Item = (StreamKey, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Schema> IntoIterator for &'a mut StreamSchema<T> {
    type Item = (StreamKey, Mut<'a, T>);
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> IterMut<'a, T> {
        self.iter_mut()
    }
}
