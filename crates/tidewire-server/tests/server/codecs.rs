//! Rooms and their serializers: what their clients are sent.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use serde_json::{Value as Json, json};
use tidewire_patch::notepack::Value;
use tidewire_patch::serializer::{Change, Replica, Serializer, SerializerError, View};
use tidewire_patch::{JsonPatch, LightDecoder, Patch, PatchpackDecoder, bundle, mpack, notepack};
use tidewire_protocol::frame::code;
use tidewire_schema::Decoder;
use tidewire_server::{
    Client, Codec, Context as _, Definition, Error, Method, Options, Result, Room, RoomContext,
    Server,
};
use tidewire_state::{
    Schema,
    example::{Arena, Player},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::support::{Guest, Log, World};

/// Takes its serializers from the options: `codecs`, the first one for whoever asks for none.
#[derive(Default)]
struct CodecRoom;

impl Room for CodecRoom {
    type State = Arena;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let names: Vec<String> = room.options().get_or("codecs", Vec::new())?;
        for (at, name) in names.iter().enumerate() {
            let codec = codec(name)?;
            if at == 0 { room.set_serializer(codec)? } else { room.add_serializer(codec)? }
        }
        room.on_message("move", |_, room, client, (x, y): (f32, f32)| {
            let player = room.state.players.get_mut(client.session_id()).context("not playing")?;
            (player.x, player.y) = (x, y);
            Ok(())
        });
        room.on_message("late", |_, room, client, ()| {
            let error = room.set_serializer(Codec::Json).expect_err("the room was created");
            client.send("late", &error.to_string())
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        client.send("welcome", &())?;
        let name = options.get_or("name", "ada")?;
        room.state.players.insert(client.session_id(), Player { name, ..Player::default() });
        Ok(())
    }
}

pub(crate) fn codec(name: &str) -> Result<Codec> {
    Ok(match name {
        "schema" => Codec::Schema,
        "json" => Codec::Json,
        "mpack" => Codec::Mpack,
        "light" => Codec::Light,
        "patchpack" => Codec::Patchpack,
        "none" => Codec::None,
        "lines" | "blind" | "panic" | "" | "own schema" => {
            Codec::own(Lines(name.replace("own ", "")))
        }
        _ => return Err(Error::new("no such codec")),
    })
}

/// A serializer of a user's own, under the id given: a JSON text, or one on each line.
struct Lines(String);

impl Serializer for Lines {
    fn id(&self) -> &str {
        &self.0
    }

    fn for_view(&self) -> Option<Box<dyn Serializer>> {
        (self.0 != "blind").then(|| Box::new(Self(self.0.clone())) as _)
    }

    fn encode_snapshot(&mut self, view: View<'_>, out: &mut Vec<u8>) {
        out.extend(view.root().value().to_json().to_string().bytes());
    }

    fn encode_patch(&mut self, change: &Change<'_>, _: View<'_>, out: &mut Vec<u8>) {
        assert_ne!(self.0, "panic", "on purpose");
        out.extend(change.patch.to_json().to_string().bytes());
        out.push(b'\n');
    }

    fn decode_snapshot(&mut self, bytes: &[u8]) -> Result<Value, SerializerError> {
        let json: Json = serde_json::from_slice(bytes).map_err(SerializerError::new)?;
        Ok((&json).into())
    }

    fn decode_patch(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, SerializerError> {
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let patch = |line| serde_json::from_slice::<Patch>(line).map_err(SerializerError::new);
        lines.map(patch).collect()
    }
}

/// A client that holds the state by what it is sent.
struct Follower {
    guest: Guest,
    session_id: String,
    copy: Copy,
}

/// What a client holds.
pub(crate) enum Copy {
    Schema(Box<Decoder<Arena>>),
    Json(Json),
    Mpack(Value),
    Light(LightDecoder, Value),
    Patchpack(Box<PatchpackDecoder>, Value),
    Lines(Replica),
}

impl Copy {
    pub(crate) fn new(id: &str, snapshot: &[u8]) -> Self {
        match id {
            "schema" => {
                let mut decoder = Decoder::new();
                decoder.apply(snapshot).unwrap();
                Self::Schema(Box::new(decoder))
            }
            "json" => Self::Json(serde_json::from_slice(snapshot).unwrap()),
            "mpack" => Self::Mpack(notepack::decode(snapshot).unwrap()),
            "light" => {
                let (decoder, state) = LightDecoder::from_snapshot(snapshot).unwrap();
                Self::Light(decoder, state)
            }
            "patchpack" => {
                let (decoder, state) = PatchpackDecoder::from_state(snapshot).unwrap();
                Self::Patchpack(Box::new(decoder), state)
            }
            "lines" | "panic" => {
                let mut replica = Replica::new(Box::new(Lines(id.to_owned())));
                replica.apply_snapshot(snapshot).unwrap();
                Self::Lines(replica)
            }
            other => panic!("no decoder of {other}"),
        }
    }

    pub(crate) fn apply(&mut self, bytes: &[u8]) {
        match self {
            Self::Schema(decoder) => decoder.apply(bytes).unwrap(),
            Self::Json(state) => {
                let patch: JsonPatch = serde_json::from_slice(bytes).unwrap();
                json_patch::patch(state, &patch).unwrap();
            }
            Self::Lines(replica) => replica.apply_patch(bytes).unwrap(),
            Self::Mpack(state) => {
                for message in bundle::read(bytes).unwrap() {
                    mpack::decode_patch(message).unwrap().apply(state).unwrap();
                }
            }
            Self::Light(decoder, state) => {
                for message in bundle::read(bytes).unwrap() {
                    decoder.patch(message).unwrap().apply(state).unwrap();
                }
            }
            Self::Patchpack(decoder, state) => {
                for message in bundle::read(bytes).unwrap() {
                    decoder.patch(message).unwrap().apply(state).unwrap();
                }
            }
        }
    }

    /// Where a player is.
    fn place(&self, session_id: &str) -> Option<(f64, f64)> {
        if let Self::Schema(decoder) = self {
            let player = decoder.state().players.get(session_id)?;
            return Some((player.x.into(), player.y.into()));
        }
        let state = self.to_json();
        let player = state["players"].get(session_id)?;
        Some((player["x"].as_f64()?, player["y"].as_f64()?))
    }

    /// The state, but for `schema`.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Schema(_) => Json::Null,
            Self::Json(state) => state.clone(),
            Self::Lines(replica) => replica.state().to_json(),
            Self::Mpack(state) | Self::Light(_, state) | Self::Patchpack(_, state) => {
                state.to_json()
            }
        }
    }
}

fn world() -> World {
    let server = Server::new().define::<CodecRoom>("codecs");
    World { matchmaker: server.matchmaker(), log: Log::default() }
}

/// Joins, and says by which serializer.
async fn join(world: &World, options: Json) -> (Guest, String, String) {
    let seat = world.seat(Method::JoinOrCreate, "codecs", options).await.unwrap();
    let mut guest = world.dial_seat(&seat);
    let greeting = guest.frame().await;
    assert_eq!(greeting[0], code::JOIN_ROOM);
    let id = &greeting[2 + usize::from(greeting[1])..];
    let (id, rest) = id[1..].split_at(id[0].into());
    assert_eq!(rest.is_empty(), id != b"schema", "only schema has a handshake");
    guest.end.send(vec![code::JOIN_ROOM]);
    (guest, seat.session_id, String::from_utf8(id.to_vec()).unwrap())
}

async fn follow(world: &World, options: Json) -> (Follower, String) {
    let (mut guest, session_id, id) = join(world, options).await;
    let snapshot = guest.frame().await;
    assert_eq!(snapshot[0], code::ROOM_STATE);
    (Follower { guest, session_id, copy: Copy::new(&id, &snapshot[1..]) }, id)
}

impl Follower {
    /// Reads patches until a player is at a place.
    async fn until(&mut self, session_id: &str, place: (f64, f64)) {
        while self.copy.place(session_id) != Some(place) {
            let patch = self.guest.until(code::ROOM_STATE_PATCH).await;
            self.copy.apply(&patch[1..]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_speaks_the_codec_that_it_chose() {
    for codec in ["schema", "json", "mpack", "light", "patchpack", "lines"] {
        let world = world();
        let (mut ada, id) = follow(&world, json!({"codecs": [codec]})).await;
        assert_eq!(id, codec);
        let (mut bob, _) = follow(&world, json!({"name": "bob"})).await;
        let mover = bob.session_id.clone();
        for tick in 1..10_u8 {
            let place = (f64::from(tick), 0.5);
            bob.guest.send("move", place);
            for follower in [&mut ada, &mut bob] {
                follower.until(&mover, place).await;
            }
        }
        assert_eq!(ada.copy.place(&ada.session_id), Some((0.0, 0.0)));
    }
}

#[tokio::test(start_paused = true)]
async fn all_codecs_follow_one_room_at_once() {
    let world = world();
    let codecs = ["mpack", "schema", "json", "lines", "light", "patchpack"];
    let mut followers = Vec::new();
    for codec in codecs {
        // Who comes first gets the room's own without asking.
        let wanted = (codec != codecs[0]).then_some(codec);
        let (follower, id) = follow(&world, json!({"codecs": codecs, "serializer": wanted})).await;
        assert_eq!(id, codec);
        followers.push(follower);
    }
    let ids: Vec<String> = followers.iter().map(|one| one.session_id.clone()).collect();
    for tick in 1..10_u8 {
        for (at, mover) in (0_u8..).zip(&followers) {
            mover.guest.send("move", (tick, at));
        }
        for follower in &mut followers {
            for (at, id) in (0_u8..).zip(&ids) {
                follower.until(id, (tick.into(), at.into())).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_without_state_sends_messages_alone() {
    let world = world();
    let (mut ada, _, id) = join(&world, json!({"codecs": ["none"]})).await;
    assert_eq!(id, "none");
    ada.expect_message("welcome", ()).await;
    ada.send("move", (1, 2));
    ada.signal("late");
    let answer = ada.frame().await;
    assert_eq!(answer[0], code::ROOM_DATA, "no patch came before");
}

#[tokio::test(start_paused = true)]
async fn a_serializer_that_the_room_does_not_have_is_refused() {
    let world = world();
    let (_ada, _) = follow(&world, json!({"codecs": ["schema", "json"]})).await;
    let options = json!({"serializer": "mpack"});
    let seat = world.seat(Method::JoinOrCreate, "codecs", options).await.unwrap();
    let mut bob = world.dial_seat(&seat);
    assert_eq!(bob.frame().await[0], code::ERROR);
    let (code, reason) = bob.closed().await;
    assert_eq!((code, &*reason), (4002, r#"the room has no serializer "mpack""#));
}

#[tokio::test(start_paused = true)]
async fn a_serializer_is_chosen_in_on_create_and_once() {
    let world = world();
    let (mut ada, _) = follow(&world, json!({"codecs": ["json"]})).await;
    ada.guest.signal("late");
    let late = "a room's serializers can be chosen in on_create only";
    ada.guest.until(code::ROOM_DATA).await;
    ada.guest.expect_message("late", late).await;

    for (codecs, message) in [
        (["json", "mpack", "json"].as_slice(), "the room has a serializer `json` already"),
        (&[""], "a serializer id of 0 bytes; use 1 to 31"),
        (&["own schema"], "the id `schema` is that of another serializer: choose one of your own"),
    ] {
        let refused = world.seat(Method::Create, "codecs", json!({"codecs": codecs})).await;
        assert_eq!(refused.unwrap_err(), (523, message.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_serializer_that_panics_ends_its_room_alone() {
    let world = world();
    let (other, _) = follow(&world, json!({"codecs": ["lines"]})).await;
    let seat = world.seat(Method::Create, "codecs", json!({"codecs": ["panic"]})).await.unwrap();
    let mut ada = world.dial_seat(&seat);
    ada.settle().await;
    ada.send("move", (1, 1));
    assert_eq!(ada.closed().await, (4002, "the room failed".to_owned()));
    let Follower { guest: mut bob, .. } = other;
    bob.send("move", (1, 1));
    bob.until(code::ROOM_STATE_PATCH).await;
}

mod twins {
    use tidewire_state::Schema;

    /// Is called what its field's type is called.
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Twin {
        other: Other,
    }

    type Other = others::Twin;

    mod others {
        use tidewire_state::Schema;

        #[derive(Schema, Default)]
        #[schema(crate = "tidewire_state")]
        pub(super) struct Twin {
            x: u8,
        }
    }
}

#[derive(Default)]
struct TwinRoom;

impl Room for TwinRoom {
    type State = twins::Twin;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_serializer(Codec::Light)
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_a_codec_cannot_say_makes_no_room() {
    let server = Server::new().define::<TwinRoom>("twins");
    let world = World { matchmaker: server.matchmaker(), log: Log::default() };
    let refused = world.seat(Method::Create, "twins", json!({})).await;
    let message = "the state cannot be spoken in `light`".to_owned();
    assert_eq!(refused.unwrap_err(), (523, message));
}

/// A field that no JavaScript client can hold.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Heir {
    #[schema(rename = "__proto__")]
    parent: u8,
}

struct HeirRoom;

impl Room for HeirRoom {
    type State = Heir;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_serializer(codec(&room.options().get::<String>("codec")?.unwrap_or_default())?)
    }
}

#[tokio::test(start_paused = true)]
async fn a_field_that_javascript_cannot_hold_makes_no_room() {
    let server = Server::new().define_with("heirs", Definition::new(|| HeirRoom));
    let world = World { matchmaker: server.matchmaker(), log: Log::default() };
    for codec in ["json", "mpack", "light", "patchpack", "lines"] {
        let refused = world.seat(Method::Create, "heirs", json!({"codec": codec})).await;
        let message = format!(
            "clients of `{codec}` cannot be told of the field `__proto__` of type `Heir`, which JavaScript \
             objects keep for themselves: rename it"
        );
        assert_eq!(refused.unwrap_err(), (523, message));
    }
}

/// Hears what a room says of errors.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<String>>>);

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Words(String);
        impl Visit for Words {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                let _ = write!(self.0, "{}={value:?} ", field.name());
            }
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        self.0.lock().unwrap().push(words.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A key that no JavaScript client can hold comes with the first message.
struct TrapRoom;

impl Room for TrapRoom {
    type State = Arena;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_serializer(codec(&room.options().get::<String>("codec")?.unwrap_or_default())?)?;
        room.on_message("trap", |_, room, _, ()| {
            room.state.players.insert("__proto__", Player::default());
            room.state.players.insert("bob", Player::default());
            Ok(())
        });
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_clients_are_not_told_the_log_is() {
    for codec in ["json", "mpack", "light", "patchpack", "lines"] {
        let errors = Errors::default();
        let guard = tracing::subscriber::set_default(errors.clone());
        let server = Server::new().define_with("codecs", Definition::new(|| TrapRoom));
        let world = World { matchmaker: server.matchmaker(), log: Log::default() };
        let (mut ada, _) = follow(&world, json!({"codec": codec})).await;
        assert_eq!(*errors.0.lock().unwrap(), [""; 0]);
        for _ in 0..3 {
            ada.guest.send("trap", ());
            ada.until("bob", (0.0, 0.0)).await;
        }
        assert_eq!(ada.copy.place("__proto__"), None);
        let expected = format!(
            "message=clients are not told of `/players/__proto__`: JavaScript objects have no member \
             `__proto__`; use another key serializer=\"{codec}\" "
        );
        assert_eq!(*errors.0.lock().unwrap(), [expected]);
        drop(guard);
    }
}

/// Structs in structs, and a field that not everyone sees.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Well {
    below: Option<Box<Well>>,
    #[schema(view)]
    secret: u8,
}

/// A state that gets deeper than clients are told.
struct WellRoom;

impl Room for WellRoom {
    type State = Well;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_serializer(codec(&room.options().get::<String>("codec")?.unwrap_or_default())?)?;
        room.on_message("dig", |_, room, client, ()| {
            room.view(client).add(&[""; 0])?;
            let mut well = &mut *room.state;
            for _ in 0..100 {
                well = well.below.get_or_insert_default();
            }
            Ok(())
        });
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_lies_too_deep_is_told_to_the_log() {
    for codec in ["json", "mpack", "light", "patchpack", "lines"] {
        let errors = Errors::default();
        let guard = tracing::subscriber::set_default(errors.clone());
        let server = Server::new().define_with("codecs", Definition::new(|| WellRoom));
        let world = World { matchmaker: server.matchmaker(), log: Log::default() };
        let (mut ada, ..) = join(&world, json!({"codec": codec})).await;
        assert_eq!(ada.frame().await[0], code::ROOM_STATE);
        ada.send("dig", ());
        // Who is given a view gets a state anew.
        ada.until(code::ROOM_STATE).await;
        let told = errors.0.lock().unwrap().clone();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("more than 96 deep"), "{told:?}");
        drop(guard);
    }
}
