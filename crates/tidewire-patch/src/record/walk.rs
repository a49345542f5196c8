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

    fn end(&mut self) {
        self.ticks += 1;
    }

    fn enter(&mut self, node: Enter<'_>) {
        let around = self.stack.last().copied();
        let of = around.map(|around| self.document.node(around.id));
        let segment = match (node.place, of) {
            (Place::Field(field), Some(Node::Struct(of, _))) => Some(Segment::Field(*of, field)),
            (Place::Entry(at), Some(Node::Map(..))) => Some(Segment::Key(at.key.into())),
            (Place::Item(index), Some(Node::Array(..))) => Some(Segment::Index(index)),
            (Place::Root, None) => None,
            (place, around) => unreachable!("nothing lies in {around:?} at {place:?}"),
        };
        let empty = node.fresh.then(|| match (node.index, &segment) {
            (Some(of), _) => Node::of_type(&self.types, of),
            (None, Some(Segment::Field(of, field))) => Node::of_field(&self.types, *of, *field),
            (None, segment) => unreachable!("no collection lies at {segment:?}"),
        });
        let is_refused = match &segment {
            Some(Segment::Key(key)) => key == PROTO || self.is_deep(),
            Some(Segment::Field(of, field)) if self.has_refused_fields => {
                self.types[*of].fields[usize::from(field.0)].name == PROTO || self.is_deep()
            }
            _ => self.is_deep(),
        };
        // Of what clients are not told of the document has no more than where it hangs together.
        let silent = node.fresh || is_refused || self.renewed.contains(&node.id);
        let place = match (around, segment) {
            (Some(Frame { at: Some(at), .. }), Some(segment)) if !silent => {
                Some(Some((at, segment)))
            }
            (None, None) if !silent => Some(None),
            _ => None,
        };
        let at = place.map(|place| {
            self.visited.push(Visited { id: node.id, place });
            At(self.visited.len() - 1)
        });
        if let Some(empty) = empty {
            self.document.insert(node.id, empty);
        }
        self.stack.push(Frame { id: node.id, at });
    }

    fn leave(&mut self) {
        self.stack.pop();
    }

    fn field(&mut self, field: FieldIndex, value: Leaf<'_>, _: Option<Leaf<'_>>) {
        self.put_field(field, Some(self.leaf(value)));
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, _: Option<RefId>) {
        self.put_field(field, Some(Slot::Node(node)));
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

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.put_entry(at.key, None);
    }

    fn entry(&mut self, at: EntryAt<'_>, value: Leaf<'_>, _: Option<Leaf<'_>>) {
        self.put_entry(at.key, Some(self.leaf(value)));
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, _: Option<RefId>) {
        self.put_entry(at.key, Some(Slot::Node(node)));
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
        let after: Vec<Slot> = edit.after.iter().copied().map(Slot::Node).collect();
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

    fn released(&mut self, node: RefId) {
        self.document.remove(node);
        self.released.push(node);
    }
}
