//! The encoder: a visitor that writes the operations of the schema protocol.
//!
//! Only operations that every known decoder reads alike are written, so that one patch is right
//! for all clients of a room, whatever version they are.

mod hidden;
mod kinds;
mod members;
mod plain;
mod plan;
mod reflection;
mod shift;
mod writer;

use std::sync::Arc;

use tidewire_state::{
    Enter, EntryAt, FieldIndex, Introduced, MemberEdit, NodeMembersEdit, RefEdit, RefId, Schema,
    Tracked, TypeSet, Value, ValueEdit, ViewId, Visitor,
};

pub use self::reflection::Profile;
use self::{hidden::Hidden, plain::Plain, writer::Writer};

/// Encodes one state for any number of clients.
///
/// ```
/// use tidewire_schema::{Decoder, Encoder};
/// use tidewire_state::{MapSchema, Schema, Tracked};
///
/// #[derive(Schema, Default, Debug, PartialEq)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     scores: MapSchema<u32>,
/// }
///
/// let mut arena = Tracked::new(Arena::default());
/// let mut encoder = Encoder::new(&arena);
/// encoder.patch(&mut arena);
///
/// let mut client = Decoder::<Arena>::new();
/// client.apply(encoder.snapshot(&arena))?;
/// arena.scores.insert("ada", 3);
/// client.apply(encoder.patch(&mut arena))?;
/// assert_eq!(client.state().scores["ada"], 3);
/// # Ok::<(), tidewire_schema::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    types: Arc<TypeSet>,
    /// Writes patches: by itself where that is enough, by its writer elsewhere.
    plain: Plain,
    snapshot: Writer,
    /// What not everyone is told of, if there is such a field.
    hidden: Option<Box<Hidden>>,
    /// How often the state had been synced when this encoder last knew all about it.
    ticks: u64,
    /// Whether patches follow from the events alone.
    is_plain: bool,
}

/// Whose copy of the state a patch continues: small numbers, chosen by who calls, each for one client
/// at a time. Where every client has a view of its own, the view's number does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReaderId(pub u32);

impl From<ViewId> for ReaderId {
    fn from(view: ViewId) -> Self {
        Self(view.0)
    }
}

impl Encoder {
    /// An encoder for `state`, which may hold anything already.
    pub fn new<S: Schema>(state: &Tracked<S>) -> Self {
        let types = Arc::new(state.types());
        let writer = Writer::new(&types);
        let hidden =
            types.has_hidden_fields().then(|| Box::new(Hidden::new(&types, state.has_pools())));
        Self {
            is_plain: hidden.is_none() && writer.kinds.is_none(),
            plain: Plain::new(writer),
            snapshot: Writer::new(&types),
            hidden,
            types,
            ticks: state.ticks(),
        }
    }

    /// What changed since the last patch, for every client that has had a snapshot or all patches.
    /// Empty where nothing did. The first patch holds the whole state.
    ///
    /// This consumes the changes. Where a state has several codecs, give them to
    /// [`Tracked::sync`] together and read [`last_patch`](Self::last_patch).
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder: its clients could never learn
    /// of them.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[u8] {
        if self.is_plain {
            self.check_ticks(state.ticks());
            state.sync(&mut self.plain);
            self.ticks += 1;
        } else {
            state.sync(self);
        }
        self.last_patch()
    }

    /// The bytes of the last patch.
    pub fn last_patch(&self) -> &[u8] {
        &self.plain.writer.out
    }

    /// All there is, for a client that has nothing.
    ///
    /// A snapshot belongs between two patches: encode and send the pending patch to the others
    /// first, then take it, so that the newcomer's next patch begins where the snapshot ends.
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder, if there was no patch yet, or if
    /// there are structs or keys that no patch has told of.
    pub fn snapshot<S: Schema>(&mut self, state: &Tracked<S>) -> &[u8] {
        assert!(state.ticks() > 0, "no patch was encoded yet: call `patch` before `snapshot`");
        self.check_ticks(state.ticks());
        self.snapshot.start_snapshot();
        // Lent for as long as it takes: a snapshot changes no numbers.
        self.snapshot.numbering = std::mem::take(&mut self.plain.writer.numbering);
        state.visit_public(&mut self.snapshot);
        self.plain.writer.numbering = std::mem::take(&mut self.snapshot.numbering);
        &self.snapshot.out
    }

    /// The patch for a client with a view, after the sync: [`last_patch`](Self::last_patch) and what
    /// only those see who may. Empty where nothing changed for it.
    ///
    /// Each client with a view gets every patch of its own, from the snapshot on.
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder.
    pub fn patch_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &[u8] {
        self.patch_to(state, view, view.into())
    }

    /// As [`patch_for`](Self::patch_for), where a view may have several readers, and a reader
    /// another view from now on.
    ///
    /// # Panics
    ///
    /// As [`patch_for`](Self::patch_for).
    pub fn patch_to<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
        reader: ReaderId,
    ) -> &[u8] {
        self.check_ticks(state.ticks());
        match &mut self.hidden {
            Some(hidden) => hidden.patch(&self.plain.writer.out, state, view, reader),
            None => &self.plain.writer.out,
        }
    }

    /// All that a client with a view may see, if it has nothing.
    ///
    /// # Panics
    ///
    /// As [`snapshot`](Self::snapshot).
    pub fn snapshot_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &[u8] {
        self.snapshot(state);
        self.last_snapshot_for(state, view)
    }

    /// As [`snapshot_for`](Self::snapshot_for), with the public part of the last
    /// [`snapshot`](Self::snapshot): for several clients that come in one tick.
    pub fn last_snapshot_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &[u8] {
        self.last_snapshot_to(state, view, view.into())
    }

    /// As [`last_snapshot_for`](Self::last_snapshot_for), for one of several readers of a view.
    pub fn last_snapshot_to<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
        reader: ReaderId,
    ) -> &[u8] {
        match &mut self.hidden {
            Some(hidden) => hidden.snapshot(&self.snapshot.out, state, view, reader),
            None => &self.snapshot.out,
        }
    }

    /// The bytes of the last snapshot, without what only some may see.
    pub fn last_snapshot(&self) -> &[u8] {
        &self.snapshot.out
    }

    /// The client of a view is gone.
    pub fn forget_view(&mut self, view: ViewId) {
        self.forget_reader(view.into());
    }

    /// A reader is gone, or has nothing.
    pub fn forget_reader(&mut self, reader: ReaderId) {
        if let Some(hidden) = &mut self.hidden {
            hidden.forget(reader);
        }
    }

    /// Values of the last sync that may get lost on their way: operations for a message of their own,
    /// to be sent beside [`last_patch`](Self::last_patch) where there is a channel for that.
    pub fn last_unreliable(&self) -> &[u8] {
        &self.plain.writer.unreliable
    }

    /// The description of the types that a client needs before its first state.
    pub fn handshake(&self, profile: Profile) -> Vec<u8> {
        reflection::write(&self.types, profile)
    }

    /// The types of the state.
    pub fn types(&self) -> &TypeSet {
        &self.types
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

/// Each event goes to the shared part, or to what not everyone is told of.
macro_rules! route {
    ($($name:ident($($arg:ident: $type:ty),*) => $hidden:ident($($given:expr),*) if $condition:ident($($of:expr)?);)*) => {$(
        #[inline(always)]
        fn $name(&mut self $(, $arg: $type)*) {
            if let Some(hidden) = &mut self.hidden {
                if hidden.$condition($($of)?) {
                    return hidden.$hidden($($given),*);
                }
            }
            self.plain.writer.$name($($arg),*);
        }
    )*};
}

/// Encodes a patch.
impl Visitor for Encoder {
    fn begin(&mut self, tick: u64) {
        self.check_ticks(tick);
        self.plain.writer.start_patch();
        self.plain.writer.begin(tick);
        if let Some(hidden) = &mut self.hidden {
            hidden.start();
        }
    }

    fn end(&mut self) {
        self.plain.writer.end();
        if let Some(hidden) = &mut self.hidden {
            hidden.end();
        }
        self.ticks += 1;
    }

    #[inline(always)]
    fn enter(&mut self, node: Enter<'_>) {
        if let Some(hidden) = &mut self.hidden
            && hidden.enter(node)
        {
            return;
        }
        self.plain.writer.enter(node);
    }

    fn introduce(&mut self, node: Introduced) {
        if let Some(hidden) = &mut self.hidden {
            hidden.introduce(node);
        }
        self.plain.writer.introduce(node);
    }

    fn released(&mut self, node: RefId) {
        if let Some(hidden) = &mut self.hidden {
            hidden.released(node);
        }
        self.plain.writer.released(node);
    }

    fn renumbered(&mut self, from: RefId, to: RefId) {
        if let Some(hidden) = &mut self.hidden {
            hidden.renumbered(from, to);
        }
    }

    #[inline(always)]
    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        if let Some(hidden) = &mut self.hidden {
            if hidden.hides(field) {
                return hidden.reference(field, node);
            }
            hidden.public_reference(field, node);
        }
        self.plain.writer.reference(field, node, old);
    }

    /// Into the shared part or a segment, by the same code: it is written out for each field of each type.
    #[inline(always)]
    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        let writer = match &mut self.hidden {
            Some(hidden) if hidden.hides(field) => hidden.field(field, value, old.is_none()),
            _ => Some(&mut self.plain.writer),
        };
        if let Some(writer) = writer {
            writer.field(field, value, old);
        }
    }

    #[inline(always)]
    fn leave(&mut self) {}

    route! {
        unset(field: FieldIndex) => unset(field) if hides(field);
        entries_reset(live: &mut dyn Iterator<Item = u32>)
            => entries_reset(live) if is_hidden();
        entry_removed(at: EntryAt<'_>) => entry_removed(at) if is_hidden();
        entry(at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>)
            => entry(at, value, old) if is_hidden();
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>)
            => entry_reference(at, node) if is_hidden();
        item(index: usize, value: Value<'_>, old: Value<'_>)
            => item(index, value, old) if is_hidden();
        items(edit: ValueEdit<'_>) => items(edit) if is_hidden();
        members(edit: MemberEdit<'_>) => members(edit) if is_hidden();
        item_references(edit: RefEdit<'_>)
            => item_references(edit) if is_hidden();
        items_shifted(edit: RefEdit<'_>, gone: usize)
            => item_references(edit) if is_hidden();
        node_members(edit: NodeMembersEdit<'_>)
            => node_members(edit) if is_hidden();
    }
}
