//! The floor and Tidewire do the same job: each one's client reads the other one's patches.

use tidewire_bench::{Floor, Tidewire};
use tidewire_bench_harness::{CASES, Peer, Workload};

#[test]
fn patches_can_be_exchanged() {
    // 1,000 entities have refIds of one, two and three bytes.
    for case in CASES.into_iter().filter(|case| case.entities <= 1_000) {
        let workload = Workload::new(case);
        let mut floor = Floor::new(&workload);
        let mut tidewire = Tidewire::new(&workload);
        let mut ticks = workload.ticks();
        for _ in 0..workload.ticks_per_pass() + 1 {
            let tick = ticks.advance();
            floor.mutate(&tick);
            tidewire.mutate(&tick);
            assert_eq!(floor.encode(), tidewire.encode(), "{case:?}");
            floor.apply(tidewire.patch().expect("patches are bytes"));
            tidewire.apply(floor.patch().expect("patches are bytes"));
        }
        let [server, client] = floor.copies();
        assert_eq!(server, client);
        assert_eq!([server, client], tidewire.copies());
    }
}
