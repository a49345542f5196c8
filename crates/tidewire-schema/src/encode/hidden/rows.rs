//! What is known of the fields of a type before any struct of it is seen.

use tidewire_state::{
    FieldIndex, FieldInfo, Sending, Shown, Tag, TypeIndex, TypeInfo, TypeSet, Visibility,
};

/// One row a type.
#[derive(Debug)]
pub(super) struct Rows {
    rows: Vec<Row>,
    has_customs: bool,
}

#[derive(Debug, Default)]
struct Row {
    /// The fields that not everyone sees who sees the struct, a bit each.
    hides: u64,
    /// By field: those whose changes go to the same clients, a bit each.
    alike: Vec<u64>,
    audiences: Vec<Visibility>,
    /// Whether all fields that hold values are told to who gains a struct that was added without a tag.
    shows_all: bool,
}

impl Rows {
    pub(super) fn new(types: &TypeSet) -> Self {
        let has_filters = types.has_filters();
        let is_custom = |visibility| matches!(visibility, Visibility::Custom(_));
        Self {
            rows: types.types.iter().map(|info| Row::new(info, has_filters)).collect(),
            has_customs: fields(types).any(|field| is_custom(field.visibility)),
        }
    }

    /// Whether there are fields of which each client is told something else.
    pub(super) fn has_customs(&self) -> bool {
        self.has_customs
    }

    /// Whether all fields that hold values are told to who gains a struct that was added without a tag.
    pub(super) fn shows_all(&self, index: TypeIndex) -> bool {
        self.row(Some(index)).is_some_and(|row| row.shows_all)
    }

    /// The fields of a struct that not everyone sees who sees the struct, a bit each.
    #[inline]
    pub(super) fn hides(&self, index: Option<TypeIndex>) -> u64 {
        self.row(index).map_or(0, |row| row.hides)
    }

    /// To whom changes of a field go, of those who see more of the struct than the way down, and which
    /// fields have the same ones.
    pub(super) fn audience(
        &self,
        index: Option<TypeIndex>,
        field: FieldIndex,
    ) -> (Visibility, u64) {
        let at = usize::from(field.0);
        let known = self.row(index).and_then(|row| Some((*row.audiences.get(at)?, row.alike[at])));
        known.unwrap_or((Visibility::Everyone, 0))
    }

    #[inline]
    fn row(&self, index: Option<TypeIndex>) -> Option<&Row> {
        self.rows.get(index?.0 as usize)
    }
}

impl Row {
    fn new(info: &TypeInfo, has_filters: bool) -> Self {
        let visibilities = info.fields.iter().map(|field| field.visibility);
        let audiences: Vec<Visibility> =
            visibilities.clone().map(|visibility| audience(visibility, has_filters)).collect();
        let alike = |one: &Visibility| mask(audiences.iter().map(|other| other == one));
        let is_told = |field: &FieldInfo| {
            Shown::UNTAGGED.shows(field.visibility)
                && matches!(field.sending, Sending::Always | Sending::Unreliable)
        };
        Self {
            hides: mask(visibilities.map(Visibility::is_hidden)),
            alike: audiences.iter().map(alike).collect(),
            shows_all: info.fields.iter().all(is_told),
            audiences,
        }
    }
}

fn fields(types: &TypeSet) -> impl Iterator<Item = &FieldInfo> {
    types.types.iter().flat_map(|info| &info.fields)
}

fn audience(visibility: Visibility, has_filters: bool) -> Visibility {
    match visibility {
        // Without filters, who sees it has it in view.
        Visibility::View(Tag::DEFAULT) if !has_filters => Visibility::Everyone,
        visibility => visibility,
    }
}

/// A bit for each of the first 64.
fn mask(bits: impl Iterator<Item = bool>) -> u64 {
    (0..64).zip(bits).fold(0, |mask, (at, bit)| mask | u64::from(bit) << at)
}
