//! Structs as nodes: what is remembered of one where it stands, and how it is walked and shown from there.
//! Where it may stand is in the modules below: a field or an element (`node/element.rs`), a box
//! (`node/boxed.rs`).

mod boxed;
mod element;

use crate::{
    filter::Ask,
    schema::Schema,
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, TypeIndex},
    visitor::{Enter, Place, RefId, Visitor},
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
    pub(crate) fn forget(&mut self) {
        if self.id.is_known() {
            self.id = RefId::NONE;
        }
    }

    #[inline(always)]
    fn walk_below<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &mut S,
        place: Place<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        if self.fresh {
            return self.walk_fresh(node, place, walk);
        }
        let Self { id, hidden, .. } = *self;
        let index = Some(TypeIndex(self.index.into()));
        walk.visitor.enter(Enter { id, place, index, hidden, filtered: false, fresh: false });
        node.walk(&mut self.fields, Owner::new(id, false, hidden), walk);
        walk.visitor.leave();
    }

    /// Apart, so that no field of the nodes that were there is asked whether all is new.
    #[inline(never)]
    fn walk_fresh<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &mut S,
        place: Place<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        self.fresh = false;
        let Self { id, hidden, .. } = *self;
        let index = Some(TypeIndex(self.index.into()));
        walk.visitor.enter(Enter { id, place, index, hidden, filtered: false, fresh: true });
        node.walk(&mut self.fields, Owner::new(id, true, hidden), walk);
        walk.visitor.leave();
    }

    fn index<S: Schema<Mirror = M>, V: ?Sized>(&self, node: &S, visit: &Visit<'_, V>) -> TypeIndex {
        if self.id.is_known() {
            TypeIndex(self.index.into())
        } else {
            node.type_index(&visit.tracker.types)
        }
    }

    pub(crate) fn introduce<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
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
        if select.only_touches() && fresh {
            return;
        }
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
        if select.only_touches() && is_new {
            return;
        }
        self.outdate(node);
        let goes_on = select.node(&mut self.id, is_new, path);
        if is_new {
            node.remember_instance(&mut self.fields);
        }
        if goes_on {
            node.select(&mut self.fields, is_new, path, select);
        }
    }

    /// The number of the node.
    pub(crate) fn id(&self) -> RefId {
        self.id
    }

    /// Whether what stands here is what was sent.
    pub(crate) fn is_of<S: Schema<Mirror = M>>(&self, node: &S) -> bool {
        node.is_instance(&self.fields)
    }

    /// An entry of a stream, which nobody was told of. Tells its number. Views in which it is to be
    /// wait for it where it is hidden. `former` is the number that it had, if it goes on under another.
    pub(crate) fn announce_entry<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &S,
        stream: Owner,
        former: RefId,
        walk: &mut Walk<'_, V>,
    ) -> RefId {
        let index = node.type_index(&walk.tracker.types);
        let id = if stream.hidden {
            walk.introduce_unseen(stream, RefId::NONE, Some(index)).0
        } else {
            walk.introduce(stream, RefId::NONE, Some(index)).0
        };
        (self.id, self.index) = (id, index.0 as u16);
        (self.fresh, self.hidden) = (true, stream.hidden);
        walk.rename(former, id);
        id
    }

    pub(crate) fn walk_entry<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &mut self,
        node: &mut S,
        place: Place<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        self.walk_below(node, place, walk);
    }

    pub(crate) fn visit_entry<S: Schema<Mirror = M>, V: Visitor + ?Sized>(
        &self,
        node: &S,
        place: Place<'_>,
        visit: &mut Visit<'_, V>,
    ) {
        self.visit_below(node, place, visit);
    }

    /// From an entry of a stream on, which was told.
    pub(crate) fn select_entry<S: Schema<Mirror = M>>(
        &mut self,
        node: &mut S,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        self.select(node, false, path, select);
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

    /// From now on this is of what stands here, which no walk has seen.
    pub(crate) fn remember_shared<S: Schema<Mirror = M>>(&mut self, node: &mut S) {
        node.remember_instance(&mut self.fields);
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
