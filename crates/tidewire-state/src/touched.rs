//! Which slots of one collection were touched.
//!
//! Each slot has a [`Link`]; the collection has a list with room for all its slots, so marking
//! costs no allocation and happens once per slot and tick. Guards of `iter_mut` hold one slot
//! each, may live side by side on several threads, and share nothing but an atomic head: what
//! they mark is chained through the links and joins the list when the walk asks for it.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
};

/// A slot's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link(u32);

const UNTOUCHED: u32 = u32::MAX;
/// On the list, or the end of the chain.
const END: u32 = u32::MAX - 1;

impl Default for Link {
    fn default() -> Self {
        Self(UNTOUCHED)
    }
}

impl Link {
    #[inline]
    pub(crate) fn is_touched(self) -> bool {
        self.0 != UNTOUCHED
    }

    /// Marks a slot that will be asked for its mark.
    #[inline]
    pub(crate) fn mark(&mut self) {
        self.0 = END;
    }

    /// Takes the mark away, if there is one.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.0 = UNTOUCHED;
    }
}

/// The touched slots.
#[derive(Debug)]
pub(crate) struct Touched {
    list: Vec<u32>,
    chain: AtomicU32,
}

impl Default for Touched {
    fn default() -> Self {
        Self { list: Vec::new(), chain: AtomicU32::new(END) }
    }
}

impl Touched {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.chain.load(Ordering::Relaxed) == END
    }

    /// Makes room for all of `slots` slots, so that marking need not.
    #[inline]
    pub(crate) fn reserve(&mut self, slots: usize) {
        if self.list.capacity() < slots {
            self.list.reserve(slots - self.list.len());
        }
    }

    /// Marks the slot at `index`, once.
    #[inline]
    pub(crate) fn mark(&mut self, index: usize, link: &mut Link) {
        if !link.is_touched() {
            link.mark();
            self.list.push(index as u32);
        }
    }

    /// As [`mark`](Self::mark), for a guard that shares this with others.
    #[inline]
    fn mark_shared(&self, index: usize, link: &mut Link) {
        if !link.is_touched() {
            // Nobody follows the chain before the guards are gone, so no order is needed.
            link.0 = self.chain.swap(index as u32, Ordering::Relaxed);
        }
    }

    /// The numbers of all marked slots. `link` leads to a slot's mark.
    #[inline]
    pub(crate) fn gather(&mut self, link: impl Fn(u32) -> Link) -> &[u32] {
        if *self.chain.get_mut() != END {
            let mut at = std::mem::replace(self.chain.get_mut(), END);
            while at != END {
                self.list.push(at);
                at = link(at).0;
            }
        }
        &self.list
    }

    /// Forgets the slots that were gathered. Their links are void.
    #[inline]
    pub(crate) fn forget_gathered(&mut self) {
        self.list.clear();
    }

    /// Forgets which slots are marked. Their links are void.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.list.clear();
        *self.chain.get_mut() = END;
    }
}

/// A value in a collection that is marked as touched when it is first written through.
///
/// What `iter_mut` and `values_mut` hand out: looking costs nothing, and several may live at once.
pub struct Mut<'a, T> {
    pub(crate) value: &'a mut T,
    pub(crate) index: usize,
    /// `None` where the walk looks at the slot anyway.
    pub(crate) mark: Option<(&'a Touched, &'a mut Link)>,
}

impl<T> Deref for Mut<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for Mut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        if let Some((touched, link)) = &mut self.mark {
            touched.mark_shared(self.index, link);
        }
        self.value
    }
}

/// The value.
impl<T: fmt::Debug> fmt::Debug for Mut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
