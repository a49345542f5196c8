//! Random games with streams, encoded by Tidewire, decoded by the real npm decoders of 3.x, 4.x and
//! 5.x and by every decoder of our own, compared with an independent model after every message.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use tidewire_conformance::{
    driver::{self, Arguments},
    judge::Judge,
    streams::{self, Counts},
};

fn main() -> ExitCode {
    driver::main("Random games with streams through the real npm decoders", run)
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut judge = Judge::start()?;
    let start = Instant::now();
    let mut total = Counts::default();
    for seed in arguments.range() {
        total += streams::run(seed, &mut judge).with_context(|| format!("seed {seed}"))?;
    }
    println!(
        "{} games with streams agree on 3.x, 4.x and 5.x: {} messages, {} states, {} entries, {:.0} s",
        arguments.seeds,
        total.messages,
        total.states,
        total.entries,
        start.elapsed().as_secs_f32(),
    );
    Ok(())
}
