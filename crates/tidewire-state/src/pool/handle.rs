//! [`Handle`] as a field and as an element.

use std::{
    any::TypeId,
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use foldhash::fast::RandomState;

use crate::{
    array::ArraySlots,
    members::{Key, Member, MemberKey, MemberList},
    receive::{Detached, Fresh, Misfit, New, Receive, Sink, ValueSink},
    schema::{Describe, Element, ElementType, EntryChange, Field, Gone, SchemaType},
    select::Select,
    tracker::{Owner, SharedKey, Visit, Walk},
    types::{ElementKind, FieldIndex, FieldKind, TypesBuilder},
    value::Value,
    visitor::{EntryAt, NodeMember, NodeMembersEdit, RefEdit, RefId, Visitor},
};

/// Leads to an instance of a [`Pool`](super::Pool). A copy leads to the same one.
pub struct Handle<T> {
    key: SharedKey,
    of: PhantomData<fn() -> T>,
}

/// What a place remembers: the instance that it led to.
#[derive(Debug, Default)]
pub struct HandleMirror(Option<SharedKey>);

impl<T> Handle<T> {
    pub(super) fn new(key: SharedKey) -> Self {
        Self { key, of: PhantomData }
    }

    pub(crate) fn key(self) -> SharedKey {
        self.key
    }

    fn id<V: ?Sized>(self, visit: &Visit<'_, V>) -> RefId {
        visit.tracker.shared_id(self.key).unwrap_or_default()
    }

    fn introduce<V: Visitor + ?Sized>(self, visit: &mut Visit<'_, V>) -> RefId {
        let id = self.id(visit);
        visit.announce_shared(self.key, id);
        id
    }

    fn select_here(self, path: &[&str], select: &mut Select<'_>) {
        select.shared(self.key, path);
    }
}

impl HandleMirror {
    /// Leads to `to` from now on. Reports it with the instance that it led to.
    fn lead<V: Visitor + ?Sized>(
        &mut self,
        to: SharedKey,
        owner: Owner,
        walk: &mut Walk<'_, V>,
        report: impl FnOnce(&mut V, RefId, Option<RefId>),
    ) {
        if self.0 == Some(to) {
            if walk.tracker.is_renewed(to) {
                let id = walk.find_again(owner, to);
                let old = walk.tracker.former_id(to);
                report(walk.visitor, id, old);
            }
            return;
        }
        let id = walk.acquire(owner, to);
        let old = self.0.replace(to);
        let old_id = old.and_then(|old| walk.tracker.former_id(old));
        report(walk.visitor, id, old_id);
        if let Some(old) = old {
            walk.tracker.let_go(owner.id, Some(owner), old);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T> Field for Handle<T> {
    type Mirror = HandleMirror;

    fn walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut HandleMirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        Self::option_walk_own(&mut self.leads().then_some(*self), mirror, at, owner, walk);
    }

    fn visit_own<V: Visitor + ?Sized>(
        &self,
        _: &HandleMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        if self.leads() {
            let id = self.introduce(visit);
            visit.visitor.reference(at, id, None);
        }
    }

    fn select(&mut self, _: &mut HandleMirror, _: bool, path: &[&str], select: &mut Select<'_>) {
        self.select_here(path, select);
    }
}

#[diagnostic::do_not_recommend]
impl<T> Element for Handle<T> {
    const IS_NODE: bool = false;
    const IS_STRUCT: bool = true;
    const HAS_IDENTITY: bool = true;
    type OptionMirror = HandleMirror;
    type ItemMirror = ();
    type ItemSent = SharedKey;

    fn option_walk_own<V: Visitor + ?Sized>(
        this: &mut Option<Self>,
        mirror: &mut HandleMirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        if owner.fresh {
            mirror.0 = None;
        }
        match this {
            Some(handle) => mirror.lead(handle.key, owner, walk, |visitor, id, old| {
                visitor.reference(at, id, old);
            }),
            None => {
                if let Some(old) = mirror.0.take() {
                    walk.visitor.unset(at);
                    walk.tracker.let_go(owner.id, Some(owner), old);
                }
            }
        }
    }

    fn option_visit_own<V: Visitor + ?Sized>(
        this: &Option<Self>,
        mirror: &HandleMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        if let Some(handle) = this {
            handle.visit_own(mirror, at, visit);
        }
    }

    fn entry_walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut HandleMirror,
        at: EntryAt<'_>,
        how: EntryChange,
        map: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        if how == EntryChange::New {
            mirror.0 = None;
        }
        mirror.lead(self.key, map, walk, |visitor, id, old| visitor.entry_reference(at, id, old));
    }

    fn entry_visit_own<V: Visitor + ?Sized>(
        &self,
        _: &HandleMirror,
        at: EntryAt<'_>,
        visit: &mut Visit<'_, V>,
    ) {
        let id = self.introduce(visit);
        visit.visitor.entry_reference(at, id, None);
    }

    fn entry_gone(mirror: &HandleMirror) -> Gone {
        mirror.0.map_or(Gone::Value, Gone::Shared)
    }

    fn entry_select(
        &mut self,
        _: &mut HandleMirror,
        _: EntryChange,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        self.select_here(path, select);
    }

    fn option_select(
        this: &mut Option<Self>,
        _: &mut HandleMirror,
        _: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        match (this, path) {
            (Some(handle), path) => handle.select_here(path, select),
            (None, [step, ..]) => select.nothing(step),
            (None, []) => {}
        }
    }

    fn item_leads(&self, (): &()) -> Gone {
        Gone::Shared(self.key)
    }

    fn item_select(&mut self, _: &mut (), _: bool, path: &[&str], select: &mut Select<'_>) {
        self.select_here(path, select);
    }

    fn items_walk_own<V: Visitor + ?Sized>(
        slots: &mut ArraySlots<Self>,
        sent: &mut Vec<SharedKey>,
        from: usize,
        array: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        let now: Vec<SharedKey> = slots[from..].iter().map(|slot| slot.value.key).collect();
        let before = &sent[from..];
        let renewed = |key: &SharedKey| walk.tracker.is_renewed(*key);
        let renewed: Vec<SharedKey> = now.iter().copied().filter(renewed).collect();
        if before == now && renewed.is_empty() {
            return;
        }
        let came = more(&now, before);
        let gone = more(before, &now);
        for key in came {
            walk.acquire(array, key);
        }
        for key in renewed {
            walk.find_again(array, key);
        }
        let known = before.iter().filter_map(|key| walk.tracker.former_id(*key));
        let before: Vec<RefId> = known.collect();
        let known = now.iter().filter_map(|key| walk.tracker.shared_id(*key));
        let after: Vec<RefId> = known.collect();
        walk.visitor.item_references(RefEdit { from, before: &before, after: &after });
        for key in gone {
            walk.tracker.let_go(array.id, None, key);
        }
        sent.truncate(from);
        sent.extend_from_slice(&now);
    }

    fn item_walk<V: Visitor + ?Sized>(
        &mut self,
        _: &mut (),
        _: &mut [SharedKey],
        _: usize,
        _: &mut Walk<'_, V>,
    ) {
    }

    fn item_is_fresh(_: &()) -> bool {
        false
    }

    fn items_visit<V: Visitor + ?Sized>(slots: &ArraySlots<Self>, visit: &mut Visit<'_, V>) {
        let after: Vec<RefId> = slots.iter().map(|slot| slot.value.introduce(visit)).collect();
        if !after.is_empty() {
            visit.visitor.item_references(RefEdit { from: 0, before: &[], after: &after });
        }
    }
}

/// What is in `list` more often than in `other`, as often as that.
fn more(list: &[SharedKey], other: &[SharedKey]) -> Vec<SharedKey> {
    let mut counts: HashMap<SharedKey, usize, RandomState> = HashMap::default();
    for key in other {
        *counts.entry(*key).or_default() += 1;
    }
    let mut left = list.to_vec();
    left.retain(|key| match counts.get_mut(key) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    left
}

/// What was last sent of a set or a collection of structs.
#[derive(Debug, Default)]
pub struct HandlesSent {
    entries: Vec<(SharedKey, u32)>,
    next: u32,
}

impl HandlesSent {
    fn members(&self, id: impl Fn(SharedKey) -> Option<RefId>) -> Vec<NodeMember> {
        let known = self.entries.iter().filter_map(|(key, number)| Some((*number, id(*key)?)));
        known.map(|(number, node)| NodeMember { number, node }).collect()
    }
}

impl<T> Member for Handle<T> {
    const IS_STRUCT: bool = true;
    type Sent = HandlesSent;

    fn key(&self) -> MemberKey {
        MemberKey(Key::Shared(self.key.serial))
    }

    fn walk_members<V: Visitor + ?Sized>(
        list: MemberList<'_, Self>,
        sent: &mut HandlesSent,
        _: usize,
        walk: &mut Walk<'_, V>,
    ) {
        let mut stayed = 0;
        let mut entries = Vec::with_capacity(list.items.len());
        let mut gone = Vec::new();
        for (key, number) in &sent.entries {
            let stays = |item: &Self| item.key == *key && !walk.tracker.is_renewed(*key);
            if list.items.get(stayed).is_some_and(stays) {
                stayed += 1;
                entries.push((*key, *number));
            } else {
                gone.push(*key);
            }
        }
        if gone.is_empty() && stayed == list.items.len() {
            return;
        }
        let owner = Owner::of_entries(list.id, false, list.hidden, list.sifted);
        let mut next = sent.next;
        for item in &list.items[stayed..] {
            walk.acquire(owner, item.key);
            entries.push((item.key, next));
            next += 1;
        }
        let before = sent.members(|key| walk.tracker.former_id(key));
        *sent = HandlesSent { entries, next };
        let after = sent.members(|key| walk.tracker.shared_id(key));
        walk.visitor.node_members(NodeMembersEdit { before: &before, after: &after, next });
        for key in gone {
            walk.tracker.let_go(list.id, None, key);
        }
    }

    fn sent_len(sent: &HandlesSent) -> usize {
        sent.entries.len()
    }

    fn visit_members<V: Visitor + ?Sized>(
        list: MemberList<'_, Self>,
        sent: &HandlesSent,
        visit: &mut Visit<'_, V>,
    ) {
        let numbers = sent.entries.iter().map(|(_, number)| *number).chain(sent.next..);
        let after: Vec<NodeMember> = std::iter::zip(numbers, list.items)
            .map(|(number, item)| NodeMember { number, node: item.introduce(visit) })
            .collect();
        let next = sent.next;
        visit.visitor.node_members(NodeMembersEdit { before: &[], after: &after, next });
    }

    fn select(&mut self, path: &[&str], select: &mut Select<'_>) {
        self.select_here(path, select);
    }

    fn leads_to(&self) -> Gone {
        Gone::Shared(self.key)
    }
}

#[diagnostic::do_not_recommend]
impl<T: SchemaType> Describe for Handle<T> {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Ref(T::describe_type(types))
    }
}

#[diagnostic::do_not_recommend]
impl<T: SchemaType> ElementType for Handle<T> {
    fn describe_element(types: &mut TypesBuilder) -> ElementKind {
        ElementKind::Ref(T::describe_type(types))
    }
}

/// What it leads to lies in a pool; only which instance that is can be written here.
impl<T: 'static> ValueSink for Handle<T> {
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        Err(Misfit::value::<Self>(value))
    }

    fn value(&self) -> Option<Value<'_>> {
        None
    }

    fn node(&mut self) -> Option<Sink<'_>> {
        None
    }

    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        *self = Self::received(&new)?;
        Ok(None)
    }

    fn unset(&mut self, _: Fresh<'_>) -> Result<Option<Detached>, Misfit> {
        Handle::unset(self);
        Ok(None)
    }

    fn pooled(&self) -> Option<TypeId> {
        Some(TypeId::of::<T>())
    }
}

impl<T: 'static> Receive for Handle<T> {
    fn create(new: New<'_>) -> Result<Self, Misfit> {
        Self::received(&new)
    }

    fn detach(self) -> Option<Detached> {
        None
    }

    fn refers_to() -> Option<TypeId> {
        Some(TypeId::of::<T>())
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

/// Leading to the same instance.
impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Handle<T> {}

impl<T> Hash for Handle<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.key.serial)
    }
}
