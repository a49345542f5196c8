//! A scenario under way: the state, who watches, and what each step does.

use std::{io::Write, sync::Arc};

use serde_json::Value as Json;
use tidewire_state::{StateView, Tag, Tracked, ViewId};

use super::{
    MOST_MADE, ScenarioError,
    edit::{edit, instance},
    error::StepError,
    file::Scenario,
    output::Output,
    path::{Pointer, What, element_of},
    step::{Step, mismatch},
    types::{TAGS, parse_tag},
    value::Maker,
    world::{World, settle},
};

/// The state of a scenario that runs, and who watches.
pub(super) struct Stage<W: World> {
    maker: Maker,
    pub(super) state: Tracked<W>,
    clients: Vec<Client>,
    /// Who has joined, in that order, by their numbers.
    joined: Vec<usize>,
    /// How many fields and elements were written again, as what they are in is shared.
    repeated: usize,
}

/// Who can watch.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) name: String,
    /// Not there for who sees what everyone sees.
    pub(super) view: Option<ViewId>,
}

impl<W: World> Stage<W> {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let mut state = Tracked::new(W::new(Arc::clone(&scenario.types)));
        let clients = scenario.clients.iter().map(|(name, has_view)| {
            let view = has_view.then(|| state.create_view(name));
            Client { name: name.clone(), view }
        });
        let clients = clients.collect();
        let maker = Maker::new(Arc::clone(&scenario.types));
        Self { maker, state, clients, joined: Vec::new(), repeated: 0 }
    }

    /// Does one step and writes what it sends.
    pub(super) fn run<O: Write>(
        &mut self,
        index: usize,
        step: &Json,
        output: &mut Output<'_, O>,
    ) -> Result<(), ScenarioError> {
        let at_step = |error| ScenarioError::Step { index, error };
        let step = Step::read(step).map_err(at_step)?;
        match step.op {
            "sync" => self.tick(index, output),
            "join" => {
                let client = self.client(&step).map_err(at_step)?;
                if self.joined.contains(&client) {
                    let name = self.clients[client].name.clone();
                    return Err(at_step(StepError::AlreadyJoined { name }));
                }
                self.tick(index, output)?;
                output.welcome(index, &self.state, &self.clients[client])?;
                self.joined.push(client);
                Ok(())
            }
            "leave" => {
                let client = self.client(&step).map_err(at_step)?;
                let Some(at) = self.joined.iter().position(|joined| *joined == client) else {
                    let name = self.clients[client].name.clone();
                    return Err(at_step(StepError::NotJoined { name }));
                };
                self.joined.remove(at);
                self.leave(client, output);
                Ok(())
            }
            "view" => self.view(&step).map_err(at_step),
            _ => edit(&self.maker, &mut *self.state, &step).map_err(at_step),
        }
    }

    fn tick<O: Write>(
        &mut self,
        index: usize,
        output: &mut Output<'_, O>,
    ) -> Result<(), ScenarioError> {
        let at_step = |error| ScenarioError::Step { index, error };
        let repeated = settle(&mut *self.state).map_err(at_step)?;
        let told = self.joined.len().max(1);
        self.repeated = self.repeated.saturating_add(repeated.saturating_mul(told));
        if self.repeated > MOST_MADE {
            return Err(at_step(StepError::TooOftenShared));
        }
        let joined = self.joined.iter().map(|client| &self.clients[*client]);
        output.tick(index, &mut self.state, joined)
    }

    /// Whoever comes back has an empty view.
    fn leave<O: Write>(&mut self, client: usize, output: &mut Output<'_, O>) {
        let client = &mut self.clients[client];
        output.forget(client);
        if let Some(view) = client.view.take() {
            self.state.drop_view(view);
            client.view = Some(self.state.create_view(&client.name));
        }
    }

    /// Puts something in a client's view, or takes it out.
    fn view(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let client = &self.clients[self.client(step)?];
        let no_view = || StepError::NoView { name: client.name.clone() };
        let view = client.view.ok_or_else(no_view)?;
        let tag = match step.optional("tag") {
            None => Tag::DEFAULT,
            Some(tag) => parse_tag(tag).ok_or_else(|| mismatch("tag", TAGS, tag))?,
        };
        let (adds, path) = match (step.optional("add"), step.optional("remove")) {
            (Some(_), None) => (true, step.text("add")?),
            (None, Some(_)) => (false, step.text("remove")?),
            _ => return Err(StepError::AddOrRemove),
        };
        let pointer = Pointer::parse(path)?;
        let spot = pointer.resolve(&*self.state)?;
        let is_always_there = match spot.what {
            What::Root => true,
            What::Field(_, kind) => element_of(kind).is_some(),
            What::Place(..) => false,
        };
        if !is_always_there {
            instance(&*self.state, &pointer, &spot, "an instance or a collection")?;
        }
        let held = |state: &Tracked<W>| state.view(view).map_or(0, StateView::len);
        let before = held(&self.state);
        let done = if adds {
            self.state.view_add(view, pointer.tokens(), tag)
        } else {
            self.state.view_remove(view, pointer.tokens(), tag)
        };
        done.map_err(|error| StepError::View { path: path.to_owned(), error })?;
        // Many clients may each be given all of a large state.
        self.maker.spend(held(&self.state).saturating_sub(before), path)
    }

    /// The number of the client that a step names.
    fn client(&self, step: &Step<'_>) -> Result<usize, StepError> {
        let name = step.text("client")?;
        let found = self.clients.iter().position(|client| client.name == name);
        found.ok_or_else(|| StepError::UnknownClient { name: name.to_owned() })
    }
}
