//! Reads MessagePack into the cells of a message.
//!
//! Objects that have the names of the last one as deep as they are are structs of a type that the reader
//! makes up: their names are compared, and not kept.

use std::sync::Arc;

use super::{
    packed::{Cell, Packed, Span},
    read::{DecodeError, MAX_DEPTH, Reader},
    value::Value,
};

/// What was read of a message so far.
#[derive(Debug)]
pub(crate) struct Packer<'c> {
    cells: &'c mut Vec<Cell>,
    /// The names of structs.
    shapes: Vec<Span>,
    /// By depth, the last struct's position among them, and one more; 0 if there was none, [`NEVER`] if there
    /// is to be none.
    last: [u8; DEEPEST],
}

/// How deep objects may lie to share their names.
const DEEPEST: usize = 16;

/// In the place of a struct's position: objects share no names.
const NEVER: u8 = u8::MAX;

/// How many names they may have.
const MOST_NAMES: usize = 24;

/// How many lists of names are made up.
const MOST_SHAPES: usize = 64;

impl<'c> Packer<'c> {
    /// Reads the value that comes next, which is an array or an object, to a cell. No object is a struct.
    pub(crate) fn plain(
        reader: &mut Reader<'_>,
        cells: &'c mut Vec<Cell>,
        out: usize,
        depth: usize,
    ) -> Result<(), DecodeError> {
        Self { cells, shapes: Vec::new(), last: [NEVER; DEEPEST] }.container(reader, out, depth)
    }

    /// The value that comes next, which is an array or an object.
    pub(super) fn value(reader: &mut Reader<'_>, depth: usize) -> Result<Value, DecodeError> {
        let message = Self::message(reader, depth)?;
        if let [Cell::Array(Span { len: 0, .. })] = message.cells[..] {
            return Ok(Value::Array(Vec::new()));
        }
        Ok(Arc::new(message).value(0))
    }

    /// The values of what comes next, which is an array or an object. It is in the first cell.
    pub(crate) fn message(reader: &mut Reader<'_>, depth: usize) -> Result<Packed, DecodeError> {
        let start = reader.start_here();
        let mut cells = Vec::with_capacity(reader.left().min(MOST_ROOM) / 4 + 4);
        cells.push(Cell::Undefined);
        let mut packer = Packer { cells: &mut cells, shapes: Vec::new(), last: [0; DEEPEST] };
        packer.container(reader, 0, depth)?;
        let shapes = packer.shapes;
        let types = Span::new(cells.len(), shapes.len());
        cells.extend(shapes.into_iter().map(Cell::Array));
        let bytes = reader.restart()[start..reader.offset()].to_vec();
        Ok(Packed::new(bytes, cells, types))
    }

    /// So many cells, for values that are announced.
    #[inline]
    pub(crate) fn claim(cells: &mut Vec<Cell>, count: usize) -> usize {
        let first = cells.len();
        cells.resize(first + count, Cell::Undefined);
        first
    }

    /// Reads a value to a cell.
    #[inline(always)]
    fn one(&mut self, reader: &mut Reader<'_>, at: usize, depth: usize) -> Result<(), DecodeError> {
        if reader.is_container() {
            return self.container(reader, at, depth);
        }
        self.cells[at] = reader.leaf()?;
        Ok(())
    }

    /// Reads an array or an object. What calls itself here keeps little on the stack.
    fn container(
        &mut self,
        reader: &mut Reader<'_>,
        out: usize,
        depth: usize,
    ) -> Result<(), DecodeError> {
        let offset = reader.offset();
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep { offset });
        }
        let code = reader.u8()?;
        let len = match code {
            0x80..0xa0 => usize::from(code & 0x0f),
            0xdc | 0xde => reader.len(2)?,
            _ => reader.len(4)?,
        };
        if matches!(code, 0x80..0x90 | 0xde..=0xdf) {
            return self.object(reader, out, len, depth);
        }
        reader.announce(len, 1)?;
        let first = Self::claim(self.cells, len);
        self.cells[out] = Cell::Array(Span::new(first, len));
        let (mut at, end) = (first, first + len);
        while at < end {
            self.check(reader, depth)?;
            at += reader.leaves(&mut self.cells[at..end])?;
            if at < end {
                self.one(reader, at, depth + 1)?;
                at += 1;
            }
        }
        Ok(())
    }

    /// Checks that a value may lie in something this deep.
    #[inline(always)]
    fn check(&self, reader: &Reader<'_>, depth: usize) -> Result<(), DecodeError> {
        match depth < MAX_DEPTH {
            true => Ok(()),
            false => Err(DecodeError::TooDeep { offset: reader.offset() }),
        }
    }

    fn object(
        &mut self,
        reader: &mut Reader<'_>,
        out: usize,
        len: usize,
        depth: usize,
    ) -> Result<(), DecodeError> {
        reader.announce(len, 2)?;
        let last = self.last.get(depth).filter(|last| **last != NEVER);
        let last = last.and_then(|last| last.checked_sub(1));
        let mut known = 0;
        let mut values = 0;
        let mut names = Span::default();
        if let Some(of) = last
            && self.shapes[usize::from(of)].len as usize == len
        {
            names = self.shapes[usize::from(of)];
            values = Self::claim(self.cells, len);
            self.cells[out] = Cell::Struct { of: of.into(), at: values as u32, len: len as u32 };
            for (at, name) in names.range().enumerate() {
                let Cell::Text(name) = self.cells[name] else { break };
                if !reader.eat(name) {
                    break;
                }
                self.check(reader, depth)?;
                self.one(reader, values + at, depth + 1)?;
                known = at + 1;
            }
            let values = &self.cells[values..values + len];
            // A member that is `undefined` is one, but not of a struct.
            if known == len && !values.contains(&Cell::Undefined) {
                return Ok(());
            }
        }
        let first = Self::claim(self.cells, 2 * len);
        self.cells[out] = Cell::Object(Span::new(first, 2 * len));
        for at in 0..known {
            self.cells[first + 2 * at] = self.cells[names.at as usize + at];
            self.cells[first + 2 * at + 1] = self.cells[values + at];
        }
        for at in known..len {
            self.cells[first + 2 * at] = key(reader)?;
            self.check(reader, depth)?;
            self.one(reader, first + 2 * at + 1, depth + 1)?;
        }
        self.learn(reader, first, len, depth);
        Ok(())
    }

    /// Remembers the names of an object, for the next one.
    fn learn(&mut self, reader: &Reader<'_>, first: usize, len: usize, depth: usize) {
        let may_share = self.last.get(depth).is_some_and(|last| *last != NEVER);
        if !may_share || !(1..=MOST_NAMES).contains(&len) || self.shapes.len() >= MOST_SHAPES {
            return;
        }
        let name = |at: usize| match self.cells[first + 2 * at] {
            Cell::Text(span) => Some(reader.part(span)).filter(|name| name.is_ascii()),
            _ => None,
        };
        // Names that are mended may be the same when they are, and those of a type are not.
        let is_fit = |at| name(at).is_some_and(|it| (0..at).all(|other| name(other) != Some(it)));
        if (0..len).all(is_fit) {
            let at = self.cells.len();
            self.cells.extend_from_within(first..first + 2 * len);
            for name in 0..len {
                self.cells[at + name] = self.cells[at + 2 * name];
            }
            self.cells.truncate(at + len);
            self.shapes.push(Span::new(at, len));
            self.last[depth] = self.shapes.len() as u8;
        }
    }
}

/// The name of a member.
#[inline(always)]
fn key(reader: &mut Reader<'_>) -> Result<Cell, DecodeError> {
    let offset = reader.offset();
    if reader.is_container() {
        return Err(DecodeError::Key { offset });
    }
    match reader.leaf()? {
        key @ (Cell::Text(_) | Cell::Unsigned(_) | Cell::Signed(_)) => Ok(key),
        _ => Err(DecodeError::Key { offset }),
    }
}

/// For how many bytes room is made at once.
const MOST_ROOM: usize = 1 << 20;
