//! What not everyone is told of.
//!
//! Events about it are written once, into segments that say whose they are: a structure's, with the
//! tag of a field. A client's patch is the public part, what its view gained and lost, and copies of
//! the segments that it may see (`client.rs`). What a view gains is written from a shadow of the
//! hidden part of the state (`shadow.rs`).
//!
//! Nothing but what is public reaches the shared part; and nothing reaches a client's own part but
//! through the checks in `client.rs`.

mod client;
mod entries;
mod rows;
mod shadow;
mod sight;
mod write;

use std::{collections::HashSet, sync::Arc};

use foldhash::fast::RandomState;
use tidewire_state::{
    Bits, Enter, EntryAt, FieldIndex, FieldKind, Introduced, MemberEdit, NodeMember,
    NodeMembersEdit, RefEdit, RefId, StateView, Tracked, TypeIndex, TypeSet, Value, ValueEdit,
    ViewId, Visibility, Visitor,
};

use self::{
    client::{ClientView, Scratch},
    rows::Rows,
    shadow::{Key, Shadow},
};
use super::{ReaderId, writer::Writer};

/// The hidden part of a state, and what clients with views hold of it.
#[derive(Debug)]
pub(super) struct Hidden {
    types: Arc<TypeSet>,
    rows: Rows,
    shadow: Shadow,
    /// Writes segments, one behind the other.
    writer: Writer,
    segments: Vec<Segment>,
    /// The segment that is being written: whose it is, and where it begins.
    open: Option<(Visibility, usize)>,
    /// The fields of the structure at hand that go on it, a bit each.
    open_fields: u64,
    /// The structures that segments are about, and the words of the set that are not 0.
    changed: Bits,
    changed_words: Vec<u32>,
    /// Where the segments of each of them are, by number.
    runs: Vec<Run>,
    /// Places that lead elsewhere than at the last patch.
    moved: Vec<Moved>,
    released: Vec<RefId>,
    gone: Bits,
    /// Fields that began to hold a value, or ceased to, of structures that are not new.
    turned: Turned,
    /// The structures that are new, where that makes a difference to what is sent of them.
    introduced: Vec<RefId>,
    new: Bits,
    /// The structure that events are about.
    at: RefId,
    index: Option<TypeIndex>,
    /// Its fields that are not for everyone, a bit each.
    hides: u64,
    is_hidden: bool,
    /// Whether it is a collection whose entries are filtered.
    is_filtered: bool,
    /// Whether there are filters at all.
    has_filters: bool,
    /// Whether no client knows it.
    fresh: bool,
    clients: Vec<ClientView>,
    scratch: Scratch,
    out: Writer,
}

/// Operations on one structure that those may see who see its fields of one visibility.
#[derive(Clone, Copy, Debug)]
struct Segment {
    node: RefId,
    visibility: Visibility,
    start: usize,
    end: usize,
}

/// A place that leads elsewhere than at the last patch.
#[derive(Clone, Copy, Debug)]
struct Moved {
    parent: RefId,
    key: Key,
    /// What it led to, of a field or an entry of a map.
    stood: Option<RefId>,
}

/// What the last sync changed, for clients whose view or whose part of it did.
#[derive(Clone, Copy)]
struct Changes<'a> {
    types: &'a TypeSet,
    rows: &'a Rows,
    shadow: &'a Shadow,
    moved: &'a [Moved],
    gone: &'a Bits,
    turned: &'a Turned,
    /// The structures that are new; none of them for a snapshot, which shows new and old alike.
    new: Option<&'a Bits>,
    has_filters: bool,
}

/// Fields of the last sync that a client knows otherwise than the shadow does.
#[derive(Debug, Default)]
struct Turned {
    /// They hold a value that they did not hold before.
    set: HashSet<(RefId, FieldIndex), RandomState>,
    /// They held a value before.
    unset: HashSet<(RefId, FieldIndex), RandomState>,
}

impl Turned {
    fn clear(&mut self) {
        self.set.clear();
        self.unset.clear();
    }

    /// Whether a field held a value before the last sync, if it does now or not.
    fn had(&self, node: RefId, field: FieldIndex, has: bool) -> bool {
        let place = (node, field);
        if has { !self.set.contains(&place) } else { self.unset.contains(&place) }
    }
}

/// What is copied to clients.
#[derive(Clone, Copy)]
struct Segments<'a> {
    bytes: &'a [u8],
    all: &'a [Segment],
    runs: &'a [Run],
    changed: &'a Bits,
    words: &'a [u32],
    shadow: &'a Shadow,
    view: &'a StateView,
    /// What the view holds, and what filters show it beside that, if there are filters.
    held: &'a Bits,
    granted: Option<&'a Bits>,
}

/// Where the segments about one structure are.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    first: u32,
    last: u32,
    /// The bytes, if there is one segment and who sees the structure may see it.
    start: usize,
    end: usize,
    plain: bool,
}

impl Hidden {
    /// Of a state with pools or without.
    pub(super) fn new(types: &Arc<TypeSet>, has_pools: bool) -> Self {
        let mut writer = Writer::new(types);
        writer.made_up_from = SEGMENTS_MAKE_UP;
        writer.all_reliable = true;
        let mut out = Writer::new(types);
        out.made_up_from = CLIENTS_MAKE_UP;
        out.all_reliable = true;
        Self {
            types: types.clone(),
            rows: Rows::new(types),
            shadow: Shadow::new(has_pools),
            writer,
            segments: Vec::new(),
            open: None,
            open_fields: 0,
            changed: Bits::default(),
            changed_words: Vec::new(),
            runs: Vec::new(),
            moved: Vec::new(),
            released: Vec::new(),
            gone: Bits::default(),
            turned: Turned::default(),
            introduced: Vec::new(),
            new: Bits::default(),
            at: RefId::ROOT,
            index: None,
            hides: 0,
            is_hidden: false,
            is_filtered: false,
            has_filters: types.has_filters(),
            fresh: false,
            clients: Vec::new(),
            scratch: Scratch::default(),
            out,
        }
    }

    pub(super) fn start(&mut self) {
        self.writer.start_patch();
        self.segments.clear();
        (self.open, self.open_fields) = (None, 0);
        if !self.changed_words.is_empty() {
            self.changed.clear();
            self.changed_words.clear();
        }
        self.moved.clear();
        self.turned.clear();
        for node in self.introduced.drain(..) {
            self.new.remove(node.0);
        }
        for node in self.released.drain(..) {
            self.gone.remove(node.0);
            self.shadow.forget(node);
        }
    }

    /// The patch of a client: the shared part and its own.
    pub(super) fn patch<S: tidewire_state::Schema>(
        &mut self,
        shared: &[u8],
        state: &Tracked<S>,
        view: ViewId,
        reader: ReaderId,
    ) -> &[u8] {
        self.assemble(shared, state, view, reader, false);
        &self.out.out
    }

    /// The snapshot of a client.
    pub(super) fn snapshot<S: tidewire_state::Schema>(
        &mut self,
        shared: &[u8],
        state: &Tracked<S>,
        view: ViewId,
        reader: ReaderId,
    ) -> &[u8] {
        self.forget(reader);
        self.assemble(shared, state, view, reader, true);
        &self.out.out
    }

    /// A reader is gone, or has nothing.
    pub(super) fn forget(&mut self, reader: ReaderId) {
        if let Some(client) = self.clients.get_mut(reader.0 as usize) {
            client.clear();
        }
    }

    fn assemble<S: tidewire_state::Schema>(
        &mut self,
        shared: &[u8],
        state: &Tracked<S>,
        view: ViewId,
        reader: ReaderId,
        is_snapshot: bool,
    ) {
        self.out.start_patch();
        self.out.out.extend_from_slice(shared);
        let at = reader.0 as usize;
        if at >= self.clients.len() {
            self.clients.resize_with(at + 1, ClientView::default);
        }
        let Some(wanted) = state.view(view) else { return };
        let Self { clients, out, writer, .. } = self;
        let client = &mut clients[at];
        let told = client.is_outdated(&self.moved, wanted);
        if told {
            let changes = Changes {
                types: &self.types,
                rows: &self.rows,
                shadow: &self.shadow,
                moved: &self.moved,
                gone: &self.gone,
                turned: &self.turned,
                new: (!is_snapshot).then_some(&self.new),
                has_filters: self.has_filters,
            };
            std::mem::swap(&mut out.numbering, &mut writer.numbering);
            client.bring_up_to_date(changes, wanted, &mut self.scratch, out);
            std::mem::swap(&mut out.numbering, &mut writer.numbering);
        }
        let segments = Segments {
            bytes: &writer.out,
            all: &self.segments,
            runs: &self.runs,
            changed: &self.changed,
            words: &self.changed_words,
            shadow: &self.shadow,
            view: wanted,
            held: wanted.holds(),
            granted: self.has_filters.then(|| wanted.granted()),
        };
        client.copy_segments(segments, told, &mut out.out);
        if told || !self.released.is_empty() {
            client.end(&self.released, &self.shadow);
        }
    }

    /// There are no more events.
    pub(super) fn end(&mut self) {
        self.close();
    }

    /// Whether the events that follow are about something hidden.
    #[inline]
    pub(super) fn enter(&mut self, node: Enter<'_>) -> bool {
        self.close();
        self.at = node.id;
        self.index = node.index;
        self.is_hidden = node.hidden || node.filtered;
        self.is_filtered = node.filtered;
        self.hides = if self.is_hidden { u64::MAX } else { self.rows.hides(node.index) };
        if node.filtered {
            self.shadow.sift(node.id);
        }
        self.fresh = node.fresh;
        node.hidden
    }

    /// Whether a field of the struct at hand is not for everyone.
    #[inline(always)]
    pub(super) fn hides(&self, field: FieldIndex) -> bool {
        self.hides >> field.0 & 1 == 1
    }

    #[inline(always)]
    pub(super) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// Writes operations that belong to fields of a visibility, or to a collection.
    fn segment(&mut self, visibility: Visibility, write: impl FnOnce(&mut Writer)) {
        if self.fresh && self.is_hidden {
            // Whoever gains it is told of all there is.
            self.go_to_node();
            write_nowhere(&mut self.writer, write);
            return;
        }
        self.open(visibility);
        write(&mut self.writer);
    }

    /// Begins a segment, unless one for the same clients is being written.
    fn open(&mut self, visibility: Visibility) {
        if self.open.is_some_and(|(open, _)| open == visibility) {
            return;
        }
        self.close();
        self.open = Some((visibility, self.writer.out.len()));
        self.go_to_node();
    }

    fn go_to_node(&mut self) {
        self.writer.go_to(self.at);
        if let (Some(kinds), Some(index)) = (&mut self.writer.kinds, self.index) {
            kinds.current = index;
        }
    }

    /// Ends the segment that is being written, if there is one. If nothing was written it is none.
    #[inline]
    fn close(&mut self) {
        self.open_fields = 0;
        if let Some((visibility, start)) = self.open.take() {
            let end = self.writer.out.len();
            if start != end {
                self.note(Segment { node: self.at, visibility, start, end });
            }
        }
    }

    fn note(&mut self, segment: Segment) {
        let Segment { node, visibility, start, end } = segment;
        let at = node.0 as usize;
        if at >= self.runs.len() {
            self.runs.resize(at + 1, Run::default());
        }
        let word = node.0 / 64;
        if self.changed.words().get(word as usize).is_none_or(|word| *word == 0) {
            self.changed_words.push(word);
        }
        let last = self.segments.len() as u32;
        let run = &mut self.runs[at];
        if self.changed.insert(node.0) {
            let plain = visibility == Visibility::Everyone && !self.has_filters;
            *run = Run { first: last, last, start, end, plain };
        } else {
            (run.last, run.end, run.plain) = (last, end, false);
        }
        self.segments.push(segment);
    }

    /// A place of the structure at hand leads elsewhere than it did.
    fn moved(&mut self, key: Key, stood: Option<RefId>) {
        self.moved.push(Moved { parent: self.at, key, stood });
    }

    pub(super) fn introduce(&mut self, node: Introduced) {
        self.writer.introduce(node);
        self.out.introduce(node);
        self.shadow.introduce(node, &self.types);
        if self.writer.kinds.is_some() && node.index.is_some() {
            self.introduced.push(node.id);
            self.new.insert(node.id.0);
        }
    }

    /// A field has a value, the first one if `is_first`. Tells where a change is written, if it is one.
    // The kind of the value is known where this is called: only its own arm is left there.
    #[inline(always)]
    pub(super) fn field(
        &mut self,
        field: FieldIndex,
        value: Value<'_>,
        is_first: bool,
    ) -> Option<&mut Writer> {
        if is_first && !self.fresh {
            self.turned.set.insert((self.at, field));
        }
        let is_open = self.open_fields >> field.0 & 1 == 1 || self.open_for(field);
        if !(is_open && self.shadow.put_field(self.at, field, value)) {
            self.set_field(field, value);
        }
        is_open.then_some(&mut self.writer)
    }

    #[inline(never)]
    fn set_field(&mut self, field: FieldIndex, value: Value<'_>) {
        self.shadow.set_field(self.at, self.index, field, Some(value), &self.types);
    }

    /// Begins the segment that a change of a field goes on. There is none where all is new.
    #[inline(never)]
    fn open_for(&mut self, field: FieldIndex) -> bool {
        if self.fresh && self.is_hidden {
            return false;
        }
        let (audience, alike) = self.rows.audience(self.index, field);
        self.open(audience);
        self.open_fields = alike;
        true
    }

    pub(super) fn reference(&mut self, field: FieldIndex, node: RefId) {
        let kind = self.index.and_then(|index| self.types[index].get(field)).map(|info| info.kind);
        let stood = self.shadow.lead(self.at, self.index, field, Some(node), kind, &self.types);
        if let (Some(kinds), Some(index)) = (&mut self.out.kinds, self.index) {
            kinds.current = index;
            kinds.of_reference(field, node);
        }
        self.moved(Key::Field(field), stood);
    }

    /// A field that is for everyone leads to a node, which may be a collection with entries that are
    /// not.
    pub(super) fn public_reference(&mut self, field: FieldIndex, node: RefId) {
        let Some(index) = self.index.filter(|_| self.has_filters) else { return };
        let info = self.types[index].get(field);
        if let Some(info) = info.filter(|info| info.visibility.is_sifted()) {
            self.shadow.open(self.at, field, node, info.kind);
            if let Some(kinds) = &mut self.out.kinds {
                kinds.current = index;
                kinds.of_reference(field, node);
            }
        }
    }

    pub(super) fn unset(&mut self, field: FieldIndex) {
        let kind = self.index.and_then(|index| self.types[index].get(field)).map(|info| info.kind);
        match kind {
            Some(FieldKind::Primitive(_) | FieldKind::Quantized(_)) => {
                self.shadow.set_field(self.at, self.index, field, None, &self.types);
                self.turned.unset.insert((self.at, field));
                if self.open_for(field) {
                    self.writer.unset(field);
                }
            }
            _ => {
                let stood = self.shadow.lead(self.at, self.index, field, None, kind, &self.types);
                self.moved(Key::Field(field), stood);
            }
        }
    }

    pub(super) fn entries_reset(&mut self, live: &mut dyn Iterator<Item = u32>) {
        let live: Vec<u32> = live.collect();
        for index in live {
            self.entry_removed(EntryAt { index, key: "" });
        }
    }

    pub(super) fn entry_removed(&mut self, at: EntryAt<'_>) {
        let (leads, stood) = self.shadow.remove_entry(self.at, at.index);
        if leads || self.is_filtered {
            self.moved(Key::Entry(at.index), stood);
        } else {
            self.segment(Visibility::Everyone, |writer| writer.entry_removed(at));
        }
    }

    pub(super) fn entry(&mut self, at: EntryAt<'_>, value: Value<'_>, old: Option<Value<'_>>) {
        self.shadow.set_entry(self.at, at, value);
        if self.is_filtered {
            return self.moved(Key::Entry(at.index), None);
        }
        self.segment(Visibility::Everyone, |writer| writer.entry(at, value, old));
    }

    pub(super) fn entry_reference(&mut self, at: EntryAt<'_>, node: RefId) {
        let stood = self.shadow.lead_entry(self.at, at, node);
        self.moved(Key::Entry(at.index), stood);
    }

    pub(super) fn item(&mut self, index: usize, value: Value<'_>, old: Value<'_>) {
        self.shadow.set_item(self.at, index, value);
        self.segment(Visibility::Everyone, |writer| writer.item(index, value, old));
    }

    pub(super) fn items(&mut self, edit: ValueEdit<'_>) {
        self.shadow.set_items(self.at, edit.from, edit.after);
        self.segment(Visibility::Everyone, |writer| writer.items(edit));
    }

    pub(super) fn members(&mut self, edit: MemberEdit<'_>) {
        self.shadow.set_members(self.at, edit);
        self.segment(Visibility::Everyone, |writer| writer.members(edit));
    }

    pub(super) fn item_references(&mut self, edit: RefEdit<'_>) {
        self.shadow.lead_items(self.at, edit.from, edit.after);
        self.moved(Key::Items, None);
    }

    pub(super) fn node_members(&mut self, edit: NodeMembersEdit<'_>) {
        // What stayed leads where it led: clients need not look at it.
        let differs = |list: &[NodeMember], entry: &NodeMember| {
            let at = list.binary_search_by_key(&entry.number, |other| other.number);
            at.map_or(true, |at| list[at] != *entry)
        };
        let gone = edit.before.iter().filter(|entry| differs(edit.after, entry));
        let came = edit.after.iter().filter(|entry| differs(edit.before, entry));
        for entry in gone.chain(came) {
            self.moved(Key::Member(entry.number), None);
        }
        self.shadow.lead_members(self.at, edit);
    }

    pub(super) fn renumbered(&mut self, from: RefId, to: RefId) {
        let Self { shadow, moved, .. } = self;
        shadow.renumber(from, to, |parent, key| {
            moved.push(Moved { parent, key, stood: Some(from) });
        });
    }

    pub(super) fn released(&mut self, node: RefId) {
        self.close();
        self.writer.released(node);
        self.released.push(node);
        self.gone.insert(node.0);
        // It may have changed before it went, and who it went from may not know how.
        self.changed.remove(node.0);
    }
}

/// Keeps what a writer remembers beside what it writes.
fn write_nowhere(writer: &mut Writer, write: impl FnOnce(&mut Writer)) {
    let start = writer.out.len();
    write(writer);
    writer.out.truncate(start);
}

/// Structures that are made up in segments, and for one client, are others than those of the shared part.
const SEGMENTS_MAKE_UP: u32 = 1 << 28;
const CLIENTS_MAKE_UP: u32 = 2 << 28;
