//! [`Pool`] and [`Handle`]: one instance in several places, or one that moves and stays itself.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    filter::Ask,
    identity::{Identity, Seen},
    node::NodeMirror,
    schema::Schema,
    select::{EnterShared, Select},
    touched::{Link, Touched},
    tracker::{Left, Owner, SharedKey, Tracker, Visit, Walk},
    visitor::Visitor,
};

mod handle;
mod receive;

pub use self::handle::Handle;

/// Structs that are referred to by [`Handle`].
///
/// A pool is a field of the root, marked `#[schema(pool)]`, and is not sent itself: clients see an
/// instance wherever a handle of it stands, as one and the same. A handle that goes from one
/// place to another takes the instance along without its fields being sent again. Once no place
/// refers to an instance, clients forget it; it stays here until it is removed. Instances whose handles
/// lead from one to the other in a circle refer to each other: take one of these handles away before
/// the last place outside, or the circle stays known to clients, and here after
/// [`remove`](Self::remove) too.
///
/// An instance that becomes of another type in place (another variant of an enum, another run-time
/// struct) is another instance for clients, in all places, and in no view.
///
/// ```
/// use tidewire_state::{ArraySchema, Handle, Pool, Schema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Card {
///     rank: u8,
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Game {
///     #[schema(pool)]
///     cards: Pool<Card>,
///     deck: ArraySchema<Handle<Card>>,
///     hand: ArraySchema<Handle<Card>>,
/// }
///
/// let mut game = Tracked::new(Game::default());
/// let ace = game.cards.insert(Card { rank: 1 });
/// game.deck.push(ace);
/// let card = game.deck.pop().unwrap();
/// game.hand.push(card);
/// game.cards.get_mut(ace).unwrap().rank = 14;
/// ```
pub struct Pool<T: Schema> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    touched: Touched,
    /// Slots that were filled since the last walk.
    new: Vec<u32>,
    /// Slots whose instance was removed while places may refer to it.
    removed: Vec<u32>,
    len: usize,
    identity: Identity,
}

struct Slot<T: Schema> {
    link: Link,
    key: SharedKey,
    removed: bool,
    instance: Option<Instance<T>>,
}

struct Instance<T: Schema> {
    value: T,
    mirror: NodeMirror<T::Mirror>,
}

/// What is remembered of a pool: which one it was.
#[derive(Debug, Default)]
pub struct PoolMirror {
    seen: Seen,
}

impl<T: Schema> Pool<T> {
    /// An empty pool.
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            touched: Touched::default(),
            new: Vec::new(),
            removed: Vec::new(),
            len: 0,
            identity: Identity::default(),
        }
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts an instance in. Clients see it once its handle stands in a place.
    pub fn insert(&mut self, value: T) -> Handle<T> {
        let at = self.free.pop().unwrap_or(self.slots.len() as u32);
        let key = SharedKey::next(at);
        let instance = Some(Instance { value, mirror: NodeMirror::default() });
        let new = Slot { link: Link::default(), key, removed: false, instance };
        match self.slots.get_mut(at as usize) {
            Some(slot) => *slot = new,
            None => {
                assert!(self.slots.len() < MAX_SLOTS, "a pool holds fewer than 2^30 instances");
                self.slots.push(new);
            }
        }
        self.new.push(at);
        self.len += 1;
        Handle::new(key)
    }

    fn slot(&self, handle: Handle<T>) -> Option<usize> {
        let at = find(&self.slots, handle.key())?;
        (!self.slots[at].removed).then_some(at)
    }

    /// Whether the instance is there.
    pub fn contains(&self, handle: Handle<T>) -> bool {
        self.slot(handle).is_some()
    }

    /// The instance, if it was not removed.
    pub fn get(&self, handle: Handle<T>) -> Option<&T> {
        let at = self.slot(handle)?;
        self.slots[at].instance.as_ref().map(|instance| &instance.value)
    }

    /// The instance, to be changed in place. Marks it as touched.
    pub fn get_mut(&mut self, handle: Handle<T>) -> Option<&mut T> {
        let at = self.slot(handle)?;
        let slot = &mut self.slots[at];
        self.touched.mark(at, &mut slot.link);
        slot.instance.as_mut().map(|instance| &mut instance.value)
    }

    /// Removes an instance. Where places still refer to it, clients go on to see it as it was, until
    /// the last handle is gone. Tells whether it was there.
    pub fn remove(&mut self, handle: Handle<T>) -> bool {
        let Some(at) = self.slot(handle) else { return false };
        self.slots[at].removed = true;
        self.removed.push(at as u32);
        self.len -= 1;
        true
    }

    /// The handles and instances, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Handle<T>, &T)> {
        let there = self.slots.iter().filter(|slot| !slot.removed);
        there.filter_map(|slot| Some((Handle::new(slot.key), &slot.instance.as_ref()?.value)))
    }

    #[doc(hidden)]
    pub fn register_shared(&mut self, mirror: &mut PoolMirror, tracker: &mut Tracker) {
        if !self.identity.is(mirror.seen) {
            mirror.seen = self.identity.renew();
            self.new = (0..self.slots.len() as u32).collect();
            for slot in &mut self.slots {
                slot.link.clear();
            }
            self.touched.forget();
        }
        for at in self.new.drain(..) {
            let slot = &mut self.slots[at as usize];
            if let Some(Instance { value, .. }) = &slot.instance {
                tracker.register(slot.key, value.type_index(&tracker.types));
            }
        }
        if T::HAS_IDENTITY {
            let Self { slots, touched, .. } = self;
            for at in touched.gather(|at| slots[at as usize].link) {
                let Slot { key, instance, .. } = &slots[*at as usize];
                if let Some(Instance { value, mirror }) = instance {
                    let index = value.type_index(&tracker.types);
                    tracker.note_instance(*key, index, !mirror.is_of(value));
                }
            }
        }
    }

    #[doc(hidden)]
    pub fn walk_shared<V: Visitor + ?Sized>(&mut self, walk: &mut Walk<'_, V>) {
        let Self { slots, touched, .. } = self;
        let mut left = Left::default();
        for at in touched.gather(|at| slots[at as usize].link) {
            let Slot { key, link, .. } = &mut slots[*at as usize];
            if !left.push(*key, walk.tracker) {
                link.clear();
            }
        }
        touched.forget();
        touched.reserve(slots.capacity());
        let mut others = 0;
        // What is new first; then changes, those first with which places of others may go. What no
        // place leads to in the end is not told.
        loop {
            while let Some((key, owner)) =
                walk.tracker.take_pending(&mut others, |key| find(slots, key).is_some())
            {
                tell(slots, key, Some(owner), walk);
                walk.tracker.end_pending();
            }
            let Some(key) = left.next(walk) else { break };
            if !walk.hide_if_due(key) {
                walk.tracker.set_left(key, false);
                walk.tracker.note_places(key);
                tell(slots, key, None, walk);
            }
        }
        for key in left.into_rest(walk.tracker) {
            if let Some(at) = find(slots, key) {
                slots[at].link.clear();
                // Another pool's instance may yet lead to it.
                if walk.tracker.shared_id(key).is_some() {
                    touched.mark(at, &mut slots[at].link);
                }
            }
        }
    }

    /// Drops what was removed and is referred to no more. After a walk.
    #[doc(hidden)]
    pub fn sweep(&mut self, tracker: &mut Tracker) {
        let Self { slots, removed, free, touched, .. } = self;
        if tracker.has_unfinished() {
            for key in tracker.shared_unfinished() {
                if let Some(at) = find(slots, key) {
                    touched.mark(at, &mut slots[at].link);
                }
            }
        }
        removed.retain(|at| {
            let slot = &mut slots[*at as usize];
            let unused = tracker.is_unused(slot.key);
            if unused {
                tracker.unregister(slot.key);
                slot.instance = None;
                slot.key = SharedKey::default();
                slot.link.clear();
                free.push(*at);
            }
            !unused
        });
    }

    #[doc(hidden)]
    pub fn visit_shared<V: Visitor + ?Sized>(&self, visit: &mut Visit<'_, V>) {
        while let Some(key) = visit.next_shared(|key| find(&self.slots, key).is_some()) {
            let slot = find(&self.slots, key).and_then(|at| self.slots[at].instance.as_ref());
            if let (Some(instance), Some(id)) = (slot, visit.tracker.shared_id(key)) {
                instance.mirror.visit_shared(id, &instance.value, visit);
            }
        }
    }

    #[doc(hidden)]
    pub fn ask_shared(&self, ask: &mut Ask<'_>) {
        for slot in &self.slots {
            if let Some(instance) = &slot.instance
                && let Some(id) = ask.shared_id(slot.key)
            {
                instance.mirror.ask_as(id, &instance.value, ask);
            }
        }
    }

    #[doc(hidden)]
    pub fn select_shared(&mut self, select: &mut Select<'_>) {
        let slots = &mut self.slots;
        while let Some(shared) = select.next_shared(|key| find(slots, key).is_some()) {
            let Some(at) = find(slots, shared.key) else { continue };
            let Slot { link, instance, .. } = &mut slots[at];
            let Some(Instance { value, mirror }) = instance else { continue };
            let index = value.type_index(&select.tracker.types);
            let is_other = T::HAS_IDENTITY && !mirror.is_of(value);
            let EnterShared { is_new, goes_on } = select.enter_shared(&shared, index, is_other);
            if is_new {
                mirror.remember_shared(value);
            }
            if goes_on {
                let path: Vec<&str> = shared.path.iter().map(String::as_str).collect();
                let waits = select.waits();
                mirror.select_shared(value, is_new, &path, select);
                if select.waits() != waits {
                    self.touched.mark(at, link);
                }
            }
        }
    }
}

/// Tells an instance: as a new node, if `fresh` says so.
fn tell<T: Schema, V: Visitor + ?Sized>(
    slots: &mut [Slot<T>],
    key: SharedKey,
    fresh: Option<Owner>,
    walk: &mut Walk<'_, V>,
) {
    if let Some(at) = find(slots, key) {
        let Slot { link, instance, .. } = &mut slots[at];
        link.clear();
        if let Some(Instance { value, mirror }) = instance {
            mirror.walk_shared(value, fresh, walk);
        }
    }
}

fn find<T: Schema>(slots: &[Slot<T>], key: SharedKey) -> Option<usize> {
    let at = key.slot as usize;
    slots.get(at).is_some_and(|slot| slot.key == key).then_some(at)
}

impl SharedKey {
    fn next(slot: u32) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { serial: NEXT.fetch_add(1, Ordering::Relaxed), slot }
    }
}

impl<T: Schema> Default for Pool<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A copy of the instances, in which the same handles lead to the copies.
impl<T: Schema + Clone> Clone for Pool<T> {
    fn clone(&self) -> Self {
        let slots = self.slots.iter().map(|slot| Slot {
            link: Link::default(),
            key: slot.key,
            removed: slot.removed,
            instance: slot.instance.as_ref().map(|instance| Instance {
                value: instance.value.clone(),
                mirror: NodeMirror::default(),
            }),
        });
        let slots: Vec<Slot<T>> = slots.collect();
        let (free, removed, len) = (self.free.clone(), self.removed.clone(), self.len);
        Self { slots, free, removed, len, ..Self::new() }
    }
}

/// The instances by their handles.
impl<T: Schema + fmt::Debug> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

const MAX_SLOTS: usize = 1 << 30;
