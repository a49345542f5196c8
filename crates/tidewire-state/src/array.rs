//! [`ArraySchema`]: a vector that remembers what moved.
//!
//! Slots lie side by side and move with their values, each with its mirror, so that a node keeps
//! its identity when it is sorted or shifted. The array remembers from which index on anything may
//! have moved; before it, the touched list says which items to look at.

mod access;
mod order;
mod receive;
mod traits;
mod walk;

pub use self::{
    access::{Drain, IntoIter, Iter, IterMut},
    walk::ArrayMirror,
};
use crate::{
    identity::Identity,
    schema::Element,
    touched::{Link, Touched},
};

/// A growable array of primitives or structs.
///
/// Works as a `Vec`. Moving items (`sort_by`, `swap`, `insert` in front of others…) moves nodes,
/// which keep their identity; assigning through an index changes an item in place, and
/// [`replace`](Self::replace) puts another node there.
///
/// ```
/// use tidewire_state::ArraySchema;
/// let mut log: ArraySchema<String> = ArraySchema::new();
/// log.push("hello".to_owned());
/// log[0].push_str(", world");
/// assert_eq!(log, ["hello, world"]);
/// ```
pub struct ArraySchema<V: Element> {
    slots: ArraySlots<V>,
    touched: Touched,
    /// The first index from which on items may have come, gone or moved since the last walk, beside
    /// what `shifted` says. At most the length.
    moved_from: usize,
    /// How many items went from the front since the last walk, and nothing else before `moved_from`:
    /// a queue that moves on. The touched list counts from before they went.
    shifted: usize,
    /// Whether moves tore the touched list, so that slots must be asked one by one.
    torn: bool,
    identity: Identity,
}

/// The items of an array with what is remembered of each.
pub type ArraySlots<V> = Vec<ArraySlot<V>>;

/// An item of an array.
pub struct ArraySlot<V: Element> {
    pub(crate) value: V,
    pub(crate) mirror: V::ItemMirror,
    link: Link,
}

impl<V: Element> ArraySlot<V> {
    fn new(value: V) -> Self {
        Self { value, mirror: V::ItemMirror::default(), link: Link::default() }
    }
}

impl<V: Element> ArraySchema<V> {
    /// An empty array.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty array with room for `capacity` items.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            slots: Vec::with_capacity(capacity),
            touched: Touched::default(),
            moved_from: 0,
            shifted: 0,
            torn: false,
            identity: Identity::default(),
        }
    }

    /// How many items there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Notes that what stands at `index` or behind it may have come, gone or moved.
    fn moved(&mut self, index: usize) {
        self.torn |= !self.touched.is_empty();
        self.moved_from = self.moved_from.min(index);
    }

    /// Notes that the first item goes.
    fn shift(&mut self) {
        if self.moved_from == 0 {
            return self.moved(0);
        }
        let Self { slots, touched, shifted, .. } = self;
        if !self.torn {
            // What is chained is found through the slots, one of which goes.
            touched.gather(|at| slots[at as usize - *shifted].link);
        }
        self.shifted += 1;
        self.moved_from -= 1;
    }

    /// Notes that an item may have changed in place.
    #[inline]
    fn touch(&mut self, index: usize) -> Option<&mut V> {
        let slot = self.slots.get_mut(index)?;
        if self.torn {
            slot.link.mark();
        } else if index < self.moved_from || V::IS_NODE {
            self.touched.mark(index + self.shifted, &mut slot.link);
        }
        Some(&mut slot.value)
    }
}

impl<V: Element> Default for ArraySchema<V> {
    fn default() -> Self {
        Self::new()
    }
}
