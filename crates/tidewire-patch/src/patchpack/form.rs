//! Reads forms: values that bring their nodes along.
//!
//! Forms lie within forms, so what calls itself here keeps little on the stack.

use super::{
    ARRAY, MAP,
    decode::{DEEPEST, PatchpackDecoder, PatchpackError},
    nodes::{Key, Kind, NONE, Node, Slot},
};
use crate::notepack::{
    Members, Object, Value,
    read::{Reader, place, places},
};

/// What becomes of the nodes of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They are the first ones, of a decoder that nobody has until all is right.
    First,
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
    pub(super) fn form(
        &mut self,
        reader: &mut Reader<'_>,
        spot: Spot,
        level: usize,
        mode: Mode,
    ) -> Result<Value, PatchpackError> {
        let mut value = Value::Undefined;
        self.part(reader, (spot.around, spot.depth), level, mode, |_| spot.key, &mut value)?;
        Ok(value)
    }

    /// Reads what comes next, a form or a primitive, to where it is to stay.
    #[inline]
    fn part(
        &mut self,
        reader: &mut Reader<'_>,
        (around, depth): (Slot, u32),
        level: usize,
        mode: Mode,
        key: impl FnOnce(&Self) -> Key,
        out: &mut Value,
    ) -> Result<(), PatchpackError> {
        let offset = reader.offset();
        if reader.is_array() {
            let spot = Spot { around, key: key(self), depth };
            return self.container(reader, spot, level, mode, out);
        }
        reader.read(level, out)?;
        match out {
            // An extension that means nothing in JavaScript.
            Value::Array(_) => Err(PatchpackError::BadForm { offset }),
            _ => Ok(()),
        }
    }

    /// Reads a form that has a node.
    fn container(
        &mut self,
        reader: &mut Reader<'_>,
        spot: Spot,
        level: usize,
        mode: Mode,
        out: &mut Value,
    ) -> Result<(), PatchpackError> {
        let offset = reader.offset();
        let len = reader.array()?.ok_or(PatchpackError::BadForm { offset })?;
        let begun = self.begin(reader, spot, (offset, len), level, mode)?;
        *out = match begun.kind {
            Kind::Array => self.array(reader, begun)?,
            Kind::Struct(of) => self.structure(reader, begun, of)?,
            _ => self.map(reader, begun)?,
        };
        Ok(())
    }

    /// Reads what lies in a node.
    #[inline]
    fn below(
        &mut self,
        reader: &mut Reader<'_>,
        begun: &Begun,
        key: impl FnOnce(&Self) -> Key,
        out: &mut Value,
    ) -> Result<(), PatchpackError> {
        self.part(reader, (begun.slot, begun.depth), begun.level, begun.mode, key, out)
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
        let bad = || PatchpackError::BadForm { offset };
        let len = len.checked_sub(2).ok_or_else(bad)?;
        let of = reader.signed(level + 1)?.ok_or_else(bad)?;
        let id = reader.unsigned(level + 1)?.ok_or_else(bad)?;
        if spot.depth > DEEPEST {
            return Err(PatchpackError::TooDeep { offset, id });
        }
        let kind = match of {
            ARRAY => Kind::Array,
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
        let gone = match mode {
            Mode::First => Some(NONE),
            Mode::Stage { gone } => Some(gone),
            Mode::Past => None,
        };
        if let Some(gone) = gone {
            match self.nodes.of(id).filter(|other| !self.goes(*other, gone)) {
                None => begun.slot = self.stage(id, &mut begun.kind, spot, (mode, len)),
                Some(first) if self.lenient => {
                    begun.slot = first;
                    begun.is_shadow = true;
                }
                Some(_) => return Err(PatchpackError::DuplicateNode { offset, id }),
            }
        }
        Ok(begun)
    }

    fn stage(&mut self, id: u64, kind: &mut Kind, spot: Spot, (mode, len): (Mode, usize)) -> Slot {
        if let Kind::Map(keys) = kind {
            *keys = self.nodes.add_keys(len / 2);
        }
        let is_first = mode == Mode::First;
        let node = Node::new(id, *kind, spot.around, spot.key, spot.depth, !is_first);
        let slot = self.nodes.add(node);
        let before = self.nodes.rename(id, slot);
        // The outermost one of a patch takes its place when all of the message is right.
        if is_first || !self.staged.is_empty() {
            self.nodes.link(slot);
        }
        if !is_first {
            self.staged.push((slot, before));
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
        let mut items = places(reader.room(begun.len, 1)?);
        for at in 0..begun.len {
            self.below(reader, &begun, |_| Key::Index(at as u64), place(&mut items, at))?;
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
        let len = begun.len.min(names);
        let mut values = places(reader.room(begun.len, 1)?.min(names));
        for at in 0..len {
            let key = |this: &Self| Key::At(this.first(of, at));
            self.below(reader, &begun, key, place(&mut values, at))?;
        }
        for _ in len..begun.len {
            reader.value(begun.level)?;
        }
        if self.is_ambiguous(of) {
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
        let mut members = Members::with_places(reader.room(begun.len, 1)? / 2);
        for at in 0..begun.len / 2 {
            let offset = reader.offset();
            let name = reader.text(begun.level)?.ok_or(PatchpackError::BadForm { offset })?;
            if let Kind::Map(keys) = begun.kind
                && keys != NONE
            {
                self.nodes.push_key(keys, name.clone());
            }
            let key = |_: &Self| match begun.is_shadow {
                true => Key::Name(name.clone()),
                false => Key::At(at as u32),
            };
            self.below(reader, &begun, key, members.place())?;
            if !members.place().is_undefined() {
                members.name(name);
            }
        }
        if begun.len % 2 == 1 {
            return Err(PatchpackError::BadForm { offset: reader.offset() });
        }
        Ok(Value::Object(Object::of(members)))
    }
}

/// How many types a state is thought to have before they are read.
const MOST_GUESSED: usize = 4096;
