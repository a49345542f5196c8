//! The steps that change the state.

use std::mem;

use serde_json::Value as Json;

use super::tree::{Node, Tree};

impl Tree {
    /// Does a step.
    pub(super) fn edit(&mut self, step: &Json) -> Result<(), String> {
        let path = step["path"].as_str().ok_or("`path` is missing")?;
        // The tree is taken out so that new values can be made while it is changed.
        let mut root = mem::replace(&mut self.root, Node::Flag(false));
        let result = self.edit_in(&mut root, path, step);
        self.root = root;
        result
    }

    fn edit_in(&mut self, root: &mut Node, path: &str, step: &Json) -> Result<(), String> {
        let (parent, last) = path.rsplit_once('/').ok_or("the root cannot be edited")?;
        let last = &last.replace("~1", "/").replace("~0", "~");
        match step["op"].as_str().unwrap_or_default() {
            "set" => {
                let (parent, value) = (find(self, root, parent)?, &step["value"]);
                if value.is_null() && matches!(parent, Node::Array { .. }) {
                    return Err("null for an element".to_owned());
                }
                self.set(parent, last, value)
            }
            "add" | "remove" => {
                let Node::Members { of, is_set, items, .. } = find(self, root, path)? else {
                    return Err("not a set or a collection".to_owned());
                };
                if step["op"] == "add" {
                    return self.add(items, *of, *is_set, &step["value"]);
                }
                let value = self.make(*of, &step["value"])?;
                if let Some(at) = items.iter().position(|(_, other)| other.reads_as(&value, *of)) {
                    items.remove(at);
                }
                Ok(())
            }
            "delete" => self.set(find(self, root, parent)?, last, &Json::Null),
            "clear" => match find(self, root, path)? {
                Node::Map { entries, .. } => {
                    entries.clear();
                    Ok(())
                }
                Node::Array { items, .. } => {
                    items.clear();
                    Ok(())
                }
                Node::Members { items, .. } => {
                    items.clear();
                    Ok(())
                }
                _ => Err("not a collection".to_owned()),
            },
            op => match find(self, root, path)? {
                Node::Array { of, items, .. } => {
                    let of = *of;
                    let mut make = |values: &Json| -> Result<Vec<Node>, String> {
                        let values = values.as_array().ok_or("not a list")?;
                        values.iter().map(|value| self.make(of, value)).collect()
                    };
                    let len = items.len();
                    let index = |member: &str| {
                        let index =
                            step[member].as_u64().and_then(|index| usize::try_from(index).ok());
                        index.filter(|index| *index < len).ok_or("no such index")
                    };
                    match op {
                        "push" => items.extend(make(&step["values"])?),
                        "splice" => {
                            let (len, at) =
                                (len as i64, step["at"].as_i64().ok_or("`at` is missing")?);
                            let start = if at < 0 { (len + at).max(0) } else { at.min(len) };
                            let most = len - start;
                            let count = step["remove"].as_i64().unwrap_or(most).clamp(0, most);
                            let new = match &step["insert"] {
                                Json::Null => Vec::new(),
                                values => make(values)?,
                            };
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
                _ => Err("not an array".to_owned()),
            },
        }
    }

    /// Assigns what lies below a node; `null` removes it, or makes it what it was at first.
    fn set(&mut self, parent: &mut Node, name: &str, value: &Json) -> Result<(), String> {
        match parent {
            Node::Map { of, entries, .. } => {
                let at = entries.iter().position(|(key, _, _)| key == name);
                match at {
                    Some(at) if value.is_null() => drop(entries.remove(at)),
                    None if value.is_null() => return Err("no such key".to_owned()),
                    Some(at) => entries[at].2 = self.make(*of, value)?,
                    None => entries.push((name.to_owned(), self.id(), self.make(*of, value)?)),
                }
            }
            Node::Array { of, items, .. } => {
                let at = index(name, items.len())?;
                if value.is_null() {
                    items.remove(at);
                } else {
                    items[at] = self.make(*of, value)?;
                }
            }
            Node::Members { items, .. } if value.is_null() => {
                let at = index(name, items.len())?;
                items.remove(at);
            }
            parent => self.set_field(parent, name, value)?,
        }
        Ok(())
    }
}

/// The node at a pointer.
fn find<'n>(tree: &Tree, root: &'n mut Node, path: &str) -> Result<&'n mut Node, String> {
    let mut tokens = path.split('/');
    if tokens.next() != Some("") {
        return Err("not a pointer".to_owned());
    }
    tokens.try_fold(root, |node, token| {
        below(tree, node, &token.replace("~1", "/").replace("~0", "~"))
    })
}

fn below<'n>(tree: &Tree, node: &'n mut Node, name: &str) -> Result<&'n mut Node, String> {
    match node {
        Node::Struct { of, fields, .. } => {
            let mut known = tree.types.types[*of].fields.iter();
            let at = known.position(|field| field.name == name).ok_or("an unknown field")?;
            fields[at].as_mut().ok_or("an absent field")
        }
        Node::Map { entries, .. } => {
            let entry = entries.iter_mut().find(|(key, _, _)| key == name);
            entry.map(|(_, _, node)| node).ok_or("no such key")
        }
        Node::Array { items, .. } => {
            let at = index(name, items.len())?;
            Ok(&mut items[at])
        }
        _ => Err("nothing lies below a primitive"),
    }
    .map_err(str::to_owned)
}

fn index(token: &str, len: usize) -> Result<usize, String> {
    let index = token.parse::<usize>().ok().filter(|index| index.to_string() == token);
    index.filter(|index| *index < len).ok_or_else(|| "no such index".to_owned())
}
