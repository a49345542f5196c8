//! The two kinds of state that a scenario runs on, and the way to an instance in them.
//!
//! Where each instance has one place, places hold the instances themselves, as derived structs do. Where
//! instances are shared, or lie in sets, they lie in a pool and places hold handles.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use tidewire_state::{
    DynField, DynState, DynStruct, ElementKind, FieldIndex, FieldKind, Handle, Pool, Schema,
    TypeIndex, TypeSet,
};

use super::{DEEPEST, MOST_REPEATED, error::StepError, place::Made};

/// A state of run-time types.
pub(super) trait World: Schema + Sized {
    /// A root in which nothing was set.
    fn new(types: Arc<TypeSet>) -> Self;
    fn root(&self) -> &DynStruct;
    fn root_mut(&mut self) -> &mut DynStruct;
    /// Where the instances lie, if not in their places.
    fn pool(&self) -> Option<&Pool<DynStruct>>;
    fn pool_mut(&mut self) -> Option<&mut Pool<DynStruct>>;
}

impl World for DynStruct {
    fn new(types: Arc<TypeSet>) -> Self {
        let root = types.root;
        Self::new(types, root)
    }
    fn root(&self) -> &DynStruct {
        self
    }
    fn root_mut(&mut self) -> &mut DynStruct {
        self
    }
    fn pool(&self) -> Option<&Pool<DynStruct>> {
        None
    }
    fn pool_mut(&mut self) -> Option<&mut Pool<DynStruct>> {
        None
    }
}

impl World for DynState {
    fn new(types: Arc<TypeSet>) -> Self {
        Self::new(types)
    }
    fn root(&self) -> &DynStruct {
        self
    }
    fn root_mut(&mut self) -> &mut DynStruct {
        self
    }
    fn pool(&self) -> Option<&Pool<DynStruct>> {
        Some(&self.pool)
    }
    fn pool_mut(&mut self) -> Option<&mut Pool<DynStruct>> {
        Some(&mut self.pool)
    }
}

/// A step from one instance to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop<'a> {
    pub(super) field: FieldIndex,
    pub(super) at: At<'a>,
}

/// Where in a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum At<'a> {
    /// It is a reference.
    Field,
    Key(&'a str),
    /// Of an array, a set or a collection.
    Index(usize),
}

/// Whether the states of these types need a pool, even if nothing is shared.
pub(super) fn needs_pool(types: &TypeSet) -> bool {
    types.types.iter().flat_map(|info| &info.fields).any(|field| {
        matches!(
            field.kind,
            FieldKind::Set(ElementKind::Ref(_)) | FieldKind::Collection(ElementKind::Ref(_))
        )
    })
}

/// An instance in which nothing was set, in no place yet.
pub(super) fn blank<W: World>(world: &W, types: &Arc<TypeSet>, of: TypeIndex) -> DynStruct {
    match world.pool() {
        Some(_) => DynStruct::pooled(Arc::clone(types), of),
        None => DynStruct::new(Arc::clone(types), of),
    }
}

/// What a place holds that an instance is put in.
pub(super) fn made<W: World>(world: &mut W, instance: DynStruct) -> Made {
    match world.pool_mut() {
        Some(pool) => Made::Shared(pool.insert(instance)),
        None => Made::Struct(instance),
    }
}

/// The handle in a place, if that holds one.
fn handle_at(owner: &DynStruct, hop: Hop<'_>) -> Option<Handle<DynStruct>> {
    match (owner.field(hop.field)?, hop.at) {
        (DynField::Shared(handle), At::Field) => *handle,
        (DynField::SharedMap(map), At::Key(key)) => map.get(key).copied(),
        (DynField::SharedArray(array), At::Index(index)) => array.get(index).copied(),
        (DynField::SharedSet(set), At::Index(index)) => set.get(index).copied(),
        (DynField::SharedCollection(collection), At::Index(index)) => {
            collection.get(index).copied()
        }
        _ => None,
    }
}

/// The instance in a place, if there is one.
pub(super) fn instance_at<'w, W: World>(
    world: &'w W,
    owner: &'w DynStruct,
    hop: Hop<'_>,
) -> Option<&'w DynStruct> {
    match (owner.field(hop.field)?, hop.at) {
        (DynField::Ref(instance), At::Field) => instance.as_deref(),
        (DynField::Map(map), At::Key(key)) => map.get(key),
        (DynField::Array(array), At::Index(index)) => array.get(index),
        _ => world.pool()?.get(handle_at(owner, hop)?),
    }
}

/// The instance at the end of a way, if it leads to one.
pub(super) fn instance_after<'w, W: World>(world: &'w W, way: &[Hop<'_>]) -> Option<&'w DynStruct> {
    way.iter().try_fold(world.root(), |owner, hop| instance_at(world, owner, *hop))
}

/// The handle of the instance at the end of a way. The root has none.
pub(super) fn handle_of<W: World>(world: &W, way: &[Hop<'_>]) -> Option<Handle<DynStruct>> {
    let pool = world.pool()?;
    let (mut owner, mut last) = (world.root(), None);
    for hop in way {
        let handle = handle_at(owner, *hop)?;
        owner = pool.get(handle)?;
        last = Some(handle);
    }
    last
}

/// The instance at the end of a way, to be changed. Touches what lies on the way.
pub(super) fn instance_mut<'w, W: World>(
    world: &'w mut W,
    way: &[Hop<'_>],
) -> Option<&'w mut DynStruct> {
    if let Some(handle) = handle_of(world, way) {
        return world.pool_mut()?.get_mut(handle);
    }
    way.iter().try_fold(world.root_mut(), |owner, hop| {
        match (owner.field_mut(hop.field)?, hop.at) {
            (DynField::Ref(instance), At::Field) => instance.as_deref_mut(),
            (DynField::Map(map), At::Key(key)) => map.get_mut(key),
            (DynField::Array(array), At::Index(index)) => array.get_mut(index),
            _ => None,
        }
    })
}

/// Whether an instance can be reached from another, or is that.
pub(super) fn leads_to(
    pool: &Pool<DynStruct>,
    from: Handle<DynStruct>,
    to: Handle<DynStruct>,
) -> bool {
    let mut seen = HashSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        let Some(instance) = pool.get(at) else { continue };
        each_handle(instance, |below| {
            if seen.insert(below) {
                open.push(below);
            }
        });
    }
    false
}

/// Makes a state ready for a tick: what is in no place any more is removed from its pool. Gives how many fields
/// and elements are written again because what they are in is shared.
///
/// # Errors
///
/// If the state, written out with what is shared in each of its places, is too deep or too large. Every
/// client and most codecs have it in that form.
pub(super) fn settle<W: World>(world: &mut W) -> Result<usize, StepError> {
    let Some(pool) = world.pool() else { return Ok(0) };
    let (measures, repeated) = measure(pool, world.root())?;
    let gone: Vec<_> =
        pool.iter().map(|(handle, _)| handle).filter(|at| !measures.contains_key(at)).collect();
    if let Some(pool) = world.pool_mut() {
        for handle in gone {
            pool.remove(handle);
        }
    }
    Ok(repeated)
}

/// An instance and what is below it, written out.
#[derive(Clone, Copy, Default)]
struct Measure {
    /// How many instances lie in one another.
    depth: usize,
    /// How many fields and elements there are.
    size: usize,
}

/// Measures all instances that can be reached. Does not recurse: how deep they lie is not known yet.
fn measure(
    pool: &Pool<DynStruct>,
    root: &DynStruct,
) -> Result<(HashMap<Handle<DynStruct>, Measure>, usize), StepError> {
    let mut measures: HashMap<Handle<DynStruct>, Measure> = HashMap::new();
    let whole = |instance: &DynStruct, measures: &HashMap<_, Measure>| {
        let mut whole = Measure { depth: 0, size: own_size(instance) };
        each_handle(instance, |below| {
            let below = measures.get(&below).copied().unwrap_or_default();
            whole.depth = whole.depth.max(below.depth);
            whole.size = whole.size.saturating_add(below.size);
        });
        Measure { depth: whole.depth + 1, ..whole }
    };
    let mut own = own_size(root);
    let mut open = Vec::new();
    each_handle(root, |handle| open.push((handle, false)));
    while let Some((handle, is_measured_below)) = open.pop() {
        let Some(instance) = pool.get(handle) else { continue };
        if is_measured_below {
            let found = whole(instance, &measures);
            measures.insert(handle, found);
        } else if let Entry::Vacant(place) = measures.entry(handle) {
            // There are no circles, so what is found again is measured before it is needed.
            place.insert(Measure::default());
            own = own.saturating_add(own_size(instance));
            open.push((handle, true));
            each_handle(instance, |below| open.push((below, false)));
        }
    }
    let whole = whole(root, &measures);
    if whole.depth > DEEPEST {
        return Err(StepError::SharedTooDeep);
    }
    let repeated = whole.size.saturating_sub(own);
    if repeated > MOST_REPEATED {
        return Err(StepError::TooMuchShared);
    }
    Ok((measures, repeated))
}

/// How many fields and elements an instance has itself.
fn own_size(instance: &DynStruct) -> usize {
    let elements = instance.fields().map(|(_, field)| match field {
        DynField::PrimitiveMap(map) => map.len(),
        DynField::PrimitiveArray(array) => array.len(),
        DynField::PrimitiveSet(set) => set.len(),
        DynField::PrimitiveCollection(collection) => collection.len(),
        _ => 0,
    });
    elements.fold(1 + instance.fields().len(), usize::saturating_add)
}

/// Calls `each` with what the places of an instance lead to.
fn each_handle(instance: &DynStruct, mut each: impl FnMut(Handle<DynStruct>)) {
    for (_, field) in instance.fields() {
        match field {
            DynField::Shared(Some(handle)) => each(*handle),
            DynField::SharedMap(map) => map.values().copied().for_each(&mut each),
            DynField::SharedArray(array) => array.iter().copied().for_each(&mut each),
            DynField::SharedSet(set) => set.iter().copied().for_each(&mut each),
            DynField::SharedCollection(collection) => {
                collection.iter().copied().for_each(&mut each);
            }
            _ => {}
        }
    }
}
