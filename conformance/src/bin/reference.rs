//! Random scenarios through the reference encoder: does the model mean what upstream means?
//!
//! Upstream has faults of its own: with edits between ticks, above all of arrays, and with views,
//! whose ancestors show too much. With `--gentle` and without views it has none that are known, so
//! there every scenario must agree.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::{Value as Json, json};
use tidewire_conformance::{case, judge::Judge, shrink::shrink};
use tidewire_testkit::{Config, Reading, expect, generate};

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
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (mut judge, mut reference) = (Judge::start()?, Judge::run("reference.mjs")?);
    let make = |seed| {
        let scenario = within_doubles(&generate(seed, &Config::complete()));
        if arguments.gentle { gentle(&scenario) } else { scenario }
    };
    if let Some(file) = &arguments.file {
        let scenario = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        run(&scenario, &mut judge, &mut reference)?;
        println!("agreed");
        return Ok(());
    }
    if let Some(seed) = arguments.shrink {
        let small = shrink(&make(seed), |each| {
            expect(each, Reading::Schema).is_ok() && run(each, &mut judge, &mut reference).is_err()
        });
        println!("{small:#}");
        return run(&small, &mut judge, &mut reference);
    }
    let mut outcomes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for seed in arguments.start..arguments.start + arguments.seeds {
        let scenario = make(seed);
        let what = if scenario["clients"].to_string().contains("view") { "views" } else { "plain" };
        let outcome = match run(&scenario, &mut judge, &mut reference) {
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
    let faults = outcomes.get("plain, disagreed").filter(|_| arguments.gentle);
    ensure!(faults.is_none(), "the model does not mean what the reference means: seeds {faults:?}");
    Ok(())
}

/// The reference's messages, decoded, are what the model says.
fn run(scenario: &Json, judge: &mut Judge, reference: &mut Judge) -> Result<()> {
    let mut expected = expect(scenario, Reading::Schema).map_err(anyhow::Error::msg)?;
    // JavaScript sorts the keys of what it reads.
    expected.iter_mut().for_each(|checkpoint| checkpoint.has_view = true);
    let answer = reference.ask(scenario)?;
    if let Some(error) = answer.get("error") {
        anyhow::bail!("the reference threw {error}");
    }
    let lines = answer["lines"].as_array().context("no lines")?;
    case::judge_lines("5", lines, &expected, judge).map(|_| ())
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
/// that takes away.
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
    keep(&|step| matches!(&*op(step), "set" | "push" | "add" | "share"), &[json!({"op": "sync"})]);
    keep(&|step| step.get("add").is_some(), &[]);
    keep(&|step| op(step) == "join", &[]);
    gentle["steps"] = kept.into();
    gentle
}
