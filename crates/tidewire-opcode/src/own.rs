//! What one client sees beside what everyone sees.
//!
//! The public part of a state is one [`StateTree`], and is written once for all. What a view adds to it is a tree of its
//! own, laid over that one: where both have an object, members of both are there; anywhere else, what the view
//! adds stands in the place of what everyone sees. Such a tree is small, and it is looked at again only where the walk
//! left [`Marks`]. What a client is sent of it takes into account what the public part has just done to the client: who
//! is sent a struct whole loses what it knew of it.

mod marks;
mod refresh;
mod tell;

use std::collections::HashMap;

use tidewire_state::{RefId, Refusal, Schema, StateView, Tracked, ViewId};

pub(crate) use self::marks::{Marks, leads};
use self::{
    refresh::{Refresh, difference},
    tell::Teller,
};
use crate::{
    changes::{Change, Changes},
    state::StateTree,
    tree::{Members, Tree},
    update::{Patch, Update, UpdateKind},
};

/// What one client sees beside what everyone sees, and what the last sync changed of it.
///
/// [`StateTree::look_for`] brings it up to date.
///
/// ```
/// use tidewire_opcode::{Encoder, Encoding, OwnPart, StateTree, Tree};
/// use tidewire_state::{Schema, Tag, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena {
///     score: u32,
///     #[schema(view)]
///     plan: String,
/// }
///
/// let mut arena = Tracked::new(Arena { plan: "left".into(), ..Arena::default() });
/// let mut tree = StateTree::new(&arena);
/// let view = arena.create_view("ada");
/// arena.view_add(view, &[] as &[&str], Tag::DEFAULT)?;
/// arena.sync(&mut tree);
///
/// let mut ada = OwnPart::new();
/// tree.look_for(&mut ada, &arena, Some(view));
/// let mut encoder = Encoder::new(Encoding::OpcodeJson.shortest());
/// assert_eq!(encoder.encode(&tree.update()), br#"[2,["/score",1,0]]"#);
/// assert_eq!(encoder.encode(&ada.update(&tree, |_, _| false)), br#"[2,["/plan",1,"left"]]"#);
/// # Ok::<(), tidewire_state::PathError>(())
/// ```
#[derive(Debug, Default)]
pub struct OwnPart {
    root: Tree,
    changes: Changes,
    /// What the view was when this was last brought up to date, and after which walk that was.
    seen: Option<(u64, u64)>,
    /// In which order the members of sets came to this client, by their numbers.
    orders: HashMap<RefId, Vec<u32>>,
    /// What had to be put together to be sent whole.
    merged: Vec<Tree>,
    refusal: Option<Refusal>,
}

impl OwnPart {
    /// Of a client that was told nothing yet.
    pub fn new() -> Self {
        Self { root: Tree::Object(Members::new()), ..Self::default() }
    }

    /// What there is beside what everyone sees: an object, empty where there is nothing.
    pub fn root(&self) -> &Tree {
        &self.root
    }

    /// Whether the client sees nothing but what everyone sees.
    pub fn is_empty(&self) -> bool {
        matches!(&self.root, Tree::Object(members) if members.is_empty())
    }

    /// Why the last sync left out something that the client would see: by path, what leads to itself has no end.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// What a client is to be told after the tree's own update of the same sync. `whole` is asked as
    /// [`StateTree::update_with`] asks it.
    pub fn update<'a>(
        &'a mut self,
        tree: &'a StateTree,
        whole: impl Fn(&[Patch<'_>], &Patch<'_>) -> bool,
    ) -> Update<'a> {
        let Self { root, changes, merged, .. } = self;
        let patches = Teller::new(tree.paths(), &whole, merged).root(
            tree.root(),
            tree.changes(),
            root,
            changes,
        );
        Update { kind: UpdateKind::Diff, patches }
    }

    /// What a client is to be told after the tree's [first sync](StateTree::first_sync), in the same frame.
    pub fn first_sync<'a>(&'a mut self, tree: &'a StateTree) -> Update<'a> {
        let Self { root, merged, .. } = self;
        let patches = Teller::new(tree.paths(), &|_, _| false, merged).all(tree.root(), root);
        Update { kind: UpdateKind::FirstSync, patches }
    }

    /// All that the client sees.
    pub fn over(&self, tree: &StateTree) -> Tree {
        overlay(Some(tree.root()), &self.root)
    }
}

impl StateTree {
    /// Whether some of the state is not for everyone.
    pub fn has_own_parts(&self) -> bool {
        self.marks().is_some()
    }

    /// Brings what a client sees beside the rest up to date with the last sync: what `view` shows, which may be
    /// another one than the last time.
    ///
    /// Costs what the last sync changed of what is not for everyone, however much that was of the rest; all that the view
    /// shows if the view changed.
    pub fn look_for<S: Schema>(
        &self,
        part: &mut OwnPart,
        state: &Tracked<S>,
        view: Option<ViewId>,
    ) {
        let (Some(marks), Some(look)) = (self.marks(), self.look()) else { return };
        let sees: Option<&StateView> = view.and_then(|view| state.view(view));
        let now = (sees.map_or(0, StateView::version), marks.walks());
        let seen = part.seen.replace(now);
        if seen == Some(now) || look.is_empty() {
            return;
        }
        part.changes.clear();
        part.refusal = None;
        let follows = seen == Some((now.0, now.1 - 1)) && !marks.is_scattered();
        if follows && !marks.is_marked(RefId::ROOT) {
            return;
        }
        let mut refresh =
            Refresh::new(look, marks, self.types(), self.names(), &sees, &mut part.orders);
        if follows {
            if let (Tree::Object(own), Tree::Object(public)) = (&mut part.root, self.root()) {
                part.changes = refresh.root(own, public);
            }
            part.refusal = refresh.refusal.get();
            return;
        }
        let root = refresh.all(self.root());
        part.refusal = refresh.refusal.get();
        let change = difference(Some(&part.root), Some(&root), Some(self.root()));
        if let Some(Change::Below(changes)) = change {
            part.changes = changes;
        }
        part.root = root;
    }
}

/// What a client sees of a place where everyone sees `public`, and it `own` beside that.
fn overlay(public: Option<&Tree>, own: &Tree) -> Tree {
    let (Some(Tree::Object(public)), Tree::Object(own)) = (public, own) else {
        return own.clone();
    };
    let mut both = public.clone();
    for (name, own) in own {
        let here = overlay(public.get(name), own);
        both.insert(name.clone(), here);
    }
    Tree::Object(both)
}
