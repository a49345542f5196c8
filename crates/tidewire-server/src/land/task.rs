//! What a room's task does with its clients of lands: they come, and send actions and events.

use std::sync::Arc;

use tidewire_opcode::{
    Accepted, Catalog, Encoding, Fault, FaultCode, Inbound, Message, Tree, player_slot,
};
use tidewire_protocol::close;
use tidewire_protocol::frame::{ClientFrame, MessageType};
use tracing::{debug, warn};

use super::LandHello;
use super::voice::{Voice, tree};
use crate::client::{Client, LeaveReason};
use crate::error::Result;
use crate::handlers::{self, HandlerError, Kind};
use crate::record::Connect;
use crate::room::Room;
use crate::task::{Panicked, RoomTask};

/// The answers to actions, for when the step is over.
pub(crate) type Answers = Vec<(Client, bytes::Bytes)>;

impl<R: Room> RoomTask<R> {
    /// Lets a client of a land in, or tells it why not.
    pub(crate) fn join_land(&mut self, connect: Connect, hello: LandHello) -> Result<(), Panicked> {
        let Connect { key, session_id, reservation, outbox, .. } = connect;
        let LandHello { session, join, instance } = hello;
        let refuse = |reason: &str| {
            let fault = Fault::new(FaultCode::JoinDenied, reason);
            outbox.push(session.refuse(&join, fault).into());
            outbox.close(close::WITH_ERROR, reason);
        };
        let older = self.context.client(&session_id).cloned();
        if older.as_ref().is_some_and(|older| older.voice().is_none()) {
            refuse("the player id is that of another session: choose another one");
            self.freed_seat();
            return Ok(());
        }
        if let Some(older) = older {
            debug!(player = older.session_id(), "a player joined again");
            let left = self.leave(older.key(), LeaveReason::Closed(close::CONSENTED));
            older.outbox().close(close::CONSENTED, "the player joined by another connection");
            left?;
        }
        let Some(land) = &mut self.context.land else {
            refuse("the room is no land");
            self.freed_seat();
            return Ok(());
        };
        let taken = &land.slots;
        let slot = player_slot(&session_id, |slot| taken.values().any(|other| *other == slot));
        land.slots.extend(slot.map(|slot| (key, slot)));
        let mut joined = session.clone();
        let land_id = format!("{}:{instance}", join.land_type).into();
        let answer = joined.accept(&join, Accepted { instance, player_slot: slot });
        let voice = Voice {
            session: joined,
            knowledge: join.knowledge,
            catalog: Arc::clone(&land.catalog),
            land_id,
        };
        let client =
            Client::new(key, &session_id, reservation.auth, Arc::clone(&outbox), land.codec)
                .with_voice(voice);
        let has_views = land.has_views;
        self.context.record().lock().players.insert(session_id);
        self.context.clients.insert(client.clone());
        if has_views {
            self.context.view(&client);
        }
        let joined = self.run_user_code("on_join", |this, room| {
            this.on_join(room, &client, reservation.options)
        })?;
        if let Err(error) = joined {
            debug!(player = client.session_id(), ?error, "on_join refused a client");
            refuse(&error.to_string());
            return self.leave(key, LeaveReason::JoinFailed);
        }
        outbox.push_greeting(answer.into(), self.registry.now());
        // These clients do not ack; they take the state at once.
        outbox.receive(ClientFrame::Ack);
        self.context.newcomers.push(key);
        if self.context.patch_timer.is_none() { self.patch() } else { Ok(()) }
    }

    /// Takes a frame from a client of a land.
    pub(crate) fn receive_land(
        &mut self,
        client: &Client,
        voice: &Voice,
        frame: &[u8],
    ) -> Result<(), Panicked> {
        let input = match voice.session.receive(frame) {
            Ok(input) => input,
            Err(fault) => {
                debug!(player = client.session_id(), %fault, "a client sent what it may not");
                client.outbox().push(voice.session.write_fault(&fault).into());
                return Ok(());
            }
        };
        let limit = self.registry.config().room_queue;
        if self.context.simulation.is_some()
            && let Some(land) = &mut self.context.land
            && land.inputs.len() < limit
        {
            land.inputs.push((client.clone(), input));
            return Ok(());
        }
        // What waits came before this.
        let mut answers = self.take_inputs()?;
        answers.extend(self.perform(client, input)?);
        deliver(answers);
        Ok(())
    }

    /// Does what clients of lands asked for since the last step.
    pub(crate) fn take_inputs(&mut self) -> Result<Answers, Panicked> {
        let Some(land) = &mut self.context.land else { return Ok(Vec::new()) };
        let mut answers = Vec::new();
        for (client, input) in std::mem::take(&mut land.inputs) {
            // A client that has left meanwhile is nobody to act for.
            if self.context.clients.by_key(client.key()).is_some() {
                answers.extend(self.perform(&client, input)?);
            }
        }
        Ok(answers)
    }

    fn perform(
        &mut self,
        client: &Client,
        input: Inbound,
    ) -> Result<Option<(Client, bytes::Bytes)>, Panicked> {
        let Some(voice) = client.voice() else { return Ok(None) };
        let answer = match input {
            Inbound::Action { request, name, payload } => {
                let outcome = self.call(client, Kind::Request, &name, "Action", &payload)?;
                match outcome.and_then(|answer| tree(&answer).map_err(Failure::failed)) {
                    Ok(response) => Message::ActionResponse { request, response }
                        .encode(voice.profile().messages()),
                    Err(failure) => {
                        let code = match failure.kind {
                            FailureKind::NoHandler => FaultCode::ActionNotRegistered,
                            FailureKind::Payload => FaultCode::ActionInvalidPayload,
                            FailureKind::Failed => FaultCode::ActionHandlerError,
                        };
                        let fault = Fault::new(code, failure.message);
                        let fault = fault.of_request(request).with("actionType", name);
                        voice.session.write_fault(&fault)
                    }
                }
            }
            Inbound::Event { name, payload } => {
                match self.call(client, Kind::Message, &name, "Event", &payload)? {
                    Ok(_) => return Ok(None),
                    Err(failure) => {
                        let code = match failure.kind {
                            FailureKind::NoHandler => FaultCode::EventNotRegistered,
                            FailureKind::Payload => FaultCode::EventInvalidPayload,
                            FailureKind::Failed => FaultCode::EventHandlerError,
                        };
                        let fault = Fault::new(code, failure.message);
                        let fault = fault.with("eventType", name);
                        let fault = fault.with("landID", Arc::clone(&voice.land_id));
                        voice.session.write_fault(&fault)
                    }
                }
            }
            Inbound::Join(_) => return Ok(None),
        };
        Ok(Some((client.clone(), answer.into())))
    }

    /// Calls the handler that a client means.
    fn call(
        &mut self,
        client: &Client,
        kind: Kind,
        name: &str,
        suffix: &str,
        payload: &Tree,
    ) -> Result<Result<Vec<u8>, Failure>, Panicked> {
        let found = self.context.handlers.find(kind, |names| Catalog::find(name, suffix, names));
        let known = MessageType::Text(found.as_deref().unwrap_or(name));
        let payload = payload.encode(Encoding::OpcodeMessagePack);
        let outcome = self.run_user_code("message handler", |this, room| {
            handlers::call(this, room, client, kind, known, &payload)
        })?;
        Ok(match outcome {
            Some(Ok(answer)) => Ok(answer),
            None => {
                let what = if kind == Kind::Request { "Action" } else { "Event" };
                let message = format!("{what} not registered: {name}");
                Err(Failure { kind: FailureKind::NoHandler, message })
            }
            Some(Err(HandlerError::Payload(error))) => {
                Err(Failure { kind: FailureKind::Payload, message: error.to_string() })
            }
            Some(Err(HandlerError::Failed(error))) => {
                warn!(player = client.session_id(), %name, ?error, "a handler failed");
                Err(Failure::failed(error))
            }
        })
    }
}

/// Sends the answers to actions.
pub(crate) fn deliver(answers: Answers) {
    for (client, answer) in answers {
        client.outbox().push_message(answer);
    }
}

/// Why an action or an event was not handled.
struct Failure {
    kind: FailureKind,
    message: String,
}

enum FailureKind {
    NoHandler,
    Payload,
    Failed,
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
    fn failed(error: crate::error::Error) -> Self {
        Self { kind: FailureKind::Failed, message: error.to_string() }
    }
}
