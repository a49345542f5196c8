//! Where in a state something happened that not everyone is told of.
//!
//! What is for everyone is written once, however many there are; only the rest is looked at for each client.
//! So the walk's events are watched for what may be part of that rest, and the way to it is marked. Whatever is
//! not marked shows to each client as it did, unless its view is another.

use std::{collections::HashMap, sync::Arc};

use compact_str::CompactString;
use tidewire_state::{
    ElementKind, Enter, EntryAt, FieldIndex, FieldInfo, FieldKind, Introduced, Place, RefEdit,
    RefId, TypeIndex, TypeSet, Value, ValueEdit, Visibility, Visitor,
};

use crate::{state::RefusedKey, update::PROTO};

/// What the last walk came by.
#[derive(Debug)]
pub(crate) struct Marks {
    types: Arc<TypeSet>,
    /// Whether there may be something below a struct that is not for everyone, by type.
    leads: Vec<bool>,
    open: Vec<Open>,
    /// The last walk that marked a node, by the node's number.
    marked: Vec<u64>,
    /// The last walk in which a node came to the place where it is.
    moved: Vec<u64>,
    /// The entries of maps that are marked.
    entries: HashMap<RefId, Vec<Entry>>,
    /// How many walks there were.
    walks: u64,
    /// The last walk that changed something that several places may lead to.
    scattered: u64,
    /// Where the key stands that is never written.
    refused: Option<RefusedKey>,
}

/// An entry of a map in which something happened.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: CompactString,
    /// The number of the entry.
    pub(crate) at: u32,
    /// What is there, if that is a node.
    pub(crate) node: Option<RefId>,
}

/// A node that was entered and not left.
#[derive(Debug)]
struct Open {
    id: RefId,
    watch: Watch,
    index: Option<TypeIndex>,
    step: Step,
    is_marked: bool,
}

/// Where a node lies in the one around it.
#[derive(Debug)]
enum Step {
    /// Wherever that is.
    Elsewhere,
    Field(FieldIndex),
    Entry(CompactString, u32),
    Item(usize),
}

/// Which events of a node matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watch {
    /// None: all of it is for everyone.
    Nothing,
    /// Those of some fields.
    Fields(TypeIndex),
    /// Those of a map's entries.
    Entries,
    /// All: it is not for everyone, or lies in a list of which that may be true, for lists are sent whole.
    All,
}

impl Marks {
    /// For a state of these types; nothing if all of it is for everyone.
    pub(crate) fn of(types: &Arc<TypeSet>) -> Option<Box<Self>> {
        types.has_hidden_fields().then(|| {
            Box::new(Self {
                types: Arc::clone(types),
                leads: leads(types),
                open: Vec::new(),
                marked: Vec::new(),
                moved: Vec::new(),
                entries: HashMap::new(),
                walks: 0,
                scattered: 0,
                refused: None,
            })
        })
    }

    /// How many walks there were.
    pub(crate) fn walks(&self) -> u64 {
        self.walks
    }

    /// Whether the marks of the last walk do not tell all.
    pub(crate) fn is_scattered(&self) -> bool {
        self.scattered == self.walks
    }

    /// Whether the last walk changed something in a node, or below it.
    pub(crate) fn is_marked(&self, node: RefId) -> bool {
        self.marked.get(node.0 as usize) == Some(&self.walks)
    }

    /// Whether the last walk put a node where it is.
    pub(crate) fn is_moved(&self, node: RefId) -> bool {
        self.moved.get(node.0 as usize) == Some(&self.walks)
    }

    /// The entries of a map in which, or below which, the last walk changed something. Some may stand here twice.
    pub(crate) fn entries(&self, map: RefId) -> &[Entry] {
        self.entries.get(&map).map_or(&[], Vec::as_slice)
    }

    /// Whether clients can be told of all that not everyone sees.
    pub(crate) fn check(&self) -> Result<(), RefusedKey> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    /// Whether there may be something in a field, or below it, that is not for everyone.
    pub(crate) fn leads(&self, field: &FieldInfo) -> bool {
        leads_to(field, &self.leads)
    }

    fn watch(&self, node: &Enter<'_>) -> Watch {
        let around = self.open.last().map(|around| around.watch);
        match (node.index, around, node.place) {
            _ if node.hidden => Watch::All,
            (_, Some(Watch::All), _) => Watch::All,
            (Some(index), ..) if self.leads[index.0 as usize] => Watch::Fields(index),
            (None, Some(Watch::Fields(index)), Place::Field(field)) => {
                let field = &self.types[index].fields[usize::from(field.0)];
                match field.kind {
                    _ if !self.leads(field) => Watch::Nothing,
                    FieldKind::Map(_) => Watch::Entries,
                    _ => Watch::All,
                }
            }
            _ => Watch::Nothing,
        }
    }

    /// Something happened in the node that was entered last.
    fn mark(&mut self) {
        let Self { open, marked, entries, walks, .. } = self;
        for at in (0..open.len()).rev() {
            if open[at].is_marked {
                return;
            }
            open[at].is_marked = true;
            put(marked, open[at].id, *walks);
            if let (Step::Entry(key, number), Some(around)) = (&open[at].step, at.checked_sub(1)) {
                let entry = Entry { key: key.clone(), at: *number, node: Some(open[at].id) };
                entries.entry(open[around].id).or_default().push(entry);
            }
        }
    }

    /// Something happened that matters if the node that was entered last is watched.
    fn happened(&mut self) {
        if self.open.last().is_some_and(|open| open.watch != Watch::Nothing) {
            self.mark();
        }
    }

    /// An entry is another.
    fn entry_happened(&mut self, at: EntryAt<'_>, node: Option<RefId>) {
        let Some(Open { id, watch: Watch::All | Watch::Entries, .. }) = self.open.last() else {
            return;
        };
        let entry = Entry { key: at.key.into(), at: at.index, node };
        self.entries.entry(*id).or_default().push(entry);
        if at.key == PROTO && self.refused.is_none() {
            self.refused = Some(RefusedKey { path: self.way() });
        }
        if let Some(node) = node {
            put(&mut self.moved, node, self.walks);
        }
        self.mark();
    }

    /// The way to the node that was entered last.
    fn way(&self) -> String {
        let mut way = String::new();
        let mut around = None;
        for open in &self.open {
            match (&open.step, around) {
                (Step::Field(field), Some(TypeIndex(index))) => {
                    let field = &self.types.types[index as usize].fields[usize::from(field.0)];
                    way = way + "/" + &field.name;
                }
                (Step::Entry(key, _), _) => way = way + "/" + key,
                (Step::Item(at), _) => way = format!("{way}/{at}"),
                (Step::Elsewhere | Step::Field(_), _) => {}
            }
            around = open.index;
        }
        way + "/"
    }

    fn field_happened(&mut self, field: FieldIndex, node: Option<RefId>) {
        let matters = match self.open.last().map(|open| open.watch) {
            None | Some(Watch::Nothing) => false,
            Some(Watch::Fields(index)) => {
                self.leads(&self.types[index].fields[usize::from(field.0)])
            }
            Some(Watch::All | Watch::Entries) => true,
        };
        if matters {
            if let Some(node) = node {
                put(&mut self.moved, node, self.walks);
            }
            self.mark();
        }
    }
}

impl Visitor for Marks {
    fn begin(&mut self, _: u64) {
        self.walks += 1;
        self.entries.clear();
    }

    fn end(&mut self) {}

    fn enter(&mut self, node: Enter<'_>) {
        let watch = self.watch(&node);
        if node.place == Place::Shared {
            self.scattered = self.walks;
        }
        let step = match node.place {
            Place::Field(field) => Step::Field(field),
            Place::Entry(at) if watch != Watch::Nothing => Step::Entry(at.key.into(), at.index),
            Place::Item(at) => Step::Item(at),
            _ => Step::Elsewhere,
        };
        let (id, index) = (node.id, node.index);
        self.open.push(Open { id, watch, index, step, is_marked: false });
        if node.fresh && watch != Watch::Nothing {
            put(&mut self.moved, node.id, self.walks);
            if watch == Watch::All {
                self.mark();
            }
        }
    }

    fn leave(&mut self) {
        self.open.pop();
    }

    fn field(&mut self, field: FieldIndex, _: Value<'_>, _: Option<Value<'_>>) {
        self.field_happened(field, None);
    }

    fn reference(&mut self, field: FieldIndex, node: RefId, _: Option<RefId>) {
        self.field_happened(field, Some(node));
    }

    fn unset(&mut self, field: FieldIndex) {
        self.field_happened(field, None);
    }

    fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {
        if let Some(Open { id, watch: Watch::All | Watch::Entries, .. }) = self.open.last() {
            put(&mut self.moved, *id, self.walks);
            self.mark();
        }
    }

    fn entry_removed(&mut self, at: EntryAt<'_>) {
        self.entry_happened(at, None);
    }

    fn entry(&mut self, at: EntryAt<'_>, _: Value<'_>, _: Option<Value<'_>>) {
        self.entry_happened(at, None);
    }

    fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId, _: Option<RefId>) {
        self.entry_happened(at, Some(node));
    }

    fn item(&mut self, _: usize, _: Value<'_>, _: Value<'_>) {
        self.happened();
    }

    fn items(&mut self, _: ValueEdit<'_>) {
        self.happened();
    }

    fn item_references(&mut self, _: RefEdit<'_>) {
        self.happened();
    }

    /// What is new is entered later.
    fn introduce(&mut self, _: Introduced) {}

    fn renumbered(&mut self, _: RefId, _: RefId) {
        self.scattered = self.walks;
    }
}

fn put(walks: &mut Vec<u64>, node: RefId, walk: u64) {
    let at = node.0 as usize;
    if at >= walks.len() {
        walks.resize(at + 1, 0);
    }
    walks[at] = walk;
}

/// Whether something in a struct, or below it, is not for everyone, by type. What holds of a type is said of
/// those that it extends too, for it may stand where they are declared.
pub(crate) fn leads(types: &TypeSet) -> Vec<bool> {
    let mut leads = vec![false; types.types.len()];
    loop {
        let before = leads.clone();
        for (at, info) in types.types.iter().enumerate() {
            leads[at] |= info.fields.iter().any(|field| leads_to(field, &leads));
            if let Some(base) = info.extends.and_then(|base| leads.get_mut(base.0 as usize)) {
                *base |= before[at];
            }
        }
        if leads == before {
            return leads;
        }
    }
}

fn leads_to(field: &FieldInfo, leads: &[bool]) -> bool {
    let below = match field.kind {
        FieldKind::Ref(index) => Some(index),
        FieldKind::Map(element)
        | FieldKind::Array(element)
        | FieldKind::Set(element)
        | FieldKind::Collection(element) => match element {
            ElementKind::Ref(index) => Some(index),
            ElementKind::Primitive(_) => None,
        },
        _ => None,
    };
    field.visibility != Visibility::Everyone
        || below.is_some_and(|index| leads.get(index.0 as usize) == Some(&true))
}

#[cfg(test)]
mod tests {
    use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked};

    use super::*;

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Card {
        rank: u8,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Player {
        hp: u8,
        #[schema(view)]
        hand: ArraySchema<Card>,
        worn: ArraySchema<Card>,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Table {
        round: u8,
        #[schema(view)]
        secret: u8,
        players: MapSchema<Player>,
        cards: MapSchema<Card>,
    }

    /// The keys that a tick of a table marked, or nothing if it marked nothing at all.
    fn marked(table: &mut Tracked<Table>, marks: &mut Marks) -> Option<Vec<String>> {
        table.sync(marks);
        let mut keys: Vec<String> =
            marks.entries.values().flatten().map(|entry| entry.key.to_string()).collect();
        keys.sort();
        keys.dedup();
        marks.is_marked(RefId::ROOT).then_some(keys)
    }

    #[test]
    fn what_is_for_everyone_leaves_no_marks() {
        let mut table = Tracked::new(Table::default());
        let mut marks = Marks::of(&Arc::new(table.types())).expect("not all is for everyone");
        for name in ["ada", "bob"] {
            table.players.insert(name, Player::default());
        }
        assert_eq!(marked(&mut table, &mut marks), Some(vec!["ada".into(), "bob".into()]));
        table.round = 1;
        table.cards.insert("x", Card::default());
        for (_, mut player) in &mut table.players {
            player.hp += 1;
            player.worn.push(Card::default());
        }
        assert_eq!(marked(&mut table, &mut marks), None);
        table.secret = 1;
        assert_eq!(marked(&mut table, &mut marks), Some(vec![]));
        if let Some(player) = table.players.get_mut("bob") {
            player.hand.push(Card { rank: 3 });
        }
        assert_eq!(marked(&mut table, &mut marks), Some(vec!["bob".into()]));
        table.players.remove("ada");
        assert_eq!(marked(&mut table, &mut marks), Some(vec!["ada".into()]));
        assert!(!marks.is_scattered());
    }

    #[test]
    fn a_state_that_is_for_everyone_is_not_watched() {
        let player = Tracked::new(Card::default());
        assert!(Marks::of(&Arc::new(player.types())).is_none());
    }
}
