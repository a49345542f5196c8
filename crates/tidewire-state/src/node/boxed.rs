//! Boxed structs.

use std::any::Any;

use crate::{
    filter::Ask,
    schema::{FieldNames, Schema, SchemaType},
    select::Select,
    tracker::{Owner, Visit, Walk},
    types::{TypeIds, TypeIndex, TypeSet, TypesBuilder},
    visitor::{RefId, Visitor},
};

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
    const FIELD_NAMES: FieldNames = S::FIELD_NAMES;

    fn describe_type(types: &mut TypesBuilder) -> TypeIndex {
        S::describe_type(types)
    }
}
