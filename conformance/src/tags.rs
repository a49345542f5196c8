//! What listeners of a tracker are told as JSON patches, applied and checked by fast-json-patch.
//!
//! The state, the edits and the model of what may be seen are those of the tracker's own tests.

#[path = "../../crates/tidewire-patch/tests/tags/follow.rs"]
#[expect(clippy::unwrap_used, reason = "they are tests")]
mod follow;
#[path = "../../crates/tidewire-patch/tests/tags/lines.rs"]
mod lines;
#[path = "../../crates/tidewire-patch/tests/tags/model.rs"]
mod model;
#[path = "../../crates/tidewire-patch/tests/tags/world.rs"]
#[expect(clippy::unwrap_used, reason = "they are tests")]
mod world;

use anyhow::{Context as _, Result, ensure};

use crate::judge::Judge;

/// Makes the edits of a seed, and has the judge follow each listener. Tells how many messages there were.
///
/// # Errors
///
/// The first answer that is not what the listener may see.
///
/// # Panics
///
/// If one of our own clients holds something else.
pub fn run(seed: u64, judge: &mut Judge) -> Result<usize> {
    let mut random = Random(seed);
    let bits = random.next() as u8;
    let count = 1 + random.next() as usize % 60;
    let edit = |_| (random.next() as u8, random.next() as usize, random.next() as u8);
    let asked = follow::run(bits, &(0..count).map(edit).collect::<Vec<_>>());
    let answers = judge.batch(&asked.requests)?;
    for ((answer, expected), request) in
        std::iter::zip(answers, &asked.answers).zip(&asked.requests)
    {
        let state = answer.get("state").with_context(|| format!("seed {seed}: {answer}"))?;
        ensure!(state == expected, "seed {seed}, {request}: {state}, and not {expected}");
    }
    Ok(asked.requests.len())
}

/// The generator splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
