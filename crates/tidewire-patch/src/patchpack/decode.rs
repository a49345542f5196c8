//! Reads patchpack, as its own decoder does: keys are only ever added to a list, nothing is
//! renumbered, what is put in the place of a node ends it.
//!
//! Values are read in one pass, with the nodes that they bring. A message that turns out to be wrong
//! leaves the decoder as it was.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use smallvec::SmallVec;
use thiserror::Error;

use super::{
    first::First,
    form::{Ambiguous, Forms, Mode, Spot, first_property},
    nodes::{Key, Kind, NONE, Nodes, Slot},
};
use crate::{
    notepack::{
        Cell, DecodeError, MAX_DEPTH, Packed, Packer, Span, Text, Value, has_twins, read::Reader,
    },
    patch::{self, Op, Patch, Path},
};

/// Nodes, each with the one that had its number before.
pub(super) type Staged = SmallVec<[(Slot, Slot); 2]>;

/// Reads the patches that follow a state.
#[derive(Clone, Debug, Default)]
pub struct PatchpackDecoder {
    pub(super) nodes: Nodes,
    /// Of each type that has a name twice, the first position of each name; nothing of the others.
    ambiguous: Ambiguous,
    /// The nodes that a message brings, each with the one that had its number before.
    pub(super) staged: Staged,
    lenient: bool,
    /// Where patches are read to that leave nothing behind.
    cells: Vec<Cell>,
    /// What was read of a patch that brought objects, once another took its place.
    spare: Option<Arc<Packed>>,
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatchpackError {
    /// The bytes are no MessagePack.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Not `[form, types]`.
    #[error(
        "byte {offset} is not that of a state with a list of types, each a name and names of \
         properties"
    )]
    NotAState {
        /// Where something else begins.
        offset: usize,
    },
    /// Not `[op, parent, index, …]`.
    #[error(
        "byte {offset} is not that of a patch: an operation (0, 1 or 2), the number of a node, an \
         index"
    )]
    NotAPatch {
        /// Where something else begins.
        offset: usize,
    },
    /// The patch is of a node that is not there.
    #[error(
        "there is no node {id}, which byte {offset} names: decode all patches, in order, behind \
         the state they follow"
    )]
    UnknownNode {
        /// Where the number is.
        offset: usize,
        /// The number.
        id: u64,
    },
    /// A value is of a type that is not in the table.
    #[error("there is no type {of}, which byte {offset} names: a state brings all types")]
    UnknownType {
        /// Where the form is.
        offset: usize,
        /// The number of the type.
        of: i64,
    },
    /// A node with a number that another has.
    #[error("there are two nodes {id}, the second one at byte {offset}")]
    DuplicateNode {
        /// Where the second one is.
        offset: usize,
        /// The number.
        id: u64,
    },
    /// An array that is no form.
    #[error(
        "the value at byte {offset} is an array without a type and a number, or a map with a key \
         that is no text"
    )]
    BadForm {
        /// Where it is.
        offset: usize,
    },
    /// A map has had fewer keys, or a type has fewer properties.
    #[error("node {id} has no place {index}, which byte {offset} names")]
    UnknownPlace {
        /// Where the position is.
        offset: usize,
        /// The number of the node.
        id: u64,
        /// The position.
        index: u64,
    },
    /// Fewer values than the operation needs, or more, or not those that it needs.
    #[error("the patch has {count} values from byte {offset} on, which {op} cannot have")]
    BadValues {
        /// Where the values begin.
        offset: usize,
        /// The operation.
        op: &'static str,
        /// How many values there are.
        count: usize,
    },
    /// Nodes within each other without end.
    #[error("node {id} at byte {offset} lies more than {DEEPEST} deep")]
    TooDeep {
        /// Where it is.
        offset: usize,
        /// Its number.
        id: u64,
    },
    /// Paths without end.
    #[error(
        "the path of the patch in node {id}, which byte {offset} names, is longer than \
         {LONGEST_PATH} bytes"
    )]
    LongPath {
        /// Where the number of the node is.
        offset: usize,
        /// The number.
        id: u64,
    },
}

/// How many nodes may lie within each other, patch after patch: as deep as a document can get by patches.
pub(super) const DEEPEST: u16 = 2 * MAX_DEPTH as u16;

/// In bytes. Keys stay, so that a short patch could name a path much longer than itself.
const LONGEST_PATH: usize = 1 << 20;

impl PatchpackDecoder {
    /// Reads a state: the decoder for what follows, and what a client holds.
    ///
    /// # Errors
    ///
    /// If the bytes are no state.
    pub fn from_state(bytes: &[u8]) -> Result<(Self, Value), PatchpackError> {
        // The types stand behind the values. Those of a right state are read first all the same,
        // since what is known of them then can be checked when they are known; only where it does
        // not fit is the state read once more, with its types.
        match Self::from_right_state(bytes) {
            Some(read) => Ok(read),
            None => Self::from_any_state(bytes),
        }
    }

    /// Reads a state however it is written.
    pub(super) fn from_any_state(bytes: &[u8]) -> Result<(Self, Value), PatchpackError> {
        let mut reader = Reader::new(bytes)?;
        if reader.array()? != Some(2) {
            return Err(PatchpackError::NotAState { offset: 0 });
        }
        reader.value(1)?;
        let mut cells = Vec::new();
        let (types, ambiguous) = read_types(&mut reader, &mut cells)?;
        let mut nodes = Nodes::default();
        nodes.set_state(Arc::new(Packed::new(bytes.to_vec(), cells, types)));
        reader = Reader::new(bytes)?;
        reader.array()?;
        let (mut reader, mut cells) = read_first(reader, &mut nodes, &ambiguous)?;
        let (types, _) = read_types(&mut reader, &mut cells)?;
        Ok(Self::of(Packed::new(bytes.to_vec(), cells, types), nodes, ambiguous))
    }

    /// Reads a state without types, `[form]`, and a table of types that is known otherwise: what an encoder gives as
    /// its [types](super::PatchpackEncoder::types).
    ///
    /// # Errors
    ///
    /// If the bytes are no such state or no such table. Offsets in the table count from the beginning of the state.
    pub fn from_state_without_types(
        state: &[u8],
        types: &[u8],
    ) -> Result<(Self, Value), PatchpackError> {
        let form = state.strip_prefix(&[0x91]).ok_or(PatchpackError::NotAState { offset: 0 })?;
        Self::from_state(&[&[0x92], form, types].concat())
    }

    /// Reads a state as servers write them, whose types have no name twice.
    pub(super) fn from_right_state(bytes: &[u8]) -> Option<(Self, Value)> {
        let (mut first, end) = First::read(bytes)?;
        let mut reader = Reader::behind(bytes, end).ok()?;
        let (types, ambiguous) = read_types(&mut reader, &mut first.cells).ok()?;
        let state = Packed::new(bytes.to_vec(), std::mem::take(&mut first.cells), types);
        let fits =
            ambiguous.is_empty() && first.fits(state.type_count(), |of| state.names(of).len());
        fits.then(|| Self::of(state, first.nodes, ambiguous))
    }

    /// The decoder of a state that was read, and the state.
    fn of(state: Packed, mut nodes: Nodes, ambiguous: Ambiguous) -> (Self, Value) {
        let state = Arc::new(state);
        let value = state.value(0);
        nodes.set_state(state);
        (Self { nodes, ambiguous, ..Self::default() }, value)
    }

    /// This decoder, which from now on takes what patchpack's own encoder gets wrong, and does with it
    /// what patchpack's own decoder does: a patch of a place that there is not is one of the node
    /// around it, and of two nodes with one number the first one stays.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// Lets go of the state that this was made of, as far as patches do not need it: of all it said, the types and the keys of
    /// maps stay. Worth it where a decoder lives long and the state was read to the end; what was returned of that stays
    /// good, and has its own memory from then on. It takes as long as a look at each node.
    pub fn shrink(&mut self) {
        self.nodes.own_keys();
        let types = self.nodes.state().types_alone();
        self.nodes.set_state(Arc::new(types));
        self.cells = Vec::new();
        self.spare = None;
    }

    /// Reads a patch. The path is that of the decoder's nodes, in which the items of an array keep
    /// the index with which they came.
    ///
    /// # Errors
    ///
    /// If it makes no sense; the decoder is then as it was.
    pub fn patch(&mut self, bytes: &[u8]) -> Result<Patch, PatchpackError> {
        let mut patch = Patch::default();
        self.patch_into(bytes, &mut patch)?;
        Ok(patch)
    }

    /// Reads a patch to where another one was: the fastest way to read many.
    ///
    /// # Errors
    ///
    /// If it makes no sense; the decoder is then as it was, and `patch` says nothing.
    pub fn patch_into(&mut self, bytes: &[u8], patch: &mut Patch) -> Result<(), PatchpackError> {
        if self.replace_leaf(bytes, patch).is_some() {
            return Ok(());
        }
        if self.remove_entry(bytes, patch).is_some() {
            return Ok(());
        }
        // What was read before lends its memory, if nobody else has it.
        self.keep_room(patch);
        let mut spare = self.spare.take().and_then(lent);
        if self.add_struct(bytes, patch, &mut spare).is_some() {
            return Ok(());
        }
        *patch = Patch::default();
        *patch = self.read(bytes, spare).inspect_err(|_| self.nodes.undo(&mut self.staged))?;
        Ok(())
    }

    /// Keeps the memory of what another patch takes the place of.
    #[inline]
    pub(super) fn keep_room(&mut self, patch: &mut Patch) {
        if matches!(patch.value, Some(Value::Object(_)))
            && let Some(Value::Object(object)) = patch.value.take()
        {
            self.spare = object.into_message().and_then(lent);
        }
    }

    /// Reads what most patches are: a primitive takes the place of another in a struct without nodes
    /// below it. Nothing if this one is another, or is wrong.
    #[inline]
    fn replace_leaf(&mut self, bytes: &[u8], patch: &mut Patch) -> Option<()> {
        let (id, index, mut reader) = match *bytes {
            [0x94, 0x01, id @ ..0x80, index @ ..0x80, ..] => {
                (id.into(), index.into(), Reader::behind(bytes, 4).ok()?)
            }
            [0x94, 0x01, ..] => {
                let mut reader = Reader::behind(bytes, 2).ok()?;
                (reader.unsigned(1).ok()??, reader.unsigned(1).ok()??, reader)
            }
            _ => return None,
        };
        let around = self.nodes.of(id)?;
        let Kind::Struct(of) = self.nodes.node(around).kind else { return None };
        let path = self.nodes.path(around)?;
        let name = self.nodes.state().shape(of)?.names().get(usize::try_from(index).ok()?)?;
        if !self.nodes.is_lowest(around) || reader.is_container() {
            return None;
        }
        let value = reader.leaf().ok().filter(|cell| !matches!(cell, Cell::Extension(..)))?;
        reader.end().ok()?;
        patch.op = Op::Replace;
        patch.path.lead(path, name);
        self.keep_room(patch);
        patch.value = Some(value.leaf(bytes));
        patch.old = None;
        Some(())
    }

    /// Reads any patch, to cells that are lent.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        spare: Option<Arc<Packed>>,
    ) -> Result<Patch, PatchpackError> {
        let mut reader = Reader::new(bytes)?;
        let not = |offset| PatchpackError::NotAPatch { offset };
        let count = reader.array()?.and_then(|len| len.checked_sub(3)).ok_or(not(0))?;
        let op = reader.unsigned(1)?.and_then(Op::from_number).ok_or(not(1))?;
        let named = reader.offset();
        let id = reader.unsigned(1)?.ok_or(not(named))?;
        let unknown = PatchpackError::UnknownNode { offset: named, id };
        let around = self.nodes.of(id).ok_or(unknown)?;
        let at = reader.offset();
        let index = match reader.is_container() {
            true => reader.value(1).map(|_| Cell::Undefined)?,
            false => reader.leaf()?,
        };
        let offset = reader.offset();
        let bad = || PatchpackError::BadValues { offset, op: op.name(), count };
        let takes = match op {
            Op::Add => 1..=1,
            Op::Replace => 1..=2,
            Op::Remove => 0..=1,
        };
        if !takes.contains(&count) {
            return Err(bad());
        }
        let parent = self.nodes.node(around);
        let (kind, depth) = (parent.kind, parent.depth + 1);
        let (mut new_key, mut is_there) = (None, true);
        let key = match kind {
            Kind::Map(_) if op == Op::Add => {
                if reader.array()? != Some(2) {
                    return Err(bad());
                }
                let name = reader.text(2)?.ok_or_else(bad)?;
                let end = self.nodes.key_count(around);
                let position = self.nodes.position(around, &name);
                is_there = position.is_some();
                new_key = Some(name);
                Key::At(position.unwrap_or(end))
            }
            kind => self.key(around, kind, index, at)?,
        };
        let path = self.path(around, kind, &key, new_key.as_ref(), op);
        let path = path.ok_or(PatchpackError::LongPath { offset: named, id })?;
        let gone = if is_there { self.nodes.child(around, &key) } else { None };
        let message_depth = if new_key.is_some() { 2 } else { 1 };
        let mut spare = spare;
        let lent = spare.as_mut().and_then(Arc::get_mut).map(|message| &mut message.cells);
        let mut cells = std::mem::take(lent.unwrap_or(&mut self.cells));
        cells.clear();
        let mut forms = Forms {
            reader,
            cells,
            nodes: &mut self.nodes,
            staged: &mut self.staged,
            ambiguous: &self.ambiguous,
            mode: Mode::Stage { gone: gone.unwrap_or(NONE) },
            lenient: self.lenient,
        };
        let spot = |key| Spot { around, key, depth };
        let value = match op {
            Op::Remove => None,
            _ => Some(forms.form(spot(key.clone()), message_depth)?),
        };
        let old = match (op, count) {
            (Op::Replace, 2) | (Op::Remove, 1) => {
                forms.mode = Mode::Past;
                Some(forms.form(spot(key), 1)?)
            }
            _ => None,
        };
        let Forms { reader, cells, .. } = forms;
        reader.end()?;

        if let Some(gone) = gone {
            self.nodes.remove(gone);
        }
        if let Some(name) = new_key {
            self.nodes.push_key(around, name);
        }
        if let Some((slot, _)) = self.staged.first()
            && self.nodes.node(*slot).around == around
        {
            self.nodes.link(*slot);
        }
        self.nodes.keep(&mut self.staged);
        let (value, old) = self.values((cells, spare), value, old, bytes);
        Ok(Patch { op, path, value, old })
    }

    /// The values in two cells of a message.
    fn values(
        &mut self,
        (cells, spare): (Vec<Cell>, Option<Arc<Packed>>),
        value: Option<usize>,
        old: Option<usize>,
        bytes: &[u8],
    ) -> (Option<Value>, Option<Value>) {
        let is_leaf = |at: Option<usize>| at.is_none_or(|at| cells[at].is_leaf());
        if is_leaf(value) && is_leaf(old) {
            let leaf = |at: Option<usize>| at.map(|at| cells[at].leaf(bytes));
            let values = (leaf(value), leaf(old));
            // What one patch needed once should not be held forever.
            if cells.capacity() <= MOST_SCRATCH {
                self.cells = cells;
            }
            return values;
        }
        let mut message = spare.unwrap_or_default();
        if let Some(message) = Arc::get_mut(&mut message) {
            message.cells = cells;
            message.bytes.clear();
            message.bytes.extend_from_slice(bytes);
            self.nodes.lend_types(message);
        }
        (value.map(|at| message.value(at)), old.map(|at| message.value(at)))
    }

    /// The place in a node that an index names, and where that is read.
    fn key(
        &mut self,
        around: Slot,
        kind: Kind,
        index: Cell,
        offset: usize,
    ) -> Result<Key, PatchpackError> {
        let id = self.nodes.node(around).id;
        let known = match (kind, index.as_u64()) {
            (_, None) => Err(PatchpackError::NotAPatch { offset }),
            (Kind::Array, Some(index)) => Ok(Key::Index(index)),
            (kind, Some(index)) => {
                let count = match kind {
                    Kind::Struct(of) => self.nodes.state().names(of).len(),
                    Kind::Map(_) => self.nodes.key_count(around) as usize,
                    Kind::Array | Kind::Free => 0,
                };
                let at = usize::try_from(index).ok().filter(|at| *at < count);
                let at = at.ok_or(PatchpackError::UnknownPlace { offset, id, index });
                at.map(|at| match kind {
                    Kind::Struct(of) => Key::At(first_property(&self.ambiguous, of, at)),
                    _ => Key::At(at as u32),
                })
            }
        };
        let is_beyond = matches!(kind, Kind::Map(_)) && index.as_u64().is_some();
        match (known, kind) {
            // A key that came twice is the first one.
            (Ok(Key::At(at)), Kind::Map(_)) => Ok(Key::At(self.nodes.first_position(around, at))),
            // What patchpack makes of a place that there is not; a position behind the keys of a
            // map it refuses too.
            (Err(_), kind) if self.lenient && !is_beyond => Ok(match (kind, index.as_f64()) {
                (Kind::Array, Some(index)) => Key::Name(Box::new(index.to_string().into())),
                _ => Key::Lost,
            }),
            (known, _) => known,
        }
    }

    /// The path of a place in a node of this kind; a key that is new is no place yet. Nothing if it is too long.
    fn path(
        &mut self,
        around: Slot,
        kind: Kind,
        key: &Key,
        new_key: Option<&Text>,
        op: Op,
    ) -> Option<Path> {
        // What is replaced once is replaced again, and a map gets more than one entry.
        let again = op == Op::Replace || matches!(kind, Kind::Map(_));
        let path = match self.nodes.path(around) {
            Some(path) => path.clone(),
            None => {
                if op == Op::Replace {
                    self.nodes.state().prepare();
                }
                self.new_path(around, again)?
            }
        };
        Some(match (new_key.cloned(), key) {
            (Some(name), _) => Path::new(path, name),
            (None, Key::Lost) => Path::from_pointer(&path),
            (None, key) => Path::new(path, Text::from(self.name(around, kind, key))),
        })
    }

    /// The path of a node, which is remembered if it will be wanted again.
    #[inline(never)]
    pub(super) fn new_path(&mut self, slot: Slot, again: bool) -> Option<Text> {
        let mut path = Text::default();
        self.path_of(slot, &mut path);
        if path.len() > LONGEST_PATH {
            return None;
        }
        if again {
            self.nodes.keep_path(slot, &path);
        }
        Some(path)
    }

    /// What a place in a node is called.
    fn name<'a>(&'a self, around: Slot, kind: Kind, key: &'a Key) -> Cow<'a, str> {
        let name = match (key, kind) {
            (Key::At(at), Kind::Struct(of)) => self.nodes.property(of, *at as usize),
            (Key::At(at), _) => self.nodes.key_name(around, *at),
            (Key::Name(name), _) => Some(name.as_str().into()),
            (Key::Index(index), _) => Some(index.to_string().into()),
            (Key::Lost, _) => None,
        };
        name.unwrap_or_default()
    }

    /// Writes the path of a node, as far as it is not too long.
    fn path_of(&self, slot: Slot, path: &mut Text) {
        let node = self.nodes.node(slot);
        if node.around != NONE {
            self.path_of(node.around, path);
            if path.len() <= LONGEST_PATH {
                let kind = self.nodes.node(node.around).kind;
                patch::push_segment(path, &self.name(node.around, kind, &node.key));
            }
        }
    }
}

/// Reads the first form of a message to the first cell, and returns what is read further.
fn read_first<'a>(
    reader: Reader<'a>,
    nodes: &mut Nodes,
    ambiguous: &[Box<[u32]>],
) -> Result<(Reader<'a>, Vec<Cell>), PatchpackError> {
    let (staged, mode, cells) = (&mut SmallVec::new(), Mode::First, Vec::new());
    let mut forms = Forms { reader, cells, nodes, staged, ambiguous, mode, lenient: false };
    forms.form(Spot::ROOT, 1)?;
    Ok((forms.reader, forms.cells))
}

/// Reads the table of types, the last part of a state, and which of them have a name twice.
fn read_types(
    reader: &mut Reader<'_>,
    cells: &mut Vec<Cell>,
) -> Result<(Span, Ambiguous), PatchpackError> {
    let not = |reader: &Reader<'_>| PatchpackError::NotAState { offset: reader.offset() };
    let count = reader.array()?.ok_or_else(|| not(reader))?;
    reader.announce(count, 2)?;
    let first = Packer::claim(cells, count);
    let mut ambiguous = Vec::new();
    for of in 0..count {
        let len = reader.array()?.filter(|len| *len > 0).ok_or_else(|| not(reader))?;
        reader.announce(len, 1)?;
        let names = Packer::claim(cells, len);
        if !reader.texts(&mut cells[names..])? {
            return Err(not(reader));
        }
        // The first one is that of the type.
        cells[first + of] = Cell::Array(Span::new(names + 1, len - 1));
        if is_ambiguous(reader, &cells[names + 1..]) {
            ambiguous.resize(count, Box::default());
            ambiguous[of] = first_positions(reader, &cells[names + 1..]);
        }
    }
    reader.end()?;
    Ok((Span::new(first, count), ambiguous))
}

/// The first position of each name, found once: a value of such a type asks for each node that it brings.
fn first_positions(reader: &Reader<'_>, names: &[Cell]) -> Box<[u32]> {
    let mut seen = HashMap::with_capacity(names.len());
    let name = |name: &Cell| match *name {
        Cell::Text(span) => String::from_utf8_lossy(reader.part(span)),
        _ => Cow::Borrowed(""),
    };
    (0..).zip(names).map(|(at, cell)| *seen.entry(name(cell)).or_insert(at)).collect()
}

/// Whether two of these names are the same, as they came.
fn is_ambiguous(reader: &Reader<'_>, names: &[Cell]) -> bool {
    let bytes = |name: &Cell| match *name {
        Cell::Text(span) => reader.part(span),
        _ => &[],
    };
    // Names of which no two are as long and end alike are not the same.
    let mut seen = 0_u64;
    let is_new = |name: &Cell| {
        let name = bytes(name);
        let last = name.last().copied().unwrap_or_default();
        let mark = 1 << ((name.len() * 7 + usize::from(last)) % 64);
        let is_new = seen & mark == 0;
        seen |= mark;
        is_new
    };
    !names.iter().all(is_new) && has_twins(&names.iter().map(bytes).collect::<SmallVec<[_; 16]>>())
}

/// A message whose memory may be used again, if it is worth it.
fn lent(mut message: Arc<Packed>) -> Option<Arc<Packed>> {
    let is_small = |message: &mut Packed| {
        message.cells.capacity() <= MOST_LENT && message.bytes.capacity() <= 16 * MOST_LENT
    };
    Arc::get_mut(&mut message).is_some_and(is_small).then_some(message)
}

/// How many cells a message may have room for to be used again: what one patch needed once should not be held forever.
const MOST_LENT: usize = 1024;

/// How many cells a decoder keeps to read patches to.
const MOST_SCRATCH: usize = 64;
