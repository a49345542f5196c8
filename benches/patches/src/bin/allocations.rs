//! Counts how often the patch codecs allocate, and prints one JSON object a line.

use allocation_counter::measure as count_allocations;
use tidewire_bench_patches::{
    Allocations, Arena, Codec, Light, Manual, Mpack, Patchpack, SIZES, VISITORS, Visited, arena,
    manual, moves, server, visitors,
};
use tidewire_state::Schema;

fn main() {
    of_manual::<Patchpack>();
    of_manual::<Mpack>();
    of_manual::<Light>();
    for count in SIZES {
        of_players::<Patchpack>(count);
        of_players::<Mpack>(count);
        of_players::<Light>(count);
    }
}

fn of_manual<C: Codec>() {
    let workload = "readme";
    visits::<C, _>(workload, manual);
    let (mut state, mut codec) = server::<C, Manual>(manual());
    let visitor = state.visitor(0);
    print::<C>(workload, "first add", 1, || {
        state.come(&visitor);
        codec.patch(&mut state);
    });
    replace::<C, Manual>(workload, manual(), 100, |state, _| state.turn());
}

fn of_players<C: Codec>(count: u32) {
    let workload = format!("{count} players");
    visits::<C, _>(&workload, || arena(count));
    let keys = moves(count);
    replace::<C, Arena>(&workload, arena(count), keys.len(), |state, at| state.step(&keys[at]));
}

fn visits<C: Codec, S: Visited>(workload: &str, make: impl Fn() -> S) {
    let (mut state, mut codec) = server::<C, S>(make());
    print::<C>(workload, "snapshot", 1, || drop(codec.snapshot()));
    let visitors = visitors(&*state);
    print::<C>(workload, "add", VISITORS, || {
        for visitor in &visitors {
            state.come(visitor);
            codec.patch(&mut state);
        }
    });
    print::<C>(workload, "remove", VISITORS, || {
        for visitor in &visitors {
            state.go(visitor);
            codec.patch(&mut state);
        }
    });
}

fn replace<C: Codec, S: Schema>(
    workload: &str,
    state: S,
    count: usize,
    mutate: impl Fn(&mut S, usize),
) {
    let (mut state, mut codec) = server::<C, S>(state);
    let mut pass = || {
        for at in 0..count {
            mutate(&mut state, at);
            codec.patch(&mut state);
        }
    };
    pass();
    print::<C>(workload, "replace", count, pass);
}

/// Counts over so many messages.
fn print<C: Codec>(workload: &str, message: &'static str, count: usize, run: impl FnOnce()) {
    let allocs = count_allocations(run).count_total as f64 / count as f64;
    println!("{}", Allocations { peer: C::NAME, workload, message, allocs });
}
