//! The `tidewire` command.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use tidewire_cli::{Codec, check_schemas, inspect::bytes_of, print_schema, run_scenario};

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
        /// What is spoken to the clients: schema, json, mpack, light, patchpack, state-json, opcode-json or
        /// opcode-msgpack.
        #[arg(long, default_value = "schema")]
        codec: String,
        /// The variant of the codec. Of schema: v3, v4 or v5, the newest if not given. Of the last three: original,
        /// which is meant if none is given, shortest or plain (paths as text; not of state-json).
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
    /// The types of a state, as state-tree clients are told of them.
    Schema {
        #[command(subcommand)]
        command: SchemaCommand,
    },
}

#[derive(Subcommand)]
enum SchemaCommand {
    /// Says what clients that hold the old types would meet at a server that has the new ones.
    ///
    /// A line for each change, compatible or refused. Ends with status 0 if nothing is refused, 1 if
    /// something is, 2 if a file cannot be read.
    Check {
        /// A schema.json, or a description: a JSON file with `types` and `root` as a scenario has them. `-` is
        /// standard input.
        old: PathBuf,
        /// Another one. Widths of numbers are compared where both are descriptions.
        new: PathBuf,
    },
    /// Prints the schema.json of a description.
    Print {
        /// A JSON file with `types` and `root` as a scenario has them, and, where there are any, `land` (its
        /// name), `actions`, `clientEvents` and `events` (each the name of a type). `-` is standard input.
        file: PathBuf,
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
        Command::Schema { command: SchemaCommand::Print { file } } => schema_print(&file),
        Command::Schema { command: SchemaCommand::Check { old, new } } => {
            return match schema_check(&old, &new) {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(error) => failed(&error, ExitCode::from(2)),
            };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, ExitCode::FAILURE),
    }
}

fn failed(error: &anyhow::Error, code: ExitCode) -> ExitCode {
    // If even that cannot be written there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{error:#}");
    code
}

fn scenario(file: &Path, codec: Codec) -> Result<()> {
    let text = text_of(file)?;
    run_scenario(&text, codec, &mut BufWriter::new(io::stdout().lock()))?;
    Ok(())
}

fn schema_print(file: &Path) -> Result<()> {
    let schema = print_schema(&text_of(file)?).with_context(|| file.display().to_string())?;
    writeln!(io::stdout().lock(), "{schema}").context("failed to write")
}

/// Whether the new types are good for old clients.
fn schema_check(old: &Path, new: &Path) -> Result<bool> {
    let (before, now) = (text_of(old)?, text_of(new)?);
    let report = check_schemas(&before, &now)
        .with_context(|| format!("failed to compare {} with {}", old.display(), new.display()))?;
    write!(io::stdout().lock(), "{report}").context("failed to write")?;
    Ok(report.is_compatible())
}

/// The text of a file; `-` is standard input.
fn text_of(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        return read(io::stdin().lock()).context("failed to read standard input");
    }
    File::open(file)
        .map_err(Into::into)
        .and_then(read)
        .with_context(|| format!("failed to read {}", file.display()))
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
