//! The operations on arrays, as schema 5.x reads them.
//!
//! An instance may move to an index while it is still listed at another, and what it pushes away
//! may be put somewhere later. So values change places with each other: at the end of the moves,
//! which are a permutation, each lies where it is listed.

mod gaps;

use tidewire_state::{
    DynPrimitive, ElementKind, Primitive, PrimitiveKind, TypeIndex, Value,
    receive::{ArraySink, Detached, Misfit, New, Sink, StructSink},
};

pub(super) use self::gaps::Gap;
use self::gaps::Located;
use super::{
    change::{ChangeObserver, ChangePlace, ChangeValue, as_kind},
    error::{DecodeErrorKind, Fault, FaultPlace},
    limits::ITEM,
    message::{Message, node_of},
    nodes::{ArrayNode, Declared, NONE, Node, Shape},
    places::OWN,
};
use crate::wire::op;

/// Where an operation puts something.
#[derive(Clone, Copy)]
struct Place {
    /// The place among the items that are there.
    at: usize,
    /// The sender's index.
    wire: usize,
    /// Nothing stands there.
    is_new: bool,
}

impl<S: StructSink, O: ChangeObserver> Message<'_, '_, S, O> {
    /// All operations on the array at hand. Holes close at the end.
    pub(super) fn array(&mut self) -> Result<(), Fault> {
        let element = self.array_node()?.element;
        if !self.is_over() {
            self.rearranges();
        }
        while !self.is_over() {
            let start = self.reader.offset();
            match (self.reader.byte()?, element) {
                (op::CLEAR, _) => self.clear_array()?,
                (op::REVERSE, _) => self.reverse()?,
                (op::DELETE_BY_REFID, ElementKind::Ref(_)) => self.delete_by_ref()?,
                (
                    operation @ (op::ADD
                    | op::REPLACE
                    | op::DELETE
                    | op::DELETE_AND_ADD
                    | op::MOVE
                    | op::MOVE_AND_ADD
                    | op::DELETE_AND_MOVE
                    | op::ADD_BY_REFID),
                    element,
                ) => self.item(operation, element)?,
                (byte, _) => {
                    return Err(Fault::at(start, DecodeErrorKind::UnknownOperation { byte }));
                }
            }
        }
        self.close_holes()?;
        self.renumber()
    }

    pub(super) fn array_node(&mut self) -> Result<&mut ArrayNode, Fault> {
        let lost = self.reader.offset();
        let id = self.current;
        match self.tree.nodes.get_mut(id) {
            Some(Node { shape: Shape::Array(array), .. }) => Ok(array),
            _ => Err(Fault::at(lost, DecodeErrorKind::UnknownRef { id })),
        }
    }

    fn array_sink(&mut self) -> Result<&mut dyn ArraySink, Fault> {
        let lost = self.reader.offset();
        let id = self.current;
        match self.sink()? {
            Sink::Array(array) => Ok(array),
            _ => Err(Fault::at(lost, DecodeErrorKind::UnknownRef { id })),
        }
    }

    /// One operation on an item.
    fn item(&mut self, operation: u8, element: ElementKind) -> Result<(), Fault> {
        let start = self.reader.offset();
        let len = self.array_sink()?.len();
        let wire = match (operation, element) {
            (op::ADD_BY_REFID, ElementKind::Ref(_)) => {
                let id = self.reader.unsigned()?;
                let at = self.index_of(id)?.unwrap_or(len);
                self.array_node()?.index_on_wire(at)
            }
            _ => self.reader.unsigned()? as usize,
        };
        if operation == op::DELETE {
            let kind = match element {
                ElementKind::Primitive(kind) => Some(kind),
                ElementKind::Ref(_) => None,
            };
            return match self.array_node()?.locate(wire, len, false) {
                Located::Item(at) => self.delete_item(at, wire, kind),
                // What is not there was gone before this client came. Its index counts all the same.
                Located::Nothing(_) | Located::Scattered => {
                    self.array_node()?.reach(wire, len);
                    Ok(())
                }
            };
        }
        let place = match self.array_node()?.locate(wire, len, true) {
            Located::Item(at) => Place { at, wire, is_new: false },
            Located::Nothing(at) => Place { at, wire, is_new: true },
            Located::Scattered => {
                return Err(Fault::at(start, DecodeErrorKind::BeyondEnd { index: wire, len }));
            }
        };
        let set = match element {
            ElementKind::Primitive(kind) => self.set_item(operation, place, kind),
            ElementKind::Ref(type_index) => self.set_item_reference(operation, place, type_index),
        };
        set.map_err(|fault| fault.in_place(FaultPlace::Index(wire)))
    }

    /// The first place at which a node is listed.
    fn index_of(&mut self, id: u32) -> Result<Option<usize>, Fault> {
        let ids = &self.array_node()?.ids;
        let (found, len) = (ids.iter().position(|listed| *listed == id), ids.len());
        self.moves(found.unwrap_or(len))?;
        Ok(found)
    }

    fn is_hole(&mut self, at: usize) -> Result<bool, Fault> {
        Ok(self.array_node()?.holes.contains(&at))
    }

    fn delete_item(
        &mut self,
        at: usize,
        wire: usize,
        kind: Option<PrimitiveKind>,
    ) -> Result<(), Fault> {
        if !self.array_node()?.holes.insert(at) {
            return Ok(());
        }
        let previous = match kind {
            Some(_) => NONE,
            None => {
                let listed = self.array_node()?.ids.get_mut(at);
                listed.map_or(NONE, |id| std::mem::replace(id, NONE))
            }
        };
        self.tree.release(previous);
        if !O::IGNORES {
            let value = match kind {
                Some(kind) => self.item_value(at, kind)?,
                None => None,
            };
            let value = value.as_ref().map(|value| ChangeValue::Value(value.value()));
            let previous = value.or(node_of(previous));
            self.changed(op::DELETE, ChangePlace::Item(wire), previous, None);
        }
        Ok(())
    }

    fn delete_by_ref(&mut self) -> Result<(), Fault> {
        let id = self.reader.unsigned()?;
        if self.tree.nodes.get(id).is_none() {
            return Ok(());
        }
        match self.index_of(id)? {
            Some(at) => self.delete_item(at, at, None),
            None => {
                self.tree.release(id);
                Ok(())
            }
        }
    }

    /// Whether the item at an index is this primitive.
    fn holds(&mut self, at: usize, kind: PrimitiveKind, value: Value<'_>) -> Result<bool, Fault> {
        let there = self.array_sink()?.item(at);
        let there = there.as_ref().and_then(|item| item.value());
        Ok(there.is_some_and(|there| as_kind(there, kind) == value))
    }

    /// The primitive at an index, by itself: the observer must not hold the state.
    fn item_value(
        &mut self,
        at: usize,
        kind: PrimitiveKind,
    ) -> Result<Option<DynPrimitive>, Fault> {
        let array = self.array_sink()?;
        let value = array.item(at).and_then(|item| item.value());
        Ok(value.map(|value| as_kind(value, kind).into()))
    }

    fn set_item(&mut self, operation: u8, place: Place, kind: PrimitiveKind) -> Result<(), Fault> {
        let start = self.reader.offset();
        let Place { at, wire, is_new } = place;
        let is_hole = !is_new && self.is_hole(at)?;
        let value = self.reader.value(kind)?;
        let is_there = !is_new && !is_hole;
        if is_there && self.holds(at, kind, value)? {
            // An item is not put in before its equal: so it is where a snapshot comes again.
            if operation == op::DELETE_AND_MOVE {
                self.array_node()?.holes.insert(at);
            }
            return Ok(());
        }
        if !O::IGNORES {
            let previous = if is_there { self.item_value(at, kind)? } else { None };
            let previous = previous.as_ref().map(|value| ChangeValue::Value(value.value()));
            let value = Some(ChangeValue::Value(value));
            self.changed(operation, ChangePlace::Item(wire), previous, value);
        }
        if operation == op::DELETE_AND_MOVE && !is_new {
            self.close_hole(at)?;
        }
        if is_new {
            self.insert_value(at, value, start)
        } else if operation == op::ADD && !is_hole {
            self.array_node()?.gaps_move_on(at);
            self.insert_value(at, value, start)
        } else {
            self.put_value(at, value, start)
        }
    }

    fn put_value(&mut self, at: usize, value: Value<'_>, start: usize) -> Result<(), Fault> {
        self.array_node()?.holes.remove(&at);
        let misfit = |misfit: Misfit| Fault::at(start, misfit.into());
        let array = self.array_sink()?;
        match array.item(at) {
            Some(item) => item.set(value).map_err(misfit),
            None => array.insert(at, New::Value(value)).map_err(misfit),
        }
    }

    fn insert_value(&mut self, at: usize, value: Value<'_>, start: usize) -> Result<(), Fault> {
        self.shifts(at)?;
        let inserted = self.array_sink()?.insert(at, New::Value(value));
        inserted.map_err(|misfit| Fault::at(start, misfit.into()))?;
        self.array_node()?.shift_holes(at);
        Ok(())
    }

    fn set_item_reference(
        &mut self,
        operation: u8,
        place: Place,
        index: TypeIndex,
    ) -> Result<(), Fault> {
        let Place { at, wire, is_new } = place;
        let is_hole = !is_new && self.is_hole(at)?;
        let listed = self.array_node()?.ids.get(at).copied();
        let previous = listed.filter(|_| !is_new).unwrap_or(NONE);
        let id = self.refer(operation, previous, Declared::Struct(index))?;
        let is_move = operation == op::DELETE_AND_MOVE && !is_new;
        if is_move {
            let array = self.array_node()?;
            array.holes.insert(at);
            array.ids[at] = NONE;
        }
        if id == previous {
            return Ok(());
        }
        if is_move {
            self.close_hole(at)?;
        }
        if is_new || at >= self.array_node()?.ids.len() {
            self.insert_node(at, id)?;
        } else if operation == op::ADD && !is_hole {
            self.array_node()?.gaps_move_on(at);
            self.insert_node(at, id)?;
        } else {
            self.put_node(at, id)?;
        }
        self.changed(operation, ChangePlace::Item(wire), node_of(previous), node_of(id));
        Ok(())
    }

    /// Lists a node at an index that exists, and brings its value there.
    fn put_node(&mut self, at: usize, id: u32) -> Result<(), Fault> {
        self.renumber()?;
        let start = self.reader.offset();
        let current = self.current;
        let array = self.array_node()?;
        array.holes.remove(&at);
        array.ids[at] = id;
        let here = array.here[at];
        let slot = at as u32;
        match self.tree.nodes.spot(id) {
            Some(spot) if spot.parent == current => {
                let other = spot.slot as usize;
                self.array_sink()?.swap(at, other);
                self.array_node()?.here.swap(at, other);
                self.tree.put_down(id, current, slot, slot);
                if here != NONE && here != id {
                    self.tree.put_down(here, current, other as u32, other as u32);
                }
            }
            _ => {
                let lies_there = self
                    .tree
                    .replace(self.root, id, (current, slot, slot), here)
                    .map_err(|kind| Fault::at(start, kind))?;
                self.array_node()?.here[at] = if lies_there { id } else { NONE };
            }
        }
        if self.tree.pool_of(self.root, current, slot) == OWN {
            self.tree.suspect(current);
        }
        Ok(())
    }

    /// Puts a node in before an index, or at the end.
    fn insert_node(&mut self, at: usize, id: u32) -> Result<(), Fault> {
        let start = self.reader.offset();
        let fault = |kind| Fault::at(start, kind);
        self.shifts(at)?;
        let current = self.current;
        if self.tree.nodes.parent(id) == current {
            self.renumber()?;
        }
        let pool = self.tree.pool_of(self.root, current, 0);
        let value = self.tree.pick_up(self.root, id, (current, pool)).map_err(fault)?;
        let lies_there = value.lies_there;
        let types = self.types;
        let inserted = self.array_sink()?.insert(at, value.of(types));
        inserted.map_err(|misfit| fault(misfit.into()))?;
        let array = self.array_node()?;
        array.ids.insert(at, id);
        array.here.insert(at, if lies_there { id } else { NONE });
        array.shift_holes(at);
        array.stale = array.stale.min(at + 1);
        if lies_there {
            self.tree.put_down(id, current, at as u32, at as u32);
        }
        Ok(())
    }

    /// Tells nodes that were shifted where they lie. Done when it matters, so that many shifts of
    /// a long array cost one pass.
    fn renumber(&mut self) -> Result<(), Fault> {
        let current = self.current;
        let array = self.array_node()?;
        let from = std::mem::replace(&mut array.stale, usize::MAX);
        if from >= array.here.len() {
            return Ok(());
        }
        let moved = array.here.len() - from;
        self.moves(moved)?;
        let here = std::mem::take(&mut self.array_node()?.here);
        for (at, id) in (from as u32..).zip(&here[from..]) {
            if *id != NONE {
                self.tree.put_down(*id, current, at, at);
            }
        }
        self.array_node()?.here = here;
        Ok(())
    }

    /// Counts an item that is put in before another.
    fn shifts(&mut self, at: usize) -> Result<(), Fault> {
        let len = self.array_sink()?.len();
        let holes = self.array_node()?.holes.len();
        self.moves(len.saturating_sub(at) + holes)?;
        self.holds_more(ITEM)
    }

    fn reverse(&mut self) -> Result<(), Fault> {
        let len = self.array_sink()?.len();
        self.moves(len)?;
        self.array_sink()?.reverse();
        let array = self.array_node()?;
        array.ids.reverse();
        array.here.reverse();
        array.holes = array.holes.iter().map(|at| len - 1 - at).collect();
        array.gaps_reverse(len);
        array.stale = 0;
        Ok(())
    }

    fn clear_array(&mut self) -> Result<(), Fault> {
        let kind = match self.array_node()?.element {
            ElementKind::Primitive(kind) => Some(kind),
            ElementKind::Ref(_) => None,
        };
        let len = self.array_sink()?.len();
        for at in 0..len {
            self.delete_item(at, at, kind)?;
        }
        self.close_holes()
    }

    /// Takes out what was deleted; the rest moves up.
    fn close_holes(&mut self) -> Result<(), Fault> {
        let array = self.array_node()?;
        array.gaps.clear();
        if array.holes.is_empty() {
            return Ok(());
        }
        let holes: Vec<usize> = std::mem::take(&mut array.holes).into_iter().collect();
        self.take_out(&holes)
    }

    /// Closes one hole while others stay.
    fn close_hole(&mut self, at: usize) -> Result<(), Fault> {
        self.take_out(&[at])?;
        let array = self.array_node()?;
        array.gaps_move_up(at);
        let behind = array.holes.split_off(&at);
        array.holes.extend(behind.into_iter().filter(|hole| *hole != at).map(|hole| hole - 1));
        Ok(())
    }

    fn take_out(&mut self, indexes: &[usize]) -> Result<(), Fault> {
        let Some(&first) = indexes.first() else { return Ok(()) };
        let len = self.array_sink()?.len();
        let holes = self.array_node()?.holes.len();
        self.moves(len.saturating_sub(first) + holes)?;
        self.tree.discharge(self.current, indexes.len() * ITEM);
        let mut taken: Vec<(usize, Detached)> = Vec::new();
        self.array_sink()?.remove(indexes, &mut |at, value| taken.push((at, value)));
        for (at, value) in taken {
            let here = self.array_node()?.here.get(at).copied().unwrap_or(NONE);
            if here != NONE {
                self.tree.put_aside(here, Some(value));
            }
        }
        let array = self.array_node()?;
        for list in [&mut array.ids, &mut array.here] {
            let mut gone = indexes.iter().copied().peekable();
            let mut at = 0;
            list.retain(|_| {
                at += 1;
                gone.next_if_eq(&(at - 1)).is_none()
            });
        }
        array.stale = array.stale.min(first);
        Ok(())
    }
}

impl ArrayNode {
    /// Makes room at an index for what was put in there.
    fn shift_holes(&mut self, at: usize) {
        if !self.holes.is_empty() {
            let behind = self.holes.split_off(&at);
            self.holes.extend(behind.into_iter().map(|hole| hole + 1));
        }
    }
}
