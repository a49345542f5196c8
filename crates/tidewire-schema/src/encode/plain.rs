//! Patches of states of which all is for everyone, and nothing but the events says what is to be
//! written: no field is marked, no type extends another. Most states are so, and it is known when an
//! encoder is made, so what it asks of each event elsewhere is asked here of none.

use tidewire_state::{
    Enter, EntryAt, FieldIndex, MemberEdit, NodeMembersEdit, RefEdit, RefId, Value, ValueEdit,
    Visitor,
};

use super::writer::{PENDING, Writer, reads_alike};
use crate::wire::{self, op};

/// Writes patches by the [`Writer`]'s rules, without asking for kinds.
///
/// Events about structs, most of all that there are, are written here, those about collections there.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) writer: Writer,
    /// The struct that was entered last, unless the message has been switched to it.
    entered: RefId,
}

impl Plain {
    pub(super) fn new(writer: Writer) -> Self {
        Self { writer, entered: RefId::default() }
    }

    /// Makes sure that what is written next is for the struct entered last.
    #[inline(always)]
    fn switch(&mut self) {
        if self.entered.is_known() {
            wire::write_switch(&mut self.writer.out, self.entered);
            self.entered = RefId::default();
        }
    }
}

macro_rules! as_writer {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name(&mut self $(, $arg: $type)*) {
            self.writer.$name($($arg),*);
        }
    )*};
}

impl Visitor for Plain {
    #[inline(always)]
    fn begin(&mut self, _: u64) {
        self.writer.start_plain_patch();
    }

    fn end(&mut self) {}

    #[inline(always)]
    fn enter(&mut self, node: Enter<'_>) {
        // Known where this is called.
        if node.index.is_some() {
            self.entered = node.id;
        } else {
            self.writer.go_to(node.id);
        }
    }

    #[inline(always)]
    fn leave(&mut self) {}

    // The kind of the value is known where this is called: only its own arm is left there.
    #[inline(always)]
    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        if old.is_some_and(|old| reads_alike(value, old)) {
            return;
        }
        self.switch();
        wire::write_field(&mut self.writer.out, op::ADD | field.0, value);
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        let op = if old.is_none() { op::ADD } else { op::DELETE_AND_ADD };
        assert!(node.is_known(), "{PENDING}");
        self.switch();
        self.writer.out.push(op | field.0);
        wire::write_ref(&mut self.writer.out, node);
    }

    fn unset(&mut self, field: FieldIndex) {
        self.switch();
        self.writer.out.push(op::DELETE | field.0);
    }

    as_writer! {
        entries_reset(live: &mut dyn Iterator<Item = u32>);
        entry_removed(at: EntryAt<'_>);
        entry(at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>);
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>);
        item(index: usize, value: Value<'_>, old: Value<'_>);
        items(edit: ValueEdit<'_>);
        members(edit: MemberEdit<'_>);
        item_references(edit: RefEdit<'_>);
        items_shifted(edit: RefEdit<'_>, gone: usize);
        node_members(edit: NodeMembersEdit<'_>);
        released(node: RefId);
    }
}
