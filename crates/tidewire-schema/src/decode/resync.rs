//! A full snapshot over a state that is there already.
//!
//! The snapshot is read by a decoder of its own. What differs between its state and ours is then
//! written down as two messages, which are applied as any: the first takes out what is gone, the
//! second brings what came or changed. So removals are told first, all in the order of the state,
//! and nothing is told that did not differ.
//!
//! An instance stays itself where the snapshot has one of the same refId and type. Until the end of
//! both messages such are held, so that one that moved is there when its new place is reached.

mod content;
mod plan;

use std::collections::HashSet;

use tidewire_state::receive::{Fresh, StructSink};

use super::{
    Decoder,
    change::{Change, ChangeObserver, ChangePlace},
    error::{DecodeError, DecodeErrorKind, Fault},
    index::IndexTable,
    nodes::{NONE, Node, ROOT, Shape},
};

/// What is known of both sides before anything is changed.
struct Sides {
    /// The nodes of the snapshot, each before those below it.
    order: Vec<u32>,
    /// Those that are ours too.
    stay: HashSet<u32>,
    /// A refId that is ours stands for something else in the snapshot: ours has to be gone before
    /// that can come.
    reused: bool,
}

impl<S: StructSink> Decoder<S> {
    /// Applies a snapshot to a state that earlier messages left, as after a connection was lost: what
    /// the snapshot does not have goes, what it has as well stays what it is.
    ///
    /// An instance stays if the snapshot has one of the same refId and type; fields of it that are not
    /// sent keep what the program put there. A decoder that has nothing yet may be given its first
    /// snapshot like this too.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply). A snapshot that cannot be read changes nothing in the state.
    pub fn resync(&mut self, snapshot: &[u8]) -> Result<(), DecodeError> {
        self.resync_with(snapshot, &mut ())
    }

    /// Applies a snapshot to a state that earlier messages left, and tells what differs: all that
    /// goes from collections and fields, then all that comes and changes.
    ///
    /// # Errors
    ///
    /// As [`resync`](Self::resync).
    pub fn resync_with<O: ChangeObserver>(
        &mut self,
        snapshot: &[u8],
        observer: &mut O,
    ) -> Result<(), DecodeError> {
        self.reconcile(snapshot, observer).map(drop)
    }

    /// As [`resync_with`](Self::resync_with). Returns the refIds of what is gone, whether something
    /// else has them now or not.
    pub(super) fn reconcile<O: ChangeObserver>(
        &mut self,
        snapshot: &[u8],
        observer: &mut O,
    ) -> Result<HashSet<u32>, DecodeError> {
        self.received = true;
        self.last_unreliable = 0;
        let error = |kind| DecodeError::new(self.root_name(), Fault::at(snapshot.len(), kind));
        if self.stopped {
            return Err(error(DecodeErrorKind::Stopped));
        }
        let types = self.tree.types.clone();
        let fresh = S::fresh(Fresh { types: &types, index: types.root });
        let fresh = fresh.map_err(|misfit| error(misfit.into()))?;
        let mut theirs = Self::with(fresh, types);
        theirs.tree.limits = self.tree.limits;
        theirs.tree.foreign = self.tree.foreign.clone();
        if let Some(foreign) = &mut theirs.tree.foreign {
            foreign.nodes.clear();
        }
        if let Err(error) = theirs.apply(snapshot) {
            self.stopped = true;
            return Err(error);
        }
        let sides = Sides::of(self, &theirs);
        let gone = self.tree.nodes.iter().map(|(id, _)| id);
        let gone = gone.filter(|id| !sides.stay.contains(id)).collect();
        let limits = self.tree.limits;
        // Theirs was measured, and for a moment there are both.
        self.tree.limits.memory = usize::MAX;
        self.tree.moves_left = limits.moves_of(snapshot);
        let merged = self.merge(&mut theirs, &sides, observer);
        self.tree.limits = limits;
        self.tree.text = theirs.tree.text;
        self.tree.held = (self.tree.held - self.tree.foreign_size()) + theirs.tree.foreign_size();
        self.tree.foreign = theirs.tree.foreign.take();
        if let Err(kind) = merged {
            self.stopped = true;
            return Err(DecodeError::new(self.root_name(), Fault::at(snapshot.len(), kind)));
        }
        Ok(gone)
    }

    fn merge<O: ChangeObserver>(
        &mut self,
        theirs: &mut Self,
        sides: &Sides,
        observer: &mut O,
    ) -> Result<(), DecodeErrorKind> {
        for id in &sides.stay {
            self.tree.hold(*id, true);
        }
        let mut observer = Discreet { observer, same: HashSet::new() };
        let removals = plan::removals(self, theirs, sides, &mut observer.same);
        self.run_as(&removals, &mut observer)?;
        for id in &sides.stay {
            self.number_as(theirs, *id);
        }
        let arrivals = plan::arrivals(self, theirs, sides);
        self.run_as(&arrivals, &mut observer)?;
        self.count_as(theirs, sides);
        Ok(())
    }

    fn run_as<O: ChangeObserver>(
        &mut self,
        message: &[u8],
        observer: &mut O,
    ) -> Result<(), DecodeErrorKind> {
        self.message(message, observer).run().map_err(Fault::into_kind)
    }

    /// Gives the entries and members that stayed the numbers that the snapshot has for them.
    fn number_as(&mut self, theirs: &Self, id: u32) {
        let nodes = &mut self.tree.nodes;
        let theirs = theirs.tree.nodes.get(id).map(|node| &node.shape);
        let (Some(Node { shape, .. }), Some(theirs)) = (nodes.get_mut(id), theirs) else { return };
        match (shape, theirs) {
            (Shape::Members(ours), Shape::Members(theirs)) => {
                let kept = ours.numbers.len();
                ours.numbers.copy_from_slice(&theirs.numbers[..kept]);
                ours.find_places();
            }
            (Shape::Map(ours), Shape::Map(theirs)) => {
                let mut entries = IndexTable::default();
                let mut numbered = Vec::new();
                for ((_, entry), (number, _)) in std::iter::zip(ours.in_order(), theirs.in_order())
                {
                    entries.insert(number, entry);
                    numbered.push((entry, number));
                }
                ours.entries = entries;
                for (entry, number) in numbered {
                    if nodes.parent(entry.id) == id
                        && let Some(node) = nodes.get_mut(entry.id)
                    {
                        node.index = number;
                    }
                }
            }
            _ => {}
        }
    }

    /// Counts references as the snapshot does, and forgets what nothing leads to.
    fn count_as(&mut self, theirs: &Self, sides: &Sides) {
        let there: HashSet<u32> = sides.order.iter().copied().collect();
        let ours = self.tree.nodes.iter().map(|(id, _)| id);
        let lost: Vec<u32> = ours.filter(|id| !there.contains(id)).collect();
        for id in lost {
            self.tree.forget(&mut self.state, id);
        }
        for id in there {
            let count = theirs.tree.nodes.get(id).map(|node| node.count);
            if let (Some(node), Some(count)) = (self.tree.nodes.get_mut(id), count) {
                node.count = count;
            }
        }
    }

    fn root_name(&self) -> String {
        let types = &self.tree.types;
        types.get(types.root).map_or_else(String::new, |info| info.name.clone())
    }
}

impl Sides {
    fn of<S>(ours: &Decoder<S>, theirs: &Decoder<S>) -> Self {
        let order = plan::order(theirs);
        let reached: HashSet<u32> = plan::order(ours).into_iter().collect();
        let mut stay = HashSet::new();
        let mut reused = false;
        for &id in &order {
            let Some(our) = ours.tree.nodes.get(id) else { continue };
            let Some(their) = theirs.tree.nodes.get(id) else { continue };
            let same = reached.contains(&id)
                && our.declared() == their.declared()
                && match their.shape {
                    Shape::Struct(_) => true,
                    // A collection belongs to its field: elsewhere it is another one.
                    _ => {
                        ours.tree.nodes.spot(id) == theirs.tree.nodes.spot(id)
                            && stay.contains(&ours.tree.nodes.parent(id))
                    }
                };
            if same {
                stay.insert(id);
            } else {
                reused = true;
            }
        }
        debug_assert!(stay.contains(&ROOT), "both have a root of the same type");
        Self { order, stay, reused }
    }
}

/// Does not tell of entries that are taken out and put in again only to change their order.
struct Discreet<'o, O> {
    observer: &'o mut O,
    /// The map and the key of each.
    same: HashSet<(u32, String)>,
}

impl<O: ChangeObserver> ChangeObserver for Discreet<'_, O> {
    const IGNORES: bool = O::IGNORES;

    fn changed(&mut self, change: Change<'_>) {
        if let ChangePlace::Entry(key) = change.place
            && !self.same.is_empty()
            && self.same.contains(&(change.structure.0, key.to_owned()))
        {
            return;
        }
        self.observer.changed(change);
    }
}

/// Whether a node is there.
fn is_node(id: u32) -> bool {
    id != NONE
}
