//! What a room's task does with its clients: they come, send frames, and leave.

use serde_json::json;
use tidewire_opcode::{Fault, FaultCode};
use tidewire_protocol::frame::{self, ClientFrame, MessageType, ResponseStatus};
use tidewire_protocol::matchmake::{Refusal, code};
use tidewire_protocol::session::Received;
use tidewire_protocol::{close, msgpack};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{ACK_CHECK_INTERVAL, Panicked, RoomTask};
use crate::client::{Client, ClientKey, LeaveReason, encode_error};
use crate::codec::CodecId;
use crate::error::{Error, Result};
use crate::handlers::{self, HandlerError, Kind};
use crate::record::{Connect, Event};
use crate::room::Room;

impl<R: Room> RoomTask<R> {
    pub(super) fn join(&mut self, mut connect: Connect) -> Result<(), Panicked> {
        if let Some(hello) = connect.land.take() {
            return self.join_land(connect, *hello);
        }
        let Connect { key, session_id, reservation, outbox, hello, land: _ } = connect;
        let codec = self.context.codecs.choose(&reservation.options);
        let served_by = *codec.as_ref().unwrap_or(&CodecId::FIRST);
        let client = Client::new(key, &session_id, reservation.auth, outbox, served_by);
        self.context.clients.insert(client.clone());
        let greeting = match codec {
            // No hook, but it runs code that belongs to the type of the state.
            Ok(_) => self.run_user_code("the handshake", |_, room| {
                room.codecs.of(&client).greeting(&client, hello)
            })?,
            Err(error) => Err(error),
        };
        let greeting = match greeting {
            Ok(greeting) => greeting,
            Err(error) => {
                warn!(session = client.session_id(), %error, "a client cannot be greeted");
                self.refuse_join(&client, &error);
                self.context.remove_client(key);
                self.freed_seat();
                return Ok(());
            }
        };
        let joined = self.run_user_code("on_join", |this, room| {
            this.on_join(room, &client, reservation.options)
        })?;
        if let Err(error) = joined {
            debug!(session = client.session_id(), ?error, "on_join refused a client");
            self.refuse_join(&client, &error);
            return self.leave(key, LeaveReason::JoinFailed);
        }
        client.outbox().push_greeting(greeting, self.registry.now());
        self.unacked.push(key);
        let check_at = Instant::now() + ACK_CHECK_INTERVAL;
        self.check_at = Some(self.check_at.map_or(check_at, |planned| planned.min(check_at)));
        Ok(())
    }

    fn refuse_join(&self, client: &Client, error: &Error) {
        client.error(error.code().unwrap_or(code::APPLICATION_ERROR), &error.to_string());
        client.outbox().close(close::WITH_ERROR, &error.to_string());
    }

    pub(super) fn receive(&mut self, key: ClientKey, bytes: &[u8]) -> Result<(), Panicked> {
        let Some(client) = self.context.clients.by_key(key).cloned() else { return Ok(()) };
        if let Some(voice) = client.voice() {
            return self.receive_land(&client, voice, bytes);
        }
        let frame = match frame::parse(bytes) {
            Ok(frame) => frame,
            Err(error) => {
                debug!(session = client.session_id(), %error, "a client sent what is no frame");
                client.outbox().close(close::WITH_ERROR, &error.to_string());
                return Ok(());
            }
        };
        match client.outbox().receive(frame) {
            Received::Ignored => Ok(()),
            Received::Acked => {
                self.unacked.retain(|&unacked| unacked != key);
                self.context.newcomers.push(key);
                if self.context.patch_timer.is_none() { self.patch() } else { Ok(()) }
            }
            Received::Ping => {
                let mut out = Vec::new();
                frame::ping(&mut out);
                client.outbox().push(out.into());
                Ok(())
            }
            Received::Leave => {
                let left = self.leave(key, LeaveReason::Consented);
                client.outbox().close(close::CONSENTED, "");
                left
            }
            Received::Message(ClientFrame::Data { message_type, payload }) => {
                self.dispatch(&client, Kind::Message, message_type, payload).map(drop)
            }
            Received::Message(ClientFrame::Bytes { message_type, payload }) => {
                self.dispatch(&client, Kind::Bytes, message_type, payload).map(drop)
            }
            Received::Message(ClientFrame::Request { id, message_type, payload }) => {
                let answer = self.dispatch(&client, Kind::Request, message_type, payload)?;
                let (status, payload) = match answer {
                    Ok(payload) => (ResponseStatus::Ok, payload),
                    Err(error) => (ResponseStatus::Error, error),
                };
                let mut out = Vec::with_capacity(payload.len() + 8);
                frame::response(&mut out, id, status, &payload);
                client.outbox().push_message(out.into());
                Ok(())
            }
            Received::Message(_) => Ok(()),
        }
    }

    /// Calls the handler of a message. Gives the payload of the answer if it was a request, or that of the error.
    fn dispatch(
        &mut self,
        client: &Client,
        kind: Kind,
        name: MessageType<'_>,
        payload: &[u8],
    ) -> Result<Result<Vec<u8>, Vec<u8>>, Panicked> {
        let outcome = self.run_user_code("message handler", |this, room| {
            handlers::call(this, room, client, kind, name, payload)
        })?;
        let key = name.key();
        let (error_name, text, code) = match outcome {
            Some(Ok(answer)) => return Ok(Ok(answer)),
            None => {
                let text = format!("room onMessage for \"{key}\" not registered.");
                debug!(session = client.session_id(), %key, "a message without a handler");
                if kind != Kind::Request {
                    client.outbox().close(close::WITH_ERROR, &text);
                }
                ("no_handler", text, None)
            }
            Some(Err(HandlerError::Payload(error))) => {
                debug!(session = client.session_id(), %key, %error, "a message of another shape");
                if kind != Kind::Request {
                    client.outbox().close(close::WITH_ERROR, &error.to_string());
                }
                ("invalid_payload", error.to_string(), None)
            }
            Some(Err(HandlerError::Failed(error))) => {
                warn!(session = client.session_id(), %key, ?error, "a message handler failed");
                ("Error", error.to_string(), error.code())
            }
        };
        let mut error = json!({ "name": error_name, "message": text });
        if let Some(code) = code {
            error["code"] = code.into();
        }
        Ok(Err(msgpack::to_vec(&error).unwrap_or_default()))
    }

    pub(crate) fn leave(&mut self, key: ClientKey, reason: LeaveReason) -> Result<(), Panicked> {
        let Some(client) = self.context.remove_client(key) else { return Ok(()) };
        let reason = client.voice().map_or(reason, |voice| voice.reason(reason));
        self.freed_seat();
        self.unacked.retain(|&unacked| unacked != key);
        self.logged("on_leave", |this, room| this.on_leave(room, &client, reason))
    }
}

/// An event of a room that has ended.
pub(super) fn turn_away(event: Event) {
    if let Event::Connect(connect) = event {
        let refusal = Refusal::seat_expired();
        connect.outbox.push(match &connect.land {
            Some(hello) => {
                let fault = Fault::new(FaultCode::JoinRoomNotFound, "the land has ended");
                hello.session.refuse(&hello.join, fault).into()
            }
            None => encode_error(refusal.code, &refusal.message),
        });
        connect.outbox.close(close::WITH_ERROR, "the room has ended");
    }
}
