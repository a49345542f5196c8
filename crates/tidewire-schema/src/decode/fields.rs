//! The primitive fields of structs, as they follow in a message: most of most messages is this.

use tidewire_state::{
    FieldIndex, PrimitiveKind, Value,
    receive::{FieldSource, Misfit, StructSink},
};

use super::{
    error::{Fault, FaultPlace},
    nodes::{FIRST_RESERVED, NONE, Nodes, ROOT},
    reader::Reader,
};
use crate::wire::{SWITCH_TO_STRUCTURE, op};

/// How deep structs may lie that [`known_fields`] is for.
const FAST_DEPTH: usize = 8;

/// Applies what a message says of primitive fields where nobody hears of the changes, one struct after
/// another: by Rust types, with no call that is not known when it is compiled.
///
/// Begins where structures are switched, and ends before everything out of the ordinary: at another
/// structure, or at a field of the struct at hand.
#[inline(always)]
pub(super) fn known_fields<S: StructSink>(
    root: &mut S,
    source: &mut Fields<'_, '_>,
) -> Result<(), Fault> {
    while source.reader.peek() == Some(SWITCH_TO_STRUCTURE) {
        let mut ahead = source.reader;
        ahead.skip();
        let id = ahead.unsigned()?;
        let mut path = [0; FAST_DEPTH];
        let Some(from) = way(source.nodes, id, &mut path) else { break };
        source.reader.go_on(ahead);
        (source.current, source.parent) = (id, source.nodes.near(id).parent);
        root.receive(path.get(from..).unwrap_or_default(), source)?;
    }
    Ok(())
}

/// Puts the way from the root to a struct at the end of a path, and tells where it begins there. There is
/// none to what lies apart, or very deep.
#[inline(always)]
fn way(nodes: &Nodes, id: u32, path: &mut [u32; FAST_DEPTH]) -> Option<usize> {
    if !nodes.is_near_struct(id) {
        return None;
    }
    // Most structs lie in a collection of the root.
    let near = nodes.near(id);
    let around = nodes.near(near.parent);
    if around.parent == ROOT {
        [path[FAST_DEPTH - 2], path[FAST_DEPTH - 1]] = [around.slot, near.slot];
        return Some(FAST_DEPTH - 2);
    }
    any_way(nodes, id, path)
}

#[inline(never)]
fn any_way(nodes: &Nodes, id: u32, path: &mut [u32; FAST_DEPTH]) -> Option<usize> {
    let mut from = FAST_DEPTH;
    let mut at = id;
    while at != ROOT {
        let near = nodes.near(at);
        from = from.checked_sub(1)?;
        *path.get_mut(from)? = near.slot;
        at = near.parent;
        if at >= FIRST_RESERVED {
            // The value lies in a pool of the root, if it does not lie apart.
            from = from.checked_sub(1)?;
            *path.get_mut(from)? = at;
            return (at != NONE).then_some(from);
        }
    }
    Some(from)
}

/// What a message says about primitive fields, until anything else comes.
///
/// A copy of it lies in registers while a collection is received into: what is read is read in no
/// call that would need it in memory.
#[derive(Clone, Copy)]
pub(super) struct Fields<'m, 'b> {
    nodes: &'m Nodes,
    pub(super) reader: Reader<'b>,
    /// The structure at hand.
    pub(super) current: u32,
    /// What it lies in.
    parent: u32,
    /// The field that is read, and how many bytes were left where its operation began.
    at: FieldIndex,
    start: usize,
}

impl<'m, 'b> Fields<'m, 'b> {
    #[inline]
    pub(super) fn new(nodes: &'m Nodes, reader: Reader<'b>, current: u32) -> Self {
        Self { nodes, reader, current, parent: NONE, at: FieldIndex(0), start: 0 }
    }
}

impl FieldSource for Fields<'_, '_> {
    type Fault = Fault;

    #[inline(always)]
    fn next_field(&mut self) -> Option<FieldIndex> {
        let byte = self.reader.peek()?;
        if byte & 0xc0 == op::DELETE || byte == SWITCH_TO_STRUCTURE {
            return None;
        }
        self.at = FieldIndex(byte & 0x3f);
        Some(self.at)
    }

    #[inline(always)]
    fn read(&mut self, kind: PrimitiveKind) -> Result<Value<'_>, Fault> {
        self.start = self.reader.left();
        self.reader.skip();
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
        // What lies in the same collection is of the same kind, and nothing else is asked of it.
        let near = self.nodes.near(id);
        if near.parent != self.parent {
            return Ok(None);
        }
        (self.reader, self.current) = (ahead, id);
        Ok(Some(near.slot))
    }

    #[inline(always)]
    fn go_on(&mut self, near: Self) {
        self.reader.go_on(near.reader);
        self.current = near.current;
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
