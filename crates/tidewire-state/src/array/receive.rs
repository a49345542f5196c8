//! How an array is received into.

use std::any::{Any, TypeId};

use super::{ArraySchema, access::MAX_ITEMS};
use crate::{
    receive::{
        ArraySink, Detached, FieldSource, Fresh, Misfit, New, Receive, ReceivedElement, Siblings,
        Sink, ValueSink,
    },
    value::Value,
};

impl<V: ReceivedElement> ArraySink for ArraySchema<V> {
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn item(&mut self, index: usize) -> Option<&mut dyn ValueSink> {
        self.get_mut(index).map(|item| item as &mut dyn ValueSink)
    }

    #[inline]
    fn node(&mut self, index: usize) -> Option<Sink<'_>> {
        self.get_mut(index)?.node()
    }

    fn insert(&mut self, index: usize, new: New<'_>) -> Result<(), Misfit> {
        let value = V::create(new)?;
        let len = self.len();
        if index > len {
            return Err(Misfit::NoPlace(index));
        }
        if len >= MAX_ITEMS {
            return Err(Misfit::Full);
        }
        if index == len {
            self.push(value);
        } else {
            self.insert(index, value);
        }
        Ok(())
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a.max(b) < self.len() {
            self.swap(a, b);
        }
    }

    fn reverse(&mut self) {
        self.reverse();
    }

    fn remove(&mut self, indexes: &[usize], taken: &mut dyn FnMut(usize, Detached)) {
        let Some(&first) = indexes.first() else { return };
        if first >= self.len() {
            return;
        }
        self.moved(first);
        if indexes.len() == 1 {
            if let Some(node) = self.slots.remove(first).value.detach() {
                taken(first, node);
            }
            return;
        }
        let mut gone = indexes.iter().copied().peekable();
        let mut index = first;
        let slots = self.slots.extract_if(first.., |_| {
            index += 1;
            gone.next_if_eq(&(index - 1)).is_some()
        });
        for (slot, index) in std::iter::zip(slots, indexes) {
            if let Some(node) = slot.value.detach() {
                taken(*index, node);
            }
        }
    }
}

impl<V: ReceivedElement> Siblings for ArraySchema<V> {
    type Item = V;

    #[inline(always)]
    fn sibling(&mut self, slot: u32) -> Option<&mut V> {
        self.get_mut(slot as usize)
    }
}

/// As a field.
impl<V: ReceivedElement> ValueSink for ArraySchema<V> {
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        Err(Misfit::value::<Self>(value))
    }

    fn value(&self) -> Option<Value<'_>> {
        None
    }

    #[inline]
    fn node(&mut self) -> Option<Sink<'_>> {
        Some(Sink::Array(self))
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

impl<V: ReceivedElement> Receive for ArraySchema<V> {
    fn create(new: New<'_>) -> Result<Self, Misfit> {
        match new {
            New::Fresh(_) => Ok(Self::new()),
            New::Node(Detached::Array(array)) => {
                let array: Box<dyn Any> = array;
                array.downcast().map(|array| *array).map_err(|_| Misfit::node::<Self>())
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
        Some(Detached::Array(Box::new(self)))
    }
}
