//! Random scenarios: types, edits of all kinds between ticks, clients that come early and late.
//!
//! The generator runs its own scenario on the model as it goes, so that every step is valid.

mod edits;
mod types;
mod values;
mod watch;

use serde_json::{Map, Value as Json, json};

use crate::{
    model::{Model, Reading},
    random::Random,
    types::Types,
};

/// How large scenarios are, and what is in them.
///
/// Numbers are the most there can be, but for `edits`, and for what says that it is a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Types, the root's included; at least one.
    pub types: usize,
    /// Fields that a type has of its own; at least one.
    pub fields: usize,
    /// Steps, before the last ticks.
    pub steps: usize,
    /// Edits between two ticks, on average.
    pub edits: usize,
    /// Clients; at least one.
    pub clients: usize,
    /// How many structs lie in one another.
    pub depth: usize,
    /// How many elements a collection is let grow to.
    pub elements: usize,
    /// The share of scenarios, in a hundred, whose types extend others.
    pub inheritance: usize,
    /// The share of scenarios with sets and collections of structs.
    pub struct_members: usize,
    /// The share of scenarios with quantized fields.
    pub quantized: usize,
    /// The share of scenarios in which instances stand in several places, or move.
    pub shares: usize,
    /// The share of scenarios with marked fields, most of whose clients have views.
    pub views: usize,
}

impl Config {
    /// All of the language; views in every other scenario.
    pub const fn complete() -> Self {
        Self {
            inheritance: 40,
            struct_members: 50,
            quantized: 20,
            shares: 40,
            views: 50,
            ..Self::plain()
        }
    }

    const fn plain() -> Self {
        Self {
            types: 4,
            fields: 7,
            steps: 80,
            edits: 6,
            clients: 3,
            depth: 4,
            elements: 9,
            inheritance: 0,
            struct_members: 0,
            quantized: 0,
            shares: 0,
            views: 0,
        }
    }
}

impl Default for Config {
    /// What every codec carries: no inheritance, no sets or collections of structs, nothing quantized,
    /// shared or marked.
    fn default() -> Self {
        Self::plain()
    }
}

/// The scenario of a seed: a file of the scenario language, ready to be printed.
pub fn generate(seed: u64, config: &Config) -> Json {
    let mut random = Random::new(seed);
    let types = types::types(&mut random, config);
    write(&types, random, config)
}

/// The scenario of a seed over types of one's own: a file without clients and steps. Of the shares
/// that `config` has, only `shares` counts; marked fields are watched if there are some.
///
/// # Errors
///
/// What is wrong with the types.
pub fn generate_over(types: &Json, seed: u64, config: &Config) -> Result<Json, String> {
    Ok(write(&Types::parse(types)?, Random::new(seed), config))
}

fn write(types: &Types, mut random: Random, config: &Config) -> Json {
    let has_views = types.has_views();
    let names = (0..1 + random.below(config.clients)).map(|at| format!("c{at}"));
    let clients: Vec<(String, bool)> =
        names.map(|name| (name, has_views && random.chance(75))).collect();
    let mut script = Script {
        model: Model::new(types.clone(), clients.clone(), Reading::Schema),
        steps: Vec::new(),
        shares: sometimes(&mut random, config.shares),
        watchers: clients
            .iter()
            .filter(|(_, views)| *views)
            .map(|(name, _)| name.clone())
            .collect(),
        random,
        config: *config,
    };
    let names: Vec<String> = clients.iter().map(|(name, _)| name.clone()).collect();
    script.act(&names);
    let clients = clients
        .into_iter()
        .map(|(name, has_view)| (name, if has_view { json!({ "view": true }) } else { json!({}) }));
    json!({
        "types": types.to_json(),
        "root": types.types[types.root].name,
        "clients": clients.collect::<Map<_, _>>(),
        "steps": script.steps,
    })
}

/// Whether something that may be switched off happens. What is off takes no random numbers, so that
/// the scenarios of a seed are the same without it.
fn sometimes(random: &mut Random, percent: usize) -> bool {
    percent > 0 && random.chance(percent)
}

/// A scenario that is being written.
struct Script {
    model: Model,
    steps: Vec<Json>,
    /// Whether instances are shared.
    shares: bool,
    /// The clients that have views.
    watchers: Vec<String>,
    random: Random,
    config: Config,
}

impl Script {
    fn act(&mut self, clients: &[String]) {
        // Some see everything from the start.
        if self.random.chance(60) {
            self.step(json!({ "op": "join", "client": clients[0] }));
        }
        let length = 1 + self.random.below(self.config.steps);
        while self.steps.len() < length {
            match self.random.below(100) {
                0..5 => self.come_or_go(clients),
                5..22 if !self.watchers.is_empty() => self.watch(),
                22..34 if self.shares => self.share(),
                5.. if self.random.below(self.config.edits + 1) == 0 => self.sync(),
                _ => self.edit(),
            }
        }
        self.sync();
        for client in clients {
            if !self.model.joined.contains(client) {
                self.step(json!({ "op": "join", "client": client }));
            }
        }
        self.edit();
        self.sync();
    }

    fn sync(&mut self) {
        self.step(json!({ "op": "sync" }));
    }

    fn come_or_go(&mut self, clients: &[String]) {
        let client = self.random.pick(clients);
        let joined = self.model.joined.contains(&client);
        if !joined || self.random.chance(30) {
            self.step(json!({ "op": if joined { "leave" } else { "join" }, "client": client }));
        }
    }

    /// Notes a step and does it.
    fn step(&mut self, step: Json) {
        if let Err(error) = self.model.step(&step) {
            unreachable!("the generator made a step that is not valid: {step}: {error}");
        }
        self.steps.push(step);
    }
}
