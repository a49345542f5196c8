//! What a stream has in common with others: values only, no tracking.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::StreamSchema;
use crate::schema::Schema;

/// A copy of the entries, which no walk has seen, with the same pace. Its keys begin anew.
impl<T: Schema + Clone> Clone for StreamSchema<T> {
    fn clone(&self) -> Self {
        let mut copy: Self = self.values().cloned().collect();
        (copy.max_per_tick, copy.priority) = (self.max_per_tick, self.priority.clone());
        copy
    }
}

impl<T: Schema> Extend<T> for StreamSchema<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.add(value);
        }
    }
}

impl<T: Schema> FromIterator<T> for StreamSchema<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut all = Self::new();
        all.extend(values);
        all
    }
}

impl<T: Schema, const N: usize> From<[T; N]> for StreamSchema<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Schema> IntoIterator for StreamSchema<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_values().collect::<Vec<T>>().into_iter()
    }
}

/// Equal entries in the same order of arrival. What is waiting counts as what is told.
impl<T: Schema + PartialEq> PartialEq for StreamSchema<T> {
    fn eq(&self, other: &Self) -> bool {
        self.values().eq(other.values())
    }
}

impl<T: Schema + Eq> Eq for StreamSchema<T> {}

impl<T: Schema + fmt::Debug> fmt::Debug for StreamSchema<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

/// The entries as a list. How fast they are told is the program's.
impl<T: Schema + Serialize> Serialize for StreamSchema<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.values())
    }
}

impl<'de, T: Schema + Deserialize<'de>> Deserialize<'de> for StreamSchema<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}
