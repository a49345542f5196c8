//! The `light` codec of Mosx: names of types and properties are numbers of a table that comes with
//! the snapshot.
//!
//! ```text
//! snapshot = [table, state]       table: name -> { index, parent, props, schema }
//! patch    = op, n, n bytes of path, [key…, value?, oldValue?]
//! path     = for each segment: in a struct the number of its type and that of the property,
//!            in a map or an array `ff`, and the key is the next one in the body
//! ```
//!
//! All bytes are signed, so that there are 128 types, and paths of 127 bytes; of the 128 properties of a type a state
//! needs 63 at most. Types that do not fit are refused when the encoder is made, and two of one name. A path that gets
//! too long because types hold themselves, or that has a `/` in a segment, is cut: what is there is replaced.

mod decode;
mod table;

use tidewire_state::{RefId, Schema, Tracked, Unfold, ViewId};

pub use self::{
    decode::{LightDecoder, LightError},
    table::TableError,
};
use crate::{
    changes::Config,
    document::Slot,
    messages::Messages,
    notepack::write,
    record::{Arrays, PathStep, Recorder, Segment, views, visitor},
    text,
};

/// Encodes one state as `light` for any number of clients.
///
/// ```
/// use tidewire_patch::{Config, LightDecoder, LightEncoder};
/// use tidewire_state::{MapSchema, Schema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena { scores: MapSchema<u32> }
///
/// let mut arena = Tracked::new(Arena::default());
/// let mut encoder = LightEncoder::new(&arena, Config::default())?;
/// encoder.patch(&mut arena);
/// let (decoder, state) = LightDecoder::from_snapshot(&encoder.snapshot())?;
/// assert_eq!(state.to_json().to_string(), r#"{"scores":{}}"#);
///
/// arena.scores.insert("ada", 3);
/// let patches = encoder.patch(&mut arena);
/// assert_eq!(patches, [b"\x00\x03\x00\x00\xff\x92\xa3ada\x03"]);
/// let patch = decoder.patch(&patches[0])?;
/// assert_eq!(patch.to_json().to_string(), r#"{"op":"add","path":"/scores/ada","value":3}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LightEncoder {
    pub(crate) recorder: Recorder,
    unfold: Option<Box<Unfold<Self>>>,
    /// The table, encoded.
    table: Vec<u8>,
    messages: Messages,
    scratch: text::Scratch,
}

visitor!(LightEncoder);
views!(LightEncoder, recorder);

impl LightEncoder {
    /// An encoder for `state`.
    ///
    /// # Errors
    ///
    /// If the types of `state` are more than the bytes of the format can tell apart.
    ///
    /// # Panics
    ///
    /// If `state` was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>, config: Config) -> Result<Self, TableError> {
        let recorder = Recorder::new(state, Arrays::Shifting, config.reversible);
        let table = table::encode(&recorder.types)?;
        Ok(Self { unfold: Unfold::of(state), ..Self::of(recorder, table) })
    }

    /// One that hears of a walk only what it is told.
    pub(crate) fn plain<S: Schema>(state: &Tracked<S>, config: Config) -> Result<Self, TableError> {
        let recorder = Recorder::new(state, Arrays::Shifting, config.reversible);
        let table = table::encode(&recorder.types)?;
        Ok(Self::of(recorder, table))
    }

    /// One that was told the same and goes on by itself.
    pub(crate) fn fork(&self) -> Self {
        let messages = self.messages.clone();
        Self { messages, ..Self::of(self.recorder.clone(), self.table.clone()) }
    }

    fn of(recorder: Recorder, table: Vec<u8>) -> Self {
        let (messages, scratch) = Default::default();
        Self { recorder, unfold: None, table, messages, scratch }
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
        Self::of(self.recorder.another(), self.table.clone())
    }

    fn finish(&mut self) {
        let Self { recorder, messages, scratch, .. } = self;
        messages.clear();
        scratch.say(
            recorder,
            |path| sayable(recorder, path),
            |said| {
                let out = messages.add();
                out.extend([said.op.number(), 0]);
                let segments = || said.path.iter().map(|step| recorder.segment(*step));
                let mut keys = 0;
                for segment in segments() {
                    match segment {
                        Segment::Field(of, field) => out.extend([of.0 as u8, field.0]),
                        _ => {
                            out.push(KEY);
                            keys += 1;
                        }
                    }
                }
                out[1] = (out.len() - 2) as u8;
                let values = usize::from(said.value.is_some()) + usize::from(said.old.is_some());
                write::array(out, keys + values);
                for key in segments().filter(|segment| !matches!(segment, Segment::Field(..))) {
                    write::string(out, &recorder.name(key));
                }
                if let Some(slot) = said.value {
                    text::write_slot(recorder, slot, out);
                }
                if let Some(old) = &said.old {
                    write::value(out, old);
                }
            },
        );
    }

    /// The table and all there is, for a client that has nothing. It belongs right behind a patch
    /// that the others were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot(&self) -> Vec<u8> {
        self.recorder.check_synced();
        let mut out = Vec::new();
        write::array(&mut out, 2);
        out.extend_from_slice(&self.table);
        text::write_slot(&self.recorder, &Slot::Node(RefId::ROOT), &mut out);
        out
    }
}

/// How many segments of a path fit its bytes and read as themselves, from the root.
fn sayable(recorder: &Recorder, path: &[PathStep]) -> usize {
    let mut size = 0;
    let fits = |step: &&PathStep| {
        size += if matches!(recorder.segment(**step), Segment::Field(..)) { 2 } else { 1 };
        size <= LONGEST_PATH
    };
    let fitting = path.iter().take_while(fits).count();
    fitting.min(text::without_slash(recorder, path))
}

/// The byte for a segment whose name is in the body.
const KEY: u8 = 0xff;

/// In bytes.
const LONGEST_PATH: usize = 127;
