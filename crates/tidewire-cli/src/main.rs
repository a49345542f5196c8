//! The `tidewire` command.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use tidewire_cli::{Codec, inspect::bytes_of, run_scenario};

/// Tools for Tidewire states and their wire formats.
#[derive(Parser)]
#[command(name = "tidewire", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a scenario file and prints every byte that would go to each client.
    ///
    /// One JSON object per line comes out. An error names the step and ends the run with status 1.
    Scenario {
        /// The scenario, a JSON file; `-` is standard input.
        file: PathBuf,
        /// What is spoken to the clients: schema, json, mpack, light or patchpack.
        #[arg(long, default_value = "schema")]
        codec: String,
        /// The variant of the schema codec: v3, v4 or v5. The newest if not given.
        #[arg(long)]
        profile: Option<String>,
    },
    /// Prints messages of the schema protocol, one operation a line: offset, bytes, what they say.
    ///
    /// A message that cannot be read is printed up to the fault, and ends the run with status 1.
    Inspect {
        /// Handshake, snapshot or patches that one client was sent, in order, each in hex or as
        /// a file with the bytes or with hex; `-` is standard input.
        #[arg(required = true, value_name = "FILE|HEX")]
        messages: Vec<String>,
        /// The handshake that describes the types, if it is not the first message; in hex, or a file.
        #[arg(long, value_name = "HEX")]
        reflection: Option<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Scenario { file, codec, profile } => {
            match Codec::from_names(&codec, profile.as_deref()) {
                Ok(codec) => scenario(&file, codec),
                Err(error) => Cli::command().error(ErrorKind::InvalidValue, error).exit(),
            }
        }
        Command::Inspect { messages, reflection } => inspect(&messages, reflection.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even that cannot be written there is nobody left to tell.
            let _ = writeln!(io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn scenario(file: &Path, codec: Codec) -> Result<()> {
    let text = if file == Path::new("-") {
        read(io::stdin().lock()).context("failed to read standard input")
    } else {
        File::open(file)
            .map_err(Into::into)
            .and_then(read)
            .with_context(|| format!("failed to read {}", file.display()))
    }?;
    run_scenario(&text, codec, &mut BufWriter::new(io::stdout().lock()))?;
    Ok(())
}

fn inspect(messages: &[String], reflection: Option<&str>) -> Result<()> {
    let bytes = |argument: &str| {
        let context = || format!("`{argument}` is neither hex nor a file that can be read");
        bytes_of(argument, LONGEST_INPUT).with_context(context)
    };
    let reflection = reflection.map(bytes).transpose()?;
    let messages = messages.iter().map(|argument| bytes(argument)).collect::<Result<Vec<_>>>()?;
    let mut out = BufWriter::new(io::stdout().lock());
    tidewire_cli::inspect(reflection.as_deref(), &messages, &mut out)?;
    Ok(())
}

/// Reads all, up to [`LONGEST_INPUT`].
fn read(from: impl Read) -> Result<String> {
    let mut text = String::new();
    from.take(LONGEST_INPUT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_INPUT {
        bail!("it is longer than {LONGEST_INPUT} bytes");
    }
    Ok(text)
}

/// In bytes.
const LONGEST_INPUT: u64 = 16 * 1024 * 1024;
