//! What all clients of a room that read alike are sent.

use std::sync::Arc;

use super::{Catalog, Knowledge, Profile};
use crate::{
    encode::{Config, Encoder, Encoding},
    message::{Message, merged},
    state::StateTree,
    tree::Tree,
    update::Update,
};

/// The writer for those clients of a room that have one profile and one knowledge of the schema. What it
/// writes is written once, however many they are.
///
/// ```
/// use tidewire_opcode::{Catalog, Channel, Knowledge, Profile, StateTree};
/// use tidewire_state::{Schema, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Counter { count: i32 }
///
/// let mut counter = Tracked::new(Counter::default());
/// let mut tree = StateTree::new(&counter);
/// counter.sync(&mut tree);
/// let mut channel = Channel::new(Profile::Opcode, Knowledge::Paths);
/// assert_eq!(channel.first_sync(&tree), br#"[1,["/count",1,0]]"#);
/// counter.count += 1;
/// counter.sync(&mut tree);
/// let mut frames = Vec::new();
/// channel.update(&tree, &Catalog::default(), &[], &mut frames);
/// assert_eq!(frames, [br#"[2,["/count",1,1]]"#]);
/// ```
#[derive(Clone, Debug)]
pub struct Channel {
    profile: Profile,
    knowledge: Knowledge,
    /// Its slots are those of all clients of the channel.
    shared: Encoder,
}

impl Channel {
    /// A channel that nobody listens to yet.
    pub fn new(profile: Profile, knowledge: Knowledge) -> Self {
        Self { profile, knowledge, shared: Encoder::new(knowledge.config(profile)) }
    }

    /// What its clients are spoken to in.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What its clients know.
    pub fn knowledge(&self) -> Knowledge {
        self.knowledge
    }

    /// Adds the frames that tell of the last sync, and before it of these events: names and payloads.
    /// Nothing is added where nothing happened. Says whether the last one tells of the state and may be added to, as
    /// [`OwnChannel`](super::OwnChannel) does.
    pub fn update(
        &mut self,
        tree: &StateTree,
        catalog: &Catalog,
        events: &[(Arc<str>, Tree)],
        frames: &mut Vec<Vec<u8>>,
    ) -> bool {
        let update = self.collect(tree);
        let is_empty = update.patches.is_empty();
        if self.profile.state() == Encoding::OpcodeMessagePack {
            if is_empty && events.is_empty() {
                return false;
            }
            let events: Vec<_> = events
                .iter()
                .map(|(name, payload)| catalog.event(name, payload, self.profile, self.knowledge))
                .collect();
            frames.extend(merged(self.shared.encode(&update), &events, self.profile.state()));
            return false;
        }
        for (name, payload) in events {
            frames.push(self.event(catalog, name, payload));
        }
        if !is_empty {
            frames.push(self.shared.encode(&update).to_vec());
        }
        !is_empty
    }

    /// The whole state, for clients that join the channel now: right after a sync whose update the others
    /// were sent. The next use of every key is a definition, since they know none.
    pub fn first_sync(&mut self, tree: &StateTree) -> Vec<u8> {
        self.shared.join();
        let mut own = Encoder::new(self.shared.config());
        own.encode(&tree.first_sync()).to_vec()
    }

    /// An event by itself.
    pub fn event(&self, catalog: &Catalog, name: &str, payload: &Tree) -> Vec<u8> {
        let event = catalog.event(name, payload, self.profile, self.knowledge);
        Message::Event(event).encode(self.profile.messages())
    }

    pub(super) fn config(&self) -> Config {
        self.shared.config()
    }

    fn collect<'a>(&self, tree: &'a StateTree) -> Update<'a> {
        tree.update_with(|members, whole| self.shared.prefers_whole(members, whole))
    }
}
