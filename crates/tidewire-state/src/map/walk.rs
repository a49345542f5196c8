//! How a map is walked.

use super::MapSchema;
use crate::{
    filter::{Ask, PerPlayer, Sift, Viewer},
    identity::Seen,
    schema::{Describe, Element, ElementType, EntryChange, Field},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, FieldKind, TypesBuilder},
    visitor::{Enter, EntryAt, Place, RefId, Visitor},
};

/// What the place of a map remembers: the node, which map was there, and the numbers of its keys.
#[derive(Debug, Default)]
pub struct MapMirror {
    id: RefId,
    fresh: bool,
    hidden: bool,
    /// Whether a function says who sees which entry.
    sifted: bool,
    seen: Seen,
    indexes: Indexes,
}

/// The numbers of a map's keys on the wire.
#[derive(Debug, Default)]
struct Indexes {
    next: u32,
    free: Vec<u32>,
    /// Given back by the walk under way, so not to be used by it.
    freed: Vec<u32>,
}

impl Indexes {
    fn allocate(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }

    #[inline]
    fn recycle(&mut self) {
        if !self.freed.is_empty() {
            self.free.append(&mut self.freed);
        }
    }

    /// Gives back all that are in use and tells them.
    fn free_all(&mut self) -> Vec<u32> {
        let mut free = vec![false; self.next as usize];
        for index in &self.free {
            free[*index as usize] = true;
        }
        let live: Vec<u32> = (0..self.next).filter(|index| !free[*index as usize]).collect();
        self.freed.extend(&live);
        live
    }
}

impl<V: Element> MapSchema<V> {
    fn is_unchanged(&self) -> bool {
        self.touched.is_empty() && self.tail == self.slots.len() && self.removed.is_empty()
    }

    /// Makes every entry new.
    fn forget(&mut self) {
        self.removed.clear();
        self.replaced = false;
        self.tail = 0;
        for slot in &mut self.slots {
            slot.link.clear();
            if let Some(held) = &mut slot.entry {
                held.replaced = false;
            }
        }
        self.touched.forget();
    }

    /// Whether the walk has nothing to tell of the map itself: a struct that was only touched has
    /// nothing to report but what is below it.
    #[inline]
    fn is_only_touched(&self) -> bool {
        V::IS_NODE
            && !V::HAS_IDENTITY
            && !self.replaced
            && self.tail == self.slots.len()
            && self.removed.is_empty()
    }

    /// Reports which entries came, went and have other values. What came is touched from here on,
    /// and there is room for more touches. Apart from the rest, which stays short: most walks find
    /// a map only touched.
    #[inline(never)]
    fn report_own<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MapMirror,
        fresh: bool,
        walk: &mut Walk<'_, T>,
    ) {
        mirror.indexes.recycle();
        if !self.identity.is(mirror.seen) {
            if !fresh {
                let live = mirror.indexes.free_all();
                walk.visitor.entries_reset(&mut live.into_iter());
                walk.release_below(mirror.id);
            }
            mirror.seen = self.identity.renew();
            self.forget();
        }
        self.report_removed(mirror, walk);
        if !V::IS_NODE || V::HAS_IDENTITY || std::mem::take(&mut self.replaced) {
            let map = Owner::of_entries(mirror.id, false, mirror.hidden, mirror.sifted);
            self.report_touched(map, walk);
        }
        self.report_new(mirror, walk);
    }

    fn report_removed<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MapMirror,
        walk: &mut Walk<'_, T>,
    ) {
        for removed in self.removed.drain(..) {
            walk.visitor.entry_removed(EntryAt { index: removed.index, key: &removed.key });
            mirror.indexes.freed.push(removed.index);
            walk.let_go(mirror.id, removed.left);
        }
    }

    fn report_touched<T: Visitor + ?Sized>(&mut self, map: Owner, walk: &mut Walk<'_, T>) {
        let Self { slots, touched, .. } = self;
        for at in touched.gather(|at| slots[at as usize].link) {
            if let Some(held) = &mut slots[*at as usize].entry {
                let replaced = std::mem::take(&mut held.replaced);
                let how = if replaced { EntryChange::Replaced } else { EntryChange::Touched };
                let at = EntryAt { index: held.index, key: &held.key };
                held.value.entry_walk_own(&mut held.mirror, at, how, map, walk);
            }
        }
    }

    fn report_new<T: Visitor + ?Sized>(&mut self, mirror: &mut MapMirror, walk: &mut Walk<'_, T>) {
        self.touched.reserve(self.slots.capacity());
        for (at, slot) in self.slots.iter_mut().enumerate().skip(self.tail) {
            if let Some(held) = &mut slot.entry {
                held.index = mirror.indexes.allocate();
                self.touched.mark(at, &mut slot.link);
                let MapMirror { id, hidden, sifted, .. } = *mirror;
                let owner = Owner::of_entries(id, true, hidden, sifted);
                let at = EntryAt { index: held.index, key: &held.key };
                held.value.entry_walk_own(&mut held.mirror, at, EntryChange::New, owner, walk);
            }
        }
        self.tail = self.slots.len();
    }

    #[inline]
    fn report_below<T: Visitor + ?Sized>(&mut self, walk: &mut Walk<'_, T>) {
        let Self { slots, touched, .. } = self;
        for at in touched.gather(|at| slots[at as usize].link) {
            let slot = &mut slots[*at as usize];
            slot.link.clear();
            if let Some(held) = &mut slot.entry {
                let at = EntryAt { index: held.index, key: &held.key };
                held.value.entry_walk_below(&mut held.mirror, at, walk);
            }
        }
        touched.forget();
    }
}

impl<V: Element> Field for MapSchema<V> {
    type Mirror = MapMirror;

    #[inline]
    fn walk_own<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MapMirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, T>,
    ) {
        if owner.fresh {
            let (id, _) = walk.introduce(owner, mirror.id.forgotten(), None);
            walk.rename(mirror.id, id);
            let hidden = owner.hidden;
            let sifted = owner.is_sifted();
            *mirror = MapMirror { id, fresh: true, hidden, sifted, ..MapMirror::default() };
            walk.visitor.reference(at, id, None);
        }
    }

    #[inline]
    fn walk_below<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MapMirror,
        at: FieldIndex,
        walk: &mut Walk<'_, T>,
    ) {
        let known = self.identity.is(mirror.seen);
        if known && self.is_unchanged() {
            return;
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        let MapMirror { id, hidden, .. } = *mirror;
        let (place, filtered) = (Place::Field(at), mirror.sifted);
        walk.visitor.enter(Enter { id, place, index: None, hidden, filtered, fresh });
        if mirror.sifted {
            walk.note_collection(id);
        }
        if !known || !self.is_only_touched() {
            self.report_own(mirror, fresh, walk);
        }
        self.report_below(walk);
        walk.visitor.leave();
    }

    fn visit_own<T: Visitor + ?Sized>(
        &self,
        mirror: &MapMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, T>,
    ) {
        visit.introduce(mirror.id, None, mirror.hidden);
        visit.visitor.reference(at, mirror.id, None);
    }

    fn visit_below<T: Visitor + ?Sized>(
        &self,
        mirror: &MapMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, T>,
    ) {
        visit.enter_collection(mirror.id, at, mirror.hidden, mirror.sifted);
        for held in self.slots.iter().filter_map(|slot| slot.entry.as_ref()) {
            let at = EntryAt { index: held.index, key: &held.key };
            held.value.entry_visit_own(&held.mirror, at, visit);
        }
        if V::IS_NODE {
            for held in self.slots.iter().filter_map(|slot| slot.entry.as_ref()) {
                let at = EntryAt { index: held.index, key: &held.key };
                held.value.entry_visit_below(&held.mirror, at, visit);
            }
        }
        visit.visitor.leave();
    }

    fn select(
        &mut self,
        mirror: &mut MapMirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let goes_on = select.collection(&mut mirror.id, fresh, path);
        let known = !fresh && self.identity.is(mirror.seen);
        let tail = if known { self.tail } else { 0 };
        let how = |at: usize, replaced: bool| match (at >= tail, replaced) {
            (true, _) => EntryChange::New,
            (false, true) => EntryChange::Replaced,
            (false, false) => EntryChange::Touched,
        };
        let [key, rest @ ..] = path else {
            if goes_on {
                for (at, slot) in self.slots.iter_mut().enumerate() {
                    if let Some(held) = &mut slot.entry {
                        let how = how(at, held.replaced);
                        held.value.entry_select(&mut held.mirror, how, &[], select);
                    }
                }
            }
            return;
        };
        let held = self.find(key).and_then(|at| Some((at, self.slots[at].entry.as_mut()?)));
        match held {
            Some((at, held)) => {
                let how = how(at, held.replaced);
                held.value.entry_select(&mut held.mirror, how, rest, select);
            }
            None => select.nothing(key),
        }
    }

    fn ask_below(&self, mirror: &MapMirror, ask: &mut Ask<'_>) {
        if V::IS_NODE && ask.goes(mirror.id) {
            for held in self.slots.iter().filter_map(|slot| slot.entry.as_ref()) {
                held.value.ask_below(&held.mirror, ask);
            }
        }
    }
}

impl<V: Element> Sift for MapSchema<V> {
    type Key<'a> = &'a str;
    type Child = V;

    fn sift(
        &self,
        mirror: &MapMirror,
        whole: bool,
        ask: &mut Ask<'_>,
        mut verdict: impl FnMut(&Viewer<'_>, &str, &V) -> bool,
    ) {
        ask.entries(mirror.id, whole, &mut |viewer, passed| {
            for held in self.slots.iter().filter_map(|slot| slot.entry.as_ref()) {
                if verdict(viewer, &held.key, &held.value) {
                    passed.insert(held.index, V::entry_gone(&held.mirror));
                }
            }
        });
    }
}

impl<V: Element> PerPlayer for MapSchema<V> {
    fn sift_by_name(&self, mirror: &MapMirror, whole: bool, ask: &mut Ask<'_>) {
        ask.entries(mirror.id, whole, &mut |viewer, passed| {
            let slot = self.find(viewer.name()).and_then(|at| self.slots[at].entry.as_ref());
            if let Some(held) = slot {
                passed.insert(held.index, V::entry_gone(&held.mirror));
            }
        });
    }
}

impl<V: ElementType> Describe for MapSchema<V> {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Map(V::describe_element(types))
    }
}
