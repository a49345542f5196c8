//! Random changes of a state with filters in every place: what each client sees, by the real npm decoders
//! of 3.x, 4.x and 5.x, by our own, and by the libraries that clients of the codecs by path use, against an
//! independent model.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use tidewire_conformance::{
    case::Counts,
    driver::{self, Arguments},
    filters::{self, Judges},
    judge::Judge,
};

fn main() -> ExitCode {
    driver::main("Random states with filters through the real npm decoders", run)
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut judges = Judges { schema: Judge::start()?, paths: Judge::run("mosx/decode.mjs")? };
    let start = Instant::now();
    let mut total = Counts::default();
    for seed in arguments.range() {
        total += filters::run(seed, &mut judges).with_context(|| format!("seed {seed}"))?;
    }
    println!(
        "{} runs with filters agree on 3.x, 4.x and 5.x, in json, mpack, light and patchpack: {} messages, {} states, {} bytes, {:.0} s",
        arguments.seeds,
        total.messages,
        total.states,
        total.bytes,
        start.elapsed().as_secs_f32(),
    );
    Ok(())
}
