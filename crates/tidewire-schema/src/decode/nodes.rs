//! The table of references: what stands behind a refId, and where.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tidewire_state::{ElementKind, FieldKind, TypeIndex, receive::POOLS};

use super::{array::Gap, index::IndexTable};

/// No node: a place that holds none, or a node that is in no place.
pub(super) const NONE: u32 = u32::MAX;
/// The refId of the root.
pub(super) const ROOT: u32 = 0;
/// Numbers from here on are no refIds: they stand for pools, and for none.
pub(super) const FIRST_RESERVED: u32 = POOLS;

/// All nodes by refId.
///
/// Where their values lie is in a table of its own, eight bytes a node: most of most messages needs no
/// more, and thousands of those stay in cache.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// As far as `nodes` is a vector.
    near: Vec<Near>,
    /// What [`Spot::index`] is of those.
    indexes: Vec<u32>,
    /// The others.
    far: HashMap<u32, Spot>,
    nodes: IndexTable<Node>,
}

/// A [`Spot`] without the type. It lies apart if there is no node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub(super) parent: u32,
    pub(super) slot: u32,
}

/// Where the value of a node lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The node that it lies in, or [`POOLS`] and the number of a pool. [`NONE`] while it is apart,
    /// and for the root.
    pub(super) parent: u32,
    /// The field, the slot or the array's index there.
    pub(super) slot: u32,
    /// The type, if it is a struct.
    pub(super) index: u32,
}

/// In place of a type: there is no node.
const ABSENT: u32 = NONE - 1;

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn get(&self, id: u32) -> Option<&Node> {
        self.nodes.get(id)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Node> {
        self.nodes.get_mut(id)
    }

    /// Where the value of a node lies.
    #[inline]
    pub(super) fn spot(&self, id: u32) -> Option<Spot> {
        match (self.near.get(id as usize), self.indexes.get(id as usize)) {
            (Some(_), Some(&ABSENT)) => None,
            (Some(&Near { parent, slot }), Some(&index)) => Some(Spot { parent, slot, index }),
            _ => self.far_spot(id),
        }
    }

    /// The same by small numbers; what others lead to, or what is not there, lies apart.
    #[inline(always)]
    pub(super) fn near(&self, id: u32) -> Near {
        self.near.get(id as usize).copied().unwrap_or(Near::APART)
    }

    /// Whether a small number is that of a struct.
    #[inline(always)]
    pub(super) fn is_near_struct(&self, id: u32) -> bool {
        self.indexes.get(id as usize).is_some_and(|index| *index < ABSENT)
    }

    #[cold]
    fn far_spot(&self, id: u32) -> Option<Spot> {
        self.far.get(&id).copied()
    }

    /// What the value of a node lies in.
    pub(super) fn parent(&self, id: u32) -> u32 {
        self.spot(id).map_or(NONE, |spot| spot.parent)
    }

    /// Notes where the value of a node lies now.
    pub(super) fn put(&mut self, id: u32, parent: u32, slot: u32) {
        let at = id as usize;
        match (self.near.get_mut(at), self.indexes.get(at)) {
            (Some(_), Some(&ABSENT)) => {}
            (Some(near), Some(_)) => *near = Near { parent, slot },
            _ => {
                if let Some(spot) = self.far.get_mut(&id) {
                    (spot.parent, spot.slot) = (parent, slot);
                }
            }
        }
    }

    /// Notes that the value of a node lies nowhere now.
    pub(super) fn set_apart(&mut self, id: u32) {
        self.put(id, NONE, 0);
    }

    /// A node that lies nowhere yet.
    pub(super) fn insert(&mut self, id: u32, node: Node) {
        let index = match &node.shape {
            Shape::Struct(node) => node.index.0,
            _ => NONE,
        };
        self.nodes.insert(id, node);
        let len = self.nodes.dense_len();
        if len > self.near.len() {
            self.near.resize(len, Near::APART);
            self.indexes.resize(len, ABSENT);
            for (id, spot) in self.far.extract_if(|id, _| (*id as usize) < len) {
                let Spot { parent, slot, index } = spot;
                self.near[id as usize] = Near { parent, slot };
                self.indexes[id as usize] = index;
            }
        }
        let at = id as usize;
        match (self.near.get_mut(at), self.indexes.get_mut(at)) {
            (Some(near), Some(place)) => (*near, *place) = (Near::APART, index),
            _ => drop(self.far.insert(id, Spot { parent: NONE, slot: 0, index })),
        }
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<(Spot, Node)> {
        let node = self.nodes.remove(id)?;
        let spot = self.spot(id)?;
        let at = id as usize;
        match (self.near.get_mut(at), self.indexes.get_mut(at)) {
            (Some(near), Some(index)) => (*near, *index) = (Near::APART, ABSENT),
            _ => drop(self.far.remove(&id)),
        }
        Some((spot, node))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Node)> {
        self.nodes.iter()
    }

    /// The node that the value of this one lies within, at any depth, and that itself lies in none:
    /// the root, or one that lies apart or in a pool.
    pub(super) fn top(&self, id: u32) -> u32 {
        let mut at = id;
        // As deep as the state at most, which is checked when nodes are put in.
        while at != ROOT {
            match self.parent(at) {
                FIRST_RESERVED.. => break,
                parent => at = parent,
            }
        }
        at
    }
}

impl Near {
    const APART: Self = Self { parent: NONE, slot: 0 };
}

impl Spot {
    /// The type, if it is a struct.
    #[inline]
    pub(super) fn type_index(self) -> Option<TypeIndex> {
        (self.index < ABSENT).then_some(TypeIndex(self.index))
    }
}

/// A structure that the sender has told of.
///
/// What its places hold, as the sender says, is in `shape`; where its value really lies is its
/// [`Spot`]. The two agree at the end of a message, but for an instance in several places, of which
/// each has a copy. Within a message an instance that moves is for a while listed in two places or in none, and
/// its value is in the last one, or apart.
#[derive(Debug)]
pub(super) struct Node {
    /// How often the sender has put it somewhere.
    pub(super) count: u32,
    /// The count went to zero in this message, and it was not put anywhere since.
    pub(super) deleted: bool,
    /// Whether its places are to be compared with where its children are.
    pub(super) suspect: bool,
    /// Whether copies of instances may lie in its places.
    pub(super) has_copies: bool,
    /// An upper bound of how many levels are below it.
    pub(super) height: u8,
    /// Of a collection: the pool that its items refer to, counted from one; zero if they are here.
    pub(super) pool: u8,
    /// Where what it lies in lists it: its slot there, but for the sender's number of a map's entry.
    pub(super) index: u32,
    /// What is counted as held for it, in bytes.
    pub(super) held: usize,
    pub(super) shape: Shape,
}

/// What a node is, and what is in its places.
#[derive(Debug)]
pub(super) enum Shape {
    Struct(StructNode),
    Map(Box<MapNode>),
    Array(Box<ArrayNode>),
    Members(Box<MembersNode>),
}

/// A set or a collection.
#[derive(Debug)]
pub(super) struct MembersNode {
    pub(super) is_set: bool,
    pub(super) element: ElementKind,
    /// The sender's numbers of the entries, in order of arrival. They ascend, but for those of a stream.
    pub(super) numbers: Vec<u32>,
    /// Where each number is, if they do not.
    places: Option<BTreeMap<u32, u32>>,
    /// The nodes that the sender has put there. Empty for primitives.
    pub(super) ids: Vec<u32>,
}

/// A struct.
#[derive(Debug)]
pub(super) struct StructNode {
    pub(super) index: TypeIndex,
    /// The refIds in its fields, as far as one was ever set.
    pub(super) refs: Vec<u32>,
}

/// A map.
#[derive(Debug)]
pub(super) struct MapNode {
    pub(super) element: ElementKind,
    pub(super) entries: IndexTable<Entry>,
}

/// An entry of a map, by the sender's number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) slot: u32,
    /// The node in it, if the map is one of structs.
    pub(super) id: u32,
}

/// An array.
#[derive(Debug)]
pub(super) struct ArrayNode {
    pub(super) element: ElementKind,
    /// The nodes that the sender has put at the indexes. Empty for primitives.
    pub(super) ids: Vec<u32>,
    /// The nodes whose values lie at the indexes. Empty for primitives.
    pub(super) here: Vec<u32>,
    /// Indexes that were deleted since the structure was switched to; they close when it ends.
    pub(super) holes: BTreeSet<usize>,
    /// From which index on nodes have yet to be told where they lie.
    pub(super) stale: usize,
    /// Indexes that nothing was ever put at; they close with the holes.
    pub(super) gaps: Vec<Gap>,
}

/// What a reference is declared to lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Struct(TypeIndex),
    Map(ElementKind),
    Array(ElementKind),
    Set(ElementKind),
    Collection(ElementKind),
}

impl Declared {
    /// What a field leads to, if it is no primitive.
    pub(super) fn of_field(kind: FieldKind) -> Option<Self> {
        match kind {
            FieldKind::Ref(index) => Some(Self::Struct(index)),
            FieldKind::Map(element) => Some(Self::Map(element)),
            FieldKind::Array(element) => Some(Self::Array(element)),
            FieldKind::Set(element) => Some(Self::Set(element)),
            FieldKind::Collection(element) => Some(Self::Collection(element)),
            _ => None,
        }
    }

    /// The type of the structs that it is about.
    pub(super) fn index(self) -> TypeIndex {
        match self {
            Self::Struct(index)
            | Self::Map(ElementKind::Ref(index))
            | Self::Array(ElementKind::Ref(index))
            | Self::Set(ElementKind::Ref(index))
            | Self::Collection(ElementKind::Ref(index)) => index,
            Self::Map(ElementKind::Primitive(_))
            | Self::Array(ElementKind::Primitive(_))
            | Self::Set(ElementKind::Primitive(_))
            | Self::Collection(ElementKind::Primitive(_)) => TypeIndex(0),
        }
    }
}

impl Node {
    /// A node that is nowhere yet.
    pub(super) fn new(declared: Declared) -> Self {
        let shape = match declared {
            Declared::Struct(index) => Shape::Struct(StructNode { index, refs: Vec::new() }),
            Declared::Map(element) => {
                Shape::Map(Box::new(MapNode { element, entries: IndexTable::default() }))
            }
            Declared::Set(element) => Shape::Members(MembersNode::empty(true, element)),
            Declared::Collection(element) => Shape::Members(MembersNode::empty(false, element)),
            Declared::Array(element) => Shape::Array(Box::new(ArrayNode {
                element,
                ids: Vec::new(),
                here: Vec::new(),
                holes: BTreeSet::new(),
                stale: usize::MAX,
                gaps: Vec::new(),
            })),
        };
        Self {
            count: 0,
            deleted: false,
            suspect: false,
            has_copies: false,
            height: 0,
            pool: 0,
            index: 0,
            held: 0,
            shape,
        }
    }

    pub(super) fn declared(&self) -> Declared {
        match &self.shape {
            Shape::Struct(node) => Declared::Struct(node.index),
            Shape::Map(map) => Declared::Map(map.element),
            Shape::Array(array) => Declared::Array(array.element),
            Shape::Members(members) if members.is_set => Declared::Set(members.element),
            Shape::Members(members) => Declared::Collection(members.element),
        }
    }

    /// Calls `each` with every place that lists a node: where its value should lie, and the node.
    pub(super) fn each_child(&self, mut each: impl FnMut(u32, u32)) {
        self.each_place(|slot, _, id| each(slot, id));
    }

    /// The same, with what the parent has the place listed under in between.
    pub(super) fn each_place(&self, mut each: impl FnMut(u32, u32, u32)) {
        let mut listed = |slot, index, id| {
            if id != NONE {
                each(slot, index, id);
            }
        };
        let ids = match &self.shape {
            Shape::Map(map) => {
                map.entries.iter().for_each(|(at, entry)| listed(entry.slot, at, entry.id));
                return;
            }
            Shape::Struct(node) => &node.refs,
            Shape::Array(array) => &array.ids,
            Shape::Members(members) => &members.ids,
        };
        (0..).zip(ids).for_each(|(at, id)| listed(at, at, *id));
    }

    /// The node in the place that is listed at `index`, if that is where `slot` is.
    pub(super) fn listed(&self, slot: u32, index: u32) -> u32 {
        let ids = match &self.shape {
            Shape::Map(map) => {
                let entry = map.entries.get(index).filter(|entry| entry.slot == slot);
                return entry.map_or(NONE, |entry| entry.id);
            }
            Shape::Struct(node) => &node.refs,
            Shape::Array(array) => &array.ids,
            Shape::Members(members) => &members.ids,
        };
        ids.get(slot as usize).copied().unwrap_or(NONE)
    }

    /// Takes a node that is forgotten out of the list of what is in the places.
    pub(super) fn unlist(&mut self, index: u32, id: u32) {
        let at = index as usize;
        let place = match &mut self.shape {
            Shape::Struct(node) => node.refs.get_mut(at),
            Shape::Map(map) => map.entries.get_mut(index).map(|entry| &mut entry.id),
            Shape::Array(array) => {
                if let Some(here) = array.here.get_mut(at).filter(|here| **here == id) {
                    *here = NONE;
                }
                array.ids.get_mut(at)
            }
            Shape::Members(members) => members.ids.get_mut(at),
        };
        if let Some(place) = place.filter(|place| **place == id) {
            *place = NONE;
        }
    }
}

impl MembersNode {
    fn empty(is_set: bool, element: ElementKind) -> Box<Self> {
        Box::new(Self { is_set, element, numbers: Vec::new(), places: None, ids: Vec::new() })
    }

    /// Where the entry with a number is.
    pub(super) fn find(&self, number: u32) -> Option<usize> {
        match &self.places {
            None => self.numbers.binary_search(&number).ok(),
            Some(places) => places.get(&number).map(|at| *at as usize),
        }
    }

    /// An entry comes behind all others, whose number is not there.
    pub(super) fn push(&mut self, number: u32) {
        let ascends = self.numbers.last().is_none_or(|last| number > *last);
        let at = self.numbers.len() as u32;
        self.numbers.push(number);
        match &mut self.places {
            Some(places) => drop(places.insert(number, at)),
            None if ascends => {}
            None => self.find_places(),
        }
    }

    /// Whether the numbers ascend.
    pub(super) fn is_ordered(&self) -> bool {
        self.places.is_none()
    }

    /// The numbers are others, or elsewhere.
    pub(super) fn find_places(&mut self) {
        let places = || (0..).zip(&self.numbers).map(|(at, number)| (*number, at)).collect();
        self.places = (!self.numbers.is_sorted()).then(places);
    }
}

impl StructNode {
    pub(super) fn get(&self, field: u8) -> u32 {
        self.refs.get(usize::from(field)).copied().unwrap_or(NONE)
    }

    pub(super) fn set(&mut self, field: u8, id: u32) {
        let at = usize::from(field);
        if at >= self.refs.len() {
            self.refs.resize(at + 1, NONE);
        }
        self.refs[at] = id;
    }
}
