//! Entries of sets and collections, for one client.

use tidewire_state::RefId;

use super::{
    super::{
        shadow::{Content, Key},
        sight::Sight,
        write,
    },
    ClientView,
};
use crate::encode::writer::Writer;

impl ClientView {
    /// Tells what an entry leads to, if that is not what the client was told.
    pub(super) fn compare_member(
        &mut self,
        parent: RefId,
        number: u32,
        sight: Sight<'_>,
        open: &mut Vec<RefId>,
        out: &mut Writer,
    ) {
        let Some(content) = sight.shadow.get(parent) else { return };
        let key = Key::Member(number);
        match (self.child(parent, key), sight.seen(parent, content, key)) {
            (before, after) if before == after => {}
            (Some(_), Some(_)) => self.compare_members(parent, content, sight, open, out),
            (Some(before), None) => {
                let below = self.nodes.entry(parent).or_default().below();
                below.children.remove(&key);
                let gone = below.numbers.remove(&number).unwrap_or_default();
                out.stay_at(parent);
                write::place(out, content, key, gone, true, None);
                self.let_go_hidden(before, sight.shadow);
            }
            (None, Some(after)) => {
                let below = self.nodes.entry(parent).or_default().below();
                below.lead(key, Some(after));
                let came = below.number(number);
                out.stay_at(parent);
                write::place(out, content, key, came, false, Some(after));
                self.acquire(after, sight, open);
            }
            (None, None) => {}
        }
    }

    /// Tells what the entries lead to that the client has, where one goes on under another refId.
    ///
    /// No decoder replaces an entry in its place: one goes, and what comes stands behind the others.
    /// So those that stood behind it go as well, and come again in their order.
    fn compare_members(
        &mut self,
        parent: RefId,
        content: &Content,
        sight: Sight<'_>,
        open: &mut Vec<RefId>,
        out: &mut Writer,
    ) {
        let below = self.nodes.entry(parent).or_default().below();
        let mut told: Vec<(u32, u32)> =
            below.numbers.iter().map(|(number, came)| (*came, *number)).collect();
        told.sort_unstable();
        let is_replaced = |(_, number): &(u32, u32)| {
            let key = Key::Member(*number);
            let after = sight.seen(parent, content, key);
            after.is_some() && below.children.get(&key).copied() != after
        };
        let first = told.iter().position(is_replaced).unwrap_or(told.len());
        out.stay_at(parent);
        for (came, number) in &told[first..] {
            write::place(out, content, Key::Member(*number), *came, true, None);
        }
        for (_, number) in &told[first..] {
            let key = Key::Member(*number);
            let before = self.child(parent, key);
            let after = sight.seen(parent, content, key);
            let below = self.nodes.entry(parent).or_default().below();
            match after {
                Some(child) => {
                    below.lead(key, Some(child));
                    let came = below.number(*number);
                    write::place(out, content, key, came, false, Some(child));
                }
                None => {
                    below.children.remove(&key);
                    below.numbers.remove(number);
                }
            }
            if before != after {
                after.into_iter().for_each(|child| self.acquire(child, sight, open));
                before.into_iter().for_each(|child| self.let_go_hidden(child, sight.shadow));
            }
        }
    }
}
