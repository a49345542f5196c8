//! Hands a serializer what a walk found.

use std::fmt;

use tidewire_state::{RefId, Schema, Tracked, Unfold, ViewId};

use super::{Change, Serializer, SerializerError, Spot, View};
use crate::{
    document::Slot,
    record::{self, Arrays, Recorder, visitor},
    refusal::Refusal,
};

/// Encodes one state by a [`Serializer`] for any number of clients.
pub struct SerializerEncoder {
    pub(crate) recorder: Recorder,
    unfold: Option<Box<Unfold<Self>>>,
    serializer: Box<dyn Serializer>,
    /// The nodes that the serializer was told of, by [`RefId`].
    known: Vec<bool>,
    patch: Vec<u8>,
}

visitor!(SerializerEncoder);

impl SerializerEncoder {
    /// An encoder for `state`.
    ///
    /// # Panics
    ///
    /// If `state` was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>, mut serializer: Box<dyn Serializer>) -> Self {
        let recorder = Recorder::new(state, Arrays::Shifting, serializer.config().reversible);
        let recorder = recorder.with_signed_zeros();
        serializer.on_create(&recorder.types);
        Self { unfold: Unfold::of(state), ..Self::of(recorder, serializer) }
    }

    /// One that hears of a walk only what it is told.
    pub(crate) fn plain<S: Schema>(
        state: &Tracked<S>,
        reversible: bool,
        mut serializer: Box<dyn Serializer>,
    ) -> Self {
        let reversible = reversible || serializer.config().reversible;
        let recorder = Recorder::new(state, Arrays::Shifting, reversible);
        let recorder = recorder.with_signed_zeros();
        serializer.on_create(&recorder.types);
        Self::of(recorder, serializer)
    }

    /// One that was told nothing, if the serializer serves views.
    pub(crate) fn another(&self) -> Option<Self> {
        let mut serializer = self.serializer.for_view()?;
        let recorder = self.recorder.another();
        serializer.on_create(&recorder.types);
        Some(Self::of(recorder, serializer))
    }

    /// One that was told the same and goes on by itself, if the serializer serves views.
    pub(crate) fn fork(&self) -> Option<Self> {
        let recorder = self.recorder.clone();
        if let Some(serializer) = self.serializer.fork() {
            let known = self.known.clone();
            return Some(Self { known, ..Self::of(recorder, serializer) });
        }
        let mut serializer = self.serializer.for_view()?;
        serializer.on_create(&recorder.types);
        let mut known = Vec::new();
        if recorder.ticks() > 0 {
            let view = View { recorder: &recorder };
            announce(&mut *serializer, &mut known, view, RefId::ROOT, None);
        }
        Some(Self { known, ..Self::of(recorder, serializer) })
    }

    /// The name of the serializer.
    pub(crate) fn id(&self) -> &str {
        self.serializer.id()
    }

    fn of(recorder: Recorder, serializer: Box<dyn Serializer>) -> Self {
        Self { recorder, unfold: None, serializer, known: Vec::new(), patch: Vec::new() }
    }

    /// What changed since the last call. Empty where nothing did, and where the state was never synced: clients begin
    /// with a snapshot.
    ///
    /// This consumes the changes. Where a state has several codecs, give them to
    /// [`Tracked::sync`] together and read [`last_patch`](Self::last_patch).
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[u8] {
        state.sync(self);
        &self.patch
    }

    /// What changed in the last sync.
    pub fn last_patch(&self) -> &[u8] {
        &self.patch
    }

    /// What the last sync changed for those with this view; they begin with
    /// [`snapshot_for`](Self::snapshot_for). Worked out once a sync, however often it is asked for.
    ///
    /// # Errors
    ///
    /// If the serializer serves no views, and not everyone sees the same of this state.
    pub fn patch_for<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
    ) -> Result<&[u8], SerializerError> {
        Ok(self.seen_by(state, view)?.last_patch())
    }

    /// All there is for a client with this view that has nothing. It belongs right behind a patch that the
    /// others were sent.
    ///
    /// # Errors
    ///
    /// As of [`patch_for`](Self::patch_for).
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot_for<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
    ) -> Result<Vec<u8>, SerializerError> {
        self.recorder.check_synced();
        Ok(self.seen_by(state, view)?.snapshot())
    }

    /// Forgets what those with a view hold. Call it when the last of them is gone.
    pub fn forget_view(&mut self, view: ViewId) {
        if let Some(unfold) = &mut self.unfold {
            unfold.forget(view);
        }
    }

    /// Why clients are not told of something that the state has: everyone, or those with a view.
    pub fn refusal(&self, view: Option<ViewId>) -> Option<Refusal> {
        record::refusal(self.recorder.refused(), self.unfold.as_deref(), view, |codec| {
            codec.recorder.refused()
        })
    }

    fn seen_by<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
    ) -> Result<&mut Self, SerializerError> {
        if self.unfold.is_none() {
            return Ok(self);
        }
        let Some(mut serializer) = self.serializer.for_view() else {
            return Err(SerializerError::NoViews(self.serializer.id().to_owned()));
        };
        let recorder = self.recorder.another();
        let unfold = self.unfold.as_mut().expect("it was there");
        Ok(unfold.view(state, view, || {
            serializer.on_create(&recorder.types);
            Self::of(recorder, serializer)
        }))
    }

    /// All there is, for a client that has nothing. It belongs right behind a patch that the others were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot(&mut self) -> Vec<u8> {
        self.recorder.check_synced();
        let mut out = Vec::new();
        self.serializer.encode_snapshot(View { recorder: &self.recorder }, &mut out);
        out
    }

    fn finish(&mut self) {
        let Self { recorder, serializer, known, patch, .. } = self;
        let view = View { recorder };
        patch.clear();
        if recorder.is_first() {
            announce(&mut **serializer, known, view, RefId::ROOT, None);
        }
        for (number, change) in recorder.changes.iter().enumerate() {
            let at = Spot { node: recorder.id(change.container), step: (&change.segment).into() };
            let node = match change.value {
                Some(Slot::Node(id)) => Some(id),
                _ => None,
            };
            let said = recorder.to_patch(number, 0);
            let told = Change { patch: &said, at, node };
            serializer.before_change(&told, view);
            if let Some(id) = node {
                announce(&mut **serializer, known, view, id, Some(at));
            }
            serializer.encode_patch(&told, view, patch);
            serializer.after_change(&told, view);
        }
        for &id in &recorder.released {
            if known.get_mut(id.0 as usize).is_some_and(std::mem::take) {
                serializer.on_delete_node(id);
            }
        }
    }
}

/// Tells of a node and those below it, as far as they are new.
fn announce(
    serializer: &mut dyn Serializer,
    known: &mut Vec<bool>,
    view: View<'_>,
    id: RefId,
    at: Option<Spot<'_>>,
) {
    let index = id.0 as usize;
    if known.len() <= index {
        known.resize(index + 1, false);
    }
    let node = view.at(id);
    if !std::mem::replace(&mut known[index], true) {
        serializer.on_create_node(node, at);
    }
    for (step, slot) in node.slots() {
        if let Slot::Node(below) = slot {
            announce(serializer, known, view, *below, Some(Spot { node: id, step }));
        }
    }
}

impl fmt::Debug for SerializerEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerializerEncoder")
            .field("serializer", &self.serializer.id())
            .finish_non_exhaustive()
    }
}
