//! What messages may cost: bytes that are made to hurt are an error, not a machine without memory.

use tidewire_state::{TypeInfo, receive::StructSink};

use super::{
    change::ChangeObserver,
    error::{DecodeErrorKind, Fault},
    message::Message,
    places::Tree,
};

/// How much a decoder spends on what it is sent. See [`Decoder::set_limits`](super::Decoder::set_limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes that all structures and the items of collections may take together, by an
    /// estimate from the number of their fields, and the text of all strings, which is looked at
    /// when a message ends. 256 MiB if nothing else is set: above a hundred thousand instances of
    /// twenty fields.
    pub memory: usize,
    /// How many places items may move up, down or about in arrays, sets and collections while one
    /// message is applied, beside 64 for each byte of it. Putting an item in before `n` others, and taking one out
    /// there, moves `n`. 64 Mi if nothing else is set.
    pub moves: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 256 << 20, moves: 64 << 20 }
    }
}

/// What a byte of a message is worth in moves.
const MOVES_A_BYTE: usize = 64;

/// What an entry of a map or an item of an array takes, with what is noted of it.
pub(super) const ENTRY: usize = 256;
pub(super) const ITEM: usize = 64;
/// A struct or a collection without anything in it.
const NODE: usize = 256;
const FIELD: usize = 32;

/// What an instance of a type takes.
pub(super) fn size_of_struct(info: Option<&TypeInfo>) -> usize {
    NODE + info.map_or(0, |info| info.fields.len() * FIELD)
}

/// What an empty collection takes.
pub(super) const COLLECTION: usize = 2 * NODE;

impl Limits {
    pub(super) fn moves_of(&self, message: &[u8]) -> usize {
        self.moves.saturating_add(message.len().saturating_mul(MOVES_A_BYTE))
    }
}

impl Tree {
    /// Counts items that move, or are looked through.
    #[inline]
    pub(super) fn moves(&mut self, items: usize) -> Result<(), DecodeErrorKind> {
        match self.moves_left.checked_sub(items) {
            Some(left) => {
                self.moves_left = left;
                Ok(())
            }
            None => Err(DecodeErrorKind::TooMuchWork { limit: self.limits.moves }),
        }
    }

    /// Counts what is held from now on for the node `id`, until it is forgotten.
    #[inline]
    pub(super) fn charge(&mut self, id: u32, bytes: usize) -> Result<(), DecodeErrorKind> {
        self.held += bytes;
        if self.held.saturating_add(self.shares.copied) > self.limits.memory {
            return Err(DecodeErrorKind::TooLarge { limit: self.limits.memory });
        }
        if let Some(node) = self.nodes.get_mut(id) {
            node.held += bytes;
        }
        Ok(())
    }

    /// Counts what the node `id` no longer holds.
    #[inline]
    pub(super) fn discharge(&mut self, id: u32, bytes: usize) {
        if let Some(node) = self.nodes.get_mut(id) {
            // Only what was counted is given back.
            let bytes = bytes.min(node.held);
            node.held -= bytes;
            self.held -= bytes;
        }
    }

    /// Counts for one node what was counted for another.
    pub(super) fn hand_over(&mut self, from: u32, to: u32, bytes: usize) {
        let Some(node) = self.nodes.get_mut(from) else { return };
        let bytes = bytes.min(node.held);
        node.held -= bytes;
        if let Some(node) = self.nodes.get_mut(to) {
            node.held += bytes;
        }
    }
}

impl<S: StructSink, O: ChangeObserver> Message<'_, '_, S, O> {
    /// Counts items that move, or are looked through.
    #[inline]
    pub(super) fn moves(&mut self, items: usize) -> Result<(), Fault> {
        self.tree.moves(items).map_err(|kind| self.fault(kind))
    }

    /// Counts what the structure at hand holds from now on.
    #[inline]
    pub(super) fn holds_more(&mut self, bytes: usize) -> Result<(), Fault> {
        self.tree.charge(self.current, bytes).map_err(|kind| self.fault(kind))
    }
}
