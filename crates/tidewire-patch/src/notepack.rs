//! MessagePack as the JavaScript library notepack.io 2.3 writes it, the layer under `mpack`,
//! `light` and `patchpack`.
//!
//! It differs from plain MessagePack in what it does with JavaScript's own values: `undefined` is
//! the extension `d4 00 00`, a date the extension `d7 00` with milliseconds. Numbers without a
//! fraction are integers of the shortest form, others are doubles; text is UTF-8.
//!
//! Every valid form is read, the longer ones too. Only what 64 bits cannot hold is written in
//! another way than by the original, which wraps such numbers around: it is a double.
//!
//! ```
//! use tidewire_patch::notepack::{self, Value};
//! let value = Value::Array(vec![Value::from(300_u16), Value::Undefined, Value::from("a")]);
//! let bytes = notepack::encode(&value);
//! assert_eq!(bytes, [0x93, 0xcd, 0x01, 0x2c, 0xd4, 0x00, 0x00, 0xa1, b'a']);
//! assert_eq!(notepack::decode(&bytes)?, value);
//! # Ok::<(), notepack::DecodeError>(())
//! ```

mod look;
mod members;
mod object;
mod pack;
mod packed;
pub(crate) mod read;
mod value;
pub(crate) mod write;

pub use self::{
    look::Look,
    object::Object,
    read::{DecodeError, MAX_DEPTH, decode},
    value::{Text, Value},
};
pub(crate) use self::{
    object::has_twins,
    pack::Packer,
    packed::{Cell, Packed, Span},
};

/// The bytes of a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write::value(&mut out, value);
    out
}
