use std::iter::Enumerate;
use std::vec::IntoIter;

use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::deserialize::Key;
use super::{Error, Value};

/// Shows a list to a visitor, which must take all of it.
pub(super) fn visit_list<'de, V, T>(items: Vec<T>, visitor: V) -> Result<V::Value, Error>
where
    V: Visitor<'de>,
    T: IntoDeserializer<'de, Error>,
{
    let count = items.len();
    let mut list = List(items.into_iter().enumerate());
    let made = visitor.visit_seq(&mut list)?;
    end(count, list.0.len(), "items")?;
    Ok(made)
}

/// Shows a map to a visitor, which must take all of it.
pub(super) fn visit_map<'de, V: Visitor<'de>>(
    entries: Vec<(String, Value)>,
    visitor: V,
) -> Result<V::Value, Error> {
    let count = entries.len();
    let mut map = Map { entries: entries.into_iter(), current: None };
    let made = visitor.visit_map(&mut map)?;
    end(count, map.entries.len(), "entries")?;
    Ok(made)
}

fn end(count: usize, left: usize, what: &str) -> Result<(), Error> {
    match left {
        0 => Ok(()),
        _ => Err(Error::custom(format_args!("{count} {what}, expected {}", count - left))),
    }
}

struct List<T>(Enumerate<IntoIter<T>>);

impl<'de, T: IntoDeserializer<'de, Error>> SeqAccess<'de> for List<T> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((index, item)) = self.0.next() else { return Ok(None) };
        seed.deserialize(item.into_deserializer()).map(Some).map_err(|error| error.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Map {
    entries: IntoIter<(String, Value)>,
    /// The entry whose key was read last: its value comes next, and its errors are about this key.
    current: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Map {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.current = self.entries.next();
        match &self.current {
            Some((key, _)) => seed.deserialize(Key(key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some((key, value)) = self.current.take() else {
            return Err(Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(value).map_err(|error| error.at_key(&key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}
