//! Who sees what, as a question.

use crate::{
    types::{TypeIndex, Visibility},
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
}

/// What an audience may see.
pub trait Rule {
    /// Whether a struct shows fields of this visibility, or a collection its contents, which are for
    /// everyone who sees it. `around` are the nodes on the way to it, from the root.
    fn shows(&self, holder: Known, around: &[RefId], visibility: Visibility) -> bool;

    /// Whether a node is there in a place that its holder shows, or does not. `around` are the nodes
    /// on the way to it, from the root, the holder included.
    fn is_there(&self, node: Known, around: &[RefId], shown: bool) -> bool;
}

/// Without a view one sees what everyone sees.
impl Rule for Option<&StateView> {
    fn shows(&self, holder: Known, _: &[RefId], visibility: Visibility) -> bool {
        match visibility {
            Visibility::Everyone => !holder.hidden || self.is_some_and(|view| view.has(holder.id)),
            Visibility::View(tag) => self.is_some_and(|view| view.shows_tag(holder.id, tag)),
            Visibility::Filter => false,
        }
    }

    fn is_there(&self, node: Known, _: &[RefId], shown: bool) -> bool {
        shown && !node.hidden || self.is_some_and(|view| view.shows(node.id))
    }
}
