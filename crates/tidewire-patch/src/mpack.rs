//! The `mpack` codec of Mosx: a snapshot is the plain state in MessagePack, a patch a small array.
//!
//! ```text
//! patch = [op, path, value?, oldValue?]     op: 0 add, 1 replace, 2 remove
//! ```
//!
//! The path is the one of a JSON patch with nothing escaped. A change below a name that has a `/`
//! in it replaces the nearest container that can be named, which for a field of the root is all:
//! the path is empty then.
//!
//! ```
//! use tidewire_patch::{Config, MpackEncoder, mpack};
//! use tidewire_state::{MapSchema, Schema, Tracked};
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Arena { scores: MapSchema<u32> }
//!
//! let mut arena = Tracked::new(Arena::default());
//! let mut encoder = MpackEncoder::new(&arena, Config::default());
//! encoder.patch(&mut arena);
//! assert_eq!(encoder.snapshot(), b"\x81\xa6scores\x80");
//!
//! arena.scores.insert("ada", 3);
//! assert_eq!(encoder.patch(&mut arena), [b"\x93\x00\xab/scores/ada\x03"]);
//! let patch = mpack::decode_patch(b"\x93\x00\xab/scores/ada\x03")?;
//! assert_eq!(patch.to_json().to_string(), r#"{"op":"add","path":"/scores/ada","value":3}"#);
//! # Ok::<(), mpack::MpackError>(())
//! ```

use thiserror::Error;
use tidewire_state::{RefId, Schema, Tracked, Unfold, ViewId};

use crate::{
    changes::Config,
    document::Slot,
    messages::Messages,
    notepack::{self, DecodeError, Value, read::Reader, write},
    patch::{Op, Patch, Path},
    record::{Arrays, Recorder, views, visitor},
    text,
};

/// Encodes one state as `mpack` for any number of clients.
#[derive(Debug)]
pub struct MpackEncoder {
    pub(crate) recorder: Recorder,
    unfold: Option<Box<Unfold<Self>>>,
    messages: Messages,
    scratch: text::Scratch,
    /// The path of a message.
    path: String,
}

visitor!(MpackEncoder);
views!(MpackEncoder);

impl MpackEncoder {
    /// An encoder for `state`.
    ///
    /// # Panics
    ///
    /// If `state` was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>, config: Config) -> Self {
        let recorder = Recorder::new(state, Arrays::Shifting, config.reversible);
        Self { unfold: Unfold::of(state), ..Self::of(recorder) }
    }

    /// One that hears of a walk only what it is told.
    pub(crate) fn plain<S: Schema>(state: &Tracked<S>, config: Config) -> Self {
        Self::of(Recorder::new(state, Arrays::Shifting, config.reversible))
    }

    /// One that was told the same and goes on by itself.
    pub(crate) fn fork(&self) -> Self {
        Self { messages: self.messages.clone(), ..Self::of(self.recorder.clone()) }
    }

    fn of(recorder: Recorder) -> Self {
        let (messages, scratch, path) = Default::default();
        Self { recorder, unfold: None, messages, scratch, path }
    }

    /// What changed since the last call, one message each, in order. Of a state that was never
    /// synced, nothing: clients begin with a snapshot.
    ///
    /// This consumes the changes. Where a state has several codecs, give them to
    /// [`Tracked::sync`] together and read [`last_patch`](Self::last_patch).
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Vec<u8>] {
        state.sync(self);
        self.messages.all()
    }

    /// What changed in the last sync, one message each.
    pub fn last_patch(&self) -> &[Vec<u8>] {
        self.messages.all()
    }

    /// What the last sync changed for those with this view, one message each; they begin with
    /// [`snapshot_for`](Self::snapshot_for). Worked out once a sync, however often it is asked for.
    pub fn patch_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &[Vec<u8>] {
        self.seen_by(state, view).last_patch()
    }

    /// All there is for a client with this view that has nothing. It belongs right behind a patch that
    /// the others were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> Vec<u8> {
        self.recorder.check_synced();
        self.seen_by(state, view).snapshot()
    }

    pub(crate) fn another(&self) -> Self {
        Self::of(self.recorder.another())
    }

    fn finish(&mut self) {
        let Self { recorder, messages, scratch, path, .. } = self;
        messages.clear();
        scratch.say(
            recorder,
            |path| text::without_slash(recorder, path),
            |said| {
                let out = messages.add();
                let values = usize::from(said.value.is_some()) + usize::from(said.old.is_some());
                write::array(out, 2 + values);
                out.push(said.op.number());
                path.clear();
                for step in said.path {
                    path.push('/');
                    path.push_str(&recorder.name(recorder.segment(*step)));
                }
                write::string(out, path);
                if let Some(slot) = said.value {
                    text::write_slot(recorder, slot, out);
                }
                if let Some(old) = &said.old {
                    write::value(out, old);
                }
            },
        );
    }

    /// All there is, for a client that has nothing. It belongs right behind a patch that the others
    /// were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot(&self) -> Vec<u8> {
        self.recorder.check_synced();
        let mut out = Vec::new();
        text::write_slot(&self.recorder, &Slot::Node(RefId::ROOT), &mut out);
        out
    }
}

/// Why a message is no patch of `mpack`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MpackError {
    /// The bytes are no MessagePack.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is something else.
    #[error(
        "byte {offset} is not that of a patch: an array of an operation (0, 1 or 2), a path and \
         values"
    )]
    NotAPatch {
        /// Where something else begins.
        offset: usize,
    },
}

/// Reads a snapshot.
///
/// # Errors
///
/// What is wrong with the bytes, and where.
pub fn decode_snapshot(bytes: &[u8]) -> Result<Value, DecodeError> {
    notepack::decode(bytes)
}

/// Reads a patch. Of a message with more values than its operation has, the first ones count.
///
/// # Errors
///
/// If the bytes are no such message.
pub fn decode_patch(bytes: &[u8]) -> Result<Patch, MpackError> {
    let mut reader = Reader::new(bytes)?;
    let not = |offset| MpackError::NotAPatch { offset };
    let len = reader.array()?.filter(|len| *len >= 2).ok_or(not(0))?;
    let offset = reader.offset();
    let op = reader.unsigned(1)?.and_then(Op::from_number).ok_or(not(offset))?;
    let offset = reader.offset();
    let path = reader.text(1)?.ok_or(not(offset))?;
    let mut left = len - 2;
    let mut next = |is_wanted: bool| -> Result<Option<Value>, MpackError> {
        if !is_wanted || left == 0 {
            return Ok(None);
        }
        left -= 1;
        Ok(Some(reader.value(1)?))
    };
    let value = next(op != Op::Remove)?;
    let old = next(op != Op::Add)?;
    while next(true)?.is_some() {}
    reader.end()?;
    Ok(Patch { op, path: Path::from_mosx(&path), value, old })
}

/// Writes a patch, for a state that is kept elsewhere.
pub fn encode_patch(patch: &Patch) -> Vec<u8> {
    let mut message = vec![patch.op.number().into(), patch.path.to_mosx().as_str().into()];
    message.extend([&patch.value, &patch.old].into_iter().flatten().cloned());
    notepack::encode(&Value::Array(message))
}
