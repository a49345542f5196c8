//! The tasks of the repository: `cargo xtask demo`, `test`, `bench`, `lint`.
//!
//! Each does its own set-up: npm packages by lock file, and Chromium and valgrind from Debian
//! where they are missing.

mod bench;
mod demo;
mod instructions;
mod setup;
mod test;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The tasks of the Tidewire repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Starts the demo and prints its address.
    Demo(demo::Args),
    /// Runs all tests: lints, Rust tests, the real npm peers, the demo in a browser, the fuzzers.
    Test(test::Args),
    /// Prints the benchmark table.
    Bench(bench::Args),
    /// Counts the instructions of the hot paths against the committed numbers.
    Instructions(instructions::Args),
    /// Checks format, lints and documentation.
    Lint,
}

fn main() -> ExitCode {
    let task = match Arguments::parse().task {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Instructions(args) => instructions::run(args),
        Task::Lint => test::lint(),
    };
    match task {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A cargo command in the root of the repository.
fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}

/// Runs a command to its end; a failure names it.
fn check(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("failed to start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
