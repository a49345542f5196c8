//! How a struct of a run-time type is walked: field by field, each as a derived one is.

use super::{DynField, DynPrimitive, DynStruct};
use crate::{
    array::ArraySchema,
    collection::CollectionSchema,
    identity::Seen,
    map::MapSchema,
    schema::{Field, Schema},
    set::SetSchema,
    tracker::{Owner, Walk},
    types::{FieldIndex, TypeSet},
    visitor::Visitor,
};

/// What was last sent of a [`DynStruct`], and which instance it was.
#[derive(Debug, Default)]
pub struct DynMirror {
    seen: Seen,
    fields: Vec<FieldMirror>,
}

#[derive(Debug)]
enum FieldMirror {
    Primitive(DynPrimitive),
    Optional(Option<DynPrimitive>),
    Ref(<Option<Box<DynStruct>> as Field>::Mirror),
    PrimitiveMap(<MapSchema<DynPrimitive> as Field>::Mirror),
    Map(<MapSchema<DynStruct> as Field>::Mirror),
    PrimitiveArray(<ArraySchema<DynPrimitive> as Field>::Mirror),
    Array(<ArraySchema<DynStruct> as Field>::Mirror),
    PrimitiveSet(<SetSchema<DynPrimitive> as Field>::Mirror),
    PrimitiveCollection(<CollectionSchema<DynPrimitive> as Field>::Mirror),
}

/// Runs a body on a field and its mirror, both by their Rust types. Fields keep their variants, so
/// the last arm is for a field that was given another against the rule: it stays silent.
macro_rules! typed {
    ($field:expr, $mirror:expr, |$f:ident, $m:ident| $body:expr) => {
        match ($field, $mirror) {
            (DynField::Primitive($f), FieldMirror::Primitive($m)) => $body,
            (DynField::Optional($f), FieldMirror::Optional($m)) => $body,
            (DynField::Ref($f), FieldMirror::Ref($m)) => $body,
            (DynField::PrimitiveMap($f), FieldMirror::PrimitiveMap($m)) => $body,
            (DynField::Map($f), FieldMirror::Map($m)) => $body,
            (DynField::PrimitiveArray($f), FieldMirror::PrimitiveArray($m)) => $body,
            (DynField::Array($f), FieldMirror::Array($m)) => $body,
            (DynField::PrimitiveSet($f), FieldMirror::PrimitiveSet($m)) => $body,
            (DynField::PrimitiveCollection($f), FieldMirror::PrimitiveCollection($m)) => $body,
            _ => {}
        }
    };
}

impl FieldMirror {
    fn of(field: &DynField) -> Self {
        match field {
            DynField::Primitive(_) => Self::Primitive(DynPrimitive::default()),
            DynField::Optional(_) => Self::Optional(None),
            DynField::Ref(_) => Self::Ref(Default::default()),
            DynField::PrimitiveMap(_) => Self::PrimitiveMap(Default::default()),
            DynField::Map(_) => Self::Map(Default::default()),
            DynField::PrimitiveArray(_) => Self::PrimitiveArray(Default::default()),
            DynField::Array(_) => Self::Array(Default::default()),
            DynField::PrimitiveSet(_) => Self::PrimitiveSet(Default::default()),
            DynField::PrimitiveCollection(_) => Self::PrimitiveCollection(Default::default()),
        }
    }
}

impl DynMirror {
    /// Field numbers with the fields and their mirrors.
    fn zip<'a, F>(
        fields: impl IntoIterator<Item = F>,
        mirrors: impl IntoIterator<Item = &'a mut FieldMirror>,
    ) -> impl Iterator<Item = (FieldIndex, (F, &'a mut FieldMirror))> {
        std::iter::zip((0..).map(FieldIndex), std::iter::zip(fields, mirrors))
    }
}

impl Schema for DynStruct {
    type Mirror = DynMirror;
    const HAS_IDENTITY: bool = true;

    fn describe(&self) -> TypeSet {
        TypeSet { types: self.types.types.clone(), root: self.index }
    }

    fn is_instance(&self, mirror: &DynMirror) -> bool {
        self.identity.is(mirror.seen)
    }

    fn walk<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut DynMirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        mirror.seen = self.identity.assign();
        if owner.fresh {
            mirror.fields.clear();
            mirror.fields.extend(self.fields.iter().map(FieldMirror::of));
        }
        for (at, (field, mirror)) in DynMirror::zip(&mut self.fields, &mut mirror.fields) {
            typed!(field, mirror, |field, mirror| field.walk_own(mirror, at, owner, walk));
        }
        for (at, (field, mirror)) in DynMirror::zip(&mut self.fields, &mut mirror.fields) {
            typed!(field, mirror, |field, mirror| field.walk_below(mirror, at, walk));
        }
    }

    fn visit<V: Visitor + ?Sized>(&self, mirror: &DynMirror, visitor: &mut V) {
        let fields =
            || std::iter::zip((0..).map(FieldIndex), std::iter::zip(&self.fields, &mirror.fields));
        for (at, (field, mirror)) in fields() {
            typed!(field, mirror, |field, mirror| field.visit_own(mirror, at, visitor));
        }
        for (at, (field, mirror)) in fields() {
            typed!(field, mirror, |field, mirror| field.visit_below(mirror, at, visitor));
        }
    }
}
