//! The hot paths, to be run under callgrind, which counts the instructions within the functions of
//! [`hot`]. Prints how many rounds of the path those have made.
//!
//! `cargo xtask instructions` runs it and holds the counts against the committed ones.

use std::process::ExitCode;

use tidewire_bench::{Arrays, Edit, Join, Names, Tidewire, Views, Watching};
use tidewire_bench_harness::{Case, Peer as _, VIEW_CHURN, ViewCase, Workload};

const CASE: Case = Case { entities: 1_000, changed: 100 };

const ONE: Case = Case { entities: 100, changed: 1 };

const SHIFT: Case = Case { entities: 1_000, changed: 1 };

const VIEWS: ViewCase = ViewCase { case: CASE, views: 100, visible: 60 };

const FEW: ViewCase = ViewCase { views: 10, ..VIEWS };

const ARRIVE: ViewCase =
    ViewCase { case: Case { entities: 100, changed: 100 }, views: 100, visible: 100 };

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
        "one" => {
            let workload = Workload::new(ONE);
            let mut peer = Tidewire::new(&workload);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::one(&mut peer, &mut ticks, workload.ticks_per_pass())
        }
        "names" => {
            let mut peer = Names::new(&workload);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::names(&mut peer, &mut ticks, workload.ticks_per_pass())
        }
        "shift" => {
            let workload = Workload::new(SHIFT);
            let mut peer = Arrays::new(&workload, Edit::Shift);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::shift(&mut peer, &mut ticks, workload.ticks_per_pass())
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
        "few" => {
            let workload = FEW.workload("view");
            let mut peer = Views::new(&workload, Watching::Steady);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::few(&mut peer, &mut ticks, workload.ticks_per_pass())
        }
        "turn" => {
            let workload = VIEW_CHURN.workload("view churn");
            let mut peer = Views::new(&workload, Watching::Churn);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::turn(&mut peer, &mut ticks, workload.ticks_per_pass())
        }
        "arrive" => {
            let workload = ARRIVE.workload("view join");
            let mut peer = Views::new(&workload, Watching::Join);
            let mut ticks = workload.ticks();
            hot::warm_up(&mut peer, &mut ticks);
            hot::arrive(&mut peer, &mut ticks, 4)
        }
        "snapshot" => {
            let mut peer = Join::new(&workload);
            hot::snapshot(&mut peer)
        }
        _ => {
            eprintln!(
                "error: no path is called {path:?}: there are tick, one, names, shift, views, few, \
                 turn, arrive, snapshot and apply"
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

    use tidewire_bench::{Arrays, Join, Names, Tidewire, Views};
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

    /// Ticks: changes and their encoding.
    macro_rules! ticks {
        ($($(#[$doc:meta])* $name:ident($peer:ty);)*) => {$(
            $(#[$doc])*
            #[inline(never)]
            pub(crate) fn $name(peer: &mut $peer, ticks: &mut Ticks<'_>, rounds: usize) -> usize {
                // One function of its own each, whatever the compiler finds alike.
                black_box(stringify!($name));
                for _ in 0..rounds {
                    peer.mutate(&ticks.advance());
                    black_box(peer.encode());
                }
                rounds
            }
        )*};
    }

    ticks! {
        /// Changes 100 of 1,000 entities.
        tick(Tidewire);
        /// Changes one of 100 entities.
        one(Tidewire);
        /// Renames 100 of 1,000 entities.
        names(Names);
        /// The first of an array of 1,000 goes, another comes behind the last.
        shift(Arrays);
        /// Changes 100 of 1,000 entities, for 100 clients that see 60 each.
        views(Views);
        /// The same for 10 clients.
        few(Views);
        /// 100 views of 60 entities lose 6 each and gain as many others.
        turn(Views);
        /// 100 clients make views of 100 entities, and are sent what they see.
        arrive(Views);
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
