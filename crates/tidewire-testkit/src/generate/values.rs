//! Random values, many of them at an edge.

use serde_json::{Map, Value as Json};

use super::Script;
use crate::{
    quantize::Quantized,
    tokens::token,
    types::{Element, Kind},
};

/// Few, so that keys meet again.
pub(super) const KEYS: [&str; 10] = ["", "a", "b", "a/b~c", "~1", "0", "10", "size", "ключ", "🎲"];

const TEXTS: [&str; 8] = ["", "a", "ada", "~/\"\\", "\u{0}\n\t", "ö", "漢字", "🎲🎲"];

const DOUBLES: [f64; 24] = [
    0.0,
    -0.0,
    0.5,
    -0.25,
    0.1,
    1e-5,
    1e-7,
    123_456.789,
    16_777_217.5,
    1e300,
    -1e300,
    5e-324,
    127.0,
    128.0,
    65_536.0,
    -32.0,
    -33.0,
    -129.0,
    -32_769.0,
    2_147_483_647.0,
    2_147_483_648.0,
    -2_147_483_649.0,
    4_294_967_295.0,
    9_007_199_254_740_991.0,
];

impl Script {
    /// A new value. A struct may hold others up to `depth` deep.
    pub(super) fn value(&mut self, of: Element, depth: usize) -> Json {
        let declared = match of {
            Element::Primitive(name) => return self.primitive(name),
            Element::Struct(of) => of,
        };
        let types = &self.model.tree.types;
        let derived: Vec<usize> =
            (0..types.types.len()).filter(|of| types.is_a(*of, declared)).collect();
        let of = if derived.len() > 1 { self.random.pick(&derived) } else { declared };
        let definition = self.model.tree.types.types[of].clone();
        let mut members = Map::new();
        if of != declared {
            members.insert("$type".to_owned(), definition.name.into());
        }
        for field in definition.fields {
            if self.random.chance(60) || (field.is_deep() && depth <= 1) {
                continue;
            }
            let value = match field.kind {
                kind if !kind.is_collection() && self.random.chance(10) => Json::Null,
                Kind::One(of) => self.value(of, depth - 1),
                Kind::Quantized(quantized) => self.within(quantized),
                kind => self.contents(kind, depth - 1),
            };
            members.insert(field.name, value);
        }
        Json::Object(members)
    }

    /// A number that a quantized field may be set to: within the range, at its ends, beyond them.
    pub(super) fn within(&mut self, Quantized { min, max, .. }: Quantized) -> Json {
        let part = match self.random.below(4) {
            0 => self.random.pick(&[0.0, 1.0, 0.5, -0.5, 1.5, 1000.25]),
            1 => self.random.below(512) as f64 / 511.0,
            2 => self.random.below(65_536) as f64 / 131_070.0,
            _ => (self.random.any() >> 11) as f64 / (1_u64 << 53) as f64,
        };
        (min + part * (max - min)).into()
    }

    /// What a collection is set to.
    pub(super) fn contents(&mut self, kind: Kind, depth: usize) -> Json {
        let count = self.random.below(4);
        match kind {
            Kind::Map(of) => {
                let entry = |this: &mut Self| (this.key(), this.value(of, depth));
                Json::Object((0..count).map(|_| entry(self)).collect::<Map<_, _>>())
            }
            kind => match kind.element() {
                Some(of) => self.values(of, count, depth),
                None => Json::Null,
            },
        }
    }

    pub(super) fn values(&mut self, of: Element, count: usize, depth: usize) -> Json {
        (0..count).map(|_| self.value(of, depth)).collect()
    }

    pub(super) fn key(&mut self) -> String {
        if !self.watchers.is_empty() && self.random.chance(25) {
            return token(&mut self.random);
        }
        self.random.pick(&KEYS).to_owned()
    }

    fn primitive(&mut self, name: &str) -> Json {
        match name {
            "string" if !self.watchers.is_empty() && self.random.chance(70) => {
                token(&mut self.random).into()
            }
            "string" if self.random.chance(5) => {
                let len = self.random.pick(&[31, 32, 31, 32, 255, 256, 255, 256]);
                "x".repeat(len).into()
            }
            "string" => self.random.pick(&TEXTS).into(),
            "boolean" => self.random.chance(50).into(),
            "number" | "float64" => match self.random.below(3) {
                0 => self.random.pick(&DOUBLES).into(),
                1 => (self.random.below(200) as f64 / 8.0 - 10.0).into(),
                _ => (self.random.any() as i64 as f64 / 65_536.0).into(),
            },
            "float32" => match self.random.below(2) {
                0 => f64::from(self.random.any() as i32 as f32 / 1000.0).into(),
                _ => (self.random.below(200) as f64 / 10.0).into(),
            },
            whole => self.whole(whole),
        }
    }

    fn whole(&mut self, name: &str) -> Json {
        let any = self.random.any();
        let edge = self.random.below(4);
        macro_rules! within {
            ($type:ty) => {
                match edge {
                    0 => <$type>::MIN.into(),
                    1 => <$type>::MAX.into(),
                    2 => ((any % 3) as $type).into(),
                    _ => (any as $type).into(),
                }
            };
        }
        match name {
            "int8" => within!(i8),
            "uint8" => within!(u8),
            "int16" => within!(i16),
            "uint16" => within!(u16),
            "int32" => within!(i32),
            "uint32" => within!(u32),
            "int64" => within!(i64),
            _ => within!(u64),
        }
    }
}
