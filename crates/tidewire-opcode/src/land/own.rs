//! What one client of a channel is sent beside what all of them are.

use tidewire_state::{Schema, Tracked, ViewId};

use super::{Channel, Profile};
use crate::{
    encode::{Encoder, Encoding},
    own::OwnPart,
    state::StateTree,
};

/// The writer for what one client of a [`Channel`] sees and others do not.
///
/// MessagePack clients are sent it in a frame of its own, after that for all, which has slots of its own. JSON clients have
/// one scope of slots for both, so they are sent one frame: that for all with their own part at its end, and its slots
/// are others than those for all.
///
/// ```
/// use tidewire_opcode::{Catalog, Channel, Knowledge, OwnChannel, Profile, StateTree};
/// use tidewire_state::{Schema, Tag, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     score: u32,
///     #[schema(view)]
///     plan: String,
/// }
///
/// let mut arena = Tracked::new(Arena::default());
/// let mut tree = StateTree::new(&arena);
/// let view = arena.create_view("ada");
/// arena.view_add(view, &[] as &[&str], Tag::DEFAULT)?;
/// arena.sync(&mut tree);
/// let mut channel = Channel::new(Profile::Opcode, Knowledge::Paths);
/// let mut ada = OwnChannel::new(&channel);
/// let first = channel.first_sync(&tree);
/// assert_eq!(first, br#"[1,["/score",1,0]]"#);
/// let own = ada.first_sync(&tree, &arena, Some(view), &first);
/// assert_eq!(own.as_deref(), Some(&br#"[1,["/score",1,0],["/plan",1,""]]"#[..]));
///
/// arena.score = 1;
/// arena.plan = "left".into();
/// arena.sync(&mut tree);
/// let mut frames = Vec::new();
/// assert!(channel.update(&tree, &Catalog::default(), &[], &mut frames));
/// assert_eq!(frames, [br#"[2,["/score",1,1]]"#]);
/// let own = ada.update(&tree, &arena, Some(view), &frames[0]);
/// assert_eq!(own.as_deref(), Some(&br#"[2,["/score",1,1],["/plan",1,"left"]]"#[..]));
/// # Ok::<(), tidewire_state::PathError>(())
/// ```
#[derive(Debug)]
pub struct OwnChannel {
    profile: Profile,
    part: OwnPart,
    own: Encoder,
}

impl OwnChannel {
    /// For a client of this channel that was sent nothing yet.
    pub fn new(channel: &Channel) -> Self {
        let (profile, config) = (channel.profile(), channel.config());
        let own = match profile.state() {
            Encoding::OpcodeMessagePack => Encoder::new(config),
            Encoding::JsonObject | Encoding::OpcodeJson => Encoder::beside(config),
        };
        Self { profile, part: OwnPart::new(), own }
    }

    /// What the client sees that not everyone does.
    pub fn part(&self) -> &OwnPart {
        &self.part
    }

    /// Whether the client is sent one frame of the state in a tick, and not one more for itself.
    pub fn is_merged(&self) -> bool {
        self.profile.state() != Encoding::OpcodeMessagePack
    }

    /// The frame that tells a client of the last sync what not everyone is told, if there is anything. `shared` is the frame
    /// of the state that all clients of the channel are sent; empty where there is none. Where frames are
    /// [merged](Self::is_merged) the result is sent in its place, else after it.
    pub fn update<S: Schema>(
        &mut self,
        tree: &StateTree,
        state: &Tracked<S>,
        view: Option<ViewId>,
        shared: &[u8],
    ) -> Option<Vec<u8>> {
        let Self { part, own, .. } = self;
        tree.look_for(part, state, view);
        let update = part.update(tree, |members, whole| own.prefers_whole(members, whole));
        let shared = if self.profile.state() == Encoding::OpcodeMessagePack { &[] } else { shared };
        (!update.patches.is_empty()).then(|| own.encode_onto(shared, &update).to_vec())
    }

    /// The frame with all that a client sees, if that is more than `shared`, the channel's
    /// [first sync](Channel::first_sync) in this tick; it is sent in the place of that.
    pub fn first_sync<S: Schema>(
        &mut self,
        tree: &StateTree,
        state: &Tracked<S>,
        view: Option<ViewId>,
        shared: &[u8],
    ) -> Option<Vec<u8>> {
        tree.look_for(&mut self.part, state, view);
        let update = self.part.first_sync(tree);
        (!update.patches.is_empty()).then(|| self.own.encode_onto(shared, &update).to_vec())
    }
}
