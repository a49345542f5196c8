//! Members of an object, in the order in which they came.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::{HashTable, hash_table::Entry};

use super::value::{Text, Value};

/// Members in the order in which they came.
#[derive(Clone, Default)]
pub(super) struct Members {
    /// A member that was taken out leaves a gap.
    names: Vec<Option<Text>>,
    pub(super) values: Vec<Value>,
    gaps: usize,
    /// Where each name is, if there are more than a look at each can find.
    places: Option<(RandomState, HashTable<u32>)>,
}

/// How many members are found by a look at each.
const FEW: usize = 8;

impl Members {
    pub(super) fn len(&self) -> usize {
        self.names.len() - self.gaps
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        match &self.places {
            Some((hasher, table)) => {
                let is_it = |at: &u32| self.names[*at as usize].as_deref() == Some(name);
                table.find(hasher.hash_one(name), is_it).map(|at| *at as usize)
            }
            None => self.names.iter().position(|other| other.as_deref() == Some(name)),
        }
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.names.reserve(count);
        self.values.reserve(count);
        if self.names.len() + count > FEW {
            self.index(count);
        }
    }

    /// All members, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        let members = std::iter::zip(&self.names, &self.values);
        members.filter_map(|(name, value)| Some((name.as_ref()?, value)))
    }

    /// Makes the table of all names, with room for more.
    fn index(&mut self, more: usize) {
        let hasher = RandomState::default();
        let mut table = HashTable::with_capacity(self.names.len() + more);
        for (at, name) in (0..).zip(&self.names) {
            if let Some(name) = name {
                table.insert_unique(hasher.hash_one(name.as_str()), at, |_| 0);
            }
        }
        self.places = Some((hasher, table));
    }

    /// Gives a value to a name, at the end if it had none, and returns the one before.
    pub(super) fn insert(&mut self, name: Text, value: Value) -> Option<Value> {
        let at = self.names.len();
        let known = match &mut self.places {
            Some((hasher, table)) => {
                let names = &self.names;
                let name_at = |at: &u32| names[*at as usize].as_deref().unwrap_or_default();
                let hash = hasher.hash_one(name.as_str());
                let rehash = |at: &u32| hasher.hash_one(name_at(at));
                match table.entry(hash, |other| name_at(other) == name, rehash) {
                    Entry::Occupied(found) => Some(*found.get() as usize),
                    Entry::Vacant(place) => {
                        place.insert(at as u32);
                        None
                    }
                }
            }
            None => self.position(&name),
        };
        if let Some(known) = known {
            return Some(std::mem::replace(&mut self.values[known], value));
        }
        self.names.push(Some(name));
        self.values.push(value);
        if self.places.is_none() && self.names.len() > FEW {
            self.index(0);
        }
        None
    }

    /// Takes a member out; the others stay in their order.
    pub(super) fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.position(name)?;
        if let Some((hasher, table)) = &mut self.places
            && let Ok(found) =
                table.find_entry(hasher.hash_one(name), |place| *place as usize == at)
        {
            found.remove();
        }
        self.names[at] = None;
        self.gaps += 1;
        let value = std::mem::take(&mut self.values[at]);
        if self.gaps > self.len() + FEW {
            let mut names = self.names.iter();
            self.values.retain(|_| names.next().is_some_and(Option::is_some));
            self.names.retain(Option::is_some);
            self.gaps = 0;
            self.places = None;
            if self.names.len() > FEW {
                self.index(0);
            }
        }
        Some(value)
    }
}
