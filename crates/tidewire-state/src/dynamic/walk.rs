//! How a struct of a run-time type is walked: field by field, each as a derived one is.

use super::{DynField, DynPrimitive, DynStruct};
use crate::{
    array::ArraySchema,
    collection::CollectionSchema,
    identity::Seen,
    map::MapSchema,
    pool::Handle,
    schema::{Field, Schema},
    select::Select,
    set::SetSchema,
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, FieldInfo, Sending, TypeIds, TypeIndex, TypeSet, Visibility},
    visitor::Visitor,
};

/// What was last sent of a [`DynStruct`], and which instance it was.
#[derive(Debug, Default)]
pub struct DynMirror {
    seen: Seen,
    /// What is below was named before a walk has seen this.
    named: bool,
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
    Shared(<Option<Handle<DynStruct>> as Field>::Mirror),
    SharedMap(<MapSchema<Handle<DynStruct>> as Field>::Mirror),
    SharedArray(<ArraySchema<Handle<DynStruct>> as Field>::Mirror),
    SharedSet(<SetSchema<Handle<DynStruct>> as Field>::Mirror),
    SharedCollection(<CollectionSchema<Handle<DynStruct>> as Field>::Mirror),
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
            (DynField::Shared($f), FieldMirror::Shared($m)) => $body,
            (DynField::SharedMap($f), FieldMirror::SharedMap($m)) => $body,
            (DynField::SharedArray($f), FieldMirror::SharedArray($m)) => $body,
            (DynField::SharedSet($f), FieldMirror::SharedSet($m)) => $body,
            (DynField::SharedCollection($f), FieldMirror::SharedCollection($m)) => $body,
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
            DynField::Shared(_) => Self::Shared(Default::default()),
            DynField::SharedMap(_) => Self::SharedMap(Default::default()),
            DynField::SharedArray(_) => Self::SharedArray(Default::default()),
            DynField::SharedSet(_) => Self::SharedSet(Default::default()),
            DynField::SharedCollection(_) => Self::SharedCollection(Default::default()),
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

    fn type_index(&self, _: &TypeIds) -> TypeIndex {
        self.index
    }

    fn remember_instance(&mut self, mirror: &mut DynMirror) {
        // What was named below another instance is not below this one.
        mirror.named &= self.identity.is(mirror.seen);
        mirror.seen = self.identity.assign();
    }

    fn walk_fields<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut DynMirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        self.remember_instance(mirror);
        // What it remembers of another instance is of no use; of this one, under another number, it is.
        let of_another = owner.fresh && !mirror.named && !walk.tracker.is_renaming();
        if mirror.fields.len() != self.fields.len() || of_another {
            mirror.fields.clear();
            mirror.fields.extend(self.fields.iter().map(FieldMirror::of));
        }
        mirror.named = false;
        let infos = &self.types[self.index].fields;
        for (at, (field, mirror)) in DynMirror::zip(&mut self.fields, &mut mirror.fields) {
            let info = &infos[usize::from(at.0)];
            let owner = match info.visibility {
                Visibility::Everyone => owner,
                Visibility::View(tag) => owner.hide(tag),
                // There are no functions here: what is filtered shows to nobody.
                Visibility::Filter(field) => owner.filter(field),
                Visibility::FilterChildren | Visibility::PerPlayer => owner.filter_children(),
                // What is in it nobody is told.
                Visibility::Custom(_) => continue,
            };
            if is_told(info) {
                typed!(field, mirror, |field, mirror| field.walk_own(mirror, at, owner, walk));
            }
        }
    }

    fn walk_children<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut DynMirror,
        walk: &mut Walk<'_, V>,
    ) {
        let infos = &self.types[self.index].fields;
        for (at, (field, mirror)) in DynMirror::zip(&mut self.fields, &mut mirror.fields) {
            if is_told(&infos[usize::from(at.0)]) {
                typed!(field, mirror, |field, mirror| field.walk_below(mirror, at, walk));
            }
        }
    }

    fn visit_fields<V: Visitor + ?Sized>(&self, mirror: &DynMirror, visit: &mut Visit<'_, V>) {
        for (at, (field, mirror)) in self.sent_fields(mirror, visit) {
            typed!(field, mirror, |field, mirror| field.visit_own(mirror, at, visit));
        }
    }

    fn visit_children<V: Visitor + ?Sized>(&self, mirror: &DynMirror, visit: &mut Visit<'_, V>) {
        let infos = &self.types[self.index].fields;
        for (at, (field, mirror)) in self.sent_fields(mirror, visit) {
            if visit.shows_children(infos[usize::from(at.0)].visibility) {
                typed!(field, mirror, |field, mirror| field.visit_below(mirror, at, visit));
            }
        }
    }

    fn select(
        &mut self,
        mirror: &mut DynMirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        if fresh {
            self.remember_instance(mirror);
        }
        if mirror.fields.len() != self.fields.len() || fresh && !mirror.named {
            mirror.fields.clear();
            mirror.fields.extend(self.fields.iter().map(FieldMirror::of));
        }
        mirror.named |= fresh;
        let infos = &self.types[self.index].fields;
        let step = path.first();
        let rest = path.get(1..).unwrap_or_default();
        let mut found = step.is_none();
        for (at, (field, mirror)) in DynMirror::zip(&mut self.fields, &mut mirror.fields) {
            let info = &infos[usize::from(at.0)];
            if step.is_some_and(|step| *step != info.name)
                || info.sending == Sending::Never
                || !select.goes_below(info.visibility, path)
            {
                continue;
            }
            found = true;
            if step.is_some() {
                typed!(field, mirror, |field, mirror| field.select(mirror, fresh, rest, select));
            } else {
                select.below(info.visibility, |select| {
                    typed!(field, mirror, |field, mirror| field
                        .select(mirror, fresh, rest, select));
                });
            }
        }
        if let (false, Some(step)) = (found, step) {
            select.nothing(step);
        }
    }
}

impl DynStruct {
    fn sent_fields<'a, V: ?Sized + Visitor>(
        &'a self,
        mirror: &'a DynMirror,
        visit: &Visit<'_, V>,
    ) -> Vec<(FieldIndex, (&'a DynField, &'a FieldMirror))> {
        let infos = &self.types[self.index].fields;
        let shown = |at: &FieldIndex| {
            let info = &infos[usize::from(at.0)];
            is_told(info) && visit.shows(info.visibility)
        };
        std::iter::zip((0..).map(FieldIndex), std::iter::zip(&self.fields, &mirror.fields))
            .filter(|(at, _)| shown(at))
            .collect()
    }
}

/// Whether anyone is ever told what is in a field.
fn is_told(info: &FieldInfo) -> bool {
    info.sending != Sending::Never && !matches!(info.visibility, Visibility::Custom(_))
}
