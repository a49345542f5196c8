//! What one client holds of the hidden part, and what it is told when its view or the state changes.
//!
//! A client holds a hidden structure while some place that it sees leads to it. Places are compared
//! one by one with what they led to when the client was last told; only those that may have changed
//! are looked at.

mod members;
mod show;
mod turn;

use std::collections::HashMap;

use foldhash::fast::RandomState;
use tidewire_state::{Bits, DynPrimitive, FieldIndex, RefEdit, RefId, Shown, StateView};

use self::turn::Turn;
use super::{
    Changes, Moved, Run, Segment, Segments,
    shadow::{Content, Key, Shadow},
    sight::Sight,
    write,
};
use crate::encode::writer::Writer;

/// What a client with a view holds beside what is public.
///
/// What every patch looks at comes first, so that it lies together.
#[derive(Debug, Default)]
pub(super) struct ClientView {
    /// The structures that it sees more of than the way down.
    full: Bits,
    /// The view as it was when the client was last told.
    version: Option<u64>,
    tags: u64,
    /// Whose view that was.
    identity: u64,
    /// The hidden structures that it holds.
    known: Bits,
    /// What it sees those in `full` for, where that is more than that they are in its view without a tag.
    seen_for: HashMap<RefId, Shown, RandomState>,
    /// What else is to be remembered of structures.
    nodes: HashMap<RefId, Known, RandomState>,
    shown: Bits,
    held: Bits,
    through: Bits,
    /// Structures that a place ceased to lead to in this message.
    loose: Vec<RefId>,
    /// Structures whose fields were written from the shadow in this message.
    written: Bits,
}

/// A structure that a client holds: a hidden one, or a public one of which it sees hidden fields.
#[derive(Debug, Default)]
struct Known {
    /// How many places of what it holds lead to it. Not counted where there is but one for each.
    count: u32,
    /// Where it leads to anything.
    below: Option<Box<Below>>,
}

/// What a structure leads to, for a client.
#[derive(Debug, Default)]
struct Below {
    /// By place, but for those of which it is known from what the client holds, as no other place leads
    /// there: entries of maps, and fields, of states without pools.
    children: HashMap<Key, RefId, RandomState>,
    /// The items of an array.
    items: Vec<RefId>,
    /// The numbers of entries of a set or a collection for this client, in the order of coming.
    numbers: HashMap<u32, u32, RandomState>,
    next_number: u32,
    /// The entries of a map of values of which some are filtered.
    values: Bits,
    /// What it was told of fields of which each is told something else.
    customs: Vec<(FieldIndex, DynPrimitive)>,
}

/// Lists that are needed while one client is told, and kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    places: Vec<(RefId, Key)>,
    contents: Vec<RefId>,
    /// Structures of which all is to be told.
    open: Vec<RefId>,
    children: Vec<(Key, RefId)>,
    /// Entries of maps, sets and collections that come.
    entries: Vec<Turn>,
}

impl ClientView {
    /// Whether there may be more to tell than what segments say.
    pub(super) fn is_outdated(&self, moved: &[Moved], view: &StateView) -> bool {
        self.version != Some(view.version()) || !moved.is_empty()
    }

    /// Tells what came into view, what went, and what places that changed lead to now.
    pub(super) fn bring_up_to_date(
        &mut self,
        changes: Changes<'_>,
        view: &StateView,
        scratch: &mut Scratch,
        out: &mut Writer,
    ) {
        let Changes { types, rows, shadow, moved, gone, turned, new, has_filters } = changes;
        let sight = Sight { view, shadow, types, rows, new };
        let mut places = std::mem::take(&mut scratch.places);
        let mut contents = std::mem::take(&mut scratch.contents);
        places.clear();
        contents.clear();
        if self.version != Some(view.version()) {
            each_difference(&self.shown, view.shown(), |id| {
                places.extend_from_slice(shadow.places(RefId(id)));
            });
            self.find_contents(view, &mut contents);
            if has_filters {
                self.find_filtered(view, shadow, &mut places, &mut contents);
            }
            self.shown.clone_from(view.shown());
            self.held.clone_from(view.holds());
            self.version = Some(view.version());
            self.tags = view.tags();
            self.identity = view.identity();
        }
        // Elsewhere what is in hidden places is hidden, and shows for itself.
        let looks_below = has_filters || shadow.has_pools();
        for id in contents.iter().filter(|_| looks_below) {
            if let Some(content) = shadow.get(*id) {
                if has_filters {
                    content.each_key(|key| places.push((*id, key)));
                    continue;
                }
                content.each_child(|key, child| {
                    if !shadow.is_hidden(child) {
                        places.push((*id, key));
                    }
                });
            }
        }
        // What is told is the client's own, whatever was last told to others.
        out.go_to(RefId::default());
        scratch.open.clear();
        scratch.entries.clear();
        // Many places lie in one structure.
        let mut last = (RefId::default(), false);
        let places_to_look_at = places.iter().map(|(parent, key)| (*parent, *key, None));
        let moved = moved.iter().map(|it| (it.parent, it.key, Some(it.stood)));
        for (parent, key, stood) in moved.chain(places_to_look_at) {
            if last.0 != parent {
                last = (parent, self.goes_on_in(parent, gone, sight));
            }
            if !last.1 {
                continue;
            }
            if key.is_entry() {
                self.compare_entry(parent, key, stood, sight, scratch, out);
            } else {
                self.compare(parent, key, stood.flatten(), sight, &mut scratch.open, out);
            }
        }
        self.tell_entries(sight, scratch, out);
        self.show_all(sight, scratch, out);
        for id in contents.iter().copied() {
            // What came was told as a whole.
            if self.is_told(id) {
                continue;
            }
            // And what goes, goes so.
            if (!shadow.is_hidden(id) || self.holds(id, shadow)) && !gone.has(id.0) {
                self.change_fields(id, turned, sight, out);
                if sight.rows.has_customs() {
                    self.change_customs(id, sight, out);
                }
            }
        }
        (scratch.places, scratch.contents) = (places, contents);
    }

    /// Whether places of a structure are compared: not if it is gone, all of it is told in this message,
    /// or the client does not hold it.
    fn goes_on_in(&self, id: RefId, gone: &Bits, sight: Sight<'_>) -> bool {
        let is_held = || !sight.shadow.is_hidden(id) || sight.is_there(id) && self.known.has(id.0);
        !gone.has(id.0) && !self.is_told(id) && is_held()
    }

    /// Whether places lead to a hidden structure, as far as the client was told.
    fn holds(&self, id: RefId, shadow: &Shadow) -> bool {
        match shadow.has_pools() {
            true => self.nodes.get(&id).is_some_and(|known| known.count > 0),
            false => self.known.has(id.0),
        }
    }

    /// What the client was told of a structure for, if more than the way down.
    fn told_for(&self, id: RefId) -> Option<Shown> {
        let more = || self.seen_for.get(&id).copied();
        self.full.has(id.0).then(|| more().unwrap_or(Shown::UNTAGGED))
    }

    fn tell_for(&mut self, id: RefId, shown: Option<Shown>) {
        match shown {
            Some(_) => self.full.insert(id.0),
            None => self.full.remove(id.0),
        };
        match shown.filter(|shown| *shown != Shown::UNTAGGED) {
            Some(shown) => drop(self.seen_for.insert(id, shown)),
            None if self.seen_for.is_empty() => {}
            None => drop(self.seen_for.remove(&id)),
        }
    }

    /// The structures that the view holds for something else than before.
    fn find_contents(&self, view: &StateView, contents: &mut Vec<RefId>) {
        each_difference(&self.held, view.holds(), |id| contents.push(RefId(id)));
        if self.tags != view.tags() {
            contents
                .extend(view.iter().filter_map(|(id, held)| {
                    (self.told_for(id)?.held != Some(held)).then_some(id)
                }));
        }
    }

    /// The structures of which filters say something else than before, and places of those that they
    /// let through now and did not before, or no longer.
    fn find_filtered(
        &mut self,
        view: &StateView,
        shadow: &Shadow,
        places: &mut Vec<(RefId, Key)>,
        contents: &mut Vec<RefId>,
    ) {
        each_difference(&self.through, view.through(), |id| {
            places.extend_from_slice(shadow.places(RefId(id)));
            contents.push(RefId(id));
        });
        self.through.clone_from(view.through());
        let since = self.version.filter(|_| self.identity == view.identity());
        view.each_verdict_since(since, |id| contents.push(id));
        if since.is_none() {
            // What it was told by another view.
            let told =
                |known: &Known| known.below.as_ref().is_some_and(|it| !it.customs.is_empty());
            let told = self.nodes.iter().filter(|(_, known)| told(known));
            contents.extend(told.map(|(id, _)| *id));
        }
        contents.sort_unstable();
        contents.dedup();
    }

    /// Whether all of a structure is told in this message.
    fn is_told(&self, id: RefId) -> bool {
        self.written.has(id.0)
    }

    /// Copies what changed in what it holds. `told` says whether some of it has been told already.
    pub(super) fn copy_segments(&self, segments: Segments<'_>, told: bool, out: &mut Vec<u8>) {
        // What the view shows no longer is not told, even where the client has yet to be told so.
        let Segments { view, shadow, held, .. } = segments;
        match segments.granted {
            None => {
                self.copy_where(segments, told, out, |at| word_of(held, at), |_, told| Some(told));
            }
            Some(granted) => {
                let seen = |at| word_of(held, at) | word_of(granted, at);
                let now = |id, _| view.sight(id, shadow.is_hidden(id));
                self.copy_where(segments, told, out, seen, now);
            }
        }
    }

    /// As [`copy_segments`](Self::copy_segments), of the structures of which the words of `seen` say that
    /// the view shows something; `now` is what it shows of one that was shown as told.
    #[inline]
    fn copy_where(
        &self,
        segments: Segments<'_>,
        told: bool,
        out: &mut Vec<u8>,
        seen: impl Fn(u32) -> u64,
        now: impl Fn(RefId, Shown) -> Option<Shown>,
    ) {
        let Segments { bytes, all, runs, changed, words, .. } = segments;
        for at in words.iter().copied() {
            let mut both = word_of(changed, at) & word_of(&self.full, at) & seen(at);
            if told {
                both &= !word_of(&self.written, at);
            }
            while both != 0 {
                let id = RefId(at * 64 + both.trailing_zeros());
                both &= both - 1;
                let Run { first, last, start, end, plain } = runs[id.0 as usize];
                if plain {
                    copy(out, bytes, start, end);
                    continue;
                }
                let told = self.told_for(id).unwrap_or_default();
                let Some(now) = now(id, told) else { continue };
                for segment in &all[first as usize..=last as usize] {
                    let Segment { node, visibility, start, end } = *segment;
                    if node == id && told.shows(visibility) && now.shows(visibility) {
                        copy(out, bytes, start, end);
                    }
                }
            }
        }
    }

    /// Forgets all. What memory it has is kept.
    pub(super) fn clear(&mut self) {
        let Self { full, version, tags, identity, known, seen_for, nodes, .. } = self;
        let Self { shown, held, through, loose, written, .. } = self;
        [full, known, shown, held, through, written].into_iter().for_each(Bits::clear);
        (*version, *tags, *identity) = (None, 0, 0);
        seen_for.clear();
        nodes.clear();
        loose.clear();
    }

    /// Forgets what no place leads to any more.
    pub(super) fn end(&mut self, released: &[RefId], shadow: &Shadow) {
        for id in released {
            self.forget(*id, shadow);
        }
        while let Some(id) = self.loose.pop() {
            if self.holds(id, shadow) {
                continue;
            }
            self.forget(id, shadow);
            if !shadow.has_pools()
                && let Some(content) = shadow.get(id)
            {
                content.each_child(|_, child| self.let_go(child, shadow));
            }
        }
        self.written.clear();
    }

    /// Forgets a structure, and where that is not what the shadow says, what it leads to.
    fn forget(&mut self, id: RefId, shadow: &Shadow) {
        self.known.remove(id.0);
        if self.full.remove(id.0) && !self.seen_for.is_empty() {
            self.seen_for.remove(&id);
        }
        if self.nodes.is_empty() {
            return;
        }
        let below = self.nodes.remove(&id).and_then(|known| known.below);
        if let Some(below) = below.filter(|_| shadow.has_pools()) {
            for child in below.children.into_values().chain(below.items) {
                self.let_go_hidden(child, shadow);
            }
        }
    }

    /// A place leads to a node. If the client did not hold it, all of it is to be told.
    fn acquire(&mut self, id: RefId, sight: Sight<'_>, open: &mut Vec<RefId>) {
        if !sight.shadow.is_hidden(id) {
            return;
        }
        if self.known.insert(id.0) {
            open.push(id);
            self.written.insert(id.0);
        }
        if sight.shadow.has_pools() {
            self.nodes.entry(id).or_default().count += 1;
        }
    }

    /// What a place leads to, as far as the client was told, where that is remembered.
    fn child(&self, parent: RefId, key: Key) -> Option<RefId> {
        self.nodes.get(&parent)?.below.as_ref()?.children.get(&key).copied()
    }

    /// What a place leads to, as far as the client was told; `stood` is what stood there, if that is another.
    fn told(
        &self,
        parent: RefId,
        content: &Content,
        key: Key,
        stood: Option<RefId>,
        shadow: &Shadow,
    ) -> Option<RefId> {
        if shadow.has_pools() || matches!(key, Key::Member(_)) {
            return self.child(parent, key);
        }
        // It holds what a place leads to by that place alone.
        let knows = |id: &RefId| self.known.has(id.0);
        content.child(key).filter(knows).or_else(|| stood.filter(knows))
    }

    /// Whether the client has a value of a map.
    fn has_value(&self, map: RefId, number: u32) -> bool {
        let below = self.nodes.get(&map).and_then(|known| known.below.as_ref());
        below.is_some_and(|below| below.values.has(number))
    }

    /// As [`let_go`](Self::let_go), of what may be public: that it holds anyway.
    fn let_go_hidden(&mut self, id: RefId, shadow: &Shadow) {
        if shadow.is_hidden(id) {
            self.let_go(id, shadow);
        }
    }

    /// A place leads to a node no longer.
    fn let_go(&mut self, id: RefId, shadow: &Shadow) {
        if !shadow.has_pools() {
            if self.known.remove(id.0) {
                self.loose.push(id);
            }
        } else if let Some(known) = self.nodes.get_mut(&id) {
            known.count = known.count.saturating_sub(1);
            if known.count == 0 {
                self.loose.push(id);
            }
        }
    }

    /// Tells what a place leads to, if that is not what the client was told. `stood` is the node that the
    /// place led to before this tick, if it leads to another since.
    fn compare(
        &mut self,
        parent: RefId,
        key: Key,
        stood: Option<RefId>,
        sight: Sight<'_>,
        open: &mut Vec<RefId>,
        out: &mut Writer,
    ) {
        let Some(content) = sight.shadow.get(parent) else { return };
        match key {
            Key::Items => return self.compare_items(parent, content, sight, open, out),
            Key::Member(number) => return self.compare_member(parent, number, sight, open, out),
            Key::Field(_) | Key::Entry(_) => {}
        }
        let before = self.told(parent, content, key, stood, sight.shadow);
        let after = sight.seen(parent, content, key);
        if before == after {
            return;
        }
        if sight.shadow.has_pools() {
            self.nodes.entry(parent).or_default().below().lead(key, after);
        }
        out.stay_at(parent);
        write::place(out, content, key, 0, before.is_some(), after);
        after.into_iter().for_each(|child| self.acquire(child, sight, open));
        before.into_iter().for_each(|child| self.let_go_hidden(child, sight.shadow));
    }

    /// Tells an entry of a map of values that is filtered. `is_moved` says that it may have another value.
    fn compare_value(
        &mut self,
        map: RefId,
        number: u32,
        is_moved: bool,
        sight: Sight<'_>,
        out: &mut Writer,
    ) {
        let Some(Content::MapOfValues(entries)) = sight.shadow.get(map) else { return };
        if !sight.shadow.is_sifted(map) {
            return;
        }
        let after = entries.get(number).filter(|_| sight.shows_entry(map, number));
        let had = self.has_value(map, number);
        if after.is_none() && !had || after.is_some() && had && !is_moved {
            return;
        }
        let values = &mut self.nodes.entry(map).or_default().below().values;
        out.stay_at(map);
        match after {
            Some(_) => values.insert(number),
            None => values.remove(number),
        };
        write::value(out, number, had, after);
    }

    fn compare_items(
        &mut self,
        array: RefId,
        content: &Content,
        sight: Sight<'_>,
        open: &mut Vec<RefId>,
        out: &mut Writer,
    ) {
        let Content::Nodes(nodes) = content else { return };
        let sees = |(at, child): &(u32, &RefId)| sight.sees_item(array, *at, **child);
        let after: Vec<RefId> = (0..).zip(nodes).filter(sees).map(|(_, child)| *child).collect();
        let below = self.nodes.entry(array).or_default().below();
        if below.items == after {
            return;
        }
        let before = std::mem::replace(&mut below.items, after.clone());
        // An edit is a visit of its own: that is what its moves are counted by.
        out.go_to(array);
        write::items(out, RefEdit { from: 0, before: &before, after: &after });
        let stays = match sight.shadow.has_pools() {
            true => Bits::default(),
            // What comes again and goes is not counted.
            false => after.iter().map(|child| child.0).collect(),
        };
        for child in after {
            self.acquire(child, sight, open);
        }
        for child in before.into_iter().filter(|child| !stays.has(child.0)) {
            self.let_go_hidden(child, sight.shadow);
        }
    }
}

impl Known {
    fn below(&mut self) -> &mut Below {
        self.below.get_or_insert_default()
    }
}

impl Below {
    fn lead(&mut self, key: Key, child: Option<RefId>) {
        match child {
            Some(child) => self.children.insert(key, child),
            None => self.children.remove(&key),
        };
    }

    /// The number of an entry for this client: older decoders count for themselves.
    fn number(&mut self, number: u32) -> u32 {
        let new = self.next_number;
        self.next_number += 1;
        self.numbers.insert(number, new);
        new
    }
}

fn word_of(bits: &Bits, at: u32) -> u64 {
    bits.words().get(at as usize).copied().unwrap_or(0)
}

/// Copies some bytes. A few are copied as a block and cut to size, without a loop or a call.
#[inline]
fn copy(out: &mut Vec<u8>, bytes: &[u8], start: usize, end: usize) {
    let len = end - start;
    if len <= BLOCK
        && let Some(block) = bytes[start..].first_chunk::<BLOCK>()
    {
        let at = out.len();
        out.extend_from_slice(block);
        out.truncate(at + len);
    } else {
        out.extend_from_slice(&bytes[start..end]);
    }
}

const BLOCK: usize = 32;

/// Calls `each` with what is in one of the two and not in the other.
fn each_difference(a: &Bits, b: &Bits, mut each: impl FnMut(u32)) {
    let mut each_of = |at: usize, mut differing: u64| {
        while differing != 0 {
            each(at as u32 * 64 + differing.trailing_zeros());
            differing &= differing - 1;
        }
    };
    let (a, b) = (a.words(), b.words());
    let shared = a.len().min(b.len());
    for (at, (a, b)) in std::iter::zip(&a[..shared], &b[..shared]).enumerate() {
        each_of(at, a ^ b);
    }
    for (at, word) in [a, b].into_iter().flat_map(|words| words.iter().enumerate().skip(shared)) {
        each_of(at, *word);
    }
}
