//! A state as clients hold it that go by path: a tree, for each audience its own.
//!
//! The walk tells of nodes. Where an instance is in several places, or not everyone sees the same, that
//! is not what a client holds that knows paths only. Here the walk's events are put together, and what an
//! audience sees of that is compared with what it was told before. The difference comes as the events
//! of a walk, of a state in which everything is in one place and for everyone.
//!
//! A codec that goes by path needs no more than this: it is a visitor, and follows the walk itself
//! where [`Unfold::of`] finds that nothing is hidden or shared.

mod graph;
mod leaf;
mod look;
mod rule;
mod tell;
mod told;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use self::{graph::Graph, told::Told};
pub use self::{
    look::{Look, Lying, Shape},
    rule::{Known, Presence, Rule},
    told::Refusal,
};
use crate::{schema::Schema, tracker::Tracked, types::TypeSet, view::ViewId, visitor::Visitor};

/// A state whose walks are followed, and what its audiences were told: everyone, and views, each with
/// a codec `C` of its own.
#[derive(Debug)]
pub struct Unfold<C> {
    graph: Graph,
    everyone: Told,
    views: HashMap<ViewId, (Told, C), RandomState>,
}

impl<C: Visitor> Unfold<C> {
    /// What a codec needs to follow `state` by path; nothing where the walk itself will do.
    ///
    /// # Panics
    ///
    /// If it is needed and `state` was synced already: what its clients hold cannot be found out.
    pub fn of<S: Schema>(state: &Tracked<S>) -> Option<Box<Self>> {
        let types = state.types();
        if !types.has_hidden_fields() && !state.has_pools() {
            return None;
        }
        assert!(
            state.ticks() == 0,
            "the state was synced {} times already, and has hidden fields or shared instances: make all \
             its encoders before its first sync",
            state.ticks(),
        );
        Some(Box::new(Self::new(types)))
    }

    /// For a state of these types that was never synced.
    pub fn new(types: TypeSet) -> Self {
        let (everyone, views) = Default::default();
        Self { graph: Graph::new(types), everyone, views }
    }

    /// What is to hear the events of the walk.
    pub fn follow(&mut self) -> &mut dyn Visitor {
        &mut self.graph
    }

    /// Tells a codec what the walk changed for everyone.
    pub fn tell_everyone(&mut self, codec: &mut C) {
        tell::tell(&self.graph, &None, &mut self.everyone, false, codec);
    }

    /// Shows a visitor all that everyone was told.
    pub fn show_everyone<V: Visitor + ?Sized>(&self, visitor: &mut V) {
        self.everyone.visit(visitor);
    }

    /// The codec of a view, which has been told what the last walk changed for it. `new` makes one for a
    /// view that is new: nobody who has it was told anything yet.
    pub fn view<S: Schema>(
        &mut self,
        state: &Tracked<S>,
        view: ViewId,
        new: impl FnOnce() -> C,
    ) -> &mut C {
        let sees = state.view(view);
        let version = sees.map_or(0, crate::view::StateView::version);
        let name = sees.map_or("", crate::view::StateView::name);
        // A number may stand for another view by now.
        if self.views.get(&view).is_some_and(|(told, _)| told.name != name) {
            self.views.remove(&view);
        }
        let (told, codec) = self.views.entry(view).or_insert_with(|| (Told::of(name), new()));
        if told.messages == 0 || told.tick != self.graph.tick {
            let all = told.version != version;
            tell::tell(&self.graph, &sees, told, all, codec);
            told.version = version;
        }
        codec
    }

    /// The codec of a view that was told something.
    pub fn codec(&mut self, view: ViewId) -> Option<&mut C> {
        self.views.get_mut(&view).map(|(_, codec)| codec)
    }

    /// The same, to be looked at.
    pub fn codec_of(&self, view: ViewId) -> Option<&C> {
        self.views.get(&view).map(|(_, codec)| codec)
    }

    /// Shows a visitor all that those with a view were told.
    pub fn show_view<V: Visitor + ?Sized>(&self, view: ViewId, visitor: &mut V) {
        if let Some((told, _)) = self.views.get(&view) {
            told.visit(visitor);
        }
    }

    /// Forgets what those with a view were told. Who is given one of that number later has nothing.
    pub fn forget(&mut self, view: ViewId) {
        self.views.remove(&view);
    }

    /// Why the last message leaves something out that would be there: for everyone, or for a view.
    pub fn refusal(&self, view: Option<ViewId>) -> Option<Refusal> {
        match view {
            Some(view) => self.views.get(&view).and_then(|(told, _)| told.refusal),
            None => self.everyone.refusal,
        }
    }

    /// Tells a codec what an audience does not know yet, by a rule of one's own. `all` says that the rule
    /// is not what it was the last time.
    pub fn tell<V: Visitor + ?Sized>(
        &self,
        rule: &dyn Rule,
        audience: &mut Audience,
        all: bool,
        codec: &mut V,
    ) {
        tell::tell(&self.graph, rule, &mut audience.0, all, codec);
    }
}

/// Who sees the same, and what they were told.
#[derive(Clone, Debug, Default)]
pub struct Audience(Told);

impl Audience {
    /// Why the last message leaves something out that would be there.
    pub fn refusal(&self) -> Option<Refusal> {
        self.0.refusal
    }
}
