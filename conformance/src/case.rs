//! One scenario: what the encoders make of it, what the decoders see, what the model expects.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tidewire_cli::{Codec, run_scenario};
use tidewire_schema::Profile;
use tidewire_testkit::{Change, Checkpoint, Entry, KeyOrder, Reading, difference, expect};

use crate::{
    derived::{self, Den, Lab, Pack, Root as _, Zoo},
    judge::{Judge, VERSIONS},
};

/// What a run of a scenario came to, in counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Messages that decoders applied.
    pub messages: usize,
    /// States that were compared.
    pub states: usize,
    /// Bytes of snapshots and patches.
    pub bytes: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.states += other.states;
        self.bytes += other.bytes;
    }
}

/// Runs a scenario through the schema encoder and the three real decoders, and through the JSON
/// codec and a kept implementation of RFC 6902. Each client has a decoder of its own, for what it
/// is sent may be for it alone.
///
/// # Errors
///
/// The first thing on which anybody disagrees with the model.
pub fn run(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let expected = expect(scenario, Reading::Schema).map_err(anyhow::Error::msg)?;
    let mut counts = Counts::default();
    let unable = if has_quantized(scenario) { 2 } else { 0 };
    for (version, profile) in std::iter::zip(VERSIONS, PROFILES).skip(unable) {
        let lines = lines(scenario, Codec::Schema(profile))?;
        check_lines(&lines, &expected).context("the command line")?;
        counts += judge_lines(version, &lines, &expected, InViews::of(scenario), judge)
            .with_context(|| format!("schema {version}"))?;
    }
    let expected = expect(scenario, Reading::Json).map_err(anyhow::Error::msg)?;
    let lines = lines(scenario, Codec::Json)?;
    check_lines(&lines, &expected).context("the json codec")?;
    apply_json(&lines).context("RFC 6902")?;
    Ok(counts)
}

/// Runs a scenario over the types of a derived root through derived structs and the real decoders.
///
/// # Errors
///
/// The first thing on which anybody disagrees with the model.
pub fn run_derived<R: derived::Root>(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let expected = expect(scenario, Reading::Schema).map_err(anyhow::Error::msg)?;
    let mut counts = Counts::default();
    let unable = if has_quantized(scenario) { 2 } else { 0 };
    for (version, profile) in std::iter::zip(VERSIONS, PROFILES).skip(unable) {
        let lines = derived::lines::<R>(scenario, profile).context("derived types")?;
        check_messages(&lines, &expected).context("derived types")?;
        counts += judge_lines(version, &lines, &expected, InViews::of(scenario), judge)
            .with_context(|| format!("derived types, schema {version}"))?;
    }
    Ok(counts)
}

/// As [`run_derived`], if the scenario is over the types of one of the derived roots.
///
/// # Errors
///
/// As of that.
pub fn run_on_derived(scenario: &Json, judge: &mut Judge) -> Result<Counts> {
    let of = |types: Json| scenario["types"] == types["types"] && scenario["root"] == types["root"];
    match () {
        () if of(Zoo::types()) => run_derived::<Zoo>(scenario, judge),
        () if of(Den::types()) => run_derived::<Den>(scenario, judge),
        () if of(Lab::types()) => run_derived::<Lab>(scenario, judge),
        () if of(Pack::types()) => run_derived::<Pack>(scenario, judge),
        () => Ok(Counts::default()),
    }
}

/// What is looked at beside the state where a client has a view. Where it has none, all of it is.
#[derive(Clone, Copy, Debug)]
pub struct InViews {
    /// In which order keys came to it.
    pub order: KeyOrder,
    /// Whether it heard of nothing else than what came and went.
    pub changes: bool,
}

impl InViews {
    /// What there is to look at in a scenario. An instance of several places that comes to be for everyone, or
    /// ceases to, goes and comes again for those with a view, and what is in it: docs/VIEWS.md, "Order".
    pub fn of(scenario: &Json) -> Self {
        let mut steps = scenario["steps"].as_array().into_iter().flatten();
        Self { order: KeyOrder::Checked, changes: !steps.any(|step| step["op"] == "share") }
    }
}

/// The forms of the handshake for [`VERSIONS`].
const PROFILES: [Profile; 3] = [Profile::V3, Profile::V4, Profile::V5];

/// What the command line prints.
fn lines(scenario: &Json, codec: Codec) -> Result<Vec<Json>> {
    let mut out = Vec::new();
    run_scenario(&scenario.to_string(), codec, &mut out)?;
    let lines = std::str::from_utf8(&out)?.lines();
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Whether a field is of the kind that only the last generation of decoders knows.
fn has_quantized(scenario: &Json) -> bool {
    let types = scenario["types"].as_object().into_iter().flatten();
    let mut fields = types.flat_map(|(_, of)| of["fields"].as_object().into_iter().flatten());
    fields.any(|(_, field)| field.get("quantized").is_some())
}

/// The states that the command line prints are those of the model, and its messages are what they may be.
fn check_lines(lines: &[Json], expected: &[Checkpoint]) -> Result<()> {
    check_messages(lines, expected)?;
    let states = lines.iter().filter(|line| line["kind"] == "state");
    std::iter::zip(expected, states).try_for_each(|(expected, line)| {
        // In what order keys came to a client with a view is known to the client alone.
        let order = if expected.has_view { KeyOrder::Ignored } else { KeyOrder::Checked };
        same(expected, &line["json"], order)
    })
}

/// A patch is there if and only if something changed, and no message has a text that its client may not see.
fn check_messages(lines: &[Json], expected: &[Checkpoint]) -> Result<()> {
    let mut expected = expected.iter();
    let mut sent = false;
    let mut messages = Vec::new();
    for line in lines {
        match line["kind"].as_str() {
            Some("state") => {
                let expected = expected.next().context("more states than the model has")?;
                at(expected, line)?;
                for message in messages.drain(..) {
                    keeps_secrets(expected, message)?;
                }
                ensure!(
                    sent == expected.changed || line_is_join(expected),
                    "{}: sent a patch: {sent}, something changed: {}",
                    place(expected),
                    expected.changed,
                );
                sent = false;
            }
            kind => {
                sent |= kind == Some("patch");
                messages.push(line);
            }
        }
    }
    ensure!(expected.next().is_none(), "fewer states than the model has");
    Ok(())
}

/// A client is not sent a byte of what it may not see. Texts that the generator made for this are
/// looked for in the bytes: what a decoder passes over in silence would be a leak too.
fn keeps_secrets(expected: &Checkpoint, line: &Json) -> Result<()> {
    let bytes = bytes(&line["hex"])?;
    for secret in &expected.hidden {
        let leaks = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        ensure!(
            !leaks,
            "{}: the {} has {secret:?}, which this client may not see: {}",
            place(expected),
            line["kind"],
            line["hex"],
        );
    }
    Ok(())
}

fn line_is_join(checkpoint: &Checkpoint) -> bool {
    checkpoint.cause == tidewire_testkit::Cause::Join
}

fn at(expected: &Checkpoint, line: &Json) -> Result<()> {
    ensure!(
        line["step"] == json!(expected.step) && line["client"] == json!(expected.client),
        "expected {}, found step {} for client {}",
        place(expected),
        line["step"],
        line["client"],
    );
    Ok(())
}

fn place(checkpoint: &Checkpoint) -> String {
    format!("step {} ({:?}), client {:?}", checkpoint.step, checkpoint.cause, checkpoint.client)
}

fn same(expected: &Checkpoint, found: &Json, order: KeyOrder) -> Result<()> {
    match difference(&expected.state, found, order) {
        None => Ok(()),
        Some(difference) => anyhow::bail!("{}: {difference}", place(expected)),
    }
}

/// Feeds every message to a decoder and holds its answers against the model.
///
/// # Errors
///
/// The first thing on which the decoder disagrees with the model.
pub fn judge_lines(
    version: &str,
    lines: &[Json],
    expected: &[Checkpoint],
    in_views: InViews,
    judge: &mut Judge,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut requests = Vec::new();
    for line in lines {
        let client = &line["client"];
        match line["kind"].as_str() {
            Some("handshake") => requests.push(json!({
                "op": "open", "id": 0, "version": version, "client": client, "handshake": line["hex"],
            })),
            Some("snapshot" | "patch") => {
                counts.messages += 1;
                counts.bytes += line["hex"].as_str().map_or(0, str::len) / 2;
                requests.push(json!({
                    "op": "apply", "id": 0, "version": version, "client": client, "hex": line["hex"],
                }));
            }
            _ => {}
        }
    }
    let mut answers = judge.batch(&requests)?.into_iter();
    let mut expected = expected.iter();
    // What each client's decoder last said, for ticks that sent it nothing.
    let mut latest: HashMap<String, Json> = HashMap::new();
    for line in lines {
        let client = line["client"].as_str().unwrap_or_default().to_owned();
        match line["kind"].as_str() {
            Some("handshake") => clean(&answers.next().context("no answer")?)?,
            Some("snapshot" | "patch") => {
                let answer = answers.next().context("no answer")?;
                clean(&answer)
                    .with_context(|| format!("step {}, hex {}", line["step"], line["hex"]))?;
                latest.insert(client, answer);
            }
            _ => {
                let expected = expected.next().context("more states than the model has")?;
                let answer = latest.get_mut(&client).context("a state before a message")?;
                let order = if expected.has_view { in_views.order } else { KeyOrder::Checked };
                same(expected, &answer["state"], order)?;
                ensure!(
                    answer["refs"] == json!(expected.references),
                    "{}: holds {} references, expected {}",
                    place(expected),
                    answer["refs"],
                    expected.references,
                );
                if !expected.has_view || in_views.changes {
                    same_changes(expected, answer)?;
                }
                // They have been told; a tick without a message has none.
                answer["adds"] = json!([]);
                answer["removes"] = json!([]);
                counts.states += 1;
            }
        }
    }
    Ok(counts)
}

/// A decoder that throws or prints anything disagrees.
fn clean(answer: &Json) -> Result<()> {
    ensure!(answer.get("error").is_none(), "the decoder failed: {}", answer["error"]);
    ensure!(answer["warnings"] == json!([]), "the decoder warned: {}", answer["warnings"]);
    Ok(())
}

/// The same entries came and went, each as often, in whatever order.
fn same_changes(expected: &Checkpoint, answer: &Json) -> Result<()> {
    let mut found = Changes::default();
    for (list, side) in [("adds", 0), ("removes", 1)] {
        for change in answer[list].as_array().context("expected a list")? {
            let path = change["path"].as_str().unwrap_or("?");
            let text = entry_text(&change["key"], change.get("value"));
            found.entry(path.to_owned()).or_default()[side].push(text);
        }
    }
    sort(&mut found);
    let mut wanted = changes(&expected.added, &expected.removed);
    for other in &expected.in_place {
        let other_way =
            changes(&other.added, &other.removed).remove(&other.path).unwrap_or_default();
        if *found.entry(other.path.clone()).or_default() == other_way {
            wanted.insert(other.path.clone(), other_way);
        }
    }
    if expected.has_view {
        // Who listens to a collection that leaves a view and comes back may hear nothing of what is in it
        // then: callbacks of decoders are about the object that went.
        leave_out_unheard(&mut wanted, &found);
    }
    for changes in [&mut found, &mut wanted] {
        changes.retain(|path, sides| {
            sides.iter().any(|side| !side.is_empty()) && !expected.repeats.contains(path)
        });
    }
    ensure!(wanted == found, "{}: came and went {found:?}, expected {wanted:?}", place(expected));
    Ok(())
}

/// Leaves only what was heard of.
fn leave_out_unheard(wanted: &mut Changes, found: &Changes) {
    for (path, sides) in wanted {
        for (side, wanted) in sides.iter_mut().enumerate() {
            let mut heard = found.get(path).map_or_else(Vec::new, |sides| sides[side].clone());
            wanted.retain(|text| {
                let at = heard.iter().position(|other| other == text);
                at.map(|at| heard.swap_remove(at)).is_some()
            });
        }
    }
}

/// What came and what went, by the path of the collection.
type Changes = BTreeMap<String, [Vec<String>; 2]>;

fn changes(added: &[Change], removed: &[Change]) -> Changes {
    let mut changes = Changes::default();
    for (list, side) in [(added, 0), (removed, 1)] {
        for change in list {
            let value = match &change.entry {
                Entry::Primitive(value) => Some(value),
                Entry::Struct(_) => None,
            };
            let text = entry_text(&change.key, value);
            changes.entry(change.path.clone()).or_default()[side].push(text);
        }
    }
    sort(&mut changes);
    changes
}

fn sort(changes: &mut Changes) {
    changes.values_mut().flatten().for_each(|side| side.sort());
}

/// A struct is told by where it is. The index of a primitive in an array is where it happened to
/// be when the decoder came by.
fn entry_text(key: &Json, value: Option<&Json>) -> String {
    match value {
        None => format!("struct at {key}"),
        Some(value) if key.is_number() => number_text(value),
        Some(value) => format!("{} at {key}", number_text(value)),
    }
}

/// Numbers compare as doubles.
fn number_text(value: &Json) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string())
}

/// Snapshots and patches of the json codec lead to the states that the command line prints.
fn apply_json(lines: &[Json]) -> Result<()> {
    let mut states: HashMap<&str, Json> = HashMap::new();
    for line in lines {
        let client = line["client"].as_str().unwrap_or_default();
        match line["kind"].as_str() {
            Some("snapshot") => {
                states.insert(client, serde_json::from_slice(&bytes(&line["hex"])?)?);
            }
            Some("patch") => {
                let patch: json_patch::Patch = serde_json::from_slice(&bytes(&line["hex"])?)?;
                let state = states.get_mut(client).context("a patch before a snapshot")?;
                json_patch::patch(state, &patch)
                    .with_context(|| format!("step {}, patch {patch}", line["step"]))?;
            }
            _ => {
                let state = states.get(client).context("a state before a snapshot")?;
                if let Some(difference) = difference(&line["json"], state, KeyOrder::Ignored) {
                    anyhow::bail!("step {}: {difference}", line["step"]);
                }
            }
        }
    }
    Ok(())
}

fn bytes(hex: &Json) -> Result<Vec<u8>> {
    let hex = hex.as_str().context("expected hex")?.as_bytes();
    hex.chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_client_may_not_see_is_found_in_the_bytes() -> Result<()> {
        let secret = "zqabcdefghij";
        let scenario = json!({
            "types": { "S": { "fields": { "note": { "type": "string", "view": -1 } } } },
            "root": "S", "clients": { "a": { "view": true } },
            "steps": [
                { "op": "set", "path": "/note", "value": secret },
                { "op": "join", "client": "a" },
                { "op": "view", "client": "a", "add": "" },
                { "op": "sync" },
            ],
        });
        let expected = expect(&scenario, Reading::Schema).map_err(anyhow::Error::msg)?;
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let line = |step: usize, kind: &str, hex: &str, state: Json| json!({ "step": step, "client": "a", "kind": kind, "hex": hex, "json": state });
        let mut lines = vec![
            line(1, "snapshot", "", Json::Null),
            line(1, "state", "", json!({})),
            line(3, "patch", &format!("ff00 80ac{hex}").replace(' ', ""), Json::Null),
            line(3, "state", "", json!({ "note": secret })),
        ];
        check_lines(&lines, &expected)?;
        lines[0] = line(1, "snapshot", &format!("80ac{hex}"), Json::Null);
        let error = check_lines(&lines, &expected).err().context("the leak was not found")?;
        assert!(error.to_string().contains("which this client may not see"), "{error}");
        Ok(())
    }
}
