//! Random scenarios: types, edits of all kinds between ticks, clients that come early and late.
//!
//! The generator runs its own scenario on the model as it goes, so that every step is valid.

mod edits;
mod values;

use serde_json::{Map, Value as Json, json};

use crate::{
    model::{Model, Reading},
    random::Random,
    types::{Element, Field, Kind, PRIMITIVES, Type, Types},
};

/// How large scenarios are. All numbers are the most there can be, but for `edits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Types, the root's included; at least one.
    pub types: usize,
    /// Fields of a type; at least one.
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
}

impl Default for Config {
    fn default() -> Self {
        Self { types: 4, fields: 7, steps: 80, edits: 6, clients: 3, depth: 4, elements: 9 }
    }
}

/// The scenario of a seed: a file of the scenario language, ready to be printed.
pub fn generate(seed: u64, config: &Config) -> Json {
    let mut random = Random::new(seed);
    let types = types(&mut random, config);
    write(&types, random, config)
}

/// The scenario of a seed over types of one's own: a file without clients and steps.
///
/// # Errors
///
/// What is wrong with the types.
pub fn generate_over(types: &Json, seed: u64, config: &Config) -> Result<Json, String> {
    Ok(write(&Types::parse(types)?, Random::new(seed), config))
}

fn write(types: &Types, mut random: Random, config: &Config) -> Json {
    let names: Vec<String> =
        (0..1 + random.below(config.clients)).map(|at| format!("c{at}")).collect();
    let mut script = Script {
        model: Model::new(types.clone(), Reading::Schema),
        steps: Vec::new(),
        random,
        config: *config,
    };
    script.act(&names);
    let clients = names.iter().map(|name| (name.clone(), json!({})));
    json!({
        "types": types.to_json(),
        "root": types.types[types.root].name,
        "clients": clients.collect::<Map<_, _>>(),
        "steps": script.steps,
    })
}

/// A scenario that is being written.
struct Script {
    model: Model,
    steps: Vec<Json>,
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

fn types(random: &mut Random, config: &Config) -> Types {
    let count = 1 + random.below(config.types);
    let types = (0..count).map(|at| {
        let fields = (0..1 + random.below(config.fields)).map(|at| {
            let kind = match random.below(100) {
                0..26 => Kind::One(Element::Primitive(random.pick(&PRIMITIVES))),
                26..38 => Kind::One(Element::Struct(random.below(count))),
                38..47 => Kind::Map(Element::Primitive(random.pick(&PRIMITIVES))),
                47..63 => Kind::Map(Element::Struct(random.below(count))),
                63..73 => Kind::Array(Element::Primitive(random.pick(&PRIMITIVES))),
                73..78 => Kind::Set(Element::Primitive(random.pick(&PRIMITIVES))),
                78..83 => Kind::Collection(Element::Primitive(random.pick(&PRIMITIVES))),
                _ => Kind::Array(Element::Struct(random.below(count))),
            };
            let optional = matches!(kind, Kind::One(Element::Primitive(_))) && random.chance(30);
            Field {
                name: format!("{}{at}", random.pick(&["f", "x/", "a~", "é", "F_"])),
                kind,
                optional,
            }
        });
        Type { name: format!("T{at}"), fields: fields.collect() }
    });
    Types { types: types.collect(), root: random.below(count) }
}
