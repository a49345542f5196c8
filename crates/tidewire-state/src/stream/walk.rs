//! How a stream is walked.

use std::fmt;

use super::{
    StreamSchema, UNTOLD,
    turns::{Candidate, FieldPace},
};
use crate::{
    filter::Ask,
    identity::Seen,
    node::NodeMirror,
    schema::{Describe, ElementType, Field, Schema},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, FieldKind, TypesBuilder},
    visitor::{Enter, NodeMember, NodeMembersEdit, Place, RefId, Visitor},
};

/// What the place of a stream remembers: the node, which stream was there, and whom it told.
pub struct StreamMirror<T> {
    id: RefId,
    fresh: bool,
    hidden: bool,
    /// The same stream goes on under another number: what it told is told at once.
    goes_on: bool,
    seen: Seen,
    /// The entries that were told, by number.
    sent: Vec<NodeMember>,
    /// What was told before, for a moment.
    before: Vec<NodeMember>,
    /// The number that the next entry will have.
    next: u32,
    pace: FieldPace<T>,
}

impl<T> Default for StreamMirror<T> {
    fn default() -> Self {
        let (id, seen, pace) = (RefId::NONE, Seen::default(), FieldPace::default());
        let (sent, before) = (Vec::new(), Vec::new());
        Self { id, fresh: false, hidden: false, goes_on: false, seen, sent, before, next: 0, pace }
    }
}

impl<T> fmt::Debug for StreamMirror<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, sent, pace, .. } = self;
        f.debug_struct("StreamMirror")
            .field("id", id)
            .field("sent", sent)
            .field("pace", pace)
            .finish_non_exhaustive()
    }
}

impl<T> StreamMirror<T> {
    /// What the field says: how many new entries are told in one sync.
    #[inline]
    pub fn set_max_per_tick(&mut self, max: usize) {
        self.pace.max_per_tick = max;
    }

    /// And which of them come first.
    #[inline]
    pub fn set_priority(&mut self, priority: fn(&T, Option<&str>) -> f32) {
        self.pace.priority = Some(priority);
    }
}

impl<T: Schema> StreamSchema<T> {
    /// Makes every entry one that nobody was told of.
    fn forget(&mut self, mirror: &mut StreamMirror<T>) {
        mirror.seen = self.identity.renew();
        self.removed.clear();
        self.touched.forget();
        self.waiting.clear();
        (self.told, self.turn) = (0, u64::MAX);
        for slot in &mut self.slots {
            slot.link.clear();
            if let Some(entry) = &mut slot.entry {
                entry.number = UNTOLD;
                entry.mirror.forget();
                self.waiting.push(slot.key);
            }
        }
    }

    /// Another instance in the place of an entry is another entry: one goes, and one comes.
    fn find_replaced(&mut self) {
        let Self { slots, touched, .. } = self;
        for at in touched.gather(|at| slots[at as usize].link) {
            let slot = &mut slots[*at as usize];
            if let Some(entry) = &mut slot.entry
                && entry.is_told()
                && !entry.mirror.is_of(&entry.value)
            {
                self.removed.push(NodeMember { number: entry.number, node: entry.mirror.id() });
                entry.number = UNTOLD;
                entry.mirror = NodeMirror::default();
                self.told -= 1;
                self.waiting.push(slot.key);
            }
        }
    }

    /// Tells which entries went and which came. What came is touched from here on, and there is room
    /// for more touches.
    #[inline(never)]
    fn report_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut StreamMirror<T>,
        was_fresh: bool,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.before.clear();
        mirror.before.extend_from_slice(&mirror.sent);
        let is_other = !self.identity.is(mirror.seen);
        let mut at_once = Vec::new();
        if is_other {
            if mirror.goes_on {
                // Of what some were told of, and now all are, what nobody holds waits its turn.
                let views = &*walk.views;
                let is_held = |node: RefId| views.iter().any(|(_, view)| view.has(node));
                let told = self.slots.iter().filter_map(|slot| {
                    let entry = slot.entry.as_ref().filter(|entry| entry.is_told())?;
                    let node = entry.mirror.id();
                    let stays = mirror.hidden || is_held(node);
                    stays.then_some((entry.number, slot.key, node))
                });
                at_once.extend(told);
                at_once.sort_unstable();
            }
            mirror.sent.clear();
            self.forget(mirror);
        }
        mirror.goes_on = false;
        let mut gone = std::mem::take(&mut self.removed);
        gone.sort_unstable_by_key(|entry| entry.number);
        if !gone.is_empty() {
            let stays = |number: u32| gone.binary_search_by_key(&number, |one| one.number).is_err();
            mirror.sent.retain(|entry| stays(entry.number));
        }
        self.touched.reserve(self.slots.capacity());
        for (_, key, former) in &at_once {
            self.tell(*key, *former, mirror, walk);
        }
        if !self.waiting.is_empty() {
            // A stream below a shared instance may be walked twice in one sync.
            let is_over = std::mem::replace(&mut self.turn, walk.tracker.tick) == walk.tracker.tick;
            let chosen = match (mirror.hidden, is_over) {
                // Views have queues of their own.
                (true, _) => self.take_turns(usize::MAX, None),
                (false, true) => self.take_turns(0, None),
                (false, false) => self.take_turns(self.count(mirror.pace), Some(mirror.pace)),
            };
            for Candidate { key, .. } in &chosen {
                self.tell(*key, RefId::NONE, mirror, walk);
            }
            let any = !(chosen.is_empty() && at_once.is_empty());
            self.candidates = chosen;
            if any {
                self.forget_gone();
            }
        }
        let StreamMirror { before, sent, next, .. } = mirror;
        if before != sent {
            walk.visitor.node_members(NodeMembersEdit { before, after: sent, next: *next });
        }
        if is_other && !was_fresh {
            for entry in before {
                walk.release(entry.node);
            }
        }
        for entry in gone.drain(..) {
            walk.release(entry.node);
        }
        self.removed = gone;
    }

    /// Gives an entry a node and a number.
    fn tell<V: Visitor + ?Sized>(
        &mut self,
        key: u64,
        former: RefId,
        mirror: &mut StreamMirror<T>,
        walk: &mut Walk<'_, V>,
    ) {
        let Some(at) = self.find(key) else { return };
        let slot = &mut self.slots[at];
        let Some(entry) = &mut slot.entry else { return };
        let stream = Owner::new(mirror.id, true, mirror.hidden);
        let node = entry.mirror.announce_entry(&entry.value, stream, former, walk);
        if mirror.hidden {
            for (view, tag) in walk.views.takers(stream) {
                walk.views.wait(view, mirror.id, slot.serial, tag);
            }
        }
        entry.number = mirror.next;
        mirror.next += 1;
        self.told += 1;
        mirror.sent.push(NodeMember { number: entry.number, node });
        self.touched.mark(at, &mut slot.link);
    }

    fn report_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &StreamMirror<T>,
        walk: &mut Walk<'_, V>,
    ) {
        let Self { slots, touched, .. } = self;
        for at in touched.gather(|at| slots[at as usize].link) {
            let slot = &mut slots[*at as usize];
            slot.link.clear();
            if let Some(entry) = slot.entry.as_mut().filter(|entry| entry.is_told()) {
                let index = mirror.sent.binary_search_by_key(&entry.number, |one| one.number);
                let place = Place::Item(index.unwrap_or_default());
                entry.mirror.walk_entry(&mut entry.value, place, walk);
            }
        }
        touched.forget();
        if walk.tracker.has_unfinished() {
            let leads = walk.tracker.leads_to_unfinished(mirror.id);
            let slots = slots.iter_mut().enumerate().filter(|_| !leads.is_empty());
            for (at, slot) in slots {
                let entry = slot.entry.as_ref();
                if entry.is_some_and(|entry| leads.contains(&entry.mirror.id())) {
                    touched.mark(at, &mut slot.link);
                }
            }
        }
    }

    fn select_entry(
        &mut self,
        at: usize,
        mirror: &StreamMirror<T>,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let slot = &mut self.slots[at];
        let Some(entry) = &mut slot.entry else { return };
        let is_told = !fresh && entry.is_told();
        if path.is_empty() && select.may_wait() {
            select.wait(mirror.id, slot.serial);
            if select.adds() {
                return;
            }
        }
        if is_told {
            let waits = select.waits();
            entry.mirror.select_entry(&mut entry.value, path, select);
            if select.waits() != waits {
                self.touched.mark(at, &mut slot.link);
            }
        } else if !path.is_empty() || !select.may_wait() {
            // It has no node before its turn.
            select.nothing(&slot.key.to_string());
        }
    }
}

impl<T: Schema> Field for StreamSchema<T> {
    type Mirror = StreamMirror<T>;

    fn walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut StreamMirror<T>,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        if owner.fresh {
            let was = mirror.id;
            let (id, _) = walk.introduce(owner, was.forgotten(), None);
            walk.rename(was, id);
            let goes_on = walk.tracker.is_renaming() && self.identity.is(mirror.seen);
            if goes_on {
                walk.views.rename_waited_for(was, id);
            }
            let (hidden, pace) = (owner.hidden, mirror.pace);
            *mirror =
                StreamMirror { id, fresh: true, hidden, goes_on, pace, ..StreamMirror::default() };
            walk.visitor.reference(at, id, None);
        }
    }

    fn walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut StreamMirror<T>,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        let known = self.identity.is(mirror.seen);
        if T::HAS_IDENTITY && known && !self.touched.is_empty() {
            self.find_replaced();
        }
        let is_same = known && self.removed.is_empty();
        let waits = self.waiting() > 0;
        let waited_for = walk.views.is_waited_for(mirror.id);
        if is_same && !waits && !waited_for && self.touched.is_empty() {
            return;
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        let StreamMirror { id, hidden, .. } = *mirror;
        let (place, filtered) = (Place::Field(at), false);
        walk.visitor.enter(Enter { id, place, index: None, hidden, filtered, fresh });
        if !is_same || waits {
            self.report_own(mirror, fresh, walk);
        }
        self.report_below(mirror, walk);
        walk.visitor.leave();
        if walk.views.is_waited_for(id) {
            self.take_turns_of_views(id, hidden, mirror.pace, walk);
        }
        let is_left = self.waiting() > 0 || walk.views.is_waited_for(id);
        if is_left || !self.touched.is_empty() {
            walk.tracker.unfinished.push(id);
        }
    }

    fn visit_own<V: Visitor + ?Sized>(
        &self,
        mirror: &StreamMirror<T>,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        visit.introduce(mirror.id, None, mirror.hidden);
        visit.visitor.reference(at, mirror.id, None);
    }

    fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &StreamMirror<T>,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        visit.enter(mirror.id, Place::Field(at), None, mirror.hidden);
        let known = self.identity.is(mirror.seen);
        let entries = self.slots.iter().filter_map(|slot| slot.entry.as_ref());
        // Of a stream that no walk has seen, all is shown; else what clients were told of.
        let mut shown: Vec<_> = entries.filter(|entry| !known || entry.is_told()).collect();
        if known {
            shown.sort_unstable_by_key(|entry| entry.number);
        }
        let numbers = (0..).zip(&shown).map(|(at, entry)| if known { entry.number } else { at });
        let after: Vec<NodeMember> = std::iter::zip(numbers, &shown)
            .map(|(number, entry)| NodeMember { number, node: entry.mirror.id() })
            .collect();
        for entry in &shown {
            entry.mirror.introduce(&entry.value, visit);
        }
        if !after.is_empty() || mirror.next > 0 {
            let next = if known { mirror.next } else { after.len() as u32 };
            visit.visitor.node_members(NodeMembersEdit { before: &[], after: &after, next });
        }
        for (index, entry) in shown.iter().enumerate() {
            entry.mirror.visit_entry(&entry.value, Place::Item(index), visit);
        }
        visit.visitor.leave();
    }

    fn select(
        &mut self,
        mirror: &mut StreamMirror<T>,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let goes_on = select.collection(&mut mirror.id, fresh, path);
        let fresh = fresh || !self.identity.is(mirror.seen);
        let [key, rest @ ..] = path else {
            if goes_on {
                for at in 0..self.slots.len() {
                    self.select_entry(at, mirror, fresh, &[], select);
                }
            }
            return;
        };
        match key.parse().ok().and_then(|key| self.find(key)) {
            Some(at) => self.select_entry(at, mirror, fresh, rest, select),
            None => select.nothing(key),
        }
    }

    fn ask_below(&self, mirror: &StreamMirror<T>, ask: &mut Ask<'_>) {
        if ask.goes(mirror.id) {
            for entry in self.slots.iter().filter_map(|slot| slot.entry.as_ref()) {
                entry.mirror.ask_as(entry.mirror.id(), &entry.value, ask);
            }
        }
    }
}

/// To clients a stream is a collection.
impl<T: Schema + ElementType> Describe for StreamSchema<T> {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Collection(T::describe_element(types))
    }
}
