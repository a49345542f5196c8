//! Filters: functions of the program that say who sees a field, or an entry of a collection.
//!
//! A walk has the state to itself, and a filter may look at all of it. So the walk notes the structs
//! with filters that it entered (`tracker/noted.rs`), and after it [`Ask`] goes down to those, with
//! the state to read. What was said is kept by the views (`view/verdicts.rs`).

use std::any::Any;

use crate::{
    schema::{Field, Gone},
    tracker::{Noted, SharedKey, Tracker},
    types::FieldIndex,
    value::Primitive,
    view::{Passed, Views},
    visitor::RefId,
};

mod watch;

/// Whom a filter is asked for: somebody with a view.
///
/// ```
/// use tidewire_state::{Schema, Tracked, Viewer, Visitor};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Card {
///     owner: String,
///     discarded: bool,
///     #[schema(filter = Card::shows_number)]
///     number: u8,
/// }
///
/// impl Card {
///     /// Everyone sees what lies on the table, and its owner what is in a hand.
///     fn shows_number(&self, viewer: &Viewer<'_>) -> bool {
///         self.discarded || self.owner == viewer.session_id()
///     }
/// }
///
/// let mut card = Tracked::new(Card { owner: "ada".into(), number: 7, discarded: false });
/// let bob = card.create_view("bob");
/// # let codecs: &mut [&mut dyn Visitor] = &mut [];
/// card.sync(codecs);
/// let sees = card.view_explain(bob).map(|sees| sees.to_string()).unwrap_or_default();
/// assert_eq!(sees, "view \"bob\": 0 added, 1 public, 0 unseen");
///
/// // Another field than the one that is filtered changes; the filter is asked again.
/// card.discarded = true;
/// # let codecs: &mut [&mut dyn Visitor] = &mut [];
/// card.sync(codecs);
/// let sees = card.view_explain(bob).map(|sees| sees.to_string()).unwrap_or_default();
/// assert_eq!(sees, "view \"bob\": 0 added, 1 public, 0 unseen\n  /: public, filtered; shows number");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    name: &'a str,
    root: Option<&'a dyn Any>,
}

impl<'a> Viewer<'a> {
    /// The name of the view.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The session id of the client. In a room, that is what its view is called.
    pub fn session_id(&self) -> &'a str {
        self.name
    }

    /// The whole state, if `R` is its type.
    pub fn root<R: 'static>(&self) -> Option<&'a R> {
        self.root?.downcast_ref()
    }
}

/// A collection whose entries may each be for other clients.
#[diagnostic::on_unimplemented(
    message = "`filter_children` cannot stand on a `{Self}`",
    note = "it stands on a `MapSchema`, an `ArraySchema`, a `SetSchema` or a `CollectionSchema`; use \
            `filter` for a field as a whole"
)]
pub trait Sift: Field {
    /// What an entry is called.
    type Key<'a>;
    /// What is in it.
    type Child;

    /// Asks for each entry, for each view for which that is due: for all if `whole` says so.
    fn sift(
        &self,
        mirror: &Self::Mirror,
        whole: bool,
        ask: &mut Ask<'_>,
        verdict: impl FnMut(&Viewer<'_>, Self::Key<'_>, &Self::Child) -> bool,
    );
}

/// A collection whose entries have names of clients.
#[diagnostic::on_unimplemented(
    message = "`per_player` cannot stand on a `{Self}`",
    note = "it stands on a `MapSchema` whose keys are names of views (in a room, session ids)"
)]
pub trait PerPlayer: Sift {
    /// As [`Sift::sift`], with a function that says yes for the entry under the view's name.
    fn sift_by_name(&self, mirror: &Self::Mirror, whole: bool, ask: &mut Ask<'_>);
}

/// Filters being asked, after a walk.
#[derive(Debug)]
pub struct Ask<'a> {
    tracker: &'a Tracker,
    views: &'a mut Views,
    root: Option<&'a dyn Any>,
    noted: &'a mut Noted,
    /// Some view is asked about everything.
    everything: bool,
}

impl<'a> Ask<'a> {
    /// Nothing if there is nothing to ask.
    pub(crate) fn begin(
        tracker: &'a Tracker,
        noted: &'a mut Noted,
        views: &'a mut Views,
        root: Option<&'a dyn Any>,
    ) -> Option<Self> {
        let everything = views.wants_all();
        if noted.is_empty && !everything {
            return None;
        }
        noted.find_ways(tracker);
        Some(Self { tracker, views, root, noted, everything })
    }

    /// All was asked.
    pub(crate) fn end(self) {
        self.views.end_asking();
    }

    /// Whether something is asked at a node, or below it.
    pub fn goes(&self, node: RefId) -> bool {
        node.is_known() && (self.everything || self.noted.ways.has(node.0))
    }

    pub(crate) fn shared_id(&self, key: SharedKey) -> Option<RefId> {
        self.tracker.shared_id(key)
    }

    /// Asks who sees a field of a struct.
    pub fn field(
        &mut self,
        node: RefId,
        field: FieldIndex,
        verdict: &mut dyn FnMut(&Viewer<'_>) -> bool,
    ) {
        let for_all = self.noted.entered.has(node.0);
        let root = self.root;
        self.views.ask(for_all, |name, verdicts| {
            verdicts.put_field(node, field, verdict(&Viewer { name, root }));
        });
    }

    /// Asks what each is told of a field, in the place of what is in it.
    pub(crate) fn custom<T: Primitive>(
        &mut self,
        node: RefId,
        field: FieldIndex,
        value: impl Fn(&Viewer<'_>) -> Option<T>,
    ) {
        let for_all = self.noted.entered.has(node.0);
        let root = self.root;
        self.views.ask(for_all, |name, verdicts| {
            let value = value(&Viewer { name, root });
            verdicts.put_custom(node, field, value.as_ref().map(Primitive::value));
        });
    }

    /// Whether all entries of the collections of a struct are asked about, for every view.
    pub fn is_whole(&self, node: RefId) -> bool {
        self.noted.whole.has(node.0)
    }

    /// Finds out what passes of a collection: `each` is called for each view for which that is due.
    pub(crate) fn entries(
        &mut self,
        collection: RefId,
        whole: bool,
        each: &mut dyn FnMut(&Viewer<'_>, &mut Passes<'_>),
    ) {
        if !collection.is_known() {
            return;
        }
        let for_all = whole || self.noted.whole.has(collection.0);
        let (root, tracker) = (self.root, self.tracker);
        let mut passes = Passes { tracker, passed: std::mem::take(&mut self.noted.passed) };
        self.views.ask(for_all, |name, verdicts| {
            passes.passed.clear();
            each(&Viewer { name, root }, &mut passes);
            verdicts.put_entries(collection, &mut passes.passed);
        });
        self.noted.passed = passes.passed;
    }
}

/// What passes of a collection, for one view.
#[derive(Debug)]
pub(crate) struct Passes<'a> {
    tracker: &'a Tracker,
    passed: Passed,
}

impl Passes<'_> {
    /// An entry passes: its number in a map, or its position.
    pub(crate) fn insert(&mut self, at: u32, leads: Gone) {
        self.passed.entries.insert(at);
        match leads {
            Gone::Value => {}
            Gone::Node(id) => self.passed.nodes.extend(Some(id).filter(|id| id.is_known())),
            Gone::Shared(key) => self.passed.nodes.extend(self.tracker.shared_id(key)),
        }
    }
}
