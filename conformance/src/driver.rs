//! What the drivers of random scenarios share: their arguments, and what happens to a scenario that
//! fails.

use std::{ops::Range, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use serde_json::Value as Json;
use tidewire_testkit::{Config, Reading, expect};

use crate::shrink::shrink;

/// The command line of a driver.
#[derive(Clone, Debug, Parser)]
pub struct Arguments {
    /// How many scenarios.
    #[arg(long, default_value_t = 2000)]
    pub seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub start: u64,
    /// Runs this scenario file instead.
    #[arg(long)]
    pub file: Option<PathBuf>,
}

impl Arguments {
    /// The seeds to run.
    pub fn range(&self) -> Range<u64> {
        self.start..self.start.saturating_add(self.seeds)
    }

    /// The scenario to run instead of random ones, if one was named.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not JSON.
    pub fn scenario(&self) -> Result<Option<Json>> {
        let Some(file) = &self.file else { return Ok(None) };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("failed to read {}", file.display()))?;
        let scenario = serde_json::from_str(&text)
            .with_context(|| format!("{} is not JSON", file.display()))?;
        Ok(Some(scenario))
    }
}

/// The `main` of a driver: reads the command line, runs, and says what went wrong. `about` is what
/// its `--help` says.
pub fn main(about: &'static str, run: impl FnOnce(&Arguments) -> Result<()>) -> ExitCode {
    let matches = Arguments::command().about(about).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the scenario of a seed. If it fails, prints the smallest one that still does, as a file for
/// `--file` and `tidewire scenario`. `reading` is how the model reads scenarios, which tells one
/// that fails from one that is wrong in itself.
///
/// # Errors
///
/// What `run` says of the small scenario.
pub fn check<T>(
    seed: u64,
    scenario: &Json,
    reading: Reading,
    mut run: impl FnMut(&Json) -> Result<T>,
) -> Result<T> {
    let error = match run(scenario) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    eprintln!("seed {seed}: {error:#}");
    let small =
        shrink(scenario, |candidate| expect(candidate, reading).is_ok() && run(candidate).is_err());
    println!("{small:#}");
    let error = run(&small).err().context("the small scenario does not fail again")?;
    bail!("seed {seed} disagrees, in short: {error:#}")
}

/// What is in the scenario of a seed. Every fourth is what every codec carries, every fourth all but
/// views, and the others have views and all there is.
pub fn config(seed: u64) -> Config {
    match seed % 4 {
        0 => Config::default(),
        1 => Config { views: 0, ..Config::complete() },
        2 => Config { views: 100, ..Config::complete() },
        _ => Config { views: 100, shares: 80, struct_members: 100, ..Config::complete() },
    }
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;
    use tidewire_testkit::generate;

    use super::*;

    #[test]
    fn a_failing_scenario_is_told_by_its_smallest_form() {
        let scenario = generate(1, &Config::default());
        let steps = |scenario: &Json| scenario["steps"].as_array().map_or(0, Vec::len);
        let error = check(7, &scenario, Reading::Schema, |candidate| {
            ensure!(steps(candidate) < 2, "{} steps", steps(candidate));
            Ok(steps(candidate))
        });
        let error = error.expect_err("it has more than one step");
        assert_eq!(error.to_string(), "seed 7 disagrees, in short: 2 steps");
    }
}
