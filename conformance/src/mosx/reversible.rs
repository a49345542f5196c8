//! The patch codecs on derived types, with patches that can be undone.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value as Json, json};
use tidewire_patch::{
    Config, LightEncoder, MpackEncoder, Patch, PatchEncoder, PatchpackEncoder, notepack::Value,
};
use tidewire_state::Tracked;

use crate::derived::{Root as _, Zoo};

/// Runs a scenario and prints what the command line would.
///
/// Patches are undone and done again on the way.
pub(super) fn lines(scenario: &Json, codec: &str) -> Result<Vec<Json>> {
    let mut zoo = Tracked::new(Zoo::default());
    let mut patches = PatchEncoder::new(&zoo, Config::REVERSIBLE);
    let mut encoding = Encoding::new(codec, &zoo)?;
    let mut joined: Vec<&str> = Vec::new();
    let mut held = Value::Undefined;
    let mut lines = Vec::new();
    for (index, step) in scenario["steps"].as_array().context("no steps")?.iter().enumerate() {
        let client = step["client"].as_str().unwrap_or_default();
        match step["op"].as_str().context("no op")? {
            "leave" => joined.retain(|other| *other != client),
            op @ ("sync" | "join") => {
                encoding.sync(&mut zoo, &mut patches);
                go_back_and_forth(&held, patches.last_patch())
                    .with_context(|| format!("step {index}"))?;
                held = patches.snapshot();
                let mut line = |client: &str, kind: &str, member: &str, value: Json| {
                    lines.push(
                        json!({"step": index, "client": client, "kind": kind, member: value}),
                    );
                };
                for client in &joined {
                    let list = encoding.messages(&patches);
                    if !patches.last_patch().is_empty() {
                        line(client, "patch", "hex", list.iter().map(|bytes| hex(bytes)).collect());
                    }
                    line(client, "state", "json", held.to_json());
                }
                if op == "join" {
                    line(client, "snapshot", "hex", hex(&encoding.snapshot(&patches)).into());
                    line(client, "state", "json", held.to_json());
                    joined.push(client);
                }
            }
            _ => zoo.step(step).with_context(|| format!("step {index}: {step}"))?,
        }
    }
    Ok(lines)
}

enum Encoding {
    Json,
    Mpack(MpackEncoder),
    Light(LightEncoder),
    Patchpack(PatchpackEncoder),
}

impl Encoding {
    fn new(codec: &str, zoo: &Tracked<Zoo>) -> Result<Self> {
        Ok(match codec {
            "json" => Self::Json,
            "mpack" => Self::Mpack(MpackEncoder::new(zoo, Config::REVERSIBLE)),
            "light" => Self::Light(LightEncoder::new(zoo, Config::REVERSIBLE)?),
            "patchpack" => Self::Patchpack(PatchpackEncoder::new(zoo, Config::REVERSIBLE)),
            codec => bail!("there is no codec `{codec}`"),
        })
    }

    fn sync(&mut self, zoo: &mut Tracked<Zoo>, patches: &mut PatchEncoder) {
        match self {
            Self::Json => drop(patches.patch(zoo)),
            Self::Mpack(encoder) => zoo.sync(&mut [patches as _, encoder as _][..]),
            Self::Light(encoder) => zoo.sync(&mut [patches as _, encoder as _][..]),
            Self::Patchpack(encoder) => zoo.sync(&mut [patches as _, encoder as _][..]),
        }
    }

    fn messages(&self, patches: &PatchEncoder) -> Vec<Vec<u8>> {
        match self {
            Self::Json => {
                let list: Json = patches.last_patch().iter().map(Patch::to_json).collect();
                vec![list.to_string().into_bytes()]
            }
            Self::Mpack(encoder) => encoder.last_patch().to_vec(),
            Self::Light(encoder) => encoder.last_patch().to_vec(),
            Self::Patchpack(encoder) => encoder.last_patch().to_vec(),
        }
    }

    fn snapshot(&self, patches: &PatchEncoder) -> Vec<u8> {
        match self {
            Self::Json => patches.snapshot().to_json().to_string().into_bytes(),
            Self::Mpack(encoder) => encoder.snapshot(),
            Self::Light(encoder) => encoder.snapshot(),
            Self::Patchpack(encoder) => encoder.snapshot(),
        }
    }
}

/// Applies patches to what was held, and undoes them.
fn go_back_and_forth(held: &Value, patches: &[Patch]) -> Result<()> {
    let mut client = held.clone();
    for patch in patches {
        patch.apply(&mut client)?;
    }
    for patch in patches.iter().rev() {
        patch.inverse()?.apply(&mut client)?;
    }
    anyhow::ensure!(&client == held, "undone, the state is {client:?}, and was {held:?}");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
