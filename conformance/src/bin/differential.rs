//! Random scenarios, encoded by Tidewire, decoded by the real npm decoders of 3.x, 4.x and 5.x,
//! compared with an independent model after every message.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use tidewire_conformance::{
    bytes,
    case::{self, Counts},
    derived::{Den, Lab, Pack, Root as _, Zoo},
    driver::{self, Arguments, check, config},
    judge::Judge,
    kept,
};
use tidewire_testkit::{Config, Reading, generate, generate_over};

fn main() -> ExitCode {
    driver::main("Random scenarios through the real npm decoders", run)
}

fn run(arguments: &Arguments) -> Result<()> {
    bytes::same_as_reference()?;
    let mut judge = Judge::start()?;
    if let Some(scenario) = arguments.scenario()? {
        let mut counts = case::run(&scenario, &mut judge)?;
        counts += case::run_on_derived(&scenario, &mut judge)?;
        println!("agreed: {counts:?}");
        return Ok(());
    }
    for (name, scenario) in kept::scenarios()? {
        case::run(&scenario, &mut judge).context(name)?;
    }
    let start = Instant::now();
    let mut total = Counts::default();
    let mut scenarios = arguments.seeds;
    for seed in arguments.range() {
        let scenario = generate(seed, &config(seed));
        total += check(seed, &scenario, Reading::Schema, |each| case::run(each, &mut judge))?;
        // Every other on derived types too: those that every codec carries, and those with all there is.
        let types = match seed % 8 {
            0 => Some((Zoo::types(), Config::default())),
            2 => Some((Den::types(), Config::default())),
            4 => Some((Lab::types(), Config::default())),
            6 => Some((Pack::types(), Config { shares: 70, ..Config::default() })),
            _ => None,
        };
        if let Some((types, config)) = types {
            scenarios += 1;
            let scenario = generate_over(&types, seed, &config).map_err(anyhow::Error::msg)?;
            let run = |each: &_| case::run_on_derived(each, &mut judge);
            total += check(seed, &scenario, Reading::Schema, run)?;
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
