//! The `json` codec: snapshots are plain JSON, patches are RFC 6902 lists with RFC 6901 paths.
//!
//! Structs and maps are objects, arrays are arrays; what is absent is left out. Numbers are JSON
//! numbers: 64-bit integers digit by digit, a `float32` as the double that equals it; what JSON
//! cannot say, NaN and the infinities, is 0 and ±(2^53 − 1).
//!
//! ```
//! use tidewire_patch::JsonEncoder;
//! use tidewire_state::{MapSchema, Schema, Tracked};
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Arena {
//!     round: u32,
//!     scores: MapSchema<u32>,
//! }
//!
//! let mut arena = Tracked::new(Arena::default());
//! let mut encoder = JsonEncoder::new(&arena);
//! encoder.patch(&mut arena);
//! assert_eq!(encoder.snapshot(&arena).to_string(), r#"{"round":0,"scores":{}}"#);
//!
//! arena.scores.insert("ada", 3);
//! let patch = encoder.patch(&mut arena).unwrap();
//! assert_eq!(patch.to_string(), r#"[{"op":"add","path":"/scores/ada","value":3}]"#);
//! assert!(encoder.patch(&mut arena).is_none());
//! ```

mod plan;
mod value;
mod writer;

use std::sync::Arc;

use json_patch::Patch;
use serde_json::Value as Json;
use tidewire_state::{
    Enter, EntryAt, FieldIndex, Introduced, NodeMembersEdit, RefEdit, RefId, Schema, Tracked,
    TypeSet, Unfold, Value, ValueEdit, ViewId, Visitor,
};

pub use self::value::to_json;
use self::writer::Writer;
use crate::record::views;

/// Encodes one state as JSON for any number of clients.
#[derive(Debug)]
pub struct JsonEncoder {
    types: Arc<TypeSet>,
    writer: Writer,
    unfold: Option<Box<Unfold<Self>>>,
    patch: Option<Patch>,
    /// How often the state had been synced when this encoder last knew all about it.
    ticks: u64,
}

impl JsonEncoder {
    /// An encoder for `state`, which may hold anything already.
    ///
    /// # Panics
    ///
    /// If `state` has fields that are not for everyone, or pools, and was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self { unfold: Unfold::of(state), ..Self::of(Arc::new(state.types()), state.ticks()) }
    }

    fn of(types: Arc<TypeSet>, ticks: u64) -> Self {
        let writer = Writer::new(Arc::clone(&types));
        Self { writer, unfold: None, types, patch: None, ticks }
    }

    /// One that was told nothing.
    fn another(&self) -> Self {
        Self::of(Arc::clone(&self.types), 0)
    }

    /// What changed since the last patch; `None` where nothing did. Each change is one operation: a
    /// new subtree is one `add` of its whole value. Of a state that was never synced, the first
    /// patch replaces the whole document.
    ///
    /// This consumes the changes. Where a state has several codecs, give them to
    /// [`Tracked::sync`] together and read [`last_patch`](Self::last_patch).
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder: its clients could never learn
    /// of them.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> Option<&Patch> {
        state.sync(self);
        self.last_patch()
    }

    /// The last patch; `None` where nothing had changed.
    pub fn last_patch(&self) -> Option<&Patch> {
        self.patch.as_ref()
    }

    /// What the last sync changed for those with this view; `None` where nothing did. Worked out once a
    /// sync, however often it is asked for. The first one replaces the whole document.
    pub fn patch_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> Option<&Patch> {
        self.seen_by(state, view).last_patch()
    }

    /// All there is, for a client that has nothing.
    ///
    /// A snapshot belongs between two patches: encode and send the pending patch to the others
    /// first, then take it, so that the newcomer's next patch begins where the snapshot ends.
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder, or if there was no patch yet.
    pub fn snapshot<S: Schema>(&self, state: &Tracked<S>) -> Json {
        assert!(state.ticks() > 0, "no patch was encoded yet: call `patch` before `snapshot`");
        self.check_ticks(state.ticks());
        let mut writer = Writer::new(Arc::clone(&self.types));
        match &self.unfold {
            None => state.visit(&mut writer),
            Some(unfold) => unfold.show_everyone(&mut writer),
        }
        writer.into_document()
    }

    /// All there is for a client with this view that has nothing. Belongs where [`snapshot`](Self::snapshot)
    /// does.
    ///
    /// # Panics
    ///
    /// As of [`snapshot`](Self::snapshot).
    pub fn snapshot_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> Json {
        self.seen_by(state, view);
        match &self.unfold {
            None => self.snapshot(state),
            Some(unfold) => {
                let mut writer = Writer::new(Arc::clone(&self.types));
                unfold.show_view(view, &mut writer);
                writer.into_document()
            }
        }
    }

    fn check_ticks(&self, ticks: u64) {
        assert!(
            self.ticks == ticks,
            "the state was synced {ticks} times, but this encoder knows of {}: give all codecs of \
             a state to one `sync`, as in `state.sync(&mut [&mut a, &mut b][..])`",
            self.ticks,
        );
    }
}

views!(JsonEncoder, writer);

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name(&mut self $(, $arg: $type)*) {
            match &mut self.unfold {
                None => self.writer.$name($($arg),*),
                Some(unfold) => unfold.follow().$name($($arg),*),
            }
        }
    )*};
}

/// Encodes a patch.
impl Visitor for JsonEncoder {
    fn begin(&mut self, tick: u64) {
        match &mut self.unfold {
            None => {
                self.check_ticks(tick);
                self.writer.begin(tick);
            }
            Some(unfold) => unfold.follow().begin(tick),
        }
    }

    fn end(&mut self) {
        if let Some(mut unfold) = self.unfold.take() {
            unfold.follow().end();
            unfold.tell_everyone(self);
            self.unfold = Some(unfold);
            return;
        }
        self.writer.end();
        let operations = self.writer.take_operations();
        self.patch = (!operations.is_empty()).then_some(Patch(operations));
        self.ticks += 1;
    }

    forward! {
        enter(node: Enter<'_>);
        leave();
        field(field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>);
        reference(field: FieldIndex, node: RefId, old: Option<RefId>);
        unset(field: FieldIndex);
        entries_reset(live: &mut dyn Iterator<Item = u32>);
        entry_removed(at: EntryAt<'_>);
        entry(at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>);
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>);
        item(index: usize, value: Value<'_>, old: Value<'_>);
        items(edit: ValueEdit<'_>);
        item_references(edit: RefEdit<'_>);
        introduce(node: Introduced);
        node_members(edit: NodeMembersEdit<'_>);
        renumbered(from: RefId, to: RefId);
        released(node: RefId);
    }
}
