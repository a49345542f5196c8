//! Clients that see a part each: patches for all of them, joins, and views that change.

use tidewire_bench_harness::{Entity, Peer, Tick, ViewCase, Workload, shuffled};
use tidewire_schema::{Decoder, Encoder};
use tidewire_state::{MapSchema, Schema, Tag, Tracked, ViewId};

use crate::{arena::Player, tidewire::change};

/// The state: nobody is told of an entity that is not in the view.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Fog {
    #[schema(view)]
    players: MapSchema<Player>,
}

/// What happens in a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    /// Entities move; all clients are sent their patches.
    Steady,
    /// All clients make their views, and are sent all that they see.
    Join,
    /// Each view loses `changed` entities and gains as many others; all clients are sent their patches.
    Churn,
}

/// A world under fog, and the clients that see some of it each. The first client's messages are kept
/// and read.
pub struct Views {
    watching: Watching,
    case: ViewCase,
    state: Tracked<Fog>,
    encoder: Encoder,
    views: Vec<ViewId>,
    keys: Vec<String>,
    /// The entities that each client sees, by number; where views change, all in the order in which
    /// they come into view.
    order: Vec<Vec<usize>>,
    /// How many have gone out of each view.
    gone: usize,
    last: Vec<u8>,
    client: Decoder<Fog>,
}

impl Views {
    /// A world with all entities, whose clients have joined unless that is what is measured.
    pub fn new(workload: &Workload, watching: Watching) -> Self {
        let case = ViewCase::of(workload);
        let order = match watching {
            Watching::Steady | Watching::Join => case.holdings(),
            Watching::Churn => {
                let count =
                    u32::try_from(case.case.entities).expect("entities are counted in a u32");
                vec![shuffled(count).into_iter().map(|index| index as usize).collect()]
            }
        };
        let entities = || workload.entities();
        let players = entities().map(|(key, entity)| (key, entity.into())).collect();
        let mut state = Tracked::new(Fog { players });
        let mut encoder = Encoder::new(&state);
        encoder.patch(&mut state);
        let mut world = Self {
            watching,
            case,
            state,
            encoder,
            views: Vec::new(),
            keys: entities().map(|(key, _)| key.to_owned()).collect(),
            order,
            gone: 0,
            last: Vec::new(),
            client: Decoder::new(),
        };
        world.enter();
        world.join(|_, _| {});
        world.rejoin();
        world
    }

    /// Has every client read its messages for some ticks.
    ///
    /// # Panics
    ///
    /// If one of them does not hold what its view may see, or anything else.
    pub fn check(workload: &Workload, watching: Watching) {
        let mut world = Self::new(workload, watching);
        let mut clients: Vec<Decoder<Fog>> = Vec::new();
        clients.resize_with(world.case.views, Decoder::new);
        let read = |client: &mut Decoder<Fog>, message: &[u8]| {
            client.apply(message).expect("the decoder reads what the encoder writes");
        };
        world.join(|nth, message| read(&mut clients[nth], message));
        let mut ticks = workload.ticks();
        for _ in 0..3 {
            world.mutate(&ticks.advance());
            if watching == Watching::Join {
                clients.fill_with(Decoder::new);
            }
            world.write(|nth, message| read(&mut clients[nth], message));
            for (nth, client) in clients.iter().enumerate() {
                assert_eq!(
                    held(client),
                    world.visible(nth),
                    "what client {nth} sees, {:?}",
                    world.case
                );
            }
        }
    }

    /// The keys of the entities that a client sees.
    fn keys(&self, nth: usize) -> impl Iterator<Item = &str> {
        let Self { watching, case, keys, order, gone, .. } = self;
        keys_of(*watching, case, keys, order, *gone, nth)
    }

    /// What a client sees, by name.
    fn visible(&self, nth: usize) -> Vec<Entity> {
        sorted(self.keys(nth).map(|key| Entity::from(&self.state.players[key])).collect())
    }

    /// Makes all views, in place of those that there are.
    fn enter(&mut self) {
        for view in std::mem::take(&mut self.views) {
            self.state.drop_view(view);
            self.encoder.forget_view(view);
        }
        let Self { watching, case, state, views, keys, order, gone, .. } = self;
        for nth in 0..case.views {
            let view = state.create_view("");
            views.push(view);
            for key in keys_of(*watching, case, keys, order, *gone, nth) {
                add(state, view, key);
            }
        }
    }

    /// Writes all that each client may see.
    fn join(&mut self, mut each: impl FnMut(usize, &[u8])) {
        let Self { state, encoder, views, .. } = self;
        encoder.patch(state);
        encoder.snapshot(state);
        for (nth, view) in views.iter().enumerate() {
            each(nth, encoder.last_snapshot_for(state, *view));
        }
    }

    /// Writes each client's message.
    fn write(&mut self, mut each: impl FnMut(usize, &[u8])) {
        if self.watching == Watching::Join {
            return self.join(each);
        }
        let Self { state, encoder, views, .. } = self;
        encoder.patch(state);
        for (nth, view) in views.iter().enumerate() {
            each(nth, encoder.patch_for(state, *view));
        }
    }

    /// Each view loses entities and gains as many others.
    fn turn(&mut self) {
        let Self { state, views, keys, order, case, gone, .. } = self;
        let ViewCase { case, visible, .. } = *case;
        for (nth, view) in views.iter().enumerate() {
            let key =
                |place: usize| &*keys[order[0][(nth * APART + *gone + place) % case.entities]];
            for place in 0..case.changed {
                let path = ["players", key(place)];
                state.view_remove(*view, &path, Tag::DEFAULT).expect("the entity is there");
                add(state, *view, key(place + visible));
            }
        }
        *gone = (*gone + case.changed) % case.entities;
    }
}

impl Peer for Views {
    fn mutate(&mut self, tick: &Tick<'_>) {
        match self.watching {
            Watching::Steady => change(&mut self.state.players, tick),
            Watching::Join => self.enter(),
            Watching::Churn => self.turn(),
        }
    }

    fn encode(&mut self) -> usize {
        let mut last = std::mem::take(&mut self.last);
        self.write(|nth, message| {
            if nth == 0 {
                last.clear();
                last.extend_from_slice(message);
            }
            std::hint::black_box(message);
        });
        self.last = last;
        self.last.len()
    }

    fn patch(&self) -> Option<&[u8]> {
        Some(&self.last)
    }

    fn apply(&mut self, message: &[u8]) {
        if self.watching == Watching::Join {
            self.client = Decoder::new();
        }
        self.client.apply(message).expect("the decoder reads what the encoder writes");
    }

    fn rearranges(&self) -> bool {
        true
    }

    fn rejoin(&mut self) {
        self.client = Decoder::new();
        let snapshot = self.encoder.snapshot_for(&self.state, self.views[0]);
        self.client.apply(snapshot).expect("a snapshot can be read");
    }

    fn copies(&mut self) -> [Vec<Entity>; 2] {
        [self.visible(0), held(&self.client)]
    }
}

/// The keys of the entities that a client sees.
fn keys_of<'a>(
    watching: Watching,
    case: &ViewCase,
    keys: &'a [String],
    order: &'a [Vec<usize>],
    gone: usize,
    nth: usize,
) -> impl Iterator<Item = &'a str> {
    let (indexes, from) = match watching {
        Watching::Steady | Watching::Join => (&order[nth], 0),
        Watching::Churn => (&order[0], nth * APART + gone),
    };
    let at = move |place: usize| indexes[(from + place) % indexes.len()];
    (0..case.visible).map(move |place| &*keys[at(place)])
}

fn add(state: &mut Tracked<Fog>, view: ViewId, key: &str) {
    state.view_add(view, &["players", key], Tag::DEFAULT).expect("the entity is there");
}

/// What a client holds, by name: a map there is in the order in which entries came into view.
fn held(client: &Decoder<Fog>) -> Vec<Entity> {
    sorted(client.state().players.values().map(Entity::from).collect())
}

fn sorted(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by(|one, other| one.name.cmp(&other.name));
    entities
}

/// How far apart the views begin that change, in the order that they share.
const APART: usize = 7;
