//! Numbers that are sent in fewer bits.
//!
//! Both ends must come to the same double, so each step is spelled out: all in double precision, and
//! rounding is `floor(x + 0.5)`.

use super::TypeError;

/// A range of numbers that is divided into steps, of which the nearest one's number is sent.
///
/// ```
/// use tidewire_state::{Quantized, QuantizedMode};
/// let yaw = Quantized::new(0.0, 360.0, 8, QuantizedMode::Wrap)?;
/// assert_eq!(yaw.quantize(450.0), 64);
/// assert_eq!(yaw.dequantize(64), 90.0);
/// # Ok::<(), tidewire_state::TypeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quantized {
    min: f64,
    max: f64,
    bits: u8,
    mode: QuantizedMode,
}

/// What becomes of numbers outside of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QuantizedMode {
    /// The nearest end. Both ends are exact, and so is 0 in the middle between them.
    #[default]
    Clamp,
    /// The same point on the circle on which both ends are one: an angle.
    Wrap,
}

impl Quantized {
    /// A range in 8, 16 or 32 bits.
    ///
    /// # Errors
    ///
    /// Where `min` is not less than `max`, one of them or what lies between them is not finite, or
    /// `bits` is another number.
    pub fn new(min: f64, max: f64, bits: u8, mode: QuantizedMode) -> Result<Self, TypeError> {
        Self::checked(min, max, bits, mode).ok_or(match bits {
            8 | 16 | 32 if min < max && min.is_finite() && max.is_finite() => {
                TypeError::QuantizedWidth { range: format!("{min:e} to {max:e}") }
            }
            8 | 16 | 32 => TypeError::QuantizedRange { range: format!("{min} to {max}") },
            _ => TypeError::QuantizedBits { bits },
        })
    }

    /// As [`new`](Self::new), when the program is compiled.
    pub(crate) const fn checked(min: f64, max: f64, bits: u8, mode: QuantizedMode) -> Option<Self> {
        let is_range = min.is_finite() && max.is_finite() && (max - min).is_finite() && min < max;
        match bits {
            8 | 16 | 32 if is_range => Some(Self { min, max, bits, mode }),
            _ => None,
        }
    }

    /// The lower end.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The upper end.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// How many bits are sent: 8, 16 or 32.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// What becomes of numbers outside.
    pub fn mode(&self) -> QuantizedMode {
        self.mode
    }

    /// How many steps there are. A clamped range around 0 has an even number, so that 0 is one.
    pub fn span(&self) -> f64 {
        let all = f64::from(self.bits).exp2();
        match self.mode {
            QuantizedMode::Wrap => all,
            QuantizedMode::Clamp if self.min == -self.max => all - 2.0,
            QuantizedMode::Clamp => all - 1.0,
        }
    }

    /// The number of the step that is nearest. That of `NaN`, and on a circle of infinity, is 0.
    pub fn quantize(&self, value: f64) -> u32 {
        let range = self.max - self.min;
        let step = match self.mode {
            QuantizedMode::Wrap if !value.is_finite() => 0.0,
            QuantizedMode::Wrap => {
                let mut offset = (value - self.min) % range;
                if offset < 0.0 {
                    offset += range;
                }
                ((offset / range) * self.span() + 0.5).floor() % self.span()
            }
            QuantizedMode::Clamp if value.is_nan() => 0.0,
            QuantizedMode::Clamp => {
                let value = value.clamp(self.min, self.max);
                (((value - self.min) / range) * self.span() + 0.5).floor()
            }
        };
        step as u32
    }

    /// The number that a step stands for.
    pub fn dequantize(&self, step: u32) -> f64 {
        self.min + (f64::from(step) / self.span()) * (self.max - self.min)
    }

    /// What a client reads where `value` was sent.
    pub fn as_read(&self, value: f64) -> f64 {
        self.dequantize(self.quantize(value))
    }
}

/// The same range in the same bits.
impl PartialEq for Quantized {
    fn eq(&self, other: &Self) -> bool {
        self.min.to_bits() == other.min.to_bits()
            && self.max.to_bits() == other.max.to_bits()
            && self.bits == other.bits
            && self.mode == other.mode
    }
}

impl Eq for Quantized {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_reference() {
        let check = |range: (f64, f64), bits, mode, value: f64, step, read: f64| {
            let quantized = Quantized::new(range.0, range.1, bits, mode).expect("a range");
            assert_eq!(quantized.quantize(value), step, "{quantized:?} {value}");
            assert_eq!(quantized.dequantize(step), read, "{quantized:?} {step}");
        };
        use QuantizedMode::{Clamp, Wrap};
        check((0.0, 1.0), 8, Clamp, 0.5, 128, 128.0 / 255.0);
        check((0.0, 1.0), 8, Clamp, 7.0, 255, 1.0);
        check((-1.0, 1.0), 8, Clamp, 0.0, 127, 0.0);
        check((-1.0, 1.0), 16, Clamp, f64::NEG_INFINITY, 0, -1.0);
        check((0.0, 360.0), 16, Wrap, 360.0, 0, 0.0);
        check((0.0, 360.0), 16, Wrap, -90.0, 49152, 270.0);
        check((0.0, 360.0), 32, Wrap, f64::NAN, 0, 0.0);
        check((0.0, 10.0), 32, Clamp, 10.0, u32::MAX, 10.0);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for (min, max, bits) in [(1.0, 1.0, 8), (2.0, 1.0, 8), (f64::NAN, 1.0, 8), (0.0, 1.0, 13)] {
            assert!(Quantized::new(min, max, bits, QuantizedMode::Clamp).is_err());
        }
    }
}
