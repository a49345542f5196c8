//! What an instance is, by itself, to be written into its copies.

use std::sync::Arc;

use tidewire_state::{
    DynPrimitive, ElementKind, FieldIndex, Primitive, TypeIndex, TypeSet, Value,
    receive::{Fresh, Misfit, New, POOLS, Reference, Sink, StructSink, ValueSink},
};

use crate::decode::{
    error::{DecodeErrorKind, MAX_DEPTH},
    leaf::leaf_kind,
    nodes::{FIRST_RESERVED, NONE, Shape},
    places::{Tree, resolve},
    reader::size_of_text,
};

/// A node and what is in it.
#[derive(Debug)]
pub(super) struct Replica {
    index: TypeIndex,
    /// Primitive fields, whether they are there or not.
    fields: Vec<(FieldIndex, Option<DynPrimitive>)>,
    /// What is in the other fields.
    children: Vec<(FieldIndex, Item)>,
    entries: Vec<(String, Item)>,
    items: Vec<Item>,
}

/// What is in a place.
#[derive(Debug)]
enum Item {
    Value(DynPrimitive),
    Node(Replica),
    /// An instance of a pool.
    Shared(Reference),
    /// A struct of which nothing is known.
    Blank(TypeIndex),
}

impl Tree {
    /// What a node is, with all that is in it.
    pub(super) fn replica_of(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        depth: u8,
    ) -> Result<Replica, DecodeErrorKind> {
        if depth > MAX_DEPTH {
            return Err(DecodeErrorKind::TooDeep { id });
        }
        let mut replica = self.values_of(root, id)?;
        let mut places: Vec<(u32, u32)> = Vec::new();
        let Some(node) = self.nodes.get(id) else { return Ok(replica) };
        let is_field = matches!(node.shape, Shape::Struct(_));
        match &node.shape {
            Shape::Map(map) if matches!(map.element, ElementKind::Ref(_)) => {
                places.extend(map.in_order().into_iter().map(|(_, entry)| (entry.slot, entry.id)));
            }
            _ => places.extend((0..).zip(ids(&node.shape).iter().copied())),
        }
        self.moves(places.len())?;
        for (slot, child) in places {
            let item = self.item(root, id, slot, child, depth)?;
            match item {
                _ if is_field && child == NONE => {}
                Some(item) if is_field => {
                    replica.children.push((FieldIndex(slot as u8), item));
                }
                item => {
                    let item = item.unwrap_or(Item::Blank(replica.index));
                    let sink = resolve(&self.nodes, &mut self.detached, root, id);
                    match sink {
                        Some(Sink::Map(map)) => {
                            let key = map.key(slot).unwrap_or_default().to_owned();
                            replica.entries.push((key, item));
                        }
                        _ => replica.items.push(item),
                    }
                }
            }
        }
        Ok(replica)
    }

    /// What is to be in a place of a copy.
    fn item(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        slot: u32,
        child: u32,
        depth: u8,
    ) -> Result<Option<Item>, DecodeErrorKind> {
        if self.lies_in(child, id, slot) || self.shares.is_copy(child, id, slot) {
            return Ok(Some(Item::Node(self.replica_of(root, child, depth + 1)?)));
        }
        let Some(spot) = self.nodes.spot(child) else { return Ok(None) };
        if !(FIRST_RESERVED..NONE).contains(&spot.parent) {
            return Ok(None);
        }
        let pool = root.pool((spot.parent - POOLS) as usize);
        Ok(pool.and_then(|pool| pool.reference(spot.slot)).map(Item::Shared))
    }

    /// The primitives in a node.
    pub(super) fn values_of(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
    ) -> Result<Replica, DecodeErrorKind> {
        let unknown = || DecodeErrorKind::UnknownRef { id };
        let node = self.nodes.get(id).ok_or_else(unknown)?;
        let index = node.declared().index();
        let (fields, children, entries, items) = Default::default();
        let mut replica = Replica { index, fields, children, entries, items };
        let sink = resolve(&self.nodes, &mut self.detached, root, id).ok_or_else(unknown)?;
        match (&node.shape, sink) {
            (Shape::Struct(_), Sink::Struct(sink)) => {
                let fields = self.types.get(index).map_or(&[][..], |info| &info.fields);
                for (at, _) in (0..).zip(fields).filter(|(_, info)| leaf_kind(info.kind).is_some())
                {
                    let at = FieldIndex(at);
                    let value = sink.field(at).and_then(|field| field.value());
                    replica.fields.push((at, value.map(DynPrimitive::from)));
                }
            }
            (Shape::Map(map), Sink::Map(sink)) => {
                for (_, entry) in map.in_order().iter().filter(|(_, entry)| entry.id == NONE) {
                    let value = sink.entry(entry.slot).and_then(|entry| entry.value());
                    if let Some(value) = value.map(DynPrimitive::from) {
                        let key = sink.key(entry.slot).unwrap_or_default().to_owned();
                        replica.entries.push((key, Item::Value(value)));
                    }
                }
            }
            (_, Sink::Array(sink)) => {
                for at in 0..sink.len() {
                    let value = sink.item(at).and_then(|item| item.value());
                    replica.items.extend(value.map(|value| Item::Value(value.into())));
                }
            }
            _ => {}
        }
        let weight = replica.weight();
        self.moves(weight)?;
        Ok(replica)
    }
}

/// The nodes in the places of a struct or a list.
fn ids(shape: &Shape) -> &[u32] {
    match shape {
        Shape::Struct(node) => &node.refs,
        Shape::Array(array) => &array.ids,
        Shape::Members(members) => &members.ids,
        Shape::Map(_) => &[],
    }
}

impl Replica {
    /// How much there is to write.
    pub(super) fn weight(&self) -> usize {
        let below = |item: &Item| match item {
            Item::Node(node) => node.weight(),
            _ => 1,
        };
        let (fields, entries) = (self.children.iter(), self.entries.iter());
        1 + self.fields.len()
            + fields.map(|(_, item)| below(item)).sum::<usize>()
            + entries.map(|(_, item)| below(item)).sum::<usize>()
            + self.items.iter().map(below).sum::<usize>()
    }

    /// What its strings take.
    pub(super) fn text(&self) -> usize {
        let text = |value: &DynPrimitive| match Primitive::value(value) {
            Value::String(text) => size_of_text(text),
            _ => 0,
        };
        let below = |item: &Item| match item {
            Item::Value(value) => text(value),
            Item::Node(node) => node.text(),
            Item::Shared(_) | Item::Blank(_) => 0,
        };
        let entry = |(key, item): &(String, Item)| size_of_text(key) + below(item);
        self.fields.iter().filter_map(|(_, value)| value.as_ref()).map(text).sum::<usize>()
            + self.children.iter().map(|(_, item)| below(item)).sum::<usize>()
            + self.entries.iter().map(entry).sum::<usize>()
            + self.items.iter().map(below).sum::<usize>()
    }

    /// Makes the struct in a place have the values of the fields.
    pub(super) fn update(
        &self,
        place: &mut dyn ValueSink,
        types: &Arc<TypeSet>,
    ) -> Result<(), Misfit> {
        let Some(Sink::Struct(sink)) = place.node() else { return Ok(()) };
        self.write_fields(sink, types)
    }

    fn write_fields(&self, sink: &mut dyn StructSink, types: &Arc<TypeSet>) -> Result<(), Misfit> {
        for (at, value) in &self.fields {
            match value {
                Some(value) => sink.set(*at, Primitive::value(value))?,
                None => {
                    let fresh = Fresh { types, index: Fresh::ANY };
                    if let Some(field) = sink.field(*at) {
                        field.unset(fresh)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts a copy in a place.
    pub(super) fn put_in(
        &self,
        place: &mut dyn ValueSink,
        types: &Arc<TypeSet>,
    ) -> Result<(), Misfit> {
        place.replace(New::Fresh(Fresh { types, index: self.index }))?;
        place.node().map_or(Ok(()), |sink| self.fill(sink, types))
    }

    fn fill(&self, sink: Sink<'_>, types: &Arc<TypeSet>) -> Result<(), Misfit> {
        match sink {
            Sink::Struct(sink) => {
                self.write_fields(sink, types)?;
                for (at, item) in &self.children {
                    let Some(place) = sink.field(*at) else { continue };
                    place.replace(item.as_new(types))?;
                    item.fill(place.node(), types)?;
                }
            }
            Sink::Map(map) => {
                for (key, item) in &self.entries {
                    let slot = map.insert(key, item.as_new(types))?.slot;
                    item.fill(map.node(slot), types)?;
                }
            }
            Sink::Array(array) => {
                for item in &self.items {
                    let at = array.len();
                    array.insert(at, item.as_new(types))?;
                    item.fill(array.node(at), types)?;
                }
            }
        }
        Ok(())
    }
}

impl Item {
    fn as_new<'a>(&'a self, types: &'a Arc<TypeSet>) -> New<'a> {
        match self {
            Self::Value(value) => New::Value(Primitive::value(value)),
            Self::Node(node) => New::Fresh(Fresh { types, index: node.index }),
            Self::Shared(reference) => New::Shared(*reference),
            Self::Blank(index) => New::Fresh(Fresh { types, index: *index }),
        }
    }

    fn fill(&self, sink: Option<Sink<'_>>, types: &Arc<TypeSet>) -> Result<(), Misfit> {
        match (self, sink) {
            (Self::Node(node), Some(sink)) => node.fill(sink, types),
            _ => Ok(()),
        }
    }
}
