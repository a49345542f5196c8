//! What an array has in common with others: values only, no tracking.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{ArraySchema, ArraySlot};
use crate::schema::Element;

/// A copy of the values, which no walk has seen.
impl<V: Element + Clone> Clone for ArraySchema<V> {
    fn clone(&self) -> Self {
        self.iter().cloned().collect()
    }
}

impl<V: Element + fmt::Debug> fmt::Debug for ArraySchema<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<V: Element + PartialEq> PartialEq for ArraySchema<V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<V: Element + Eq> Eq for ArraySchema<V> {}

impl<T, V: Element + PartialEq<T>> PartialEq<[T]> for ArraySchema<V> {
    fn eq(&self, other: &[T]) -> bool {
        self.len() == other.len() && std::iter::zip(self, other).all(|(a, b)| a == b)
    }
}

impl<T, V: Element + PartialEq<T>, const N: usize> PartialEq<[T; N]> for ArraySchema<V> {
    fn eq(&self, other: &[T; N]) -> bool {
        *self == other[..]
    }
}

impl<T, V: Element + PartialEq<T>> PartialEq<Vec<T>> for ArraySchema<V> {
    fn eq(&self, other: &Vec<T>) -> bool {
        *self == other[..]
    }
}

impl<V: Element> Extend<V> for ArraySchema<V> {
    fn extend<I: IntoIterator<Item = V>>(&mut self, items: I) {
        for item in items {
            self.push(item);
        }
    }
}

impl<V: Element> FromIterator<V> for ArraySchema<V> {
    fn from_iter<I: IntoIterator<Item = V>>(items: I) -> Self {
        Self { slots: items.into_iter().map(ArraySlot::new).collect(), ..Self::new() }
    }
}

impl<V: Element> From<Vec<V>> for ArraySchema<V> {
    fn from(items: Vec<V>) -> Self {
        items.into_iter().collect()
    }
}

impl<V: Element, const N: usize> From<[V; N]> for ArraySchema<V> {
    fn from(items: [V; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<V: Element + Serialize> Serialize for ArraySchema<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, V: Element + Deserialize<'de>> Deserialize<'de> for ArraySchema<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<V>(PhantomData<V>);

        impl<'de, V: Element + Deserialize<'de>> de::Visitor<'de> for Visitor<V> {
            type Value = ArraySchema<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> Result<Self::Value, A::Error> {
                let mut array = ArraySchema::new();
                while let Some(item) = items.next_element()? {
                    array.push(item);
                }
                Ok(array)
            }
        }

        deserializer.deserialize_seq(Visitor(PhantomData))
    }
}
