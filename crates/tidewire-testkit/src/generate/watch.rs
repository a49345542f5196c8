//! Steps of views, and instances that come to stand in several places.

use serde_json::json;

use super::Script;
use crate::{
    compare::escape,
    model::{Client, Id, Node, Tree},
};

impl Script {
    /// Puts something in a client's view, or takes it out.
    pub(super) fn watch(&mut self) {
        let client = self.random.pick(&self.watchers);
        let removes = self.random.chance(25);
        let held = self.model.clients.get(&client).map(Client::in_view).unwrap_or_default();
        let all = paths(&self.model.tree);
        let known: Vec<_> = all.iter().filter(|(_, id)| held.contains(id)).cloned().collect();
        let spots =
            if removes && !known.is_empty() && self.random.chance(80) { known } else { all };
        // The root takes in so much that little is left to be seen.
        let (path, _) = if spots.len() > 1 && self.random.chance(90) {
            self.random.pick(&spots[1..])
        } else {
            spots[0].clone()
        };
        let what = if removes { "remove" } else { "add" };
        let mut step = json!({ "op": "view", "client": client, what: path });
        if self.random.chance(40) {
            step["tag"] = self.random.pick(&[-1, 1, 1, 2, 2, 3, 4, 6, 1 << 30]).into();
        }
        self.step(step);
        // Nothing of it is to be seen.
        if !removes && self.random.chance(10) {
            self.step(json!({ "op": "view", "client": client, "remove": path }));
        }
    }

    /// Makes an instance stand in one more place; often it leaves the first.
    pub(super) fn share(&mut self) {
        let all = paths(&self.model.tree);
        for _ in 0..60 {
            let tree = &self.model.tree;
            let (from, instance) = self.random.pick(&all);
            let (holder, parent) = self.random.pick(&all);
            let name = match tree.node(parent) {
                Node::Map { .. } if self.random.chance(50) => {
                    self.random.pick(&super::values::KEYS).to_owned()
                }
                _ => {
                    let names = names(tree, parent);
                    if names.is_empty() {
                        continue;
                    }
                    self.random.pick(&names)
                }
            };
            let Node::Struct { of, .. } = *tree.node(instance) else { continue };
            let fits = tree.place(parent, &name).ok().flatten();
            let is_free = !tree.reach(instance, |_| true).contains(&parent);
            if !fits.is_some_and(|declared| tree.types.is_a(of, declared)) || !is_free {
                continue;
            }
            if size(tree, instance) + all.len() > MOST_PATHS {
                continue;
            }
            let path = format!("{holder}/{}", escape(&name));
            self.step(json!({ "op": "share", "path": path, "from": from }));
            let is_there = self.model.tree.find(&from) == Ok(instance);
            if is_there && path != from && self.random.chance(40) {
                self.step(json!({ "op": "delete", "path": from }));
            }
            return;
        }
        self.edit();
    }
}

/// What sharing may make the tree grow to: what stands in two places counts twice.
const MOST_PATHS: usize = 400;

/// All structs and collections, once for each way to them, the root first.
fn paths(tree: &Tree) -> Vec<(String, Id)> {
    let (mut found, mut at) = (vec![(String::new(), tree.root)], 0);
    while let Some((path, id)) = found.get(at).cloned() {
        let below = tree.children(id).into_iter();
        found.extend(below.filter_map(|(name, value)| {
            Some((format!("{path}/{}", escape(&name)), value.node()?))
        }));
        at += 1;
    }
    found
}

/// The number of ways down from a node.
fn size(tree: &Tree, id: Id) -> usize {
    1 + tree.below(id).into_iter().map(|(_, below)| size(tree, below)).sum::<usize>()
}

/// The names of all places of a struct or an array, and the keys of a map.
fn names(tree: &Tree, id: Id) -> Vec<String> {
    match tree.node(id) {
        Node::Struct { of, .. } => {
            tree.types.types[*of].fields.iter().map(|field| field.name.clone()).collect()
        }
        _ => tree.children(id).into_iter().map(|(name, _)| name).collect(),
    }
}
