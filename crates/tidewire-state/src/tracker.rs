//! The table of nodes, and the state that it is kept beside.
//!
//! What leaves a state may be dropped before a walk sees that it is gone, with all that lay below
//! it. So the tree of nodes is kept here, outside the values: each node knows its parent, its
//! siblings and its first child, by number. A subtree is released from the table alone.

mod left;
mod noted;
mod renewed;
mod shared;
mod state;
mod unfinished;

pub(crate) use self::left::Left;
pub(crate) use self::noted::Noted;
pub(crate) use self::shared::SharedKey;
use self::shared::SharedTable;
pub use self::state::Tracked;
use crate::{
    bits::Bits,
    schema::Gone,
    types::{FieldIndex, Tag, TypeIds, TypeIndex, Visibility},
    view::Views,
    visitor::{Enter, Introduced, Place, RefId, Visitor},
};

/// A walk under way: who hears of it, and the table of nodes.
#[derive(Debug)]
pub struct Walk<'a, V: ?Sized> {
    pub(crate) visitor: &'a mut V,
    pub(crate) tracker: &'a mut Tracker,
    /// Who may see what: told of what comes and goes.
    pub(crate) views: &'a mut Views,
}

/// A full visit under way: who hears of it, and the Rust types by their numbers.
#[derive(Debug)]
pub struct Visit<'a, V: ?Sized> {
    pub(crate) visitor: &'a mut V,
    pub(crate) tracker: &'a Tracker,
    /// Instances of pools that were announced and are not entered yet.
    announced: Vec<SharedKey>,
    seen: Bits,
    /// Only what everyone may see is shown.
    public: bool,
}

/// The node whose fields are walked.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Its number.
    pub id: RefId,
    /// Whether all of it is new.
    pub fresh: bool,
    /// Whether not everyone is told of it.
    pub hidden: bool,
    /// What its field is marked with; the default where it is not marked, or no struct.
    pub tag: Tag,
    /// What lets somebody through who sees the owner.
    pub(crate) gate: Gate,
}

/// What decides whether who sees a node sees what is in one of its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing.
    Open,
    /// The view.
    View,
    /// The function of this field.
    Field(FieldIndex),
    /// The function of the collection's field.
    Entry,
    /// Nothing; but the collection in the field asks for each of its entries.
    Sifted,
}

impl Owner {
    /// A node all of whose fields are for those who are told of it.
    #[inline]
    pub(crate) fn new(id: RefId, fresh: bool, hidden: bool) -> Self {
        Self { id, fresh, hidden, tag: Tag::DEFAULT, gate: Gate::Open }
    }

    /// As the owner of the entries of a collection, each of which is for those whom a function lets
    /// through if the collection is `sifted`.
    #[inline]
    pub(crate) fn of_entries(id: RefId, fresh: bool, hidden: bool, sifted: bool) -> Self {
        if sifted {
            Self { id, fresh, hidden: true, tag: UNTAGGED, gate: Gate::Entry }
        } else {
            Self::new(id, fresh, hidden)
        }
    }

    /// As the owner of a field that is not for everyone.
    #[inline]
    #[must_use]
    pub fn hide(self, tag: Tag) -> Self {
        Self { hidden: true, tag, gate: Gate::View, ..self }
    }

    /// As the owner of a field that a function says who sees.
    #[inline]
    #[must_use]
    pub fn filter(self, field: FieldIndex) -> Self {
        Self { hidden: true, tag: UNTAGGED, gate: Gate::Field(field), ..self }
    }

    /// As the owner of a collection of which a function says who sees what.
    #[inline]
    #[must_use]
    pub fn filter_children(self) -> Self {
        Self { gate: Gate::Sifted, ..self }
    }

    /// Whether a function says who sees what is in the collection in the field.
    #[inline]
    pub(crate) fn is_sifted(self) -> bool {
        self.gate == Gate::Sifted
    }
}

impl<'a, V: Visitor + ?Sized> Visit<'a, V> {
    pub(crate) fn new(visitor: &'a mut V, tracker: &'a Tracker, public: bool) -> Self {
        Self { visitor, tracker, announced: Vec::new(), seen: Bits::default(), public }
    }

    /// Whether a field is shown.
    #[inline]
    pub fn shows(&self, visibility: Visibility) -> bool {
        !(self.public && visibility.is_hidden())
    }

    /// Whether what is in the collection in a field is shown, if that is.
    #[inline]
    pub fn shows_children(&self, visibility: Visibility) -> bool {
        !(self.public && visibility.is_sifted())
    }

    /// An instance of a pool stands in a place: it is entered once, after this.
    pub(crate) fn announce_shared(&mut self, key: SharedKey, id: RefId) {
        let hidden = id.is_known() && self.tracker.is_hidden(id);
        self.introduce(id, self.tracker.shared_type(key), hidden);
        if id.is_known() && self.seen.insert(id.0) {
            self.announced.push(key);
        }
    }

    /// The next instance to be entered that a pool has.
    pub(crate) fn next_shared(&mut self, has: impl Fn(SharedKey) -> bool) -> Option<SharedKey> {
        self.announced.pop_if(|key| has(*key))
    }

    /// The next instance to be entered.
    pub(crate) fn last_announced(&self) -> Option<SharedKey> {
        self.announced.last().copied()
    }

    /// Leaves out an instance that no pool has.
    pub(crate) fn skip_shared(&mut self) {
        self.announced.pop();
    }

    #[inline]
    pub(crate) fn introduce(&mut self, id: RefId, index: Option<TypeIndex>, hidden: bool) {
        self.visitor.introduce(Introduced { id, index, hidden });
    }

    /// A node, as nothing was known of it.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        id: RefId,
        place: Place<'_>,
        index: Option<TypeIndex>,
        hidden: bool,
    ) {
        self.visitor.enter(Enter { id, place, index, hidden, filtered: false, fresh: true });
    }

    /// As [`enter`](Self::enter), of a collection in a field.
    pub(crate) fn enter_collection(
        &mut self,
        id: RefId,
        field: FieldIndex,
        hidden: bool,
        filtered: bool,
    ) {
        let place = Place::Field(field);
        self.visitor.enter(Enter { id, place, index: None, hidden, filtered, fresh: true });
    }
}

impl<V: Visitor + ?Sized> Walk<'_, V> {
    /// Gives a place of `owner` a new node, and tells of it. `was` is what the place remembers: the
    /// number may have been asked for already.
    pub(crate) fn introduce(
        &mut self,
        owner: Owner,
        was: RefId,
        index: Option<TypeIndex>,
    ) -> (RefId, Option<RefId>) {
        let (id, old) = self.add(owner, was, index.is_none());
        self.views.came(owner, id);
        self.visitor.introduce(Introduced { id, index, hidden: owner.hidden });
        (id, old)
    }

    /// As [`introduce`](Self::introduce), of a node that views are to wait for.
    pub(crate) fn introduce_unseen(
        &mut self,
        owner: Owner,
        was: RefId,
        index: Option<TypeIndex>,
    ) -> (RefId, Option<RefId>) {
        let (id, old) = self.add(owner, was, index.is_none());
        self.visitor.introduce(Introduced { id, index, hidden: owner.hidden });
        (id, old)
    }

    /// Puts a new node in the table.
    #[inline(always)]
    fn add(&mut self, owner: Owner, was: RefId, is_collection: bool) -> (RefId, Option<RefId>) {
        let (id, old) = self.tracker.allocate(owner.id, was);
        let links = &mut self.tracker.nodes[id.0 as usize];
        (links.hidden, links.gate, links.is_collection) = (owner.hidden, owner.gate, is_collection);
        self.tracker.noted.came(owner.hidden);
        (id, old)
    }

    /// Lets go of what a place of `owner` led to.
    pub(crate) fn let_go(&mut self, owner: RefId, gone: Gone) {
        match gone {
            Gone::Value => {}
            Gone::Node(id) if id.is_known() => self.release(id),
            Gone::Node(id) => {
                if let Some(id) = self.tracker.replaced_by(id) {
                    self.release(id);
                }
            }
            Gone::Shared(key) => self.tracker.let_go(owner, None, key),
        }
    }

    /// A node that had a number has another.
    #[inline]
    pub(crate) fn rename(&mut self, from: RefId, to: RefId) {
        if self.tracker.renaming && from.is_known() {
            self.tracker.renamed.push((from, to));
        }
    }

    /// Takes a node and all below it out of the table.
    pub(crate) fn release(&mut self, id: RefId) {
        self.tracker.unlink(id.0);
        self.tracker.free_subtree(id.0, |id| {
            self.visitor.released(id);
            self.views.release(id);
        });
    }

    /// Tells of the numbers that were asked for and that nothing came to have.
    pub(crate) fn tell_given_up(&mut self) {
        for reserved in &self.tracker.reserved {
            self.visitor.given_up(reserved.id);
        }
    }

    /// Takes all below a node out of the table.
    pub(crate) fn release_below(&mut self, id: RefId) {
        while let Some(child) = self.tracker.first_child(id.0) {
            self.release(RefId(child));
        }
        self.tracker.drop_edges(id);
    }
}

/// Which nodes there are, and how they hang together.
///
/// What a walk needs to know beside the values; of no use to anyone else.
#[derive(Debug, Default)]
pub struct Tracker {
    nodes: Vec<Links>,
    /// Numbers that may be given out.
    free: Vec<u32>,
    /// Numbers whose removal is reported by the walk under way: free from the next one on.
    freed: Vec<u32>,
    /// Numbers that were asked for since the last walk, for nodes that no walk has seen.
    reserved: Vec<Reserved>,
    /// Counts them, round and round.
    reservations: u32,
    live: usize,
    /// The Rust types by their numbers.
    pub(crate) types: TypeIds,
    shared: SharedTable,
    /// Nodes were named before a walk, or there are shared instances.
    is_used: bool,
    /// The walk is in an instance that got another number: so does what is below it.
    renaming: bool,
    /// Numbers that became others, for the views.
    renamed: Vec<(RefId, RefId)>,
    /// Lists that a walk needs for a moment, kept so that it need not allocate.
    pub(crate) scratch: Vec<RefId>,
    pub(crate) gone: Vec<RefId>,
    /// What was last looked for by path.
    pub(crate) found: Vec<RefId>,
    /// Entries of streams that were found on the way, and are to wait for their turns.
    pub(crate) waits: Vec<(RefId, u64)>,
    /// Streams that the walk under way is not through with: what leads to them is touched anew.
    pub(crate) unfinished: Vec<RefId>,
    /// Counts the walks of this state.
    pub(crate) tick: u64,
    marks: Vec<bool>,
    /// What functions of the program are to be asked about.
    pub(crate) noted: Noted,
}

#[derive(Clone, Copy, Debug)]
struct Links {
    parent: u32,
    first_child: u32,
    next: u32,
    previous: u32,
    hidden: bool,
    is_collection: bool,
    gate: Gate,
}

#[derive(Clone, Copy, Debug)]
struct Reserved {
    id: RefId,
    /// What the place remembers, with a mark that tells it from a number.
    serial: u32,
    /// What stands in the place until the next walk.
    replaces: Option<RefId>,
    is_collection: bool,
}

/// What a number was asked for by [`Tracked::node`] that no sync has seen yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A struct.
    Struct,
    /// A map, an array or another collection.
    Collection,
}

const NIL: u32 = u32::MAX;

impl Links {
    const NONE: Self = Self {
        parent: NIL,
        first_child: NIL,
        next: NIL,
        previous: NIL,
        hidden: false,
        is_collection: false,
        gate: Gate::Open,
    };
}

impl Tracker {
    pub(crate) fn new(types: TypeIds) -> Self {
        Self { nodes: vec![Links::NONE], live: 1, types, ..Self::default() }
    }

    /// A new node below `parent`, and the node that stood there.
    fn allocate(&mut self, parent: RefId, was: RefId) -> (RefId, Option<RefId>) {
        let (id, old) = if was.is_known() {
            (self.number(), Some(was))
        } else {
            let old = self.replaced_by(was);
            (self.take_reserved(was).unwrap_or_else(|| self.number()), old)
        };
        self.link(id, parent);
        self.live += 1;
        (id, old)
    }

    /// A number that no node has.
    fn number(&mut self) -> RefId {
        if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = Links::NONE;
            return RefId(id);
        }
        let id = self.nodes.len() as u32;
        assert!(id < MAX_NODES, "a state has at most {MAX_NODES} nodes");
        self.nodes.push(Links::NONE);
        RefId(id)
    }

    fn link(&mut self, id: RefId, parent: RefId) {
        let next = self.nodes[parent.0 as usize].first_child;
        if next != NIL {
            self.nodes[next as usize].previous = id.0;
        }
        self.nodes[parent.0 as usize].first_child = id.0;
        let links = &mut self.nodes[id.0 as usize];
        (links.parent, links.next, links.previous) = (parent.0, next, NIL);
    }

    /// A number for a node that no walk has seen, and what its place is to remember.
    pub(crate) fn reserve(
        &mut self,
        replaces: Option<RefId>,
        is_collection: bool,
    ) -> (RefId, RefId) {
        let id = self.number();
        self.is_used = true;
        // A place may remember what it asked for long after that was given up, and the number may be another's then.
        self.reservations = (self.reservations + 1) % (RefId::OUTDATED - 1);
        let serial = self.reservations;
        self.reserved.push(Reserved { id, serial, replaces, is_collection });
        (id, RefId(serial | RefId::RESERVED))
    }

    /// What a number was asked for that no walk has given out.
    pub(crate) fn named(&self, id: RefId) -> Option<Named> {
        let reserved = self.reserved.iter().find(|reserved| reserved.id == id)?;
        Some(if reserved.is_collection { Named::Collection } else { Named::Struct })
    }

    /// The number that was asked for the instance in a place.
    pub(crate) fn find_reserved(&self, was: RefId) -> Option<RefId> {
        let at = self.reserved_at(was)?;
        (was.0 & RefId::OUTDATED == 0).then(|| self.reserved[at].id)
    }

    /// The node that stood in a place when a number was asked for what has come there since.
    pub(crate) fn replaced_by(&self, was: RefId) -> Option<RefId> {
        self.reserved[self.reserved_at(was)?].replaces
    }

    fn reserved_at(&self, was: RefId) -> Option<usize> {
        if self.reserved.is_empty() || was == RefId::NONE {
            return None;
        }
        if was.is_known() {
            return None;
        }
        let serial = was.0 & !(RefId::RESERVED | RefId::OUTDATED);
        self.reserved.iter().rposition(|reserved| reserved.serial == serial)
    }

    /// The number that was asked for the instance in a place, which is asked for no longer.
    fn take_reserved(&mut self, was: RefId) -> Option<RefId> {
        let id = self.find_reserved(was)?;
        self.reserved.retain(|reserved| reserved.id != id);
        Some(id)
    }

    /// Whether a node is not for everyone. Nothing is known of one that another table gave its number.
    pub(crate) fn is_hidden(&self, id: RefId) -> bool {
        self.nodes.get(id.0 as usize).is_some_and(|links| links.hidden)
    }

    /// Calls `each` with the nodes that lead to this one.
    pub(crate) fn each_parent(&self, id: RefId, mut each: impl FnMut(RefId)) {
        let parent = self.nodes[id.0 as usize].parent;
        if parent != NIL {
            each(RefId(parent));
        }
        self.shared.each_parent(id, each);
    }

    /// Whether no node is led to by several.
    pub(crate) fn is_tree(&self) -> bool {
        self.shared.is_empty()
    }

    /// Calls `each` with the nodes that this one leads to, and what lets through to them.
    pub(crate) fn each_child(&self, id: RefId, mut each: impl FnMut(RefId, Gate)) {
        let mut at = self.nodes[id.0 as usize].first_child;
        while at != NIL {
            let links = &self.nodes[at as usize];
            each(RefId(at), links.gate);
            at = links.next;
        }
        self.shared.each_child(id, each);
    }

    #[inline]
    pub(crate) fn parent(&self, id: RefId) -> Option<RefId> {
        let parent = self.nodes[id.0 as usize].parent;
        (parent != NIL).then_some(RefId(parent))
    }

    /// Whether a node lies in a slot of a collection, directly or not, or in a pool: what is entered
    /// there was handed out.
    pub(crate) fn is_in_slot(&self, mut id: RefId) -> bool {
        loop {
            let parent = self.nodes[id.0 as usize].parent;
            if parent == NIL {
                return id != RefId::ROOT;
            }
            id = RefId(parent);
            if self.nodes[id.0 as usize].is_collection {
                return true;
            }
        }
    }

    /// Adds to `gone` what is in `before` and not in `after`.
    pub(crate) fn missing(&mut self, before: &[RefId], after: &[RefId], gone: &mut Vec<RefId>) {
        // What stands at both ends as it did is not looked for: no node is in an array twice.
        let first = alike(std::iter::zip(before, after));
        let (before, after) = (&before[first..], &after[first..]);
        let last = alike(std::iter::zip(before.iter().rev(), after.iter().rev()));
        let (before, after) = (&before[..before.len() - last], &after[..after.len() - last]);
        // Of a queue that moves on, the rest is compared as a whole.
        let queued = after.first().and_then(|first| {
            let shift = before.iter().take(8).position(|id| id == first)?;
            after.starts_with(&before[shift..]).then_some(shift)
        });
        if let Some(shift) = queued {
            gone.extend(before[..shift].iter().filter(|id| !after.contains(id)));
            return;
        }
        self.marks.resize(self.nodes.len(), false);
        for id in after {
            self.marks[id.0 as usize] = true;
        }
        gone.extend(before.iter().filter(|id| !self.marks[id.0 as usize]));
        for id in after {
            self.marks[id.0 as usize] = false;
        }
    }

    #[inline]
    fn recycle(&mut self) {
        self.unfinished.clear();
        if self.is_used {
            self.shared.forget_renewed();
        }
        self.tick += 1;
        if !self.freed.is_empty() {
            self.free.append(&mut self.freed);
        }
    }

    /// Whether the walk is in an instance that got another number.
    pub(crate) fn is_renaming(&self) -> bool {
        self.renaming
    }

    /// Numbers that became others since last asked.
    pub(crate) fn take_renamed(&mut self) -> Vec<(RefId, RefId)> {
        std::mem::take(&mut self.renamed)
    }

    /// Whether views are to be brought up to date, whatever happened to them.
    #[inline]
    pub(crate) fn concerns_views(&self) -> bool {
        !self.reserved.is_empty() || !self.renamed.is_empty() || self.shared.has_moved()
    }

    /// Whether a node leads to another that it did not lead to, beside new ones, since last asked.
    pub(crate) fn take_moved(&mut self) -> bool {
        self.shared.take_moved()
    }

    /// Gives up what was asked for and never walked. Tells the numbers.
    pub(crate) fn give_up_reserved(&mut self) -> Vec<RefId> {
        let ids: Vec<RefId> = self.reserved.drain(..).map(|reserved| reserved.id).collect();
        self.freed.extend(ids.iter().map(|id| id.0));
        ids
    }

    fn first_child(&self, id: u32) -> Option<u32> {
        let child = self.nodes[id as usize].first_child;
        (child != NIL).then_some(child)
    }

    fn unlink(&mut self, id: u32) {
        let Links { parent, next, previous, .. } = self.nodes[id as usize];
        if previous != NIL {
            self.nodes[previous as usize].next = next;
        } else if parent != NIL {
            self.nodes[parent as usize].first_child = next;
        }
        if next != NIL {
            self.nodes[next as usize].previous = previous;
        }
    }

    /// Frees an unlinked subtree without recursion: a chain may be as long as memory allows.
    fn free_subtree(&mut self, top: u32, mut released: impl FnMut(RefId)) {
        let mut at = top;
        loop {
            if let Some(child) = self.first_child(at) {
                self.nodes[at as usize].first_child = self.nodes[child as usize].next;
                at = child;
                continue;
            }
            released(RefId(at));
            self.drop_edges(RefId(at));
            self.freed.push(at);
            self.live -= 1;
            if at == top {
                return;
            }
            at = self.nodes[at as usize].parent;
        }
    }
}

/// How many pairs there are until two differ.
fn alike<'a>(mut pairs: impl Iterator<Item = (&'a RefId, &'a RefId)>) -> usize {
    let mut count = 0;
    while pairs.next().is_some_and(|(one, other)| one == other) {
        count += 1;
    }
    count
}

/// A tag that shares no bit with any.
const UNTAGGED: Tag = Tag(0);

/// The numbers above stand for other things, here and in codecs.
const MAX_NODES: u32 = RefId::OUTDATED;
