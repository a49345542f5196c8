//! The hot paths, to be run under callgrind, which counts the instructions within the functions of
//! [`hot`]. Prints how many rounds of the path those have made.
//!
//! `cargo xtask instructions` runs it and holds the counts against the committed ones.

use std::process::ExitCode;

use tidewire_bench::{Join, Tidewire, Views, Watching};
use tidewire_bench_harness::{Case, Peer as _, ViewCase, Workload};

const CASE: Case = Case { entities: 1_000, changed: 100 };

const VIEWS: ViewCase = ViewCase { case: CASE, views: 100, visible: 60 };

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap_or_default();
    let workload = Workload::new(CASE);
    let rounds = match &*path {
        "tick" => {
            let mut peer = Tidewire::new(&workload);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::tick(&mut peer, &mut ticks, workload.ticks_per_pass())
        }
        "apply" => {
            let mut peer = Tidewire::new(&workload);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            let patches: Vec<Vec<u8>> = (0..workload.ticks_per_pass())
                .map(|_| {
                    peer.mutate(&ticks.advance());
                    peer.encode();
                    peer.patch().unwrap_or_default().to_vec()
                })
                .collect();
            hot::apply(&mut peer, &patches)
        }
        "views" => {
            let workload = VIEWS.workload("view");
            let mut peer = Views::new(&workload, Watching::Steady);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::views(&mut peer, &mut ticks, workload.ticks_per_pass())
        }
        "snapshot" => {
            let mut peer = Join::new(&workload);
            hot::snapshot(&mut peer)
        }
        _ => {
            eprintln!(
                "error: no path is called {path:?}: there are tick, views, snapshot and apply"
            );
            return ExitCode::FAILURE;
        }
    };
    println!("{rounds}");
    ExitCode::SUCCESS
}

/// What is counted: these functions and all that they call. None of them may be inlined.
mod hot {
    use std::hint::black_box;

    use tidewire_bench::{Join, Tidewire, Views};
    use tidewire_bench_harness::{Peer, Ticks};

    /// Brings every buffer to its size. Not counted.
    pub(crate) fn warm_up(peer: &mut dyn Peer, ticks: &mut Ticks<'_>) {
        for _ in 0..40 {
            peer.mutate(&ticks.advance());
            peer.encode();
            let patch = peer.patch().unwrap_or_default().to_vec();
            peer.apply(&patch);
        }
    }

    /// Changes 100 of 1,000 entities and encodes that.
    #[inline(never)]
    pub(crate) fn tick(peer: &mut Tidewire, ticks: &mut Ticks<'_>, rounds: usize) -> usize {
        for _ in 0..rounds {
            peer.mutate(&ticks.advance());
            black_box(peer.encode());
        }
        rounds
    }

    /// Changes 100 of 1,000 entities and encodes that for 100 clients that see 60 each.
    #[inline(never)]
    pub(crate) fn views(peer: &mut Views, ticks: &mut Ticks<'_>, rounds: usize) -> usize {
        for _ in 0..rounds {
            peer.mutate(&ticks.advance());
            black_box(peer.encode());
        }
        rounds
    }

    /// A snapshot of 1,000 entities.
    #[inline(never)]
    pub(crate) fn snapshot(peer: &mut Join) -> usize {
        black_box(peer.encode());
        1
    }

    /// Reads the changes of 100 of 1,000 entities.
    #[inline(never)]
    pub(crate) fn apply(peer: &mut Tidewire, patches: &[Vec<u8>]) -> usize {
        for patch in patches {
            peer.apply(black_box(patch));
        }
        patches.len()
    }
}
