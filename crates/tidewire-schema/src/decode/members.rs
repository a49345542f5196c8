//! The operations on sets and collections.

use std::collections::BTreeSet;

use tidewire_state::{
    PrimitiveKind,
    receive::{ArraySink, New, Sink, StructSink},
};

use super::{
    change::{ChangeObserver, ChangePlace, ChangeValue, as_kind},
    error::{DecodeErrorKind, Fault, FaultPlace},
    limits::ITEM,
    message::Message,
    nodes::{MembersNode, Node, Shape},
};
use crate::wire::op;

impl<S: StructSink, O: ChangeObserver> Message<'_, '_, S, O> {
    /// All operations on the set or collection at hand. What is deleted stays where it is until
    /// something comes or the structure ends, so that many deletions cost one pass.
    pub(super) fn members(&mut self) -> Result<(), Fault> {
        let kind = self.members_node()?.kind;
        let mut gone = BTreeSet::new();
        while !self.is_over() {
            let start = self.reader.offset();
            match self.reader.byte()? {
                op::CLEAR => {
                    for at in 0..self.members_node()?.numbers.len() {
                        self.delete_member(kind, at, &mut gone)?;
                    }
                }
                op::DELETE => {
                    let number = self.reader.unsigned()?;
                    // What is not there was gone before this client came.
                    if let Ok(at) = self.members_node()?.numbers.binary_search(&number) {
                        self.delete_member(kind, at, &mut gone)?;
                    }
                }
                op::ADD => {
                    self.take_out_members(&mut gone)?;
                    let number = self.reader.unsigned()?;
                    self.add_member(kind, number)
                        .map_err(|fault| fault.in_place(FaultPlace::Index(number as usize)))?;
                }
                byte => return Err(Fault::at(start, DecodeErrorKind::UnknownOperation { byte })),
            }
        }
        self.take_out_members(&mut gone)
    }

    /// Numbers rise as entries come. One that is there already is the same entry, told again.
    fn add_member(&mut self, kind: PrimitiveKind, number: u32) -> Result<(), Fault> {
        let start = self.reader.offset();
        let value = self.reader.value(kind)?;
        let numbers = &self.members_node()?.numbers;
        if numbers.last().is_some_and(|last| number <= *last) {
            return match numbers.binary_search(&number) {
                Ok(_) => Ok(()),
                Err(_) => Err(Fault::at(start, DecodeErrorKind::UnknownEntry { index: number })),
            };
        }
        let sink = self.members_sink()?;
        let len = sink.len();
        let added = sink.insert(len, New::Value(value));
        added.map_err(|misfit| Fault::at(start, DecodeErrorKind::Misfit(misfit)))?;
        // A set may have the value already.
        if sink.len() > len {
            self.members_node()?.numbers.push(number);
            self.holds_more(ITEM)?;
            let place = ChangePlace::Item(number as usize);
            self.changed(op::ADD, place, None, Some(ChangeValue::Value(value)));
        }
        Ok(())
    }

    /// Notes that a member is to be taken out, and tells of it.
    fn delete_member(
        &mut self,
        kind: PrimitiveKind,
        at: usize,
        gone: &mut BTreeSet<usize>,
    ) -> Result<(), Fault> {
        if !gone.insert(at) || O::IGNORES {
            return Ok(());
        }
        let number = self.members_node()?.numbers[at];
        let value = self.members_sink()?.item(at).and_then(|item| item.value());
        let value = value.map(|value| tidewire_state::DynPrimitive::from(as_kind(value, kind)));
        let previous =
            value.as_ref().map(|value| ChangeValue::Value(tidewire_state::Primitive::value(value)));
        self.changed(op::DELETE, ChangePlace::Item(number as usize), previous, None);
        Ok(())
    }

    /// Takes out what was deleted; the rest moves up.
    fn take_out_members(&mut self, gone: &mut BTreeSet<usize>) -> Result<(), Fault> {
        let gone: Vec<usize> = std::mem::take(gone).into_iter().collect();
        let Some(&first) = gone.first() else { return Ok(()) };
        let numbers = &mut self.members_node()?.numbers;
        let behind = numbers.len() - first;
        let mut left = gone.iter().copied().peekable();
        let mut at = 0;
        numbers.retain(|_| {
            at += 1;
            left.next_if_eq(&(at - 1)).is_none()
        });
        self.members_sink()?.remove(&gone, &mut |_, _| {});
        self.tree.discharge(self.current, gone.len() * ITEM);
        self.moves(behind)
    }

    fn members_node(&mut self) -> Result<&mut MembersNode, Fault> {
        let lost = self.reader.offset();
        let id = self.current;
        match self.tree.nodes.get_mut(id) {
            Some(Node { shape: Shape::Members(members), .. }) => Ok(members),
            _ => Err(Fault::at(lost, DecodeErrorKind::UnknownRef { id })),
        }
    }

    fn members_sink(&mut self) -> Result<&mut dyn ArraySink, Fault> {
        let lost = self.reader.offset();
        let id = self.current;
        match self.sink()? {
            Sink::Array(members) => Ok(members),
            _ => Err(Fault::at(lost, DecodeErrorKind::UnknownRef { id })),
        }
    }
}
