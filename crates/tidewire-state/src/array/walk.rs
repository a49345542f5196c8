//! How an array is walked.

use super::ArraySchema;
use crate::{
    filter::{Ask, Sift, Viewer},
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
    /// Whether a function says who sees which item.
    sifted: bool,
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
            sifted: false,
            seen: Seen::default(),
            sent: Vec::new(),
        }
    }
}

impl<V: Element> ArraySchema<V> {
    fn walk_items<T: Visitor + ?Sized>(
        &mut self,
        sent: &mut [V::ItemSent],
        from: usize,
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
        for index in touched.gather(|at| slots[at as usize].link) {
            let index = *index as usize;
            let slot = &mut slots[index];
            slot.link.clear();
            slot.value.item_walk(&mut slot.mirror, sent, index, walk);
        }
        touched.forget();
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
            let (id, _) = walk.introduce(owner, mirror.id.forgotten(), None);
            walk.rename(mirror.id, id);
            let hidden = owner.hidden;
            let sifted = owner.is_sifted();
            *mirror = ArrayMirror { id, fresh: true, hidden, sifted, ..ArrayMirror::default() };
            walk.visitor.reference(at, id, None);
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
        let moved = from < self.slots.len() || from < mirror.sent.len();
        if known && !moved && self.touched.is_empty() {
            return;
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        let ArrayMirror { id, hidden, sifted, .. } = *mirror;
        let (place, filtered) = (Place::Field(at), sifted);
        walk.visitor.enter(Enter { id, place, index: None, hidden, filtered, fresh });
        if sifted {
            walk.note_collection(id);
        }
        if !known {
            mirror.seen = self.identity.renew();
        }
        if moved {
            let array = Owner::of_entries(id, !known, hidden, sifted);
            V::items_walk_own(&mut self.slots, &mut mirror.sent, from, array, walk);
        }
        self.walk_items(&mut mirror.sent, from, self.torn || !known, walk);
        self.moved_from = self.slots.len();
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
        visit.enter_collection(mirror.id, at, mirror.hidden, mirror.sifted);
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

    fn ask_below(&self, mirror: &Self::Mirror, ask: &mut Ask<'_>) {
        if V::IS_NODE && ask.goes(mirror.id) {
            for slot in &self.slots {
                slot.value.item_ask(&slot.mirror, ask);
            }
        }
    }
}

impl<V: Element> Sift for ArraySchema<V> {
    type Key<'a> = usize;
    type Child = V;

    fn sift(
        &self,
        mirror: &Self::Mirror,
        whole: bool,
        ask: &mut Ask<'_>,
        mut verdict: impl FnMut(&Viewer<'_>, usize, &V) -> bool,
    ) {
        const { assert!(V::IS_STRUCT, "`filter_children` stands on arrays of structs, not of values") };
        ask.entries(mirror.id, whole, &mut |viewer, passed| {
            for (at, slot) in self.slots.iter().enumerate() {
                if verdict(viewer, at, &slot.value) {
                    passed.insert(at as u32, slot.value.item_leads(&slot.mirror));
                }
            }
        });
    }
}

impl<V: ElementType> Describe for ArraySchema<V> {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Array(V::describe_element(types))
    }
}
