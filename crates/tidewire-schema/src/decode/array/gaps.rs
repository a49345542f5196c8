//! Indexes that nothing stands at.
//!
//! A sender may put an item beyond the end, where other items were in the same tick: the indexes
//! between are empty until the structure ends, and then close. They take no room: a gap is noted by
//! the item that it lies before.

use super::super::nodes::ArrayNode;

/// Empty indexes.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct Gap {
    /// The item, by its place among those that are there, that they lie before.
    before: usize,
    /// How many they are.
    len: usize,
}

/// What an index of the sender leads to.
pub(super) enum Located {
    /// An item that is there.
    Item(usize),
    /// Nothing: what is put there becomes this item.
    Nothing(usize),
    /// More gaps than an array should have.
    Scattered,
}

impl ArrayNode {
    /// Where an index leads to, in an array of `len` items. With `open` a place is made there.
    pub(super) fn locate(&mut self, index: usize, len: usize, open: bool) -> Located {
        let mut skipped = 0;
        for at in 0..self.gaps.len() {
            let Gap { before, len } = self.gaps[at];
            if index < before + skipped {
                return Located::Item(index - skipped);
            }
            if index < before + skipped + len {
                if open {
                    self.split(at, index - before - skipped);
                }
                return Located::Nothing(before);
            }
            skipped += len;
        }
        match index - skipped {
            item if item < len => Located::Item(item),
            item => {
                if open && item > len {
                    if self.gaps.len() >= MAX_GAPS {
                        return Located::Scattered;
                    }
                    self.gaps.push(Gap { before: len, len: item - len });
                }
                Located::Nothing(len)
            }
        }
    }

    /// The sender's index for an item, or for what comes behind the last.
    pub(super) fn index_on_wire(&self, item: usize) -> usize {
        let before = self.gaps.iter().filter(|gap| gap.before <= item);
        item + before.map(|gap| gap.len).sum::<usize>()
    }

    /// Makes an index beyond the end one of those that are empty.
    pub(super) fn reach(&mut self, index: usize, len: usize) {
        let end = self.index_on_wire(len);
        if index >= end && self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap { before: len, len: index + 1 - end });
        }
    }

    /// Makes room for an item in a gap, behind the first `offset` of its indexes.
    fn split(&mut self, at: usize, offset: usize) {
        let Gap { before, len } = self.gaps[at];
        self.gaps[at].len = offset;
        for gap in &mut self.gaps[at + 1..] {
            gap.before += 1;
        }
        self.gaps.insert(at + 1, Gap { before: before + 1, len: len - offset - 1 });
        self.gaps.retain(|gap| gap.len > 0);
    }

    /// Notes that an item was put in before the one at `at`, and moved it on.
    pub(super) fn gaps_move_on(&mut self, at: usize) {
        for gap in self.gaps.iter_mut().filter(|gap| gap.before > at) {
            gap.before += 1;
        }
    }

    /// Notes that the item at `at` was taken out, and those behind it moved up.
    pub(super) fn gaps_move_up(&mut self, at: usize) {
        for gap in self.gaps.iter_mut().filter(|gap| gap.before > at) {
            gap.before -= 1;
        }
    }

    /// Notes that the order was turned round.
    pub(super) fn gaps_reverse(&mut self, len: usize) {
        self.gaps.reverse();
        for gap in &mut self.gaps {
            gap.before = len - gap.before;
        }
    }
}

/// Each operation looks through the gaps.
const MAX_GAPS: usize = 256;
