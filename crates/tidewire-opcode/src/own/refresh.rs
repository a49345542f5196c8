//! Brings what a client sees beside the rest up to date with a walk.
//!
//! Where everyone sees an object too, only what may not be for everyone is looked at, and nothing is kept where
//! there is nothing of that. Below what only this client sees, all is kept.

use std::{cell::Cell, collections::HashMap, sync::Arc};

use tidewire_state::{
    Look, Lying, Presence, RefId, Refusal, Rule, Shape, TypeIndex, TypeSet, Visibility,
};

use super::marks::{Entry, Marks};
use crate::{
    changes::{Change, Changes, compare},
    state::is_null,
    tree::{Members, Tree},
};

/// One look at the state with the eyes of one client.
pub(super) struct Refresh<'a> {
    look: Look<'a>,
    marks: &'a Marks,
    types: &'a TypeSet,
    names: &'a [Vec<Arc<str>>],
    rule: &'a dyn Rule,
    orders: &'a mut HashMap<RefId, Vec<u32>>,
    /// The nodes on the way to where this is.
    path: Vec<RefId>,
    /// How many nodes may still be shown: shared instances are on many paths, each with a copy of its own.
    left: usize,
    /// Why something is left out that would be there.
    pub(super) refusal: Cell<Option<Refusal>>,
}

impl<'a> Refresh<'a> {
    pub(super) fn new(
        look: Look<'a>,
        marks: &'a Marks,
        types: &'a TypeSet,
        names: &'a [Vec<Arc<str>>],
        rule: &'a dyn Rule,
        orders: &'a mut HashMap<RefId, Vec<u32>>,
    ) -> Self {
        if orders.len() > look.len() + 16 {
            orders.clear();
        }
        let left = 16 * look.len() + 65_536;
        Self {
            look,
            marks,
            types,
            names,
            rule,
            orders,
            path: Vec::new(),
            left,
            refusal: Cell::new(None),
        }
    }

    /// All of it anew.
    pub(super) fn all(&mut self, public: &Tree) -> Tree {
        self.node(RefId::ROOT, Some(public)).unwrap_or_else(|| Tree::Object(Members::new()))
    }

    /// What the last walk marked.
    pub(super) fn root(&mut self, own: &mut Members, public: &Members) -> Changes {
        self.path.push(RefId::ROOT);
        let changes = match self.look.shape(RefId::ROOT) {
            Shape::Struct(index) => self.fields(RefId::ROOT, index, own, Some(public)),
            shape => unreachable!("a root is a struct, not {shape:?}"),
        };
        self.path.pop();
        changes
    }

    /// What lies in a place of the node that is looked at, if the client sees it there.
    fn seen(&self, holder: RefId, lying: Lying<'a>, shown: bool) -> Option<Lying<'a>> {
        let Lying::Node(node) = lying else { return shown.then_some(lying) };
        let (known, holder) = (self.look.known(node), self.look.known(holder));
        if self.rule.presence(known, holder, shown) != Presence::There {
            return None;
        }
        if self.path.contains(&node) {
            self.refusal.set(Some(Refusal::Loop));
            return None;
        }
        if self.path.len() >= MAX_DEPTH {
            self.refusal.set(Some(Refusal::TooDeep));
            return None;
        }
        Some(lying)
    }

    /// What lies in a field of a struct, if the client sees it there, or what it alone is told of it.
    fn seen_field(
        &self,
        holder: RefId,
        visibility: Visibility,
        lying: Option<Lying<'a>>,
    ) -> Option<Lying<'a>> {
        if let Visibility::Custom(field) = visibility {
            return self.rule.custom(self.look.known(holder), field).map(Lying::Leaf);
        }
        self.seen(holder, lying?, self.shows(holder, visibility))
    }

    /// What lies in an entry of a collection, by its number in a map or its position. `shown` says whether the
    /// collection shows its contents.
    fn seen_entry(
        &self,
        holder: RefId,
        at: u32,
        lying: Lying<'a>,
        shown: bool,
    ) -> Option<Lying<'a>> {
        let known = self.look.known(holder);
        let shown = if known.is_filtered { self.rule.shows_entry(known, at) } else { shown };
        self.seen(holder, lying, shown)
    }

    fn shows(&self, holder: RefId, visibility: Visibility) -> bool {
        self.rule.shows(self.look.known(holder), visibility)
    }

    /// The marked fields of a struct. `public` is what everyone sees of the struct.
    fn fields(
        &mut self,
        id: RefId,
        index: TypeIndex,
        own: &mut Members,
        public: Option<&Members>,
    ) -> Changes {
        let mut changes = Changes::new();
        let (types, names) = (self.types, self.names);
        let named = names[index.0 as usize].iter().zip(&types[index].fields);
        for (lying, (name, field)) in self.look.fields(id).zip(named) {
            if public.is_some() && !self.marks.leads(field) {
                continue;
            }
            if let Some(Lying::Node(node)) = lying
                && !self.is_touched(node)
            {
                continue;
            }
            let lying = self.seen_field(id, field.visibility, lying);
            let absent = (public.is_none() && is_null(field)).then_some(Tree::Null);
            let public = public.and_then(|public| public.get(name));
            self.member(own, name, lying, public, absent, &mut changes);
        }
        changes
    }

    /// The marked entries of a map.
    fn entries(&mut self, id: RefId, own: &mut Members, public: Option<&Members>) -> Changes {
        let mut changes = Changes::new();
        let shown = self.shows(id, Visibility::Everyone);
        let marks = self.marks;
        for Entry { key, at, node } in marks.entries(id) {
            // Most entries are somebody else's. This is asked for each of them and each client.
            let holder = self.look.known(id);
            let shown = if holder.is_filtered { self.rule.shows_entry(holder, *at) } else { shown };
            let is_there = match node {
                Some(node) if self.look.has(*node) => {
                    let known = self.look.known(*node);
                    self.rule.presence(known, holder, shown) == Presence::There
                }
                _ => shown,
            };
            if !is_there && !own.contains_key(key.as_str()) {
                continue;
            }
            let lying = self.look.entry(id, key);
            let lying = lying.and_then(|(at, lying)| self.seen_entry(id, at, lying, shown));
            let public = public.and_then(|public| public.get(key.as_str()));
            let name = match own.get_key_value(key.as_str()) {
                Some((name, _)) => Arc::clone(name),
                None => key.as_str().into(),
            };
            self.member(own, &name, lying, public, None, &mut changes);
        }
        changes
    }

    /// A node that is not where it was, or in which something changed.
    fn is_touched(&self, node: RefId) -> bool {
        self.marks.is_marked(node) || self.marks.is_moved(node)
    }

    fn member(
        &mut self,
        own: &mut Members,
        name: &Arc<str>,
        lying: Option<Lying<'a>>,
        public: Option<&Tree>,
        absent: Option<Tree>,
        changes: &mut Changes,
    ) {
        let mut slot = own.remove(name);
        let change = match lying {
            Some(Lying::Node(node)) if !self.marks.is_moved(node) => {
                self.refresh(node, &mut slot, public)
            }
            lying => {
                let now = match lying {
                    None => absent,
                    Some(Lying::Node(node)) => self.node(node, public),
                    Some(Lying::Leaf(_)) if public.is_some_and(|held| *held != Tree::Null) => None,
                    Some(Lying::Leaf(value)) => Some(value.into()),
                };
                let before = std::mem::replace(&mut slot, now);
                difference(before.as_ref(), slot.as_ref(), public)
            }
        };
        if let Some(change) = change {
            changes.insert(Arc::clone(name), change);
        }
        if let Some(tree) = slot {
            own.insert(Arc::clone(name), tree);
        }
    }

    /// What is seen of a node that is where it was.
    fn refresh(
        &mut self,
        id: RefId,
        slot: &mut Option<Tree>,
        public: Option<&Tree>,
    ) -> Option<Change> {
        if !self.marks.is_marked(id) {
            return None;
        }
        let shape = self.look.shape(id);
        let both = members(public);
        let before = slot.take();
        let was_atomic = both.is_none() && before.as_ref().is_some_and(Tree::is_atomic);
        let own = match (before, shape) {
            (Some(Tree::Object(own)), Shape::Struct(_) | Shape::Map) => Ok(own),
            (None, Shape::Struct(_) | Shape::Map) if both.is_some() => Ok(Members::new()),
            (before, _) => Err(before),
        };
        let mut own = match own {
            Ok(own) => own,
            Err(before) => {
                *slot = self.node(id, public);
                return difference(before.as_ref(), slot.as_ref(), public);
            }
        };
        self.path.push(id);
        let changes = match shape {
            Shape::Struct(index) => self.fields(id, index, &mut own, both),
            _ => self.entries(id, &mut own, both),
        };
        self.path.pop();
        *slot = (both.is_none() || !own.is_empty()).then_some(Tree::Object(own));
        if changes.is_empty() {
            return None;
        }
        // Clients hold it as one value.
        let is_atomic = was_atomic && slot.as_ref().is_some_and(Tree::is_atomic);
        Some(if is_atomic { Change::Set } else { Change::Below(changes) })
    }

    /// All that is seen of a node, beside what everyone sees there.
    fn node(&mut self, id: RefId, public: Option<&Tree>) -> Option<Tree> {
        let Some(left) = self.left.checked_sub(1) else {
            self.refusal.set(Some(Refusal::TooManyPaths));
            return None;
        };
        self.left = left;
        self.path.push(id);
        let both = members(public);
        let tree = match self.look.shape(id) {
            Shape::Struct(index) => Tree::Object(self.all_fields(id, index, both)),
            Shape::Map => Tree::Object(self.all_entries(id, both)),
            Shape::Values if self.shows(id, Visibility::Everyone) => {
                Tree::Array(self.look.values(id).map(Tree::from).collect())
            }
            Shape::Values => Tree::Array(Vec::new()),
            Shape::Nodes => Tree::Array(self.items(id)),
        };
        self.path.pop();
        let is_nothing = match &tree {
            Tree::Object(own) => both.is_some() && own.is_empty(),
            tree => public == Some(tree),
        };
        (!is_nothing).then_some(tree)
    }

    fn all_fields(&mut self, id: RefId, index: TypeIndex, public: Option<&Members>) -> Members {
        let mut own = Members::new();
        let (types, names) = (self.types, self.names);
        let named = names[index.0 as usize].iter().zip(&types[index].fields);
        for (lying, (name, field)) in self.look.fields(id).zip(named) {
            if public.is_some() && !self.marks.leads(field) {
                continue;
            }
            let lying = self.seen_field(id, field.visibility, lying);
            let absent = (public.is_none() && is_null(field)).then_some(Tree::Null);
            let tree = self.value(lying, public.and_then(|public| public.get(name))).or(absent);
            own.extend(tree.map(|tree| (Arc::clone(name), tree)));
        }
        own
    }

    fn all_entries(&mut self, id: RefId, public: Option<&Members>) -> Members {
        let shown = self.shows(id, Visibility::Everyone);
        let mut own = Members::new();
        for (key, at, lying) in self.look.entries(id) {
            let lying = self.seen_entry(id, at, lying, shown);
            let tree = self.value(lying, public.and_then(|public| public.get(key)));
            own.extend(tree.map(|tree| (key.into(), tree)));
        }
        own
    }

    fn value(&mut self, lying: Option<Lying<'a>>, public: Option<&Tree>) -> Option<Tree> {
        match lying? {
            Lying::Node(node) => self.node(node, public),
            Lying::Leaf(_) if public.is_some_and(|held| *held != Tree::Null) => None,
            Lying::Leaf(value) => Some(value.into()),
        }
    }

    /// A list without gaps. What a set had for this client stands before what came to it since.
    fn items(&mut self, id: RefId) -> Vec<Tree> {
        let shown = self.shows(id, Visibility::Everyone);
        let seen = |(at, (number, node))| {
            self.seen_entry(id, at, Lying::Node(node), shown).map(|_| (number, node))
        };
        let mut there: Vec<(u32, RefId)> =
            (0..).zip(self.look.nodes(id)).filter_map(seen).collect();
        if there.iter().any(|(number, _)| *number != 0) {
            let held = self.orders.entry(id).or_default();
            if self.marks.is_moved(id) {
                held.clear();
            }
            let places: HashMap<u32, usize> = held.drain(..).zip(0..).collect();
            there.sort_by_key(|(number, _)| places.get(number).copied().unwrap_or(usize::MAX));
            held.extend(there.iter().map(|(number, _)| *number));
        }
        there.into_iter().filter_map(|(_, node)| self.node(node, None)).collect()
    }
}

/// What became of a place. Where everyone sees an object, what is left of it when nothing more is seen there are
/// its members for everyone.
pub(super) fn difference(
    before: Option<&Tree>,
    now: Option<&Tree>,
    public: Option<&Tree>,
) -> Option<Change> {
    match (before, now, members(public)) {
        (None, None, _) => None,
        (Some(Tree::Object(before)), None | Some(Tree::Object(_)), Some(public)) => {
            let now = members(now);
            let new = now.into_iter().flat_map(Members::keys);
            let new = new.filter(|name| !before.contains_key(*name));
            let mut changes = Changes::new();
            for name in before.keys().chain(new) {
                let now = now.and_then(|now| now.get(name));
                if let Some(change) = difference(before.get(name), now, public.get(name)) {
                    changes.insert(Arc::clone(name), change);
                }
            }
            (!changes.is_empty()).then_some(Change::Below(changes))
        }
        (before, Some(now), _) => compare(before, now),
        (Some(_), None, _) => Some(Change::Removed),
    }
}

fn members(tree: Option<&Tree>) -> Option<&Members> {
    match tree {
        Some(Tree::Object(members)) => Some(members),
        _ => None,
    }
}

/// How deep a path may lead: as deep as it does in what everyone sees.
const MAX_DEPTH: usize = 96;
