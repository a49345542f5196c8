//! How long the forms of a patch are, to choose the shortest.

use super::{Config, Encoding, PathForm};
use crate::{
    format::{Format, JsonText, MessagePack},
    slots::SlotTable,
    tree::Tree,
    update::{Operation, Patch, Path},
};

/// Whether a hash with tokens for the keys is no longer than the plain path.
///
/// A key without a slot counts as one that has it, since its definition serves later frames too;
/// not so where the patch removes what the key stands for.
pub(super) fn hash_is_shorter(config: &Config, slots: &SlotTable, patch: &Patch<'_>) -> bool {
    let Some(hash) = patch.path.hash else { return false };
    let gone = matches!(patch.operation, Operation::Remove);
    let sizes = Sizes(config);
    let mut tokens = 0;
    let mut count = 0;
    for key in patch.path.keys() {
        count += 1;
        tokens += match slots.known(key) {
            Some(slot) => sizes.leaf(&Tree::from(slot)),
            None if gone => sizes.text(key.len()),
            None => 1,
        };
    }
    tokens += match count {
        0 => sizes.leaf(&Tree::Null),
        1 => 0,
        count => sizes.container(count),
    };
    let comma = usize::from(sizes.is_json());
    sizes.leaf(&Tree::from(hash)) + comma + tokens <= sizes.plain(&patch.path)
}

/// Whether `whole` is shorter than the patches for `members`, for sure.
pub(super) fn whole_is_shorter(config: &Config, members: &[Patch<'_>], whole: &Patch<'_>) -> bool {
    let sizes = Sizes(config);
    let Operation::Set(value) = whole.operation else { return false };
    let least = members.iter().map(|patch| {
        let value = match patch.operation {
            Operation::Set(value) | Operation::Add(value) => sizes.tree(value, usize::MAX),
            Operation::Remove => None,
        };
        sizes.least(&patch.path) + value.unwrap_or(0)
    });
    let limit = least.sum::<usize>().checked_sub(sizes.most(&whole.path));
    limit.is_some_and(|limit| sizes.tree(value, limit).is_some())
}

struct Sizes<'a>(&'a Config);

impl Sizes<'_> {
    fn is_json(&self) -> bool {
        self.0.encoding != Encoding::OpcodeMessagePack
    }

    fn leaf(&self, leaf: &Tree) -> usize {
        let mut out = Vec::new();
        if self.is_json() {
            JsonText { out: &mut out, escape_slashes: self.0.escape_slashes }.tree(leaf);
        } else {
            MessagePack { out: &mut out }.tree(leaf);
        }
        out.len()
    }

    /// A text that needs no escapes.
    fn text(&self, len: usize) -> usize {
        match len {
            _ if self.is_json() => len + 2,
            0..32 => len + 1,
            32..256 => len + 2,
            _ => len + 3,
        }
    }

    /// The frame around `count` values.
    fn container(&self, count: usize) -> usize {
        match count {
            _ if self.is_json() => 1 + count.max(1),
            0..16 => 1,
            _ => 3,
        }
    }

    fn plain(&self, path: &Path<'_>) -> usize {
        let segments = path.segments.iter().map(|segment| segment.text().len() + 1);
        let escapes = if self.0.escape_slashes { path.segments.len() } else { 0 };
        self.text(segments.sum::<usize>() + escapes)
    }

    /// All of a patch but its value, where every key has a slot of one digit.
    fn least(&self, path: &Path<'_>) -> usize {
        self.around()
            + self.hashed(path, 1).map_or(self.plain(path), |len| len.min(self.plain(path)))
    }

    /// All of a patch but its value, where every slot is as long as can be.
    fn most(&self, path: &Path<'_>) -> usize {
        let slot = if self.is_json() { 4 } else { 3 };
        self.around() + self.hashed(path, slot).unwrap_or(self.plain(path))
    }

    fn hashed(&self, path: &Path<'_>, slot: usize) -> Option<usize> {
        let can = self.0.encoding != Encoding::JsonObject && self.0.paths == PathForm::Hashed;
        let hash = path.hash.filter(|_| can)?;
        let keys = match path.keys().count() {
            0 => self.leaf(&Tree::Null),
            1 => slot,
            count => self.container(count) + count * slot,
        };
        Some(self.leaf(&Tree::from(hash)) + usize::from(self.is_json()) + keys)
    }

    /// What stands around path and value.
    fn around(&self) -> usize {
        match self.0.encoding {
            Encoding::JsonObject => r#"{"path":,"op":"replace","value":},"#.len(),
            Encoding::OpcodeJson => "[,1,],".len(),
            Encoding::OpcodeMessagePack => 2,
        }
    }

    /// A value; nothing if it is longer than `limit`.
    fn tree(&self, value: &Tree, limit: usize) -> Option<usize> {
        let size = match value {
            Tree::Array(items) => {
                let mut size = self.container(items.len());
                for item in items {
                    size += self.tree(item, limit.checked_sub(size)?)?;
                }
                size
            }
            Tree::Object(members) => {
                let mut size = self.container(members.len());
                for (name, value) in members {
                    size += self.leaf(&Tree::String(name.clone())) + usize::from(self.is_json());
                    size += self.tree(value, limit.checked_sub(size)?)?;
                }
                size
            }
            leaf => self.leaf(leaf),
        };
        (size <= limit).then_some(size)
    }
}
