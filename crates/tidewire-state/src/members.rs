//! What sets and collections have in common: primitives in order of arrival.

use std::any::Any;

use compact_str::CompactString;

use crate::{
    identity::{Identity, Seen},
    receive::{Misfit, New, Receive, ValueSink},
    select::Select,
    tracker::{Owner, Visit, Walk},
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
    hidden: bool,
    seen: Seen,
    sent: T,
}

impl<T: Default> Default for MembersMirror<T> {
    fn default() -> Self {
        let (id, owner) = (RefId::NONE, RefId::NONE);
        let (seen, sent) = (Seen::default(), T::default());
        Self { id, owner, fresh: false, hidden: false, seen, sent }
    }
}

/// What can be in a set or a collection: a primitive, or a [`Handle`](crate::Handle) of a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in a set or a collection of a state",
    note = "a set of structs holds handles: put the structs in a `Pool` and their handles in the set"
)]
pub trait Member: Clone {
    /// What was last sent of all.
    type Sent: Default + std::fmt::Debug + Send + Sync;

    /// What two of them have in common that are one in a set.
    fn key(&self) -> MemberKey;

    /// Reports what came and went from `from` on.
    fn walk_members<V: Visitor + ?Sized>(
        list: MemberList<'_, Self>,
        sent: &mut Self::Sent,
        from: usize,
        walk: &mut Walk<'_, V>,
    );

    /// How many were sent.
    fn sent_len(sent: &Self::Sent) -> usize;

    /// Shows all.
    fn visit_members<V: Visitor + ?Sized>(
        list: MemberList<'_, Self>,
        sent: &Self::Sent,
        visit: &mut Visit<'_, V>,
    );

    /// Finds nodes from this one on.
    fn select(&mut self, path: &[&str], select: &mut Select<'_>) {
        let _ = (path, select);
    }
}

/// The values of a set or a collection and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct MemberList<'a, P> {
    pub(crate) id: RefId,
    /// The struct around it.
    pub(crate) owner: RefId,
    pub(crate) field: FieldIndex,
    pub(crate) hidden: bool,
    pub(crate) items: &'a [P],
}

impl<P: Primitive> Member for P {
    type Sent = Vec<P::Sent>;

    fn key(&self) -> MemberKey {
        MemberKey(Key::of(self.value()))
    }

    fn walk_members<V: Visitor + ?Sized>(
        list: MemberList<'_, Self>,
        all: &mut Self::Sent,
        from: usize,
        walk: &mut Walk<'_, V>,
    ) {
        let (sent, now) = (&all[from..], &list.items[from..]);
        let same = sent.len() == now.len()
            && std::iter::zip(now, sent).all(|(value, sent)| value.is_sent(sent));
        if same {
            return;
        }
        let edit = ValueEdit { from, before: &Sent::<P>(sent), after: &Now(now) };
        let MemberList { owner, field, items, .. } = list;
        walk.visitor.members(MemberEdit { owner, field, edit, all: &Now(items) });
        all.resize_with(items.len(), P::Sent::default);
        for (value, sent) in std::iter::zip(now, &mut all[from..]) {
            value.remember(sent);
        }
    }

    fn sent_len(sent: &Self::Sent) -> usize {
        sent.len()
    }

    fn visit_members<V: Visitor + ?Sized>(
        list: MemberList<'_, Self>,
        _: &Self::Sent,
        visit: &mut Visit<'_, V>,
    ) {
        let MemberList { owner, field, items, .. } = list;
        let edit = ValueEdit { from: 0, before: &Sent::<P>(&[]), after: &Now(items) };
        visit.visitor.members(MemberEdit { owner, field, edit, all: &Now(items) });
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

impl<P: Member> Members<P> {
    pub(crate) fn walk_own<V: Visitor + ?Sized>(
        mirror: &mut MembersMirror<P::Sent>,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        if owner.fresh {
            let (id, _) = walk.introduce(owner, mirror.id.forgotten(), None);
            walk.rename(mirror.id, id);
            let (owner, hidden) = (owner.id, owner.hidden);
            *mirror = MembersMirror { id, owner, fresh: true, hidden, ..Default::default() };
            walk.visitor.reference(at, id, None);
        }
    }

    fn list(&self, mirror: &MembersMirror<P::Sent>, field: FieldIndex) -> MemberList<'_, P> {
        let MembersMirror { id, owner, hidden, .. } = *mirror;
        MemberList { id, owner, field, hidden, items: &self.items }
    }

    pub(crate) fn walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut MembersMirror<P::Sent>,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        let known = self.identity.is(mirror.seen);
        let sent = P::sent_len(&mirror.sent);
        let from = if known { self.same.min(sent) } else { 0 };
        if known && from == self.items.len() && from == sent {
            return;
        }
        if !known {
            mirror.seen = self.identity.renew();
        }
        let fresh = std::mem::take(&mut mirror.fresh);
        let MembersMirror { id, hidden, .. } = *mirror;
        walk.visitor.enter(Enter { id, place: Place::Field(at), index: None, hidden, fresh });
        let list = self.list(mirror, at);
        P::walk_members(list, &mut mirror.sent, from, walk);
        walk.visitor.leave();
        self.same = self.items.len();
    }

    pub(crate) fn visit_own<V: Visitor + ?Sized>(
        mirror: &MembersMirror<P::Sent>,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        visit.introduce(mirror.id, None);
        visit.visitor.reference(at, mirror.id, None);
    }

    pub(crate) fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &MembersMirror<P::Sent>,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        visit.enter(mirror.id, Place::Field(at), None);
        P::visit_members(self.list(mirror, at), &mirror.sent, visit);
        visit.visitor.leave();
    }

    pub(crate) fn select(
        &mut self,
        mirror: &mut MembersMirror<P::Sent>,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let goes_on = select.collection(&mut mirror.id, fresh, path);
        let [index, rest @ ..] = path else {
            if goes_on {
                self.items.iter_mut().for_each(|item| item.select(&[], select));
            }
            return;
        };
        match index.parse().ok().and_then(|at: usize| self.items.get_mut(at)) {
            Some(item) => item.select(rest, select),
            None => select.nothing(index),
        }
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

/// What makes two values of a set one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberKey(pub(crate) Key);

/// What clients can tell of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An instance of a pool.
    Shared(u64),
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
            Value::Quantized(step, by) => by.dequantize(step),
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
        impl<P: $crate::members::Member> $type<P> {
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

        impl<'a, P: $crate::members::Member> IntoIterator for &'a $type<P> {
            type Item = &'a P;
            type IntoIter = std::slice::Iter<'a, P>;

            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }

        impl<P: $crate::members::Member> IntoIterator for $type<P> {
            type Item = P;
            type IntoIter = std::vec::IntoIter<P>;

            fn into_iter(self) -> Self::IntoIter {
                self.members.into_vec().into_iter()
            }
        }

        /// A copy of the values, which no walk has seen.
        impl<P: $crate::members::Member> Clone for $type<P> {
            fn clone(&self) -> Self {
                self.iter().cloned().collect()
            }
        }

        impl<P: $crate::members::Member> FromIterator<P> for $type<P> {
            fn from_iter<I: IntoIterator<Item = P>>(values: I) -> Self {
                let mut all = Self::default();
                all.extend(values);
                all
            }
        }

        impl<P: $crate::members::Member, const N: usize> From<[P; N]> for $type<P> {
            fn from(values: [P; N]) -> Self {
                values.into_iter().collect()
            }
        }

        impl<P: $crate::members::Member + serde::Serialize> serde::Serialize for $type<P> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self)
            }
        }

        impl<'de, P: $crate::members::Member + serde::Deserialize<'de>> serde::Deserialize<'de>
            for $type<P>
        {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Vec::deserialize(deserializer)?.into_iter().collect())
            }
        }

        impl<P: $crate::members::Member> $crate::schema::Field for $type<P> {
            type Mirror = $crate::members::MembersMirror<<P as $crate::members::Member>::Sent>;

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
                visit: &mut $crate::tracker::Visit<'_, V>,
            ) {
                $crate::members::Members::<P>::visit_own(mirror, at, visit);
            }

            fn visit_below<V: $crate::visitor::Visitor + ?Sized>(
                &self,
                mirror: &Self::Mirror,
                at: $crate::types::FieldIndex,
                visit: &mut $crate::tracker::Visit<'_, V>,
            ) {
                self.members.visit_below(mirror, at, visit);
            }

            fn select(
                &mut self,
                mirror: &mut Self::Mirror,
                fresh: bool,
                path: &[&str],
                select: &mut $crate::select::Select<'_>,
            ) {
                self.members.select(mirror, fresh, path, select);
            }
        }

        impl<P: $crate::members::Member + $crate::schema::ElementType> $crate::schema::Describe
            for $type<P>
        {
            fn describe_field(types: &mut $crate::types::TypesBuilder) -> $crate::types::FieldKind {
                $crate::types::FieldKind::$kind(P::describe_element(types))
            }
        }

        impl<P: $crate::members::Member + $crate::receive::Receive> $crate::receive::ArraySink
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
                if let [index] = *indexes {
                    if index < self.len() {
                        self.remove_at(index);
                    }
                    return;
                }
                let mut gone = indexes.iter().copied().peekable();
                let mut at = 0;
                self.retain(|_| {
                    at += 1;
                    gone.next_if_eq(&(at - 1)).is_none()
                });
            }
        }

        /// As a field.
        impl<P: $crate::members::Member + $crate::receive::Receive> $crate::receive::ValueSink
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

        impl<P: $crate::members::Member + $crate::receive::Receive> $crate::receive::Receive
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
