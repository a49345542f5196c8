//! One scenario through the patch codecs, and what the real libraries make of it.
//!
//! `patchpack` reads its own format, notepack.io and `@msgpack/msgpack` read `mpack`, fast-json-patch
//! applies the `json` codec's lists. There is no library of `light` to ask; our decoder reads it.

mod reversible;
pub mod values;

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tidewire_cli::{Codec, run_scenario};
use tidewire_patch::{LightDecoder, notepack::Value};
use tidewire_testkit::{Checkpoint, KeyOrder, Reading, difference, expect};

use crate::{case::Counts, judge::Judge};

/// Runs a scenario through every patch codec.
///
/// # Errors
///
/// The first thing on which anybody disagrees with the model.
pub fn run(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let expected = expect(scenario, Reading::Json).map_err(anyhow::Error::msg)?;
    let mut counts = Counts::default();
    for (name, codec) in
        [("patchpack", Codec::Patchpack), ("mpack", Codec::Mpack), ("json", Codec::Json)]
    {
        let lines = lines(scenario, codec)?;
        counts += judge_lines(name, &lines, &expected, judge).with_context(|| name.to_owned())?;
    }
    let lines = lines(scenario, Codec::Light)?;
    read_light(&lines, &expected).context("light")?;
    Ok(counts)
}

/// Runs a scenario over the types of [`Zoo`](crate::derived::Zoo) through every patch codec, with
/// patches that can be undone.
///
/// # Errors
///
/// The first thing on which anybody disagrees with the model.
pub fn run_derived(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let expected = expect(scenario, Reading::Json).map_err(anyhow::Error::msg)?;
    let mut counts = Counts::default();
    for codec in ["patchpack", "mpack", "json"] {
        let lines = reversible::lines(scenario, codec)?;
        counts += judge_lines(codec, &lines, &expected, judge)
            .with_context(|| format!("derived types, reversible, {codec}"))?;
    }
    read_light(&reversible::lines(scenario, "light")?, &expected)
        .context("derived types, reversible, light")?;
    Ok(counts)
}

/// What the command line prints.
fn lines(scenario: &Json, codec: Codec) -> Result<Vec<Json>> {
    let mut out = Vec::new();
    run_scenario(&scenario.to_string(), codec, &mut out)?;
    let lines = std::str::from_utf8(&out)?.lines();
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Feeds every message to a client and holds its state against the model.
fn judge_lines(
    codec: &str,
    lines: &[Json],
    expected: &[Checkpoint],
    judge: &mut Judge,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut requests = Vec::new();
    for line in lines {
        let (client, hex) = (&line["client"], messages(line));
        counts.messages += hex.len();
        counts.bytes += hex.iter().map(|hex| hex.len() / 2).sum::<usize>();
        match line["kind"].as_str() {
            Some("snapshot") => requests.push(json!({
                "op": "open", "id": 0, "codec": codec, "client": client, "hex": line["hex"],
            })),
            Some("patch") => {
                requests.push(json!({ "op": "apply", "id": 0, "client": client, "hex": hex }));
            }
            _ => {}
        }
    }
    let mut answers = judge.batch(&requests)?.into_iter();
    let mut clients: HashMap<&str, Json> = HashMap::new();
    hold(lines, expected, |line, client| {
        if line["kind"] != "state" {
            let answer = answers.next().context("no answer")?;
            ensure!(answer.get("error").is_none(), "{}: hex {}", answer["error"], line["hex"]);
            clients.insert(client, answer["state"].clone());
        }
        counts.states += 1;
        clients.get(client).cloned().context("a state before a message")
    })?;
    Ok(counts)
}

fn read_light(lines: &[Json], expected: &[Checkpoint]) -> Result<()> {
    let mut clients: HashMap<&str, (LightDecoder, Value)> = HashMap::new();
    hold(lines, expected, |line, client| {
        for hex in messages(line) {
            let bytes = bytes(hex)?;
            if line["kind"] == "snapshot" {
                clients.insert(client, LightDecoder::from_snapshot(&bytes)?);
            } else {
                let (decoder, state) = clients.get_mut(client).context("a patch at first")?;
                decoder.patch(&bytes)?.apply(state)?;
            }
        }
        Ok(clients.get(client).context("a state before a message")?.1.to_json())
    })
}

/// Goes through the lines, and compares with the model what is printed and what `read` says that a
/// client holds after each.
fn hold<'a>(
    lines: &'a [Json],
    expected: &[Checkpoint],
    mut read: impl FnMut(&'a Json, &'a str) -> Result<Json>,
) -> Result<()> {
    let mut expected = expected.iter();
    let mut sent = false;
    for line in lines {
        let client = line["client"].as_str().unwrap_or_default();
        let held = read(line, client).with_context(|| format!("step {}", line["step"]))?;
        if line["kind"] != "state" {
            sent = true;
            continue;
        }
        let expected = expected.next().context("more states than the model has")?;
        let place = || format!("step {}, client {client:?}", line["step"]);
        ensure!(
            line["step"] == json!(expected.step) && client == expected.client,
            "expected step {} for {:?}, found {}",
            expected.step,
            expected.client,
            place(),
        );
        ensure!(!sent || expected.changed, "{}: a message, but nothing changed", place());
        for found in [&line["json"], &held] {
            if let Some(difference) = difference(&expected.state, found, KeyOrder::Ignored) {
                anyhow::bail!("{}: {difference}", place());
            }
        }
        sent = false;
    }
    ensure!(expected.next().is_none(), "fewer states than the model has");
    Ok(())
}

/// The messages of a line, as hex.
fn messages(line: &Json) -> Vec<&str> {
    match &line["hex"] {
        Json::String(hex) => vec![hex],
        Json::Array(list) => list.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let byte = |at| Ok(u8::from_str_radix(hex.get(at..at + 2).context("half a byte")?, 16)?);
    (0..hex.len()).step_by(2).map(byte).collect()
}
