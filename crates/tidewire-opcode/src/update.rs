//! What is told in one frame: patches, each a place and what became of it.

use std::{cmp::Ordering, iter, sync::Arc};

use crate::{
    changes::{Change, Changes},
    paths::{PathTable, PatternId},
    tree::Tree,
};

/// What one frame says.
#[derive(Clone, Debug, PartialEq)]
pub struct Update<'a> {
    /// Whether it is all there is or what changed.
    pub kind: UpdateKind,
    /// One for each place, in the bytewise order of their paths. A place stands here once: what
    /// happened to it in a tick is merged.
    pub patches: Vec<Patch<'a>>,
}

/// What the patches of an update are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// All there is; clients forget which slots they knew.
    FirstSync,
    /// What changed.
    Diff,
}

/// A place and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch<'a> {
    /// Where.
    pub path: Path<'a>,
    /// What.
    pub operation: Operation<'a>,
}

/// What became of a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation<'a> {
    /// It has this value.
    Set(&'a Tree),
    /// It is no more.
    Remove,
    /// It has this value and had none; clients read it like [`Set`](Self::Set).
    Add(&'a Tree),
}

/// The way from the root to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// Names and keys; at least one.
    pub segments: Vec<Segment<'a>>,
    /// The hash of its pattern, if clients know it.
    pub hash: Option<u32>,
}

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Into the field of this name.
    Name(&'a str),
    /// Into the entry of this key: `*` in the pattern.
    Key(&'a str),
}

impl<'a> Segment<'a> {
    /// The name or the key.
    pub fn text(self) -> &'a str {
        match self {
            Self::Name(text) | Self::Key(text) => text,
        }
    }
}

impl<'a> Path<'a> {
    /// What stands for each `*` of the pattern, in order.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Name(_) => None,
            Segment::Key(key) => Some(*key),
        })
    }

    /// The path as a JSON pointer.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.segments {
            pointer.push('/');
            for letter in segment.text().chars() {
                match letter {
                    '~' => pointer.push_str("~0"),
                    '/' => pointer.push_str("~1"),
                    letter => pointer.push(letter),
                }
            }
        }
        pointer
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }

    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.segments.iter().flat_map(|segment| iter::once(b'/').chain(segment.text().bytes()))
    }
}

/// Whether clients find an entry by this key when a path goes through it.
///
/// They split paths at `.` and `/`, do not unescape `~`, read `[n]` as an index and take the empty
/// key for none.
pub fn is_addressable(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '/', '~', '['])
}

/// The key at which JavaScript clients fail: the frame that has it is lost to them. It is never written.
pub(crate) const PROTO: &str = "__proto__";

/// Lists the patches for `changes`.
///
/// A map with a change at a key that no path can go through is set whole. `whole` may put one patch
/// for a struct in the place of those for its members.
pub(crate) fn collect<'a>(
    paths: &'a PathTable,
    root: &'a Tree,
    changes: &'a Changes,
    whole: &dyn Fn(&[Patch<'_>], &Patch<'_>) -> bool,
) -> Vec<Patch<'a>> {
    let (segments, patches) = (Vec::new(), Vec::new());
    let mut collector = Collector { paths, whole, is_private: false, segments, patches };
    collector.members(Some(PathTable::ROOT), root, changes);
    collector.patches
}

/// One patch for each member of the root.
pub(crate) fn first_sync<'a>(paths: &PathTable, root: &'a Tree) -> Vec<Patch<'a>> {
    let Tree::Object(members) = root else { return Vec::new() };
    let patch = |(name, value): (&'a Arc<str>, &'a Tree)| {
        let hash = paths.field(PathTable::ROOT, name).and_then(|at| paths.hash(at));
        let path = Path { segments: vec![Segment::Name(name)], hash };
        Patch { path, operation: Operation::Set(value) }
    };
    members.iter().filter(|(name, _)| &***name != PROTO).map(patch).collect()
}

/// A list of patches under way.
pub(crate) struct Collector<'a, 'f> {
    paths: &'a PathTable,
    whole: &'f dyn Fn(&[Patch<'_>], &Patch<'_>) -> bool,
    /// Whether there is nothing below but what is collected.
    is_private: bool,
    pub(crate) segments: Vec<Segment<'a>>,
    pub(crate) patches: Vec<Patch<'a>>,
}

impl<'a, 'f> Collector<'a, 'f> {
    /// For places below the one that `segments` lead to, all of which one client sees and no other does.
    pub(crate) fn private(
        paths: &'a PathTable,
        whole: &'f dyn Fn(&[Patch<'_>], &Patch<'_>) -> bool,
        segments: Vec<Segment<'a>>,
    ) -> Self {
        Self { paths, whole, is_private: true, segments, patches: Vec::new() }
    }

    fn members(&mut self, at: Option<PatternId>, tree: &'a Tree, changes: &'a Changes) {
        for (name, change) in changes.iter().filter(|(name, _)| &***name != PROTO) {
            let (segment, below) = self.paths.member(at, name);
            self.segments.push(segment);
            self.place(below, tree.member(name), change);
            self.segments.pop();
        }
    }

    pub(crate) fn place(
        &mut self,
        at: Option<PatternId>,
        tree: Option<&'a Tree>,
        change: &'a Change,
    ) {
        let (changes, tree) = match (change, tree) {
            (Change::Below(changes), Some(tree)) => (changes, tree),
            (Change::Removed, _) | (_, None) => {
                let patch = self.patch(at, Operation::Remove);
                self.patches.push(patch);
                return;
            }
            (Change::Set, Some(tree)) => {
                let patch = self.patch(at, Operation::Set(tree));
                self.patches.push(patch);
                return;
            }
        };
        let set = self.patch(at, Operation::Set(tree));
        if !changes.keys().all(|key| is_addressable(key)) {
            self.patches.push(set);
            return;
        }
        let first = self.patches.len();
        self.members(at, tree, changes);
        // Setting all that is for everyone would take from clients what only they see.
        let is_free = |at| self.is_private || !self.paths.is_mixed(at);
        let is_struct = at.is_some_and(|at| self.paths.entry(at).is_none() && is_free(at));
        if is_struct && self.patches.len() - first > 1 && (self.whole)(&self.patches[first..], &set)
        {
            self.patches.truncate(first);
            self.patches.push(set);
        }
    }

    fn patch(&self, at: Option<PatternId>, operation: Operation<'a>) -> Patch<'a> {
        let hash = at.and_then(|at| self.paths.hash(at));
        Patch { path: Path { segments: self.segments.clone(), hash }, operation }
    }
}
