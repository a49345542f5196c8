//! The state as clients hold it, kept up to date by the walk.
//!
//! The walk tells what was edited; this protocol sets arrays and atomic values whole and compares
//! everything else with what clients hold. So a copy of the state is kept, as a [`Tree`]. A node
//! that the walk enters is taken out of the copy, changed and put back; what became of it is known
//! when it is left.

use std::{collections::HashMap, mem, sync::Arc};

use thiserror::Error;
use tidewire_state::{
    Enter, EntryAt, FieldIndex, FieldInfo, FieldKind, Introduced, Look, NodeMembersEdit, Place,
    RefEdit, RefId, Refusal, Schema, Tracked, TypeIndex, TypeSet, Unfold, Value, ValueEdit, ViewId,
    Visibility, Visitor,
};

use crate::{
    changes::{Change, Changes, compare},
    own::Marks,
    paths::PathTable,
    tree::{Members, Tree},
    update::{PROTO, Patch, Update, UpdateKind, collect, first_sync},
};

/// What clients of a state hold, and what the last tick changed of it.
///
/// One serves all encodings and clients of the state.
///
/// ```
/// use tidewire_opcode::{Encoder, Encoding, StateTree};
/// use tidewire_state::{MapSchema, Schema, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena { score: u32, names: MapSchema<String> }
///
/// let mut arena = Tracked::new(Arena::default());
/// let mut tree = StateTree::new(&arena);
/// arena.sync(&mut tree);
/// arena.names.insert("7", "ada".into());
/// arena.sync(&mut tree);
/// let mut encoder = Encoder::new(Encoding::OpcodeJson.original());
/// assert_eq!(encoder.encode(&tree.update()), br#"[2,[2270677466,[0,"7"],1,"ada"]]"#);
/// assert_eq!(
///     encoder.encode(&tree.first_sync()),
///     br#"[1,[1574939056,null,1,{"7":"ada"}],[653805326,null,1,0]]"#,
/// );
/// ```
#[derive(Debug)]
pub struct StateTree {
    types: Arc<TypeSet>,
    /// The names of all fields, by type.
    names: Arc<Vec<Vec<Arc<str>>>>,
    paths: Arc<PathTable>,
    unfold: Option<Box<Unfold<Self>>>,
    /// Where something happened that is not for everyone.
    marks: Option<Box<Marks>>,
    root: Tree,
    changes: Changes,
    /// The nodes that were entered and not left.
    open: Vec<Open>,
    /// Where the key stands that is never written.
    refused: Option<RefusedKey>,
    /// How often the state had been synced when this last knew all about it.
    ticks: u64,
}

/// The state has the key `__proto__`, at which JavaScript clients fail: no client is told of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "clients are not told of the key \"__proto__\" at {path}, which JavaScript cannot read: use another key"
)]
pub struct RefusedKey {
    /// The way from the root to what has the key.
    pub path: String,
}

/// A node under way.
#[derive(Debug)]
struct Open {
    key: Key,
    shape: Shape,
    tree: Tree,
    mode: Mode,
}

#[derive(Debug)]
enum Key {
    Root,
    Name(Arc<str>),
    Index(usize),
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Struct(TypeIndex),
    Map,
    Array,
}

/// How it is found out what became of a node.
#[derive(Debug)]
enum Mode {
    /// Its changes are noted one by one. `removed` is what was taken out and may come back.
    Noted { changes: Changes, removed: Members },
    /// It is compared with what clients hold, if they hold anything.
    Compared(Option<Tree>),
    /// With the node around it.
    Enclosed,
}

impl StateTree {
    /// Follows `state`, which may hold anything already but must not have been synced.
    ///
    /// # Panics
    ///
    /// If the state was synced before: what it held then is not told again.
    pub fn new<S: Schema>(state: &Tracked<S>) -> Self {
        assert!(state.ticks() == 0, "the state was synced before: follow it from the start");
        let types = Arc::new(state.types());
        let names = |fields: &[FieldInfo]| {
            fields.iter().map(|field| Arc::from(field.name.as_str())).collect()
        };
        let names: Vec<Vec<Arc<str>>> =
            types.types.iter().map(|info| names(&info.fields)).collect();
        let names = Arc::new(names);
        let paths = Arc::new(PathTable::new(&types));
        let marks = Marks::of(&types);
        Self { unfold: Unfold::of(state), marks, ..Self::of(types, names, paths) }
    }

    fn of(types: Arc<TypeSet>, names: Arc<Vec<Vec<Arc<str>>>>, paths: Arc<PathTable>) -> Self {
        Self {
            types,
            names,
            paths,
            unfold: None,
            marks: None,
            root: Tree::Object(Members::new()),
            changes: Changes::new(),
            open: Vec::new(),
            refused: None,
            ticks: 0,
        }
    }

    /// The patterns of all places of the state.
    pub fn paths(&self) -> &Arc<PathTable> {
        &self.paths
    }

    /// The whole state as clients hold it after the last sync.
    pub fn root(&self) -> &Tree {
        &self.root
    }

    /// Whether clients are told of everything.
    ///
    /// # Errors
    ///
    /// If the state has, or had, a key that no client is told of: the first one that was seen.
    pub fn check(&self) -> Result<(), RefusedKey> {
        self.refused.clone().map_or(Ok(()), Err)?;
        self.marks().map_or(Ok(()), Marks::check)
    }

    /// What the last sync changed, place by place.
    pub fn update(&self) -> Update<'_> {
        self.update_with(|_, _| false)
    }

    /// What the last sync changed. Where several patches are for members of one struct below the
    /// root, `whole` decides whether one patch that sets all of it is sent in their place.
    pub fn update_with(&self, whole: impl Fn(&[Patch<'_>], &Patch<'_>) -> bool) -> Update<'_> {
        let mut patches = collect(&self.paths, &self.root, &self.changes, &whole);
        patches.sort_by(|a, b| a.path.compare(&b.path));
        Update { kind: UpdateKind::Diff, patches }
    }

    /// All there is, for a client that has nothing: one patch for each field of the root.
    ///
    /// Belongs right after a sync: send the others its update first.
    pub fn first_sync(&self) -> Update<'_> {
        let patches = first_sync(&self.paths, &self.root);
        Update { kind: UpdateKind::FirstSync, patches }
    }

    /// What those with this view hold, and what the last sync changed of it: this tree, where everyone sees
    /// the same. Worked out once a sync, however often it is asked for.
    ///
    /// What an [`Encoder`](crate::Encoder) writes depends on what it wrote before: a view needs one of its
    /// own.
    pub fn seen_by<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &Self {
        let Some(mut unfold) = self.unfold.take() else { return self };
        unfold.view(state, view, || {
            let (types, names) = (Arc::clone(&self.types), Arc::clone(&self.names));
            Self::of(types, names, Arc::clone(&self.paths))
        });
        let unfold = self.unfold.insert(unfold);
        unfold.codec(view).expect("it was made if it was not there")
    }

    /// Forgets what those with a view hold. Call it when the last of them is gone; a view that takes its
    /// number may have other clients.
    pub fn forget_view(&mut self, view: ViewId) {
        if let Some(unfold) = &mut self.unfold {
            unfold.forget(view);
        }
    }

    /// Why the last update leaves out something that would be there, for everyone or for those with a
    /// view: by path, what leads to itself has no end.
    pub fn refusal(&self, view: Option<ViewId>) -> Option<Refusal> {
        self.unfold.as_ref().and_then(|unfold| unfold.refusal(view))
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    pub(crate) fn types(&self) -> &TypeSet {
        &self.types
    }

    /// The names of all fields, by type.
    pub(crate) fn names(&self) -> &[Vec<Arc<str>>] {
        &self.names
    }

    pub(crate) fn marks(&self) -> Option<&Marks> {
        self.marks.as_deref()
    }

    /// The nodes of the state, if it takes more than the walk to know what clients hold.
    pub(crate) fn look(&self) -> Option<Look<'_>> {
        self.unfold.as_ref().map(|unfold| unfold.look())
    }

    fn node(&mut self) -> &mut Open {
        self.open.last_mut().expect("every event of a walk is about a node that was entered")
    }

    /// Remembers where the first key is that is not written.
    fn look_at(&mut self, key: &str) {
        if key == PROTO && self.refused.is_none() {
            let steps = self.open.iter().map(|open| match &open.key {
                Key::Root => String::new(),
                Key::Name(name) => format!("/{name}"),
                Key::Index(index) => format!("/{index}"),
            });
            self.refused = Some(RefusedKey { path: steps.collect::<String>() + "/" });
        }
    }

    fn field_name(&self, field: FieldIndex) -> Arc<str> {
        let Some(Open { shape: Shape::Struct(index), .. }) = self.open.last() else {
            unreachable!("only structs have fields");
        };
        Arc::clone(&self.names[index.0 as usize][usize::from(field.0)])
    }

    fn shape(&self, node: Enter<'_>) -> Shape {
        if let Some(index) = node.index {
            return Shape::Struct(index);
        }
        match (self.open.last().map(|around| around.shape), node.place) {
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

    /// A node of which nothing is known yet. Absent fields are null, and no event tells of them. Those
    /// that not everyone is told of are not even that.
    fn empty(&self, shape: Shape) -> Tree {
        match shape {
            Shape::Array => Tree::Array(Vec::new()),
            Shape::Map => Tree::Object(Members::new()),
            Shape::Struct(index) => {
                let fields =
                    std::iter::zip(&self.types[index].fields, &self.names[index.0 as usize]);
                let optional = fields.filter(|(field, _)| is_null(field));
                Tree::object(optional.map(|(_, name)| (Arc::clone(name), Tree::Null)))
            }
        }
    }

    /// Takes what clients hold at a place out of the node around it.
    fn take(&mut self, key: &Key) -> Option<Tree> {
        match (key, self.open.last_mut()) {
            (Key::Root, _) => Some(mem::take(&mut self.root)),
            (Key::Name(name), Some(parent)) => parent.take_member(name),
            (Key::Index(index), Some(Open { tree: Tree::Array(items), .. })) => {
                items.get_mut(*index).map(mem::take)
            }
            _ => None,
        }
    }
}

impl Open {
    fn take_member(&mut self, name: &str) -> Option<Tree> {
        let Tree::Object(members) = &mut self.tree else { return None };
        match members.get_mut(name) {
            Some(value) => Some(mem::take(value)),
            None => match &mut self.mode {
                Mode::Noted { removed, .. } => removed.remove(name),
                _ => None,
            },
        }
    }

    /// A member has this value now.
    fn put(&mut self, name: &Arc<str>, value: Tree) {
        let change = match self.mode {
            Mode::Noted { .. } => {
                let old = self.take_member(name);
                Some(compare(old.as_ref(), &value))
            }
            _ => None,
        };
        self.put_member(name, value);
        if let Some(change) = change {
            self.note(name, change);
        }
    }

    /// A member is there no more.
    fn cut(&mut self, name: &str) {
        let Tree::Object(members) = &mut self.tree else { return };
        let Some((key, value)) = members.remove_entry(name) else { return };
        if let Mode::Noted { changes, removed } = &mut self.mode {
            changes.insert(Arc::clone(&key), Change::Removed);
            removed.insert(key, value);
        }
    }

    fn put_member(&mut self, name: &Arc<str>, value: Tree) {
        let Tree::Object(members) = &mut self.tree else { return };
        match members.get_mut(name) {
            Some(place) => *place = value,
            None => drop(members.insert(Arc::clone(name), value)),
        }
    }

    fn note(&mut self, name: &Arc<str>, change: Option<Change>) {
        if let Mode::Noted { changes, .. } = &mut self.mode {
            match change {
                Some(change) => drop(changes.insert(Arc::clone(name), change)),
                None => drop(changes.remove(name)),
            }
        }
    }

    fn items(&mut self) -> &mut Vec<Tree> {
        match &mut self.tree {
            Tree::Array(items) => items,
            tree => unreachable!("an event of an array for {tree:?}"),
        }
    }
}

/// Hands an event to what follows the walk in the place of the tree, if something does.
macro_rules! followed {
    ($self:ident.$name:ident($($arg:ident),*)) => {
        if let Some(unfold) = &mut $self.unfold {
            if let Some(marks) = &mut $self.marks {
                marks.$name($($arg),*);
            }
            return unfold.follow().$name($($arg),*);
        }
    };
}

impl Visitor for StateTree {
    fn begin(&mut self, tick: u64) {
        followed!(self.begin(tick));
        assert!(
            self.ticks == tick,
            "the state was synced {tick} times, but this tree knows of {}: give all codecs of a \
             state to one `sync`, as in `state.sync(&mut [&mut a, &mut b][..])`",
            self.ticks,
        );
        self.changes.clear();
    }

    fn end(&mut self) {
        if let Some(mut unfold) = self.unfold.take() {
            unfold.follow().end();
            unfold.tell_everyone(self);
            self.unfold = Some(unfold);
            return;
        }
        self.ticks += 1;
    }

    fn enter(&mut self, node: Enter<'_>) {
        followed!(self.enter(node));
        let shape = self.shape(node);
        let key = match node.place {
            Place::Root => Key::Root,
            Place::Field(field) => Key::Name(self.field_name(field)),
            Place::Entry(at) => {
                self.look_at(at.key);
                Key::Name(at.key.into())
            }
            Place::Item(index) => Key::Index(index),
            place => unreachable!("no node of this codec lies at {place:?}"),
        };
        let enclosed =
            self.open.last().is_some_and(|parent| !matches!(parent.mode, Mode::Noted { .. }));
        let held = self.take(&key);
        let (tree, mode) = match held {
            Some(tree) if !node.fresh => {
                let mode = if enclosed {
                    Mode::Enclosed
                } else if matches!(shape, Shape::Array) || tree.is_atomic() {
                    Mode::Compared(Some(tree.clone()))
                } else {
                    Mode::Noted { changes: Changes::new(), removed: Members::new() }
                };
                (tree, mode)
            }
            held => {
                let mode = if enclosed { Mode::Enclosed } else { Mode::Compared(held) };
                (self.empty(shape), mode)
            }
        };
        self.open.push(Open { key, shape, tree, mode });
    }

    fn leave(&mut self) {
        followed!(self.leave());
        let Some(Open { key, tree, mode, .. }) = self.open.pop() else { return };
        let change = match mode {
            Mode::Noted { changes, .. } => (!changes.is_empty()).then_some(Change::Below(changes)),
            Mode::Compared(before) => compare(before.as_ref(), &tree),
            Mode::Enclosed => None,
        };
        match (key, self.open.last_mut()) {
            (Key::Root, _) => {
                self.root = tree;
                if let Some(Change::Below(changes)) = change {
                    self.changes = changes;
                }
            }
            (Key::Name(name), Some(parent)) => {
                parent.put_member(&name, tree);
                parent.note(&name, change);
            }
            (Key::Index(index), Some(parent)) => parent.items()[index] = tree,
            (key, None) => unreachable!("nothing is around {key:?}"),
        }
    }

    fn field(&mut self, field: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        followed!(self.field(field, value, old));
        let name = self.field_name(field);
        self.node().put(&name, value.into());
    }

    /// The node is entered later in the walk, and compared with what stands here.
    fn reference(&mut self, field: FieldIndex, node: RefId, old: Option<RefId>) {
        followed!(self.reference(field, node, old));
    }

    /// What is never absent is hidden.
    fn unset(&mut self, field: FieldIndex) {
        followed!(self.unset(field));
        let name = self.field_name(field);
        let Some(Open { shape: Shape::Struct(index), .. }) = self.open.last() else { return };
        if is_null(&self.types[*index].fields[usize::from(field.0)]) {
            self.node().put(&name, Tree::Null);
        } else {
            self.node().cut(&name);
        }
    }

    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        followed!(self.entries_reset(live));
        let node = self.node();
        let before = mem::replace(&mut node.tree, Tree::Object(Members::new()));
        if matches!(node.mode, Mode::Noted { .. }) {
            node.mode = Mode::Compared(Some(before));
        }
    }

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        followed!(self.entry_removed(at));
        self.node().cut(at.key);
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        followed!(self.entry(at, value, old));
        self.look_at(at.key);
        self.node().put(&at.key.into(), value.into());
    }

    /// The node is entered later in the walk, and compared with what stands or stood here.
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        followed!(self.entry_reference(at, node, old));
    }

    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        followed!(self.item(index, value, old));
        self.node().items()[index] = value.into();
    }

    fn items(&mut self, edit: ValueEdit<'_>) {
        followed!(self.items(edit));
        let items = self.node().items();
        items.truncate(edit.from);
        items.extend((0..edit.after.len()).map(|at| Tree::from(edit.after.value(at))));
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        followed!(self.item_references(edit));
        let items = self.node().items();
        let moved = items.split_off(edit.from.min(items.len()));
        let mut held: HashMap<RefId, Tree> =
            std::iter::zip(edit.before.iter().copied(), moved).collect();
        // What is new is entered later.
        items.extend(edit.after.iter().map(|node| held.remove(node).unwrap_or_default()));
    }

    fn introduce(&mut self, node: Introduced) {
        followed!(self.introduce(node));
    }

    fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        followed!(self.node_members(edit));
    }

    fn renumbered(&mut self, from: RefId, to: RefId) {
        followed!(self.renumbered(from, to));
    }

    fn released(&mut self, node: RefId) {
        followed!(self.released(node));
    }
}

/// Whether a field is null where nothing is in it.
pub(crate) fn is_null(field: &FieldInfo) -> bool {
    field.optional && field.visibility == Visibility::Everyone
}
