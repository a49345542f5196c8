//! The serializer of the lab's own: JSON, the state as one text, changes as one line each.

use tidewire::patch::{
    Patch,
    notepack::Value,
    serializer::{Change, Serializer, SerializerError, View},
};

pub(crate) struct Lines;

impl Serializer for Lines {
    fn id(&self) -> &str {
        "lines"
    }

    fn for_view(&self) -> Option<Box<dyn Serializer>> {
        Some(Box::new(Self))
    }

    fn encode_snapshot(&mut self, view: View<'_>, out: &mut Vec<u8>) {
        out.extend(view.root().value().to_json().to_string().bytes());
    }

    fn encode_patch(&mut self, change: &Change<'_>, _: View<'_>, out: &mut Vec<u8>) {
        out.extend(change.patch.to_json().to_string().bytes());
        out.push(b'\n');
    }

    fn decode_snapshot(&mut self, bytes: &[u8]) -> Result<Value, SerializerError> {
        let json: serde_json::Value =
            serde_json::from_slice(bytes).map_err(SerializerError::new)?;
        Ok(Value::from(&json))
    }

    fn decode_patch(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, SerializerError> {
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let patch = |line| serde_json::from_slice::<Patch>(line).map_err(SerializerError::new);
        lines.map(patch).collect()
    }
}
