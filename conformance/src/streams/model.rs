//! What a stream is to have told, by the rule alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

/// Which of the clients has the view.
pub(super) type Viewer = usize;

/// An entry.
#[derive(Clone, Debug)]
pub(super) struct Beast {
    /// What the stream calls it.
    pub(super) key: u64,
    /// What no other entry of any stream is called.
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) rank: u8,
    pub(super) stone: Option<u8>,
    pub(super) marks: Vec<String>,
    pub(super) secret: String,
}

/// A stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) hidden: bool,
    pub(super) max: usize,
    pub(super) by_rank: bool,
    pub(super) entries: Vec<Beast>,
    /// Those that have been told, in that order.
    told: Vec<u64>,
    /// Those with a stone that has been told.
    stones: BTreeSet<u64>,
    views: BTreeMap<Viewer, View>,
}

/// What one view has of it.
#[derive(Clone, Debug, Default)]
struct View {
    added: bool,
    subscribed: bool,
    held: BTreeSet<u64>,
    /// Whose stones it has.
    stones: BTreeSet<u64>,
    /// In the order of asking.
    waiting: Vec<u64>,
}

impl View {
    fn wait(&mut self, id: u64) {
        if !self.waiting.contains(&id) {
            self.waiting.push(id);
        }
    }
}

impl Stream {
    pub(super) fn new(hidden: bool, max: usize, by_rank: bool) -> Self {
        Self {
            hidden,
            max,
            by_rank,
            entries: Vec::new(),
            told: Vec::new(),
            stones: BTreeSet::new(),
            views: BTreeMap::new(),
        }
    }

    /// Two streams are put in each other's places: their entries are new there, if they stay.
    pub(super) fn exchange(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.entries, &mut other.entries);
    }

    fn id(&self, key: u64) -> Option<u64> {
        self.entries.iter().find(|beast| beast.key == key).map(|beast| beast.id)
    }

    pub(super) fn add(&mut self, viewer: Viewer) {
        let view = self.views.entry(viewer).or_default();
        view.added = true;
        self.entries.iter().for_each(|beast| view.wait(beast.id));
    }

    pub(super) fn subscribe(&mut self, viewer: Viewer) {
        self.add(viewer);
        self.views.entry(viewer).or_default().subscribed = true;
    }

    pub(super) fn remove(&mut self, viewer: Viewer) {
        self.views.remove(&viewer);
    }

    pub(super) fn add_one(&mut self, viewer: Viewer, key: u64) {
        if let Some(id) = self.id(key) {
            self.views.entry(viewer).or_default().wait(id);
        }
    }

    pub(super) fn remove_one(&mut self, viewer: Viewer, key: u64) {
        let Some(id) = self.id(key) else { return };
        let view = self.views.entry(viewer).or_default();
        view.waiting.retain(|other| *other != id);
        view.held.remove(&id);
        view.stones.remove(&id);
    }

    fn has(&self, id: u64) -> bool {
        self.entries.iter().any(|beast| beast.id == id)
    }

    /// Of some in the order of waiting, those whose turn it is.
    fn choose(&self, mut waiting: Vec<u64>, name: Option<&str>) -> Vec<u64> {
        if self.by_rank {
            let rank = |id: &u64| {
                let beast = self.entries.iter().find(|beast| beast.id == *id);
                beast.map_or(0, |beast| i32::from(beast.rank))
            };
            waiting.sort_by_key(|id| if name == Some("b") { rank(id) } else { -rank(id) });
        }
        waiting.truncate(self.max);
        waiting
    }

    /// One sync. `names` are those of the views.
    pub(super) fn sync(&mut self, names: &[&str]) {
        let told = std::mem::take(&mut self.told);
        self.told = told.into_iter().filter(|id| self.has(*id)).collect();
        let untold = self.entries.iter().map(|beast| beast.id);
        let untold: Vec<u64> = untold.filter(|id| !self.told.contains(id)).collect();
        let come = if self.hidden { untold } else { self.choose(untold, None) };
        self.told.extend(&come);
        let with_stone = |beast: &&Beast| beast.stone.is_some() && self.told.contains(&beast.id);
        let stones = self.entries.iter().filter(with_stone).map(|beast| beast.id).collect();
        // A stone that came by itself is another one, which must be added.
        let before = std::mem::replace(&mut self.stones, stones);
        let mut views = std::mem::take(&mut self.views);
        for (viewer, view) in &mut views {
            view.held.retain(|id| self.has(*id));
            view.stones.retain(|id| before.contains(id) && self.stones.contains(id));
            view.waiting.retain(|id| self.has(*id));
            if view.subscribed {
                come.iter().for_each(|id| view.wait(*id));
            }
            let is_told = |id: &u64| self.told.contains(id);
            let (ready, later) = view.waiting.drain(..).partition::<Vec<u64>, _>(is_told);
            let (free, queued) = ready
                .into_iter()
                .partition::<Vec<u64>, _>(|id| !self.hidden || view.held.contains(id));
            let chosen = self.choose(queued.clone(), Some(names[*viewer]));
            let left = queued.into_iter().filter(|id| !chosen.contains(id));
            let mut waiting: Vec<u64> = later;
            waiting.extend(left);
            view.waiting = waiting;
            for id in free.into_iter().chain(chosen) {
                view.held.insert(id);
                if self.stones.contains(&id) {
                    view.stones.insert(id);
                }
            }
        }
        self.views = views;
    }

    /// How many nobody was told of.
    pub(super) fn waiting(&self) -> usize {
        self.entries.len() - self.told.len()
    }

    /// Whether nothing waits.
    pub(super) fn is_calm(&self) -> bool {
        self.told.len() == self.entries.len()
            && self.views.values().all(|view| view.waiting.is_empty())
    }

    /// What a client holds of it; nothing if it does not see it.
    pub(super) fn seen_by(&self, viewer: Option<Viewer>) -> Option<Json> {
        let view = viewer.and_then(|viewer| self.views.get(&viewer));
        let holds = |id: &u64| view.is_some_and(|view| view.held.contains(id));
        if self.hidden && !view.is_some_and(|view| view.added || !view.held.is_empty()) {
            return None;
        }
        let shown = self.told.iter().filter(|id| !self.hidden || holds(id));
        let beasts = shown.filter_map(|id| {
            let beast = self.entries.iter().find(|beast| beast.id == *id)?;
            let mut json = json!({ "name": beast.name, "rank": beast.rank, "marks": beast.marks });
            let has_stone = !self.hidden || view.is_some_and(|view| view.stones.contains(id));
            if let (Some(tint), true) = (beast.stone, has_stone) {
                json["stone"] = json!({ "tint": tint });
            }
            if holds(id) {
                json["secret"] = json!(beast.secret);
            }
            Some(json)
        });
        Some(beasts.collect())
    }

    /// The texts that nobody may find in what a client is sent.
    pub(super) fn hidden_from(&self, viewer: Option<Viewer>, texts: &mut Vec<String>) {
        let seen = self.seen_by(viewer).unwrap_or_default().to_string();
        for beast in &self.entries {
            let all = beast.marks.iter().chain([&beast.name, &beast.secret]);
            texts.extend(all.filter(|text| !seen.contains(*text)).cloned());
        }
    }
}
