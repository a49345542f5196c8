//! What views are to have of streams when its turn comes.
//!
//! Entries are known by their serial numbers, as they may have no node yet. What is gone from a stream is found
//! to be so when the stream is walked next; what is asked for is forgotten with the stream and with the
//! view.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{ViewId, Views};
use crate::{types::Tag, visitor::RefId};

/// Who waits for what, by stream.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    streams: HashMap<RefId, Vec<Queue>, RandomState>,
    next_order: u64,
}

/// What one view waits for in one stream.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) view: ViewId,
    /// By the serial number of the entry.
    pub(crate) wishes: HashMap<u64, Wish, RandomState>,
    /// The walk at which entries of it last had their turns.
    pub(crate) turn: u64,
}

/// What an entry is to be in a view for.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Since when it waits.
    pub(crate) order: u64,
    pub(crate) tags: Vec<Tag>,
}

impl Waiting {
    fn wait(&mut self, view: ViewId, stream: RefId, serial: u64, tag: Tag) {
        let queues = self.streams.entry(stream).or_default();
        let known = queues.iter().position(|queue| queue.view == view);
        let at = known.unwrap_or_else(|| {
            queues.push(Queue { view, wishes: HashMap::default(), turn: u64::MAX });
            queues.len() - 1
        });
        let order = self.next_order;
        let wish =
            queues[at].wishes.entry(serial).or_insert_with(|| Wish { order, tags: Vec::new() });
        self.next_order += 1;
        if !wish.tags.contains(&tag) {
            wish.tags.push(tag);
        }
    }

    /// A view waits for an entry no longer, or not with these bits.
    fn wait_no_longer(&mut self, view: ViewId, stream: RefId, serial: u64, tag: Tag) {
        let Some(queues) = self.streams.get_mut(&stream) else { return };
        for queue in queues.iter_mut().filter(|queue| queue.view == view) {
            let Some(wish) = queue.wishes.get_mut(&serial) else { continue };
            wish.tags.retain_mut(|waits| {
                if tag == Tag::DEFAULT {
                    return false;
                }
                if *waits != Tag::DEFAULT {
                    *waits = Tag(waits.0 & !tag.bits());
                }
                *waits != Tag(0)
            });
            if wish.tags.is_empty() {
                queue.wishes.remove(&serial);
            }
        }
    }

    /// A view has nothing any more.
    pub(super) fn clear(&mut self, view: ViewId) {
        for queues in self.streams.values_mut() {
            queues.retain(|queue| queue.view != view);
        }
        self.streams.retain(|_, queues| !queues.is_empty());
    }

    /// A node is in the state no more.
    pub(super) fn forget(&mut self, node: RefId) {
        if !self.streams.is_empty() {
            self.streams.remove(&node);
        }
    }
}

impl Views {
    /// A view is to have an entry of a stream when its turn comes.
    pub(crate) fn wait(&mut self, view: ViewId, stream: RefId, serial: u64, tag: Tag) {
        self.waiting.wait(view, stream, serial, tag);
    }

    pub(crate) fn wait_for_all(&mut self, view: ViewId, entries: &[(RefId, u64)], tag: Tag) {
        for (stream, serial) in entries {
            self.wait(view, *stream, *serial, tag);
        }
    }

    pub(crate) fn wait_no_longer(&mut self, view: ViewId, entries: &[(RefId, u64)], tag: Tag) {
        for (stream, serial) in entries {
            self.waiting.wait_no_longer(view, *stream, *serial, tag);
        }
    }

    /// Whether a view waits for something of a stream.
    #[inline]
    pub(crate) fn is_waited_for(&self, stream: RefId) -> bool {
        !self.waiting.streams.is_empty() && self.waiting.streams.contains_key(&stream)
    }

    /// How many entries of streams a view waits for.
    pub fn waiting(&self, view: ViewId) -> usize {
        let queues = self.waiting.streams.values().flatten();
        queues.filter(|queue| queue.view == view).map(|queue| queue.wishes.len()).sum()
    }

    /// Lends what views wait for in a stream.
    pub(crate) fn take_queues(&mut self, stream: RefId) -> Option<Vec<Queue>> {
        self.waiting.streams.remove(&stream)
    }

    /// Gives back what is left of it.
    pub(crate) fn put_queues_back(&mut self, stream: RefId, mut queues: Vec<Queue>) {
        queues.retain(|queue| !queue.wishes.is_empty());
        if !queues.is_empty() {
            self.waiting.streams.insert(stream, queues);
        }
    }

    /// A stream goes on under another number.
    pub(crate) fn rename_waited_for(&mut self, from: RefId, to: RefId) {
        if let Some(queues) = self.take_queues(from) {
            self.waiting.streams.insert(to, queues);
        }
    }
}
