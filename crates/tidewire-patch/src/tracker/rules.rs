//! Who sees what, by tags.

use std::collections::BTreeSet;

use tidewire_state::{Known, Presence, RefId, Rule, TypeIndex, TypeSet, Visibility};

use super::{TrackerConfig, TrackerError, tags::Tags};

/// Who sees what, but for the listener's part.
#[derive(Debug)]
pub(super) struct Rules {
    /// By type.
    private: Vec<bool>,
    private_map_value_patch: bool,
    pub(super) tags: Tags,
}

/// Whose eyes one looks through: those with equal ones are shown the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seer {
    /// Its tags, but for those that no struct has; a spy needs none.
    pub(super) tags: BTreeSet<String>,
    pub(super) spy: bool,
    /// Whether it is told what was there before, if that needs bytes of their own.
    pub(super) reversible: bool,
}

/// What one seer sees.
pub(super) struct Sight<'a> {
    pub(super) rules: &'a Rules,
    pub(super) seer: &'a Seer,
}

impl Rules {
    pub(super) fn new(types: &TypeSet, config: TrackerConfig) -> Result<Self, TrackerError> {
        let TrackerConfig { private_types, public_types, private_map_value_patch, .. } = config;
        for name in private_types.iter().chain(&public_types) {
            if types.find(name).is_none() {
                return Err(TrackerError::NoType(name.clone()));
            }
        }
        for of in &types.types {
            if let Some(field) = of.fields.iter().find(|field| field.visibility.is_filter()) {
                let (of, field) = (of.name.clone(), field.name.clone());
                return Err(TrackerError::Function { of, field });
            }
        }
        let indexes = (0..).map(TypeIndex).take(types.types.len());
        let private: Vec<bool> =
            indexes.map(|at| is_private(types, at, &private_types, &public_types)).collect();
        if private[types.root.0 as usize] {
            return Err(TrackerError::PrivateRoot(types[types.root].name.clone()));
        }
        Ok(Self { private, private_map_value_patch, tags: Tags::default() })
    }
}

/// Whether the structs of a type are private: what is said of it, or of the nearest of its bases of which something is
/// said.
fn is_private(types: &TypeSet, at: TypeIndex, private: &[String], public: &[String]) -> bool {
    // A chain of bases is no longer than there are types.
    let bases = std::iter::successors(Some(at), |at| types[*at].extends);
    for base in bases.take(types.types.len()) {
        let name = &types[base].name;
        if private.contains(name) {
            return true;
        }
        if public.contains(name) {
            return false;
        }
    }
    false
}

impl Sight<'_> {
    fn has_access(&self, node: RefId) -> bool {
        self.seer.spy || self.rules.tags.of(node).any(|tag| self.seer.tags.contains(tag))
    }
}

impl Rule for Sight<'_> {
    fn shows(&self, holder: Known, visibility: Visibility) -> bool {
        !visibility.is_hidden() || self.has_access(holder.id)
    }

    fn presence(&self, node: Known, holder: Known, shown: bool) -> Presence {
        let is_private = node.index.is_some_and(|of| self.rules.private[of.0 as usize]);
        match shown {
            false => Presence::Absent,
            true if !is_private || self.has_access(node.id) => Presence::There,
            true if holder.is_map && !self.rules.private_map_value_patch => Presence::Absent,
            true => Presence::Veiled,
        }
    }
}
