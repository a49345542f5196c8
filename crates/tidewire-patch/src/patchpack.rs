//! The format of patchpack, which Mosx's SchemaSerializer speaks: a patch names a node by its
//! number and a position in it.
//!
//! ```text
//! state = [form, types]        types: [[name, property…]…]
//! form  = a primitive | [type, id, value…]  by position | [-1, id, item…] | [-2, id, key, value…]
//! patch = [op, id of the parent, index, value?, oldValue?]
//! ```
//!
//! The index is that of the property, of the array's item, or of the key in the list of keys that
//! both sides keep for a map. A key that is added comes as `[key, form]`, at index -1.
//!
//! Clients are simple: their lists of keys only grow, the items of an array never change their
//! index, a value that is left out moves all values behind it. The encoder knows what each client
//! holds and sends nothing that a client takes for something else:
//!
//! - newcomers are told all keys that a map ever had, the ones that are gone with `undefined`, so that
//!   positions are the same for everybody; a map of mostly such keys is sent anew;
//! - structs keep the position of every value, with `undefined` for what is absent;
//! - arrays of structs get and lose items at their end only: what moves is sent again where it is
//!   now, and where most would, the whole array is;
//! - a `/` in a key is sent as any other, for no path is. A [`PatchpackDecoder`] escapes it in the path of a patch; that of
//!   the package `patchpack` does not, and says `/m/a/b` for the key `a/b` of `m`. Who applies its `patch.path` goes
//!   wrong with such keys, and has to ask its nodes.

#[cfg(test)]
mod alike;
mod arrive;
mod decode;
mod encode;
mod first;
mod form;
mod keys;
mod names;
mod nodes;
#[cfg(test)]
mod originals;

pub use self::{
    decode::{PatchpackDecoder, PatchpackError},
    encode::PatchpackEncoder,
};

/// Stands for an array in the place of a type.
const ARRAY: i64 = -1;
/// Stands for a map in the place of a type.
const MAP: i64 = -2;
