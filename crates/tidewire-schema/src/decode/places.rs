//! Where values lie: finding them, putting them in, taking them out, counting references.

use std::{any::TypeId, collections::HashMap, sync::Arc};

use tidewire_state::{
    ElementKind, FieldIndex, TypeIndex, TypeSet,
    receive::{Detached, Fresh, Misfit, New, POOLS, Reference, Sink, StructSink},
};

use super::{
    error::DecodeErrorKind,
    foreign::Foreign,
    limits::{COLLECTION, ITEM, Limits, size_of_struct},
    nodes::{Declared, FIRST_RESERVED, NONE, Node, Nodes, ROOT, Shape},
    shared::Shares,
};

/// All that is known of a state beside its values.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) types: Arc<TypeSet>,
    pub(super) nodes: Nodes,
    /// Values that are in no place, by refId: taken out by the message at hand and perhaps put in
    /// again, of instances in several places, or kept alive by a count alone.
    pub(super) detached: HashMap<u32, Detached>,
    /// Instances in several places, each of which has a copy.
    pub(super) shares: Shares,
    /// What the pools of the root hold.
    pools: Vec<TypeId>,
    /// Which pool the fields of a type refer to, as [`Node::pool`] has it.
    refers: HashMap<TypeIndex, Box<[u8]>>,
    /// Nodes whose count went to zero in this message.
    deleted: Vec<u32>,
    /// Nodes marked as suspect in this message.
    suspects: Vec<u32>,
    pub(super) limits: Limits,
    /// How many items may yet move in this message.
    pub(super) moves_left: usize,
    /// What all nodes hold, in bytes, by an estimate.
    pub(super) held: usize,
    /// What the text of all strings takes at most.
    pub(super) text: usize,
    /// Of a sender whose types are not ours alone.
    pub(super) foreign: Option<Box<Foreign>>,
    /// Values that were forgotten, for those who want to hear of them.
    pub(super) removed: Option<HashMap<u32, Detached>>,
}

/// What is put in a place for a node.
pub(super) struct PickedUp {
    what: What,
    /// The value of the node lies in that place from then on.
    pub(super) lies_there: bool,
}

enum What {
    /// A value on its way from one place to another.
    Value(Detached),
    /// One that is to be made.
    Fresh(TypeIndex),
    /// The value is in a pool.
    Shared(Reference),
}

impl PickedUp {
    pub(super) fn of(self, types: &Arc<TypeSet>) -> New<'_> {
        match self.what {
            What::Value(value) => New::Node(value),
            What::Fresh(index) => New::Fresh(Fresh { types, index }),
            What::Shared(reference) => New::Shared(reference),
        }
    }
}

/// The node `id`, found from the root, in a pool, or among what is detached.
pub(super) fn resolve<'s>(
    nodes: &Nodes,
    detached: &'s mut HashMap<u32, Detached>,
    root: &'s mut dyn StructSink,
    id: u32,
) -> Option<Sink<'s>> {
    if id == ROOT {
        return Some(Sink::Struct(root));
    }
    let spot = nodes.spot(id)?;
    match spot.parent {
        NONE => Some(detached.get_mut(&id)?.sink()),
        pool @ FIRST_RESERVED.. => root.pool((pool - POOLS) as usize)?.node(spot.slot),
        // As deep as the state at most, which is checked when nodes are put in.
        parent => resolve(nodes, detached, root, parent)?.child(spot.slot as usize),
    }
}

/// A place that holds values, not references to those of a pool.
pub(super) const OWN: u8 = 0;
/// A place that refers to a pool that is not there.
const NOWHERE: u8 = u8::MAX;

impl Tree {
    pub(super) fn new(types: Arc<TypeSet>, root: &mut dyn StructSink) -> Self {
        let mut node = Node::new(Declared::Struct(types.root));
        node.count = 1;
        let mut nodes = Nodes::default();
        nodes.insert(ROOT, node);
        let pools = (0..usize::from(NOWHERE - 1)).map_while(|at| Some(root.pool(at)?.holds()));
        Self {
            types,
            nodes,
            detached: HashMap::new(),
            shares: Shares::default(),
            pools: pools.collect(),
            refers: HashMap::new(),
            deleted: Vec::new(),
            suspects: Vec::new(),
            limits: Limits::default(),
            moves_left: 0,
            held: 0,
            text: 0,
            foreign: None,
            removed: None,
        }
    }

    /// Makes a node that is nowhere yet.
    pub(super) fn add(&mut self, id: u32, declared: Declared) -> Result<(), DecodeErrorKind> {
        let bytes = match declared {
            Declared::Struct(index) => size_of_struct(self.types.get(index)),
            _ => COLLECTION,
        };
        self.nodes.insert(id, Node::new(declared));
        self.charge(id, bytes)
    }

    /// Counts that a node was put somewhere.
    pub(super) fn hold(&mut self, id: u32, counts: bool) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.count = node.count.saturating_add(u32::from(counts));
            node.deleted = false;
        }
    }

    /// Counts that a node was taken out of somewhere.
    pub(super) fn release(&mut self, id: u32) {
        // The root is held by the decoder itself, whatever a message says of it.
        if id == ROOT {
            return;
        }
        if let Some(node) = self.nodes.get_mut(id).filter(|node| node.count > 0) {
            node.count -= 1;
            if node.count == 0 {
                node.deleted = true;
                self.deleted.push(id);
            }
            self.shares.lost_place(id);
        }
    }

    /// Notes that places of a node may list what does not lie there.
    pub(super) fn suspect(&mut self, id: u32) {
        if let Some(node) = self.nodes.get_mut(id).filter(|node| !node.suspect) {
            node.suspect = true;
            self.suspects.push(id);
        }
    }

    /// Whether the value of `id` lies in this place.
    pub(super) fn lies_in(&self, id: u32, parent: u32, slot: u32) -> bool {
        self.nodes.spot(id).is_some_and(|spot| spot.parent == parent && spot.slot == slot)
    }

    /// Which pool a place refers to.
    pub(super) fn pool_of(&mut self, root: &mut dyn StructSink, parent: u32, slot: u32) -> u8 {
        if self.pools.is_empty() {
            return OWN;
        }
        match self.nodes.get(parent) {
            Some(Node { shape: Shape::Struct(node), .. }) => {
                let index = node.index;
                if !self.refers.contains_key(&index) {
                    let refers = self.find_pools(root, parent, index);
                    self.refers.insert(index, refers);
                }
                let refers = self.refers.get(&index);
                refers.and_then(|refers| refers.get(slot as usize)).copied().unwrap_or(OWN)
            }
            Some(node) => node.pool,
            None => OWN,
        }
    }

    fn find_pools(&mut self, root: &mut dyn StructSink, id: u32, index: TypeIndex) -> Box<[u8]> {
        let count = self.types.get(index).map_or(0, |info| info.fields.len());
        let sink = resolve(&self.nodes, &mut self.detached, root, id);
        let Some(Sink::Struct(sink)) = sink else { return Box::default() };
        let pool = |at| {
            let Some(holds) = sink.field(FieldIndex(at)).and_then(|field| field.pooled()) else {
                return OWN;
            };
            let found = self.pools.iter().position(|pool| *pool == holds);
            found.map_or(NOWHERE, |pool| pool as u8 + 1)
        };
        (0..).take(count).map(pool).collect()
    }

    /// What a place below `parent` that refers to `pool` gets for a node: its value, if it can be there
    /// alone.
    pub(super) fn pick_up(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (parent, pool): (u32, u8),
    ) -> Result<PickedUp, DecodeErrorKind> {
        if pool != OWN {
            let reference = self.move_to_pool(root, id, (parent, pool))?;
            return Ok(PickedUp { what: What::Shared(reference), lies_there: false });
        }
        self.check_nesting(id, parent)?;
        let node = self.nodes.get(id).ok_or(DecodeErrorKind::UnknownRef { id })?;
        let index = node.declared().index();
        if self.is_elsewhere(id) {
            self.suspect(parent);
            self.shares.got_place(id);
            return Ok(PickedUp { what: What::Fresh(index), lies_there: false });
        }
        self.detach(root, id)?;
        let value = self.detached.remove(&id);
        let what = value.map_or(What::Fresh(index), What::Value);
        Ok(PickedUp { what, lies_there: true })
    }

    /// Whether the value of a node lies in none of its places, but each of those that could hold it has a
    /// copy.
    pub(super) fn is_elsewhere(&self, id: u32) -> bool {
        self.shares.contains(id) || (FIRST_RESERVED..NONE).contains(&self.nodes.parent(id))
    }

    /// Brings the value of a node into a pool, and tells what it is referred to by there.
    fn move_to_pool(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (parent, pool): (u32, u8),
    ) -> Result<Reference, DecodeErrorKind> {
        if pool == NOWHERE {
            return Err(Misfit::NoPool.into());
        }
        let at = usize::from(pool - 1);
        let around = POOLS + at as u32;
        let mut spot = self.nodes.spot(id).ok_or(DecodeErrorKind::UnknownRef { id })?;
        if id == ROOT {
            return Err(DecodeErrorKind::Cycle { id });
        }
        if spot.parent != around {
            if (FIRST_RESERVED..NONE).contains(&spot.parent) {
                return Err(DecodeErrorKind::WrongType { id });
            }
            self.detach(root, id)?;
            let index = spot.type_index().unwrap_or(Fresh::ANY);
            let new = match self.detached.remove(&id) {
                Some(value) => New::Node(value),
                None => New::Fresh(Fresh { types: &self.types, index }),
            };
            let pool = root.pool(at).ok_or(Misfit::NoPool)?;
            spot.slot = pool.insert(new)?;
            self.nodes.put(id, around, spot.slot);
            self.suspect(parent);
        }
        let pool = root.pool(at).ok_or(Misfit::NoPool)?;
        Ok(pool.reference(spot.slot).ok_or(Misfit::NoPlace(spot.slot as usize))?)
    }

    /// Takes the value of a node out of where it lies, if it lies somewhere.
    pub(super) fn detach(&mut self, root: &mut dyn StructSink, id: u32) -> Result<(), Misfit> {
        let Some(spot) = self.nodes.spot(id) else { return Ok(()) };
        if spot.parent >= FIRST_RESERVED {
            return Ok(());
        }
        self.nodes.set_apart(id);
        let index = self.nodes.get(id).map_or(Fresh::ANY, |node| node.declared().index());
        let fresh = Fresh { types: &self.types, index };
        if let Some(Node { shape: Shape::Array(array), .. }) = self.nodes.get_mut(spot.parent)
            && let Some(here) = array.here.get_mut(spot.slot as usize)
        {
            *here = NONE;
        }
        let sink = resolve(&self.nodes, &mut self.detached, root, spot.parent);
        if let Some(place) = sink.and_then(|sink| sink.place(spot.slot as usize))
            && let Some(value) = place.unset(fresh)?
        {
            self.detached.insert(id, value);
        }
        self.suspect(spot.parent);
        Ok(())
    }

    /// Notes that the value of a node was put in a place, which its parent lists at `index`.
    pub(super) fn put_down(&mut self, id: u32, parent: u32, slot: u32, index: u32) {
        self.nodes.put(id, parent, slot);
        if let Some(node) = self.nodes.get_mut(id) {
            node.index = index;
        }
    }

    /// Notes that the value of a node was pushed out of its place.
    pub(super) fn put_aside(&mut self, id: u32, value: Option<Detached>) {
        if self.nodes.get(id).is_some() {
            self.nodes.set_apart(id);
            if let Some(value) = value {
                self.detached.insert(id, value);
            }
        }
    }

    /// Puts the node `id` in a place that exists, where `previous` was listed. Tells whether its value
    /// lies there now.
    pub(super) fn replace(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (parent, slot, index): (u32, u32, u32),
        previous: u32,
    ) -> Result<bool, DecodeErrorKind> {
        let was_here = self.lies_in(previous, parent, slot);
        let mut pool = self.pool_of(root, parent, slot);
        match self.nodes.get_mut(id) {
            // A collection lies here, and it is what is in it that refers to the pool.
            Some(node) if !matches!(node.shape, Shape::Struct(_)) => {
                node.pool = std::mem::replace(&mut pool, OWN);
            }
            _ => {}
        }
        let new = self.pick_up(root, id, (parent, pool))?;
        let lies_there = new.lies_there;
        let sink = resolve(&self.nodes, &mut self.detached, root, parent);
        let sink = sink.ok_or(Misfit::NoPlace(slot as usize))?;
        let old = sink.replace(slot as usize, new.of(&self.types))?;
        if was_here {
            self.put_aside(previous, old);
        }
        if lies_there {
            self.put_down(id, parent, slot, index);
        }
        Ok(lies_there)
    }

    /// A set or a collection of primitives that is known and comes to where another is takes over all that the
    /// other holds. Tells whether these are two such.
    pub(super) fn take_over(&mut self, id: u32, previous: u32) -> bool {
        if !self.detached.contains_key(&id) {
            return false;
        }
        let Some(spot) = self.nodes.spot(previous).filter(|_| !self.is_elsewhere(id)) else {
            return false;
        };
        let Some(Node { shape: Shape::Members(from), index, .. }) = self.nodes.get_mut(previous)
        else {
            return false;
        };
        if let ElementKind::Ref(_) = from.element {
            return false;
        }
        let index = *index;
        let numbers = std::mem::take(&mut from.numbers);
        let items = numbers.len() * ITEM;
        self.nodes.set_apart(previous);
        if let Some(Node { shape: Shape::Members(to), .. }) = self.nodes.get_mut(id) {
            let dropped = std::mem::replace(&mut to.numbers, numbers).len() * ITEM;
            self.discharge(id, dropped);
        }
        self.hand_over(previous, id, items);
        self.detached.remove(&id);
        self.put_down(id, spot.parent, spot.slot, index);
        true
    }

    /// Makes a field absent, or as if it was never set.
    pub(super) fn unset(
        &mut self,
        root: &mut dyn StructSink,
        parent: u32,
        field: FieldIndex,
        previous: u32,
    ) -> Result<(), Misfit> {
        let slot = u32::from(field.0);
        let was_here = self.lies_in(previous, parent, slot);
        let index = self.nodes.get(previous).map_or(Fresh::ANY, |node| node.declared().index());
        let fresh = Fresh { types: &self.types, index };
        let sink = resolve(&self.nodes, &mut self.detached, root, parent);
        let place = sink.and_then(|sink| sink.place(usize::from(field.0)));
        let old = place.ok_or(Misfit::NoPlace(usize::from(field.0)))?.unset(fresh)?;
        if was_here {
            self.put_aside(previous, old);
        }
        Ok(())
    }

    /// Ends a message: forgets what no place holds, and sees to what is in several.
    ///
    /// A fault comes with the node in which it lies.
    #[inline]
    pub(super) fn finish(
        &mut self,
        root: &mut dyn StructSink,
    ) -> Result<(), (u32, DecodeErrorKind)> {
        if self.deleted.is_empty() && self.suspects.is_empty() && self.shares.is_empty() {
            return Ok(());
        }
        self.put_right(root)
    }

    fn put_right(&mut self, root: &mut dyn StructSink) -> Result<(), (u32, DecodeErrorKind)> {
        if !self.deleted.is_empty() {
            self.forget_deleted(root).map_err(|misfit| (ROOT, misfit.into()))?;
        }
        let mut astray = Vec::new();
        for at in std::mem::take(&mut self.suspects) {
            let Some(node) = self.nodes.get_mut(at) else { continue };
            (node.suspect, node.has_copies) = (false, false);
            let Some(node) = self.nodes.get(at) else { continue };
            node.each_place(|slot, index, id| {
                if !self.lies_in(id, at, slot) {
                    astray.push((at, slot, index, id));
                }
            });
        }
        self.moves(astray.len()).map_err(|kind| (ROOT, kind))?;
        for (at, slot, index, id) in astray {
            self.find_home(root, id, (at, slot, index)).map_err(|kind| (at, kind))?;
        }
        self.settle(root)
    }

    /// Sees to a place that lists a node whose value is not there. If it is nowhere, it comes back: an array
    /// lists for a while what it is about to drop, and so takes it from where it has come already. If
    /// it is elsewhere, this is one place of several.
    fn find_home(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (at, slot, index): (u32, u32, u32),
    ) -> Result<(), DecodeErrorKind> {
        let Some(node) = self.nodes.get(id) else { return Ok(()) };
        let is_struct = matches!(node.shape, Shape::Struct(_));
        if is_struct && self.pool_of(root, at, slot) != OWN || self.lies_in(id, at, slot) {
            return Ok(());
        }
        if !self.is_elsewhere(id) {
            let old = self.nodes.parent(id);
            if old == NONE {
                return self.bring(root, id, (at, slot, index));
            }
            let was = self.nodes.spot(id).map_or(0, |spot| spot.slot);
            let listed = self.nodes.get(id).map_or(0, |node| node.index);
            self.detach(root, id)?;
            self.share(id, (old, was, listed));
        }
        self.share(id, (at, slot, index));
        Ok(())
    }

    fn share(&mut self, id: u32, place: (u32, u32, u32)) {
        if let Some(node) = self.nodes.get_mut(place.0) {
            node.has_copies = true;
        }
        self.shares.add(id, place);
    }

    /// Brings the value of a node to a place that lists it.
    pub(super) fn bring(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (at, slot, index): (u32, u32, u32),
    ) -> Result<(), DecodeErrorKind> {
        let mut previous = NONE;
        if let Some(Node { shape: Shape::Array(array), .. }) = self.nodes.get_mut(at)
            && let Some(here) = array.here.get_mut(slot as usize)
        {
            previous = std::mem::replace(here, id);
        }
        self.replace(root, id, (at, slot, index), previous).map(drop)
    }

    fn forget_deleted(&mut self, root: &mut dyn StructSink) -> Result<(), Misfit> {
        // What is below a node that goes is released with it, and may go too.
        let mut gone = Vec::new();
        let mut children = Vec::new();
        let mut next = 0;
        while let Some(&id) = self.deleted.get(next) {
            next += 1;
            let Some(node) = self.nodes.get_mut(id) else { continue };
            if node.count > 0 || !std::mem::take(&mut node.deleted) {
                continue;
            }
            node.each_child(|_, child| children.push(child));
            gone.push(id);
            // So that it is not released by others again, nor held.
            for child in children.drain(..) {
                if self.nodes.get(child).is_some_and(|node| !node.deleted) {
                    self.release(child);
                }
            }
        }
        self.deleted.clear();
        // What survives its parent is taken out of it.
        for &id in &gone {
            if let Some(node) = self.nodes.get(id) {
                node.each_child(|_, child| children.push(child));
            }
            for child in children.drain(..) {
                let survives = self.nodes.get(child).is_some_and(|node| node.count > 0);
                if survives && self.nodes.parent(child) == id {
                    self.detach(root, child)?;
                }
            }
        }
        for id in gone {
            let value = self.forget(root, id);
            if let (Some(value), Some(removed)) = (value, &mut self.removed) {
                removed.insert(id, value);
            }
        }
        Ok(())
    }

    /// Forgets a node. Hands out its value, if that lies in no other.
    pub(super) fn forget(&mut self, root: &mut dyn StructSink, id: u32) -> Option<Detached> {
        let (spot, node) = self.nodes.remove(id)?;
        self.held -= node.held;
        for (parent, index) in self.shares.forget(id) {
            if let Some(parent) = self.nodes.get_mut(parent) {
                parent.unlist(index, id);
            }
        }
        match spot.parent {
            NONE => self.detached.remove(&id),
            pool @ FIRST_RESERVED.. => root.pool((pool - POOLS) as usize)?.remove(spot.slot),
            parent => {
                if let Some(parent) = self.nodes.get_mut(parent) {
                    parent.unlist(node.index, id);
                }
                None
            }
        }
    }
}
