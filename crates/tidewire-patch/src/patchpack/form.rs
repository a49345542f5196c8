//! Reads forms: values that bring their nodes along.
//!
//! Forms lie within forms, so what calls itself here keeps little on the stack.

use super::{
    ARRAY, MAP,
    decode::{DEEPEST, PatchpackError, Staged},
    nodes::{Key, Kind, NONE, Node, Nodes, Slot},
};
use crate::notepack::{Cell, MAX_DEPTH, Packer, Span, read::Reader};

/// What becomes of the nodes of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They are the first ones, of a decoder that nobody has until all is right.
    First,
    /// They are new; one node, and all below it, makes room for them.
    Stage { gone: Slot },
    /// The form is of what was there before, which brings no nodes.
    Past,
}

/// Where a form stands.
pub(super) struct Spot {
    /// The node around it, and the place there; nothing for the root.
    pub(super) around: Slot,
    pub(super) key: Key,
    pub(super) depth: u16,
}

impl Spot {
    pub(super) const ROOT: Self = Self { around: NONE, key: Key::Lost, depth: 0 };
}

/// Reads the forms of a message.
pub(super) struct Forms<'r, 'a> {
    pub(super) reader: Reader<'a>,
    pub(super) cells: Vec<Cell>,
    pub(super) nodes: &'r mut Nodes,
    /// The nodes that the message brings, each with the one that had its number before.
    pub(super) staged: &'r mut Staged,
    /// Of the types of the state.
    pub(super) ambiguous: &'r [Box<[u32]>],
    pub(super) mode: Mode,
    pub(super) lenient: bool,
}

/// A node of which the beginning was read.
#[derive(Clone, Copy)]
struct Begun {
    slot: Slot,
    /// Of the nodes.
    depth: u16,
    /// Of the message.
    level: usize,
    /// How many values follow.
    len: usize,
    /// Whether another node has its number, and it has no place.
    is_shadow: bool,
}

impl Forms<'_, '_> {
    /// Reads what comes next, which lies this deep in the message, to a cell of its own.
    pub(super) fn form(&mut self, spot: Spot, level: usize) -> Result<usize, PatchpackError> {
        let out = Packer::claim(&mut self.cells, 1);
        let Spot { around, key, depth } = spot;
        self.part((around, depth), level, |_| key, out)?;
        Ok(out)
    }

    /// Reads what comes next, a form or a primitive, to a cell.
    #[inline(always)]
    fn part(
        &mut self,
        (around, depth): (Slot, u16),
        level: usize,
        key: impl FnOnce(&Self) -> Key,
        out: usize,
    ) -> Result<(), PatchpackError> {
        if self.reader.is_array() {
            let spot = Spot { around, key: key(self), depth };
            return self.container(spot, level, out);
        }
        if self.reader.is_container() {
            // An object of MessagePack, which has no node.
            return Ok(Packer::plain(&mut self.reader, &mut self.cells, out, level)?);
        }
        let offset = self.reader.offset();
        self.cells[out] = match self.reader.leaf()? {
            // It means nothing in JavaScript.
            Cell::Extension(..) => return Err(PatchpackError::BadForm { offset }),
            cell => cell,
        };
        Ok(())
    }

    /// Reads a form that has a node.
    fn container(&mut self, spot: Spot, level: usize, out: usize) -> Result<(), PatchpackError> {
        let offset = self.reader.offset();
        let bad = || PatchpackError::BadForm { offset };
        let len = self.reader.array()?.and_then(|len| len.checked_sub(2)).ok_or_else(bad)?;
        let level = level + 1;
        if level > MAX_DEPTH {
            return Err(crate::notepack::DecodeError::TooDeep { offset }.into());
        }
        let of = self.reader.signed(level)?.ok_or_else(bad)?;
        let id = self.reader.unsigned(level)?.ok_or_else(bad)?;
        if spot.depth > DEEPEST {
            return Err(PatchpackError::TooDeep { offset, id });
        }
        let mut begun = Begun { slot: NONE, depth: spot.depth + 1, level, len, is_shadow: false };
        match of {
            ARRAY => {
                self.stage(id, Kind::Array, spot, &mut begun, offset)?;
                self.array(&begun, out)
            }
            MAP => {
                self.reader.announce(len, 1)?;
                let first = Packer::claim(&mut self.cells, len - len % 2);
                let cells = Span::new(first, len - len % 2);
                // The state keeps the keys that it had.
                let kept = if self.mode == Mode::First { cells } else { Span::default() };
                self.stage(id, Kind::Map(kept), spot, &mut begun, offset)?;
                self.cells[out] = Cell::Map(cells);
                self.map(&begun, first)
            }
            of => {
                let known = self.nodes.state().type_count();
                match u32::try_from(of) {
                    Ok(of) if (of as usize) < known => {
                        self.stage(id, Kind::Struct(of), spot, &mut begun, offset)?;
                        self.structure(&begun, of, out)
                    }
                    _ => Err(PatchpackError::UnknownType { offset, of }),
                }
            }
        }
    }

    /// Makes the node of a form, if it is to have one.
    fn stage(
        &mut self,
        id: u64,
        kind: Kind,
        spot: Spot,
        begun: &mut Begun,
        offset: usize,
    ) -> Result<(), PatchpackError> {
        let gone = match self.mode {
            Mode::First => NONE,
            Mode::Stage { gone } => gone,
            Mode::Past => return Ok(()),
        };
        let before = self.nodes.of(id);
        if let Some(first) = before
            && !self.goes(first, gone)
        {
            if !self.lenient {
                return Err(PatchpackError::DuplicateNode { offset, id });
            }
            begun.slot = first;
            begun.is_shadow = true;
            return Ok(());
        }
        let is_first = self.mode == Mode::First;
        let mut node = Node::new(id, kind, spot.around, spot.key, spot.depth);
        node.is_staged = !is_first;
        let slot = self.nodes.add(node);
        self.nodes.rename(id, slot);
        // The outermost one of a patch takes its place when all of the message is right.
        if is_first || !self.staged.is_empty() {
            self.nodes.link(slot);
        }
        if !is_first {
            self.staged.push((slot, before.unwrap_or(NONE)));
        }
        begun.slot = slot;
        Ok(())
    }

    /// Whether a node is about to go with another.
    fn goes(&self, mut slot: Slot, gone: Slot) -> bool {
        while gone != NONE && slot != NONE {
            let node = self.nodes.node(slot);
            if slot == gone {
                return true;
            }
            if node.is_staged {
                return false;
            }
            slot = node.around;
        }
        false
    }

    #[inline]
    fn array(&mut self, begun: &Begun, out: usize) -> Result<(), PatchpackError> {
        self.reader.announce(begun.len, 1)?;
        let first = Packer::claim(&mut self.cells, begun.len);
        self.cells[out] = Cell::Array(Span::new(first, begun.len));
        let mut at = 0;
        while at < begun.len {
            at += self.reader.leaves(&mut self.cells[first + at..first + begun.len])?;
            if at < begun.len {
                let key = |_: &Self| Key::Index(at as u64);
                self.part((begun.slot, begun.depth), begun.level, key, first + at)?;
                at += 1;
            }
        }
        Ok(())
    }

    #[inline]
    fn structure(&mut self, begun: &Begun, of: u32, out: usize) -> Result<(), PatchpackError> {
        let len = begun.len.min(self.nodes.state().names(of).len());
        self.reader.announce(begun.len, 1)?;
        let first = Packer::claim(&mut self.cells, len);
        self.cells[out] = Cell::Struct { of, at: first as u32, len: len as u32 };
        let mut at = 0;
        while at < len {
            at += self.reader.leaves(&mut self.cells[first + at..first + len])?;
            if at < len {
                let key = |this: &Self| Key::At(first_property(this.ambiguous, of, at));
                self.part((begun.slot, begun.depth), begun.level, key, first + at)?;
                at += 1;
            }
        }
        for _ in len..begun.len {
            self.reader.value(begun.level)?;
        }
        Ok(())
    }

    #[inline]
    fn map(&mut self, begun: &Begun, first: usize) -> Result<(), PatchpackError> {
        for at in 0..begun.len / 2 {
            if !self.reader.is_text() {
                return Err(PatchpackError::BadForm { offset: self.reader.offset() });
            }
            let name = self.reader.leaf()?;
            let out = first + 2 * at;
            self.cells[out] = name;
            // A map that a patch brings keeps its keys itself.
            if matches!(self.mode, Mode::Stage { .. }) && !begun.is_shadow {
                let name = self.reader.owned(name);
                self.nodes.push_key(begun.slot, name);
            }
            let key = |this: &Self| match begun.is_shadow {
                true => Key::Name(Box::new(this.reader.owned(name))),
                false => Key::At(at as u32),
            };
            self.part((begun.slot, begun.depth), begun.level, key, out + 1)?;
        }
        match begun.len % 2 {
            0 => Ok(()),
            _ => Err(PatchpackError::BadForm { offset: self.reader.offset() }),
        }
    }
}

/// Of each type that has a name twice, the first position of each name; nothing of the others. None has that is not
/// here.
pub(super) type Ambiguous = Vec<Box<[u32]>>;

/// The first position of a property that a type has at this one.
#[inline]
pub(super) fn first_property(ambiguous: &[Box<[u32]>], of: u32, at: usize) -> u32 {
    let known = ambiguous.get(of as usize).and_then(|first| first.get(at));
    known.copied().unwrap_or(at as u32)
}
