//! What filters said for one view, and what they let through.
//!
//! Who sees a struct sees a field that passed, and all that is below it but for what another filter,
//! or the view, keeps back: that is *let through*. An instance that several places lead to may be let
//! through by one of them alone, and places may lead in a circle. So what is let through is found from
//! what is seen without filters downwards, anew whenever something of that may be another.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    bits::Bits,
    dynamic::DynPrimitive,
    tracker::{Gate, Tracker},
    types::{FieldIndex, Tag, Visibility},
    value::{Primitive, Value},
    view::{Held, StateView},
    visitor::RefId,
};

/// What filters said for one view.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// All filters are to be asked.
    pub(super) wants_all: bool,
    /// By struct: the fields that passed, a bit each.
    fields: HashMap<RefId, Said<u64>, RandomState>,
    /// By collection.
    entries: HashMap<RefId, Said<Passed>, RandomState>,
    /// By struct: what the view is told of its fields in the place of what is in them. A field of which
    /// it is told nothing is not there.
    customs: HashMap<RefId, Said<Vec<(FieldIndex, DynPrimitive)>>, RandomState>,
    /// What was said anew since the last walk.
    anew: Vec<RefId>,
    /// Hidden nodes of which the view sees all that is neither filtered nor for views.
    through: Bits,
    /// Nodes that show something that they would not without filters.
    granted: Bits,
}

#[derive(Debug)]
struct Said<T> {
    what: T,
    /// The version of the view since which it is so.
    since: u64,
}

/// What passes of a collection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The numbers of a map's entries; of other collections, positions.
    pub(crate) entries: Bits,
    /// The nodes that these entries lead to.
    pub(crate) nodes: Vec<RefId>,
}

impl Passed {
    /// Makes it nothing. The memory is kept.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.nodes.clear();
    }
}

/// What somebody sees a node for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What it was added for.
    pub held: Option<Held>,
    /// Whether a filter let it through.
    pub through: bool,
    /// The fields whose filter said yes, a bit each.
    pub passed: u64,
}

impl Shown {
    /// What most nodes are seen for: they were added without a tag.
    pub const UNTAGGED: Self = Self { held: Some(Held::UNTAGGED), through: false, passed: 0 };

    /// Whether a struct that is seen for this shows a field of some visibility.
    pub fn shows(&self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Everyone | Visibility::FilterChildren | Visibility::PerPlayer => true,
            Visibility::View(tag) => self.shows_tag(tag),
            Visibility::Filter(field) => passes(self.passed, field),
            // Of such a field only what is each one's own is ever told: `StateView::custom`.
            Visibility::Custom(_) => false,
        }
    }

    fn shows_tag(&self, tag: Tag) -> bool {
        self.held.is_some_and(|held| tag.shows_with(held.bits))
    }
}

impl Verdicts {
    /// Of a view for which nothing was asked.
    pub(super) fn new() -> Self {
        Self { wants_all: true, ..Self::default() }
    }

    pub(crate) fn put_field(&mut self, node: RefId, field: FieldIndex, passes: bool) {
        let bit = 1 << field.0;
        let said = self.fields.entry(node).or_insert(Said { what: 0, since: 0 });
        if (said.what & bit != 0) != passes {
            said.what ^= bit;
            self.anew.push(node);
        }
    }

    pub(crate) fn put_custom(&mut self, node: RefId, field: FieldIndex, value: Option<Value<'_>>) {
        let said = self.customs.entry(node).or_insert(Said { what: Vec::new(), since: 0 });
        let at = said.what.iter().position(|(of, _)| *of == field);
        match (at.map(|at| (at, &mut said.what[at].1)), value) {
            (None, None) => return,
            (Some((_, before)), Some(value)) if before.value() == value => return,
            (Some((_, before)), Some(value)) => before.put(value),
            (Some((at, _)), None) => drop(said.what.swap_remove(at)),
            (None, Some(value)) => said.what.push((field, value.into())),
        }
        self.anew.push(node);
    }

    /// What was said before is left in `passed`, for its memory.
    pub(crate) fn put_entries(&mut self, collection: RefId, passed: &mut Passed) {
        let said = self.entries.entry(collection);
        let said = said.or_insert_with(|| Said { what: Passed::default(), since: 0 });
        if said.what != *passed {
            std::mem::swap(&mut said.what, passed);
            self.anew.push(collection);
        }
    }

    pub(super) fn has_news(&self) -> bool {
        !self.anew.is_empty()
    }

    pub(super) fn forget(&mut self, node: RefId) {
        self.fields.remove(&node);
        self.entries.remove(&node);
        self.customs.remove(&node);
        self.through.remove(node.0);
        self.granted.remove(node.0);
    }

    /// Takes what was said anew for a new version of the view.
    pub(super) fn date(&mut self, version: u64) {
        for node in self.anew.drain(..) {
            if let Some(said) = self.fields.get_mut(&node) {
                said.since = version;
            }
            if let Some(said) = self.entries.get_mut(&node) {
                said.since = version;
            }
            if let Some(said) = self.customs.get_mut(&node) {
                said.since = version;
            }
        }
    }

    /// Finds out what is let through for a view that holds `holds`. Tells whether that is another
    /// than before. `open` is a list that is lent.
    pub(super) fn let_through(
        &mut self,
        holds: &Bits,
        tracker: &Tracker,
        open: &mut Vec<RefId>,
    ) -> bool {
        let Self { fields, entries, .. } = &*self;
        let mut spread = Spread { tracker, through: Bits::default(), open };
        let mut granted = Bits::default();
        // From what is seen anyway …
        let is_seen = |id: &RefId| !tracker.is_hidden(*id) || holds.has(id.0);
        for (id, said) in fields.iter().filter(|(id, said)| said.what != 0 && is_seen(id)) {
            granted.insert(id.0);
            spread.fields(*id, said.what, false);
        }
        for (_, said) in entries.iter().filter(|(id, _)| is_seen(id)) {
            said.what.nodes.iter().for_each(|node| spread.to(*node));
        }
        // … to all that is below it.
        while let Some(id) = spread.open.pop() {
            spread.fields(id, fields.get(&id).map_or(0, |said| said.what), true);
            let passed = entries.get(&id).map_or(&[][..], |said| &said.what.nodes);
            passed.iter().for_each(|node| spread.to(*node));
        }
        let through = spread.through;
        granted.add_all(&through);
        let is_same = (&self.through, &self.granted) == (&through, &granted);
        (self.through, self.granted) = (through, granted);
        !is_same
    }
}

/// What is let through, as it is found.
struct Spread<'a> {
    tracker: &'a Tracker,
    through: Bits,
    open: &'a mut Vec<RefId>,
}

impl Spread<'_> {
    fn to(&mut self, node: RefId) {
        if self.tracker.is_hidden(node) && self.through.insert(node.0) {
            self.open.push(node);
        }
    }

    /// To what the fields of a struct lead to that passed, and to all others if it `is_through`.
    fn fields(&mut self, node: RefId, passed: u64, is_through: bool) {
        self.tracker.each_child(node, |child, gate| {
            let is_let = match gate {
                Gate::Open | Gate::Sifted => is_through,
                Gate::Field(field) => passes(passed, field),
                Gate::View | Gate::Entry => false,
            };
            if is_let {
                self.to(child);
            }
        });
    }
}

impl StateView {
    /// What somebody with this view sees a node for, who sees it if everyone does; nothing where it
    /// shows at most as the way to something. As of the last walk, but for what was added since.
    #[inline]
    pub fn sight(&self, node: RefId, is_hidden: bool) -> Option<Shown> {
        let held = self.held(node);
        let verdicts = &self.verdicts;
        let through = verdicts.through.has(node.0);
        if is_hidden && held.is_none() && !through {
            return None;
        }
        let passed = verdicts.fields.get(&node).map_or(0, |said| said.what);
        Some(Shown { held, through, passed })
    }

    /// What somebody with this view is told of a field in the place of what is in it, who sees the struct
    /// if everyone does; nothing if the field is absent. As of the last walk.
    pub fn custom(&self, node: RefId, is_hidden: bool, field: FieldIndex) -> Option<Value<'_>> {
        self.customs(node, is_hidden).find(|(of, _)| *of == field).map(|(_, value)| value)
    }

    /// As [`custom`](Self::custom), of all fields of a struct of which something is told.
    pub fn customs(
        &self,
        node: RefId,
        is_hidden: bool,
    ) -> impl Iterator<Item = (FieldIndex, Value<'_>)> {
        // Who sees it as the way down sees nothing of it.
        let said = self.verdicts.customs.get(&node);
        let said = said.filter(|_| self.sight(node, is_hidden).is_some());
        let all = said.map_or(&[][..], |said| &said.what);
        all.iter().map(|(field, value)| (*field, value.value()))
    }

    /// Whether a filter lets an entry through of a collection that is seen: by its number in a map, or
    /// its position.
    pub fn passes(&self, collection: RefId, entry: u32) -> bool {
        let said = self.verdicts.entries.get(&collection);
        said.is_some_and(|said| said.what.entries.has(entry))
    }

    /// Whether filters let a hidden node through.
    #[inline]
    pub fn is_through(&self, node: RefId) -> bool {
        self.verdicts.through.has(node.0)
    }

    /// The hidden nodes that filters let through, by number.
    pub fn through(&self) -> &Bits {
        &self.verdicts.through
    }

    /// The nodes that show something for which a filter let them, by number.
    pub fn granted(&self) -> &Bits {
        &self.verdicts.granted
    }

    /// Calls `each` with the structs and collections of which filters said something else after the
    /// view had some version. Without one, with all. Some may come twice.
    pub fn each_verdict_since(&self, version: Option<u64>, mut each: impl FnMut(RefId)) {
        let Verdicts { fields, entries, customs, .. } = &self.verdicts;
        let is_new = |since: u64| version.is_none_or(|version| since > version);
        fields.iter().filter(|(_, said)| is_new(said.since)).for_each(|(id, _)| each(*id));
        entries.iter().filter(|(_, said)| is_new(said.since)).for_each(|(id, _)| each(*id));
        customs.iter().filter(|(_, said)| is_new(said.since)).for_each(|(id, _)| each(*id));
    }
}

/// Whether a field is among those that passed.
fn passes(passed: u64, field: FieldIndex) -> bool {
    passed >> field.0 & 1 == 1
}
