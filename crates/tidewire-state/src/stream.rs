//! [`StreamSchema`]: structs that clients are told of a few at a time.
//!
//! Entries lie in one vector in order of arrival, so their keys ascend and are found by halving. What
//! is taken out leaves a gap; gaps are closed when the vector would grow. An entry that nobody was
//! told of has no node and no number: the walk gives it both when its turn comes (`walk.rs`). Where a
//! stream is not for everyone, all entries are nodes, and each view takes them in a few at a time
//! (`turns.rs`, and `view/waiting.rs` for who waits for what).

mod access;
mod receive;
mod traits;
mod turns;
mod walk;

use std::sync::Arc;

pub use self::access::{Iter, IterMut, StreamKey, Values, ValuesMut};
use self::turns::Candidate;
pub(crate) use self::walk::StreamMirror;
use crate::{
    identity::Identity,
    node::NodeMirror,
    schema::Schema,
    touched::{Link, Touched},
    visitor::NodeMember,
};

/// Structs of which clients are told a few at a time: at most so many new ones in one sync, the most
/// urgent ones first.
///
/// Made for what comes in crowds, where telling all of it at once would be too much for one message.
/// Who adds an entry waits for nothing: it is there for the program at once, and clients are told of
/// it when its turn comes. What is removed before that was never there for them. What changes in an
/// entry that clients hold is sent as ever, and what is removed then is removed there at once.
///
/// * A stream in a field for everyone has one queue for all. Of each sync, at most
///   [`max_per_tick`](Self::max_per_tick) of those that wait are told. A client that joins gets what was
///   told so far, and then the same as all others.
/// * A stream in a field marked `view`, or below one, has a queue for each view: what is added to the view
///   waits its turn there, an entry alone as well as all of a stream.
///
/// To clients it is a collection. Who is more urgent is said by a function, on the stream or on the
/// field: the higher its answer the sooner. Without one, who was added first comes first.
///
/// ```
/// use tidewire_state::{Schema, StreamSchema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Enemy {
///     level: u8,
/// }
///
/// /// The strong ones first.
/// fn by_level(enemy: &Enemy, _: Option<&str>) -> f32 {
///     enemy.level.into()
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     #[schema(max_per_tick = 2, priority = by_level)]
///     enemies: StreamSchema<Enemy>,
/// }
///
/// let mut arena = Tracked::new(Arena::default());
/// for level in 0..5 {
///     arena.enemies.add(Enemy { level });
/// }
/// # let codec: &mut [&mut dyn tidewire_state::Visitor] = &mut [];
/// arena.sync(codec);
/// assert_eq!((arena.enemies.len(), arena.enemies.waiting()), (5, 3));
/// let waiting = |arena: &Arena, level: u8| {
///     let (key, _) = arena.enemies.iter().find(|(_, enemy)| enemy.level == level).unwrap();
///     arena.enemies.is_waiting(key)
/// };
/// assert!(!waiting(&arena, 4) && !waiting(&arena, 3) && waiting(&arena, 2));
/// ```
pub struct StreamSchema<T: Schema> {
    slots: Vec<Slot<T>>,
    len: usize,
    /// How many of the entries have been told.
    told: usize,
    next_key: u64,
    touched: Touched,
    /// The keys of entries that nobody was told of, in the order of coming; some may be gone.
    waiting: Vec<u64>,
    /// Entries that were told and are gone now.
    removed: Vec<NodeMember>,
    max_per_tick: Option<usize>,
    priority: Option<Arc<Priority<T>>>,
    /// The sync at which entries were last told.
    turn: u64,
    candidates: Vec<Candidate>,
    identity: Identity,
}

/// What tells how urgent an entry is, and for whom: a view's name, or everyone.
type Priority<T> = dyn Fn(&T, Option<&str>) -> f32 + Send + Sync;

struct Slot<T: Schema> {
    key: u64,
    /// What it is called by those who must not take an entry of another stream for it. Ascends too.
    serial: u64,
    link: Link,
    /// `None` is a gap.
    entry: Option<Entry<T>>,
}

struct Entry<T: Schema> {
    value: T,
    mirror: NodeMirror<T::Mirror>,
    /// On the wire, once it was told.
    number: u32,
}

/// The number of an entry that nobody was told of.
const UNTOLD: u32 = u32::MAX;

/// How many are told in one sync where nothing else is said: as many as upstream.
const MAX_PER_TICK: usize = 32;

impl<T: Schema> Entry<T> {
    fn new(value: T) -> Self {
        Self { value, mirror: NodeMirror::default(), number: UNTOLD }
    }

    fn is_told(&self) -> bool {
        self.number != UNTOLD
    }
}

impl<T: Schema> StreamSchema<T> {
    /// An empty stream.
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            len: 0,
            told: 0,
            next_key: 0,
            touched: Touched::default(),
            waiting: Vec::new(),
            removed: Vec::new(),
            max_per_tick: None,
            priority: None,
            turn: u64::MAX,
            candidates: Vec::new(),
            identity: Identity::default(),
        }
    }

    /// How many of those that wait are told in one sync, if that was set on the stream. What it says goes
    /// before what its field says; where neither says anything, it is 32.
    pub fn max_per_tick(&self) -> Option<usize> {
        self.max_per_tick
    }

    /// Sets how many are told in one sync: for each view or, in a stream that is for everyone, in all.
    /// With 0 nothing new is told.
    pub fn set_max_per_tick(&mut self, max: usize) {
        self.max_per_tick = Some(max);
    }

    /// Sets what says how urgent an entry is: the higher the sooner, and of equal ones who waits
    /// longer. It goes before what the field says.
    ///
    /// The function is asked for each entry that waits, in each sync. It gets the name of the view for which the entry waits, which in a room is the session
    /// id; or nothing in a stream for everyone. It may capture what it needs, such as where the
    /// players are, and may be set anew before each sync.
    ///
    /// ```
    /// # use tidewire_state::{example::Player, StreamSchema};
    /// # let positions = std::collections::HashMap::from([("ada".to_owned(), (1.0, 2.0))]);
    /// # let mut trees = StreamSchema::<Player>::new();
    /// trees.set_priority(move |tree, viewer| {
    ///     let Some((x, y)) = viewer.and_then(|name| positions.get(name)) else { return 0.0 };
    ///     -(tree.x - x).hypot(tree.y - y)
    /// });
    /// ```
    pub fn set_priority(
        &mut self,
        priority: impl Fn(&T, Option<&str>) -> f32 + Send + Sync + 'static,
    ) {
        self.priority = Some(Arc::new(priority));
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many entries nobody was told of yet. In a stream that is not for everyone, an entry waits
    /// here until the next sync, and then for each view on its own.
    pub fn waiting(&self) -> usize {
        self.len - self.told
    }
}

impl<T: Schema> Default for StreamSchema<T> {
    fn default() -> Self {
        Self::new()
    }
}
