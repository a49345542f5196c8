//! A serializer that minds what it is told of nodes.

use std::collections::HashSet;

use tidewire_patch::{
    Patch,
    notepack::Value,
    serializer::{Change, Node, Serializer, SerializerError, Spot, View},
};
use tidewire_state::RefId;

/// JSON, a patch on each line. Every node that a change is about must have been told of.
#[derive(Default)]
pub(crate) struct Lines {
    nodes: HashSet<RefId>,
}

impl Serializer for Lines {
    fn id(&self) -> &str {
        "lines"
    }

    fn for_view(&self) -> Option<Box<dyn Serializer>> {
        Some(Box::new(Self::default()))
    }

    fn on_create_node(&mut self, node: Node<'_>, _: Option<Spot<'_>>) {
        assert!(self.nodes.insert(node.id()), "a node is told of twice");
    }

    fn on_delete_node(&mut self, node: RefId) {
        assert!(self.nodes.remove(&node), "a node goes that did not come");
    }

    fn encode_snapshot(&mut self, view: View<'_>, out: &mut Vec<u8>) {
        out.extend(view.root().value().to_json().to_string().bytes());
    }

    fn encode_patch(&mut self, change: &Change<'_>, _: View<'_>, out: &mut Vec<u8>) {
        assert!(self.nodes.contains(&change.at.node), "a change of a node that is not known");
        assert!(change.node.is_none_or(|node| self.nodes.contains(&node)));
        out.extend(change.patch.to_json().to_string().bytes());
        out.push(b'\n');
    }

    fn decode_snapshot(&mut self, bytes: &[u8]) -> Result<Value, SerializerError> {
        let json: serde_json::Value =
            serde_json::from_slice(bytes).map_err(SerializerError::new)?;
        Ok(Value::from(&json))
    }

    fn decode_patch(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, SerializerError> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let patch = |line| serde_json::from_slice::<Patch>(line).map_err(SerializerError::new);
        lines.map(patch).collect()
    }
}
