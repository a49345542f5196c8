//! The state-tree encodings: one encoder for what all clients are sent, one for first syncs.

use std::collections::HashMap;

use tidewire_opcode::{
    Config, Encoder, Encoding, Operation, PathForm, StateTree, Tree, Update, is_addressable,
};
use tidewire_state::{FieldInfo, Refusal, Schema, Tracked, TypeSet, ViewId};

use super::super::ScenarioError;

/// What a scenario's clients are sent in one of the encodings.
pub(super) struct StateTreeOutput {
    tree: StateTree,
    /// Writes what all clients are sent.
    shared: Encoder,
    /// Write what those with a view are sent.
    views: HashMap<ViewId, Encoder>,
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
        Ok(Self { tree, shared, views: HashMap::new(), own })
    }

    /// One tick: the frame for all clients, if anything changed.
    pub(super) fn patch<S: Schema>(
        &mut self,
        state: &mut Tracked<S>,
    ) -> Result<Option<&[u8]>, ScenarioError> {
        let Self { tree, shared, .. } = self;
        state.sync(tree);
        told(tree, shared)
    }

    /// What the last tick sends to the client with this view, if anything.
    pub(super) fn patch_for<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
    ) -> Result<Option<&[u8]>, ScenarioError> {
        let config = self.shared.config();
        let encoder = self.views.entry(view).or_insert_with(|| Encoder::new(config));
        told(self.tree.seen_by(state, view), encoder)
    }

    /// All there is, for a newcomer.
    pub(super) fn first_sync<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: Option<ViewId>,
    ) -> Vec<u8> {
        let Some(view) = view else {
            // Whoever is new knows no slot of what all are sent.
            self.shared.join();
            return self.own.encode(&self.tree.first_sync()).to_vec();
        };
        self.own.encode(&self.tree.seen_by(state, view).first_sync()).to_vec()
    }

    /// The client with this view is gone.
    pub(super) fn forget_view(&mut self, view: ViewId) {
        self.tree.forget_view(view);
        self.views.remove(&view);
    }

    /// What the last tick left out.
    pub(super) fn refusal(&self, view: Option<ViewId>) -> Option<Refusal> {
        self.tree.refusal(view)
    }

    pub(super) fn name(&self) -> &'static str {
        name(self.shared.config().encoding)
    }
}

/// The frame with what the last tick changed, if anything.
fn told<'e>(tree: &StateTree, encoder: &'e mut Encoder) -> Result<Option<&'e [u8]>, ScenarioError> {
    let update = tree.update_with(|members, whole| encoder.prefers_whole(members, whole));
    check_keys(&update, encoder.config())?;
    Ok((!update.patches.is_empty()).then(|| encoder.encode(&update)))
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
fn check_keys(update: &Update<'_>, config: Config) -> Result<(), ScenarioError> {
    let is_bad = update.patches.iter().any(|patch| {
        patch.path.keys().any(|key| key == PROTOTYPE)
            || match patch.operation {
                Operation::Set(value) | Operation::Add(value) => has_prototype(value),
                Operation::Remove => false,
            }
    });
    if is_bad {
        let what = format!("the key `{PROTOTYPE}`: JavaScript clients cannot hold it");
        return Err(ScenarioError::NotCarried { codec: name(config.encoding), what });
    }
    Ok(())
}

fn has_prototype(tree: &Tree) -> bool {
    match tree {
        Tree::Object(members) => {
            members.iter().any(|(key, value)| &**key == PROTOTYPE || has_prototype(value))
        }
        Tree::Array(items) => items.iter().any(has_prototype),
        _ => false,
    }
}
