//! What every Rust peer of the benches shares: the workload, the clock and the lines that are printed.
//!
//! A peer keeps a world and one client's copy of it, and does three things a tick: change the world,
//! write what changed, read it on the client. Everything else is the same for all of them, so that
//! the figures of one run can be set side by side.

mod measure;
mod row;
mod views;
mod workload;

pub use measure::{Contender, measure};
pub use row::Row;
pub use views::{VIEW_CASES, VIEW_CHURN, ViewCase};
pub use workload::{CASES, Case, Entity, Move, Tick, Ticks, Workload, shuffled};

/// One way to keep a client's copy of the world the same.
///
/// Made from a [`Workload`], with all entities in place and the client up to date.
pub trait Peer {
    /// Applies the changes of one tick to the server's world, looking up each entity by its key.
    fn mutate(&mut self, tick: &Tick<'_>);

    /// Writes what changed since the last call, and returns its length in bytes.
    fn encode(&mut self) -> usize;

    /// What the last [`encode`](Self::encode) wrote, where that is a run of bytes which the client
    /// may read whenever it comes, or never. `None` where the server sends again whatever has not
    /// been acknowledged: such a peer keeps its messages to itself.
    fn patch(&self) -> Option<&[u8]>;

    /// Reads on the client what `encode` wrote: `patch`, or what the peer keeps to itself.
    fn apply(&mut self, patch: &[u8]);

    /// What has to happen between two ticks and is nobody's time.
    fn settle(&mut self) {}

    /// Whether entities come, go or move on the client, or it sees a part of them. Where they come and
    /// go, patches build on one another, so the client has to read all of them in order.
    fn rearranges(&self) -> bool {
        false
    }

    /// Gives the client a copy of what the server has now: the patches since the last one that it
    /// read are lost.
    fn rejoin(&mut self) {}

    /// Hashes of all that the server has and of all that the client has, where there are any: where a
    /// client goes wrong, it is found at that tick.
    fn hashes(&self) -> Option<[u64; 2]> {
        None
    }

    /// All entities as the server has them and as the client has them, in the order in which they
    /// came into the map.
    fn copies(&mut self) -> [Vec<Entity>; 2];
}
