//! A judge: a node process with the real decoders, which answers requests by the hundred.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

/// The generations of `@colyseus/schema` that judge.
pub const VERSIONS: [&str; 3] = ["3", "4", "5"];

/// A running script that answers JSON lines. Ends when dropped.
#[derive(Debug)]
pub struct Judge {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Judge {
    /// Starts the judge of the schema codec and asks which versions it really has.
    ///
    /// # Errors
    ///
    /// If node or its packages are missing, or a version is not one of the generations.
    pub fn start() -> Result<Self> {
        let mut judge = Self::run("decode.mjs")?;
        let versions = judge.ask(&json!({"op": "versions", "id": 0}))?;
        for version in VERSIONS {
            let found = versions["versions"][version].as_str().unwrap_or_default();
            ensure!(
                found.starts_with(&format!("{version}.")),
                "expected version {version}, found {found:?}"
            );
        }
        Ok(judge)
    }

    /// Starts a script, named from the crate's directory.
    ///
    /// # Errors
    ///
    /// If there is no node.
    pub fn run(script: &str) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let mut process = Command::new("node")
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start node")?;
        let input = process.stdin.take().context("the input is piped")?;
        let output = process.stdout.take().context("the output is piped")?;
        Ok(Self { process, input, output: BufReader::new(output) })
    }

    /// Answers each request, in order.
    ///
    /// # Errors
    ///
    /// If the process has ended or answers something else.
    pub fn batch(&mut self, requests: &[Json]) -> Result<Vec<Json>> {
        let asked = requests.len();
        let mut answer = self.ask(&json!({"op": "batch", "id": 0, "items": requests}))?;
        let Json::Array(results) = answer["results"].take() else {
            anyhow::bail!("expected results, found {answer}");
        };
        ensure!(results.len() == asked, "{asked} requests got {} answers", results.len());
        Ok(results)
    }

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// If the process has ended or answers something else.
    pub fn ask(&mut self, request: &Json) -> Result<Json> {
        writeln!(self.input, "{request}").context("the judge has ended")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the judge answered {line:?}"))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It may have ended by itself; whoever asked it was told.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
