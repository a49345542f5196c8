//! The operations on sets and collections.

use std::collections::BTreeSet;

use tidewire_state::{
    DynPrimitive, ElementKind, Primitive, PrimitiveKind, TypeIndex,
    receive::{ArraySink, Detached, New, Sink, StructSink},
};

use super::{
    change::{ChangeObserver, ChangePlace, ChangeValue, as_kind},
    error::{DecodeErrorKind, Fault, FaultPlace},
    limits::ITEM,
    message::{Message, node_of},
    nodes::{Declared, MembersNode, NONE, Node, Shape},
};
use crate::wire::op;

impl<S: StructSink, O: ChangeObserver> Message<'_, '_, S, O> {
    /// All operations on the set or collection at hand. What is deleted stays where it is until
    /// something comes or the structure ends, so that many deletions cost one pass.
    pub(super) fn members(&mut self) -> Result<(), Fault> {
        let element = self.members_node()?.element;
        if !self.is_over() {
            self.rearranges();
        }
        let mut gone = BTreeSet::new();
        while !self.is_over() {
            let start = self.reader.offset();
            match (self.reader.byte()?, element) {
                (op::CLEAR, _) => {
                    for at in 0..self.members_node()?.numbers.len() {
                        self.delete_member(element, at, &mut gone)?;
                    }
                }
                (op::DELETE, _) => {
                    let number = self.reader.unsigned()?;
                    // What is not there was gone before this client came.
                    if let Some(at) = self.members_node()?.find(number) {
                        self.delete_member(element, at, &mut gone)?;
                    }
                }
                (op::ADD, ElementKind::Primitive(kind)) => {
                    self.take_out_members(&mut gone)?;
                    let number = self.reader.unsigned()?;
                    self.add_member(kind, number)
                        .map_err(|fault| fault.in_place(FaultPlace::Index(number as usize)))?;
                }
                (operation @ (op::ADD | op::DELETE_AND_ADD), ElementKind::Ref(index)) => {
                    self.take_out_members(&mut gone)?;
                    let number = self.reader.unsigned()?;
                    self.add_member_reference(operation, index, number)
                        .map_err(|fault| fault.in_place(FaultPlace::Index(number as usize)))?;
                }
                (byte, _) => {
                    return Err(Fault::at(start, DecodeErrorKind::UnknownOperation { byte }));
                }
            }
        }
        self.take_out_members(&mut gone)
    }

    /// Numbers rise as entries come. One that is there already is the same entry, told again.
    fn add_member(&mut self, kind: PrimitiveKind, number: u32) -> Result<(), Fault> {
        let start = self.reader.offset();
        let value = self.reader.value(kind)?;
        let members = self.members_node()?;
        if members.find(number).is_some() {
            return Ok(());
        }
        if members.numbers.last().is_some_and(|last| number < *last) {
            return Err(Fault::at(start, DecodeErrorKind::UnknownEntry { index: number }));
        }
        let sink = self.members_sink()?;
        let len = sink.len();
        let added = sink.insert(len, New::Value(value));
        added.map_err(|misfit| Fault::at(start, DecodeErrorKind::Misfit(misfit)))?;
        // A set may have the value already.
        if sink.len() > len {
            self.members_node()?.push(number);
            self.holds_more(ITEM)?;
            let place = ChangePlace::Item(number as usize);
            self.changed(op::ADD, place, None, Some(ChangeValue::Value(value)));
        }
        Ok(())
    }

    /// The same for a struct; another one under a number that is there takes the place.
    fn add_member_reference(
        &mut self,
        operation: u8,
        index: TypeIndex,
        number: u32,
    ) -> Result<(), Fault> {
        let start = self.reader.offset();
        let fault = |kind| Fault::at(start, kind);
        // Those of a stream come in any order.
        let there = self.members_node()?.find(number);
        let previous = match there {
            Some(at) => self.members_node()?.ids.get(at).copied().unwrap_or(NONE),
            None => NONE,
        };
        let id = self.refer(operation, previous, Declared::Struct(index))?;
        if let Some(at) = there {
            if id == previous {
                return Ok(());
            }
            let slot = at as u32;
            self.tree
                .replace(self.root, id, (self.current, slot, slot), previous)
                .map_err(fault)?;
            self.members_node()?.ids[at] = id;
        } else {
            let current = self.current;
            let pool = self.tree.pool_of(self.root, current, 0);
            let value = self.tree.pick_up(self.root, id, (current, pool)).map_err(fault)?;
            let lies_there = value.lies_there;
            let types = self.types;
            let sink = self.members_sink()?;
            let at = sink.len();
            let inserted = sink.insert(at, value.of(types));
            inserted.map_err(|misfit| fault(misfit.into()))?;
            // A set may have the instance already.
            if sink.len() == at {
                self.tree.release(id);
                return Ok(());
            }
            let members = self.members_node()?;
            members.push(number);
            members.ids.push(id);
            if lies_there {
                self.tree.put_down(id, current, at as u32, at as u32);
            }
            self.holds_more(ITEM)?;
        }
        let place = ChangePlace::Item(number as usize);
        self.changed(operation, place, node_of(previous), node_of(id));
        Ok(())
    }

    /// Notes that a member is to be taken out, and tells of it.
    fn delete_member(
        &mut self,
        element: ElementKind,
        at: usize,
        gone: &mut BTreeSet<usize>,
    ) -> Result<(), Fault> {
        if !gone.insert(at) {
            return Ok(());
        }
        let node = self.members_node()?.ids.get(at).copied().unwrap_or(NONE);
        self.tree.release(node);
        if O::IGNORES {
            return Ok(());
        }
        let number = self.members_node()?.numbers[at];
        let place = ChangePlace::Item(number as usize);
        let ElementKind::Primitive(kind) = element else {
            self.changed(op::DELETE, place, node_of(node), None);
            return Ok(());
        };
        // The value lies in the state, which the observer must not hold while it is told.
        let value = self.members_sink()?.item(at).and_then(|item| item.value());
        let value = value.map(|value| DynPrimitive::from(as_kind(value, kind)));
        let previous = value.as_ref().map(|value| ChangeValue::Value(value.value()));
        self.changed(op::DELETE, place, previous, None);
        Ok(())
    }

    /// Takes out what was deleted; the rest moves up.
    fn take_out_members(&mut self, gone: &mut BTreeSet<usize>) -> Result<(), Fault> {
        let gone: Vec<usize> = std::mem::take(gone).into_iter().collect();
        let Some(&first) = gone.first() else { return Ok(()) };
        let mut taken: Vec<(usize, Detached)> = Vec::new();
        self.members_sink()?.remove(&gone, &mut |at, value| taken.push((at, value)));
        let members = self.members_node()?;
        let numbers = members.numbers.split_off(first);
        let ids = members.ids.split_off(first.min(members.ids.len()));
        let stays = |at: &usize| gone.binary_search(at).is_err();
        let left = (first..).zip(&numbers).filter(|(at, _)| stays(at));
        members.numbers.extend(left.map(|(_, number)| *number));
        for (at, value) in taken {
            let id = ids.get(at - first).copied().unwrap_or(NONE);
            if self.tree.lies_in(id, self.current, at as u32) {
                self.tree.put_aside(id, Some(value));
            }
        }
        let left: Vec<(usize, u32)> = (first..).zip(ids).filter(|(at, _)| stays(at)).collect();
        for (new, (old, id)) in (first as u32..).zip(&left) {
            if self.tree.lies_in(*id, self.current, *old as u32) {
                self.tree.put_down(*id, self.current, new, new);
            }
        }
        self.members_node()?.ids.extend(left.iter().map(|(_, id)| *id));
        self.tree.discharge(self.current, gone.len() * ITEM);
        let members = self.members_node()?;
        let mut moved = numbers.len();
        if !members.is_ordered() {
            members.find_places();
            moved += members.numbers.len();
        }
        self.moves(moved)
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
