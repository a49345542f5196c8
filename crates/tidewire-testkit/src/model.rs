//! What must come of a scenario.
//!
//! The state is a tree of plain values in which structs and collections carry a number that no
//! other ever has. At each tick the tree is compared with what it was at the last one.

mod edit;
mod tree;

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

pub(crate) use self::tree::{Node, Tree};
use crate::types::{Element, Types};

/// Which numbers a codec's clients end up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// `number` as the schema protocol carries it: a single where one is near enough.
    Schema,
    /// Doubles as they are.
    Json,
}

/// What a client must hold after a message, or after a tick that brought it none.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The index of the step.
    pub step: usize,
    /// Whose.
    pub client: String,
    /// Why there is something to hold.
    pub cause: Cause,
    /// Whether anything changed since the last tick: a patch is sent then, and only then.
    pub changed: bool,
    /// The state.
    pub state: Json,
    /// How many references a decoder holds: structs and collections, the root included.
    pub references: usize,
    /// Entries that came, collection by collection.
    pub added: Vec<Change>,
    /// Entries that went. Those of a collection that went itself are not counted.
    pub removed: Vec<Change>,
    /// What else may be said of some arrays of primitives: see [`Change`].
    pub in_place: Vec<InPlace>,
}

/// An array of primitives whose values moved up, if they were not but written anew where they stand.
#[derive(Clone, Debug)]
pub struct InPlace {
    /// Its JSON Pointer.
    pub path: String,
    /// The entries by which it is longer.
    pub added: Vec<Change>,
    /// The entries by which it is shorter.
    pub removed: Vec<Change>,
}

/// Why a client has a [`Checkpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It joined, and was sent a snapshot: all there is was added.
    Join,
    /// A tick.
    Tick,
}

/// An entry that came to a collection or went from it between two ticks.
///
/// In a map, an entry lives as long as its key does; a struct that is put under the same key is
/// another entry, a primitive is not. A key that was removed and inserted again went and came. In
/// an array, an entry is a struct, wherever it moves. Primitives of an array are not told apart: if
/// at least half of them now stand in front, in the order they had, with those before them gone,
/// then those went, and what stands behind came. Otherwise, or if each was assigned where it
/// stands, which nobody can tell from the values, only the indexes come and go by which the array
/// is longer or shorter than it was. In a set or a collection, values come behind the others: those
/// with which it begins and that were there in that order stayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The JSON Pointer of the collection, now.
    pub path: String,
    /// The key, or the index: of what was added where it is now, of what was removed where it was.
    pub key: Json,
    /// What it is.
    pub entry: Entry,
}

/// The value of a [`Change`].
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A primitive; of one that was removed, as it was last sent.
    Primitive(Json),
    /// A struct, by a number that no other struct of the scenario ever has.
    Struct(u64),
}

/// Interprets a scenario.
///
/// # Errors
///
/// What is wrong with it. Every scenario that the command line refuses at a step is refused, but
/// not in the same words.
pub fn expect(scenario: &Json, reading: Reading) -> Result<Vec<Checkpoint>, String> {
    let mut model = Model::new(Types::parse(scenario)?, reading);
    let steps = scenario["steps"].as_array().ok_or("`steps` is missing")?;
    let mut checkpoints = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let client = step["client"].as_str().unwrap_or_default();
        if ["join", "leave"].contains(&step["op"].as_str().unwrap_or_default())
            && scenario["clients"].get(client).is_none()
        {
            return Err(format!("step {index}: unknown client"));
        }
        let new = model.step(step).map_err(|error| format!("step {index}: {error}"))?;
        checkpoints.extend(new.into_iter().map(|new| Checkpoint { step: index, ..new }));
    }
    Ok(checkpoints)
}

/// A scenario under way.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) tree: Tree,
    pub(crate) joined: Vec<String>,
    sent: Sent,
}

/// What was there at the last tick.
#[derive(Debug, Default)]
struct Sent {
    /// Everything, numbers included.
    signature: String,
    /// The entries of each collection, by its number.
    collections: HashMap<u64, Vec<Held>>,
    /// The values of each set and collection, with the numbers of their lives.
    members: HashMap<u64, Vec<(u64, String)>>,
}

/// An entry of a collection.
#[derive(Clone, Debug)]
struct Held {
    key: Json,
    /// The struct's number, or that of a primitive's life under a key. In an array of primitives,
    /// the index.
    id: u64,
    /// Whether that is an index.
    is_indexed: bool,
    entry: Entry,
}

impl Model {
    pub(crate) fn new(types: Types, reading: Reading) -> Self {
        Self { tree: Tree::new(types, reading), joined: Vec::new(), sent: Sent::default() }
    }

    /// Does one step; tells what each client that hears of it must hold then, but not the index.
    pub(crate) fn step(&mut self, step: &Json) -> Result<Vec<Checkpoint>, String> {
        let client = || step["client"].as_str().map(str::to_owned).ok_or("`client` is missing");
        match step["op"].as_str().ok_or("`op` is missing")? {
            "sync" => Ok(self.tick()),
            "join" => {
                let client = client()?;
                if self.joined.contains(&client) {
                    return Err("a second join".to_owned());
                }
                let mut checkpoints = self.tick();
                checkpoints.push(self.checkpoint(&client, Cause::Join, true, &HashMap::new()));
                self.joined.push(client);
                Ok(checkpoints)
            }
            "leave" => {
                let client = client()?;
                let at = self.joined.iter().position(|joined| *joined == client);
                self.joined.remove(at.ok_or("a leave before a join")?);
                Ok(Vec::new())
            }
            _ => self.tree.edit(step).map(|()| Vec::new()),
        }
    }

    fn tick(&mut self) -> Vec<Checkpoint> {
        let sent = std::mem::take(&mut self.sent.members);
        let mut members = HashMap::new();
        self.tree.root.settle(&sent, &mut members);
        let signature = format!("{:?}", self.tree.root);
        let changed = signature != self.sent.signature;
        let before = std::mem::take(&mut self.sent.collections);
        let all = |client: &String| self.checkpoint(client, Cause::Tick, changed, &before);
        let checkpoints = self.joined.iter().map(all).collect();
        let collections = self.collections();
        let now = collections.into_iter().map(|(id, _, held)| (id, held)).collect();
        self.sent = Sent { signature, collections: now, members };
        checkpoints
    }

    fn checkpoint(
        &self,
        client: &str,
        cause: Cause,
        changed: bool,
        before: &HashMap<u64, Vec<Held>>,
    ) -> Checkpoint {
        let (mut added, mut removed, mut in_place) = (Vec::new(), Vec::new(), Vec::new());
        for (id, path, now) in self.collections() {
            let mut before = before.get(&id).cloned().unwrap_or_default();
            let gone = shifted(&before, &now);
            if gone > 0 {
                in_place.push(InPlace {
                    path: path.clone(),
                    added: only_in(&now, &before, &path).collect(),
                    removed: only_in(&before, &now, &path).collect(),
                });
            }
            // Who stood behind what went from the front is who stands in front now.
            for (index, held) in before.iter_mut().enumerate().filter(|_| gone > 0) {
                held.id = index.checked_sub(gone).map_or(u64::MAX - index as u64, |at| at as u64);
            }
            added.extend(only_in(&now, &before, &path));
            removed.extend(only_in(&before, &now, &path));
        }
        Checkpoint {
            step: 0,
            client: client.to_owned(),
            cause,
            changed,
            state: self.tree.root.to_json(&self.tree.types),
            references: self.tree.root.references(),
            added,
            removed,
            in_place,
        }
    }

    /// The number, the pointer and the entries of each collection.
    fn collections(&self) -> Vec<(u64, String, Vec<Held>)> {
        let mut found = Vec::new();
        self.tree.root.visit(&self.tree.types, "", &mut |path, node| {
            let held = match node {
                Node::Map { entries, .. } => {
                    let held = |(key, id, node): &(String, u64, Node)| {
                        self.held(key.clone().into(), *id, node)
                    };
                    entries.iter().map(held).collect()
                }
                Node::Array { items, .. } => {
                    let held = |(index, node): (usize, &Node)| Held {
                        is_indexed: true,
                        ..self.held(index.into(), index as u64, node)
                    };
                    items.iter().enumerate().map(held).collect()
                }
                Node::Members { items, .. } => {
                    let held = |(index, (id, node)): (usize, &(u64, Node))| {
                        self.held(index.into(), *id, node)
                    };
                    items.iter().enumerate().map(held).collect()
                }
                _ => return,
            };
            found.push((node.id(), path.to_owned(), held));
        });
        found
    }

    fn held(&self, key: Json, id: u64, node: &Node) -> Held {
        match node {
            Node::Struct { id, .. } => {
                Held { key, id: *id, is_indexed: false, entry: Entry::Struct(*id) }
            }
            node => {
                let value = node.to_json(&self.tree.types);
                Held { key, id, is_indexed: false, entry: Entry::Primitive(value) }
            }
        }
    }
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
    let those: HashSet<u64> = those.iter().map(|held| held.id).collect();
    these.iter().filter(move |held| !those.contains(&held.id)).map(move |held| Change {
        path: path.to_owned(),
        key: held.key.clone(),
        entry: held.entry.clone(),
    })
}

impl Element {
    pub(crate) fn is_struct(self) -> bool {
        matches!(self, Self::Struct(_))
    }
}
