//! The operations on maps.

use tidewire_state::{
    ElementKind, PrimitiveKind, TypeIndex,
    receive::{Inserted, MapSink, New, Sink, StructSink},
};

use super::{
    change::{ChangeObserver, ChangePlace, ChangeValue, as_kind},
    error::{DecodeErrorKind, Fault, FaultPlace},
    limits::ENTRY,
    message::{Message, node_of},
    nodes::{Declared, Entry, MapNode, NONE, Node, Nodes, Shape},
};
use crate::wire::op;

/// An operation on an entry.
#[derive(Clone, Copy)]
struct EntryOp<'a> {
    operation: u8,
    /// The sender's number for the entry.
    index: u32,
    /// Sent with operations that add.
    key: Option<&'a str>,
    /// What is there already.
    entry: Option<Entry>,
}

impl EntryOp<'_> {
    /// The node that is there already.
    fn previous(&self) -> u32 {
        self.entry.map_or(NONE, |entry| entry.id)
    }

    fn place(&self) -> FaultPlace {
        match self.key {
            Some(key) => FaultPlace::Key(key.to_owned()),
            None => FaultPlace::Index(self.index as usize),
        }
    }
}

impl<'b, S: StructSink, O: ChangeObserver> Message<'_, 'b, S, O> {
    /// All operations on the map at hand.
    pub(super) fn map(&mut self) -> Result<(), Fault> {
        let element = self.map_node()?.element;
        if !self.is_over() {
            self.rearranges();
        }
        while !self.is_over() {
            let start = self.reader.offset();
            match self.reader.byte()? {
                op::CLEAR => self.clear_map()?,
                operation @ (op::ADD
                | op::REPLACE
                | op::DELETE
                | op::DELETE_AND_ADD
                | op::MOVE
                | op::MOVE_AND_ADD) => {
                    let entry = self.entry_op(operation)?;
                    self.apply_entry(element, entry)
                        .map_err(|fault| fault.in_place(entry.place()))?;
                }
                byte => return Err(Fault::at(start, DecodeErrorKind::UnknownOperation { byte })),
            }
        }
        Ok(())
    }

    fn map_node(&mut self) -> Result<&mut MapNode, Fault> {
        let lost = self.reader.offset();
        let id = self.current;
        match self.tree.nodes.get_mut(id) {
            Some(Node { shape: Shape::Map(map), .. }) => Ok(map),
            _ => Err(Fault::at(lost, DecodeErrorKind::UnknownRef { id })),
        }
    }

    fn map_sink(&mut self) -> Result<&mut dyn MapSink, Fault> {
        let lost = self.reader.offset();
        let id = self.current;
        match self.sink()? {
            Sink::Map(map) => Ok(map),
            _ => Err(Fault::at(lost, DecodeErrorKind::UnknownRef { id })),
        }
    }

    /// Reads which entry an operation is about. An index and a key belong together for as long as
    /// the entry lives.
    fn entry_op(&mut self, operation: u8) -> Result<EntryOp<'b>, Fault> {
        let start = self.reader.offset();
        let index = self.reader.unsigned()?;
        let adds = operation & op::ADD != 0;
        let key = if adds { Some(self.reader.string()?) } else { None };
        let entry = self.map_node()?.entries.get(index).copied();
        if let Some(key) = key {
            let map = self.map_sink()?;
            let agrees = match entry {
                Some(entry) => map.key(entry.slot) == Some(key),
                None => map.find(key).is_none(),
            };
            if !agrees {
                let kind = DecodeErrorKind::OtherKey { index, key: key.to_owned() };
                return Err(Fault::at(start, kind));
            }
        }
        Ok(EntryOp { operation, index, key, entry })
    }

    fn apply_entry(&mut self, element: ElementKind, entry: EntryOp<'b>) -> Result<(), Fault> {
        if entry.operation == op::DELETE {
            return self.remove_entry(entry);
        }
        match element {
            ElementKind::Primitive(kind) => self.set_entry(kind, entry),
            ElementKind::Ref(index) => self.set_entry_reference(index, entry),
        }
    }

    /// Takes an entry out. One that is not there was gone before this client came.
    fn remove_entry(&mut self, op: EntryOp<'b>) -> Result<(), Fault> {
        let Some(Entry { slot, id }) = op.entry else { return Ok(()) };
        self.tree.release(id);
        if !O::IGNORES {
            self.tell_entry(op, slot, None)?;
        }
        let taken = self.map_sink()?.remove(slot);
        if self.tree.lies_in(id, self.current, slot) {
            self.tree.put_aside(id, taken);
        }
        self.map_node()?.entries.remove(op.index);
        self.tree.discharge(self.current, ENTRY);
        Ok(())
    }

    fn set_entry(&mut self, kind: PrimitiveKind, op: EntryOp<'b>) -> Result<(), Fault> {
        let start = self.reader.offset();
        let value = self.reader.value(kind)?;
        let misfit = |misfit| Fault::at(start, DecodeErrorKind::Misfit(misfit));
        let slot = if let Some(Entry { slot, .. }) = op.entry {
            if !O::IGNORES {
                self.tell_entry(op, slot, Some((kind, value)))?;
            }
            let unknown = || Fault::at(start, DecodeErrorKind::UnknownEntry { index: op.index });
            let place = self.map_sink()?.entry(slot).ok_or_else(unknown)?;
            return place.set(value).map_err(misfit);
        } else {
            let key = self.key_of(op, start)?;
            self.holds_more(ENTRY)?;
            let inserted = self.map_sink()?.insert(key, New::Value(value)).map_err(misfit)?;
            self.changed(
                op.operation,
                ChangePlace::Entry(key),
                None,
                Some(ChangeValue::Value(value)),
            );
            self.inserted(inserted)?
        };
        self.map_node()?.entries.insert(op.index, Entry { slot, id: NONE });
        Ok(())
    }

    fn set_entry_reference(&mut self, index: TypeIndex, op: EntryOp<'b>) -> Result<(), Fault> {
        let start = self.reader.offset();
        let misfit = |kind| Fault::at(start, kind);
        let previous = op.previous();
        let id = self.refer(op.operation, previous, Declared::Struct(index))?;
        let slot = match op.entry {
            Some(Entry { slot, .. }) => {
                if id == previous {
                    return Ok(());
                }
                self.tree
                    .replace(self.root, id, (self.current, slot, op.index), previous)
                    .map_err(misfit)?;
                slot
            }
            None => {
                let key = self.key_of(op, start)?;
                self.holds_more(ENTRY)?;
                let current = self.current;
                let pool = self.tree.pool_of(self.root, current, 0);
                let value = self.tree.pick_up(self.root, id, (current, pool)).map_err(misfit)?;
                let lies_there = value.lies_there;
                let types = self.types;
                let inserted = self.map_sink()?.insert(key, value.of(types));
                let slot = self.inserted(inserted.map_err(|error| misfit(error.into()))?)?;
                if lies_there {
                    self.tree.put_down(id, current, slot, op.index);
                }
                slot
            }
        };
        self.map_node()?.entries.insert(op.index, Entry { slot, id });
        if !O::IGNORES {
            let key = self.map_sink()?.key(slot).unwrap_or_default().to_owned();
            self.changed(op.operation, ChangePlace::Entry(&key), node_of(previous), node_of(id));
        }
        Ok(())
    }

    /// The key of an entry that is to be made.
    fn key_of(&self, op: EntryOp<'b>, start: usize) -> Result<&'b str, Fault> {
        let unknown = DecodeErrorKind::UnknownEntry { index: op.index };
        op.key.ok_or_else(|| Fault::at(start, unknown))
    }

    /// The slot of a new entry, after those of the others were put right.
    fn inserted(&mut self, inserted: Inserted) -> Result<u32, Fault> {
        if inserted.moved {
            let span = self.map_node()?.entries.span();
            self.moves(span)?;
            let mut order: Vec<(u32, u32)> = {
                let entries = &self.map_node()?.entries;
                entries.iter().map(|(index, entry)| (entry.slot, index)).collect()
            };
            order.sort_unstable();
            for (slot, (old, index)) in (0..).zip(order) {
                let Some(entry) = self.map_node()?.entries.get_mut(index) else { continue };
                entry.slot = slot;
                let id = entry.id;
                move_slot(&mut self.tree.nodes, id, self.current, old, slot);
            }
        }
        Ok(inserted.slot)
    }

    fn clear_map(&mut self) -> Result<(), Fault> {
        let span = self.map_node()?.entries.span();
        self.moves(span)?;
        let entries: Vec<(u32, Entry)> =
            self.map_node()?.entries.iter().map(|(index, entry)| (index, *entry)).collect();
        for (index, entry) in entries {
            let operation = op::DELETE;
            self.remove_entry(EntryOp { operation, index, key: None, entry: Some(entry) })?;
        }
        Ok(())
    }

    /// Tells of a change of an entry that is there: it goes, or becomes another primitive.
    fn tell_entry(
        &mut self,
        op: EntryOp<'b>,
        slot: u32,
        value: Option<(PrimitiveKind, tidewire_state::Value<'b>)>,
    ) -> Result<(), Fault> {
        let kind = match self.map_node()?.element {
            ElementKind::Primitive(kind) => Some(kind),
            ElementKind::Ref(_) => None,
        };
        let map = self.map_sink()?;
        let key = map.key(slot).unwrap_or_default().to_owned();
        let previous = match kind {
            Some(_) => map.entry(slot).and_then(|entry| entry.value()),
            None => None,
        };
        // The value lies in the state, which the observer must not hold while it is told.
        let previous = previous.map(tidewire_state::DynPrimitive::from);
        let previous = match (&previous, kind) {
            (Some(previous), Some(kind)) => {
                let value = tidewire_state::Primitive::value(previous);
                Some(ChangeValue::Value(as_kind(value, kind)))
            }
            _ => node_of(op.previous()),
        };
        let value = value.map(|(_, value)| ChangeValue::Value(value));
        if previous != value {
            self.changed(op.operation, ChangePlace::Entry(&key), previous, value);
        }
        Ok(())
    }
}

/// Notes that a value moved with its slot, if it lies there.
pub(super) fn move_slot(nodes: &mut Nodes, id: u32, parent: u32, old: u32, new: u32) {
    if nodes.spot(id).is_some_and(|spot| spot.parent == parent && spot.slot == old) {
        nodes.put(id, parent, new);
    }
}
