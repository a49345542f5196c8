//! [`Instance`]: a struct that is told from another with the same fields.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use crate::{
    filter::Ask,
    identity::{Identity, Seen},
    schema::{FieldNames, Schema, SchemaType},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{TypeIds, TypeIndex, TypeSet, TypesBuilder},
    visitor::{RefId, Visitor},
};

/// A struct whose replacement is a replacement, not a change of its fields.
///
/// A plain struct has no identity: `arena.boss = Some(Boss { … })` over another boss changes the
/// fields of the node that clients hold. Where clients shall see one boss go and another come, the
/// field is an `Option<Instance<Boss>>`: a new `Instance` is a new node. In collections, `insert`
/// and `replace` do that for plain structs.
///
/// ```
/// use tidewire_state::{Instance, Schema};
/// # use tidewire_state::example::Player;
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     boss: Option<Instance<Player>>,
/// }
///
/// let mut arena = Arena::default();
/// arena.boss = Some(Instance::new(Player { name: "Hydra".into(), ..Player::default() }));
/// arena.boss.as_mut().unwrap().x += 1.0;
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instance<S> {
    value: S,
    #[serde(skip)]
    identity: Identity,
}

impl<S> Instance<S> {
    /// A new instance, which no walk has seen.
    pub fn new(value: S) -> Self {
        Self { value, identity: Identity::default() }
    }

    /// The struct itself.
    pub fn into_inner(self) -> S {
        self.value
    }
}

impl<S> From<S> for Instance<S> {
    fn from(value: S) -> Self {
        Self::new(value)
    }
}

impl<S> Deref for Instance<S> {
    type Target = S;
    #[inline]
    fn deref(&self) -> &S {
        &self.value
    }
}

impl<S> DerefMut for Instance<S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        &mut self.value
    }
}

/// Equal fields.
impl<S: PartialEq> PartialEq for Instance<S> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<S: Eq> Eq for Instance<S> {}

/// What is remembered of an [`Instance`]: which it was, and what was last sent of its fields.
#[derive(Debug, Default)]
pub struct InstanceMirror<M> {
    seen: Seen,
    fields: M,
}

impl<S: Schema> Schema for Instance<S> {
    type Mirror = InstanceMirror<S::Mirror>;
    const HAS_IDENTITY: bool = true;

    fn describe(&self) -> TypeSet {
        self.value.describe()
    }

    fn type_ids(&self) -> TypeIds {
        self.value.type_ids()
    }

    fn type_index(&self, types: &TypeIds) -> TypeIndex {
        self.value.type_index(types)
    }

    #[inline]
    fn is_instance(&self, mirror: &Self::Mirror) -> bool {
        self.identity.is(mirror.seen) && self.value.is_instance(&mirror.fields)
    }

    fn remember_instance(&mut self, mirror: &mut Self::Mirror) {
        mirror.seen = self.identity.assign();
        self.value.remember_instance(&mut mirror.fields);
    }

    #[inline]
    fn walk_fields<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.seen = self.identity.assign();
        self.value.walk_fields(&mut mirror.fields, owner, walk);
    }

    #[inline]
    fn walk_children<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        walk: &mut Walk<'_, V>,
    ) {
        self.value.walk_children(&mut mirror.fields, walk);
    }

    fn visit_fields<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        self.value.visit_fields(&mirror.fields, visit);
    }

    fn visit_children<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        self.value.visit_children(&mirror.fields, visit);
    }

    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        self.value.select(&mut mirror.fields, fresh, path, select);
    }

    fn ask(&self, mirror: &Self::Mirror, id: RefId, ask: &mut Ask<'_>) {
        self.value.ask(&mirror.fields, id, ask);
    }
}

impl<S: SchemaType> SchemaType for Instance<S> {
    const FIELDS: u8 = S::FIELDS;
    const NAME: &'static str = S::NAME;
    const FIELD_NAMES: FieldNames = S::FIELD_NAMES;

    fn describe_type(types: &mut TypesBuilder) -> TypeIndex {
        S::describe_type(types)
    }
}
