//! Scenarios on derived types: the same steps, the same bytes, but on plain Rust structs.
//!
//! [`Zoo`] is what every codec carries, [`Den`] has views and types that extend others, [`Lab`] extends that and
//! has quantized fields, and the structs of [`Pack`] lie in pools.

mod den;
mod edit;
mod pack;
mod zoo;

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{Schema, Tag, Tracked, ViewId, receive::StructSink, state_hash};

pub use self::{
    den::{Den, Lab},
    pack::Pack,
    zoo::Zoo,
};

/// A root that scenarios are run on.
pub trait Root: Schema + StructSink + Default {
    /// The types in the scenario language: a file without clients and steps.
    fn types() -> Json;

    /// Does a step that edits the state.
    ///
    /// # Errors
    ///
    /// If the step does not fit the types.
    fn step(&mut self, step: &Json) -> Result<()>;

    /// What is done before each tick.
    fn settle(&mut self) {}
}

/// A text that stands in fields that are not sent any more.
const GONE: &str = "zq-gone";

/// Runs a scenario over a root's types and prints what the command line would, but for the states.
///
/// # Errors
///
/// If a step does not fit the types; if our own decoder does not read a message, or does not hold what it
/// must; or if anything is sent of what is not.
pub fn lines<R: Root>(scenario: &Json, profile: Profile) -> Result<Vec<Json>> {
    let mut run = Run::<R>::new(scenario, profile);
    for (index, step) in scenario["steps"].as_array().context("no steps")?.iter().enumerate() {
        run.step(index, step).with_context(|| format!("step {index}: {step}"))?;
    }
    Ok(run.lines)
}

/// A scenario under way.
struct Run<R: Schema> {
    profile: Profile,
    state: Tracked<R>,
    encoder: Encoder,
    views: HashMap<String, ViewId>,
    joined: Vec<String>,
    lines: Vec<Json>,
    /// Who has had every patch, and who joined last, of what everyone sees.
    public: [Decoder<R>; 2],
    /// Of each client with a view that has joined.
    own: HashMap<String, Decoder<R>>,
    hides: bool,
}

impl<R: Root> Run<R> {
    fn new(scenario: &Json, profile: Profile) -> Self {
        let mut state = Tracked::new(R::default());
        let clients = scenario["clients"].as_object().into_iter().flatten();
        let watchers = clients.filter(|(_, client)| client["view"] == true);
        let views = watchers.map(|(name, _)| (name.clone(), state.create_view(name))).collect();
        Self {
            profile,
            encoder: Encoder::new(&state),
            views,
            joined: Vec::new(),
            lines: Vec::new(),
            public: [Decoder::new(), Decoder::new()],
            own: HashMap::new(),
            hides: state.types().has_hidden_fields(),
            state,
        }
    }

    fn step(&mut self, index: usize, step: &Json) -> Result<()> {
        let client = step["client"].as_str().unwrap_or_default();
        match step["op"].as_str().context("no op")? {
            "sync" => self.tick(index)?,
            "join" => {
                self.tick(index)?;
                self.join(index, client)?;
            }
            "leave" => self.leave(client),
            "view" => {
                let view = *self.views.get(client).context("no such view")?;
                let tag = step["tag"].as_i64().unwrap_or(-1);
                let tag = Tag(i32::try_from(tag)?);
                match step.get("add") {
                    Some(path) => self.state.view_add(view, &edit::tokens(path)?, tag)?,
                    None => self.state.view_remove(view, &edit::tokens(&step["remove"])?, tag)?,
                };
            }
            _ => self.state.step(step)?,
        }
        Ok(())
    }

    fn tick(&mut self, index: usize) -> Result<()> {
        self.state.settle();
        let shared = self.encoder.patch(&mut self.state).to_vec();
        let followers = if self.joined.is_empty() { 1 } else { 2 };
        for decoder in &mut self.public[..followers] {
            decoder.apply(&shared).context("our own decoder")?;
        }
        self.compare(followers)?;
        for client in self.joined.clone() {
            match self.views.get(&client) {
                Some(view) => {
                    let patch = self.encoder.patch_for(&self.state, *view).to_vec();
                    let own = self.own.get_mut(&client).context("it has joined")?;
                    own.apply(&patch).with_context(|| format!("our own decoder of {client}"))?;
                    self.told(index, &client, &patch)?;
                }
                None => self.told(index, &client, &shared)?,
            }
        }
        Ok(())
    }

    fn join(&mut self, index: usize, client: &str) -> Result<()> {
        let handshake = self.encoder.handshake(self.profile);
        self.line(index, client, "handshake", &handshake)?;
        let public = self.encoder.snapshot(&self.state).to_vec();
        self.public[1] = Decoder::new();
        self.public[1].apply(&public).context("our own decoder, the snapshot")?;
        self.compare(2)?;
        let snapshot = match self.views.get(client) {
            Some(view) => {
                let snapshot = self.encoder.snapshot_for(&self.state, *view).to_vec();
                let mut own = Decoder::new();
                own.apply(&snapshot).with_context(|| format!("our own decoder of {client}"))?;
                self.own.insert(client.to_owned(), own);
                snapshot
            }
            None => public,
        };
        self.joined.push(client.to_owned());
        // A snapshot is sent even if there is nothing in it.
        self.line(index, client, "snapshot", &snapshot)?;
        self.line(index, client, "state", &[])
    }

    /// Whoever comes back has an empty view.
    fn leave(&mut self, client: &str) {
        self.joined.retain(|other| other != client);
        self.own.remove(client);
        if let Some(view) = self.views.get_mut(client) {
            self.encoder.forget_view(*view);
            self.state.drop_view(*view);
            *view = self.state.create_view(client);
        }
    }

    /// Notes what a client was sent in a tick, if anything, and that it must hold the state then.
    fn told(&mut self, index: usize, client: &str, patch: &[u8]) -> Result<()> {
        if !patch.is_empty() {
            self.line(index, client, "patch", patch)?;
        }
        self.line(index, client, "state", &[])
    }

    fn line(&mut self, index: usize, client: &str, kind: &str, bytes: &[u8]) -> Result<()> {
        let is_gone = bytes.windows(GONE.len()).any(|window| window == GONE.as_bytes());
        ensure!(!is_gone, "the {kind} has a field that is not sent any more");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.lines.push(json!({"step": index, "client": client, "kind": kind, "hex": hex}));
        Ok(())
    }

    /// Our own decoders hold what everyone sees, whether they came early or late.
    fn compare(&self, followers: usize) -> Result<()> {
        let [first, last] = &self.public;
        let held = state_hash(first.state());
        let alike = followers == 1 || state_hash(last.state()) == held;
        ensure!(alike, "our own decoder holds something else when it comes late");
        ensure!(
            self.hides || state_hash(&*self.state) == held,
            "our own decoder holds something else than the state"
        );
        Ok(())
    }
}
