//! What a client sees, place by place.

use std::collections::HashSet;

use serde_json::{Map, Value as Json, json};

use super::{
    tree::{Id, Node},
    value::Value,
    views::Sight,
};

impl Sight<'_> {
    /// Every struct and collection that is there, by its number:
    /// `{"type", "fields": {INDEX: PLACE}}`, `{"map": [[KEY, LIFE, PLACE]]}`, `{"array": [PLACE]}` or
    /// `{"members": [[LIFE, PLACE]]}`, where a place is `{"is": PRIMITIVE}` or `{"to": NUMBER}`.
    pub(super) fn graph(&self) -> Json {
        let (mut graph, mut seen) = (Map::new(), HashSet::from([self.tree.root]));
        let mut left = vec![self.tree.root];
        while let Some(id) = left.pop() {
            let (node, below) = self.describe(id);
            graph.insert(id.to_string(), node);
            left.extend(below.into_iter().filter(|below| seen.insert(*below)));
        }
        json!({ "root": self.tree.root, "nodes": graph })
    }

    /// One node, and what it leads to.
    fn describe(&self, id: Id) -> (Json, Vec<Id>) {
        let (places, mut below) = (self.places(id), Vec::new());
        let mut place = |value: &Value| match value {
            Value::Node(id) => {
                below.push(*id);
                json!({ "to": id })
            }
            primitive => json!({ "is": primitive.to_json() }),
        };
        let node = match self.tree.node(id) {
            Node::Struct { of, fields } => {
                let there = places.into_iter().filter_map(|at| Some((at, fields[at].as_ref()?)));
                let fields: Map<String, Json> =
                    there.map(|(at, value)| (at.to_string(), place(value))).collect();
                json!({ "type": self.tree.types.types[*of].name, "fields": fields })
            }
            Node::Map { entries, .. } => {
                let there = places.into_iter().map(|at| &entries[at]);
                let list: Vec<Json> =
                    there.map(|(key, life, value)| json!([key, life, place(value)])).collect();
                json!({ "map": list })
            }
            Node::Array { items, .. } => {
                let list: Vec<Json> = places.into_iter().map(|at| place(&items[at])).collect();
                json!({ "array": list })
            }
            Node::Members { items, .. } => {
                let there = places.into_iter().map(|at| &items[at]);
                let list: Vec<Json> =
                    there.map(|(life, value)| json!([life, place(value)])).collect();
                json!({ "members": list })
            }
        };
        (node, below)
    }
}
