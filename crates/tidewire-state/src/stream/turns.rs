//! Whose turn it is.

use std::{cmp::Ordering, fmt};

use super::{Entry, MAX_PER_TICK, StreamSchema};
use crate::{
    schema::Schema,
    select::{Purpose, Select},
    tracker::Walk,
    types::Tag,
    view::ViewId,
    visitor::{RefId, Visitor},
};

/// What a field says of the stream in it.
pub(super) struct FieldPace<T> {
    pub(super) max_per_tick: usize,
    pub(super) priority: Option<fn(&T, Option<&str>) -> f32>,
}

impl<T> Default for FieldPace<T> {
    fn default() -> Self {
        Self { max_per_tick: MAX_PER_TICK, priority: None }
    }
}

impl<T> Clone for FieldPace<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FieldPace<T> {}

impl<T> fmt::Debug for FieldPace<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldPace")
            .field("max_per_tick", &self.max_per_tick)
            .field("has_priority", &self.priority.is_some())
            .finish()
    }
}

/// An entry that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    score: f32,
    /// Since when.
    order: u64,
    /// Its key, or its serial number where it waits for a view.
    pub(super) key: u64,
}

impl Candidate {
    /// Who comes first: the more urgent, and then who waits longer. What is no number is not urgent.
    fn cmp(&self, other: &Self) -> Ordering {
        let urgency = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 };
        urgency(other.score).total_cmp(&urgency(self.score)).then(self.order.cmp(&other.order))
    }
}

/// Leaves the first `count`, in their order.
fn choose(candidates: &mut Vec<Candidate>, count: usize) {
    if candidates.len() > count {
        if count > 0 {
            candidates.select_nth_unstable_by(count - 1, Candidate::cmp);
        }
        candidates.truncate(count);
    }
    candidates.sort_unstable_by(Candidate::cmp);
}

impl<T: Schema> StreamSchema<T> {
    /// How many are told in one sync.
    pub(super) fn count(&self, pace: FieldPace<T>) -> usize {
        self.max_per_tick.unwrap_or(pace.max_per_tick)
    }

    /// How urgent an entry is.
    fn score(&self, value: &T, viewer: Option<&str>, pace: FieldPace<T>) -> f32 {
        match (&self.priority, pace.priority) {
            (Some(priority), _) => priority(value, viewer),
            (None, Some(priority)) => priority(value, viewer),
            (None, None) => 0.0,
        }
    }

    /// Takes those out of the queue whose turn it is: the most urgent ones, if a pace is given.
    pub(super) fn take_turns(
        &mut self,
        count: usize,
        pace: Option<FieldPace<T>>,
    ) -> Vec<Candidate> {
        let mut chosen = std::mem::take(&mut self.candidates);
        chosen.clear();
        let urgent = pace.filter(|pace| self.priority.is_some() || pace.priority.is_some());
        for (order, key) in (0..).zip(&self.waiting) {
            if urgent.is_none() && chosen.len() == count {
                break;
            }
            let entry = self.find(*key).and_then(|at| self.slots[at].entry.as_ref());
            if let Some(Entry { value, .. }) = entry.filter(|entry| !entry.is_told()) {
                chosen.push(Candidate {
                    score: urgent.map_or(0.0, |pace| self.score(value, None, pace)),
                    order,
                    key: *key,
                });
            }
        }
        choose(&mut chosen, count);
        chosen
    }

    /// Takes those into each view that waits for some whose turn it is there.
    pub(super) fn take_turns_of_views<V: Visitor + ?Sized>(
        &mut self,
        id: RefId,
        hidden: bool,
        pace: FieldPace<T>,
        walk: &mut Walk<'_, V>,
    ) {
        let Some(mut queues) = walk.views.take_queues(id) else { return };
        let mut chosen = std::mem::take(&mut self.candidates);
        for queue in &mut queues {
            let Some(view) = walk.views.get(queue.view) else { continue };
            // A stream below a shared instance may be walked twice in one sync.
            let is_over =
                std::mem::replace(&mut queue.turn, walk.tracker.tick) == walk.tracker.tick;
            let count = if is_over { 0 } else { self.count(pace) };
            chosen.clear();
            let mut come = Vec::new();
            queue.wishes.retain(|serial, wish| {
                let Some(at) = self.find_serial(*serial) else { return false };
                let Some(entry) = &self.slots[at].entry else { return false };
                if !entry.is_told() {
                    return true;
                }
                if !hidden || view.has(entry.mirror.id()) {
                    // Clients see it already: only what it is seen for is more.
                    come.push((*serial, std::mem::take(&mut wish.tags)));
                    return false;
                }
                let score = self.score(&entry.value, Some(view.name()), pace);
                chosen.push(Candidate { score, order: wish.order, key: *serial });
                true
            });
            choose(&mut chosen, count);
            come.sort_unstable_by_key(|(serial, _)| *serial);
            for next in &chosen {
                if let Some(wish) = queue.wishes.remove(&next.key) {
                    come.push((next.key, wish.tags));
                }
            }
            for (serial, tags) in come {
                for tag in tags {
                    self.take_in(serial, queue.view, tag, walk);
                }
            }
        }
        self.candidates = chosen;
        walk.views.put_queues_back(id, queues);
    }

    /// Puts an entry in a view, and what is below it now.
    fn take_in<V: Visitor + ?Sized>(
        &mut self,
        serial: u64,
        view: ViewId,
        tag: Tag,
        walk: &mut Walk<'_, V>,
    ) {
        let Some(at) = self.find_serial(serial) else { return };
        let slot = &mut self.slots[at];
        let Some(entry) = &mut slot.entry else { return };
        let mut select = Select::new(walk.tracker, Purpose::Add(tag));
        entry.mirror.select_entry(&mut entry.value, &[], &mut select);
        let shared = select.take_shared();
        // What is found is there: the entry itself was told.
        let _ = select.finish();
        for node in &walk.tracker.found {
            walk.views.add(view, *node, tag);
        }
        for key in shared {
            walk.views.shared_is_to_come(view, tag, key);
        }
        let below = std::mem::take(&mut walk.tracker.waits);
        if !below.is_empty() {
            // A stream in the entry, whose turn is over in this sync.
            self.touched.mark(at, &mut slot.link);
        }
        for (stream, serial) in &below {
            walk.views.wait(view, *stream, *serial, tag);
        }
        walk.tracker.waits = below;
    }
}
