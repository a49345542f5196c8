//! What must come of a scenario.
//!
//! The state is a graph of plain values in which structs and collections carry a number that no
//! other ever has. At each tick what each client may see of it is compared with what that client
//! was sent at the last one.

mod client;
mod edit;
mod graph;
mod tree;
mod value;
mod views;

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

pub(crate) use self::{
    client::Client,
    tree::{Id, Node, Tree},
    value::Value,
};
use crate::{
    tokens,
    types::{Tag, Types},
};

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
    /// Whether the client has a view: then maps may hold their keys in another order than here.
    pub has_view: bool,
    /// Whether anything changed for this client since the last tick: a patch is sent then, and only
    /// then.
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
    /// The pointers of arrays in which a struct stands twice, now or at the last tick: what came to
    /// them and went is not said.
    pub repeats: Vec<String>,
    /// Texts that must not occur in what the client is sent: random ones that a step made and that
    /// the client may not see. A key that it is told to remove is none.
    pub hidden: Vec<String>,
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
/// is longer or shorter than it was. In a set or a collection, a struct is an entry; values come
/// behind the others: those with which it begins and that were there in that order stayed.
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
    let mut checkpoints = Vec::new();
    interpret(scenario, reading, |_, checkpoint| checkpoints.push(checkpoint))?;
    Ok(checkpoints)
}

/// What each client sees, place by place, for who writes messages by it: a graph for each
/// [`Checkpoint`] that [`expect`] has for the schema codec.
///
/// It is `{"root": NUMBER, "nodes": {NUMBER: NODE}}`, where a node is
/// `{"type", "fields": {INDEX: PLACE}}`, `{"map": [[KEY, LIFE, PLACE]]}`, `{"array": [PLACE]}` or
/// `{"members": [[LIFE, PLACE]]}`, and a place is `{"is": PRIMITIVE}` or `{"to": NUMBER}`. Lives and nodes
/// keep their numbers, which are never given again.
///
/// # Errors
///
/// As of [`expect`].
pub fn graphs(scenario: &Json) -> Result<Vec<Json>, String> {
    let mut graphs = Vec::new();
    interpret(scenario, Reading::Schema, |model, checkpoint| {
        graphs
            .extend(model.clients.get(&checkpoint.client).map(|client| client.graph(&model.tree)));
    })?;
    Ok(graphs)
}

/// Does all steps, and shows each checkpoint together with what there is then.
fn interpret(
    scenario: &Json,
    reading: Reading,
    mut see: impl FnMut(&Model, Checkpoint),
) -> Result<(), String> {
    let clients = scenario["clients"].as_object().into_iter().flatten();
    let clients = clients.map(|(name, client)| (name.clone(), client["view"] == true));
    let mut model = Model::new(Types::parse(scenario)?, clients, reading);
    let steps = scenario["steps"].as_array().ok_or("`steps` is missing")?;
    for (index, step) in steps.iter().enumerate() {
        let new = model.step(step).map_err(|error| format!("step {index}: {error}"))?;
        new.into_iter().for_each(|new| see(&model, Checkpoint { step: index, ..new }));
    }
    Ok(())
}

/// A scenario under way.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) tree: Tree,
    pub(crate) joined: Vec<String>,
    pub(crate) clients: HashMap<String, Client>,
    /// The values of each set and collection at the last tick, with the numbers of their lives.
    members: HashMap<Id, Vec<(Id, Value)>>,
    /// All random texts that steps have made.
    tokens: BTreeSet<String>,
}

impl Model {
    /// A state as it is at first; of each client, whether it has a view.
    pub(crate) fn new(
        types: Types,
        clients: impl IntoIterator<Item = (String, bool)>,
        reading: Reading,
    ) -> Self {
        let clients = clients.into_iter().map(|(name, has_view)| (name, Client::new(has_view)));
        Self {
            tree: Tree::new(types, reading),
            joined: Vec::new(),
            clients: clients.collect(),
            members: HashMap::new(),
            tokens: BTreeSet::new(),
        }
    }

    /// Does one step; tells what each client that hears of it must hold then, but not the index.
    pub(crate) fn step(&mut self, step: &Json) -> Result<Vec<Checkpoint>, String> {
        match step["op"].as_str().ok_or("`op` is missing")? {
            "sync" => Ok(self.tick()),
            "join" => {
                let name = self.client(step)?;
                if self.joined.contains(&name) {
                    return Err("a second join".to_owned());
                }
                let mut checkpoints = self.tick();
                self.joined.push(name.clone());
                checkpoints.extend(self.checkpoint(&name, Cause::Join));
                Ok(checkpoints)
            }
            "leave" => {
                let name = self.client(step)?;
                let at = self.joined.iter().position(|joined| *joined == name);
                self.joined.remove(at.ok_or("a leave before a join")?);
                if let Some(client) = self.clients.get_mut(&name) {
                    *client = Client::new(client.view.is_some());
                }
                Ok(Vec::new())
            }
            "view" => self.view(step).map(|()| Vec::new()),
            _ => {
                tokens::collect(step, &mut self.tokens);
                self.tree.edit(step).map(|()| Vec::new())
            }
        }
    }

    fn client(&self, step: &Json) -> Result<String, String> {
        let name = step["client"].as_str().ok_or("`client` is missing")?;
        let known = self.clients.contains_key(name);
        known.then(|| name.to_owned()).ok_or_else(|| "unknown client".to_owned())
    }

    fn view(&mut self, step: &Json) -> Result<(), String> {
        let name = self.client(step)?;
        let view = self.clients.get_mut(&name).and_then(|client| client.view.as_mut());
        let view = view.ok_or("a client without a view")?;
        let tag = match step.get("tag") {
            None => Tag::Default,
            Some(tag) => Tag::parse(tag)?,
        };
        match (step["add"].as_str(), step["remove"].as_str()) {
            (Some(path), None) => view.add(&self.tree, self.tree.find(path)?, tag),
            (None, Some(path)) => view.remove(&self.tree, self.tree.find(path)?, tag),
            _ => return Err("`add` or `remove`".to_owned()),
        }
        Ok(())
    }

    fn tick(&mut self) -> Vec<Checkpoint> {
        let living = self.tree.reach(self.tree.root, |_| true);
        self.tree.keep(&living);
        for client in self.clients.values_mut() {
            client.view.iter_mut().for_each(|view| view.keep(&living));
        }
        self.members = self.tree.settle(&self.members);
        let joined = self.joined.clone();
        joined.iter().filter_map(|name| self.checkpoint(name, Cause::Tick)).collect()
    }

    fn checkpoint(&mut self, name: &str, cause: Cause) -> Option<Checkpoint> {
        let checkpoint = self.clients.get_mut(name)?.look(&self.tree, cause, &self.tokens);
        Some(Checkpoint { client: name.to_owned(), ..checkpoint })
    }
}
