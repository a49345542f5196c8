//! Listeners, and groups of those who are shown the same: what is told is worked out once for each group.
//!
//! Who belongs together is found out before each sync. A group whose listeners are shown different things from now on is
//! split, and each part goes on from what all were told. Groups that came to be shown the same become one,
//! where that makes no difference to anyone: their clients hold the same, and know nothing but paths.

use std::collections::{BTreeMap, BTreeSet};

use tidewire_state::{Audience, Unfold};

use super::{
    ListenerConfig,
    codec::Codec,
    rules::{Rules, Seer, Sight},
};

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) tags: BTreeSet<String>,
    pub(super) config: ListenerConfig,
    pub(super) group: usize,
    /// How many syncs there were when it came.
    pub(super) came: u64,
}

#[derive(Debug)]
pub(super) struct Group {
    /// As its listeners were shown the state the last time.
    seer: Seer,
    pub(super) audience: Audience,
    pub(super) codec: Codec,
    listeners: usize,
    /// Whether it is to be shown another part than the last time.
    is_changed: bool,
    /// The sync at which it is worth a look whether it holds what another group holds, and how many syncs later the
    /// next one is.
    compare: (u64, u64),
}

#[derive(Debug)]
pub(super) struct Groups {
    /// Those of which nobody is any more leave gaps.
    all: Vec<Option<Box<Group>>>,
    pub(super) listeners: BTreeMap<u64, Listener>,
    next_listener: u64,
    /// Of this kind are the codecs of all groups; this one is never told anything.
    pub(super) first: Codec,
    /// How many syncs there were.
    pub(super) syncs: u64,
    /// Whether a listener has other tags than at the last sync.
    is_retagged: bool,
    /// Whether there may be groups that are shown the same.
    may_unite: bool,
}

impl Groups {
    pub(super) fn new(first: Codec) -> Self {
        let (all, listeners) = Default::default();
        let (is_retagged, may_unite) = (false, false);
        Self { all, listeners, next_listener: 0, first, syncs: 0, is_retagged, may_unite }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.all.iter().flatten().count()
    }

    pub(super) fn of(&self, listener: u64) -> Option<(&Listener, &Group)> {
        let listener = self.listeners.get(&listener)?;
        Some((listener, self.all[listener.group].as_ref()?))
    }

    pub(super) fn of_mut(&mut self, listener: u64) -> Option<&mut Group> {
        self.all[self.listeners.get(&listener)?.group].as_deref_mut()
    }

    /// Who sees what one with these tags sees.
    fn seer(
        first: &Codec,
        rules: &Rules,
        tags: &BTreeSet<String>,
        config: &ListenerConfig,
    ) -> Seer {
        let is_reversible = config.reversible && !first.recorder().is_reversible();
        let (spy, reversible) = (config.spy, is_reversible && first.is_bytes());
        let used = tags.iter().filter(|tag| !spy && rules.tags.has(tag));
        Seer { tags: used.cloned().collect(), spy, reversible }
    }

    /// A new listener, which begins with what its group was told.
    pub(super) fn listen<C: tidewire_state::Visitor>(
        &mut self,
        tags: BTreeSet<String>,
        config: ListenerConfig,
        unfold: &Unfold<C>,
        rules: &Rules,
    ) -> u64 {
        let seer = Self::seer(&self.first, rules, &tags, &config);
        let is_known = |group: &Group| group.seer == seer;
        let known = self.all.iter().position(|group| group.as_deref().is_some_and(is_known));
        let at = known.unwrap_or_else(|| {
            let (audience, codec) = (Audience::default(), self.first.another());
            let mut group = Group::new(seer, audience, codec);
            if self.syncs > 0 {
                group.tell(unfold, rules, false);
            }
            self.put(group)
        });
        if let Some(group) = &mut self.all[at] {
            group.join(&config);
        }
        let id = self.next_listener;
        self.next_listener += 1;
        self.listeners.insert(id, Listener { tags, config, group: at, came: self.syncs });
        id
    }

    pub(super) fn dispose(&mut self, listener: u64) {
        if let Some(listener) = self.listeners.remove(&listener) {
            self.leave(listener.group);
        }
    }

    /// Gives a listener other tags; the next sync shows what they show.
    pub(super) fn retag(&mut self, listener: u64, change: impl FnOnce(&mut BTreeSet<String>)) {
        if let Some(listener) = self.listeners.get_mut(&listener) {
            change(&mut listener.tags);
            self.is_retagged = true;
        }
    }

    fn leave(&mut self, at: usize) {
        let Some(group) = &mut self.all[at] else { return };
        group.listeners -= 1;
        if group.listeners == 0 {
            self.all[at] = None;
            while self.all.last().is_some_and(Option::is_none) {
                self.all.pop();
            }
        }
    }

    /// Puts a group where none is.
    fn put(&mut self, group: Group) -> usize {
        let at = self.all.iter().position(Option::is_none).unwrap_or(self.all.len());
        if at == self.all.len() {
            self.all.push(None);
        }
        self.all[at] = Some(Box::new(group));
        self.may_unite = true;
        at
    }

    /// Tells all groups what a walk changed.
    pub(super) fn tell<C: tidewire_state::Visitor>(
        &mut self,
        unfold: &Unfold<C>,
        rules: &mut Rules,
    ) {
        if self.first.goes_by_path() && std::mem::take(&mut self.may_unite) {
            self.unite();
        }
        if std::mem::take(&mut self.is_retagged) | rules.tags.take_used_changed() {
            self.split(rules);
        }
        let touched = rules.tags.take_touched();
        for group in self.all.iter_mut().flatten() {
            let is_touched = group.seer.tags.intersection(&touched).next().is_some();
            let all = std::mem::take(&mut group.is_changed) || is_touched;
            group.tell(unfold, rules, all);
        }
        self.syncs += 1;
    }

    /// Makes one of groups that were shown the same and hold the same.
    fn unite(&mut self) {
        let mut alike: BTreeMap<&Seer, Vec<usize>> = BTreeMap::new();
        for (at, group) in self.all.iter().enumerate() {
            if let Some(group) = group {
                alike.entry(&group.seer).or_default().push(at);
            }
        }
        let alike: Vec<Vec<usize>> =
            alike.into_values().filter(|groups| groups.len() > 1).collect();
        for mut groups in alike {
            let first = groups.remove(0);
            for at in groups {
                self.unite_two(first, at);
            }
        }
    }

    fn unite_two(&mut self, first: usize, at: usize) {
        let (Some(mine), Some(other)) = (&self.all[first], &self.all[at]) else { return };
        let (next, wait) = other.compare;
        if self.syncs < next {
            self.may_unite = true;
            return;
        }
        let (mine, theirs) = (mine.codec.recorder(), other.codec.recorder());
        if mine.ticks() == 0 || theirs.ticks() == 0 || !mine.document.is_like(&theirs.document) {
            self.may_unite = true;
            if let Some(other) = &mut self.all[at] {
                other.compare = (self.syncs + wait, 2 * wait);
            }
            return;
        }
        for listener in self.listeners.values_mut().filter(|listener| listener.group == at) {
            listener.group = first;
            if let Some(group) = &mut self.all[first] {
                group.join(&listener.config);
            }
        }
        self.all[at] = None;
    }

    /// Sees to it that the listeners of each group see the same.
    fn split(&mut self, rules: &Rules) {
        let mut parts: BTreeMap<usize, BTreeMap<Seer, Vec<u64>>> = BTreeMap::new();
        for (id, listener) in &self.listeners {
            let seer = Self::seer(&self.first, rules, &listener.tags, &listener.config);
            parts.entry(listener.group).or_default().entry(seer).or_default().push(*id);
        }
        for (at, mut parts) in parts {
            let Some(group) = &mut self.all[at] else { continue };
            let stays = if parts.contains_key(&group.seer) {
                parts.remove(&group.seer).map_or(0, |listeners| listeners.len())
            } else {
                let Some((seer, listeners)) = parts.pop_first() else { continue };
                (group.seer, group.is_changed) = (seer, true);
                self.may_unite = true;
                listeners.len()
            };
            group.listeners = stays;
            for (seer, listeners) in parts {
                let Some(group) = &self.all[at] else { continue };
                let fork = self.put(group.fork(seer));
                for id in listeners {
                    if let (Some(listener), Some(group)) =
                        (self.listeners.get_mut(&id), &mut self.all[fork])
                    {
                        listener.group = fork;
                        group.join(&listener.config);
                    }
                }
            }
        }
    }
}

impl Group {
    fn new(seer: Seer, audience: Audience, codec: Codec) -> Self {
        Self { seer, audience, codec, listeners: 0, is_changed: false, compare: (0, 1) }
    }

    /// Takes in a listener.
    fn join(&mut self, config: &ListenerConfig) {
        self.listeners += 1;
        if config.reversible {
            self.codec.set_reversible();
        }
    }

    /// One that was told the same, for someone with other tags.
    fn fork(&self, seer: Seer) -> Self {
        let mut fork = Self::new(seer, self.audience.clone(), self.codec.fork());
        fork.is_changed = true;
        fork
    }

    fn tell<C: tidewire_state::Visitor>(&mut self, unfold: &Unfold<C>, rules: &Rules, all: bool) {
        let sight = Sight { rules, seer: &self.seer };
        unfold.tell(&sight, &mut self.audience, all, self.codec.visitor());
    }
}
