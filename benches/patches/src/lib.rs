//! The patch codecs on the workloads that `benches/patchpack` runs on node: the example of
//! patchpack's manual, and maps of players of whom one moves at a time.

mod clock;
mod codec;
mod row;
mod workload;

pub use clock::{fresh, measure, timed};
pub use codec::{Codec, Light, Mpack, Patchpack};
pub use row::Row;
pub use workload::{Arena, Manual, add_client, arena, manual, moves};
