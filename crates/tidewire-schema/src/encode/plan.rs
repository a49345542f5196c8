//! The plan of operations that turns one list of nodes into another.
//!
//! Every known decoder must end with the same list and the same counts of references, so the plan
//! uses only what all of them do alike (docs/WIRE.md, "Arrays of structs").

use tidewire_state::RefId;

use super::shift;

/// An operation on an array. Indexes count from where the lists begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArrayOp {
    /// Another node takes the slot of one that is dropped: DELETE_AND_ADD.
    Renew(usize, RefId),
    /// A node at the end: ADD.
    Add(usize, RefId),
    /// A node that is in the array comes to this slot: MOVE. All moves of a visit are one permutation.
    Move(usize, RefId),
    /// The slot at the end goes: DELETE.
    Delete(usize),
    /// The order turns round: REVERSE.
    Reverse,
    /// A new visit of the array: SWITCH_TO_STRUCTURE with the array's own refId.
    Switch,
}

impl ArrayOp {
    /// As an operation on a longer array, of which `count` items stand before these.
    fn behind(self, count: usize) -> Self {
        match self {
            Self::Renew(index, node) => Self::Renew(index + count, node),
            Self::Add(index, node) => Self::Add(index + count, node),
            Self::Move(index, node) => Self::Move(index + count, node),
            Self::Delete(index) => Self::Delete(index + count),
            Self::Reverse | Self::Switch => self,
        }
    }
}

/// Makes plans. Keeps its lists, so that it need not allocate.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// How often each node is still to be found, by refId.
    counts: Vec<u32>,
    /// What the client holds while the plan goes on.
    work: Vec<RefId>,
    /// What it shall hold, dropped nodes at the end.
    target: Vec<RefId>,
    dropped: Vec<usize>,
    new: Vec<usize>,
}

impl Plan {
    /// Emits what turns `before` into `after`. `whole` says that the lists are the whole array.
    pub(super) fn make(
        &mut self,
        before: &[RefId],
        after: &[RefId],
        whole: bool,
        mut emit: impl FnMut(ArrayOp),
    ) {
        if let Some(gone) = if whole { find_queue(before, after) } else { None } {
            return move_on(before, after, gone, emit);
        }
        // What stands at both ends as it did is not planned for. At the back only where as many go as
        // come: all of those take each other's places, and nothing happens at the end.
        let first = alike(std::iter::zip(before, after));
        let (before, after) = (&before[first..], &after[first..]);
        let last = match before.len() == after.len() {
            true => alike(std::iter::zip(before, after).rev()),
            false => 0,
        };
        let (before, after) = (&before[..before.len() - last], &after[..after.len() - last]);
        let mut emit = |op: ArrayOp| emit(op.behind(first));

        self.compare(before, after);
        // A queue has another at its front and, where it is as long as it was, at its end.
        if whole
            && first + last == 0
            && let Some(gone) = self.find_shift(before, after)
        {
            return move_on(before, after, gone, emit);
        }
        self.work.clear();
        self.work.extend_from_slice(before);
        self.renew_dropped(after, &mut emit);
        for &index in &self.new {
            emit(ArrayOp::Add(self.work.len(), after[index]));
            self.work.push(after[index]);
        }
        self.aim(after);
        let mut moved = false;
        for (index, (now, then)) in std::iter::zip(&self.work, &self.target).enumerate() {
            if now != then {
                emit(ArrayOp::Move(index, *then));
                moved = true;
            }
        }
        if moved && self.work.len() > after.len() {
            // Some decoders release the wrong node where one visit moves and deletes a slot.
            emit(ArrayOp::Switch);
        }
        for index in (after.len()..self.work.len()).rev() {
            emit(ArrayOp::Delete(index));
        }
    }

    /// Finds the slots of `before` that are dropped and the items of `after` that are new.
    fn compare(&mut self, before: &[RefId], after: &[RefId]) {
        let highest = before.iter().chain(after).map(|id| id.0).max().unwrap_or(0);
        if self.counts.len() <= highest as usize {
            self.counts.resize(highest as usize + 1, 0);
        }
        self.dropped.clear();
        unmatched(&mut self.counts, before, after, &mut self.dropped);
        self.new.clear();
        unmatched(&mut self.counts, after, before, &mut self.new);
    }

    /// New items take slots of dropped ones, at their own index where that is one.
    fn renew_dropped(&mut self, after: &[RefId], emit: &mut impl FnMut(ArrayOp)) {
        let Self { work, dropped, new, .. } = self;
        let mut renew = |slot: usize, index: usize| {
            work[slot] = after[index];
            emit(ArrayOp::Renew(slot, after[index]));
        };
        // Both lists ascend.
        let (mut d, mut n) = (0, 0);
        let (mut dropped_left, mut new_left) = (0, 0);
        while d < dropped.len() || n < new.len() {
            match (dropped.get(d).copied(), new.get(n).copied()) {
                (Some(slot), Some(index)) if slot == index => {
                    renew(slot, index);
                    (d, n) = (d + 1, n + 1);
                }
                (Some(slot), index) if index.is_none_or(|index| slot < index) => {
                    dropped[dropped_left] = slot;
                    (d, dropped_left) = (d + 1, dropped_left + 1);
                }
                _ => {
                    new[new_left] = new[n];
                    (n, new_left) = (n + 1, new_left + 1);
                }
            }
        }
        dropped.truncate(dropped_left);
        new.truncate(new_left);
        let pairs = dropped_left.min(new_left);
        for (slot, index) in std::iter::zip(&dropped[..pairs], &new[..pairs]) {
            renew(*slot, *index);
        }
        dropped.drain(..pairs);
        new.drain(..pairs);
    }

    /// Sets the target: `after`, and behind it the dropped nodes, where they are if they can stay.
    fn aim(&mut self, after: &[RefId]) {
        let Self { work, target, dropped, .. } = self;
        target.clear();
        target.extend_from_slice(after);
        target.resize(work.len(), RefId::ROOT);
        // A slot stays if it is at the end and dropped; other dropped nodes fill the rest.
        let mut wandering = dropped.iter().filter(|slot| **slot < after.len());
        for slot in after.len()..work.len() {
            let node = match dropped.binary_search(&slot) {
                Ok(_) => work[slot],
                Err(_) => wandering.next().map_or(RefId::ROOT, |slot| work[*slot]),
            };
            target[slot] = node;
        }
    }

    /// How many items went from the front, if that and new items at the end is all that happened
    /// and it is worth it.
    fn find_shift(&self, before: &[RefId], after: &[RefId]) -> Option<usize> {
        let shift = self.dropped.len();
        let kept = before.len() - shift;
        let shifted = is_worth_it(shift, kept)
            && self.dropped.iter().copied().eq(0..shift)
            && self.new.iter().copied().eq(kept..after.len())
            && before[shift..] == after[..kept];
        shifted.then_some(shift)
    }
}

/// Emits what drops the first `gone` items and adds those that came behind the last.
pub(super) fn move_on(
    before: &[RefId],
    after: &[RefId],
    gone: usize,
    mut emit: impl FnMut(ArrayOp),
) {
    let kept = before.len() - gone;
    shift::drop_front(before.len(), kept, kept < after.len(), &mut emit);
    for (index, node) in after.iter().enumerate().skip(kept) {
        emit(ArrayOp::Add(index, *node));
    }
}

/// How many pairs there are until two differ.
fn alike<'a>(mut pairs: impl Iterator<Item = (&'a RefId, &'a RefId)>) -> usize {
    let mut count = 0;
    while pairs.next().is_some_and(|(one, other)| one == other) {
        count += 1;
    }
    count
}

/// As [`Plan::find_shift`], for a few items that came and went: that the rest is the same list is found
/// out by comparing it as a whole.
fn find_queue(before: &[RefId], after: &[RefId]) -> Option<usize> {
    let first = after.first()?;
    let shift = before.iter().take(FEW).position(|id| id == first)?;
    let kept = before.len() - shift;
    let (gone, come) = (&before[..shift], after.get(kept..)?);
    let shifted = is_worth_it(shift, kept)
        && come.len() < FEW
        && before[shift..] == after[..kept]
        && !gone.iter().any(|id| after.contains(id))
        && !come.iter().any(|id| before.contains(id));
    shifted.then_some(shift)
}

/// Whether to turn an array round is less than to move what stays.
pub(super) fn is_worth_it(shift: usize, kept: usize) -> bool {
    shift > 0 && kept > 2 * shift + 4
}

const FEW: usize = 8;

/// Which places of `list` hold what `other` has not, or not as often. Leaves all counts at 0.
fn unmatched(counts: &mut [u32], list: &[RefId], other: &[RefId], out: &mut Vec<usize>) {
    for id in other {
        counts[id.0 as usize] += 1;
    }
    // One that is there several times stays where it stands if it can: some decoders skip a MOVE to
    // a slot that held the same node before.
    let stays = |index: usize, id: &RefId| other.get(index) == Some(id);
    for (_, id) in list.iter().enumerate().filter(|(index, id)| stays(*index, id)) {
        counts[id.0 as usize] -= 1;
    }
    for (index, id) in list.iter().enumerate().filter(|(index, id)| !stays(*index, id)) {
        let count = &mut counts[id.0 as usize];
        if *count == 0 {
            out.push(index);
        } else {
            *count -= 1;
        }
    }
    for id in other {
        counts[id.0 as usize] = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a decoder holds after the plan, and how many operations it took.
    fn apply(before: &[RefId], after: &[RefId]) -> (Vec<RefId>, usize) {
        let mut list = before.to_vec();
        let mut operations = 0;
        Plan::default().make(before, after, true, |op| {
            operations += 1;
            match op {
                ArrayOp::Renew(index, node) => {
                    assert!(!list.contains(&node), "a new node");
                    list[index] = node;
                }
                ArrayOp::Move(index, node) => list[index] = node,
                ArrayOp::Add(index, node) => {
                    assert_eq!(index, list.len(), "an addition is at the end");
                    list.push(node);
                }
                ArrayOp::Delete(index) => {
                    assert_eq!(index, list.len() - 1, "a removal is at the end");
                    list.pop();
                }
                ArrayOp::Reverse => list.reverse(),
                ArrayOp::Switch => {}
            }
        });
        (list, operations)
    }

    fn ids(list: &[u32]) -> Vec<RefId> {
        list.iter().copied().map(RefId).collect()
    }

    proptest! {
        #[test]
        fn any_list_becomes_any_other(
            before in Just((1..40u32).collect::<Vec<_>>()).prop_shuffle(),
            after in Just((1..40u32).collect::<Vec<_>>()).prop_shuffle(),
            lengths in (0..40usize, 0..40usize),
        ) {
            let before = ids(&before[..lengths.0.min(before.len())]);
            let after = ids(&after[..lengths.1.min(after.len())]);
            prop_assert_eq!(apply(&before, &after).0, after);
        }
    }

    #[test]
    fn a_shift_does_not_cost_more_in_a_longer_array() {
        let long = ids(&(1..1000).collect::<Vec<_>>());
        assert_eq!(apply(&long, &long[1..]), (long[1..].to_vec(), 5));
        let mut pushed = long[1..].to_vec();
        pushed.push(RefId(1000));
        assert_eq!(apply(&long, &pushed), (pushed.clone(), 7));
    }

    #[test]
    fn a_new_item_takes_the_slot_of_a_removed_one() {
        let (list, operations) = apply(&ids(&[1, 2, 3]), &ids(&[1, 9, 3]));
        assert_eq!((list, operations), (ids(&[1, 9, 3]), 1));
    }
}
