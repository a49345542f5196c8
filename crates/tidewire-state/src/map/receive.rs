//! How a map is received into.

use std::any::{Any, TypeId};

use super::MapSchema;
use crate::{
    receive::{
        Detached, FieldSource, Fresh, Inserted, MapSink, Misfit, New, Receive, ReceivedElement,
        Siblings, Sink, ValueSink,
    },
    value::Value,
};

impl<V: ReceivedElement> MapSink for MapSchema<V> {
    fn len(&self) -> usize {
        self.len()
    }

    fn find(&self, key: &str) -> Option<u32> {
        self.find(key).and_then(|at| u32::try_from(at).ok())
    }

    fn key(&self, slot: u32) -> Option<&str> {
        self.slots.get(slot as usize)?.entry.as_ref().map(|held| &*held.key)
    }

    #[inline]
    fn entry(&mut self, slot: u32) -> Option<&mut dyn ValueSink> {
        let at = slot as usize;
        let there = self.slots.get(at)?.entry.is_some();
        there.then(|| self.touch(at) as &mut dyn ValueSink)
    }

    #[inline]
    fn node(&mut self, slot: u32) -> Option<Sink<'_>> {
        let at = slot as usize;
        self.slots.get(at)?.entry.as_ref()?;
        self.touch(at).node()
    }

    fn insert(&mut self, key: &str, new: New<'_>) -> Result<Inserted, Misfit> {
        let value = V::create(new)?;
        let before = self.slots.len();
        if self.len() >= MAX_RECEIVED {
            return Err(Misfit::Full);
        }
        let slot = self.push(key.into(), value);
        Ok(Inserted { slot: slot as u32, moved: slot != before })
    }

    fn remove(&mut self, slot: u32) -> Option<Detached> {
        let at = slot as usize;
        self.slots.get(at)?.entry.as_ref()?;
        self.unlist(at);
        let (_, value) = self.take_slot(at)?;
        value.detach()
    }
}

impl<V: ReceivedElement> Siblings for MapSchema<V> {
    type Item = V;

    #[inline(always)]
    fn sibling(&mut self, slot: u32) -> Option<&mut V> {
        let at = slot as usize;
        let held = self.slots.get_mut(at)?.entry.as_mut()?;
        if at < self.tail {
            self.touched.mark(at, &mut self.told[at].link);
        }
        Some(&mut held.value)
    }
}

/// Well below where slots and gaps together would be more than the touched list can name.
const MAX_RECEIVED: usize = u32::MAX as usize / 4;

/// As a field.
impl<V: ReceivedElement> ValueSink for MapSchema<V> {
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        Err(Misfit::value::<Self>(value))
    }

    fn value(&self) -> Option<Value<'_>> {
        None
    }

    #[inline]
    fn node(&mut self) -> Option<Sink<'_>> {
        Some(Sink::Map(self))
    }

    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        if matches!(new, New::Fresh(_)) && self.is_empty() {
            return Ok(None);
        }
        let new = Self::create(new)?;
        Ok(std::mem::replace(self, new).detach())
    }

    fn unset(&mut self, fresh: Fresh<'_>) -> Result<Option<Detached>, Misfit> {
        ValueSink::replace(self, New::Fresh(fresh))
    }

    fn pooled(&self) -> Option<TypeId> {
        V::refers_to()
    }
}

impl<V: ReceivedElement> Receive for MapSchema<V> {
    fn create(new: New<'_>) -> Result<Self, Misfit> {
        match new {
            New::Fresh(_) => Ok(Self::new()),
            New::Node(Detached::Map(map)) => {
                let map: Box<dyn Any> = map;
                map.downcast().map(|map| *map).map_err(|_| Misfit::node::<Self>())
            }
            New::Value(value) => Err(Misfit::value::<Self>(value)),
            New::Node(_) | New::Shared(_) => Err(Misfit::node::<Self>()),
        }
    }

    #[inline]
    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        self.receive_siblings(path, source)
    }

    fn detach(self) -> Option<Detached> {
        Some(Detached::Map(Box::new(self)))
    }
}
