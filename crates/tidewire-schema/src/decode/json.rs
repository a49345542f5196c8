//! A state of run-time types as JSON.

use std::fmt::Write;

use tidewire_state::{DynField, DynPrimitive, DynState, DynStruct, Handle, Pool, Primitive, Value};

use super::{Decoder, error::MAX_DEPTH};

impl Decoder<DynStruct> {
    /// The state as JSON, on one line: objects for structs and maps, arrays for arrays, sets and
    /// collections. What is absent is left out. 64-bit integers are written in full; a float that
    /// is no JSON number is `null`.
    ///
    /// With [`from_handshake`](Self::from_handshake) this prints what any server of the protocol
    /// sends, without a definition of its types.
    ///
    /// ```
    /// # use tidewire_schema::{Decoder, Encoder, Profile};
    /// # use tidewire_state::{MapSchema, Schema, Tracked};
    /// # #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Arena { turn: String, scores: MapSchema<f32> }
    /// # let mut arena = Tracked::new(Arena::default());
    /// # arena.turn = "ada".to_owned();
    /// # arena.scores.insert("ada", 2.5);
    /// # let mut encoder = Encoder::new(&arena);
    /// # let handshake = encoder.handshake(Profile::V5);
    /// # let snapshot = encoder.patch(&mut arena);
    /// let mut decoder = Decoder::from_handshake(&handshake)?;
    /// decoder.apply(snapshot)?;
    /// assert_eq!(decoder.to_json(), r#"{"turn":"ada","scores":{"ada":2.5}}"#);
    /// # Ok::<(), tidewire_schema::DecodeError>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut json = Json { text: String::new(), pool: None, above: Vec::new(), limit: 0 };
        json.node(self.state());
        json.text
    }
}

impl Decoder<DynState> {
    /// The state as JSON, as that of a [`Decoder<DynStruct>`](Decoder::to_json) is: an instance is written in
    /// each of its places.
    ///
    /// Within itself an instance is `null`; so is what lies deeper than 128 instances, and what would
    /// come behind as much text as [`Limits::memory`](super::Limits::memory) has bytes: a short message can make a state that takes longer to
    /// write than there is time.
    pub fn to_json(&self) -> String {
        let pool = Some(&self.state().pool);
        let limit = self.limits().memory;
        let mut json = Json { text: String::new(), pool, above: Vec::new(), limit };
        json.node(self.state());
        json.text
    }
}

struct Json<'a> {
    text: String,
    pool: Option<&'a Pool<DynStruct>>,
    /// The instances of the pool that are being written.
    above: Vec<Handle<DynStruct>>,
    /// How much text there may be before another of those.
    limit: usize,
}

impl Json<'_> {
    /// As deep as a decoder lets a state be.
    fn node(&mut self, node: &DynStruct) {
        let there = node.fields().filter(|(_, field)| !is_absent(field));
        self.object(there.map(|(info, field)| (info.name.as_str(), field)), Self::field);
    }

    fn field(&mut self, field: &DynField) {
        match field {
            DynField::Primitive(value) | DynField::Optional(Some(value)) => self.primitive(value),
            DynField::Ref(Some(node)) => self.node(node),
            DynField::Optional(None) | DynField::Ref(None) => self.text.push_str("null"),
            DynField::PrimitiveMap(map) => self.object(map.iter(), Self::primitive),
            DynField::Map(map) => self.object(map.iter(), Self::node),
            DynField::PrimitiveArray(array) => self.array(array.iter(), Self::primitive),
            DynField::Array(array) => self.array(array.iter(), Self::node),
            DynField::PrimitiveSet(set) => self.array(set.iter(), Self::primitive),
            DynField::PrimitiveCollection(all) => self.array(all.iter(), Self::primitive),
            DynField::Shared(Some(handle)) => self.shared(handle),
            DynField::Shared(None) => self.text.push_str("null"),
            DynField::SharedMap(map) => self.object(map.iter(), Self::shared),
            DynField::SharedArray(array) => self.array(array.iter(), Self::shared),
            DynField::SharedSet(set) => self.array(set.iter(), Self::shared),
            DynField::SharedCollection(all) => self.array(all.iter(), Self::shared),
        }
    }

    fn shared(&mut self, handle: &Handle<DynStruct>) {
        let goes_on = self.above.len() < usize::from(MAX_DEPTH) && self.text.len() < self.limit;
        let node = self.pool.and_then(|pool| pool.get(*handle));
        match node.filter(|_| goes_on && !self.above.contains(handle)) {
            Some(node) => {
                self.above.push(*handle);
                self.node(node);
                self.above.pop();
            }
            None => self.text.push_str("null"),
        }
    }

    fn object<'a, T>(
        &mut self,
        members: impl Iterator<Item = (&'a str, T)>,
        each: impl Fn(&mut Self, T),
    ) {
        self.text.push('{');
        for (at, (name, value)) in members.enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.text(name);
            self.text.push(':');
            each(self, value);
        }
        self.text.push('}');
    }

    fn array<T>(&mut self, items: impl Iterator<Item = T>, each: impl Fn(&mut Self, T)) {
        self.text.push('[');
        for (at, value) in items.enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            each(self, value);
        }
        self.text.push(']');
    }

    fn primitive(&mut self, value: &DynPrimitive) {
        match value.value() {
            Value::String(text) => self.text(text),
            Value::Boolean(flag) => self.write(flag),
            Value::Int8(number) => self.write(number),
            Value::Uint8(number) => self.write(number),
            Value::Int16(number) => self.write(number),
            Value::Uint16(number) => self.write(number),
            Value::Int32(number) => self.write(number),
            Value::Uint32(number) => self.write(number),
            Value::Int64(number) => self.write(number),
            Value::Uint64(number) => self.write(number),
            Value::Float32(number) => self.float(f64::from(number)),
            Value::Number(number) | Value::Float64(number) => self.float(number),
            Value::Quantized(step, by) => self.float(by.dequantize(step)),
        }
    }

    fn float(&mut self, number: f64) {
        if !number.is_finite() {
            self.text.push_str("null");
        } else if number != 0.0 && !(1e-6..1e21).contains(&number.abs()) {
            // Written out these would be hundreds of digits.
            self.write(format_args!("{number:e}"));
        } else {
            self.write(number);
        }
    }

    fn text(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => {
                    self.text.push('\\');
                    self.text.push(character);
                }
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\0'..' ' => self.write(format_args!("\\u{:04x}", u32::from(character))),
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn write(&mut self, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
    }
}

fn is_absent(field: &DynField) -> bool {
    matches!(field, DynField::Optional(None) | DynField::Ref(None) | DynField::Shared(None))
}
