//! The error of rooms: anything that went wrong, in words, with a code where a client should see one.
//!
//! Room code fails for reasons of its own (a player who is not there, a database that is gone), so any error of the
//! standard kind becomes an [`Error`] by `?`, and [`Context`] says what was being done.
//!
//! ```
//! use tidewire_server::{Context, Error, Result};
//!
//! fn seat_of(text: &str) -> Result<u8> {
//!     let seat: u8 = text.parse().context("the seat is no number")?;
//!     (seat < 4).then_some(seat).context("there are four seats")
//! }
//!
//! assert_eq!(seat_of("2").unwrap(), 2);
//! assert_eq!(seat_of("x").unwrap_err().to_string(), "the seat is no number");
//! assert_eq!(Error::new("banned").with_code(401).code(), Some(401));
//! ```

use std::error::Error as StdError;
use std::fmt;

/// What hooks and handlers of a room return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a hook, a handler or the server failed.
///
/// `Display` shows the outermost message only, which is what a client may be told; `Debug` shows the causes below it too.
pub struct Error {
    code: Option<u16>,
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error that says this.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), cause: None }
    }

    /// The same error with the code that the client gets to see: an HTTP status from `on_auth` and `on_create`, the code of
    /// an ERROR frame from `on_join`.
    #[must_use]
    pub fn with_code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }

    /// The code, where one was given to this error or to a cause of it.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.cause.as_deref().map(|cause| cause as &dyn StdError);
        while let Some(below) = cause {
            write!(f, ": {below}")?;
            cause = below.source();
        }
        Ok(())
    }
}

/// Any error of the standard kind, its message kept and itself forgotten but for what lies below it.
///
/// `Error` itself is not a [`std::error::Error`], for this conversion could not exist beside that.
impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self {
            code: None,
            message: error.to_string(),
            cause: error.source().map(|cause| Told::chain(cause).boxed()),
        }
    }
}

/// Says what was being done when something failed, or was not there.
pub trait Context<T> {
    /// The value, or an error with this message and what failed below it.
    ///
    /// # Errors
    /// When `self` holds no value.
    fn context(self, message: impl Into<String>) -> Result<T>;
}

impl<T> Context<T> for Option<T> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.ok_or_else(|| Error::new(message))
    }
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.map_err(|error| {
            let below: Error = error.into();
            let code = below.code;
            let told = Told { message: below.message, cause: below.cause };
            Error { code, message: message.into(), cause: Some(told.boxed()) }
        })
    }
}

/// A cause that was told about: its words without its type.
#[derive(Debug)]
struct Told {
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Told {
    fn chain(error: &(dyn StdError + 'static)) -> Self {
        let cause = error.source().map(|below| Self::chain(below).boxed());
        Self { message: error.to_string(), cause }
    }

    fn boxed(self) -> Box<dyn StdError + Send + Sync> {
        Box::new(self)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Told {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_keeps_the_code_and_shows_the_causes_in_debug_only() {
        let below: Result<()> = Err(Error::new("no row").with_code(404));
        let error = below.context("failed to load the player").expect_err("an error stays one");
        assert_eq!(error.code(), Some(404));
        assert_eq!(error.to_string(), "failed to load the player");
        assert_eq!(format!("{error:?}"), "failed to load the player: no row");
    }

    #[test]
    fn standard_errors_convert_by_question_mark() {
        fn parse(text: &str) -> Result<i32> {
            Ok(text.parse::<i32>()?)
        }
        assert_eq!(
            parse("x").expect_err("x is no number").to_string(),
            "invalid digit found in string"
        );
    }
}
