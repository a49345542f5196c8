//! What tells two collections, or two instances, apart where their values do not.

use std::sync::atomic::{AtomicU64, Ordering};

/// An identity that is taken when a walk first needs it. A clone is another.
///
/// What keeps its tracking with its values, as a collection does in its slots, takes a new one
/// wherever it is first walked: a place that it has left and comes back to may not take what was
/// noted elsewhere, perhaps by the walk of another state, for its own.
#[derive(Debug, Default)]
pub(crate) struct Identity(u64);

/// The identity that a place last saw; nothing at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(u64);

impl Identity {
    /// Whether this is what `seen` remembers.
    #[inline]
    pub(crate) fn is(&self, seen: Seen) -> bool {
        self.0 != 0 && self.0 == seen.0
    }

    /// Whether a walk has seen it, as far as it knows.
    #[inline]
    pub(crate) fn is_assigned(&self) -> bool {
        self.0 != 0
    }

    /// What a place is to remember of this.
    pub(crate) fn assign(&mut self) -> Seen {
        if self.0 == 0 {
            return self.renew();
        }
        Seen(self.0)
    }

    /// Becomes another, which no place has seen. Unique in the process, as values move between
    /// states.
    pub(crate) fn renew(&mut self) -> Seen {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        self.0 = NEXT.fetch_add(1, Ordering::Relaxed);
        Seen(self.0)
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self::default()
    }
}
