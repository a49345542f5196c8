//! Instances in several places.
//!
//! Where a place refers to an instance of a pool there is nothing to do: the instance lies in the pool,
//! once. A place that holds values gets a copy. The instance itself then lies apart (or in a
//! pool, if other places refer to that), messages change that one, and when a message ends the copies are
//! made like it: values of fields one by one, all else by making what changed anew. Once there is one place again, the
//! instance is put there.
//!
//! Invariant: at the end of a message every place of a shared instance is in [`Shares`], and holds
//! what the instance holds. Copies are no nodes: nothing in them has a refId.

mod replica;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use tidewire_state::receive::{Detached, POOLS, Sink, StructSink, ValueSink};

use super::{
    error::{DecodeErrorKind, MAX_DEPTH},
    nodes::{FIRST_RESERVED, NONE, Node, Nodes, ROOT, Shape},
    places::{Tree, resolve},
};

/// Instances in several places.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// The places with copies, by refId.
    of: HashMap<u32, Places>,
    /// Instances that may have lost places or got some.
    changed: BTreeSet<u32>,
    /// One was forgotten with all of its places.
    forgotten: bool,
    /// What operations were about in this message, and whether more than values of fields changed.
    touched: Vec<(u32, bool)>,
    /// What all copies take, in bytes, by an estimate.
    pub(super) copied: usize,
}

/// Places by parent and slot, with what the parent lists them under.
type Places = BTreeMap<(u32, u32), u32>;

/// Where a copy lies, or something in one.
#[derive(Clone, Debug)]
struct Location {
    /// The root, or what lies apart or in a pool.
    from: u32,
    path: Vec<Step>,
}

/// From a node to one in it.
#[derive(Clone, Debug)]
enum Step {
    At(usize),
    /// Copies of a map have slots of their own.
    Key(Rc<str>),
}

impl Shares {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty() && self.changed.is_empty()
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.of.contains_key(&id)
    }

    /// Notes that an instance was taken out of a place.
    pub(super) fn lost_place(&mut self, id: u32) {
        if self.contains(id) {
            self.changed.insert(id);
        }
    }

    /// Notes that a place was made for a copy of an instance.
    pub(super) fn got_place(&mut self, id: u32) {
        self.changed.insert(id);
        self.touched.push((id, true));
    }

    /// Notes what operations are about.
    #[inline]
    pub(super) fn touch(&mut self, id: u32, all: bool) {
        if !self.of.is_empty() {
            self.touched.push((id, all));
        }
    }

    /// A place that has a copy from now on.
    pub(super) fn add(&mut self, id: u32, (parent, slot, index): (u32, u32, u32)) {
        if self.of.entry(id).or_default().insert((parent, slot), index).is_none() {
            self.got_place(id);
        }
    }

    /// The nodes that have copies of an instance, and under which index.
    pub(super) fn forget(&mut self, id: u32) -> impl Iterator<Item = (u32, u32)> + use<> {
        self.changed.remove(&id);
        let places = self.of.remove(&id);
        self.forgotten |= places.is_some();
        let places = places.unwrap_or_default();
        places.into_iter().map(|((parent, _), index)| (parent, index))
    }

    fn is_copy(&self, id: u32, parent: u32, slot: u32) -> bool {
        self.of.get(&id).is_some_and(|places| places.contains_key(&(parent, slot)))
    }

    /// A place of an instance, if it has several.
    pub(super) fn place(&self, id: u32) -> Option<(u32, u32)> {
        self.of.get(&id)?.keys().next().copied()
    }
}

impl Tree {
    /// Ends a message: has every place of every instance hold what the instance is.
    pub(super) fn settle(
        &mut self,
        root: &mut dyn StructSink,
    ) -> Result<(), (u32, DecodeErrorKind)> {
        let mut rearranged = std::mem::take(&mut self.shares.forgotten);
        while let Some(id) = self.shares.changed.pop_first() {
            rearranged = true;
            self.settle_places(root, id).map_err(|kind| (id, kind))?;
        }
        let mut touched: BTreeMap<u32, bool> = BTreeMap::new();
        let mut all_touched = std::mem::take(&mut self.shares.touched);
        for (id, all) in all_touched.drain(..) {
            if self.shares.contains(self.nodes.top(id)) {
                *touched.entry(id).or_default() |= all;
            }
        }
        self.shares.touched = all_touched;
        rearranged |= touched.values().any(|all| *all);
        if rearranged {
            self.weigh()?;
        }
        // What is made anew is so from the outside in, before values in it are brought up to date.
        let mut levels = HashMap::new();
        let mut jobs = Vec::new();
        for (&id, &all) in &touched {
            let top = self.nodes.top(id);
            if !self.is_covered(id, top, &touched) {
                let within = self.path_within(root, id, top);
                jobs.push((!all, self.level_of(top, &mut levels), within.len(), id, top, within));
            }
        }
        jobs.sort_by_key(|(values, level, depth, id, ..)| (*values, *level, *depth, *id));
        let mut copies = Copies::default();
        for (values, _, _, id, top, within) in jobs {
            let fault = |kind| (id, kind);
            let replica = match values {
                true => self.values_of(root, id),
                false => self.replica_of(root, id, 0),
            };
            let replica = replica.map_err(fault)?;
            let (weight, text) = (replica.weight(), replica.text());
            for copy in copies.of(self, root, top).map_err(fault)?.iter() {
                let path = [&copy.path[..], &within].concat();
                self.moves(weight + path.len()).map_err(fault)?;
                self.text = self.text.saturating_add(text);
                let Some(place) = reach(&mut self.detached, root, copy.from, &path, &self.nodes)
                else {
                    continue;
                };
                let written = match values {
                    true => replica.update(place, &self.types),
                    false => replica.put_in(place, &self.types),
                };
                written.map_err(|misfit| fault(misfit.into()))?;
            }
        }
        Ok(())
    }

    /// Looks at which places an instance still has, and puts it in the only one if it is.
    fn settle_places(&mut self, root: &mut dyn StructSink, id: u32) -> Result<(), DecodeErrorKind> {
        let nodes = &self.nodes;
        let Some(places) = self.shares.of.get_mut(&id) else { return Ok(()) };
        places.retain(|(parent, slot), index| {
            nodes.get(*parent).is_some_and(|parent| parent.listed(*slot, *index) == id)
        });
        let is_pooled = nodes.parent(id) != NONE;
        let first =
            places.first_key_value().map(|((parent, slot), index)| (*parent, *slot, *index));
        match (places.len(), first) {
            (0, _) => {
                self.shares.of.remove(&id);
                Ok(())
            }
            (1, Some(place)) if !is_pooled => {
                self.shares.of.remove(&id);
                self.bring(root, id, place)
            }
            _ => Ok(()),
        }
    }

    /// Whether something that a node lies in is made anew, and it with that.
    fn is_covered(&self, id: u32, top: u32, touched: &BTreeMap<u32, bool>) -> bool {
        let mut at = id;
        while at != top {
            at = self.nodes.parent(at);
            if touched.get(&at) == Some(&true) {
                return true;
            }
        }
        false
    }

    /// The way from a node that lies in no other to one in it.
    fn path_within(&mut self, root: &mut dyn StructSink, id: u32, top: u32) -> Vec<Step> {
        let mut path = Vec::new();
        let mut at = id;
        while at != top {
            let Some(spot) = self.nodes.spot(at) else { break };
            path.push(self.step(root, spot.parent, spot.slot));
            at = spot.parent;
        }
        path.reverse();
        path
    }

    fn step(&mut self, root: &mut dyn StructSink, parent: u32, slot: u32) -> Step {
        if let Some(Node { shape: Shape::Map(_), .. }) = self.nodes.get(parent)
            && let Some(Sink::Map(map)) = resolve(&self.nodes, &mut self.detached, root, parent)
            && let Some(key) = map.key(slot)
        {
            return Step::Key(key.into());
        }
        Step::At(slot as usize)
    }

    /// Counts what all copies take, and refuses instances that lie within themselves.
    fn weigh(&mut self) -> Result<(), (u32, DecodeErrorKind)> {
        let ids: Vec<u32> = self.shares.of.keys().copied().collect();
        let (mut known, mut levels) = (HashMap::new(), HashMap::new());
        let mut copied = 0_usize;
        for id in ids {
            let weight = self.weight_of(id, &mut known, 0).map_err(|kind| (id, kind))?;
            let places = self.shares.of.get(&id).map_or(0, BTreeMap::len);
            copied = copied.saturating_add(weight.bytes.saturating_mul(places));
        }
        for (&id, weight) in &known {
            let height = weight.map_or(0, |weight| weight.height);
            if self.level_of(id, &mut levels).saturating_add(height) > u32::from(MAX_DEPTH) {
                return Err((id, DecodeErrorKind::TooDeep { id }));
            }
        }
        let limit = self.limits.memory;
        if self.held.saturating_add(copied) > limit {
            return Err((ROOT, DecodeErrorKind::TooLarge { limit }));
        }
        self.shares.copied = copied;
        Ok(())
    }

    /// What a copy of a node takes, with all copies in it.
    fn weight_of(
        &mut self,
        id: u32,
        known: &mut HashMap<u32, Option<Weight>>,
        depth: u8,
    ) -> Result<Weight, DecodeErrorKind> {
        match known.get(&id) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(DecodeErrorKind::Cycle { id }),
            None if depth > MAX_DEPTH => return Err(DecodeErrorKind::TooDeep { id }),
            None => {}
        }
        known.insert(id, None);
        let mut weight = Weight::default();
        let mut ahead = vec![(id, 0)];
        let mut children = Vec::new();
        while let Some((at, level)) = ahead.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            weight.bytes = weight.bytes.saturating_add(node.held);
            weight.height = weight.height.max(level);
            node.each_child(|slot, child| children.push((slot, child)));
            self.moves(1 + children.len())?;
            for (slot, child) in children.drain(..) {
                if self.lies_in(child, at, slot) {
                    ahead.push((child, level + 1));
                } else if self.shares.is_copy(child, at, slot) {
                    let copy = self.weight_of(child, known, depth + 1)?;
                    weight.bytes = weight.bytes.saturating_add(copy.bytes);
                    weight.height = weight.height.max(level + 1 + copy.height);
                }
            }
        }
        if weight.height > u32::from(MAX_DEPTH) {
            return Err(DecodeErrorKind::TooDeep { id });
        }
        known.insert(id, Some(weight));
        Ok(weight)
    }

    /// How deep the deepest copy of an instance lies. None lies in itself.
    fn level_of(&self, id: u32, known: &mut HashMap<u32, u32>) -> u32 {
        if let Some(level) = known.get(&id) {
            return *level;
        }
        let mut deepest = 0;
        for &(parent, _) in self.shares.of.get(&id).into_iter().flat_map(BTreeMap::keys) {
            let (mut at, mut level) = (parent, 1);
            while at != ROOT && self.nodes.parent(at) < FIRST_RESERVED {
                at = self.nodes.parent(at);
                level += 1;
            }
            deepest = deepest.max(level + self.level_of(at, known));
        }
        known.insert(id, deepest);
        deepest
    }

    /// How often the value of each shared instance is there, itself included.
    pub(super) fn copies(&self) -> HashMap<u32, usize> {
        let mut counts = HashMap::new();
        for id in self.shares.of.keys() {
            self.count_copies(*id, &mut counts);
        }
        counts
    }

    fn count_copies(&self, id: u32, counts: &mut HashMap<u32, usize>) -> usize {
        if let Some(count) = counts.get(&id) {
            return *count;
        }
        let mut count = 1_usize;
        for (parent, _) in self.shares.of.get(&id).into_iter().flat_map(BTreeMap::keys) {
            count = count.saturating_add(self.count_copies(self.nodes.top(*parent), counts));
        }
        counts.insert(id, count);
        count
    }
}

/// What a copy takes, and how many levels are in it.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    bytes: usize,
    height: u32,
}

/// Where the copies of instances lie, as far as it was asked for.
#[derive(Default)]
struct Copies {
    known: HashMap<u32, Rc<[Location]>>,
    /// How many steps there are in all of them.
    steps: usize,
}

impl Copies {
    /// All copies of an instance, those in copies of others too. Nothing lies in itself, and all is
    /// counted as held, so there are no more than fit into the memory that they may take; nor may the ways to
    /// them take more.
    fn of(
        &mut self,
        tree: &mut Tree,
        root: &mut dyn StructSink,
        id: u32,
    ) -> Result<Rc<[Location]>, DecodeErrorKind> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let limit = tree.limits.memory;
        let places = tree.shares.of.get(&id).into_iter().flat_map(BTreeMap::keys);
        let places: Vec<(u32, u32)> = places.copied().collect();
        let mut locations = Vec::new();
        for (parent, slot) in places {
            let top = tree.nodes.top(parent);
            let mut path = tree.path_within(root, parent, top);
            path.push(tree.step(root, parent, slot));
            for around in self.of(tree, root, top)?.iter() {
                let path = [&around.path[..], &path].concat();
                self.steps += path.len();
                if self.steps.saturating_mul(size_of::<Step>()) > limit {
                    return Err(DecodeErrorKind::TooLarge { limit });
                }
                locations.push(Location { from: around.from, path });
            }
            self.steps += path.len();
            locations.push(Location { from: top, path });
        }
        let locations: Rc<[Location]> = locations.into();
        self.known.insert(id, locations.clone());
        Ok(locations)
    }
}

impl Step {
    fn of(&self, sink: &Sink<'_>) -> Option<usize> {
        match (self, sink) {
            (Self::Key(key), Sink::Map(map)) => Some(map.find(key)? as usize),
            (Self::Key(_), _) => None,
            (Self::At(at), _) => Some(*at),
        }
    }
}

/// The place at the end of a path. There is none in what is yet to be made, which then comes with it in it.
fn reach<'s>(
    detached: &'s mut HashMap<u32, Detached>,
    root: &'s mut dyn StructSink,
    from: u32,
    path: &[Step],
    nodes: &Nodes,
) -> Option<&'s mut dyn ValueSink> {
    let mut sink = match nodes.spot(from)? {
        _ if from == ROOT => Sink::Struct(root),
        spot if spot.parent == NONE => detached.get_mut(&from)?.sink(),
        spot => root.pool(spot.parent.checked_sub(POOLS)? as usize)?.node(spot.slot)?,
    };
    let (last, above) = path.split_last()?;
    for step in above {
        let at = step.of(&sink)?;
        sink = sink.child(at)?;
    }
    let at = last.of(&sink)?;
    sink.place(at)
}
