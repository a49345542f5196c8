//! Looking, adding, removing, iterating.

use std::{
    iter::Enumerate,
    ops::{Bound, Index, IndexMut, RangeBounds},
};

use super::{ArraySchema, ArraySlot};
use crate::{
    schema::Element,
    touched::{Mut, Touched},
};

impl<V: Element> ArraySchema<V> {
    /// The item at an index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&V> {
        self.slots.get(index).map(|slot| &slot.value)
    }

    /// The item at an index, to be changed in place. Marks it as touched.
    #[inline]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut V> {
        self.touch(index)
    }

    /// The first item.
    pub fn first(&self) -> Option<&V> {
        self.get(0)
    }

    /// The first item, to be changed in place.
    pub fn first_mut(&mut self) -> Option<&mut V> {
        self.get_mut(0)
    }

    /// The last item.
    pub fn last(&self) -> Option<&V> {
        self.slots.last().map(|slot| &slot.value)
    }

    /// The last item, to be changed in place.
    pub fn last_mut(&mut self) -> Option<&mut V> {
        self.get_mut(self.len().checked_sub(1)?)
    }

    /// Whether an item equals `value`.
    pub fn contains(&self, value: &V) -> bool
    where
        V: PartialEq,
    {
        self.iter().any(|item| item == value)
    }

    /// Appends an item.
    #[inline]
    pub fn push(&mut self, value: V) {
        assert!(self.len() < MAX_ITEMS, "an array holds fewer than 2^32 - 2 items");
        self.slots.push(ArraySlot::new(value));
    }

    /// Takes the last item out.
    pub fn pop(&mut self) -> Option<V> {
        let slot = self.slots.pop()?;
        self.torn |= slot.link.is_touched();
        self.moved_from = self.moved_from.min(self.slots.len());
        Some(slot.value)
    }

    /// Puts an item in before the one at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is beyond the length.
    pub fn insert(&mut self, index: usize, value: V) {
        assert!(index <= self.len(), "cannot insert at {index} into {} items", self.len());
        assert!(self.len() < MAX_ITEMS, "an array holds fewer than 2^32 - 2 items");
        self.moved(index);
        self.slots.insert(index, ArraySlot::new(value));
    }

    /// Takes the item at `index` out; those behind it move up.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn remove(&mut self, index: usize) -> V {
        assert!(index < self.len(), "cannot remove {index} of {} items", self.len());
        match index {
            0 => self.shift(),
            _ => self.moved(index),
        }
        self.slots.remove(index).value
    }

    /// Puts another item in the place of one. For structs this is another node, where assigning
    /// through [`get_mut`](Self::get_mut) would change the fields of the node that is there.
    ///
    /// # Panics
    ///
    /// If there is no such item.
    pub fn replace(&mut self, index: usize, value: V) -> V {
        assert!(index < self.len(), "cannot replace {index} of {} items", self.len());
        self.moved(index);
        std::mem::replace(&mut self.slots[index], ArraySlot::new(value)).value
    }

    /// Drops what is behind the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.moved(len);
            self.slots.truncate(len);
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the items for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        let Some(first) = self.iter().position(|item| !keep(item)) else { return };
        self.moved(first);
        let mut index = 0;
        self.slots.retain(|slot| {
            index += 1;
            // Each item is asked once: those up to the first to go have been.
            index <= first || (index > first + 1 && keep(&slot.value))
        });
    }

    /// Takes a range of items out.
    ///
    /// # Panics
    ///
    /// If the range is not within the array.
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> Drain<'_, V> {
        self.moved(start_of(&range));
        Drain(self.slots.drain(range))
    }

    /// Puts items in the place of a range, and hands out what was there.
    ///
    /// # Panics
    ///
    /// If the range is not within the array.
    pub fn splice(
        &mut self,
        range: impl RangeBounds<usize>,
        items: impl IntoIterator<Item = V>,
    ) -> Vec<V> {
        self.moved(start_of(&range));
        let items = items.into_iter().map(ArraySlot::new);
        self.slots.splice(range, items).map(|slot| slot.value).collect()
    }

    /// The items.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter(self.slots.iter())
    }

    /// The items to change. One is touched when it is first written to.
    pub fn iter_mut(&mut self) -> IterMut<'_, V> {
        IterMut {
            slots: self.slots.iter_mut().enumerate(),
            touched: &self.touched,
            moved_from: self.moved_from,
            shifted: self.shifted,
        }
    }
}

/// Indexes above are marks of the touched list.
pub(super) const MAX_ITEMS: usize = u32::MAX as usize - 2;

fn start_of(range: &impl RangeBounds<usize>) -> usize {
    match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    }
}

/// # Panics
///
/// If there is no such item, as `Vec` does.
impl<V: Element> Index<usize> for ArraySchema<V> {
    type Output = V;

    #[inline]
    fn index(&self, index: usize) -> &V {
        &self.slots[index].value
    }
}

/// # Panics
///
/// If there is no such item, as `Vec` does.
impl<V: Element> IndexMut<usize> for ArraySchema<V> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut V {
        let len = self.len();
        match self.touch(index) {
            Some(value) => value,
            None => panic!("index {index} is out of bounds: the length is {len}"),
        }
    }
}

/// Borrows items. See [`ArraySchema::iter`].
pub struct Iter<'a, V: Element>(std::slice::Iter<'a, ArraySlot<V>>);

impl<V: Element> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Borrows items mutably. See [`ArraySchema::iter_mut`].
pub struct IterMut<'a, V: Element> {
    slots: Enumerate<std::slice::IterMut<'a, ArraySlot<V>>>,
    touched: &'a Touched,
    moved_from: usize,
    shifted: usize,
}

/// Takes an array apart. See [`ArraySchema::into_iter`].
pub struct IntoIter<V: Element>(std::vec::IntoIter<ArraySlot<V>>);

/// Takes items out of an array. See [`ArraySchema::drain`].
pub struct Drain<'a, V: Element>(std::vec::Drain<'a, ArraySlot<V>>);

impl<'a, V: Element> IterMut<'a, V> {
    fn guard(&self, (index, slot): (usize, &'a mut ArraySlot<V>)) -> Mut<'a, V> {
        let is_marked = index < self.moved_from || V::IS_NODE;
        let mark = is_marked.then_some((self.touched, &mut slot.link));
        Mut { value: &mut slot.value, index: index + self.shifted, mark }
    }
}

impl<'a, V: Element> Iterator for IterMut<'a, V> {
    type Item = Mut<'a, V>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.slots.next()?;
        Some(self.guard(next))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slots.size_hint()
    }
}

impl<V: Element> DoubleEndedIterator for IterMut<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let next = self.slots.next_back()?;
        Some(self.guard(next))
    }
}

impl<V: Element> ExactSizeIterator for IterMut<'_, V> {}

macro_rules! over_slots {
    ($type:ty => $item:ty, $slot:ident => $value:expr, [$($lifetime:lifetime)?]) => {
        impl<$($lifetime,)? V: Element> Iterator for $type {
            type Item = $item;

            fn next(&mut self) -> Option<Self::Item> {
                self.0.next().map(|$slot| $value)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($lifetime,)? V: Element> DoubleEndedIterator for $type {
            fn next_back(&mut self) -> Option<Self::Item> {
                self.0.next_back().map(|$slot| $value)
            }
        }

        impl<$($lifetime,)? V: Element> ExactSizeIterator for $type {}
    };
}

over_slots!(Iter<'a, V> => &'a V, slot => &slot.value, ['a]);
over_slots!(IntoIter<V> => V, slot => slot.value, []);
over_slots!(Drain<'a, V> => V, slot => slot.value, ['a]);

impl<V: Element> IntoIterator for ArraySchema<V> {
    type Item = V;
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        IntoIter(self.slots.into_iter())
    }
}

impl<'a, V: Element> IntoIterator for &'a ArraySchema<V> {
    type Item = &'a V;
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

impl<'a, V: Element> IntoIterator for &'a mut ArraySchema<V> {
    type Item = Mut<'a, V>;
    type IntoIter = IterMut<'a, V>;

    fn into_iter(self) -> IterMut<'a, V> {
        self.iter_mut()
    }
}
