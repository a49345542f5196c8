//! Reads forms: values that bring their nodes along.
//!
//! Forms lie within forms, so what calls itself here keeps little on the stack.

use super::{
    ARRAY, MAP,
    decode::{DEEPEST, PatchpackDecoder, PatchpackError},
    nodes::{Key, Kind, NONE, Node, Slot},
};
use crate::notepack::{Object, Value, read::Reader};

/// What becomes of the nodes of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They are new; one node, and all below it, makes room for them.
    Stage { gone: Slot },
    /// The form is of what was there before, which brings no nodes.
    Past,
}

/// Where a form stands.
pub(super) struct Spot {
    /// The node around it, and the place there; nothing for the root.
    pub(super) around: Slot,
    pub(super) key: Key,
    pub(super) depth: u32,
}

impl Spot {
    pub(super) const ROOT: Self = Self { around: NONE, key: Key::Lost, depth: 0 };
}

/// A node of which the beginning was read.
#[derive(Clone, Copy)]
struct Begun {
    kind: Kind,
    slot: Slot,
    /// Of the nodes.
    depth: u32,
    /// Of the message.
    level: usize,
    /// How many values follow.
    len: usize,
    mode: Mode,
    /// Whether another node has its number, and it has no place.
    is_shadow: bool,
}

impl PatchpackDecoder {
    /// Reads what comes next, which lies this deep in the message.
    #[inline]
    pub(super) fn form(
        &mut self,
        reader: &mut Reader<'_>,
        spot: Spot,
        level: usize,
        mode: Mode,
    ) -> Result<Value, PatchpackError> {
        let offset = reader.offset();
        match reader.array()? {
            Some(len) => {
                let begun = self.begin(reader, spot, (offset, len), level, mode)?;
                match begun.kind {
                    Kind::Array => self.array(reader, begun),
                    Kind::Struct(of) => self.structure(reader, begun, of),
                    _ => self.map(reader, begun),
                }
            }
            None => leaf(reader, level),
        }
    }

    /// Reads the type and the number of a form, and stages its node.
    fn begin(
        &mut self,
        reader: &mut Reader<'_>,
        spot: Spot,
        (offset, len): (usize, usize),
        level: usize,
        mode: Mode,
    ) -> Result<Begun, PatchpackError> {
        let bad = PatchpackError::BadForm { offset };
        let len = len.checked_sub(2).ok_or(bad.clone())?;
        let of = match reader.value(level + 1)? {
            Value::Signed(of) => of,
            of => of.as_u64().and_then(|of| i64::try_from(of).ok()).ok_or(bad.clone())?,
        };
        let id = reader.unsigned(level + 1)?.ok_or(bad)?;
        if spot.depth > DEEPEST {
            return Err(PatchpackError::TooDeep { offset, id });
        }
        let is_new = mode != Mode::Past;
        let kind = match of {
            ARRAY => Kind::Array,
            MAP if is_new => Kind::Map(NONE),
            MAP => Kind::Map(NONE),
            of => match u32::try_from(of) {
                Ok(at) if self.types.len().is_none_or(|count| (at as usize) < count) => {
                    Kind::Struct(at)
                }
                _ => return Err(PatchpackError::UnknownType { offset, of }),
            },
        };
        let mut begun = Begun {
            kind,
            slot: NONE,
            depth: spot.depth + 1,
            level: level + 1,
            len,
            mode,
            is_shadow: false,
        };
        if let Mode::Stage { gone } = mode {
            match self.nodes.of(id).filter(|other| !self.goes(*other, gone)) {
                None => begun.slot = self.stage(id, &mut begun.kind, spot, len),
                Some(first) if self.lenient => {
                    begun.slot = first;
                    begun.is_shadow = true;
                }
                Some(_) => return Err(PatchpackError::DuplicateNode { offset, id }),
            }
        }
        Ok(begun)
    }

    fn stage(&mut self, id: u64, kind: &mut Kind, spot: Spot, len: usize) -> Slot {
        if let Kind::Map(keys) = kind {
            *keys = self.nodes.add_keys(len / 2);
        }
        let is_below_staged = spot.around != NONE && self.nodes.node(spot.around).is_staged;
        let slot = self.nodes.add(Node::new(id, *kind, spot.around, spot.key, spot.depth));
        let before = self.nodes.rename(id, slot);
        let is_first = self.staged.is_empty();
        self.staged.push((slot, before));
        // The outermost one takes its place when all of the message is right.
        if is_below_staged || !is_first {
            self.nodes.link(slot);
        }
        slot
    }

    /// Whether a node is about to go with another.
    fn goes(&self, mut slot: Slot, gone: Slot) -> bool {
        while gone != NONE && slot != NONE {
            let node = self.nodes.node(slot);
            if slot == gone {
                return true;
            }
            if node.is_staged {
                return false;
            }
            slot = node.around;
        }
        false
    }

    fn array(&mut self, reader: &mut Reader<'_>, begun: Begun) -> Result<Value, PatchpackError> {
        let mut items = Vec::with_capacity(reader.room(begun.len, 1)?);
        for at in 0..begun.len {
            let spot = Spot { around: begun.slot, key: Key::Index(at as u64), depth: begun.depth };
            items.push(self.form(reader, spot, begun.level, begun.mode)?);
        }
        Ok(Value::Array(items))
    }

    fn structure(
        &mut self,
        reader: &mut Reader<'_>,
        begun: Begun,
        of: u32,
    ) -> Result<Value, PatchpackError> {
        let names = match self.types.len() {
            Some(_) => self.types.of(of).len(),
            None => self.widen(of, begun.len).ok_or(PatchpackError::NotAState { offset: 0 })?,
        };
        let is_ambiguous = self.ambiguous.get(of as usize).copied().unwrap_or_default();
        let len = begun.len.min(names);
        // With room for all, so that what is absent can come to be there.
        let mut values = Vec::with_capacity(reader.room(begun.len, 1)?.min(names));
        for at in 0..len {
            let key = if is_ambiguous { self.first(of, at) } else { at as u32 };
            let spot = Spot { around: begun.slot, key: Key::At(key), depth: begun.depth };
            values.push(self.form(reader, spot, begun.level, begun.mode)?);
        }
        for _ in len..begun.len {
            reader.value(begun.level)?;
        }
        if is_ambiguous {
            let members = std::iter::zip(self.types.of(of).iter().cloned(), values);
            let members = members.filter(|(_, value)| !value.is_undefined());
            return Ok(Value::Object(members.collect()));
        }
        Ok(Value::Object(Object::typed(&self.types, of, values.into_boxed_slice())))
    }

    /// Notes how many values a struct has whose type is not known yet. Nothing if the type cannot be.
    fn widen(&mut self, of: u32, len: usize) -> Option<usize> {
        let at = of as usize;
        if at >= self.widths.len() {
            if at > MOST_GUESSED {
                return None;
            }
            self.widths.resize(at + 1, 0);
        }
        self.widths[at] = self.widths[at].max(len as u32);
        Some(len)
    }

    fn map(&mut self, reader: &mut Reader<'_>, begun: Begun) -> Result<Value, PatchpackError> {
        let mut members = Object::default();
        let count = begun.len / 2;
        members.reserve(reader.room(begun.len, 1)? / 2);
        for at in 0..count {
            let offset = reader.offset();
            let bad = PatchpackError::BadForm { offset };
            let name = reader.text(begun.level)?.ok_or(bad)?;
            let key = match begun.kind {
                Kind::Map(keys) if keys != NONE => {
                    self.nodes.push_key(keys, name.clone());
                    Key::At(at as u32)
                }
                _ if begun.is_shadow => Key::Name(name.clone()),
                _ => Key::Lost,
            };
            let spot = Spot { around: begun.slot, key, depth: begun.depth };
            let value = self.form(reader, spot, begun.level, begun.mode)?;
            if !value.is_undefined() {
                members.insert(name, value);
            }
        }
        if begun.len % 2 == 1 {
            return Err(PatchpackError::BadForm { offset: reader.offset() });
        }
        Ok(Value::Object(members))
    }
}

/// A value that is no form.
#[inline]
fn leaf(reader: &mut Reader<'_>, level: usize) -> Result<Value, PatchpackError> {
    let offset = reader.offset();
    match reader.value(level)? {
        // An extension that means nothing in JavaScript.
        Value::Array(_) => Err(PatchpackError::BadForm { offset }),
        value => Ok(value),
    }
}

/// How many types a state is thought to have before they are read.
const MOST_GUESSED: usize = 4096;
