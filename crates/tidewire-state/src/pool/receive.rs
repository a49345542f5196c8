//! How a pool is received into.
//!
//! Until a walk has seen a pool nothing of it needs to be noted, for the first walk looks at all of it. So
//! what is received takes a slot when it comes and gives it back when it goes.

use std::any::TypeId;

use super::{Handle, MAX_SLOTS, Pool, SharedKey};
use crate::{
    receive::{
        Detached, FieldSource, Fresh, Misfit, New, PoolSink, Receive, Reference, Siblings, Sink,
        StructSink,
    },
    schema::Schema,
    touched::Link,
};

impl<T: Schema + StructSink> PoolSink for Pool<T> {
    fn holds(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn insert(&mut self, new: New<'_>) -> Result<u32, Misfit> {
        if self.free.is_empty() && self.slots.len() >= MAX_SLOTS {
            return Err(Misfit::Full);
        }
        let value = match new {
            New::Fresh(of) => T::fresh_pooled(of)?,
            new => T::create(new)?,
        };
        let slot = self.insert(value).key().slot;
        if !self.identity.is_assigned() {
            self.new.clear();
        }
        Ok(slot)
    }

    fn reference(&self, slot: u32) -> Option<Reference> {
        let slot = self.slots.get(slot as usize).filter(|slot| slot.instance.is_some())?;
        Some(Reference(slot.key))
    }

    fn node(&mut self, slot: u32) -> Option<Sink<'_>> {
        self.instance(slot).map(|instance| Sink::Struct(instance))
    }

    fn remove(&mut self, slot: u32) -> Option<Detached> {
        let at = slot as usize;
        let slot = self.slots.get_mut(at).filter(|slot| !slot.removed)?;
        if self.identity.is_assigned() {
            let handle = Handle::new(slot.key);
            self.remove(handle);
            return None;
        }
        let instance = slot.instance.take()?;
        (slot.key, slot.link, slot.removed) = (SharedKey::default(), Link::default(), true);
        self.free.push(at as u32);
        self.len -= 1;
        Receive::detach(instance.value)
    }
}

impl<T: Schema + StructSink> Pool<T> {
    /// The instance in a slot, to be written to.
    #[inline]
    fn instance(&mut self, slot: u32) -> Option<&mut T> {
        let at = slot as usize;
        let slot = self.slots.get_mut(at)?;
        let instance = slot.instance.as_mut()?;
        if self.identity.is_assigned() {
            self.touched.mark(at, &mut slot.link);
        }
        Some(&mut instance.value)
    }

    /// As [`StructSink::receive`], from a slot on.
    #[doc(hidden)]
    #[inline]
    pub fn receive<F: FieldSource>(
        &mut self,
        path: &[u32],
        source: &mut F,
    ) -> Result<(), F::Fault> {
        self.receive_siblings(path, source)
    }
}

impl<T: Schema + StructSink> Siblings for Pool<T> {
    type Item = T;

    #[inline(always)]
    fn sibling(&mut self, slot: u32) -> Option<&mut T> {
        self.instance(slot)
    }
}

impl<T> Handle<T> {
    /// Leads nowhere: what a field holds that nothing was received for.
    fn nowhere() -> Self {
        Self::new(SharedKey::default())
    }

    /// What a place is given.
    pub(super) fn received(new: &New<'_>) -> Result<Self, Misfit> {
        match new {
            New::Shared(Reference(key)) => Ok(Self::new(*key)),
            New::Fresh(Fresh { index: Fresh::ANY, .. }) => Ok(Self::nowhere()),
            New::Value(value) => Err(Misfit::value::<Self>(*value)),
            New::Fresh(_) | New::Node(_) => Err(Misfit::node::<Self>()),
        }
    }

    /// Whether it may lead to an instance.
    pub(super) fn leads(self) -> bool {
        self.key() != SharedKey::default()
    }

    pub(super) fn unset(&mut self) {
        *self = Self::nowhere();
    }
}
