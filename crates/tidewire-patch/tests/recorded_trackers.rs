//! Trackers with a serializer, held against bytes that Mosx's trackers sent: computed fields, state that is there before the
//! tracker, listeners who come late.
//!
//! Three things differ. What is absent is not in our snapshots, where Mosx has `undefined`, and so is in a map what is private.
//! Of one tick a computed field comes in its place among the fields, where Mosx tells of it first. A key that is new to a map has
//! index -1 in patchpack's own bytes, where Mosx writes the index that it gets; clients read both alike.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value as Json;
use tidewire_patch::{
    LightDecoder, ListenerConfig, ListenerId, Patch, PatchpackDecoder, Tracker, TrackerConfig,
    TrackerSerializer, mpack,
};
use tidewire_state::{ArraySchema, Instance, MapSchema, Schema, Tracked};

/// What a listener was sent.
struct Sent {
    listener: ListenerId,
    snapshot: Vec<u8>,
    messages: Vec<Vec<u8>>,
}

struct Run<S: Schema> {
    state: Tracked<S>,
    tracker: Tracker,
    sent: Vec<Sent>,
}

impl<S: Schema> Run<S> {
    fn new(state: S, config: TrackerConfig, tags: &[&str]) -> Self {
        let mut state = Tracked::new(state);
        let mut tracker = Tracker::new(&state, config).unwrap();
        tracker.patch(&mut state);
        let mut run = Self { state, tracker, sent: Vec::new() };
        run.join(tags);
        run
    }

    fn join(&mut self, tags: &[&str]) {
        let tags = tags.iter().copied();
        let listener = self.tracker.listen(tags, ListenerConfig::default()).unwrap();
        let snapshot = self.tracker.encoded_snapshot(listener).unwrap();
        self.sent.push(Sent { listener, snapshot, messages: Vec::new() });
    }

    fn sync(&mut self) {
        self.tracker.patch(&mut self.state);
        for sent in &mut self.sent {
            sent.messages.extend(self.tracker.messages(sent.listener).map(<[u8]>::to_vec));
        }
    }
}

fn bytes(json: &Json) -> Vec<u8> {
    let hex = json.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What was recorded for each listener: a snapshot, and patches.
fn recorded(name: &str) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("data/mosx.json")).unwrap();
    let vector = vectors.iter().find(|vector| vector["name"] == name).unwrap();
    assert_eq!(vector["verdict"], "roundtrip");
    let views = vector["views"].as_array().unwrap().iter();
    let patches = |view: &Json| view["patches"].as_array().unwrap().iter().map(bytes).collect();
    views.map(|view| (bytes(&view["snapshot"]), patches(view))).collect()
}

fn with(serializer: TrackerSerializer) -> TrackerConfig {
    TrackerConfig::default().with_serializer(serializer)
}

/// Compares snapshots and messages byte by byte, in any order of those.
fn same_bytes(name: &str, sent: &[Sent]) {
    let recorded = recorded(name);
    assert_eq!(recorded.len(), sent.len(), "{name}");
    for ((snapshot, mut patches), sent) in std::iter::zip(recorded, sent) {
        let mut messages = sent.messages.clone();
        patches.sort();
        messages.sort();
        assert_eq!((snapshot, patches), (sent.snapshot.clone(), messages), "{name}");
    }
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct C {
    v: u32,
    #[schema(computed = C::double)]
    dbl: u32,
    #[schema(skip)]
    obs: u32,
    #[schema(rename = "fromObs", computed = C::next)]
    from_obs: u32,
}

impl C {
    fn double(&self) -> u32 {
        self.v * 2
    }

    fn next(&self) -> u32 {
        self.obs + 1
    }
}

#[test]
fn computed_fields() {
    let run = |serializer| {
        let mut run = Run::new(C { v: 1, obs: 1, ..C::default() }, with(serializer), &[]);
        run.state.v = 5;
        run.sync();
        run.state.obs = 7;
        run.sync();
        run.sent
    };
    same_bytes("mosx-mpack-computed", &run(TrackerSerializer::Mpack));
    let recorded = recorded("mosx-light-computed");
    let sent = run(TrackerSerializer::Light);
    // The table has the types of our state, which are named otherwise.
    let (theirs, _) = LightDecoder::from_snapshot(&recorded[0].0).unwrap();
    let (ours, _) = LightDecoder::from_snapshot(&sent[0].snapshot).unwrap();
    let text = |patch: Patch| patch.to_json().to_string();
    let mut before: Vec<String> =
        recorded[0].1.iter().map(|message| text(theirs.patch(message).unwrap())).collect();
    let messages = sent[0].messages.iter();
    let mut now: Vec<String> = messages.map(|message| text(ours.patch(message).unwrap())).collect();
    before.sort();
    now.sort();
    assert_eq!(before, now);
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    x: u8,
    y: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    players: MapSchema<Player>,
}

fn player(at: u8) -> Player {
    Player { x: at, y: at }
}

#[test]
fn a_map_that_is_full_before_the_tracker_sees_it() {
    let mut state = State::default();
    state.players.insert("a", player(1));
    state.players.insert("b", player(2));
    let mut run = Run::new(state, with(TrackerSerializer::Mpack), &[]);
    run.state.players.get_mut("a").unwrap().x = 5;
    run.sync();
    run.state.players.insert("c", player(3));
    run.sync();
    run.state.players.insert("b", player(9));
    run.sync();
    run.state.players.remove("c");
    run.sync();
    run.state.players.remove("a");
    run.sync();
    same_bytes("mosx-mpack-prepopulated-map", &run.sent);
}

/// What a client of patchpack holds and is told.
fn read(snapshot: &[u8], messages: &[Vec<u8>]) -> (Json, Vec<Patch>) {
    let (mut decoder, state) = PatchpackDecoder::from_state(snapshot).unwrap();
    let patches = messages.iter().map(|message| decoder.patch(message).unwrap());
    (state.to_json(), patches.collect())
}

fn same_patches(name: &str, sent: &[Sent]) {
    let recorded = recorded(name);
    assert_eq!(recorded.len(), sent.len(), "{name}");
    for ((snapshot, patches), sent) in std::iter::zip(recorded, sent) {
        assert_eq!(read(&snapshot, &patches), read(&sent.snapshot, &sent.messages), "{name}");
    }
}

#[test]
fn who_comes_late_to_a_map_that_grows() {
    let mut run = Run::new(State::default(), with(TrackerSerializer::Patchpack), &[]);
    run.state.players.insert("a", player(1));
    run.sync();
    run.state.players.insert("b", player(2));
    run.sync();
    run.join(&[]);
    run.state.players.get_mut("b").unwrap().x = 7;
    run.sync();
    run.state.players.insert("c", player(3));
    run.sync();
    run.state.players.insert("b", player(8));
    run.sync();
    run.state.players.remove("a");
    run.sync();
    same_patches("mosx-schema-late-join-append-only", &run.sent);
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Item {
    v: u8,
    #[schema(view)]
    w: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct W {
    items: MapSchema<Item>,
    arr: ArraySchema<Item>,
    one: Option<Instance<Item>>,
}

/// Private items, one of which has a tag, and two listeners who come late.
fn late_to_private_items(config: TrackerConfig) -> Run<W> {
    let mut run = Run::new(W::default(), config.with_private_type("Item"), &[]);
    run.state.items.insert("k1", Item { v: 77, w: 2 });
    let first = run.state.node(&["items", "k1"]).unwrap();
    run.tracker.add_tag(&run.state, first, "t").unwrap();
    run.sync();
    run.state.items.insert("k2", Item { v: 1, w: 2 });
    run.sync();
    run.join(&["t"]);
    run.join(&[]);
    run.state.items.get_mut("k1").unwrap().v = 78;
    run.sync();
    let second = run.state.node(&["items", "k2"]).unwrap();
    run.tracker.add_tag(&run.state, second, "t").unwrap();
    run.sync();
    run.state.items.remove("k1");
    run.sync();
    run
}

#[test]
fn who_comes_late_to_private_items() {
    let name = "mosx-mpack-late-join-private-items";
    let run = late_to_private_items(with(TrackerSerializer::Mpack));
    let shown = |snapshot: &[u8]| {
        let json = mpack::decode_snapshot(snapshot).unwrap().to_json();
        let items = json["items"].as_object().unwrap().clone();
        items.into_iter().filter(|(_, item)| !item.is_null()).collect::<Vec<_>>()
    };
    let recorded = recorded(name);
    assert_eq!(recorded.len(), 3);
    for ((snapshot, patches), sent) in std::iter::zip(recorded, &run.sent) {
        assert_eq!((shown(&snapshot), &patches), (shown(&sent.snapshot), &sent.messages), "{name}");
    }

    let keys_for_all = with(TrackerSerializer::Patchpack).with_private_map_value_patch(true);
    let run = late_to_private_items(keys_for_all);
    same_patches("mosx-schema-late-join-private-items", &run.sent);
}
