//! `tidewire-fuzz`: runs the targets for a while, and says what broke them.

mod driver;
mod mutate;

use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use clap::Parser;
use tidewire_fuzz::{TARGETS, Target};

/// Runs every parser on random and mutated bytes.
#[derive(Debug, Parser)]
struct Args {
    /// How long each target runs.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
    /// What the inputs follow from; the time of day where it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs only this input, in hex.
    #[arg(long, requires = "target")]
    input: Option<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("failed to fuzz: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let args = Args::parse();
    let targets = match &args.target {
        Some(name) => vec![find(name)?],
        None => TARGETS.to_vec(),
    };
    let seed = args.seed.unwrap_or_else(seed_of_now);
    let limit = Duration::try_from_secs_f64(args.seconds).context("no number of seconds")?;
    let only = args.input.as_deref().map(bytes).transpose()?;
    if only.is_none() {
        println!("seed {seed}");
    }
    let mut failed = 0;
    for target in &targets {
        let report = driver::drive(*target, seed, limit, only.as_deref());
        println!(
            "{:<16}{:>9} inputs, at most {:>9} bytes at once",
            target.name, report.inputs, report.bytes
        );
        if let Some(failure) = report.failure {
            failed += 1;
            println!("{} failed: {}", target.name, failure.message);
            println!("input ({} bytes): {}", failure.input.len(), hex(&failure.input));
            println!("again: --target {} --seed {seed}, or --input and the hex", target.name);
        }
    }
    println!("{} passed, {failed} failed", targets.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn find(name: &str) -> Result<Target> {
    let found = TARGETS.iter().find(|target| target.name == name).copied();
    found.with_context(|| {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        format!("there is no target `{name}`: use one of {}", names.join(", "))
    })
}

fn seed_of_now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos() % 1_000_000_007).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    (0..hex.len())
        .step_by(2)
        .map(|at| {
            let digits = hex.get(at..at + 2).context("the input is not pairs of hex digits")?;
            u8::from_str_radix(digits, 16).with_context(|| format!("`{digits}` is not hex"))
        })
        .collect()
}
