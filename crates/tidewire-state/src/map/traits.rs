//! What a map has in common with others: values only, no tracking.

use std::{fmt, marker::PhantomData, ops::Index};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Iter, IterMut, MapSchema};
use crate::schema::Element;

/// A copy of the values, which no walk has seen.
impl<V: Element + Clone> Clone for MapSchema<V> {
    fn clone(&self) -> Self {
        self.iter().map(|(key, value)| (key, value.clone())).collect()
    }
}

impl<V: Element + fmt::Debug> fmt::Debug for MapSchema<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<V: Element + fmt::Debug> fmt::Debug for Iter<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<V: Element> fmt::Debug for IterMut<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterMut").finish_non_exhaustive()
    }
}

/// The same keys with equal values, in whatever order.
impl<V: Element + PartialEq> PartialEq for MapSchema<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|other| other == value))
    }
}

impl<V: Element + Eq> Eq for MapSchema<V> {}

/// # Panics
///
/// If there is no such key, as `HashMap` does.
impl<V: Element> Index<&str> for MapSchema<V> {
    type Output = V;

    fn index(&self, key: &str) -> &V {
        match self.get(key) {
            Some(value) => value,
            None => panic!("no entry with the key {key:?}"),
        }
    }
}

impl<K: AsRef<str>, V: Element> Extend<(K, V)> for MapSchema<V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: AsRef<str>, V: Element> FromIterator<(K, V)> for MapSchema<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self::with_capacity(entries.size_hint().0);
        map.extend(entries);
        map
    }
}

impl<K: AsRef<str>, V: Element, const N: usize> From<[(K, V); N]> for MapSchema<V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<V: Element + Serialize> Serialize for MapSchema<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, V: Element + Deserialize<'de>> Deserialize<'de> for MapSchema<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<V>(PhantomData<V>);

        impl<'de, V: Element + Deserialize<'de>> de::Visitor<'de> for Visitor<V> {
            type Value = MapSchema<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map with string keys")
            }

            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut entries: A,
            ) -> Result<Self::Value, A::Error> {
                let mut map = MapSchema::new();
                while let Some((key, value)) = entries.next_entry::<String, V>()? {
                    map.insert(key, value);
                }
                Ok(map)
            }
        }

        deserializer.deserialize_map(Visitor(PhantomData))
    }
}
