//! Random edits.

use serde_json::{Value as Json, json};

use super::Script;
use crate::{
    compare::escape,
    model::{Node, Value},
    types::{Element, Field, Kind},
};

/// A field to be edited.
struct Spot {
    path: String,
    field: Field,
    /// The keys of the map that is there, or the length of the array.
    keys: Vec<String>,
    /// The values of the set or the collection.
    values: Vec<Json>,
    len: usize,
    /// How deep new structs may be.
    depth: usize,
}

impl Script {
    /// One edit, or a few that belong together, somewhere.
    pub(super) fn edit(&mut self) {
        let spot = self.spot();
        match spot.field.kind {
            Kind::One(_) | Kind::Quantized(_) => self.edit_field(&spot),
            Kind::Map(of) => self.edit_map(&spot, of),
            Kind::Array(of) => self.edit_array(&spot, of),
            Kind::Set(of) | Kind::Collection(of) => self.edit_members(&spot, of),
        }
    }

    /// Goes down from the root for a while and picks a field.
    fn spot(&mut self) -> Spot {
        let Self { model, random, config, .. } = self;
        let tree = &model.tree;
        let (mut node, mut path, mut depth) = (tree.root, String::new(), 1);
        loop {
            // Children that are structs, and those of children that are collections.
            let mut structs = Vec::new();
            for (name, child) in tree.children(node) {
                let name = escape(&name);
                match child.node() {
                    Some(id) if matches!(tree.node(id), Node::Struct { .. }) => {
                        structs.push((name, id));
                    }
                    Some(collection) => structs.extend(
                        tree.children(collection).into_iter().filter_map(|(below, child)| {
                            Some((format!("{name}/{}", escape(&below)), child.node()?))
                        }),
                    ),
                    None => {}
                }
            }
            if structs.is_empty() || random.chance(40) {
                break;
            }
            let (name, child) = structs.swap_remove(random.below(structs.len()));
            path = format!("{path}/{name}");
            node = child;
            depth += 1;
        }
        let Node::Struct { of, fields } = tree.node(node) else {
            unreachable!("only structs are gone into")
        };
        let at = random.below(fields.len());
        let field = tree.types.types[*of].fields[at].clone();
        let below = fields[at].as_ref().and_then(Value::node);
        let below = below.map(|id| tree.children(id)).unwrap_or_default();
        let path = format!("{path}/{}", escape(&field.name));
        Spot {
            path,
            field,
            values: below.iter().map(|(_, value)| value.to_json()).collect(),
            len: below.len(),
            keys: below.into_iter().map(|(key, _)| key).collect(),
            depth: config.depth.saturating_sub(depth),
        }
    }

    fn edit_field(&mut self, spot: &Spot) {
        let path = &spot.path;
        if self.random.chance(10) {
            self.step(json!({ "op": "delete", "path": path }));
        } else if self.random.chance(10) || (spot.field.is_deep() && spot.depth == 0) {
            self.step(json!({ "op": "set", "path": path, "value": null }));
        } else {
            let value = match spot.field.kind {
                Kind::Quantized(quantized) => self.within(quantized),
                kind => kind.element().map_or(Json::Null, |of| self.value(of, spot.depth)),
            };
            self.step(json!({ "op": "set", "path": path, "value": value }));
        }
    }

    fn edit_map(&mut self, spot: &Spot, of: Element) {
        let path = &spot.path;
        let may_grow = spot.len < self.config.elements && (!of.is_struct() || spot.depth > 0);
        let old = |this: &mut Self| format!("{path}/{}", escape(&this.random.pick(&spot.keys)));
        match self.random.below(100) {
            0..5 => self.step(json!({ "op": "clear", "path": path })),
            5..10 if may_grow => {
                let value = self.contents(spot.field.kind, spot.depth);
                self.step(json!({ "op": "set", "path": path, "value": value }));
            }
            10..30 if spot.len > 0 => {
                let path = old(self);
                self.step(json!({ "op": "delete", "path": path }));
            }
            30..35 if spot.len > 0 => {
                let path = old(self);
                self.step(json!({ "op": "set", "path": path, "value": null }));
            }
            // A key that is put in again, or in another place.
            35..45 if spot.len > 0 && may_grow => {
                let path = old(self);
                self.step(json!({ "op": "delete", "path": path }));
                let value = self.value(of, spot.depth);
                self.step(json!({ "op": "set", "path": path, "value": value }));
            }
            _ if may_grow => {
                let path = format!("{path}/{}", escape(&self.key()));
                let value = self.value(of, spot.depth);
                self.step(json!({ "op": "set", "path": path, "value": value }));
                // Here and gone within a tick.
                if self.random.chance(5) {
                    self.step(json!({ "op": "delete", "path": path }));
                }
            }
            _ => self.step(json!({ "op": "clear", "path": path })),
        }
    }

    fn edit_array(&mut self, spot: &Spot, of: Element) {
        let Spot { path, len, depth, .. } = spot;
        let may_grow = *len < self.config.elements && (!of.is_struct() || *depth > 0);
        let index = |this: &mut Self| this.random.below(*len);
        let step = match self.random.below(100) {
            0..4 => json!({ "op": "clear", "path": path }),
            4..10 => json!({ "op": "reverse", "path": path }),
            10..14 if may_grow => {
                let value = self.contents(spot.field.kind, *depth);
                json!({ "op": "set", "path": path, "value": value })
            }
            14..28 if *len > 0 => {
                let (from, to) = (index(self), index(self));
                json!({ "op": "move", "path": path, "from": from, "to": to })
            }
            28..36 if *len > 0 => {
                let (a, b) = (index(self), index(self));
                json!({ "op": "swap", "path": path, "a": a, "b": b })
            }
            36..46 if *len > 0 => {
                json!({ "op": "delete", "path": format!("{path}/{}", index(self)) })
            }
            46..56 if *len > 0 && may_grow => {
                let value = self.value(of, *depth);
                json!({ "op": "set", "path": format!("{path}/{}", index(self)), "value": value })
            }
            56..80 => self.splice(spot, of, may_grow),
            _ if may_grow => {
                let count = 1 + self.random.below(3);
                json!({ "op": "push", "path": path, "values": self.values(of, count, *depth) })
            }
            _ => json!({ "op": "splice", "path": path, "at": 0, "remove": len / 2 }),
        };
        self.step(step);
    }

    fn edit_members(&mut self, spot: &Spot, of: Element) {
        let Spot { path, len, values, depth, .. } = spot;
        let may_grow = *len < self.config.elements && (!of.is_struct() || *depth > 0);
        let step = match self.random.below(100) {
            0..6 => json!({ "op": "clear", "path": path }),
            6..10 if may_grow => {
                let value = self.contents(spot.field.kind, *depth);
                json!({ "op": "set", "path": path, "value": value })
            }
            10..35 if *len > 0 => {
                json!({ "op": "delete", "path": format!("{path}/{}", self.random.below(*len)) })
            }
            // A struct that comes is always another.
            35..50 if *len > 0 && !of.is_struct() => {
                json!({ "op": "remove", "path": path, "value": self.random.pick(values) })
            }
            // Gone and there again, behind the others.
            50..60 if *len > 0 && !of.is_struct() => {
                let value = self.random.pick(values);
                self.step(json!({ "op": "remove", "path": path, "value": value }));
                json!({ "op": "add", "path": path, "value": value })
            }
            60..65 if !of.is_struct() => {
                json!({ "op": "remove", "path": path, "value": self.value(of, 1) })
            }
            _ if may_grow => json!({ "op": "add", "path": path, "value": self.value(of, *depth) }),
            _ => json!({ "op": "clear", "path": path }),
        };
        self.step(step);
    }

    fn splice(&mut self, spot: &Spot, of: Element, may_grow: bool) -> Json {
        // From one before what is there to one behind it, from either end.
        let at = self.random.below(2 * spot.len + 4) as i64 - spot.len as i64 - 2;
        let mut step = json!({ "op": "splice", "path": spot.path, "at": at });
        if self.random.chance(85) {
            step["remove"] = self.random.below(4).into();
        }
        if may_grow && self.random.chance(60) {
            let count = self.random.below(4);
            step["insert"] = self.values(of, count, spot.depth);
        }
        step
    }
}
