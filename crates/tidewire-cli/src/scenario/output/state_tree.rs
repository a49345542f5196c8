//! The state-tree encodings: one encoder for what all clients are sent, one for first syncs.

use tidewire_opcode::{
    Config, Encoder, Encoding, Operation, PathForm, StateTree, Tree, Update, is_addressable,
};
use tidewire_state::{ElementKind, FieldInfo, FieldKind, Schema, Tracked, TypeSet};

use super::super::ScenarioError;

/// What a scenario's clients are sent in one of the encodings.
pub(super) struct StateTreeOutput {
    tree: StateTree,
    /// Writes what all clients are sent.
    shared: Encoder,
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
        Ok(Self { tree, shared: Encoder::new(config), own: Encoder::new(config) })
    }

    /// One tick: the frame for all clients, if anything changed.
    pub(super) fn patch<S: Schema>(
        &mut self,
        state: &mut Tracked<S>,
    ) -> Result<Option<&[u8]>, ScenarioError> {
        let Self { tree, shared, .. } = self;
        state.sync(tree);
        let update = tree.update_with(|members, whole| shared.prefers_whole(members, whole));
        check_keys(&update, shared.config())?;
        Ok((!update.patches.is_empty()).then(|| shared.encode(&update)))
    }

    /// All there is, for a newcomer.
    pub(super) fn first_sync(&mut self) -> Vec<u8> {
        // Whoever is new knows no slot of what all are sent.
        self.shared.join();
        self.own.encode(&self.tree.first_sync()).to_vec()
    }
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
        for FieldInfo { name, kind, .. } in &info.fields {
            let place = format!("the field `{name}` of type `{}`", info.name);
            if !is_carried(*kind) {
                return Err(format!(
                    "{place}: there is no form for a field of this kind ({kind:?})"
                ));
            }
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

fn is_carried(kind: FieldKind) -> bool {
    match kind {
        FieldKind::Primitive(_) | FieldKind::Ref(_) | FieldKind::Map(_) | FieldKind::Array(_) => {
            true
        }
        FieldKind::Set(element) | FieldKind::Collection(element) => {
            matches!(element, ElementKind::Primitive(_))
        }
        _ => false,
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
