//! The state-tree encodings in a room.
//!
//! One copy of the state serves all clients of lands; what it says of a tick is written once for all that read alike. So
//! neither the number of writings nor that of patches grows with the number of clients.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tidewire_opcode::{Catalog, Channel, StateTree, Tree};
use tidewire_state::{Schema, Tracked, Visitor};
use tracing::error;

use crate::client::{Client, ClientKey};
use crate::codec::{Hello, RoomCodec};
use crate::error::{Error, Result};

/// Serves clients of lands.
pub(crate) struct LandCodec {
    tree: StateTree,
    catalog: Arc<Catalog>,
    lines: Vec<Line>,
    /// Which of the lines a client that has the state listens to.
    listeners: HashMap<ClientKey, usize>,
    /// What is told with the next patch.
    events: Vec<(Arc<str>, Tree)>,
    /// Whether it was said that clients are not told of everything.
    complained: bool,
}

/// A channel, and what it said in this tick.
struct Line {
    channel: Channel,
    listeners: usize,
    frames: Vec<Bytes>,
    first_sync: Option<Bytes>,
}

impl LandCodec {
    /// Its name among the codecs of a room.
    pub(crate) const ID: &'static str = "state-tree";

    pub(crate) fn new<S: Schema>(state: &Tracked<S>, catalog: Arc<Catalog>) -> Self {
        Self {
            tree: StateTree::new(state),
            catalog,
            lines: Vec::new(),
            listeners: HashMap::new(),
            events: Vec::new(),
            complained: false,
        }
    }

    fn line(&mut self, client: &Client) -> Option<usize> {
        let voice = client.voice()?;
        let (profile, knowledge) = (voice.profile(), voice.knowledge);
        let is_it = |line: &Line| {
            line.channel.profile() == profile && line.channel.knowledge() == knowledge
        };
        Some(self.lines.iter().position(is_it).unwrap_or_else(|| {
            self.lines.push(Line {
                channel: Channel::new(profile, knowledge),
                listeners: 0,
                frames: Vec::new(),
                first_sync: None,
            });
            self.lines.len() - 1
        }))
    }
}

impl<S: Schema> RoomCodec<S> for LandCodec {
    /// Clients of lands are greeted by the room, with what only it knows.
    fn greeting(&mut self, _: &Client, _: Hello) -> Result<Bytes> {
        Err(Error::new("clients of lands dial /game and join there"))
    }

    fn sync_alone(&mut self, state: &mut Tracked<S>) {
        state.sync(&mut self.tree);
    }

    fn visitor(&mut self) -> Option<&mut dyn Visitor> {
        Some(&mut self.tree)
    }

    fn finish(&mut self) {
        if !self.complained
            && let Err(refused) = self.tree.check()
        {
            error!("{refused}");
            self.complained = true;
        }
        let mut frames = Vec::new();
        for line in &mut self.lines {
            line.frames.clear();
            line.first_sync = None;
            if line.listeners > 0 {
                line.channel.update(&self.tree, &self.catalog, &self.events, &mut frames);
                line.frames.extend(frames.drain(..).map(Bytes::from));
            }
        }
        self.events.clear();
    }

    fn patch(&mut self, client: &Client) -> &[Bytes] {
        self.listeners.get(&client.key()).map_or(&[], |&line| &self.lines[line].frames)
    }

    fn snapshot(&mut self, client: &Client, _: &Tracked<S>) -> &[Bytes] {
        let Some(at) = self.line(client) else { return &[] };
        let line = &mut self.lines[at];
        if self.listeners.insert(client.key(), at).is_none() {
            line.listeners += 1;
        }
        let first_sync = &mut line.first_sync;
        let tree = &self.tree;
        first_sync.get_or_insert_with(|| line.channel.first_sync(tree).into());
        first_sync.as_slice()
    }

    fn left(&mut self, client: &Client) {
        if let Some(line) = self.listeners.remove(&client.key()) {
            self.lines[line].listeners -= 1;
        }
    }

    fn tell(&mut self, name: &str, payload: &dyn Fn() -> Result<Tree>) -> Result<()> {
        if !self.listeners.is_empty() {
            self.events.push((name.into(), payload()?));
        }
        Ok(())
    }
}
