//! Writes down what a walk says.

use std::fmt::Display;

use tidewire_state::{
    Enter, EntryAt, FieldIndex, RefEdit, RefId, Schema, Tracked, Value, ValueEdit, ValueList,
    Visitor,
};

/// The events of walks, a line each, but for leaving and for entering without a word.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Vec<String>,
    around: Vec<RefId>,
}

impl Log {
    /// What one walk says.
    pub(crate) fn of<S: Schema>(state: &mut Tracked<S>) -> Vec<String> {
        let mut log = Self::default();
        state.sync(&mut log);
        log.lines
    }

    fn add(&mut self, line: impl Display) {
        let at = self.around.last().map_or(0, |id| id.0);
        self.lines.push(format!("{at}: {line}"));
    }
}

fn was<T: std::fmt::Debug>(old: Option<T>) -> String {
    old.map_or_else(String::new, |old| format!(", was {old:?}"))
}

fn list(values: &dyn ValueList) -> Vec<Value<'_>> {
    (0..values.len()).map(|index| values.value(index)).collect()
}

fn ids(nodes: &[RefId]) -> Vec<u32> {
    nodes.iter().map(|id| id.0).collect()
}

impl Visitor for Log {
    fn begin(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn enter(&mut self, node: Enter<'_>) {
        self.around.push(node.id);
    }
    fn leave(&mut self) {
        self.around.pop();
    }
    fn field(&mut self, at: FieldIndex, value: Value<'_>, old: Option<Value<'_>>) {
        self.add(format!(".{} = {value:?}{}", at.0, was(old)));
    }
    fn reference(&mut self, at: FieldIndex, node: RefId, old: Option<RefId>) {
        self.add(format!(".{} -> {}{}", at.0, node.0, was(old.map(|old| old.0))));
    }
    fn unset(&mut self, at: FieldIndex) {
        self.add(format!(".{} absent", at.0));
    }
    fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        self.add(format!("reset {:?}", live.collect::<Vec<_>>()));
    }
    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.add(format!("{}#{} removed", at.key, at.index));
    }
    fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        self.add(format!("{}#{} = {value:?}{}", at.key, at.index, was(old)));
    }
    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, old: Option<RefId>) {
        self.add(format!("{}#{} -> {}{}", at.key, at.index, node.0, was(old.map(|old| old.0))));
    }
    fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        self.add(format!("[{index}] = {value:?}, was {old:?}"));
    }
    fn items(&mut self, edit: ValueEdit<'_>) {
        let (before, after) = (list(edit.before), list(edit.after));
        self.add(format!("[{}..] = {after:?}, was {before:?}", edit.from));
    }
    fn item_references(&mut self, edit: RefEdit<'_>) {
        let (before, after) = (ids(edit.before), ids(edit.after));
        self.add(format!("[{}..] -> {after:?}, was {before:?}", edit.from));
    }
    fn released(&mut self, node: RefId) {
        self.add(format!("{} released", node.0));
    }
}
