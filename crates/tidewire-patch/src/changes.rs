//! JSON patches of a state: what changed in a tick, as a list.

use std::sync::Arc;

use tidewire_state::{RefId, Schema, Tracked, TypeSet, Unfold, ViewId};

use crate::{
    document::Slot,
    notepack::Value,
    patch::Patch,
    record::{Arrays, Recorder, views, visitor},
};

/// What a codec of this crate is asked for, beside its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Whether patches say what was there before, so that they can be undone. Costs the bytes of
    /// every value that is replaced or removed.
    pub reversible: bool,
}

impl Config {
    /// Patches that can be undone.
    pub const REVERSIBLE: Self = Self { reversible: true };
}

/// Tells what changes in a state as JSON patches: add, replace and remove.
///
/// A list is short: what was set to what it was is not in it, several writes in a tick are one
/// patch, and a new subtree is one `add` of its whole value.
///
/// ```
/// use tidewire_patch::{Config, PatchEncoder};
/// use tidewire_state::{MapSchema, Schema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     round: u32,
///     scores: MapSchema<u32>,
/// }
///
/// let mut arena = Tracked::new(Arena::default());
/// let mut encoder = PatchEncoder::new(&arena, Config::REVERSIBLE);
/// encoder.patch(&mut arena);
/// assert_eq!(encoder.snapshot().to_json().to_string(), r#"{"round":0,"scores":{}}"#);
///
/// arena.round = 3;
/// arena.scores.insert("a/b", 7);
/// let patches = encoder.patch(&mut arena);
/// assert_eq!(patches[0].to_json().to_string(), r#"{"op":"replace","path":"/round","value":3,"oldValue":0}"#);
/// assert_eq!(patches[1].to_json().to_string(), r#"{"op":"add","path":"/scores/a~1b","value":7}"#);
/// ```
#[derive(Debug)]
pub struct PatchEncoder {
    pub(crate) recorder: Recorder,
    unfold: Option<Box<Unfold<Self>>>,
    patches: Vec<Patch>,
}

visitor!(PatchEncoder);
views!(PatchEncoder, recorder);

impl PatchEncoder {
    /// An encoder for `state`.
    ///
    /// # Panics
    ///
    /// If `state` was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>, config: Config) -> Self {
        let recorder = Recorder::new(state, Arrays::Shifting, config.reversible);
        let recorder = recorder.with_signed_zeros();
        Self { unfold: Unfold::of(state), ..Self::of(recorder) }
    }

    fn of(recorder: Recorder) -> Self {
        Self { recorder, unfold: None, patches: Vec::new() }
    }

    /// What changed since the last call, in the order in which it is to be applied. Of a state that
    /// was never synced, nothing: clients begin with a snapshot.
    ///
    /// This consumes the changes. Where a state has several codecs, give them to
    /// [`Tracked::sync`] together and read [`last_patch`](Self::last_patch).
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Patch] {
        state.sync(self);
        &self.patches
    }

    /// What changed in the last sync.
    pub fn last_patch(&self) -> &[Patch] {
        &self.patches
    }

    /// What the last sync changed for those with this view; they begin with
    /// [`snapshot_for`](Self::snapshot_for). Worked out once a sync, however often it is asked for.
    pub fn patch_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &[Patch] {
        self.seen_by(state, view).last_patch()
    }

    /// All there is for a client with this view that has nothing. It belongs right behind a patch that
    /// the others were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> Value {
        self.recorder.check_synced();
        self.seen_by(state, view).snapshot()
    }

    /// One that hears of a walk only what it is told. The state has fields that it knows nothing of.
    pub(crate) fn plain<S: Schema>(state: &Tracked<S>, config: Config) -> Self {
        let recorder = Recorder::new(state, Arrays::Shifting, config.reversible);
        Self::of(recorder.with_signed_zeros())
    }

    /// As [`plain`](Self::plain), for who has no state at hand.
    pub(crate) fn of_types(types: Arc<TypeSet>) -> Self {
        Self::of(Recorder::of_types(types, Arrays::Shifting).with_signed_zeros())
    }

    pub(crate) fn another(&self) -> Self {
        Self::of(self.recorder.another())
    }

    /// One that was told the same and goes on by itself.
    pub(crate) fn fork(&self) -> Self {
        Self { patches: self.patches.clone(), ..Self::of(self.recorder.clone()) }
    }

    fn finish(&mut self) {
        let recorder = &self.recorder;
        self.patches.clear();
        let changes = 0..recorder.changes.len();
        self.patches.extend(changes.map(|change| recorder.to_patch(change, 0)));
    }

    /// All there is, for a client that has nothing.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot(&self) -> Value {
        self.recorder.check_synced();
        self.recorder.value(&Slot::Node(RefId::ROOT))
    }
}

impl Recorder {
    /// What is in a place, as clients hold it.
    pub(crate) fn value(&self, slot: &Slot) -> Value {
        self.document.keep(slot).to_value(&self.types)
    }

    /// The change with this number as a patch whose path leaves out the first so many segments.
    pub(crate) fn to_patch(&self, change: usize, above: usize) -> Patch {
        let mut path = Vec::new();
        self.path_of(change, &mut path);
        let change = &self.changes[change];
        Patch {
            op: change.op,
            path: path[above..].iter().map(|step| self.name(self.segment(*step))).collect(),
            value: change.value.as_ref().map(|slot| self.value(slot)),
            old: change.old.as_ref().map(|old| old.to_value(&self.types)),
        }
    }
}
