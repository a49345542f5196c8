//! A land and its clients, in memory and virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tidewire_opcode::{Encoding, EventName, Message, Profile, Tree, View, path_hash};
use tidewire_server::land::{LandConfig, types_of};
use tidewire_server::transport::memory::{self, Delivery, MemoryClient};
use tidewire_server::{
    AuthRequest, Client, Config, Context as _, Definition, Error, LeaveReason, Matchmaker, Method,
    Options, Result, Room, RoomContext, Server,
};
use tidewire_state::{ArraySchema, MapSchema, Schema};

use crate::support::{Guest, Log};

#[derive(Schema, Default, Clone, PartialEq, Debug)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) health: i32,
    pub(crate) marks: ArraySchema<i32>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Field {
    pub(crate) round: i32,
    pub(crate) units: MapSchema<Unit>,
}

#[derive(Schema, Default, Serialize, Deserialize)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Hit {
    pub(crate) whom: String,
    pub(crate) by: i32,
}

/// A change that a test wants: a key, and its health, or nothing to remove it.
pub(crate) type Edit = (String, Option<i32>);

pub(crate) struct FieldRoom {
    pub(crate) log: Log,
}

impl FieldRoom {
    fn note(&self, text: impl Into<String>) {
        self.log.lock().unwrap().push(text.into());
    }
}

impl Room for FieldRoom {
    type State = Field;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        self.note("create");
        if room.options().get_or("step", false)? {
            room.set_simulation_interval(Duration::from_millis(50), |this, room, _| {
                room.state.round += 1;
                this.note(format!("step {}", room.state.round));
                Ok(())
            });
        }
        room.set_max_clients(room.options().get::<usize>("maxClients")?);
        if room.options().get_or("still", false)? {
            room.set_patch_rate(None);
        }
        room.on_action("Heal", |this, room, client, Hit { by, .. }: Hit| {
            this.note("heal");
            let unit = room.state.units.get_mut(client.session_id()).context("no unit")?;
            unit.health += by;
            Ok(json!({ "health": unit.health, "round": room.state.round }))
        });
        room.on_action("Fail", |_, _, _, _: Json| Err::<(), _>(Error::new("failed on purpose")));
        room.on_client_event("Edit", |_, room, _, edits: BTreeMap<String, Vec<Edit>>| {
            for (key, health) in edits.into_values().flatten() {
                edit(&mut room.state.units, &key, health);
            }
            room.state.round += 1;
            room.emit("Edited", &json!({ "round": room.state.round }))
        });
        room.on_message("hit", |_, room, client, hit: Hit| {
            room.broadcast("Hit", &hit)?;
            room.broadcast_except("Others", &hit, client)?;
            client.send("You", &hit)
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        self.note(format!("join {}", client.session_id()));
        if options.get_or("refuse", false)? {
            return Err(Error::new("not you"));
        }
        let name = options.get_or("name", "anonymous")?;
        let guest: bool = options.get_or("isGuest", false)?;
        client.send("Welcome", &json!({ "guest": guest }))?;
        let unit = Unit { name, health: 10, ..Unit::default() };
        room.state.units.insert(client.session_id(), unit);
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        reason: LeaveReason,
    ) -> Result<()> {
        self.note(format!("leave {} {reason:?}", client.session_id()));
        room.state.units.remove(client.session_id());
        Ok(())
    }
}

pub(crate) fn edit(units: &mut MapSchema<Unit>, key: &str, health: Option<i32>) {
    match (health, units.get_mut(key)) {
        (Some(health), Some(unit)) => {
            unit.health = health;
            unit.marks.push(health);
            if unit.marks.len() > 3 {
                unit.marks.remove(0);
            }
        }
        (Some(health), None) => {
            let unit = Unit { name: key.to_owned(), health, ..Unit::default() };
            units.insert(key, unit);
        }
        (None, _) => drop(units.remove(key)),
    }
}

/// A server with two kinds of land.
pub(crate) struct World {
    pub(crate) matchmaker: Matchmaker,
    pub(crate) log: Log,
}

impl World {
    pub(crate) fn new(config: LandConfig, options: Json) -> Self {
        let log = Log::default();
        let for_rooms = log.clone();
        let make = move || FieldRoom { log: for_rooms.clone() };
        let field = Definition::new(make.clone())
            .options(options)
            .land(|land| land.action("Heal", types_of::<Hit>()).event("Hit", types_of::<Hit>()));
        let server = Server::with_config(Config::default()).lands(config);
        let server = server.define_with("field", field);
        let server = server.define_with("meadow", Definition::new(make).land(|land| land));
        Self { matchmaker: server.matchmaker(), log }
    }

    pub(crate) fn dial(&self, query: &str) -> LandGuest {
        let (end, source, sink) = memory::connect(4096);
        let (matchmaker, path) = (self.matchmaker.clone(), format!("/game/field?{query}"));
        tokio::spawn(async move { matchmaker.attach(&path, source, sink).await });
        // What clients know by the schema.
        let patterns = ["round", "units", "units.*", "units.*.name", "units.*.health"];
        let patterns = patterns.into_iter().chain(["units.*.marks", "units.*.marks.*"]);
        let view = View::new(patterns.map(|pattern| (pattern, path_hash(pattern))));
        LandGuest { end, view, heard: Vec::new(), answers: Vec::new(), frames: Vec::new() }
    }

    /// Joins as this player and reads up to the first state.
    pub(crate) async fn join(&self, profile: Profile, player: &str) -> LandGuest {
        let mut guest = self.dial(&format!("encoding={}", profile.name()));
        guest.join(&json!({ "landType": "field", "playerID": player })).await.unwrap();
        guest.first_sync().await;
        guest
    }

    pub(crate) async fn seat(&self, options: Json) -> Guest {
        let request = AuthRequest::new(options);
        let seat = self.matchmaker.request(Method::JoinOrCreate, "field", request).await.unwrap();
        let (end, source, sink) = memory::connect(4096);
        let path = format!(
            "/{}/{}?sessionId={}",
            seat.room.process_id, seat.room.room_id, seat.session_id
        );
        let matchmaker = self.matchmaker.clone();
        tokio::spawn(async move { matchmaker.attach(&path, source, sink).await });
        Guest { end }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

/// A client of a land, in memory.
pub(crate) struct LandGuest {
    pub(crate) end: MemoryClient,
    pub(crate) view: View,
    /// Events: their names (or numbers) and payloads.
    pub(crate) heard: Vec<(String, Json)>,
    /// What else was said.
    pub(crate) answers: Vec<Message>,
    /// Frames of the state.
    pub(crate) frames: Vec<Bytes>,
}

impl LandGuest {
    /// Sends a join and waits for the answer.
    pub(crate) async fn join(&mut self, join: &Json) -> Result<Json, (String, Json)> {
        let mut join = join.clone();
        join["requestID"] = "join-1".into();
        join["landInstanceId"] = join["landInstanceId"].take();
        let join = json!({ "kind": "join", "payload": { "join": join } });
        self.end.send(join.to_string());
        self.answer().await
    }

    /// The next frame, which is a JSON object.
    pub(crate) async fn answer(&mut self) -> Result<Json, (String, Json)> {
        let Some(Delivery::Frame(frame)) = self.end.receive().await else { panic!("no answer") };
        let answer: Json = serde_json::from_slice(&frame).unwrap();
        let error = &answer["payload"]["error"];
        match error["code"].as_str() {
            Some(code) => Err((code.to_owned(), error["details"].clone())),
            None => Ok(answer["payload"]["joinResponse"].clone()),
        }
    }

    pub(crate) async fn first_sync(&mut self) {
        while self.frames.is_empty() {
            assert!(self.next().await, "closed before the first sync");
        }
    }

    /// Takes the next frame; whether there was one.
    pub(crate) async fn next(&mut self) -> bool {
        match self.end.receive().await {
            Some(Delivery::Frame(frame)) => {
                self.take(&frame);
                true
            }
            _ => false,
        }
    }

    /// Takes all that comes within some time.
    pub(crate) async fn listen(&mut self, time: u64) {
        tokio::time::sleep(Duration::from_millis(time)).await;
        while let Some(Delivery::Frame(frame)) = self.end.try_receive() {
            self.take(&frame);
        }
    }

    pub(crate) fn take(&mut self, frame: &Bytes) {
        let encoding = if matches!(frame[0], b'{' | b'[') {
            Encoding::JsonObject
        } else {
            Encoding::OpcodeMessagePack
        };
        let received = self.view.receive(frame, encoding).unwrap();
        let mut events = received.events;
        match received.message {
            Some(Message::Event(event)) => events.push(event),
            Some(message) => self.answers.push(message),
            None => self.frames.push(frame.clone()),
        }
        for event in events {
            let name = match event.name {
                EventName::Name(name) => name.to_string(),
                EventName::Number(number) => number.to_string(),
            };
            self.heard.push((name, json(&event.payload)));
        }
    }

    pub(crate) fn action(&self, name: &str, payload: &Json) {
        self.end.send(json!([101, "action-1", name, payload]).to_string());
    }

    pub(crate) fn event(&self, name: &str, payload: &Json) {
        self.end.send(json!([103, 0, name, payload]).to_string());
    }

    /// The error that came, by its code and details.
    pub(crate) fn error(&mut self) -> (String, Json) {
        match self.answers.remove(0) {
            Message::Error { code, details, .. } => (code.to_string(), json(&details)),
            other => panic!("{other:?} is no error"),
        }
    }

    pub(crate) fn state(&self) -> Json {
        json(self.view.root())
    }
}

pub(crate) fn json(tree: &Tree) -> Json {
    serde_json::from_slice(&tree.encode(Encoding::JsonObject)).unwrap()
}

pub(crate) fn unit(name: &str, health: i32) -> Json {
    json!({ "name": name, "health": health, "marks": [] })
}
