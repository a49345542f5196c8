//! One connection of a state-tree client: who it is, whether it has joined, and what it may send.

use std::sync::Arc;

use super::{Fault, FaultCode, Knowledge, Profile};
use crate::{
    decode::{read_json, read_message_pack},
    encode::Encoding,
    hash::Fnv1a,
    message::{Direction, Event, EventName, Join, JoinResponse, Message},
    tree::{Members, Tree},
    update::{PROTO, is_addressable},
};

/// What a session goes by.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// What the client is spoken to in.
    pub profile: Profile,
    /// The hash of the schema that the server tells of.
    pub schema_hash: Arc<str>,
    /// Whether a client that says it has another schema is refused.
    pub refuse_other_schemas: bool,
}

/// Who a client is, as far as the server found out before the join.
#[derive(Clone, Debug, PartialEq)]
pub enum Identity {
    /// A token said so, whose word goes before the client's own.
    Token {
        /// The player.
        player: Arc<str>,
        /// The device.
        device: Option<Arc<str>>,
        /// More of what the token says. Goes before what the join says.
        metadata: Vec<(Arc<str>, Arc<str>)>,
    },
    /// Nobody in particular: who it says it is, or this name.
    Guest(Arc<str>),
}

/// One connection, from when it is open. Bytes go in, what they mean comes out.
///
/// ```
/// use tidewire_opcode::{Accepted, Identity, Inbound, LandSession, Profile, SessionConfig};
/// let config = SessionConfig {
///     profile: Profile::MessagePack,
///     schema_hash: "4875865f9c1987c3".into(),
///     refuse_other_schemas: false,
/// };
/// let mut session = LandSession::new(config, Identity::Guest("6f1c".into()));
/// let join = br#"{"kind":"join","payload":{"join":{"requestID":"join-1","landType":"cookie",
///     "landInstanceId":null,"playerID":"p1","metadata":{}}}}"#;
/// let Inbound::Join(join) = session.receive(join)? else { panic!("that is a join") };
/// assert_eq!(&*join.player, "p1");
/// let accepted = Accepted { instance: "default".into(), player_slot: None };
/// let answer = session.accept(&join, accepted);
/// assert!(answer.starts_with(br#"{"kind":"joinResponse""#));
/// let action = b"\x94e\xa8action-2\xa4Play\x80";
/// assert!(matches!(session.receive(action)?, Inbound::Action { .. }));
/// # Ok::<(), tidewire_opcode::Fault>(())
/// ```
#[derive(Clone, Debug)]
pub struct LandSession {
    config: SessionConfig,
    identity: Identity,
    joined: bool,
}

/// What came from a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// It wants to join; answer with [`LandSession::accept`] or [`LandSession::refuse`].
    Join(JoinRequest),
    /// It wants something done and an answer.
    Action {
        /// Comes back in the answer.
        request: Arc<str>,
        /// Which action, as the client calls it.
        name: Arc<str>,
        /// An object.
        payload: Tree,
    },
    /// It tells of something.
    Event {
        /// Which event.
        name: Arc<str>,
        /// An object.
        payload: Tree,
    },
}

/// A client's wish to join, with all that is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRequest {
    /// Comes back in the answer.
    pub request: Arc<str>,
    /// Which kind of land.
    pub land_type: Arc<str>,
    /// Which one of them; any if there is none.
    pub instance: Option<Arc<str>>,
    /// Who joins: the token's word, or else the client's, or else the guest's name.
    pub player: Arc<str>,
    /// On what.
    pub device: Option<Arc<str>>,
    /// An object: what the client said, and over it what the token says.
    pub metadata: Tree,
    /// Whether nobody said who it is.
    pub is_guest: bool,
    /// What it knows of the schema.
    pub knowledge: Knowledge,
}

/// What a client that is let in is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Which land of its kind it is in.
    pub instance: Arc<str>,
    /// The number of the player, see [`player_slot`].
    pub player_slot: Option<u32>,
}

impl LandSession {
    /// A connection that is open and has not joined.
    pub fn new(config: SessionConfig, identity: Identity) -> Self {
        Self { config, identity, joined: false }
    }

    /// What the client is spoken to in.
    pub fn profile(&self) -> Profile {
        self.config.profile
    }

    /// Whether the client is in.
    pub fn has_joined(&self) -> bool {
        self.joined
    }

    /// What a frame from the client means. Text and binary frames may hold either format.
    ///
    /// # Errors
    ///
    /// The fault to tell the client of, by [`write_fault`](Self::write_fault). The connection goes on.
    pub fn receive(&self, frame: &[u8]) -> Result<Inbound, Fault> {
        // No MessagePack message begins like a JSON one: those bytes are numbers there.
        let is_json = matches!(frame.first(), Some(b'{' | b'['));
        let tree = match (is_json, self.joined) {
            (true, _) => read_json(frame)?,
            (false, true) => read_message_pack(frame)?,
            (false, false) => {
                let message = "a join must be JSON text";
                return Err(Fault::new(FaultCode::InvalidJson, message));
            }
        };
        match Message::from_tree(&tree)? {
            Message::Join(join) => self.join(join).map(Inbound::Join),
            Message::Action { request, .. } if !self.joined => {
                Err(not_joined("an action").of_request(request))
            }
            Message::Action { request, name, payload } => {
                Ok(Inbound::Action { request, name, payload: object(payload) })
            }
            Message::Event(_) if !self.joined => Err(not_joined("an event")),
            Message::Event(event) => self.event(event),
            Message::ActionResponse { .. } | Message::JoinResponse(_) | Message::Error { .. } => {
                let message = "clients send joins, actions and events";
                Err(Fault::new(FaultCode::InvalidMessageFormat, message))
            }
        }
    }

    /// Lets the client in. The result is the frame that says so, always a JSON object: an array would carry
    /// no player. Every frame of the state comes after it.
    pub fn accept(&mut self, join: &JoinRequest, accepted: Accepted) -> Vec<u8> {
        self.joined = true;
        let land = format!("{}:{}", join.land_type, accepted.instance);
        let response = JoinResponse {
            request: Arc::clone(&join.request),
            success: true,
            land_type: Some(Arc::clone(&join.land_type)),
            land_instance: Some(accepted.instance),
            land: Some(land.into()),
            player: Some(Arc::clone(&join.player)),
            player_slot: accepted.player_slot,
            encoding: Some(self.config.profile.announced().into()),
            reason: None,
        };
        Message::JoinResponse(response).encode(Encoding::JsonObject)
    }

    /// Does not let the client in. It may try again over this connection.
    pub fn refuse(&self, join: &JoinRequest, fault: Fault) -> Vec<u8> {
        self.write_fault(&fault.of_request(Arc::clone(&join.request)))
    }

    /// The frame that tells of a fault. Before a join clients read JSON only.
    pub fn write_fault(&self, fault: &Fault) -> Vec<u8> {
        let encoding =
            if self.joined { self.config.profile.messages() } else { Encoding::JsonObject };
        fault.to_message().encode(encoding)
    }

    fn join(&self, join: Join) -> Result<JoinRequest, Fault> {
        let request = Arc::clone(&join.request);
        if self.joined {
            let message = "this connection is in a land already: open another one";
            return Err(Fault::new(FaultCode::JoinAlreadyJoined, message).of_request(request));
        }
        self.check(join).map_err(|fault| fault.of_request(request))
    }

    fn check(&self, join: Join) -> Result<JoinRequest, Fault> {
        let knowledge = Knowledge::of(&join.metadata, &self.config.schema_hash);
        if self.config.refuse_other_schemas && knowledge == Knowledge::Nothing {
            let message = format!(
                "the client has another schema than this server: its hash is {}",
                self.config.schema_hash
            );
            return Err(Fault::new(FaultCode::JoinSchemaHashMismatch, message));
        }
        let said = join.player.filter(|player| !player.is_empty());
        let (player, device, known, is_guest) = match &self.identity {
            Identity::Token { player, device, metadata } => {
                (Arc::clone(player), device.clone().or(join.device), &metadata[..], false)
            }
            Identity::Guest(name) => {
                let is_guest = said.is_none();
                (said.unwrap_or_else(|| Arc::clone(name)), join.device, &[][..], is_guest)
            }
        };
        check_player(&player)?;
        let mut metadata = match join.metadata {
            Tree::Object(members) => members,
            _ => Members::new(),
        };
        for (name, value) in known {
            metadata.insert(Arc::clone(name), Tree::String(Arc::clone(value)));
        }
        Ok(JoinRequest {
            request: join.request,
            land_type: join.land_type,
            instance: join.land_instance.filter(|instance| !instance.is_empty()),
            player,
            device,
            metadata: Tree::Object(metadata),
            is_guest,
            knowledge,
        })
    }

    fn event(&self, event: Event) -> Result<Inbound, Fault> {
        match (event.direction, event.name) {
            (Direction::FromClient, EventName::Name(name)) => {
                Ok(Inbound::Event { name, payload: object(event.payload) })
            }
            (Direction::FromClient, EventName::Number(number)) => {
                let message = format!("clients send events by name, not by number: {number}");
                Err(Fault::new(FaultCode::InvalidMessageFormat, message))
            }
            (Direction::FromServer, _) => {
                let message = "an event from the server came from a client";
                Err(Fault::new(FaultCode::InvalidMessageFormat, message))
            }
        }
    }
}

/// The players' names become keys of the state's maps, so clients must be able to find those.
fn check_player(player: &str) -> Result<(), Fault> {
    let denied = |reason: &str| Err(Fault::new(FaultCode::JoinDenied, reason.to_owned()));
    if player.len() > LONGEST_PLAYER {
        return denied(&format!(
            "the player id has {} bytes; {LONGEST_PLAYER} are allowed",
            player.len()
        ));
    }
    if player == PROTO {
        return denied("the player id __proto__ is a key that JavaScript clients cannot read");
    }
    if !is_addressable(player) {
        return denied(&format!(
            "the player id {player:?} must be without the characters . / ~ [, by which clients split paths"
        ));
    }
    Ok(())
}

fn not_joined(what: &str) -> Fault {
    let message = format!("{what} came before a join");
    Fault::new(FaultCode::JoinSessionNotConnected, message)
}

/// An absent payload is an empty one.
fn object(payload: Tree) -> Tree {
    match payload {
        Tree::Null => Tree::Object(Members::new()),
        payload => payload,
    }
}

/// The number of a player, for information: a hash, or the next number that is free. There are 1,000.
///
/// ```
/// use tidewire_opcode::player_slot;
/// assert_eq!(player_slot("measure-player", |_| false), Some(628));
/// assert_eq!(player_slot("measure-player", |slot| slot == 628), Some(629));
/// assert_eq!(player_slot("measure-player", |_| true), None);
/// ```
pub fn player_slot(player: &str, is_taken: impl Fn(u32) -> bool) -> Option<u32> {
    let first = (Fnv1a::new().text(player).fold() & 0x7fff_ffff) % PLAYER_SLOTS;
    (0..PLAYER_SLOTS).map(|step| (first + step) % PLAYER_SLOTS).find(|slot| !is_taken(*slot))
}

/// The name of a guest, made of random bytes, in the form of a UUID.
///
/// ```
/// assert_eq!(tidewire_opcode::guest_id([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
/// ```
pub fn guest_id(random: [u8; 16]) -> String {
    let mut bytes = random;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
        );
    }
    id
}

const PLAYER_SLOTS: u32 = 1000;

/// Bytes of the longest player id.
const LONGEST_PLAYER: usize = 128;
