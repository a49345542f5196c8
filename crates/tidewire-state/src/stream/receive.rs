//! A stream as a decoder fills it: entries come at the end, and go.

use super::StreamSchema;
use crate::{
    members::attach,
    receive::{ArraySink, Detached, FieldSource, Fresh, Misfit, New, Receive, Sink, ValueSink},
    schema::Schema,
    value::Value,
};

impl<T: Schema + Receive> StreamSchema<T> {
    /// The entry at an index among those that are there.
    fn at(&mut self, index: usize) -> Option<&mut T> {
        self.close_gaps();
        self.touch(index)
    }
}

impl<T: Schema + Receive> ArraySink for StreamSchema<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn item(&mut self, index: usize) -> Option<&mut dyn ValueSink> {
        self.at(index).map(|item| item as &mut dyn ValueSink)
    }

    fn insert(&mut self, index: usize, new: New<'_>) -> Result<(), Misfit> {
        if index != self.len() {
            return Err(Misfit::NoPlace(index));
        }
        self.add(T::create(new)?);
        Ok(())
    }

    /// Entries have no order but that of coming.
    fn swap(&mut self, _: usize, _: usize) {}

    fn reverse(&mut self) {}

    fn remove(&mut self, indexes: &[usize], taken: &mut dyn FnMut(usize, Detached)) {
        self.close_gaps();
        for index in indexes {
            let Some(slot) = self.slots.get(*index) else { break };
            let key = super::StreamKey(slot.key);
            if let Some(node) = self.remove(key).and_then(Receive::detach) {
                taken(*index, node);
            }
        }
        self.close_gaps();
        if self.waiting.len() > 2 * self.waiting() + 8 {
            self.forget_gone();
        }
    }
}

/// As a field.
impl<T: Schema + Receive> ValueSink for StreamSchema<T> {
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        Err(Misfit::value::<Self>(value))
    }

    fn value(&self) -> Option<Value<'_>> {
        None
    }

    fn node(&mut self) -> Option<Sink<'_>> {
        Some(Sink::Array(self))
    }

    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        if matches!(new, New::Fresh(_)) && self.is_empty() {
            return Ok(None);
        }
        let new = attach(new)?;
        Ok(std::mem::replace(self, new).detach())
    }

    fn unset(&mut self, fresh: Fresh<'_>) -> Result<Option<Detached>, Misfit> {
        ValueSink::replace(self, New::Fresh(fresh))
    }
}

impl<T: Schema + Receive> Receive for StreamSchema<T> {
    fn create(new: New<'_>) -> Result<Self, Misfit> {
        attach(new)
    }

    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        let [slot, rest @ ..] = path else { return Ok(()) };
        let mut slot = *slot;
        loop {
            let Some(item) = self.at(slot as usize) else { return Ok(()) };
            item.receive(rest, source)?;
            if !rest.is_empty() {
                return Ok(());
            }
            match source.next_sibling()? {
                Some(next) => slot = next,
                None => return Ok(()),
            }
        }
    }

    fn detach(self) -> Option<Detached> {
        Some(Detached::Array(Box::new(self)))
    }
}
