//! Structs as fields and as elements.

use std::any::Any;

use crate::{
    array::ArraySlots,
    filter::Ask,
    schema::{Describe, Element, ElementType, EntryChange, Field, Gone, Schema, SchemaType},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{ElementKind, FieldIndex, FieldKind, TypeIds, TypeIndex, TypeSet, TypesBuilder},
    visitor::{Enter, EntryAt, Place, RefEdit, RefId, Visitor},
};

/// What is remembered of a node where it stands: its number, and what was last sent of its fields.
#[derive(Debug, Default)]
pub struct NodeMirror<M> {
    id: RefId,
    /// The number of its type.
    index: u16,
    /// Announced by the walk under way, its fields not reported yet.
    fresh: bool,
    /// Whether not everyone is told of it.
    hidden: bool,
    fields: M,
}

impl<M: Default> NodeMirror<M> {
    /// Makes this place's node a new one. Hands out the one that stood there.
    fn announce<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &S,
        parent: Owner,
        walk: &mut Walk<'_, V>,
    ) -> Option<RefId> {
        self.outdate(node);
        let index = node.type_index(&walk.tracker.types);
        let (id, old) = walk.introduce(parent, self.id, Some(index));
        (self.id, self.index) = (id, index.0 as u16);
        (self.fresh, self.hidden) = (true, parent.hidden);
        old
    }

    /// A number that was asked for was so for the instance that stood there then.
    fn outdate<S: Schema<Mirror = M>>(&mut self, node: &S) {
        if self.id.is_reserved() && !node.is_instance(&self.fields) {
            self.id = self.id.outdated();
            self.fields = M::default();
        }
    }

    /// Forgets a node that a place had in another life.
    fn forget(&mut self) {
        if self.id.is_known() {
            self.id = RefId::NONE;
        }
    }

    #[inline]
    fn walk_below<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &mut S,
        place: Place<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        let Self { id, hidden, .. } = *self;
        let fresh = std::mem::take(&mut self.fresh);
        let index = Some(TypeIndex(self.index.into()));
        walk.visitor.enter(Enter { id, place, index, hidden, filtered: false, fresh });
        node.walk(&mut self.fields, Owner::new(id, fresh, hidden), walk);
        walk.visitor.leave();
    }

    fn index<S: Schema<Mirror = M>, V: ?Sized>(&self, node: &S, visit: &Visit<'_, V>) -> TypeIndex {
        if self.id.is_known() {
            TypeIndex(self.index.into())
        } else {
            node.type_index(&visit.tracker.types)
        }
    }

    fn introduce<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &self,
        node: &S,
        visit: &mut Visit<'_, V>,
    ) {
        visit.introduce(self.id, Some(self.index(node, visit)), self.hidden);
    }

    fn visit_below<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &self,
        node: &S,
        place: Place<'_>,
        visit: &mut Visit<'_, V>,
    ) {
        visit.enter(self.id, place, Some(self.index(node, visit)), self.hidden);
        node.visit(&self.fields, visit);
        visit.visitor.leave();
    }

    fn select<S: Schema<Mirror = M>>(
        &mut self,
        node: &mut S,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        if fresh {
            self.forget();
        }
        let is_new = !self.id.is_known() || !node.is_instance(&self.fields);
        self.select_node(node, is_new, path, select);
    }

    fn select_node<S: Schema<Mirror = M>>(
        &mut self,
        node: &mut S,
        is_new: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        self.outdate(node);
        let goes_on = select.node(&mut self.id, is_new, path);
        if is_new {
            node.remember_instance(&mut self.fields);
        }
        if goes_on {
            node.select(&mut self.fields, is_new, path, select);
        }
    }

    /// An instance of a pool: as a new node, if `fresh` says so.
    pub(crate) fn walk_shared<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &mut S,
        fresh: Option<Owner>,
        walk: &mut Walk<'_, V>,
    ) {
        if let Some(Owner { id, hidden, .. }) = fresh {
            self.index = node.type_index(&walk.tracker.types).0 as u16;
            (self.id, self.hidden, self.fresh) = (id, hidden, true);
        }
        self.walk_below(node, Place::Shared, walk);
    }

    fn ask<S: Schema<Mirror = M>>(&self, node: &S, ask: &mut Ask<'_>) {
        self.ask_as(self.id, node, ask);
    }

    /// Asks the functions of a node under a number, and of what is below it.
    pub(crate) fn ask_as<S: Schema<Mirror = M>>(&self, id: RefId, node: &S, ask: &mut Ask<'_>) {
        if ask.goes(id) {
            node.ask(&self.fields, id, ask);
        }
    }

    pub(crate) fn visit_shared<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &self,
        id: RefId,
        node: &S,
        visit: &mut Visit<'_, V>,
    ) {
        visit.enter(id, Place::Shared, Some(self.index(node, visit)), self.hidden);
        node.visit(&self.fields, visit);
        visit.visitor.leave();
    }

    pub(crate) fn select_shared<S: Schema<Mirror = M>>(
        &mut self,
        node: &mut S,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        node.select(&mut self.fields, fresh, path, select);
    }

    /// A field that holds a node.
    fn field_walk_own<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: Option<&S>,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        let former = self.id;
        if owner.fresh {
            self.forget();
        }
        match node {
            Some(node) => {
                if !self.id.is_known() || !node.is_instance(&self.fields) {
                    let old = self.announce(node, owner, walk);
                    walk.rename(former, self.id);
                    walk.visitor.reference(at, self.id, old);
                    old.into_iter().for_each(|old| walk.release(old));
                }
            }
            None => {
                // What was put in and named may be gone again, and what stood there before it too.
                let stood = match self.id.is_known() {
                    true => Some(self.id),
                    false => walk.tracker.replaced_by(self.id),
                };
                if let Some(id) = stood {
                    walk.visitor.unset(at);
                    walk.release(id);
                }
                self.id = RefId::NONE;
            }
        }
    }
}

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
        if how != EntryChange::Touched || !self.is_instance(&mirror.fields) {
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

/// A boxed struct is the struct. A type may hold itself as `Option<Box<Self>>`.
impl<S: Schema> Schema for Box<S> {
    type Mirror = Option<Box<S::Mirror>>;
    const HAS_IDENTITY: bool = S::HAS_IDENTITY;

    fn describe(&self) -> TypeSet {
        (**self).describe()
    }

    fn type_ids(&self) -> TypeIds {
        (**self).type_ids()
    }

    fn type_index(&self, types: &TypeIds) -> TypeIndex {
        (**self).type_index(types)
    }

    fn is_instance(&self, mirror: &Self::Mirror) -> bool {
        mirror.as_ref().is_none_or(|mirror| (**self).is_instance(mirror))
    }

    fn remember_instance(&mut self, mirror: &mut Self::Mirror) {
        (**self).remember_instance(mirror.get_or_insert_default());
    }

    fn walk_fields<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        (**self).walk_fields(mirror.get_or_insert_default(), owner, walk);
    }

    fn walk_children<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        walk: &mut Walk<'_, V>,
    ) {
        (**self).walk_children(mirror.get_or_insert_default(), walk);
    }

    fn visit_fields<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        match mirror {
            Some(mirror) => (**self).visit_fields(mirror, visit),
            None => (**self).visit_fields(&S::Mirror::default(), visit),
        }
    }

    fn visit_children<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        match mirror {
            Some(mirror) => (**self).visit_children(mirror, visit),
            None => (**self).visit_children(&S::Mirror::default(), visit),
        }
    }

    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        (**self).select(mirror.get_or_insert_default(), fresh, path, select);
    }

    fn ask(&self, mirror: &Self::Mirror, id: RefId, ask: &mut Ask<'_>) {
        if let Some(mirror) = mirror {
            (**self).ask(mirror, id, ask);
        }
    }

    fn as_any(&self) -> Option<&dyn Any> {
        (**self).as_any()
    }
}

impl<S: SchemaType> SchemaType for Box<S> {
    const FIELDS: u8 = S::FIELDS;
    const NAME: &'static str = S::NAME;

    fn describe_type(types: &mut TypesBuilder) -> TypeIndex {
        S::describe_type(types)
    }
}
