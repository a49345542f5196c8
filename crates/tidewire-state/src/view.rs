//! Views: which nodes a client was given to see (docs/VIEWS.md has the rule).
//!
//! A view holds nodes by number; what leaves the state leaves all views. Which nodes show because
//! something below them is held is found out after each walk that follows a change.

mod explain;
mod subscriptions;
mod verdicts;
mod waiting;

use std::collections::HashMap;

use foldhash::fast::RandomState;

pub use self::explain::{Explained, Explanation};
pub(crate) use self::subscriptions::SharedArrival;
pub use self::verdicts::Shown;
pub(crate) use self::verdicts::{Passed, Verdicts};
use self::{subscriptions::Subscriptions, waiting::Waiting};
use crate::{bits::Bits, tracker::Tracker, types::Tag, visitor::RefId};

/// The number of a view among those of a state, small and reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub u32);

/// What a view holds a node for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// It was added without a tag.
    pub untagged: bool,
    /// The bits of the tags that it was added with.
    pub bits: i32,
}

impl Held {
    /// What most nodes are held for: they were added without a tag.
    pub const UNTAGGED: Self = Self { untagged: true, bits: 0 };
}

/// What one client was given to see.
#[derive(Debug)]
pub struct StateView {
    name: String,
    // Near the front: every patch of a client asks for it.
    version: u64,
    changed: bool,
    /// The nodes that were added.
    holds: Bits,
    /// What those of them were added for that were not just added without a tag.
    tagged: HashMap<RefId, Held, RandomState>,
    /// The nodes that were added, and what leads to them.
    shown: Bits,
    /// How often tags were given or taken.
    tags: u64,
    /// What filters said.
    verdicts: Verdicts,
    /// Which view this is: no two of a state ever have the same.
    identity: u64,
}

/// The views of a state.
#[derive(Debug, Default)]
pub struct Views {
    all: Vec<Option<StateView>>,
    /// There was one.
    pub(crate) is_used: bool,
    /// The state has filters, and there was a view.
    pub(crate) has_filters: bool,
    subscriptions: Subscriptions,
    /// What views are to have of streams when its turn comes.
    waiting: Waiting,
    released: Vec<RefId>,
    open: Vec<RefId>,
    /// Whether one of them may be another than at the last walk.
    changed: bool,
    last_version: u64,
}

impl StateView {
    fn new(name: String, identity: u64) -> Self {
        Self {
            name,
            verdicts: Verdicts::new(),
            identity,
            version: 0,
            changed: true,
            holds: Bits::default(),
            tagged: HashMap::default(),
            shown: Bits::default(),
            tags: 0,
        }
    }

    /// Whose it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a node is held for, if it is.
    #[inline]
    pub fn held(&self, node: RefId) -> Option<Held> {
        let tagged = || self.tagged.get(&node).copied();
        self.has(node).then(|| tagged().unwrap_or(Held::UNTAGGED))
    }

    #[inline]
    fn hold(&mut self, node: RefId, held: Held) {
        self.holds.insert(node.0);
        self.changed = true;
        if held != Held::UNTAGGED {
            self.tagged.insert(node, held);
        } else if !self.tagged.is_empty() {
            self.tagged.remove(&node);
        }
    }

    #[inline]
    fn let_go(&mut self, node: RefId) {
        self.holds.remove(node.0);
        self.changed = true;
        if !self.tagged.is_empty() {
            self.tagged.remove(&node);
        }
    }

    /// Whether a node was added.
    #[inline]
    pub fn has(&self, node: RefId) -> bool {
        self.holds.has(node.0)
    }

    /// Whether a node was added, or leads to one that was. As of the last walk.
    #[inline]
    pub fn shows(&self, node: RefId) -> bool {
        self.shown.has(node.0)
    }

    /// Whether a field with this tag of a node that is held shows.
    pub fn shows_tag(&self, node: RefId, tag: Tag) -> bool {
        self.held(node).is_some_and(|held| tag.shows_with(held.bits))
    }

    /// How many nodes were added.
    pub fn len(&self) -> usize {
        self.holds.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.holds.is_empty()
    }

    /// The nodes that were added, in no order, and what for.
    pub fn iter(&self) -> impl Iterator<Item = (RefId, Held)> {
        let held = |id| self.tagged.get(&id).copied().unwrap_or(Held::UNTAGGED);
        self.holds.iter().map(RefId).map(move |id| (id, held(id)))
    }

    /// Another number after each walk at which the view is not what it was. No two views of a state
    /// ever have the same one.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Which view this is: another may get its number, and its name, but not this.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Goes up when what nodes are held for may have changed, beside coming and going without a tag.
    pub fn tags(&self) -> u64 {
        self.tags
    }

    /// The nodes that were added, by number.
    #[inline]
    pub fn holds(&self) -> &Bits {
        &self.holds
    }

    /// The nodes that were added and those that lead to them, by number, as of the last walk.
    pub fn shown(&self) -> &Bits {
        &self.shown
    }

    /// `open` is a list that is lent, so that it need not be allocated.
    fn settle(&mut self, tracker: &Tracker, version: u64, open: &mut Vec<RefId>) {
        self.changed = false;
        self.version = version;
        let Self { holds, shown, .. } = self;
        shown.clone_from(holds);
        // Nodes that were added often lie in one collection.
        let is_tree = tracker.is_tree();
        let mut last = None;
        holds.each(|id| {
            let parent = tracker.parent(RefId(id));
            if is_tree && parent == last {
                return;
            }
            last = parent;
            tracker.each_parent(RefId(id), |parent| open.push(parent));
            while let Some(parent) = open.pop() {
                if shown.insert(parent.0) {
                    tracker.each_parent(parent, |parent| open.push(parent));
                }
            }
        });
    }

    fn rename(&mut self, from: RefId, to: RefId) {
        if let Some(Held { untagged, bits }) = self.held(from) {
            self.let_go(from);
            // A subscription may have added it already.
            let goes_on = self.held(to).unwrap_or_default();
            let untagged = goes_on.untagged || untagged;
            self.hold(to, Held { untagged, bits: goes_on.bits | bits });
        }
    }

    fn forget(&mut self, node: RefId) {
        if self.holds.remove(node.0) && !self.tagged.is_empty() {
            self.tagged.remove(&node);
        }
        self.verdicts.forget(node);
        // Its number may soon be another node's.
        self.changed |= self.shown.remove(node.0);
    }
}

impl Views {
    /// A view.
    pub fn get(&self, view: ViewId) -> Option<&StateView> {
        self.all.get(view.0 as usize)?.as_ref()
    }

    /// All views, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ViewId, &StateView)> {
        (0..).zip(&self.all).filter_map(|(at, view)| Some((ViewId(at), view.as_ref()?)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.iter().all(Option::is_none)
    }

    pub(crate) fn create(&mut self, name: String) -> ViewId {
        let at = self.all.iter().position(Option::is_none).unwrap_or(self.all.len());
        if at == self.all.len() {
            self.all.push(None);
        }
        self.last_version += 1;
        self.all[at] = Some(StateView::new(name, self.last_version));
        self.is_used = true;
        self.changed = true;
        ViewId(at as u32)
    }

    pub(crate) fn drop(&mut self, view: ViewId) {
        if let Some(place) = self.all.get_mut(view.0 as usize) {
            *place = None;
        }
        self.subscriptions.clear(view);
        self.waiting.clear(view);
    }

    /// A view that is about to change.
    fn get_mut(&mut self, view: ViewId) -> Option<&mut StateView> {
        self.changed = true;
        self.all.get_mut(view.0 as usize)?.as_mut()
    }

    pub(crate) fn add(&mut self, view: ViewId, node: RefId, tag: Tag) {
        let Some(view) = self.get_mut(view) else { return };
        view.tags += u64::from(tag != Tag::DEFAULT);
        let held = view.held(node).unwrap_or_default();
        let untagged = held.untagged || tag == Tag::DEFAULT;
        view.hold(node, Held { untagged, bits: held.bits | tag.bits() });
    }

    pub(crate) fn remove(&mut self, view: ViewId, node: RefId, tag: Tag) {
        self.subscriptions.remove(view, node, tag);
        let Some(view) = self.get_mut(view) else { return };
        let Some(held) = view.held(node) else { return };
        view.tags += u64::from(tag != Tag::DEFAULT || held.bits != 0);
        let left = Held { bits: held.bits & !tag.bits(), ..held };
        if tag == Tag::DEFAULT || left == Held::default() {
            view.let_go(node);
        } else {
            view.hold(node, left);
        }
    }

    pub(crate) fn subscribe(&mut self, view: ViewId, found: &[RefId], tag: Tag) {
        for node in found {
            self.add(view, *node, tag);
        }
        // What is found first is what was asked for.
        if let [collection, inside @ ..] = found {
            self.subscriptions.insert(view, *collection, tag, inside);
        }
    }

    /// Whether a view adds what comes to a collection.
    pub fn is_subscribed(&self, view: ViewId, collection: RefId) -> bool {
        self.subscriptions.has(view, collection)
    }

    pub(crate) fn clear(&mut self, view: ViewId) {
        self.subscriptions.clear(view);
        self.waiting.clear(view);
        if let Some(view) = self.get_mut(view) {
            view.tags += 1;
            view.tagged.clear();
            view.holds.clear();
            view.changed = true;
        }
    }

    /// All filters are to be asked again: of a view, or of all.
    pub(crate) fn refilter(&mut self, view: Option<ViewId>) {
        for (id, place) in (0..).map(ViewId).zip(&mut self.all) {
            if let Some(place) = place
                && view.is_none_or(|view| view == id)
            {
                place.verdicts.wants_all = true;
            }
        }
    }

    /// Whether there is a view for which all filters are to be asked.
    pub(crate) fn wants_all(&self) -> bool {
        self.all.iter().flatten().any(|view| view.verdicts.wants_all)
    }

    /// Calls `each` with the name of each view, and what filters say for it: of those for which all
    /// are asked, or of all.
    pub(crate) fn ask(&mut self, for_all: bool, mut each: impl FnMut(&str, &mut Verdicts)) {
        for StateView { name, verdicts, .. } in self.all.iter_mut().flatten() {
            if for_all || verdicts.wants_all {
                each(name, verdicts);
            }
        }
    }

    /// All filters were asked that are to be.
    pub(crate) fn end_asking(&mut self) {
        for view in self.all.iter_mut().flatten() {
            view.verdicts.wants_all = false;
            let has_news = view.verdicts.has_news();
            view.changed |= has_news;
            self.changed |= has_news;
        }
    }

    /// A node is in the state no more.
    pub(crate) fn release(&mut self, node: RefId) {
        if self.is_used {
            self.released.push(node);
        }
    }

    /// Brings all views up to date with the walk that is over.
    #[inline]
    pub(crate) fn settle(&mut self, tracker: &mut Tracker) {
        let came = self.has_filters && tracker.noted.has_come();
        if self.changed || came || !self.released.is_empty() || tracker.concerns_views() {
            self.settle_changed(tracker);
        }
    }

    fn settle_changed(&mut self, tracker: &mut Tracker) {
        self.changed = false;
        for (from, to) in tracker.take_renamed() {
            for view in self.all.iter_mut().flatten() {
                view.rename(from, to);
            }
            self.subscriptions.rename(from, to);
        }
        self.released.extend(tracker.give_up_reserved());
        let moved = tracker.take_moved();
        let came = tracker.noted.take_came() && self.has_filters;
        if !self.subscriptions.is_empty() {
            self.settle_subscriptions();
            for node in &self.released {
                self.subscriptions.forget(*node);
            }
        }
        for node in &self.released {
            self.waiting.forget(*node);
        }
        for view in self.all.iter_mut().flatten() {
            for node in &self.released {
                view.forget(*node);
            }
            // How nodes hang together may have changed where several places lead to one.
            if view.changed || moved {
                self.last_version += 1;
                view.settle(tracker, self.last_version, &mut self.open);
                if self.has_filters {
                    view.verdicts.let_through(&view.holds, tracker, &mut self.open);
                    view.verdicts.date(self.last_version);
                }
            } else if came && view.verdicts.let_through(&view.holds, tracker, &mut self.open) {
                self.last_version += 1;
                view.version = self.last_version;
            }
        }
        self.released.clear();
    }
}
