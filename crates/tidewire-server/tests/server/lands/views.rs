//! Lands of which not everyone sees the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tidewire_opcode::{Profile, View};
use tidewire_protocol::frame::code;
use tidewire_schema::Decoder;
use tidewire_server::land::LandConfig;
use tidewire_server::transport::memory::{self, Delivery};
use tidewire_server::{
    AuthRequest, Client, Context as _, Definition, LeaveReason, Matchmaker, Method, Options,
    Result, Room, RoomContext, Server,
};
use tidewire_state::{ArraySchema, MapSchema, Schema};

use super::Dice;
use super::support::LandGuest;
use crate::support::Guest;

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    text: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Seat {
    name: String,
    hp: i32,
    #[schema(view)]
    hand: ArraySchema<Card>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Purse {
    gold: String,
    items: MapSchema<i32>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    round: i32,
    seats: MapSchema<Seat>,
    #[schema(view)]
    purses: MapSchema<Purse>,
}

/// What a player may see, kept by hand.
#[derive(Default)]
struct Sight {
    /// The hands that are in view, by their players.
    hands: BTreeSet<String>,
    /// The texts of the cards in view.
    cards: BTreeSet<String>,
    has_purse: bool,
    /// All that the player ever was allowed to know.
    known: BTreeSet<String>,
}

/// What clients must hold, by their players, and what each may know.
#[derive(Default)]
struct Expected {
    states: BTreeMap<String, Json>,
    known: BTreeMap<String, BTreeSet<String>>,
}

struct TableRoom {
    sights: BTreeMap<String, Sight>,
    expected: Arc<Mutex<Expected>>,
}

impl TableRoom {
    fn sight(&mut self, player: &str) -> &mut Sight {
        self.sights.entry(player.to_owned()).or_default()
    }

    fn sit(&mut self, room: &mut RoomContext<Self>, client: &Client) -> Result<()> {
        let player = client.session_id();
        for sight in self.sights.values_mut() {
            sight.hands.remove(player);
            let prefix = format!("{player}-card-");
            sight.cards.retain(|card| !card.starts_with(&prefix));
        }
        let seat = Seat { name: player.to_owned(), hp: 10, ..Seat::default() };
        room.state.seats.insert(player, seat);
        room.view(client).add(&["seats", player])?;
        room.view(client).subscribe(&["seats", player, "hand"])?;
        self.sight(player).hands.insert(player.to_owned());
        Ok(())
    }

    fn edit(&mut self, room: &mut RoomContext<Self>, client: &Client, edit: &Json) -> Result<()> {
        let me = client.session_id().to_owned();
        let text = |at: usize| edit[at].as_str().unwrap_or_default().to_owned();
        let state = &mut *room.state;
        match &*text(0) {
            "round" => state.round += 1,
            "hp" => {
                for (_, mut seat) in &mut state.seats {
                    seat.hp += 1;
                }
            }
            "draw" => {
                let card = format!("{me}-card-{}#", edit[1]);
                let seat = state.seats.get_mut(&me).context("no seat")?;
                seat.hand.push(Card { text: card.clone() });
                self.sight(&me).cards.insert(card);
            }
            "change" => {
                let seat = state.seats.get_mut(&me).context("no seat")?;
                if let Some(card) = seat.hand.get_mut(0) {
                    let old = std::mem::replace(&mut card.text, format!("{me}-card-{}#", edit[1]));
                    let new = card.text.clone();
                    for sight in self.sights.values_mut() {
                        if sight.cards.remove(&old) {
                            sight.cards.insert(new.clone());
                        }
                    }
                }
            }
            "drop" => {
                let seat = state.seats.get_mut(&me).context("no seat")?;
                if !seat.hand.is_empty() {
                    seat.hand.remove(0);
                }
            }
            "gold" => {
                let purse = state.purses.get_mut(&me).context("no purse")?;
                purse.gold = format!("{me}-gold-{}#", edit[1]);
            }
            "item" => {
                let purse = state.purses.get_mut(&me).context("no purse")?;
                match edit[2].as_i64() {
                    Some(count) => drop(purse.items.insert(text(1).as_str(), count as i32)),
                    None => drop(purse.items.remove(&text(1))),
                }
            }
            // Another purse, which comes into view a while later.
            "purse" => {
                state.purses.insert(
                    me.as_str(),
                    Purse { gold: format!("{me}-gold-{}#", edit[1]), ..Purse::default() },
                );
                self.sight(&me).has_purse = false;
            }
            "find" => {
                room.view(client).add(&["purses", &me])?;
                self.sight(&me).has_purse = true;
            }
            "sit" => self.sit(room, client)?,
            "show" | "hide" => {
                let other = text(1);
                let Some(other) = room.client(&other).cloned() else { return Ok(()) };
                let hand = &room.state.seats.get(&me).context("no seat")?.hand;
                let cards: Vec<String> = hand.iter().map(|card| card.text.clone()).collect();
                let sight = self.sights.entry(other.session_id().to_owned()).or_default();
                if text(0) == "show" {
                    room.view(&other).add(&["seats", &me, "hand"])?;
                    sight.hands.insert(me);
                    sight.cards.extend(cards);
                } else if *other.session_id() != *me {
                    room.view(&other).remove(&["seats", &me, "hand"])?;
                    sight.hands.remove(&me);
                    sight.cards.retain(|card| !cards.contains(card));
                }
            }
            other => panic!("no edit {other:?}"),
        }
        Ok(())
    }
}

impl Room for TableRoom {
    type State = Table;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.on_message("edit", |this, room, client, edit: Json| this.edit(room, client, &edit));
        Ok(())
    }

    fn on_join(&mut self, room: &mut RoomContext<Self>, client: &Client, _: Options) -> Result<()> {
        self.sit(room, client)?;
        let player = client.session_id();
        room.state.purses.insert(player, Purse::default());
        room.view(client).add(&["purses", player])?;
        self.sight(player).has_purse = true;
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        let player = client.session_id();
        room.state.seats.remove(player);
        room.state.purses.remove(player);
        self.sights.remove(player);
        for sight in self.sights.values_mut() {
            sight.hands.remove(player);
        }
        Ok(())
    }

    /// What each client must hold then, by the plainest of means.
    fn on_before_patch(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let mut expected = self.expected.lock().unwrap();
        expected.states.clear();
        for (player, sight) in &mut self.sights {
            let mut seats = serde_json::Map::new();
            for (key, seat) in &room.state.seats {
                let mut shown = json!({ "name": seat.name, "hp": seat.hp });
                let texts = seat.hand.iter().map(|card| card.text.clone());
                let cards: Vec<String> = texts.filter(|text| sight.cards.contains(text)).collect();
                if sight.hands.contains(key) || !cards.is_empty() {
                    sight.known.extend(cards.iter().cloned());
                    shown["hand"] = cards.iter().map(|text| json!({ "text": text })).collect();
                }
                seats.insert(key.to_owned(), shown);
            }
            let mut state = json!({ "round": room.state.round, "seats": seats });
            if let Some(purse) = room.state.purses.get(player).filter(|_| sight.has_purse) {
                let items: BTreeMap<&str, i32> =
                    purse.items.iter().map(|(key, count)| (key, *count)).collect();
                state["purses"] = json!({ player: { "gold": purse.gold, "items": items } });
                sight.known.insert(purse.gold.clone());
            }
            expected.known.entry(player.clone()).or_default().extend(sight.known.iter().cloned());
            expected.states.insert(player.clone(), state);
        }
        Ok(())
    }
}

struct World {
    matchmaker: Matchmaker,
    schema: Json,
    expected: Arc<Mutex<Expected>>,
}

impl World {
    fn new() -> Self {
        let expected = Arc::new(Mutex::new(Expected::default()));
        let for_rooms = Arc::clone(&expected);
        let make = move || TableRoom { sights: BTreeMap::new(), expected: Arc::clone(&for_rooms) };
        let server = Server::new().lands(LandConfig::default());
        let server = server.define_with("table", Definition::new(make).land(|land| land));
        let matchmaker = server.matchmaker();
        let schema = serde_json::from_slice(&matchmaker.land_schema().unwrap()).unwrap();
        Self { matchmaker, schema, expected }
    }

    /// `hash` is that of the schema that the client says it has.
    async fn join(&self, profile: Profile, hash: &Json, player: &str) -> LandGuest {
        let (end, source, sink) = memory::connect(4096);
        let path = format!("/game/table?encoding={}", profile.name());
        let matchmaker = self.matchmaker.clone();
        tokio::spawn(async move { matchmaker.attach(&path, source, sink).await });
        let hashes = self.schema["lands"]["table"]["pathHashes"].as_object().unwrap();
        let hashes =
            hashes.iter().map(|(path, hash)| (path.as_str(), hash.as_u64().unwrap() as u32));
        let view = View::new(hashes);
        let mut guest =
            LandGuest { end, view, heard: Vec::new(), answers: Vec::new(), frames: Vec::new() };
        let join = json!({ "landType": "table", "playerID": player,
            "metadata": { "schemaHash": hash } });
        guest.join(&join).await.unwrap();
        guest.first_sync().await;
        guest
    }

    fn expected(&self, player: &str) -> Json {
        self.expected.lock().unwrap().states[player].clone()
    }
}

/// What was sent, as far as texts go.
fn sent(guest: &mut LandGuest) -> Vec<u8> {
    guest.frames.drain(..).flatten().collect()
}

/// The texts among what was sent: they end with `#`.
fn texts(bytes: &[u8]) -> BTreeSet<String> {
    let all = String::from_utf8_lossy(bytes);
    let is_around = |letter: char| !letter.is_ascii_alphanumeric() && letter != '-';
    let last = |piece: &str| piece.rsplit(is_around).next().unwrap_or_default().to_owned() + "#";
    let pieces = all.split_inclusive('#').filter_map(|piece| piece.strip_suffix('#')).map(last);
    pieces.filter(|text| text.contains("-card-") || text.contains("-gold-")).collect()
}

#[tokio::test(start_paused = true)]
async fn everyone_is_told_the_public_part_once_and_each_their_own() {
    let world = World::new();
    for profile in Profile::ALL {
        let (ann, bob) = (format!("ann-{}", profile.name()), format!("bob-{}", profile.name()));
        let mut guests = [
            world.join(profile, &Json::Null, &ann).await,
            world.join(profile, &Json::Null, &bob).await,
        ];
        for guest in &mut guests {
            guest.listen(60).await;
            sent(guest);
        }
        let [ann_guest, bob_guest] = &mut guests;
        // What is for everyone is one buffer.
        ann_guest.event("edit", &json!(["hp"]));
        ann_guest.listen(60).await;
        bob_guest.listen(0).await;
        assert_eq!(ann_guest.frames[0].as_ptr(), bob_guest.frames[0].as_ptr());
        assert_eq!([ann_guest.frames.len(), bob_guest.frames.len()], [1, 1]);
        // What is for one is sent to that one.
        sent(ann_guest);
        sent(bob_guest);
        ann_guest.event("edit", &json!(["gold", 1]));
        ann_guest.listen(60).await;
        bob_guest.listen(0).await;
        assert_eq!(ann_guest.state(), world.expected(&ann));
        assert_eq!([ann_guest.frames.len(), bob_guest.frames.len()], [1, 0], "{profile:?}");
        assert_eq!(ann_guest.state()["purses"][&ann]["gold"], format!("{ann}-gold-1#"));
        assert_eq!(bob_guest.state()["purses"], json!({ &bob: { "gold": "", "items": {} } }));
        // Both at once: one frame more in MessagePack, one frame in JSON.
        sent(ann_guest);
        ann_guest.event("edit", &json!(["hp"]));
        ann_guest.event("edit", &json!(["draw", 2]));
        ann_guest.listen(60).await;
        bob_guest.listen(0).await;
        let frames = if profile == Profile::MessagePack { 2 } else { 1 };
        assert_eq!([ann_guest.frames.len(), bob_guest.frames.len()], [frames, 1], "{profile:?}");
        for (guest, player) in [(&*ann_guest, &ann), (&*bob_guest, &bob)] {
            assert_eq!(guest.state(), world.expected(player));
        }
        assert_eq!(bob_guest.state()["seats"][&ann].get("hand"), None);
        // Who is sent a seat anew still has what only they see.
        ann_guest.event("edit", &json!(["sit"]));
        ann_guest.event("edit", &json!(["draw", 3]));
        ann_guest.event("edit", &json!(["show", bob]));
        ann_guest.listen(60).await;
        bob_guest.listen(0).await;
        for (guest, player) in [(&*ann_guest, &ann), (&*bob_guest, &bob)] {
            assert_eq!(guest.state(), world.expected(player));
            assert_eq!(guest.state()["seats"][&ann]["hand"].as_array().unwrap().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_client_learns_what_it_may_not() {
    let world = World::new();
    let hashes = [world.schema["schemaHash"].clone(), Json::Null, json!("another one")];
    let mut dice = Dice(3);
    let mut names = Vec::new();
    let mut guests = Vec::new();
    for profile in Profile::ALL {
        for (at, hash) in hashes.iter().enumerate() {
            let name = format!("p{at}-{}", profile.name());
            guests.push(world.join(profile, hash, &name).await);
            names.push(name);
        }
    }
    // A client of the other kind in the same room, which sees its own too.
    let request = AuthRequest::new(json!({}));
    let seat = world.matchmaker.request(Method::JoinOrCreate, "table", request).await.unwrap();
    let (end, source, sink) = memory::connect(4096);
    let path =
        format!("/{}/{}?sessionId={}", seat.room.process_id, seat.room.room_id, seat.session_id);
    let matchmaker = world.matchmaker.clone();
    tokio::spawn(async move { matchmaker.attach(&path, source, sink).await });
    let mut room = Guest { end };
    let mut decoder = Decoder::<Table>::new();
    let first = room.settle().await;
    decoder.apply(&first[1..]).unwrap();
    let (mut count, mut learned) = (0, 0);
    for tick in 0..500 {
        for _ in 0..dice.below(8) {
            count += 1;
            let at = dice.below(guests.len() as u64) as usize;
            let other = &names[dice.below(names.len() as u64) as usize];
            let key = ["a", "b", "c.d", "e"][dice.below(4) as usize];
            let edit = match dice.below(16) {
                0 => json!(["round"]),
                1 | 2 => json!(["hp"]),
                3..=5 => json!(["draw", count]),
                6 => json!(["change", count]),
                7 | 8 => json!(["drop"]),
                9 => json!(["gold", count]),
                10 => json!(["item", key, dice.below(5)]),
                11 => json!(["item", key, null]),
                12 if dice.below(3) == 0 => json!(["sit"]),
                13 => json!([if dice.below(2) == 0 { "purse" } else { "find" }, count]),
                14 => json!(["show", other]),
                15 => json!(["hide", other]),
                _ => json!(["round"]),
            };
            guests[at].event("edit", &edit);
        }
        if dice.below(20) == 0 {
            room.send("edit", json!(["draw", count]));
        }
        if tick % 37 == 20 {
            let at = dice.below(guests.len() as u64) as usize;
            guests[at].end.close(1000);
            guests[at].listen(60).await;
            let profile = Profile::ALL[at / 3];
            guests[at] = world.join(profile, &hashes[at % 3], &names[at]).await;
        }
        tokio::time::sleep(Duration::from_millis(51)).await;
        for (guest, name) in guests.iter_mut().zip(&names) {
            guest.listen(0).await;
            assert_eq!(guest.state(), world.expected(name), "tick {tick}, {name}");
            let texts = texts(&sent(guest));
            learned += texts.len();
            let expected = world.expected.lock().unwrap();
            let leaked: Vec<&String> = texts.difference(&expected.known[name]).collect();
            assert!(leaked.is_empty(), "tick {tick}, {name}: {leaked:?}");
        }
        while let Some(Delivery::Frame(frame)) = room.end.try_receive() {
            if frame[0] == code::ROOM_STATE_PATCH {
                decoder.apply(&frame[1..]).unwrap();
            }
        }
        let state = decoder.state();
        let expected = world.expected(&seat.session_id);
        let hand = &state.seats.get(&seat.session_id).unwrap().hand;
        let hand: Json = hand.iter().map(|card| json!({ "text": card.text })).collect();
        assert_eq!(hand, expected["seats"][&seat.session_id]["hand"], "tick {tick}");
        assert_eq!(state.purses.len(), 1);
    }
    assert!(guests.iter().all(|guest| guest.answers.is_empty()));
    assert!(learned > 500, "only {learned} texts were looked at");
}
