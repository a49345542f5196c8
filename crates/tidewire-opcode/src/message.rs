//! Messages: all that is said beside the state.
//!
//! One message has two forms. As a JSON object it is an envelope, `{"kind":…,"payload":…}`; as an
//! array it begins with an opcode, and is sent as JSON text or as MessagePack. In arrays what is
//! absent at the end is cut, and null elsewhere.

mod parse;

use std::sync::Arc;

use crate::{
    encode::Encoding,
    format::{Format, JsonText, MessagePack},
    tree::Tree,
};

/// A message, in either direction.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A client wants something done and an answer.
    Action {
        /// Comes back in the answer.
        request: Arc<str>,
        /// Which action.
        name: Arc<str>,
        /// An object.
        payload: Tree,
    },
    /// The answer to an action.
    ActionResponse {
        /// The action's.
        request: Arc<str>,
        /// Best an object: clients hand arrays on as they are.
        response: Tree,
    },
    /// Something happened.
    Event(Event),
    /// A client wants to join a land.
    Join(Join),
    /// The answer to a join. As an array it carries no player and no land, so it is sent as an
    /// object whatever the encoding.
    JoinResponse(JoinResponse),
    /// Something cannot be done.
    Error {
        /// One of the protocol's codes, as `JOIN_DENIED`.
        code: Arc<str>,
        /// For people.
        message: Arc<str>,
        /// An object or null. `requestID` in it says which request fails.
        details: Tree,
    },
}

/// Something that happened, told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Who tells.
    pub direction: Direction,
    /// Which event.
    pub name: EventName,
    /// An object, or from the server an array of its values in the bytewise order of their names.
    pub payload: Tree,
    /// Null where there is none.
    pub raw_body: Tree,
}

/// Who tells of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A client, to the server.
    FromClient,
    /// The server, to clients.
    FromServer,
}

/// Which event it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventName {
    /// By its name.
    Name(Arc<str>),
    /// By its number in the schema: 1 for the first of the sorted names. Only from the server.
    Number(u32),
}

/// What a client says to join.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Join {
    /// Comes back in the answer.
    pub request: Arc<str>,
    /// Which kind of land.
    pub land_type: Arc<str>,
    /// Which one of them.
    pub land_instance: Option<Arc<str>>,
    /// Who joins.
    pub player: Option<Arc<str>>,
    /// On what.
    pub device: Option<Arc<str>>,
    /// An object or null. Clients put their `schemaHash` here.
    pub metadata: Tree,
}

/// What a server answers to a join.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinResponse {
    /// The join's.
    pub request: Arc<str>,
    /// Whether the client is in.
    pub success: bool,
    /// Which kind of land.
    pub land_type: Option<Arc<str>>,
    /// Which one of them.
    pub land_instance: Option<Arc<str>>,
    /// Both, joined by `:`. Not in arrays.
    pub land: Option<Arc<str>>,
    /// Who the client is now. Not in arrays.
    pub player: Option<Arc<str>>,
    /// A number for the player, for information.
    pub player_slot: Option<u32>,
    /// How the client is to send from now on: `json`, `opcodeJsonArray` or `messagepack`.
    pub encoding: Option<Arc<str>>,
    /// Why not.
    pub reason: Option<Arc<str>>,
}

impl Message {
    /// The message as bytes: an object for [`Encoding::JsonObject`], else an array.
    ///
    /// ```
    /// use tidewire_opcode::{Encoding, Message, Tree};
    /// let message = Message::Action {
    ///     request: "action-2".into(),
    ///     name: "Play".into(),
    ///     payload: Tree::Object(Default::default()),
    /// };
    /// assert_eq!(message.encode(Encoding::OpcodeJson), br#"[101,"action-2","Play",{}]"#);
    /// assert_eq!(message.encode(Encoding::OpcodeMessagePack), b"\x94e\xa8action-2\xa4Play\x80");
    /// ```
    pub fn encode(&self, encoding: Encoding) -> Vec<u8> {
        let tree = match encoding {
            Encoding::JsonObject => self.to_object(),
            Encoding::OpcodeJson | Encoding::OpcodeMessagePack => self.to_array(),
        };
        tree.encode(encoding)
    }

    /// `{"kind":…,"payload":…}`.
    pub fn to_object(&self) -> Tree {
        let nested = |kind: &'static str, members: Tree| Tree::object([(kind, members)]);
        let (kind, payload) = match self {
            Self::Action { request, name, payload } => (
                "action",
                members([
                    ("requestID", text(request)),
                    ("typeIdentifier", text(name)),
                    ("payload", Some(payload.clone())),
                ]),
            ),
            Self::ActionResponse { request, response } => (
                "actionResponse",
                nested(
                    "actionResponse",
                    members([("requestID", text(request)), ("response", Some(response.clone()))]),
                ),
            ),
            Self::Event(event) => ("event", event.to_object()),
            Self::Join(join) => ("join", nested("join", join.to_object())),
            Self::JoinResponse(response) => {
                ("joinResponse", nested("joinResponse", response.to_object()))
            }
            Self::Error { code, message, details } => (
                "error",
                nested(
                    "error",
                    members([
                        ("code", text(code)),
                        ("message", text(message)),
                        ("details", present(details)),
                    ]),
                ),
            ),
        };
        members([("kind", Some(kind.into())), ("payload", Some(payload))])
    }

    /// `[opcode, …]`.
    pub fn to_array(&self) -> Tree {
        match self {
            Self::Action { request, name, payload } => {
                array(ACTION, [text(request), text(name), Some(payload.clone())])
            }
            Self::ActionResponse { request, response } => {
                Tree::Array(vec![ACTION_RESPONSE.into(), request_tree(request), response.clone()])
            }
            Self::Event(event) => {
                let Tree::Array(mut items) = event.to_array() else { return Tree::Null };
                items.insert(0, EVENT.into());
                Tree::Array(items)
            }
            Self::Join(join) => array(
                JOIN,
                [
                    text(&join.request),
                    text(&join.land_type),
                    optional(join.land_instance.as_ref()),
                    optional(join.player.as_ref()),
                    optional(join.device.as_ref()),
                    present(&join.metadata),
                ],
            ),
            Self::JoinResponse(response) => array(
                JOIN_RESPONSE,
                [
                    text(&response.request),
                    Some(u8::from(response.success).into()),
                    optional(response.land_type.as_ref()),
                    optional(response.land_instance.as_ref()),
                    response.player_slot.map(Tree::from),
                    optional(response.encoding.as_ref()),
                    optional(response.reason.as_ref()),
                ],
            ),
            Self::Error { code, message, details } => {
                array(ERROR, [text(code), text(message), present(details)])
            }
        }
    }
}

impl Event {
    fn to_object(&self) -> Tree {
        let direction = match self.direction {
            Direction::FromClient => "fromClient",
            Direction::FromServer => "fromServer",
        };
        let body = members([
            ("type", Some(self.name.to_tree())),
            ("payload", Some(self.payload.clone())),
            ("rawBody", present(&self.raw_body)),
        ]);
        members([(direction, Some(body))])
    }

    /// `[direction, type, payload, rawBody?]`.
    fn to_array(&self) -> Tree {
        let direction: u8 = match self.direction {
            Direction::FromClient => 0,
            Direction::FromServer => 1,
        };
        let mut items = vec![direction.into(), self.name.to_tree(), self.payload.clone()];
        items.extend(present(&self.raw_body));
        Tree::Array(items)
    }
}

impl EventName {
    fn to_tree(&self) -> Tree {
        match self {
            Self::Name(name) => Tree::String(Arc::clone(name)),
            Self::Number(number) => (*number).into(),
        }
    }
}

impl Join {
    /// The instance is written even where there is none, as clients do.
    fn to_object(&self) -> Tree {
        members([
            ("requestID", text(&self.request)),
            ("landType", text(&self.land_type)),
            ("landInstanceId", Some(optional(self.land_instance.as_ref()).into())),
            ("playerID", optional(self.player.as_ref())),
            ("deviceID", optional(self.device.as_ref())),
            ("metadata", present(&self.metadata)),
        ])
    }
}

impl JoinResponse {
    fn to_object(&self) -> Tree {
        members([
            ("requestID", text(&self.request)),
            ("success", Some(self.success.into())),
            ("landType", optional(self.land_type.as_ref())),
            ("landInstanceId", optional(self.land_instance.as_ref())),
            ("landID", optional(self.land.as_ref())),
            ("playerID", optional(self.player.as_ref())),
            ("playerSlot", self.player_slot.map(Tree::from)),
            ("encoding", optional(self.encoding.as_ref())),
            ("reason", optional(self.reason.as_ref())),
        ])
    }
}

/// `[107, state, [event…]]`: a frame of the state that an [`Encoder`](crate::Encoder) wrote in this
/// encoding, and events, which clients hear of before they see the state.
///
/// Nothing for [`Encoding::JsonObject`], which has no such frame.
///
/// ```
/// use tidewire_opcode::{Encoding, merged};
/// assert_eq!(merged(b"[0]", &[], Encoding::OpcodeJson).unwrap(), b"[107,[0],[]]");
/// ```
pub fn merged(state: &[u8], events: &[Event], encoding: Encoding) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(state.len() + 64);
    match encoding {
        Encoding::JsonObject => return None,
        Encoding::OpcodeJson => {
            write_merged(&mut JsonText { out: &mut out, escape_slashes: false }, state, events);
        }
        Encoding::OpcodeMessagePack => {
            write_merged(&mut MessagePack { out: &mut out }, state, events);
        }
    }
    Some(out)
}

fn write_merged(out: &mut impl Format, state: &[u8], events: &[Event]) {
    out.open_array(3);
    out.integer(MERGED.into());
    out.raw(state);
    out.open_array(events.len());
    for event in events {
        out.tree(&event.to_array());
    }
    out.close_array();
    out.close_array();
}

fn members<const N: usize>(members: [(&'static str, Option<Tree>); N]) -> Tree {
    Tree::object(members.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// Cuts what is absent at the end; what is absent before is null.
fn array<const N: usize>(opcode: u8, fields: [Option<Tree>; N]) -> Tree {
    let len = fields.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let fields = fields.into_iter().take(len).map(Tree::from);
    Tree::Array([opcode.into()].into_iter().chain(fields).collect())
}

fn text(text: &Arc<str>) -> Option<Tree> {
    Some(request_tree(text))
}

fn request_tree(text: &Arc<str>) -> Tree {
    Tree::String(Arc::clone(text))
}

fn optional(text: Option<&Arc<str>>) -> Option<Tree> {
    text.map(request_tree)
}

fn present(tree: &Tree) -> Option<Tree> {
    (*tree != Tree::Null).then(|| tree.clone())
}

const ACTION: u8 = 101;
const ACTION_RESPONSE: u8 = 102;
const EVENT: u8 = 103;
const JOIN: u8 = 104;
const JOIN_RESPONSE: u8 = 105;
const ERROR: u8 = 106;
pub(crate) const MERGED: u8 = 107;
