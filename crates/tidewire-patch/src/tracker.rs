//! A tracker over a state, as Mosx has it: listeners with tags, who sees what by them, patches for each.
//!
//! A struct has tags, its own and those of its *parent*: a struct that was said to be its parent, or the
//! root. A listener has tags too. It has access to a struct if one tag is in both. What is private shows
//! to those with access alone: fields that are marked with `view`, and structs of the types that the
//! [`TrackerConfig`] names, with the types that extend these. Of a private struct without access one sees `undefined` in its place; in a map
//! nothing at all, unless [`private_map_value_patch`](TrackerConfig::private_map_value_patch) is set.
//!
//! Tags are given and taken at any time, those of structs and those of listeners. With the next sync those whom
//! it concerns get the patches that make of what they hold what they may see. What is below a private
//! struct or field shows with it. Tags are those of a number, and go with the struct that has it: one that is taken out
//! and put in again is another. Fields whose functions say what the client of a view sees are refused.
//!
//! Changes are put together once, and told once for all listeners who are shown the same: those whose tags
//! differ in none that a struct has, and all spies. With a [`TrackerSerializer`], or one of one's own, they are told in
//! bytes, encoded as often. docs/TRACKER.md is the guide.
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
//! let ada = tracker.listen(["ada"], ListenerConfig::default())?;
//! let other = tracker.listen(["bob"], ListenerConfig::default())?;
//! tracker.patch(&mut arena);
//! assert_eq!(tracker.snapshot(ada).to_json().to_string(), r#"{"players":{"ada":{"name":"Ada"}}}"#);
//!
//! let player = arena.node(&["players", "ada"])?;
//! tracker.add_tag(&arena, player, "ada")?;
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

mod codec;
mod config;
mod groups;
mod rules;
mod tags;

use std::{collections::BTreeSet, sync::Arc};

use tidewire_state::{
    Audience, Enter, EntryAt, FieldIndex, Introduced, Named, NodeMembersEdit, RefEdit, RefId,
    Schema, Tracked, TypeSet, Unfold, Value as Leaf, ValueEdit, Visitor,
};

pub use self::config::{ListenerConfig, TrackerConfig, TrackerError, TrackerSerializer};
use self::{
    codec::Codec,
    groups::Groups,
    rules::{Rules, Seer, Sight},
};
use crate::{
    changes::PatchEncoder, notepack::Value, patch::Patch, refusal::Refusal, serializer::Serializer,
};

/// The number of a listener. It never stands for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(u64);

/// Tells listeners what changes in a state, each what it may see.
#[derive(Debug)]
pub struct Tracker {
    unfold: Unfold<PatchEncoder>,
    types: Arc<TypeSet>,
    rules: Rules,
    groups: Groups,
    reversible: bool,
}

impl Tracker {
    /// A tracker of `state`, whose listeners are told in the bytes that `config` names, if in bytes.
    ///
    /// # Errors
    ///
    /// If a type that shall be private or public is not there, or the root would be private; if a function of
    /// the program says who sees a field; if the state was synced already, or has more types than the bytes can
    /// tell apart.
    pub fn new<S: Schema>(state: &Tracked<S>, config: TrackerConfig) -> Result<Self, TrackerError> {
        not_synced(state)?;
        let codec = Codec::new(state, &config)?;
        Self::of(state, config, codec)
    }

    /// A tracker whose listeners are told in the bytes of a serializer of one's own, whatever `config` names. Each
    /// group of listeners who are shown the same has one, from [`Serializer::for_view`].
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and if the serializer serves no views.
    pub fn with_serializer<S: Schema>(
        state: &Tracked<S>,
        config: TrackerConfig,
        serializer: Box<dyn Serializer>,
    ) -> Result<Self, TrackerError> {
        not_synced(state)?;
        let codec = Codec::own(state, &config, serializer)?;
        Self::of(state, config, codec)
    }

    fn of<S: Schema>(
        state: &Tracked<S>,
        config: TrackerConfig,
        codec: Codec,
    ) -> Result<Self, TrackerError> {
        let (types, reversible) = (state.types(), config.reversible);
        let rules = Rules::new(&types, config)?;
        let (unfold, types) = (Unfold::new(types.clone()), Arc::new(types));
        let groups = Groups::new(codec);
        Ok(Self { unfold, types, rules, groups, reversible })
    }

    /// The types of the state.
    pub fn types(&self) -> &TypeSet {
        &self.types
    }

    /// How many groups of listeners there are who are shown the same. The work of a sync, and what is kept of the state,
    /// goes with them.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// A listener with these tags, who is told what changes from now on. What it begins with is
    /// [`snapshot`](Self::snapshot), or [`encoded_snapshot`](Self::encoded_snapshot).
    ///
    /// # Errors
    ///
    /// If it asks for some operations only, and what it is told in needs all: of patchpack and serializers of one's own
    /// each message counts on those before.
    pub fn listen<T: Into<String>>(
        &mut self,
        tags: impl IntoIterator<Item = T>,
        config: ListenerConfig,
    ) -> Result<ListenerId, TrackerError> {
        let first = &self.groups.first;
        if !config.only.is_empty() && !first.goes_by_path() {
            return Err(TrackerError::Only(first.name().to_owned()));
        }
        let tags = tags.into_iter().map(Into::into).collect();
        Ok(ListenerId(self.groups.listen(tags, config, &self.unfold, &self.rules)))
    }

    /// Tells a listener nothing any more. What only it was told is forgotten.
    pub fn dispose(&mut self, listener: ListenerId) {
        self.groups.dispose(listener.0);
    }

    /// Gives a listener other tags. The next sync has the patches that make of what it holds what they show;
    /// until then [`snapshot`](Self::snapshot) is what the old ones showed. A listener that is gone has none.
    pub fn set_listener_tags<T: Into<String>>(
        &mut self,
        listener: ListenerId,
        tags: impl IntoIterator<Item = T>,
    ) {
        let now = tags.into_iter().map(Into::into).collect();
        self.groups.retag(listener.0, |tags| *tags = now);
    }

    /// Gives a listener one more tag, as [`set_listener_tags`](Self::set_listener_tags) does.
    pub fn add_listener_tag(&mut self, listener: ListenerId, tag: impl Into<String>) {
        let tag = tag.into();
        self.groups.retag(listener.0, |tags| {
            tags.insert(tag);
        });
    }

    /// Takes a tag from a listener, as [`set_listener_tags`](Self::set_listener_tags) does.
    pub fn delete_listener_tag(&mut self, listener: ListenerId, tag: &str) {
        self.groups.retag(listener.0, |tags| {
            tags.remove(tag);
        });
    }

    /// The tags of a listener, in order.
    pub fn listener_tags(&self, listener: ListenerId) -> Vec<&str> {
        let listener = self.groups.listeners.get(&listener.0);
        listener.into_iter().flat_map(|listener| &listener.tags).map(String::as_str).collect()
    }

    /// Gives a struct a tag. [`Tracked::node`] tells its number.
    ///
    /// # Errors
    ///
    /// If no struct of `state` has this number: it is gone, or was never there, or it is a collection.
    pub fn add_tag<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        node: RefId,
        tag: impl Into<String>,
    ) -> Result<(), TrackerError> {
        self.check(state, node)?;
        self.rules.tags.add(node, tag.into());
        Ok(())
    }

    /// Takes a tag from a struct, if it has that.
    ///
    /// # Errors
    ///
    /// As of [`add_tag`](Self::add_tag).
    pub fn delete_tag<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        node: RefId,
        tag: &str,
    ) -> Result<(), TrackerError> {
        self.check(state, node)?;
        self.rules.tags.delete(node, tag);
        Ok(())
    }

    /// Says whose tags a struct has beside its own: another's, or the root's. Where it lies in the state does
    /// not matter. When the parent goes, it is the root's.
    ///
    /// # Errors
    ///
    /// If it would be its own parent by that, or as of [`add_tag`](Self::add_tag).
    pub fn set_parent<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        node: RefId,
        parent: Option<RefId>,
    ) -> Result<(), TrackerError> {
        for node in parent.into_iter().chain([node]) {
            self.check(state, node)?;
        }
        self.rules.tags.set_parent(node, parent)
    }

    /// The struct that was said to be the parent of another; nothing where that is the root.
    pub fn parent(&self, node: RefId) -> Option<RefId> {
        self.rules.tags.parent(node)
    }

    /// The tags of a struct, its own and its parents', in order.
    pub fn tags(&self, node: RefId) -> Vec<&str> {
        let all: BTreeSet<&str> = self.rules.tags.of(node).collect();
        all.into_iter().collect()
    }

    /// Whether a struct has this number, or will have it with the next sync.
    fn check<S: Schema>(&self, state: &Tracked<S>, node: RefId) -> Result<(), TrackerError> {
        let look = self.unfold.look();
        let is_struct = match state.named(node) {
            Some(named) => Some(named == Named::Struct),
            None if node == RefId::ROOT => Some(true),
            None => look.has(node).then(|| look.known(node).index.is_some()),
        };
        match is_struct {
            Some(true) => Ok(()),
            Some(false) => Err(TrackerError::Collection(node)),
            None => Err(TrackerError::NoNode(node)),
        }
    }

    /// Syncs the state; [`patches`](Self::patches) and [`messages`](Self::messages) have what came of it. Where a
    /// state has several codecs, give them to [`Tracked::sync`] together.
    ///
    /// # Panics
    ///
    /// If changes of this state were consumed without this tracker.
    pub fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) {
        state.sync(self);
    }

    /// What the last sync changed for a listener, in the order in which it is to be applied. Nothing if the
    /// listener came after that: it begins with a snapshot.
    pub fn patches(&self, listener: ListenerId) -> impl Iterator<Item = Patch> {
        let told = self.groups.of(listener.0).filter(|(one, _)| one.came < self.groups.syncs);
        told.into_iter().flat_map(|(listener, group)| {
            let only = &listener.config.only;
            let reversible = self.reversible || listener.config.reversible;
            let is_told = |patch: &Patch| only.is_empty() || only.contains(&patch.op);
            group.codec.patches().filter(is_told).map(move |patch| match reversible {
                true => patch,
                false => Patch { old: None, ..patch },
            })
        })
    }

    /// As [`patches`](Self::patches), in bytes: of `mpack`, `light` and `patchpack` a message for each patch, of a
    /// serializer of one's own one message. None without a serializer.
    pub fn messages(&self, listener: ListenerId) -> impl Iterator<Item = &[u8]> {
        let told = self.groups.of(listener.0).filter(|(one, _)| one.came < self.groups.syncs);
        told.into_iter().flat_map(|(one, group)| group.codec.messages(&one.config.only))
    }

    /// All that a listener may see, as of the last sync. `undefined` for a listener that is gone.
    ///
    /// # Panics
    ///
    /// If there was no sync yet.
    pub fn snapshot(&self, listener: ListenerId) -> Value {
        self.groups.of(listener.0).map_or(Value::Undefined, |(_, group)| group.codec.snapshot())
    }

    /// As [`snapshot`](Self::snapshot), in bytes. Nothing for a listener that is gone, and without a serializer.
    ///
    /// # Panics
    ///
    /// If there was no sync yet.
    pub fn encoded_snapshot(&mut self, listener: ListenerId) -> Option<Vec<u8>> {
        self.groups.of_mut(listener.0)?.codec.encoded_snapshot()
    }

    /// All that whoever has these tags may see now, of the state as of the last sync.
    ///
    /// # Panics
    ///
    /// If there was no sync yet.
    pub fn snapshot_for<T: Into<String>>(&self, tags: impl IntoIterator<Item = T>) -> Value {
        let tags = tags.into_iter().map(Into::into).collect();
        self.show(&Seer { tags, spy: false, reversible: false })
    }

    /// All there is, as of the last sync: what a spy sees.
    ///
    /// # Panics
    ///
    /// If there was no sync yet.
    pub fn snapshot_for_spy(&self) -> Value {
        self.show(&Seer { tags: BTreeSet::new(), spy: true, reversible: false })
    }

    fn show(&self, seer: &Seer) -> Value {
        assert!(self.groups.syncs > 0, "nothing was synced yet: call `patch` before `snapshot`");
        let mut encoder = PatchEncoder::of_types(Arc::clone(&self.types));
        let sight = Sight { rules: &self.rules, seer };
        self.unfold.tell(&sight, &mut Audience::default(), true, &mut encoder);
        encoder.snapshot()
    }

    /// What a listener was not told of though it may see it, if there is something: a name that clients cannot hold,
    /// or what cannot be said by path.
    pub fn refusal(&self, listener: ListenerId) -> Option<Refusal> {
        let (_, group) = self.groups.of(listener.0)?;
        let refused = group.codec.recorder().refused().cloned();
        refused.or_else(|| group.audience.refusal().map(Refusal::from))
    }
}

/// What the clients of a state hold that was synced cannot be found out.
fn not_synced<S: Schema>(state: &Tracked<S>) -> Result<(), TrackerError> {
    if state.ticks() > 0 { Err(TrackerError::Synced(state.ticks())) } else { Ok(()) }
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
        self.groups.tell(&self.unfold, &mut self.rules);
    }

    fn renumbered(&mut self, from: RefId, to: RefId) {
        self.unfold.follow().renumbered(from, to);
        self.rules.tags.renumber(from, to);
    }

    fn released(&mut self, node: RefId) {
        self.unfold.follow().released(node);
        self.rules.tags.forget(node);
    }

    fn given_up(&mut self, node: RefId) {
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
