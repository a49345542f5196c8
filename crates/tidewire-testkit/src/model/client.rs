//! What one client holds, and what came and went for it since it was last sent anything.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt::Write as _,
};

use serde_json::{Map, Value as Json};

use super::{
    Cause, Change, Checkpoint, Entry, InPlace,
    tree::{Id, Node, Tree},
    value::Value,
    views::{Sight, View},
};
use crate::{compare::escape, tokens};

/// A client of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Client {
    /// `None` if it has none.
    pub(super) view: Option<View>,
    sent: Sent,
}

/// What a client held at the last tick.
#[derive(Debug, Default)]
struct Sent {
    /// Everything, numbers included.
    trace: String,
    /// The entries of each collection, in the order in which the client has them.
    collections: HashMap<Id, Vec<Held>>,
    /// The random texts among the keys.
    keys: BTreeSet<String>,
}

/// An entry of a collection.
#[derive(Clone, Debug)]
struct Held {
    key: Json,
    /// What makes it itself: the number of its life, if it has one, and that of the struct. In an
    /// array of primitives, the index.
    id: (Id, Id),
    /// Whether that is an index.
    is_indexed: bool,
    entry: Entry,
}

impl Client {
    pub(super) fn new(has_view: bool) -> Self {
        Self { view: has_view.then(View::default), sent: Sent::default() }
    }

    /// What its view holds.
    pub(crate) fn in_view(&self) -> Vec<Id> {
        self.view.as_ref().map(View::held).unwrap_or_default()
    }

    /// What it sees, place by place.
    pub(super) fn graph(&self, tree: &Tree) -> Json {
        let nothing = View::default();
        Sight::new(tree, self.view.as_ref().unwrap_or(&nothing)).graph()
    }

    /// Brings the client up to date; tells all but the step and its name.
    pub(super) fn look(
        &mut self,
        tree: &Tree,
        cause: Cause,
        all_tokens: &BTreeSet<String>,
    ) -> Checkpoint {
        let before = std::mem::take(&mut self.sent);
        let nothing = View::default();
        let sight = Sight::new(tree, self.view.as_ref().unwrap_or(&nothing));
        let mut picture = Picture {
            sight,
            before: &before.collections,
            trace: String::new(),
            references: HashSet::new(),
            collections: Vec::new(),
        };
        let state = picture.node(tree.root, "");
        let Picture { trace, references, collections, .. } = picture;

        let mut checkpoint = Checkpoint {
            step: 0,
            client: String::new(),
            cause,
            has_view: self.view.is_some(),
            changed: cause == Cause::Join || trace != before.trace,
            state,
            references: references.len(),
            added: Vec::new(),
            removed: Vec::new(),
            in_place: Vec::new(),
            repeats: Vec::new(),
            hidden: Vec::new(),
        };
        for (id, path, now) in &collections {
            let before = before.collections.get(id).map_or(&[][..], Vec::as_slice);
            checkpoint.compare(path, before, now);
        }

        let (mut shown, mut keys) = (before.keys, BTreeSet::new());
        tokens::collect(&checkpoint.state, &mut shown);
        tokens::keys(&checkpoint.state, &mut keys);
        checkpoint.hidden = all_tokens.difference(&shown).cloned().collect();
        let collections = collections.into_iter().map(|(id, _, held)| (id, held)).collect();
        self.sent = Sent { trace, collections, keys };
        checkpoint
    }
}

impl Checkpoint {
    /// Adds what came to a collection and went from it.
    fn compare(&mut self, path: &str, before: &[Held], now: &[Held]) {
        if repeats(before) || repeats(now) {
            self.repeats.push(path.to_owned());
        }
        let mut before = before.to_vec();
        let gone = shifted(&before, now);
        if gone > 0 {
            self.in_place.push(InPlace {
                path: path.to_owned(),
                added: only_in(now, &before, path).collect(),
                removed: only_in(&before, now, path).collect(),
            });
        }
        // Who stood behind what went from the front is who stands in front now.
        for (index, held) in before.iter_mut().enumerate().filter(|_| gone > 0) {
            let index = index.checked_sub(gone).map_or(Id::MAX - index as Id, |at| at as Id);
            held.id = (index, 0);
        }
        self.added.extend(only_in(now, &before, path));
        self.removed.extend(only_in(&before, now, path));
    }
}

/// The state as a client sees it, while it is put together.
struct Picture<'a> {
    sight: Sight<'a>,
    before: &'a HashMap<Id, Vec<Held>>,
    trace: String,
    references: HashSet<Id>,
    /// The number, the pointer and the entries of each collection.
    collections: Vec<(Id, String, Vec<Held>)>,
}

impl Picture<'_> {
    fn node(&mut self, id: Id, path: &str) -> Json {
        let is_new = self.references.insert(id);
        let _ = write!(self.trace, "#{id}");
        let mut places = self.sight.places(id);
        let tree = self.sight.tree;
        let of_struct = |held: &Value| held.node().unwrap_or_default();
        match tree.node(id) {
            Node::Struct { of, fields } => {
                let names = &tree.types.types[*of].fields;
                let there = places.into_iter();
                let there = there.filter_map(|at| Some((&names[at].name, fields[at].as_ref()?)));
                self.members(there.map(|(name, value)| (name.as_str(), 0, value)), path)
            }
            Node::Map { entries, .. } => {
                let order = self.order(id, |(life, _)| life);
                // New ones behind the others; both in their order.
                places.sort_by_key(|at| order.get(&entries[*at].1).copied().unwrap_or(usize::MAX));
                let there = places.into_iter().map(|at| &entries[at]);
                if is_new {
                    let held = there.clone().map(|(key, life, value)| {
                        held(key.clone().into(), (*life, of_struct(value)), value)
                    });
                    self.collections.push((id, path.to_owned(), held.collect()));
                }
                self.members(there.map(|(key, life, value)| (key.as_str(), *life, value)), path)
            }
            Node::Array { items, .. } => {
                let values: Vec<&Value> = places.into_iter().map(|at| &items[at]).collect();
                if is_new {
                    let held = values.iter().enumerate().map(|(at, value)| match value.node() {
                        Some(node) => held(at.into(), (0, node), value),
                        None => Held { is_indexed: true, ..held(at.into(), (at as Id, 0), value) },
                    });
                    self.collections.push((id, path.to_owned(), held.collect()));
                }
                self.items(&values, path)
            }
            Node::Members { items, .. } => {
                let order = self.order(id, |id| id);
                let id_of = |at: usize| (items[at].0, of_struct(&items[at].1));
                // New ones behind the others; both in their order.
                places.sort_by_key(|at| order.get(&id_of(*at)).copied().unwrap_or(usize::MAX));
                if is_new {
                    let list = places.iter().enumerate();
                    let list =
                        list.map(|(index, at)| held(index.into(), id_of(*at), &items[*at].1));
                    self.collections.push((id, path.to_owned(), list.collect()));
                }
                for at in &places {
                    let _ = write!(self.trace, "~{}", items[*at].0);
                }
                let values: Vec<&Value> = places.into_iter().map(|at| &items[at].1).collect();
                self.items(&values, path)
            }
        }
    }

    /// Where the entries of a collection stood at the last tick, by what makes them themselves.
    fn order<K: Eq + std::hash::Hash>(
        &self,
        id: Id,
        key: impl Fn((Id, Id)) -> K,
    ) -> HashMap<K, usize> {
        let before = self.before.get(&id).into_iter().flatten();
        before.enumerate().map(|(at, held)| (key(held.id), at)).collect()
    }

    fn members<'v>(
        &mut self,
        members: impl Iterator<Item = (&'v str, Id, &'v Value)>,
        path: &str,
    ) -> Json {
        self.trace.push('{');
        let mut object = Map::new();
        for (name, life, value) in members {
            let _ = write!(self.trace, "{name:?}~{life}:");
            let value = self.value(value, &format!("{path}/{}", escape(name)));
            object.insert(name.to_owned(), value);
        }
        self.trace.push('}');
        object.into()
    }

    fn items(&mut self, values: &[&Value], path: &str) -> Json {
        self.trace.push('[');
        let items = values.iter().enumerate();
        let list = items.map(|(at, value)| self.value(value, &format!("{path}/{at}"))).collect();
        self.trace.push(']');
        Json::Array(list)
    }

    fn value(&mut self, value: &Value, path: &str) -> Json {
        match value {
            Value::Node(id) => self.node(*id, path),
            primitive => {
                let _ = write!(self.trace, "{primitive:?},");
                primitive.to_json()
            }
        }
    }
}

fn held(key: Json, id: (Id, Id), value: &Value) -> Held {
    let entry = match value {
        Value::Node(id) => Entry::Struct(*id),
        primitive => Entry::Primitive(primitive.to_json()),
    };
    Held { key, id, is_indexed: false, entry }
}

fn repeats(list: &[Held]) -> bool {
    let mut seen = HashSet::new();
    !list.iter().all(|held| seen.insert(held.id))
}

/// How many values went from the front of an array of primitives: see [`Change`].
fn shifted(before: &[Held], now: &[Held]) -> usize {
    let values = |list: &[Held]| -> Vec<Json> {
        let values = list.iter().filter(|held| held.is_indexed).map(|held| &held.entry);
        values
            .filter_map(|entry| {
                if let Entry::Primitive(value) = entry { Some(value.clone()) } else { None }
            })
            .collect()
    };
    let (before, now) = (values(before), values(now));
    if now.starts_with(&before) || before.starts_with(&now) {
        return 0;
    }
    let gone = (1..before.len()).find(|gone| now.starts_with(&before[*gone..]));
    gone.filter(|gone| 2 * (before.len() - gone) >= before.len()).unwrap_or(0)
}

fn only_in<'a>(
    these: &'a [Held],
    those: &[Held],
    path: &'a str,
) -> impl Iterator<Item = Change> + 'a {
    let those: HashSet<(Id, Id)> = those.iter().map(|held| held.id).collect();
    these.iter().filter(move |held| !those.contains(&held.id)).map(move |held| Change {
        path: path.to_owned(),
        key: held.key.clone(),
        entry: held.entry.clone(),
    })
}
