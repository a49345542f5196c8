//! Views in rooms: what each client is sent, byte by byte, and what it never is.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tidewire_protocol::frame::code;
use tidewire_schema::Decoder;
use tidewire_server::{
    Client, Context as _, LeaveReason, Method, Options, Result, Room, RoomContext, Server,
};
use tidewire_state::{ArraySchema, MapSchema, Schema};

use crate::support::{Guest, Log, World};

#[derive(Schema, Default, Debug, Clone, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    name: String,
    #[schema(view(2))]
    price: String,
}

#[derive(Schema, Default, Debug, Clone, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Table {
    title: String,
    #[schema(view)]
    hands: MapSchema<Card>,
    shown: ArraySchema<Card>,
}

#[derive(Default)]
struct TableRoom;

#[derive(Deserialize)]
struct Look {
    op: String,
    path: Vec<String>,
    tag: Option<i32>,
}

impl Room for TableRoom {
    type State = Table;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.on_message("title", |_, room, _, title: String| {
            room.state.title = title;
            Ok(())
        });
        room.on_message("deal", |_, room, _, (key, name): (String, String)| {
            let price = format!("price of {name}");
            room.state.hands.insert(key, Card { name, price });
            Ok(())
        });
        room.on_message("look", |_, room, client, look: Look| {
            let Look { op, path, tag } = look;
            let mut view = room.view(client);
            match (op.as_str(), tag) {
                ("add", None) => view.add(&path)?,
                ("add", Some(tag)) => view.add_with(&path, tag)?,
                ("remove", None) => view.remove(&path)?,
                ("remove", Some(tag)) => view.remove_with(&path, tag)?,
                ("subscribe", _) => view.subscribe(&path)?,
                ("unsubscribe", _) => view.unsubscribe(&path)?,
                _ => view.clear(),
            }
            Ok(())
        });
        room.on_message("ask", |_, room, client, path: Vec<String>| {
            let mut view = room.view(client);
            let answer = (view.has(&path), view.tags(&path), view.explain().to_string());
            client.send("answer", &answer)
        });
        room.on_message("share", |_, room, client, with: String| {
            let other = room.client(&with).cloned().context("nobody")?;
            room.share_view(&other, client);
            Ok(())
        });
        room.on_message("fail", |_, room, client, path: Vec<String>| {
            let error = room.view(client).add(&path).expect_err("there is nothing");
            client.send("failed", &error.to_string())
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        if let Some(path) = options.get::<Vec<String>>("add")? {
            room.view(client).add(&path)?;
        }
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        room.view(client).clear();
        room.state.title = match room.view(client).add(&["hands"]) {
            Ok(()) => "left with a view".to_owned(),
            Err(error) => error.to_string(),
        };
        Ok(())
    }
}

/// A client, what it holds, and all that it was ever sent of the state.
struct Player {
    guest: Guest,
    id: String,
    copy: Decoder<Table>,
    heard: Vec<u8>,
}

impl Player {
    async fn frame(&mut self) -> Bytes {
        loop {
            let frame = self.guest.frame().await;
            if [code::ROOM_STATE, code::ROOM_STATE_PATCH].contains(&frame[0]) {
                self.heard.extend_from_slice(&frame);
                self.copy.apply(&frame[1..]).unwrap();
                return frame;
            }
        }
    }

    /// Reads until the state is what it should be.
    async fn until(&mut self, is_it: impl Fn(&Table) -> bool) -> Bytes {
        loop {
            let frame = self.frame().await;
            if is_it(self.copy.state()) {
                return frame;
            }
        }
    }

    fn look(&self, op: &str, path: &[&str], tag: Option<i32>) {
        self.guest.send("look", json!({"op": op, "path": path, "tag": tag}));
    }

    fn deal(&self, key: &str, name: &str) {
        self.guest.send("deal", (key, name));
    }

    fn names(&self) -> Vec<&str> {
        self.copy.state().hands.values().map(|card| card.name.as_str()).collect()
    }

    /// Whether a text was in any of the frames.
    fn heard(&self, text: &str) -> bool {
        self.heard.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

fn world() -> World {
    let server = Server::new().define::<TableRoom>("table");
    World { matchmaker: server.matchmaker(), log: Log::default() }
}

async fn dial(world: &World, options: Value) -> Player {
    let seat = world.seat(Method::JoinOrCreate, "table", options).await.unwrap();
    let guest = world.dial_seat(&seat);
    Player { guest, id: seat.session_id, copy: Decoder::new(), heard: Vec::new() }
}

async fn join(world: &World, options: Value) -> Player {
    let mut player = dial(world, options).await;
    player.ack().await;
    player.frame().await;
    player
}

impl Player {
    async fn ack(&mut self) {
        assert_eq!(self.guest.frame().await[0], code::JOIN_ROOM);
        self.guest.end.send(vec![code::JOIN_ROOM]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_sees_what_its_view_holds_and_hears_nothing_else() {
    let world = world();
    let mut ada = join(&world, json!({})).await;
    let mut bob = join(&world, json!({})).await;
    ada.deal("one", "ace of hearts");
    ada.deal("two", "queen of spades");
    ada.look("add", &["hands", "one"], None);
    ada.until(|table| table.hands.len() == 1).await;
    assert_eq!(ada.names(), ["ace of hearts"]);
    assert!(!ada.heard("price of ace"), "a field with a tag needs it");
    ada.look("add", &["hands", "one"], Some(2));
    ada.until(|table| !table.hands["one"].price.is_empty()).await;
    ada.look("remove", &["hands", "one"], Some(2));
    ada.until(|table| table.hands["one"].price.is_empty()).await;
    ada.look("remove", &["hands", "one"], None);
    ada.until(|table| table.hands.is_empty()).await;

    bob.guest.send("title", "late");
    bob.until(|table| table.title == "late").await;
    assert!(!bob.heard("ace of") && !bob.heard("queen of") && !bob.heard("price of"));
    assert!(!ada.heard("queen of") && !ada.heard("price of queen"));
    assert!(ada.heard("price of ace"));
}

#[tokio::test(start_paused = true)]
async fn what_is_the_same_for_all_is_one_buffer() {
    let world = world();
    let mut players = Vec::new();
    for _ in 0..4 {
        players.push(join(&world, json!({})).await);
    }
    let [ada, bob, cyd, dan] = &mut players[..] else { panic!("four have joined") };
    // Ada and Bob have views; one of them holds what changes.
    ada.deal("one", "ace");
    ada.look("subscribe", &["hands"], None);
    bob.look("add", &["shown"], None);
    ada.until(|table| table.hands.len() == 1).await;
    ada.deal("two", "king");
    ada.guest.send("title", "new");
    let mut patches = Vec::new();
    for player in [ada, bob, cyd, dan] {
        patches.push(player.until(|table| table.title == "new").await);
    }
    let [ada, bob, cyd, dan] = &patches[..] else { panic!("four were read") };
    assert_eq!(bob.as_ptr(), cyd.as_ptr());
    assert_eq!(cyd.as_ptr(), dan.as_ptr());
    assert!(ada.starts_with(cyd), "the shared part comes first");
    assert!(ada.len() > cyd.len());
    assert_eq!(players[0].names(), ["ace", "king"]);
    assert!(players[1..].iter().all(|player| player.names().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn newcomers_of_a_tick_share_what_is_public() {
    let world = world();
    let host = join(&world, json!({})).await;
    host.deal("one", "ace");
    host.deal("two", "king");
    let mut newcomers = Vec::new();
    for add in [json!(null), json!(["hands", "one"]), json!(["hands"]), json!(["shown"])] {
        let mut player = dial(&world, json!({ "add": add })).await;
        player.ack().await;
        newcomers.push(player);
    }
    let mut states = Vec::new();
    for player in &mut newcomers {
        states.push(player.frame().await);
    }
    assert_eq!(
        newcomers.iter().map(|player| player.names().len()).collect::<Vec<_>>(),
        [0, 1, 2, 0]
    );
    let public = &states[0];
    assert!(states[1].starts_with(public) && states[2].starts_with(public));
    assert_eq!(states[3].as_ptr(), public.as_ptr());
    assert!(!newcomers[1].heard("king") && !newcomers[3].heard("king"));
    // Their patches begin where that ended.
    host.deal("two", "knave");
    host.look("add", &["hands", "two"], None);
    newcomers[2].guest.send("title", "on");
    for player in &mut newcomers {
        player.until(|table| table.title == "on").await;
    }
    assert_eq!(newcomers[1].names(), ["ace"]);
    assert_eq!(newcomers[2].names(), ["ace"], "another card in the place is not in the view");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_brings_what_comes_later() {
    let world = world();
    let mut ada = join(&world, json!({})).await;
    ada.look("subscribe", &["hands"], None);
    for (number, key) in (1..).zip(["a", "b", "c"]) {
        ada.deal(key, key);
        ada.until(|table| table.hands.len() == number).await;
    }
    ada.look("unsubscribe", &["hands"], None);
    ada.until(|table| table.hands.is_empty()).await;
    ada.deal("d", "too late");
    ada.guest.send("title", "end");
    ada.until(|table| table.title == "end").await;
    assert!(ada.names().is_empty() && !ada.heard("too late"));
}

#[tokio::test(start_paused = true)]
async fn a_view_can_be_asked_and_says_what_is_wrong() {
    let world = world();
    let mut ada = join(&world, json!({})).await;
    ada.deal("one", "ace");
    ada.look("add", &["hands", "one"], Some(2));
    ada.until(|table| table.hands.len() == 1).await;
    ada.guest.send("ask", ["hands", "one"]);
    let id = ada.id.clone();
    let explained = format!(
        "view \"{id}\": 1 added, 2 public, 0 unseen\n  /: public, the way to what was added; hides hands\n  /hands: the way \
         to what was added\n  /hands/one: added with tags 0b10; shows price"
    );
    ada.guest.expect_message("answer", (true, Some(2), explained)).await;
    ada.guest.send("fail", ["hands", "two"]);
    ada.guest.expect_message("failed", "/hands/two: there is nothing at `two` of the path").await;
    ada.look("clear", &[], None);
    ada.until(|table| table.hands.is_empty()).await;
    ada.guest.send("ask", ["hands", "one"]);
    let explained = format!("view \"{id}\": 0 added, 2 public, 2 unseen");
    ada.guest.expect_message("answer", (false, None::<i32>, explained)).await;
}

#[tokio::test(start_paused = true)]
async fn a_view_ends_with_its_client() {
    let world = world();
    let mut bob = join(&world, json!({})).await;
    for name in ["ace", "king"] {
        let mut ada = join(&world, json!({})).await;
        assert!(ada.names().is_empty(), "the view of who left is not that of who comes");
        ada.deal("card", &format!("the {name}"));
        ada.look("add", &["hands", "card"], None);
        ada.until(|table| table.hands.len() == 1).await;
        bob.guest.send("title", name);
        bob.until(|table| table.title == name).await;
        ada.guest.end.close(1000);
        bob.until(|table| table.title == "the client has left, and its view with it").await;
    }
    assert!(!bob.heard("the ace") && !bob.heard("the king"));
}

#[tokio::test(start_paused = true)]
async fn a_view_may_be_shared_and_lasts_until_the_last_has_left() {
    let world = world();
    let mut ada = join(&world, json!({})).await;
    let mut bob = join(&world, json!({})).await;
    bob.deal("own", "bob's own");
    bob.look("add", &["hands", "own"], None);
    ada.deal("both", "for both");
    ada.look("add", &["hands", "both"], None);
    ada.until(|table| table.hands.len() == 1).await;
    bob.until(|table| table.hands.len() == 1).await;
    ada.guest.send("share", &bob.id);
    bob.until(|table| table.hands.contains_key("both")).await;
    assert_eq!(bob.names(), ["for both"], "what the view that it had before held is gone");
    bob.deal("late", "late");
    bob.look("add", &["hands", "late"], None);
    for player in [&mut ada, &mut bob] {
        player.until(|table| table.hands.len() == 2).await;
    }
    let Player { guest: leaving, heard, .. } = ada;
    assert!(!heard.windows(9).any(|window| window == b"bob's own"));
    leaving.end.close(1000);
    bob.deal("later", "later");
    bob.look("add", &["hands", "later"], None);
    bob.until(|table| table.hands.len() == 3).await;
    assert_eq!(bob.names(), ["for both", "late", "later"]);
}
