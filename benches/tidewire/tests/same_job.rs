//! The floor and Tidewire do the same job: each one's client reads the other one's patches.

use tidewire_bench::{
    Arrays, Churn, Edit, Floor, FloorJoin, FloorNames, Join, Names, Storm, Tidewire, Views,
    Watching,
};
use tidewire_bench_harness::{CASES, Case, Peer, ViewCase, Workload};

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

#[test]
fn names_and_snapshots_can_be_exchanged() {
    let workload = Workload::of("names", Case { entities: 300, changed: 30 });
    exchange(&workload, &mut FloorNames::new(&workload), &mut Names::new(&workload));
    let workload = Workload::of("join", Case { entities: 300, changed: 300 });
    exchange(&workload, &mut FloorJoin::new(&workload), &mut Join::new(&workload));
}

/// Each one's client reads the other one's patches, for two passes.
fn exchange(workload: &Workload, one: &mut dyn Peer, other: &mut dyn Peer) {
    let mut ticks = workload.ticks();
    for _ in 0..2 * workload.ticks_per_pass() {
        let tick = ticks.advance();
        one.mutate(&tick);
        other.mutate(&tick);
        assert_eq!(one.encode(), other.encode());
        one.apply(other.patch().expect("patches are bytes"));
        other.apply(one.patch().expect("patches are bytes"));
    }
    let [server, client] = one.copies();
    assert_eq!(server, client);
    assert_eq!([server, client], other.copies());
}

#[test]
fn clients_hold_what_the_server_holds_when_entities_come_go_and_move() {
    type Build = fn(&Workload) -> Box<dyn Peer>;
    let cases: [(&str, usize, Build); 5] = [
        ("churn", 3, |workload| Box::new(Churn::new(workload))),
        ("storm", 30, |workload| Box::new(Storm::new(workload))),
        ("splice", 10, |workload| Box::new(Arrays::new(workload, Edit::Splice))),
        ("shift", 1, |workload| Box::new(Arrays::new(workload, Edit::Shift))),
        ("sort", 300, |workload| Box::new(Arrays::new(workload, Edit::Sort))),
    ];
    for (bench, changed, build) in cases {
        let workload = Workload::of(bench, Case { entities: 300, changed });
        let (mut peer, mut ticks) = (build(&workload), workload.ticks());
        let [before, _] = peer.copies();
        for _ in 0..2 * workload.ticks_per_pass() + 1 {
            peer.mutate(&ticks.advance());
            assert_ne!(peer.encode(), 0, "{bench}: something happens in every tick");
            let patch = peer.patch().expect("patches are bytes").to_vec();
            let [server, client] = peer.hashes().expect("the state has a hash");
            assert_ne!(server, client, "{bench}: the client has not read the patch");
            peer.apply(&patch);
            let [server, client] = peer.hashes().expect("the state has a hash");
            assert_eq!(server, client, "{bench}");
        }
        let [server, client] = peer.copies();
        assert_eq!(server, client, "{bench}");
        assert_eq!(server.len(), 300, "{bench}");
        assert_ne!(server, before, "{bench}");
    }
}

#[test]
fn every_client_holds_what_its_view_may_see_and_nothing_else() {
    for (watching, changed) in [(Watching::Steady, 40), (Watching::Join, 20), (Watching::Churn, 6)]
    {
        let case = ViewCase { case: Case { entities: 100, changed }, views: 7, visible: 20 };
        let workload = case.workload("view");
        Views::check(&workload, watching);
        let mut peer = Views::new(&workload, watching);
        peer.mutate(&workload.ticks().advance());
        assert_ne!(peer.encode(), 0, "{watching:?}");
        let message = peer.patch().expect("patches are bytes").to_vec();
        peer.apply(&message);
        let [server, client] = peer.copies();
        assert_eq!(server, client, "{watching:?}");
        assert_eq!(server.len(), case.visible, "{watching:?}");
    }
}
