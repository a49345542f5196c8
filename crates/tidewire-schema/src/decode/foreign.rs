//! Senders of another version: what their types have and ours have not is read and left.
//!
//! A type grows at its end, so the fields that both have agree. What lies in the others is known by
//! the sender's own description alone: structures there are parsed by it, and nothing of them is
//! kept but what they are.

use std::collections::HashMap;

use tidewire_state::{ElementKind, FieldIndex, FieldKind, TypeIndex, TypeSet, receive::StructSink};

use super::{
    change::ChangeObserver,
    error::{DecodeErrorKind, Fault},
    leaf::leaf_kind,
    message::Message,
    nodes::Declared,
    places::Tree,
};
use crate::wire::{SWITCH_TO_STRUCTURE, TYPE_ID, op};

/// What a sender describes beyond our types.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    /// The sender's types.
    pub(super) types: TypeSet,
    /// Which of them ours are.
    pub(super) ours: HashMap<TypeIndex, TypeIndex>,
    /// Structures that only fields lead to that we do not have, by the sender's types.
    pub(super) nodes: HashMap<u32, Declared>,
}

/// What is counted as held for a structure of which only the kind is known.
const FOREIGN_NODE: usize = 32;

impl Tree {
    /// What is counted as held for structures that only the sender knows.
    pub(super) fn foreign_size(&self) -> usize {
        self.foreign.as_ref().map_or(0, |foreign| foreign.nodes.len() * FOREIGN_NODE)
    }
}

impl<S: StructSink, O: ChangeObserver> Message<'_, '_, S, O> {
    /// Reads an operation on a field that the type at hand does not have, if the sender's has it.
    pub(super) fn foreign_field(&mut self, index: TypeIndex, byte: u8) -> Result<bool, Fault> {
        let Some(foreign) = &self.tree.foreign else { return Ok(false) };
        let theirs = foreign.ours.get(&index).and_then(|index| foreign.types.get(*index));
        let Some(field) = theirs.and_then(|info| info.get(FieldIndex(byte & 0x3f))) else {
            return Ok(false);
        };
        let kind = field.kind;
        self.foreign_field_value(kind, byte & 0xc0)?;
        Ok(true)
    }

    /// Reads all operations on a structure that only the sender knows. Whether it is one.
    pub(super) fn foreign_structure(&mut self, id: u32) -> Result<bool, Fault> {
        let foreign = self.tree.foreign.as_ref();
        let Some(declared) = foreign.and_then(|foreign| foreign.nodes.get(&id)).copied() else {
            return Ok(false);
        };
        while self.reader.peek().is_some_and(|byte| byte != SWITCH_TO_STRUCTURE) {
            let start = self.reader.offset();
            let byte = self.reader.byte()?;
            let wrong = || Fault::at(start, DecodeErrorKind::UnknownOperation { byte });
            if let Declared::Struct(index) = declared {
                let at = byte & 0x3f;
                let info = self.tree.foreign.as_ref().and_then(|foreign| foreign.types.get(index));
                let field = info.and_then(|info| info.get(FieldIndex(at)));
                let kind = field.map(|field| field.kind);
                let unknown = || Fault::at(start, DecodeErrorKind::UnknownField { index: at });
                self.foreign_field_value(kind.ok_or_else(unknown)?, byte & 0xc0)?;
            } else if let Declared::Map(element) = declared {
                self.foreign_entry(byte, element, wrong)?;
            } else if let Declared::Array(element) = declared {
                self.foreign_item(byte, element, wrong)?;
            } else if let Declared::Set(element) | Declared::Collection(element) = declared {
                self.foreign_member(byte, element, wrong)?;
            } else {
                return Err(wrong());
            }
        }
        Ok(true)
    }

    fn foreign_field_value(&mut self, kind: FieldKind, operation: u8) -> Result<(), Fault> {
        if operation == op::DELETE {
            return Ok(());
        }
        match (leaf_kind(kind), Declared::of_field(kind)) {
            (Some(kind), _) => self.reader.value(kind).map(drop),
            (_, Some(declared)) => self.foreign_reference(declared, operation),
            (_, None) => Err(self.fault(DecodeErrorKind::UnknownOperation { byte: operation })),
        }
    }

    fn foreign_entry(
        &mut self,
        byte: u8,
        element: ElementKind,
        wrong: impl Fn() -> Fault,
    ) -> Result<(), Fault> {
        match byte {
            op::CLEAR => Ok(()),
            op::DELETE => self.reader.unsigned().map(drop),
            op::ADD | op::REPLACE | op::DELETE_AND_ADD | op::MOVE | op::MOVE_AND_ADD => {
                self.reader.unsigned()?;
                if byte & op::ADD != 0 {
                    self.reader.string()?;
                }
                self.foreign_value(element, byte)
            }
            _ => Err(wrong()),
        }
    }

    fn foreign_item(
        &mut self,
        byte: u8,
        element: ElementKind,
        wrong: impl Fn() -> Fault,
    ) -> Result<(), Fault> {
        match byte {
            op::CLEAR | op::REVERSE => Ok(()),
            op::DELETE | op::DELETE_BY_REFID => self.reader.unsigned().map(drop),
            op::ADD
            | op::REPLACE
            | op::DELETE_AND_ADD
            | op::MOVE
            | op::MOVE_AND_ADD
            | op::DELETE_AND_MOVE
            | op::ADD_BY_REFID => {
                self.reader.unsigned()?;
                self.foreign_value(element, byte)
            }
            _ => Err(wrong()),
        }
    }

    fn foreign_member(
        &mut self,
        byte: u8,
        element: ElementKind,
        wrong: impl Fn() -> Fault,
    ) -> Result<(), Fault> {
        match byte {
            op::CLEAR => Ok(()),
            op::DELETE => self.reader.unsigned().map(drop),
            op::ADD | op::DELETE_AND_ADD => {
                self.reader.unsigned()?;
                self.foreign_value(element, byte)
            }
            _ => Err(wrong()),
        }
    }

    fn foreign_value(&mut self, element: ElementKind, operation: u8) -> Result<(), Fault> {
        match element {
            ElementKind::Primitive(kind) => self.reader.value(kind).map(drop),
            ElementKind::Ref(index) => self.foreign_reference(Declared::Struct(index), operation),
        }
    }

    /// Notes what a refId leads to, as ours do not.
    fn foreign_reference(&mut self, mut declared: Declared, operation: u8) -> Result<(), Fault> {
        let id = self.reader.unsigned()?;
        let is_struct = matches!(declared, Declared::Struct(_));
        if is_struct && operation & op::ADD != 0 && self.reader.peek() == Some(TYPE_ID) {
            self.reader.byte()?;
            declared = Declared::Struct(TypeIndex(self.reader.unsigned()?));
        }
        let Some(foreign) = &mut self.tree.foreign else { return Ok(()) };
        if foreign.nodes.insert(id, declared).is_none() {
            self.tree.held += FOREIGN_NODE;
            let limit = self.tree.limits.memory;
            if self.tree.held > limit {
                return Err(self.fault(DecodeErrorKind::TooLarge { limit }));
            }
        }
        Ok(())
    }
}
