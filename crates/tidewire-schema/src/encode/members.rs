//! Sets and collections: the numbers of their entries, and how all clients come to agree on them.
//!
//! 5.x puts an entry where the index on the wire says. 3.x and 4.x number entries themselves, 0, 1,
//! 2… as they arrive, so numbers are given in that order and not twice. One who comes later would
//! count from the entries that are left: for him the count is made up in a structure that nobody
//! listens to, from which the collection takes it over (docs/WIRE.md, "Sets and collections").

use std::collections::{HashMap, HashSet};

use tidewire_state::{
    DynPrimitive, FieldIndex, MemberEdit, NodeMember, NodeMembersEdit, Primitive, PrimitiveKind,
    RefId, Value, ValueList,
};

use super::writer::{Writer, reads_alike};
use crate::wire::{self, op};

/// The first of the structures in which counts are made up, each in one of its own, downwards. No
/// state has so many.
const TEMPORARY: u32 = 0x7fff_ffff;

/// How many numbers may be in use by nobody, beside one for each entry, before all are given anew.
const SPARE: u32 = 8;

/// The numbers of those structures whose entries are not just 0, 1, 2…
#[derive(Debug, Default)]
pub(super) struct Numbering(HashMap<RefId, Numbers>);

#[derive(Debug)]
struct Numbers {
    /// Of each entry, ascending.
    held: Vec<u32>,
    next: u32,
    kind: PrimitiveKind,
}

impl Numbers {
    fn dense(len: usize, kind: PrimitiveKind) -> Self {
        let next = u32::try_from(len).expect("a collection has fewer than 2^32 entries");
        Self { held: (0..next).collect(), next, kind }
    }

    fn gaps(&self) -> u32 {
        self.next - self.held.len() as u32
    }
}

impl Numbering {
    pub(super) fn released(&mut self, node: RefId) {
        if !self.0.is_empty() {
            self.0.remove(&node);
        }
    }
}

impl Writer {
    /// All there is of a set or a collection.
    pub(super) fn show_members(&mut self, edit: MemberEdit<'_>) {
        let id = self.node;
        let Some(numbers) = self.numbering.0.remove(&id) else {
            for index in 0..edit.all.len() {
                self.item_op(op::ADD, index);
                wire::write_value(&mut self.out, edit.all.value(index));
            }
            return;
        };
        for (index, number) in numbers.held.iter().enumerate() {
            self.index_op(op::ADD, *number);
            wire::write_value(&mut self.out, edit.all.value(index));
        }
        self.make_up(edit, &numbers);
        self.numbering.0.insert(id, numbers);
    }

    /// Values go, each by its number, and come under the next ones.
    pub(super) fn change_members(&mut self, edit: MemberEdit<'_>) {
        let id = self.node;
        let MemberEdit { edit: change, all, .. } = edit;
        let (before, after) = (change.before, change.after);
        let mut kept = 0;
        let mut gone = Vec::new();
        for index in 0..before.len() {
            if kept < after.len() && alike(before.value(index), after.value(kept)) {
                kept += 1;
            } else {
                gone.push(change.from + index);
            }
        }
        let held = change.from + before.len();
        let numbers = self.numbering.0.remove(&id);
        if gone.is_empty() && numbers.is_none() {
            for index in held..all.len() {
                self.item_op(op::ADD, index);
                wire::write_value(&mut self.out, all.value(index));
            }
            return;
        }
        let mut numbers = numbers.unwrap_or_else(|| Numbers::dense(held, before.value(0).kind()));
        for index in gone.iter().rev() {
            self.index_op(op::DELETE, numbers.held[*index]);
        }
        let mut left = gone.iter().copied().peekable();
        let mut index = 0;
        numbers.held.retain(|_| {
            index += 1;
            left.next_if_eq(&(index - 1)).is_none()
        });
        for index in numbers.held.len()..all.len() {
            self.index_op(op::ADD, numbers.next);
            wire::write_value(&mut self.out, all.value(index));
            numbers.held.push(numbers.next);
            numbers.next += 1;
        }
        if numbers.gaps() > SPARE + numbers.held.len() as u32 {
            self.make_up(edit, &Numbers::dense(all.len(), numbers.kind));
        } else if numbers.gaps() > 0 {
            self.numbering.0.insert(id, numbers);
        }
    }

    /// All structs of a set or a collection. One who counts for himself is made to count those that
    /// are gone, by structures that come and go within the message.
    pub(super) fn show_node_members(&mut self, edit: NodeMembersEdit<'_>) {
        let id = self.node;
        let mut next = 0;
        let mut fill = |writer: &mut Self, to: u32, of: Option<RefId>| {
            for number in next..to {
                let temporary = RefId(TEMPORARY - writer.made_up);
                writer.made_up += 1;
                writer.index_op(op::ADD, number);
                wire::write_ref(&mut writer.out, temporary);
                if let Some(kinds) = &writer.kinds
                    && let Some(index) = of.and_then(|of| kinds.of_element(id, of))
                {
                    writer.write_type(index);
                }
                writer.index_op(op::DELETE, number);
            }
            next = to + 1;
        };
        for entry in edit.after {
            fill(self, entry.number, Some(entry.node));
            self.index_op(op::ADD, entry.number);
            self.write_element(entry.node);
        }
        fill(self, edit.next, None);
    }

    /// Structs go, each by its number, and come under the next ones.
    pub(super) fn change_node_members(&mut self, edit: NodeMembersEdit<'_>) {
        let missing = |list: &[NodeMember], number: u32| {
            list.binary_search_by_key(&number, |entry| entry.number).is_err()
        };
        for entry in edit.before.iter().rev().filter(|entry| missing(edit.after, entry.number)) {
            self.index_op(op::DELETE, entry.number);
        }
        for entry in edit.after.iter().filter(|entry| missing(edit.before, entry.number)) {
            self.index_op(op::ADD, entry.number);
            self.write_element(entry.node);
        }
    }

    /// Gives the entries these numbers, and clients that count the next one, without a word to
    /// anybody who listens: they listen to the structure by its refId, and none has this one.
    fn make_up(&mut self, edit: MemberEdit<'_>, numbers: &Numbers) {
        let MemberEdit { owner, field, all, .. } = edit;
        let id = self.node;
        self.field_of(owner, op::DELETE, field);
        self.field_of(owner, op::ADD, field);
        let temporary = RefId(TEMPORARY - self.made_up);
        self.made_up += 1;
        wire::write_ref(&mut self.out, temporary);
        self.go_to(temporary);
        let mut count = 0;
        for (index, number) in numbers.held.iter().enumerate() {
            let value = all.value(index);
            // What is about to come is not there yet, even in a set.
            self.count_to(*number, &mut count, value);
            self.index_op(op::ADD, *number);
            wire::write_value(&mut self.out, value);
            count += 1;
        }
        if count < numbers.next {
            let spare = spare(numbers.kind, all);
            self.count_to(numbers.next, &mut count, spare.value());
        }
        self.field_of(owner, op::DELETE_AND_ADD, field);
        wire::write_ref(&mut self.out, id);
        self.go_to(id);
    }

    fn count_to(&mut self, number: u32, count: &mut u32, value: Value<'_>) {
        while *count < number {
            self.index_op(op::ADD, *count);
            wire::write_value(&mut self.out, value);
            self.index_op(op::DELETE, *count);
            *count += 1;
        }
    }

    fn field_of(&mut self, owner: RefId, op: u8, field: FieldIndex) {
        if self.node != owner {
            self.go_to(owner);
        }
        self.field_op(op, field);
    }
}

fn alike(value: Value<'_>, old: Value<'_>) -> bool {
    value == old || reads_alike(value, old)
}

/// A value that is not in the list. There is one: what came last of all is gone, or nothing would
/// have to be made up behind the others.
fn spare(kind: PrimitiveKind, list: &dyn ValueList) -> DynPrimitive {
    let written = |value: Value<'_>| {
        let mut out = Vec::new();
        wire::write_value(&mut out, value);
        out
    };
    let taken: HashSet<Vec<u8>> = (0..list.len()).map(|at| written(list.value(at))).collect();
    let mut candidates = (0..=list.len()).map(|at| candidate(kind, at));
    let free = candidates.find(|value| !taken.contains(&written(value.value())));
    free.unwrap_or_else(|| kind.zero().into())
}

/// One of as many values of a kind as there are, none of them 0 and -0 alike.
fn candidate(kind: PrimitiveKind, at: usize) -> DynPrimitive {
    match kind {
        PrimitiveKind::String if at == 0 => DynPrimitive::String(String::new()),
        PrimitiveKind::String => DynPrimitive::String(at.to_string()),
        PrimitiveKind::Boolean => DynPrimitive::Boolean(at % 2 == 1),
        PrimitiveKind::Number => DynPrimitive::Number(at as f64),
        PrimitiveKind::Int8 => DynPrimitive::Int8(at as i8),
        PrimitiveKind::Uint8 => DynPrimitive::Uint8(at as u8),
        PrimitiveKind::Int16 => DynPrimitive::Int16(at as i16),
        PrimitiveKind::Uint16 => DynPrimitive::Uint16(at as u16),
        PrimitiveKind::Int32 => DynPrimitive::Int32(at as i32),
        PrimitiveKind::Uint32 => DynPrimitive::Uint32(at as u32),
        PrimitiveKind::Int64 => DynPrimitive::Int64(at as i64),
        PrimitiveKind::Uint64 => DynPrimitive::Uint64(at as u64),
        PrimitiveKind::Float32 => DynPrimitive::Float32(at as f32 + 1.0),
        PrimitiveKind::Float64 => DynPrimitive::Float64(at as f64 + 1.0),
    }
}
