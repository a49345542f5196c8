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
///
/// A copy of it lies in registers while a collection is received into: what is read is read in no
/// call that would need it in memory.
#[derive(Clone, Copy)]
pub(super) struct Fields<'m, 'b> {
    nodes: &'m Nodes,
    primitives: &'m [Primitives],
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
        let fields = self.primitives.get(spot.type_index()?.0 as usize)?.fields;
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

    #[inline(always)]
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

    #[inline(always)]
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

    /// Goes by the type of the struct at hand: what it finds where others are of another is of no use, and
    /// does no harm.
    fn look_ahead(&self, slots: &mut [u32]) -> usize {
        let spot = self.nodes.spot(self.current).and_then(|spot| spot.type_index());
        let sizes = spot.and_then(|index| self.primitives.get(index.0 as usize));
        let Some(Primitives { sizes, .. }) = sizes.filter(|_| self.nodes.len() > CACHED) else {
            return 0;
        };
        let mut reader = self.reader;
        for (count, slot) in slots.iter_mut().enumerate() {
            while let Some(byte) = reader.peek().filter(|byte| *byte != SWITCH_TO_STRUCTURE) {
                match sizes[usize::from(byte & 0x3f)] {
                    size if size > 0 && byte & 0xc0 != op::DELETE => reader.skip_many(1 + size),
                    _ => return count,
                }
            }
            reader.skip();
            let Some(spot) = reader.unsigned().ok().and_then(|id| self.nodes.spot(id)) else {
                return count;
            };
            *slot = spot.slot;
        }
        slots.len()
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

/// The primitive fields of a type.
#[derive(Debug)]
pub(super) struct Primitives {
    /// A bit each.
    fields: u64,
    /// How many bytes the value of each takes, if that is always the same.
    sizes: [u8; 64],
}

impl Primitives {
    pub(super) fn of(types: &TypeSet) -> Vec<Self> {
        let of = |info: &tidewire_state::TypeInfo| {
            let mut this = Self { fields: 0, sizes: [0; 64] };
            for (at, field) in (0..63).zip(&info.fields) {
                if let Some(kind) = leaf_kind(field.kind) {
                    this.fields |= 1 << at;
                    this.sizes[at] = size_of_value(kind);
                }
            }
            this
        };
        types.types.iter().map(of).collect()
    }
}

fn size_of_value(kind: PrimitiveKind) -> u8 {
    match kind {
        PrimitiveKind::String | PrimitiveKind::Number => 0,
        PrimitiveKind::Boolean | PrimitiveKind::Int8 | PrimitiveKind::Uint8 => 1,
        PrimitiveKind::Int16 | PrimitiveKind::Uint16 => 2,
        PrimitiveKind::Int32 | PrimitiveKind::Uint32 | PrimitiveKind::Float32 => 4,
        PrimitiveKind::Int64 | PrimitiveKind::Uint64 | PrimitiveKind::Float64 => 8,
    }
}

/// With so many nodes and fewer the structs mostly lie in the cache of a core: looking ahead costs more
/// than it saves.
const CACHED: usize = 2_000;
