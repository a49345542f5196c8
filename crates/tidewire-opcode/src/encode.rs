//! Updates as frames.

mod size;
mod write;

use self::write::{Writer, write_object};
use crate::{
    format::{JsonText, MessagePack},
    slots::SlotTable,
    update::{Operation, Patch, Segment, Update, UpdateKind},
};

/// What a state update is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JSON objects, with paths as JSON pointers.
    JsonObject,
    /// Arrays that begin with an opcode, as JSON text.
    OpcodeJson,
    /// The same arrays as MessagePack.
    OpcodeMessagePack,
}

impl Encoding {
    /// Byte for byte what the original server writes, but for the order, which is arbitrary there.
    pub const fn original(self) -> Config {
        let escape_slashes = !matches!(self, Self::OpcodeMessagePack);
        Config { encoding: self, paths: PathForm::Hashed, style: Style::Original, escape_slashes }
    }

    /// As few bytes as the original's clients understand.
    pub const fn shortest(self) -> Config {
        let style = Style::Shortest;
        Config { encoding: self, paths: PathForm::Hashed, style, escape_slashes: false }
    }
}

/// How an [`Encoder`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The format.
    pub encoding: Encoding,
    /// How opcode arrays say where.
    pub paths: PathForm,
    /// Which of the forms that clients understand.
    pub style: Style,
    /// Whether JSON has `\/` for `/`, as the original has.
    pub escape_slashes: bool,
}

/// How opcode arrays say where a patch belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathForm {
    /// As JSON pointers: for clients without a table of hashes.
    Plain,
    /// As hashes of patterns, with slots for keys.
    Hashed,
}

/// Which of the forms that clients understand is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// The original server's: one form for all patches, slots that are never given out again.
    Original,
    /// For each patch the shorter form; the slots of removed keys are given out again.
    Shortest,
}

/// Writes the updates of one scope: what goes to all clients of a room alike, or to one client.
///
/// ```
/// use tidewire_opcode::{Encoder, Encoding, Operation, Patch, Path, Segment, Tree, Update, UpdateKind, path_hash};
/// let health = Tree::from(90);
/// let patch = Patch {
///     path: Path {
///         segments: vec![Segment::Name("players"), Segment::Key("p1"), Segment::Name("health")],
///         hash: Some(path_hash("players.*.health")),
///     },
///     operation: Operation::Set(&health),
/// };
/// let update = Update { kind: UpdateKind::Diff, patches: vec![patch] };
/// let mut encoder = Encoder::new(Encoding::OpcodeJson.original());
/// assert_eq!(encoder.encode(&update), br#"[2,[2520354134,[0,"p1"],1,90]]"#);
/// assert_eq!(encoder.encode(&update), br#"[2,[2520354134,0,1,90]]"#);
/// encoder.join();
/// assert_eq!(encoder.encode(&update), br#"[2,[2520354134,[0,"p1"],1,90]]"#);
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    config: Config,
    slots: SlotTable,
    frame: Vec<u8>,
}

impl Encoder {
    /// An encoder whose clients know no slot.
    pub fn new(config: Config) -> Self {
        Self { config, slots: SlotTable::new(), frame: Vec::new() }
    }

    /// An encoder for what is added to the frames of another one, by [`encode_onto`](Self::encode_onto). Their
    /// slots are not the same.
    pub fn beside(config: Config) -> Self {
        Self { slots: SlotTable::beside(), ..Self::new(config) }
    }

    /// How it writes.
    pub fn config(&self) -> Config {
        self.config
    }

    /// The slots that clients know.
    pub fn slots(&self) -> &SlotTable {
        &self.slots
    }

    /// A client is sent frames of this encoder from now on. It knows no slot, so the next use of
    /// each is a definition.
    pub fn join(&mut self) {
        self.slots.start_epoch();
    }

    /// The frame for an update. A first sync makes all clients of this scope forget their slots.
    ///
    /// A diff without patches is the opcode for no change. [`Encoding::JsonObject`] has no such
    /// frame that clients read: the result is empty then, and nothing is to be sent.
    pub fn encode(&mut self, update: &Update<'_>) -> &[u8] {
        self.encode_onto(&[], update)
    }

    /// The frame that says what `frame` says, and then this. `frame` is of the same kind, and was written by an encoder
    /// that writes as this one does; or it is empty.
    pub fn encode_onto(&mut self, frame: &[u8], update: &Update<'_>) -> &[u8] {
        self.slots.start_frame();
        if update.kind == UpdateKind::FirstSync {
            self.slots.reset();
        }
        let Self { config, slots, frame: out } = self;
        out.clear();
        let escape_slashes = config.escape_slashes;
        match config.encoding {
            Encoding::JsonObject => {
                write_object(frame, update, JsonText { out, escape_slashes });
            }
            Encoding::OpcodeJson => {
                let json = JsonText { out, escape_slashes };
                Writer { config, slots, out: json }.json_update(frame, update);
            }
            Encoding::OpcodeMessagePack => {
                Writer { config, slots, out: MessagePack { out } }.packed_update(frame, update);
            }
        }
        if config.style == Style::Shortest {
            for patch in &update.patches {
                if let (Operation::Remove, Some(Segment::Key(key))) =
                    (patch.operation, patch.path.segments.last())
                {
                    slots.release(key);
                }
            }
        }
        &self.frame
    }

    /// Whether one patch that sets a struct is shorter than those for its members.
    ///
    /// Meant for [`StateTree::update_with`](crate::StateTree::update_with). The original's style
    /// has members set one by one, whatever their number.
    pub fn prefers_whole(&self, members: &[Patch<'_>], whole: &Patch<'_>) -> bool {
        if self.config.style == Style::Original {
            return false;
        }
        size::whole_is_shorter(&self.config, members, whole)
    }
}
