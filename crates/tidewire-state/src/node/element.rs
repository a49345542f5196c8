//! Structs as fields, and as elements of collections.

use super::NodeMirror;
use crate::{
    array::ArraySlots,
    filter::Ask,
    schema::{Describe, Element, ElementType, EntryChange, Field, Gone, Schema, SchemaType},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{ElementKind, FieldIndex, FieldKind, TypesBuilder},
    visitor::{EntryAt, Place, RefEdit, RefId, Visitor},
};

#[diagnostic::do_not_recommend]
impl<S: Schema> Field for S {
    type Mirror = NodeMirror<S::Mirror>;

    #[inline]
    fn walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.field_walk_own(Some(self), at, owner, walk);
    }

    #[inline]
    fn walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.walk_below(self, Place::Field(at), walk);
    }

    fn visit_own<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        mirror.introduce(self, visit);
        visit.visitor.reference(at, mirror.id, None);
    }

    fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        mirror.visit_below(self, Place::Field(at), visit);
    }

    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        mirror.select(self, fresh, path, select);
    }

    fn ask_below(&self, mirror: &Self::Mirror, ask: &mut Ask<'_>) {
        mirror.ask(self, ask);
    }
}

#[diagnostic::do_not_recommend]
impl<S: SchemaType> Describe for S {
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        FieldKind::Ref(S::describe_type(types))
    }
}

#[diagnostic::do_not_recommend]
impl<S: SchemaType> ElementType for S {
    fn describe_element(types: &mut TypesBuilder) -> ElementKind {
        ElementKind::Ref(S::describe_type(types))
    }
}

#[diagnostic::do_not_recommend]
impl<S: Schema> Element for S {
    const IS_NODE: bool = true;
    const HAS_IDENTITY: bool = S::HAS_IDENTITY;
    type OptionMirror = NodeMirror<S::Mirror>;
    type ItemMirror = NodeMirror<S::Mirror>;
    type ItemSent = RefId;

    fn option_walk_own<V: Visitor + ?Sized>(
        this: &mut Option<Self>,
        mirror: &mut Self::OptionMirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.field_walk_own(this.as_ref(), at, owner, walk);
    }

    fn option_walk_below<V: Visitor + ?Sized>(
        this: &mut Option<Self>,
        mirror: &mut Self::OptionMirror,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        if let Some(node) = this {
            mirror.walk_below(node, Place::Field(at), walk);
        }
    }

    fn option_visit_own<V: Visitor + ?Sized>(
        this: &Option<Self>,
        mirror: &Self::OptionMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        if let Some(node) = this {
            mirror.introduce(node, visit);
            visit.visitor.reference(at, mirror.id, None);
        }
    }

    fn option_visit_below<V: Visitor + ?Sized>(
        this: &Option<Self>,
        mirror: &Self::OptionMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        if let Some(node) = this {
            mirror.visit_below(node, Place::Field(at), visit);
        }
    }

    fn option_select(
        this: &mut Option<Self>,
        mirror: &mut Self::OptionMirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        match this {
            Some(node) => mirror.select(node, fresh, path, select),
            None if path.is_empty() => {}
            None => select.nothing(path[0]),
        }
    }

    fn entry_walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: EntryAt<'_>,
        how: EntryChange,
        map: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        let former = mirror.id;
        if how == EntryChange::New {
            mirror.forget();
        }
        // One that came under another number and was asked for is remembered, and not told of yet.
        let is_told = mirror.id.is_known() && self.is_instance(&mirror.fields);
        if how != EntryChange::Touched || !is_told {
            let old = mirror.announce(self, map, walk);
            walk.rename(former, mirror.id);
            walk.visitor.entry_reference(at, mirror.id, old);
            old.into_iter().for_each(|old| walk.release(old));
        }
    }

    #[inline]
    fn entry_walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: EntryAt<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.walk_below(self, Place::Entry(at), walk);
    }

    fn entry_visit_own<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: EntryAt<'_>,
        visit: &mut Visit<'_, V>,
    ) {
        mirror.introduce(self, visit);
        visit.visitor.entry_reference(at, mirror.id, None);
    }

    fn entry_visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: EntryAt<'_>,
        visit: &mut Visit<'_, V>,
    ) {
        mirror.visit_below(self, Place::Entry(at), visit);
    }

    fn entry_gone(mirror: &Self::Mirror) -> Gone {
        Gone::Node(mirror.id)
    }

    fn entry_replaced(mirror: &mut Self::Mirror) {
        if mirror.id.is_reserved() {
            mirror.id = mirror.id.outdated();
            mirror.fields = Default::default();
        }
    }

    fn entry_select(
        &mut self,
        mirror: &mut Self::Mirror,
        how: EntryChange,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        match how {
            EntryChange::New => mirror.select(self, true, path, select),
            EntryChange::Replaced => mirror.select_node(self, true, path, select),
            EntryChange::Touched => mirror.select(self, false, path, select),
        }
    }

    fn option_ask(this: &Option<Self>, mirror: &Self::OptionMirror, ask: &mut Ask<'_>) {
        if let Some(node) = this {
            mirror.ask(node, ask);
        }
    }

    fn item_ask(&self, mirror: &Self::ItemMirror, ask: &mut Ask<'_>) {
        mirror.ask(self, ask);
    }

    fn item_leads(&self, mirror: &Self::ItemMirror) -> Gone {
        Gone::Node(mirror.id)
    }

    fn item_select(
        &mut self,
        mirror: &mut Self::ItemMirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        mirror.select(self, fresh, path, select);
    }

    fn items_walk_own<V: Visitor + ?Sized>(
        slots: &mut ArraySlots<Self>,
        sent: &mut Vec<RefId>,
        from: usize,
        array: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        let mut after = std::mem::take(&mut walk.tracker.scratch);
        after.clear();
        for slot in &mut slots[from..] {
            let mirror = &mut slot.mirror;
            let former = mirror.id;
            if array.fresh {
                mirror.forget();
            }
            if !mirror.id.is_known() || !slot.value.is_instance(&mirror.fields) {
                // What stood here before is told from the two lists.
                mirror.announce(&slot.value, array, walk);
                walk.rename(former, mirror.id);
            }
            after.push(mirror.id);
        }
        let before = &sent[from..];
        if before != after {
            walk.visitor.item_references(RefEdit { from, before, after: &after });
            let mut gone = std::mem::take(&mut walk.tracker.gone);
            walk.tracker.missing(before, &after, &mut gone);
            for id in gone.drain(..) {
                walk.release(id);
            }
            walk.tracker.gone = gone;
            sent.truncate(from);
            sent.extend_from_slice(&after);
        }
        walk.tracker.scratch = after;
    }

    fn items_walk_shifted<V: Visitor + ?Sized>(
        slots: &mut ArraySlots<Self>,
        sent: &mut Vec<RefId>,
        gone: usize,
        array: Owner,
        walk: &mut Walk<'_, V>,
    ) -> bool {
        let len = sent.len();
        let (stayed, came) = slots.split_at_mut(len - gone);
        if stayed.last().is_some_and(|slot| slot.mirror.id != sent[len - 1]) {
            return false;
        }
        for slot in came {
            // It came since the last walk, so no walk has seen it.
            slot.mirror.forget();
            slot.mirror.announce(&slot.value, array, walk);
            sent.push(slot.mirror.id);
        }
        // One list for both, as they overlap.
        let (before, after) = (&sent[..len], &sent[gone..]);
        walk.visitor.items_shifted(RefEdit { from: 0, before, after }, gone);
        sent[..gone].iter().for_each(|id| walk.release(*id));
        sent.drain(..gone);
        true
    }

    fn item_walk<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::ItemMirror,
        _: &mut [RefId],
        index: usize,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.walk_below(self, Place::Item(index), walk);
    }

    fn item_is_fresh(mirror: &Self::ItemMirror) -> bool {
        mirror.fresh
    }

    fn item_node(mirror: &Self::ItemMirror) -> RefId {
        mirror.id
    }

    fn items_visit<V: Visitor + ?Sized>(slots: &ArraySlots<Self>, visit: &mut Visit<'_, V>) {
        let after: Vec<RefId> = slots.iter().map(|slot| slot.mirror.id).collect();
        slots.iter().for_each(|slot| slot.mirror.introduce(&slot.value, visit));
        if !after.is_empty() {
            visit.visitor.item_references(RefEdit { from: 0, before: &[], after: &after });
        }
        for (index, slot) in slots.iter().enumerate() {
            slot.mirror.visit_below(&slot.value, Place::Item(index), visit);
        }
    }
}
