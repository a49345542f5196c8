//! The visitor that writes operations.
//!
//! Two states of mind: in a node that clients know, an event is an operation on a path; in a node
//! that is new, it adds to a value under construction. A new node is announced before it is
//! entered, so its operation is written at once with `null` for its value, which is filled in when
//! the node is left.

use std::{collections::HashMap, mem, sync::Arc};

use json_patch::{
    AddOperation, MoveOperation, PatchOperation, RemoveOperation, ReplaceOperation,
    jsonptr::{PointerBuf, Token},
};
use serde_json::{Map, Value as Json};
use tidewire_state::{
    ElementKind, Enter, EntryAt, FieldIndex, FieldInfo, FieldKind, Place, RefEdit, RefId,
    TypeIndex, TypeSet, Value, ValueEdit, Visitor,
};

use super::{
    plan::{self, Step},
    value::{same, to_json},
};
use crate::refusal::{PROTO, Refusal, refused_field};

#[derive(Debug)]
pub(super) struct Writer {
    types: Arc<TypeSet>,
    operations: Vec<PatchOperation>,
    /// The operations whose values are not complete, by the node that they bring.
    announced: HashMap<RefId, usize>,
    /// The path of the innermost node that clients know, or of the new one right below it.
    path: PointerBuf,
    /// The nodes that were entered and not left.
    nodes: Vec<Node>,
    /// How many more were, of which clients are not told.
    muted: usize,
    has_refused_fields: bool,
    /// The first thing that clients were not told of.
    refused: Option<Refusal>,
}

#[derive(Debug)]
struct Node {
    shape: Shape,
    /// Where it lies in the node around it; nothing for the root.
    key: Option<Key>,
    /// What clients will hold, if they hold nothing of it yet.
    new: Option<New>,
}

#[derive(Debug)]
struct New {
    value: Json,
    /// The operation that the value belongs to; `None` where the node around it is new as well.
    operation: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Struct(TypeIndex),
    Map,
    Array,
}

#[derive(Debug)]
enum Key {
    Name(String),
    Index(usize),
}

impl Writer {
    pub(super) fn new(types: Arc<TypeSet>) -> Self {
        Self {
            has_refused_fields: refused_field(&types).is_some(),
            types,
            operations: Vec::new(),
            announced: HashMap::new(),
            path: PointerBuf::new(),
            nodes: Vec::new(),
            muted: 0,
            refused: None,
        }
    }

    /// The first thing that clients were not told of.
    pub(super) fn refused(&self) -> Option<&Refusal> {
        self.refused.as_ref()
    }

    /// Whether clients are not told of an event, which is then noted: it is about a member, if it has one of that name,
    /// and brings nodes or not.
    fn refuses(&mut self, name: Option<&str>, brings_nodes: bool) -> bool {
        if self.muted > 0 {
            return true;
        }
        let is_deep = brings_nodes && self.is_deep();
        let refuses = is_deep || name == Some(PROTO);
        if refuses && self.refused.is_none() {
            self.refused = Some(if is_deep {
                tidewire_state::Refusal::TooDeep.into()
            } else {
                let mut path = PointerBuf::new();
                for node in &self.nodes {
                    match &node.key {
                        Some(Key::Name(name)) => path.push_back(name.as_str()),
                        Some(Key::Index(index)) => path.push_back(*index),
                        None => {}
                    }
                }
                path.push_back(PROTO);
                Refusal::Key { path: path.to_string() }
            });
        }
        refuses
    }

    /// Whether clients were told of nothing in a field, since it is where nodes lie too deep.
    fn held_nothing(&self, field: FieldIndex) -> bool {
        let Shape::Struct(of) = self.node().shape else { return false };
        let kind = self.types[of].fields[usize::from(field.0)].kind;
        let is_leaf = matches!(kind, FieldKind::Primitive(_) | FieldKind::Quantized(_));
        self.is_deep() && !is_leaf
    }

    /// Whether the map that events are about has nodes, where those lie too deep.
    fn holds_nodes(&self) -> bool {
        let [.., Node { shape: Shape::Struct(of), .. }, Node { key: Some(Key::Name(name)), .. }] =
            &self.nodes[..]
        else {
            return false;
        };
        let is_it = |field: &&FieldInfo| field.name == *name;
        let kind = self.types[*of].fields.iter().find(is_it).map(|field| field.kind);
        self.is_deep() && matches!(kind, Some(FieldKind::Map(ElementKind::Ref(_))))
    }

    /// Whether a node in the one that events are about lies too deep.
    fn is_deep(&self) -> bool {
        self.nodes.len() >= tidewire_state::Refusal::MAX_DEPTH
    }

    fn refuses_field(&mut self, field: FieldIndex, brings_nodes: bool) -> bool {
        let name = (self.has_refused_fields && self.muted == 0).then(|| self.field_name(field));
        self.refuses(name.as_deref(), brings_nodes)
    }

    pub(super) fn take_operations(&mut self) -> Vec<PatchOperation> {
        mem::take(&mut self.operations)
    }

    /// The whole document, after a visit.
    pub(super) fn into_document(mut self) -> Json {
        match self.operations.pop() {
            Some(PatchOperation::Replace(operation)) => operation.value,
            _ => unreachable!("a visit replaces the document"),
        }
    }

    /// The node that events are about.
    fn node(&self) -> &Node {
        self.nodes.last().expect("every event of a walk is about a node that was entered")
    }

    fn new_value(&mut self) -> Option<&mut Json> {
        Some(&mut self.nodes.last_mut()?.new.as_mut()?.value)
    }

    fn path_to<'t>(&self, token: impl Into<Token<'t>>) -> PointerBuf {
        let mut path = self.path.clone();
        path.push_back(token);
        path
    }

    fn field_name(&self, field: FieldIndex) -> String {
        let Shape::Struct(index) = self.node().shape else {
            unreachable!("only structs have fields");
        };
        self.types[index].fields[usize::from(field.0)].name.clone()
    }

    /// A member of a struct or a map has this value; `known` is whether it had one before.
    fn put(&mut self, name: &str, value: Json, known: bool) {
        if let Some(new) = self.new_value() {
            if let Json::Object(members) = new {
                members.insert(name.to_owned(), value);
            }
            return;
        }
        let path = self.path_to(name);
        self.operations.push(if known {
            PatchOperation::Replace(ReplaceOperation { path, value })
        } else {
            PatchOperation::Add(AddOperation { path, value })
        });
    }

    /// A member of a struct or a map leads to a node that is entered later.
    fn announce(&mut self, name: &str, node: RefId, known: bool) {
        self.put(name, Json::Null, known);
        self.await_value(node);
    }

    /// The last operation brings this node.
    fn await_value(&mut self, node: RefId) {
        if self.node().new.is_none() {
            self.announced.insert(node, self.operations.len() - 1);
        }
    }

    fn cut(&mut self, name: &str) {
        if let Some(new) = self.new_value() {
            if let Json::Object(members) = new {
                members.shift_remove(name);
            }
            return;
        }
        let path = self.path_to(name);
        self.operations.push(PatchOperation::Remove(RemoveOperation { path }));
    }

    /// Treats the node, which clients know, as new: one operation replaces it.
    fn renew(&mut self) {
        let operation = self.operations.len();
        let path = self.path.clone();
        self.operations.push(PatchOperation::Replace(ReplaceOperation { path, value: Json::Null }));
        if let Some(node) = self.nodes.last_mut() {
            node.new = Some(New { value: node.shape.empty(), operation: Some(operation) });
        }
    }

    /// Writes the steps of an edit; `value` tells what an item is, and whether it is filled in later.
    fn edit<T: Copy>(&mut self, steps: Vec<Step<T>>, value: impl Fn(T) -> (Json, Option<RefId>)) {
        for step in steps {
            let (operation, node) = match step {
                Step::Replace(at, item) => {
                    let (value, node) = value(item);
                    let path = self.path_to(at);
                    (PatchOperation::Replace(ReplaceOperation { path, value }), node)
                }
                Step::Add(at, item) => {
                    let (value, node) = value(item);
                    let path = self.path_to(at);
                    (PatchOperation::Add(AddOperation { path, value }), node)
                }
                Step::Remove(at) => {
                    (PatchOperation::Remove(RemoveOperation { path: self.path_to(at) }), None)
                }
                Step::Move { from, to } => {
                    let (from, path) = (self.path_to(from), self.path_to(to));
                    (PatchOperation::Move(MoveOperation { from, path }), None)
                }
            };
            self.operations.push(operation);
            if let Some(node) = node {
                self.await_value(node);
            }
        }
    }

    /// Puts `items` in the place of all from `from` on, in an array that is new.
    fn extend(&mut self, from: usize, items: impl Iterator<Item = Json>) {
        if let Some(Json::Array(list)) = self.new_value() {
            list.truncate(from);
            list.extend(items);
        }
    }

    fn shape(&self, node: Enter<'_>) -> Shape {
        if let Some(index) = node.index {
            return Shape::Struct(index);
        }
        match (self.nodes.last().map(|around| around.shape), node.place) {
            (Some(Shape::Struct(index)), Place::Field(field)) => {
                match self.types[index].fields[usize::from(field.0)].kind {
                    FieldKind::Map(_) => Shape::Map,
                    FieldKind::Array(_) | FieldKind::Set(_) | FieldKind::Collection(_) => {
                        Shape::Array
                    }
                    kind => unreachable!("a field of kind {kind:?} leads to no collection"),
                }
            }
            (around, place) => unreachable!("no collection lies in {around:?} at {place:?}"),
        }
    }

    fn key(&self, place: Place<'_>) -> Option<Key> {
        match place {
            Place::Root => None,
            Place::Field(field) => Some(Key::Name(self.field_name(field))),
            Place::Entry(at) => Some(Key::Name(at.key.to_owned())),
            Place::Item(index) => Some(Key::Index(index)),
            place => unreachable!("no node of this codec lies at {place:?}"),
        }
    }

    /// The operation that brings a new node, if it is not part of another's value.
    fn operation_of(&mut self, node: RefId) -> Option<usize> {
        match self.nodes.last() {
            Some(Node { new: Some(_), .. }) => None,
            Some(_) => {
                let announced = self.announced.remove(&node);
                Some(announced.expect("a walk announces a new node before it enters it"))
            }
            None => {
                let (path, value) = (PointerBuf::new(), Json::Null);
                self.operations.push(PatchOperation::Replace(ReplaceOperation { path, value }));
                Some(self.operations.len() - 1)
            }
        }
    }
}

impl Visitor for Writer {
    fn begin(&mut self, _: u64) {
        self.operations.clear();
    }

    fn end(&mut self) {}

    fn enter(&mut self, node: Enter<'_>) {
        let is_refused = match node.place {
            Place::Field(field) => self.refuses_field(field, true),
            Place::Entry(at) => self.refuses(Some(at.key), true),
            _ => self.refuses(None, true),
        };
        if is_refused {
            self.muted += 1;
            return;
        }
        let shape = self.shape(node);
        let key = self.key(node.place);
        let new =
            node.fresh.then(|| New { value: shape.empty(), operation: self.operation_of(node.id) });
        if self.nodes.last().is_some_and(|parent| parent.new.is_none()) {
            match &key {
                Some(Key::Name(name)) => self.path.push_back(name.as_str()),
                Some(Key::Index(index)) => self.path.push_back(*index),
                None => {}
            }
        }
        self.nodes.push(Node { shape, key, new });
    }

    fn leave(&mut self) {
        if self.muted > 0 {
            self.muted -= 1;
            return;
        }
        let Some(Node { key, new, .. }) = self.nodes.pop() else { return };
        if self.nodes.last().is_some_and(|parent| parent.new.is_none()) {
            self.path.pop_back();
        }
        match new {
            None => {}
            Some(New { value, operation: Some(operation) }) => {
                match &mut self.operations[operation] {
                    PatchOperation::Add(AddOperation { value: place, .. })
                    | PatchOperation::Replace(ReplaceOperation { value: place, .. }) => {
                        *place = value;
                    }
                    operation => unreachable!("{operation} brings no value"),
                }
            }
            Some(New { value, operation: None }) => match (self.new_value(), key) {
                (Some(Json::Object(members)), Some(Key::Name(name))) => {
                    members.insert(name, value);
                }
                (Some(Json::Array(items)), Some(Key::Index(index))) => items[index] = value,
                (parent, key) => unreachable!("nothing lies in {parent:?} at {key:?}"),
            },
        }
    }

    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        if !self.refuses_field(field, false) && !old.is_some_and(|old| same(value, old)) {
            self.put(&self.field_name(field), to_json(value), old.is_some());
        }
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        if !self.refuses_field(field, true) {
            self.announce(&self.field_name(field), node, old.is_some());
        }
    }

    fn unset(&mut self, field: FieldIndex) {
        if !self.refuses_field(field, false) && !self.held_nothing(field) {
            self.cut(&self.field_name(field));
        }
    }

    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        // Nothing is told of a map that was empty.
        if self.muted == 0 && live.next().is_some() {
            self.renew();
        }
    }

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        if !self.refuses(Some(at.key), self.holds_nodes()) {
            self.cut(at.key);
        }
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        if !self.refuses(Some(at.key), false) && !old.is_some_and(|old| same(value, old)) {
            self.put(at.key, to_json(value), old.is_some());
        }
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        if !self.refuses(Some(at.key), true) {
            self.announce(at.key, node, old.is_some());
        }
    }

    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        if self.muted == 0 && !same(value, old) {
            self.edit(vec![Step::Replace(index, ())], |()| (to_json(value), None));
        }
    }

    fn items(&mut self, edit: ValueEdit<'_>) {
        if self.muted > 0 {
            return;
        }
        let value = |at| to_json(edit.after.value(at));
        if self.new_value().is_none() {
            let steps = plan::values(&edit);
            if edit.from > 0 || !plan::rewrites(&steps, edit.before.len()) {
                self.edit(steps, |at| (value(at), None));
                return;
            }
            self.renew();
        }
        self.extend(edit.from, (0..edit.after.len()).map(value));
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        if self.refuses(None, true) {
            return;
        }
        if self.new_value().is_none() {
            let steps = plan::nodes(edit.from, edit.before, edit.after);
            if edit.from > 0 || !plan::rewrites(&steps, edit.before.len()) {
                self.edit(steps, |node| (Json::Null, Some(node)));
                return;
            }
            self.renew();
        }
        self.extend(edit.from, edit.after.iter().map(|_| Json::Null));
    }
}

impl Shape {
    fn empty(self) -> Json {
        match self {
            Self::Struct(_) | Self::Map => Json::Object(Map::new()),
            Self::Array => Json::Array(Vec::new()),
        }
    }
}
