//! Which bytes the clients of a room get: its codecs.
//!
//! A room has one codec or several, over one walk of its state; each client is served by one of them. A codec takes part in
//! the sync, and then has frames for each of its clients: frames that are the same for many are handles to the same bytes,
//! so that what is shared is encoded once. What a codec must never do is learn of the state in any other way.

use std::fmt;

use bytes::Bytes;
use tidewire_opcode::Tree;
use tidewire_patch::{
    Config, JsonEncoder, LightEncoder, MpackEncoder, PatchpackEncoder, SerializerEncoder,
    refused_field,
};
use tidewire_protocol::frame::{self, Handshake, Serializer};
use tidewire_state::{Schema, Tracked, ViewId, Visitor};

use self::patches::PatchCodec;
pub(crate) use self::schema::SchemaCodec;
use crate::client::Client;
use crate::error::{Context as _, Error, Result};
use crate::options::Options;
use crate::registry::new_id;

mod patches;
mod schema;

/// How a room tells its clients of the state: for [`RoomContext::set_serializer`](crate::RoomContext::set_serializer).
///
/// Clients know `schema` and `none`; for the others they register a decoder under the [id](Self::id).
#[derive(Default)]
#[non_exhaustive]
pub enum Codec {
    /// `schema`: what the SDKs decode by themselves. The default.
    #[default]
    Schema,
    /// `json`: plain JSON, and RFC 6902 lists.
    Json,
    /// `mpack` of Mosx.
    Mpack,
    /// `light` of Mosx.
    Light,
    /// `patchpack`, which Mosx calls schema.
    Patchpack,
    /// `none`: the state is the room's own affair.
    None,
    /// One of the user's own, under its own id.
    Own(Box<dyn tidewire_patch::Serializer>),
}

impl Codec {
    /// A serializer of one's own. docs/SERIALIZERS.md is the guide.
    #[must_use]
    pub fn own(serializer: impl tidewire_patch::Serializer + 'static) -> Self {
        Self::Own(Box::new(serializer))
    }

    /// The name in `JOIN_ROOM`, under which clients register the decoder.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Schema => "schema",
            Self::Json => "json",
            Self::Mpack => "mpack",
            Self::Light => "light",
            Self::Patchpack => "patchpack",
            Self::None => "none",
            Self::Own(serializer) => serializer.id(),
        }
    }

    /// The codec at work on a state that was never synced.
    fn begin<S: Schema>(self, state: &Tracked<S>) -> Result<Box<dyn RoomCodec<S>>> {
        let id = self.id().to_owned();
        if let Self::Own(serializer) = &self
            && state.types().has_hidden_fields()
            && serializer.for_view().is_none()
        {
            return Err(Error::new(format!(
                "`{id}` serves no views, and some fields are marked `view`: implement \
                 `Serializer::for_view`, or use another serializer"
            )));
        }
        if !matches!(self, Self::Schema | Self::None)
            && let Some((of, field)) = refused_field(&state.types())
        {
            return Err(Error::new(format!(
                "clients of `{id}` cannot be told of the field `{field}` of type `{of}`, which JavaScript objects keep for \
                 themselves: rename it"
            )));
        }
        Ok(match self {
            Self::Schema => Box::new(SchemaCodec::new(state)),
            Self::Json => Box::new(PatchCodec::new(id, JsonEncoder::new(state), state)),
            Self::Mpack => {
                Box::new(PatchCodec::new(id, MpackEncoder::new(state, Config::default()), state))
            }
            Self::Light => {
                let encoder = LightEncoder::new(state, Config::default())
                    .context("the state cannot be spoken in `light`")?;
                Box::new(PatchCodec::new(id, encoder, state))
            }
            Self::Patchpack => Box::new(PatchCodec::new(
                id,
                PatchpackEncoder::new(state, Config::default()),
                state,
            )),
            Self::None => Box::new(NoState),
            Self::Own(_) if TAKEN.contains(&&*id) => {
                let words =
                    format!("the id `{id}` is that of another serializer: choose one of your own");
                return Err(Error::new(words));
            }
            Self::Own(serializer) => {
                Box::new(PatchCodec::new(id, SerializerEncoder::new(state, serializer), state))
            }
        })
    }
}

/// The ids that clients know as something else.
const TAKEN: [&str; 6] = ["schema", "json", "mpack", "light", "patchpack", "none"];

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Codec").field(&self.id()).finish()
    }
}

/// A codec at work in a room.
///
/// A tick is one sync, in which it sees all changes; [`finish`](Self::finish); [`patch`](Self::patch) for each of its
/// clients; [`snapshot`](Self::snapshot) for those that wait for one. All frames are whole, ready for the socket.
pub(crate) trait RoomCodec<S: Schema>: Send {
    /// The first frame for a client that took its seat.
    fn greeting(&mut self, client: &Client, hello: Hello) -> Result<Bytes>;

    /// One sync, where the room has no other codec: here the walk is compiled for its visitor.
    fn sync_alone(&mut self, state: &mut Tracked<S>);

    /// Its part in a sync with others; `None` if it does not care.
    fn visitor(&mut self) -> Option<&mut dyn Visitor>;

    /// The sync is over.
    fn finish(&mut self);

    /// What this tick changed for a client: empty where nothing did. It is asked for every client, and what it gives for one
    /// that has had no snapshot is dropped.
    fn patch(&mut self, client: &Client) -> &[Bytes];

    /// All there is, for a client that has nothing and gets the patches from the next tick on. Asked right after the
    /// patches of a tick.
    fn snapshot(&mut self, client: &Client, state: &Tracked<S>) -> &[Bytes];

    /// What this tick changed for everyone and may get lost, as the frame of a patch.
    fn unreliable(&self) -> Option<&Bytes> {
        None
    }

    /// [`patch`](Self::patch) for a client with a view, asked only if it has had a snapshot. Who does not know of views has
    /// nothing for one client that others do not get.
    fn patch_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        let _ = (view, state);
        self.patch(client)
    }

    /// [`snapshot`](Self::snapshot) for a client with a view.
    fn snapshot_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        let _ = view;
        self.snapshot(client, state)
    }

    /// Something happened that is told with the next patch. A codec that has no such frames leaves it to others.
    ///
    /// # Errors
    /// When the payload cannot be had.
    fn tell(&mut self, name: &str, payload: &dyn Fn() -> Result<Tree>) -> Result<()> {
        let _ = (name, payload);
        Ok(())
    }

    /// A client has left. It may not have got as far as a snapshot.
    fn left(&mut self, client: &Client) {
        let _ = client;
    }
}

/// What a client said about itself when it dialled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hello {
    /// Whether it reads a plain reflection, and not the polyglot one.
    pub(crate) plain: bool,
    /// Whether it knows the shape of the state.
    pub(crate) skip: bool,
}

/// Which of a room's codecs serves a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodecId(usize);

impl CodecId {
    /// Of the clients that ask for none.
    pub(crate) const FIRST: Self = Self(0);
}

/// The codecs of a room, the first one for whoever asks for none.
pub(crate) struct Codecs<S: Schema> {
    list: Vec<Entry<S>>,
}

struct Entry<S: Schema> {
    id: String,
    /// Whether clients may ask for it.
    offered: bool,
    codec: Box<dyn RoomCodec<S>>,
}

impl<S: Schema> Codecs<S> {
    pub(crate) fn new(state: &Tracked<S>) -> Self
    where
        S: 'static,
    {
        let codec: Box<dyn RoomCodec<S>> = Box::new(SchemaCodec::new(state));
        let id = Codec::Schema.id().to_owned();
        Self { list: vec![Entry { id, offered: true, codec }] }
    }

    /// Changes the first codec.
    pub(crate) fn set_first(&mut self, codec: Codec, state: &Tracked<S>) -> Result<()> {
        self.list[CodecId::FIRST.0] = self.begin(codec, state, 1)?;
        Ok(())
    }

    /// Serves clients with this codec too.
    pub(crate) fn add(&mut self, codec: Codec, state: &Tracked<S>) -> Result<()> {
        let Entry { id, codec, .. } = self.begin(codec, state, 0)?;
        let CodecId(at) = self.push(id, codec);
        self.list[at].offered = true;
        Ok(())
    }

    /// Takes part with a codec for which no client can ask: whoever brings its clients says that they are its.
    pub(crate) fn push(&mut self, id: String, codec: Box<dyn RoomCodec<S>>) -> CodecId {
        self.list.push(Entry { id, offered: false, codec });
        CodecId(self.list.len() - 1)
    }

    fn begin(&self, codec: Codec, state: &Tracked<S>, others_from: usize) -> Result<Entry<S>> {
        let id = codec.id().to_owned();
        if self.list[others_from..].iter().any(|other| other.id == id) {
            return Err(Error::new(format!("the room has a serializer `{id}` already")));
        }
        if state.ticks() > 0 {
            return Err(Error::new("a room's serializers can be chosen in on_create only"));
        }
        // Writing it is the check.
        join_room(Serializer::Other(&id), Handshake::Skip)?;
        Ok(Entry { id, offered: true, codec: codec.begin(state)? })
    }

    /// The codec for a client with these options. Where a room offers several, the option `serializer` says which.
    pub(crate) fn choose(&self, options: &Options) -> Result<CodecId> {
        if self.list.iter().filter(|entry| entry.offered).count() == 1 {
            return Ok(CodecId::FIRST);
        }
        let Some(wanted) = options.get::<String>("serializer")? else { return Ok(CodecId::FIRST) };
        let at = self.list.iter().position(|entry| entry.offered && entry.id == wanted);
        at.map(CodecId).ok_or_else(|| Error::new(format!("the room has no serializer {wanted:?}")))
    }

    /// The codec of this id.
    pub(crate) fn at(&mut self, id: CodecId) -> &mut dyn RoomCodec<S> {
        &mut *self.list[id.0].codec
    }

    /// The codec that serves a client.
    pub(crate) fn of(&mut self, client: &Client) -> &mut dyn RoomCodec<S> {
        &mut *self.list[client.codec().0].codec
    }

    /// Shows all codecs what changed.
    pub(crate) fn sync(&mut self, state: &mut Tracked<S>) {
        if let [only] = &mut self.list[..] {
            only.codec.sync_alone(state);
        } else {
            let visitors = self.list.iter_mut().filter_map(|entry| entry.codec.visitor());
            state.sync(&mut visitors.collect::<Vec<_>>()[..]);
        }
        for entry in &mut self.list {
            entry.codec.finish();
        }
    }
}

impl<S: Schema> fmt::Debug for Codecs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter().map(|entry| &entry.id)).finish()
    }
}

/// The codec of a room whose state clients do not see.
struct NoState;

impl<S: Schema> RoomCodec<S> for NoState {
    fn greeting(&mut self, _: &Client, _: Hello) -> Result<Bytes> {
        join_room(Serializer::None, Handshake::Skip)
    }

    fn sync_alone(&mut self, _: &mut Tracked<S>) {}

    fn visitor(&mut self) -> Option<&mut dyn Visitor> {
        None
    }

    fn finish(&mut self) {}

    fn patch(&mut self, _: &Client) -> &[Bytes] {
        &[]
    }

    fn snapshot(&mut self, _: &Client, _: &Tracked<S>) -> &[Bytes] {
        &[]
    }
}

fn join_room(serializer: Serializer<'_>, handshake: Handshake<'_>) -> Result<Bytes> {
    let mut out = Vec::new();
    frame::join_room(&mut out, &new_id(), serializer, handshake)?;
    Ok(out.into())
}
