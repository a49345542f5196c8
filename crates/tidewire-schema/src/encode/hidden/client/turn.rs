//! In which order entries of maps, sets and collections come to one client.
//!
//! They are found in several lists: what the state moved, what the view shows or no longer does, what
//! filters let through. None of these has the server's order, in which a client is to have what comes
//! to it in one message. So what goes, or is another now, is told as it is found, and what comes waits
//! for its turn.

use tidewire_state::RefId;

use super::{
    super::{
        shadow::{Content, Key},
        sight::Sight,
    },
    ClientView, Scratch,
};
use crate::encode::writer::Writer;

/// When an entry that comes is told: one collection after the other, as it stands at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    parent: RefId,
    rank: u32,
    number: u32,
    is_member: bool,
}

impl Turn {
    fn key(self) -> Key {
        if self.is_member { Key::Member(self.number) } else { Key::Entry(self.number) }
    }
}

impl ClientView {
    /// Tells what became of an entry, unless it comes. `moved` says that it may be another than it was, and what
    /// stood there.
    pub(super) fn compare_entry(
        &mut self,
        parent: RefId,
        key: Key,
        moved: Option<Option<RefId>>,
        sight: Sight<'_>,
        scratch: &mut Scratch,
        out: &mut Writer,
    ) {
        let Some(content) = sight.shadow.get(parent) else { return };
        let stood = moved.flatten();
        let (number, is_member, rank) = match (key, content) {
            (Key::Entry(number), Content::MapOfValues(entries)) => {
                if self.has_value(parent, number) {
                    return self.compare_value(parent, number, moved.is_some(), sight, out);
                }
                (number, false, entries.rank(number))
            }
            _ if self.told(parent, content, key, stood, sight.shadow).is_some() => {
                return self.compare(parent, key, stood, sight, &mut scratch.open, out);
            }
            (Key::Entry(number), Content::MapOfNodes(entries)) => {
                (number, false, entries.rank(number))
            }
            (Key::Member(number), _) => (number, true, number),
            _ => return,
        };
        scratch.entries.push(Turn { parent, rank, number, is_member });
    }

    /// Tells the entries that come.
    pub(super) fn tell_entries(
        &mut self,
        sight: Sight<'_>,
        scratch: &mut Scratch,
        out: &mut Writer,
    ) {
        let Scratch { entries, open, .. } = scratch;
        entries.sort_unstable();
        // One may be in several lists.
        entries.dedup();
        for turn in entries.iter() {
            let Turn { parent, number, .. } = *turn;
            if let Some(Content::MapOfValues(_)) = sight.shadow.get(parent) {
                self.compare_value(parent, number, true, sight, out);
            } else {
                self.compare(parent, turn.key(), None, sight, open, out);
            }
        }
    }
}
