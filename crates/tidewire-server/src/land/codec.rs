//! The state-tree encodings in a room.
//!
//! One copy of the state serves all clients of lands; what it says of a tick is written once for all that read alike. So
//! neither the number of writings nor that of patches grows with the number of clients.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tidewire_opcode::{Catalog, Channel, OwnChannel, StateTree, Tree};
use tidewire_state::{Schema, Tracked, ViewId, Visitor};
use tracing::error;

use crate::client::{Client, ClientKey};
use crate::codec::{Hello, RoomCodec};
use crate::error::{Error, Result};

/// Serves clients of lands.
pub(crate) struct LandCodec {
    tree: StateTree,
    catalog: Arc<Catalog>,
    lines: Vec<Line>,
    /// The clients that have the state.
    listeners: HashMap<ClientKey, Listener>,
    /// The frames for the client with a view that was asked for last.
    own: Vec<Bytes>,
    /// What is told with the next patch.
    events: Vec<(Arc<str>, Tree)>,
    /// What the log was told that clients are not.
    complaints: Vec<String>,
}

/// A channel, and what it said in this tick.
struct Line {
    channel: Channel,
    listeners: usize,
    frames: Vec<Bytes>,
    /// Whether the last of the frames is of the state, and a client's own part is put at its end.
    takes_more: bool,
    first_sync: Option<Bytes>,
}

/// A client that has the state.
struct Listener {
    /// The line that it listens to.
    line: usize,
    /// What it is told beside that, if there is anything in the state that not everyone sees.
    own: Option<OwnChannel>,
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
            own: Vec::new(),
            events: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// Whether not everyone sees the same.
    pub(crate) fn has_own_parts(&self) -> bool {
        self.tree.has_own_parts()
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
                takes_more: false,
                first_sync: None,
            });
            self.lines.len() - 1
        }))
    }

    /// The first sync of a line in this tick, and of whom it is one of the listeners now.
    fn first_sync(&mut self, client: &Client) -> Option<(&StateTree, &mut Listener, &[Bytes])> {
        let at = self.line(client)?;
        let Self { tree, lines, listeners, .. } = self;
        let line = &mut lines[at];
        let listener = listeners.entry(client.key()).or_insert_with(|| {
            line.listeners += 1;
            Listener { line: at, own: None }
        });
        listener.own = tree.has_own_parts().then(|| OwnChannel::new(&line.channel));
        line.first_sync.get_or_insert_with(|| line.channel.first_sync(tree).into());
        Some((tree, listener, line.first_sync.as_slice()))
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
        let refused = self.tree.check().err().map(|refused| refused.to_string());
        let left_out = self.tree.refusal(None).map(|refusal| refusal.to_string());
        for complaint in refused.into_iter().chain(left_out) {
            if !self.complaints.contains(&complaint) {
                error!("{complaint}");
                self.complaints.push(complaint);
            }
        }
        let mut frames = Vec::new();
        for line in &mut self.lines {
            line.frames.clear();
            line.first_sync = None;
            if line.listeners > 0 {
                line.takes_more =
                    line.channel.update(&self.tree, &self.catalog, &self.events, &mut frames);
                line.frames.extend(frames.drain(..).map(Bytes::from));
            }
        }
        self.events.clear();
    }

    fn patch(&mut self, client: &Client) -> &[Bytes] {
        self.listeners.get(&client.key()).map_or(&[], |told| &self.lines[told.line].frames)
    }

    fn snapshot(&mut self, client: &Client, _: &Tracked<S>) -> &[Bytes] {
        self.first_sync(client).map_or(&[], |(_, _, shared)| shared)
    }

    fn patch_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        let Some(listener) = self.listeners.get_mut(&client.key()) else { return &[] };
        let Line { frames, takes_more, .. } = &self.lines[listener.line];
        let Some(own) = &mut listener.own else { return frames };
        let shared = frames.last().filter(|_| *takes_more).map_or(&[][..], |frame| frame);
        let Some(frame) = own.update(&self.tree, state, Some(view), shared) else { return frames };
        let replaced = usize::from(*takes_more && own.is_merged());
        self.own.clear();
        self.own.extend_from_slice(&frames[..frames.len() - replaced]);
        self.own.push(frame.into());
        &self.own
    }

    fn snapshot_in_view(&mut self, client: &Client, view: ViewId, state: &Tracked<S>) -> &[Bytes] {
        let Some((tree, listener, shared)) = self.first_sync(client) else { return &[] };
        let line = listener.line;
        let frame = match (&mut listener.own, shared) {
            (Some(own), [shared]) => own.first_sync(tree, state, Some(view), shared),
            _ => None,
        };
        let Some(frame) = frame else { return self.lines[line].first_sync.as_slice() };
        self.own.clear();
        self.own.push(frame.into());
        &self.own
    }

    fn left(&mut self, client: &Client) {
        if let Some(Listener { line, .. }) = self.listeners.remove(&client.key()) {
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
