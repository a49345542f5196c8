//! Random scenarios, encoded by Tidewire, decoded by the real npm decoders of 3.x, 4.x and 5.x,
//! compared with an independent model after every message.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use serde_json::Value as Json;
use tidewire_conformance::{
    bytes,
    case::{self, Counts},
    derived,
    judge::Judge,
    shrink::shrink,
};
use tidewire_testkit::{Config, Reading, expect, generate, generate_over};

#[derive(Parser)]
#[command(about = "Random scenarios through the real npm decoders")]
struct Arguments {
    /// How many scenarios.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// What is in the scenarios.
    #[arg(long, value_enum, default_value_t = Language::Both)]
    language: Language,
    /// Runs this scenario file instead; on derived types too where its types are theirs.
    #[arg(long)]
    file: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    /// What every codec carries.
    Plain,
    /// All but views.
    Public,
    /// All there is.
    Complete,
    /// Plain and complete, by turns.
    Both,
}

impl Language {
    fn config(self, seed: u64) -> Config {
        match self {
            Self::Plain => Config::default(),
            Self::Public => Config { views: 0, ..Config::complete() },
            Self::Complete => Config::complete(),
            Self::Both if seed % 2 == 0 => Config::default(),
            Self::Both => Config::complete(),
        }
    }
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
    bytes::same_as_reference()?;
    let mut judge = Judge::start()?;
    if let Some(file) = &arguments.file {
        let text = std::fs::read_to_string(file)?;
        let scenario: Json = serde_json::from_str(&text)?;
        let mut counts = case::run(&scenario, &mut judge)?;
        if scenario["types"] == derived::types()["types"] {
            counts += case::run_derived(&scenario, &mut judge)?;
        }
        println!("agreed: {counts:?}");
        return Ok(());
    }
    let start = Instant::now();
    let mut total = Counts::default();
    let mut scenarios = arguments.seeds;
    let types = derived::types();
    for seed in arguments.start..arguments.start + arguments.seeds {
        let config = arguments.language.config(seed);
        total += check(seed, &generate(seed, &config), case::run, &mut judge)?;
        // Every eighth on derived types too.
        if seed % 8 == 0 {
            scenarios += 1;
            let config = Config::default();
            let scenario = generate_over(&types, seed, &config).map_err(anyhow::Error::msg)?;
            total += check(seed, &scenario, case::run_derived, &mut judge)?;
        }
    }
    println!(
        "{scenarios} scenarios agree on 3.x, 4.x and 5.x: {} messages, {} states, {} bytes, {:.0} s",
        total.messages,
        total.states,
        total.bytes,
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
        expect(candidate, Reading::Schema).is_ok() && run(candidate, judge).is_err()
    });
    println!("{small:#}");
    let error = run(&small, judge).err().context("the small scenario does not fail again")?;
    bail!("seed {seed} disagrees, in short: {error:#}")
}
