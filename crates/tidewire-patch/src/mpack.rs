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
    patch::{Op, Patch, PatchError, Path},
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
views!(MpackEncoder, recorder);

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
        "byte {offset} is not that of a patch: an array of an operation (0, 1 or 2), a path that is \
         empty or begins with `/`, and values"
    )]
    NotAPatch {
        /// Where something else begins.
        offset: usize,
    },
    /// Fewer values than the operation needs, or more.
    #[error("the patch has {count} values from byte {offset} on, which {op} cannot have")]
    BadValues {
        /// Where the values begin.
        offset: usize,
        /// The operation.
        op: &'static str,
        /// How many values there are.
        count: usize,
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

/// Reads a patch.
///
/// A change of tags makes Mosx write values that say nothing, and what follows them is lost on its clients: a `remove`
/// with `undefined` in the place of what was there, an `add` with `undefined` behind its value. They are read as there.
///
/// # Errors
///
/// If the bytes are no such message: what is wrong, and where.
pub fn decode_patch(bytes: &[u8]) -> Result<Patch, MpackError> {
    let mut reader = Reader::new(bytes)?;
    let not = |offset| MpackError::NotAPatch { offset };
    let count = reader.array()?.and_then(|len| len.checked_sub(2)).ok_or(not(0))?;
    let offset = reader.offset();
    let op = reader.unsigned(1)?.and_then(Op::from_number).ok_or(not(offset))?;
    let offset = reader.offset();
    let path = reader.text(1)?.filter(|path| path.is_empty() || path.starts_with('/'));
    let path = path.ok_or(not(offset))?;
    let offset = reader.offset();
    let bad = MpackError::BadValues { offset, op: op.name(), count };
    let takes = match op {
        Op::Add | Op::Replace => 1..=2,
        Op::Remove => 0..=2,
    };
    if !takes.contains(&count) {
        return Err(bad);
    }
    let mut values = [None, None];
    for value in &mut values[..count] {
        *value = Some(reader.value(1)?);
    }
    reader.end()?;
    let (value, old) = match (op, values) {
        (Op::Add, [value, None | Some(Value::Undefined)]) => (value, None),
        (Op::Replace, [value, old]) => (value, old),
        (Op::Remove, [old, None]) | (Op::Remove, [old @ Some(Value::Undefined), _]) => (None, old),
        _ => return Err(bad),
    };
    Ok(Patch { op, path: Path::from_mosx(&path), value, old })
}

/// Writes a patch, for a state that is kept elsewhere. A patch below a name that has a `/` in it cannot be said: who
/// has the state replaces the container around it.
///
/// ```
/// use tidewire_patch::{Patch, mpack};
/// let patch = Patch::replace("/x".parse()?, 5_u8.into());
/// assert_eq!(mpack::encode_patch(&patch)?, b"\x93\x01\xa2/x\x05");
/// let patch = Patch::replace("/ships/a~1b".parse()?, 5_u8.into());
/// assert_eq!(
///     mpack::encode_patch(&patch).unwrap_err().to_string(),
///     "`a/b` of the path `/ships/a~1b` has a `/`, which would be read as the end of a name: replace the container \
///      around it",
/// );
/// # Ok::<(), tidewire_patch::PatchError>(())
/// ```
///
/// # Errors
///
/// If a name has a `/`, or the operation lacks its value.
pub fn encode_patch(patch: &Patch) -> Result<Vec<u8>, PatchError> {
    let mut message = vec![patch.op.number().into(), patch.path.to_mosx()?.as_str().into()];
    let value = match (patch.op, &patch.value) {
        (Op::Remove, _) => None,
        (_, None) => return Err(PatchError::NoValue { path: patch.path.to_string() }),
        (_, value) => value.clone(),
    };
    message.extend(value);
    // Of an `add` nobody reads it.
    message.extend(patch.old.clone().filter(|_| patch.op != Op::Add));
    Ok(notepack::encode(&Value::Array(message)))
}
