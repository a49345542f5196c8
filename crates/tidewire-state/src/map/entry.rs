//! The entry API, as of `std`'s maps.

use compact_str::CompactString;

use super::MapSchema;
use crate::schema::Element;

/// A key's place in a map: taken or free.
#[derive(Debug)]
pub enum Entry<'a, V: Element> {
    /// The key is there.
    Occupied(OccupiedEntry<'a, V>),
    /// The key is not there.
    Vacant(VacantEntry<'a, V>),
}

/// The place of a key that is there.
#[derive(Debug)]
pub struct OccupiedEntry<'a, V: Element> {
    map: &'a mut MapSchema<V>,
    at: usize,
    key: CompactString,
}

/// The place of a key that is not there.
#[derive(Debug)]
pub struct VacantEntry<'a, V: Element> {
    map: &'a mut MapSchema<V>,
    key: CompactString,
}

impl<V: Element> MapSchema<V> {
    /// The place of a key, to look at and fill in one go.
    ///
    /// ```
    /// # use tidewire_state::MapSchema;
    /// let mut hits: MapSchema<u32> = MapSchema::new();
    /// *hits.entry("ada").or_default() += 1;
    /// ```
    pub fn entry(&mut self, key: impl AsRef<str>) -> Entry<'_, V> {
        let key = CompactString::from(key.as_ref());
        match self.find(&key) {
            Some(at) => Entry::Occupied(OccupiedEntry { map: self, at, key }),
            None => Entry::Vacant(VacantEntry { map: self, key }),
        }
    }
}

impl<'a, V: Element> Entry<'a, V> {
    /// The key.
    pub fn key(&self) -> &str {
        match self {
            Self::Occupied(entry) => entry.key(),
            Self::Vacant(entry) => entry.key(),
        }
    }

    /// The value, `default` if there was none.
    pub fn or_insert(self, default: V) -> &'a mut V {
        self.or_insert_with(|| default)
    }

    /// The value, made by `default` if there was none.
    pub fn or_insert_with(self, default: impl FnOnce() -> V) -> &'a mut V {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, `V::default()` if there was none.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value in place if there is one.
    #[must_use]
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a, V: Element> OccupiedEntry<'a, V> {
    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value.
    pub fn get(&self) -> &V {
        &self.map.slots[self.at].entry.as_ref().expect("the place is taken").value
    }

    /// The value, to be changed in place.
    pub fn get_mut(&mut self) -> &mut V {
        self.map.touch(self.at)
    }

    /// The value, for as long as the map is borrowed.
    pub fn into_mut(self) -> &'a mut V {
        self.map.touch(self.at)
    }

    /// Puts another value in.
    pub fn insert(&mut self, value: V) -> V {
        self.map.replace_at(self.at, value)
    }

    /// Takes the entry out.
    pub fn remove(self) -> V {
        self.map.remove(&self.key).expect("the place is taken")
    }
}

impl<'a, V: Element> VacantEntry<'a, V> {
    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Fills the place.
    pub fn insert(self, value: V) -> &'a mut V {
        let at = self.map.push(self.key, value);
        self.map.touch(at)
    }
}
