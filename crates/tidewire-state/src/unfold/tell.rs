//! Compares the state with what an audience was told of it, and tells the difference.

use std::collections::HashMap;

use compact_str::CompactString;

use super::{
    graph::{Content, Entry, Graph, Node, Slot},
    rule::{Presence, Rule},
    told::{Entries, MAX_DEPTH, Refusal, Told, ToldEntry, ToldNode, values_changed},
};
use crate::{
    types::{FieldIndex, Visibility},
    visitor::{Enter, EntryAt, Introduced, NodeMember, Place, RefEdit, RefId, Visitor},
};

/// A message under way.
struct Teller<'a, V: ?Sized> {
    graph: &'a Graph,
    rule: &'a dyn Rule,
    told: &'a mut Told,
    visitor: &'a mut V,
    /// What did not change after this walk need not be looked at.
    since: u64,
    /// The nodes of the state on the way to the one that is compared.
    path: Vec<RefId>,
    /// How many nodes an audience may be told of.
    most: usize,
}

/// A node below one that was compared.
struct Below {
    place: At,
    id: RefId,
    fresh: bool,
}

enum At {
    Field(FieldIndex),
    Entry(u32, CompactString),
    Item(usize),
}

/// Tells a codec what an audience does not know yet. `all` says that nothing may be passed over
/// because the walk did not report it.
pub(super) fn tell<V: Visitor + ?Sized>(
    graph: &Graph,
    rule: &dyn Rule,
    told: &mut Told,
    all: bool,
    visitor: &mut V,
) {
    let is_first = told.messages == 0;
    told.recycle();
    told.refusal = None;
    visitor.begin(told.messages);
    let root = graph.node(RefId::ROOT);
    if is_first {
        told.add(ToldNode::new(RefId::ROOT, root, graph, false));
    }
    let all = all || is_first || graph.scattered > told.tick;
    let since = if all { 0 } else { told.tick };
    let most = 16 * graph.len + 65_536;
    visitor.enter(Enter::root(root.index, is_first));
    let path = vec![RefId::ROOT];
    let mut teller = Teller { graph, rule, told, visitor, since, path, most };
    teller.node(RefId::ROOT, is_first);
    visitor.leave();
    told.freed.iter().for_each(|id| visitor.released(*id));
    visitor.end();
    told.messages += 1;
    told.tick = graph.tick;
}

impl ToldNode {
    fn new(source: RefId, node: &Node, graph: &Graph, veiled: bool) -> Self {
        let content = match (&node.content, node.index) {
            (_, Some(index)) => Content::of_struct(&graph.types, index),
            (Content::Map(_), None) => Content::Map(Entries::default()),
            (Content::Nodes(_), None) => Content::Nodes(Vec::new()),
            (_, None) => Content::Values(Vec::new()),
        };
        Self { source, identity: node.identity, index: node.index, veiled, content }
    }
}

impl<V: Visitor + ?Sized> Teller<'_, V> {
    /// Compares a node that was entered, and what is below it. Of a fresh one nothing was told.
    fn node(&mut self, id: RefId, fresh: bool) {
        let graph = self.graph;
        let told = self.told.node_mut(id);
        let source = told.source;
        let held = std::mem::replace(&mut told.content, Content::Values(Vec::new()));
        let node = graph.node(source);
        let mut below = Vec::new();
        let held = match (held, &node.content) {
            (Content::Struct(mut held), Content::Struct(fields)) => {
                self.fields(source, &mut held, fields, &mut below);
                Content::Struct(held)
            }
            (Content::Map(held), Content::Map(entries)) => {
                // Who was told of it knows what it led to before it led to something else.
                if !fresh && node.arranged <= self.since {
                    self.entered(&held, &mut below);
                    Content::Map(held)
                } else {
                    Content::Map(self.entries(source, held, entries, &mut below))
                }
            }
            (Content::Values(held), Content::Values(values)) => {
                let shows = self.shows(source, Visibility::Everyone);
                let now = if shows { values.as_slice() } else { &[] };
                let from = std::iter::zip(&held, now).take_while(|(a, b)| a == b).count();
                if from < held.len() || from < now.len() {
                    values_changed(self.visitor, from, &held[from..], &now[from..]);
                }
                Content::Values(now.to_vec())
            }
            (Content::Nodes(held), Content::Nodes(items)) => {
                Content::Nodes(self.items(source, &held, items, &mut below))
            }
            (held, content) => unreachable!("{held:?} is shown of {content:?}"),
        };
        self.told.node_mut(id).content = held;
        for Below { place, id, fresh } in below {
            let source = self.told.node(id).source;
            if !fresh && graph.node(source).changed <= self.since {
                continue;
            }
            if self.told.node(id).veiled && !fresh {
                continue;
            }
            let place = match &place {
                At::Field(field) => Place::Field(*field),
                At::Entry(index, key) => Place::Entry(EntryAt { index: *index, key }),
                At::Item(index) => Place::Item(*index),
            };
            let index = self.told.node(id).index;
            let (hidden, filtered) = (false, false);
            self.visitor.enter(Enter { id, place, index, hidden, filtered, fresh });
            if !self.told.node(id).veiled {
                self.path.push(source);
                self.node(id, fresh);
                self.path.pop();
            }
            self.visitor.leave();
        }
    }

    fn shows(&self, holder: RefId, visibility: Visibility) -> bool {
        self.rule.shows(self.graph.known(holder), visibility)
    }

    /// What the audience alone is told of a field.
    fn custom(&self, holder: RefId, visibility: Visibility) -> Option<Slot> {
        let Visibility::Custom(field) = visibility else { return None };
        let value = self.rule.custom(self.graph.known(holder), field)?;
        Some(Slot::Leaf(value.into()))
    }

    /// How what is in a place of the node that is compared shows, if the place does or not.
    fn presence(&self, id: RefId, shown: bool) -> Presence {
        let holder = *self.path.last().expect("the root is on every path");
        self.rule.presence(self.graph.known(id), self.graph.known(holder), shown)
    }

    fn is_there(&mut self, slot: &Slot, shown: bool) -> bool {
        let Slot::Node(id) = slot else { return shown };
        if self.presence(*id, shown) == Presence::Absent {
            return false;
        }
        let refusal = if self.path.contains(id) {
            Refusal::Loop
        } else if self.path.len() >= MAX_DEPTH {
            Refusal::TooDeep
        } else {
            return true;
        };
        self.told.refusal = Some(refusal);
        false
    }

    /// Whether a node that was told shows the one of this number, which it may by another by now.
    fn still_shows(&mut self, id: RefId, source: RefId, shown: bool) -> bool {
        let node = self.graph.node(source);
        let told = self.told.node(id);
        let is_veiled = self.presence(source, shown) == Presence::Veiled;
        let same =
            told.veiled == is_veiled && told.identity == node.identity && told.index == node.index
                || node.index.is_none() && told.content.is_collection_like(&node.content);
        if same {
            let told = self.told.node_mut(id);
            (told.source, told.identity) = (source, node.identity);
        }
        same
    }

    /// A node that is shown in one place more.
    fn introduce(&mut self, source: RefId, shown: bool) -> Option<RefId> {
        if self.told.len >= self.most {
            self.told.refusal = Some(Refusal::TooManyPaths);
            return None;
        }
        let node = self.graph.node(source);
        let is_veiled = self.presence(source, shown) == Presence::Veiled;
        let id = self.told.add(ToldNode::new(source, node, self.graph, is_veiled));
        self.visitor.introduce(Introduced { id, index: node.index, hidden: false });
        if is_veiled {
            self.visitor.veiled(id);
        }
        Some(id)
    }

    fn fields(
        &mut self,
        source: RefId,
        held: &mut [Option<Slot>],
        fields: &[Option<Slot>],
        below: &mut Vec<Below>,
    ) {
        let graph = self.graph;
        let Some(index) = graph.node(source).index else { return };
        let infos = &graph.types[index].fields;
        for (at, ((held, now), info)) in (0..).zip(held.iter_mut().zip(fields).zip(infos)) {
            let at = FieldIndex(at);
            let shown = self.shows(source, info.visibility);
            let own = self.custom(source, info.visibility);
            let now = match info.visibility {
                Visibility::Custom(_) => own.as_ref(),
                _ => now.as_ref().filter(|slot| self.is_there(slot, shown)),
            };
            match (now, &held) {
                (Some(Slot::Node(source)), Some(Slot::Node(id)))
                    if self.still_shows(*id, *source, shown) =>
                {
                    below.push(Below { place: At::Field(at), id: *id, fresh: false });
                    continue;
                }
                (Some(now), Some(held)) if now == held && matches!(now, Slot::Leaf(_)) => continue,
                (None, None) => continue,
                _ => {}
            }
            let new = match now {
                Some(Slot::Leaf(leaf)) => {
                    let old = held.as_ref().and_then(leaf_of);
                    self.visitor.field(at, leaf.value(), old.map(super::leaf::Leaf::value));
                    Some(Slot::Leaf(leaf.clone()))
                }
                Some(Slot::Node(source)) => self.introduce(*source, shown).map(|id| {
                    self.visitor.reference(at, id, held.as_ref().and_then(node_of));
                    below.push(Below { place: At::Field(at), id, fresh: true });
                    Slot::Node(id)
                }),
                None => None,
            };
            if new.is_none() && held.is_some() {
                self.visitor.unset(at);
            }
            if let Some(old) = std::mem::replace(held, new).as_ref().and_then(node_of) {
                self.told.remove(old);
            }
        }
    }

    fn entries(
        &mut self,
        source: RefId,
        held: Entries,
        entries: &indexmap::IndexMap<CompactString, Entry, foldhash::fast::RandomState>,
        below: &mut Vec<Below>,
    ) -> Entries {
        let shown = self.shows(source, Visibility::Everyone);
        let mut there: HashMap<&CompactString, &Entry, foldhash::fast::RandomState> =
            HashMap::default();
        let holder = self.graph.known(source);
        for (key, entry) in entries {
            let shown =
                if holder.is_filtered { self.rule.shows_entry(holder, entry.index) } else { shown };
            if self.is_there(&entry.slot, shown) {
                there.insert(key, entry);
            }
        }
        // What went, or went and came again.
        let stays = |key: &CompactString, told: &ToldEntry| {
            there.get(key).is_some_and(|entry| entry.order == told.order)
        };
        let stay = held.iter().filter(|(key, told)| stays(key, told)).count();
        if stay == 0 && held.len() > 1 {
            self.visitor.entries_reset(&mut held.values().map(|told| told.index));
        }
        let is_reset = stay == 0 && held.len() > 1;
        let mut now = Entries::default();
        for (key, mut told) in held {
            let Some(entry) = there.get(&key).filter(|entry| entry.order == told.order) else {
                if !is_reset {
                    self.visitor.entry_removed(EntryAt { index: told.index, key: &key });
                }
                node_of(&told.slot).into_iter().for_each(|id| self.told.remove(id));
                continue;
            };
            let same = match (&entry.slot, &told.slot) {
                (Slot::Node(source), Slot::Node(id)) => self.still_shows(*id, *source, shown),
                (now, told) => now == told,
            };
            told.index = entry.index;
            let fresh = !same;
            if fresh && !self.entry(&key, entry, &mut told, shown) {
                self.visitor.entry_removed(EntryAt { index: told.index, key: &key });
                continue;
            }
            if let Some(id) = node_of(&told.slot) {
                below.push(Below { place: At::Entry(told.index, key.clone()), id, fresh });
            }
            there.remove(&key);
            now.insert(key, told);
        }
        let mut new: Vec<(&CompactString, &Entry)> = there.into_iter().collect();
        new.sort_by_key(|(_, entry)| entry.order);
        for (key, entry) in new {
            let at = EntryAt { index: entry.index, key };
            let slot = match &entry.slot {
                Slot::Leaf(leaf) => {
                    self.visitor.entry(at, leaf.value(), None);
                    Slot::Leaf(leaf.clone())
                }
                Slot::Node(source) => {
                    let Some(id) = self.introduce(*source, shown) else { continue };
                    self.visitor.entry_reference(at, id, None);
                    below.push(Below { place: At::Entry(at.index, key.clone()), id, fresh: true });
                    Slot::Node(id)
                }
            };
            now.insert(key.clone(), ToldEntry { slot, index: entry.index, order: entry.order });
        }
        now
    }

    /// A map leads to what it led to: what is below it may have changed.
    fn entered(&self, held: &Entries, below: &mut Vec<Below>) {
        for (key, told) in held {
            let Some(id) = node_of(&told.slot) else { continue };
            if self.graph.node(self.told.node(id).source).changed > self.since {
                below.push(Below { place: At::Entry(told.index, key.clone()), id, fresh: false });
            }
        }
    }

    /// An entry that stays holds something else. False if that is refused.
    fn entry(&mut self, key: &str, entry: &Entry, told: &mut ToldEntry, shown: bool) -> bool {
        let at = EntryAt { index: entry.index, key };
        let old = node_of(&told.slot);
        let new = match &entry.slot {
            Slot::Leaf(leaf) => {
                let old = leaf_of(&told.slot).map(super::leaf::Leaf::value);
                self.visitor.entry(at, leaf.value(), old);
                Some(Slot::Leaf(leaf.clone()))
            }
            Slot::Node(source) => self.introduce(*source, shown).map(|id| {
                self.visitor.entry_reference(at, id, old);
                Slot::Node(id)
            }),
        };
        old.into_iter().for_each(|old| self.told.remove(old));
        let is_told = new.is_some();
        if let Some(new) = new {
            told.slot = new;
        }
        is_told
    }

    fn items(
        &mut self,
        source: RefId,
        held: &[NodeMember],
        items: &[NodeMember],
        below: &mut Vec<Below>,
    ) -> Vec<NodeMember> {
        let shown = self.shows(source, Visibility::Everyone);
        let holder = self.graph.known(source);
        let mut there: Vec<NodeMember> = Vec::new();
        for (at, item) in (0..).zip(items) {
            let shown = if holder.is_filtered { self.rule.shows_entry(holder, at) } else { shown };
            if self.is_there(&Slot::Node(item.node), shown) {
                there.push(*item);
            }
        }
        if there.iter().any(|item| item.number != 0) {
            self.arrange(held, &mut there);
        }
        let mut known: HashMap<u64, Vec<RefId>, foldhash::fast::RandomState> = HashMap::default();
        for item in held.iter().rev() {
            known.entry(self.told.node(item.node).identity).or_default().push(item.node);
        }
        let mut now = Vec::with_capacity(there.len());
        for item in there {
            let identity = self.graph.node(item.node).identity;
            let old = known.get_mut(&identity).and_then(Vec::pop);
            let old = old.filter(|id| self.still_shows(*id, item.node, shown));
            let id = old.or_else(|| self.introduce(item.node, shown));
            if let Some(id) = id {
                let place = At::Item(now.len());
                below.push(Below { place, id, fresh: old.is_none() });
                now.push(NodeMember { node: id, ..item });
            }
        }
        let ids = |list: &[NodeMember]| list.iter().map(|item| item.node).collect::<Vec<_>>();
        let (before, after) = (ids(held), ids(&now));
        let from = std::iter::zip(&before, &after).take_while(|(a, b)| a == b).count();
        if from < before.len() || from < after.len() {
            let (before, after) = (&before[from..], &after[from..]);
            self.visitor.item_references(RefEdit { from, before, after });
        }
        known.into_values().flatten().for_each(|id| self.told.remove(id));
        now
    }

    /// Puts what the audience had in a set before what came to it now. Both keep their order.
    fn arrange(&self, held: &[NodeMember], there: &mut [NodeMember]) {
        let mut places: HashMap<(u32, u64), usize, foldhash::fast::RandomState> =
            HashMap::default();
        for (at, item) in held.iter().enumerate() {
            places.insert((item.number, self.told.node(item.node).identity), at);
        }
        there.sort_by_key(|item| {
            let key = (item.number, self.graph.node(item.node).identity);
            places.get(&key).copied().unwrap_or(usize::MAX)
        });
    }
}

fn leaf_of(slot: &Slot) -> Option<&super::leaf::Leaf> {
    match slot {
        Slot::Leaf(leaf) => Some(leaf),
        Slot::Node(_) => None,
    }
}

fn node_of(slot: &Slot) -> Option<RefId> {
    match slot {
        Slot::Leaf(_) => None,
        Slot::Node(id) => Some(*id),
    }
}
