//! Runs the patch codecs through all workloads and prints one JSON object a line.
//!
//! Allocations are counted by another program (`allocations`), for what counts them takes time.

use std::{hint::black_box, time::Duration};

use tidewire_bench_patches::{
    Arena, Codec, Light, Manual, Mpack, Patchpack, Row, SIZES, VISITORS, Visited, arena, manual,
    measure, moves, parted, server, shared, timed, visitors,
};
use tidewire_patch::Patch;
use tidewire_state::{Schema, Tracked};

/// A state and its encoder.
type Server<S, C> = (Tracked<S>, C);

/// Changes a state.
type Mutate<'a, S, C> = &'a dyn Fn(&mut Server<S, C>, usize);

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
    let bytes = snapshot::<C, _>("readme", manual);
    visits::<C, _>("readme", manual, &bytes);
    first::<C, _>("readme", manual, &bytes);
    replace::<C, Manual>("readme", manual, &bytes, 2, |state, _| state.turn());
}

fn of_players<C: Codec>(count: u32) {
    let workload = format!("{count} players");
    let make = || arena(count);
    let bytes = snapshot::<C, _>(&workload, make);
    visits::<C, _>(&workload, make, &bytes);
    let keys = moves(count);
    let step = |state: &mut Arena, at: usize| state.step(&keys[at % keys.len()]);
    replace::<C, Arena>(&workload, make, &bytes, keys.len(), step);
}

/// Measures snapshots, and returns one.
fn snapshot<C: Codec, S: Schema>(workload: &str, make: impl Fn() -> S) -> Vec<u8> {
    let (_, codec) = server::<C, S>(make());
    let bytes = codec.snapshot();
    let [encode_ns] = measure(|count| [timed(count, |_| codec.snapshot())]);
    let [decode_ns] = measure(|count| [timed(count, |_| C::open(&bytes))]);
    print::<C>(workload, "snapshot", [None, Some(encode_ns)], decode_ns, bytes.len() as f64);
    bytes
}

/// Many come into a map, one after the other, and then go, on one encoder and one decoder.
fn visits<C: Codec, S: Visited>(workload: &str, make: impl Fn() -> S, snapshot: &[u8]) {
    let visitors = visitors(&make());
    let come = |(state, _): &mut Server<S, C>, at: usize| state.come(&visitors[at]);
    let go = |(state, _): &mut Server<S, C>, at: usize| state.go(&visitors[at]);
    let encode = |(state, codec): &mut Server<S, C>, _: usize| codec.patch(state)[0].len();

    let mut made = server::<C, S>(make());
    let mut messages = |mutate: Mutate<'_, S, C>| {
        let message = |at| {
            mutate(&mut made, at);
            encode(&mut made, at);
            made.1.last_patch()[0].clone()
        };
        (0..VISITORS).map(message).collect::<Vec<Vec<u8>>>()
    };
    let messages = [messages(&come), messages(&go)];
    let sums = measure(|count| {
        passes(count, || {
            let mut made = server::<C, S>(make());
            let mutates: [Mutate<'_, S, C>; 2] = [&come, &go];
            mutates.map(|mutate| {
                timed(VISITORS, |at| {
                    mutate(&mut made, at);
                    encode(&mut made, at)
                })
            })
        })
    });
    let parts = measure(|count| {
        passes(count, || {
            let mut made = server::<C, S>(make());
            let [a, b] = parted(&mut made, VISITORS, come, encode);
            let [c, d] = parted(&mut made, VISITORS, go, encode);
            [a, b, c, d]
        })
    });
    let decode = measure(|count| {
        passes(count, || {
            let mut reader = C::open(snapshot).0;
            let mut patch = Patch::default();
            messages.each_ref().map(|messages| {
                timed(VISITORS, |at| read::<C>(&mut reader, &messages[at], &mut patch))
            })
        })
    });
    let parts = [[parts[0], parts[1]], [parts[2], parts[3]]];
    for (at, message) in ["add", "remove"].into_iter().enumerate() {
        let each = 1.0 / VISITORS as f64;
        let bytes = messages[at].iter().map(Vec::len).sum::<usize>() as f64 * each;
        let encode = shared(sums[at] * each, parts[at]).map(Some);
        print::<C>(workload, message, encode, decode[at] * each, bytes);
    }
}

/// How long the parts of so many passes take.
fn passes<const PARTS: usize>(
    count: usize,
    mut pass: impl FnMut() -> [Duration; PARTS],
) -> [Duration; PARTS] {
    let mut sums = [Duration::ZERO; PARTS];
    for _ in 0..count {
        sums.iter_mut().zip(pass()).for_each(|(sum, part)| *sum += part);
    }
    sums
}

/// The first addition, on an encoder and a decoder that were made for it while no clock ran, so that no memory is warm and all
/// that grows grows.
fn first<C: Codec, S: Visited>(workload: &str, make: impl Fn() -> S, snapshot: &[u8]) {
    let visitor = make().visitor(0);
    let made = |count: usize| -> Vec<(Tracked<S>, C)> {
        (0..count).map(|_| server::<C, S>(make())).collect()
    };
    let come = |all: &mut [(Tracked<S>, C)], at: usize| all[at].0.come(&visitor);
    let encode = |all: &mut [(Tracked<S>, C)], at: usize| {
        let (state, codec) = &mut all[at];
        codec.patch(state)[0].len()
    };
    let [sum] = measure(|count| {
        let mut all = made(count);
        [timed(count, |at| {
            come(&mut all, at);
            encode(&mut all, at)
        })]
    });
    let parts = measure(|count| parted(&mut made(count)[..], count, come, encode));
    let mut one = made(1);
    come(&mut one, 0);
    encode(&mut one, 0);
    let message = one[0].1.last_patch()[0].clone();
    let mut patch = Patch::default();
    let [decode_ns] = measure(|count| {
        let mut readers: Vec<C::Reader> = (0..count).map(|_| C::open(snapshot).0).collect();
        [timed(count, |at| read::<C>(&mut readers[at], &message, &mut patch))]
    });
    let encode = shared(sum, parts).map(Some);
    print::<C>(workload, "first add", encode, decode_ns, message.len() as f64);
}

/// Something changes that stays.
fn replace<C: Codec, S: Schema>(
    workload: &str,
    make: impl Fn() -> S,
    snapshot: &[u8],
    count: usize,
    mutate: impl Fn(&mut S, usize),
) {
    let mut made = server::<C, S>(make());
    let mutate = |(state, _): &mut (Tracked<S>, C), at: usize| mutate(state, at);
    let encode = |(state, codec): &mut (Tracked<S>, C), _: usize| codec.patch(state)[0].len();
    let mut message = |at: usize| {
        mutate(&mut made, at);
        encode(&mut made, at);
        made.1.last_patch()[0].clone()
    };
    let messages: Vec<Vec<u8>> = (0..count).map(&mut message).collect();
    let bytes = messages.iter().map(Vec::len).sum::<usize>() as f64 / count as f64;
    let mut at = 0;
    let [sum] = measure(|times| {
        [timed(times, |_| {
            at += 1;
            mutate(&mut made, at);
            encode(&mut made, at)
        })]
    });
    let parts = measure(|times| {
        at += times;
        let begun = at;
        parted(&mut made, times, |made, at| mutate(made, begun + at), encode)
    });
    let mut reader = C::open(snapshot).0;
    let mut patch = Patch::default();
    let mut next = 0;
    let [decode_ns] = measure(|times| {
        [timed(times, |_| {
            next = if next + 1 < count { next + 1 } else { 0 };
            read::<C>(&mut reader, &messages[next], &mut patch);
        })]
    });
    print::<C>(workload, "replace", shared(sum, parts).map(Some), decode_ns, bytes);
}

/// Reads a patch, which somebody might look at.
fn read<C: Codec>(reader: &mut C::Reader, message: &[u8], patch: &mut Patch) {
    C::read(reader, message, patch);
    black_box(patch);
}

fn print<C: Codec>(
    workload: &str,
    message: &'static str,
    [mutate_ns, encode_ns]: [Option<f64>; 2],
    decode_ns: f64,
    bytes: f64,
) {
    let encode_ns = encode_ns.unwrap_or_default();
    let peer = C::NAME;
    println!("{}", Row { peer, workload, message, mutate_ns, encode_ns, decode_ns, bytes });
}
