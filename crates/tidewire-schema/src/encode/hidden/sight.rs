//! What a client may see of the hidden part: by its view, and by what filters said for that.

use tidewire_state::{Bits, FieldIndex, RefId, Shown, StateView, TypeSet, Visibility};

use super::{
    rows::Rows,
    shadow::{Content, Key, Shadow, StructShadow},
};

/// What a client may see.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) view: &'a StateView,
    pub(super) shadow: &'a Shadow,
    pub(super) types: &'a TypeSet,
    pub(super) rows: &'a Rows,
    /// The structures that are new, for a message that makes a difference between new and old.
    pub(super) new: Option<&'a Bits>,
}

impl Sight<'_> {
    /// What the client sees of a structure for, if more than what everyone does, or the way down.
    pub(super) fn shows(&self, node: RefId) -> Option<Shown> {
        let is_hidden = self.shadow.is_hidden(node);
        let shown = self.view.sight(node, is_hidden);
        shown.filter(|shown| is_hidden || *shown != Shown::default())
    }

    /// Whether a structure is told of as one that has just come to be.
    pub(super) fn is_new(&self, node: RefId) -> bool {
        self.new.is_some_and(|new| new.has(node.0))
    }

    /// Whether a field shows where its struct does as `shown` says.
    pub(super) fn shows_field(
        &self,
        node: &StructShadow,
        field: FieldIndex,
        shown: Option<Shown>,
    ) -> bool {
        let Some(shown) = shown else { return false };
        let info = self.types[node.index].get(field);
        shown.shows(info.map_or(Visibility::Everyone, |info| info.visibility))
    }

    /// Whether a hidden structure shows, be it as the way down.
    pub(super) fn is_there(&self, node: RefId) -> bool {
        self.view.shows(node) || self.view.is_through(node)
    }

    /// Whether a collection shows an entry: by its number in a map, or its position.
    pub(super) fn shows_entry(&self, collection: RefId, entry: u32) -> bool {
        let is_seen = self.view.sight(collection, self.shadow.is_hidden(collection)).is_some();
        is_seen && (!self.shadow.is_sifted(collection) || self.view.passes(collection, entry))
    }

    /// Whether the node in a place of `parent` is there; of an array's items see
    /// [`sees_item`](Self::sees_item).
    pub(super) fn sees(&self, parent: RefId, content: &Content, key: Key, child: RefId) -> bool {
        self.view.shows(child)
            || self.may_see(child)
                && match (key, content) {
                    (Key::Field(field), Content::Struct(node)) => {
                        let shown = self.view.sight(parent, self.shadow.is_hidden(parent));
                        self.shows_field(node, field, shown)
                    }
                    (Key::Entry(number), _) => self.shows_entry(parent, number),
                    (Key::Member(number), _) => {
                        let at = content.position(number);
                        at.is_some_and(|at| self.shows_entry(parent, at))
                    }
                    _ => false,
                }
    }

    /// The node in a place of `parent`, if it is there; not of an array.
    pub(super) fn seen(&self, parent: RefId, content: &Content, key: Key) -> Option<RefId> {
        content.child(key).filter(|child| self.sees(parent, content, key, *child))
    }

    /// Whether an item of an array is there.
    pub(super) fn sees_item(&self, array: RefId, at: u32, child: RefId) -> bool {
        self.view.shows(child) || self.may_see(child) && self.shows_entry(array, at)
    }

    /// Whether a node shows where its place does.
    pub(super) fn may_see(&self, node: RefId) -> bool {
        !self.shadow.is_hidden(node) || self.view.is_through(node)
    }

    /// Calls `each` with what is there in the places of a structure.
    pub(super) fn each_child(
        &self,
        id: RefId,
        content: &Content,
        mut each: impl FnMut(Key, RefId),
    ) {
        if let Content::Nodes(nodes) = content {
            let there = (0..).zip(nodes).filter(|(at, child)| self.sees_item(id, *at, **child));
            return there.for_each(|(_, child)| each(Key::Items, *child));
        }
        content.each_child(|key, child| {
            if self.sees(id, content, key, child) {
                each(key, child);
            }
        });
    }
}
