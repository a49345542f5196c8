//! A collection that is made when it is first looked at.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::OnceLock,
};

/// A collection in a field of a [`DynStruct`](super::DynStruct). It is `T` in every respect, but
/// takes two words until something looks at it: whoever describes a type with many collections can
/// otherwise make each instance cost kilobytes.
///
/// ```
/// use tidewire_state::{DynCollection, MapSchema};
/// let mut scores = DynCollection::from(MapSchema::from([("ada", 3_u32)]));
/// scores.insert("bob", 4);
/// assert_eq!(scores.len(), 2);
/// assert!(DynCollection::<MapSchema<u32>>::default().is_empty());
/// ```
pub struct DynCollection<T>(OnceLock<Box<T>>);

impl<T> Default for DynCollection<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> From<T> for DynCollection<T> {
    fn from(collection: T) -> Self {
        Self(OnceLock::from(Box::new(collection)))
    }
}

impl<T: Default> Deref for DynCollection<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.get_or_init(Box::default)
    }
}

impl<T: Default> DerefMut for DynCollection<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_init(Box::default);
        self.0.get_mut().expect("it was just made")
    }
}

impl<T: Clone> Clone for DynCollection<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Default + PartialEq> PartialEq for DynCollection<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0.get(), other.0.get()) {
            (None, None) => true,
            _ => **self == **other,
        }
    }
}

impl<T: Default + fmt::Debug> fmt::Debug for DynCollection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DynField, MapSchema};

    #[test]
    fn what_was_not_looked_at_is_small_and_equal_to_what_is_empty() {
        assert!(size_of::<DynField>() <= 32, "{}", size_of::<DynField>());
        let (mut a, b) = (DynCollection::<MapSchema<u32>>::default(), DynCollection::default());
        assert_eq!(a, b);
        assert!(a.0.get().is_none());
        a.insert("ada", 3);
        assert_ne!(a, b);
        a.clear();
        assert_eq!(a, b);
        assert_eq!(format!("{b:?}"), "{}");
    }
}
