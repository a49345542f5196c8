//! How a list becomes another by removing, adding, replacing and moving items one after another.
//!
//! Items that stand in both lists in the same order stay untouched, the most there can be of them.

use std::collections::HashMap;

use tidewire_state::{RefId, ValueEdit};

use super::value::same;

/// One operation on a list. Indexes count in the list as it is when the operation's turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<T> {
    Replace(usize, T),
    Remove(usize),
    Add(usize, T),
    Move { from: usize, to: usize },
}

/// Whether `steps` leave nothing where it was of a list of `before` items, so that one new list
/// says as much in fewer words.
pub(super) fn rewrites<T>(steps: &[Step<T>], before: usize) -> bool {
    let gone = steps.iter().filter(|step| matches!(step, Step::Replace(..) | Step::Remove(_)));
    steps.len() > 1 && gone.count() == before
}

/// The steps from one list of values to another; the values are indexes in `edit.after`.
///
/// Values have no identity: what the lists have in common in front and at the end stays.
pub(super) fn values(edit: &ValueEdit<'_>) -> Vec<Step<usize>> {
    let (before, after) = (edit.before, edit.after);
    let shorter = before.len().min(after.len());
    let front = (0..shorter).take_while(|&at| same(before.value(at), after.value(at))).count();
    let back = (1..=shorter - front)
        .take_while(|&at| same(before.value(before.len() - at), after.value(after.len() - at)))
        .count();
    let (before_end, after_end) = (before.len() - back, after.len() - back);
    let both = before_end.min(after_end);

    let differing = (front..both).filter(|&at| !same(before.value(at), after.value(at)));
    let replaced = differing.map(|at| Step::Replace(edit.from + at, at));
    let removed = (both..before_end).rev().map(|at| Step::Remove(edit.from + at));
    let added = (both..after_end).map(|at| Step::Add(edit.from + at, at));
    replaced.chain(removed).chain(added).collect()
}

/// The steps from one list of nodes to another, both starting at index `from`. A node stands in a
/// list once.
pub(super) fn nodes(from: usize, before: &[RefId], after: &[RefId]) -> Vec<Step<RefId>> {
    let mut plan = Plan::new(before, after);
    plan.replace(from, before, after);
    plan.remove(from, before);
    plan.place(from, after);
    plan.steps
}

struct Plan {
    /// For each index in `after`, where its item stands in `before`.
    sources: Vec<Option<usize>>,
    /// For each index in `before`, whether its item is still needed.
    kept: Vec<bool>,
    steps: Vec<Step<RefId>>,
}

impl Plan {
    fn new(before: &[RefId], after: &[RefId]) -> Self {
        let places: HashMap<RefId, usize> = before.iter().copied().zip(0..).collect();
        let sources: Vec<_> = after.iter().map(|node| places.get(node).copied()).collect();
        let mut kept = vec![false; before.len()];
        for place in sources.iter().flatten() {
            kept[*place] = true;
        }
        Self { sources, kept, steps: Vec::new() }
    }

    /// A new item that follows what an item to go followed takes its place.
    fn replace(&mut self, from: usize, before: &[RefId], after: &[RefId]) {
        let mut place = Some(0);
        for (source, node) in self.sources.iter_mut().zip(after) {
            if source.is_none()
                && place.is_some_and(|place| place < before.len() && !self.kept[place])
            {
                *source = place;
                let at = place.unwrap_or_default();
                self.kept[at] = true;
                self.steps.push(Step::Replace(from + at, *node));
            }
            place = source.map(|source| source + 1);
        }
    }

    fn remove(&mut self, from: usize, before: &[RefId]) {
        let gone = (0..before.len()).rev().filter(|&at| !self.kept[at]);
        self.steps.extend(gone.map(|at| Step::Remove(from + at)));
    }

    /// Goes through the new list and puts each item that does not stay behind its predecessor.
    ///
    /// The list under work is at any time: between one staying item and the next, first what was
    /// put there in its final order, then the items yet to be moved.
    fn place(&mut self, from: usize, after: &[RefId]) {
        let stays = longest_rising(&self.sources);
        let staying: Vec<usize> = std::iter::zip(&self.sources, &stays)
            .filter_map(|(source, stays)| source.filter(|_| *stays))
            .collect();
        // How many staying items stand before an index of `before`, and the movers yet to go.
        let anchors: Vec<usize> = (0..self.kept.len())
            .map(|place| staying.partition_point(|staying| *staying < place))
            .collect();
        let mut movers = Counts::new(self.kept.len());
        for (source, stays) in std::iter::zip(&self.sources, &stays) {
            if let Some(source) = source.filter(|_| !stays) {
                movers.add(source, 1);
            }
        }
        // Where each staying item stands in the new list.
        let finals: Vec<usize> =
            (0..after.len()).filter(|&at| stays[at]).chain([after.len()]).collect();
        let mut passed: usize = 0;
        for (at, node) in after.iter().enumerate() {
            if stays[at] {
                passed += 1;
                continue;
            }
            // Movers in front of the last staying item that was passed.
            let bound = passed.checked_sub(1).map_or(0, |last| staying[last]);
            let to = at + movers.before(bound);
            match self.sources[at] {
                None => self.steps.push(Step::Add(from + to, *node)),
                Some(source) => {
                    let gap = anchors[source];
                    let settled = if gap < passed { finals[gap] } else { at + gap - passed };
                    let current = settled + movers.before(source);
                    movers.add(source, -1);
                    // Taking it out from in front moves the target up by one.
                    let to = if current < to { to - 1 } else { to };
                    if current != to {
                        self.steps.push(Step::Move { from: from + current, to: from + to });
                    }
                }
            }
        }
    }
}

/// Marks a longest selection of places that rises from left to right.
fn longest_rising(places: &[Option<usize>]) -> Vec<bool> {
    // For each length the index whose place is the lowest end of a selection that long.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; places.len()];
    for (at, place) in places.iter().enumerate() {
        let Some(place) = place else { continue };
        let length = ends.partition_point(|&end| places[end] < Some(*place));
        previous[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut chosen = vec![false; places.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        chosen[at] = true;
        next = previous[at];
    }
    chosen
}

/// Numbers by index whose sums from the front are found in logarithmic time (a Fenwick tree).
struct Counts(Vec<usize>);

impl Counts {
    fn new(len: usize) -> Self {
        Self(vec![0; len + 1])
    }

    fn add(&mut self, index: usize, amount: isize) {
        let mut at = index + 1;
        while let Some(count) = self.0.get_mut(at) {
            *count = count.wrapping_add_signed(amount);
            at += at & at.wrapping_neg();
        }
    }

    /// The sum of what is in front of `index`.
    fn before(&self, index: usize) -> usize {
        let mut at = index;
        let mut sum = 0;
        while at > 0 {
            sum += self.0[at];
            at -= at & at.wrapping_neg();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::subsequence};

    use super::*;

    fn ids(numbers: &[u32]) -> Vec<RefId> {
        numbers.iter().copied().map(RefId).collect()
    }

    fn apply(steps: &[Step<RefId>], list: &mut Vec<RefId>) {
        for step in steps {
            match *step {
                Step::Replace(at, node) => list[at] = node,
                Step::Remove(at) => drop(list.remove(at)),
                Step::Add(at, node) => list.insert(at, node),
                Step::Move { from, to } => {
                    let node = list.remove(from);
                    list.insert(to, node);
                }
            }
        }
    }

    fn check(before: &[u32], after: &[u32], expected: &[Step<u32>]) {
        let steps = nodes(0, &ids(before), &ids(after));
        let plain: Vec<Step<u32>> = steps
            .iter()
            .map(|step| match *step {
                Step::Replace(at, node) => Step::Replace(at, node.0),
                Step::Remove(at) => Step::Remove(at),
                Step::Add(at, node) => Step::Add(at, node.0),
                Step::Move { from, to } => Step::Move { from, to },
            })
            .collect();
        assert_eq!(plain, expected, "{before:?} to {after:?}");
    }

    #[test]
    fn is_as_short_as_the_edit() {
        check(&[1, 2, 3], &[1, 2, 3], &[]);
        check(&[1, 2, 3], &[1, 3], &[Step::Remove(1)]);
        check(&[1, 2, 3], &[1, 9, 2, 3], &[Step::Add(1, 9)]);
        check(&[1, 2, 3], &[1, 9, 3], &[Step::Replace(1, 9)]);
        check(&[1, 2, 3], &[9, 8, 3], &[Step::Replace(0, 9), Step::Replace(1, 8)]);
        check(&[1, 2, 3, 4], &[2, 3, 4, 1], &[Step::Move { from: 0, to: 3 }]);
        check(&[1, 2, 3, 4], &[4, 1, 2, 3], &[Step::Move { from: 3, to: 0 }]);
        check(&[1, 2, 3], &[3, 9], &[Step::Remove(1), Step::Remove(0), Step::Add(1, 9)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn makes_one_list_the_other(
            kept in subsequence((0..20_u32).collect::<Vec<_>>(), 0..20).prop_shuffle(),
            new in vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let before = ids(&(0..20).collect::<Vec<_>>());
            let mut after = ids(&kept);
            for (node, at) in (100..).zip(new) {
                after.insert(at.index(after.len() + 1), RefId(node));
            }
            let steps = nodes(0, &before, &after);
            let mut list = before;
            apply(&steps, &mut list);
            prop_assert_eq!(&list, &after);
            let sources: Vec<_> = kept.iter().map(|at| Some(*at as usize)).collect();
            let staying = longest_rising(&sources).iter().filter(|stays| **stays).count();
            let fewest = (20 - kept.len()) + (after.len() - kept.len()) + (kept.len() - staying);
            prop_assert!(steps.len() <= fewest);
        }
    }
}
