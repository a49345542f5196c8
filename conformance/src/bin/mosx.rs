//! Random scenarios through the patch codecs, read by the real patchpack, notepack.io,
//! `@msgpack/msgpack` and fast-json-patch, compared with an independent model after every message.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use serde_json::{Value as Json, json};
use tidewire_conformance::{
    case::Counts,
    derived,
    judge::Judge,
    mosx::{self, values},
    shrink::shrink,
};
use tidewire_testkit::{Config, Reading, expect, generate, generate_over};

#[derive(Parser)]
#[command(about = "Random scenarios through the libraries of patch clients")]
struct Arguments {
    /// How many scenarios.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// Runs this scenario file instead.
    #[arg(long)]
    file: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut judge = Judge::run("mosx/decode.mjs")?;
    let versions = judge.ask(&json!({"op": "versions", "id": 0}))?;
    for (name, version) in [("patchpack", "0.4.2"), ("notepack.io", "2.3.0")] {
        ensure!(versions[name] == version, "expected {name} {version}, found {}", versions[name]);
    }
    if let Some(file) = &arguments.file {
        let text = std::fs::read_to_string(file)?;
        println!("agreed: {:?}", mosx::run(&serde_json::from_str(&text)?, &mut judge)?);
        return Ok(());
    }
    let start = Instant::now();
    let values = values::check(&mut judge)?;
    let mut total = Counts::default();
    let types = derived::types();
    for seed in arguments.start..arguments.start + arguments.seeds {
        let config = Config::default();
        total += check(seed, &generate(seed, &config), mosx::run, &mut judge)?;
        // Every eighth on derived types too, with patches that can be undone.
        if seed % 8 == 0 {
            let scenario = generate_over(&types, seed, &config).map_err(anyhow::Error::msg)?;
            total += check(seed, &scenario, mosx::run_derived, &mut judge)?;
        }
    }
    let undone = judge.ask(&json!({"op": "undone", "id": 0}))?["undone"].as_u64();
    ensure!(undone > Some(0) || arguments.seeds < 16, "no patch was undone");
    println!(
        "{} scenarios agree in patchpack, mpack, light and json: {} messages, {} states, {} bytes, \
         {} patches undone, {} values of MessagePack both ways, {:.0} s",
        arguments.seeds + arguments.seeds / 8,
        total.messages,
        total.states,
        total.bytes,
        undone.unwrap_or_default(),
        values,
        start.elapsed().as_secs_f32(),
    );
    Ok(())
}

/// Runs one scenario. If it fails, prints the smallest one that still does, as a file for `--file`
/// and `tidewire scenario`.
fn check(
    seed: u64,
    scenario: &Json,
    run: fn(&Json, &mut Judge) -> Result<Counts>,
    judge: &mut Judge,
) -> Result<Counts> {
    let error = match run(scenario, judge) {
        Ok(counts) => return Ok(counts),
        Err(error) => error,
    };
    eprintln!("seed {seed}: {error:#}");
    let small = shrink(scenario, |candidate| {
        expect(candidate, Reading::Json).is_ok() && run(candidate, judge).is_err()
    });
    println!("{small:#}");
    let error = run(&small, judge).err().context("the small scenario does not fail again")?;
    bail!("seed {seed} disagrees, in short: {error:#}")
}
