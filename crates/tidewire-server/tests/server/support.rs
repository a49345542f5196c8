//! A room that does something of everything, and clients that join it in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use tidewire_protocol::frame::{self, code};
use tidewire_protocol::msgpack;
use tidewire_server::transport::memory::{self, Delivery, MemoryClient};
use tidewire_server::{
    AuthData, AuthRequest, Client, Config, Context as _, Definition, Error, LeaveReason,
    Matchmaker, MessageType, Method, Options, Result, Room, RoomContext, Seat, Server,
};
use tidewire_state::example::{Arena, Player};

/// What happened, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

pub(crate) struct TestRoom {
    log: Log,
}

impl TestRoom {
    fn note(&self, text: impl Into<String>) {
        self.log.lock().unwrap().push(text.into());
    }
}

impl Room for TestRoom {
    type State = Arena;

    async fn on_auth(request: AuthRequest) -> Result<AuthData> {
        match request.token.as_deref() {
            Some("bad") => Err(Error::new("no such account")),
            Some("banned") => Err(Error::new("banned").with_code(403)),
            Some("panic") => panic!("in on_auth"),
            token => Ok(AuthData::new(token.unwrap_or("nobody").to_owned())),
        }
    }

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        self.note("create");
        if let Some(id) = room.options().get::<String>("roomId")? {
            room.set_room_id(id)?;
        }
        if let Some(millis) = room.options().get("patchRate")? {
            room.set_patch_rate((millis > 0).then(|| Duration::from_millis(millis)));
        }
        match room.options().get_or::<String>("create", "")?.as_str() {
            "fail" => return Err(Error::new("no more rooms").with_code(555)),
            "panic" => panic!("in on_create"),
            _ => {}
        }
        room.set_max_clients(room.options().get::<usize>("maxClients")?);
        room.set_private(room.options().get_or("private", false)?);
        room.set_auto_dispose(room.options().get_or("autoDispose", true)?);
        if let Some(millis) = room.options().get("simulate")? {
            room.set_simulation_interval(Duration::from_millis(millis), |this, room, elapsed| {
                this.note(format!(
                    "step {} at {}",
                    elapsed.as_millis(),
                    room.elapsed().as_millis()
                ));
                Ok(())
            });
        }
        register(room);
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        self.note(format!("join as {}", client.auth::<String>().context("no auth data")?));
        let name: String = options.get_or("name", "anonymous")?;
        match options.get_or::<String>("join", "")?.as_str() {
            "fail" => return Err(Error::new("not you")),
            "panic" => panic!("in on_join"),
            "hello" => client.send("hello", &name)?,
            _ => {}
        }
        room.state.players.insert(client.session_id(), Player { name, ..Player::default() });
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        reason: LeaveReason,
    ) -> Result<()> {
        self.note(format!("leave {reason:?}"));
        room.state.players.remove(client.session_id());
        Ok(())
    }

    fn on_dispose(&mut self, _: &mut RoomContext<Self>) -> Result<()> {
        self.note("dispose");
        Ok(())
    }
}

fn register(room: &mut RoomContext<TestRoom>) {
    room.on_message("move", |_, room, client, (x, y): (f32, f32)| {
        let player = room.state.players.get_mut(client.session_id()).context("not playing")?;
        (player.x, player.y) = (x, y);
        Ok(())
    });
    room.on_message("say", |_, room, _, text: String| room.broadcast("said", &text));
    room.on_message("whisper", |_, room, client, text: String| {
        room.broadcast_except("said", &text, client)
    });
    room.on_message(7, |_, _, client, ()| client.send(7, &"seven"));
    room.on_message("fail", |_, _, _, ()| Err(Error::new("failed on purpose")));
    room.on_message("panic", |_, _, _, ()| panic!("on purpose"));
    room.on_message("kick", |_, _, client, code: u16| {
        client.leave(code);
        Ok(())
    });
    room.on_message("again", |_, room, _, ()| {
        // Replaces itself while it runs.
        room.on_message("again", |_, _, client, ()| client.send("again", &2));
        room.on_message("more", |_, _, client, ()| client.send("more", &1));
        Ok(())
    });
    room.on_message("spawn", |this, room, client, millis: u64| {
        this.note("spawned");
        let client = client.clone();
        let wait = async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            millis * 2
        };
        room.spawn(wait, move |this, _, result| {
            this.note("came back");
            client.send("result", &result)
        });
        Ok(())
    });
    room.on_message("spawn panic", |_, room, _, ()| {
        room.spawn(async { panic!("in a future") }, |_, _, ()| Ok(()));
        Ok(())
    });
    room.on_message("lock", |_, room, _, locked: bool| {
        if locked {
            room.lock();
        } else {
            room.unlock();
        }
        room.set_metadata(json!({ "locked": locked }));
        Ok(())
    });
    room.on_message("disconnect", |_, room, _, ()| {
        room.disconnect();
        Ok(())
    });
    room.on_message("flush", |_, room, _, ()| {
        room.broadcast_patch();
        Ok(())
    });
    room.on_message_bytes("raw", |_, room, _, bytes| {
        room.broadcast_bytes("raw", bytes);
        Ok(())
    });
    room.on_request("sum", |_, _, _, numbers: Vec<i64>| Ok(numbers.iter().sum::<i64>()));
    room.on_request("refuse", |_, _, _, ()| Err::<(), _>(Error::new("not now").with_code(42)));
}

/// A wildcard room: answers every message with its type and payload.
#[derive(Default)]
pub(crate) struct WildRoom;

impl Room for WildRoom {
    type State = Arena;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.on_any_message(|_, _, client, message_type, payload: Value| {
            client.send("any", &(message_type.key(), payload))
        });
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) matchmaker: Matchmaker,
    pub(crate) log: Log,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_config(Config::default())
    }

    pub(crate) fn with_config(config: Config) -> Self {
        let (server, log) = server(config);
        Self { matchmaker: server.matchmaker(), log }
    }

    pub(crate) async fn seat(
        &self,
        method: Method,
        target: &str,
        options: Value,
    ) -> Result<Seat, (u16, String)> {
        let token = options.get("token").and_then(Value::as_str).map(str::to_owned);
        let mut request = AuthRequest::new(options);
        request.token = token;
        let granted = self.matchmaker.request(method, target, request).await;
        granted.map_err(|refusal| (refusal.code, refusal.message))
    }

    /// Joins the room `test`, and dials. The handshake is not awaited.
    pub(crate) async fn dial(&self, options: Value) -> Guest {
        let seat = self.seat(Method::JoinOrCreate, "test", options).await.unwrap();
        self.dial_seat(&seat)
    }

    pub(crate) fn dial_seat(&self, seat: &Seat) -> Guest {
        self.dial_path(&format!(
            "/{}/{}?sessionId={}",
            seat.room.process_id, seat.room.room_id, seat.session_id
        ))
    }

    pub(crate) fn dial_path(&self, path_and_query: &str) -> Guest {
        self.dial_slowly(path_and_query, 1024)
    }

    /// Dials a connection on which only so many frames are under way.
    pub(crate) fn dial_slowly(&self, path_and_query: &str, window: usize) -> Guest {
        let (end, source, sink) = memory::connect(window);
        let (matchmaker, path_and_query) = (self.matchmaker.clone(), path_and_query.to_owned());
        tokio::spawn(async move { matchmaker.attach(&path_and_query, source, sink).await });
        Guest { end }
    }

    /// Joins the room `test` and reads up to the first state.
    pub(crate) async fn join(&self, options: Value) -> Guest {
        let mut player = self.dial(options).await;
        player.settle().await;
        player
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

pub(crate) fn server(config: Config) -> (Server, Log) {
    let log = Log::default();
    let for_rooms = Arc::clone(&log);
    let definition =
        Definition::new(move || TestRoom { log: Arc::clone(&for_rooms) }).filter_by(["mode"]);
    (Server::with_config(config).define_with("test", definition).define::<WildRoom>("wild"), log)
}

/// One end of a connection in memory.
pub(crate) struct Guest {
    pub(crate) end: MemoryClient,
}

impl Guest {
    /// Acks the handshake and reads up to the first state, which it returns.
    pub(crate) async fn settle(&mut self) -> Bytes {
        assert_eq!(self.frame().await[0], code::JOIN_ROOM);
        self.end.send(vec![code::JOIN_ROOM]);
        self.until(code::ROOM_STATE).await
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Bytes {
        match self.end.receive().await {
            Some(Delivery::Frame(frame)) => frame,
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The next frame of a code.
    pub(crate) async fn until(&mut self, code: u8) -> Bytes {
        loop {
            let frame = self.frame().await;
            if frame[0] == code {
                return frame;
            }
        }
    }

    /// The next message, as its frame would be written.
    pub(crate) async fn expect_message<T: Serialize>(
        &mut self,
        message_type: impl Into<MessageType<'static>>,
        message: T,
    ) {
        let mut expected = Vec::new();
        frame::room_data(&mut expected, message_type.into(), &msgpack::to_vec(&message).unwrap());
        assert_eq!(self.until(code::ROOM_DATA).await, expected);
    }

    /// Reads up to the close frame.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.end.receive().await {
                Some(Delivery::Frame(_)) => {}
                Some(Delivery::Closed(code, reason)) => return (code, reason),
                None => panic!("the connection ended without a close frame"),
            }
        }
    }

    pub(crate) fn send<T: Serialize>(
        &self,
        message_type: impl Into<MessageType<'static>>,
        message: T,
    ) {
        let mut out = Vec::new();
        frame::room_data(&mut out, message_type.into(), &msgpack::to_vec(&message).unwrap());
        self.end.send(out);
    }

    /// Sends a message with no payload.
    pub(crate) fn signal(&self, message_type: impl Into<MessageType<'static>>) {
        let mut out = Vec::new();
        frame::room_data(&mut out, message_type.into(), &[]);
        self.end.send(out);
    }
}
