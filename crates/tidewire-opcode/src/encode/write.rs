//! The frames themselves.

use super::{Config, PathForm, Style, size};
use crate::{
    format::{Format, JsonText, MessagePack},
    slots::{SlotTable, Token},
    update::{Operation, Patch, Path, Update, UpdateKind},
};

/// `{"type":…,"patches":[{"path":…,"op":…,"value":…}…]}`, the patches of another such frame first; nothing for a diff
/// without patches.
pub(super) fn write_object(frame: &[u8], update: &Update<'_>, mut out: JsonText<'_>) {
    let kind = match update.kind {
        UpdateKind::FirstSync => "firstSync",
        UpdateKind::Diff if update.patches.is_empty() => {
            out.out.extend(frame);
            return;
        }
        UpdateKind::Diff => "diff",
    };
    match frame.strip_suffix(b"]}") {
        Some(open) => out.out.extend(open),
        None => {
            out.open_object(2);
            out.key("type");
            out.string(kind);
            out.key("patches");
            out.open_array(update.patches.len());
        }
    }
    for patch in &update.patches {
        let (operation, value) = match patch.operation {
            Operation::Set(value) => ("replace", Some(value)),
            Operation::Remove => ("remove", None),
            Operation::Add(value) => ("add", Some(value)),
        };
        out.open_object(if value.is_some() { 3 } else { 2 });
        out.key("path");
        out.string(&patch.path.pointer());
        out.key("op");
        out.string(operation);
        if let Some(value) = value {
            out.key("value");
            out.tree(value);
        }
        out.close_object();
    }
    out.close_array();
    out.close_object();
}

/// Writes `[opcode, patch…]`.
pub(super) struct Writer<'a, F> {
    pub(super) config: &'a Config,
    pub(super) slots: &'a mut SlotTable,
    pub(super) out: F,
}

impl Writer<'_, JsonText<'_>> {
    pub(super) fn json_update(&mut self, frame: &[u8], update: &Update<'_>) {
        match frame.strip_suffix(b"]") {
            Some(open) => self.out.out.extend(open),
            None => {
                self.out.open_array(update.patches.len() + 1);
                self.out.integer(opcode(update));
            }
        }
        self.patches(update);
        self.out.close_array();
    }
}

impl Writer<'_, MessagePack<'_>> {
    pub(super) fn packed_update(&mut self, frame: &[u8], update: &Update<'_>) {
        let (items, len) = match *frame {
            [mark @ 0x90..=0x9f, ref items @ ..] => (items, usize::from(mark - 0x90)),
            [0xdc, a, b, ref items @ ..] => (items, usize::from(u16::from_be_bytes([a, b]))),
            [0xdd, a, b, c, d, ref items @ ..] => {
                (items, u32::from_be_bytes([a, b, c, d]) as usize)
            }
            _ => (&[][..], 0),
        };
        self.out.open_array(update.patches.len() + len.max(1));
        match len {
            0 => self.out.integer(opcode(update)),
            _ => self.out.raw(items),
        }
        self.patches(update);
    }
}

fn opcode(update: &Update<'_>) -> i128 {
    match update.kind {
        UpdateKind::FirstSync => 1,
        UpdateKind::Diff if update.patches.is_empty() => 0,
        UpdateKind::Diff => 2,
    }
}

impl<F: Format> Writer<'_, F> {
    fn patches(&mut self, update: &Update<'_>) {
        update.patches.iter().for_each(|patch| self.patch(patch));
    }

    fn patch(&mut self, patch: &Patch<'_>) {
        let (opcode, value) = match patch.operation {
            Operation::Set(value) => (1, Some(value)),
            Operation::Remove => (2, None),
            Operation::Add(value) => (3, Some(value)),
        };
        let len = 2 + usize::from(value.is_some());
        match patch.path.hash.filter(|_| self.hashes(patch)) {
            None => {
                self.out.open_array(len);
                self.out.string(&patch.path.pointer());
            }
            Some(hash) => {
                self.out.open_array(len + 1);
                self.out.integer(hash.into());
                let gone = matches!(patch.operation, Operation::Remove);
                self.keys(&patch.path, gone);
            }
        }
        self.out.integer(opcode);
        if let Some(value) = value {
            self.out.tree(value);
        }
        self.out.close_array();
    }

    /// Whether a patch with a hash is to be written with it.
    fn hashes(&self, patch: &Patch<'_>) -> bool {
        match (self.config.paths, self.config.style) {
            (PathForm::Plain, _) => false,
            (PathForm::Hashed, Style::Original) => true,
            (PathForm::Hashed, Style::Shortest) => {
                size::hash_is_shorter(self.config, self.slots, patch)
            }
        }
    }

    /// `null`, a token, or an array of tokens. Slots and raw keys never stand side by side: clients
    /// read `[number, string]` as a definition.
    fn keys(&mut self, path: &Path<'_>, gone: bool) {
        let keys = path.keys();
        let count = keys.clone().count();
        // A key that goes away needs no slot, if it has none.
        let raw = keys.clone().any(str::is_empty)
            || (self.config.style == Style::Shortest
                && gone
                && keys.clone().all(|key| self.slots.known(key).is_none()));
        if count == 0 {
            self.out.null();
            return;
        }
        let mut tokens: Vec<Token> = Vec::with_capacity(count);
        if !raw {
            tokens.extend(keys.clone().map(|key| self.slots.token(key)));
        }
        if tokens.contains(&Token::Raw) {
            tokens.clear();
        }
        if count > 1 {
            self.out.open_array(count);
        }
        for (at, key) in keys.enumerate() {
            match tokens.get(at) {
                None | Some(Token::Raw) => self.out.string(key),
                Some(Token::Slot(slot)) => self.out.integer((*slot).into()),
                Some(Token::Definition(slot)) => {
                    self.out.open_array(2);
                    self.out.integer((*slot).into());
                    self.out.string(key);
                    self.out.close_array();
                }
            }
        }
        if count > 1 {
            self.out.close_array();
        }
    }
}
