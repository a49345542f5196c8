//! The steps that change the state.

use serde_json::Value as Json;

use super::{
    tree::{Id, Node, Tree},
    value::Value,
};
use crate::types::{Element, Kind};

impl Tree {
    /// Does a step.
    pub(super) fn edit(&mut self, step: &Json) -> Result<(), String> {
        let path = step["path"].as_str().ok_or("`path` is missing")?;
        let op = step["op"].as_str().unwrap_or_default();
        match op {
            "set" | "delete" | "share" => {
                let (parent, last) = path.rsplit_once('/').ok_or("the root cannot be edited")?;
                let (parent, last) = (self.find(parent)?, unescape(last));
                match op {
                    "set" => self.set(parent, &last, &step["value"]),
                    "delete" => self.delete(parent, &last),
                    _ => {
                        let from = step["from"].as_str().ok_or("`from` is missing")?;
                        self.share(parent, &last, self.find(from)?)
                    }
                }
            }
            "clear" => self.clear(self.find(path)?),
            "add" | "remove" => {
                let id = self.find(path)?;
                let Node::Members { of, .. } = *self.node(id) else {
                    return Err("not a set or a collection".to_owned());
                };
                let value = self.make(of, &step["value"])?;
                if op == "add" {
                    self.add(id, value);
                } else if let Node::Members { items, .. } = self.node_mut(id) {
                    let at = items.iter().position(|(_, other)| other.reads_as(&value, of));
                    at.map(|at| items.remove(at));
                }
                Ok(())
            }
            _ => self.edit_array(self.find(path)?, op, step),
        }
    }

    fn edit_array(&mut self, id: Id, op: &str, step: &Json) -> Result<(), String> {
        let Node::Array { of, ref items } = *self.node(id) else {
            return Err("not an array".to_owned());
        };
        let len = items.len();
        let new = match (op, &step["values"], &step["insert"]) {
            ("push", values, _) => self.make_all(of, values)?,
            ("splice", _, values) if !values.is_null() => self.make_all(of, values)?,
            _ => Vec::new(),
        };
        let index = |member: &str| {
            let index = step[member].as_u64().and_then(|index| usize::try_from(index).ok());
            index.filter(|index| *index < len).ok_or("no such index")
        };
        let Node::Array { items, .. } = self.node_mut(id) else { return Ok(()) };
        match op {
            "push" => items.extend(new),
            "splice" => {
                let (len, at) = (len as i64, step["at"].as_i64().ok_or("`at` is missing")?);
                let start = if at < 0 { (len + at).max(0) } else { at.min(len) };
                let most = len - start;
                let count = step["remove"].as_i64().unwrap_or(most).clamp(0, most);
                items.splice(start as usize..(start + count) as usize, new);
            }
            "move" => {
                let (from, to) = (index("from")?, index("to")?);
                let item = items.remove(from);
                items.insert(to, item);
            }
            "swap" => items.swap(index("a")?, index("b")?),
            "reverse" => items.reverse(),
            _ => return Err("an unknown op".to_owned()),
        }
        Ok(())
    }

    /// Assigns what lies below a node; `null` removes it, or makes it what it was at first.
    fn set(&mut self, parent: Id, name: &str, value: &Json) -> Result<(), String> {
        match *self.node(parent) {
            Node::Struct { .. } => self.set_field(parent, name, value),
            Node::Map { .. } if value.is_null() => self.delete(parent, name),
            Node::Map { of, .. } | Node::Array { of, .. } => {
                // The place is looked for first: making a value cannot be undone.
                self.place(parent, name)?;
                let value = self.make(of, value)?;
                self.put(parent, name, value)
            }
            Node::Members { .. } => Err("members are added, not assigned".to_owned()),
        }
    }

    fn delete(&mut self, parent: Id, name: &str) -> Result<(), String> {
        match self.node_mut(parent) {
            Node::Struct { .. } => return self.set_field(parent, name, &Json::Null),
            Node::Map { entries, .. } => {
                let at = entries.iter().position(|(key, ..)| key == name);
                entries.remove(at.ok_or("no such key")?);
            }
            Node::Array { items, .. } => drop(items.remove(index(name, items.len())?)),
            Node::Members { items, .. } => drop(items.remove(index(name, items.len())?)),
        }
        Ok(())
    }

    /// Makes a place refer to an instance.
    fn share(&mut self, parent: Id, name: &str, instance: Id) -> Result<(), String> {
        let Node::Struct { of, .. } = *self.node(instance) else {
            return Err("a collection has one place".to_owned());
        };
        let declared = self.place(parent, name)?.ok_or("no place for an instance")?;
        if !self.types.is_a(of, declared) {
            return Err("an instance of another type".to_owned());
        }
        if self.reach(instance, |_| true).contains(&parent) {
            return Err("an instance below itself".to_owned());
        }
        self.put(parent, name, Value::Node(instance))
    }

    /// The type of the instances that may be put in a place; `None` if it takes none.
    pub(crate) fn place(&self, parent: Id, name: &str) -> Result<Option<usize>, String> {
        let of = match self.node(parent) {
            Node::Struct { .. } => match self.field(parent, name)?.1.kind {
                Kind::One(of) => of,
                _ => return Ok(None),
            },
            Node::Map { of, .. } => *of,
            Node::Array { of, items } => index(name, items.len()).map(|_| *of)?,
            Node::Members { .. } => return Ok(None),
        };
        Ok(if let Element::Struct(of) = of { Some(of) } else { None })
    }

    /// Puts a value in a place that is there.
    fn put(&mut self, parent: Id, name: &str, value: Value) -> Result<(), String> {
        let life = self.id();
        let at = self.field(parent, name).map_or(0, |(at, _)| at);
        match self.node_mut(parent) {
            Node::Struct { fields, .. } => fields[at] = Some(value),
            Node::Map { entries, .. } => match entries.iter_mut().find(|(key, ..)| key == name) {
                Some((.., old)) => *old = value,
                None => entries.push((name.to_owned(), life, value)),
            },
            Node::Array { items, .. } => {
                let at = index(name, items.len())?;
                items[at] = value;
            }
            Node::Members { .. } => return Err("members are added, not assigned".to_owned()),
        }
        Ok(())
    }

    /// The struct or collection at a pointer.
    pub(crate) fn find(&self, path: &str) -> Result<Id, String> {
        let mut tokens = path.split('/');
        if tokens.next() != Some("") {
            return Err("not a pointer".to_owned());
        }
        tokens.try_fold(self.root, |id, token| {
            let name = unescape(token);
            let value = match self.node(id) {
                Node::Struct { fields, .. } => {
                    fields[self.field(id, &name)?.0].as_ref().ok_or("an absent field")?
                }
                Node::Map { entries, .. } => {
                    let entry = entries.iter().find(|(key, ..)| *key == name);
                    entry.map(|(.., value)| value).ok_or("no such key")?
                }
                Node::Array { items, .. } => &items[index(&name, items.len())?],
                Node::Members { items, .. } => &items[index(&name, items.len())?].1,
            };
            value.node().ok_or_else(|| "nothing lies below a primitive".to_owned())
        })
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn index(token: &str, len: usize) -> Result<usize, String> {
    let index = token.parse::<usize>().ok().filter(|index| index.to_string() == token);
    index.filter(|index| *index < len).ok_or_else(|| "no such index".to_owned())
}
