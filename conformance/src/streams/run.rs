//! One random game: edits, views, joins and syncs; after each sync every client holds what the model
//! says.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tidewire_opcode::StateTree;
use tidewire_patch::{Config, JsonEncoder, MpackEncoder, mpack, notepack::Value};
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{DynStruct, StreamKey, Tag, Tracked, ViewId, Visitor};
use tidewire_testkit::Random;

use super::{
    compare::{hex, newly, references, same, strip, to_json},
    model,
    places::{At, Model, Zone},
    world,
};
use crate::judge::{Judge, VERSIONS};

/// What a game came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Messages that decoders applied.
    pub messages: usize,
    /// States that were compared.
    pub states: usize,
    /// Entries that came to clients.
    pub entries: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.states += other.states;
        self.entries += other.entries;
    }
}

/// All clients; all but the last have views.
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const VIEWS: usize = 3;

struct Client {
    own: Decoder<world::World>,
    any: Decoder<DynStruct>,
    json: Json,
    mpack: Value,
    /// What it held last, of what is for everyone.
    before: Json,
}

struct Game<'a> {
    random: Random,
    world: Tracked<world::World>,
    encoder: Encoder,
    json: JsonEncoder,
    mpack: MpackEncoder,
    tree: StateTree,
    model: Model,
    views: Vec<ViewId>,
    clients: HashMap<usize, Client>,
    judge: &'a mut Judge,
    texts: usize,
    counts: Counts,
}

/// Plays the game of a seed.
///
/// # Errors
///
/// The first thing on which anybody disagrees with the model.
pub fn run(seed: u64, judge: &mut Judge) -> Result<Counts> {
    let mut game = Game::new(seed, judge);
    for step in 0..STEPS {
        game.step().with_context(|| format!("step {step}"))?;
    }
    // Nothing is forgotten: all arrives in the end, a few at a time.
    for max in [&mut game.model.line.max, &mut game.model.crowd.max] {
        *max = (*max).max(1);
    }
    game.world.line.set_max_per_tick(game.model.line.max);
    game.world.crowd.set_max_per_tick(game.model.crowd.max);
    for round in 0.. {
        ensure!(round < 400, "some never arrive");
        game.sync().with_context(|| format!("in the end, round {round}"))?;
        if game.model.streams().all(model::Stream::is_calm) {
            break;
        }
    }
    game.sync().context("when nothing was left")?;
    Ok(game.counts)
}

const STEPS: usize = 60;

/// Names of types in a handshake, as hex.
const COLLECTION: &str = "aa636f6c6c656374696f6e";
const STREAM: &str = "a673747265616d";

impl<'a> Game<'a> {
    fn new(seed: u64, judge: &'a mut Judge) -> Self {
        let mut world = Tracked::new(world::World::default());
        let views = NAMES[..VIEWS].iter().map(|name| world.create_view(*name)).collect();
        Self {
            random: Random::new(seed),
            encoder: Encoder::new(&world),
            json: JsonEncoder::new(&world),
            mpack: MpackEncoder::new(&world, Config::default()),
            tree: StateTree::new(&world),
            model: Model {
                title: String::new(),
                crowd: model::Stream::new(false, 3, true),
                line: model::Stream::new(false, 2, false),
                herd: model::Stream::new(true, 2, true),
                zones: BTreeMap::new(),
                row: Vec::new(),
            },
            world,
            views,
            clients: HashMap::new(),
            judge,
            texts: 0,
            counts: Counts::default(),
        }
    }

    /// A text that is nowhere else.
    fn text(&mut self) -> String {
        self.texts += 1;
        format!("q{:06}", self.texts)
    }

    fn beast(&mut self) -> (world::Beast, model::Beast) {
        let (name, secret) = (self.text(), self.text());
        let marks: Vec<String> = (0..self.random.below(3)).map(|_| self.text()).collect();
        let rank = self.random.below(6) as u8;
        let stone = self.random.chance(40).then(|| self.random.below(200) as u8 + 1);
        let beast = world::Beast {
            name: name.clone(),
            rank,
            stone: stone.map(|tint| world::Stone { tint }),
            marks: marks.iter().cloned().collect(),
            secret: secret.clone(),
        };
        (beast, model::Beast { key: 0, id: self.texts as u64, name, rank, stone, marks, secret })
    }

    fn zone(&mut self) -> (world::Zone, Zone) {
        let title = self.text();
        let (mut zone, mut model) =
            (world::Zone { title: title.clone(), ..Default::default() }, Zone::new(title));
        for _ in 0..self.random.below(4) {
            let hidden = self.random.chance(50);
            let (beast, expected) = self.beast();
            let stream = if hidden { &mut zone.herd } else { &mut zone.crowd };
            let StreamKey(key) = stream.add(beast);
            model.stream(hidden).entries.push(model::Beast { key, ..expected });
        }
        (zone, model)
    }

    fn step(&mut self) -> Result<()> {
        let places = self.model.places();
        let at = self.random.pick(&places);
        match self.random.below(100) {
            0..22 => self.add(&at, 1 + self.random.clone().below(6))?,
            22..32 => self.change(&at)?,
            32..40 => self.remove(&at)?,
            40..44 => self.edit_zones(),
            44..47 => self.edit_row(),
            47..49 => self.edit_stream(&at)?,
            49..68 => self.edit_view(&at)?,
            68..76 => self.join()?,
            76..78 => self.leave(),
            _ => self.sync()?,
        }
        Ok(())
    }

    fn add(&mut self, at: &At, count: usize) -> Result<()> {
        for _ in 0..count {
            let (beast, expected) = self.beast();
            let StreamKey(key) = at.stream(&mut self.world).context("no stream")?.add(beast);
            let entries = &mut self.model.stream(at).context("no stream")?.entries;
            entries.push(model::Beast { key, ..expected });
        }
        Ok(())
    }

    fn any_key(&mut self, at: &At) -> Result<Option<u64>> {
        let entries = &self.model.stream(at).context("no stream")?.entries;
        let keys: Vec<u64> = entries.iter().map(|beast| beast.key).collect();
        Ok((!keys.is_empty()).then(|| self.random.pick(&keys)))
    }

    fn change(&mut self, at: &At) -> Result<()> {
        let Some(key) = self.any_key(at)? else { return Ok(()) };
        let text = self.text();
        let (rank, what) = (self.random.below(6) as u8, self.random.below(5));
        let stream = at.stream(&mut self.world).context("no stream")?;
        let entries = &mut self.model.stream(at).context("no stream")?.entries;
        let expected = entries.iter_mut().find(|beast| beast.key == key).context("no entry")?;
        if what == 0 {
            // All of them, through guards.
            for (_, mut beast) in &mut *stream {
                beast.rank = rank;
            }
            entries.iter_mut().for_each(|beast| beast.rank = rank);
            return Ok(());
        }
        let beast = stream.get_mut(StreamKey(key)).context("no entry")?;
        match what {
            1 => (beast.rank, expected.rank) = (rank, rank),
            2 => {
                let stone = expected.stone.is_none().then_some(rank + 1);
                (beast.stone, expected.stone) = (stone.map(|tint| world::Stone { tint }), stone);
            }
            3 => {
                beast.marks.push(text.clone());
                expected.marks.push(text);
            }
            _ => (beast.secret, expected.secret) = (text.clone(), text),
        }
        Ok(())
    }

    fn remove(&mut self, at: &At) -> Result<()> {
        for _ in 0..1 + self.random.below(3) {
            let Some(key) = self.any_key(at)? else { return Ok(()) };
            let stream = at.stream(&mut self.world).context("no stream")?;
            ensure!(stream.remove(StreamKey(key)).is_some(), "{key} was not there");
            let entries = &mut self.model.stream(at).context("no stream")?.entries;
            entries.retain(|beast| beast.key != key);
        }
        Ok(())
    }

    /// What concerns a stream as a whole.
    fn edit_stream(&mut self, at: &At) -> Result<()> {
        let what = self.random.below(4);
        let max = self.random.below(4);
        let stream = at.stream(&mut self.world).context("no stream")?;
        let expected = self.model.stream(at).context("no stream")?;
        match what {
            0 => {
                stream.clear();
                expected.entries.clear();
            }
            1 => {
                stream.retain(|_, beast| beast.rank > 2);
                expected.entries.retain(|beast| beast.rank > 2);
            }
            2 if *at == At::Line => {
                stream.set_max_per_tick(max);
                expected.max = max;
            }
            _ if matches!(at, At::Crowd | At::Line) => {
                // Two streams change places: both begin anew.
                let world = &mut *self.world;
                std::mem::swap(&mut world.crowd, &mut world.line);
                let Model { crowd, line, .. } = &mut self.model;
                world.crowd.set_max_per_tick(crowd.max);
                world.line.set_max_per_tick(line.max);
                crowd.exchange(line);
            }
            _ => {}
        }
        Ok(())
    }

    fn edit_zones(&mut self) {
        let key = self.random.pick(&["north", "south"]).to_owned();
        if self.random.chance(30) {
            self.world.zones.remove(&key);
            self.model.zones.remove(&key);
        } else {
            let (zone, expected) = self.zone();
            self.world.zones.insert(&key, zone);
            self.model.zones.insert(key, expected);
        }
    }

    fn edit_row(&mut self) {
        let len = self.model.row.len();
        match self.random.below(3) {
            0 if len > 1 => {
                self.world.row.swap(0, len - 1);
                self.model.row.swap(0, len - 1);
            }
            1 if len > 0 => {
                let at = self.random.below(len);
                self.world.row.remove(at);
                self.model.row.remove(at);
            }
            _ if len < 3 => {
                let (zone, expected) = self.zone();
                self.world.row.push(zone);
                self.model.row.push(expected);
            }
            _ => {}
        }
    }

    fn edit_view(&mut self, at: &At) -> Result<()> {
        let viewer = self.random.below(VIEWS);
        let (view, path) = (self.views[viewer], at.path());
        let key = self.any_key(at)?;
        let world = &mut self.world;
        let expected = self.model.stream(at).context("no stream")?;
        match (self.random.below(12), key) {
            (0..3, _) => {
                world.view_add(view, &path, Tag::DEFAULT)?;
                expected.add(viewer);
            }
            (3, _) => {
                world.view_subscribe(view, &path, Tag::DEFAULT)?;
                expected.subscribe(viewer);
            }
            (4, _) => {
                world.view_remove(view, &path, Tag::DEFAULT)?;
                expected.remove(viewer);
            }
            (5..9, Some(key)) => {
                let path = [&path[..], &[key.to_string()]].concat();
                world.view_add(view, &path, Tag::DEFAULT)?;
                expected.add_one(viewer, key);
            }
            (9, Some(key)) => {
                let path = [&path[..], &[key.to_string()]].concat();
                world.view_remove(view, &path, Tag::DEFAULT)?;
                expected.remove_one(viewer, key);
            }
            (10, _) => {
                world.view_clear(view);
                self.model.streams_mut().for_each(|stream| stream.remove(viewer));
            }
            _ => {
                let none: [&str; 0] = [];
                world.view_add(view, &none, Tag::DEFAULT)?;
                self.model.streams_mut().for_each(|stream| stream.add(viewer));
            }
        }
        Ok(())
    }

    fn join(&mut self) -> Result<()> {
        let client = self.random.below(NAMES.len());
        if self.clients.contains_key(&client) {
            return Ok(());
        }
        self.sync()?;
        let any = Decoder::from_handshake(&self.encoder.handshake(Profile::V5))?;
        let snapshot = match self.views.get(client) {
            Some(view) => self.encoder.snapshot_for(&self.world, *view).to_vec(),
            None => self.encoder.snapshot(&self.world).to_vec(),
        };
        let (json, mpack) = match self.views.get(client) {
            Some(view) => (
                self.json.snapshot_for(&self.world, *view),
                self.mpack.snapshot_for(&self.world, *view),
            ),
            None => (self.json.snapshot(&self.world), self.mpack.snapshot()),
        };
        let mpack = mpack::decode_snapshot(&mpack)?;
        let own = Decoder::new();
        self.clients.insert(client, Client { own, any, json, mpack, before: json!({}) });
        let profiles = [Profile::V3, Profile::V4, Profile::V5];
        for (version, profile) in std::iter::zip(VERSIONS, profiles) {
            let mut handshake = hex(&self.encoder.handshake(profile));
            if version == "5" && client % 2 == 1 {
                // What a client has whose own classes say that these are streams.
                handshake = handshake.replace(COLLECTION, STREAM);
            }
            let answers = self.judge.batch(&[json!({
                "op": "open", "id": 0, "version": version, "client": NAMES[client], "handshake": handshake,
            })])?;
            ensure!(answers[0].get("error").is_none(), "schema {version}: {}", answers[0]);
        }
        self.tell(client, &snapshot)
    }

    fn leave(&mut self) {
        let client = self.random.below(NAMES.len());
        self.clients.remove(&client);
        let Some(view) = self.views.get_mut(client) else { return };
        self.world.drop_view(*view);
        self.encoder.forget_view(*view);
        self.json.forget_view(*view);
        self.mpack.forget_view(*view);
        self.tree.forget_view(*view);
        *view = self.world.create_view(NAMES[client]);
        self.model.streams_mut().for_each(|stream| stream.remove(client));
    }

    fn sync(&mut self) -> Result<()> {
        let Self { encoder, json, mpack, tree, .. } = self;
        let all: &mut [&mut dyn Visitor] = &mut [encoder, json, mpack, tree];
        self.world.sync(all);
        self.model.streams_mut().for_each(|stream| stream.sync(&NAMES));
        for at in self.model.places() {
            let expected = self.model.stream(&at).context("no stream")?.waiting();
            let found = at.look(&self.world).context("no stream")?.waiting();
            ensure!(found == expected, "{at:?}: {found} wait, not {expected}");
        }
        let mut clients: Vec<usize> = self.clients.keys().copied().collect();
        clients.sort_unstable();
        for at in clients {
            let Some(client) = self.clients.get_mut(&at) else { continue };
            let (message, patch, patches) = match self.views.get(at) {
                Some(view) => (
                    self.encoder.patch_for(&self.world, *view),
                    self.json.patch_for(&self.world, *view),
                    self.mpack.patch_for(&self.world, *view),
                ),
                None => {
                    (self.encoder.last_patch(), self.json.last_patch(), self.mpack.last_patch())
                }
            };
            if let Some(patch) = patch {
                let patch: json_patch::Patch = serde_json::from_str(&patch.to_string())?;
                json_patch::patch(&mut client.json, &patch)?;
            }
            for patch in patches {
                mpack::decode_patch(patch)?.apply(&mut client.mpack)?;
            }
            let message = message.to_vec();
            self.tell(at, &message).with_context(|| format!("client {:?}", NAMES[at]))?;
        }
        Ok(())
    }

    /// A client gets a message, and holds then what the model says.
    fn tell(&mut self, at: usize, message: &[u8]) -> Result<()> {
        let viewer = (at < VIEWS).then_some(at);
        let expected = self.model.seen_by(viewer);
        let client = self.clients.get_mut(&at).context("no client")?;
        client.own.apply(message).context("our own decoder")?;
        client.any.apply(message).context("our own decoder of run-time types")?;
        let held = [
            ("our own decoder", serde_json::to_value(client.own.state())?),
            ("our own decoder of run-time types", serde_json::from_str(&client.any.to_json())?),
            ("json", client.json.clone()),
            ("mpack", client.mpack.to_json()),
            (
                "the state tree",
                match self.views.get(at) {
                    Some(view) => to_json(self.tree.seen_by(&self.world, *view).root()),
                    None => to_json(self.tree.root()),
                },
            ),
        ];
        for (who, mut held) in held {
            let mut expected = expected.clone();
            [&mut expected, &mut held].into_iter().for_each(strip);
            same(&expected, &held).with_context(|| format!("{who}, {}", hex(message)))?;
        }
        let before = std::mem::replace(&mut client.before, expected.clone());
        let mut texts = Vec::new();
        self.model.streams().for_each(|stream| stream.hidden_from(viewer, &mut texts));
        for text in texts {
            let leaks = message.windows(text.len()).any(|window| window == text.as_bytes());
            ensure!(!leaks, "{text:?} is not for this client: {}", hex(message));
        }
        if message.is_empty() {
            return same(&before, &expected).context("no message");
        }
        let requests = VERSIONS.map(|version| {
            json!({
                "op": "apply", "id": 0, "version": version, "client": NAMES[at], "hex": hex(message),
            })
        });
        let answers = self.judge.batch(&requests)?;
        for (version, answer) in std::iter::zip(VERSIONS, &answers) {
            let place = || format!("schema {version}, {}", hex(message));
            ensure!(answer.get("error").is_none(), "{}: {}", place(), answer["error"]);
            ensure!(answer["warnings"] == json!([]), "{}: {}", place(), answer["warnings"]);
            same(&expected, &answer["state"]).with_context(place)?;
            let references = references(&expected);
            ensure!(
                answer["refs"] == references,
                "{}: {} of {references}",
                place(),
                answer["refs"]
            );
            for (list, old, new) in [("adds", &before, &expected), ("removes", &expected, &before)]
            {
                for stream in ["crowd", "line"] {
                    let came = newly(&old[stream], &new[stream]);
                    let path = json!(format!("/{stream}"));
                    let told = answer[list].as_array().into_iter().flatten();
                    let told = told.filter(|change| change["path"] == path).count();
                    ensure!(told == came, "{}: {told} {list} of {stream}, not {came}", place());
                    self.counts.entries += came;
                }
            }
            self.counts.messages += 1;
            self.counts.states += 1;
        }
        Ok(())
    }
}
