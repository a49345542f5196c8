//! Random scenarios through the reference encoder: does the model mean what upstream means?
//!
//! Upstream has faults of its own: with edits between ticks, above all of arrays, and with views, where
//! it shows fields of ancestors that are not in view and refers to what it never introduced. With
//! `--gentle` and without views it has none that are known, so there every scenario must agree.
//!
//! `--slow` does the same with an encoder that writes by the model. With that one all must agree, or
//! the model asks for what no message can bring about.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::{Value as Json, json};
use tidewire_conformance::{
    case::{self, InViews},
    judge::{Judge, VERSIONS},
    shrink::shrink,
};
use tidewire_testkit::{Checkpoint, Config, KeyOrder, Reading, expect, generate, graphs};

#[derive(Parser)]
#[command(about = "Random scenarios through the reference encoder")]
struct Arguments {
    /// How many scenarios.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// Shows the smallest scenario of this seed on which the model and the reference disagree.
    #[arg(long)]
    shrink: Option<u64>,
    /// Runs this scenario file alone.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Leaves of each scenario what upstream does well: a state is made, views are filled, clients
    /// join, fields change.
    #[arg(long)]
    gentle: bool,
    /// Asks the slow encoder, which writes by the model, for messages to this generation of
    /// decoders instead. All must agree.
    #[arg(long, value_parser = VERSIONS)]
    slow: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let script = if arguments.slow.is_some() { "slow.mjs" } else { "reference.mjs" };
    let mut judge = Judge::start()?;
    let mut encoder = Encoder { process: Judge::run(script)?, slow: arguments.slow.clone() };
    let mut config = Config::complete();
    if arguments.slow.as_deref().is_some_and(|version| version != "5") {
        config.quantized = 0;
    }
    let make = |seed| {
        let scenario = within_doubles(&generate(seed, &config));
        if arguments.gentle { gentle(&scenario) } else { scenario }
    };
    if let Some(file) = &arguments.file {
        let scenario = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        run(&scenario, &mut judge, &mut encoder)?;
        println!("agreed");
        return Ok(());
    }
    if let Some(seed) = arguments.shrink {
        let small = shrink(&make(seed), |each| {
            expect(each, Reading::Schema).is_ok() && run(each, &mut judge, &mut encoder).is_err()
        });
        println!("{small:#}");
        return run(&small, &mut judge, &mut encoder);
    }
    let mut outcomes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for seed in arguments.start..arguments.start + arguments.seeds {
        let scenario = make(seed);
        // A set of large numbers may have lost some.
        if expect(&scenario, Reading::Schema).is_err() {
            continue;
        }
        let what = if scenario["clients"].to_string().contains("view") { "views" } else { "plain" };
        let outcome = match run(&scenario, &mut judge, &mut encoder) {
            Ok(()) => "agreed".to_owned(),
            Err(error) => {
                let error = format!("{error:#}");
                eprintln!("seed {seed} ({what}): {}", error.chars().take(300).collect::<String>());
                "disagreed".to_owned()
            }
        };
        outcomes.entry(format!("{what}, {outcome}")).or_default().push(seed);
    }
    for (outcome, seeds) in &outcomes {
        println!("{outcome}: {} scenarios", seeds.len());
    }
    let must =
        |what: &&str| arguments.slow.is_some() || (arguments.gentle && what.starts_with('p'));
    let agreed = outcomes.keys().any(|outcome| outcome.ends_with(", agreed"));
    ensure!(agreed, "no scenario of {} agrees", arguments.seeds);
    let faults = ["plain, disagreed", "views, disagreed"].into_iter().filter(must);
    let faults: Vec<&u64> = faults.filter_map(|what| outcomes.get(what)).flatten().collect();
    ensure!(faults.is_empty(), "the model and the encoder disagree on the seeds {faults:?}");
    Ok(())
}

/// One of the two encoders.
struct Encoder {
    process: Judge,
    /// The generation, if it is the slow one.
    slow: Option<String>,
}

impl Encoder {
    /// The lines that the command line would print.
    fn lines(&mut self, scenario: &Json, expected: &[Checkpoint]) -> Result<Vec<Json>> {
        let answer = match &self.slow {
            None => self.process.ask(scenario)?,
            Some(version) => {
                let graphs = graphs(scenario).map_err(anyhow::Error::msg)?;
                let checkpoints = std::iter::zip(expected, graphs).map(|(checkpoint, graph)| {
                    let cause = format!("{:?}", checkpoint.cause);
                    let Checkpoint { step, client, .. } = checkpoint;
                    json!({ "step": step, "client": client, "cause": cause, "graph": graph })
                });
                self.process.ask(&json!({
                    "version": version, "types": scenario["types"], "root": scenario["root"],
                    "checkpoints": checkpoints.collect::<Vec<_>>(),
                }))?
            }
        };
        ensure!(answer.get("error").is_none(), "the encoder threw {}", answer["error"]);
        Ok(answer["lines"].as_array().context("no lines")?.clone())
    }
}

/// The messages, decoded, are what the model says.
fn run(scenario: &Json, judge: &mut Judge, encoder: &mut Encoder) -> Result<()> {
    let mut expected = expect(scenario, Reading::Schema).map_err(anyhow::Error::msg)?;
    let lines = encoder.lines(scenario, &expected)?;
    let version = match &encoder.slow {
        Some(version) => version,
        None => {
            // JavaScript sorts the keys of what it reads.
            expected.iter_mut().for_each(|checkpoint| checkpoint.has_view = true);
            "5"
        }
    };
    let in_views = InViews { order: KeyOrder::Ignored, changes: false };
    case::judge_lines(version, &lines, &expected, in_views, judge).map(|_| ())
}

/// With smaller numbers where JavaScript would round them.
fn within_doubles(json: &Json) -> Json {
    match json {
        Json::Array(items) => items.iter().map(within_doubles).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), within_doubles(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Number(number) if !number.is_f64() => {
            let exact = number.as_i64().filter(|whole| whole.unsigned_abs() < 1 << 53);
            exact.unwrap_or_default().into()
        }
        other => other.clone(),
    }
}

/// The steps of a scenario in another order: all edits, then all views, then all joins, and nothing
/// that takes away. Views begin with the root, so that what is in view has no ancestors that are not.
fn gentle(scenario: &Json) -> Json {
    let empty = Vec::new();
    let steps = scenario["steps"].as_array().unwrap_or(&empty);
    let mut gentle = scenario.clone();
    let mut kept: Vec<Json> = Vec::new();
    let mut keep = |wanted: &dyn Fn(&Json) -> bool, between: &[Json]| {
        for step in steps.iter().filter(|step| wanted(step)) {
            kept.push(step.clone());
            gentle["steps"] = kept.clone().into();
            if expect(&gentle, Reading::Schema).is_err() {
                kept.pop();
            }
        }
        kept.extend(between.iter().cloned());
    };
    let op = |step: &Json| step["op"].as_str().unwrap_or_default().to_owned();
    // Nor is an instance put in the place of what holds it.
    let lifts = |step: &Json| match (step["path"].as_str(), step["from"].as_str()) {
        (Some(path), Some(from)) => from.starts_with(path),
        _ => false,
    };
    let edits =
        |step: &Json| matches!(&*op(step), "set" | "push" | "add" | "share") && !lifts(step);
    keep(&edits, &[json!({"op": "sync"})]);
    let clients = scenario["clients"].as_object().into_iter().flatten();
    let watchers = clients.filter(|(_, client)| client["view"] == true);
    let roots = watchers.map(|(name, _)| json!({"op": "view", "client": name, "add": ""}));
    keep(&|_| false, &roots.collect::<Vec<_>>());
    keep(&|step| step.get("add").is_some(), &[]);
    keep(&|step| op(step) == "join", &[]);
    gentle["steps"] = kept.into();
    gentle
}
