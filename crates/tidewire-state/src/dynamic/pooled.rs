//! A state of run-time types in which one instance may be in several places.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{DynMirror, DynStruct};
use crate::{
    pool::{Handle, Pool, PoolMirror},
    schema::Schema,
    select::Select,
    tracker::{Owner, Tracker, Visit, Walk},
    types::{TypeIds, TypeIndex, TypeSet},
    visitor::Visitor,
};

/// A [`DynStruct`] and the pool that its fields refer to. Dereferences to the struct.
#[derive(Clone)]
pub struct DynState {
    root: DynStruct,
    /// The instances.
    pub pool: Pool<DynStruct>,
}

impl DynState {
    /// A root in which nothing was set.
    ///
    /// # Panics
    ///
    /// If the root is not a type of `types`.
    pub fn new(types: Arc<TypeSet>) -> Self {
        let root = types.root;
        Self { root: DynStruct::pooled(types, root), pool: Pool::new() }
    }

    /// A new instance in which nothing was set.
    ///
    /// # Panics
    ///
    /// If there is no such type.
    pub fn insert(&mut self, index: TypeIndex) -> Handle<DynStruct> {
        self.pool.insert(DynStruct::pooled(self.root.types().clone(), index))
    }
}

impl Deref for DynState {
    type Target = DynStruct;
    fn deref(&self) -> &DynStruct {
        &self.root
    }
}

impl DerefMut for DynState {
    fn deref_mut(&mut self) -> &mut DynStruct {
        &mut self.root
    }
}

impl fmt::Debug for DynState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynState").field("root", &self.root).field("pool", &self.pool).finish()
    }
}

/// What was last sent of a [`DynState`].
#[derive(Debug, Default)]
pub struct DynStateMirror {
    root: DynMirror,
    pool: PoolMirror,
}

impl Schema for DynState {
    type Mirror = DynStateMirror;

    fn describe(&self) -> TypeSet {
        self.root.describe()
    }

    fn type_index(&self, types: &TypeIds) -> TypeIndex {
        Schema::type_index(&self.root, types)
    }

    fn walk_fields<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        self.root.walk_fields(&mut mirror.root, owner, walk);
    }

    fn walk_children<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        walk: &mut Walk<'_, V>,
    ) {
        self.root.walk_children(&mut mirror.root, walk);
    }

    fn visit_fields<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        self.root.visit_fields(&mirror.root, visit);
    }

    fn visit_children<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        self.root.visit_children(&mirror.root, visit);
    }

    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        self.root.select(&mut mirror.root, fresh, path, select);
    }

    fn has_pools(&self) -> bool {
        true
    }

    fn register_shared(&mut self, mirror: &mut Self::Mirror, tracker: &mut Tracker) {
        self.pool.register_shared(&mut mirror.pool, tracker);
    }

    fn walk_shared<V: Visitor + ?Sized>(&mut self, _: &mut Self::Mirror, walk: &mut Walk<'_, V>) {
        self.pool.walk_shared(walk);
    }

    fn sweep_shared(&mut self, tracker: &mut Tracker) {
        self.pool.sweep(tracker);
    }

    fn visit_shared<V: Visitor + ?Sized>(&self, _: &Self::Mirror, visit: &mut Visit<'_, V>) {
        self.pool.visit_shared(visit);
    }

    fn select_shared(&mut self, _: &mut Self::Mirror, select: &mut Select<'_>) {
        self.pool.select_shared(select);
    }
}
