//! Listeners who come, change their tags and go, and clients of each kind who hold what the messages say.

use serde_json::{Value as Json, json};
use tidewire_patch::{
    JsonPatch, LightDecoder, ListenerConfig, ListenerId, Op, Patch, PatchpackDecoder, Tracker,
    mpack, notepack::Value, serializer::Replica,
};

use super::{
    lines::Lines,
    model::Eyes,
    world::{Edit, Stage, TAGS},
};

/// A listener of each tracker, and what its clients hold.
struct Follower {
    eyes: Eyes,
    is_reversible: bool,
    ids: Vec<ListenerId>,
    values: Value,
    json: Json,
    mpack: Value,
    light: (LightDecoder, Value),
    patchpack: (PatchpackDecoder, Value),
    own: Replica,
}

/// What a JSON patch library was to be asked, and what it was to answer.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) requests: Vec<Json>,
    pub(crate) answers: Vec<Json>,
}

impl Follower {
    fn new(stage: &mut Stage, eyes: Eyes, is_reversible: bool) -> Self {
        let config = ListenerConfig::default().with_spy(eyes.spy).with_reversible(is_reversible);
        let listen = |tracker: &mut Tracker| tracker.listen(eyes.tags.clone(), config.clone());
        let ids: Vec<ListenerId> =
            stage.trackers.iter_mut().map(|at| listen(at).unwrap()).collect();
        let mut own = Replica::new(Box::new(Lines::default()));
        own.apply_snapshot(&snapshot(stage, &ids, 4)).unwrap();
        let values = stage.trackers[0].snapshot(ids[0]);
        Self {
            eyes,
            is_reversible,
            json: values.to_json(),
            values,
            mpack: mpack::decode_snapshot(&snapshot(stage, &ids, 1)).unwrap(),
            light: LightDecoder::from_snapshot(&snapshot(stage, &ids, 2)).unwrap(),
            patchpack: PatchpackDecoder::from_state(&snapshot(stage, &ids, 3)).unwrap(),
            own,
            ids,
        }
    }

    /// Takes what the last sync said.
    fn hear(&mut self, stage: &Stage) -> Vec<Patch> {
        let tracker = |at: usize| (&stage.trackers[at], self.ids[at]);
        let (values, id) = tracker(0);
        let patches: Vec<Patch> = values.patches(id).collect();
        let before = self.values.clone();
        for patch in &patches {
            patch.apply(&mut self.values).unwrap();
        }
        if self.is_reversible {
            let mut undone = self.values.clone();
            for patch in patches.iter().rev() {
                patch.inverse().unwrap().apply(&mut undone).unwrap();
            }
            assert_eq!(undone, before);
        }
        let list: Json = patches.iter().map(Patch::to_json).collect();
        let list: JsonPatch = serde_json::from_value(list).unwrap();
        json_patch::patch(&mut self.json, &list).unwrap();

        let (mpack, id) = tracker(1);
        for message in mpack.messages(id) {
            mpack::decode_patch(message).unwrap().apply(&mut self.mpack).unwrap();
        }
        let (light, id) = tracker(2);
        for message in light.messages(id) {
            self.light.0.patch(message).unwrap().apply(&mut self.light.1).unwrap();
        }
        let (patchpack, id) = tracker(3);
        for message in patchpack.messages(id) {
            let patch = self.patchpack.0.patch(message).unwrap();
            // Who came later was not told that something is there of which nothing shows.
            let result = patch.apply(&mut self.patchpack.1);
            assert!(result.is_ok() || patch.op == Op::Remove, "{result:?}");
        }
        let (own, id) = tracker(4);
        for message in own.messages(id) {
            self.own.apply_patch(message).unwrap();
        }
        patches
    }

    /// Compares what all clients hold with what may be seen.
    fn check(&self, stage: &Stage) {
        let expected = stage.model.see(&stage.state, &self.eyes);
        assert_eq!(sorted(self.json.clone()), sorted(expected.clone()), "RFC 6902");
        let held = [
            ("values", &self.values),
            ("mpack", &self.mpack),
            ("light", &self.light.1),
            ("own", self.own.state()),
        ];
        for (kind, held) in held {
            assert_eq!(sorted(held.to_json()), sorted(expected.clone()), "{kind}");
        }
        let held = without_null(self.patchpack.1.to_json());
        assert_eq!(sorted(held), sorted(without_null(expected.clone())), "patchpack");
        let tags = self.eyes.tags.iter().cloned();
        let shown = match self.eyes.spy {
            true => stage.trackers[0].snapshot_for_spy(),
            false => stage.trackers[0].snapshot_for(tags),
        };
        assert_eq!(sorted(shown.to_json()), sorted(expected), "a snapshot for tags");
    }

    fn retag(&mut self, stage: &mut Stage, bits: u8) {
        self.eyes.tags = tags(bits);
        for (tracker, id) in std::iter::zip(&mut stage.trackers, &self.ids) {
            tracker.set_listener_tags(*id, self.eyes.tags.clone());
        }
    }
}

fn snapshot(stage: &mut Stage, ids: &[ListenerId], at: usize) -> Vec<u8> {
    stage.trackers[at].encoded_snapshot(ids[at]).unwrap()
}

fn tags(bits: u8) -> std::collections::BTreeSet<String> {
    let chosen = TAGS.into_iter().zip([1, 2, 4]).filter(|(_, bit)| bits & bit != 0);
    // One that no struct ever has.
    chosen.map(|(tag, _)| tag.to_owned()).chain([format!("nobody {bits}")]).collect()
}

/// A set has no order that says anything.
fn sorted(mut json: Json) -> Json {
    if let Some(chips) = json["chips"].as_array_mut() {
        chips.sort_by_key(|chip| chip["serial"].as_u64());
    }
    json
}

/// Patchpack's clients leave out what is `undefined` in a snapshot.
fn without_null(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(key, value)| (key, without_null(value))).collect()
        }
        Json::Array(items) => items.into_iter().map(without_null).collect(),
        json => json,
    }
}

fn hex(json: &Json) -> String {
    json.to_string().bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes edits, and a sync after every few; compares everything after each. Says what was told as JSON patches.
///
/// # Panics
///
/// If a client holds something else than it may see.
pub(crate) fn run(bits: u8, edits: &[Edit]) -> Asked {
    let mut asked = Asked::default();
    let mut stage = Stage::new(bits);
    stage.sync();
    let mut followers: Vec<Option<Follower>> = Vec::new();
    let mut join = |stage: &mut Stage, followers: &mut Vec<Option<Follower>>, eyes, reversible| {
        let one = Follower::new(stage, eyes, reversible);
        let client = followers.len();
        asked.requests.push(json!({
            "op": "open", "id": 0, "codec": "json", "client": client.to_string(), "hex": hex(&one.json),
        }));
        asked.answers.push(one.json.clone());
        followers.push(Some(one));
    };
    for (bits, is_reversible) in [(1, false), (1, true), (2, false)] {
        let eyes = Eyes { tags: tags(bits), spy: false };
        join(&mut stage, &mut followers, eyes, is_reversible);
    }
    join(&mut stage, &mut followers, Eyes { tags: tags(0), spy: true }, false);
    let mut told: Vec<(usize, Json, Json)> = Vec::new();
    for edits in edits.chunks(4) {
        for (kind, which, what) in edits.iter().copied() {
            let len = followers.len();
            match kind {
                0..=20 => {
                    if let Some(one) = &mut followers[which % len] {
                        one.retag(&mut stage, what);
                    }
                }
                21..=26 if len < 12 => {
                    let eyes = Eyes { tags: tags(what), spy: which % 8 == 0 };
                    join(&mut stage, &mut followers, eyes, what % 2 == 0);
                }
                27..=30 => {
                    if let Some(one) = followers[which % len].take() {
                        for (tracker, id) in std::iter::zip(&mut stage.trackers, &one.ids) {
                            tracker.dispose(*id);
                        }
                    }
                }
                kind => stage.edit((kind, which, what)),
            }
        }
        stage.sync();
        for (client, one) in followers.iter_mut().enumerate() {
            let Some(one) = one else { continue };
            let patches = one.hear(&stage);
            one.check(&stage);
            if !patches.is_empty() {
                let list: Json = patches.iter().map(Patch::to_json).collect();
                told.push((client, list, one.json.clone()));
            }
        }
    }
    for (client, list, held) in told {
        asked.requests.push(json!({
            "op": "apply", "id": 0, "client": client.to_string(), "hex": [hex(&list)],
        }));
        asked.answers.push(held);
    }
    asked
}
