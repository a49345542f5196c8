//! What `SetSchema` and `CollectionSchema` have word for word in common.

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

        impl<P: $crate::members::Member> $crate::filter::Sift for $type<P> {
            type Key<'a> = usize;
            type Child = P;

            fn sift(
                &self,
                mirror: &Self::Mirror,
                whole: bool,
                ask: &mut $crate::filter::Ask<'_>,
                verdict: impl FnMut(&$crate::filter::Viewer<'_>, usize, &P) -> bool,
            ) {
                self.members.sift(mirror, whole, ask, verdict);
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

            fn replace(
                &mut self,
                index: usize,
                new: $crate::receive::New<'_>,
            ) -> Result<Option<$crate::receive::Detached>, $crate::receive::Misfit> {
                if index >= self.len() {
                    return Err($crate::receive::Misfit::NoPlace(index));
                }
                self.put_at(index, P::create(new)?);
                Ok(None)
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

            fn pooled(&self) -> Option<std::any::TypeId> {
                P::refers_to()
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
