//! `cargo xtask test`: everything that CI runs, in the order in which it fails fastest.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{cargo, check, instructions, root, setup, target_dir};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// How many random scenarios each decoder version must agree on.
    #[arg(long, default_value_t = 2000)]
    seeds: u32,
    /// How long each fuzz target runs, in seconds.
    #[arg(long, default_value_t = 10)]
    fuzz_seconds: u32,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Format, lints, documentation.
    Lint,
    /// `cargo test`.
    Rust,
    /// The hot paths' instructions, against the committed numbers.
    Instructions,
    /// The judges themselves, on recorded messages and with other encoders than ours.
    Judges,
    /// Random scenarios through the real npm decoders.
    Differential,
    /// Random games with streams through the real npm decoders.
    Streams,
    /// Random scenarios through patchpack and other libraries of patch clients.
    Mosx,
    /// Random scenarios through our own state-tree decoder, in every encoding, and lands over real sockets.
    StateTree,
    /// The three SDKs against the real server.
    Sdk,
    /// The demo in headless Chromium.
    Page,
    /// Every parser under random and mutated bytes.
    Fuzz,
}

impl Part {
    const ALL: [Self; 11] = [
        Self::Lint,
        Self::Rust,
        Self::Instructions,
        Self::Judges,
        Self::Differential,
        Self::Streams,
        Self::Mosx,
        Self::StateTree,
        Self::Sdk,
        Self::Page,
        Self::Fuzz,
    ];

    fn run(self, args: &Args) -> Result<()> {
        match self {
            Self::Lint => lint(),
            Self::Rust => check(&mut cargo(["test", "--workspace", "--quiet"])),
            Self::Instructions => instructions::run(instructions::Args::default()),
            Self::Judges => judges(args),
            Self::Differential => {
                // Of what each view is sent, `filters` asks the libraries of patch clients too.
                setup::npm(&root().join("conformance/mosx"))?;
                conformance("differential", args.seeds)?;
                conformance("filters", args.seeds / 4)
            }
            Self::Streams => conformance("streams", args.seeds / 20),
            Self::Mosx => {
                setup::npm(&root().join("conformance/mosx"))?;
                conformance("mosx", args.seeds)
            }
            Self::StateTree => {
                conformance("state_tree", args.seeds / 2)?;
                lands()
            }
            Self::Sdk => sdk(),
            Self::Page => page(),
            Self::Fuzz => fuzz(args.fuzz_seconds),
        }
    }
}

/// Runs all parts, or the chosen ones, and says how long each took.
pub(crate) fn run(args: &Args) -> Result<()> {
    let parts = if args.only.is_empty() { &Part::ALL[..] } else { &args.only };
    let mut passed = Vec::new();
    for part in parts {
        eprintln!("== {part:?}");
        let start = Instant::now();
        part.run(args).with_context(|| format!("{part:?} failed"))?;
        passed.push((part, start.elapsed()));
    }
    for (part, time) in &passed {
        println!("{part:?}: passed in {:.0} s", time.as_secs_f32());
    }
    println!("{} passed, 0 failed", passed.len());
    Ok(())
}

/// Format, lints and documentation, warnings being errors.
pub(crate) fn lint() -> Result<()> {
    check(&mut cargo(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"];
    check(&mut cargo(clippy))?;
    let doc = ["doc", "--workspace", "--no-deps", "--quiet"];
    check(cargo(doc).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn judges(args: &Args) -> Result<()> {
    setup::npm(&root().join("conformance"))?;
    let tests =
        ["vectors.test.mjs", "encode.test.mjs", "versions.test.mjs", "state-tree/decoder.test.mjs"];
    node_test(&tests, &[])?;
    // The model of the differential test: what upstream's encoder sends where it has no faults, and what a few lines
    // that follow the model can make each decoder hold.
    let seeds = (args.seeds / 20).max(20);
    drive("reference", &["--gentle"], seeds)?;
    let slow = |version| drive("reference", &["--slow", version], seeds);
    ["3", "4", "5"].into_iter().try_for_each(slow)
}

fn conformance(driver: &str, seeds: u32) -> Result<()> {
    drive(driver, &[], seeds)
}

/// Runs a driver of random scenarios.
fn drive(driver: &str, how: &[&str], seeds: u32) -> Result<()> {
    setup::npm(&root().join("conformance"))?;
    let package = ["run", "--release", "--quiet", "--package", "tidewire-conformance"];
    check(
        cargo(package)
            .args(["--bin", driver, "--"])
            .args(how)
            .args(["--seeds", &seeds.to_string()]),
    )
}

fn sdk() -> Result<()> {
    setup::npm(&root().join("conformance"))?;
    // The decoders that a user registers.
    setup::npm(&root().join("conformance/mosx"))?;
    check(&mut cargo(["build", "--release", "--quiet", "--package", "tidewire-lab"]))?;
    let (_server, url) =
        Server::start(&mut Command::new(target_dir().join("release/tidewire-lab")))?;
    node_test(&["sdk.test.mjs", "serializers.test.mjs"], &[("TIDEWIRE_URL", &url)])
}

/// Our own state-tree client and the three SDKs, in the lands of the examples.
fn lands() -> Result<()> {
    setup::npm(&root().join("conformance"))?;
    check(&mut cargo(["build", "--release", "--quiet", "--package", "tidewire-lands"]))?;
    let mut lands = Command::new(target_dir().join("release/tidewire-lands"));
    let (_server, url) = Server::start(lands.args(["--port", "0", "--speed", "5"]))?;
    node_test(&["state-tree/lands.test.mjs"], &[("TIDEWIRE_LANDS", &url)])
}

fn page() -> Result<()> {
    let web = root().join("examples/demo/web");
    setup::npm(&root().join("conformance"))?;
    setup::npm(&web)?;
    setup::chromium()?;
    check(&mut cargo(["build", "--release", "--quiet", "--package", "tidewire-demo"]))?;
    let demo = target_dir().join("release/tidewire-demo");
    node_test(
        &["page.test.mjs"],
        &[("TIDEWIRE_DEMO", &demo.to_string_lossy()), ("TIDEWIRE_WEB", &web.to_string_lossy())],
    )
}

fn fuzz(seconds: u32) -> Result<()> {
    let mut driver = cargo(["run", "--release", "--quiet", "--package", "tidewire-fuzz", "--"]);
    check(driver.args(["--seconds", &seconds.to_string()]))
}

fn node_test(files: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let mut node = Command::new("node");
    node.arg("--test").args(files).current_dir(root().join("conformance"));
    check(node.envs(environment.iter().copied()))
}

/// A server under test, ended when dropped.
struct Server(Child);

impl Server {
    /// Starts a server that prints one line when it listens, and finds the address in it.
    fn start(command: &mut Command) -> Result<(Self, String)> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {command:?}"))?;
        let stdout = child.stdout.take().context("the output is piped")?;
        let server = Self(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(!line.is_empty(), "{command:?} ended before it listened");
        let Some(at) = line.find("http://") else {
            bail!("expected an address in what {command:?} printed: {line:?}");
        };
        Ok((server, line[at..].trim().to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the tests have told.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
