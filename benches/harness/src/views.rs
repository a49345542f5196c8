//! Who sees what, where each client sees some of the entities.

use crate::{Case, Workload, workload::Random};

/// The cells of the tables of views.
pub const VIEW_CASES: [ViewCase; 7] = [
    ViewCase::of_a_thousand(100, 10),
    ViewCase::of_a_thousand(300, 10),
    ViewCase::of_a_thousand(100, 100),
    ViewCase::of_a_thousand(300, 100),
    ViewCase::of_a_thousand(100, 300),
    ViewCase::of_a_thousand(300, 300),
    ViewCase { case: Case { entities: 100, changed: 100 }, views: 100, visible: 100 },
];

/// The cell in which views change: each of them loses as many entities in a tick as the cell says, and
/// gains as many others.
pub const VIEW_CHURN: ViewCase =
    ViewCase { case: Case { entities: 1_000, changed: 6 }, views: 100, visible: 60 };

/// How many clients there are, and how many entities each of them sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewCase {
    /// Entities, and how many of them change each tick.
    pub case: Case,
    /// Clients, each with a view of its own.
    pub views: usize,
    /// Entities in each view, `case.entities` at most.
    pub visible: usize,
}

impl ViewCase {
    const fn of_a_thousand(changed: usize, views: usize) -> Self {
        Self { case: Case { entities: 1_000, changed }, views, visible: 60 }
    }

    /// What its rows are called: `view 300x60` where all clients have joined, and `view join 300x60`
    /// where they do so in one tick, by `prefix`.
    pub fn bench(&self, prefix: &str) -> String {
        format!("{prefix} {}x{}", self.views, self.visible)
    }

    /// Its workload: in rows of joins, `changed` is how many entities each client sees.
    pub fn workload(&self, prefix: &str) -> Workload {
        Workload::of(self.bench(prefix), self.case)
    }

    /// The cell that a workload was made for, by its name.
    ///
    /// # Panics
    ///
    /// If it has no views.
    pub fn of(workload: &Workload) -> Self {
        let numbers = workload.bench().rsplit(' ').next().and_then(|last| last.split_once('x'));
        let number = |text: &str| text.parse().expect("the name ends with two numbers");
        let (views, visible) = numbers.expect("the name ends with `VIEWSxENTITIES`");
        Self { case: workload.case(), views: number(views), visible: number(visible) }
    }

    /// The numbers of the entities that each client sees: the beginnings of shuffles that go on where
    /// the last one stopped. `benches/node/workload.mjs` deals out the very same ones.
    pub fn holdings(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.case.entities).collect();
        let mut random = Random::default();
        let mut deal = || {
            for nth in 0..self.visible {
                order.swap(nth, nth + random.below(self.case.entities - nth));
            }
            order[..self.visible].to_vec()
        };
        (0..self.views).map(|_| deal()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_client_sees_as_many_entities_as_the_cell_says() {
        for case in VIEW_CASES {
            let holdings = case.holdings();
            assert_eq!(holdings.len(), case.views);
            for held in &holdings {
                let distinct: BTreeSet<usize> = held.iter().copied().collect();
                assert_eq!(distinct.len(), case.visible);
                assert!(held.iter().all(|index| *index < case.case.entities));
            }
            assert!(case.visible == case.case.entities || holdings[0] != holdings[1]);
        }
    }

    #[test]
    fn a_workload_knows_its_cell() {
        for case in VIEW_CASES {
            assert_eq!(ViewCase::of(&case.workload("view join")), case);
        }
    }

    #[test]
    fn the_entities_are_those_that_the_node_bench_deals_out() {
        let holdings = VIEW_CASES[4].holdings();
        assert_eq!(holdings[0][..6], [715, 773, 364, 446, 573, 257]);
        assert_eq!(holdings[299][54..], [917, 480, 446, 669, 166, 969]);
    }
}
