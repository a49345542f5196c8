//! A tracker over a state, as Mosx has it: listeners with tags, who sees what by them, patches for each.
//!
//! A struct has tags, its own and those of its *parent*: a struct that was said to be its parent, or the
//! root. A listener has tags too. It has access to a struct if one tag is in both. What is private shows
//! to those with access alone: fields that are marked with `view`, and structs of the types that the
//! [`TrackerConfig`] names. Of a private struct without access one sees `undefined` in its place; in a map
//! nothing at all, unless [`private_map_value_patch`](TrackerConfig::private_map_value_patch) is set.
//!
//! Tags are given and taken at any time, those of structs and those of listeners. With the next sync those whom
//! it concerns get the patches that make of what they hold what they may see. What is below a private
//! struct or field shows with it.
//!
//! Changes are put together once, and compared once for each distinct set of tags, however many listeners
//! have it.
//!
//! ```
//! use tidewire_patch::{ListenerConfig, Tracker, TrackerConfig};
//! use tidewire_state::{MapSchema, Schema, Tracked};
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Player { name: String, #[schema(view)] gold: u32 }
//!
//! #[derive(Schema, Default)]
//! # #[schema(crate = "tidewire_state")]
//! struct Arena { players: MapSchema<Player> }
//!
//! let mut arena = Tracked::new(Arena::default());
//! arena.players.insert("ada", Player { name: "Ada".into(), gold: 7 });
//! let mut tracker = Tracker::new(&arena, TrackerConfig::default())?;
//! let ada = tracker.listen(["ada"], ListenerConfig::default());
//! let other = tracker.listen(["bob"], ListenerConfig::default());
//! tracker.patch(&mut arena);
//! assert_eq!(tracker.snapshot(ada).to_json().to_string(), r#"{"players":{"ada":{"name":"Ada"}}}"#);
//!
//! let player = arena.node(&["players", "ada"])?;
//! tracker.add_tag(player, "ada");
//! tracker.patch(&mut arena);
//! let patch = tracker.patches(ada).next().unwrap().to_json();
//! assert_eq!(patch.to_string(), r#"{"op":"add","path":"/players/ada/gold","value":7}"#);
//! assert_eq!(tracker.patches(other).count(), 0);
//!
//! tracker.add_listener_tag(other, "ada");
//! tracker.patch(&mut arena);
//! assert_eq!(tracker.patches(other).next().unwrap().path.to_string(), "/players/ada/gold");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod tags;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use foldhash::fast::RandomState;
use thiserror::Error;
use tidewire_state::{
    Audience, Enter, EntryAt, FieldIndex, Introduced, Known, NodeMembersEdit, Presence, RefEdit,
    RefId, Refusal, Rule, Schema, Tracked, TypeSet, Unfold, Value as Leaf, ValueEdit, Visibility,
    Visitor,
};

use self::tags::Tags;
use crate::{
    changes::{Config, PatchEncoder},
    notepack::Value,
    patch::{Op, Patch},
};

/// What a [`Tracker`] is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackerConfig {
    /// The names of the types whose structs are private.
    pub private_types: Vec<String>,
    /// Whether everyone is told of the keys of private structs in maps, with `undefined` for their values.
    pub private_map_value_patch: bool,
}

/// What a listener is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerConfig {
    /// Whether patches say what was there before, so that they can be undone.
    pub reversible: bool,
    /// The operations that are told; all, if there are none.
    pub only: Vec<Op>,
    /// Whether it sees everything, whatever its tags.
    pub spy: bool,
}

/// The number of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(usize);

/// What a tracker refuses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrackerError {
    /// A type that there is none of.
    #[error("the state has no type `{0}` that could be private")]
    NoType(String),
    /// A root that some would see nothing of.
    #[error("the root's type `{0}` cannot be private: no patch could show or hide the whole state")]
    PrivateRoot(String),
    /// A struct that would be its own parent.
    #[error("a struct cannot be a parent of itself, nor of one of its parents")]
    OwnParent,
}

/// Tells listeners what changes in a state, each what it may see.
#[derive(Debug)]
pub struct Tracker {
    unfold: Unfold<PatchEncoder>,
    types: Arc<TypeSet>,
    rules: Rules,
    /// Who sees the same is told together.
    groups: Vec<Group>,
    listeners: Vec<Option<(usize, ListenerConfig)>>,
    first: PatchEncoder,
    is_synced: bool,
}

/// Who sees what, but for the listener's part.
#[derive(Debug)]
struct Rules {
    /// By type.
    private: Vec<bool>,
    private_map_value_patch: bool,
    tags: Tags,
    /// Whether a tag was given or taken since the last sync.
    changed: bool,
}

#[derive(Debug)]
struct Group {
    seer: Seer,
    audience: Audience,
    encoder: PatchEncoder,
    listeners: usize,
    /// Whether its tags are others than at the last sync.
    changed: bool,
}

/// Whose eyes one looks through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Seer {
    tags: BTreeSet<String>,
    spy: bool,
}

impl Tracker {
    /// A tracker of `state`.
    ///
    /// # Errors
    ///
    /// If a type that shall be private is not there, or is the root's.
    ///
    /// # Panics
    ///
    /// If `state` was synced already.
    pub fn new<S: Schema>(state: &Tracked<S>, config: TrackerConfig) -> Result<Self, TrackerError> {
        let first = PatchEncoder::plain(state, Config::default());
        let types = Arc::new(state.types());
        let mut private = vec![false; types.types.len()];
        for name in config.private_types {
            let Some(index) = types.find(&name) else { return Err(TrackerError::NoType(name)) };
            if index == types.root {
                return Err(TrackerError::PrivateRoot(name));
            }
            private[index.0 as usize] = true;
        }
        let (private_map_value_patch, tags) = (config.private_map_value_patch, Tags::default());
        Ok(Self {
            unfold: Unfold::new((*types).clone()),
            types,
            rules: Rules { private, private_map_value_patch, tags, changed: false },
            groups: Vec::new(),
            listeners: Vec::new(),
            first,
            is_synced: false,
        })
    }

    /// The types of the state.
    pub fn types(&self) -> &TypeSet {
        &self.types
    }

    /// A listener with these tags, who is told what changes from now on. What it begins with is
    /// [`snapshot`](Self::snapshot).
    pub fn listen<T: Into<String>>(
        &mut self,
        tags: impl IntoIterator<Item = T>,
        config: ListenerConfig,
    ) -> ListenerId {
        let tags = tags.into_iter().map(Into::into).collect();
        let seer = Seer { tags, spy: config.spy };
        let is_known = |group: &Group| group.listeners > 0 && !group.changed && group.seer == seer;
        let known = self.groups.iter().position(is_known);
        let at = known.unwrap_or_else(|| self.group(seer));
        self.groups[at].join(&config);
        let id = self.listeners.iter().position(Option::is_none).unwrap_or(self.listeners.len());
        if id == self.listeners.len() {
            self.listeners.push(None);
        }
        self.listeners[id] = Some((at, config));
        ListenerId(id)
    }

    /// Tells a listener nothing any more. Its number may stand for another from now on.
    pub fn dispose(&mut self, listener: ListenerId) {
        if let Some((at, _)) = self.listeners.get_mut(listener.0).and_then(Option::take) {
            self.groups[at].listeners -= 1;
        }
    }

    /// Gives a listener other tags. The next sync has the patches that make of what it holds what they show;
    /// until then [`snapshot`](Self::snapshot) is what the old ones showed. A listener that is gone has none.
    pub fn set_listener_tags<T: Into<String>>(
        &mut self,
        listener: ListenerId,
        tags: impl IntoIterator<Item = T>,
    ) {
        let tags = tags.into_iter().map(Into::into).collect();
        self.retag(listener, |_| tags);
    }

    /// Gives a listener one more tag, as [`set_listener_tags`](Self::set_listener_tags) does.
    pub fn add_listener_tag(&mut self, listener: ListenerId, tag: impl Into<String>) {
        let tag = tag.into();
        self.retag(listener, |mut tags| {
            tags.insert(tag);
            tags
        });
    }

    /// Takes a tag from a listener, as [`set_listener_tags`](Self::set_listener_tags) does.
    pub fn delete_listener_tag(&mut self, listener: ListenerId, tag: &str) {
        self.retag(listener, |mut tags| {
            tags.remove(tag);
            tags
        });
    }

    /// The tags of a listener, in order.
    pub fn listener_tags(&self, listener: ListenerId) -> Vec<&str> {
        let listener = self.listeners.get(listener.0).and_then(Option::as_ref);
        let tags = listener.map(|(at, _)| &self.groups[*at].seer.tags);
        tags.into_iter().flatten().map(String::as_str).collect()
    }

    fn retag(
        &mut self,
        listener: ListenerId,
        change: impl FnOnce(BTreeSet<String>) -> BTreeSet<String>,
    ) {
        let Some(Some((at, config))) = self.listeners.get(listener.0) else { return };
        let (at, config) = (*at, config.clone());
        let group = &mut self.groups[at];
        let tags = change(group.seer.tags.clone());
        if tags == group.seer.tags {
            return;
        }
        let seer = Seer { tags, ..group.seer };
        if group.listeners == 1 {
            // A spy sees what it saw.
            group.changed |= !seer.spy;
            group.seer = seer;
            return;
        }
        // The others go on without it.
        group.listeners -= 1;
        let mut fork = group.fork(seer);
        fork.join(&config);
        let at = self.put(fork);
        self.listeners[listener.0] = Some((at, config));
    }

    /// Gives a struct a tag. [`Tracked::node`] tells its number.
    pub fn add_tag(&mut self, node: RefId, tag: impl Into<String>) {
        self.rules.changed |= self.rules.tags.add(node, tag.into());
    }

    /// Takes a tag from a struct.
    pub fn delete_tag(&mut self, node: RefId, tag: &str) {
        self.rules.changed |= self.rules.tags.delete(node, tag);
    }

    /// Says whose tags a struct has beside its own: another's, or the root's. Where it lies in the state does
    /// not matter.
    ///
    /// # Errors
    ///
    /// If it would be its own parent by that.
    pub fn set_parent(&mut self, node: RefId, parent: Option<RefId>) -> Result<(), TrackerError> {
        self.rules.changed |= self.rules.tags.set_parent(node, parent)?;
        Ok(())
    }

    /// The tags of a struct, its own and its parents', in order.
    pub fn tags(&self, node: RefId) -> Vec<&str> {
        let all: BTreeSet<&str> = self.rules.tags.of(node).collect();
        all.into_iter().collect()
    }

    /// Syncs the state; [`patches`](Self::patches) has what came of it. Where a state has several codecs,
    /// give them to [`Tracked::sync`] together.
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this tracker.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) {
        state.sync(self);
    }

    /// What the last sync changed for a listener, in the order in which it is to be applied. Of the first
    /// sync, nothing: it begins with a snapshot.
    pub fn patches(&self, listener: ListenerId) -> impl Iterator<Item = Patch> {
        let listener = self.listeners.get(listener.0).and_then(Option::as_ref);
        let patches = listener.map(|(at, config)| (self.groups[*at].encoder.last_patch(), config));
        patches.into_iter().flat_map(|(patches, config)| {
            let is_told =
                |patch: &&Patch| config.only.is_empty() || config.only.contains(&patch.op);
            patches.iter().filter(is_told).map(|patch| match config.reversible {
                true => patch.clone(),
                false => Patch { old: None, ..patch.clone() },
            })
        })
    }

    /// All that a listener may see, as of the last sync. `undefined` for a listener that is gone.
    ///
    /// # Panics
    ///
    /// If there was no sync yet.
    pub fn snapshot(&self, listener: ListenerId) -> Value {
        let listener = self.listeners.get(listener.0).and_then(Option::as_ref);
        listener.map_or(Value::Undefined, |(at, _)| self.groups[*at].encoder.snapshot())
    }

    /// Why the last patches of a listener leave out something that it may see: by path, what leads to itself
    /// has no end.
    pub fn refusal(&self, listener: ListenerId) -> Option<Refusal> {
        let (at, _) = self.listeners.get(listener.0)?.as_ref()?;
        self.groups[*at].audience.refusal()
    }

    fn group(&mut self, seer: Seer) -> usize {
        let (audience, encoder) = (Audience::default(), self.first.another());
        let mut group = Group { seer, audience, encoder, listeners: 0, changed: false };
        if self.is_synced {
            group.tell(&self.unfold, &self.rules, false);
        }
        self.put(group)
    }

    /// Puts a group where none is.
    fn put(&mut self, group: Group) -> usize {
        let free = self.groups.iter().position(|group| group.listeners == 0);
        let at = free.unwrap_or(self.groups.len());
        if at == self.groups.len() {
            self.groups.push(group);
        } else {
            self.groups[at] = group;
        }
        at
    }
}

/// Whoever came to see the same as others, by other tags, is told together with them from now on.
fn unite(groups: &mut [Group], listeners: &mut [Option<(usize, ListenerConfig)>]) {
    let mut firsts: HashMap<Seer, usize, RandomState> = HashMap::default();
    for at in 0..groups.len() {
        let group = &groups[at];
        // What is to be told to those with other tags is not what the others are told.
        if group.listeners == 0 || group.changed {
            continue;
        }
        let first = *firsts.entry(group.seer.clone()).or_insert(at);
        if first == at {
            continue;
        }
        for (of, config) in listeners.iter_mut().flatten().filter(|(of, _)| *of == at) {
            *of = first;
            groups[at].listeners -= 1;
            groups[first].join(config);
        }
    }
}

impl Group {
    /// Takes in a listener.
    fn join(&mut self, config: &ListenerConfig) {
        self.listeners += 1;
        if config.reversible {
            self.encoder.set_reversible();
        }
    }

    /// One that was told the same, for someone with other tags.
    fn fork(&self, seer: Seer) -> Self {
        let (audience, encoder) = (self.audience.clone(), self.encoder.fork());
        let changed = !seer.spy;
        Self { seer, audience, encoder, listeners: 0, changed }
    }

    fn tell(&mut self, unfold: &Unfold<PatchEncoder>, rules: &Rules, all: bool) {
        let sight = Sight { rules, seer: &self.seer };
        unfold.tell(&sight, &mut self.audience, all, &mut self.encoder);
    }
}

/// What one seer sees.
struct Sight<'a> {
    rules: &'a Rules,
    seer: &'a Seer,
}

impl Sight<'_> {
    fn has_access(&self, node: RefId) -> bool {
        self.seer.spy || self.rules.tags.of(node).any(|tag| self.seer.tags.contains(tag))
    }
}

impl Rule for Sight<'_> {
    fn shows(&self, holder: Known, visibility: Visibility) -> bool {
        !visibility.is_hidden() || self.has_access(holder.id)
    }

    fn presence(&self, node: Known, holder: Known, shown: bool) -> Presence {
        let is_private = node.index.is_some_and(|of| self.rules.private[of.0 as usize]);
        match shown {
            false => Presence::Absent,
            true if !is_private || self.has_access(node.id) => Presence::There,
            true if holder.is_map && !self.rules.private_map_value_patch => Presence::Absent,
            true => Presence::Veiled,
        }
    }
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name(&mut self $(, $arg: $type)*) {
            self.unfold.follow().$name($($arg),*);
        }
    )*};
}

impl Visitor for Tracker {
    fn end(&mut self) {
        self.unfold.follow().end();
        self.is_synced = true;
        let all = std::mem::take(&mut self.rules.changed);
        unite(&mut self.groups, &mut self.listeners);
        for group in self.groups.iter_mut().filter(|group| group.listeners > 0) {
            let changed = std::mem::take(&mut group.changed);
            group.tell(&self.unfold, &self.rules, all || changed);
        }
    }

    fn renumbered(&mut self, from: RefId, to: RefId) {
        self.unfold.follow().renumbered(from, to);
        self.rules.tags.renumber(from, to);
    }

    fn released(&mut self, node: RefId) {
        self.unfold.follow().released(node);
        self.rules.tags.forget(node);
    }

    forward! {
        begin(tick: u64);
        enter(node: Enter<'_>);
        leave();
        introduce(node: Introduced);
        field(field: FieldIndex, value: Leaf<'_>, old: Option<Leaf<'_>>);
        reference(field: FieldIndex, node: RefId, old: Option<RefId>);
        unset(field: FieldIndex);
        entries_reset(live: &mut dyn Iterator<Item = u32>);
        entry_removed(at: EntryAt<'_>);
        entry(at: EntryAt<'_>, value: Leaf<'_>, old: Option<Leaf<'_>>);
        entry_reference(at: EntryAt<'_>, node: RefId, old: Option<RefId>);
        item(index: usize, value: Leaf<'_>, old: Leaf<'_>);
        items(edit: ValueEdit<'_>);
        item_references(edit: RefEdit<'_>);
        node_members(edit: NodeMembersEdit<'_>);
    }
}
