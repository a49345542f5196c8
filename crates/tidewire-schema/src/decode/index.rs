//! Tables by numbers that the sender chose.

use std::collections::HashMap;

/// A table by small numbers: a vector as long as they are dense, so that its size stays in
/// proportion to what is in it, and a hash map for those that are not.
#[derive(Debug)]
pub(super) struct IndexTable<T> {
    dense: Vec<Option<T>>,
    /// Numbers beyond `dense`.
    sparse: HashMap<u32, T>,
    len: usize,
}

impl<T> Default for IndexTable<T> {
    fn default() -> Self {
        Self { dense: Vec::new(), sparse: HashMap::new(), len: 0 }
    }
}

impl<T> IndexTable<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&T> {
        match self.dense.get(index as usize) {
            Some(slot) => slot.as_ref(),
            None => self.get_sparse(index),
        }
    }

    /// Up to which number it is a vector.
    pub(super) fn dense_len(&self) -> usize {
        self.dense.len()
    }

    #[cold]
    fn get_sparse(&self, index: u32) -> Option<&T> {
        self.sparse.get(&index)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.dense.get_mut(index as usize) {
            Some(slot) => slot.as_mut(),
            None => self.sparse.get_mut(&index),
        }
    }

    /// Puts a value in; what stood there is dropped.
    pub(super) fn insert(&mut self, index: u32, value: T) {
        let at = index as usize;
        if at >= self.dense.len() {
            self.grow(at);
        }
        let old = match self.dense.get_mut(at) {
            Some(slot) => slot.replace(value),
            None => self.sparse.insert(index, value),
        };
        self.len += usize::from(old.is_none());
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let old = match self.dense.get_mut(index as usize) {
            Some(slot) => slot.take(),
            None => self.sparse.remove(&index),
        };
        self.len -= usize::from(old.is_some());
        old
    }

    /// How many places looking through all takes.
    pub(super) fn span(&self) -> usize {
        self.dense.len() + self.sparse.len()
    }

    /// All there is, the dense part in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let dense = (0..).zip(&self.dense).filter_map(|(at, slot)| Some((at, slot.as_ref()?)));
        dense.chain(self.sparse.iter().map(|(at, value)| (*at, value)))
    }

    /// Makes the dense part reach `at`, if half of it would be in use. It grows by half at least,
    /// so that what was sparse is looked through seldom.
    fn grow(&mut self, at: usize) {
        let limit = 2 * self.len + 64;
        if at >= limit || limit < self.dense.len() + self.dense.len() / 2 {
            return;
        }
        self.dense.resize_with(limit, || None);
        if !self.sparse.is_empty() {
            let dense = &mut self.dense;
            for (at, value) in self.sparse.extract_if(|at, _| (*at as usize) < limit) {
                dense[at as usize] = Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_are_one_table() {
        let mut table = IndexTable::default();
        let numbers = || (0..1000).chain([5_000, 2_000_000, u32::MAX - 1]).chain(1000..3000);
        for number in numbers() {
            table.insert(number, number);
        }
        assert_eq!(table.len(), 3003);
        assert!(numbers().all(|number| table.get(number) == Some(&number)));
        assert_eq!(table.iter().count(), 3003);
        assert!(table.dense.len() < 10_000, "{}", table.dense.len());
        assert_eq!(table.remove(2_000_000), Some(2_000_000));
        assert_eq!(table.remove(2_000_000), None);
        assert_eq!((table.get(2_000_000), table.len()), (None, 3002));
        table.insert(5, 6);
        assert_eq!(table.get_mut(5), Some(&mut 6));
        assert_eq!(table.len(), 3002);
    }

    #[test]
    fn one_large_number_costs_little() {
        let mut table = IndexTable::default();
        table.insert(u32::MAX, ());
        assert_eq!(table.dense.capacity(), 0);
        assert!(table.get(u32::MAX).is_some());
    }
}
