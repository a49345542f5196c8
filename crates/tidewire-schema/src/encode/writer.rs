//! Events to operations.

use std::sync::Arc;

use tidewire_state::{
    Enter, EntryAt, FieldIndex, Introduced, MemberEdit, NodeMembersEdit, RefEdit, RefId, Sending,
    TypeIndex, TypeSet, Value, ValueEdit, Visitor,
};

use super::{
    kinds::Kinds,
    members::Numbering,
    plan::{self, ArrayOp, Plan},
    shift::{self, Shift},
};
use crate::wire::{self, op};

/// Writes the operations of one message.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    /// The structure that the next operation is for.
    pub(super) node: RefId,
    /// Whether the message has been switched to it.
    switched: bool,
    /// A snapshot begins at the root by itself.
    snapshot: bool,
    plan: Plan,
    shift: Shift,
    pub(super) numbering: Numbering,
    /// How many structures were used in this message to make counts up.
    pub(super) made_up: u32,
    /// From which on.
    pub(super) made_up_from: u32,
    /// Nothing is sent where it may get lost.
    pub(super) all_reliable: bool,
    /// Where operations depend on more than events.
    pub(super) kinds: Option<Box<Kinds>>,
    /// Values that may get lost, as operations of a message of their own.
    pub(super) unreliable: Vec<u8>,
    unreliable_node: RefId,
}

impl Writer {
    pub(super) fn new(types: &Arc<TypeSet>) -> Self {
        Self { kinds: Kinds::of(types).map(Box::new), ..Self::default() }
    }

    pub(super) fn start_patch(&mut self) {
        self.out.clear();
        self.made_up = self.made_up_from;
        self.snapshot = false;
        self.unreliable.clear();
        self.unreliable_node = RefId::default();
    }

    /// As [`start_patch`](Self::start_patch), of a writer that writes no snapshots, and nothing that may
    /// get lost.
    #[inline(always)]
    pub(super) fn start_plain_patch(&mut self) {
        self.out.clear();
        self.made_up = self.made_up_from;
    }

    pub(super) fn start_snapshot(&mut self) {
        self.out.clear();
        self.made_up = self.made_up_from;
        self.snapshot = true;
    }

    /// Makes sure that what is written next is for the node entered last.
    #[inline]
    pub(super) fn switch(&mut self) {
        if !self.switched {
            wire::write_switch(&mut self.out, self.node);
            self.switched = true;
        }
    }

    /// What is written next is for this node.
    pub(super) fn go_to(&mut self, node: RefId) {
        self.node = node;
        self.switched = false;
    }

    /// What is written next is for this node, as what was written last may have been.
    pub(super) fn stay_at(&mut self, node: RefId) {
        if self.node != node {
            self.go_to(node);
        }
    }

    #[inline]
    pub(super) fn field_op(&mut self, op: u8, field: FieldIndex) {
        self.switch();
        self.out.push(op | field.0);
    }

    #[inline]
    pub(super) fn index_op(&mut self, op: u8, index: u32) {
        self.switch();
        self.out.push(op);
        wire::write_unsigned(&mut self.out, index);
    }

    pub(super) fn item_op(&mut self, op: u8, index: usize) {
        self.index_op(op, u32::try_from(index).expect("an array has fewer than 2^32 items"));
    }

    /// The refId of an element that is introduced to a collection, and its type if that must be said.
    pub(super) fn write_element(&mut self, node: RefId) {
        assert!(node.is_known(), "{PENDING}");
        wire::write_ref(&mut self.out, node);
        if let Some(kinds) = &self.kinds
            && let Some(index) = kinds.of_element(self.node, node)
        {
            self.write_type(index);
        }
    }

    /// The refId of a struct in a field of one of type `parent`, and its type if that must be said.
    pub(super) fn write_reference(&mut self, parent: TypeIndex, field: FieldIndex, node: RefId) {
        wire::write_ref(&mut self.out, node);
        if let Some(kinds) = &mut self.kinds {
            kinds.current = parent;
            if let Some(index) = kinds.of_reference(field, node) {
                self.write_type(index);
            }
        }
    }

    pub(super) fn write_type(&mut self, index: TypeIndex) {
        self.out.push(wire::TYPE_ID);
        wire::write_unsigned(&mut self.out, index.0);
    }

    /// Whether a field of the struct at hand is left out here. Where it is sent apart, that is done.
    fn is_left_out(
        &mut self,
        field: FieldIndex,
        value: Option<Value<'_>>,
        old: Option<Value<'_>>,
    ) -> bool {
        let Some(kinds) = &self.kinds else { return false };
        match kinds.sending(field) {
            Sending::Always => false,
            Sending::PatchOnly => self.snapshot,
            Sending::SnapshotOnly => !self.snapshot,
            Sending::Never => true,
            Sending::Unreliable => {
                let (Some(value), Some(_), false) =
                    (value, old, self.snapshot || self.all_reliable)
                else {
                    return false;
                };
                if self.unreliable_node != self.node {
                    self.unreliable_node = self.node;
                    wire::write_switch(&mut self.unreliable, self.node);
                }
                self.unreliable.push(op::ADD | field.0);
                wire::write_value(&mut self.unreliable, value);
                true
            }
        }
    }

    pub(super) fn array_op(&mut self, array_op: ArrayOp, from: usize) {
        match array_op {
            ArrayOp::Switch => self.switched = false,
            ArrayOp::Reverse => {
                self.switch();
                self.out.push(op::REVERSE);
            }
            ArrayOp::Delete(index) => self.item_op(op::DELETE, from + index),
            ArrayOp::Add(index, node) => {
                self.item_op(op::ADD, from + index);
                self.write_element(node);
            }
            ArrayOp::Renew(index, node) => {
                self.item_op(op::DELETE_AND_ADD, from + index);
                self.write_element(node);
            }
            ArrayOp::Move(index, node) => {
                self.item_op(op::MOVE, from + index);
                wire::write_ref(&mut self.out, node);
            }
        }
    }
}

impl Visitor for Writer {
    fn begin(&mut self, _: u64) {}

    fn end(&mut self) {}

    #[inline]
    fn enter(&mut self, node: Enter<'_>) {
        self.node = node.id;
        self.switched = false;
        if let (Some(kinds), Some(index)) = (&mut self.kinds, node.index) {
            kinds.current = index;
        }
        if self.snapshot {
            assert!(node.id.is_known(), "{PENDING}");
            self.switched = node.id == RefId::ROOT;
        }
    }

    #[inline]
    fn leave(&mut self) {}

    fn introduce(&mut self, node: Introduced) {
        if let Some(kinds) = &mut self.kinds {
            assert!(node.id.is_known(), "{PENDING}");
            kinds.introduce(node);
        }
    }

    // The kind of the value is known where this is called: only its own arm is left there.
    #[inline(always)]
    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        if old.is_some_and(|old| reads_alike(value, old)) {
            return;
        }
        if self.kinds.is_some() && self.is_left_out(field, Some(value), old) {
            return;
        }
        self.switch();
        wire::write_field(&mut self.out, op::ADD | field.0, value);
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        let op = if old.is_none() { op::ADD } else { op::DELETE_AND_ADD };
        assert!(node.is_known(), "{PENDING}");
        self.field_op(op, field);
        wire::write_ref(&mut self.out, node);
        if let Some(kinds) = &mut self.kinds
            && let Some(index) = kinds.of_reference(field, node)
        {
            self.write_type(index);
        }
    }

    fn unset(&mut self, field: FieldIndex) {
        if !self.is_left_out(field, None, None) {
            self.field_op(op::DELETE, field);
        }
    }

    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        for index in live {
            self.index_op(op::DELETE, index);
        }
    }

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.index_op(op::DELETE, at.index);
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        match old {
            None => {
                assert!(at.index != EntryAt::UNKNOWN, "{PENDING}");
                self.index_op(op::ADD, at.index);
                wire::write_string(&mut self.out, at.key);
            }
            Some(old) if reads_alike(value, old) => return,
            Some(_) => self.index_op(op::REPLACE, at.index),
        }
        wire::write_value(&mut self.out, value);
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        let op = if old.is_none() { op::ADD } else { op::DELETE_AND_ADD };
        self.index_op(op, at.index);
        wire::write_string(&mut self.out, at.key);
        self.write_element(node);
    }

    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        if reads_alike(value, old) {
            return;
        }
        self.item_op(op::REPLACE, index);
        wire::write_value(&mut self.out, value);
    }

    /// Values that differ are replaced where they stand; the array grows and shrinks at its end.
    /// Only values that go from the front do go, so that clients see which ones went and came.
    fn items(&mut self, edit: ValueEdit<'_>) {
        let after = edit.after.len();
        let mut before = edit.before.len();
        if let Some(kept) = self.shift.kept(edit) {
            shift::drop_front(before, kept, kept < after, |op| self.array_op(op, 0));
            before = kept;
        } else {
            for index in 0..before.min(after) {
                let (value, old) = (edit.after.value(index), edit.before.value(index));
                if value != old && !reads_alike(value, old) {
                    self.item_op(op::REPLACE, edit.from + index);
                    wire::write_value(&mut self.out, value);
                }
            }
        }
        for index in before..after {
            self.item_op(op::ADD, edit.from + index);
            wire::write_value(&mut self.out, edit.after.value(index));
        }
        for index in (after..before).rev() {
            self.item_op(op::DELETE, edit.from + index);
        }
    }

    fn members(&mut self, edit: MemberEdit<'_>) {
        if self.snapshot {
            self.show_members(edit);
        } else {
            self.change_members(edit);
        }
    }

    fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        if self.snapshot {
            self.show_node_members(edit);
        } else {
            self.change_node_members(edit);
        }
    }

    fn released(&mut self, node: RefId) {
        self.numbering.released(node);
    }

    fn items_shifted(&mut self, edit: RefEdit<'_>, gone: usize) {
        let kept = edit.before.len() - gone;
        if !plan::is_worth_it(gone, kept) {
            return self.item_references(edit);
        }
        plan::move_on(edit.before, edit.after, gone, |op| self.array_op(op, 0));
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        let mut plan = std::mem::take(&mut self.plan);
        let RefEdit { from, before, after } = edit;
        plan.make(before, after, from == 0, |op| self.array_op(op, from));
        self.plan = plan;
    }
}

/// Why a snapshot is refused.
pub(super) const PENDING: &str =
    "a snapshot was asked for while changes were pending: encode the patch first";

/// Whether a client that reads the one reads the other, though they differ. Only `number`s lose
/// anything on the way: 0.1 and the single nearest to it, 0 and -0.
#[inline(always)]
pub(super) fn reads_alike(value: Value<'_>, old: Value<'_>) -> bool {
    match (value, old) {
        (Value::Number(value), Value::Number(old)) => {
            wire::number_as_read(value).to_bits() == wire::number_as_read(old).to_bits()
        }
        _ => false,
    }
}
