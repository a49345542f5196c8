//! The recorded scripts, and what listeners were sent.

use serde_json::{Value as Json, json};
use tidewire_patch::notepack;

use crate::{
    script::{Classes, Js, text},
    state::Why,
};

/// A script, and what one listener was sent.
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) system: String,
    pub(crate) classes: Classes,
    pub(crate) start: Js,
    pub(crate) steps: Vec<Vec<Json>>,
    pub(crate) is_mosx: bool,
    /// Whether it begins with a state that had a past.
    pub(crate) is_repair: bool,
    pub(crate) reversible: bool,
    /// The snapshot, and after which step it was taken.
    pub(crate) snapshots: Vec<(i64, Vec<u8>)>,
    /// Messages, by their steps.
    pub(crate) messages: Vec<(i64, Vec<u8>)>,
    /// Why nothing of it can be driven.
    pub(crate) refused: Option<Why>,
}

pub(crate) fn scripts(vector: &Json) -> Vec<Script> {
    let (name, system) = (text(&vector["name"]), text(&vector["system"]));
    let input = &vector["input"];
    if system == "patchpack" {
        return patchpack_script(name, input).into_iter().collect();
    }
    let classes = Classes::of_mosx(input);
    let steps: Vec<Vec<Json>> = list(&input["steps"])
        .iter()
        .map(|step| match step["do"] == "batch" {
            true => list(&step["steps"]).to_vec(),
            false => vec![step.clone()],
        })
        .collect();
    let reversible = input["tracker"]["reversible"] == true;
    let listeners = list(&vector["views"]).iter();
    let script = |view: &Json| {
        let bytes = |hex: &Json| bytes(hex).unwrap_or_default();
        let numbers = list(&view["by"]).iter().map(|at| at.as_i64().unwrap());
        Script {
            name: name.clone(),
            system: system.clone(),
            start: classes.js(&input["root"]),
            classes: classes.clone(),
            steps: steps.clone(),
            is_mosx: true,
            is_repair: false,
            reversible,
            snapshots: vec![(view["at"].as_i64().unwrap(), bytes(&view["snapshot"]))],
            messages: std::iter::zip(numbers, list(&view["patches"]).iter().map(bytes)).collect(),
            refused: private(input, &view["listener"]),
        }
    };
    listeners.map(script).collect()
}

/// Why a listener is not told what an encoder tells everyone.
fn private(input: &Json, listener: &Json) -> Option<Why> {
    let all = input.to_string();
    let has = |what: &str| all.contains(what);
    let tags = |of: &Json| list(of).iter().map(text).collect::<Vec<_>>();
    let root = tags(&input["rootTags"]);
    let sees_root = tags(&listener["tags"]).iter().any(|tag| root.contains(tag));
    let has_tags = ["addTag", "deleteTag", "prepTagged"].iter().any(|step| has(step));
    if listener.get("filter").is_some() {
        Some("an encoder has no filter of operations")
    } else if listener["spy"] == true
        || !(has("rivate\"") || has_tags)
        || (sees_root && !has_tags && !has(r#""decorate":"private""#))
    {
        None
    } else {
        Some("an encoder knows no tags")
    }
}

fn patchpack_script(name: String, input: &Json) -> Option<Script> {
    let classes = Classes::of_table(&input["types"]);
    let ops = list(&input["ops"]);
    let start = classes.js(ops[0].get("state")?);
    let reversible = ops.iter().any(|op| op["patch"].get("oldValue").is_some());
    let mut script = Script {
        name,
        system: "patchpack".to_owned(),
        classes,
        start,
        steps: Vec::new(),
        is_mosx: false,
        is_repair: false,
        reversible,
        snapshots: Vec::new(),
        messages: Vec::new(),
        refused: None,
    };
    for op in ops {
        let bytes = bytes(&op["hex"]).unwrap_or_default();
        let at = script.steps.len() as i64;
        if op.get("updateSchema").is_some() {
            // The second of two encodings of one change is that of another listener.
            continue;
        } else if op["op"] == "encodeState" {
            script.snapshots.push((at - 1, bytes));
        } else {
            script.steps.push(vec![op["patch"].clone()]);
            script.messages.push((at, bytes));
        }
    }
    Some(script)
}

/// The script that leads where the messages of a repair do.
pub(crate) fn repair(vector: &Json) -> Script {
    let steps = list(&vector["steps"]);
    let state = notepack::decode(&bytes(&steps[0]["hex"]).unwrap()).unwrap().to_json();
    let types = list(&state[1]).iter().map(|of| (text(&of[0]), json!(list(of)[1..])));
    let classes = Classes::of_table(&Json::Object(types.collect()));
    let hex = |step: &Json| bytes(&step["hex"]).unwrap();
    Script {
        name: text(&vector["name"]),
        system: "patchpack".to_owned(),
        start: classes.js(&steps[0]["decoded"]),
        classes,
        steps: steps[1..].iter().map(|step| vec![step["decoded"].clone()]).collect(),
        is_mosx: false,
        is_repair: true,
        reversible: false,
        snapshots: vec![(-1, hex(&steps[0]))],
        messages: (0..).zip(&steps[1..]).map(|(at, step)| (at, hex(step))).collect(),
        refused: None,
    }
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

/// The bytes of recorded hex; nothing of what was too long to be recorded.
fn bytes(hex: &Json) -> Option<Vec<u8>> {
    let hex = hex.as_str()?;
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(byte).collect())
}
