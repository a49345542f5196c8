//! The patch codecs on the workloads that `benches/patchpack` runs on node: the example of
//! patchpack's manual, and maps of players of whom one moves at a time.

mod clock;
mod codec;
mod row;
mod workload;

use tidewire_state::{Schema, Tracked};

pub use clock::{measure, parted, shared, timed};
pub use codec::{Codec, Light, Mpack, Patchpack};
pub use row::{Allocations, Row};
pub use workload::{Arena, Client, Manual, Player, VISITORS, Visited, arena, manual, moves};

/// A state with its encoder, whose clients have all of it.
pub fn server<C: Codec, S: Schema>(state: S) -> (Tracked<S>, C) {
    let mut state = Tracked::new(state);
    let mut codec = C::new(&state);
    codec.patch(&mut state);
    (state, codec)
}

/// Those who come into the map of a state.
pub fn visitors<S: Visited>(state: &S) -> Vec<S::Visitor> {
    (0..VISITORS).map(|index| state.visitor(index)).collect()
}

/// How many players there are in the workloads.
pub const SIZES: [u32; 3] = [100, 1_000, 10_000];
