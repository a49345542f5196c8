//! Reads patchpack, as its own decoder does: keys are only ever added to a list, nothing is
//! renumbered, what is put in the place of a node ends it.
//!
//! A message is checked as a whole before any of it is done.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use thiserror::Error;

use super::form::{Spot, Staged};
use crate::{
    notepack::{self, DecodeError, Value},
    patch::{Op, Patch, Path},
};

/// Reads the patches that follow a state.
#[derive(Clone, Debug, Default)]
pub struct PatchpackDecoder {
    pub(super) types: Vec<Vec<String>>,
    /// By their numbers.
    nodes: HashMap<u64, Node, RandomState>,
    pub(super) lenient: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The node around it and the name there; nothing for the root.
    pub(super) place: Option<(u64, Key)>,
    pub(super) children: HashMap<Key, u64, RandomState>,
    pub(super) depth: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Struct(usize),
    /// The keys that it ever had; a position may come to name one of them.
    Map(Vec<String>),
    Array,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Name(String),
    Index(u64),
    /// No place at all.
    Lost,
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatchpackError {
    /// The bytes are no MessagePack.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Not `[form, types]`.
    #[error("the message is no state with a list of types, each a name and names of properties")]
    NotAState,
    /// Not `[op, parent, index, …]`.
    #[error("the message is no patch: an operation (0, 1 or 2), the number of a node, an index")]
    NotAPatch,
    /// The patch is of a node that is not there.
    #[error("there is no node {id}: decode all patches, in order, behind the state they follow")]
    UnknownNode {
        /// The number.
        id: u64,
    },
    /// A value is of a type that is not in the table.
    #[error("there is no type {of}: a state brings all types")]
    UnknownType {
        /// The number of the type.
        of: i64,
    },
    /// A node with a number that another has.
    #[error("there are two nodes {id}")]
    DuplicateNode {
        /// The number.
        id: u64,
    },
    /// An array that is no form.
    #[error("a value is an array without a type and a number, or a map with a key that is no text")]
    BadForm,
    /// A map has had fewer keys, or a type has fewer properties.
    #[error("node {id} has no place {index}")]
    UnknownPlace {
        /// The number of the node.
        id: u64,
        /// The position.
        index: u64,
    },
    /// Fewer values than the operation needs, or more.
    #[error("the patch has {count} values, which {op} cannot have")]
    BadValues {
        /// The operation.
        op: &'static str,
        /// How many values there are.
        count: usize,
    },
    /// Nodes within each other without end.
    #[error("node {id} lies more than {DEEPEST} deep")]
    TooDeep {
        /// Its number.
        id: u64,
    },
}

/// How many nodes may lie within each other, patch after patch.
pub(super) const DEEPEST: usize = 4096;

impl PatchpackDecoder {
    /// Reads a state: the decoder for what follows, and what a client holds.
    ///
    /// # Errors
    ///
    /// If the bytes are no state.
    pub fn from_state(bytes: &[u8]) -> Result<(Self, Value), PatchpackError> {
        let Value::Array(items) = notepack::decode(bytes)? else {
            return Err(PatchpackError::NotAState);
        };
        let Ok([form, Value::Array(types)]) = <[Value; 2]>::try_from(items) else {
            return Err(PatchpackError::NotAState);
        };
        let names = |of: Value| match of {
            Value::Array(names) => {
                let names = names.into_iter().map(|name| match name {
                    Value::String(name) => Some(name),
                    _ => None,
                });
                names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
            }
            _ => None,
        };
        let types = types.into_iter().map(|of| {
            let mut names = names(of)?;
            names.remove(0);
            Some(names)
        });
        let types: Option<_> = types.collect();
        let types = types.ok_or(PatchpackError::NotAState)?;
        let mut decoder = Self { types, ..Self::default() };
        let mut staged = Staged::default();
        let state = decoder.form(form, &Spot { place: None, depth: 0 }, &mut staged)?;
        decoder.nodes.extend(staged.nodes);
        Ok((decoder, state))
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
        let Value::Array(items) = notepack::decode(bytes)? else {
            return Err(PatchpackError::NotAPatch);
        };
        let mut items = items.into_iter();
        let op = items.next().and_then(|op| Op::from_number(op.as_u64()?));
        let id = items.next().and_then(|id| id.as_u64());
        let (op, id) = op.zip(id).ok_or(PatchpackError::NotAPatch)?;
        let index = items.next().ok_or(PatchpackError::NotAPatch)?;
        let parent = self.nodes.get(&id).ok_or(PatchpackError::UnknownNode { id })?;
        let count = items.len();
        let bad = PatchpackError::BadValues { op: op.name(), count };
        let takes = match op {
            Op::Add => 1..=1,
            Op::Replace => 1..=2,
            Op::Remove => 0..=1,
        };
        if !takes.contains(&count) {
            return Err(bad);
        }
        let mut value = if op == Op::Remove { None } else { items.next() };
        let old = items.next();
        let mut new_key = None;
        let key = match &parent.kind {
            Kind::Map(_) if op == Op::Add => {
                let Some(Value::Array(pair)) = value else { return Err(bad) };
                let Ok([Value::String(key), form]) = <[Value; 2]>::try_from(pair) else {
                    return Err(bad);
                };
                value = Some(form);
                new_key = Some(key.clone());
                Key::Name(key)
            }
            kind => match self.key(id, kind, &index) {
                Err(_) if self.lenient && !is_beyond(kind, &index) => lost(kind, &index),
                key => key?,
            },
        };
        let path = self.path(id, &key);
        let depth = parent.depth + 1;
        let gone = parent.children.get(&key).copied();
        let spot = Spot { place: Some((id, key.clone())), depth };
        let mut staged = Staged { gone, ..Staged::default() };
        let value = value.map(|form| self.form(form, &spot, &mut staged)).transpose()?;
        let mut past = Staged { is_past: true, ..Staged::default() };
        let old = old.map(|form| self.form(form, &spot, &mut past)).transpose()?;

        if let Some(gone) = gone {
            self.remove(gone);
        }
        if let Some(parent) = self.nodes.get_mut(&id) {
            parent.children.remove(&key);
            if let Some((child, node)) = staged.nodes.first()
                && node.place.as_ref().is_some_and(|place| *place == (id, key.clone()))
            {
                parent.children.insert(key, *child);
            }
            if let (Kind::Map(keys), Some(key)) = (&mut parent.kind, new_key) {
                keys.push(key);
            }
        }
        self.nodes.extend(staged.nodes);
        Ok(Patch { op, path, value, old })
    }

    /// The name of a place in a node.
    fn key(&self, id: u64, kind: &Kind, index: &Value) -> Result<Key, PatchpackError> {
        let index = index.as_u64().ok_or(PatchpackError::NotAPatch)?;
        let unknown = PatchpackError::UnknownPlace { id, index };
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        Ok(match kind {
            Kind::Array => Key::Index(index),
            Kind::Map(keys) => Key::Name(keys.get(at).ok_or(unknown)?.clone()),
            Kind::Struct(of) => Key::Name(self.types[*of].get(at).ok_or(unknown)?.clone()),
        })
    }

    /// Whether no node has this number, or one that is about to go.
    pub(super) fn is_free(&self, id: u64, gone: Option<u64>) -> bool {
        let mut next = Some(id).filter(|id| self.nodes.contains_key(id));
        while let Some(at) = next {
            if gone == Some(at) {
                return true;
            }
            next = self.nodes.get(&at).and_then(|node| Some(node.place.as_ref()?.0));
        }
        !self.nodes.contains_key(&id)
    }

    fn path(&self, id: u64, key: &Key) -> Path {
        let mut segments: Vec<String> = key.name().into_iter().collect();
        let mut next = self.nodes.get(&id);
        while let Some((around, key)) = next.and_then(|node| node.place.as_ref()) {
            segments.push(key.name().unwrap_or_default());
            next = self.nodes.get(around);
        }
        segments.into_iter().rev().collect()
    }

    /// Takes out a node and all below it.
    fn remove(&mut self, id: u64) {
        let mut gone = vec![id];
        while let Some(id) = gone.pop() {
            if let Some(node) = self.nodes.remove(&id) {
                gone.extend(node.children.into_values());
            }
        }
    }
}

impl Key {
    fn name(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name.clone()),
            Self::Index(index) => Some(index.to_string()),
            Self::Lost => None,
        }
    }
}

/// Whether this is a position behind the keys of a map, which patchpack refuses too.
fn is_beyond(kind: &Kind, index: &Value) -> bool {
    matches!(kind, Kind::Map(_)) && index.as_u64().is_some()
}

/// What patchpack makes of a place that there is not.
fn lost(kind: &Kind, index: &Value) -> Key {
    match (kind, index.as_f64()) {
        (Kind::Array, Some(index)) => Key::Name(index.to_string()),
        _ => Key::Lost,
    }
}
