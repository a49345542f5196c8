//! What a walk reports, put into the document and written down.

use tidewire_state::{
    Enter, EntryAt, FieldIndex, Place, RefEdit, RefId, Value as Leaf, ValueEdit, Visitor,
};

use super::{
    Arrays, At, Frame, Recorder, Segment, Visited,
    plan::{self, Plan},
};
use crate::{
    document::{Node, Slot},
    refusal::PROTO,
};

impl Visitor for Recorder {
    fn begin(&mut self, tick: u64) {
        assert!(
            self.ticks == tick,
            "the state was synced {tick} times, but this encoder knows of {}: give all codecs of \
             a state to one `sync`, as in `state.sync(&mut [&mut a, &mut b][..])`",
            self.ticks,
        );
        self.changes.clear();
        self.released.clear();
        self.visited.clear();
        self.renewed.clear();
    }

    #[inline]
    fn end(&mut self) {
        self.ticks += 1;
    }

    fn enter(&mut self, node: Enter<'_>) {
        let at = if node.fresh {
            self.begin_node(&node);
            None
        } else {
            self.visit(&node)
        };
        self.stack.push(Frame { id: node.id, at });
    }

    #[inline]
    fn leave(&mut self) {
        self.stack.pop();
    }

    #[inline]
    fn field(&mut self, field: FieldIndex, value: Leaf<'_>, _: Option<Leaf<'_>>) {
        self.put_field(field, Some(self.leaf(value)));
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, _: Option<RefId>) {
        self.put_field(field, Some(self.document.slot(node)));
    }

    fn unset(&mut self, field: FieldIndex) {
        self.put_field(field, None);
    }

    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {
        let id = self.frame().id;
        let is_empty = matches!(self.document.node(id), Node::Map(entries) if entries.is_empty());
        // Nothing is told of a map that was empty.
        if !is_empty {
            let old = self.keep(&Slot::Node(id));
            self.renew(old);
        }
        if let Node::Map(entries) = self.document.node_mut(id) {
            entries.clear();
        }
    }

    #[inline]
    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.take_entry(at.key);
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Leaf<'_>, _: Option<Leaf<'_>>) {
        self.put_entry(at.key, self.leaf(value));
    }

    #[inline]
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, _: Option<RefId>) {
        self.put_entry(at.key, self.document.slot(node));
    }

    fn item(&mut self, index: usize, value: Leaf<'_>, _: Leaf<'_>) {
        let slot = self.leaf(value);
        let before = std::mem::replace(&mut self.array()[index], slot.clone());
        self.put(Segment::Index(index), Some(&before), Some(slot));
    }

    fn items(&mut self, edit: ValueEdit<'_>) {
        let after: Vec<Slot> =
            (0..edit.after.len()).map(|at| self.leaf(edit.after.value(at))).collect();
        let from = edit.from;
        let plan = if self.frame().at.is_some() {
            plan::values(from, &self.array()[from..], &after)
        } else {
            Plan::Rewrite
        };
        self.put_items(from, after, plan);
    }

    fn item_references(&mut self, edit: RefEdit<'_>) {
        // Of what was refused before nothing is there to be taken out.
        if self.is_deep() {
            if !edit.after.is_empty() {
                self.refuses_nodes();
            }
            return;
        }
        let after: Vec<Slot> = edit.after.iter().map(|id| self.document.slot(*id)).collect();
        let plan = match self.arrays {
            _ if self.frame().at.is_none() => Plan::Rewrite,
            Arrays::Shifting => plan::nodes(edit.from, edit.before, edit.after),
            Arrays::InPlace => plan::nodes_in_place(edit.from, edit.before, edit.after),
        };
        self.put_items(edit.from, after, plan);
    }

    fn veiled(&mut self, node: RefId) {
        self.document.veil(node);
    }

    #[inline]
    fn released(&mut self, node: RefId) {
        self.document.remove(node);
        self.released.push(node);
    }
}

impl Recorder {
    /// Puts a new node into the document. What is found in it is part of what a change brings.
    fn begin_node(&mut self, node: &Enter<'_>) {
        if self.document.is_veiled(node.id) {
            return;
        }
        let empty = match (node.index, node.place, self.stack.last()) {
            (Some(of), ..) => self.document.empty_struct(of, self.types[of].fields.len()),
            (None, Place::Field(field), Some(around)) => {
                Node::of_field(&self.types, self.document.type_of(around.id), field)
            }
            (None, place, _) => unreachable!("no collection lies at {place:?}"),
        };
        self.document.insert(node.id, empty);
    }

    /// Whether clients are not told of a node that is entered. Of such the document has no more than where it hangs
    /// together.
    #[inline]
    fn is_refused(&self, node: &Enter<'_>) -> bool {
        let has_refused_name = match (node.place, self.stack.last()) {
            (Place::Entry(entry), _) => entry.key == PROTO,
            (Place::Field(field), Some(around)) if self.has_refused_fields => {
                let of = self.document.type_of(around.id);
                self.types[of].fields[usize::from(field.0)].name == PROTO
            }
            _ => false,
        };
        has_refused_name || self.is_deep()
    }

    /// Writes down that a node was entered, unless a change brings it again or clients are told nothing of it.
    #[inline]
    fn visit(&mut self, node: &Enter<'_>) -> Option<At> {
        let around = match self.stack.last() {
            None => None,
            Some(Frame { id, at: Some(at) }) => Some((*id, *at)),
            Some(_) => return None,
        };
        if !self.renewed.is_empty() && self.renewed.contains(&node.id) || self.is_refused(node) {
            return None;
        }
        let id = node.id;
        let place = match (node.place, around) {
            (Place::Field(field), Some((around, at))) => {
                (at, Segment::Field(self.document.type_of(around), field))
            }
            (Place::Entry(entry), Some((_, at))) => (at, Segment::Key(entry.key.into())),
            (Place::Item(index), Some((_, at))) => (at, Segment::Index(index)),
            (Place::Root, None) => {
                self.visited.push(Visited { id, place: None });
                return Some(At(self.visited.len() - 1));
            }
            (place, around) => unreachable!("nothing lies in {around:?} at {place:?}"),
        };
        self.visited.push(Visited { id, place: Some(place) });
        Some(At(self.visited.len() - 1))
    }
}
