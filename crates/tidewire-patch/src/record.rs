//! Writes down what changes, in a form that every codec of this crate can speak.
//!
//! A [`Change`] is a JSON patch whose path is known segment by segment, each with the node that it
//! lies in. What a change brings is not in it but in the [`Document`], which is up to date when
//! the walk is over: so a change brings all that the tick made of it, and what lies below a node
//! that a change brings is not mentioned again.

mod forward;
mod plan;
mod walk;

use std::{collections::HashSet, sync::Arc};

use indexmap::map::Entry;
use tidewire_state::{FieldIndex, RefId, Schema, Tracked, TypeIndex, TypeSet, Value as Leaf};

pub(crate) use self::forward::{refusal, views, visitor};
use self::plan::{Plan, Step};
use crate::{
    document::{Document, Entries, Kept, Node, Slot},
    notepack::{Text, Value},
    patch::{Op, push_segment},
    refusal::{PROTO, Refusal, refused_field},
};

/// The number of an entered node among those of the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(usize);

/// The last part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Field(TypeIndex, FieldIndex),
    Key(Text),
    Index(usize),
}

/// A segment of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathStep {
    /// The node in which it lies.
    pub(crate) around: RefId,
    segment: Where,
}

/// Where a segment is written down.
#[derive(Clone, Copy, Debug)]
enum Where {
    /// It leads to an entered node.
    Visited(At),
    /// It is the last one of the change with this number.
    Change(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) op: Op,
    /// The node in which the last segment lies.
    pub(crate) container: At,
    pub(crate) segment: Segment,
    /// What is there now, unless it is removed.
    pub(crate) value: Option<Slot>,
    /// What was there, of what is replaced or removed, where that is wanted.
    pub(crate) old: Option<Kept>,
}

/// How arrays of structs are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrays {
    /// What lies behind an item that goes or comes moves.
    Shifting,
    /// Items go and come at the end only.
    InPlace,
}

/// What a walk found, and what clients hold now.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    pub(crate) types: Arc<TypeSet>,
    pub(crate) document: Document,
    pub(crate) changes: Vec<Change>,
    /// The nodes that left.
    pub(crate) released: Vec<RefId>,
    arrays: Arrays,
    reversible: bool,
    /// Whether clients tell -0 from 0.
    signed_zeros: bool,
    ticks: u64,
    /// The nodes that were entered, and how they hang together.
    visited: Vec<Visited>,
    /// The nodes that were entered and not left.
    stack: Vec<Frame>,
    /// Nodes that clients know and that a change brings again.
    renewed: HashSet<RefId>,
    /// Whether some field is one that clients are not told of.
    has_refused_fields: bool,
    /// The first thing that clients were not told of.
    refused: Option<Refusal>,
}

#[derive(Clone, Debug)]
struct Visited {
    id: RefId,
    /// The node around it, and where it lies there; nothing for the root.
    place: Option<(At, Segment)>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    id: RefId,
    /// Nothing where all that is found is part of what a change brings.
    at: Option<At>,
}

/// For how many changes there is room from the start.
const FEW: usize = 4;

impl Recorder {
    /// # Panics
    ///
    /// If `state` was synced: what its clients hold cannot be found out.
    pub(crate) fn new<S: Schema>(state: &Tracked<S>, arrays: Arrays, reversible: bool) -> Self {
        assert!(
            state.ticks() == 0,
            "the state was synced {} times already: make all its encoders before its first sync",
            state.ticks(),
        );
        Self::empty(Arc::new(state.types()), arrays, reversible)
    }

    /// One that will hear of a walk only what it is told, and was told nothing.
    pub(crate) fn of_types(types: Arc<TypeSet>, arrays: Arrays) -> Self {
        Self::empty(types, arrays, false)
    }

    /// One that was told nothing, of the same types and for the same codec.
    pub(crate) fn another(&self) -> Self {
        let another = Self::empty(Arc::clone(&self.types), self.arrays, self.reversible);
        Self { signed_zeros: self.signed_zeros, ..another }
    }

    /// This one, for clients that tell -0 from 0. MessagePack has no -0.
    pub(crate) fn with_signed_zeros(self) -> Self {
        Self { signed_zeros: true, ..self }
    }

    fn empty(types: Arc<TypeSet>, arrays: Arrays, reversible: bool) -> Self {
        Self {
            has_refused_fields: refused_field(&types).is_some(),
            refused: None,
            types,
            document: Document::default(),
            changes: Vec::with_capacity(FEW),
            released: Vec::new(),
            arrays,
            reversible,
            signed_zeros: false,
            ticks: 0,
            visited: Vec::with_capacity(FEW),
            stack: Vec::with_capacity(FEW),
            renewed: HashSet::new(),
        }
    }

    /// # Panics
    ///
    /// If there was no walk yet.
    pub(crate) fn check_synced(&self) {
        assert!(self.ticks > 0, "no patch was encoded yet: call `patch` before `snapshot`");
    }

    /// Whether the last walk was the first one, which finds all there is.
    pub(crate) fn is_first(&self) -> bool {
        self.ticks == 1
    }

    pub(crate) fn set_reversible(&mut self) {
        self.reversible = true;
    }

    /// How many walks there were.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Whether changes say what was there before.
    pub(crate) fn is_reversible(&self) -> bool {
        self.reversible
    }

    /// All segments of the change with this number, into a list that is used again.
    pub(crate) fn path_of(&self, change: usize, path: &mut Vec<PathStep>) {
        path.clear();
        let mut at = self.changes[change].container;
        path.push(PathStep { around: self.id(at), segment: Where::Change(change) });
        while let Some((around, _)) = self.place(at) {
            path.push(PathStep { around: self.id(around), segment: Where::Visited(at) });
            at = around;
        }
        path.reverse();
    }

    /// A segment of a path.
    pub(crate) fn segment(&self, step: PathStep) -> &Segment {
        match step.segment {
            Where::Change(change) => &self.changes[change].segment,
            Where::Visited(at) => {
                let (_, segment) = self.place(at).expect("the root is no step of a path");
                segment
            }
        }
    }

    pub(crate) fn id(&self, at: At) -> RefId {
        self.visited[at.0].id
    }

    /// Where a node lies that was entered.
    pub(crate) fn place(&self, at: At) -> Option<(At, &Segment)> {
        self.visited[at.0].place.as_ref().map(|(around, segment)| (*around, segment))
    }

    /// A segment in a text.
    pub(crate) fn name<'a>(&'a self, segment: &'a Segment) -> std::borrow::Cow<'a, str> {
        match segment {
            Segment::Field(of, field) => {
                self.types[*of].fields[usize::from(field.0)].name.as_str().into()
            }
            Segment::Key(key) => key.as_str().into(),
            Segment::Index(index) => index.to_string().into(),
        }
    }

    #[inline]
    fn frame(&self) -> Frame {
        *self.stack.last().expect("every event of a walk is about a node that was entered")
    }

    #[inline(always)]
    fn note(&mut self, op: Op, segment: Segment, value: Option<Slot>, old: Option<Kept>) {
        if let Some(container) = self.frame().at {
            self.changes.push(Change { op, container, segment, value, old });
        }
    }

    /// What is in a place, if somebody will want to know.
    fn keep(&self, slot: &Slot) -> Option<Kept> {
        (self.reversible && self.frame().at.is_some()).then(|| self.document.keep(slot))
    }

    /// Treats the node, which clients know, as new: one change brings it again.
    fn renew(&mut self, old: Option<Kept>) {
        let Frame { id, at } = self.frame();
        let Some((container, segment)) = at.and_then(|at| self.place(at)) else { return };
        let (segment, value) = (segment.clone(), Some(Slot::Node(id)));
        self.changes.push(Change { op: Op::Replace, container, segment, value, old });
        if let Some(frame) = self.stack.last_mut() {
            frame.at = None;
        }
    }

    /// The first thing that clients were not told of.
    pub(crate) fn refused(&self) -> Option<&Refusal> {
        self.refused.as_ref()
    }

    /// Whether clients are not told of a member, which is then noted.
    fn refuses(&mut self, name: &str) -> bool {
        if name == PROTO && self.refused.is_none() {
            let path = self.open_path() + "/" + PROTO;
            self.refused = Some(Refusal::Key { path });
        }
        name == PROTO
    }

    /// Whether clients are told of no node in the one that events are about, which is then noted.
    fn refuses_nodes(&mut self) -> bool {
        let refuses = self.is_deep();
        if refuses && self.refused.is_none() {
            self.refused = Some(tidewire_state::Refusal::TooDeep.into());
        }
        refuses
    }

    /// Whether a node in the one that events are about lies too deep.
    fn is_deep(&self) -> bool {
        self.stack.len() >= tidewire_state::Refusal::MAX_DEPTH
    }

    /// The way to the node that events are about. Looked for, since hardly anybody wants to know.
    fn open_path(&self) -> String {
        let mut path = String::new();
        for pair in self.stack.windows(2) {
            let [around, below] = [pair[0].id, pair[1].id];
            let segment = self.document.segment_of(&self.types, around, below);
            push_segment(&mut path, segment.as_deref().unwrap_or(PROTO));
        }
        path
    }

    fn put_field(&mut self, field: FieldIndex, slot: Option<Slot>) {
        let Frame { id, at } = self.frame();
        let Node::Struct(of, run) = *self.document.node(id) else {
            unreachable!("only structs have fields");
        };
        if self.has_refused_fields {
            let types = Arc::clone(&self.types);
            if self.refuses(&types[of].fields[usize::from(field.0)].name) {
                return;
            }
        }
        if matches!(slot, Some(Slot::Node(_))) && self.refuses_nodes() {
            return;
        }
        let place = self.document.field_mut(run, field);
        if at.is_none() {
            // Nobody asks what was there.
            *place = slot;
            return;
        }
        let segment = Segment::Field(of, field);
        let before = std::mem::replace(place, slot.clone());
        self.put(segment, before.as_ref(), slot);
    }

    fn put_entry(&mut self, key: &str, slot: Slot) {
        if self.refuses(key) || (matches!(slot, Slot::Node(_)) && self.refuses_nodes()) {
            return;
        }
        let Frame { id, at } = self.frame();
        let before = match self.entries(id).entry(key.into()) {
            Entry::Occupied(mut place) if at.is_none() => {
                place.insert(slot);
                return;
            }
            Entry::Vacant(place) if at.is_none() => {
                place.insert(slot);
                return;
            }
            Entry::Occupied(mut place) => Some(place.insert(slot.clone())),
            Entry::Vacant(place) => {
                place.insert(slot.clone());
                None
            }
        };
        let segment = Segment::Key(key.into());
        match before {
            None => self.note(Op::Add, segment, Some(slot), None),
            before => self.put(segment, before.as_ref(), Some(slot)),
        }
    }

    fn take_entry(&mut self, key: &str) {
        if self.refuses(key) {
            return;
        }
        let Frame { id, at } = self.frame();
        let before = self.entries(id).swap_remove(key);
        if at.is_some()
            && let Some(before) = before
        {
            let old = self.keep(&before);
            self.note(Op::Remove, Segment::Key(key.into()), None, old);
        }
    }

    fn entries(&mut self, map: RefId) -> &mut Entries {
        match self.document.node_mut(map) {
            Node::Map(entries) => entries,
            node => unreachable!("{node:?} has no entries"),
        }
    }

    /// A primitive, as clients hold it.
    fn leaf(&self, value: Leaf<'_>) -> Slot {
        Slot::Leaf(match value.into() {
            Value::Double(0.0) if !self.signed_zeros => Value::Double(0.0),
            value => value,
        })
    }

    #[inline(always)]
    fn put(&mut self, segment: Segment, before: Option<&Slot>, after: Option<Slot>) {
        let op = match (before, &after) {
            (None, Some(_)) => Op::Add,
            (Some(_), None) => Op::Remove,
            (Some(before), Some(after)) if before != after => Op::Replace,
            // Another node that does not show either; Mosx's clients are told.
            (Some(_), Some(Slot::Leaf(Value::Undefined))) => Op::Replace,
            _ => return,
        };
        let old = before.and_then(|before| self.keep(before));
        self.note(op, segment, after, old);
    }

    fn array(&mut self) -> &mut Vec<Slot> {
        let id = self.frame().id;
        match self.document.node_mut(id) {
            Node::Array(items) => items,
            node => unreachable!("{node:?} has no items"),
        }
    }

    /// An array has other items from `from` on.
    fn put_items(&mut self, from: usize, after: Vec<Slot>, plan: Plan) {
        match plan {
            _ if self.frame().at.is_none() => {}
            Plan::Rewrite => {
                let old = self.keep(&Slot::Node(self.frame().id));
                self.renew(old);
            }
            Plan::Steps(steps) => self.note_steps(from, &after, &steps),
        }
        let items = self.array();
        items.truncate(from);
        items.extend(after);
    }

    fn note_steps(&mut self, from: usize, after: &[Slot], steps: &[Step]) {
        // The list under work, for what was there.
        let mut now = if self.reversible { self.array().clone() } else { Vec::new() };
        for step in steps {
            let (op, at, to) = match *step {
                Step::Replace(at, to) => (Op::Replace, from + at, Some(to)),
                Step::Remove(at) => (Op::Remove, from + at, None),
                Step::Add(at, to) => (Op::Add, from + at, Some(to)),
            };
            let value = to.map(|to| after[to].clone());
            if let Some(Slot::Node(id)) = value {
                self.renewed.insert(id);
            }
            let mut old = None;
            if self.reversible {
                match (op, value.clone()) {
                    (Op::Remove, _) | (_, None) => old = Some(now.remove(at)),
                    (Op::Add, Some(slot)) => now.insert(at, slot),
                    (Op::Replace, Some(slot)) => old = Some(std::mem::replace(&mut now[at], slot)),
                }
            }
            let old = old.map(|old| self.document.keep(&old));
            self.note(op, Segment::Index(at), value, old);
        }
    }
}
