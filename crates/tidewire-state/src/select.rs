//! Finding nodes by path, and what is below them.
//!
//! A node that no walk has seen gets its number here, so that it can be named, put in a view, and
//! moved before the next walk.

use crate::{
    bits::Bits,
    schema::Schema,
    tracker::{SharedKey, Tracker},
    types::{Tag, TypeIndex, Visibility},
    visitor::RefId,
};

/// What nodes are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Only the one at the path.
    Name,
    /// That and what is below it, but for fields of tags that this one has no bit of.
    Add(Tag),
    /// As [`Add`](Self::Add), of a collection.
    Subscribe(Tag),
    /// That and all that is below it.
    Remove,
    /// Nothing: what leads to places of renewed instances is marked as touched on the way.
    Touch,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// There is no such view.
    #[error("there is no such view: it was dropped, or is one of another state")]
    NoView,
    /// What it is to be put in a view for, or taken out for, is no tag.
    #[error("a tag is a bit or several, 1 or more, or `Tag::DEFAULT`: {0} is none")]
    NoTag(i32),
    /// There is nothing there.
    #[error("there is nothing at `{0}` of the path")]
    Nothing(String),
    /// What is there is a value.
    #[error("the path leads to a value, not to an instance or collection")]
    NoNode,
    /// What is there is an instance.
    #[error("the path leads to an instance, not to a collection: add it, or name a field of it")]
    NoCollection,
}

/// A search under way. What it finds is in the lists of the tracker.
#[derive(Debug)]
pub struct Select<'a> {
    pub(crate) tracker: &'a mut Tracker,
    purpose: Purpose,
    /// Where the path goes on in instances of pools.
    shared: Vec<Shared>,
    /// How many of those were looked at.
    looked_at: usize,
    seen: Bits,
    /// What is in the collection that is reached next is not looked for.
    is_shallow: bool,
    /// Whether what is found first is a collection.
    is_collection: bool,
    error: Option<PathError>,
    /// Where to look for places of renewed instances.
    ways: Bits,
    /// How many of them were found.
    places: usize,
}

/// What a search makes of an instance of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnterShared {
    /// No walk has seen it.
    pub(crate) is_new: bool,
    /// What is below it is looked for.
    pub(crate) goes_on: bool,
}

/// An instance of a pool to be looked at.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) key: SharedKey,
    pub(crate) path: Vec<String>,
}

impl<'a> Select<'a> {
    pub(crate) fn new(tracker: &'a mut Tracker, purpose: Purpose) -> Self {
        tracker.found.clear();
        tracker.waits.clear();
        Self {
            tracker,
            purpose,
            shared: Vec::new(),
            looked_at: 0,
            seen: Bits::default(),
            is_shallow: false,
            is_collection: false,
            error: None,
            ways: Bits::default(),
            places: 0,
        }
    }

    pub(crate) fn root<S: Schema>(
        &mut self,
        state: &mut S,
        mirror: &mut S::Mirror,
        fresh: bool,
        path: &[&str],
    ) {
        if path.is_empty() && self.purpose != Purpose::Touch {
            self.tracker.found.push(RefId::ROOT);
            if self.purpose == Purpose::Name {
                return;
            }
        }
        state.select(mirror, fresh, path, self);
        self.go_on(state, mirror);
    }

    /// Looks only at these nodes.
    pub(crate) fn only(&mut self, ways: Bits) {
        self.ways = ways;
    }

    /// Whether only nodes are of interest that a walk has seen, as they were then.
    pub(crate) fn only_touches(&self) -> bool {
        self.purpose == Purpose::Touch
    }

    /// An instance of a pool, and what is below it.
    pub(crate) fn below_shared<S: Schema>(
        &mut self,
        state: &mut S,
        mirror: &mut S::Mirror,
        key: SharedKey,
    ) {
        self.shared(key, &[]);
        self.go_on(state, mirror);
    }

    fn go_on<S: Schema>(&mut self, state: &mut S, mirror: &mut S::Mirror) {
        while !self.shared.is_empty() {
            let looked_at = self.looked_at;
            state.select_shared(mirror, self);
            if self.looked_at == looked_at {
                // No pool of the state has the last one.
                self.shared.pop();
                self.nothing("a handle");
            }
        }
    }

    /// Leaves what was found in the tracker's lists.
    pub(crate) fn finish(self) -> Result<(), PathError> {
        match self.error {
            Some(error) => Err(error),
            None if self.tracker.found.is_empty() && self.tracker.waits.is_empty() => {
                Err(PathError::NoNode)
            }
            None if matches!(self.purpose, Purpose::Subscribe(_)) && !self.is_collection => {
                Err(PathError::NoCollection)
            }
            None => Ok(()),
        }
    }

    /// The number of a node at a place, which is remembered there, and whether it is new. Tells
    /// whether to go on below it.
    #[inline]
    pub(crate) fn node(&mut self, at: &mut RefId, is_new: bool, path: &[&str]) -> bool {
        self.place(at, is_new, false, path)
    }

    #[inline]
    fn place(&mut self, at: &mut RefId, is_new: bool, is_collection: bool, path: &[&str]) -> bool {
        if self.only_touches() {
            return !is_new && at.is_known() && self.ways.has(at.0);
        }
        let id = if at.is_known() && !is_new { *at } else { self.reserve(at, is_collection) };
        self.reach(id, path)
    }

    /// The number of a node that no walk has seen.
    #[inline(never)]
    fn reserve(&mut self, at: &mut RefId, is_collection: bool) -> RefId {
        self.tracker.find_reserved(*at).unwrap_or_else(|| {
            let stood = if at.is_known() { Some(*at) } else { self.tracker.replaced_by(*at) };
            let (id, remembered) = self.tracker.reserve(stood, is_collection);
            *at = remembered;
            id
        })
    }

    /// As [`node`](Self::node), of a collection in a field.
    pub(crate) fn collection(&mut self, at: &mut RefId, fresh: bool, path: &[&str]) -> bool {
        if self.only_touches() {
            return self.node(at, fresh, path);
        }
        if fresh {
            *at = at.forgotten();
        }
        self.is_collection |= path.is_empty() && self.tracker.found.is_empty();
        self.place(at, !at.is_known(), true, path)
    }

    #[inline]
    fn reach(&mut self, id: RefId, path: &[&str]) -> bool {
        if path.is_empty() {
            self.tracker.found.push(id);
        }
        !path.is_empty() || self.purpose != Purpose::Name && !self.is_shallow
    }

    /// An instance of a pool at a place.
    pub(crate) fn shared(&mut self, key: SharedKey, path: &[&str]) {
        if self.only_touches() {
            if self.tracker.is_renewed(key) {
                self.places += 1;
                return;
            }
            let leads = |id: &RefId| self.ways.has(id.0);
            if self.tracker.shared_id(key).filter(leads).is_none() {
                return;
            }
        }
        let path = path.iter().map(|step| (*step).to_owned()).collect();
        self.shared.push(Shared { key, path });
    }

    /// Goes on in an instance of a pool. `is_other` says that it is not what a walk has seen there.
    /// Tells whether it is new, if what is below it is looked for.
    pub(crate) fn enter_shared(
        &mut self,
        shared: &Shared,
        index: TypeIndex,
        is_other: bool,
    ) -> EnterShared {
        let (id, is_known) = self.tracker.shared_or_reserved(shared.key, index, is_other);
        // Instances may refer to each other in a circle.
        let is_seen = shared.path.is_empty() && !self.seen.insert(id.0);
        let path: Vec<&str> = shared.path.iter().map(String::as_str).collect();
        let goes_on = !is_seen && (self.only_touches() || self.reach(id, &path));
        EnterShared { is_new: !is_known, goes_on }
    }

    /// Whether what is found in a stream is added to a view, which then waits for it, or removed, and
    /// then it waits no longer.
    pub(crate) fn may_wait(&self) -> bool {
        !matches!(self.purpose, Purpose::Name | Purpose::Touch)
    }

    /// Whether what is found is added.
    pub(crate) fn adds(&self) -> bool {
        matches!(self.purpose, Purpose::Add(_) | Purpose::Subscribe(_))
    }

    /// An entry of a stream. `stream` is what the stream's place remembers.
    pub(crate) fn wait(&mut self, stream: RefId, serial: u64) {
        let id = if stream.is_known() { Some(stream) } else { self.tracker.find_reserved(stream) };
        self.tracker.waits.extend(id.map(|id| (id, serial)));
    }

    /// Goes up with what is found that the next walk is to come by: entries of streams, and places of
    /// renewed instances.
    pub(crate) fn waits(&self) -> usize {
        self.tracker.waits.len() + self.places
    }

    /// Instances of pools that were found and not looked at.
    pub(crate) fn take_shared(&mut self) -> Vec<SharedKey> {
        self.shared.drain(..).map(|shared| shared.key).collect()
    }

    /// The next instance of a pool, if the pool has it.
    pub(crate) fn next_shared(&mut self, has: impl Fn(SharedKey) -> bool) -> Option<Shared> {
        let next = self.shared.pop_if(|shared| has(shared.key))?;
        self.looked_at += 1;
        Some(next)
    }

    /// Whether what is below a field is looked for.
    pub fn goes_below(&self, visibility: Visibility, path: &[&str]) -> bool {
        if !path.is_empty() {
            return true;
        }
        match (self.purpose, visibility) {
            (Purpose::Add(tag) | Purpose::Subscribe(tag), Visibility::View(field)) => {
                field.shows_with(tag.bits())
            }
            (
                Purpose::Add(_) | Purpose::Subscribe(_),
                Visibility::Filter(_) | Visibility::Custom(_),
            ) => false,
            _ => true,
        }
    }

    /// Goes on in a field below what is looked for, if `visibility` lets it: what is in a collection that
    /// is filtered is not added with what is above.
    pub fn below(&mut self, visibility: Visibility, field: impl FnOnce(&mut Self)) {
        if self.goes_below(visibility, &[]) {
            let is_sifted = visibility.is_sifted();
            self.is_shallow = is_sifted && self.purpose != Purpose::Remove;
            field(self);
            self.is_shallow = false;
        }
    }

    /// There is nothing at a step of the path.
    pub fn nothing(&mut self, step: &str) {
        self.error = Some(PathError::Nothing(step.to_owned()));
    }

    /// The path ends at a value.
    pub fn no_node(&mut self) {
        self.error = Some(PathError::NoNode);
    }
}
