//! What sets and collections have in common: primitives in order of arrival.

mod shared;

use std::any::Any;

use compact_str::CompactString;

pub(crate) use self::shared::members;
use crate::{
    filter::{Ask, Viewer},
    identity::{Identity, Seen},
    receive::{Misfit, New, Receive, ValueSink},
    schema::Gone,
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
    /// Whether a function says who sees which entry.
    sifted: bool,
    seen: Seen,
    sent: T,
}

impl<T: Default> Default for MembersMirror<T> {
    fn default() -> Self {
        let (id, owner) = (RefId::NONE, RefId::NONE);
        let (seen, sent) = (Seen::default(), T::default());
        Self { id, owner, fresh: false, hidden: false, sifted: false, seen, sent }
    }
}

/// What can be in a set or a collection: a primitive, or a [`Handle`](crate::Handle) of a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in a set or a collection of a state",
    note = "a set of structs holds handles: put the structs in a `Pool` and their handles in the set"
)]
pub trait Member: Clone {
    /// Whether it leads to a struct.
    const IS_STRUCT: bool = false;
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

    /// What it leads to.
    fn leads_to(&self) -> Gone {
        Gone::Value
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
    pub(crate) sifted: bool,
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

    /// Puts a value in the place of another, which is handed out.
    pub(crate) fn put(&mut self, index: usize, value: P) -> P {
        self.same = self.same.min(index);
        std::mem::replace(&mut self.items[index], value)
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
            let (owner, hidden, sifted) = (owner.id, owner.hidden, owner.is_sifted());
            let fresh = true;
            *mirror = MembersMirror { id, owner, fresh, hidden, sifted, ..Default::default() };
            walk.visitor.reference(at, id, None);
        }
    }

    fn list(&self, mirror: &MembersMirror<P::Sent>, field: FieldIndex) -> MemberList<'_, P> {
        let MembersMirror { id, owner, hidden, sifted, .. } = *mirror;
        MemberList { id, owner, field, hidden, sifted, items: &self.items }
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
        let MembersMirror { id, hidden, sifted, .. } = *mirror;
        let (place, filtered) = (Place::Field(at), sifted);
        walk.visitor.enter(Enter { id, place, index: None, hidden, filtered, fresh });
        if sifted {
            walk.note_collection(id);
        }
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
        visit.introduce(mirror.id, None, mirror.hidden);
        visit.visitor.reference(at, mirror.id, None);
    }

    pub(crate) fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &MembersMirror<P::Sent>,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        visit.enter_collection(mirror.id, at, mirror.hidden, mirror.sifted);
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
                let waits = select.waits();
                self.items.iter_mut().for_each(|item| item.select(&[], select));
                if select.waits() != waits {
                    self.same = 0;
                }
            }
            return;
        };
        match index.parse().ok().and_then(|at: usize| self.items.get_mut(at)) {
            Some(item) => item.select(rest, select),
            None => select.nothing(index),
        }
    }

    pub(crate) fn sift(
        &self,
        mirror: &MembersMirror<P::Sent>,
        whole: bool,
        ask: &mut Ask<'_>,
        mut verdict: impl FnMut(&Viewer<'_>, usize, &P) -> bool,
    ) {
        const { assert!(P::IS_STRUCT, "`filter_children` stands on sets of structs, not of values") };
        ask.entries(mirror.id, whole, &mut |viewer, passed| {
            for (at, item) in self.items.iter().enumerate() {
                if verdict(viewer, at, item) {
                    passed.insert(at as u32, item.leads_to());
                }
            }
        });
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
        New::Node(_) | New::Shared(_) => Err(Misfit::node::<T>()),
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
