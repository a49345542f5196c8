//! What clients are not told of, though the state has it.

use thiserror::Error;
use tidewire_state::{FieldInfo, TypeSet};

/// Why clients are not told of something that is in the state. What they hold is right in everything else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The state has, or had, a key that no client is told of: the first one that was met.
    ///
    /// `o.__proto__ = x` gives a JavaScript object no member but a prototype. Libraries throw, or drop the entry and
    /// lose count of the others, so that one such key would cost clients all that is told with it.
    #[error(
        "clients are not told of `{path}`: JavaScript objects have no member `{PROTO}`; use another key"
    )]
    Key {
        /// The way to it, as a JSON Pointer.
        path: String,
    },
    /// Something lies too deep, leads to itself or is in too many places.
    #[error(transparent)]
    Place(#[from] tidewire_state::Refusal),
}

/// The member that JavaScript objects do not have.
pub(crate) const PROTO: &str = "__proto__";

/// The first field of these types that no client is told of: its type and its name. Encoders leave it out.
///
/// ```
/// use tidewire_patch::refused_field;
/// use tidewire_state::{FieldInfo, FieldKind, PrimitiveKind, TypeIndex, TypeInfo, TypeSet};
/// let field = FieldInfo::new("__proto__", FieldKind::Primitive(PrimitiveKind::Boolean));
/// let types = vec![TypeInfo::new("State".to_owned(), vec![field])];
/// let types = TypeSet { types, root: TypeIndex(0) };
/// assert_eq!(refused_field(&types), Some(("State", "__proto__")));
/// ```
pub fn refused_field(types: &TypeSet) -> Option<(&str, &str)> {
    types.types.iter().find_map(|of| {
        let is_refused = |field: &&FieldInfo| field.name == PROTO;
        Some((of.name.as_str(), of.fields.iter().find(is_refused)?.name.as_str()))
    })
}
