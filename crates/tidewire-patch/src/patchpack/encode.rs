//! Writes patchpack.

use smallvec::SmallVec;
use tidewire_state::{RefId, Schema, Tracked, TypeSet, Unfold, ViewId};

use super::{ARRAY, MAP, keys::Keys};
use crate::{
    changes::Config,
    document::{Document, Kept, Node, Slot},
    messages::Messages,
    notepack::{Value, write},
    patch::Op,
    record::{Arrays, At, Recorder, Segment, views, visitor},
};

/// Encodes one state as patchpack for any number of clients.
///
/// ```
/// use tidewire_patch::{Config, PatchpackDecoder, PatchpackEncoder};
/// use tidewire_state::{MapSchema, Schema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Player { x: u8 }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena { players: MapSchema<Player> }
///
/// let mut arena = Tracked::new(Arena::default());
/// let mut encoder = PatchpackEncoder::new(&arena, Config::default());
/// encoder.patch(&mut arena);
/// let (mut decoder, state) = PatchpackDecoder::from_state(&encoder.snapshot())?;
/// assert_eq!(state.to_json().to_string(), r#"{"players":{}}"#);
///
/// arena.players.insert("ada", Player { x: 3 });
/// let patches = encoder.patch(&mut arena);
/// assert_eq!(patches, [b"\x94\x00\x01\xff\x92\xa3ada\x93\x01\x02\x03"]);
/// let patch = decoder.patch(&patches[0])?;
/// assert_eq!(
///     patch.to_json().to_string(),
///     r#"{"op":"add","path":"/players/ada","value":{"x":3}}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PatchpackEncoder {
    pub(crate) recorder: Recorder,
    unfold: Option<Box<Unfold<Self>>>,
    clients: Clients,
    /// The table of types, encoded.
    types: Vec<u8>,
    messages: Messages,
    /// The maps that got keys in a tick.
    grown: SmallVec<[At; 2]>,
}

visitor!(PatchpackEncoder);
views!(PatchpackEncoder, recorder);

/// What clients hold beside the state.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    /// By [`RefId`].
    pub(super) nodes: Vec<ClientNode>,
    pub(super) next_id: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ClientNode {
    pub(super) id: u64,
    /// Of a map.
    pub(super) keys: Option<Box<Keys>>,
}

impl PatchpackEncoder {
    /// An encoder for `state`.
    ///
    /// # Panics
    ///
    /// If `state` was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>, config: Config) -> Self {
        let recorder = Recorder::new(state, Arrays::InPlace, config.reversible);
        let types = encode_types(&recorder.types);
        Self { unfold: Unfold::of(state), ..Self::of(recorder, types) }
    }

    /// One that hears of a walk only what it is told.
    pub(crate) fn plain<S: Schema>(state: &Tracked<S>, config: Config) -> Self {
        let recorder = Recorder::new(state, Arrays::InPlace, config.reversible);
        let types = encode_types(&recorder.types);
        Self::of(recorder, types)
    }

    /// One that was told the same and goes on by itself.
    pub(crate) fn fork(&self) -> Self {
        let (clients, messages) = (self.clients.clone(), self.messages.clone());
        Self { clients, messages, ..Self::of(self.recorder.clone(), self.types.clone()) }
    }

    fn of(recorder: Recorder, types: Vec<u8>) -> Self {
        let (clients, messages, grown) = Default::default();
        Self { recorder, unfold: None, clients, types, messages, grown }
    }

    /// What changed since the last call, one message each, in order. Of a state that was never
    /// synced, nothing: clients begin with a snapshot.
    ///
    /// This consumes the changes. Where a state has several codecs, give them to
    /// [`Tracked::sync`] together and read [`last_patch`](Self::last_patch).
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this encoder.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Vec<u8>] {
        state.sync(self);
        self.messages.all()
    }

    /// What changed in the last sync, one message each.
    pub fn last_patch(&self) -> &[Vec<u8>] {
        self.messages.all()
    }

    /// What the last sync changed for those with this view, one message each; they begin with
    /// [`snapshot_for`](Self::snapshot_for). Worked out once a sync, however often it is asked for.
    pub fn patch_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> &[Vec<u8>] {
        self.seen_by(state, view).last_patch()
    }

    /// All there is for a client with this view that has nothing. It belongs right behind a patch that
    /// the others were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot_for<S: Schema>(&mut self, state: &Tracked<S>, view: ViewId) -> Vec<u8> {
        self.recorder.check_synced();
        self.seen_by(state, view).snapshot()
    }

    pub(crate) fn another(&self) -> Self {
        Self::of(self.recorder.another(), self.types.clone())
    }

    fn finish(&mut self) {
        self.messages.clear();
        if self.recorder.is_first() {
            // Nobody is told, but every node gets its number.
            let root = Slot::Node(RefId::ROOT);
            self.clients.bring(&self.recorder.document, &root, &mut Vec::new());
        }
        self.grown.clear();
        for change in &self.recorder.changes {
            self.clients.message(
                &self.recorder.document,
                change.op,
                self.recorder.id(change.container),
                &change.segment,
                change.value.as_ref(),
                change.old.as_ref(),
                self.messages.add(),
            );
            let is_key = matches!(change.segment, Segment::Key(_));
            if change.op == Op::Add && is_key && self.grown.last() != Some(&change.container) {
                self.grown.push(change.container);
            }
        }
        for at in 0..self.grown.len() {
            self.renew_if_stale(self.grown[at]);
        }
        for id in &self.recorder.released {
            self.clients.forget(*id);
        }
    }

    /// The state with its types, for a client that has nothing. It belongs right behind a patch
    /// that the others were sent.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot(&self) -> Vec<u8> {
        self.recorder.check_synced();
        let mut out = Vec::new();
        write::array(&mut out, 2);
        self.clients.show(&self.recorder.document, &Slot::Node(RefId::ROOT), &mut out);
        out.extend_from_slice(&self.types);
        out
    }

    /// The state alone, for a client that knows the types: for
    /// [`PatchpackDecoder::from_state_without_types`](super::PatchpackDecoder::from_state_without_types). The decoder of
    /// the package `patchpack` reads no such state, though its encoder writes it.
    ///
    /// # Panics
    ///
    /// If there was no patch yet.
    pub fn snapshot_without_types(&self) -> Vec<u8> {
        self.recorder.check_synced();
        let mut out = Vec::new();
        write::array(&mut out, 1);
        self.clients.show(&self.recorder.document, &Slot::Node(RefId::ROOT), &mut out);
        out
    }

    /// The table of types, which is the same as long as the state is: a snapshot has it behind the state.
    pub fn types(&self) -> &[u8] {
        &self.types
    }

    /// Sends a map anew, without the keys that are gone, if it has more of those than others.
    fn renew_if_stale(&mut self, map: At) {
        let id = self.recorder.id(map);
        let Node::Map(entries) = self.recorder.document.node(id) else { return };
        let known = self.clients.node(id).keys.as_ref().map_or(0, |keys| keys.len());
        let Some((container, segment)) = self.recorder.place(map) else { return };
        if known > 2 * entries.len() + KEYS_TO_SPARE {
            let slot = Slot::Node(id);
            let old = self.recorder.is_reversible().then(|| self.recorder.document.keep(&slot));
            self.clients.message(
                &self.recorder.document,
                Op::Replace,
                self.recorder.id(container),
                segment,
                Some(&slot),
                old.as_ref(),
                self.messages.add(),
            );
        }
    }
}

/// How many keys more than live ones a map may have had, twice over.
const KEYS_TO_SPARE: usize = 64;

impl Clients {
    fn node(&self, id: RefId) -> &ClientNode {
        &self.nodes[id.0 as usize]
    }

    fn forget(&mut self, id: RefId) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            *node = ClientNode::default();
        }
    }

    /// Writes one patch; clients have it from now on.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of a patch")]
    pub(super) fn message(
        &mut self,
        document: &Document,
        op: Op,
        parent: RefId,
        segment: &Segment,
        value: Option<&Slot>,
        old: Option<&Kept>,
        out: &mut Vec<u8>,
    ) {
        let values = usize::from(value.is_some()) + usize::from(old.is_some());
        write::array(out, 3 + values);
        out.push(op.number());
        write::unsigned(out, self.node(parent).id);
        let mut new_key = None;
        match segment {
            Segment::Field(_, field) => write::unsigned(out, field.0.into()),
            Segment::Index(index) => write::unsigned(out, *index as u64),
            Segment::Key(key) if op == Op::Add => {
                write::signed(out, -1);
                new_key = Some(key);
            }
            Segment::Key(key) => {
                let keys = self.node(parent).keys.as_ref();
                let position = keys.and_then(|keys| keys.position(key));
                let position = position.expect("a key that clients have was added to their list");
                write::unsigned(out, position as u64);
            }
        }
        if let Some(key) = new_key {
            write::array(out, 2);
            write::string(out, key);
            self.nodes[parent.0 as usize].keys.get_or_insert_default().push(key);
        }
        if let Some(value) = value {
            self.bring(document, value, out);
        }
        if let Some(old) = old {
            self.recall(old, out);
        }
    }

    /// Writes what is in a place as something new: with new numbers and new lists of keys.
    pub(super) fn bring(&mut self, document: &Document, slot: &Slot, out: &mut Vec<u8>) {
        let id = match slot {
            Slot::Leaf(value) => return write::value(out, value),
            Slot::Node(id) => *id,
        };
        let at = id.0 as usize;
        if at >= self.nodes.len() {
            self.nodes.resize(at + 1, ClientNode::default());
        }
        let number = self.next_id;
        self.next_id += 1;
        self.nodes[at] = ClientNode { id: number, keys: None };
        match document.node(id) {
            Node::Struct(of, run) => {
                let fields = up_to_last(document.fields(*run));
                header(out, of.0.into(), number, fields.len());
                for field in fields {
                    match field {
                        Some(Slot::Leaf(value)) => write::value(out, value),
                        Some(slot) => self.bring(document, slot, out),
                        None => write::undefined(out),
                    }
                }
            }
            Node::Map(entries) => {
                header(out, MAP, number, 2 * entries.len());
                for (key, slot) in entries.iter() {
                    self.nodes[at].keys.get_or_insert_default().push(key);
                    write::string(out, key);
                    self.bring(document, slot, out);
                }
            }
            Node::Array(items) => {
                header(out, ARRAY, number, items.len());
                for slot in items {
                    self.bring(document, slot, out);
                }
            }
        }
    }

    /// Writes what is in a place as clients have it.
    pub(super) fn show(&self, document: &Document, slot: &Slot, out: &mut Vec<u8>) {
        let id = match slot {
            Slot::Leaf(value) => return write::value(out, value),
            Slot::Node(id) => *id,
        };
        let ClientNode { id: number, keys } = self.node(id);
        match document.node(id) {
            Node::Struct(of, run) => {
                let fields = up_to_last(document.fields(*run));
                header(out, of.0.into(), *number, fields.len());
                for field in fields {
                    match field {
                        Some(Slot::Leaf(value)) => write::value(out, value),
                        Some(slot) => self.show(document, slot, out),
                        None => write::undefined(out),
                    }
                }
            }
            Node::Map(entries) => {
                let keys = keys.as_deref();
                header(out, MAP, *number, 2 * keys.map_or(0, Keys::len));
                // As long as no key goes, entries are in the order of the keys, and none need be looked for.
                let mut next = 0;
                for (key, is_first) in keys.into_iter().flat_map(Keys::iter) {
                    write::string(out, key);
                    let there = match entries.get_index(next) {
                        Some((other, slot)) if other == key => Some((next, slot)),
                        _ => entries.get_full(key).map(|(at, _, slot)| (at, slot)),
                    };
                    match there.filter(|_| is_first) {
                        Some((at, slot)) => {
                            next = at + 1;
                            self.show(document, slot, out);
                        }
                        None => write::undefined(out),
                    }
                }
            }
            Node::Array(items) => {
                header(out, ARRAY, *number, items.len());
                for slot in items {
                    self.show(document, slot, out);
                }
            }
        }
    }

    /// Writes what was in a place.
    fn recall(&self, kept: &Kept, out: &mut Vec<u8>) {
        let number = |id: &RefId| self.nodes.get(id.0 as usize).map_or(0, |node| node.id);
        match kept {
            Kept::Leaf(value) => write::value(out, value),
            Kept::Struct(id, of, fields) => {
                let fields = up_to_last(fields);
                header(out, of.0.into(), number(id), fields.len());
                for field in fields {
                    match field {
                        Some(kept) => self.recall(kept, out),
                        None => write::undefined(out),
                    }
                }
            }
            Kept::Map(id, entries) => {
                header(out, MAP, number(id), 2 * entries.len());
                for (key, kept) in entries {
                    write::string(out, key);
                    self.recall(kept, out);
                }
            }
            Kept::Array(id, items) => {
                header(out, ARRAY, number(id), items.len());
                for kept in items {
                    self.recall(kept, out);
                }
            }
        }
    }
}

/// The beginning of a form with so many elements behind its type and number.
fn header(out: &mut Vec<u8>, of: i64, number: u64, len: usize) {
    write::array(out, 2 + len);
    write::signed(out, of);
    write::unsigned(out, number);
}

/// The positions of a struct up to the last one that is not empty.
fn up_to_last<T>(fields: &[Option<T>]) -> &[Option<T>] {
    let len = fields.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    &fields[..len]
}

fn encode_types(types: &TypeSet) -> Vec<u8> {
    let types = types.types.iter().map(|of| {
        let names = of.fields.iter().map(|field| field.name.as_str());
        Value::Array(std::iter::once(of.name.as_str()).chain(names).map(Value::from).collect())
    });
    crate::notepack::encode(&Value::Array(types.collect()))
}
