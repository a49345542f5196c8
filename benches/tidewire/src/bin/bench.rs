//! Runs Tidewire and the floor through all cells and prints one JSON object a line.
//!
//! Fails if Tidewire writes more or fewer bytes than the floor, or if either of them allocates.

use tidewire_bench::{Floor, Tidewire};
use tidewire_bench_harness::{CASES, Contender, Workload, measure};

fn main() {
    let contenders = [
        Contender { name: "floor", build: |workload| Box::new(Floor::new(workload)) },
        Contender { name: "tidewire", build: |workload| Box::new(Tidewire::new(workload)) },
    ];
    for case in CASES {
        let rows = measure(&Workload::new(case), &contenders);
        let [floor, tidewire] = &rows[..] else { unreachable!("two contenders, two rows") };
        assert_eq!(floor.bytes, tidewire.bytes, "bytes of the floor and of Tidewire, {case:?}");
        for row in &rows {
            assert_eq!(row.allocs, 0.0, "allocations of {} in a steady tick, {case:?}", row.peer);
            println!("{row}");
        }
    }
}
