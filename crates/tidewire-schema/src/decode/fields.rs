//! The primitive fields of structs that lie in one collection, as they follow in a message.

use tidewire_state::{
    FieldIndex, PrimitiveKind, TypeSet, Value,
    receive::{FieldSource, Misfit},
};

use super::{
    error::{Fault, FaultPlace},
    leaf::leaf_kind,
    nodes::{NONE, Nodes},
    places::Tree,
    reader::Reader,
};
use crate::wire::{SWITCH_TO_STRUCTURE, op};

/// What a message says about primitive fields, until anything else comes.
pub(super) struct Fields<'m, 'b> {
    nodes: &'m Nodes,
    primitives: &'m [u64],
    /// Copies, which the compiler keeps in registers: what is read is read in no call.
    reader: Reader<'b>,
    current: u32,
    /// What the structs lie in.
    parent: u32,
    /// The primitive fields of the struct at hand, a bit each.
    fields: u64,
    /// The field that is read, and where its operation began.
    at: FieldIndex,
    start: usize,
}

impl<'m, 'b> Fields<'m, 'b> {
    #[inline]
    pub(super) fn new(tree: &'m Tree, reader: Reader<'b>, current: u32) -> Self {
        let (nodes, primitives) = (&tree.nodes, &tree.primitives[..]);
        let parent = nodes.parent(current);
        let at = FieldIndex(0);
        let mut fields =
            Self { nodes, primitives, reader, current, parent, fields: 0, at, start: 0 };
        fields.fields = fields.of(current).map_or(0, |(_, _, fields)| fields);
        fields
    }

    /// Where a struct lies, and its primitive fields.
    #[inline]
    fn of(&self, id: u32) -> Option<(u32, u32, u64)> {
        let spot = self.nodes.spot(id)?;
        let fields = *self.primitives.get(spot.type_index()?.0 as usize)?;
        Some((spot.parent, spot.slot, fields))
    }

    /// How far it was read, and the struct that was at hand then.
    #[inline]
    pub(super) fn end(&self) -> (Reader<'b>, u32) {
        (self.reader, self.current)
    }
}

impl FieldSource for Fields<'_, '_> {
    type Fault = Fault;

    #[inline]
    fn next_field(&mut self) -> Option<FieldIndex> {
        let byte = self.reader.peek()?;
        let (operation, at) = (byte & 0xc0, byte & 0x3f);
        // No field has the number 63, so this ends before another structure too.
        if operation == op::DELETE || self.fields >> at & 1 == 0 {
            return None;
        }
        self.start = self.reader.offset();
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

    #[inline]
    fn next_sibling(&mut self) -> Result<Option<u32>, Fault> {
        if self.reader.peek() != Some(SWITCH_TO_STRUCTURE) {
            return Ok(None);
        }
        let mut ahead = self.reader;
        ahead.skip();
        let id = ahead.unsigned()?;
        match self.of(id) {
            Some((parent, slot, fields)) if parent == self.parent && parent != NONE => {
                (self.reader, self.current) = (ahead, id);
                self.fields = fields;
                Ok(Some(slot))
            }
            _ => Ok(None),
        }
    }

    #[inline]
    fn misfit(&self, misfit: Misfit) -> Fault {
        does_not_fit(self.at, self.start, misfit)
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
