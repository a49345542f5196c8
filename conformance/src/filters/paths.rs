//! The codecs that go by path, at the same syncs: what their clients hold, by the libraries that real ones use.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tidewire_patch::{
    Config, JsonEncoder, LightDecoder, LightEncoder, MpackEncoder, PatchpackEncoder,
    notepack::Value,
};
use tidewire_state::{Tracked, ViewId, Visitor};

use super::{
    Table,
    model::Picture,
    run::{hex, keeps_secrets, same},
};
use crate::judge::Judge;

/// The encoders, and what came of what they wrote.
pub(super) struct Paths {
    jsons: JsonEncoder,
    mpack: MpackEncoder,
    light: LightEncoder,
    patchpack: PatchpackEncoder,
    /// What the crate `json-patch` made, for each client.
    documents: HashMap<&'static str, Json>,
    /// Of `light` there is no other decoder than ours.
    lights: HashMap<&'static str, (LightDecoder, Value)>,
    /// What the libraries are to be asked.
    requests: Vec<Json>,
    /// Where each client's last request is, by the codec.
    latest: HashMap<String, usize>,
    /// What is to be the answer to which request: for each tick, also if it brought no message.
    expected: Vec<(usize, String, Json)>,
}

impl Paths {
    pub(super) fn new(table: &Tracked<Table>) -> Result<Self> {
        let config = Config::default();
        Ok(Self {
            jsons: JsonEncoder::new(table),
            mpack: MpackEncoder::new(table, config),
            light: LightEncoder::new(table, config)?,
            patchpack: PatchpackEncoder::new(table, config),
            documents: HashMap::new(),
            lights: HashMap::new(),
            requests: Vec::new(),
            latest: HashMap::new(),
            expected: Vec::new(),
        })
    }

    /// Those who take part in each sync.
    pub(super) fn visitors(&mut self) -> [&mut dyn Visitor; 4] {
        [&mut self.jsons, &mut self.mpack, &mut self.light, &mut self.patchpack]
    }

    pub(super) fn forget_view(&mut self, view: ViewId) {
        self.jsons.forget_view(view);
        self.mpack.forget_view(view);
        self.light.forget_view(view);
        self.patchpack.forget_view(view);
    }

    /// A client is sent all there is.
    pub(super) fn open(
        &mut self,
        table: &Tracked<Table>,
        client: &'static str,
        view: Option<ViewId>,
        picture: &Picture,
    ) -> Result<()> {
        let (document, mpack, light, patchpack) = match view {
            None => (
                self.jsons.snapshot(table),
                self.mpack.snapshot(),
                self.light.snapshot(),
                self.patchpack.snapshot(),
            ),
            Some(view) => (
                self.jsons.snapshot_for(table, view),
                self.mpack.snapshot_for(table, view),
                self.light.snapshot_for(table, view),
                self.patchpack.snapshot_for(table, view),
            ),
        };
        let json = document.to_string().into_bytes();
        let all =
            [("json", &json), ("mpack", &mpack), ("light", &light), ("patchpack", &patchpack)];
        for (codec, snapshot) in all {
            keeps_secrets(snapshot, picture).context(codec)?;
            let request = json!({
                "op": "open", "id": 0, "codec": codec, "client": format!("{codec}, {client}"), "hex": hex(snapshot),
            });
            self.ask(codec, client, request);
        }
        self.documents.insert(client, document);
        self.lights.insert(client, LightDecoder::from_snapshot(&light).context("light")?);
        self.expect(client, picture)
    }

    /// A client is sent what a tick changed for it.
    pub(super) fn apply(
        &mut self,
        table: &Tracked<Table>,
        client: &'static str,
        view: Option<ViewId>,
        picture: &Picture,
    ) -> Result<()> {
        let (patch, mpack, light, patchpack) = match view {
            None => (
                serde_json::to_string(&self.jsons.last_patch())?,
                self.mpack.last_patch(),
                self.light.last_patch(),
                self.patchpack.last_patch(),
            ),
            Some(view) => (
                serde_json::to_string(&self.jsons.patch_for(table, view))?,
                self.mpack.patch_for(table, view),
                self.light.patch_for(table, view),
                self.patchpack.patch_for(table, view),
            ),
        };
        if let Some(patch) = serde_json::from_str::<Option<json_patch::Patch>>(&patch)? {
            let document = self.documents.get_mut(client).context("a patch at first")?;
            json_patch::patch(document, &patch).with_context(|| format!("json: {patch}"))?;
        }
        let (decoder, state) = self.lights.get_mut(client).context("a patch at first")?;
        for message in light {
            decoder
                .patch(message)?
                .apply(state)
                .with_context(|| format!("light: {}", hex(message)))?;
        }
        let patch = Some(patch.into_bytes()).filter(|patch| patch != b"null");
        let all = [
            ("json", Vec::from_iter(patch)),
            ("mpack", mpack.to_vec()),
            ("light", light.to_vec()),
            ("patchpack", patchpack.to_vec()),
        ];
        for (codec, messages) in all {
            for message in &messages {
                keeps_secrets(message, picture).context(codec)?;
            }
            if messages.is_empty() {
                continue;
            }
            let messages: Vec<String> = messages.iter().map(|message| hex(message)).collect();
            let request = json!({
                "op": "apply", "id": 0, "client": format!("{codec}, {client}"), "hex": messages,
            });
            self.ask(codec, client, request);
        }
        self.expect(client, picture)
    }

    fn ask(&mut self, codec: &str, client: &str, request: Json) {
        if codec != "light" {
            self.latest.insert(format!("{codec}, {client}"), self.requests.len());
            self.requests.push(request);
        }
    }

    /// What a client sees is what it must hold now.
    fn expect(&mut self, client: &'static str, picture: &Picture) -> Result<()> {
        same(&picture.state, &self.documents[client]).context("json, by json-patch")?;
        same(&picture.state, &self.lights[client].1.to_json()).context("light")?;
        for codec in ["json", "mpack", "patchpack"] {
            let name = format!("{codec}, {client}");
            let at = *self.latest.get(&name).context("a patch at first")?;
            self.expected.push((at, name, picture.state.clone()));
        }
        Ok(())
    }

    /// Has the libraries read all that was sent.
    pub(super) fn judge(&self, judge: &mut Judge) -> Result<()> {
        let answers = judge.batch(&self.requests)?;
        for (at, name, state) in &self.expected {
            let (answer, request) = (&answers[*at], &self.requests[*at]);
            ensure!(answer.get("error").is_none(), "{name}: {} at {request}", answer["error"]);
            same(state, &answer["state"]).with_context(|| format!("{name}: {request}"))?;
        }
        Ok(())
    }
}
