//! Random scenarios in every state-tree encoding, read by the project's own decoder in
//! `state-tree/`, which is written from the protocol's description, and compared with an
//! independent model after every frame. Each runs through the command line; every fifth seed over
//! derived types too, in the frames that a room sends.

use std::{collections::HashMap, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value as Json, json};
use tidewire_conformance::{
    case::Counts,
    derived::{Root as _, Zoo},
    driver::{self, Arguments, check},
    judge::Judge,
    state_tree::{self, without_nulls},
};
use tidewire_opcode::{
    Config, Direction, Encoder, Encoding, Event, EventName, PathForm, StateTree, Tree, View, merged,
};
use tidewire_state::Tracked;
use tidewire_testkit::{
    Checkpoint, Config as Scenarios, KeyOrder, Reading, difference, expect, generate_over,
};

fn main() -> ExitCode {
    driver::main("Random scenarios through the state-tree encodings", run)
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut judge = Judge::run("state-tree/judge.mjs")?;
    if let Some(scenario) = arguments.scenario()? {
        let run = if scenario["types"] == Zoo::types()["types"] { all } else { state_tree::run };
        println!("agreed: {:?}", run(&scenario, &mut judge)?);
        return Ok(());
    }
    let start = Instant::now();
    let mut total = Counts::default();
    let types = Zoo::types();
    let mut on_derived = 0;
    for seed in arguments.range() {
        let scenario = state_tree::scenario(seed)?;
        total += check(seed, &scenario, Reading::Json, |each| state_tree::run(each, &mut judge))?;
        if seed % 5 == 0 {
            let scenario =
                generate_over(&types, seed, &Scenarios::default()).map_err(anyhow::Error::msg)?;
            total += check(seed, &scenario, Reading::Json, |each| all(each, &mut judge))?;
            on_derived += 1;
        }
    }
    println!(
        "{} scenarios agree in {} forms, {on_derived} on derived types in {}: {} frames, {} states, {} \
         bytes, {:.0} s",
        arguments.seeds,
        state_tree::FORMS.len(),
        configs().count(),
        total.messages,
        total.states,
        total.bytes,
        start.elapsed().as_secs_f32(),
    );
    Ok(())
}

/// Each encoding as the original writes it and as short as can be, with and without hashes.
fn configs() -> impl Iterator<Item = Config> {
    let arrays = [Encoding::OpcodeJson, Encoding::OpcodeMessagePack].into_iter();
    let arrays = arrays.flat_map(|encoding| {
        let plain = |config| Config { paths: PathForm::Plain, ..config };
        let (original, shortest) = (encoding.original(), encoding.shortest());
        [original, plain(original), shortest, plain(shortest)]
    });
    [Encoding::JsonObject.original(), Encoding::JsonObject.shortest()].into_iter().chain(arrays)
}

fn all(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let expected = expect(scenario, Reading::Json).map_err(anyhow::Error::msg)?;
    let mut counts = Counts::default();
    for config in configs() {
        counts += one(scenario, config, &expected, judge).with_context(|| format!("{config:?}"))?;
    }
    Ok(counts)
}

/// Runs a scenario in one form. Every client is sent what all are sent, and a first sync of its own.
fn one(
    scenario: &Json,
    config: Config,
    expected: &[Checkpoint],
    judge: &mut Judge,
) -> Result<Counts> {
    let mut room = Room::new(config);
    for (index, step) in scenario["steps"].as_array().context("no steps")?.iter().enumerate() {
        let client = step["client"].as_str().unwrap_or_default();
        match step["op"].as_str().context("no op")? {
            "leave" => room.joined.retain(|other| other != client),
            "sync" => room.tick()?,
            "join" => {
                room.tick()?;
                room.join(client)?;
            }
            _ => room.zoo.step(step).with_context(|| format!("step {index}: {step}"))?,
        }
    }
    let requests: Vec<Json> = room.sent.iter().filter_map(|sent| sent.request.clone()).collect();
    let mut answers = judge.batch(&requests)?.into_iter();
    let mut held: HashMap<&str, Json> = HashMap::new();
    let mut expected = expected.iter();
    let mut counts = Counts { messages: requests.len(), ..Counts::default() };
    for Sent { client, request, state } in &room.sent {
        if let Some(request) = request {
            let answer = answers.next().context("no answer")?;
            ensure!(answer.get("error").is_none(), "{}: {request}", answer["error"]);
            counts.bytes += request["hex"].as_str().map_or(0, str::len) / 2;
            held.insert(client, without_nulls(&answer["state"]));
        }
        if *state {
            let expected = expected.next().context("more states than the model has")?;
            ensure!(expected.client == *client, "a state for {client}, not {}", expected.client);
            let found = held.get(client.as_str()).context("a state before a frame")?;
            if let Some(difference) = difference(&expected.state, found, KeyOrder::Ignored) {
                bail!("step {}, client {client}: {difference}", expected.step);
            }
            counts.states += 1;
        }
    }
    ensure!(expected.next().is_none(), "fewer states than the model has");
    Ok(counts)
}

/// What a client was sent.
struct Sent {
    client: String,
    request: Option<Json>,
    /// Whether it must hold what the model says then.
    state: bool,
}

/// A state with clients that came at different times, and what they were sent.
struct Room {
    zoo: Tracked<Zoo>,
    tree: StateTree,
    shared: Encoder,
    own: Encoder,
    joined: Vec<String>,
    /// Our own client, who came first.
    view: View,
    sent: Vec<Sent>,
}

impl Room {
    fn new(config: Config) -> Self {
        let zoo = Tracked::new(Zoo::default());
        let tree = StateTree::new(&zoo);
        let view = View::with_paths(tree.paths());
        let (shared, own) = (Encoder::new(config), Encoder::new(config));
        Self { zoo, tree, shared, own, joined: Vec::new(), view, sent: Vec::new() }
    }

    fn tick(&mut self) -> Result<()> {
        let Self { zoo, tree, shared, view, .. } = self;
        zoo.sync(tree);
        let update = tree.update_with(|members, whole| shared.prefers_whole(members, whole));
        let encoding = shared.config().encoding;
        let state = shared.encode(&update);
        let frame = match encoding {
            // Nothing is sent to these clients where nothing changed.
            Encoding::JsonObject | Encoding::OpcodeJson => state.to_vec(),
            Encoding::OpcodeMessagePack => {
                merged(state, &[tick_event()], encoding).context("this encoding can merge")?
            }
        };
        if !frame.is_empty() {
            view.receive(&frame, encoding)?;
        }
        for client in self.joined.clone() {
            let request = (!frame.is_empty()).then(|| receive(&client, &frame));
            self.sent.push(Sent { client, request, state: true });
        }
        Ok(())
    }

    fn join(&mut self, client: &str) -> Result<()> {
        let patterns: serde_json::Map<String, Json> = match self.own.config().paths {
            PathForm::Plain => serde_json::Map::new(),
            PathForm::Hashed => {
                let paths = self.tree.paths().patterns();
                paths.map(|(pattern, hash)| (pattern.to_owned(), hash.into())).collect()
            }
        };
        let open = json!({ "op": "open", "id": 0, "client": client, "patterns": patterns });
        self.send(client, open, false);
        let frame = self.own.encode(&self.tree.first_sync()).to_vec();
        self.send(client, receive(client, &frame), true);
        self.shared.join();
        // Ours joins with the first, and holds what all hold.
        if self.joined.is_empty() {
            self.view.receive(&frame, self.own.config().encoding)?;
        }
        self.joined.push(client.to_owned());
        Ok(())
    }

    fn send(&mut self, client: &str, request: Json, state: bool) {
        self.sent.push(Sent { client: client.to_owned(), request: Some(request), state });
    }
}

fn receive(client: &str, frame: &[u8]) -> Json {
    let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "op": "receive", "id": 0, "client": client, "hex": hex })
}

fn tick_event() -> Event {
    Event {
        direction: Direction::FromServer,
        name: EventName::Name("Tick".into()),
        payload: Tree::Array(Vec::new()),
        raw_body: Tree::Null,
    }
}
