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
    /// What stood there, if it stands there no longer.
    stood: Option<RefId>,
}

impl Turn {
    fn key(self) -> Key {
        if self.is_member { Key::Member(self.number) } else { Key::Entry(self.number) }
    }
}

impl ClientView {
    /// When an entry is told, if `key` is that of one. `moved` says that it may be another than it was, and
    /// what stood there.
    pub(super) fn turn(
        &self,
        parent: RefId,
        key: Key,
        moved: Option<Option<RefId>>,
        shadow: &Shadow,
    ) -> Turn {
        let stood = moved.flatten();
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
        let is_new = match content {
            Some(Content::MapOfValues(_)) => !self.has_value(parent, number),
            content => content.and_then(|it| self.told(parent, it, key, stood, shadow)).is_none(),
        };
        Turn { parent, is_new, rank, number, is_member, is_still: moved.is_none(), stood }
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
            let Turn { parent, number, is_still, stood, .. } = *turn;
            if let Some(Content::MapOfValues(_)) = sight.shadow.get(parent) {
                self.compare_value(parent, number, !is_still, sight, out);
            } else {
                self.compare(parent, turn.key(), stood, sight, &mut scratch.open, out);
            }
        }
    }
}
