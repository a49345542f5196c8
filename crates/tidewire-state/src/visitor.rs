//! What a codec implements: the events of a walk.
//!
//! A walk reports a node's own changes first and then, node by node, what lies below it, so a
//! reference is always made known before the node that it leads to is entered. Between
//! [`enter`](Visitor::enter) and the first `enter` below it, or the matching
//! [`leave`](Visitor::leave), every event belongs to the node entered last.
//!
//! A full visit (a snapshot) uses the same events: everything is new and nothing was before.

use crate::{
    types::{FieldIndex, TypeIndex},
    value::Value,
};

/// The number of a node, small and reused: a tick after its removal was reported at the earliest.
///
/// The root is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefId(pub u32);

impl RefId {
    /// The root of every state.
    pub const ROOT: Self = Self(0);
    /// Not a node: the place is empty, or has not been seen by a walk.
    pub(crate) const NONE: Self = Self(u32::MAX);
    /// Set in the number of a node that was named before a walk has seen it.
    pub(crate) const RESERVED: u32 = 1 << 31;
    /// Set beside it where another instance stands in the place by now.
    pub(crate) const OUTDATED: u32 = 1 << 30;

    /// Whether a number was asked for that no walk has given out.
    pub(crate) fn is_reserved(self) -> bool {
        !self.is_known() && self != Self::NONE
    }

    /// What a place remembers that may have been in another state: only what was asked for.
    pub(crate) fn forgotten(self) -> Self {
        if self.is_known() { Self::NONE } else { self }
    }

    /// What a place remembers of a node that was named, when another takes its place.
    pub(crate) fn outdated(self) -> Self {
        if self.is_known() { self } else { Self(self.0 | Self::OUTDATED) }
    }

    /// Whether a walk has given this number out. A full visit between two walks also shows nodes
    /// that are newer than the last one, and have none.
    #[inline]
    pub fn is_known(self) -> bool {
        self.0 < Self::RESERVED
    }
}

/// A node that is not seen by any walk yet.
impl Default for RefId {
    fn default() -> Self {
        Self::NONE
    }
}

/// Where a node lies in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place<'a> {
    /// It has no parent.
    Root,
    /// In this field of a struct.
    Field(FieldIndex),
    /// In a map.
    Entry(EntryAt<'a>),
    /// In an array, at this index after the edit.
    Item(usize),
    /// Wherever its references are: an instance of a [`Pool`](crate::Pool).
    Shared,
}

/// An entry of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryAt<'a> {
    /// The server's number for the key: one per key while it lives, reused a tick later.
    pub index: u32,
    /// The key.
    pub key: &'a str,
}

impl EntryAt<'_> {
    /// The number of a key that no walk has seen. A full visit between two walks shows such keys.
    pub const UNKNOWN: u32 = u32::MAX;
}

/// A node whose events follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enter<'a> {
    /// Its number.
    pub id: RefId,
    /// Where it lies in the node around it.
    pub place: Place<'a>,
    /// The type of a struct; nothing for a collection.
    pub index: Option<TypeIndex>,
    /// Whether not everyone is told of it: it lies below a field that is not for everyone.
    pub hidden: bool,
    /// Whether not everyone who is told of it is told of what is in it: a function says who sees which
    /// entry of this collection.
    pub filtered: bool,
    /// Whether no client has been told of it yet. What is below a new node is new.
    pub fresh: bool,
}

impl Enter<'_> {
    /// The root.
    pub(crate) fn root(index: Option<TypeIndex>, fresh: bool) -> Self {
        let (id, place) = (RefId::ROOT, Place::Root);
        Self { id, place, index, hidden: false, filtered: false, fresh }
    }
}

/// A node that is about to be referred to for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduced {
    /// Its number. Unknown in a full visit if no walk has seen it.
    pub id: RefId,
    /// The type of a struct; nothing for a collection.
    pub index: Option<TypeIndex>,
    /// Whether not everyone is told of it.
    pub hidden: bool,
}

/// A set or a collection of structs that is not what it was.
#[derive(Clone, Copy, Debug)]
pub struct NodeMembersEdit<'a> {
    /// The entries last sent, by number, ascending.
    pub before: &'a [NodeMember],
    /// The entries now, by number, ascending. Those that stayed kept their numbers.
    pub after: &'a [NodeMember],
    /// The number that the next one will have: they are given in order and not twice.
    pub next: u32,
}

/// An entry of a set or a collection of structs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeMember {
    /// Its number.
    pub number: u32,
    /// The struct.
    pub node: RefId,
}

/// An array of structs that is not what it was.
#[derive(Clone, Copy, Debug)]
pub struct RefEdit<'a> {
    /// The index of the first item in both lists; what stands before it did not move.
    pub from: usize,
    /// The nodes last sent, from that index on.
    pub before: &'a [RefId],
    /// The nodes now, from that index on.
    pub after: &'a [RefId],
}

/// An array of primitives that is not what it was.
#[derive(Clone, Copy)]
pub struct ValueEdit<'a> {
    /// The index of the first value in both lists; what stands before it is the same.
    pub from: usize,
    /// The values last sent, from that index on.
    pub before: &'a dyn ValueList,
    /// The values now, from that index on.
    pub after: &'a dyn ValueList,
}

/// A set or a collection that is not what it was: some values went, others came behind the rest.
///
/// The values that stayed are the longest beginning of `after` that is found in `before` in that
/// order.
#[derive(Clone, Copy)]
pub struct MemberEdit<'a> {
    /// The struct around it.
    pub owner: RefId,
    /// Its field there.
    pub field: FieldIndex,
    /// From where on, in order of arrival, something changed.
    pub edit: ValueEdit<'a>,
    /// All values now.
    pub all: &'a dyn ValueList,
}

/// A list of primitive values of one kind.
pub trait ValueList {
    /// How many there are.
    fn len(&self) -> usize;
    /// The value at an index below [`len`](Self::len).
    fn value(&self, index: usize) -> Value<'_>;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Receives what changed, or all there is.
///
/// Object safe: built-in codecs are driven statically, others through `dyn Visitor`. A slice of
/// visitors is a visitor, so that one walk serves every codec of a state.
pub trait Visitor {
    /// A walk begins; `tick` counts the walks of this state from 0.
    fn begin(&mut self, tick: u64);
    /// The walk is over.
    fn end(&mut self);

    /// The events that follow are about this node.
    fn enter(&mut self, node: Enter<'_>);
    /// All about the node, and what is below it, has been said.
    fn leave(&mut self);

    /// A node that was never referred to will be, by one of the next events of the node around it.
    fn introduce(&mut self, node: Introduced) {
        let _ = node;
    }

    /// A struct's field has this value; `old` is what was sent before, if anything.
    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>);
    /// A struct's field leads to this node, which is not what stood there before: `old`, if anything.
    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>);
    /// A struct's field that held something is absent now.
    fn unset(&mut self, field: FieldIndex);

    /// Every entry that clients know of a map is gone. `live` are their numbers, ascending.
    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>);
    /// A map's entry is gone. Comes before all other events of the map but a reset.
    fn entry_removed(&mut self, at: EntryAt<'_>);
    /// A map's entry has this value; `old` is what was sent before, if the key is not new.
    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>);
    /// A map's entry leads to this node; `old` is the one that stood there, if the key is not new.
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>);

    /// An array of primitives has another value at an index; nothing else moved.
    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>);
    /// An array of primitives changed its length or order.
    fn items(&mut self, edit: ValueEdit<'_>);
    /// A set or a collection got or lost values. Codecs to which it is an array in order of arrival
    /// leave this as it is.
    fn members(&mut self, edit: MemberEdit<'_>) {
        if !(edit.edit.before.is_empty() && edit.edit.after.is_empty()) {
            self.items(edit.edit);
        }
    }
    /// An array of structs changed its length or order, or got other nodes.
    fn item_references(&mut self, edit: RefEdit<'_>);

    /// As [`item_references`](Self::item_references), where nothing happened but that the first `gone`
    /// items went and others may have come behind the last, all of them new.
    fn items_shifted(&mut self, edit: RefEdit<'_>, gone: usize) {
        let _ = gone;
        self.item_references(edit);
    }

    /// A set or a collection of structs got or lost entries. Codecs to which it is an array in order
    /// of arrival see it as one.
    fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        let ids = |list: &[NodeMember]| list.iter().map(|entry| entry.node).collect::<Vec<_>>();
        let (before, after) = (ids(edit.before), ids(edit.after));
        if before != after {
            self.item_references(RefEdit { from: 0, before: &before, after: &after });
        }
    }

    /// A shared instance that some were told of and others not is told of to others now, under
    /// another number. Where `from` was referred to, `to` is; it is entered as a new node.
    fn renumbered(&mut self, from: RefId, to: RefId) {
        let _ = (from, to);
    }

    /// Of this node, which was introduced, one sees that it is there and nothing else. No walk says so: what
    /// an [`Unfold`](crate::Unfold) tells by a rule of one's own does.
    fn veiled(&mut self, node: RefId) {
        let _ = node;
    }

    /// This number was given out by [`Tracked::node`](crate::Tracked::node) for what went before a walk could see it: no
    /// node has it. It may stand for another from the next walk on. Comes last, before the walk is over.
    fn given_up(&mut self, node: RefId) {
        let _ = node;
    }

    /// This node is in the state no more. Its number may stand for another from the next walk on.
    fn released(&mut self, node: RefId) {
        let _ = node;
    }
}

macro_rules! to_each {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name(&mut self $(, $arg: $type)*) {
            for visitor in self.iter_mut() {
                visitor.$name($($arg),*);
            }
        }
    )*};
}

/// Each event goes to every visitor, in order.
impl Visitor for [&mut dyn Visitor] {
    to_each! {
        begin(tick: u64);
        end();
        enter(node: Enter<'_>);
        leave();
        field(field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>);
        reference(field: FieldIndex, node: RefId, old: Option<RefId>);
        unset(field: FieldIndex);
        entry_removed(at: EntryAt<'_>);
        entry(at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>);
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>);
        item(index: usize, value: Value<'_>, old: Value<'_>);
        items(edit: ValueEdit<'_>);
        members(edit: MemberEdit<'_>);
        item_references(edit: RefEdit<'_>);
        items_shifted(edit: RefEdit<'_>, gone: usize);
        released(node: RefId);
        given_up(node: RefId);
        introduce(node: Introduced);
        node_members(edit: NodeMembersEdit<'_>);
        renumbered(from: RefId, to: RefId);
        veiled(node: RefId);
    }

    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        let live: Vec<u32> = live.collect();
        for visitor in self.iter_mut() {
            visitor.entries_reset(&mut live.iter().copied());
        }
    }
}
