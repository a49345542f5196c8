//! x
use tidewire_bench_patches::*;
use tidewire_state::Tracked;
fn main() {
    let mode = std::env::args().nth(1).unwrap();
    let n: u32 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut state = Tracked::new(arena(n));
    let mut codec = <Patchpack as Codec>::new(&state);
    codec.patch(&mut state);
    let bytes = codec.snapshot();
    let keys = moves(n);
    match &*mode {
        "snap" => println!("{}", measure(|c| timed(c, |_| <Patchpack as Codec>::open(&bytes)))),
        "dec" => {
            let mut ps = vec![];
            for k in &keys { state.step(k); ps.extend_from_slice(codec.patch(&mut state)); }
            let mut r = <Patchpack as Codec>::open(&bytes).0;
            let mut it = ps.iter().cycle(); println!("{}", measure(|c| timed(c, |_| <Patchpack as Codec>::read(&mut r, it.next().unwrap()))));
        }
        _ => println!("{}", measure(|c| timed(c, |at| { state.step(&keys[at % keys.len()]); codec.patch(&mut state).len() }))),
    }
}
