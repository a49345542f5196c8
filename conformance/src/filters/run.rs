//! One run: changes, views, comings and goings, and what each client holds after each tick.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{DynStruct, RefId, Tag, Tracked, ViewId, Visitor};
use tidewire_testkit::{KeyOrder, difference};

use super::{
    NAMES, Table,
    edit::Source,
    model::{Graph, Picture},
    paths::Paths,
};
use crate::{
    case::Counts,
    judge::{Judge, VERSIONS},
};

/// A client, and what it holds by the decoders that need no other process.
struct Client {
    /// None of one without a view.
    view: Option<ViewId>,
    /// Ours, until an instance is in two places.
    own: Option<Decoder<DynStruct>>,
}

/// What the npm decoders are to be asked, and what they are to say.
#[derive(Default)]
struct Questions {
    requests: Vec<Json>,
    /// What is expected of each request that has an answer to compare.
    expected: Vec<Option<(String, Json, usize)>>,
}

const PROFILES: [Profile; 3] = [Profile::V3, Profile::V4, Profile::V5];
const NOBODY: &str = "nobody";
const SETS: [&str; 2] = ["marks", "won"];

/// The processes with the npm packages.
#[derive(Debug)]
pub struct Judges {
    /// Of the schema codec.
    pub schema: Judge,
    /// Of the codecs that go by path.
    pub paths: Judge,
}

/// Runs what a seed makes, and holds what every client sees against the model.
///
/// # Errors
///
/// The first disagreement.
pub fn run(seed: u64, judges: &mut Judges) -> Result<Counts> {
    let mut source = Source::new(seed);
    let mut table = Tracked::new(Table::default());
    let mut encoder = Encoder::new(&table);
    let mut paths = Paths::new(&table)?;
    let mut clients: HashMap<&'static str, Client> = HashMap::new();
    let mut questions = Questions::default();
    let mut counts = Counts::default();
    let handshakes = PROFILES.map(|profile| encoder.handshake(profile));
    for _ in 0..source.random.below(60) {
        source.change(&mut table);
    }
    for tick in 0..16 {
        let mut refilters = false;
        for _ in 0..source.random.below(6) {
            refilters |= source.change(&mut table);
        }
        if refilters {
            table.refilter();
        }
        change_views(&mut source, &mut table, &clients);
        let newcomer = source.random.pick(&[NAMES[0], NAMES[1], NAMES[2], NOBODY]);
        let comes = source.random.chance(40) && !clients.contains_key(newcomer);
        let view = (comes && newcomer != NOBODY).then(|| table.create_view(newcomer));
        let [jsons, mpack, light, patchpack] = paths.visitors();
        table.sync(&mut [&mut encoder as &mut dyn Visitor, jsons, mpack, light, patchpack][..]);
        let mut names: Vec<&'static str> = clients.keys().copied().collect();
        names.sort_unstable();
        if comes {
            clients.insert(newcomer, Client { view, own: None });
            names.push(newcomer);
        }
        for name in names {
            let is_new = comes && name == newcomer;
            let place = || format!("tick {tick}, {name}");
            let picture = picture(&mut table, name, clients[name].view);
            let client = clients.get_mut(name).context("a client")?;
            let bytes = message(&mut encoder, &table, client.view, is_new).to_vec();
            keeps_secrets(&bytes, &picture).with_context(place)?;
            if is_new {
                client.own = Some(Decoder::from_handshake(&handshakes[2])?);
                questions.open(name);
            }
            if is_new || !bytes.is_empty() {
                client.own_reads(&bytes, &picture).with_context(place)?;
                let what = format!("{}, hex {}", place(), hex(&bytes));
                questions.apply(name, &bytes, what, &picture);
                counts.messages += 1;
                counts.bytes += bytes.len();
            }
            let read = if is_new { Paths::open } else { Paths::apply };
            read(&mut paths, &table, name, client.view, &picture).with_context(place)?;
            counts.states += 1;
        }
        if source.random.chance(12) {
            let name = source.random.pick(&NAMES);
            if let Some(view) = clients.remove(name).and_then(|client| client.view) {
                table.drop_view(view);
                encoder.forget_view(view);
                paths.forget_view(view);
            }
        }
    }
    for (version, handshake) in std::iter::zip(VERSIONS, &handshakes) {
        let asked = questions.ask(version, handshake, &mut judges.schema);
        asked.with_context(|| format!("schema {version}"))?;
    }
    paths.judge(&mut judges.paths)?;
    Ok(counts)
}

/// What somebody sees after the last sync.
fn picture(table: &mut Tracked<Table>, name: &str, view: Option<ViewId>) -> Picture {
    let paths: Vec<Vec<String>> = Graph::new(table, name).paths().map(<[String]>::to_vec).collect();
    let id = |path: &Vec<String>| table.node(path).expect("the model's paths lead somewhere");
    let ids: Vec<RefId> = paths.iter().map(id).collect();
    let view = view.and_then(|view| table.view(view));
    Graph::new(table, name).picture(view, &ids)
}

/// Adds something to somebody's view, or removes it.
fn change_views(
    source: &mut Source,
    table: &mut Tracked<Table>,
    clients: &HashMap<&'static str, Client>,
) {
    let name = source.random.pick(&NAMES);
    let Some(view) = clients.get(name).and_then(|client| client.view) else { return };
    let graph = Graph::new(table, name);
    let structs = graph.structs();
    let path = source.random.pick(&structs).to_vec();
    let result = match source.random.below(12) {
        0..3 => table.view_add(view, &path, Tag::DEFAULT),
        3 => table.view_remove(view, &path, Tag::DEFAULT),
        4 => table.view_add(view, &["players"], Tag::DEFAULT),
        5 => table.view_subscribe(view, &["hands"], Tag::DEFAULT),
        6 => {
            table.view_clear(view);
            Ok(())
        }
        _ => Ok(()),
    };
    result.expect("the model's paths lead somewhere");
}

fn message<'a>(
    encoder: &'a mut Encoder,
    table: &Tracked<Table>,
    view: Option<ViewId>,
    is_new: bool,
) -> &'a [u8] {
    match (view, is_new) {
        (None, true) => encoder.snapshot(table),
        (None, false) => encoder.last_patch(),
        (Some(view), true) => encoder.snapshot_for(table, view),
        (Some(view), false) => encoder.patch_for(table, view),
    }
}

/// No token is in a message but those that its client sees now.
pub(super) fn keeps_secrets(bytes: &[u8], picture: &Picture) -> Result<()> {
    let visible = picture.state.to_string();
    let visible: HashSet<&str> = tokens(visible.as_bytes()).collect();
    for token in tokens(bytes) {
        ensure!(visible.contains(token), "{token:?} is in {}, unseen", hex(bytes));
    }
    Ok(())
}

/// The tokens in a text, or in bytes.
fn tokens(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let found = bytes.windows(12).filter(|window| window.starts_with(b"zq"));
    found.filter_map(|window| std::str::from_utf8(window).ok())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Client {
    fn own_reads(&mut self, bytes: &[u8], picture: &Picture) -> Result<()> {
        // It holds a value in one place.
        if picture.is_shared {
            self.own = None;
        }
        let Some(own) = &mut self.own else { return Ok(()) };
        own.apply(bytes).context("our own decoder")?;
        let found: Json = serde_json::from_str(&own.to_json())?;
        same(&without_empty(&picture.state), &without_empty(&found)).context("our own decoder")
    }
}

impl Questions {
    fn open(&mut self, client: &str) {
        self.requests.push(json!({"op": "open", "id": 0, "client": client}));
        self.expected.push(None);
    }

    fn apply(&mut self, client: &str, bytes: &[u8], what: String, picture: &Picture) {
        let request = json!({"op": "apply", "id": 0, "client": client, "hex": hex(bytes)});
        self.requests.push(request);
        self.expected.push(Some((what, picture.state.clone(), picture.references)));
    }

    fn ask(&self, version: &str, handshake: &[u8], judge: &mut Judge) -> Result<()> {
        let mut requests = self.requests.clone();
        for request in &mut requests {
            request["version"] = json!(version);
            if request["op"] == "open" {
                request["handshake"] = json!(hex(handshake));
            }
        }
        let answers = judge.batch(&requests)?;
        for (answer, expected) in std::iter::zip(answers, &self.expected) {
            let what = || expected.as_ref().map_or_else(String::new, |(what, ..)| what.clone());
            let is_clean = answer.get("error").is_none() && answer["warnings"] == json!([]);
            ensure!(is_clean, "{}: {} {}", what(), answer["error"], answer["warnings"]);
            let Some((_, state, references)) = expected else { continue };
            same(state, &answer["state"]).with_context(what)?;
            ensure!(
                answer["refs"] == json!(references),
                "{}: holds {} references, expected {references}",
                what(),
                answer["refs"]
            );
        }
        Ok(())
    }
}

pub(super) fn same(expected: &Json, found: &Json) -> Result<()> {
    match difference(&sorted(expected), &sorted(found), KeyOrder::Ignored) {
        None => Ok(()),
        Some(difference) => anyhow::bail!("{difference}"),
    }
}

/// Keys and sets in one order: each client has its own.
fn sorted(state: &Json) -> Json {
    match state {
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> =
                members.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (key, value) in &mut members {
                if let (true, Json::Array(items)) = (SETS.contains(&key.as_str()), value) {
                    items.sort_by_key(ToString::to_string);
                }
            }
            members.into_iter().collect::<serde_json::Map<_, _>>().into()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Without empty collections and structs: our decoder has those of which it was told nothing.
fn without_empty(state: &Json) -> Json {
    match state {
        Json::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), without_empty(value)))
            .filter(|(_, value)| *value != json!({}) && *value != json!([]))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}
