//! Every encoding on one game: how many bytes it needs, and what the synchronisation of a room costs.
//!
//! The game is the hero-defense of the state-tree tests: players who shoot at monsters that come nearer.
//! Its frames are known byte for byte, so the tables fail if the game or an encoding is another.
#![expect(clippy::unwrap_used, reason = "the tables fail if anything does")]

mod cordic;
mod world;

mod bytes;
mod hands;
mod hot;
mod room;

fn main() {
    bytes::print();
    println!();
    room::print();
    println!();
    hot::print();
    println!();
    hands::print();
}
