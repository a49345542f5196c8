//! What one client holds of the hidden part, and what it is told when its view or the state changes.
//!
//! A client holds a hidden structure while some place that it sees leads to it. Places are compared
//! one by one with what they led to when the client was last told; only those that may have changed
//! are looked at.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use tidewire_state::{Bits, FieldIndex, Held, RefEdit, RefId, StateView, TypeSet, Visibility};

use super::{
    Hidden,
    shadow::{Content, Key, Shadow},
    write,
};
use crate::{encode::writer::Writer, wire::op};

/// What a client with a view holds beside what is public.
#[derive(Debug, Default)]
pub(super) struct ClientView {
    nodes: HashMap<RefId, Known, RandomState>,
    /// The structures that it sees more of than the way down.
    full: Bits,
    /// The view as it was when the client was last told.
    version: Option<u64>,
    shown: Bits,
    held: Bits,
    /// Structures that a place ceased to lead to in this message.
    loose: Vec<RefId>,
    /// Structures whose fields were written from the shadow in this message.
    written: Bits,
}

/// A structure that a client holds: a hidden one, or a public one of which it sees hidden fields.
#[derive(Debug, Default)]
struct Known {
    /// How many places of what it holds lead to it.
    count: u32,
    /// What the client sees of it for, if more than the way down.
    shows: Option<Held>,
    children: HashMap<Key, RefId, RandomState>,
    /// The items of an array.
    items: Vec<RefId>,
    /// The numbers of entries of a set or a collection for this client, in the order of coming.
    numbers: HashMap<u32, u32, RandomState>,
    next_number: u32,
}

/// What a client may see.
#[derive(Clone, Copy)]
struct Sight<'a> {
    view: &'a StateView,
    shadow: &'a Shadow,
    types: &'a TypeSet,
}

impl Sight<'_> {
    /// Whether a field shows where its struct is held as `held` says.
    fn shows_field(&self, node: RefId, field: FieldIndex, held: Option<Held>) -> bool {
        let Some(held) = held else { return false };
        let Some(Content::Struct(node)) = self.shadow.get(node) else { return false };
        let info = self.types[node.index].get(field);
        match info.map_or(Visibility::Everyone, |info| info.visibility) {
            Visibility::Everyone => true,
            Visibility::View(tag) => tag.shows_with(held.bits),
            Visibility::Filter => false,
        }
    }

    /// Whether the node in a place of `parent` is there.
    fn sees(&self, parent: RefId, key: Key, child: RefId) -> bool {
        if self.view.shows(child) {
            return true;
        }
        if self.shadow.is_hidden(child) {
            return false;
        }
        match key {
            Key::Field(field) => self.shows_field(parent, field, self.view.held(parent)),
            _ => self.view.has(parent),
        }
    }
}

impl ClientView {
    /// Tells what came into view, what went, and what places that changed lead to now.
    pub(super) fn bring_up_to_date(&mut self, hidden: &mut Hidden, view: &StateView) {
        let unchanged = self.version == Some(view.version());
        if unchanged && hidden.moved.is_empty() {
            return;
        }
        let mut places = hidden.moved.clone();
        let mut contents = Vec::new();
        if !unchanged {
            each_difference(&self.shown, view.shown(), |id| {
                places.extend_from_slice(hidden.shadow.places(RefId(id)));
            });
            each_difference(&self.held, view.holds(), |id| contents.push(RefId(id)));
            contents.extend(view.iter().filter_map(|(id, held)| {
                let known = self.nodes.get(&id)?;
                known.shows.is_some_and(|shows| shows != held).then_some(id)
            }));
            self.shown.clone_from(view.shown());
            self.held.clone_from(view.holds());
            self.version = Some(view.version());
        }
        for id in &contents {
            if let Some(content) = hidden.shadow.get(*id) {
                content.each_child(|key, child| {
                    if !hidden.shadow.is_hidden(child) {
                        places.push((*id, key));
                    }
                });
            }
        }
        let sight = Sight { view, shadow: &hidden.shadow, types: &hidden.types };
        let out = &mut hidden.out;
        let is_gone = |id: RefId| hidden.gone.has(id.0);
        for (parent, key) in places {
            let is_hidden = sight.shadow.is_hidden(parent);
            let skipped = is_gone(parent)
                || is_hidden && !(self.nodes.contains_key(&parent) && view.shows(parent));
            if !skipped {
                self.compare(parent, key, sight, out);
            }
        }
        for id in contents {
            let is_known = self.nodes.contains_key(&id) || !sight.shadow.is_hidden(id);
            if is_known && !is_gone(id) {
                self.change_fields(id, &hidden.unset, sight, out);
            }
        }
    }

    /// Copies what changed in what it holds.
    pub(super) fn copy_segments(&mut self, hidden: &mut Hidden) {
        let Hidden { changed, first_of, segments, writer, out, gone, .. } = hidden;
        let words = std::iter::zip(changed.words(), self.full.words());
        for (at, (changed, full)) in (0..).zip(words) {
            let mut both = changed & full;
            while both != 0 {
                let id = RefId(at * 64 + both.trailing_zeros());
                both &= both - 1;
                // What left the state may have changed after it did.
                if self.written.has(id.0) || gone.has(id.0) {
                    continue;
                }
                let from = first_of.get(id.0 as usize).map_or(0, |at| *at as usize);
                for segment in segments[from..].iter().take_while(|segment| segment.node == id) {
                    let is_shown = segment.tag == tidewire_state::Tag::DEFAULT
                        || self.bits(id).is_some_and(|bits| segment.tag.shows_with(bits));
                    if is_shown {
                        out.out.extend_from_slice(&writer.out[segment.start..segment.end]);
                    }
                }
            }
        }
    }

    fn bits(&self, id: RefId) -> Option<i32> {
        self.nodes.get(&id)?.shows.map(|held| held.bits)
    }

    /// Forgets what no place leads to any more.
    pub(super) fn end(&mut self, hidden: &Hidden) {
        for id in &hidden.released {
            self.forget(*id, hidden);
        }
        while let Some(id) = self.loose.pop() {
            if self.nodes.get(&id).is_some_and(|known| known.count == 0) {
                self.forget(id, hidden);
            }
        }
        self.written.clear();
    }

    fn forget(&mut self, id: RefId, hidden: &Hidden) {
        let Some(known) = self.nodes.remove(&id) else { return };
        self.full.remove(id.0);
        for child in known.children.into_values().chain(known.items) {
            if hidden.shadow.is_hidden(child) {
                self.let_go(child);
            }
        }
    }

    /// A place leads to a node. Tells whether the client did not hold it.
    fn acquire(&mut self, id: RefId, sight: Sight<'_>) -> bool {
        if !sight.shadow.is_hidden(id) {
            return false;
        }
        let is_new = !self.nodes.contains_key(&id);
        self.nodes.entry(id).or_default().count += 1;
        is_new
    }

    fn let_go(&mut self, id: RefId) {
        if let Some(known) = self.nodes.get_mut(&id) {
            known.count = known.count.saturating_sub(1);
            if known.count == 0 {
                self.loose.push(id);
            }
        }
    }

    /// Tells what a place leads to, if that is not what the client was told.
    fn compare(&mut self, parent: RefId, key: Key, sight: Sight<'_>, out: &mut Writer) {
        let Some(content) = sight.shadow.get(parent) else { return };
        if key == Key::Items {
            return self.compare_items(parent, content, sight, out);
        }
        let before = self.nodes.get(&parent).and_then(|known| known.children.get(&key)).copied();
        let after = content.child(key).filter(|child| sight.sees(parent, key, *child));
        if before == after {
            return;
        }
        let known = self.nodes.entry(parent).or_default();
        match after {
            Some(child) => known.children.insert(key, child),
            None => known.children.remove(&key),
        };
        out.go_to(parent);
        let number = match key {
            Key::Member(number) => known.number(number, before.is_some(), after.is_some()),
            _ => 0,
        };
        write::place(out, content, key, number, before.is_some(), after);
        let is_new = after.is_some_and(|child| self.acquire(child, sight));
        if let Some(before) = before {
            self.let_go(before);
        }
        if let (Some(child), true) = (after, is_new) {
            self.show(child, sight, out);
        }
    }

    fn compare_items(
        &mut self,
        array: RefId,
        content: &Content,
        sight: Sight<'_>,
        out: &mut Writer,
    ) {
        let Content::Nodes(nodes) = content else { return };
        let sees = |child: &&RefId| sight.sees(array, Key::Items, **child);
        let after: Vec<RefId> = nodes.iter().filter(sees).copied().collect();
        let known = self.nodes.entry(array).or_default();
        if known.items == after {
            return;
        }
        let before = std::mem::replace(&mut known.items, after.clone());
        out.go_to(array);
        write::items(out, RefEdit { from: 0, before: &before, after: &after });
        let mut new = Vec::new();
        for child in &after {
            if self.acquire(*child, sight) {
                new.push(*child);
            }
        }
        for child in before {
            if sight.shadow.is_hidden(child) {
                self.let_go(child);
            }
        }
        for child in new {
            self.show(child, sight, out);
        }
    }

    /// Tells all that the client may see of a structure that it did not hold, and below.
    fn show(&mut self, top: RefId, sight: Sight<'_>, out: &mut Writer) {
        let mut open = vec![top];
        while let Some(id) = open.pop() {
            let Some(content) = sight.shadow.get(id) else { continue };
            let held = sight.view.held(id);
            out.go_to(id);
            let mut known = self.nodes.remove(&id).unwrap_or_default();
            known.shows = held;
            if held.is_some() {
                self.full.insert(id.0);
            }
            self.written.insert(id.0);
            if let Content::Struct(node) = content {
                let shows = |field| sight.shows_field(id, field, held);
                write::fields(out, node, sight.types, shows);
            } else if held.is_some() {
                write::values(out, content);
            }
            let mut children = Vec::new();
            content.each_child(|key, child| {
                if sight.sees(id, key, child) {
                    children.push((key, child));
                }
            });
            if let Content::Nodes(_) = content {
                known.items = children.iter().map(|(_, child)| *child).collect();
                write::items(out, RefEdit { from: 0, before: &[], after: &known.items });
            } else {
                for (key, child) in &children {
                    let number = match key {
                        Key::Member(number) => known.number(*number, false, true),
                        _ => 0,
                    };
                    write::place(out, content, *key, number, false, Some(*child));
                    known.children.insert(*key, *child);
                }
            }
            self.nodes.insert(id, known);
            for (_, child) in children.into_iter().rev() {
                if self.acquire(child, sight) {
                    open.push(child);
                }
            }
        }
    }

    /// Tells which fields of a struct show or no longer do.
    fn change_fields(
        &mut self,
        id: RefId,
        unset: &[(RefId, FieldIndex)],
        sight: Sight<'_>,
        out: &mut Writer,
    ) {
        let before = self.nodes.get(&id).and_then(|known| known.shows);
        let now = sight.view.held(id);
        if before == now {
            return;
        }
        self.nodes.entry(id).or_default().shows = now;
        match now {
            Some(_) => self.full.insert(id.0),
            None => self.full.remove(id.0),
        };
        let Some(Content::Struct(node)) = sight.shadow.get(id) else { return };
        out.go_to(id);
        for (at, value) in (0..).map(FieldIndex).zip(&node.values) {
            let (did, does) = (sight.shows_field(id, at, before), sight.shows_field(id, at, now));
            // What came and went in this tick is in no segment that it was sent.
            let had = value.is_some() || unset.contains(&(id, at));
            if did && !does && had {
                out.field_op(op::DELETE, at);
            }
        }
        let comes =
            |field| sight.shows_field(id, field, now) && !sight.shows_field(id, field, before);
        write::fields(out, node, sight.types, comes);
    }
}

impl Known {
    /// The number of an entry for this client: older decoders count for themselves.
    fn number(&mut self, number: u32, goes: bool, comes: bool) -> u32 {
        let old = if goes { self.numbers.remove(&number) } else { None };
        if comes {
            let new = old.unwrap_or(self.next_number);
            self.next_number = self.next_number.max(new + 1);
            self.numbers.insert(number, new);
            return new;
        }
        old.unwrap_or_default()
    }
}

/// Calls `each` with what is in one of the two and not in the other.
fn each_difference(a: &Bits, b: &Bits, mut each: impl FnMut(u32)) {
    let len = a.words().len().max(b.words().len());
    for at in 0..len {
        let word = |bits: &Bits| bits.words().get(at).copied().unwrap_or(0);
        let mut differing = word(a) ^ word(b);
        while differing != 0 {
            each(at as u32 * 64 + differing.trailing_zeros());
            differing &= differing - 1;
        }
    }
}
