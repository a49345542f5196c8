//! A copy of the hidden part of a state: what a client is told of when it gains a view of it.

use smallvec::SmallVec;
use tidewire_state::{
    Bits, DynPrimitive, ElementKind, EntryAt, FieldIndex, FieldKind, Introduced, MemberEdit,
    NodeMember, NodeMembersEdit, RefId, TypeIndex, TypeSet, Value, ValueList,
};

use super::entries::Entries;

/// Which place of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Field(FieldIndex),
    /// By the number of the map's key.
    Entry(u32),
    /// By the number of the entry of a set or a collection.
    Member(u32),
    /// Any of an array.
    Items,
}

impl Key {
    /// Whether it is that of an entry of a map, a set or a collection.
    pub(super) fn is_entry(self) -> bool {
        matches!(self, Self::Entry(_) | Self::Member(_))
    }
}

/// The hidden structures, and the public ones with hidden fields as far as those go.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    /// By number.
    nodes: Vec<Option<Box<Content>>>,
    /// The hidden places that lead to each node, by number.
    places: Vec<SmallVec<[(RefId, Key); 1]>>,
    hidden: Bits,
    /// Collections whose entries are filtered.
    sifted: Bits,
    has_pools: bool,
}

#[derive(Debug)]
pub(super) enum Content {
    Struct(StructShadow),
    MapOfValues(Entries<(String, DynPrimitive)>),
    MapOfNodes(Entries<(String, RefId)>),
    Values(Vec<DynPrimitive>),
    /// Of a set or a collection: with its holder and the field there.
    MemberValues {
        owner: RefId,
        field: FieldIndex,
        values: Vec<DynPrimitive>,
    },
    Nodes(Vec<RefId>),
    Members {
        entries: Vec<NodeMember>,
        next: u32,
    },
}

#[derive(Debug)]
pub(super) struct StructShadow {
    pub(super) index: TypeIndex,
    /// By field.
    pub(super) values: Vec<Option<DynPrimitive>>,
    pub(super) children: SmallVec<[(FieldIndex, RefId); 2]>,
}

impl StructShadow {
    fn new(index: TypeIndex, types: &TypeSet) -> Self {
        let values = types[index].fields.iter().map(|_| None).collect();
        Self { index, values, children: SmallVec::new() }
    }
}

impl Shadow {
    /// Of a state with pools or without.
    pub(super) fn new(has_pools: bool) -> Self {
        Self { has_pools, ..Self::default() }
    }

    /// Whether several places may lead to one node, and hidden ones to one that everyone is told of.
    /// Elsewhere a node has one place as long as it is there.
    pub(super) fn has_pools(&self) -> bool {
        self.has_pools
    }

    #[inline]
    pub(super) fn get(&self, node: RefId) -> Option<&Content> {
        self.nodes.get(node.0 as usize)?.as_deref()
    }

    fn put(&mut self, node: RefId, content: Content) {
        *place(&mut self.nodes, node) = Some(Box::new(content));
    }

    /// Whether a node is not for everyone.
    pub(super) fn is_hidden(&self, node: RefId) -> bool {
        self.hidden.has(node.0)
    }

    /// The entries of a collection are filtered.
    pub(super) fn sift(&mut self, node: RefId) {
        self.sifted.insert(node.0);
    }

    /// Whether they are.
    pub(super) fn is_sifted(&self, node: RefId) -> bool {
        self.sifted.has(node.0)
    }

    /// The hidden places that lead to a node.
    pub(super) fn places(&self, node: RefId) -> &[(RefId, Key)] {
        self.places.get(node.0 as usize).map_or(&[], |places| places)
    }

    pub(super) fn introduce(&mut self, node: Introduced, types: &TypeSet) {
        if node.hidden {
            self.hidden.insert(node.id.0);
            if let Some(index) = node.index {
                self.put(node.id, Content::Struct(StructShadow::new(index, types)));
            }
        }
    }

    pub(super) fn forget(&mut self, node: RefId) {
        self.hidden.remove(node.0);
        self.sifted.remove(node.0);
        self.take_places(node);
        if let Some(content) = self.nodes.get_mut(node.0 as usize).and_then(Option::take) {
            content.each_child(|key, child| self.unlist(child, node, key));
        }
    }

    fn list(&mut self, child: RefId, parent: RefId, key: Key) {
        let at = child.0 as usize;
        if at >= self.places.len() {
            self.places.resize_with(at + 1, SmallVec::new);
        }
        self.places[at].push((parent, key));
    }

    fn take_places(&mut self, node: RefId) -> SmallVec<[(RefId, Key); 1]> {
        self.places.get_mut(node.0 as usize).map(std::mem::take).unwrap_or_default()
    }

    fn unlist(&mut self, child: RefId, parent: RefId, key: Key) {
        if let Some(places) = self.places.get_mut(child.0 as usize)
            && let Some(at) = places.iter().position(|place| *place == (parent, key))
        {
            places.swap_remove(at);
        }
    }

    fn content(&mut self, node: RefId) -> Option<&mut Content> {
        self.nodes.get_mut(node.0 as usize)?.as_deref_mut()
    }

    /// A struct that may be a public one with hidden fields.
    fn structure(
        &mut self,
        node: RefId,
        index: Option<TypeIndex>,
        types: &TypeSet,
    ) -> Option<&mut StructShadow> {
        let index = index?;
        let content = place(&mut self.nodes, node)
            .get_or_insert_with(|| Box::new(Content::Struct(StructShadow::new(index, types))));
        match &mut **content {
            Content::Struct(node) => Some(node),
            _ => None,
        }
    }

    /// Whether a struct is known to have a value in a field, which is another one now.
    #[inline(always)]
    pub(super) fn put_field(&mut self, node: RefId, field: FieldIndex, value: Value<'_>) -> bool {
        let content = self.nodes.get_mut(node.0 as usize).and_then(Option::as_deref_mut);
        if let Some(Content::Struct(node)) = content
            && let Some(Some(place)) = node.values.get_mut(usize::from(field.0))
        {
            place.put(value);
            return true;
        }
        false
    }

    pub(super) fn set_field(
        &mut self,
        node: RefId,
        index: Option<TypeIndex>,
        field: FieldIndex,
        value: Option<Value<'_>>,
        types: &TypeSet,
    ) {
        let Some(node) = self.structure(node, index, types) else { return };
        let Some(place) = node.values.get_mut(usize::from(field.0)) else { return };
        match (place, value) {
            (Some(place), Some(value)) => place.put(value),
            (place, value) => *place = value.map(DynPrimitive::from),
        }
    }

    /// A field leads to a node, or to none. Tells to which it led.
    pub(super) fn lead(
        &mut self,
        parent: RefId,
        index: Option<TypeIndex>,
        field: FieldIndex,
        child: Option<RefId>,
        kind: Option<FieldKind>,
        types: &TypeSet,
    ) -> Option<RefId> {
        let node = self.structure(parent, index, types)?;
        let at = node.children.iter().position(|(other, _)| *other == field);
        let old = at.map(|at| node.children.swap_remove(at).1);
        if let Some(child) = child {
            node.children.push((field, child));
        }
        if let Some(old) = old {
            self.unlist(old, parent, Key::Field(field));
        }
        if let Some(child) = child {
            self.list(child, parent, Key::Field(field));
            if let Some(kind) = kind {
                self.open(parent, field, child, kind);
            }
        }
        old
    }

    /// A field leads to a node, of which all is new if it is a collection.
    pub(super) fn open(&mut self, parent: RefId, field: FieldIndex, child: RefId, kind: FieldKind) {
        let content = match kind {
            FieldKind::Map(ElementKind::Ref(_)) => Content::MapOfNodes(Entries::default()),
            FieldKind::Map(_) => Content::MapOfValues(Entries::default()),
            FieldKind::Array(ElementKind::Ref(_)) => Content::Nodes(Vec::new()),
            FieldKind::Array(_) => Content::Values(Vec::new()),
            FieldKind::Set(ElementKind::Ref(_)) | FieldKind::Collection(ElementKind::Ref(_)) => {
                Content::Members { entries: Vec::new(), next: 0 }
            }
            FieldKind::Set(_) | FieldKind::Collection(_) => {
                Content::MemberValues { owner: parent, field, values: Vec::new() }
            }
            _ => return,
        };
        self.put(child, content);
    }

    /// Whether entries of the map lead to nodes, and to which this one did.
    pub(super) fn remove_entry(&mut self, map: RefId, number: u32) -> (bool, Option<RefId>) {
        match self.content(map) {
            Some(Content::MapOfNodes(entries)) => {
                let child = entries.remove(number).map(|(_, child)| child);
                if let Some(child) = child {
                    self.unlist(child, map, Key::Entry(number));
                }
                (true, child)
            }
            Some(Content::MapOfValues(entries)) => {
                entries.remove(number);
                (false, None)
            }
            _ => (false, None),
        }
    }

    pub(super) fn set_entry(&mut self, map: RefId, at: EntryAt<'_>, value: Value<'_>) {
        if let Some(Content::MapOfValues(entries)) = self.content(map) {
            match entries.get_mut(at.index) {
                Some((_, current)) => current.put(value),
                None => entries.push(at.index, (at.key.to_owned(), value.into())),
            }
        }
    }

    /// An entry leads to a node. Tells to which it led.
    pub(super) fn lead_entry(
        &mut self,
        map: RefId,
        at: EntryAt<'_>,
        child: RefId,
    ) -> Option<RefId> {
        let Some(Content::MapOfNodes(entries)) = self.content(map) else { return None };
        let old = match entries.get_mut(at.index) {
            Some((_, current)) => Some(std::mem::replace(current, child)),
            None => {
                entries.push(at.index, (at.key.to_owned(), child));
                None
            }
        };
        if let Some(old) = old {
            self.unlist(old, map, Key::Entry(at.index));
        }
        self.list(child, map, Key::Entry(at.index));
        old
    }

    pub(super) fn set_item(&mut self, array: RefId, index: usize, value: Value<'_>) {
        if let Some(Content::Values(values)) = self.content(array)
            && let Some(item) = values.get_mut(index)
        {
            item.put(value);
        }
    }

    pub(super) fn set_items(&mut self, array: RefId, from: usize, after: &dyn ValueList) {
        if let Some(Content::Values(values)) = self.content(array) {
            values.truncate(from);
            values.extend((0..after.len()).map(|at| DynPrimitive::from(after.value(at))));
        }
    }

    pub(super) fn set_members(&mut self, node: RefId, edit: MemberEdit<'_>) {
        if let Some(Content::MemberValues { values, .. }) = self.content(node) {
            values.clear();
            values.extend((0..edit.all.len()).map(|at| DynPrimitive::from(edit.all.value(at))));
        }
    }

    pub(super) fn lead_items(&mut self, array: RefId, from: usize, after: &[RefId]) {
        let Some(Content::Nodes(nodes)) = self.content(array) else { return };
        let old: Vec<RefId> = nodes.drain(from.min(nodes.len())..).collect();
        nodes.extend_from_slice(after);
        old.into_iter().for_each(|child| self.unlist(child, array, Key::Items));
        after.iter().for_each(|child| self.list(*child, array, Key::Items));
    }

    pub(super) fn lead_members(&mut self, node: RefId, edit: NodeMembersEdit<'_>) {
        let Some(Content::Members { entries, next }) = self.content(node) else { return };
        *next = edit.next;
        let old = std::mem::replace(entries, edit.after.to_vec());
        for entry in old {
            self.unlist(entry.node, node, Key::Member(entry.number));
        }
        for entry in edit.after {
            self.list(entry.node, node, Key::Member(entry.number));
        }
    }

    /// Wherever `from` stood, `to` stands.
    pub(super) fn renumber(&mut self, from: RefId, to: RefId, mut each: impl FnMut(RefId, Key)) {
        for (parent, key) in self.take_places(from) {
            if let Some(content) = self.content(parent) {
                content.replace(key, from, to);
                self.list(to, parent, key);
                each(parent, key);
            }
        }
    }
}

fn place(nodes: &mut Vec<Option<Box<Content>>>, node: RefId) -> &mut Option<Box<Content>> {
    let at = node.0 as usize;
    if at >= nodes.len() {
        nodes.resize_with(at + 1, || None);
    }
    &mut nodes[at]
}

impl Content {
    /// The node in a place that holds one.
    pub(super) fn child(&self, key: Key) -> Option<RefId> {
        match (self, key) {
            (Self::Struct(node), Key::Field(field)) => {
                node.children.iter().find(|(at, _)| *at == field).map(|(_, child)| *child)
            }
            (Self::MapOfNodes(entries), Key::Entry(number)) => {
                entries.get(number).map(|(_, child)| *child)
            }
            (Self::Members { entries, .. }, Key::Member(number)) => {
                let at = entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
                Some(entries[at].node)
            }
            _ => None,
        }
    }

    /// Calls `each` with all nodes in here and their places, in order.
    pub(super) fn each_child(&self, mut each: impl FnMut(Key, RefId)) {
        match self {
            Self::Struct(node) => {
                node.children.iter().for_each(|(field, child)| each(Key::Field(*field), *child));
            }
            Self::MapOfNodes(entries) => {
                entries.iter().for_each(|(number, (_, child))| each(Key::Entry(number), *child));
            }
            Self::Nodes(nodes) => nodes.iter().for_each(|child| each(Key::Items, *child)),
            Self::Members { entries, .. } => {
                entries.iter().for_each(|entry| each(Key::Member(entry.number), entry.node));
            }
            Self::MapOfValues(_) | Self::Values(_) | Self::MemberValues { .. } => {}
        }
    }

    /// Calls `each` with the places that lead to a node or are for some alone, those of an array as one.
    pub(super) fn each_key(&self, mut each: impl FnMut(Key)) {
        match self {
            Self::Nodes(_) => each(Key::Items),
            Self::MapOfValues(entries) => {
                entries.iter().for_each(|(number, _)| each(Key::Entry(number)));
            }
            _ => self.each_child(|key, _| each(key)),
        }
    }

    /// Where the entry of a set or a collection stands.
    pub(super) fn position(&self, number: u32) -> Option<u32> {
        let Self::Members { entries, .. } = self else { return None };
        let at = entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
        u32::try_from(at).ok()
    }

    fn replace(&mut self, key: Key, from: RefId, to: RefId) {
        match (self, key) {
            (Self::Struct(node), Key::Field(field)) => {
                for (at, child) in &mut node.children {
                    if *at == field && *child == from {
                        *child = to;
                    }
                }
            }
            (Self::MapOfNodes(entries), Key::Entry(number)) => {
                if let Some((_, child)) = entries.get_mut(number) {
                    *child = to;
                }
            }
            (Self::Nodes(nodes), Key::Items) => {
                if let Some(child) = nodes.iter_mut().find(|child| **child == from) {
                    *child = to;
                }
            }
            (Self::Members { entries, .. }, Key::Member(number)) => {
                if let Some(entry) = entries.iter_mut().find(|entry| entry.number == number) {
                    entry.node = to;
                }
            }
            _ => {}
        }
    }
}
