//! What the functions of the program that say who sees what are to be asked about after a walk.
//!
//! The walk has the state to itself, and a function may look at all of it. So the walk only notes
//! which structs with such functions it entered, and [`Ask`](crate::filter::Ask) goes there after it.

use super::{Gate, Owner, SharedKey, Tracker, Walk};
use crate::{bits::Bits, view::Passed, visitor::RefId};

/// What a walk came past, where there are views and functions to ask for them.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) is_on: bool,
    /// Structs that were entered.
    pub(crate) structs: Vec<RefId>,
    /// As a set, once the walk is over; and with what leads to them.
    pub(crate) entered: Bits,
    pub(crate) ways: Bits,
    /// Structs of which another field may have changed than what is in a collection, and collections
    /// of which something came, changed or was handed out.
    pub(crate) whole: Bits,
    /// Whether anything of that is to be asked about.
    pub(crate) is_empty: bool,
    /// Something came that not everyone is told of.
    came: bool,
    /// A list that is needed for a moment.
    pub(crate) passed: Passed,
}

impl Noted {
    #[inline]
    pub(super) fn came(&mut self, hidden: bool) {
        self.came |= hidden;
    }

    /// Finds out where it is that something was noted.
    pub(crate) fn find_ways(&mut self, tracker: &Tracker) {
        let Self { structs, entered, whole, ways, .. } = self;
        for id in structs.iter() {
            entered.insert(id.0);
            // A slot was handed out, and with it what no walk compares.
            if tracker.is_in_slot(*id) {
                whole.insert(id.0);
            }
        }
        for id in structs.iter().map(|id| id.0).chain(whole.iter()) {
            let mut at = Some(RefId(id));
            while let Some(id) = at.filter(|id| ways.insert(id.0)) {
                at = tracker.parent(id);
            }
        }
    }

    pub(crate) fn has_come(&self) -> bool {
        self.came
    }

    pub(crate) fn take_came(&mut self) -> bool {
        std::mem::take(&mut self.came)
    }

    /// Makes it ready for a walk.
    #[inline]
    pub(crate) fn start(&mut self, is_on: bool) {
        self.is_on = is_on;
        if is_on {
            self.structs.clear();
            self.entered.clear();
            self.ways.clear();
            self.whole.clear();
            self.is_empty = true;
        }
    }
}

impl<V: ?Sized> Walk<'_, V> {
    /// A struct with functions was entered. `changed` says that one of its fields is not what it was.
    #[inline]
    pub fn note_struct(&mut self, owner: Owner, changed: bool) {
        let noted = &mut self.tracker.noted;
        if noted.is_on {
            noted.structs.push(owner.id);
            noted.is_empty = false;
            if changed {
                noted.whole.insert(owner.id.0);
            }
        }
    }

    /// Of a collection whose entries a function is asked about, something may be another than it was.
    #[cold]
    pub(crate) fn note_collection(&mut self, id: RefId) {
        self.tracker.note_whole(id);
    }
}

impl Tracker {
    fn note_whole(&mut self, id: RefId) {
        if self.noted.is_on {
            self.noted.whole.insert(id.0);
            self.noted.is_empty = false;
        }
    }

    /// An instance of a pool was handed out: functions are asked about its places.
    #[inline]
    pub(crate) fn note_places(&mut self, key: SharedKey) {
        if self.noted.is_on {
            for (id, gate) in self.gates(key) {
                match gate {
                    Gate::Field(_) => {
                        self.noted.structs.push(id);
                        self.noted.is_empty = false;
                    }
                    Gate::Entry => self.note_whole(id),
                    Gate::Open | Gate::View | Gate::Sifted => {}
                }
            }
        }
    }
}
