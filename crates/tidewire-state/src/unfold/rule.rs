//! Who sees what, as a question.

use crate::{
    types::{FieldIndex, TypeIndex, Visibility},
    value::Value,
    view::StateView,
    visitor::RefId,
};

/// A node that somebody may see or not.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its number.
    pub id: RefId,
    /// The type of a struct; nothing for a collection.
    pub index: Option<TypeIndex>,
    /// Whether not everyone is told of it.
    pub hidden: bool,
    /// Whether it is a map.
    pub is_map: bool,
    /// Whether it is a collection whose entries are filtered.
    pub is_filtered: bool,
}

/// How a node shows in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// As it is, as far as it shows its fields.
    There,
    /// Not at all.
    Absent,
    /// One sees that something is there, and nothing of it.
    Veiled,
}

/// What an audience may see.
pub trait Rule {
    /// Whether a struct shows fields of this visibility, or a collection its contents, which are for
    /// everyone who sees it.
    fn shows(&self, holder: Known, visibility: Visibility) -> bool;

    /// Whether a collection shows an entry, if its entries are filtered: by its number in a map, or its
    /// position. That is what functions of the program say for views, so it is no unless a rule knows.
    fn shows_entry(&self, holder: Known, entry: u32) -> bool {
        let _ = (holder, entry);
        false
    }

    /// What a struct shows in a field in the place of what is in it, if each is told something else there.
    /// That is what functions of the program give for views, so it is nothing unless a rule knows.
    fn custom(&self, holder: Known, field: FieldIndex) -> Option<Value<'_>> {
        let _ = (holder, field);
        None
    }

    /// How a node shows in a place of `holder`, which shows that place or does not.
    fn presence(&self, node: Known, holder: Known, shown: bool) -> Presence;
}

/// Without a view one sees what everyone sees.
impl Rule for Option<&StateView> {
    fn shows(&self, holder: Known, visibility: Visibility) -> bool {
        match self {
            Some(view) => {
                let shown = view.sight(holder.id, holder.hidden);
                shown.is_some_and(|shown| shown.shows(visibility))
            }
            None => !holder.hidden && !visibility.is_hidden(),
        }
    }

    fn shows_entry(&self, holder: Known, entry: u32) -> bool {
        self.is_some_and(|view| {
            view.sight(holder.id, holder.hidden).is_some() && view.passes(holder.id, entry)
        })
    }

    fn custom(&self, holder: Known, field: FieldIndex) -> Option<Value<'_>> {
        self.as_ref()?.custom(holder.id, holder.hidden, field)
    }

    fn presence(&self, node: Known, _: Known, shown: bool) -> Presence {
        let is_seen = !node.hidden || self.is_some_and(|view| view.is_through(node.id));
        match shown && is_seen || self.is_some_and(|view| view.shows(node.id)) {
            true => Presence::There,
            false => Presence::Absent,
        }
    }
}
