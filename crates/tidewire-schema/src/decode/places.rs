//! Where values lie: finding them, putting them in, taking them out, counting references.

use std::{collections::HashMap, sync::Arc};

use tidewire_state::{
    ElementKind, FieldIndex, TypeIndex, TypeSet,
    receive::{Detached, Fresh, Misfit, New, Sink, StructSink},
};

use super::{
    error::{DecodeErrorKind, MAX_DEPTH},
    fields::primitives,
    foreign::Foreign,
    limits::{COLLECTION, ITEM, Limits, size_of_struct},
    nodes::{Declared, NONE, Node, Nodes, ROOT, Shape},
};

/// All that is known of a state beside its values.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) types: Arc<TypeSet>,
    /// Which fields of each type are primitive.
    pub(super) primitives: Vec<u64>,
    pub(super) nodes: Nodes,
    /// Values that are in no place, by refId: taken out by the message at hand and perhaps put in
    /// again, or kept alive by a count alone.
    pub(super) detached: HashMap<u32, Detached>,
    /// Nodes whose count went to zero in this message.
    deleted: Vec<u32>,
    /// Nodes marked as suspect in this message.
    suspects: Vec<u32>,
    pub(super) limits: Limits,
    /// What all nodes hold, in bytes, by an estimate.
    pub(super) held: usize,
    /// What the text of all strings takes at most.
    pub(super) text: usize,
    /// Of a sender whose types are not ours alone.
    pub(super) foreign: Option<Box<Foreign>>,
    /// Values that were forgotten, for those who want to hear of them.
    pub(super) removed: Option<HashMap<u32, Detached>>,
}

/// A value on its way from one place to another, or the type of one that is to be made.
pub(super) enum PickedUp {
    Value(Detached),
    Fresh(TypeIndex),
}

impl PickedUp {
    pub(super) fn of(self, types: &Arc<TypeSet>) -> New<'_> {
        match self {
            Self::Value(value) => New::Node(value),
            Self::Fresh(index) => New::Fresh(Fresh { types, index }),
        }
    }
}

/// The node `id`, found from the root or from what is detached.
pub(super) fn resolve<'s>(
    nodes: &Nodes,
    detached: &'s mut HashMap<u32, Detached>,
    root: &'s mut dyn StructSink,
    id: u32,
) -> Option<Sink<'s>> {
    if id == ROOT {
        return Some(Sink::Struct(root));
    }
    let node = nodes.get(id)?;
    if node.parent == NONE {
        return Some(detached.get_mut(&id)?.sink());
    }
    // As deep as the state at most, which is checked when nodes are put in.
    resolve(nodes, detached, root, node.parent)?.child(node.slot as usize)
}

impl Tree {
    pub(super) fn new(types: Arc<TypeSet>) -> Self {
        let mut root = Node::new(Declared::Struct(types.root));
        root.count = 1;
        let mut nodes = Nodes::default();
        nodes.insert(ROOT, root);
        let primitives = primitives(&types);
        Self {
            types,
            primitives,
            nodes,
            detached: HashMap::new(),
            deleted: Vec::new(),
            suspects: Vec::new(),
            limits: Limits::default(),
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
        self.nodes.get(id).is_some_and(|node| node.parent == parent && node.slot == slot)
    }

    /// Takes the value of a node out of where it lies, to be put in below `parent`.
    pub(super) fn pick_up(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        parent: u32,
    ) -> Result<PickedUp, DecodeErrorKind> {
        self.check_nesting(id, parent)?;
        self.detach(root, id)?;
        if let Some(value) = self.detached.remove(&id) {
            return Ok(PickedUp::Value(value));
        }
        let node = self.nodes.get(id).ok_or(DecodeErrorKind::UnknownRef { id })?;
        Ok(PickedUp::Fresh(node.declared().index()))
    }

    /// Takes the value of a node out of where it lies, if it lies somewhere.
    pub(super) fn detach(&mut self, root: &mut dyn StructSink, id: u32) -> Result<(), Misfit> {
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        if node.parent == NONE {
            return Ok(());
        }
        let (parent, slot) = (std::mem::replace(&mut node.parent, NONE), node.slot);
        let fresh = Fresh { types: &self.types, index: node.declared().index() };
        if let Some(Node { shape: Shape::Array(array), .. }) = self.nodes.get_mut(parent)
            && let Some(here) = array.here.get_mut(slot as usize)
        {
            *here = NONE;
        }
        let sink = resolve(&self.nodes, &mut self.detached, root, parent);
        if let Some(place) = sink.and_then(|sink| sink.place(slot as usize))
            && let Some(value) = place.unset(fresh)?
        {
            self.detached.insert(id, value);
        }
        self.suspect(parent);
        Ok(())
    }

    /// Notes that the value of a node was put in a place, which its parent lists at `index`.
    pub(super) fn put_down(&mut self, id: u32, parent: u32, slot: u32, index: u32) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.parent = parent;
            node.slot = slot;
            node.index = index;
        }
    }

    /// Notes that the value of a node was pushed out of its place.
    pub(super) fn put_aside(&mut self, id: u32, value: Option<Detached>) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.parent = NONE;
            if let Some(value) = value {
                self.detached.insert(id, value);
            }
        }
    }

    /// Puts the node `id` in a place that exists, where `previous` was listed.
    pub(super) fn replace(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (parent, slot, index): (u32, u32, u32),
        previous: u32,
    ) -> Result<(), DecodeErrorKind> {
        let was_here = self.lies_in(previous, parent, slot);
        let new = self.pick_up(root, id, parent)?;
        let sink = resolve(&self.nodes, &mut self.detached, root, parent);
        let place = sink.and_then(|sink| sink.place(slot as usize));
        let old = place.ok_or(Misfit::NoPlace(slot as usize))?.replace(new.of(&self.types))?;
        if was_here {
            self.put_aside(previous, old);
        }
        self.put_down(id, parent, slot, index);
        Ok(())
    }

    /// A set or a collection of primitives that is known and comes to where another is takes over all that the
    /// other holds. Tells whether these are two such.
    pub(super) fn take_over(&mut self, id: u32, previous: u32) -> bool {
        if !self.detached.contains_key(&id) {
            return false;
        }
        let Some(Node { shape: Shape::Members(from), parent, slot, index, .. }) =
            self.nodes.get_mut(previous)
        else {
            return false;
        };
        if let ElementKind::Ref(_) = from.element {
            return false;
        }
        let numbers = std::mem::take(&mut from.numbers);
        let items = numbers.len() * ITEM;
        let (parent, slot, index) = (std::mem::replace(parent, NONE), *slot, *index);
        if let Some(Node { shape: Shape::Members(to), .. }) = self.nodes.get_mut(id) {
            let dropped = std::mem::replace(&mut to.numbers, numbers).len() * ITEM;
            self.discharge(id, dropped);
        }
        self.hand_over(previous, id, items);
        self.detached.remove(&id);
        self.put_down(id, parent, slot, index);
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

    /// Refuses what would put a node into itself, or nest too deep.
    fn check_nesting(&mut self, id: u32, parent: u32) -> Result<(), DecodeErrorKind> {
        let below = self.nodes.get(id).map_or(0, |node| node.height).saturating_add(1);
        let (mut at, mut height) = (parent, below);
        while at != NONE {
            if at == id || id == ROOT {
                return Err(DecodeErrorKind::Cycle { id });
            }
            if height > MAX_DEPTH {
                return Err(DecodeErrorKind::TooDeep { id });
            }
            let Some(node) = self.nodes.get_mut(at) else { break };
            node.height = node.height.max(height);
            at = node.parent;
            height = height.saturating_add(1);
        }
        Ok(())
    }

    /// Ends a message: forgets what no place holds, and looks at what may be in two.
    ///
    /// A fault comes with the node in which it lies.
    pub(super) fn finish(
        &mut self,
        root: &mut dyn StructSink,
    ) -> Result<(), (u32, DecodeErrorKind)> {
        if !self.deleted.is_empty() {
            self.forget_deleted(root).map_err(|misfit| (ROOT, misfit.into()))?;
        }
        let mut astray = Vec::new();
        for at in std::mem::take(&mut self.suspects) {
            let Some(node) = self.nodes.get_mut(at) else { continue };
            node.suspect = false;
            let Some(node) = self.nodes.get(at) else { continue };
            node.each_place(|slot, index, id| {
                if !self.lies_in(id, at, slot) {
                    astray.push((at, slot, index, id));
                }
            });
        }
        for (at, slot, index, id) in astray {
            self.bring_back(root, id, (at, slot, index)).map_err(|kind| (at, kind))?;
        }
        Ok(())
    }

    /// Puts a node where it is listed, if it is nowhere. An array lists for a while what it is about
    /// to drop, and so takes it from where it has come already.
    fn bring_back(
        &mut self,
        root: &mut dyn StructSink,
        id: u32,
        (at, slot, index): (u32, u32, u32),
    ) -> Result<(), DecodeErrorKind> {
        let is_nowhere = self.nodes.get(id).is_some_and(|node| node.parent == NONE);
        if !is_nowhere || !self.detached.contains_key(&id) {
            return Err(DecodeErrorKind::Shared { id });
        }
        let mut previous = NONE;
        if let Some(Node { shape: Shape::Array(array), .. }) = self.nodes.get_mut(at)
            && let Some(here) = array.here.get_mut(slot as usize)
        {
            previous = std::mem::replace(here, id);
        }
        self.replace(root, id, (at, slot, index), previous)
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
                let survives = |node: &&Node| node.count > 0 && node.parent == id;
                if self.nodes.get(child).filter(survives).is_some() {
                    self.detach(root, child)?;
                }
            }
        }
        for id in gone {
            let Some(node) = self.nodes.remove(id) else { continue };
            self.held -= node.held;
            if let (Some(value), Some(removed)) = (self.detached.remove(&id), &mut self.removed) {
                removed.insert(id, value);
            }
            if let Some(parent) = self.nodes.get_mut(node.parent) {
                parent.unlist(node.index, id);
            }
        }
        Ok(())
    }
}
