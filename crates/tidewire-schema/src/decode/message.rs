//! Applying a message: structures, one after another, and the operations on structs.

use std::{fmt::Write, sync::Arc};

use tidewire_state::{
    FieldIndex, FieldInfo, RefId, TypeIndex, TypeSet,
    receive::{Fresh, Misfit, Sink, StructSink},
};

use super::{
    change::{Change, ChangeObserver, ChangePlace, ChangeValue, Operation},
    error::{DecodeErrorKind, Fault, FaultPlace},
    fields::{Fields, known_fields},
    leaf::{as_leaf, as_read, leaf_kind},
    nodes::{Declared, FIRST_RESERVED, NONE, Node, ROOT, Shape},
    places::{Tree, resolve},
    reader::Reader,
};
use crate::wire::{SWITCH_TO_STRUCTURE, TYPE_ID, op};

/// A message that is being applied.
pub(super) struct Message<'a, 'b, S, O> {
    pub(super) tree: &'a mut Tree,
    pub(super) root: &'a mut S,
    pub(super) types: &'a Arc<TypeSet>,
    pub(super) reader: Reader<'b>,
    pub(super) observer: &'a mut O,
    /// The structure that operations are about.
    pub(super) current: u32,
}

/// Why the run of a struct's primitive fields is over.
enum Stop {
    /// The message is, or another structure follows.
    Structure,
    /// A field follows that holds a reference, or that the type does not have.
    Reference,
}

impl<S: StructSink, O: ChangeObserver> Message<'_, '_, S, O> {
    /// Applies what is left of it.
    pub(super) fn run(&mut self) -> Result<(), Fault> {
        loop {
            if O::IGNORES && self.tree.shares.is_empty() {
                self.known_fields()?;
            }
            let start = self.reader;
            match start.peek() {
                None => return self.end(start.offset()),
                Some(SWITCH_TO_STRUCTURE) => {}
                // It begins at the root, and goes on with other fields of the struct at hand.
                Some(_) => {
                    self.structs()?;
                    continue;
                }
            }
            self.reader.byte()?;
            let id = self.reader.unsigned()?;
            if self.tree.nodes.get(id).is_none() {
                if !self.foreign_structure(id)? {
                    return Err(Fault::at(start.offset(), DecodeErrorKind::UnknownRef { id }));
                }
                continue;
            }
            self.current = id;
            match self.node()?.shape {
                Shape::Struct(_) if self.is_over() => {}
                Shape::Struct(_) => self.structs()?,
                Shape::Map(_) => self.map()?,
                Shape::Array(_) => self.array()?,
                Shape::Members(_) => self.members()?,
            }
        }
    }

    fn end(&mut self, start: usize) -> Result<(), Fault> {
        self.tree.finish(self.root).map_err(|(id, kind)| {
            self.current = id;
            Fault::at(start, kind)
        })?;
        match self.reader.text() {
            0 => Ok(()),
            text => {
                let counted = self.tree.count_text(self.root, text);
                counted.map_err(|kind| Fault::at(start, kind))
            }
        }
    }

    /// The structure at hand.
    pub(super) fn node(&self) -> Result<&Node, Fault> {
        self.tree.nodes.get(self.current).ok_or_else(|| self.lost())
    }

    /// The value of the structure at hand.
    pub(super) fn sink(&mut self) -> Result<Sink<'_>, Fault> {
        let (at, id) = (self.reader.offset(), self.current);
        resolve(&self.tree.nodes, &mut self.tree.detached, self.root, id)
            .ok_or_else(|| Fault::at(at, DecodeErrorKind::UnknownRef { id }))
    }

    #[cold]
    pub(super) fn lost(&self) -> Fault {
        self.fault(DecodeErrorKind::UnknownRef { id: self.current })
    }

    #[cold]
    pub(super) fn fault(&self, kind: DecodeErrorKind) -> Fault {
        Fault::at(self.reader.offset(), kind)
    }

    /// Whether the operations on the structure at hand are over.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.reader.peek().is_none_or(|byte| byte == SWITCH_TO_STRUCTURE)
    }

    /// Structs that lie in one map, or one struct, to the end of their operations.
    fn structs(&mut self) -> Result<(), Fault> {
        loop {
            match self.siblings()? {
                Stop::Structure => return Ok(()),
                Stop::Reference => self.reference_field()?,
            }
        }
    }

    /// As [`siblings`](Self::siblings), where nobody hears of the changes.
    #[inline(never)]
    fn known_fields(&mut self) -> Result<(), Fault> {
        let Self { tree, root, reader, current, .. } = self;
        let mut source = Fields::new(&tree.nodes, *reader, *current);
        let result = known_fields(&mut **root, &mut source);
        (*reader, *current) = (source.reader, source.current);
        result
    }

    /// Primitive fields of the struct at hand and of those that follow and lie in the same map,
    /// which is looked up once: most of most messages is this.
    fn siblings(&mut self) -> Result<Stop, Fault> {
        let Self { tree, root, types, reader, observer, current, .. } = self;
        let lost = |id: u32, reader: &Reader<'_>| {
            Fault::at(reader.offset(), DecodeErrorKind::UnknownRef { id })
        };
        let Tree { nodes, detached, shares, .. } = tree;
        let struct_at = |id: u32| {
            let spot = nodes.spot(id)?;
            let info = types.get(spot.type_index()?)?;
            Some((spot.parent, spot.slot, &info.fields[..]))
        };
        let Some((parent, mut slot, mut fields)) = struct_at(*current) else {
            return Err(lost(*current, reader));
        };
        shares.touch(*current, false);
        let around = match parent {
            FIRST_RESERVED.. => None,
            _ => resolve(nodes, detached, *root, parent),
        };
        let Some(Sink::Map(map)) = around else {
            let sink = resolve(nodes, detached, *root, *current);
            let Some(Sink::Struct(target)) = sink else {
                return Err(lost(*current, reader));
            };
            return primitives(target, fields, types, reader, *observer, *current);
        };
        loop {
            let Some(Sink::Struct(target)) = map.node(slot) else {
                return Err(lost(*current, reader));
            };
            match primitives(target, fields, types, reader, *observer, *current)? {
                Stop::Reference => return Ok(Stop::Reference),
                Stop::Structure => {}
            }
            let mut ahead = *reader;
            if ahead.is_empty() {
                return Ok(Stop::Structure);
            }
            ahead.byte()?;
            let id = ahead.unsigned()?;
            match struct_at(id) {
                Some((same, next, its)) if same == parent => (slot, fields) = (next, its),
                _ => return Ok(Stop::Structure),
            }
            (*reader, *current) = (ahead, id);
            shares.touch(id, false);
        }
    }

    /// To be called before what is in the places of the structure at hand changes.
    pub(super) fn rearranges(&mut self) {
        let id = self.current;
        self.tree.shares.touch(id, true);
        if self.tree.nodes.get(id).is_some_and(|node| node.has_copies) {
            self.tree.suspect(id);
        }
    }

    /// One operation on a field that leads to another structure.
    fn reference_field(&mut self) -> Result<(), Fault> {
        self.rearranges();
        let start = self.reader.offset();
        let byte = self.reader.byte()?;
        let (operation, at) = (byte & 0xc0, byte & 0x3f);
        let types = self.types;
        let Shape::Struct(node) = &self.node()?.shape else { return Err(self.lost()) };
        let (index, previous) = (node.index, node.get(at));
        let info = types.get(index).and_then(|info| info.get(FieldIndex(at)));
        let Some((info, declared)) =
            info.and_then(|info| Some((info, Declared::of_field(info.kind)?)))
        else {
            if self.foreign_field(index, byte)? {
                return Ok(());
            }
            return Err(Fault::at(start, DecodeErrorKind::UnknownField { index: at }));
        };
        self.set_reference(operation, FieldIndex(at), previous, declared, &info.name)
            .map_err(|fault| fault.in_place(FaultPlace::Field(FieldIndex(at))))
    }

    fn set_reference(
        &mut self,
        operation: u8,
        at: FieldIndex,
        previous: u32,
        declared: Declared,
        name: &str,
    ) -> Result<(), Fault> {
        let start = self.reader.offset();
        let id = if operation == op::DELETE {
            self.tree.release(previous);
            let unset = self.tree.unset(self.root, self.current, at, previous);
            unset.map_err(|misfit| Fault::at(start, misfit.into()))?;
            NONE
        } else {
            let id = self.refer(operation, previous, declared)?;
            if id != previous && !self.tree.take_over(id, previous) {
                let slot = u32::from(at.0);
                self.tree
                    .replace(self.root, id, (self.current, slot, slot), previous)
                    .map_err(|kind| Fault::at(start, kind))?;
            }
            id
        };
        if let Some(Node { shape: Shape::Struct(node), .. }) = self.tree.nodes.get_mut(self.current)
        {
            node.set(at.0, id);
        }
        if id != previous {
            self.changed(operation, ChangePlace::Field(at, name), node_of(previous), node_of(id));
        }
        Ok(())
    }

    /// Reads a reference, makes its node if it is new, and counts what the operation says.
    pub(super) fn refer(
        &mut self,
        operation: u8,
        previous: u32,
        declared: Declared,
    ) -> Result<u32, Fault> {
        let start = self.reader.offset();
        let adds = operation & op::ADD != 0;
        let is_collection = !matches!(declared, Declared::Struct(_));
        if operation & op::DELETE != 0 {
            self.tree.release(previous);
        }
        let id = self.reader.unsigned()?;
        let given = match (declared, adds) {
            (Declared::Struct(index), true) => self.type_id(index)?,
            _ => None,
        };
        match self.tree.nodes.get(id) {
            Some(node) if !self.fits(node.declared(), declared, given) => {
                return Err(Fault::at(start, DecodeErrorKind::WrongType { id }));
            }
            Some(_) => {}
            None if id >= FIRST_RESERVED || !(adds || is_collection) => {
                return Err(Fault::at(start, DecodeErrorKind::UnknownRef { id }));
            }
            None => {
                let actual = given.map_or(declared, Declared::Struct);
                self.tree.add(id, actual).map_err(|kind| Fault::at(start, kind))?;
            }
        }
        if adds || is_collection {
            self.tree.hold(id, id != previous || operation == op::DELETE_AND_ADD);
        }
        // Another collection in a field always takes the place of the one that was there.
        if is_collection && id != previous && operation & op::DELETE == 0 {
            self.tree.release(previous);
        }
        Ok(id)
    }

    /// Whether what a refId leads to may stand where something is declared, of the type that was
    /// given if one was.
    fn fits(&self, actual: Declared, declared: Declared, given: Option<TypeIndex>) -> bool {
        match (actual, declared) {
            (Declared::Struct(actual), Declared::Struct(declared)) => {
                given.is_none_or(|given| given == actual) && self.types.is_a(actual, declared)
            }
            (actual, declared) => actual == declared,
        }
    }

    /// Reads the type of a child, which is said where it is not the declared one but extends it.
    fn type_id(&mut self, declared: TypeIndex) -> Result<Option<TypeIndex>, Fault> {
        if self.reader.peek() != Some(TYPE_ID) {
            return Ok(None);
        }
        let start = self.reader.offset();
        self.reader.byte()?;
        let given = self.reader.unsigned()?;
        let types = self.types;
        let fits = |index: &TypeIndex| types.get(*index).is_some() && types.is_a(*index, declared);
        let index = match &self.tree.foreign {
            None => Some(TypeIndex(given)).filter(fits),
            Some(foreign) => {
                let ours = foreign.ours.iter().filter(|(_, theirs)| theirs.0 == given);
                ours.map(|(ours, _)| *ours).filter(fits).min()
            }
        };
        let unknown = DecodeErrorKind::Polymorphic { declared: declared.0, given };
        index.map(Some).ok_or_else(|| Fault::at(start, unknown))
    }

    /// Tells of a change of the structure at hand.
    #[inline]
    pub(super) fn changed(
        &mut self,
        operation: u8,
        place: ChangePlace<'_>,
        previous: Option<ChangeValue<'_>>,
        value: Option<ChangeValue<'_>>,
    ) {
        if !O::IGNORES {
            let structure = RefId(self.current);
            let operation = operation_of(operation);
            self.observer.changed(Change { structure, operation, place, previous, value });
        }
    }

    /// Where in the state a fault happened, as far as it can be told.
    #[cold]
    pub(super) fn path(&mut self, fault: &Fault) -> String {
        let mut names = Vec::new();
        let mut at = self.current;
        while at != ROOT && at != NONE {
            let Some(spot) = self.tree.nodes.spot(at) else { break };
            let place = (spot.parent, spot.slot);
            // What lies apart is named by one of its places.
            let place = self.tree.shares.place(at).filter(|_| spot.parent == NONE).unwrap_or(place);
            names.push(self.name_of(place.0, place.1).unwrap_or_else(|| format!("(refId {at})")));
            at = place.0;
        }
        let mut path = self.types.get(self.types.root).map_or("", |info| &info.name).to_owned();
        path.extend(names.into_iter().rev());
        let end = match fault.place() {
            Some(FaultPlace::Field(field)) => self.name_of(self.current, u32::from(field.0)),
            Some(FaultPlace::Key(key)) => Some(format!("[{key:?}]")),
            Some(FaultPlace::Index(index)) => Some(format!("[{index}]")),
            None => None,
        };
        path.extend(end);
        path
    }

    /// What a place of a node is called.
    fn name_of(&mut self, id: u32, slot: u32) -> Option<String> {
        let mut name = String::new();
        match &self.tree.nodes.get(id)?.shape {
            Shape::Struct(node) => {
                let field = FieldIndex(u8::try_from(slot).ok()?);
                let info = self.types.get(node.index)?.get(field)?;
                write!(name, ".{}", info.name).ok()?;
            }
            Shape::Map(_) => {
                let sink = resolve(&self.tree.nodes, &mut self.tree.detached, self.root, id)?;
                let Sink::Map(map) = sink else { return None };
                write!(name, "[{:?}]", map.key(slot)?).ok()?;
            }
            Shape::Array(_) | Shape::Members(_) => write!(name, "[{slot}]").ok()?,
        }
        Some(name)
    }
}

/// Applies operations on primitive fields, until another field or structure follows.
#[inline]
fn primitives<O: ChangeObserver>(
    target: &mut dyn StructSink,
    fields: &[FieldInfo],
    types: &Arc<TypeSet>,
    reader: &mut Reader<'_>,
    observer: &mut O,
    id: u32,
) -> Result<Stop, Fault> {
    loop {
        let start = reader.offset();
        let byte = match reader.peek() {
            None | Some(SWITCH_TO_STRUCTURE) => return Ok(Stop::Structure),
            Some(byte) => byte,
        };
        let (operation, at) = (byte & 0xc0, FieldIndex(byte & 0x3f));
        let Some(info) = fields.get(usize::from(at.0)) else { return Ok(Stop::Reference) };
        let Some(kind) = leaf_kind(info.kind) else { return Ok(Stop::Reference) };
        reader.byte()?;
        let in_field = |fault: Fault| fault.in_place(FaultPlace::Field(at));
        let misfit = |misfit: Misfit| in_field(Fault::at(start, misfit.into()));
        let value = match operation {
            op::DELETE => None,
            _ => Some(as_read(reader.value(kind).map_err(in_field)?, &info.kind)),
        };
        if !O::IGNORES {
            let previous = target.field(at).and_then(|field| field.value());
            let previous = previous.map(|previous| as_leaf(previous, &info.kind));
            if previous != value {
                observer.changed(Change {
                    structure: RefId(id),
                    operation: operation_of(operation),
                    place: ChangePlace::Field(at, &info.name),
                    previous: previous.map(ChangeValue::Value),
                    value: value.map(ChangeValue::Value),
                });
            }
        }
        match value {
            Some(value) => target.set(at, value).map_err(misfit)?,
            None => {
                let fresh = Fresh { types, index: types.root };
                if let Some(field) = target.field(at) {
                    field.unset(fresh).map_err(misfit)?;
                }
            }
        }
    }
}

/// The node in a place, for a change.
pub(super) fn node_of(id: u32) -> Option<ChangeValue<'static>> {
    (id != NONE).then_some(ChangeValue::Node(RefId(id)))
}

fn operation_of(byte: u8) -> Operation {
    match byte {
        op::ADD | op::ADD_BY_REFID => Operation::Add,
        op::DELETE | op::DELETE_BY_REFID | op::CLEAR => Operation::Delete,
        op::DELETE_AND_ADD => Operation::DeleteAndAdd,
        op::MOVE => Operation::Move,
        op::MOVE_AND_ADD => Operation::MoveAndAdd,
        op::DELETE_AND_MOVE => Operation::DeleteAndMove,
        _ => Operation::Replace,
    }
}
