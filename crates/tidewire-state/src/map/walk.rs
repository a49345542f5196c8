//! How a map is walked.

use super::{Held, MapSchema, Told};
use crate::{
    filter::{Ask, PerPlayer, Sift, Viewer},
    identity::Seen,
    schema::{Describe, Element, ElementType, EntryChange, Field, Gone},
    select::Select,
    touched::Link,
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

impl MapMirror {
    /// Makes the map a new node. Apart, as most walks need none of it.
    #[inline(never)]
    fn announce<T: Visitor + ?Sized>(
        &mut self,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, T>,
    ) {
        let (id, _) = walk.introduce(owner, self.id.forgotten(), None);
        walk.rename(self.id, id);
        let (hidden, sifted) = (owner.hidden, owner.is_sifted());
        *self = Self { id, fresh: true, hidden, sifted, ..Self::default() };
        walk.visitor.reference(at, id, None);
    }
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
    /// Whether no key came or went.
    #[inline]
    fn has_same_keys(&self) -> bool {
        self.tail == self.slots.len() && self.removed.is_empty()
    }

    /// Makes every entry new.
    fn forget(&mut self) {
        self.removed.clear();
        self.replaced = false;
        self.tail = 0;
        for told in &mut self.told {
            told.link.clear();
            told.replaced = false;
        }
        self.touched.forget();
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

    /// Makes room to remember something of every slot.
    fn remember_all(&mut self) {
        let missing = self.slots.len() - self.told.len();
        if self.told.capacity() < self.slots.len() {
            self.told.reserve_exact(self.slots.capacity() - self.told.len());
        }
        self.told.extend(std::iter::repeat_with(Told::default).take(missing));
    }

    /// All entries with what is remembered of them.
    fn entries(&self) -> impl Iterator<Item = (&Held<V>, Option<&Told<V>>)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(at, slot)| Some((slot.entry.as_ref()?, self.told.get(at))))
    }

    fn report_touched<T: Visitor + ?Sized>(&mut self, map: Owner, walk: &mut Walk<'_, T>) {
        let Self { slots, told, touched, .. } = self;
        for at in touched.gather(|at| told[at as usize].link) {
            let told = &mut told[*at as usize];
            if let Some(held) = &mut slots[*at as usize].entry {
                let replaced = std::mem::take(&mut told.replaced);
                let how = if replaced { EntryChange::Replaced } else { EntryChange::Touched };
                let at = EntryAt { index: told.index, key: &held.key };
                held.value.entry_walk_own(&mut told.mirror, at, how, map, walk);
            }
        }
    }

    fn report_new<T: Visitor + ?Sized>(&mut self, mirror: &mut MapMirror, walk: &mut Walk<'_, T>) {
        self.touched.reserve(self.slots.capacity());
        self.remember_all();
        let entries = self.slots.iter_mut().zip(&mut self.told).enumerate();
        for (at, (slot, told)) in entries.skip(self.tail) {
            if let Some(held) = &mut slot.entry {
                told.index = mirror.indexes.allocate();
                self.touched.mark(at, &mut told.link);
                let MapMirror { id, hidden, sifted, .. } = *mirror;
                let owner = Owner::of_entries(id, true, hidden, sifted);
                let at = EntryAt { index: told.index, key: &held.key };
                held.value.entry_walk_own(&mut told.mirror, at, EntryChange::New, owner, walk);
            }
        }
        self.tail = self.slots.len();
    }

    #[inline]
    fn report_below<T: Visitor + ?Sized>(&mut self, id: RefId, walk: &mut Walk<'_, T>) {
        let Self { slots, told, touched, .. } = self;
        for at in touched.gather(|at| told[at as usize].link) {
            let told = &mut told[*at as usize];
            told.link.clear();
            if let Some(held) = &mut slots[*at as usize].entry {
                let at = EntryAt { index: told.index, key: &held.key };
                held.value.entry_walk_below(&mut told.mirror, at, walk);
            }
        }
        if walk.tracker.has_unfinished() {
            return self.touch_unfinished(&walk.tracker.leads_to_unfinished(id));
        }
        touched.forget_gathered();
    }

    /// The next walk goes on where this one was not through with a stream.
    #[cold]
    fn touch_unfinished(&mut self, leads: &[RefId]) {
        let Self { slots, told, touched, .. } = self;
        let leads = |at: &u32| {
            let is_there = slots[*at as usize].entry.is_some();
            let node = V::entry_gone(&told[*at as usize].mirror);
            is_there && matches!(node, Gone::Node(id) if leads.contains(&id))
        };
        let walked = touched.gather(|_| Link::default());
        let again: Vec<u32> = walked.iter().copied().filter(leads).collect();
        touched.forget();
        for at in again {
            touched.mark(at as usize, &mut told[at as usize].link);
        }
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
            mirror.announce(at, owner, walk);
        }
    }

    #[inline]
    fn walk_below<T: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MapMirror,
        at: FieldIndex,
        walk: &mut Walk<'_, T>,
    ) {
        let is_same = self.identity.is(mirror.seen) && self.has_same_keys();
        if is_same && self.touched.is_empty() {
            return;
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        let MapMirror { id, hidden, .. } = *mirror;
        let (place, filtered) = (Place::Field(at), mirror.sifted);
        walk.visitor.enter(Enter { id, place, index: None, hidden, filtered, fresh });
        if mirror.sifted {
            walk.note_collection(id);
        }
        // A struct that was only touched has nothing to report but what is below it.
        if !is_same || !V::IS_NODE || V::HAS_IDENTITY || self.replaced {
            self.report_own(mirror, fresh, walk);
        }
        self.report_below(id, walk);
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
        let unknown = Told::default();
        for (held, told) in self.entries() {
            let told = told.unwrap_or(&unknown);
            let at = EntryAt { index: told.index, key: &held.key };
            held.value.entry_visit_own(&told.mirror, at, visit);
        }
        if V::IS_NODE {
            for (held, told) in self.entries() {
                let told = told.unwrap_or(&unknown);
                let at = EntryAt { index: told.index, key: &held.key };
                held.value.entry_visit_below(&told.mirror, at, visit);
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
                self.remember_all();
                for (at, (slot, told)) in self.slots.iter_mut().zip(&mut self.told).enumerate() {
                    if let Some(held) = &mut slot.entry {
                        let how = how(at, told.replaced);
                        let waits = select.waits();
                        held.value.entry_select(&mut told.mirror, how, &[], select);
                        if select.waits() != waits && at < self.tail {
                            self.touched.mark(at, &mut told.link);
                        }
                    }
                }
            }
            return;
        };
        let Some(at) = self.find(key) else { return select.nothing(key) };
        self.remember_all();
        let (slot, told) = (&mut self.slots[at], &mut self.told[at]);
        if let Some(held) = &mut slot.entry {
            let how = how(at, told.replaced);
            let waits = select.waits();
            held.value.entry_select(&mut told.mirror, how, rest, select);
            if select.waits() != waits {
                self.touch(at);
            }
        }
    }

    fn ask_below(&self, mirror: &MapMirror, ask: &mut Ask<'_>) {
        if V::IS_NODE && ask.goes(mirror.id) {
            let unknown = Told::default();
            for (held, told) in self.entries() {
                held.value.ask_below(&told.unwrap_or(&unknown).mirror, ask);
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
            for (held, told) in self.entries() {
                if let Some(told) = told
                    && verdict(viewer, &held.key, &held.value)
                {
                    passed.insert(told.index, V::entry_gone(&told.mirror));
                }
            }
        });
    }
}

impl<V: Element> PerPlayer for MapSchema<V> {
    fn sift_by_name(&self, mirror: &MapMirror, whole: bool, ask: &mut Ask<'_>) {
        ask.entries(mirror.id, whole, &mut |viewer, passed| {
            let told = self.find(viewer.name()).and_then(|at| self.told.get(at));
            if let Some(told) = told {
                passed.insert(told.index, V::entry_gone(&told.mirror));
            }
        });
    }
}

impl<V: ElementType> Describe for MapSchema<V> {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Map(V::describe_element(types))
    }
}
