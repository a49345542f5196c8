//! Reads forms: values that bring their nodes along.
//!
//! Forms lie within forms, so what calls itself here keeps little on the stack.

use std::{collections::HashMap, vec::IntoIter};

use foldhash::fast::RandomState;

use super::{
    ARRAY, MAP,
    decode::{DEEPEST, Key, Kind, Node, PatchpackDecoder, PatchpackError},
};
use crate::notepack::{Object, Value};

/// Nodes that a message brings, to be added when all of it is right. The outermost comes first.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) nodes: Vec<(u64, Node)>,
    /// Where each is.
    pub(super) places: HashMap<u64, usize, RandomState>,
    /// The node that they take the place of.
    pub(super) gone: Option<u64>,
    /// Whether the form is of what was there before, which brings no nodes.
    pub(super) is_past: bool,
}

/// Where a form stands.
pub(super) struct Spot {
    /// The node around it and the name there; nothing for the root.
    pub(super) place: Option<(u64, Key)>,
    pub(super) depth: usize,
}

impl Spot {
    fn below(&self, id: u64, key: Key) -> Self {
        Self { place: Some((id, key)), depth: self.depth + 1 }
    }
}

impl PatchpackDecoder {
    pub(super) fn form(
        &self,
        form: Value,
        spot: &Spot,
        staged: &mut Staged,
    ) -> Result<Value, PatchpackError> {
        let Value::Array(items) = form else { return Ok(form) };
        let mut items = items.into_iter();
        let (id, kind) = self.begin(&mut items, spot, staged)?;
        match kind {
            Kind::Array => self.array(id, items, spot, staged),
            Kind::Struct(of) => self.structure(id, of, items, spot, staged),
            Kind::Map(_) => self.map(id, items, spot, staged),
        }
    }

    /// Reads the type and the number of a form, and stages its node.
    fn begin(
        &self,
        items: &mut IntoIter<Value>,
        spot: &Spot,
        staged: &mut Staged,
    ) -> Result<(u64, Kind), PatchpackError> {
        let of = match items.next() {
            Some(Value::Signed(of)) => Some(of),
            Some(of) => of.as_u64().and_then(|of| i64::try_from(of).ok()),
            None => None,
        };
        let of = of.ok_or(PatchpackError::BadForm)?;
        let id = items.next().and_then(|id| id.as_u64()).ok_or(PatchpackError::BadForm)?;
        let kind = match of {
            ARRAY => Kind::Array,
            MAP => Kind::Map(Vec::new()),
            of => match usize::try_from(of) {
                Ok(at) if at < self.types.len() => Kind::Struct(at),
                _ => return Err(PatchpackError::UnknownType { of }),
            },
        };
        if spot.depth > DEEPEST {
            return Err(PatchpackError::TooDeep { id });
        }
        if !staged.is_past {
            self.stage(id, &kind, spot, staged)?;
        }
        Ok((id, kind))
    }

    fn stage(
        &self,
        id: u64,
        kind: &Kind,
        spot: &Spot,
        staged: &mut Staged,
    ) -> Result<(), PatchpackError> {
        if staged.places.contains_key(&id) || !self.is_free(id, staged.gone) {
            return if self.lenient { Ok(()) } else { Err(PatchpackError::DuplicateNode { id }) };
        }
        staged.places.insert(id, staged.nodes.len());
        if let Some((around, key)) = &spot.place
            && let Some(at) = staged.places.get(around)
        {
            staged.nodes[*at].1.children.insert(key.clone(), id);
        }
        let Spot { place, depth } = spot;
        let node = Node {
            kind: kind.clone(),
            place: place.clone(),
            children: HashMap::default(),
            depth: *depth,
        };
        staged.nodes.push((id, node));
        Ok(())
    }

    fn array(
        &self,
        id: u64,
        items: IntoIter<Value>,
        spot: &Spot,
        staged: &mut Staged,
    ) -> Result<Value, PatchpackError> {
        let mut list = Vec::with_capacity(items.len());
        for (at, form) in (0..).zip(items) {
            list.push(match form {
                Value::Array(_) => self.form(form, &spot.below(id, Key::Index(at)), staged)?,
                leaf => leaf,
            });
        }
        Ok(Value::Array(list))
    }

    fn structure(
        &self,
        id: u64,
        of: usize,
        items: IntoIter<Value>,
        spot: &Spot,
        staged: &mut Staged,
    ) -> Result<Value, PatchpackError> {
        let mut members = Object::default();
        members.reserve(items.len().min(self.types[of].len()));
        for (name, form) in std::iter::zip(&self.types[of], items) {
            let value = match form {
                Value::Array(_) => {
                    self.form(form, &spot.below(id, Key::Name(name.clone())), staged)?
                }
                leaf => leaf,
            };
            if !value.is_undefined() {
                members.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(members))
    }

    fn map(
        &self,
        id: u64,
        mut items: IntoIter<Value>,
        spot: &Spot,
        staged: &mut Staged,
    ) -> Result<Value, PatchpackError> {
        let mut members = Object::default();
        let mut keys = Vec::with_capacity(items.len() / 2);
        while let Some(key) = items.next() {
            let (Value::String(key), Some(form)) = (key, items.next()) else {
                return Err(PatchpackError::BadForm);
            };
            keys.push(key.clone());
            let value = match form {
                Value::Array(_) => {
                    self.form(form, &spot.below(id, Key::Name(key.clone())), staged)?
                }
                leaf => leaf,
            };
            if !value.is_undefined() {
                members.insert(key, value);
            }
        }
        if let Some(at) = staged.places.get(&id) {
            staged.nodes[*at].1.kind = Kind::Map(keys);
        }
        Ok(Value::Object(members))
    }
}
