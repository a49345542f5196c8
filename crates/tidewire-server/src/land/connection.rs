//! A connection of a client of a land, until it has joined.
//!
//! From then on it is a session like any other: frames go to the room, and what the room says comes out of its outbox.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::Query;
use axum::http::Uri;
use bytes::Bytes;
use tidewire_opcode::{
    Fault, FaultCode, Identity, Inbound, JoinRequest, LandSession, Profile, SessionConfig, guest_id,
};
use tidewire_protocol::close;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::debug;

use super::{LandConfig, LandHello};
use crate::config::Config;
use crate::matchmaker::Matchmaker;
use crate::outbox::Outbox;
use crate::record::{Connect, Event};
use crate::room::AuthRequest;
use crate::session::{Rate, Seated, drain, write_all};
use crate::transport::{FrameSink, FrameSource, Received};

/// Whether a client that dialled this path, without a session of a room, wants a land.
pub(crate) fn is_land(path_and_query: &str) -> bool {
    let path = path_and_query.split(['?', '#']).next().unwrap_or_default();
    path.strip_prefix("/game").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Runs a connection to its end.
pub(crate) async fn run(
    matchmaker: &Matchmaker,
    path_and_query: &str,
    mut request: AuthRequest,
    mut source: impl FrameSource,
    mut sink: impl FrameSink,
) {
    let lands = matchmaker.lands();
    let dial = Dial::read(path_and_query);
    request.token = dial.token.clone().or(request.token);
    let config = SessionConfig {
        profile: dial.profile(&lands.config),
        schema_hash: lands.schema_hash(),
        refuse_other_schemas: lands.config.refuse_other_schemas,
    };
    match identity(&lands.config, dial.token.as_deref()) {
        Ok(identity) => {
            let session = LandSession::new(config, identity);
            let door = Door { matchmaker, session, request, create: lands.config.create_instances };
            door.wait(&mut source, &mut sink).await;
        }
        Err(fault) => {
            debug!(%fault, "a client of a land is turned away");
            let frame = fault.to_message().encode(tidewire_opcode::Encoding::JsonObject);
            say(matchmaker.config(), &mut sink, frame.into()).await;
            end(matchmaker.config(), &mut sink, POLICY_VIOLATION, &fault.message).await;
        }
    }
    // The client answers a close frame with its own; only then it is sure to have read all.
    let _ = timeout(matchmaker.config().close_timeout, drain(&mut source)).await;
}

/// What an address says. Parameters that are not known are somebody else's.
#[derive(Debug, Default)]
struct Dial {
    token: Option<String>,
    encoding: Option<String>,
}

impl Dial {
    fn read(path_and_query: &str) -> Self {
        let mut dial = Self::default();
        let Ok(uri) = path_and_query.parse::<Uri>() else { return dial };
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&uri) else {
            return dial;
        };
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "token" => dial.token = Some(value),
                "encoding" => dial.encoding = Some(value),
                _ => {}
            }
        }
        dial
    }

    fn profile(&self, config: &LandConfig) -> Profile {
        let wanted = self.encoding.as_deref().filter(|_| config.clients_choose);
        wanted.and_then(Profile::named).unwrap_or(config.profile)
    }
}

fn identity(config: &LandConfig, token: Option<&str>) -> Result<Identity, Fault> {
    match token {
        Some(token) if !config.tokens.is_empty() => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let verified = config.tokens.verify(token, now);
            verified
                .map_err(|error| Fault::new(FaultCode::WebsocketInvalidToken, error.to_string()))
        }
        _ if config.guests => Ok(Identity::Guest(guest_id(rand::random()).into())),
        // A token that nobody can verify is as good as none.
        _ => {
            let message = "this server wants a token in the address: /game?token=…";
            Err(Fault::new(FaultCode::WebsocketMissingToken, message))
        }
    }
}

/// Where a client is until it is let in.
struct Door<'a> {
    matchmaker: &'a Matchmaker,
    session: LandSession,
    request: AuthRequest,
    create: bool,
}

impl Door<'_> {
    async fn wait(self, source: &mut impl FrameSource, sink: &mut impl FrameSink) {
        let config = self.matchmaker.config();
        let mut rate = Rate::new(config.max_messages_per_second);
        let mut unanswered = 0;
        let period = config.ping_interval.max(Duration::from_millis(1));
        let mut ping = interval_at(Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let received = tokio::select! {
                received = source.receive() => received,
                _ = ping.tick() => {
                    let pinged = timeout(config.write_timeout, sink.ping()).await;
                    if unanswered >= config.max_missed_pings || !matches!(pinged, Ok(Ok(()))) {
                        return;
                    }
                    unanswered += 1;
                    continue;
                }
            };
            unanswered = 0;
            let frame = match received {
                Received::Frame(frame) if rate.admits() => frame,
                Received::Frame(_) => {
                    return end(config, sink, close::WITH_ERROR, "too many messages").await;
                }
                Received::TooBig => {
                    let reason =
                        format!("a frame may have {} bytes at most", config.max_frame_size);
                    return end(config, sink, close::TOO_BIG, &reason).await;
                }
                Received::Alive => continue,
                Received::Closed(_) => return,
            };
            let answer = match self.session.receive(&frame) {
                Ok(Inbound::Join(join)) => {
                    let _alive = self.matchmaker.registry().alive();
                    match self.enter(&join).await {
                        Ok(seated) => return seated.stay(config, source, sink).await,
                        Err(fault) => self.session.refuse(&join, fault),
                    }
                }
                // A session that has not joined takes nothing else.
                Ok(_) => continue,
                Err(fault) => self.session.write_fault(&fault),
            };
            if !say(config, sink, answer.into()).await {
                return;
            }
        }
    }

    async fn enter(&self, join: &JoinRequest) -> Result<Seated, Fault> {
        let place = self.matchmaker.place(join, self.request.clone(), self.create).await?;
        let record = place.record;
        let key = record.next_key();
        let outbox = Arc::new(Outbox::new(self.matchmaker.config()));
        let hello = LandHello {
            session: self.session.clone(),
            join: join.clone(),
            instance: place.instance,
        };
        let connect = Connect {
            key,
            session_id: join.player.as_ref().to_owned(),
            reservation: place.reservation,
            outbox: Arc::clone(&outbox),
            hello: crate::codec::Hello { plain: false, skip: false },
            land: Some(Box::new(hello)),
        };
        if record.inbox.send(Event::Connect(Box::new(connect))).await.is_err() {
            let message = "the land has ended: join again";
            return Err(Fault::new(FaultCode::JoinRoomNotFound, message));
        }
        Ok(Seated { record, key, outbox })
    }
}

/// Writes one frame; whether that was possible.
async fn say(config: &Config, sink: &mut impl FrameSink, frame: Bytes) -> bool {
    let mut batch = vec![frame.into()];
    matches!(timeout(config.write_timeout, write_all(sink, &mut batch)).await, Ok(Ok(())))
}

async fn end(config: &Config, sink: &mut impl FrameSink, code: u16, reason: &str) {
    let mut reason = reason.to_owned();
    while reason.len() > LONGEST_REASON {
        reason.pop();
    }
    // A client that is gone has not missed anything.
    let _ = timeout(config.close_timeout, sink.close(code, reason)).await;
}

/// The close code for a client whose token is not good.
const POLICY_VIOLATION: u16 = 1008;

/// Bytes of text that a close frame has room for.
const LONGEST_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_lands() {
        for path in ["/game", "/game/", "/game/cookie", "/game/cookie/default?token=a", "/game?x"] {
            assert!(is_land(path), "{path}");
        }
        for path in ["/", "/games", "/a/game", "/?/game"] {
            assert!(!is_land(path), "{path}");
        }
    }

    #[test]
    fn what_an_address_says() {
        let check = |path: &str, token: Option<&str>, profile: Profile| {
            let dial = Dial::read(path);
            assert_eq!(dial.token.as_deref(), token, "{path}");
            assert_eq!(dial.profile(&LandConfig::default()), profile, "{path}");
        };
        check("/game", None, Profile::MessagePack);
        check("/game/cookie?token=a%2Eb&encoding=json&v=3", Some("a.b"), Profile::Json);
        check("/game?encoding=opcodeJsonArray&token=", None, Profile::Opcode);
        check("/game?encoding=morse", None, Profile::MessagePack);
        check("/game?token=%ff&encoding=json&&=", Some("\u{fffd}"), Profile::Json);
        let fixed = LandConfig { clients_choose: false, ..LandConfig::default() };
        assert_eq!(Dial::read("/game?encoding=json").profile(&fixed), Profile::MessagePack);
    }
}
