//! Numbers of a known range as whole steps of it.

use serde_json::{Value as Json, json};

/// How a quantized field is carried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantized {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// 8, 16 or 32.
    pub(crate) bits: u32,
    /// Whether the ends of the range are the same point.
    pub(crate) wraps: bool,
}

impl Quantized {
    pub(crate) fn parse(definition: &Json) -> Result<Self, String> {
        let number = |name: &str| definition[name].as_f64().ok_or("a range has `min` and `max`");
        let (min, max) = (number("min")?, number("max")?);
        let bits = definition.get("bits").map_or(Some(16), Json::as_u64);
        let bits = bits.filter(|bits| [8, 16, 32].contains(bits)).ok_or("8, 16 or 32 bits")?;
        let wraps = match definition.get("mode").map_or(Some("clamp"), Json::as_str) {
            Some("clamp") => false,
            Some("wrap") => true,
            _ => return Err("the mode is clamp or wrap".to_owned()),
        };
        if min >= max {
            return Err("`min` is below `max`".to_owned());
        }
        Ok(Self { min, max, bits: bits as u32, wraps })
    }

    pub(crate) fn to_json(self) -> Json {
        let mode = if self.wraps { "wrap" } else { "clamp" };
        json!({ "min": self.min, "max": self.max, "bits": self.bits, "mode": mode })
    }

    /// What a client reads of a number.
    pub(crate) fn carried(self, number: f64) -> f64 {
        self.min + (self.step(number) / self.span()) * (self.max - self.min)
    }

    /// The whole number on the wire. Half a step goes up.
    fn step(self, number: f64) -> f64 {
        let range = self.max - self.min;
        if self.wraps {
            let rest = (number - self.min) % range;
            let rest = if rest < 0.0 { rest + range } else { rest };
            ((rest / range) * self.span() + 0.5).floor() % self.span()
        } else {
            let number = number.clamp(self.min, self.max);
            (((number - self.min) / range) * self.span() + 0.5).floor()
        }
    }

    /// How many steps the range has. One around zero has an even number, so that zero is exact.
    fn span(self) -> f64 {
        let steps = f64::from(self.bits).exp2();
        match self {
            Self { wraps: true, .. } => steps,
            Self { min, max, .. } if min == -max => steps - 2.0,
            _ => steps - 1.0,
        }
    }
}
