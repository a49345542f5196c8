use std::borrow::Cow;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::url::percent_decode;

use super::{Refusal, code};

/// What a client passes to a room: a JSON object.
pub type Options = Map<String, Value>;

/// How a client wants to get into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Into any room of that name that matches, else a new one.
    JoinOrCreate,
    /// Into a new room.
    Create,
    /// Into any room of that name that matches.
    Join,
    /// Into the room of that id.
    JoinById,
    /// Back into the room of that id.
    Reconnect,
}

impl FromStr for Method {
    type Err = Refusal;

    fn from_str(method: &str) -> Result<Self, Refusal> {
        Ok(match method {
            "joinOrCreate" => Self::JoinOrCreate,
            "create" => Self::Create,
            "join" => Self::Join,
            "joinById" => Self::JoinById,
            "reconnect" => Self::Reconnect,
            _ => {
                return Err(Refusal::new(code::NO_HANDLER, format!("invalid method \"{method}\"")));
            }
        })
    }
}

/// A matchmaking request's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// How.
    pub method: Method,
    /// The room's name; for [`JoinById`](Method::JoinById) and [`Reconnect`](Method::Reconnect) its id.
    pub target: Cow<'a, str>,
}

/// Reads `/any/prefix/matchmake/{method}/{room name or id}`; `None` for any other path, which is not found (404).
///
/// # Errors
/// A [`Refusal`] for an unknown method, or a room name that is not UTF-8.
pub fn route(path: &str) -> Result<Option<Request<'_>>, Refusal> {
    let mut segments = path.rsplit('/');
    let (Some(target), Some(method), Some("matchmake"), Some(_)) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Ok(None);
    };
    if target.is_empty() {
        return Ok(None);
    }
    let method = method.parse()?;
    let target = percent_decode(target).ok_or_else(|| Refusal::no_handler(target))?;
    Ok(Some(Request { method, target }))
}

/// Reads the body of a matchmaking request: a JSON object. No body and an array (Defold's empty table) are no options.
///
/// # Errors
/// A [`Refusal`] of [`MALFORMED_BODY`](code::MALFORMED_BODY) for anything else.
pub fn options(body: &[u8]) -> Result<Options, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Options::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(options)) => Ok(options),
        Ok(Value::Array(_) | Value::Null) => Ok(Options::new()),
        _ => Err(Refusal::new(code::MALFORMED_BODY, "malformed request body")),
    }
}

/// The token in the body of a `reconnect`.
///
/// # Errors
/// [`Refusal::token_missing`].
pub fn reconnection_token(options: &Options) -> Result<&str, Refusal> {
    let token = options.get("reconnectionToken").and_then(Value::as_str);
    token.filter(|token| !token.is_empty()).ok_or_else(Refusal::token_missing)
}

/// The headers of every response, that to `OPTIONS` (204, empty) included, beside
/// `Access-Control-Allow-Origin`: [`allow_origin`].
pub const CORS_HEADERS: [(&str, &str); 4] = [
    (
        "Access-Control-Allow-Headers",
        "Origin, X-Requested-With, Content-Type, Accept, Authorization",
    ),
    ("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Max-Age", "2592000"),
];

/// The value of `Access-Control-Allow-Origin`: the request's own, because clients send credentials, with which `*` is not
/// allowed.
#[must_use]
pub fn allow_origin(origin: Option<&str>) -> &str {
    origin.unwrap_or("*")
}
