//! Filters: functions of the program that say who sees a field, or an entry of a collection.
//!
//! A walk has the state to itself, and a filter may look at all of it. So the walk notes the structs
//! with filters that it entered (`tracker/noted.rs`), and after it [`Ask`] goes down to those, with
//! the state to read. What was said is kept by the views (`view/verdicts.rs`).

use std::any::Any;

use crate::{
    bits::Bits,
    schema::{Field, Gone},
    tracker::{Noted, SharedKey, Tracker},
    types::FieldIndex,
    view::{Passed, Views},
    visitor::RefId,
};

mod watch;

/// Whom a filter is asked for: somebody with a view.
///
/// ```
/// use tidewire_state::{Schema, Tracked, Viewer};
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
/// let (ada, bob) = (card.create_view("ada"), card.create_view("bob"));
/// # struct Nobody;
/// # impl tidewire_state::Visitor for Nobody {
/// #     fn begin(&mut self, _: u64) {}
/// #     fn end(&mut self) {}
/// #     fn enter(&mut self, _: tidewire_state::Enter<'_>) {}
/// #     fn leave(&mut self) {}
/// #     fn field(&mut self, _: tidewire_state::FieldIndex, _: tidewire_state::Value<'_>, _: Option<tidewire_state::Value<'_>>) {}
/// #     fn reference(&mut self, _: tidewire_state::FieldIndex, _: tidewire_state::RefId, _: Option<tidewire_state::RefId>) {}
/// #     fn unset(&mut self, _: tidewire_state::FieldIndex) {}
/// #     fn entries_reset(&mut self, _: &mut dyn Iterator<Item = u32>) {}
/// #     fn entry_removed(&mut self, _: tidewire_state::EntryAt<'_>) {}
/// #     fn entry(&mut self, _: tidewire_state::EntryAt<'_>, _: tidewire_state::Value<'_>, _: Option<tidewire_state::Value<'_>>) {}
/// #     fn entry_reference(&mut self, _: tidewire_state::EntryAt<'_>, _: tidewire_state::RefId, _: Option<tidewire_state::RefId>) {}
/// #     fn item(&mut self, _: usize, _: tidewire_state::Value<'_>, _: tidewire_state::Value<'_>) {}
/// #     fn items(&mut self, _: tidewire_state::ValueEdit<'_>) {}
/// #     fn item_references(&mut self, _: tidewire_state::RefEdit<'_>) {}
/// # }
/// # let codec = &mut Nobody;
/// card.sync(codec);
/// # let shows = |card: &Tracked<Card>, view| card.view_explain(view).unwrap().to_string().contains("shows number");
/// assert!(shows(&card, ada) && !shows(&card, bob));
/// // Another field than the one that is filtered; the filter is asked again.
/// card.discarded = true;
/// card.sync(codec);
/// assert!(shows(&card, bob));
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
    noted: &'a Noted,
    /// The structs that were entered, and what leads to them.
    structs: Bits,
    ways: Bits,
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
        for id in &noted.structs {
            // A slot was handed out, and with it what no walk compares.
            if tracker.is_in_slot(*id) {
                noted.whole.insert(id.0);
            }
        }
        let mut ways = Bits::default();
        tracker.note_ways(noted, &mut ways);
        let structs = noted.structs.iter().map(|id| id.0).collect();
        Some(Self { tracker, views, root, noted, structs, ways, everything })
    }

    /// All was asked.
    pub(crate) fn end(self) {
        self.views.end_asking();
    }

    /// Whether something is asked at a node, or below it.
    pub fn goes(&self, node: RefId) -> bool {
        node.is_known() && (self.everything || self.ways.has(node.0))
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
        let for_all = self.structs.has(node.0);
        let root = self.root;
        self.views.ask(for_all, |name, verdicts| {
            verdicts.put_field(node, field, verdict(&Viewer { name, root }));
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
        self.views.ask(for_all, |name, verdicts| {
            let mut passes = Passes { tracker, passed: Passed::default() };
            each(&Viewer { name, root }, &mut passes);
            verdicts.put_entries(collection, passes.passed);
        });
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
