//! Reads patchpack, as its own decoder does: keys are only ever added to a list, nothing is
//! renumbered, what is put in the place of a node ends it.
//!
//! Values are read in one pass, with the nodes that they bring. A message that turns out to be wrong
//! leaves the decoder as it was.

use std::{collections::HashSet, sync::Arc};

use compact_str::ToCompactString as _;
use thiserror::Error;

use super::{
    form::{Mode, Spot},
    nodes::{Key, Kind, NONE, Nodes, Slot},
};
use crate::{
    notepack::{DecodeError, Names, Shapes, Text, Value, read::Reader},
    patch::{self, Op, Patch, Path},
};

/// Reads the patches that follow a state.
#[derive(Clone, Debug, Default)]
pub struct PatchpackDecoder {
    pub(super) types: Arc<Shapes>,
    /// Of each type, whether it has a name twice.
    pub(super) ambiguous: Vec<bool>,
    /// The most values of structs of each type, while the types are not known.
    pub(super) widths: Vec<u32>,
    pub(super) nodes: Nodes,
    /// The nodes that a message brings, each with the one that had its number before.
    pub(super) staged: Vec<(Slot, Slot)>,
    pub(super) lenient: bool,
    /// Text to put a path together in.
    path: String,
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
    #[error("the path of the patch is longer than {LONGEST_PATH} bytes")]
    LongPath,
}

/// How many nodes may lie within each other, patch after patch.
pub(super) const DEEPEST: u32 = 4096;

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
        if let Some(read) = Self::from_right_state(bytes) {
            return Ok(read);
        }
        let mut reader = Reader::new(bytes);
        if reader.array()? != Some(2) {
            return Err(PatchpackError::NotAState { offset: 0 });
        }
        reader.value(1)?;
        let mut decoder = Self::default();
        let names = decoder.read_types(&mut reader)?;
        decoder.types = Arc::new(Shapes::new(names));
        reader = Reader::new(bytes);
        reader.array()?;
        let state = decoder.form(&mut reader, Spot::ROOT, 1, Mode::First)?;
        Ok((decoder, state))
    }

    /// Reads a state whose structs have no more values than their types have properties.
    fn from_right_state(bytes: &[u8]) -> Option<(Self, Value)> {
        let mut reader = Reader::new(bytes);
        reader.array().ok()?.filter(|len| *len == 2)?;
        let mut decoder = Self::default();
        // Most nodes take more bytes than this.
        decoder.nodes.reserve(bytes.len() / 16);
        let state = decoder.form(&mut reader, Spot::ROOT, 1, Mode::First).ok()?;
        let names = decoder.read_types(&mut reader).ok()?;
        let has_place = |(of, width): (usize, &u32)| *width as usize <= names.of(of).len();
        let fits = decoder.widths.len() <= names.len()
            && decoder.widths.iter().enumerate().all(has_place)
            && !decoder.ambiguous.contains(&true);
        decoder.types.tell(names);
        fits.then_some((decoder, state))
    }

    /// Reads the table of types, the last part of a state.
    fn read_types(&mut self, reader: &mut Reader<'_>) -> Result<Names, PatchpackError> {
        let not = |reader: &Reader<'_>| PatchpackError::NotAState { offset: reader.offset() };
        let count = reader.array()?.ok_or_else(|| not(reader))?;
        let room = reader.room(count, 2)?;
        let mut names = Names::with_room(room);
        self.ambiguous.reserve(room);
        for _ in 0..count {
            let len = reader.array()?.filter(|len| *len > 0).ok_or_else(|| not(reader))?;
            // The first one is that of the type.
            for at in 0..len {
                let offset = reader.offset();
                let name = reader.text(3)?.ok_or(PatchpackError::NotAState { offset })?;
                if at > 0 {
                    names.push(name);
                }
            }
            names.finish();
            self.ambiguous.push(has_twins(names.of(names.len() - 1)));
        }
        reader.end()?;
        Ok(names)
    }

    /// This decoder, which from now on takes what patchpack's own encoder gets wrong, and does with it
    /// what patchpack's own decoder does: a patch of a place that there is not is one of the node
    /// around it, and of two nodes with one number the first one stays.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
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
        *patch = self.read(bytes).inspect_err(|_| self.nodes.undo(&mut self.staged))?;
        Ok(())
    }

    /// Reads what most patches are: a primitive takes the place of another in a struct without nodes
    /// below it. Nothing if this one is another, or is wrong.
    #[inline]
    fn replace_leaf(&self, bytes: &[u8], patch: &mut Patch) -> Option<()> {
        let &[0x94, 0x01, ..] = bytes else { return None };
        let mut reader = Reader::behind(bytes, 2);
        let around = self.nodes.of(reader.unsigned(1).ok()??)?;
        let index = reader.unsigned(1).ok()??;
        let Kind::Struct(of) = self.nodes.node(around).kind else { return None };
        let name = self.types.of(of).get(usize::try_from(index).ok()?)?;
        if !self.nodes.is_lowest(around) || reader.is_array() {
            return None;
        }
        patch.op = Op::Replace;
        patch.path.lead(self.nodes.path(around)?, name);
        let value = patch.value.insert(Value::Undefined);
        patch.old = None;
        reader.read(1, value).ok()?;
        reader.end().ok()?;
        (!matches!(value, Value::Array(_))).then_some(())
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Patch, PatchpackError> {
        let mut reader = Reader::new(bytes);
        let not = |offset| PatchpackError::NotAPatch { offset };
        let count = reader.array()?.and_then(|len| len.checked_sub(3)).ok_or(not(0))?;
        let op = reader.unsigned(1)?.and_then(Op::from_number).ok_or(not(1))?;
        let offset = reader.offset();
        let id = reader.unsigned(1)?.ok_or(not(offset))?;
        let around = self.nodes.of(id).ok_or(PatchpackError::UnknownNode { offset, id })?;
        let at = reader.offset();
        let index = reader.value(1)?;
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
        let mut new_key = None;
        let key = match kind {
            Kind::Map(keys) if op == Op::Add => {
                if reader.array()? != Some(2) {
                    return Err(bad());
                }
                let name = reader.text(2)?.ok_or_else(bad)?;
                let end = self.nodes.keys(keys).len() as u32;
                let position = self.nodes.position(keys, &name).unwrap_or(end);
                new_key = Some((keys, name));
                Key::At(position)
            }
            kind => self.key(around, kind, &index, at)?,
        };
        let path = self.path(around, kind, &key, new_key.as_ref().map(|(_, name)| name))?;
        let gone = self.nodes.child(around, &key);
        let spot = |key| Spot { around, key, depth };
        let message_depth = if new_key.is_some() { 2 } else { 1 };
        let value = if op == Op::Remove {
            None
        } else {
            let mode = Mode::Stage { gone: gone.unwrap_or(NONE) };
            Some(self.form(&mut reader, spot(key.clone()), message_depth, mode)?)
        };
        let old = match (op, count) {
            (Op::Replace, 2) | (Op::Remove, 1) => {
                Some(self.form(&mut reader, spot(key), 1, Mode::Past)?)
            }
            _ => None,
        };
        reader.end()?;

        if let Some(gone) = gone {
            self.nodes.remove(gone);
        }
        if let Some((keys, name)) = new_key {
            self.nodes.push_key(keys, name);
        }
        if let Some((slot, _)) = self.staged.first()
            && self.nodes.node(*slot).around == around
        {
            self.nodes.link(*slot);
        }
        self.nodes.keep(&mut self.staged);
        Ok(Patch { op, path, value, old })
    }

    /// The place in a node that an index names, and where that is read.
    fn key(
        &mut self,
        around: Slot,
        kind: Kind,
        index: &Value,
        offset: usize,
    ) -> Result<Key, PatchpackError> {
        let id = self.nodes.node(around).id;
        let known = match (kind, index.as_u64()) {
            (_, None) => Err(PatchpackError::NotAPatch { offset }),
            (Kind::Array, Some(index)) => Ok(Key::Index(index)),
            (kind, Some(index)) => {
                let names = match kind {
                    Kind::Struct(of) => self.types.of(of),
                    Kind::Map(keys) => self.nodes.keys(keys),
                    Kind::Array | Kind::Free => &[],
                };
                let at = usize::try_from(index).unwrap_or(usize::MAX);
                match (names.get(at), kind) {
                    (Some(_), Kind::Struct(of)) => Ok(Key::At(self.first(of, at))),
                    (Some(_), _) => Ok(Key::At(at as u32)),
                    (None, _) => Err(PatchpackError::UnknownPlace { offset, id, index }),
                }
            }
        };
        let is_beyond = matches!(kind, Kind::Map(_)) && index.as_u64().is_some();
        match (known, kind) {
            // A key that came twice is the first one.
            (Ok(Key::At(at)), Kind::Map(keys)) => {
                let name = self.nodes.keys(keys)[at as usize].clone();
                Ok(Key::At(self.nodes.position(keys, &name).unwrap_or(at)))
            }
            // What patchpack makes of a place that there is not; a position behind the keys of a
            // map it refuses too.
            (Err(_), kind) if self.lenient && !is_beyond => Ok(match (kind, index.as_f64()) {
                (Kind::Array, Some(index)) => Key::Name(index.to_string().into()),
                _ => Key::Lost,
            }),
            (known, _) => known,
        }
    }

    /// The first position of a property that a type has at this one.
    pub(super) fn first(&self, of: u32, at: usize) -> u32 {
        if self.is_ambiguous(of) {
            let names = self.types.of(of);
            let first = names.iter().position(|name| *name == names[at]);
            return first.unwrap_or(at) as u32;
        }
        at as u32
    }

    /// Whether a type has a name twice.
    pub(super) fn is_ambiguous(&self, of: u32) -> bool {
        self.ambiguous.get(of as usize).copied().unwrap_or_default()
    }

    /// The path of a place in a node of this kind; a key that is new is no place yet.
    fn path(
        &mut self,
        around: Slot,
        kind: Kind,
        key: &Key,
        new_key: Option<&Text>,
    ) -> Result<Path, PatchpackError> {
        let path = match self.nodes.path(around) {
            Some(path) => path.clone(),
            None => {
                let mut path = std::mem::take(&mut self.path);
                path.clear();
                self.path_of(around, &mut path);
                let text = Text::from(path.as_str());
                self.path = path;
                if text.len() > LONGEST_PATH {
                    return Err(PatchpackError::LongPath);
                }
                self.nodes.keep_path(around, &text);
                text
            }
        };
        Ok(match (new_key.cloned(), key) {
            (Some(name), _) => Path::new(path, name),
            (None, Key::Lost) => Path::from_pointer(&path),
            (None, key) => Path::new(path, self.name(kind, key)),
        })
    }

    /// What a place in a node is called.
    fn name(&self, kind: Kind, key: &Key) -> Text {
        match (key, kind) {
            (Key::At(at), Kind::Struct(of)) => self.types.of(of)[*at as usize].clone(),
            (Key::At(at), Kind::Map(keys)) => self.nodes.keys(keys)[*at as usize].clone(),
            (Key::Name(name), _) => name.clone(),
            (Key::Index(index), _) => index.to_compact_string(),
            (Key::At(_) | Key::Lost, _) => Text::default(),
        }
    }

    /// Writes the path of a node, as far as it is not too long.
    fn path_of(&self, slot: Slot, path: &mut String) {
        let node = self.nodes.node(slot);
        if node.around != NONE {
            self.path_of(node.around, path);
            if path.len() <= LONGEST_PATH {
                let kind = self.nodes.node(node.around).kind;
                patch::push_segment(path, &self.name(kind, &node.key));
            }
        }
    }
}

/// Whether two of these names are the same.
fn has_twins(names: &[Text]) -> bool {
    match names {
        [] | [_] => false,
        names if names.len() <= 8 => (1..names.len()).any(|at| names[..at].contains(&names[at])),
        names => names.iter().collect::<HashSet<_>>().len() < names.len(),
    }
}
