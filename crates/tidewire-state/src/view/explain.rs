//! What the client of a view sees, and why, for people.

use std::{collections::HashMap, fmt};

use super::{Held, StateView, ViewId};
use crate::{
    schema::Schema,
    tracker::Tracked,
    types::{FieldIndex, TypeIndex, TypeSet, Visibility},
    value::Value,
    visitor::{Enter, EntryAt, NodeMembersEdit, Place, RefEdit, RefId, ValueEdit, Visitor},
};

/// What the client of a view sees beside what is public, and why. As of the last sync; made for
/// people, by its `Display`: a node a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Whose view it is.
    pub name: String,
    /// How many nodes are public, and shown without a view.
    pub public: usize,
    /// How many nodes are neither public nor shown.
    pub unseen: usize,
    /// The nodes that the view shows, or shows more of, in the order of the state.
    pub nodes: Vec<Explained>,
}

/// One node that a view shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// One of the ways to it from the root: names of fields, keys and indexes.
    pub path: Vec<String>,
    /// Whether everyone is told of it.
    pub is_public: bool,
    /// What it was added for. If it was not, it is there as the way to something that was.
    pub held: Option<Held>,
    /// Whether a filter let it through.
    pub is_through: bool,
    /// Whether what comes to this collection is added.
    pub is_subscribed: bool,
    /// Whether a filter says who sees which entries of this collection.
    pub is_filtered: bool,
    /// Marked fields that show; of a collection with filtered entries the keys, or the positions, that do.
    pub shows: Vec<String>,
    /// Marked fields that do not, and whose tag was not given; or the other entries.
    pub hides: Vec<String>,
}

impl<S: Schema> Tracked<S> {
    /// What the client of a view sees, and why: for logs and debuggers, since it looks at the whole
    /// state. Nothing if there is no such view.
    pub fn view_explain(&self, view: ViewId) -> Option<Explanation> {
        let mut explainer = Explainer {
            view: self.view(view)?,
            id: view,
            is_subscribed: &|node| self.views().is_subscribed(view, node),
            types: self.types(),
            paths: HashMap::from([(RefId::ROOT, Vec::new())]),
            around: Vec::new(),
            public: 0,
            unseen: 0,
            nodes: Vec::new(),
            filtered: None,
        };
        self.visit(&mut explainer);
        let Explainer { view, public, unseen, nodes, .. } = explainer;
        Some(Explanation { name: view.name().to_owned(), public, unseen, nodes })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, public, unseen, nodes } = self;
        let added = nodes.iter().filter(|node| node.held.is_some()).count();
        write!(f, "view {name:?}: {added} added, {public} public, {unseen} unseen")?;
        nodes.iter().try_for_each(|node| write!(f, "\n  {node}"))
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}: ", self.path.join("/"))?;
        if self.is_public {
            f.write_str("public, ")?;
        }
        let is_sifted_alone = self.is_public && self.is_filtered && self.held.is_none();
        match self.held {
            None if self.is_through => f.write_str("let through")?,
            None if is_sifted_alone => f.write_str("filtered entries")?,
            None if self.is_public && !self.shows.is_empty() => f.write_str("filtered")?,
            None => f.write_str("the way to what was added")?,
            Some(Held { untagged: true, bits: 0 }) => f.write_str("added")?,
            Some(Held { untagged: true, bits }) => {
                write!(f, "added without a tag and with {bits:#b}")?;
            }
            Some(Held { bits, .. }) => write!(f, "added with tags {bits:#b}")?,
        }
        if self.is_filtered && !is_sifted_alone {
            f.write_str(", filtered entries")?;
        }
        if self.is_subscribed {
            f.write_str(", subscribed")?;
        }
        for (what, fields) in [("shows", &self.shows), ("hides", &self.hides)] {
            if !fields.is_empty() {
                write!(f, "; {what} {}", fields.join(", "))?;
            }
        }
        Ok(())
    }
}

struct Explainer<'a> {
    view: &'a StateView,
    id: ViewId,
    is_subscribed: &'a dyn Fn(RefId) -> bool,
    types: TypeSet,
    paths: HashMap<RefId, Vec<String>>,
    /// The nodes from the root to the one at hand.
    around: Vec<(RefId, Option<TypeIndex>)>,
    public: usize,
    unseen: usize,
    nodes: Vec<Explained>,
    /// Which of them is the one at hand, if filters say who sees its entries.
    filtered: Option<usize>,
}

impl fmt::Debug for Explainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explainer").field("view", &self.id).finish_non_exhaustive()
    }
}

impl Explainer<'_> {
    /// A place of the node at hand leads to another.
    fn leads(&mut self, step: impl fmt::Display, node: RefId) {
        if let Some((at, _)) = self.around.last()
            && let Some(path) = self.paths.get(at)
            && !self.paths.contains_key(&node)
        {
            let mut path = path.clone();
            path.push(step.to_string());
            self.paths.insert(node, path);
        }
    }

    /// An entry of the collection at hand, with the node that is in it, if it is one.
    fn sift(&mut self, entry: u32, name: impl fmt::Display, child: Option<RefId>) {
        let Some(explained) = self.filtered.and_then(|at| self.nodes.get_mut(at)) else { return };
        let Some((at, _)) = self.around.last() else { return };
        let is_shown = child.is_some_and(|child| self.view.shows(child));
        let passes = is_shown || self.view.passes(*at, entry);
        let list = if passes { &mut explained.shows } else { &mut explained.hides };
        list.push(name.to_string());
    }

    /// As [`sift`](Self::sift), of all entries by their positions.
    fn sift_all(&mut self, children: impl Iterator<Item = Option<RefId>>) {
        for (at, child) in (0..).zip(children) {
            self.sift(at, at, child);
        }
    }

    fn field_name(&self, field: FieldIndex) -> String {
        let index = self.around.last().and_then(|(_, index)| *index);
        let info = index.and_then(|index| self.types.get(index)?.get(field));
        info.map_or_else(|| field.0.to_string(), |info| info.name.clone())
    }

    fn explain(&mut self, node: Enter<'_>) {
        let held = self.view.held(node.id);
        let shown = self.view.sight(node.id, node.hidden);
        let mut customs = self.view.customs(node.id, node.hidden);
        let is_let = self.view.granted().has(node.id.0) || customs.next().is_some();
        let is_filtered = node.filtered && shown.is_some();
        if held.is_none() && !is_let && !is_filtered && !self.view.shows(node.id) {
            let count = if node.hidden { &mut self.unseen } else { &mut self.public };
            *count += 1;
            return;
        }
        self.public += usize::from(!node.hidden);
        let (mut shows, mut hides) = (Vec::new(), Vec::new());
        let fields = node.index.and_then(|index| self.types.get(index));
        for field in fields.into_iter().flat_map(|info| &info.fields) {
            let is_shown = match field.visibility {
                Visibility::Everyone => continue,
                visibility if visibility.is_sifted() => continue,
                Visibility::Custom(field) => {
                    self.view.custom(node.id, node.hidden, field).is_some()
                }
                visibility => shown.is_some_and(|shown| shown.shows(visibility)),
            };
            let list = if is_shown { &mut shows } else { &mut hides };
            list.push(field.name.clone());
        }
        self.filtered = is_filtered.then_some(self.nodes.len());
        self.nodes.push(Explained {
            path: self.paths.get(&node.id).cloned().unwrap_or_default(),
            is_public: !node.hidden,
            held,
            is_through: shown.is_some_and(|shown| shown.through),
            is_subscribed: (self.is_subscribed)(node.id),
            is_filtered,
            shows,
            hides,
        });
    }
}

impl Visitor for Explainer<'_> {
    fn begin(&mut self, _: u64) {}

    fn end(&mut self) {}

    fn enter(&mut self, node: Enter<'_>) {
        // Of a collection no reference was told.
        if let Place::Field(field) = node.place
            && node.index.is_none()
        {
            let name = self.field_name(field);
            self.leads(name, node.id);
        }
        self.around.push((node.id, node.index));
        self.filtered = None;
        self.explain(node);
    }

    fn leave(&mut self) {
        self.filtered = None;
        self.around.pop();
    }

    fn field(&mut self, _: FieldIndex, _: Value<'_>, _: Option<Value<'_>>) {}

    fn reference(&mut self, field: FieldIndex, node: RefId, _: Option<RefId>) {
        let name = self.field_name(field);
        self.leads(name, node);
    }

    fn unset(&mut self, _: FieldIndex) {}

    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {}

    fn entry_removed(&mut self, _: EntryAt<'_>) {}

    fn entry(&mut self, at: EntryAt<'_>, _: Value<'_>, _: Option<Value<'_>>) {
        self.sift(at.index, at.key, None);
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, _: Option<RefId>) {
        self.sift(at.index, at.key, Some(node));
        self.leads(at.key, node);
    }

    fn item(&mut self, _: usize, _: Value<'_>, _: Value<'_>) {}

    fn items(&mut self, edit: ValueEdit<'_>) {
        self.sift_all((0..edit.after.len()).map(|_| None));
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        self.sift_all(edit.after.iter().copied().map(Some));
        for (index, node) in edit.after.iter().enumerate() {
            self.leads(index, *node);
        }
    }

    fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        self.sift_all(edit.after.iter().map(|member| Some(member.node)));
        for (index, member) in edit.after.iter().enumerate() {
            self.leads(index, member.node);
        }
    }
}
