//! What sets and collections have in common: primitives in order of arrival.

use std::any::Any;

use compact_str::CompactString;

use crate::{
    identity::{Identity, Seen},
    receive::{Misfit, New, Receive, ValueSink},
    tracker::{Owner, Walk},
    types::FieldIndex,
    value::{Primitive, Value},
    visitor::{Enter, MemberEdit, Place, RefId, ValueEdit, ValueList, Visitor},
};

/// Values in order of arrival, which only come at the end.
#[derive(Debug)]
pub(crate) struct Members<P> {
    items: Vec<P>,
    /// The first index from which on a value may have gone since the last walk.
    same: usize,
    identity: Identity,
}

/// What the place of a set or a collection remembers: the node, which one was there, and what it held.
#[derive(Debug)]
pub struct MembersMirror<T> {
    id: RefId,
    owner: RefId,
    fresh: bool,
    seen: Seen,
    sent: Vec<T>,
}

impl<T> Default for MembersMirror<T> {
    fn default() -> Self {
        let (id, owner) = (RefId::NONE, RefId::NONE);
        Self { id, owner, fresh: false, seen: Seen::default(), sent: Vec::new() }
    }
}

impl<P> Default for Members<P> {
    fn default() -> Self {
        Self { items: Vec::new(), same: 0, identity: Identity::default() }
    }
}

impl<P> Members<P> {
    pub(crate) fn as_slice(&self) -> &[P] {
        &self.items
    }

    pub(crate) fn push(&mut self, value: P) {
        self.items.push(value);
    }

    /// # Panics
    ///
    /// If there is no such value.
    pub(crate) fn remove(&mut self, index: usize) -> P {
        assert!(index < self.items.len(), "cannot remove {index} of {} values", self.items.len());
        self.same = self.same.min(index);
        self.items.remove(index)
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&P) -> bool) {
        self.same = 0;
        self.items.retain(keep);
    }

    pub(crate) fn take(&mut self) -> Vec<P> {
        self.same = 0;
        std::mem::take(&mut self.items)
    }

    pub(crate) fn into_vec(self) -> Vec<P> {
        self.items
    }
}

impl<P: Primitive> Members<P> {
    pub(crate) fn walk_own<V: Visitor + ?Sized>(
        mirror: &mut MembersMirror<P::Sent>,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        if owner.fresh {
            let id = walk.tracker.allocate(owner.id);
            *mirror = MembersMirror { id, owner: owner.id, fresh: true, ..Default::default() };
            walk.visitor.reference(at, id, None);
        }
    }

    pub(crate) fn walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MembersMirror<P::Sent>,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        let known = self.identity.is(mirror.seen);
        let from = if known { self.same.min(mirror.sent.len()) } else { 0 };
        if known && from == self.items.len() && from == mirror.sent.len() {
            return;
        }
        if !known {
            mirror.seen = self.identity.renew();
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        walk.visitor.enter(Enter { id: mirror.id, place: Place::Field(at), fresh });
        let (sent, now) = (&mirror.sent[from..], &self.items[from..]);
        let same = sent.len() == now.len()
            && std::iter::zip(now, sent).all(|(value, sent)| value.is_sent(sent));
        if !same {
            let edit = ValueEdit { from, before: &Sent::<P>(sent), after: &Now(now) };
            walk.visitor.members(MemberEdit {
                owner: mirror.owner,
                field: at,
                edit,
                all: &Now(&self.items),
            });
            mirror.sent.resize_with(self.items.len(), P::Sent::default);
            for (value, sent) in std::iter::zip(now, &mut mirror.sent[from..]) {
                value.remember(sent);
            }
        }
        walk.visitor.leave();
        self.same = self.items.len();
    }

    pub(crate) fn visit_own<V: Visitor + ?Sized>(
        mirror: &MembersMirror<P::Sent>,
        at: FieldIndex,
        visitor: &mut V,
    ) {
        visitor.reference(at, mirror.id, None);
    }

    pub(crate) fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &MembersMirror<P::Sent>,
        at: FieldIndex,
        visitor: &mut V,
    ) {
        visitor.enter(Enter { id: mirror.id, place: Place::Field(at), fresh: true });
        let edit = ValueEdit { from: 0, before: &Sent::<P>(&[]), after: &Now(&self.items) };
        let all = &Now(&self.items);
        visitor.members(MemberEdit { owner: mirror.owner, field: at, edit, all });
        visitor.leave();
    }
}

impl<P: Receive> Members<P> {
    /// A value, as a decoder looks at it.
    pub(crate) fn place(&mut self, index: usize) -> Option<&mut dyn ValueSink> {
        self.same = self.same.min(index);
        self.items.get_mut(index).map(Receive::place)
    }

    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        if a.max(b) < self.items.len() {
            self.same = self.same.min(a).min(b);
            self.items.swap(a, b);
        }
    }

    pub(crate) fn reverse(&mut self) {
        self.same = 0;
        self.items.reverse();
    }
}

/// What a collection is made of by a decoder.
pub(crate) fn attach<T: Default + Any>(new: New<'_>) -> Result<T, Misfit> {
    use crate::receive::Detached;
    match new {
        New::Fresh(_) => Ok(T::default()),
        New::Node(Detached::Array(node)) => {
            let node: Box<dyn Any> = node;
            node.downcast().map(|node| *node).map_err(|_| Misfit::node::<T>())
        }
        New::Value(value) => Err(Misfit::value::<T>(value)),
        New::Node(_) => Err(Misfit::node::<T>()),
    }
}

/// What clients can tell of a value.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Text(CompactString),
    /// A double's.
    Bits(u64),
}

impl Key {
    pub(crate) fn of(value: Value<'_>) -> Self {
        let number = match value {
            Value::String(text) => return Self::Text(text.into()),
            Value::Boolean(flag) => f64::from(u8::from(flag)),
            Value::Number(number) => as_read(number),
            Value::Int8(number) => number.into(),
            Value::Uint8(number) => number.into(),
            Value::Int16(number) => number.into(),
            Value::Uint16(number) => number.into(),
            Value::Int32(number) => number.into(),
            Value::Uint32(number) => number.into(),
            Value::Int64(number) => number as f64,
            Value::Uint64(number) => number as f64,
            Value::Float32(number) => number.into(),
            Value::Float64(number) => number,
        };
        let number = if number.is_nan() { f64::NAN } else { number + 0.0 };
        Self::Bits(number.to_bits())
    }
}

/// What becomes of a `number` on the wire: a single where one is near, and only what is finite.
pub(crate) fn as_read(number: f64) -> f64 {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    let single = f64::from(number as f32);
    match number {
        _ if number.is_nan() => 0.0,
        _ if number.is_infinite() => LARGEST.copysign(number),
        _ if f64::from(number as i32) == number => number,
        _ if (single - number).abs() < 1e-4 => single,
        _ => number,
    }
}

struct Now<'a, P>(&'a [P]);

impl<P: Primitive> ValueList for Now<'_, P> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn value(&self, index: usize) -> Value<'_> {
        self.0[index].value()
    }
}

struct Sent<'a, P: Primitive>(&'a [P::Sent]);

impl<P: Primitive> ValueList for Sent<'_, P> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn value(&self, index: usize) -> Value<'_> {
        P::sent_value(&self.0[index])
    }
}

/// What sets and collections share: reading, iterating, and all that the model wants of a field.
macro_rules! members {
    ($type:ident, $kind:ident) => {
        impl<P: $crate::value::Primitive> $type<P> {
            /// An empty one.
            pub fn new() -> Self {
                Self::default()
            }

            /// How many values there are.
            pub fn len(&self) -> usize {
                self.as_slice().len()
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.as_slice().is_empty()
            }

            /// The value that came `index` values after the first of those that are there.
            pub fn get(&self, index: usize) -> Option<&P> {
                self.as_slice().get(index)
            }

            /// The values in order of arrival.
            pub fn iter(&self) -> std::slice::Iter<'_, P> {
                self.as_slice().iter()
            }

            /// The values in order of arrival, side by side.
            pub fn as_slice(&self) -> &[P] {
                self.members.as_slice()
            }
        }

        impl<'a, P: $crate::value::Primitive> IntoIterator for &'a $type<P> {
            type Item = &'a P;
            type IntoIter = std::slice::Iter<'a, P>;

            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }

        impl<P: $crate::value::Primitive> IntoIterator for $type<P> {
            type Item = P;
            type IntoIter = std::vec::IntoIter<P>;

            fn into_iter(self) -> Self::IntoIter {
                self.members.into_vec().into_iter()
            }
        }

        /// A copy of the values, which no walk has seen.
        impl<P: $crate::value::Primitive> Clone for $type<P> {
            fn clone(&self) -> Self {
                self.iter().cloned().collect()
            }
        }

        impl<P: $crate::value::Primitive> FromIterator<P> for $type<P> {
            fn from_iter<I: IntoIterator<Item = P>>(values: I) -> Self {
                let mut all = Self::default();
                all.extend(values);
                all
            }
        }

        impl<P: $crate::value::Primitive, const N: usize> From<[P; N]> for $type<P> {
            fn from(values: [P; N]) -> Self {
                values.into_iter().collect()
            }
        }

        impl<P: $crate::value::Primitive + serde::Serialize> serde::Serialize for $type<P> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self)
            }
        }

        impl<'de, P: $crate::value::Primitive + serde::Deserialize<'de>> serde::Deserialize<'de>
            for $type<P>
        {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Vec::deserialize(deserializer)?.into_iter().collect())
            }
        }

        impl<P: $crate::value::Primitive> $crate::schema::Field for $type<P> {
            type Mirror = $crate::members::MembersMirror<P::Sent>;

            fn walk_own<V: $crate::visitor::Visitor + ?Sized>(
                &mut self,
                mirror: &mut Self::Mirror,
                at: $crate::types::FieldIndex,
                owner: $crate::tracker::Owner,
                walk: &mut $crate::tracker::Walk<'_, V>,
            ) {
                $crate::members::Members::<P>::walk_own(mirror, at, owner, walk);
            }

            fn walk_below<V: $crate::visitor::Visitor + ?Sized>(
                &mut self,
                mirror: &mut Self::Mirror,
                at: $crate::types::FieldIndex,
                walk: &mut $crate::tracker::Walk<'_, V>,
            ) {
                self.members.walk_below(mirror, at, walk);
            }

            fn visit_own<V: $crate::visitor::Visitor + ?Sized>(
                &self,
                mirror: &Self::Mirror,
                at: $crate::types::FieldIndex,
                visitor: &mut V,
            ) {
                $crate::members::Members::<P>::visit_own(mirror, at, visitor);
            }

            fn visit_below<V: $crate::visitor::Visitor + ?Sized>(
                &self,
                mirror: &Self::Mirror,
                at: $crate::types::FieldIndex,
                visitor: &mut V,
            ) {
                self.members.visit_below(mirror, at, visitor);
            }
        }

        impl<P: $crate::value::PrimitiveType> $crate::schema::Describe for $type<P> {
            fn describe_field(_: &mut $crate::types::TypesBuilder) -> $crate::types::FieldKind {
                $crate::types::FieldKind::$kind($crate::types::ElementKind::Primitive(P::KIND))
            }
        }

        impl<P: $crate::value::Primitive + $crate::receive::Receive> $crate::receive::ArraySink
            for $type<P>
        {
            fn len(&self) -> usize {
                self.len()
            }

            fn item(&mut self, index: usize) -> Option<&mut dyn $crate::receive::ValueSink> {
                self.members.place(index)
            }

            fn insert(
                &mut self,
                index: usize,
                new: $crate::receive::New<'_>,
            ) -> Result<(), $crate::receive::Misfit> {
                if index != self.len() {
                    return Err($crate::receive::Misfit::NoPlace(index));
                }
                let value = P::create(new)?;
                self.extend([value]);
                Ok(())
            }

            fn swap(&mut self, a: usize, b: usize) {
                self.members.swap(a, b);
            }

            fn reverse(&mut self) {
                self.members.reverse();
            }

            fn remove(
                &mut self,
                indexes: &[usize],
                _: &mut dyn FnMut(usize, $crate::receive::Detached),
            ) {
                for index in indexes.iter().rev() {
                    if *index < self.len() {
                        self.remove_at(*index);
                    }
                }
            }
        }

        /// As a field.
        impl<P: $crate::value::Primitive + $crate::receive::Receive> $crate::receive::ValueSink
            for $type<P>
        {
            fn set(
                &mut self,
                value: $crate::value::Value<'_>,
            ) -> Result<(), $crate::receive::Misfit> {
                Err($crate::receive::Misfit::value::<Self>(value))
            }

            fn value(&self) -> Option<$crate::value::Value<'_>> {
                None
            }

            fn node(&mut self) -> Option<$crate::receive::Sink<'_>> {
                Some($crate::receive::Sink::Array(self))
            }

            fn replace(
                &mut self,
                new: $crate::receive::New<'_>,
            ) -> Result<Option<$crate::receive::Detached>, $crate::receive::Misfit> {
                if matches!(new, $crate::receive::New::Fresh(_)) && self.is_empty() {
                    return Ok(None);
                }
                let new = $crate::members::attach(new)?;
                Ok($crate::receive::Receive::detach(std::mem::replace(self, new)))
            }

            fn unset(
                &mut self,
                fresh: $crate::receive::Fresh<'_>,
            ) -> Result<Option<$crate::receive::Detached>, $crate::receive::Misfit> {
                $crate::receive::ValueSink::replace(self, $crate::receive::New::Fresh(fresh))
            }
        }

        impl<P: $crate::value::Primitive + $crate::receive::Receive> $crate::receive::Receive
            for $type<P>
        {
            fn create(new: $crate::receive::New<'_>) -> Result<Self, $crate::receive::Misfit> {
                $crate::members::attach(new)
            }

            fn detach(self) -> Option<$crate::receive::Detached> {
                Some($crate::receive::Detached::Array(Box::new(self)))
            }
        }
    };
}
pub(crate) use members;
