//! A client in the extreme: it builds its own tree from the events of the walks and holds every
//! event against the rules that [`Visitor`] states.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value as Json, json};
use tidewire_state::{
    ElementKind, Enter, EntryAt, FieldIndex, FieldKind, Place, PrimitiveKind, RefEdit, RefId,
    Schema, Tracked, TypeIndex, TypeSet, Value, ValueEdit, ValueList, Visitor,
};

/// A tree of plain values, by the numbers of its nodes.
#[derive(Debug)]
pub(crate) struct Replica {
    types: TypeSet,
    nodes: BTreeMap<RefId, Node>,
    /// The nodes around the events, the one entered last at the end.
    around: Vec<Frame>,
    ticks: Option<u64>,
    /// Told of by the walk under way and not entered yet.
    announced: BTreeSet<RefId>,
    released: BTreeSet<RefId>,
    entered: HashSet<RefId>,
    /// How many events of the last walk told of a change.
    pub(crate) changes: usize,
}

#[derive(Debug)]
struct Frame {
    id: RefId,
    phase: Phase,
    /// Numbers of entries that this walk took away.
    freed: BTreeSet<u32>,
}

/// How far the events of a node have come; they never go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Entered,
    Removing,
    Own,
    Below,
}

#[derive(Debug, PartialEq)]
enum Node {
    Struct(TypeIndex, BTreeMap<FieldIndex, Held>),
    Map(ElementKind, BTreeMap<u32, (String, Held)>),
    Array(ElementKind, Vec<Held>),
}

#[derive(Clone, Debug, PartialEq)]
enum Held {
    Value(PrimitiveKind, Json),
    Node(RefId),
}

impl Replica {
    /// Knows nothing but the types.
    pub(crate) fn new(types: TypeSet) -> Self {
        Self {
            types,
            nodes: BTreeMap::new(),
            around: Vec::new(),
            ticks: None,
            announced: BTreeSet::new(),
            released: BTreeSet::new(),
            entered: HashSet::new(),
            changes: 0,
        }
    }

    /// Syncs, and asserts that the tree is the state then, and that a snapshot shows the same.
    pub(crate) fn sync<S: Schema + serde::Serialize>(&mut self, state: &mut Tracked<S>) {
        state.sync(self);
        assert_eq!(self.json(), serde_json::to_value(&**state).unwrap(), "the tree is the state");
        assert_eq!(self.nodes.len(), state.node_count());
        let mut snapshot = Self::new(self.types.clone());
        state.visit(&mut snapshot);
        assert_eq!(snapshot.nodes, self.nodes, "a snapshot shows what was synced");
    }

    /// The tree as JSON.
    pub(crate) fn json(&self) -> Json {
        self.node_json(RefId::ROOT)
    }

    fn node_json(&self, id: RefId) -> Json {
        match &self.nodes[&id] {
            Node::Struct(index, fields) => {
                let name = |at: &FieldIndex| self.types[*index].get(*at).unwrap().name.clone();
                let fields = fields.iter().map(|(at, held)| (name(at), self.held_json(held)));
                Json::Object(fields.collect())
            }
            Node::Map(_, entries) => {
                let mut object = Map::new();
                for (key, held) in entries.values() {
                    let before = object.insert(key.clone(), self.held_json(held));
                    assert_eq!(before, None, "two entries have the key {key:?}");
                }
                Json::Object(object)
            }
            Node::Array(_, items) => items.iter().map(|held| self.held_json(held)).collect(),
        }
    }

    fn held_json(&self, held: &Held) -> Json {
        match held {
            Held::Value(_, json) => json.clone(),
            Held::Node(id) => self.node_json(*id),
        }
    }

    /// All nodes that can be reached, each in one place.
    fn reachable(&self) -> BTreeSet<RefId> {
        let mut found = BTreeSet::from([RefId::ROOT]);
        let mut open = vec![RefId::ROOT];
        while let Some(id) = open.pop() {
            for child in self.nodes.get(&id).expect("a reference leads to a live node").children() {
                assert!(found.insert(child), "{child:?} stands in two places");
                open.push(child);
            }
        }
        found
    }

    /// The node that events are about, which come in the order of the phases.
    fn here(&mut self, phase: Phase) -> (&mut Node, &mut Frame) {
        let frame = self.around.last_mut().expect("an event outside of every node");
        assert!(frame.phase <= phase, "{phase:?} after {:?} in {:?}", frame.phase, frame.id);
        frame.phase = phase;
        self.changes += 1;
        (self.nodes.get_mut(&frame.id).unwrap(), frame)
    }

    fn fields(&mut self, at: FieldIndex) -> (FieldKind, &mut BTreeMap<FieldIndex, Held>) {
        let id = self.around.last().expect("an event outside of every node").id;
        let Node::Struct(index, _) = self.nodes[&id] else { panic!("{id:?} is not a struct") };
        let kind = self.types[index].get(at).expect("a field of the type").kind;
        let Node::Struct(_, fields) = self.here(Phase::Own).0 else { unreachable!() };
        (kind, fields)
    }

    fn entries(
        &mut self,
        phase: Phase,
    ) -> (ElementKind, &mut BTreeMap<u32, (String, Held)>, &mut Frame) {
        match self.here(phase) {
            (Node::Map(kind, entries), frame) => (*kind, entries, frame),
            (node, _) => panic!("not a map: {node:?}"),
        }
    }

    fn items(&mut self) -> (ElementKind, &mut Vec<Held>) {
        match self.here(Phase::Own).0 {
            Node::Array(kind, items) => (*kind, items),
            node => panic!("not an array: {node:?}"),
        }
    }

    fn announce(&mut self, id: RefId, node: Node) {
        assert!(!self.released.contains(&id), "{id:?} is told of in the walk that released it");
        assert!(self.nodes.insert(id, node).is_none(), "{id:?} is told of while it is live");
        self.announced.insert(id);
    }

    fn put_entry(&mut self, at: EntryAt<'_>, held: &Held, old: Option<&Held>) -> ElementKind {
        let (kind, entries, frame) = self.entries(Phase::Own);
        assert!(!frame.freed.contains(&at.index), "{at:?} was given back by this very walk");
        let before = entries.insert(at.index, (at.key.to_owned(), held.clone()));
        let before = before.map(|(key, before)| {
            assert_eq!(key, at.key, "the number {} stands for one key", at.index);
            before
        });
        assert_eq!(before.as_ref(), old, "{at:?} held something else before");
        assert_ne!(old, Some(held), "{at:?} did not change");
        kind
    }
}

impl Node {
    fn of(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Ref(index) => Self::Struct(index, BTreeMap::new()),
            FieldKind::Map(element) => Self::Map(element, BTreeMap::new()),
            FieldKind::Array(element) => Self::Array(element, Vec::new()),
            other => panic!("{other:?} is no node"),
        }
    }

    fn of_element(kind: ElementKind) -> Self {
        let ElementKind::Ref(index) = kind else { panic!("{kind:?} is no node") };
        Self::Struct(index, BTreeMap::new())
    }

    fn children(&self) -> Vec<RefId> {
        let held: Vec<&Held> = match self {
            Self::Struct(_, fields) => fields.values().collect(),
            Self::Map(_, entries) => entries.values().map(|(_, held)| held).collect(),
            Self::Array(_, items) => items.iter().collect(),
        };
        let node = |held: &&Held| if let Held::Node(id) = held { Some(*id) } else { None };
        held.iter().filter_map(node).collect()
    }

    fn at(&self, place: Place<'_>) -> Option<&Held> {
        match (self, place) {
            (Self::Struct(_, fields), Place::Field(at)) => fields.get(&at),
            (Self::Map(_, entries), Place::Entry(at)) => {
                let (key, held) = entries.get(&at.index)?;
                (key == at.key).then_some(held)
            }
            (Self::Array(_, items), Place::Item(index)) => items.get(index),
            _ => None,
        }
    }
}

fn held(value: Value<'_>) -> Held {
    let json = match value {
        Value::String(value) => json!(value),
        Value::Boolean(value) => json!(value),
        Value::Number(value) | Value::Float64(value) => json!(value),
        Value::Quantized(step, by) => json!(by.dequantize(step)),
        Value::Int8(value) => json!(value),
        Value::Uint8(value) => json!(value),
        Value::Int16(value) => json!(value),
        Value::Uint16(value) => json!(value),
        Value::Int32(value) => json!(value),
        Value::Uint32(value) => json!(value),
        Value::Int64(value) => json!(value),
        Value::Uint64(value) => json!(value),
        Value::Float32(value) => json!(value),
    };
    Held::Value(value.kind(), json)
}

fn values(list: &dyn ValueList) -> Vec<Held> {
    (0..list.len()).map(|index| held(list.value(index))).collect()
}

fn nodes(list: &[RefId]) -> Vec<Held> {
    list.iter().copied().map(Held::Node).collect()
}

impl Visitor for Replica {
    fn begin(&mut self, tick: u64) {
        assert!(self.ticks.is_none_or(|last| tick == last + 1), "the ticks are counted");
        if self.ticks.replace(tick).is_none() {
            let root = self.types.root;
            self.announce(RefId::ROOT, Node::Struct(root, BTreeMap::new()));
        }
        self.released.clear();
        self.entered.clear();
        self.changes = 0;
    }

    fn end(&mut self) {
        assert!(self.around.is_empty(), "every node was left");
        assert_eq!(self.announced, BTreeSet::new(), "what is told of is entered");
        let live: BTreeSet<RefId> = self.nodes.keys().copied().collect();
        assert_eq!(self.reachable(), live, "released is what cannot be reached, no less, no more");
    }

    fn enter(&mut self, node: Enter<'_>) {
        assert!(self.entered.insert(node.id), "{node:?} is entered twice");
        assert_eq!(node.fresh, self.announced.remove(&node.id), "{node:?} is fresh when told of");
        match self.around.last_mut() {
            Some(frame) => {
                frame.phase = Phase::Below;
                let held = self.nodes[&frame.id].at(node.place);
                assert_eq!(held, Some(&Held::Node(node.id)), "{node:?} in {:?}", frame.id);
            }
            None => assert_eq!((node.id, node.place), (RefId::ROOT, Place::Root)),
        }
        let freed = BTreeSet::new();
        self.around.push(Frame { id: node.id, phase: Phase::Entered, freed });
    }

    fn leave(&mut self) {
        self.around.pop().expect("nothing to leave");
    }

    fn field(&mut self, at: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        let (kind, fields) = self.fields(at);
        assert_eq!(kind, FieldKind::Primitive(value.kind()));
        assert_eq!(fields.insert(at, held(value)), old.map(held));
        assert_ne!(old, Some(value), "{at:?} did not change");
    }

    fn reference(&mut self, at: FieldIndex, node: RefId, old: Option<RefId>) {
        let (kind, fields) = self.fields(at);
        assert_eq!(fields.insert(at, Held::Node(node)), old.map(Held::Node));
        self.announce(node, Node::of(kind));
    }

    fn unset(&mut self, at: FieldIndex) {
        let (_, fields) = self.fields(at);
        assert!(fields.remove(&at).is_some(), "{at:?} held nothing");
    }

    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        let (_, entries, frame) = self.entries(Phase::Removing);
        assert!(frame.freed.is_empty(), "a reset comes first");
        let gone = std::mem::take(entries);
        assert!(live.eq(gone.keys().copied()), "a reset names what is there");
        frame.freed.extend(gone.keys());
    }

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        let (_, entries, frame) = self.entries(Phase::Removing);
        let (key, _) = entries.remove(&at.index).expect("what is removed was there");
        assert_eq!(key, at.key);
        frame.freed.insert(at.index);
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        let kind = self.put_entry(at, &held(value), old.map(held).as_ref());
        assert_eq!(kind, ElementKind::Primitive(value.kind()));
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        let kind = self.put_entry(at, &Held::Node(node), old.map(Held::Node).as_ref());
        self.announce(node, Node::of_element(kind));
    }

    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        let (kind, items) = self.items();
        assert_eq!(kind, ElementKind::Primitive(value.kind()));
        assert_eq!(std::mem::replace(&mut items[index], held(value)), held(old));
        assert_ne!(value, old, "item {index} did not change");
    }

    fn items(&mut self, edit: ValueEdit<'_>) {
        let (before, after) = (values(edit.before), values(edit.after));
        let (_, items) = self.items();
        assert_eq!(items[edit.from..], before);
        assert_ne!(before, after, "an edit changes something");
        items.splice(edit.from.., after);
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        let (kind, items) = self.items();
        assert_eq!(items[edit.from..], nodes(edit.before));
        assert_ne!(edit.before, edit.after, "an edit changes something");
        items.splice(edit.from.., nodes(edit.after));
        for id in edit.after.iter().filter(|id| !edit.before.contains(id)) {
            self.announce(*id, Node::of_element(kind));
        }
    }

    fn released(&mut self, node: RefId) {
        assert!(self.nodes.remove(&node).is_some(), "{node:?} is not live");
        self.released.insert(node);
    }
}
