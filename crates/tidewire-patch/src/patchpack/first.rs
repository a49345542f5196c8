//! Reads a state that is written as servers write it, in one pass.
//!
//! The types stand behind the values that have them, so what is read of a struct is checked when they are
//! known. Whatever is odd in any way, and be it right, is none of this: `form.rs` reads it then from the
//! beginning, and says what is wrong. So nothing here tells of errors, and the place in the message stays in a
//! register.

use super::{
    ARRAY, MAP,
    nodes::{Key, Kind, NONE, Node, Nodes, Slot},
};
use crate::notepack::{Cell, Span, read::Reader};

/// What was read of a state so far.
pub(super) struct First<'a> {
    bytes: &'a [u8],
    pub(super) cells: Vec<Cell>,
    pub(super) nodes: Nodes,
    widths: Widths,
    /// How many values may still be announced: as many as there are bytes.
    room: usize,
}

/// A node around what is read.
#[derive(Clone, Copy)]
struct Around {
    slot: Slot,
    depth: u16,
}

impl<'a> First<'a> {
    /// Reads the values of a state. Returns where the types begin.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, usize)> {
        Reader::new(bytes).ok()?;
        let [0x92, 0x90..0xa0 | 0xdc | 0xdd, ..] = *bytes else { return None };
        // Most values take more bytes than this, and most nodes; and a few more will come.
        let mut cells = Vec::with_capacity(bytes.len() / 4 + 16);
        cells.push(Cell::Undefined);
        let nodes = Nodes::with_room(bytes.len() / 24 + 6);
        let room = bytes.len();
        let mut first = Self { bytes, cells, nodes, widths: Widths::default(), room };
        let end = first.form(1, 0, Around { slot: NONE, depth: 0 }, Key::Lost)?;
        Some((first, end))
    }

    /// Whether these types, of each of which it tells how many names it has, have room for the structs that were
    /// read.
    pub(super) fn fits(&self, types: usize, names: impl Fn(u32) -> usize) -> bool {
        self.widths.fit(types, names)
    }

    /// Reads the form at a place of the message to a cell. Returns where it ends.
    fn form(&mut self, at: usize, out: usize, around: Around, key: Key) -> Option<usize> {
        let bytes = self.bytes;
        let (len, at) = match *bytes.get(at)? {
            code @ 0x90..0xa0 => (usize::from(code & 0x0f), at + 1),
            0xdc => (usize::from(u16::from_be_bytes(*bytes[at + 1..].first_chunk()?)), at + 3),
            _ => (u32::from_be_bytes(*bytes[at + 1..].first_chunk()?) as usize, at + 5),
        };
        let len = len.checked_sub(2)?;
        let (of, at) = match *bytes.get(at)? {
            code @ (..0x80 | 0xe0..) => (i64::from(code as i8), at + 1),
            _ => unsigned(bytes, at).map(|(of, at)| (i64::from(of), at))?,
        };
        let (id, at) = unsigned(bytes, at)?;
        if around.depth >= DEEPEST || len > bytes.len().saturating_sub(at) {
            return None;
        }
        self.room = self.room.checked_sub(len)?;
        let first = self.cells.len();
        let cells = Span::new(first, len);
        let (kind, cell) = match of {
            ARRAY => (Kind::Array, Cell::Array(cells)),
            MAP if len % 2 == 0 => (Kind::Map(cells), Cell::Map(cells)),
            0.. => {
                let of = u32::try_from(of).ok()?;
                self.widths.widen(of, len)?;
                (Kind::Struct(of), Cell::Struct { of, at: cells.at, len: cells.len })
            }
            _ => return None,
        };
        let node = Node::new(id.into(), kind, around.slot, key, around.depth);
        let slot = self.nodes.add_first(node)?;
        self.cells.resize(first + len, Cell::Undefined);
        self.cells[out] = cell;
        self.parts(at, cells, kind, Around { slot, depth: around.depth + 1 })
    }

    /// Reads what is in a form, from a place of the message on. Returns where it ends.
    #[inline(always)]
    fn parts(&mut self, mut at: usize, cells: Span, kind: Kind, inside: Around) -> Option<usize> {
        let bytes = self.bytes;
        for part in 0..cells.len {
            let out = cells.at as usize + part as usize;
            let is_key = matches!(kind, Kind::Map(_)) && part % 2 == 0;
            let cell = match *bytes.get(at)? {
                code @ 0xa0..0xc0 => {
                    let len = usize::from(code & 0x1f);
                    let text = Span::new(at + 1, len);
                    at += 1 + len;
                    if at > bytes.len() {
                        return None;
                    }
                    Cell::Text(text)
                }
                0xd9 if is_key => {
                    let mut reader = Reader::behind(bytes, at).ok()?;
                    let text = reader.leaf().ok()?;
                    at = reader.offset();
                    text
                }
                _ if is_key => return None,
                code @ ..0x80 => {
                    at += 1;
                    Cell::Unsigned(code.into())
                }
                0x90..0xa0 | 0xdc | 0xdd => {
                    let key = match kind {
                        Kind::Map(_) => Key::At(part / 2),
                        Kind::Array => Key::Index(part.into()),
                        _ => Key::At(part),
                    };
                    at = self.form(at, out, inside, key)?;
                    continue;
                }
                // Objects of MessagePack have no nodes.
                0x80..0x90 | 0xde | 0xdf => return None,
                _ => {
                    let mut reader = Reader::behind(bytes, at).ok()?;
                    let cell = reader.leaf().ok()?;
                    if let Cell::Extension(..) = cell {
                        return None;
                    }
                    at = reader.offset();
                    cell
                }
            };
            self.cells[out] = cell;
        }
        Some(at)
    }
}

/// The number at a place of a message, and where it ends.
#[inline(always)]
fn unsigned(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    Some(match *bytes.get(at)? {
        small @ ..0x80 => (small.into(), at + 1),
        0xcc => (u32::from(*bytes.get(at + 1)?), at + 2),
        0xcd => (u16::from_be_bytes(*bytes[at + 1..].first_chunk()?).into(), at + 3),
        0xce => (u32::from_be_bytes(*bytes[at + 1..].first_chunk()?), at + 5),
        _ => return None,
    })
}

/// The most values of structs of each type.
#[derive(Debug, Default)]
struct Widths {
    few: [u32; 16],
    more: Vec<u32>,
    count: usize,
}

impl Widths {
    /// Notes how many values a struct has. Nothing if there cannot be so many types.
    #[inline(always)]
    fn widen(&mut self, of: u32, len: usize) -> Option<()> {
        let at = of as usize;
        self.count = self.count.max(at + 1);
        let width = match self.few.get_mut(at) {
            Some(width) => width,
            None if at > MOST_TYPES => return None,
            None => {
                self.more.resize(self.more.len().max(at + 1), 0);
                &mut self.more[at]
            }
        };
        *width = (*width).max(len as u32);
        Some(())
    }

    fn fit(&self, types: usize, names: impl Fn(u32) -> usize) -> bool {
        let width = |at: usize| match self.few.get(at) {
            Some(width) => *width,
            None => self.more.get(at).copied().unwrap_or_default(),
        };
        self.count <= types && (0..self.count).all(|at| width(at) as usize <= names(at as u32))
    }
}

/// How deep forms lie in a state that is read here: what calls itself keeps to little of the stack.
const DEEPEST: u16 = 64;

/// How many types a state is thought to have before they are read.
const MOST_TYPES: usize = 4096;
