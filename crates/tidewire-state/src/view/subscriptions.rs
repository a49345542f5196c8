//! Subscriptions: what comes to a collection later is in the view without being added.
//!
//! The walk says which node came where (`Walk::introduce`, `Walk::acquire`), so a subscription
//! costs nothing until something comes to its collection. What lies below a new node is new too,
//! and the walk tells of it right after: it is taken in on the way. An instance of a pool may be
//! old, so what is below one is looked for after the walk.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{ViewId, Views};
use crate::{
    bits::Bits,
    tracker::{Owner, SharedKey},
    types::Tag,
    visitor::RefId,
};

/// The subscriptions of all views, and what the walk under way found for them.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_collection: HashMap<RefId, Vec<Subscription>, RandomState>,
    /// Nodes that the walk took into views, and for what: what is below them follows.
    came: HashMap<RefId, Vec<(ViewId, Tag)>, RandomState>,
    shared: Vec<SharedArrival>,
}

#[derive(Debug)]
struct Subscription {
    view: ViewId,
    tag: Tag,
    /// What was in the collection at the time, until the next walk.
    before: Bits,
}

/// An instance of a pool that came to a subscribed collection, or below what did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedArrival {
    pub(crate) view: ViewId,
    pub(crate) tag: Tag,
    pub(crate) key: SharedKey,
}

impl Subscriptions {
    /// Whether nobody waits for anything.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.by_collection.is_empty()
    }

    pub(super) fn insert(&mut self, view: ViewId, collection: RefId, tag: Tag, before: &[RefId]) {
        let list = self.by_collection.entry(collection).or_default();
        let known = list.iter().position(|other| other.view == view && other.tag == tag);
        let at = known.unwrap_or_else(|| {
            list.push(Subscription { view, tag, before: Bits::default() });
            list.len() - 1
        });
        for id in before {
            list[at].before.insert(id.0);
        }
    }

    /// A view has removed a collection, with these bits or altogether.
    pub(super) fn remove(&mut self, view: ViewId, collection: RefId, tag: Tag) {
        let Some(list) = self.by_collection.get_mut(&collection) else { return };
        list.retain_mut(|subscription| {
            if subscription.view == view && subscription.tag != Tag::DEFAULT {
                subscription.tag = Tag(subscription.tag.0 & !tag.bits());
            }
            let is_over = tag == Tag::DEFAULT || subscription.tag == Tag(0);
            subscription.view != view || !is_over
        });
        if list.is_empty() {
            self.by_collection.remove(&collection);
        }
    }

    /// A view has nothing any more.
    pub(super) fn clear(&mut self, view: ViewId) {
        self.by_collection.retain(|_, list| {
            list.retain(|subscription| subscription.view != view);
            !list.is_empty()
        });
    }

    /// A collection goes on under another number. What came to it in the same walk as that is not
    /// told apart from what it had.
    pub(super) fn rename(&mut self, from: RefId, to: RefId) {
        if let Some(list) = self.by_collection.remove(&from) {
            self.by_collection.entry(to).or_default().extend(list);
        }
    }

    /// A node is in the state no more.
    pub(super) fn forget(&mut self, node: RefId) {
        self.by_collection.remove(&node);
    }

    pub(super) fn has(&self, view: ViewId, collection: RefId) -> bool {
        let list = self.by_collection.get(&collection);
        list.is_some_and(|list| list.iter().any(|subscription| subscription.view == view))
    }

    /// Who is to have a node that came to a place of `owner`.
    fn takers(&self, owner: Owner, node: Option<RefId>) -> Vec<(ViewId, Tag)> {
        let subscribed = self.by_collection.get(&owner.id).into_iter().flatten();
        let subscribed = subscribed
            .filter(|subscription| node.is_none_or(|node| !subscription.before.has(node.0)))
            .map(|subscription| (subscription.view, subscription.tag));
        let below = self.came.get(&owner.id).into_iter().flatten().copied();
        let below = below.filter(|(_, tag)| owner.tag.shows_with(tag.bits()));
        subscribed.chain(below).collect()
    }
}

impl Views {
    /// A node that no walk has seen has come to a place of `owner`.
    pub(crate) fn came(&mut self, owner: Owner, node: RefId) {
        if self.subscriptions.is_empty() {
            return;
        }
        let takers = self.subscriptions.takers(owner, Some(node));
        if takers.is_empty() {
            return;
        }
        for (view, tag) in &takers {
            self.add(*view, node, *tag);
        }
        self.subscriptions.came.insert(node, takers);
    }

    /// Who is to have what comes to a place of `owner`, and for what.
    pub(crate) fn takers(&self, owner: Owner) -> Vec<(ViewId, Tag)> {
        match self.subscriptions.is_empty() {
            true => Vec::new(),
            false => self.subscriptions.takers(owner, None),
        }
    }

    /// An instance of a pool that is below what came into a view: it is to come too.
    pub(crate) fn shared_is_to_come(&mut self, view: ViewId, tag: Tag, key: SharedKey) {
        self.subscriptions.shared.push(SharedArrival { view, tag, key });
    }

    /// An instance of a pool has come to a place of `owner`. It may have a number already.
    pub(crate) fn shared_came(&mut self, owner: Owner, key: SharedKey, node: Option<RefId>) {
        if self.subscriptions.is_empty() {
            return;
        }
        for (view, tag) in self.subscriptions.takers(owner, node) {
            self.subscriptions.shared.push(SharedArrival { view, tag, key });
        }
    }

    /// The next instance of a pool that is to be taken into a view, with what is below it.
    pub(crate) fn next_shared_arrival(&mut self) -> Option<SharedArrival> {
        self.subscriptions.shared.pop()
    }

    /// What is in a collection from now on comes later.
    pub(super) fn settle_subscriptions(&mut self) {
        self.subscriptions.came.clear();
        for subscription in self.subscriptions.by_collection.values_mut().flatten() {
            subscription.before.clear();
        }
    }
}
