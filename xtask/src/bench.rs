//! `cargo xtask bench`: the workload of `benches/` on Tidewire, on the floor and on the peers, in one
//! run, as a table and as JSON lines in `target/bench.json`.
//!
//! A peer that cannot be built here is left out of the table, and the reason is said; a peer that
//! is built and fails is an error. Being slow never is.

mod patches;
mod table;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;

use table::Row;

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// How often everything is run; figures are medians over the rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only Tidewire and the floor, no peers.
    #[arg(long)]
    no_peers: bool,
    /// Only the patch codecs, the second table.
    #[arg(long)]
    only_patches: bool,
}

/// Builds what can be built, runs it, writes `target/bench.json` and prints the table.
///
/// # Errors
///
/// If Tidewire's own bench does not build, or if any bench fails while it runs.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent")?;
    let path = root.join("target/bench.json");
    fs::create_dir_all(root.join("target"))?;
    let mut file = fs::File::create(&path).with_context(|| format!("failed to create {path:?}"))?;
    if !args.only_patches {
        ticks(root, args, &mut file)?;
    }
    patches::run(root, args, &mut file)?;
    if !args.only_patches {
        check(&mut encodings(root))?;
    }
    println!("written to {}", path.display());
    Ok(())
}

/// Runs the benches of a tick, adds their rows to `file` and prints the table.
fn ticks(root: &Path, args: &Args, file: &mut fs::File) -> Result<()> {
    let mut runners = vec![tidewire(root)];
    check(&mut runners[0].prepare)?;
    if !args.no_peers {
        for mut runner in peers(root) {
            eprintln!("building {}", runner.name);
            match check(&mut runner.prepare) {
                Ok(()) => runners.push(runner),
                Err(error) => eprintln!("left out: {}: {error:#}", runner.name),
            }
        }
    }

    let mut rows = Vec::new();
    for round in 1..=args.rounds {
        for runner in &mut runners {
            eprintln!("round {round} of {}: {}", args.rounds, runner.name);
            rows.extend(runner.run::<Row>()?);
        }
        // Whoever goes first in one round goes last in the next.
        runners.reverse();
    }
    let rows = table::medians(&rows);
    for row in &rows {
        writeln!(file, "{}", serde_json::to_string(row)?)?;
    }
    print!("{}", table::render(&rows));
    println!("\n{}", table::goals(&rows));
    Ok(())
}

/// A program that prints rows as JSON lines, and the command that gets it ready.
struct Runner {
    name: &'static str,
    prepare: Command,
    bench: Command,
}

impl Runner {
    fn run<T: DeserializeOwned>(&mut self) -> Result<Vec<T>> {
        let output = self
            .bench
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("failed to start {:?}", self.bench))?;
        ensure!(output.status.success(), "{} failed: {}", self.name, output.status);
        let lines = String::from_utf8(output.stdout).context("the output is not UTF-8")?;
        lines
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .with_context(|| format!("{} printed {line:?}, which is no row", self.name))
            })
            .collect()
    }
}

fn tidewire(root: &Path) -> Runner {
    let arguments = ["--quiet", "--profile", "bench", "--package", "tidewire-bench"];
    Runner {
        name: "tidewire and the floor",
        prepare: cargo(root, "build", arguments.iter().copied()),
        bench: cargo(root, "run", arguments.into_iter().chain(["--bin", "bench"])),
    }
}

/// Prints the tables of all encodings on one game.
fn encodings(root: &Path) -> Command {
    let arguments = ["--quiet", "--profile", "bench", "--package", "tidewire-bench"];
    cargo(root, "run", arguments.into_iter().chain(["--bin", "encodings"]))
}

fn peers(root: &Path) -> [Runner; 3] {
    let node = root.join("benches/node");
    let mut install = Command::new("npm");
    install.args(["ci", "--no-fund", "--no-audit"]).current_dir(&node).stdout(Stdio::null());
    let mut bench = Command::new("node");
    bench.arg("bench.mjs").current_dir(&node);

    let rust = |name, bin: &'static str| {
        // Beside the workspace's own target, so that the two do not rebuild each other's crates.
        let target: PathBuf = root.join("target/peers");
        let arguments = ["--quiet", "--locked", "--release", "--bin", bin];
        let in_peers = |verb| {
            let mut command = cargo(&root.join("benches/peers"), verb, arguments.into_iter());
            command.arg("--target-dir").arg(&target);
            command
        };
        Runner { name, prepare: in_peers("build"), bench: in_peers("run") }
    };
    [
        Runner { name: "@colyseus/schema on node", prepare: install, bench },
        rust("crate colyseus-schema", "colyseus"),
        rust("crate bevy_replicon", "replicon"),
    ]
}

fn cargo<'a>(directory: &Path, verb: &str, arguments: impl Iterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(directory).arg(verb).args(arguments);
    command
}

fn check(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("failed to start {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}
