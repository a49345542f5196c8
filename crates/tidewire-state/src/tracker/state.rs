//! [`Tracked`]: a state, what was last sent of it, and who may see what.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use super::{Named, Owner, Tracker, Visit, Walk};
use crate::{
    filter::Ask,
    pool::Handle,
    schema::Schema,
    select::{PathError, Purpose, Select},
    types::{Tag, TypeSet},
    view::{SharedArrival, StateView, ViewId, Views},
    visitor::{Enter, RefId, Visitor},
};

/// A state whose changes are followed.
///
/// Dereferences to the state, which is mutated as any Rust value. [`sync`](Self::sync) tells a
/// codec what changed since the last one.
///
/// ```
/// use tidewire_state::{MapSchema, Tracked};
/// # use tidewire_state::example::{Arena, Player};
/// let mut arena = Tracked::new(Arena::default());
/// arena.players.insert("ada", Player::default());
/// arena.players.get_mut("ada").unwrap().x += 1.0;
/// ```
pub struct Tracked<S: Schema> {
    state: S,
    mirror: S::Mirror,
    tracker: Tracker,
    views: Views,
    ticks: u64,
}

impl<S: Schema> Tracked<S> {
    /// Starts to follow `state`. The first [`sync`](Self::sync) reports all of it as new.
    ///
    /// # Panics
    ///
    /// If [`TypeSet::check`] finds that clients could not read its types.
    pub fn new(state: S) -> Self {
        if let Err(error) = state.describe().check() {
            panic!("no client could read the types of this state: {error}");
        }
        let tracker = Tracker::new(state.type_ids());
        Self { state, mirror: S::Mirror::default(), tracker, views: Views::default(), ticks: 0 }
    }

    /// One walk of what was touched: reports what differs from what was last reported.
    ///
    /// Costs as much as was touched, whatever the size of the state. It consumes the touches, so
    /// every codec of a state must be given at once: a slice of visitors is a visitor.
    ///
    /// # Panics
    ///
    /// If a place holds a [`Handle`](crate::Handle) of an instance that was removed, or that is of no
    /// [`Pool`](crate::Pool) of this state.
    pub fn sync<V: Visitor + ?Sized>(&mut self, visitor: &mut V) {
        let fresh = self.ticks == 0;
        self.tracker.recycle();
        self.tracker.noted.start(self.views.has_filters);
        visitor.begin(self.ticks);
        let index = Some(self.state.type_index(&self.tracker.types));
        let root = Owner::new(RefId::ROOT, fresh, false);
        visitor.enter(Enter::root(index, fresh));
        let mut walk = Walk { visitor, tracker: &mut self.tracker, views: &mut self.views };
        self.state.register_shared(&mut self.mirror, walk.tracker);
        if walk.tracker.is_used && walk.tracker.has_others() {
            Self::renew_shared(&mut self.state, &mut self.mirror, &mut walk);
        }
        self.state.walk(&mut self.mirror, root, &mut walk);
        // Neither instances of pools nor views, as a rule: then a sync is over here.
        let is_plain = !(walk.tracker.is_used || walk.views.is_used);
        while !is_plain && {
            let (waits, told) = (walk.has_pending(), walk.told());
            self.state.walk_shared(&mut self.mirror, &mut walk);
            if waits && walk.told() == told {
                walk.nobody_has_pending();
            }
            walk.has_pending() || walk.settle_shared()
        } {}
        if !is_plain {
            walk.tell_given_up();
        }
        visitor.leave();
        visitor.end();
        self.ticks += 1;
        if !is_plain {
            self.state.sweep_shared(&mut self.tracker);
            self.take_in_shared();
            if self.views.has_filters {
                self.ask_filters();
            }
            self.views.settle(&mut self.tracker);
        }
    }

    /// Has the walk come by the places of instances that are others now.
    #[cold]
    fn renew_shared<V: Visitor + ?Sized>(
        state: &mut S,
        mirror: &mut S::Mirror,
        walk: &mut Walk<'_, V>,
    ) {
        let ways = walk.renew_shared();
        let mut select = Select::new(walk.tracker, Purpose::Touch);
        select.only(ways);
        select.root(state, mirror, false, &[]);
        // Nothing is asked for, so nothing is missing.
        let _ = select.finish();
    }

    /// Shows all there is, as if it were new.
    ///
    /// Meant for right after a [`sync`](Self::sync), when the state is what was reported; nodes
    /// that no sync has seen have no number yet.
    pub fn visit<V: Visitor + ?Sized>(&self, visitor: &mut V) {
        self.visit_as(visitor, false);
    }

    /// As [`visit`](Self::visit), of what everyone may see.
    pub fn visit_public<V: Visitor + ?Sized>(&self, visitor: &mut V) {
        self.visit_as(visitor, true);
    }

    fn visit_as<V: Visitor + ?Sized>(&self, visitor: &mut V, public: bool) {
        visitor.begin(self.ticks);
        let index = Some(self.state.type_index(&self.tracker.types));
        visitor.enter(Enter::root(index, true));
        let mut visit = Visit::new(visitor, &self.tracker, public);
        self.state.visit(&self.mirror, &mut visit);
        while let Some(next) = visit.last_announced() {
            self.state.visit_shared(&self.mirror, &mut visit);
            if visit.last_announced() == Some(next) {
                visit.skip_shared();
            }
        }
        visitor.leave();
        visitor.end();
    }

    /// A new view, which holds nothing. `name` is whose it is, by which functions of the program
    /// tell clients apart: a session id.
    pub fn create_view(&mut self, name: impl Into<String>) -> ViewId {
        if !self.views.is_used {
            self.views.has_filters = self.state.describe().has_filters();
        }
        self.views.create(name.into())
    }

    /// Forgets a view. Its number may stand for another from now on.
    pub fn drop_view(&mut self, view: ViewId) {
        self.views.drop(view);
    }

    /// What a view holds.
    pub fn view(&self, view: ViewId) -> Option<&StateView> {
        self.views.get(view)
    }

    /// All views.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// Puts the instance or collection at `path` in a view, and what is below it now: docs/VIEWS.md.
    /// A path is the names of fields, keys, and indexes from the root on.
    ///
    /// # Errors
    ///
    /// If there is no such view or tag, or the path leads to no instance or collection.
    pub fn view_add<P: AsRef<str>>(
        &mut self,
        view: ViewId,
        path: &[P],
        tag: Tag,
    ) -> Result<(), PathError> {
        self.check(view, tag)?;
        self.select(path, Purpose::Add(tag))?;
        for id in &self.tracker.found {
            self.views.add(view, *id, tag);
        }
        self.views.wait_for_all(view, &self.tracker.waits, tag);
        Ok(())
    }

    /// Takes the instance or collection at `path` out of a view, and what is below it now. With a
    /// tag, what was put in with other tags too stays.
    ///
    /// # Errors
    ///
    /// If there is no such view or tag, or the path leads to no instance or collection.
    pub fn view_remove<P: AsRef<str>>(
        &mut self,
        view: ViewId,
        path: &[P],
        tag: Tag,
    ) -> Result<(), PathError> {
        self.check(view, tag)?;
        self.select(path, Purpose::Remove)?;
        for id in &self.tracker.found {
            self.views.remove(view, *id, tag);
        }
        self.views.wait_no_longer(view, &self.tracker.waits, tag);
        Ok(())
    }

    /// As [`view_add`](Self::view_add), of an instance of a pool, wherever its places are.
    ///
    /// # Errors
    ///
    /// If there is no such view or tag, or no pool of the state has the instance.
    pub fn view_add_instance<T>(
        &mut self,
        view: ViewId,
        instance: Handle<T>,
        tag: Tag,
    ) -> Result<(), PathError> {
        self.check(view, tag)?;
        self.select_instance(instance, Purpose::Add(tag))?;
        for id in &self.tracker.found {
            self.views.add(view, *id, tag);
        }
        self.views.wait_for_all(view, &self.tracker.waits, tag);
        Ok(())
    }

    /// As [`view_remove`](Self::view_remove), of an instance of a pool, wherever its places are.
    ///
    /// # Errors
    ///
    /// If there is no such view or tag, or no pool of the state has the instance.
    pub fn view_remove_instance<T>(
        &mut self,
        view: ViewId,
        instance: Handle<T>,
        tag: Tag,
    ) -> Result<(), PathError> {
        self.check(view, tag)?;
        self.select_instance(instance, Purpose::Remove)?;
        for id in &self.tracker.found {
            self.views.remove(view, *id, tag);
        }
        self.views.wait_no_longer(view, &self.tracker.waits, tag);
        Ok(())
    }

    /// As [`view_add`](Self::view_add) of the collection at `path`, which goes on: each instance that
    /// comes to it later is added with the same tag when it is first reported, with what is below it
    /// then.
    ///
    /// It ends where the collection is removed from the view, by
    /// [`view_unsubscribe`](Self::view_unsubscribe) or [`view_remove`](Self::view_remove).
    ///
    /// # Errors
    ///
    /// If there is no such view or tag, or the path leads to no collection.
    pub fn view_subscribe<P: AsRef<str>>(
        &mut self,
        view: ViewId,
        path: &[P],
        tag: Tag,
    ) -> Result<(), PathError> {
        self.check(view, tag)?;
        self.select(path, Purpose::Subscribe(tag))?;
        self.views.subscribe(view, &self.tracker.found, tag);
        self.views.wait_for_all(view, &self.tracker.waits, tag);
        Ok(())
    }

    /// Ends a subscription: removes the collection from the view, and what is below it. Where the
    /// view is not subscribed to it, nothing happens.
    ///
    /// # Errors
    ///
    /// If there is no such view, or the path leads to no instance or collection.
    pub fn view_unsubscribe<P: AsRef<str>>(
        &mut self,
        view: ViewId,
        path: &[P],
    ) -> Result<(), PathError> {
        self.views.get(view).ok_or(PathError::NoView)?;
        let collection = self.node(path)?;
        if self.views.is_subscribed(view, collection) {
            self.view_remove(view, path, Tag::DEFAULT)?;
        }
        Ok(())
    }

    /// Takes everything out of a view.
    pub fn view_clear(&mut self, view: ViewId) {
        self.views.clear(view);
    }

    /// Asks all filters again at the next sync, for all views: something changed that they depend on
    /// and that no walk sees, such as what is skipped, or time.
    pub fn refilter(&mut self) {
        self.views.refilter(None);
    }

    /// As [`refilter`](Self::refilter), for one view.
    pub fn refilter_view(&mut self, view: ViewId) {
        self.views.refilter(Some(view));
    }

    /// Asks filters about what the walk came past, and about all there is for those who are new.
    fn ask_filters(&mut self) {
        let mut noted = std::mem::take(&mut self.tracker.noted);
        let root = self.state.as_any();
        if let Some(mut ask) = Ask::begin(&self.tracker, &mut noted, &mut self.views, root) {
            self.state.ask(&self.mirror, RefId::ROOT, &mut ask);
            self.state.ask_shared(&mut ask);
            ask.end();
        }
        self.tracker.noted = noted;
    }

    /// The number of the node at a path: a new one gets it now.
    ///
    /// # Errors
    ///
    /// If the path leads to no instance or collection.
    pub fn node<P: AsRef<str>>(&mut self, path: &[P]) -> Result<RefId, PathError> {
        self.select(path, Purpose::Name)?;
        self.tracker.found.first().copied().ok_or(PathError::NoNode)
    }

    /// What a number stands for that [`node`](Self::node) gave out since the last sync; nothing of a number that
    /// a sync has told of, or that nobody asked for.
    pub fn named(&self, node: RefId) -> Option<Named> {
        self.tracker.named(node)
    }

    /// Takes instances of pools that came to subscribed collections into views, and what is below them.
    fn take_in_shared(&mut self) {
        while let Some(SharedArrival { view, tag, key }) = self.views.next_shared_arrival() {
            // What went again within the walk has no number.
            if self.tracker.shared_id(key).is_some() {
                let mut select = Select::new(&mut self.tracker, Purpose::Add(tag));
                select.below_shared(&mut self.state, &mut self.mirror, key);
                if select.finish().is_ok() {
                    for id in &self.tracker.found {
                        self.views.add(view, *id, tag);
                    }
                    self.views.wait_for_all(view, &self.tracker.waits, tag);
                }
            }
        }
    }

    fn check(&self, view: ViewId, tag: Tag) -> Result<(), PathError> {
        self.views.get(view).ok_or(PathError::NoView)?;
        if tag.is_valid() { Ok(()) } else { Err(PathError::NoTag(tag.0)) }
    }

    /// Finds an instance of a pool, and what is below it: `tracker.found`.
    fn select_instance<T>(
        &mut self,
        instance: Handle<T>,
        purpose: Purpose,
    ) -> Result<(), PathError> {
        let mut select = Select::new(&mut self.tracker, purpose);
        select.below_shared(&mut self.state, &mut self.mirror, instance.key());
        select.finish()
    }

    /// Finds nodes: `tracker.found`.
    fn select<P: AsRef<str>>(&mut self, path: &[P], purpose: Purpose) -> Result<(), PathError> {
        // Paths are short, as a rule, and then nothing is allocated.
        let (mut short, mut long) = ([""; 8], Vec::new());
        let path = match short.get_mut(..path.len()) {
            Some(steps) => {
                steps.iter_mut().zip(path).for_each(|(to, step)| *to = step.as_ref());
                &*steps
            }
            None => {
                long.extend(path.iter().map(AsRef::as_ref));
                &long
            }
        };
        let mut select = Select::new(&mut self.tracker, purpose);
        select.root(&mut self.state, &mut self.mirror, self.ticks == 0, path);
        select.finish()
    }

    /// How many times this state was synced.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// How many nodes the last sync knew, the root included.
    pub fn node_count(&self) -> usize {
        self.tracker.live
    }

    /// Whether an instance may be in several places: the state has a [`Pool`](crate::Pool).
    pub fn has_pools(&self) -> bool {
        self.state.has_pools()
    }

    /// The types of this state.
    pub fn types(&self) -> TypeSet {
        self.state.describe()
    }

    #[cfg(test)]
    pub(super) fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Stops following and gives the state back.
    pub fn into_inner(self) -> S {
        self.state
    }
}

impl<S: Schema + Default> Default for Tracked<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S: Schema> Deref for Tracked<S> {
    type Target = S;
    #[inline]
    fn deref(&self) -> &S {
        &self.state
    }
}

impl<S: Schema> DerefMut for Tracked<S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        &mut self.state
    }
}

/// The state, as its own `Debug` shows it.
impl<S: Schema + fmt::Debug> fmt::Debug for Tracked<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

impl<S: Schema> From<S> for Tracked<S> {
    fn from(state: S) -> Self {
        Self::new(state)
    }
}
