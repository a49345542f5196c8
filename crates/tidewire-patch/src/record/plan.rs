//! How a list becomes another by replacing, removing and adding items one after another.

use std::collections::HashMap;

use tidewire_state::RefId;

/// One operation on a list, whose turn comes when all before it are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The item at an index becomes the one with this index in the new list.
    Replace(usize, usize),
    /// An item is taken out; those behind it move up.
    Remove(usize),
    /// The item with the second index in the new list is put in at the first.
    Add(usize, usize),
}

/// What is to be done to a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Steps(Vec<Step>),
    /// One new list says as much in fewer words.
    Rewrite,
}

impl Plan {
    /// `steps` on a list of this length, unless `is_more` says of how many items are replaced, are
    /// removed, and stay, that they say more than the new list does.
    fn of(steps: Vec<Step>, len: usize, is_more: fn(usize, usize, usize) -> bool) -> Self {
        let replaced = steps.iter().filter(|step| matches!(step, Step::Replace(..))).count();
        let removed = steps.iter().filter(|step| matches!(step, Step::Remove(_))).count();
        if steps.len() > 1 && is_more(replaced, removed, len - replaced - removed) {
            Self::Rewrite
        } else {
            Self::Steps(steps)
        }
    }
}

/// From one list of values to another, behind `from` values that stay. They have no identity: what the lists have in common in
/// front and at the end stays.
pub(super) fn values<T: PartialEq>(from: usize, before: &[T], after: &[T]) -> Plan {
    let shorter = before.len().min(after.len());
    let front = std::iter::zip(before, after).take_while(|(a, b)| a == b).count();
    let back = std::iter::zip(before.iter().rev(), after.iter().rev())
        .take(shorter - front)
        .take_while(|(a, b)| a == b)
        .count();
    let mut steps = Vec::new();
    gap(&mut steps, front..before.len() - back, front..after.len() - back);
    steps.retain(|step| !matches!(step, Step::Replace(at, to) if before[*at] == after[*to]));
    Plan::of(steps, from + before.len(), nothing_stays)
}

/// From one list of nodes to another. The most there can be that stand in the same order in both
/// stay; all others are taken out and put in.
pub(super) fn nodes(from: usize, before: &[RefId], after: &[RefId]) -> Plan {
    let places: HashMap<RefId, usize> = before.iter().copied().zip(0..).collect();
    let stays = longest_rising(after.iter().map(|node| places.get(node).copied()));
    // Between two that stay lies a gap. From the end, so that indexes in front stay right.
    let mut steps = Vec::new();
    let (mut before_end, mut after_end) = (before.len(), after.len());
    for (from, to) in stays.into_iter().rev() {
        gap(&mut steps, from + 1..before_end, to + 1..after_end);
        (before_end, after_end) = (from, to);
    }
    gap(&mut steps, 0..before_end, 0..after_end);
    Plan::of(steps, from + before.len(), nothing_stays)
}

/// From one list of nodes to another, for clients to whom an item belongs to its index: items are
/// replaced where they are, added and removed at the end only. An item that is replaced is sent
/// whole, so that where most are, one new list is no longer.
pub(super) fn nodes_in_place(from: usize, before: &[RefId], after: &[RefId]) -> Plan {
    let mut steps = Vec::new();
    gap(&mut steps, 0..before.len(), 0..after.len());
    steps.retain(|step| !matches!(step, Step::Replace(at, to) if before[*at] == after[*to]));
    Plan::of(steps, from + before.len(), |replaced, _, stay| replaced >= stay)
}

fn nothing_stays(_: usize, _: usize, stay: usize) -> bool {
    stay == 0
}

/// Replaces as many as there are in both, then removes or adds the rest.
fn gap(steps: &mut Vec<Step>, before: std::ops::Range<usize>, after: std::ops::Range<usize>) {
    let both = before.len().min(after.len());
    let (start, from) = (before.start, after.start);
    steps.extend((0..both).map(|at| Step::Replace(start + at, from + at)));
    steps.extend((start + both..before.end).rev().map(Step::Remove));
    steps.extend((both..after.len()).map(|at| Step::Add(start + at, from + at)));
}

/// A longest selection of places that rises from left to right, each with its index.
fn longest_rising(places: impl Iterator<Item = Option<usize>>) -> Vec<(usize, usize)> {
    // For each length the last link of the selection that long whose place is the lowest.
    let mut ends: Vec<usize> = Vec::new();
    let mut links: Vec<(usize, usize, Option<usize>)> = Vec::new();
    for (at, place) in places.enumerate() {
        let Some(place) = place else { continue };
        let length = ends.partition_point(|&link| links[link].0 < place);
        let link = links.len();
        links.push((place, at, length.checked_sub(1).map(|shorter| ends[shorter])));
        match ends.get_mut(length) {
            Some(end) => *end = link,
            None => ends.push(link),
        }
    }
    let mut chosen = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(link) = next {
        let (place, at, previous) = links[link];
        chosen.push((place, at));
        next = previous;
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn ids(numbers: &[u32]) -> Vec<RefId> {
        numbers.iter().copied().map(RefId).collect()
    }

    fn apply<T: Clone>(plan: &Plan, before: &[T], after: &[T]) -> Vec<T> {
        let Plan::Steps(steps) = plan else { return after.to_vec() };
        let mut list = before.to_vec();
        for step in steps {
            match *step {
                Step::Replace(at, to) => list[at] = after[to].clone(),
                Step::Remove(at) => drop(list.remove(at)),
                Step::Add(at, to) => list.insert(at, after[to].clone()),
            }
        }
        list
    }

    #[test]
    fn is_as_short_as_the_edit() {
        let check = |before: &[u32], after: &[u32], steps: &[Step]| {
            assert_eq!(nodes(0, &ids(before), &ids(after)), Plan::Steps(steps.to_vec()));
        };
        check(&[1, 2, 3], &[1, 2, 3], &[]);
        check(&[1, 2, 3], &[1, 3], &[Step::Remove(1)]);
        check(&[1, 2, 3], &[1, 9, 2, 3], &[Step::Add(1, 1)]);
        check(&[1, 2, 3], &[1, 9, 3], &[Step::Replace(1, 1)]);
        check(&[1, 2, 3, 4], &[2, 3, 4, 1], &[Step::Add(4, 3), Step::Remove(0)]);
        assert_eq!(nodes(0, &ids(&[1, 2]), &ids(&[3, 4])), Plan::Rewrite);
        assert_eq!(values(0, &[1, 2, 3], &[1, 3]), Plan::Steps(vec![Step::Remove(1)]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn makes_one_list_the_other(
            before in vec(0..20_u32, 0..20),
            after in vec(0..20_u32, 0..20),
        ) {
            prop_assert_eq!(apply(&values(0, &before, &after), &before, &after), after.clone());
            // A node stands in a list once.
            let unique = |list: Vec<u32>| {
                let mut seen = std::collections::HashSet::new();
                ids(&list.into_iter().filter(|item| seen.insert(*item)).collect::<Vec<_>>())
            };
            let (before, after) = (unique(before), unique(after));
            prop_assert_eq!(apply(&nodes(0, &before, &after), &before, &after), after.clone());
            prop_assert_eq!(apply(&nodes_in_place(0, &before, &after), &before, &after), after);
        }
    }
}
