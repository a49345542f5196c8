//! Which nodes lead to streams that a walk is not through with: collections on the way keep their touch
//! for the next one.

use super::{NIL, Tracker};
use crate::visitor::RefId;

impl Tracker {
    /// Whether the walk under way is not through with a stream.
    #[inline]
    pub(crate) fn has_unfinished(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// The nodes right below this one that lead to streams which the walk is not through with.
    pub(crate) fn leads_to_unfinished(&self, node: RefId) -> Vec<RefId> {
        let leads = self.unfinished.iter().filter_map(|stream| {
            let mut at = stream.0;
            loop {
                let parent = self.nodes[at as usize].parent;
                if parent == node.0 {
                    return Some(RefId(at));
                }
                if parent == NIL {
                    return None;
                }
                at = parent;
            }
        });
        leads.collect()
    }

    /// The nodes that lead to streams which the walk is not through with, and that no other is around.
    pub(crate) fn tops_of_unfinished(&self) -> Vec<RefId> {
        let tops = self.unfinished.iter().map(|stream| {
            let around = |at: &u32| Some(self.nodes[*at as usize].parent).filter(|up| *up != NIL);
            RefId(std::iter::successors(Some(stream.0), around).last().unwrap_or(stream.0))
        });
        tops.collect()
    }
}
