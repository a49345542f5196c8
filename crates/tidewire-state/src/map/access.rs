//! Finding, inserting and removing.

use std::hash::{BuildHasher, Hasher};

use compact_str::CompactString;
use foldhash::fast::RandomState;

use super::{Drain, Held, MapSchema, Removed, Slot};
use crate::{schema::Element, text};

impl<V: Element> MapSchema<V> {
    #[inline]
    fn hash(&self, key: &str) -> u64 {
        hash_key(&self.hasher, key)
    }

    #[inline]
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        let hash = self.hash(key);
        let slots = &self.slots;
        self.table.find(hash, |&at| holds(slots, at, key)).map(|&at| at as usize)
    }

    /// Whether there is an entry with this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.slots[self.find(key)?].entry.as_ref().map(|held| &held.value)
    }

    /// The value of a key, to be changed in place. Marks the entry as touched.
    #[inline]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let at = self.find(key)?;
        Some(self.touch(at))
    }

    /// The value in a slot that is not a gap.
    #[inline]
    pub(super) fn touch(&mut self, at: usize) -> &mut V {
        if at < self.tail {
            self.touched.mark(at, &mut self.told[at].link);
        }
        &mut self.slots[at]
            .entry
            .as_mut()
            .expect("the table leads to slots that hold something")
            .value
    }

    /// Puts a value in. Returns what stood there; the new value then keeps the key's place.
    pub fn insert(&mut self, key: impl AsRef<str>, value: V) -> Option<V> {
        let key = key.as_ref();
        if let Some(at) = self.find(key) {
            return Some(self.replace_at(at, value));
        }
        self.push(key.into(), value);
        None
    }

    /// Puts another instance in a slot that is not a gap.
    pub(super) fn replace_at(&mut self, at: usize, value: V) -> V {
        let known = at < self.tail;
        self.replaced |= known;
        let current = self.touch(at);
        let old = std::mem::replace(current, value);
        if let Some(told) = self.told.get_mut(at) {
            told.replaced = known;
            V::entry_replaced(&mut told.mirror);
        }
        old
    }

    /// Appends an entry whose key is not there, and tells its slot.
    pub(super) fn push(&mut self, key: CompactString, value: V) -> usize {
        let gaps = self.slots.len() - self.table.len();
        if self.slots.len() == self.slots.capacity() && gaps * 2 > self.slots.len() {
            self.close_gaps();
        }
        let at = self.slots.len();
        assert!(at < MAX_SLOTS, "a map holds fewer than 2^32 - 2 entries");
        let hash = self.hash(&key);
        self.slots.push(Slot { entry: Some(Held { key, value }) });
        let Self { slots, table, hasher, .. } = self;
        table.insert_unique(hash, at as u32, |&at| hash_key(hasher, key_at(slots, at)));
        at
    }

    /// Moves all slots together and puts the table and the touched list right.
    pub(super) fn close_gaps(&mut self) {
        self.tail = self.slots[..self.tail].iter().filter(|slot| slot.entry.is_some()).count();
        let mut slots = self.slots.iter();
        self.told.retain(|_| slots.next().is_some_and(|slot| slot.entry.is_some()));
        self.slots.retain(|slot| slot.entry.is_some());
        self.touched.forget();
        self.table.clear();
        let Self { slots, told, table, hasher, touched, .. } = self;
        for (at, told) in told.iter_mut().enumerate() {
            if std::mem::take(&mut told.link).is_touched() {
                touched.mark(at, &mut told.link);
            }
        }
        for at in 0..slots.len() as u32 {
            let hash = hash_key(hasher, key_at(slots, at));
            table.insert_unique(hash, at, |&at| hash_key(hasher, key_at(slots, at)));
        }
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        self.take(key).map(|(_, value)| value)
    }

    /// Takes an entry out, with its key.
    pub fn remove_entry(&mut self, key: &str) -> Option<(String, V)> {
        self.take(key).map(|(key, value)| (key.into(), value))
    }

    fn take(&mut self, key: &str) -> Option<(CompactString, V)> {
        let hash = self.hash(key);
        let slots = &self.slots;
        let found = self.table.find_entry(hash, |&at| holds(slots, at, key)).ok()?;
        let (at, _) = found.remove();
        self.take_slot(at as usize)
    }

    /// Empties a slot that the table no longer leads to.
    pub(super) fn take_slot(&mut self, at: usize) -> Option<(CompactString, V)> {
        let Held { key, value } = self.slots[at].entry.take()?;
        if let Some(told) = self.told[..self.tail].get(at) {
            let left = V::entry_gone(&told.mirror);
            self.removed.push(Removed { key: key.clone(), index: told.index, left });
        }
        Some((key, value))
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &V) -> bool) {
        for at in 0..self.slots.len() {
            if self.slots[at].entry.as_ref().is_some_and(|held| !keep(&held.key, &held.value)) {
                self.unlist(at);
                self.take_slot(at);
            }
        }
    }

    /// Takes the table's pointer to a slot away.
    pub(super) fn unlist(&mut self, at: usize) {
        let hash = self.hash(key_at(&self.slots, at as u32));
        if let Ok(found) = self.table.find_entry(hash, |&other| other as usize == at) {
            found.remove();
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        drop(self.drain());
    }

    /// Takes everything out, in order of insertion. What the iterator is not asked for is dropped.
    pub fn drain(&mut self) -> Drain<'_, V> {
        let known = self.slots.iter().zip(&self.told).take(self.tail);
        let known = known.filter_map(|(slot, told)| Some((slot.entry.as_ref()?, told)));
        self.removed.extend(known.map(|(held, told)| Removed {
            key: held.key.clone(),
            index: told.index,
            left: V::entry_gone(&told.mirror),
        }));
        let left = self.len();
        self.table.clear();
        self.touched.forget();
        self.told.clear();
        self.tail = 0;
        self.replaced = false;
        Drain { slots: self.slots.drain(..), left }
    }
}

/// Indexes above are marks of the touched list.
const MAX_SLOTS: usize = u32::MAX as usize - 2;

/// One write: `str`'s own `Hash` makes two, to keep neighbours in a tuple apart.
#[inline]
fn hash_key(hasher: &RandomState, key: &str) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(key.as_bytes());
    hasher.finish()
}

#[inline]
fn holds<V>(slots: &[Slot<V>], at: u32, key: &str) -> bool {
    slots[at as usize].entry.as_ref().is_some_and(|held| text::same(&held.key, key))
}

fn key_at<V>(slots: &[Slot<V>], at: u32) -> &str {
    slots[at as usize].entry.as_ref().map_or("", |held| &held.key)
}
