//! `cargo xtask instructions`: how many instructions the hot paths take, against the numbers that are
//! committed in `benches/instructions.json`.
//!
//! Instructions, unlike time, come out nearly the same on a busy machine: what is left of chance is
//! the seed of the hash tables. Fewer than committed is no failure, but is said, so that the numbers
//! can be renewed and what was won is kept.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{cargo, check, root, setup, target_dir};

/// Arguments of `cargo xtask instructions`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct Args {
    /// Writes the counts of this run into `benches/instructions.json`.
    #[arg(long)]
    renew: bool,
}

/// What is committed.
#[derive(Debug, Serialize, Deserialize)]
struct Baseline {
    /// The compiler that made the code, as others make more or fewer instructions of it.
    rustc: String,
    /// How far a count may be above the committed one, in percent.
    tolerance_percent: f64,
    /// Instructions for one round of each path.
    paths: BTreeMap<String, u64>,
}

/// Counts the instructions of each hot path under callgrind.
///
/// # Errors
///
/// If a path takes more instructions than committed, by more than the tolerance.
pub(crate) fn run(args: Args) -> Result<()> {
    setup::valgrind()?;
    let bench = ["build", "--quiet", "--profile", "bench", "--package", "tidewire-bench"];
    check(cargo(bench).args(["--bin", "instructions"]))?;

    let mut counts = BTreeMap::new();
    for path in PATHS {
        counts.insert(path.to_owned(), count(path)?);
    }
    let text = fs::read_to_string(file())
        .with_context(|| format!("failed to read {}", file().display()))?;
    let committed: Baseline = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what it was written as", file().display()))?;
    print!("{}", table(&committed, &counts));
    if args.renew {
        let renewed = Baseline { rustc: rustc()?, paths: counts, ..committed };
        fs::write(file(), serde_json::to_string_pretty(&renewed)? + "\n")?;
        println!("written to {}", file().display());
        return Ok(());
    }
    let over = over(&committed, &counts);
    if !over.is_empty() {
        bail!(
            "more instructions than committed in {}: make it as cheap as it was, or run \
             `cargo xtask instructions --renew` and say in the commit why it costs more \
             (committed with {}, this is {})",
            over.join(", "),
            committed.rustc,
            rustc()?,
        );
    }
    Ok(())
}

/// Instructions for one round of a path.
fn count(path: &str) -> Result<u64> {
    let out = target_dir().join(format!("callgrind.{path}.out"));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--quiet", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=instructions::hot::{path}*"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(target_dir().join("release/instructions"))
        .arg(path);
    let output = valgrind.output().with_context(|| format!("failed to start {valgrind:?}"))?;
    ensure!(
        output.status.success(),
        "{valgrind:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let rounds = String::from_utf8_lossy(&output.stdout);
    let rounds: u64 = rounds
        .trim()
        .parse()
        .with_context(|| format!("expected a number of rounds, found {rounds:?}"))?;
    let profile = fs::read_to_string(&out)
        .with_context(|| format!("callgrind wrote no {}", out.display()))?;
    let total = total(&profile).with_context(|| format!("no totals in {}", out.display()))?;
    ensure!(total > 0 && rounds > 0, "nothing was counted of `hot::{path}`: is it inlined?");
    Ok(total / rounds)
}

/// The sum that callgrind writes at the end of a profile.
fn total(profile: &str) -> Option<u64> {
    let line = profile.lines().rev().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}

/// The paths that take more than they may, each with its numbers.
fn over(committed: &Baseline, counts: &BTreeMap<String, u64>) -> Vec<String> {
    let most = 1.0 + committed.tolerance_percent / 100.0;
    counts
        .iter()
        .filter_map(|(path, count)| match committed.paths.get(path) {
            Some(before) if *count as f64 <= *before as f64 * most => None,
            Some(before) => Some(format!("{path} ({count} instead of {before})")),
            None => Some(format!("{path} ({count}, nothing is committed)")),
        })
        .collect()
}

fn table(committed: &Baseline, counts: &BTreeMap<String, u64>) -> String {
    let mut out = format!("{:<10} {:>12} {:>12} {:>8}\n", "path", "committed", "now", "change");
    for (path, count) in counts {
        let Some(before) = committed.paths.get(path) else {
            let _ = writeln!(out, "{path:<10} {:>12} {count:>12}", "–");
            continue;
        };
        let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
        let hint = if change < -committed.tolerance_percent { " fewer: renew" } else { "" };
        let _ = writeln!(out, "{path:<10} {before:>12} {count:>12} {change:>+7.1}%{hint}");
    }
    out
}

fn rustc() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output().context("failed to run rustc")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn file() -> PathBuf {
    root().join("benches/instructions.json")
}

/// What `benches/tidewire/src/bin/instructions.rs` knows.
const PATHS: [&str; 10] =
    ["tick", "one", "names", "shift", "views", "few", "turn", "arrive", "snapshot", "apply"];

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(tick: u64) -> BTreeMap<String, u64> {
        BTreeMap::from([("tick".to_owned(), tick)])
    }

    #[test]
    fn only_more_than_the_tolerance_fails() {
        let committed = |paths| Baseline { rustc: String::new(), tolerance_percent: 3.0, paths };
        let baseline = committed(counts(100));
        assert_eq!(over(&baseline, &counts(103)), [""; 0]);
        assert_eq!(over(&baseline, &counts(50)), [""; 0]);
        assert_eq!(over(&baseline, &counts(104)), ["tick (104 instead of 100)"]);
        assert_eq!(over(&committed(BTreeMap::new()), &counts(1)).len(), 1);
        assert!(table(&baseline, &counts(50)).contains("-50.0% fewer: renew"));
    }

    #[test]
    fn the_total_is_the_last_line_of_that_name() {
        assert_eq!(total("events: Ir\nsummary: 7\ntotals: 12\n"), Some(12));
        assert_eq!(total("events: Ir\n"), None);
    }
}
