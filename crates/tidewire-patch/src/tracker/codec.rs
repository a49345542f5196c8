//! In what the listeners of a tracker are told: patches as values, or bytes of a serializer.

use tidewire_state::{Schema, Tracked, Visitor};

use super::{TrackerConfig, TrackerError, TrackerSerializer};
use crate::{
    changes::{Config, PatchEncoder},
    document::Slot,
    light::LightEncoder,
    mpack::MpackEncoder,
    notepack::Value,
    patch::{Op, Patch},
    patchpack::PatchpackEncoder,
    record::Recorder,
    serializer::{Serializer, SerializerEncoder},
};

/// An encoder of those who see the same.
#[derive(Debug)]
pub(super) enum Codec {
    Patches(PatchEncoder),
    Mpack(MpackEncoder),
    Light(LightEncoder),
    Patchpack(PatchpackEncoder),
    Own(Box<SerializerEncoder>),
}

impl Codec {
    /// One that was told nothing. `state` was never synced.
    pub(super) fn new<S: Schema>(
        state: &Tracked<S>,
        config: &TrackerConfig,
    ) -> Result<Self, TrackerError> {
        let reversible = Config { reversible: config.reversible };
        Ok(match config.serializer {
            TrackerSerializer::None => Self::Patches(PatchEncoder::plain(state, reversible)),
            TrackerSerializer::Mpack => Self::Mpack(MpackEncoder::plain(state, reversible)),
            TrackerSerializer::Light => Self::Light(LightEncoder::plain(state, reversible)?),
            TrackerSerializer::Patchpack => {
                Self::Patchpack(PatchpackEncoder::plain(state, reversible))
            }
        })
    }

    /// As [`new`](Self::new), with a serializer of one's own, which must serve any number of audiences.
    pub(super) fn own<S: Schema>(
        state: &Tracked<S>,
        config: &TrackerConfig,
        serializer: Box<dyn Serializer>,
    ) -> Result<Self, TrackerError> {
        if serializer.for_view().is_none() {
            return Err(TrackerError::OneAudience(serializer.id().to_owned()));
        }
        let encoder = SerializerEncoder::plain(state, config.reversible, serializer);
        Ok(Self::Own(Box::new(encoder)))
    }

    /// One of its kind that was told nothing.
    ///
    /// # Panics
    ///
    /// If it is of a serializer that does not serve views any more.
    pub(super) fn another(&self) -> Self {
        match self {
            Self::Patches(encoder) => Self::Patches(encoder.another()),
            Self::Mpack(encoder) => Self::Mpack(encoder.another()),
            Self::Light(encoder) => Self::Light(encoder.another()),
            Self::Patchpack(encoder) => Self::Patchpack(encoder.another()),
            Self::Own(encoder) => Self::Own(Box::new(encoder.another().expect(SERVES_VIEWS))),
        }
    }

    /// One that was told the same and goes on by itself.
    ///
    /// # Panics
    ///
    /// As [`another`](Self::another).
    pub(super) fn fork(&self) -> Self {
        match self {
            Self::Patches(encoder) => Self::Patches(encoder.fork()),
            Self::Mpack(encoder) => Self::Mpack(encoder.fork()),
            Self::Light(encoder) => Self::Light(encoder.fork()),
            Self::Patchpack(encoder) => Self::Patchpack(encoder.fork()),
            Self::Own(encoder) => Self::Own(Box::new(encoder.fork().expect(SERVES_VIEWS))),
        }
    }

    pub(super) fn visitor(&mut self) -> &mut dyn Visitor {
        match self {
            Self::Patches(encoder) => encoder,
            Self::Mpack(encoder) => encoder,
            Self::Light(encoder) => encoder,
            Self::Patchpack(encoder) => encoder,
            Self::Own(encoder) => &mut **encoder,
        }
    }

    pub(super) fn recorder(&self) -> &Recorder {
        match self {
            Self::Patches(encoder) => &encoder.recorder,
            Self::Mpack(encoder) => &encoder.recorder,
            Self::Light(encoder) => &encoder.recorder,
            Self::Patchpack(encoder) => &encoder.recorder,
            Self::Own(encoder) => &encoder.recorder,
        }
    }

    /// From now on patches say what was there before.
    pub(super) fn set_reversible(&mut self) {
        let recorder = match self {
            Self::Patches(encoder) => &mut encoder.recorder,
            Self::Mpack(encoder) => &mut encoder.recorder,
            Self::Light(encoder) => &mut encoder.recorder,
            Self::Patchpack(encoder) => &mut encoder.recorder,
            Self::Own(encoder) => &mut encoder.recorder,
        };
        recorder.set_reversible();
    }

    /// Whether what is told is bytes, which are for all listeners alike.
    pub(super) fn is_bytes(&self) -> bool {
        !matches!(self, Self::Patches(_))
    }

    /// Whether all that clients know is paths and values, so that those who hold the same can be told the
    /// same.
    pub(super) fn goes_by_path(&self) -> bool {
        matches!(self, Self::Patches(_) | Self::Mpack(_) | Self::Light(_))
    }

    /// The name of the serializer.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Patches(_) => "json",
            Self::Mpack(_) => "mpack",
            Self::Light(_) => "light",
            Self::Patchpack(_) => "patchpack",
            Self::Own(encoder) => encoder.id(),
        }
    }

    /// The patches of the last sync.
    pub(super) fn patches(&self) -> impl Iterator<Item = Patch> {
        let (known, rest) = match self {
            Self::Patches(encoder) => (encoder.last_patch(), None),
            other => (&[][..], Some(other.recorder())),
        };
        let change = |recorder: &'_ Recorder| 0..recorder.changes.len();
        let rest = rest
            .into_iter()
            .flat_map(move |recorder| change(recorder).map(|change| recorder.to_patch(change, 0)));
        known.iter().cloned().chain(rest)
    }

    /// The messages of the last sync, those of the operations in `only` if there are any.
    pub(super) fn messages(&self, only: &[Op]) -> impl Iterator<Item = &[u8]> {
        // Where a message has the number of its operation.
        let (messages, own, at) = match self {
            Self::Patches(_) => (&[][..], None, 0),
            Self::Mpack(encoder) => (encoder.last_patch(), None, 1),
            Self::Light(encoder) => (encoder.last_patch(), None, 0),
            Self::Patchpack(encoder) => (encoder.last_patch(), None, 1),
            Self::Own(encoder) => (&[][..], Some(encoder.last_patch()), 0),
        };
        let is_told = move |message: &&[u8]| {
            let op = message.get(at).copied();
            only.is_empty() || only.iter().any(|told| Some(told.number()) == op)
        };
        let own = own.filter(|message| !message.is_empty());
        messages.iter().map(Vec::as_slice).filter(is_told).chain(own)
    }

    /// All there is, as a value. There was a sync.
    pub(super) fn snapshot(&self) -> Value {
        let recorder = self.recorder();
        recorder.check_synced();
        recorder.value(&Slot::Node(tidewire_state::RefId::ROOT))
    }

    /// All there is, in bytes. There was a sync.
    pub(super) fn encoded_snapshot(&mut self) -> Option<Vec<u8>> {
        self.recorder().check_synced();
        Some(match self {
            Self::Patches(_) => return None,
            Self::Mpack(encoder) => encoder.snapshot(),
            Self::Light(encoder) => encoder.snapshot(),
            Self::Patchpack(encoder) => encoder.snapshot(),
            Self::Own(encoder) => encoder.snapshot(),
        })
    }
}

/// That of one's own was asked for another when the tracker was made.
const SERVES_VIEWS: &str = "a serializer that serves views does so at any time";
