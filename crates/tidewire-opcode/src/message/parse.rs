//! Messages out of values.

use std::sync::Arc;

use super::{
    ACTION, ACTION_RESPONSE, Direction, ERROR, EVENT, Event, EventName, JOIN, JOIN_RESPONSE, Join,
    JoinResponse, Message,
};
use crate::{decode::DecodeError, tree::Tree};

type Result<T> = std::result::Result<T, DecodeError>;

impl Message {
    /// Reads either form.
    ///
    /// # Errors
    ///
    /// If this is not a message, or a field that it must have is not there or of another type.
    pub fn from_tree(tree: &Tree) -> Result<Self> {
        match tree {
            Tree::Array(items) => Self::from_array(items),
            tree => Self::from_object(tree),
        }
    }

    fn from_object(tree: &Tree) -> Result<Self> {
        let kind = text(tree.member("kind"), "kind")?;
        let payload = tree.member("payload").ok_or(missing("payload"))?;
        // Some kinds lie in a member of that name, or flat.
        let body = payload.member(&kind).unwrap_or(payload);
        let field = |name: &'static str| body.member(name);
        Ok(match &*kind {
            "action" => Self::Action {
                request: text(field("requestID"), "requestID")?,
                name: text(field("typeIdentifier"), "typeIdentifier")?,
                payload: value(field("payload")),
            },
            "actionResponse" => Self::ActionResponse {
                request: text(field("requestID"), "requestID")?,
                response: value(field("response")),
            },
            "event" => Self::Event(Event::from_object(payload)?),
            "join" => Self::Join(Join {
                request: text(field("requestID"), "requestID")?,
                land_type: text(field("landType"), "landType")?,
                land_instance: optional(field("landInstanceId"), "landInstanceId")?,
                player: optional(field("playerID"), "playerID")?,
                device: optional(field("deviceID"), "deviceID")?,
                metadata: value(field("metadata")),
            }),
            "joinResponse" => Self::JoinResponse(JoinResponse {
                request: text(field("requestID"), "requestID")?,
                success: field("success") == Some(&Tree::Boolean(true)),
                land_type: optional(field("landType"), "landType")?,
                land_instance: optional(field("landInstanceId"), "landInstanceId")?,
                land: optional(field("landID"), "landID")?,
                player: optional(field("playerID"), "playerID")?,
                player_slot: number(field("playerSlot"), "playerSlot")?,
                encoding: optional(field("encoding"), "encoding")?,
                reason: optional(field("reason"), "reason")?,
            }),
            "error" => Self::Error {
                code: text(field("code"), "code")?,
                message: text(field("message"), "message")?,
                details: value(field("details")),
            },
            kind => return Err(DecodeError::Unknown { what: "kind", found: kind.to_owned() }),
        })
    }

    fn from_array(items: &[Tree]) -> Result<Self> {
        let opcode = number(items.first(), "opcode")?.ok_or(missing("opcode"))?;
        let field = |at: usize| items.get(at);
        Ok(match u8::try_from(opcode).unwrap_or(u8::MAX) {
            ACTION => Self::Action {
                request: text(field(1), "requestID")?,
                name: text(field(2), "typeIdentifier")?,
                payload: value(field(3)),
            },
            ACTION_RESPONSE => Self::ActionResponse {
                request: text(field(1), "requestID")?,
                response: value(field(2)),
            },
            EVENT => Self::Event(Event::from_array(items.get(1..).unwrap_or_default())?),
            JOIN => Self::Join(Join {
                request: text(field(1), "requestID")?,
                land_type: text(field(2), "landType")?,
                land_instance: optional(field(3), "landInstanceId")?,
                player: optional(field(4), "playerID")?,
                device: optional(field(5), "deviceID")?,
                metadata: value(field(6)),
            }),
            JOIN_RESPONSE => Self::JoinResponse(JoinResponse {
                request: text(field(1), "requestID")?,
                success: field(2) == Some(&Tree::Integer(1)),
                land_type: optional(field(3), "landType")?,
                land_instance: optional(field(4), "landInstanceId")?,
                land: None,
                player: None,
                player_slot: number(field(5), "playerSlot")?,
                encoding: optional(field(6), "encoding")?,
                reason: optional(field(7), "reason")?,
            }),
            ERROR => Self::Error {
                code: text(field(1), "code")?,
                message: text(field(2), "message")?,
                details: value(field(3)),
            },
            _ => {
                return Err(DecodeError::Unknown { what: "opcode", found: opcode.to_string() });
            }
        })
    }
}

impl Event {
    fn from_object(payload: &Tree) -> Result<Self> {
        let (direction, body) = match (payload.member("fromClient"), payload.member("fromServer")) {
            (Some(body), None) => (Direction::FromClient, body),
            (None, Some(body)) => (Direction::FromServer, body),
            _ => return Err(missing("fromClient or fromServer")),
        };
        Ok(Self {
            direction,
            name: EventName::from_tree(body.member("type"))?,
            payload: value(body.member("payload")),
            raw_body: value(body.member("rawBody")),
        })
    }

    /// Reads `[direction, type, payload, rawBody?]`.
    pub(crate) fn from_array(items: &[Tree]) -> Result<Self> {
        let direction = match number(items.first(), "direction")? {
            Some(0) => Direction::FromClient,
            Some(1) => Direction::FromServer,
            found => {
                let found = found.map_or_else(|| "null".to_owned(), |number| number.to_string());
                return Err(DecodeError::Unknown { what: "direction", found });
            }
        };
        Ok(Self {
            direction,
            name: EventName::from_tree(items.get(1))?,
            payload: value(items.get(2)),
            raw_body: value(items.get(3)),
        })
    }
}

impl EventName {
    fn from_tree(tree: Option<&Tree>) -> Result<Self> {
        match tree {
            Some(Tree::Integer(_)) => {
                Ok(Self::Number(number(tree, "type")?.ok_or(missing("type"))?))
            }
            tree => Ok(Self::Name(text(tree, "type")?)),
        }
    }
}

fn value(tree: Option<&Tree>) -> Tree {
    tree.cloned().unwrap_or_default()
}

fn text(tree: Option<&Tree>, name: &'static str) -> Result<Arc<str>> {
    optional(tree, name)?.ok_or(missing(name))
}

fn optional(tree: Option<&Tree>, name: &'static str) -> Result<Option<Arc<str>>> {
    match tree {
        None | Some(Tree::Null) => Ok(None),
        Some(Tree::String(text)) => Ok(Some(Arc::clone(text))),
        Some(_) => Err(DecodeError::Field { name, expected: "a text" }),
    }
}

fn number(tree: Option<&Tree>, name: &'static str) -> Result<Option<u32>> {
    match tree {
        None | Some(Tree::Null) => Ok(None),
        Some(Tree::Integer(number)) => u32::try_from(*number)
            .map(Some)
            .map_err(|_| DecodeError::Field { name, expected: "a number from 0 to 2^32 - 1" }),
        Some(_) => Err(DecodeError::Field { name, expected: "a whole number" }),
    }
}

fn missing(name: &'static str) -> DecodeError {
    DecodeError::Field { name, expected: "a value" }
}
