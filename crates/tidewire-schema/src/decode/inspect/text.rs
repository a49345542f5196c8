//! How things are written for people.

use std::fmt::Write;

use tidewire_state::{ElementKind, Value};

use super::{Declared, Inspector};
use crate::{decode::nodes::ROOT, wire::op};

/// How many bytes fit beside the text.
const BYTES: usize = 11;
/// How many characters of a string are shown.
const LONGEST: usize = 48;
/// How many levels of a path are shown.
const LEVELS: usize = 12;

/// Bytes in hex, with a sign where there are more than fit.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * BYTES + 3);
    for byte in bytes.iter().take(BYTES) {
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{gap}{byte:02x}");
    }
    if bytes.len() > BYTES {
        text.push('\u{2026}');
    }
    text
}

/// The start of a text that may be long.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// The name of a field or a type on one line: a handshake may say anything.
pub(super) fn name(text: &str) -> String {
    short(text).escape_debug().to_string()
}

pub(super) fn value(value: Value<'_>) -> String {
    match value {
        Value::String(text) => {
            let more = if text.chars().nth(LONGEST).is_some() {
                format!(" ({} bytes)", text.len())
            } else {
                String::new()
            };
            format!("{:?}{more}", short(text))
        }
        Value::Boolean(value) => value.to_string(),
        Value::Number(value) | Value::Float64(value) => value.to_string(),
        Value::Int8(value) => value.to_string(),
        Value::Uint8(value) => value.to_string(),
        Value::Int16(value) => value.to_string(),
        Value::Uint16(value) => value.to_string(),
        Value::Int32(value) => value.to_string(),
        Value::Uint32(value) => value.to_string(),
        Value::Int64(value) => value.to_string(),
        Value::Uint64(value) => value.to_string(),
        Value::Float32(value) => value.to_string(),
        Value::Quantized(step, by) => by.dequantize(step).to_string(),
    }
}

/// The protocol's name for an operation.
pub(super) fn operation(byte: u8) -> &'static str {
    match byte {
        op::ADD => "ADD",
        op::REPLACE => "REPLACE",
        op::DELETE => "DELETE",
        op::DELETE_AND_ADD => "DELETE_AND_ADD",
        op::MOVE => "MOVE",
        op::MOVE_AND_ADD => "MOVE_AND_ADD",
        op::DELETE_AND_MOVE => "DELETE_AND_MOVE",
        op::CLEAR => "CLEAR",
        op::REVERSE => "REVERSE",
        op::DELETE_BY_REFID => "DELETE_BY_REFID",
        op::ADD_BY_REFID => "ADD_BY_REFID",
        _ => "(no operation)",
    }
}

impl Inspector {
    /// What a structure is.
    pub(super) fn declared(&self, declared: Declared) -> String {
        let name = |index: tidewire_state::TypeIndex| {
            let info = self.types.as_ref().and_then(|types| types.get(index));
            info.map_or_else(|| format!("type {}", index.0), |info| name(&info.name))
        };
        let element = |element| match element {
            ElementKind::Primitive(kind) => kind.to_string(),
            ElementKind::Ref(index) => name(index),
        };
        if let Declared::Struct(index) = declared {
            name(index)
        } else if let Declared::Map(of) = declared {
            format!("map of {}", element(of))
        } else if let Declared::Array(of) = declared {
            format!("array of {}", element(of))
        } else if let Declared::Set(of) = declared {
            format!("set of {}", element(of))
        } else if let Declared::Collection(of) = declared {
            format!("collection of {}", element(of))
        } else {
            "structure of a kind that is not known".to_owned()
        }
    }

    /// Where a structure was put last, as in `State.players["ada"]`.
    pub(super) fn path(&self, id: u32) -> String {
        let mut places = Vec::new();
        let mut at = id;
        while at != ROOT {
            let Some(known) = self.nodes.get(&at).filter(|_| places.len() < LEVELS) else {
                places.push("\u{2026}");
                break;
            };
            places.push(&known.place);
            at = known.parent;
        }
        let root = self.nodes.get(&ROOT).filter(|_| at == ROOT);
        let mut path = root.map_or_else(String::new, |root| self.declared(root.declared));
        places.iter().rev().for_each(|place| path.push_str(place));
        path
    }
}
