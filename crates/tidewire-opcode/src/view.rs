//! What a client makes of frames: the state in a Rust client's hands, and the judge of the tests.
//!
//! It reads as the original's client does, quirks included: paths are split at `.` and `/` after
//! keys are put in, nothing is unescaped, and a slot must have been defined in its scope.

use std::collections::HashMap;

use crate::{
    decode::{DecodeError, read},
    encode::Encoding,
    message::{Event, MERGED, Message},
    paths::PathTable,
    tree::{Members, Tree},
};

/// A client's copy of a state.
///
/// ```
/// use tidewire_opcode::{Encoding, Received, View};
/// let mut view = View::new([("players.*.health", 2520354134)]);
/// let frame = br#"[2,[2520354134,[0,"p1"],1,90]]"#;
/// assert_eq!(view.receive(frame, Encoding::OpcodeJson)?, Received::default());
/// let health = view.root().member("players").and_then(|players| players.member("p1"));
/// assert_eq!(health.and_then(|player| player.member("health")), Some(&90.into()));
/// # Ok::<(), tidewire_opcode::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct View {
    patterns: HashMap<u32, String>,
    root: Tree,
    /// The slots of frames to this client.
    own: Slots,
    /// The slots of frames that all clients are sent, with events.
    shared: Slots,
}

type Slots = HashMap<i128, String>;

/// What a frame brought beside the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// The message, if the frame was one.
    pub message: Option<Message>,
    /// The events that came with the state.
    pub events: Vec<Event>,
}

impl View {
    /// A client that has nothing but a schema's patterns and their hashes.
    pub fn new<P: Into<String>>(patterns: impl IntoIterator<Item = (P, u32)>) -> Self {
        let patterns = patterns.into_iter().map(|(pattern, hash)| (hash, pattern.into()));
        Self {
            patterns: patterns.collect(),
            root: Tree::Object(Members::new()),
            own: Slots::new(),
            shared: Slots::new(),
        }
    }

    /// A client that knows the patterns of a state.
    pub fn with_paths(paths: &PathTable) -> Self {
        Self::new(paths.patterns())
    }

    /// The state.
    pub fn root(&self) -> &Tree {
        &self.root
    }

    /// Takes a frame.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The patches before the one at fault were applied then.
    pub fn receive(&mut self, frame: &[u8], encoding: Encoding) -> Result<Received, DecodeError> {
        let tree = read(frame, encoding)?;
        let mut received = Received::default();
        match &tree {
            Tree::Array(items) => match items.first() {
                Some(Tree::Integer(0..=2)) => self.state(items, false)?,
                Some(Tree::Integer(code)) if *code == i128::from(MERGED) => {
                    let [_, Tree::Array(state), Tree::Array(events)] = &items[..] else {
                        return Err(DecodeError::Field { name: "107", expected: "two arrays" });
                    };
                    for event in events {
                        let Tree::Array(event) = event else {
                            return Err(DecodeError::Field { name: "event", expected: "an array" });
                        };
                        received.events.push(Event::from_array(event)?);
                    }
                    self.state(state, true)?;
                }
                _ => received.message = Some(Message::from_tree(&tree)?),
            },
            tree => match (tree.member("type"), tree.member("patches")) {
                (Some(_), Some(Tree::Array(patches))) => self.objects(patches)?,
                _ => received.message = Some(Message::from_tree(tree)?),
            },
        }
        Ok(received)
    }

    /// Applies `[opcode, patch…]`.
    fn state(&mut self, items: &[Tree], shared: bool) -> Result<(), DecodeError> {
        match items.first() {
            Some(Tree::Integer(1)) if shared => self.shared.clear(),
            Some(Tree::Integer(1)) => self.own.clear(),
            Some(Tree::Integer(0 | 2)) => {}
            Some(Tree::Integer(found)) => {
                let found = found.to_string();
                return Err(DecodeError::Unknown { what: "state opcode", found });
            }
            _ => return Err(DecodeError::Field { name: "state opcode", expected: "a number" }),
        }
        for (at, patch) in items[1..].iter().enumerate() {
            let result = match patch {
                Tree::Array(patch) => self.patch(patch, shared),
                _ => Err("expected an array".to_owned()),
            };
            result.map_err(|reason| DecodeError::Patch { patch: at, reason })?;
        }
        Ok(())
    }

    fn patch(&mut self, patch: &[Tree], shared: bool) -> Result<(), String> {
        let (path, rest) = match patch {
            [Tree::String(path), rest @ ..] => (path.to_string(), rest),
            [hash @ (Tree::Integer(_) | Tree::Double(_)), keys, rest @ ..] => {
                let hash = hash_of(hash).ok_or("a hash has 32 bits")?;
                let pattern = self.patterns.get(&hash);
                let pattern = pattern.ok_or_else(|| format!("the hash {hash} is not known"))?;
                let slots = if shared { &mut self.shared } else { &mut self.own };
                (fill(pattern, &tokens(keys, slots)?), rest)
            }
            _ => return Err("expected a path or a hash and keys".to_owned()),
        };
        match rest {
            [Tree::Integer(2)] => self.put(&path, None),
            [Tree::Integer(1 | 3), value] => self.put(&path, Some(value.clone())),
            [Tree::Integer(1 | 3)] => self.put(&path, Some(Tree::Null)),
            _ => Err("expected an operation 1, 2 or 3".to_owned()),
        }
    }

    fn objects(&mut self, patches: &[Tree]) -> Result<(), DecodeError> {
        for (at, patch) in patches.iter().enumerate() {
            let member = |name| patch.member(name);
            let path = member("path").and_then(Tree::as_str).unwrap_or_default();
            let result = match member("op").and_then(Tree::as_str) {
                Some("remove") => self.put(path, None),
                Some("replace" | "add") => {
                    self.put(path, Some(member("value").cloned().unwrap_or_default()))
                }
                found => Err(format!("expected replace, add or remove, found {found:?}")),
            };
            result.map_err(|reason| DecodeError::Patch { patch: at, reason })?;
        }
        Ok(())
    }

    /// Sets or removes what is at a path. What is missing on the way is made.
    fn put(&mut self, path: &str, value: Option<Tree>) -> Result<(), String> {
        let mut segments: Vec<&str> =
            path.split(['/', '.']).filter(|segment| !segment.is_empty()).collect();
        let last = segments.pop().ok_or_else(|| format!("the path {path:?} is empty"))?;
        if segments.len() >= MAX_SEGMENTS {
            return Err(format!("the path has more than {MAX_SEGMENTS} segments"));
        }
        if path.contains('[') {
            return Err(format!("the path {path:?} leads into an array"));
        }
        let mut at = &mut self.root;
        for segment in segments {
            at = members(at).entry(segment.into()).or_default();
        }
        match value {
            Some(value) => drop(members(at).insert(last.into(), value)),
            None => drop(members(at).remove(last)),
        }
        Ok(())
    }
}

/// Some encoders write a number of this size as a double.
fn hash_of(tree: &Tree) -> Option<u32> {
    match tree {
        Tree::Integer(hash) => u32::try_from(*hash).ok(),
        Tree::Double(hash) if hash.fract() == 0.0 => u32::try_from(*hash as i128).ok(),
        _ => None,
    }
}

/// What is no object becomes one.
fn members(tree: &mut Tree) -> &mut Members {
    if !matches!(tree, Tree::Object(_)) {
        *tree = Tree::Object(Members::new());
    }
    match tree {
        Tree::Object(members) => members,
        tree => unreachable!("{tree:?} was made an object"),
    }
}

/// Puts keys in for `*`, in order.
fn fill(pattern: &str, keys: &[String]) -> String {
    let mut keys = keys.iter();
    let segments = pattern.split('.').map(|segment| match segment {
        "*" => keys.next().map_or("*", String::as_str),
        segment => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The keys that tokens stand for.
fn tokens(tree: &Tree, slots: &mut Slots) -> Result<Vec<String>, String> {
    match tree {
        Tree::Null => Ok(Vec::new()),
        Tree::Array(items) if !matches!(items[..], [Tree::Integer(_), Tree::String(_)]) => {
            items.iter().map(|item| token(item, slots)).collect()
        }
        tree => Ok(vec![token(tree, slots)?]),
    }
}

fn token(tree: &Tree, slots: &mut Slots) -> Result<String, String> {
    match tree {
        Tree::String(key) => Ok(key.to_string()),
        Tree::Integer(slot) => {
            slots.get(slot).cloned().ok_or_else(|| format!("slot {slot} was never defined"))
        }
        Tree::Array(items) => match &items[..] {
            [Tree::Integer(slot), Tree::String(key)] if !key.is_empty() => {
                if slots.len() >= MAX_SLOTS && !slots.contains_key(slot) {
                    return Err(format!("more than {MAX_SLOTS} slots"));
                }
                slots.insert(*slot, key.to_string());
                Ok(key.to_string())
            }
            _ => Err("expected a definition of a slot".to_owned()),
        },
        _ => Err("expected a key, a slot or the definition of one".to_owned()),
    }
}

/// How deep a path may lead.
const MAX_SEGMENTS: usize = 96;
/// How many slots a client remembers.
const MAX_SLOTS: usize = 65_536;
