//! What a client must see: docs/VIEWS.md, worked out from the state and the client's view.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};
use tidewire_state::{
    Enter, EntryAt, FieldIndex, NodeMembersEdit, RefEdit, RefId, Schema, StateView, Tracked,
    TypeIndex, TypeSet, Value, ValueEdit, Visibility, Visitor,
};

/// The state right after a sync: instances and collections by number, each with its places.
#[derive(Debug)]
pub(super) struct Sight {
    types: TypeSet,
    nodes: HashMap<RefId, Node>,
    /// What everyone sees.
    public: HashSet<RefId>,
}

/// The order in which the entries of maps, sets and collections came to a client, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Order(HashMap<RefId, Vec<u32>>);

/// An instance or a collection.
#[derive(Debug, Default)]
struct Node {
    /// The type of an instance.
    index: Option<TypeIndex>,
    places: Vec<(At, Held)>,
}

#[derive(Debug)]
enum At {
    Field(FieldIndex),
    Entry(u32, String),
    Item,
    /// An entry of a set or a collection of structs.
    Member(u32),
}

#[derive(Debug)]
enum Held {
    Primitive(Json),
    Node(RefId),
}

impl Sight {
    /// What there is, if clients read primitives as `primitive` says.
    pub(super) fn new<S: Schema>(state: &Tracked<S>, primitive: fn(Value<'_>) -> Json) -> Self {
        let mut recorder = Recorder { primitive, at: RefId::ROOT, nodes: HashMap::new() };
        state.visit(&mut recorder);
        let nodes = recorder.nodes;
        let this = Self { types: state.types(), nodes, public: HashSet::new() };
        let mut public = HashSet::from([RefId::ROOT]);
        let mut open = vec![RefId::ROOT];
        while let Some(id) = open.pop() {
            for (at, held) in this.node(id).map_or(&[][..], |node| &node.places) {
                if let Held::Node(below) = held
                    && this.visibility(id, at) == Visibility::Everyone
                    && public.insert(*below)
                {
                    open.push(*below);
                }
            }
        }
        Self { public, ..this }
    }

    /// What a client sees, with this view or without one. Brings its order up to date.
    pub(super) fn state(&self, view: Option<&StateView>, order: &mut Order) -> Json {
        let before = std::mem::take(order);
        Picture { sight: self, view, before, order }.node(RefId::ROOT, Shape::Object)
    }

    fn node(&self, id: RefId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// Who is told of a place.
    fn visibility(&self, holder: RefId, at: &At) -> Visibility {
        let info = self.node(holder).and_then(|node| self.types.get(node.index?));
        match (at, info) {
            (At::Field(field), Some(info)) => {
                info.get(*field).map_or(Visibility::Everyone, |field| field.visibility)
            }
            _ => Visibility::Everyone,
        }
    }
}

/// How a node is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    List,
}

/// What one client sees, while it is put together. Recurses as deep as structs lie in one another.
struct Picture<'a> {
    sight: &'a Sight,
    view: Option<&'a StateView>,
    before: Order,
    order: &'a mut Order,
}

impl<'a> Picture<'a> {
    fn node(&mut self, id: RefId, shape: Shape) -> Json {
        let sight = self.sight;
        let Some(Node { index, places }) = sight.node(id) else { return empty(shape) };
        let mut there: Vec<&(At, Held)> =
            places.iter().filter(|(at, held)| self.is_there(id, at, held)).collect();
        self.arrange(id, &mut there);
        let mut members = Map::new();
        let mut items = Vec::new();
        for (at, held) in there {
            let (name, below) = match (at, index.and_then(|index| sight.types.get(index))) {
                (At::Field(field), Some(info)) => match info.get(*field) {
                    Some(info) => (info.name.as_str(), shape_of(info.kind)),
                    None => continue,
                },
                (At::Entry(_, key), _) => (key.as_str(), Shape::Object),
                _ => ("", Shape::Object),
            };
            let value = match held {
                Held::Primitive(value) => value.clone(),
                Held::Node(below_id) => self.node(*below_id, below),
            };
            match shape {
                Shape::Object => drop(members.insert(name.to_owned(), value)),
                Shape::List => items.push(value),
            }
        }
        match shape {
            Shape::Object => Json::Object(members),
            Shape::List => Json::Array(items),
        }
    }

    /// Puts what the client had before what came to it now. Both keep their order.
    fn arrange(&mut self, id: RefId, there: &mut [&(At, Held)]) {
        // Who has no view is told of everything in order.
        if self.view.is_none() {
            return;
        }
        let number = |at: &At| match at {
            At::Entry(number, _) | At::Member(number) => Some(*number),
            At::Field(_) | At::Item => None,
        };
        if let Some(before) = self.before.0.get(&id) {
            let rank: HashMap<u32, usize> = before.iter().copied().zip(0..).collect();
            there.sort_by_key(|(at, _)| {
                number(at).and_then(|number| rank.get(&number).copied()).unwrap_or(usize::MAX)
            });
        }
        let numbers: Vec<u32> = there.iter().filter_map(|(at, _)| number(at)).collect();
        if !numbers.is_empty() {
            self.order.0.insert(id, numbers);
        }
    }

    /// Whether what is in a place is there for the client.
    fn is_there(&self, holder: RefId, at: &At, held: &Held) -> bool {
        let shows = || self.shows(holder, self.sight.visibility(holder, at));
        match held {
            Held::Primitive(_) => shows(),
            Held::Node(below) => {
                self.view.is_some_and(|view| view.shows(*below))
                    || self.sight.public.contains(below) && shows()
            }
        }
    }

    /// Whether an instance shows a field, or a collection its contents.
    fn shows(&self, holder: RefId, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Everyone | Visibility::FilterChildren | Visibility::PerPlayer => {
                self.sight.public.contains(&holder)
                    || self.view.is_some_and(|view| view.has(holder))
            }
            Visibility::View(tag) => self.view.is_some_and(|view| view.shows_tag(holder, tag)),
            // Types that are read when the program runs have no functions.
            Visibility::Filter(_) | Visibility::Custom(_) => false,
        }
    }
}

fn shape_of(kind: tidewire_state::FieldKind) -> Shape {
    use tidewire_state::FieldKind;
    match kind {
        FieldKind::Array(_) | FieldKind::Set(_) | FieldKind::Collection(_) => Shape::List,
        _ => Shape::Object,
    }
}

fn empty(shape: Shape) -> Json {
    match shape {
        Shape::Object => Json::Object(Map::new()),
        Shape::List => Json::Array(Vec::new()),
    }
}

/// Takes down all there is.
struct Recorder {
    primitive: fn(Value<'_>) -> Json,
    /// The node that events are about.
    at: RefId,
    nodes: HashMap<RefId, Node>,
}

impl Recorder {
    fn put(&mut self, at: At, held: Held) {
        self.nodes.entry(self.at).or_default().places.push((at, held));
    }

    fn primitive(&mut self, at: At, value: Value<'_>) {
        self.put(at, Held::Primitive((self.primitive)(value)));
    }
}

impl Visitor for Recorder {
    fn begin(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn enter(&mut self, node: Enter<'_>) {
        self.at = node.id;
        self.nodes.entry(node.id).or_default().index = node.index;
    }
    fn leave(&mut self) {}
    fn field(&mut self, field: FieldIndex, value: Value<'_>, _: Option<Value<'_>>) {
        self.primitive(At::Field(field), value);
    }
    fn reference(&mut self, field: FieldIndex, node: RefId, _: Option<RefId>) {
        self.put(At::Field(field), Held::Node(node));
    }
    fn unset(&mut self, _: FieldIndex) {}
    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {}
    fn entry_removed(&mut self, _: EntryAt<'_>) {}
    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, _: Option<Value<'_>>) {
        self.primitive(At::Entry(at.index, at.key.to_owned()), value);
    }
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, _: Option<RefId>) {
        self.put(At::Entry(at.index, at.key.to_owned()), Held::Node(node));
    }
    fn item(&mut self, _: usize, _: Value<'_>, _: Value<'_>) {}
    fn items(&mut self, edit: ValueEdit<'_>) {
        for index in 0..edit.after.len() {
            self.primitive(At::Item, edit.after.value(index));
        }
    }
    fn item_references(&mut self, edit: RefEdit<'_>) {
        for node in edit.after {
            self.put(At::Item, Held::Node(*node));
        }
    }
    fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        for member in edit.after {
            self.put(At::Member(member.number), Held::Node(member.node));
        }
    }
}
