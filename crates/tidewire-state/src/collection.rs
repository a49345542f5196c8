//! [`CollectionSchema`]: a bag of primitives that remembers the order in which they came.

use std::fmt;

use crate::members::{Member, Members, members};

/// Primitives in order of arrival, equal ones as often as they were put in.
///
/// Clients see which values come and go; nothing is said of places. Where places matter, or values
/// are structs, there is [`ArraySchema`](crate::ArraySchema).
///
/// ```
/// use tidewire_state::CollectionSchema;
/// let mut bag = CollectionSchema::from(["torch".to_owned(), "rope".to_owned()]);
/// bag.add("torch".to_owned());
/// assert!(bag.remove(&"torch".to_owned()));
/// assert_eq!(bag.as_slice(), ["rope", "torch"]);
/// ```
pub struct CollectionSchema<P: Member> {
    members: Members<P>,
}

members!(CollectionSchema, Collection);

impl<P: Member> CollectionSchema<P> {
    /// Puts a value in.
    pub fn add(&mut self, value: P) {
        self.members.push(value);
    }

    /// Whether a value is there that clients cannot tell from this one.
    pub fn contains(&self, value: &P) -> bool {
        self.position(value).is_some()
    }

    fn position(&self, value: &P) -> Option<usize> {
        let key = value.key();
        self.iter().position(|other| other.key() == key)
    }

    /// Takes the value out that came first of those that clients cannot tell from this one. Tells
    /// whether there was one.
    pub fn remove(&mut self, value: &P) -> bool {
        self.position(value).map(|index| self.members.remove(index)).is_some()
    }

    /// Takes the value out that came `index` values after the first.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn remove_at(&mut self, index: usize) -> P {
        self.members.remove(index)
    }

    /// Puts a value in the place of another.
    pub(crate) fn put_at(&mut self, index: usize, value: P) {
        self.members.put(index, value);
    }

    /// Keeps the values for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&P) -> bool) {
        self.members.retain(keep);
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.members.take();
    }
}

impl<P: Member> Default for CollectionSchema<P> {
    fn default() -> Self {
        Self { members: Members::default() }
    }
}

impl<P: Member> Extend<P> for CollectionSchema<P> {
    fn extend<I: IntoIterator<Item = P>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

impl<P: Member + fmt::Debug> fmt::Debug for CollectionSchema<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Equal values in the same order of arrival.
impl<P: Member + PartialEq> PartialEq for CollectionSchema<P> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<P: Member + Eq> Eq for CollectionSchema<P> {}
