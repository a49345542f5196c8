//! The encoder: a visitor that writes the operations of the schema protocol.
//!
//! Only operations that every known decoder reads alike are written, so that one patch is right
//! for all clients of a room, whatever version they are.

mod members;
mod plan;
mod reflection;
mod shift;
mod writer;

use tidewire_state::{
    Enter, EntryAt, FieldIndex, MemberEdit, RefEdit, RefId, Schema, Tracked, TypeSet, Value,
    ValueEdit, Visitor,
};

pub use self::reflection::Profile;
use self::writer::Writer;

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
    types: TypeSet,
    patch: Writer,
    snapshot: Writer,
    /// How often the state had been synced when this encoder last knew all about it.
    ticks: u64,
}

impl Encoder {
    /// An encoder for `state`, which may hold anything already.
    pub fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self {
            types: state.types(),
            patch: Writer::default(),
            snapshot: Writer::default(),
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
        state.sync(self);
        self.last_patch()
    }

    /// The bytes of the last patch.
    pub fn last_patch(&self) -> &[u8] {
        &self.patch.out
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
        self.snapshot.numbering = std::mem::take(&mut self.patch.numbering);
        state.visit(&mut self.snapshot);
        self.patch.numbering = std::mem::take(&mut self.snapshot.numbering);
        &self.snapshot.out
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

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[inline(always)]
        fn $name(&mut self $(, $arg: $type)*) {
            self.patch.$name($($arg),*);
        }
    )*};
}

/// Encodes a patch.
impl Visitor for Encoder {
    fn begin(&mut self, tick: u64) {
        self.check_ticks(tick);
        self.patch.start_patch();
        self.patch.begin(tick);
    }

    fn end(&mut self) {
        self.patch.end();
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
        members(edit: MemberEdit<'_>);
        item_references(edit: RefEdit<'_>);
        released(node: RefId);
    }
}
