//! Runs Tidewire and the floor through all cells and prints one JSON object a line.
//!
//! Fails if Tidewire writes more or fewer bytes than the floor, or if a tick allocates that should
//! not.

use tidewire_bench::{
    Arrays, Churn, Edit, Floor, FloorJoin, FloorNames, Join, Names, Storm, Tidewire, Views,
    Watching,
};
use tidewire_bench_harness::{
    CASES, Case, Contender, Row, VIEW_CASES, VIEW_CHURN, ViewCase, Workload, measure,
};

fn main() {
    // `bench views`, `bench tick`: those rows alone.
    match std::env::args().nth(1).as_deref() {
        Some("views") => return views(),
        Some("tick") => return ticks(),
        _ => ticks(),
    }
    let names = [
        floor(|workload| Box::new(FloorNames::new(workload))),
        tidewire(|workload| Box::new(Names::new(workload))),
    ];
    print_steady(&measure(&of("names", 1_000, 100), &names));

    let join = [
        floor(|workload| Box::new(FloorJoin::new(workload))),
        tidewire(|workload| Box::new(Join::new(workload))),
    ];
    for entities in [1_000, 10_000] {
        print_steady(&measure(&of("join", entities, entities), &join));
    }
    let storm = [tidewire(|workload| Box::new(Storm::new(workload)))];
    print(&measure(&of("storm", 1_000, 100), &storm));

    let churn = [tidewire(|workload| Box::new(Churn::new(workload)))];
    for (entities, changed) in [(1_000, 10), (10_000, 100)] {
        print(&measure(&of("churn", entities, changed), &churn));
    }
    let splice = [tidewire(|workload| Box::new(Arrays::new(workload, Edit::Splice)))];
    print(&measure(&of("splice", 1_000, 10), &splice));
    let shift = [tidewire(|workload| Box::new(Arrays::new(workload, Edit::Shift)))];
    print(&measure(&of("shift", 1_000, 1), &shift));
    let sort = [tidewire(|workload| Box::new(Arrays::new(workload, Edit::Sort)))];
    print(&measure(&of("sort", 1_000, 1_000), &sort));

    views();
}

/// The main table.
fn ticks() {
    let ticks = [
        floor(|workload| Box::new(Floor::new(workload))),
        tidewire(|workload| Box::new(Tidewire::new(workload))),
    ];
    for case in CASES {
        print_steady(&measure(&Workload::new(case), &ticks));
    }
}

/// The rows of clients that see a part each. Every client's messages are read first, once.
fn views() {
    let steady = [tidewire(|workload| Box::new(Views::new(workload, Watching::Steady)))];
    for case in VIEW_CASES {
        let workload = case.workload("view");
        Views::check(&workload, Watching::Steady);
        print_still(&measure(&workload, &steady));
    }
    let join = [tidewire(|workload| Box::new(Views::new(workload, Watching::Join)))];
    let mut last = None;
    for ViewCase { case, views, visible } in VIEW_CASES {
        if last.replace((views, visible)) == Some((views, visible)) {
            continue;
        }
        let joining = ViewCase { case: Case { changed: visible, ..case }, views, visible };
        let workload = joining.workload("view join");
        Views::check(&workload, Watching::Join);
        print(&measure(&workload, &join));
    }
    let churn = [tidewire(|workload| Box::new(Views::new(workload, Watching::Churn)))];
    let workload = VIEW_CHURN.workload("view churn");
    Views::check(&workload, Watching::Churn);
    print(&measure(&workload, &churn));
}

type Build = fn(&Workload) -> Box<dyn tidewire_bench_harness::Peer>;

fn floor(build: Build) -> Contender {
    Contender { name: "floor", build }
}

fn tidewire(build: Build) -> Contender {
    Contender { name: "tidewire", build }
}

fn of(bench: &'static str, entities: usize, changed: usize) -> Workload {
    Workload::of(bench, Case { entities, changed })
}

/// Prints the rows of the floor and of Tidewire where neither may allocate.
fn print_steady(rows: &[Row]) {
    let [floor, tidewire] = rows else { unreachable!("two contenders, two rows") };
    let Row { bench, case, .. } = floor;
    assert_eq!(floor.bytes, tidewire.bytes, "bytes of the floor and of Tidewire, {bench} {case:?}");
    print_still(rows);
}

/// Prints rows of which none may allocate.
fn print_still(rows: &[Row]) {
    for Row { bench, case, peer, allocs, .. } in rows {
        assert_eq!(*allocs, 0.0, "allocations of {peer} in a steady tick, {bench} {case:?}");
    }
    print(rows);
}

fn print(rows: &[Row]) {
    for row in rows {
        println!("{row}");
    }
}
