//! What a client is told when something cannot be done.

use std::{fmt, sync::Arc};

use thiserror::Error;

use crate::{decode::DecodeError, message::Message, tree::Tree};

/// Why something that a client asked for is not done, in the protocol's terms.
///
/// ```
/// use tidewire_opcode::{Fault, FaultCode};
/// let fault = Fault::new(FaultCode::JoinRoomFull, "the room is full").of_request("join-1");
/// assert_eq!(fault.to_string(), "JOIN_ROOM_FULL: the room is full");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{code}: {message}")]
pub struct Fault {
    /// Which of the protocol's errors it is.
    pub code: FaultCode,
    /// For people.
    pub message: String,
    /// Names and values, by which clients find what they asked for.
    pub details: Vec<(&'static str, Arc<str>)>,
}

impl Fault {
    /// A fault without details.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new() }
    }

    /// The request that fails; clients end its promise by that.
    #[must_use]
    pub fn of_request(self, request: impl Into<Arc<str>>) -> Self {
        self.with("requestID", request)
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arc<str>>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// The message that tells a client of it.
    pub fn to_message(&self) -> Message {
        let details = self.details.iter();
        let details = details.map(|(name, value)| (*name, Tree::String(Arc::clone(value))));
        let details = Tree::object(details);
        let details = if self.details.is_empty() { Tree::Null } else { details };
        let (code, message) = (self.code.as_str().into(), self.message.as_str().into());
        Message::Error { code, message, details }
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        let code = match error {
            DecodeError::Field { expected: "a value", .. } => FaultCode::MissingRequiredField,
            DecodeError::Field { .. } | DecodeError::Unknown { .. } | DecodeError::Patch { .. } => {
                FaultCode::InvalidMessageFormat
            }
            DecodeError::Json { .. } => FaultCode::InvalidJson,
            _ => FaultCode::InvalidMessageFormat,
        };
        Self::new(code, error.to_string())
    }
}

macro_rules! codes {
    ($($name:ident $text:literal $doc:literal)*) => {
        /// The protocol's errors.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FaultCode {
            $(#[doc = $doc] $name,)*
        }

        impl FaultCode {
            /// Its name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    JoinSessionNotConnected "JOIN_SESSION_NOT_CONNECTED" "Something else than a join came before a join."
    JoinAlreadyJoined "JOIN_ALREADY_JOINED" "A second join over one connection."
    JoinLandIdMismatch "JOIN_LAND_ID_MISMATCH" "The instance is one of another kind of land."
    JoinSchemaHashMismatch "JOIN_SCHEMA_HASH_MISMATCH" "The client has another schema, and must not."
    JoinDenied "JOIN_DENIED" "The land does not let the client in."
    JoinRoomFull "JOIN_ROOM_FULL" "The land is full."
    JoinRoomNotFound "JOIN_ROOM_NOT_FOUND" "There is no such instance, and none is made."
    JoinLandTypeNotFound "JOIN_LAND_TYPE_NOT_FOUND" "There is no land of this kind."
    ActionNotRegistered "ACTION_NOT_REGISTERED" "No handler for the action."
    ActionInvalidPayload "ACTION_INVALID_PAYLOAD" "The action's payload is of another shape."
    ActionHandlerError "ACTION_HANDLER_ERROR" "The action's handler failed."
    EventNotRegistered "EVENT_NOT_REGISTERED" "No handler for the event."
    EventInvalidPayload "EVENT_INVALID_PAYLOAD" "The event's payload is of another shape."
    EventHandlerError "EVENT_HANDLER_ERROR" "The event's handler failed."
    InvalidMessageFormat "INVALID_MESSAGE_FORMAT" "What came is no message that a client sends."
    InvalidJson "INVALID_JSON" "What came is not JSON."
    MissingRequiredField "MISSING_REQUIRED_FIELD" "A message lacks a field."
    WebsocketInvalidToken "WEBSOCKET_INVALID_TOKEN" "The token of the address is not good."
    WebsocketMissingToken "WEBSOCKET_MISSING_TOKEN" "There is no token in the address, and there must be one."
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
