//! The state-tree encodings: one encoder for what all clients are sent, one for first syncs, and one for each
//! client with a view, which adds to the frame for all what only this client sees.

use std::collections::HashMap;

use tidewire_opcode::{Config, Encoder, Encoding, OwnPart, PathForm, StateTree, is_addressable};
use tidewire_state::{FieldInfo, Refusal, Schema, Tracked, TypeSet, ViewId};

use super::super::ScenarioError;

/// What a scenario's clients are sent in one of the encodings.
pub(super) struct StateTreeOutput {
    tree: StateTree,
    /// Writes what all clients are sent.
    shared: Encoder,
    /// What it wrote of the last tick; nothing if nothing changed.
    frame: Vec<u8>,
    /// What those with a view see beside the rest.
    views: HashMap<ViewId, (OwnPart, Encoder)>,
    /// Writes first syncs. They use no slots, and leave those of the others alone.
    own: Encoder,
}

impl StateTreeOutput {
    pub(super) fn new<S: Schema>(
        state: &Tracked<S>,
        config: Config,
    ) -> Result<Self, ScenarioError> {
        let codec = name(config.encoding);
        check_types(&state.types()).map_err(|what| ScenarioError::NotCarried { codec, what })?;
        let tree = StateTree::new(state);
        let (shared, own) = (Encoder::new(config), Encoder::new(config));
        Ok(Self { tree, shared, frame: Vec::new(), views: HashMap::new(), own })
    }

    /// One tick: the frame for all clients, if anything changed.
    pub(super) fn patch<S: Schema>(
        &mut self,
        state: &mut Tracked<S>,
    ) -> Result<Option<&[u8]>, ScenarioError> {
        let Self { tree, shared, frame, .. } = self;
        state.sync(tree);
        check_keys(tree, shared.config())?;
        frame.clear();
        let update = tree.update_with(|members, whole| shared.prefers_whole(members, whole));
        if !update.patches.is_empty() {
            frame.extend(shared.encode(&update));
        }
        Ok((!frame.is_empty()).then_some(frame))
    }

    /// What the last tick sends to the client with this view, if anything.
    pub(super) fn patch_for<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
    ) -> Result<Option<&[u8]>, ScenarioError> {
        let Self { tree, shared, frame, views, .. } = self;
        let (part, encoder) = views.entry(view).or_insert_with(|| beside(shared.config()));
        tree.look_for(part, state, Some(view));
        let update = part.update(tree, |members, whole| encoder.prefers_whole(members, whole));
        if update.patches.is_empty() {
            return Ok((!frame.is_empty()).then_some(frame));
        }
        Ok(Some(encoder.encode_onto(frame, &update)))
    }

    /// All there is, for a newcomer.
    pub(super) fn first_sync<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: Option<ViewId>,
    ) -> Result<Vec<u8>, ScenarioError> {
        let Self { tree, shared, views, own, .. } = self;
        // Whoever is new knows no slot of what all are sent.
        shared.join();
        check_keys(tree, own.config())?;
        let frame = own.encode(&tree.first_sync());
        let Some(view) = view else { return Ok(frame.to_vec()) };
        let (part, encoder) = views.entry(view).or_insert_with(|| beside(shared.config()));
        tree.look_for(part, state, Some(view));
        Ok(encoder.encode_onto(frame, &part.first_sync(tree)).to_vec())
    }

    /// The client with this view is gone.
    pub(super) fn forget_view(&mut self, view: ViewId) {
        self.views.remove(&view);
    }

    /// What the last tick left out.
    pub(super) fn refusal(&self, view: Option<ViewId>) -> Option<Refusal> {
        match view {
            None => self.tree.refusal(None),
            Some(view) => {
                let own = self.views.get(&view).and_then(|(part, _)| part.refusal());
                own.or_else(|| self.tree.refusal(None))
            }
        }
    }

    pub(super) fn name(&self) -> &'static str {
        name(self.shared.config().encoding)
    }
}

/// For a client that was told nothing yet.
fn beside(config: Config) -> (OwnPart, Encoder) {
    (OwnPart::new(), Encoder::beside(config))
}

/// The codec with this name, as the scenario language has it.
pub(super) fn encoding(codec: &str) -> Option<Encoding> {
    ENCODINGS.into_iter().find(|encoding| name(*encoding) == codec)
}

/// What the scenario language calls an encoding.
pub(super) fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::JsonObject => "state-json",
        Encoding::OpcodeJson => "opcode-json",
        Encoding::OpcodeMessagePack => "opcode-msgpack",
    }
}

/// The encoding in the form that a profile names, if it has that.
pub(super) fn config(encoding: Encoding, profile: &str) -> Option<Config> {
    match (profile, encoding) {
        ("original", _) => Some(encoding.original()),
        ("shortest", _) => Some(encoding.shortest()),
        ("plain", Encoding::OpcodeJson | Encoding::OpcodeMessagePack) => {
            Some(Config { paths: PathForm::Plain, ..encoding.original() })
        }
        _ => None,
    }
}

/// The profiles of an encoding, for a message.
pub(super) fn profiles(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::JsonObject => "use `original` or `shortest`",
        _ => "use `original`, `shortest` or `plain`",
    }
}

const ENCODINGS: [Encoding; 3] =
    [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack];

/// A name that JavaScript objects give to something else.
const PROTOTYPE: &str = "__proto__";

/// Says which field clients of these encodings could not hold, or be told of.
pub(crate) fn check_types(types: &TypeSet) -> Result<(), String> {
    for info in &types.types {
        for FieldInfo { name, .. } in &info.fields {
            let place = format!("the field `{name}` of type `{}`", info.name);
            if name == PROTOTYPE {
                return Err(format!("{place}: JavaScript clients cannot hold it; rename it"));
            }
        }
    }
    // Further down, the struct around such a field is set whole. Nothing is around these.
    let root = &types[types.root];
    match root.fields.iter().find(|field| !is_addressable(&field.name)) {
        None => Ok(()),
        Some(FieldInfo { name, .. }) => Err(format!(
            "the field `{name}` of the root type `{}`: no path of its clients leads there; give it a \
             name without `.`, `/`, `~` and `[`",
            root.name,
        )),
    }
}

/// Keys of maps that JavaScript clients would take for something else.
fn check_keys(tree: &StateTree, config: Config) -> Result<(), ScenarioError> {
    tree.check().map_err(|_| {
        let what = format!("the key `{PROTOTYPE}`: JavaScript clients cannot hold it");
        ScenarioError::NotCarried { codec: name(config.encoding), what }
    })
}
