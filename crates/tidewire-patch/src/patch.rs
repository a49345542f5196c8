//! JSON patches as values: what decoders read, applied to what a client holds, and undone.
//!
//! ```
//! use tidewire_patch::{Patch, notepack::Value};
//!
//! let mut client = Value::Object([("round", 1_u8.into())].into_iter().collect());
//! let before = client.clone();
//! let patch = Patch::replace("/round".parse()?, 2_u8.into()).with_old(1_u8.into());
//! patch.apply(&mut client)?;
//! assert_eq!(patch.to_json().to_string(), r#"{"op":"replace","path":"/round","value":2,"oldValue":1}"#);
//! patch.inverse()?.apply(&mut client)?;
//! assert_eq!(client, before);
//! # Ok::<(), tidewire_patch::PatchError>(())
//! ```

use std::{borrow::Cow, fmt, fmt::Write as _, str::FromStr};

use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::notepack::{MAX_DEPTH, Text, Value};

/// What a patch does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Op {
    /// Puts something where nothing was; into an array, in front of what is at the index.
    #[default]
    Add,
    /// Puts something in the place of what is there.
    Replace,
    /// Takes something out.
    Remove,
}

impl Op {
    /// `add`, `replace` or `remove`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }

    /// The number in binary messages: 0, 1 or 2.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The operation with this number in binary messages.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Add),
            1 => Some(Self::Replace),
            2 => Some(Self::Remove),
            _ => None,
        }
    }
}

/// Where a patch applies: names of members and indexes of arrays, from the root; empty for all.
///
/// What leads to the container is kept as a JSON Pointer (RFC 6901), which tells a `/` in a name from
/// one between two. The last segment stands beside it: of many patches it alone differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    around: Text,
    /// As it is, with nothing escaped; nothing in the empty path.
    last: Option<Text>,
}

impl Path {
    /// A path as Mosx writes it: `/` between the segments, nothing escaped, so that a `/` in a name
    /// reads as two segments. The slash in front may be missing.
    pub fn from_mosx(text: &str) -> Self {
        let path = text.strip_prefix('/').unwrap_or(text);
        match text.rsplit_once('/') {
            None if text.is_empty() => Self::default(),
            None => Self::new("".into(), text.into()),
            Some((around, last)) if text.starts_with('/') && !around.contains('~') => {
                Self::new(around.into(), last.into())
            }
            Some(_) => path.split('/').collect(),
        }
    }

    /// The path as Mosx writes it.
    ///
    /// # Errors
    ///
    /// If a name has a `/`, which would be read as two.
    pub fn to_mosx(&self) -> Result<String, PatchError> {
        if let Some(segment) = self.segments().find(|segment| segment.contains('/')) {
            let (path, segment) = (self.to_string(), segment.into_owned());
            return Err(PatchError::Slash { path, segment });
        }
        let mut path = unescaped(&self.around).into_owned();
        if let Some(last) = &self.last {
            path.push('/');
            path.push_str(last);
        }
        Ok(path)
    }

    /// How many segments there are.
    pub(crate) fn depth(&self) -> usize {
        let around = self.around.bytes().filter(|&byte| byte == b'/').count();
        around + usize::from(self.last.is_some())
    }

    /// The segments.
    pub fn segments(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let last = self.last.as_deref().map(Cow::Borrowed);
        // The first one is what stands in front of the first slash: nothing.
        self.around.split('/').skip(1).map(unescaped).chain(last)
    }

    /// The path of a place in what a JSON Pointer leads to that was put together right.
    #[inline]
    pub(crate) fn new(around: Text, last: Text) -> Self {
        Self { around, last: Some(last) }
    }

    /// Makes this that path.
    #[inline]
    pub(crate) fn lead(&mut self, around: &Text, last: &str) {
        self.around.clone_from(around);
        match &mut self.last {
            Some(before) if before.is_heap_allocated() && before.capacity() >= last.len() => {
                before.clear();
                before.push_str(last);
            }
            before => *before = Some(last.into()),
        }
    }

    /// Makes this that path.
    #[inline]
    pub(crate) fn lead_to(&mut self, around: &Text, last: Text) {
        self.around.clone_from(around);
        self.last = Some(last);
    }

    /// The path of a JSON Pointer that was put together right.
    pub(crate) fn from_pointer(pointer: &str) -> Self {
        pointer.rsplit_once('/').map_or_else(Self::default, |(around, last)| {
            Self::new(around.into(), unescaped(last).into())
        })
    }
}

/// Adds a segment to a JSON Pointer.
#[inline]
pub(crate) fn push_segment(pointer: &mut impl fmt::Write, segment: &str) {
    let segment = match segment.bytes().any(|byte| matches!(byte, b'/' | b'~')) {
        true => Cow::Owned(segment.replace('~', "~0").replace('/', "~1")),
        false => Cow::Borrowed(segment),
    };
    // Writing to text does not fail.
    let _ = pointer.write_char('/').and_then(|()| pointer.write_str(&segment));
}

/// Adds an index to a JSON Pointer.
pub(crate) fn push_index(pointer: &mut String, index: u64) {
    // Writing to text does not fail.
    let _ = write!(pointer, "/{index}");
}

/// What is said by text of a JSON Pointer.
fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains('~') { text.replace("~1", "/").replace("~0", "~").into() } else { text.into() }
}

impl<S: AsRef<str>> FromIterator<S> for Path {
    fn from_iter<I: IntoIterator<Item = S>>(segments: I) -> Self {
        let mut pointer = String::new();
        segments.into_iter().for_each(|segment| push_segment(&mut pointer, segment.as_ref()));
        Self::from_pointer(&pointer)
    }
}

/// A JSON Pointer (RFC 6901): `~1` stands for `/`, `~0` for `~`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.around)?;
        let Some(last) = &self.last else { return Ok(()) };
        write!(f, "/{}", last.replace('~', "~0").replace('/', "~1"))
    }
}

/// Reads a JSON Pointer (RFC 6901).
impl FromStr for Path {
    type Err = PatchError;

    fn from_str(pointer: &str) -> Result<Self, PatchError> {
        let is_escape = |after: &str| after.starts_with(['0', '1']);
        let is_right = (pointer.is_empty() || pointer.starts_with('/'))
            && pointer.split('~').skip(1).all(is_escape);
        if is_right {
            Ok(Self::from_pointer(pointer))
        } else {
            Err(PatchError::Pointer { pointer: pointer.to_owned() })
        }
    }
}

/// One change of a JSON document, with what was there before if it is to be undone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// What it does.
    pub op: Op,
    /// Where.
    pub path: Path,
    /// What is put there. Messages of others may lack it.
    pub value: Option<Value>,
    /// What was there, of what is replaced or removed.
    pub old: Option<Value>,
}

/// Why a patch is none, or does not fit what it is applied to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatchError {
    /// Not a JSON Pointer.
    #[error(
        "`{pointer}` is no JSON Pointer: it begins with `/`, and `~` stands before 0 or 1 only"
    )]
    Pointer {
        /// The text.
        pointer: String,
    },
    /// Not an operation of RFC 6902, or one that a state has not.
    #[error("the member `{member}` of a patch {what}")]
    Member {
        /// The member that is wrong.
        member: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// There is nothing there, or nothing that has places.
    #[error("there is nothing at `{path}`: apply patches in order, to the snapshot they follow")]
    Nothing {
        /// The path.
        path: String,
    },
    /// The patch does not say what to put there.
    #[error("the patch of `{path}` has no value")]
    NoValue {
        /// The path.
        path: String,
    },
    /// The patch leads too deep: patch by patch a document could get so deep that nobody can go through it.
    #[error("the patch is of a place {depth} deep, and a document is at most {DEEPEST} deep")]
    TooDeep {
        /// How many segments its path has.
        depth: usize,
    },
    /// A name of the path has a `/`, which Mosx does not escape.
    #[error(
        "`{segment}` of the path `{path}` has a `/`, which would be read as the end of a name: replace the container \
         around it"
    )]
    Slash {
        /// The path.
        path: String,
        /// The segment.
        segment: String,
    },
    /// The patch does not say what was there.
    #[error("the patch of `{path}` has no old value: encode reversible patches to undo them")]
    NoOldValue {
        /// The path.
        path: String,
    },
}

impl Patch {
    /// Puts a value where nothing was.
    pub fn add(path: Path, value: Value) -> Self {
        Self { op: Op::Add, path, value: Some(value), old: None }
    }

    /// Puts a value in the place of another.
    pub fn replace(path: Path, value: Value) -> Self {
        Self { op: Op::Replace, path, value: Some(value), old: None }
    }

    /// Takes a value out.
    pub fn remove(path: Path) -> Self {
        Self { op: Op::Remove, path, value: None, old: None }
    }

    /// This patch with what was there before it.
    #[must_use]
    pub fn with_old(self, old: Value) -> Self {
        Self { old: Some(old), ..self }
    }

    fn with(self, old: Option<Value>) -> Self {
        Self { old, ..self }
    }

    /// An operation of RFC 6902; what was there before is the member `oldValue`.
    pub fn to_json(&self) -> Json {
        let mut members = Map::new();
        members.insert("op".to_owned(), self.op.name().into());
        members.insert("path".to_owned(), self.path.to_string().into());
        let values = [("value", &self.value), ("oldValue", &self.old)];
        for (name, value) in
            values.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))
        {
            members.insert(name.to_owned(), value.to_json());
        }
        Json::Object(members)
    }

    /// Changes what a client holds. Replacing what is not there puts it there.
    ///
    /// # Errors
    ///
    /// If the patch does not fit `document`, or is of a place more than 256 deep in it; it is then as it was.
    pub fn apply(&self, document: &mut Value) -> Result<(), PatchError> {
        let nothing = || PatchError::Nothing { path: self.path.to_string() };
        let value =
            || self.value.clone().ok_or(PatchError::NoValue { path: self.path.to_string() });
        let depth = self.path.depth();
        if depth > DEEPEST {
            return Err(PatchError::TooDeep { depth });
        }
        let mut segments = self.path.segments();
        let Some(mut last) = segments.next() else {
            *document = if self.op == Op::Remove { Value::Undefined } else { value()? };
            return Ok(());
        };
        let mut container = document;
        for segment in segments {
            container = match container {
                Value::Object(members) => members.get_mut(&last),
                Value::Array(items) => index(&last).and_then(|at| items.get_mut(at)),
                _ => None,
            }
            .ok_or_else(nothing)?;
            last = segment;
        }
        match (container, self.op) {
            (Value::Object(members), Op::Remove) => {
                members.remove(&last).ok_or_else(nothing)?;
            }
            (Value::Object(members), _) => {
                members.insert(last, value()?);
            }
            (Value::Array(items), op) => {
                let end = if op == Op::Add { items.len() + 1 } else { items.len() };
                let at = match &*last {
                    "-" if op == Op::Add => items.len(),
                    last => index(last).filter(|at| *at < end).ok_or_else(nothing)?,
                };
                match op {
                    Op::Add => items.insert(at, value()?),
                    Op::Replace => items[at] = value()?,
                    Op::Remove => drop(items.remove(at)),
                }
            }
            _ => return Err(nothing()),
        }
        Ok(())
    }

    /// The patch that undoes this one, once it was applied. `before` is what it is about to be applied to, which knows
    /// more than the patch: what an `add` of others takes the place of, which index `-` is, what was there if the patch
    /// does not say it.
    ///
    /// ```
    /// use tidewire_patch::{Patch, notepack::Value};
    /// let mut client: Value = (&serde_json::json!({"a": 1, "list": [1]})).into();
    /// for patch in [
    ///     Patch::add("/a".parse()?, 2_u8.into()),
    ///     Patch::add("/list/-".parse()?, 2_u8.into()),
    ///     Patch::remove("/list/0".parse()?),
    /// ] {
    ///     let before = client.clone();
    ///     let undo = patch.inverse_in(&client)?;
    ///     patch.apply(&mut client)?;
    ///     undo.apply(&mut client)?;
    ///     assert_eq!(client, before);
    ///     patch.apply(&mut client)?;
    /// }
    /// # Ok::<(), tidewire_patch::PatchError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the patch does not fit `before`.
    pub fn inverse_in(&self, before: &Value) -> Result<Self, PatchError> {
        let nothing = || PatchError::Nothing { path: self.path.to_string() };
        let segments: Vec<_> = self.path.segments().collect();
        let Some((last, above)) = segments.split_last() else {
            return Ok(Self::replace(Path::default(), before.clone()).with(self.value.clone()));
        };
        let mut container = before;
        for segment in above {
            container = container.member(segment).ok_or_else(nothing)?;
        }
        let mut path = self.path.clone();
        if let (Value::Array(items), "-") = (container, &**last) {
            path = above.iter().cloned().chain([items.len().to_string().into()]).collect();
        }
        let is_inserted = self.op == Op::Add && matches!(container, Value::Array(_));
        let was_there = container.member(last).filter(|_| !is_inserted).cloned();
        Ok(match (self.op, was_there) {
            (Op::Remove, None) => return Err(nothing()),
            (Op::Remove, Some(old)) => Self::add(path, old),
            (_, None) => Self::remove(path).with(self.value.clone()),
            (_, Some(old)) => Self::replace(path, old).with(self.value.clone()),
        })
    }

    /// The patch that undoes this one. An `add` that took the place of something, as patches of others may, is undone
    /// only if it says in `old` what that was; [`inverse_in`](Self::inverse_in) needs no word of the patch. A list of patches is undone from its end. A path that ends in
    /// `-`, behind the last item of an array, does not name the item that came there.
    ///
    /// # Errors
    ///
    /// If this one replaces or removes something and does not say what.
    pub fn inverse(&self) -> Result<Self, PatchError> {
        let old = || self.old.clone().ok_or(PatchError::NoOldValue { path: self.path.to_string() });
        let path = self.path.clone();
        Ok(match self.op {
            Op::Add => match self.old.clone().filter(|old| !old.is_undefined()) {
                None => Self { old: self.value.clone(), ..Self::remove(path) },
                Some(old) => Self { old: self.value.clone(), ..Self::replace(path, old) },
            },
            Op::Replace => Self { old: self.value.clone(), ..Self::replace(path, old()?) },
            Op::Remove => Self::add(path, old()?),
        })
    }
}

impl Value {
    /// What a segment of a path leads to.
    fn member(&self, segment: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(segment),
            Self::Array(items) => index(segment).and_then(|at| items.get(at)),
            _ => None,
        }
    }
}

/// How deep the places are that patches change. What is put there is as deep as one message can be, at most.
const DEEPEST: usize = MAX_DEPTH;

/// An index of an array: digits, without zeros in front.
fn index(segment: &str) -> Option<usize> {
    let is_plain = segment == "0" || !segment.starts_with(['0', '+']);
    segment.parse().ok().filter(|_| is_plain)
}
