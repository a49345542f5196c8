//! Primitive fields of many structs in a row, by types that are known when it is compiled.

use super::{Misfit, Receive};
use crate::{
    types::FieldIndex,
    value::{PrimitiveKind, Value},
};

/// Where the values of primitive fields come from, one struct after another.
///
/// It is small and copied, so that a loop over thousands of structs has it in registers.
pub trait FieldSource: Copy {
    /// What can be wrong with it.
    type Fault;

    /// The next field of the struct at hand that gets something, whatever it holds. It stays the next
    /// one until it is read.
    fn next_field(&mut self) -> Option<FieldIndex>;

    /// The value of that field, which is a primitive.
    ///
    /// # Errors
    ///
    /// If there is no such value.
    fn read(&mut self, kind: PrimitiveKind) -> Result<Value<'_>, Self::Fault>;

    /// The slot or index of the next struct, if it lies in the same collection and its fields
    /// follow.
    ///
    /// # Errors
    ///
    /// If that cannot be told.
    fn next_sibling(&mut self) -> Result<Option<u32>, Self::Fault>;

    /// Goes on where a copy of it has come to, in which all that was drawn was.
    fn go_on(&mut self, copy: Self);

    /// The value that was read does not fit.
    fn misfit(&self, misfit: Misfit) -> Self::Fault;
}

/// A collection whose structs are received into by slot or index.
pub(crate) trait Siblings {
    /// What is in it.
    type Item: Receive;

    /// What is in a slot.
    fn sibling(&mut self, slot: u32) -> Option<&mut Self::Item>;

    /// Sets primitive fields of the structs that the source leads to, from this one on, or of the one at
    /// the end of a longer path.
    #[inline]
    fn receive_siblings<F: FieldSource>(
        &mut self,
        path: &[u32],
        source: &mut F,
    ) -> Result<(), F::Fault> {
        let [slot, rest @ ..] = path else { return Ok(()) };
        let mut slot = *slot;
        if !rest.is_empty() {
            let item = self.sibling(slot);
            return item.map_or(Ok(()), |item| item.receive(rest, source));
        }
        let mut near = *source;
        let result = loop {
            let Some(item) = self.sibling(slot) else { break Ok(()) };
            if let Err(fault) = item.receive_fields(&mut near) {
                break Err(fault);
            }
            match near.next_sibling() {
                Ok(Some(next)) => slot = next,
                Ok(None) => break Ok(()),
                Err(fault) => break Err(fault),
            }
        };
        source.go_on(near);
        result
    }
}
