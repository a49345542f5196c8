//! What a client must be told so that it holds what it sees, after it was told what everyone is told.

use super::overlay;
use crate::{
    changes::{Change, Changes},
    paths::{PathTable, PatternId},
    tree::{Members, Tree},
    update::{Collector, Operation, PROTO, Patch, Path, Segment, is_addressable},
};

/// A list of patches under way.
pub(super) struct Teller<'a, 'f> {
    paths: &'a PathTable,
    whole: &'f dyn Fn(&[Patch<'_>], &Patch<'_>) -> bool,
    segments: Vec<Segment<'a>>,
    steps: Vec<(Path<'a>, Step<'a>)>,
    merged: &'a mut Vec<Tree>,
}

/// What becomes of a place.
enum Step<'a> {
    Patch(Operation<'a>),
    /// It is set to what was put together of both parts, which has this number.
    Merged(usize),
}

/// What everyone sees of a place, and what the last sync changed there; and the same of what the client sees
/// beside that.
#[derive(Clone, Copy)]
struct Here<'a> {
    public: Option<&'a Tree>,
    public_change: Option<&'a Change>,
    own: Option<&'a Tree>,
    own_change: Option<&'a Change>,
}

impl<'a, 'f> Teller<'a, 'f> {
    pub(super) fn new(
        paths: &'a PathTable,
        whole: &'f dyn Fn(&[Patch<'_>], &Patch<'_>) -> bool,
        merged: &'a mut Vec<Tree>,
    ) -> Self {
        merged.clear();
        Self { paths, whole, segments: Vec::new(), steps: Vec::new(), merged }
    }

    /// After the changes of a sync.
    pub(super) fn root(
        mut self,
        public: &'a Tree,
        public_changes: &'a Changes,
        own: &'a Tree,
        own_changes: &'a Changes,
    ) -> Vec<Patch<'a>> {
        let here =
            Here { public: Some(public), public_change: None, own: Some(own), own_change: None };
        self.members(Some(PathTable::ROOT), here, Some(public_changes), Some(own_changes));
        self.finish()
    }

    /// After all there is.
    pub(super) fn all(mut self, public: &'a Tree, own: &'a Tree) -> Vec<Patch<'a>> {
        for (name, own) in members(Some(own)).into_iter().flatten() {
            let public = public.member(name);
            self.step(Some(PathTable::ROOT), name, |this, at| this.again(at, public, own));
        }
        self.finish()
    }

    fn finish(self) -> Vec<Patch<'a>> {
        let Self { steps, merged, .. } = self;
        let merged: &'a [Tree] = merged;
        let mut patches: Vec<Patch<'a>> = steps
            .into_iter()
            .map(|(path, step)| match step {
                Step::Patch(operation) => Patch { path, operation },
                Step::Merged(at) => Patch { path, operation: Operation::Set(&merged[at]) },
            })
            .collect();
        patches.sort_by(|a, b| a.path.compare(&b.path));
        patches
    }

    fn place(&mut self, at: Option<PatternId>, here: Here<'a>) {
        let Here { public, public_change, own, own_change } = here;
        let below = match public_change {
            Some(Change::Set | Change::Removed) => return self.set_again(at, public, own),
            // A map with such a key was set whole.
            Some(Change::Below(below)) if !below.keys().all(|key| is_addressable(key)) => {
                return self.set_again(at, public, own);
            }
            Some(Change::Below(below)) => Some(below),
            None => None,
        };
        match (own_change, public) {
            (None, Some(Tree::Object(_))) => self.members(at, here, below, None),
            (None, _) => {}
            (Some(Change::Below(changes)), Some(Tree::Object(_))) => {
                if changes.keys().all(|key| is_addressable(key)) {
                    self.members(at, here, below, Some(changes));
                } else {
                    self.set_merged(at, public, own);
                }
            }
            // All around is the client's own.
            (Some(change @ Change::Below(_)), _) => {
                let segments = std::mem::take(&mut self.segments);
                let mut collector = Collector::private(self.paths, self.whole, segments);
                collector.place(at, own, change);
                let Collector { segments, patches, .. } = collector;
                self.segments = segments;
                let steps = patches
                    .into_iter()
                    .map(|Patch { path, operation }| (path, Step::Patch(operation)));
                self.steps.extend(steps);
            }
            (Some(Change::Set | Change::Removed), public) => match (own, public) {
                (Some(own), public) => self.again(at, public, own),
                (None, Some(public)) => self.patch(at, Operation::Set(public)),
                (None, None) => self.patch(at, Operation::Remove),
            },
        }
    }

    /// The members of a place that is an object to everyone, and to the client by both parts.
    fn members(
        &mut self,
        at: Option<PatternId>,
        here: Here<'a>,
        public_changes: Option<&'a Changes>,
        own_changes: Option<&'a Changes>,
    ) {
        let own = members(here.own);
        let member = |name: &str, own_change| Here {
            public: here.public.and_then(|public| public.member(name)),
            public_change: public_changes.and_then(|changes| changes.get(name)),
            own: own.and_then(|own| own.get(name)),
            own_change,
        };
        for (name, change) in own_changes.into_iter().flatten() {
            let member = member(name, Some(change));
            self.step(at, name, |this, at| this.place(at, member));
        }
        // What the client was told of the rest may have gone under with what everyone was told.
        let Some(public_changes) = public_changes else { return };
        for name in own.into_iter().flat_map(Members::keys) {
            let is_told = own_changes.is_some_and(|changes| changes.contains_key(name));
            if !is_told && public_changes.contains_key(name) {
                let member = member(name, None);
                self.step(at, name, |this, at| this.place(at, member));
            }
        }
    }

    /// The client holds of a place what everyone does, as that was just set.
    fn set_again(
        &mut self,
        at: Option<PatternId>,
        public: Option<&'a Tree>,
        own: Option<&'a Tree>,
    ) {
        if let Some(own) = own {
            self.again(at, public, own);
        }
    }

    fn again(&mut self, at: Option<PatternId>, public: Option<&'a Tree>, own: &'a Tree) {
        match (public, own) {
            (Some(Tree::Object(held)), Tree::Object(members)) => {
                if !members.keys().all(|key| is_addressable(key)) {
                    return self.set_merged(at, public, Some(own));
                }
                for (name, own) in members {
                    let public = held.get(name);
                    self.step(at, name, |this, at| this.again(at, public, own));
                }
            }
            (Some(public), own) if public == own => {}
            (_, own) => self.patch(at, Operation::Set(own)),
        }
    }

    /// No path goes through a key of the place, so it is set whole.
    fn set_merged(&mut self, at: Option<PatternId>, public: Option<&Tree>, own: Option<&Tree>) {
        let both = overlay(public, own.unwrap_or(&NOTHING));
        self.steps.push((self.path(at), Step::Merged(self.merged.len())));
        self.merged.push(both);
    }

    fn patch(&mut self, at: Option<PatternId>, operation: Operation<'a>) {
        self.steps.push((self.path(at), Step::Patch(operation)));
    }

    fn path(&self, at: Option<PatternId>) -> Path<'a> {
        let hash = at.and_then(|at| self.paths.hash(at));
        Path { segments: self.segments.clone(), hash }
    }

    /// Goes to a member and back.
    fn step(
        &mut self,
        at: Option<PatternId>,
        name: &'a str,
        then: impl FnOnce(&mut Self, Option<PatternId>),
    ) {
        if name == PROTO {
            return;
        }
        let (segment, below) = self.paths.member(at, name);
        self.segments.push(segment);
        then(self, below);
        self.segments.pop();
    }
}

const NOTHING: Tree = Tree::Object(Members::new());

fn members(tree: Option<&Tree>) -> Option<&Members> {
    match tree {
        Some(Tree::Object(members)) => Some(members),
        _ => None,
    }
}
