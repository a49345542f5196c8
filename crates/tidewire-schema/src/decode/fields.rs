//! The primitive fields of structs that lie in one collection, as they follow in a message.

use tidewire_state::{
    FieldIndex, PrimitiveKind, TypeSet, Value,
    receive::{FieldSource, Misfit},
};

use super::{
    error::{Fault, FaultPlace},
    leaf::leaf_kind,
    nodes::{NONE, Nodes, Spot},
    places::Tree,
    reader::Reader,
};
use crate::wire::{SWITCH_TO_STRUCTURE, op};

/// What a message says about primitive fields, until anything else comes.
///
/// A copy of it lies in registers while a collection is received into: what is read is read in no
/// call that would need it in memory.
#[derive(Clone, Copy)]
pub(super) struct Fields<'m, 'b> {
    nodes: &'m Nodes,
    primitives: &'m [u64],
    reader: Reader<'b>,
    current: u32,
    /// What the structs lie in.
    parent: u32,
    /// The type of the struct at hand, and its primitive fields, a bit each.
    index: u32,
    fields: u64,
    /// The field that is read, and how many bytes were left where its operation began.
    at: FieldIndex,
    start: usize,
}

impl<'m, 'b> Fields<'m, 'b> {
    #[inline]
    pub(super) fn new(tree: &'m Tree, reader: Reader<'b>, current: u32, spot: Spot) -> Self {
        let (nodes, primitives) = (&tree.nodes, &tree.primitives[..]);
        let Spot { parent, index, .. } = spot;
        let fields = primitives.get(index as usize).copied().unwrap_or(0);
        let (at, start) = (FieldIndex(0), 0);
        Self { nodes, primitives, reader, current, parent, index, fields, at, start }
    }

    /// How far it was read, and the struct that was at hand then.
    #[inline]
    pub(super) fn end(&self) -> (Reader<'b>, u32) {
        (self.reader, self.current)
    }
}

impl FieldSource for Fields<'_, '_> {
    type Fault = Fault;

    #[inline(always)]
    fn next_field(&mut self) -> Option<FieldIndex> {
        let byte = self.reader.peek()?;
        let (operation, at) = (byte & 0xc0, byte & 0x3f);
        // No field has the number 63, so this ends before another structure too.
        if operation == op::DELETE || self.fields >> at & 1 == 0 {
            return None;
        }
        self.start = self.reader.left();
        self.reader.skip();
        self.at = FieldIndex(at);
        Some(self.at)
    }

    #[inline(always)]
    fn read(&mut self, kind: PrimitiveKind) -> Result<Value<'_>, Fault> {
        match self.reader.value(kind) {
            Ok(value) => Ok(value),
            Err(fault) => Err(in_field(self.at, fault)),
        }
    }

    #[inline(always)]
    fn next_sibling(&mut self) -> Result<Option<u32>, Fault> {
        if self.reader.peek() != Some(SWITCH_TO_STRUCTURE) {
            return Ok(None);
        }
        let mut ahead = self.reader;
        ahead.skip();
        let id = ahead.unsigned()?;
        let spot = self.nodes.near_spot(id);
        if spot.parent != self.parent || spot.parent == NONE {
            return Ok(None);
        }
        if spot.index != self.index {
            match self.primitives.get(spot.index as usize) {
                Some(fields) => (self.index, self.fields) = (spot.index, *fields),
                None => return Ok(None),
            }
        }
        (self.reader, self.current) = (ahead, id);
        Ok(Some(spot.slot))
    }

    #[inline]
    fn misfit(&self, misfit: Misfit) -> Fault {
        does_not_fit(self.at, self.reader.offset_of(self.start), misfit)
    }
}

#[cold]
fn in_field(at: FieldIndex, fault: Fault) -> Fault {
    fault.in_place(FaultPlace::Field(at))
}

#[cold]
fn does_not_fit(at: FieldIndex, start: usize, misfit: Misfit) -> Fault {
    in_field(at, Fault::at(start, misfit.into()))
}

/// The primitive fields of every type, a bit each.
pub(super) fn primitives(types: &TypeSet) -> Vec<u64> {
    let fields = |info: &tidewire_state::TypeInfo| {
        (0..63).zip(&info.fields).fold(0, |fields, (at, field)| {
            let is_primitive = leaf_kind(field.kind).is_some();
            fields | u64::from(is_primitive) << at
        })
    };
    types.types.iter().map(fields).collect()
}
