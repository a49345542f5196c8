//! Runs the patch codecs through all workloads and prints one JSON object a line.

use std::hint::black_box;

use allocation_counter::measure as count_allocations;
use tidewire_bench_patches::{
    Arena, Codec, Light, Manual, Mpack, Patchpack, Row, add_client, arena, fresh, manual, measure,
    moves, timed,
};
use tidewire_patch::Patch;
use tidewire_state::{Schema, Tracked};

const SIZES: [u32; 3] = [100, 1_000, 10_000];

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

/// A state with its encoder, whose clients have all of it.
fn server<C: Codec, S: Schema>(state: S) -> (Tracked<S>, C) {
    let mut state = Tracked::new(state);
    let mut codec = C::new(&state);
    codec.patch(&mut state);
    (state, codec)
}

/// Measures snapshots, and returns one.
fn snapshot<C: Codec>(workload: &str, codec: &C) -> Vec<u8> {
    let bytes = codec.snapshot();
    let allocations = count_allocations(|| drop(codec.snapshot()));
    print(&Row {
        peer: C::NAME,
        workload,
        message: "snapshot",
        encode_ns: measure(|count| timed(count, |_| codec.snapshot())),
        decode_ns: measure(|count| timed(count, |_| C::open(&bytes))),
        bytes: bytes.len() as f64,
        allocs: allocations.count_total as f64,
    });
    bytes
}

fn of_manual<C: Codec>() {
    let (mut state, mut codec) = server::<C, Manual>(manual());
    let bytes = snapshot("readme", &codec);

    let make = || server::<C, Manual>(manual());
    let add = |(state, codec): &mut (Tracked<Manual>, C)| {
        add_client(state);
        codec.patch(state)[0].len()
    };
    let mut patch = Patch::default();
    let mut added = make();
    let allocations = count_allocations(|| {
        add(&mut added);
    });
    let message = added.1.last_patch()[0].clone();
    print(&Row {
        peer: C::NAME,
        workload: "readme",
        message: "add",
        encode_ns: measure(|count| fresh(count, make, add)),
        decode_ns: measure(|count| {
            fresh(
                count,
                || C::open(&bytes).0,
                |reader| {
                    C::read(reader, &message, &mut patch);
                },
            )
        }),
        bytes: message.len() as f64,
        allocs: allocations.count_total as f64,
    });

    let mut replace = |_: usize| {
        state.foo.baz ^= true;
        codec.patch(&mut state)[0].len()
    };
    timed(4, &mut replace);
    let allocations = count_allocations(|| {
        timed(100, &mut replace);
    });
    let encode_ns = measure(|count| timed(count, &mut replace));
    let message = codec.last_patch()[0].clone();
    let mut reader = C::open(&bytes).0;
    print(&Row {
        peer: C::NAME,
        workload: "readme",
        message: "replace",
        encode_ns,
        decode_ns: measure(|count| timed(count, |_| read::<C>(&mut reader, &message, &mut patch))),
        bytes: message.len() as f64,
        allocs: allocations.count_total as f64 / 100.0,
    });
}

fn of_players<C: Codec>(count: u32) {
    let workload = format!("{count} players");
    let (mut state, mut codec) = server::<C, Arena>(arena(count));
    let bytes = snapshot(&workload, &codec);
    let keys = moves(count);
    let mut patches: Vec<Vec<u8>> = Vec::new();
    for key in &keys {
        state.step(key);
        patches.extend_from_slice(codec.patch(&mut state));
    }
    let size = patches.iter().map(Vec::len).sum::<usize>() as f64 / keys.len() as f64;
    let mut next = keys.iter().cycle();
    let mut replace = |_: usize| {
        state.step(next.next().expect("there are players"));
        codec.patch(&mut state)[0].len()
    };
    let allocations = count_allocations(|| {
        timed(keys.len(), &mut replace);
    });
    let mut reader = C::open(&bytes).0;
    let mut patch = Patch::default();
    let mut received = patches.iter().cycle();
    print(&Row {
        peer: C::NAME,
        workload: &workload,
        message: "replace",
        encode_ns: measure(|count| timed(count, &mut replace)),
        decode_ns: measure(|count| {
            timed(count, |_| {
                let message = received.next().expect("there are patches");
                read::<C>(&mut reader, message, &mut patch);
            })
        }),
        bytes: size,
        allocs: allocations.count_total as f64 / keys.len() as f64,
    });
}

/// Reads a patch, which somebody might look at.
fn read<C: Codec>(reader: &mut C::Reader, message: &[u8], patch: &mut Patch) {
    C::read(reader, message, patch);
    black_box(patch);
}

fn print(row: &Row<'_>) {
    println!("{row}");
}
