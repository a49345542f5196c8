//! What lies in what: nothing in itself, and nothing too deep.

use super::{
    error::{DecodeErrorKind, MAX_DEPTH},
    nodes::{FIRST_RESERVED, ROOT},
    places::Tree,
};

impl Tree {
    /// Refuses what would put a node into itself, or nest too deep.
    pub(super) fn check_nesting(&mut self, id: u32, parent: u32) -> Result<(), DecodeErrorKind> {
        match self.nests(id, parent) {
            // What was once below a node made it count as high as that ever since.
            Err(DecodeErrorKind::TooDeep { .. }) => {
                self.measure_heights()?;
                self.nests(id, parent)
            }
            result => result,
        }
    }

    fn nests(&mut self, id: u32, parent: u32) -> Result<(), DecodeErrorKind> {
        let below = self.nodes.get(id).map_or(0, |node| node.height).saturating_add(1);
        let (mut at, mut height) = (parent, below);
        while at < FIRST_RESERVED {
            if at == id || id == ROOT {
                return Err(DecodeErrorKind::Cycle { id });
            }
            if height > MAX_DEPTH {
                return Err(DecodeErrorKind::TooDeep { id });
            }
            let Some(node) = self.nodes.get_mut(at) else { break };
            node.height = node.height.max(height);
            at = self.nodes.parent(at);
            height = height.saturating_add(1);
        }
        Ok(())
    }

    fn measure_heights(&mut self) -> Result<(), DecodeErrorKind> {
        self.moves(self.nodes.len())?;
        let ids: Vec<u32> = self.nodes.iter().map(|(id, _)| id).collect();
        for id in &ids {
            if let Some(node) = self.nodes.get_mut(*id) {
                node.height = 0;
            }
        }
        for id in ids {
            let (mut at, mut height) = (self.nodes.parent(id), 1);
            while at < FIRST_RESERVED {
                let Some(node) = self.nodes.get_mut(at).filter(|node| node.height < height) else {
                    break;
                };
                node.height = height;
                at = self.nodes.parent(at);
                height = height.saturating_add(1);
            }
        }
        Ok(())
    }
}
