//! `#[schema(quantized(…))]`: floats that are sent as the number of a step.

use std::sync::LazyLock;

use crate::{
    array::ArraySlots,
    leaf::{items_visit, items_walk_own, leaf, option_walk_own, walk_own},
    receive::{FieldSource, Misfit, ValueSink},
    schema::{Element, EntryChange, Field, Gone},
    tracker::{Owner, Visit, Walk},
    types::{FieldIndex, Quantized, QuantizedMode},
    value::{Primitive, PrimitiveKind, Value},
    visitor::{EntryAt, Visitor},
};

/// The value of a quantized field.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    step: u32,
    by: Option<&'static Quantized>,
}

leaf!(Step);

impl Step {
    /// The step next to `value`.
    pub fn new(value: f64, by: &'static Quantized) -> Self {
        Self { step: by.quantize(value), by: Some(by) }
    }
}

/// Of a place to which nothing was sent.
impl Default for Step {
    fn default() -> Self {
        Self { step: 0, by: None }
    }
}

impl Primitive for Step {
    type Sent = Self;

    fn value(&self) -> Value<'_> {
        static UNSENT: LazyLock<Quantized> =
            LazyLock::new(|| quantized_or_panic(0.0, 1.0, 8, QuantizedMode::Clamp));
        match self.by {
            Some(by) => Value::Quantized(self.step, by),
            None => Value::Quantized(self.step, &UNSENT),
        }
    }

    fn sent_value(sent: &Self) -> Value<'_> {
        sent.value()
    }

    fn is_sent(&self, sent: &Self) -> bool {
        self.step == sent.step && sent.by.is_some()
    }

    fn remember(&self, sent: &mut Self) {
        *sent = *self;
    }

    fn assign(&mut self, value: Value<'_>) -> Result<(), PrimitiveKind> {
        let Value::Quantized(step, _) = value else { return Err(self.value().kind()) };
        self.step = step;
        Ok(())
    }
}

/// The range of a field, checked when the program is compiled.
///
/// # Panics
///
/// If it is none.
pub const fn quantized_or_panic(min: f64, max: f64, bits: u8, mode: QuantizedMode) -> Quantized {
    match Quantized::checked(min, max, bits, mode) {
        Some(quantized) => quantized,
        None => {
            panic!("a quantized field has finite numbers `min` below `max` and 8, 16 or 32 bits")
        }
    }
}

/// Takes the next value of a source for a quantized field.
///
/// # Errors
///
/// Those of the source.
pub fn draw_quantized<F: FieldSource>(
    field: &mut dyn ValueSink,
    source: &mut F,
    by: &Quantized,
) -> Result<(), F::Fault> {
    let step = match source.read(Value::Quantized(0, by).kind())? {
        Value::Uint8(step) => step.into(),
        Value::Uint16(step) => step.into(),
        Value::Uint32(step) => step,
        other => {
            let misfit = Misfit::value::<Step>(other);
            return Err(source.misfit(misfit));
        }
    };
    field.set(Value::Quantized(step, by)).map_err(|misfit| source.misfit(misfit))
}
