//! Iterators, all in order of insertion.

use super::{Held, MapSchema, Slot, Told};
use crate::{
    schema::Element,
    touched::{Mut, Touched},
};

impl<V: Element> MapSchema<V> {
    /// Keys and values.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter { slots: self.slots.iter(), left: self.len() }
    }

    /// Keys and values to change. An entry is touched when it is first written to.
    pub fn iter_mut(&mut self) -> IterMut<'_, V> {
        let left = self.len();
        IterMut {
            slots: self.slots.iter_mut().enumerate(),
            told: self.told[..self.tail].iter_mut(),
            touched: &self.touched,
            left,
        }
    }

    /// The keys.
    pub fn keys(&self) -> Keys<'_, V> {
        Keys(self.iter())
    }

    /// The values.
    pub fn values(&self) -> Values<'_, V> {
        Values(self.iter())
    }

    /// The values to change. One is touched when it is first written to.
    pub fn values_mut(&mut self) -> ValuesMut<'_, V> {
        ValuesMut(self.iter_mut())
    }
}

/// Borrows entries. See [`MapSchema::iter`].
pub struct Iter<'a, V: Element> {
    slots: std::slice::Iter<'a, Slot<V>>,
    left: usize,
}

impl<'a, V: Element> Iterator for Iter<'a, V> {
    type Item = (&'a str, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let held = self.slots.find_map(|slot| slot.entry.as_ref())?;
        self.left -= 1;
        Some((&held.key, &held.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V: Element> ExactSizeIterator for Iter<'_, V> {}

impl<V: Element> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), left: self.left }
    }
}

/// Borrows entries mutably. See [`MapSchema::iter_mut`].
pub struct IterMut<'a, V: Element> {
    slots: std::iter::Enumerate<std::slice::IterMut<'a, Slot<V>>>,
    /// As far as the tail. What is left of it belongs to what is left of the slots.
    told: std::slice::IterMut<'a, Told<V>>,
    touched: &'a Touched,
    left: usize,
}

impl<'a, V: Element> Iterator for IterMut<'a, V> {
    type Item = (&'a str, Mut<'a, V>);

    fn next(&mut self) -> Option<Self::Item> {
        let Self { slots, told, touched, left } = self;
        let (index, told, held) = slots.find_map(|(index, slot)| {
            let told = told.next();
            Some((index, told, slot.entry.as_mut()?))
        })?;
        *left -= 1;
        let mark = told.map(|told| (*touched, &mut told.link));
        Some((&held.key, Mut { value: &mut held.value, index, mark }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V: Element> ExactSizeIterator for IterMut<'_, V> {}

/// Takes a map apart. See [`MapSchema::into_iter`].
pub struct IntoIter<V: Element> {
    slots: std::vec::IntoIter<Slot<V>>,
    left: usize,
}

impl<V: Element> Iterator for IntoIter<V> {
    type Item = (String, V);

    fn next(&mut self) -> Option<Self::Item> {
        let Held { key, value, .. } = self.slots.find_map(|slot| slot.entry)?;
        self.left -= 1;
        Some((key.into(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V: Element> ExactSizeIterator for IntoIter<V> {}

/// Takes everything out of a map. See [`MapSchema::drain`].
pub struct Drain<'a, V: Element> {
    pub(super) slots: std::vec::Drain<'a, Slot<V>>,
    pub(super) left: usize,
}

impl<V: Element> Iterator for Drain<'_, V> {
    type Item = (String, V);

    fn next(&mut self) -> Option<Self::Item> {
        let Held { key, value, .. } = self.slots.find_map(|slot| slot.entry)?;
        self.left -= 1;
        Some((key.into(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V: Element> ExactSizeIterator for Drain<'_, V> {}

/// Borrows keys. See [`MapSchema::keys`].
pub struct Keys<'a, V: Element>(Iter<'a, V>);

impl<'a, V: Element> Iterator for Keys<'a, V> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, _)| key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V: Element> ExactSizeIterator for Keys<'_, V> {}

/// Borrows values. See [`MapSchema::values`].
pub struct Values<'a, V: Element>(Iter<'a, V>);

impl<'a, V: Element> Iterator for Values<'a, V> {
    type Item = &'a V;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(_, value)| value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V: Element> ExactSizeIterator for Values<'_, V> {}

/// Borrows values mutably. See [`MapSchema::values_mut`].
pub struct ValuesMut<'a, V: Element>(IterMut<'a, V>);

impl<'a, V: Element> Iterator for ValuesMut<'a, V> {
    type Item = Mut<'a, V>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(_, value)| value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V: Element> ExactSizeIterator for ValuesMut<'_, V> {}

impl<V: Element> IntoIterator for MapSchema<V> {
    type Item = (String, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        let left = self.len();
        IntoIter { slots: self.slots.into_iter(), left }
    }
}

impl<'a, V: Element> IntoIterator for &'a MapSchema<V> {
    type Item = (&'a str, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

impl<'a, V: Element> IntoIterator for &'a mut MapSchema<V> {
    type Item = (&'a str, Mut<'a, V>);
    type IntoIter = IterMut<'a, V>;

    fn into_iter(self) -> IterMut<'a, V> {
        self.iter_mut()
    }
}
