//! Primitive values: what a leaf of the state holds, typed and borrowed.
//!
//! [`Primitive`] is implemented by the Rust types that a field may have; [`Value`] is the form in
//! which the walk hands one to a codec. Values compare bit by bit, so that `NaN` equals itself and
//! a field that was set to what it was is never sent again.

use std::fmt;

use compact_str::CompactString;

use crate::{text, types::Quantized};

/// The type of a primitive, by the names of the schema protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrimitiveKind {
    /// UTF-8 text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A double that is sent in the shortest form that holds it.
    Number,
    /// Signed, 8 bits.
    Int8,
    /// Unsigned, 8 bits.
    Uint8,
    /// Signed, 16 bits.
    Int16,
    /// Unsigned, 16 bits.
    Uint16,
    /// Signed, 32 bits.
    Int32,
    /// Unsigned, 32 bits.
    Uint32,
    /// Signed, 64 bits. JavaScript clients read it exactly up to 2^53.
    Int64,
    /// Unsigned, 64 bits. JavaScript clients read it exactly up to 2^53.
    Uint64,
    /// IEEE 754 single.
    Float32,
    /// IEEE 754 double.
    Float64,
}

impl PrimitiveKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 13] = [
        Self::String,
        Self::Boolean,
        Self::Number,
        Self::Int8,
        Self::Uint8,
        Self::Int16,
        Self::Uint16,
        Self::Int32,
        Self::Uint32,
        Self::Int64,
        Self::Uint64,
        Self::Float32,
        Self::Float64,
    ];

    /// The protocol's name: `string`, `boolean`, `number`, `int8` … `float64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Int8 => "int8",
            Self::Uint8 => "uint8",
            Self::Int16 => "int16",
            Self::Uint16 => "uint16",
            Self::Int32 => "int32",
            Self::Uint32 => "uint32",
            Self::Int64 => "int64",
            Self::Uint64 => "uint64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// The kind with this protocol name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a field of this kind holds when it was never set: `""`, `false`, `0`.
    pub const fn zero(self) -> Value<'static> {
        match self {
            Self::String => Value::String(""),
            Self::Boolean => Value::Boolean(false),
            Self::Number => Value::Number(0.0),
            Self::Int8 => Value::Int8(0),
            Self::Uint8 => Value::Uint8(0),
            Self::Int16 => Value::Int16(0),
            Self::Uint16 => Value::Uint16(0),
            Self::Int32 => Value::Int32(0),
            Self::Uint32 => Value::Uint32(0),
            Self::Int64 => Value::Int64(0),
            Self::Uint64 => Value::Uint64(0),
            Self::Float32 => Value::Float32(0.0),
            Self::Float64 => Value::Float64(0.0),
        }
    }
}

impl fmt::Display for PrimitiveKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A primitive value, borrowed from the state.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each variant is the kind of the same name")]
pub enum Value<'a> {
    String(&'a str),
    Boolean(bool),
    Number(f64),
    Int8(i8),
    Uint8(u8),
    Int16(i16),
    Uint16(u16),
    Int32(i32),
    Uint32(u32),
    Int64(i64),
    Uint64(u64),
    Float32(f32),
    Float64(f64),
    /// The number of a step of this range.
    Quantized(u32, &'a Quantized),
}

impl Value<'_> {
    /// The kind of this value. That of a quantized one is the integer that is sent.
    pub fn kind(&self) -> PrimitiveKind {
        match self {
            Self::String(_) => PrimitiveKind::String,
            Self::Boolean(_) => PrimitiveKind::Boolean,
            Self::Number(_) => PrimitiveKind::Number,
            Self::Int8(_) => PrimitiveKind::Int8,
            Self::Uint8(_) => PrimitiveKind::Uint8,
            Self::Int16(_) => PrimitiveKind::Int16,
            Self::Uint16(_) => PrimitiveKind::Uint16,
            Self::Int32(_) => PrimitiveKind::Int32,
            Self::Uint32(_) => PrimitiveKind::Uint32,
            Self::Int64(_) => PrimitiveKind::Int64,
            Self::Uint64(_) => PrimitiveKind::Uint64,
            Self::Float32(_) => PrimitiveKind::Float32,
            Self::Float64(_) => PrimitiveKind::Float64,
            Self::Quantized(_, by) => match by.bits() {
                8 => PrimitiveKind::Uint8,
                16 => PrimitiveKind::Uint16,
                _ => PrimitiveKind::Uint32,
            },
        }
    }
}

/// Same kind and same bits.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Number(a), Self::Number(b)) | (Self::Float64(a), Self::Float64(b)) => {
                a.to_bits() == b.to_bits()
            }
            (Self::Int8(a), Self::Int8(b)) => a == b,
            (Self::Uint8(a), Self::Uint8(b)) => a == b,
            (Self::Int16(a), Self::Int16(b)) => a == b,
            (Self::Uint16(a), Self::Uint16(b)) => a == b,
            (Self::Int32(a), Self::Int32(b)) => a == b,
            (Self::Uint32(a), Self::Uint32(b)) => a == b,
            (Self::Int64(a), Self::Int64(b)) => a == b,
            (Self::Uint64(a), Self::Uint64(b)) => a == b,
            (Self::Float32(a), Self::Float32(b)) => a.to_bits() == b.to_bits(),
            (Self::Quantized(a, by), Self::Quantized(b, other)) => a == b && by == other,
            _ => false,
        }
    }
}

impl Eq for Value<'_> {}

/// A Rust type that is a leaf of the state.
pub trait Primitive: Clone + Default {
    /// What is remembered of a value that was sent.
    type Sent: Clone + Default + fmt::Debug + Send + Sync;
    /// The value as a codec sees it.
    fn value(&self) -> Value<'_>;
    /// The value that was sent.
    fn sent_value(sent: &Self::Sent) -> Value<'_>;
    /// Whether sending this again would tell a client nothing.
    fn is_sent(&self, sent: &Self::Sent) -> bool;
    /// Remembers this as sent.
    fn remember(&self, sent: &mut Self::Sent);
    /// Takes what a decoder read.
    ///
    /// # Errors
    ///
    /// The expected kind, if `value` is not of it.
    fn assign(&mut self, value: Value<'_>) -> Result<(), PrimitiveKind>;
}

/// A primitive whose kind is known from its Rust type alone.
pub trait PrimitiveType: Primitive {
    /// The kind that is written for this type.
    const KIND: PrimitiveKind;
}

/// A double that is sent in the shortest form that holds it, the protocol's `number`.
///
/// For elements of collections; on a field, `#[schema(number)]` does the same.
///
/// ```
/// use tidewire_state::{MapSchema, Number};
/// let mut scores: MapSchema<Number> = MapSchema::new();
/// scores.insert("ada", Number(3.0));
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Number(pub f64);

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(value)
    }
}

impl Primitive for Number {
    type Sent = Self;
    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Number(self.0)
    }
    fn sent_value(sent: &Self) -> Value<'_> {
        sent.value()
    }
    #[inline]
    fn is_sent(&self, sent: &Self) -> bool {
        self.0.to_bits() == sent.0.to_bits()
    }
    #[inline]
    fn remember(&self, sent: &mut Self) {
        *sent = *self;
    }
    fn assign(&mut self, value: Value<'_>) -> Result<(), PrimitiveKind> {
        let Value::Number(value) = value else { return Err(Self::KIND) };
        self.0 = value;
        Ok(())
    }
}

impl PrimitiveType for Number {
    const KIND: PrimitiveKind = PrimitiveKind::Number;
}

impl Primitive for String {
    /// Short texts lie beside what else was sent of a struct, a cache line less to fetch.
    type Sent = CompactString;
    #[inline]
    fn value(&self) -> Value<'_> {
        Value::String(self)
    }
    fn sent_value(sent: &CompactString) -> Value<'_> {
        Value::String(sent)
    }
    #[inline]
    fn is_sent(&self, sent: &CompactString) -> bool {
        text::same(self, sent)
    }
    #[inline]
    fn remember(&self, sent: &mut CompactString) {
        if self.len() <= SHORT && !sent.is_heap_allocated() {
            *sent = CompactString::new(self);
        } else {
            remember_long(self, sent);
        }
    }
    fn assign(&mut self, value: Value<'_>) -> Result<(), PrimitiveKind> {
        let Value::String(value) = value else { return Err(Self::KIND) };
        self.clear();
        self.push_str(value);
        Ok(())
    }
}

/// The memory is kept.
#[inline(never)]
fn remember_long(text: &str, sent: &mut CompactString) {
    sent.clear();
    sent.push_str(text);
}

/// How many bytes of text a [`CompactString`] holds in itself.
const SHORT: usize = size_of::<CompactString>();

impl PrimitiveType for String {
    const KIND: PrimitiveKind = PrimitiveKind::String;
}

macro_rules! primitives {
    ($($type:ty => $variant:ident, $bits:expr;)*) => {$(
        impl Primitive for $type {
            type Sent = Self;
            #[inline]
            fn value(&self) -> Value<'_> {
                Value::$variant(*self)
            }
            #[inline]
            fn sent_value(sent: &Self) -> Value<'_> {
                sent.value()
            }
            #[inline]
            fn is_sent(&self, sent: &Self) -> bool {
                let bits: fn(Self) -> _ = $bits;
                bits(*self) == bits(*sent)
            }
            #[inline]
            fn remember(&self, sent: &mut Self) {
                *sent = *self;
            }
            #[inline]
            fn assign(&mut self, value: Value<'_>) -> Result<(), PrimitiveKind> {
                let Value::$variant(value) = value else { return Err(Self::KIND) };
                *self = value;
                Ok(())
            }
        }
        impl PrimitiveType for $type {
            const KIND: PrimitiveKind = PrimitiveKind::$variant;
        }
    )*};
}

primitives! {
    bool => Boolean, |v| v;
    i8 => Int8, |v| v;
    u8 => Uint8, |v| v;
    i16 => Int16, |v| v;
    u16 => Uint16, |v| v;
    i32 => Int32, |v| v;
    u32 => Uint32, |v| v;
    i64 => Int64, |v| v;
    u64 => Uint64, |v| v;
    f32 => Float32, f32::to_bits;
    f64 => Float64, f64::to_bits;
}
