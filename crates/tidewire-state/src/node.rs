//! Structs as fields and as elements.

use crate::{
    array::ArraySlots,
    schema::{Describe, Element, ElementType, EntryChange, Field, Schema, SchemaType},
    tracker::{Owner, Walk},
    types::{ElementKind, FieldIndex, FieldKind, TypeIndex, TypeSet, TypesBuilder},
    visitor::{Enter, EntryAt, Place, RefEdit, RefId, Visitor},
};

/// What is remembered of a node where it stands: its number, and what was last sent of its fields.
#[derive(Debug, Default)]
pub struct NodeMirror<M> {
    id: RefId,
    /// Announced by the walk under way, its fields not reported yet.
    fresh: bool,
    fields: M,
}

impl<M> NodeMirror<M> {
    fn announce<V: Visitor + ?Sized>(
        &mut self,
        parent: RefId,
        walk: &mut Walk<'_, V>,
        report: impl FnOnce(&mut V, RefId, Option<RefId>),
    ) {
        let old = (!self.id.is_none()).then_some(self.id);
        self.id = walk.tracker.allocate(parent);
        self.fresh = true;
        report(walk.visitor, self.id, old);
        if let Some(old) = old {
            walk.release(old);
        }
    }

    /// Forgets a node that a place had in another life.
    fn forget(&mut self) {
        self.id = RefId::NONE;
    }

    #[inline]
    fn walk_below<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &mut S,
        place: Place<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        let owner = Owner { id: self.id, fresh: std::mem::take(&mut self.fresh) };
        walk.visitor.enter(Enter { id: owner.id, place, fresh: owner.fresh });
        node.walk(&mut self.fields, owner, walk);
        walk.visitor.leave();
    }

    fn visit_below<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &self,
        node: &S,
        place: Place<'_>,
        visitor: &mut V,
    ) {
        visitor.enter(Enter { id: self.id, place, fresh: true });
        node.visit(&self.fields, visitor);
        visitor.leave();
    }

    /// A field that holds a node.
    fn field_walk_own<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: Option<&S>,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        if owner.fresh {
            self.forget();
        }
        match node {
            Some(node) => {
                if self.id.is_none() || !node.is_instance(&self.fields) {
                    self.announce(owner.id, walk, |visitor, id, old| {
                        visitor.reference(at, id, old);
                    });
                }
            }
            None if self.id.is_none() => {}
            None => {
                walk.visitor.unset(at);
                walk.release(self.id);
                self.forget();
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
        visitor: &mut V,
    ) {
        visitor.reference(at, mirror.id, None);
    }

    fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visitor: &mut V,
    ) {
        mirror.visit_below(self, Place::Field(at), visitor);
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
        visitor: &mut V,
    ) {
        if this.is_some() {
            visitor.reference(at, mirror.id, None);
        }
    }

    fn option_visit_below<V: Visitor + ?Sized>(
        this: &Option<Self>,
        mirror: &Self::OptionMirror,
        at: FieldIndex,
        visitor: &mut V,
    ) {
        if let Some(node) = this {
            mirror.visit_below(node, Place::Field(at), visitor);
        }
    }

    fn entry_walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: EntryAt<'_>,
        how: EntryChange,
        map: RefId,
        walk: &mut Walk<'_, V>,
    ) {
        if how == EntryChange::New {
            mirror.forget();
        }
        if how != EntryChange::Touched || !self.is_instance(&mirror.fields) {
            mirror.announce(map, walk, |visitor, id, old| visitor.entry_reference(at, id, old));
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
        visitor: &mut V,
    ) {
        visitor.entry_reference(at, mirror.id, None);
    }

    fn entry_visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: EntryAt<'_>,
        visitor: &mut V,
    ) {
        mirror.visit_below(self, Place::Entry(at), visitor);
    }

    fn entry_node(mirror: &Self::Mirror) -> Option<RefId> {
        (!mirror.id.is_none()).then_some(mirror.id)
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
            if array.fresh || mirror.id.is_none() || !slot.value.is_instance(&mirror.fields) {
                mirror.id = walk.tracker.allocate(array.id);
                mirror.fresh = true;
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

    fn items_visit<V: Visitor + ?Sized>(slots: &ArraySlots<Self>, visitor: &mut V) {
        let after: Vec<RefId> = slots.iter().map(|slot| slot.mirror.id).collect();
        if !after.is_empty() {
            visitor.item_references(RefEdit { from: 0, before: &[], after: &after });
        }
        for (index, slot) in slots.iter().enumerate() {
            slot.mirror.visit_below(&slot.value, Place::Item(index), visitor);
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

    fn is_instance(&self, mirror: &Self::Mirror) -> bool {
        mirror.as_ref().is_none_or(|mirror| (**self).is_instance(mirror))
    }

    fn walk<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        (**self).walk(mirror.get_or_insert_default(), owner, walk);
    }

    fn visit<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visitor: &mut V) {
        match mirror {
            Some(mirror) => (**self).visit(mirror, visitor),
            None => (**self).visit(&S::Mirror::default(), visitor),
        }
    }
}

impl<S: SchemaType> SchemaType for Box<S> {
    fn describe_type(types: &mut TypesBuilder) -> TypeIndex {
        S::describe_type(types)
    }
}
