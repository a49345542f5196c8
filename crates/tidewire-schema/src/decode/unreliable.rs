//! Patches that may get lost, come twice, or come late.
//!
//! They have values of primitive fields and nothing else, and what they are about may be gone by then, or
//! not be there yet. So all of one is looked at before any of it is applied: none of them can leave the
//! state half read, and none stops the decoder.

use std::borrow::Cow;

use tidewire_state::{FieldIndex, TypeIndex, receive::StructSink};

use super::{
    Decoder,
    change::ChangeObserver,
    error::{DecodeError, DecodeErrorKind, Fault, FaultPlace},
    leaf::leaf_kind,
    nodes::{Declared, ROOT},
    places::Tree,
    reader::Reader,
};
use crate::wire::{SWITCH_TO_STRUCTURE, op};

impl<S: StructSink> Decoder<S> {
    /// Applies a patch that may have come late or twice: the number in its frame, and the operations
    /// behind that. Returns whether it was taken: one that is not newer than the last is not, nor is
    /// any before the first snapshot. A [`resync`](Self::resync) counts from 0 again, as a new decoder does.
    ///
    /// What it says of structures that are gone, or not there yet, is passed by.
    ///
    /// ```
    /// use tidewire_schema::Decoder;
    /// # use tidewire_state::Schema;
    ///
    /// #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// struct Ball {
    ///     #[schema(unreliable)]
    ///     x: u8,
    /// }
    ///
    /// let mut decoder = Decoder::<Ball>::new();
    /// decoder.apply(b"\x80\x01")?;
    /// assert!(decoder.apply_unreliable(2, b"\xff\x00\x80\x07")?);
    /// // This one was overtaken.
    /// assert!(!decoder.apply_unreliable(1, b"\xff\x00\x80\x06")?);
    /// assert_eq!(decoder.state().x, 7);
    /// # Ok::<(), tidewire_schema::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it cannot be read: where, and why. Then nothing of it was applied, and the next message can be.
    pub fn apply_unreliable(
        &mut self,
        number: u16,
        operations: &[u8],
    ) -> Result<bool, DecodeError> {
        self.apply_unreliable_with(number, operations, &mut ())
    }

    /// As [`apply_unreliable`](Self::apply_unreliable), and tells every change.
    ///
    /// # Errors
    ///
    /// As [`apply_unreliable`](Self::apply_unreliable).
    pub fn apply_unreliable_with<O: ChangeObserver>(
        &mut self,
        number: u16,
        operations: &[u8],
        observer: &mut O,
    ) -> Result<bool, DecodeError> {
        let is_newer = number.wrapping_sub(self.last_unreliable).cast_signed() > 0;
        if !is_newer || !self.received {
            return Ok(false);
        }
        if self.stopped {
            return Err(DecodeError::new(String::new(), Fault::at(0, DecodeErrorKind::Stopped)));
        }
        let known = self.tree.known_part(operations).map_err(|(id, fault)| {
            let mut nowhere = ();
            let mut message = self.message(operations, &mut nowhere);
            message.current = id;
            DecodeError::new(message.path(&fault), fault)
        })?;
        self.tree.moves_left = self.tree.limits.moves_of(&known);
        let mut message = self.message(&known, observer);
        let result = message.run();
        let result = result.map_err(|fault| DecodeError::new(message.path(&fault), fault));
        // What is wrong now is too much for the limits, and that is not mended by the next message.
        self.stopped |= result.is_err();
        self.last_unreliable = number;
        result.map(|()| true)
    }
}

impl Tree {
    /// The operations on structures that are there, if all of them are values of primitive fields; else
    /// what is not, and of which structure.
    fn known_part<'a>(&self, operations: &'a [u8]) -> Result<Cow<'a, [u8]>, (u32, Fault)> {
        let mut reader = Reader::new(operations);
        let mut known = Cow::Borrowed(operations);
        let mut at = (ROOT, 0);
        loop {
            let (id, start) = at;
            let is_ours = match self.type_of(id) {
                Some(index) => {
                    self.values(&mut reader, index).map_err(|fault| (id, fault))?;
                    self.nodes.spot(id).is_some()
                }
                None => {
                    self.pass_by(&mut reader);
                    false
                }
            };
            let end = reader.offset();
            let part = &operations[start..end];
            match &mut known {
                Cow::Owned(known) if is_ours => known.extend_from_slice(part),
                Cow::Borrowed(_) if !is_ours => known = Cow::Owned(operations[..start].to_vec()),
                _ => {}
            }
            if reader.is_empty() {
                return Ok(known);
            }
            reader.skip();
            let next = reader.unsigned().map_err(|fault| (id, fault))?;
            at = (next, end);
        }
    }

    /// The sender's type of a struct that is there.
    fn type_of(&self, id: u32) -> Option<SenderType> {
        let foreign = self.foreign.as_ref();
        if let Some(spot) = self.nodes.spot(id) {
            let ours = spot.type_index()?;
            return Some(match foreign.and_then(|foreign| foreign.ours.get(&ours)) {
                Some(theirs) => SenderType::Foreign(*theirs),
                None => SenderType::Ours(ours),
            });
        }
        match foreign?.nodes.get(&id)? {
            Declared::Struct(index) => Some(SenderType::Foreign(*index)),
            _ => None,
        }
    }

    /// Reads values of fields, up to the next structure.
    fn values(&self, reader: &mut Reader<'_>, of: SenderType) -> Result<(), Fault> {
        let info = match (of, &self.foreign) {
            (SenderType::Ours(index), _) => self.types.get(index),
            (SenderType::Foreign(index), Some(foreign)) => foreign.types.get(index),
            (SenderType::Foreign(_), None) => None,
        };
        while let Some(byte) = reader.peek().filter(|byte| *byte != SWITCH_TO_STRUCTURE) {
            let (operation, at) = (byte & 0xc0, byte & 0x3f);
            let field = info.and_then(|info| info.get(FieldIndex(at)));
            let wrong = |kind| Fault::at(reader.offset(), kind);
            let field = field.ok_or_else(|| wrong(DecodeErrorKind::UnknownField { index: at }))?;
            let kind = leaf_kind(field.kind);
            let kind = kind.ok_or_else(|| wrong(DecodeErrorKind::UnknownOperation { byte }))?;
            reader.skip();
            if operation != op::DELETE {
                let value = reader.value(kind);
                value.map_err(|fault| fault.in_place(FaultPlace::Field(FieldIndex(at))))?;
            }
        }
        Ok(())
    }

    /// Skips what is about nothing that is there: how long that is can be seen by the next structure only.
    fn pass_by(&self, reader: &mut Reader<'_>) {
        while let Some(byte) = reader.peek() {
            if byte == SWITCH_TO_STRUCTURE {
                let mut ahead = *reader;
                ahead.skip();
                if ahead.unsigned().is_ok_and(|id| self.type_of(id).is_some()) {
                    return;
                }
            }
            reader.skip();
        }
    }
}

/// By whose numbers.
#[derive(Clone, Copy)]
enum SenderType {
    Ours(TypeIndex),
    Foreign(TypeIndex),
}
