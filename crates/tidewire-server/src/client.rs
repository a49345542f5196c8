//! A client of a room, as room code sees it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tidewire_protocol::frame::{self, MessageType};
use tidewire_protocol::{close, msgpack};

use crate::codec::CodecId;
use crate::error::{Context as _, Result};
use crate::land::{self, Voice};
use crate::outbox::Outbox;

/// A client of a room. Cheap to clone, and may be kept and used anywhere; sending to one that has left does nothing.
///
/// What is sent to a client that does not have the state yet waits for it. Nothing here waits for the network.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    key: ClientKey,
    session_id: Box<str>,
    auth: AuthData,
    outbox: Arc<Outbox>,
    codec: CodecId,
    /// How it is spoken to, if it is a client of a land.
    voice: Option<Voice>,
}

impl Client {
    pub(crate) fn new(
        key: ClientKey,
        session_id: &str,
        auth: AuthData,
        outbox: Arc<Outbox>,
        codec: CodecId,
    ) -> Self {
        let session_id = session_id.into();
        Self { inner: Arc::new(Inner { key, session_id, auth, outbox, codec, voice: None }) }
    }

    /// The same client, which is one of a land. Nobody has a handle to it yet.
    pub(crate) fn with_voice(self, voice: Voice) -> Self {
        let inner = Arc::into_inner(self.inner).map(|inner| Inner { voice: Some(voice), ..inner });
        Self { inner: Arc::new(inner.expect("a client gets its voice when it is made")) }
    }

    /// The id of this client in its room.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.inner.session_id
    }

    /// What `on_auth` returned, if it was of this type.
    #[must_use]
    pub fn auth<T: Any>(&self) -> Option<&T> {
        self.inner.auth.get()
    }

    /// Sends a message; to a client of a land, an event of this name.
    ///
    /// # Errors
    /// When the message cannot be written as MessagePack.
    pub fn send<'a, T: Serialize + ?Sized>(
        &self,
        message_type: impl Into<MessageType<'a>>,
        message: &T,
    ) -> Result<()> {
        let message_type = message_type.into();
        let frame = match self.voice() {
            Some(voice) => voice.event(&message_type.key(), &land::payload(message)?),
            None => encode_message(message_type, message)?,
        };
        self.outbox().push_message(frame);
        Ok(())
    }

    /// Sends a message of raw bytes. Clients of lands cannot be told such.
    pub fn send_bytes<'a>(&self, message_type: impl Into<MessageType<'a>>, bytes: &[u8]) {
        if self.voice().is_none() {
            self.outbox().push_message(encode_bytes(message_type.into(), bytes));
        }
    }

    /// Sends an error: a code and a text, which clients give to their `onError`.
    pub fn error(&self, code: u16, message: &str) {
        self.outbox().push(match self.voice() {
            Some(voice) => voice.error(code, message),
            None => encode_error(code, message),
        });
    }

    /// Closes the connection after what was sent already. `on_leave` is called once that is done.
    ///
    /// Clients make of the code what [`close`] says: with [`close::NORMAL`] or 4000 to 4999 they leave for good.
    /// Codes that mean a lost connection (1005, 1006) cannot be sent and become 4000.
    pub fn leave(&self, code: u16) {
        self.outbox().close(code, "");
    }

    /// [`leave`](Self::leave) with [`close::CONSENTED`] and a reason for the close frame, of which clients see 123 bytes at most.
    pub fn kick(&self, reason: &str) {
        self.outbox().close(close::CONSENTED, reason);
    }

    pub(crate) fn key(&self) -> ClientKey {
        self.inner.key
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.inner.outbox
    }

    pub(crate) fn voice(&self) -> Option<&Voice> {
        self.inner.voice.as_ref()
    }

    pub(crate) fn codec(&self) -> CodecId {
        self.inner.codec
    }
}

/// Two handles are equal when they are of the same connection.
impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Client {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("session_id", &self.session_id()).finish_non_exhaustive()
    }
}

/// What `on_auth` found out about a client; any value, which [`Client::auth`] gives back.
///
/// ```
/// use tidewire_server::AuthData;
///
/// struct Account { level: u8 }
///
/// let auth = AuthData::new(Account { level: 3 });
/// assert_eq!(auth.get::<Account>().map(|account| account.level), Some(3));
/// assert!(AuthData::none().get::<Account>().is_none());
/// ```
#[derive(Clone, Default)]
pub struct AuthData {
    value: Option<Arc<dyn Any + Send + Sync>>,
}

impl AuthData {
    /// The client may enter, and this is known about it.
    pub fn new(value: impl Any + Send + Sync) -> Self {
        Self { value: Some(Arc::new(value)) }
    }

    /// The client may enter, and nothing is known about it.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The value, if there is one of this type.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.value.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for AuthData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.value.is_some() { "AuthData(..)" } else { "AuthData(none)" })
    }
}

/// Why a client left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// It asked to.
    Consented,
    /// Its connection ended without that; the close code, 1006 where there was none.
    Disconnected(u16),
    /// This side closed the connection: [`Client::leave`], or a message that could not be taken. The close code.
    Closed(u16),
    /// Too much waited for it to read.
    TooSlow,
    /// Its `on_join` failed.
    JoinFailed,
    /// The room has ended; the close code.
    RoomEnded(u16),
}

impl LeaveReason {
    /// Whether the client left because it wanted to.
    #[must_use]
    pub fn is_consented(self) -> bool {
        self == Self::Consented
    }
}

/// Tells apart the connections of a room, even those of one session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientKey(pub(crate) u64);

/// The frame of a message.
pub(crate) fn encode_message<T: Serialize + ?Sized>(
    message_type: MessageType<'_>,
    message: &T,
) -> Result<Bytes> {
    let payload =
        msgpack::to_vec(message).context("the message cannot be written as MessagePack")?;
    let mut out = Vec::with_capacity(payload.len() + 16);
    frame::room_data(&mut out, message_type, &payload);
    Ok(out.into())
}

/// The frame of a message of raw bytes.
pub(crate) fn encode_bytes(message_type: MessageType<'_>, bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    frame::room_data_bytes(&mut out, message_type, bytes);
    out.into()
}

/// The frame of an error.
pub(crate) fn encode_error(code: u16, message: &str) -> Bytes {
    let mut out = Vec::with_capacity(message.len() + 8);
    frame::error(&mut out, code, message);
    out.into()
}
