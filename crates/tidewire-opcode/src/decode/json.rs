//! JSON text as a value.

use serde_json::Value as Json;

use super::DecodeError;
use crate::tree::Tree;

/// Reads JSON text.
///
/// # Errors
///
/// [`DecodeError::Json`] with how far it could be read. Values may lie as deep in one another as in
/// MessagePack.
pub fn read_json(bytes: &[u8]) -> Result<Tree, DecodeError> {
    let json = serde_json::from_slice(bytes).map_err(|error| DecodeError::Json {
        offset: offset(bytes, error.line(), error.column()),
        reason: error.to_string(),
    })?;
    Ok(tree(json))
}

fn tree(json: Json) -> Tree {
    match json {
        Json::Null => Tree::Null,
        Json::Bool(value) => Tree::Boolean(value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => Tree::Integer(value.into()),
            (_, Some(value), _) => Tree::Integer(value.into()),
            (.., value) => Tree::Double(value.unwrap_or_default()),
        },
        Json::String(text) => Tree::String(text.into()),
        Json::Array(items) => Tree::Array(items.into_iter().map(tree).collect()),
        Json::Object(members) => {
            Tree::object(members.into_iter().map(|(name, value)| (name, tree(value))))
        }
    }
}

/// The byte at a line and column, both counted from 1.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column).min(bytes.len())
}
