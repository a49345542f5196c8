//! In which order entries of maps, sets and collections are told to one client.
//!
//! They are found in several lists: what the state moved, what the view shows or no longer does, what
//! filters let through. None of these has the server's order, in which a client is to have what comes
//! to it in one message.

use tidewire_state::RefId;

use super::{
    super::{
        shadow::{Content, Key, Shadow},
        sight::Sight,
    },
    ClientView, Scratch,
};
use crate::encode::writer::Writer;

/// When an entry is told: one collection after the other, what goes before what comes, and what comes
/// as it stands at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    parent: RefId,
    is_new: bool,
    rank: u32,
    number: u32,
    is_member: bool,
    /// Whether it may have another value, if it is a value: those come first, and the rest of what is
    /// said of an entry is then nothing new.
    is_still: bool,
}

impl Turn {
    fn key(self) -> Key {
        if self.is_member { Key::Member(self.number) } else { Key::Entry(self.number) }
    }
}

impl ClientView {
    /// When an entry is told, if `key` is that of one. `is_moved` says that it may have another value.
    pub(super) fn turn(&self, parent: RefId, key: Key, is_moved: bool, shadow: &Shadow) -> Turn {
        let below = self.nodes.get(&parent).and_then(|known| known.below.as_ref());
        let content = shadow.get(parent);
        let (number, is_member, rank) = match (key, content) {
            (Key::Entry(number), Some(Content::MapOfNodes(entries))) => {
                (number, false, entries.rank(number))
            }
            (Key::Entry(number), Some(Content::MapOfValues(entries))) => {
                (number, false, entries.rank(number))
            }
            (Key::Entry(number), _) => (number, false, number),
            (Key::Member(number), _) => (number, true, number),
            (Key::Field(_) | Key::Items, _) => (0, false, 0),
        };
        let is_told = below.is_some_and(|below| match content {
            Some(Content::MapOfValues(_)) => below.values.has(number),
            _ => below.children.contains_key(&key),
        });
        Turn { parent, is_new: !is_told, rank, number, is_member, is_still: !is_moved }
    }

    /// Tells what came and went of the entries that were found.
    pub(super) fn compare_entries(
        &mut self,
        sight: Sight<'_>,
        scratch: &mut Scratch,
        out: &mut Writer,
    ) {
        scratch.entries.sort_unstable();
        for turn in &scratch.entries {
            let Turn { parent, number, is_still, .. } = *turn;
            if let Some(Content::MapOfValues(_)) = sight.shadow.get(parent) {
                self.compare_value(parent, number, !is_still, sight, out);
            } else {
                self.compare(parent, turn.key(), sight, &mut scratch.open, out);
            }
        }
    }
}
