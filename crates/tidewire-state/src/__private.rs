//! What derived code calls. Not for anyone else: it may change in any release.

pub use crate::{
    array::{ArrayMirror, ArraySlot, ArraySlots},
    filter::{Ask, PerPlayer, Sift, Viewer},
    instance::InstanceMirror,
    map::MapMirror,
    node::NodeMirror,
    number::AsNumber,
    pool::{Pool, PoolMirror},
    receive::{
        FieldSource, Fresh, Misfit, New, POOLS, PoolSink, Receive, Skipped, SkippedWithoutDefault,
        StructSink, ValueSink,
    },
    schema::{Describe, EntryChange, Field, FieldNames, Schema, SchemaType},
    select::Select,
    step::{Step, draw_quantized, quantized_or_panic},
    tracker::{Owner, Tracker, Visit, Walk},
    types::{
        FieldIndex, FieldInfo, FieldKind, Quantized, QuantizedMode, Sending, Tag, TypeIds,
        TypeIndex, TypeSet, TypesBuilder, Visibility, tag_or_panic,
    },
    value::{Primitive, Value},
    visitor::{RefId, Visitor},
};

use crate::stream::StreamMirror;

/// Describes the field `name` of type `F`.
pub fn field<F: Describe>(
    name: &str,
    visibility: Visibility,
    sending: Sending,
    types: &mut TypesBuilder,
) -> FieldInfo {
    let kind = F::describe_field(types);
    assert!(
        matches!(kind, FieldKind::Primitive(_))
            || matches!(sending, Sending::Always | Sending::Never),
        "field `{name}` holds structs or a collection: `patch_only`, `full_state_only` and \
         `unreliable` are for values"
    );
    FieldInfo { optional: F::OPTIONAL, visibility, sending, ..FieldInfo::new(name, kind) }
}

/// Describes a quantized field.
pub fn quantized_field(
    name: &str,
    by: &Quantized,
    visibility: Visibility,
    sending: Sending,
) -> FieldInfo {
    FieldInfo { visibility, sending, ..FieldInfo::new(name, FieldKind::Quantized(*by)) }
}

/// How many new entries of a stream are sent in one sync, if it was told nothing else.
#[inline]
pub fn field_max<T: Schema>(stream: &mut StreamMirror<T>, max: usize) {
    stream.set_max_per_tick(max);
}

/// Which of them come first, if it was told nothing else.
#[inline]
pub fn field_priority<T: Schema>(
    stream: &mut StreamMirror<T>,
    priority: fn(&T, Option<&str>) -> f32,
) {
    stream.set_priority(priority);
}

/// What is sent of a value.
pub fn compute<S, T>(holder: &S, value: impl FnOnce(&S) -> T) -> T {
    value(holder)
}

/// What is sent instead of a value.
pub fn mask<T>(value: &T, mask: impl FnOnce(&T) -> T) -> T {
    mask(value)
}

/// What a filter says of a field.
pub fn verdict<S>(
    holder: &S,
    viewer: &Viewer<'_>,
    filter: impl Fn(&S, &Viewer<'_>) -> bool,
) -> bool {
    filter(holder, viewer)
}

/// Asks what each is told of a field that holds a `T`, or an option of one.
pub fn custom<S, T: Primitive>(
    holder: &S,
    place: (RefId, FieldIndex),
    ask: &mut Ask<'_>,
    value: impl Fn(&S, &Viewer<'_>) -> Option<T>,
) {
    ask.custom(place.0, place.1, |viewer| value(holder, viewer));
}

/// As [`custom`], of a field that is sent as a `number`.
pub fn custom_number<S, T: AsNumber<Number: Primitive>>(
    holder: &S,
    place: (RefId, FieldIndex),
    ask: &mut Ask<'_>,
    value: impl Fn(&S, &Viewer<'_>) -> Option<T>,
) {
    custom(holder, place, ask, |holder, viewer| {
        value(holder, viewer).map(|value| value.as_number())
    });
}

/// Asks a filter about each entry of a collection in a field.
pub fn sift<S, C: Sift>(
    holder: &S,
    collection: (&C, &C::Mirror),
    whole: bool,
    ask: &mut Ask<'_>,
    filter: impl Fn(&S, &Viewer<'_>, C::Key<'_>, &C::Child) -> bool,
) {
    let (collection, mirror) = collection;
    collection.sift(mirror, whole, ask, |viewer, key, child| filter(holder, viewer, key, child));
}

/// Asks about the entries of a map in a field by their keys.
pub fn sift_by_name<C: PerPlayer>(collection: (&C, &C::Mirror), whole: bool, ask: &mut Ask<'_>) {
    let (collection, mirror) = collection;
    collection.sift_by_name(mirror, whole, ask);
}

/// Whether a new struct is to be an `S`.
pub fn is_of<S: SchemaType>(fresh: Fresh<'_>) -> bool {
    fresh.types.get(fresh.index).is_some_and(|info| info.name == S::NAME)
}

/// An enum has no variant for a type.
pub fn no_variant<T>() -> Misfit {
    Misfit::node::<T>()
}

/// There is no field with this number.
///
/// # Errors
///
/// Always.
pub fn no_place(at: u8) -> Result<(), Misfit> {
    Err(Misfit::NoPlace(usize::from(at)))
}

/// The Rust types that `S` reaches, by their numbers.
pub fn type_ids<S: SchemaType>() -> TypeIds {
    let mut types = TypesBuilder::default();
    S::describe_type(&mut types);
    types.into_ids()
}

/// Describes the type `S` and all that it reaches.
pub fn describe<S: SchemaType>() -> TypeSet {
    let mut types = TypesBuilder::default();
    let root = S::describe_type(&mut types);
    types.finish(root)
}
