//! The hash of a state as its clients must hold it.
//!
//! A sum over all values, each with its path mixed in. So the order of a map's entries does not
//! count, nor that of the members of a set or a stream, which codecs tell in ways of their own; that of
//! an array's items does. What clients are never told (skipped fields, refIds, what was last sent) is not in it; nor are instances of pools.

use crate::{
    members::as_read,
    schema::Schema,
    tracker::{Tracker, Visit},
    types::FieldIndex,
    value::Value,
    visitor::{
        Enter, EntryAt, MemberEdit, NodeMembersEdit, Place, RefEdit, RefId, ValueEdit, Visitor,
    },
};

/// A number that is the same for two states that clients cannot tell apart, and as good as never for
/// others.
///
/// What waits in a stream is counted: a client has it once nothing waits any more.
///
/// Server and client can compare it after each patch, in tests and benches: where a client goes wrong
/// it is found at that tick. It costs a look at every value, and two builds of this crate need not
/// agree on it.
///
/// ```
/// use tidewire_state::{MapSchema, Schema, Tracked, state_hash};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     scores: MapSchema<u32>,
/// }
///
/// let mut server = Tracked::new(Arena::default());
/// let mut client = Arena::default();
/// server.scores.insert("ada", 3);
/// assert_ne!(state_hash(&*server), state_hash(&client));
/// client.scores.insert("ada", 3);
/// assert_eq!(state_hash(&*server), state_hash(&client));
/// ```
pub fn state_hash<S: Schema>(state: &S) -> u64 {
    let mut hasher = StateHasher { sum: 0, path: SEED, is_stream: false, above: Vec::new() };
    let tracker = Tracker::new(state.type_ids());
    state.visit(&S::Mirror::default(), &mut Visit::new(&mut hasher, &tracker, false));
    hasher.sum
}

struct StateHasher {
    sum: u64,
    /// Of the node entered last.
    path: u64,
    /// Whether its items are structs without an order.
    is_stream: bool,
    above: Vec<Above>,
}

/// What goes on after a node.
struct Above {
    path: u64,
    is_stream: bool,
    /// Where the node is an entry of a stream: the sum without it. A sum of sums would not tell whose
    /// a value is.
    sum: Option<u64>,
}

impl StateHasher {
    fn add(&mut self, path: u64, value: Value<'_>) {
        self.sum = self.sum.wrapping_add(of_value(path, value));
    }

    fn below(&self, place: Place<'_>) -> u64 {
        match place {
            Place::Root => self.path,
            Place::Field(field) => mix(self.path, FIELD | u64::from(field.0)),
            Place::Entry(at) => of_text(self.path, at.key),
            Place::Item(index) => mix(self.path, ITEM | index as u64),
            Place::Shared => self.path,
        }
    }
}

impl Visitor for StateHasher {
    fn begin(&mut self, _: u64) {}

    fn end(&mut self) {}

    fn enter(&mut self, node: Enter<'_>) {
        let is_entry = self.is_stream && matches!(node.place, Place::Item(_));
        let path = if is_entry { mix(self.path, ITEM) } else { self.below(node.place) };
        let sum = is_entry.then(|| std::mem::take(&mut self.sum));
        self.above.push(Above { path: self.path, is_stream: self.is_stream, sum });
        (self.path, self.is_stream) = (path, false);
        // An empty struct is something else than none.
        self.sum = self.sum.wrapping_add(path);
    }

    fn leave(&mut self) {
        let Some(Above { path, is_stream, sum }) = self.above.pop() else { return };
        (self.path, self.is_stream) = (path, is_stream);
        if let Some(sum) = sum {
            self.sum = sum.wrapping_add(mix(path, self.sum));
        }
    }

    fn field(&mut self, field: FieldIndex, value: Value<'_>, _: Option<Value<'_>>) {
        self.add(self.below(Place::Field(field)), value);
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, _: Option<Value<'_>>) {
        self.add(self.below(Place::Entry(at)), value);
    }

    fn item(&mut self, index: usize, value: Value<'_>, _: Value<'_>) {
        self.add(self.below(Place::Item(index)), value);
    }

    fn items(&mut self, edit: ValueEdit<'_>) {
        for index in 0..edit.after.len() {
            self.add(self.below(Place::Item(edit.from + index)), edit.after.value(index));
        }
    }

    fn members(&mut self, edit: MemberEdit<'_>) {
        for index in 0..edit.all.len() {
            self.add(self.path, edit.all.value(index));
        }
    }

    fn node_members(&mut self, _: NodeMembersEdit<'_>) {
        self.is_stream = true;
    }

    // The nodes themselves are entered. What was before is nothing, as everything is shown as new.
    fn reference(&mut self, _: FieldIndex, _: RefId, _: Option<RefId>) {}
    fn entry_reference(&mut self, _: EntryAt<'_>, _: RefId, _: Option<RefId>) {}
    fn item_references(&mut self, _: RefEdit<'_>) {}
    fn unset(&mut self, _: FieldIndex) {}
    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {}
    fn entry_removed(&mut self, _: EntryAt<'_>) {}
}

/// The kind counts: 1 in an `int8` is not 1 in a `uint8`.
fn of_value(path: u64, value: Value<'_>) -> u64 {
    let path = mix(path, VALUE | value.kind() as u64);
    match value {
        Value::String(text) => of_text(path, text),
        Value::Boolean(value) => mix(path, value.into()),
        Value::Number(value) => mix(path, of_float(as_read(value))),
        Value::Float64(value) => mix(path, of_float(value)),
        Value::Float32(value) => mix(path, of_float(value.into())),
        Value::Int8(value) => mix(path, value as u64),
        Value::Int16(value) => mix(path, value as u64),
        Value::Int32(value) => mix(path, value as u64),
        Value::Int64(value) => mix(path, value as u64),
        Value::Uint8(value) => mix(path, value.into()),
        Value::Uint16(value) => mix(path, value.into()),
        Value::Uint32(value) => mix(path, value.into()),
        Value::Uint64(value) => mix(path, value),
        Value::Quantized(step, _) => mix(path, step.into()),
    }
}

/// The sign of a zero and the bits of a `NaN` may get lost on the way.
fn of_float(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

fn of_text(path: u64, text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let start = mix(path, TEXT | text.len() as u64);
    let path = words.iter().fold(start, |path, word| mix(path, u64::from_le_bytes(*word)));
    rest.iter().fold(path, |path, byte| mix(path, u64::from(*byte)))
}

/// Both halves of a product, so that every bit of one factor counts in every bit of the other.
fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word.wrapping_mul(ODD)) * u128::from(FACTOR);
    (product as u64) ^ ((product >> 64) as u64)
}

// What a word is stands in its upper bits.
const FIELD: u64 = 1 << 60;
const ITEM: u64 = 2 << 60;
const VALUE: u64 = 3 << 60;
const TEXT: u64 = 4 << 60;

// Digits of pi, as any would do.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0x1319_8a2e_0370_7345;
const ODD: u64 = 0xa409_3822_299f_31d1;
