//! `tidewire inspect`: messages of the schema protocol, taken apart.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use tidewire_schema::{DecodeError, Inspector};

/// Why an inspection ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The reflection is none.
    #[error("the reflection cannot be read: {0}")]
    Reflection(DecodeError),
    /// A message cannot be read to its end. What could be was printed.
    #[error("message {message} cannot be read: expected {expected} at byte {offset}")]
    Message {
        /// Which one, from 0 on.
        message: usize,
        /// Where in it.
        offset: usize,
        /// What belongs there.
        expected: String,
    },
    /// Nothing can be printed.
    #[error("failed to write: {0}")]
    Output(io::Error),
}

// What is wrong is in the message already: as a source too it would be printed twice.
impl From<io::Error> for InspectError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints messages that one client was sent, an operation a line: its offset, its bytes, what it
/// says. The first message may be a handshake, which explains the others; `reflection` does so
/// where it is not among them.
///
/// # Errors
///
/// If the reflection or a message cannot be read, or the output cannot be written.
///
/// ```
/// let mut out = Vec::new();
/// tidewire_cli::inspect(None, &[b"\x80\x01\xff\x01".to_vec()], &mut out)?;
/// let line = "     2  ff 01                               SWITCH to #1, which no message here has told of";
/// assert_eq!(String::from_utf8(out).unwrap().lines().nth(1), Some(line));
/// # Ok::<(), tidewire_cli::InspectError>(())
/// ```
pub fn inspect(
    reflection: Option<&[u8]>,
    messages: &[Vec<u8>],
    out: &mut dyn Write,
) -> Result<(), InspectError> {
    let mut messages_left = messages;
    let mut inspector = match reflection {
        Some(reflection) => {
            Inspector::from_handshake(reflection).map_err(InspectError::Reflection)?
        }
        None => match messages.split_first() {
            Some((first, rest)) if !first.is_empty() => match Inspector::from_handshake(first) {
                Ok(inspector) => {
                    writeln!(out, "handshake, {} bytes", first.len())?;
                    write!(out, "{}", Inspector::of_handshake().inspect(first))?;
                    messages_left = rest;
                    inspector
                }
                Err(_) => Inspector::new(),
            },
            _ => Inspector::new(),
        },
    };
    let first = messages.len() - messages_left.len();
    for (at, message) in (first..).zip(messages_left) {
        if messages.len() > 1 {
            writeln!(out, "message {at}, {} bytes", message.len())?;
        }
        let inspection = inspector.inspect(message);
        write!(out, "{inspection}")?;
        if let Some(error) = inspection.error {
            let (offset, expected) = (error.offset, error.expected);
            return Err(InspectError::Message { message: at, offset, expected });
        }
    }
    out.flush()?;
    Ok(())
}

/// Bytes that an argument stands for: hex digits, with spaces or without; else the name of a file
/// with the bytes or with hex digits; `-` is standard input.
///
/// # Errors
///
/// If the file cannot be read, or is longer than `longest` bytes.
pub fn bytes_of(argument: &str, longest: u64) -> io::Result<Vec<u8>> {
    if let Some(bytes) = from_hex(argument.as_bytes()) {
        return Ok(bytes);
    }
    let from: Box<dyn Read> = match argument {
        "-" => Box::new(io::stdin().lock()),
        path => Box::new(File::open(path)?),
    };
    let mut bytes = Vec::new();
    from.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return Err(io::Error::other(format!("it is longer than {longest} bytes")));
    }
    Ok(from_hex(&bytes).unwrap_or(bytes))
}

/// The bytes of a text that is hex digits, in pairs, and white space.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let digits = digits.map(digit).collect::<Option<Vec<u8>>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    (odd.is_empty() && !pairs.is_empty())
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
