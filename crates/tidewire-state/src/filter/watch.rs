//! Whether a walk of a struct's own fields reports anything.

use crate::{
    tracker::{Owner, Walk},
    types::FieldIndex,
    value::Value,
    visitor::{
        Enter, EntryAt, Introduced, MemberEdit, NodeMembersEdit, RefEdit, RefId, ValueEdit, Visitor,
    },
};

/// A visitor that is told what another is, and notes whether that was about fields.
#[derive(Debug)]
pub struct Watch<'a, V: ?Sized> {
    visitor: &'a mut V,
    changed: bool,
}

impl<V: Visitor + ?Sized> Walk<'_, V> {
    /// Walks a struct's own fields, and tells whether one of them is not what it was.
    #[inline]
    pub fn watch(
        &mut self,
        owner: Owner,
        fields: impl FnOnce(Owner, &mut Walk<'_, Watch<'_, V>>),
    ) -> bool {
        let mut watch = Watch { visitor: &mut *self.visitor, changed: owner.fresh };
        let (tracker, views) = (&mut *self.tracker, &mut *self.views);
        fields(owner, &mut Walk { visitor: &mut watch, tracker, views });
        watch.changed
    }
}

macro_rules! pass_on {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $name(&mut self $(, $arg: $type)*) {
            self.visitor.$name($($arg),*);
        }
    )*};
}

macro_rules! note {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $name(&mut self $(, $arg: $type)*) {
            self.changed = true;
            self.visitor.$name($($arg),*);
        }
    )*};
}

impl<V: Visitor + ?Sized> Visitor for Watch<'_, V> {
    note! {
        field(field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>);
        reference(field: FieldIndex, node: RefId, old: Option<RefId>);
        unset(field: FieldIndex);
    }

    pass_on! {
        begin(tick: u64);
        end();
        enter(node: Enter<'_>);
        leave();
        entries_reset(live: &mut dyn Iterator<Item = u32>);
        entry_removed(at: EntryAt<'_>);
        entry(at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>);
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>);
        item(index: usize, value: Value<'_>, old: Value<'_>);
        items(edit: ValueEdit<'_>);
        members(edit: MemberEdit<'_>);
        item_references(edit: RefEdit<'_>);
        node_members(edit: NodeMembersEdit<'_>);
        introduce(node: Introduced);
        renumbered(from: RefId, to: RefId);
        veiled(node: RefId);
        released(node: RefId);
    }
}
