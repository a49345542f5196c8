//! One scenario through the command line in every state-tree encoding, and what a client that was
//! written from the protocol's description makes of it.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value as Json, json};
use tidewire_cli::{Codec, print_schema, run_scenario};
use tidewire_opcode::is_addressable;
use tidewire_testkit::{
    Checkpoint, KeyOrder, Reading, difference, expect, generate, generate_over,
};

use crate::{case::Counts, driver, judge::Judge};

/// The forms that the command line writes: codec and profile.
pub const FORMS: [(&str, &str); 8] = [
    ("state-json", "original"),
    ("state-json", "shortest"),
    ("opcode-json", "original"),
    ("opcode-json", "shortest"),
    ("opcode-json", "plain"),
    ("opcode-msgpack", "original"),
    ("opcode-msgpack", "shortest"),
    ("opcode-msgpack", "plain"),
];

/// The random scenario of a seed, with fields of the root that clients can find: the command line refuses
/// others, since no path leads there.
///
/// # Errors
///
/// If the generator does not take the types that it made.
pub fn scenario(seed: u64) -> Result<Json> {
    let config = driver::config(seed);
    let mut scenario = generate(seed, &config);
    let root = scenario["root"].as_str().context("no root")?.to_owned();
    // Its fields may come from other types.
    let mut at = Some(root);
    let found = |name: &str| name.replace(['.', '/', '~', '['], "_");
    let mut is_found = true;
    while let Some(name) = at {
        let info = &mut scenario["types"][name];
        let fields = info["fields"].as_object_mut().context("no fields")?;
        is_found &= fields.keys().all(|name| is_addressable(name));
        *fields = fields.iter().map(|(name, field)| (found(name), field.clone())).collect();
        at = info["extends"].as_str().map(str::to_owned);
    }
    if is_found {
        return Ok(scenario);
    }
    generate_over(&scenario, seed, &config).map_err(anyhow::Error::msg)
}

/// Runs a scenario in every form.
///
/// # Errors
///
/// The first thing on which anybody disagrees with the model.
pub fn run(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let expected = expect(scenario, Reading::Json).map_err(anyhow::Error::msg)?;
    let schema: Json = serde_json::from_str(&print_schema(&scenario.to_string())?)?;
    let hashes = schema["lands"]["land"]["pathHashes"].as_object().context("no hashes")?;
    let mut counts = Counts::default();
    for (codec, profile) in FORMS {
        let hashes = if profile == "plain" { &Map::new() } else { hashes };
        let lines = lines(scenario, Codec::from_names(codec, Some(profile))?)?;
        counts += judge_lines(&lines, hashes, &expected, judge)
            .with_context(|| format!("{codec}, {profile}"))?;
    }
    Ok(counts)
}

/// What the command line prints.
fn lines(scenario: &Json, codec: Codec) -> Result<Vec<Json>> {
    let mut out = Vec::new();
    run_scenario(&scenario.to_string(), codec, &mut out)?;
    let lines = std::str::from_utf8(&out)?.lines();
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Feeds every frame to a client, and holds what it has and what is printed against the model.
fn judge_lines(
    lines: &[Json],
    hashes: &Map<String, Json>,
    expected: &[Checkpoint],
    judge: &mut Judge,
) -> Result<Counts> {
    let mut requests = Vec::new();
    for line in lines.iter().filter(|line| line["kind"] != "state") {
        let client = &line["client"];
        match line["kind"].as_str() {
            Some("snapshot") => {
                let open = json!({ "op": "open", "id": 0, "client": client, "patterns": hashes });
                requests.push(open);
            }
            Some("patch") => {}
            other => bail!("these codecs have no {other:?}"),
        }
        requests.push(json!({ "op": "receive", "id": 0, "client": client, "hex": line["hex"] }));
    }
    let mut answers = judge.batch(&requests)?.into_iter();
    let mut expected = expected.iter();
    let mut counts = Counts { messages: requests.len(), ..Counts::default() };
    let mut held: HashMap<&str, Json> = HashMap::new();
    let mut sent = false;
    for line in lines {
        let client = line["client"].as_str().unwrap_or_default();
        let place = || format!("step {}, client {client:?}", line["step"]);
        if line["kind"] != "state" {
            if line["kind"] == "snapshot" {
                answers.next().context("no answer")?;
            }
            let answer = answers.next().context("no answer")?;
            ensure!(answer.get("error").is_none(), "{}: {}: {line}", place(), answer["error"]);
            counts.bytes += line["hex"].as_str().map_or(0, str::len) / 2;
            held.insert(client, without_nulls(&answer["state"]));
            sent = true;
            continue;
        }
        let expected = expected.next().context("more states than the model has")?;
        ensure!(
            line["step"] == json!(expected.step) && client == expected.client,
            "expected step {} for {:?}, found {}",
            expected.step,
            expected.client,
            place(),
        );
        ensure!(!sent || expected.changed, "{}: a frame, but nothing changed", place());
        let held = held.get(client).context("a state before a frame")?;
        for found in [&line["json"], held] {
            if let Some(difference) = difference(&expected.state, found, KeyOrder::Ignored) {
                bail!("{}: {difference}", place());
            }
        }
        counts.states += 1;
        sent = false;
    }
    ensure!(expected.next().is_none(), "fewer states than the model has");
    Ok(counts)
}

/// Absent fields are null to these clients; the model leaves them out.
pub fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(key, member)| (key.clone(), without_nulls(member)))
            .collect::<Map<_, _>>()
            .into(),
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
