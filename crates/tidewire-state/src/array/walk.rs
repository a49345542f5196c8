//! How an array is walked.

use super::ArraySchema;
use crate::{
    identity::Seen,
    schema::{Describe, Element, ElementType, Field},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, FieldKind, TypesBuilder},
    visitor::{Enter, Place, RefId, Visitor},
};

/// What the place of an array remembers: the node, which array was there, and what it held.
#[derive(Debug)]
pub struct ArrayMirror<T> {
    id: RefId,
    fresh: bool,
    hidden: bool,
    seen: Seen,
    /// What was last sent, by index: nodes of structs, the values of primitives.
    sent: Vec<T>,
}

impl<T> Default for ArrayMirror<T> {
    fn default() -> Self {
        Self {
            id: RefId::NONE,
            fresh: false,
            hidden: false,
            seen: Seen::default(),
            sent: Vec::new(),
        }
    }
}

impl<T> ArrayMirror<T> {
    /// Makes the array a new node. Apart, as most walks need none of it.
    #[inline(never)]
    fn announce<V: Visitor + ?Sized>(
        &mut self,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        let (id, _) = walk.introduce(owner, self.id.forgotten(), None);
        walk.rename(self.id, id);
        *self = Self { id, fresh: true, hidden: owner.hidden, ..Self::default() };
        walk.visitor.reference(at, id, None);
    }
}

impl<V: Element> ArraySchema<V> {
    fn walk_items<T: Visitor + ?Sized>(
        &mut self,
        sent: &mut [V::ItemSent],
        from: usize,
        shifted: usize,
        ask_all: bool,
        walk: &mut Walk<'_, T>,
    ) {
        if ask_all {
            self.touched.forget();
            for (index, slot) in self.slots.iter_mut().enumerate() {
                if std::mem::take(&mut slot.link).is_touched() || V::item_is_fresh(&slot.mirror) {
                    slot.value.item_walk(&mut slot.mirror, sent, index, walk);
                }
            }
            return;
        }
        let Self { slots, touched, .. } = self;
        for at in touched.gather(|at| slots[at as usize - shifted].link) {
            // What went after it was touched is behind nobody's number.
            let Some(index) = (*at as usize).checked_sub(shifted) else { continue };
            let slot = &mut slots[index];
            slot.link.clear();
            slot.value.item_walk(&mut slot.mirror, sent, index, walk);
        }
        touched.forget_gathered();
        if V::IS_NODE {
            for (index, slot) in self.slots.iter_mut().enumerate().skip(from) {
                if V::item_is_fresh(&slot.mirror) {
                    slot.value.item_walk(&mut slot.mirror, sent, index, walk);
                }
            }
        }
    }
}

impl<V: Element> Field for ArraySchema<V> {
    type Mirror = ArrayMirror<V::ItemSent>;

    #[inline]
    fn walk_own<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, T>,
    ) {
        if owner.fresh {
            mirror.announce(at, owner, walk);
        }
    }

    #[inline]
    fn walk_below<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        walk: &mut Walk<'_, T>,
    ) {
        let known = self.identity.is(mirror.seen);
        let mut from = if known { self.moved_from } else { 0 };
        if V::HAS_IDENTITY && !self.touched.is_empty() {
            from = 0;
        }
        let shifted = self.shifted;
        let moved = from < self.slots.len() || from < mirror.sent.len();
        if known && !moved && self.touched.is_empty() {
            return;
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        let ArrayMirror { id, hidden, .. } = *mirror;
        walk.visitor.enter(Enter { id, place: Place::Field(at), index: None, hidden, fresh });
        if !known {
            mirror.seen = self.identity.renew();
        }
        if moved {
            let array = Owner::new(id, !known, hidden);
            let queued = shifted > 0 && known && shifted + from == mirror.sent.len();
            let Self { slots, .. } = self;
            if !(queued && V::items_walk_shifted(slots, &mut mirror.sent, shifted, array, walk)) {
                // Without what went, all that is left stands elsewhere.
                from = if shifted > 0 { 0 } else { from };
                V::items_walk_own(slots, &mut mirror.sent, from, array, walk);
            }
        }
        self.walk_items(&mut mirror.sent, from, shifted, self.torn || !known, walk);
        (self.moved_from, self.shifted) = (self.slots.len(), 0);
        self.torn = false;
        self.touched.reserve(self.slots.capacity());
        walk.visitor.leave();
    }

    fn visit_own<T: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, T>,
    ) {
        visit.introduce(mirror.id, None, mirror.hidden);
        visit.visitor.reference(at, mirror.id, None);
    }

    fn visit_below<T: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, T>,
    ) {
        visit.enter(mirror.id, Place::Field(at), None, mirror.hidden);
        V::items_visit(&self.slots, visit);
        visit.visitor.leave();
    }

    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let goes_on = select.collection(&mut mirror.id, fresh, path);
        let fresh = fresh || !self.identity.is(mirror.seen);
        let [index, rest @ ..] = path else {
            if goes_on {
                for slot in &mut self.slots {
                    slot.value.item_select(&mut slot.mirror, fresh, &[], select);
                }
            }
            return;
        };
        match index.parse().ok().and_then(|at: usize| self.slots.get_mut(at)) {
            Some(slot) => slot.value.item_select(&mut slot.mirror, fresh, rest, select),
            None => select.nothing(index),
        }
    }
}

impl<V: ElementType> Describe for ArraySchema<V> {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Array(V::describe_element(types))
    }
}
