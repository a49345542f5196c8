//! A snapshot of what everyone may see.

use tidewire_state::{
    Enter, EntryAt, FieldIndex, Introduced, MemberEdit, NodeMembersEdit, RefEdit, RefId, TypeIndex,
    TypeSet, Value, ValueEdit, Visitor,
};

use super::writer::Writer;

/// Leaves out what is hidden.
pub(super) struct Public<'a> {
    writer: &'a mut Writer,
    types: &'a TypeSet,
    index: Option<TypeIndex>,
    is_hidden: bool,
}

impl<'a> Public<'a> {
    pub(super) fn new(writer: &'a mut Writer, types: &'a TypeSet) -> Self {
        Self { writer, types, index: None, is_hidden: false }
    }

    fn hides(&self, field: FieldIndex) -> bool {
        let info = self.index.and_then(|index| self.types[index].get(field));
        self.is_hidden || info.is_some_and(|info| info.visibility.is_hidden())
    }
}

macro_rules! of_collections {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name(&mut self $(, $arg: $type)*) {
            if !self.is_hidden {
                self.writer.$name($($arg),*);
            }
        }
    )*};
}

impl Visitor for Public<'_> {
    fn begin(&mut self, tick: u64) {
        self.writer.begin(tick);
    }

    fn end(&mut self) {
        self.writer.end();
    }

    fn enter(&mut self, node: Enter<'_>) {
        self.index = node.index;
        self.is_hidden = node.hidden;
        if !node.hidden {
            self.writer.enter(node);
        }
    }

    fn leave(&mut self) {}

    fn introduce(&mut self, node: Introduced) {
        self.writer.introduce(node);
    }

    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        if !self.hides(field) {
            self.writer.field(field, value, old);
        }
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        if !self.hides(field) {
            self.writer.reference(field, node, old);
        }
    }

    fn unset(&mut self, field: FieldIndex) {
        if !self.hides(field) {
            self.writer.unset(field);
        }
    }

    of_collections! {
        entries_reset(live: &mut dyn Iterator<Item = u32>);
        entry_removed(at: EntryAt<'_>);
        entry(at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>);
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>);
        item(index: usize, value: Value<'_>, old: Value<'_>);
        items(edit: ValueEdit<'_>);
        members(edit: MemberEdit<'_>);
        item_references(edit: RefEdit<'_>);
        node_members(edit: NodeMembersEdit<'_>);
    }
}
